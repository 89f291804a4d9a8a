"""The sentences of the reports: chosen and filled by key and seed, no text twice in a campaign."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count

from cityhealth.campaigns import ReportingPeriod
from cityhealth.catalogue import Catalogue, ProblemTheme, WorkBlock
from cityhealth.sample_city.campaign import phrases
from cityhealth.sample_city.campaign.subjects import SUBJECTS, Subject
from cityhealth.sample_city.campaign.troubles import NONE, TROUBLES
from cityhealth.sample_city.planting import NothingFits

_ATTEMPTS = 200
#: So many numbers are tried for one problem before it becomes another.
_WORDINGS = 20
_COUNTED = ("month", "n", "k")
_REPORTED = "（填报值）"


@dataclass(frozen=True)
class Task:
    """One department's share of one work block."""

    department_code: str
    block: WorkBlock
    role: str
    items: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.department_code}|{self.block.code}"

    @property
    def subject(self) -> Subject:
        return SUBJECTS[self.block.code]


@dataclass
class Prose:
    """Writes texts; remembers them, so that none comes twice. Ask in the order of the periods."""

    catalogue: Catalogue
    seed: int
    towns: tuple[str, ...]
    leads: Mapping[str, str]
    partners: Mapping[str, tuple[str, ...]]
    _written: set[str] = field(default_factory=set)

    def work(self, task: Task, period: ReportingPeriod, stage: str) -> str:
        """Two sentences: what everybody does at this stage, and what is of this task alone."""
        if self._role(task) == "office":
            more = phrases.COORDINATING
        elif task.role == "lead":
            more = phrases.LEADING
        else:
            more = {"gathering": task.subject.gathering, "checking": task.subject.checking}
        second = more.get(stage, phrases.WORK[stage])

        def draft(draw: random.Random) -> str:
            first = draw.choice(phrases.WORK[stage])
            return f"{first}；{draw.choice([text for text in second if text != first])}。"

        return self._new(task, period, "work", draft)

    def status(self, task: Task, period: ReportingPeriod, stage: str, percent: int) -> str:
        return self._new(task, period, "status", _one_of(phrases.STATUS[stage]), percent=percent)

    def focus(self, task: Task, period: ReportingPeriod, stage: str) -> str:
        return self._new(task, period, "focus", _one_of(phrases.FOCUS[stage]))

    def next_steps(self, task: Task, period: ReportingPeriod, stage: str) -> str:
        return self._new(task, period, "next", _one_of(phrases.NEXT[stage]))

    def reason(self, task: Task, period: ReportingPeriod) -> str:
        return self._new(task, period, "reason", _one_of(phrases.REASONS))

    def trouble(self, task: Task, period: ReportingPeriod, theme: str, since: ReportingPeriod) -> str:
        """A problem that is grouped under ``theme`` (code of problem_themes.csv), and lasts since a period.

        From period to period its numbers change, what it is about does not.
        """
        for attempt in range(_ATTEMPTS):
            about = self._random(task, since, "trouble", attempt // _WORDINGS)
            draft = about.choice(TROUBLES[theme])
            lasting = self._slots(task, since, about)
            counted = self._slots(task, period, self._random(task, period, "trouble", attempt))
            text = draft.format(**(lasting | {slot: counted[slot] for slot in _COUNTED}))
            if text not in self._written and theme_of(text, self.catalogue.problem_themes) == theme:
                self._written.add(text)
                return text
        raise NothingFits(f"no new trouble for {task.key} in {period.key}")

    def no_trouble(self, task: Task, period: ReportingPeriod) -> str:
        return self._random(task, period, "none").choice(NONE)

    def _role(self, task: Task) -> str:
        department = self.catalogue.department(task.department_code)
        return department.role if department else ""

    def _new(
        self,
        task: Task,
        period: ReportingPeriod,
        kind: str,
        draft: Callable[[random.Random], str],
        **facts: object,
    ) -> str:
        for attempt in count():
            draw = self._random(task, period, kind, attempt)
            text = draft(draw).format(**self._slots(task, period, draw), **facts)
            if text not in self._written:
                self._written.add(text)
                return text
            if attempt == _ATTEMPTS:
                raise NothingFits(f"no new {kind} for {task.key} in {period.key}")
        raise AssertionError("unreachable")

    def _slots(self, task: Task, period: ReportingPeriod, draw: random.Random) -> dict[str, object]:
        thing, unit = draw.choice(task.subject.things)
        worked_on = period.due - timedelta(days=draw.randint(2, 12))
        return {
            "block": task.block.name_zh,
            "item": draw.choice(task.items) if task.items else thing + "数量",
            "thing": thing,
            "unit": unit,
            "town": draw.choice(self.towns),
            "partner": draw.choice(self.partners[task.key]),
            "lead": self.leads[task.block.code],
            "compared": task.subject.compared,
            "asked": task.subject.asked,
            "day": _day_zh(worked_on),
            "month": worked_on.month,
            "later": _day_zh(period.due + timedelta(days=draw.randint(5, 14))),
            "n": draw.randint(11, 96),
            "k": draw.randint(2, 9),
        }

    def _random(self, task: Task, period: ReportingPeriod, *parts: object) -> random.Random:
        return random.Random("|".join(map(str, (self.seed, task.key, period.key, *parts))))


def tasks_of(catalogue: Catalogue, year: int) -> dict[str, tuple[Task, ...]]:
    """Department code → its tasks, in the order of the plan; departments in the order of the catalogue."""
    blocks = {block.code: block for block in catalogue.work_blocks}
    ordered = sorted(catalogue.responsibilities, key=lambda r: blocks[r.block_code].sort_order)
    tasks = {
        department.code: tuple(
            Task(department.code, block, duty.role, _items(catalogue, year, department.code, block))
            for duty in ordered
            if duty.department_code == department.code
            for block in (blocks[duty.block_code],)
        )
        for department in catalogue.departments
    }
    return {code: owed for code, owed in tasks.items() if owed}


def prose_for(catalogue: Catalogue, tasks: Iterable[Task], day: date, seed: int) -> Prose:
    """A writer who knows who works with whom, and the towns of the municipal district as they are on ``day``."""
    names = {department.code: department.name_zh for department in catalogue.departments}
    county = next(area for area in catalogue.areas_valid_at(day, "county"))
    towns = tuple(a.name_zh for a in catalogue.areas_valid_at(day, "town") if a.parent_code == county.code)
    all_tasks = list(tasks)
    leads = {task.block.code: names[task.department_code] for task in all_tasks if task.role == "lead"}
    partners = {
        task.key: tuple(
            names[other.department_code]
            for other in all_tasks
            if other.block == task.block and other.department_code != task.department_code
        )
        for task in all_tasks
    }
    return Prose(catalogue, seed, towns, leads, partners)


def theme_of(text: str, themes: Iterable[ProblemTheme]) -> str | None:
    """The first theme that a problem belongs to, as the marts group it."""
    ordered = sorted(themes, key=lambda theme: theme.sort_order)
    return next((t.code for t in ordered if not t.keywords or any(word in text for word in t.keywords)), None)


def stage_at(share: float) -> str:
    """The stage of the campaign when ``share`` (0 to 1) of it is over."""
    return [stage for begins, stage in phrases.STAGES if begins <= share][-1]


def _items(catalogue: Catalogue, year: int, department_code: str, block: WorkBlock) -> tuple[str, ...]:
    """The quantities that the department owes for indicators of the block's dimension."""
    needed: set[str] = set()
    for indicator in catalogue.indicators:
        if indicator.year == year and indicator.dimension_code == block.dimension_code:
            needed |= {code for code in (indicator.numerator_item, indicator.denominator_item) if code}
            needed |= {item.code for item in catalogue.items if item.reported_of == indicator.code}
    duties = catalogue.duty_list(department_code, year)
    return tuple(dict.fromkeys(d.item.name_zh.removesuffix(_REPORTED) for d in duties if d.item.code in needed))


def _one_of(texts: Sequence[str]) -> Callable[[random.Random], str]:
    return lambda draw: f"{draw.choice(texts)}。"


def _day_zh(day: date) -> str:
    return f"{day.month}月{day.day}日"
