"""The half-month summary of one period as a value: what brief and annex are made of, and nothing else is.

The rows are those of the marts as of the period's cut-off, column by column; None is "not known", never a zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from statistics import fmean

from cityhealth.campaigns import ReportingPeriod

#: The theme (code) of what belongs to no other.
_OTHER = "other"
#: How bad a warning is; whatever is not named here is none.
_WARNINGS = {"yellow": 1, "red": 2}


@dataclass(frozen=True, kw_only=True)
class TaskReport:
    """What one department says about one task, or that it says nothing (marts.semimonthly_summary).

    ``fields_filled`` of six (five texts, the percentage) are filled. ``percent`` and ``previous_percent`` are 0–100,
    ``percent_change`` their difference in percentage points, ``similarity`` (0–1) is that of the text with the period's
    before. ``file``… ``sha256`` say where it was read.
    """

    department_code: str
    department_zh: str
    task_code: str
    task_zh: str
    task_order: int
    role: str
    state: str
    state_zh: str
    fields_filled: int = 0
    percent: float | None = None
    previous_percent: float | None = None
    percent_change: float | None = None
    work_text: str | None = None
    status_text: str | None = None
    focus_text: str | None = None
    problems_text: str | None = None
    next_text: str | None = None
    reason_text: str | None = None
    responsible_text: str | None = None
    report_date: date | None = None
    fell_without_reason: bool = False
    similarity: float | None = None
    text_repeated: bool = False
    problem_theme: str | None = None
    problem_theme_zh: str | None = None
    received_at: datetime | None = None
    timeliness: str | None = None
    line_key: str | None = None
    filename: str | None = None
    sheet: str | None = None
    cell: str | None = None
    sha256: str | None = None
    synthetic: bool = False

    @property
    def reported(self) -> bool:
        return self.state == "reported"


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """One department's standing in the campaign so far (marts.department_assessment). Rates 0–1, points 0–100."""

    department_code: str
    department_zh: str
    role: str
    timeliness: str
    timeliness_zh: str
    received_at: datetime | None = None
    periods_due: int
    on_time_count: int
    same_day_late_count: int
    late_count: int
    missing_count: int
    timeliness_rate: float | None = None
    tasks_owed: int
    tasks_reported: int
    fields_filled: int = 0
    completeness_rate: float | None = None
    items_owed: int
    items_accepted: int
    indicator_coverage_rate: float | None = None
    corrections_needed: int
    points_timeliness: float | None = None
    points_completeness: float | None = None
    points_coverage: float | None = None
    points_corrections: float | None = None
    points: float | None = None
    rank: int | None = None


@dataclass(frozen=True, kw_only=True)
class Timeliness:
    """How one department reported for one period so far, as known at this cut-off (marts.report_timeliness)."""

    department_code: str
    department_zh: str
    reported_period: str
    received_at: datetime | None = None
    timeliness: str
    timeliness_zh: str
    late_minutes: int | None = None
    late_zh: str | None = None
    synthetic: bool = False


@dataclass(frozen=True, kw_only=True)
class Block:
    """One task over all its departments (marts.work_block_progress); percents 0–100.

    ``percent`` is of the ``percent_count`` that stated one, ``percent_change`` of the ``compared_count`` that did for
    both periods.
    """

    task_code: str
    task_zh: str
    lead_zh: str | None = None
    department_count: int
    reported_count: int
    percent_count: int = 0
    percent: float | None = None
    lead_percent: float | None = None
    previous_percent: float | None = None
    compared_count: int = 0
    percent_change: float | None = None
    problem_count: int


@dataclass(frozen=True, kw_only=True)
class Difficulty:
    """One difficulty, from the period that raised it to the one that settled it (marts.difficulty_list).

    ``problem_text`` are the words in which it was raised, ``latest_text`` those in which it was last stated; where the
    two differ much it is ``reworded``.
    """

    difficulty_id: str
    raised_period: str
    department_code: str
    department_zh: str
    task_code: str
    task_zh: str
    problem_text: str
    latest_text: str
    reworded: bool = False
    theme_zh: str | None = None
    state: str
    state_zh: str
    periods_open: int
    reported_again: bool
    assigned_zh: str | None = None
    due_date: date | None = None
    overdue: bool = False
    decided_on: date | None = None
    note_text: str | None = None
    synthetic: bool = False


@dataclass(frozen=True, kw_only=True)
class Rectification:
    """One measure against a problem as of the cut-off (marts.rectification_followup); percents 0–100.

    ``problem_state``: whether the problem still meets a rule (``met``, ``no_longer``) or nobody knows (``unknown``).
    """

    measure_id: str
    problem_id: str
    problem_zh: str
    problem_state: str
    problem_state_zh: str
    owner_department: str
    owner_zh: str | None = None
    measure_text: str
    deadline: date | None = None
    milestones_zh: str | None = None
    status: str
    status_zh: str
    percent: float | None = None
    previous_percent: float | None = None
    percent_change: float | None = None
    previous_status_zh: str | None = None
    report_date: date | None = None
    is_updated: bool = False
    overdue: bool = False
    overdue_days: int | None = None
    awaiting_verification: bool = False
    note_text: str | None = None
    received_at: datetime | None = None
    filename: str | None = None
    sheet: str | None = None
    cell: str | None = None
    synthetic: bool = False

    @property
    def questionable(self) -> bool:
        """Not done, and what it is against is no problem at the cut-off: perhaps another problem is meant."""
        return self.problem_state == "no_longer" and self.status in ("planned", "under_way")


@dataclass(frozen=True, kw_only=True)
class IndicatorRow:
    """One indicator as of the cut-off (marts.indicator_scorecard_asof); ``status`` official: one of the 65."""

    code: str
    no: int | None = None
    name_zh: str
    dimension_code: str
    dimension_zh: str | None = None
    unit: str | None = None
    category: str | None = None
    status: str
    status_zh: str
    area_zh: str | None = None
    value: float | None = None
    previous_value: float | None = None
    state: str
    state_zh: str
    reason_zh: str | None = None
    target_text: str | None = None
    score: float | None = None
    grade_zh: str | None = None
    warning: str | None = None
    warning_zh: str | None = None
    warning_reason_zh: str | None = None
    synthetic: bool = False

    @property
    def official(self) -> bool:
        return self.status == "official"


@dataclass(frozen=True)
class Summary:
    """One edition of one period's summary.

    ``cutoff`` (aware) is the moment as of which all of it holds. ``previous_key`` names the period before in the
    campaign; None: this is the first. ``previous_warnings`` (indicator code → warning) is None where that period
    has no summary, so that nothing can be said of new warnings. ``marked_synthetic``: the caller knows that it is.
    """

    period: ReportingPeriod
    edition: int
    cutoff: datetime
    code_hash: str
    catalogue_hash: str
    city_zh: str
    office_zh: str
    previous_key: str | None
    task_reports: tuple[TaskReport, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    timeliness: tuple[Timeliness, ...] = ()
    blocks: tuple[Block, ...] = ()
    difficulties: tuple[Difficulty, ...] = ()
    rectification: tuple[Rectification, ...] = ()
    indicators: tuple[IndicatorRow, ...] = ()
    previous_warnings: Mapping[str, str | None] | None = None
    marked_synthetic: bool = False

    @cached_property
    def reported(self) -> tuple[TaskReport, ...]:
        return tuple(report for report in self.task_reports if report.reported)

    @cached_property
    def percent(self) -> float | None:
        """Mean of all percents reported, 0–100."""
        return _mean([report.percent for report in self.task_reports])

    @cached_property
    def compared(self) -> tuple[TaskReport, ...]:
        """What this period and the one before both give a percent for."""
        return tuple(report for report in self.task_reports if report.percent_change is not None)

    @cached_property
    def percent_change(self) -> float | None:
        """Mean change of what both periods report, in percentage points."""
        return _mean([report.percent_change for report in self.task_reports])

    @cached_property
    def rises(self) -> tuple[TaskReport, ...]:
        """Largest first."""
        return tuple(sorted((r for r in self.compared if _change(r) > 0), key=lambda r: -_change(r)))

    @cached_property
    def falls(self) -> tuple[TaskReport, ...]:
        """Largest first."""
        return tuple(sorted((r for r in self.compared if _change(r) < 0), key=_change))

    @cached_property
    def repeated(self) -> tuple[TaskReport, ...]:
        """Reports whose text is the period's before."""
        return tuple(report for report in self.task_reports if report.text_repeated)

    @cached_property
    def problems(self) -> Mapping[str, tuple[TaskReport, ...]]:
        """Theme (Chinese) → reports that name a problem of it; the theme with most comes first, 其他 last."""
        themes: dict[str, list[TaskReport]] = {}
        for report in self.task_reports:
            if report.problem_theme_zh and report.problems_text:
                themes.setdefault(report.problem_theme_zh, []).append(report)
        ordered = sorted(themes.items(), key=lambda theme: (theme[1][0].problem_theme == _OTHER, -len(theme[1])))
        return {theme: tuple(reports) for theme, reports in ordered}

    @cached_property
    def current(self) -> tuple[Timeliness, ...]:
        """This period's own row of each department."""
        return tuple(row for row in self.timeliness if row.reported_period == self.period.key)

    @cached_property
    def earlier(self) -> tuple[Timeliness, ...]:
        """Earlier periods that were reported late or not at all."""
        late = ("same_day_late", "late", "missing")
        return tuple(r for r in self.timeliness if r.reported_period != self.period.key and r.timeliness in late)

    @cached_property
    def new_warnings(self) -> tuple[IndicatorRow, ...]:
        """Red and yellow indicators that were not so bad in the period before; empty where that cannot be said."""
        if self.previous_warnings is None:
            return ()
        before = self.previous_warnings
        return tuple(i for i in self.indicators if _severity(i.warning) > _severity(before.get(i.code)))

    @cached_property
    def synthetic(self) -> bool:
        """Whether anything here was made by a program for showing, so that nothing made of it is taken for real."""
        rows: tuple[TaskReport | Timeliness | Difficulty | Rectification | IndicatorRow, ...] = (
            *self.task_reports,
            *self.timeliness,
            *self.difficulties,
            *self.rectification,
            *self.indicators,
        )
        return self.marked_synthetic or any(row.synthetic for row in rows)


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _change(report: TaskReport) -> float:
    return report.percent_change or 0.0


def _severity(warning: str | None) -> int:
    return _WARNINGS.get(warning or "", 0)
