"""What departments report, period after period, before anybody has written it into a file."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from cityhealth.campaigns import ReportingPeriod, reporting_periods
from cityhealth.catalogue import Catalogue
from cityhealth.progress_form import FIVE
from cityhealth.sample_city.campaign.prose import Prose, Task, prose_for, stage_at, tasks_of
from cityhealth.sample_city.campaign.troubles import TROUBLES
from cityhealth.sample_city.files import LABEL
from cityhealth.sample_city.grids import CellValue

#: One task of a report: field of the progress form → what stands there.
Line = Mapping[str, CellValue]

_SECTIONS = ("综合科", "业务科", "规划财务科", "办公室", "法规科")
_FIRST_PERCENT, _LAST_PERCENT = 5, 100
_FALL = 5


@dataclass(frozen=True)
class Report:
    """``lines`` as the report has them; ``task_codes`` of its own tasks in that order. ``period_text`` is what stands
    above them, None where nothing does."""

    department_code: str
    department_zh: str
    period: ReportingPeriod
    task_codes: tuple[str, ...]
    lines: tuple[Line, ...]
    period_text: str | None
    filled_on: date

    def with_line(self, index: int, **changes: CellValue) -> Report:
        lines = [dict(line) for line in self.lines]
        lines[index].update(changes)
        return replace(self, lines=tuple(lines))

    def percent(self, index: int) -> int:
        """Of a line as it was first written."""
        value = self.lines[index]["percent_text"]
        assert isinstance(value, int)
        return value


@dataclass(frozen=True)
class _Spell:
    """A problem that a task has in the periods from ``first`` to ``last`` (numbers)."""

    first: int
    last: int
    theme: str


@dataclass
class Reporters:
    """All departments that answer for tasks. Ask for reports in the order of the periods: they build on each other."""

    catalogue: Catalogue
    periods: tuple[ReportingPeriod, ...]
    tasks: Mapping[str, tuple[Task, ...]]
    prose: Prose
    seed: int
    _last: dict[str, Report] = field(default_factory=dict)
    _spells: dict[str, tuple[_Spell, ...]] = field(default_factory=dict)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.tasks)

    def report(
        self,
        code: str,
        period: ReportingPeriod,
        *,
        falls: bool = False,
        reason: bool = False,
        repeats: bool = False,
    ) -> Report:
        """The report of a department for a period.

        ``falls``: the first task's percentage is lower than in the report before, with a ``reason`` or not;
        ``repeats``: the texts are those of the report before.
        """
        department = self.catalogue.department(code)
        assert department is not None
        before = self._last.get(code)
        filled_on = period.due - timedelta(days=self._random(code, period.key).randint(3, 5))
        lines = []
        for index, task in enumerate(self.tasks[code]):
            was = before.percent(index) if before else 0
            percent = was - _FALL if falls and index == 0 else max(was, self._course(task, period))
            line = self._line(task, period, percent, filled_on)
            if falls and reason and index == 0:
                line["reason_text"] = self.prose.reason(task, period)
            if repeats and before is not None:
                line |= {name: before.lines[index][name] for name in FIVE}
            lines.append(line)
        report = Report(
            code,
            department.name_zh,
            period,
            tuple(task.block.code for task in self.tasks[code]),
            tuple(lines),
            period.key,
            filled_on,
        )
        self._last[code] = report
        return report

    def _line(self, task: Task, period: ReportingPeriod, percent: int, filled_on: date) -> dict[str, CellValue]:
        stage = stage_at(self._share(period))
        spell = self._spell(task, period)
        draw = self._random(task.key)
        name = self.catalogue.department(task.department_code)
        assert name is not None
        return {
            "task_text": task.block.name_zh,
            "role": "牵头" if task.role == "lead" else "配合",
            "work_text": self.prose.work(task, period, stage),
            "status_text": self.prose.status(task, period, stage, percent),
            "focus_text": self.prose.focus(task, period, stage),
            "problems_text": (
                self.prose.trouble(task, period, spell.theme, self.periods[spell.first - 1])
                if spell
                else self.prose.no_trouble(task, period)
            ),
            "next_text": self.prose.next_steps(task, period, stage),
            "percent_text": percent,
            "reason_text": None,
            # With the label, so that every line of the marts, and every document made of them, can say it is synthetic.
            "responsible_text": f"{name.name_zh}{draw.choice(_SECTIONS)}（{LABEL}）",
            "date_text": filled_on.isoformat(),
        }

    def _share(self, period: ReportingPeriod) -> float:
        return (period.number - 1) / max(1, len(self.periods) - 1)

    def _course(self, task: Task, period: ReportingPeriod) -> int:
        """Slow at the beginning and at the end, every task at its own pace; every second department thinks in fives."""
        pace = self._random(task.key, "pace").uniform(0.85, 1.25)
        share = self._share(period) ** pace
        eased = 0.55 * share + 0.45 * share * share * (3 - 2 * share)
        percent = _FIRST_PERCENT + (_LAST_PERCENT - _FIRST_PERCENT) * eased
        step = 5 if self.codes.index(task.department_code) % 2 == 0 else 1
        return int(percent / step) * step

    def _spell(self, task: Task, period: ReportingPeriod) -> _Spell | None:
        if task.key not in self._spells:
            self._spells[task.key] = tuple(self._problems(task))
        spells = self._spells[task.key]
        return next((s for s in spells if s.first <= period.number <= s.last), None)

    def _problems(self, task: Task) -> Sequence[_Spell]:
        """Now and then a problem, which lasts for some periods; then some peace."""
        draw = self._random(task.key, "problems")
        spells, number = [], 1 + draw.randint(0, 9)
        while number <= len(self.periods):
            last = number + draw.randint(0, 3)
            spells.append(_Spell(number, last, draw.choice(tuple(TROUBLES))))
            number = last + draw.randint(6, 14)
        return spells

    def _random(self, *parts: object) -> random.Random:
        return random.Random("|".join(map(str, (self.seed, *parts))))


def reporters_of(catalogue: Catalogue, seed: int, year: int) -> Reporters:
    """Everybody who answers for a task in the campaign of ``year``; StopIteration where it has none."""
    campaign = next(campaign for campaign in catalogue.campaigns if campaign.year == year)
    periods = reporting_periods(campaign)
    tasks = tasks_of(catalogue, year)
    prose = prose_for(catalogue, (task for owed in tasks.values() for task in owed), periods[0].due, seed)
    return Reporters(catalogue, periods, tasks, prose, seed)
