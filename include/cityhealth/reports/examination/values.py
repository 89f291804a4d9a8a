"""The examination of a year as a value: what the report is made of, and nothing else is.

The rows are those of the marts, column by column; None is "not known", never a zero. Each class names its mart and the
columns that make a row of it, so that any number of it can be followed back (:func:`Examination.cell`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar

from cityhealth.reports import wording as zh
from cityhealth.reports.examination.tags import Condition, Key, Known


@dataclass(frozen=True)
class Tagged:
    """A piece of text that was read from a mart, and where from."""

    text: str
    key: Key


@dataclass(frozen=True)
class Quote:
    """Somebody's own words; whose they are stands beside them."""

    text: str


#: A piece of a paragraph: our own words, what a mart says, or what somebody said.
Piece = str | Tagged | Quote


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a mart."""

    MART: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Indicator(Row):
    MART = "indicator_scorecard"
    KEY = ("system", "year", "code")

    system: str
    year: int
    code: str
    no: int | None = None
    name_zh: str
    dimension_code: str
    dimension_zh: str | None = None
    unit: str | None = None
    category: str | None = None
    status: str
    status_zh: str
    area_code: str
    area_zh: str | None = None
    value: float | None = None
    previous_value: float | None = None
    state: str
    state_zh: str
    state_order: int = 0
    reason_zh: str | None = None
    marked: bool | None = None
    synthetic: bool | None = None
    later_refused: bool | None = None
    target_text: str | None = None
    target_source: str | None = None
    target_basis: str | None = None
    score: float | None = None
    grade: str | None = None
    grade_zh: str | None = None
    warning: str | None = None
    warning_zh: str | None = None
    warning_reason_zh: str | None = None
    sources_zh: str | None = None

    @property
    def has_value(self) -> bool:
        return self.state in ("value", "no_standard")


@dataclass(frozen=True, kw_only=True)
class Definition(Row):
    MART = "dim_indicator"
    KEY = ("system", "year", "code")

    system: str
    year: int
    code: str
    formula_zh: str | None = None
    definition_zh: str | None = None
    no_formula_reason_zh: str | None = None
    not_applicable_reason_zh: str | None = None
    category_basis: str | None = None
    name_basis: str | None = None
    definition_basis: str | None = None
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dimension(Row):
    MART = "dimension_scorecard"
    KEY = ("system", "year", "dimension_code")

    system: str
    year: int
    dimension_code: str
    dimension_zh: str
    dimension_kind: str | None = None
    sort_order: int | None = None
    score: float | None = None
    score_basis_zh: str | None = None
    indicator_count: int
    scored_count: int
    applicable_count: int
    value_count: int
    missing_count: int
    refused_count: int
    not_applicable_count: int
    no_standard_count: int
    red_count: int = 0
    yellow_count: int = 0


@dataclass(frozen=True, kw_only=True)
class AreaValue(Row):
    MART = "indicator_value_by_area"
    KEY = ("system", "year", "code", "area_code")

    system: str
    year: int
    code: str
    name_zh: str
    area_code: str
    area_zh: str | None = None
    area_level: str | None = None
    value: float | None = None
    unit: str | None = None
    state: str
    state_zh: str


@dataclass(frozen=True, kw_only=True)
class Boundary(Row):
    MART = "dim_area_boundary"
    KEY = ("area_code",)

    area_code: str
    name_zh: str
    level: str
    geojson: str


@dataclass(frozen=True, kw_only=True)
class Coverage(Row):
    MART = "reporting_coverage"
    KEY = ("system", "year", "code", "department_code")

    system: str
    year: int
    code: str
    department_code: str
    department_zh: str | None = None
    owed_count: int
    accepted_count: int
    refused_count: int
    missing_count: int
    state: str


@dataclass(frozen=True, kw_only=True)
class Refusals(Row):
    """What the gate refused of one department's files of one feed (counts of marts.rejected_values)."""

    MART = "rejected_values"
    KEY = ("feed", "department_code")

    feed: str
    department_code: str | None = None
    department_zh: str | None = None
    refused: int
    mended: int


@dataclass(frozen=True, kw_only=True)
class Sources(Row):
    """The files of one feed that the year's values come from (counts of marts.value_lineage)."""

    MART = "value_lineage"
    KEY = ("system", "year", "feed")

    system: str
    year: int
    feed: str
    files: int
    indicators: int
    newest: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Difference(Row):
    MART = "source_reconciliation"
    KEY = ("comparison_key",)

    comparison_key: str
    comparison: str
    comparison_zh: str | None = None
    system: str | None = None
    year: int | None = None
    code: str | None = None
    item_code: str | None = None
    name_zh: str | None = None
    area_code: str | None = None
    period: str | None = None
    value_used: float | None = None
    source_used: str | None = None
    value_compared: float | None = None
    source_compared: str | None = None
    unit: str | None = None
    relative_difference: float | None = None
    exceeds_tolerance: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Wave(Row):
    MART = "survey_wave"
    KEY = ("wave",)

    wave: str
    survey_zh: str | None = None
    handed_in: int | None = None
    accepted: int | None = None
    refused: int | None = None
    superseded: int | None = None
    masked_phone: int | None = None
    masked_id: int | None = None
    design_zh: str | None = None
    synthetic: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Satisfaction(Row):
    MART = "satisfaction_index"
    KEY = ("wave", "subject_kind", "subject_code", "area_code", "group_kind", "group_zh")

    wave: str
    survey_zh: str | None = None
    subject_kind: str
    subject_code: str
    subject_zh: str
    dimension_code: str | None = None
    indicator_code: str | None = None
    area_code: str | None = None
    area_zh: str | None = None
    group_kind: str
    group_zh: str | None = None
    answers: int | None = None
    satisfaction: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    suppressed: bool = False
    suppression_zh: str | None = None
    method_zh: str | None = None
    fielded_from: date | None = None
    fielded_to: date | None = None
    received_at: datetime | None = None
    synthetic: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Quadrant(Row):
    MART = "satisfaction_quadrant"
    KEY = ("wave", "subject_kind", "subject_code")

    wave: str
    subject_kind: str
    subject_code: str
    subject_zh: str | None = None
    importance: float | None = None
    satisfaction: float | None = None
    importance_mean: float | None = None
    satisfaction_mean: float | None = None
    quadrant: str | None = None
    quadrant_zh: str | None = None
    importance_basis_zh: str | None = None


@dataclass(frozen=True, kw_only=True)
class Match(Row):
    MART = "perception_match"
    KEY = ("wave", "system", "year", "dimension_code")

    wave: str
    system: str
    year: int
    dimension_code: str
    dimension_zh: str | None = None
    objective_score: float | None = None
    satisfaction: float | None = None
    scored_count: int | None = None
    match: str | None = None
    match_zh: str | None = None
    reason_zh: str | None = None


@dataclass(frozen=True, kw_only=True)
class ThirdParty(Row):
    MART = "third_party_comparison"
    KEY = ("comparison_key",)

    comparison_key: str
    system: str
    year: int
    code: str
    name_zh: str | None = None
    area_code: str | None = None
    area_zh: str | None = None
    city_value: float | None = None
    third_party_value: float | None = None
    unit: str | None = None
    difference: float | None = None
    relative_difference: float | None = None
    sign_zh: str | None = None
    definition_differs: bool | None = None
    differs_in_zh: str | None = None
    exceeds_tolerance: bool | None = None
    note_zh: str | None = None
    sender_text: str | None = None
    synthetic: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Comparison(Row):
    MART = "indicator_comparison"
    KEY = ("system", "year", "code", "comparison")

    system: str
    year: int
    code: str
    comparison: str
    value: float | None = None
    compared_with: float | None = None
    compared_with_zh: str | None = None
    difference: float | None = None
    better: bool | None = None
    rank: int | None = None
    of_count: int | None = None
    sentence_zh: str | None = None


@dataclass(frozen=True, kw_only=True)
class Judgement(Row):
    MART = "strength_and_shortfall"
    KEY = ("system", "year", "code")

    system: str
    year: int
    code: str
    judgement: str
    judgement_zh: str | None = None
    dimension_code: str
    evidence_zh: str | None = None
    sources_zh: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sensitivity(Row):
    MART = "weighting_sensitivity"
    KEY = ("alternatives", "system", "year", "weighting", "subject_kind", "subject")

    alternatives: str
    alternatives_zh: str | None = None
    system: str
    year: int
    weighting: str
    weighting_zh: str | None = None
    subject_kind: str
    subject: str
    subject_zh: str | None = None
    score: float | None = None
    rank: int | None = None
    rank_equal: int | None = None
    rank_change: int | None = None
    of_count: int | None = None
    robust: bool | None = None
    criteria_count: int | None = None
    note_zh: str | None = None


@dataclass(frozen=True, kw_only=True)
class Problem(Row):
    MART = "problem_list"
    KEY = ("problem_id",)

    problem_id: str
    kind: str | None = None
    name_zh: str
    system: str
    year: int
    indicator_code: str | None = None
    dimension_code: str | None = None
    dimension_zh: str | None = None
    area_zh: str | None = None
    severity: str | None = None
    severity_zh: str | None = None
    status: str
    status_zh: str | None = None
    opened_on: date | None = None
    opened_by_zh: str | None = None
    closed_on: date | None = None
    closed_by_zh: str | None = None
    merged_into: str | None = None
    evidence_zh: str | None = None
    sources_zh: str | None = None
    survey_voice_zh: str | None = None
    owner_zh: str | None = None
    measure_count: int | None = None
    measures_done: int | None = None
    overdue: bool | None = None
    synthetic: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Measure(Row):
    MART = "rectification_status"
    KEY = ("measure_id",)

    measure_id: str
    problem_id: str
    problem_known: bool = True
    owner_zh: str | None = None
    measure_text: str | None = None
    deadline: date | None = None
    status: str | None = None
    status_zh: str | None = None
    percent: float | None = None
    report_date: date | None = None
    overdue: bool | None = None
    overdue_days: int | None = None
    synthetic: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Evidence(Row):
    MART = "problem_evidence"
    KEY = ("problem_id", "source_kind", "evidence_no")

    problem_id: str
    source_kind: str
    evidence_no: int
    text: str | None = None
    mart_key: str | None = None
    synthetic: bool | None = None


@dataclass(frozen=True, kw_only=True)
class SelfCheck(Row):
    MART = "self_check"
    KEY = ("self_check_key",)

    self_check_key: str
    system: str
    year: int
    department_code: str
    department_zh: str | None = None
    dimension_code: str
    status_text: str | None = None
    highlights_text: str | None = None
    problems_text: str | None = None
    measures_text: str | None = None
    received_at: datetime | None = None
    synthetic: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Contradiction(Row):
    MART = "self_check_contradiction"
    KEY = ("figure_key",)

    figure_key: str
    system: str
    year: int
    department_code: str | None = None
    department_zh: str | None = None
    dimension_code: str | None = None
    sentence: str | None = None
    indicator_code: str | None = None
    name_zh: str | None = None
    quoted_value: float | None = None
    quoted_unit: str | None = None
    accepted_value: float | None = None
    unit: str | None = None
    difference: float | None = None


@dataclass(frozen=True, kw_only=True)
class SignOff(Row):
    """One step of a version to its next state (marts.examination_sign_off)."""

    MART = "examination_sign_off"
    KEY = ("system", "year", "version", "state")

    system: str
    year: int
    version: int
    state: str
    state_zh: str
    signed_by: str
    signed_at: datetime
    note: str | None = None


_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, kw_only=True)
class Examination:
    """The city's examination of one year, as the marts have it in one snapshot.

    ``departments`` and ``areas`` give the Chinese names of codes. ``differences`` are of the examination and, where
    they are of items, which belong to none, of the years of its data. ``data_as_of`` (aware) is when the newest of what
    it rests on was received. Of a survey only one wave is there: the year's latest. Where a mart is absent or empty,
    its rows are none.
    """

    system: str
    year: int
    city_zh: str
    office_zh: str
    period_start: date | None = None
    period_end: date | None = None
    data_as_of: datetime | None = None
    departments: tuple[tuple[str, str], ...] = ()
    areas: tuple[tuple[str, str], ...] = ()
    indicators: tuple[Indicator, ...] = ()
    definitions: tuple[Definition, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    area_values: tuple[AreaValue, ...] = ()
    boundaries: tuple[Boundary, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    refusals: tuple[Refusals, ...] = ()
    sources: tuple[Sources, ...] = ()
    differences: tuple[Difference, ...] = ()
    waves: tuple[Wave, ...] = ()
    satisfaction: tuple[Satisfaction, ...] = ()
    quadrants: tuple[Quadrant, ...] = ()
    matches: tuple[Match, ...] = ()
    third_party: tuple[ThirdParty, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()
    problems: tuple[Problem, ...] = ()
    measures: tuple[Measure, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    self_checks: tuple[SelfCheck, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()

    @cached_property
    def synthetic(self) -> bool:
        """Whether anything here was made by a program for showing."""
        return any(getattr(row, "synthetic", False) for row in self._rows)

    @cached_property
    def by_code(self) -> dict[str, Indicator]:
        return {row.code: row for row in self.indicators}

    @cached_property
    def definition_of(self) -> dict[str, Definition]:
        return {row.code: row for row in self.definitions}

    @cached_property
    def area_zh(self) -> dict[str, str]:
        return dict(self.areas)

    @cached_property
    def department_zh(self) -> dict[str, str]:
        return dict(self.departments)

    def of_dimension(self, code: str) -> tuple[Indicator, ...]:
        return tuple(row for row in self.indicators if row.dimension_code == code)

    def count(self, rows: Iterable[Row], kind: type[Row], **where: Condition) -> Tagged:
        """How many of ``rows`` (all that were read of ``kind``) the conditions hold of, with the key of that count."""
        chosen = [row for row in rows if all(_holds(getattr(row, name), c) for name, c in where.items())]
        return Tagged(str(len(chosen)), Key(kind.MART, (*self._scope(kind), *where.items()), "count()", "n"))

    def in_state(self, dimension: str, *states: str) -> Tagged:
        """How many indicators of a dimension are in one of the states, those that are only proposed included."""
        condition: Condition = states[0] if len(states) == 1 else states
        return self.count(self.indicators, Indicator, dimension_code=dimension, state=condition)

    def total(self, rows: Iterable[Row], kind: type[Row], column: str, **where: Condition) -> Tagged:
        """The sum of a column of ``rows``, with its key."""
        chosen = [row for row in rows if all(_holds(getattr(row, name), c) for name, c in where.items())]
        amount = sum(getattr(row, column) or 0 for row in chosen)
        # Of no rows PostgreSQL's sum is no number, and neither is ours.
        key = Key(kind.MART, (*self._scope(kind), *where.items()), f"sum({column})", "n")
        return Tagged(key.written(amount if chosen else None), key)

    @cached_property
    def _rows(self) -> tuple[Row, ...]:
        values = (getattr(self, field.name) for field in fields(self))
        return tuple(row for value in values if isinstance(value, tuple) for row in value if isinstance(row, Row))

    def _scope(self, kind: type[Row]) -> tuple[tuple[str, Condition], ...]:
        names = {field.name for field in fields(kind)}
        return (("system", self.system), ("year", self.year)) if {"system", "year"} <= names else ()


def cell(row: Row, column: str, form: str) -> Piece:
    """What a row says in a column: ``—`` where it says nothing, plain text where no number is in it."""
    value = getattr(row, column)
    key = Key(row.MART, tuple((name, getattr(row, name)) for name in row.KEY), column, form)
    text = key.written(value)
    return Tagged(text, key) if _DIGIT.search(text) else text


def of_rows(row: Row, measure: str, form: str, value: Any, where: Sequence[tuple[str, Condition]] = ()) -> Tagged:
    """A number that was counted in the database over what ``row`` stands for."""
    key = Key(row.MART, (*((name, getattr(row, name)) for name in row.KEY), *where), measure, form)
    return Tagged(key.written(value), key)


def plain(pieces: Iterable[Piece]) -> str:
    """The text of pieces."""
    return "".join(piece if isinstance(piece, str) else piece.text for piece in pieces)


def _holds(value: Any, condition: Condition) -> bool:
    if isinstance(condition, Known):
        return value is not None
    if isinstance(condition, tuple):
        return value in condition
    return value == condition


#: How sure a fact of the catalogue is (basis) → what officials read.
BASIS_ZH = {
    "verified": "已核对",
    "recalled": "凭记忆，待核对",
    "inferred": "推断",
    "derived": "导出",
    "house": "本市约定",
    "proposed": "拟议",
    "listed": "已列入",
    "official": "官方文件",
    "status": "按现状",
}


def basis_zh(basis: str | None) -> str:
    """How sure we are, in Chinese; what is not known is ``—``."""
    return BASIS_ZH.get(basis, basis) if basis else zh.NONE
