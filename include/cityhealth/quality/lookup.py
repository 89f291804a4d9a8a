"""From what a person wrote to the catalogue's code: items, departments, areas, and the periods that are asked for."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from cityhealth.catalogue import Area, Catalogue, Duty, Examination, Indicator, Item, WorkBlock, fold
from cityhealth.periods import Period

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_WORD = re.compile(r"[a-z][a-z0-9_]*")
_CODE_LIKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_NUMBERING = re.compile(r"^(?:\(?\d+(?:\.\d+)*[)、.]?|\(?[一二三四五六七八九十]+[)、.])")
_LAST_BRACKET = re.compile(r"[(\[【〔][^()\[\]【】〔〕]*[)\]】〕]$")
_BETWEEN = r"[\s()\[\]【】〔〕:：,，、/]+"
_EDGES = " :：,，;；、-—/()[]【】〔〕*·"


@dataclass(frozen=True)
class Found:
    """A code, or (Chinese) why there is none."""

    code: str | None
    problem_zh: str | None = None


def no_outline() -> None:
    """No reference boundaries: nobody knows where the city ends."""


class Lookup:
    """The catalogue as one examination sees it. All look-ups are pure; texts may be empty, never None.

    ``read_outline`` gives the city's outline in EPSG:4490, None where there are no reference boundaries; it is asked
    at most once, by who judges where things lie.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        examination: Examination,
        read_outline: Callable[[], BaseGeometry | None] = no_outline,
    ) -> None:
        self._read_outline = read_outline
        self.catalogue = catalogue
        self.examination = examination
        self.items: Mapping[str, Item] = {item.code: item for item in catalogue.items}
        self.department_names = {d.code: d.name_zh for d in catalogue.departments}
        self.offices = {d.code for d in catalogue.departments if d.role == "office"}
        self.indicators: Mapping[str, Indicator] = {
            i.code: i for i in catalogue.indicators if (i.system, i.year) == (examination.system, examination.year)
        }
        self._items_by_name = _index((fold(item.name_zh), item.code) for item in catalogue.items)
        self._departments = _index(
            (fold(name), d.code) for d in catalogue.departments for name in (d.name_zh, *d.aliases)
        )
        self.task_names = {block.code: block.name_zh for block in catalogue.work_blocks}
        self._tasks = _index((fold(name), b.code) for b in catalogue.work_blocks for name in (b.code, b.name_zh))
        self._areas = _index((fold(name), a) for a in catalogue.areas for name in (a.code, a.name_zh))

    @cached_property
    def city_outline(self) -> BaseGeometry | None:
        """Where the city is, in EPSG:4490."""
        return self._read_outline()

    def department(self, text: str) -> str | None:
        """The department of that code, name or alias."""
        found = self.catalogue.department(text)
        return found.code if found else None

    def department_within(self, text: str) -> str | None:
        """The one department whose name (of four characters or more) stands in a longer text, such as a file name."""
        squeezed = fold(text)
        names = [name for name in self._departments if len(name) >= 4 and name in squeezed]
        # 市公安局 stands in 市公安局交警支队 as well: what is part of a longer find says nothing.
        longest = [name for name in names if not any(name != other and name in other for other in names)]
        codes = {code for name in longest for code in self._departments[name]}
        return codes.pop() if len(codes) == 1 else None

    def other_department(self, text: str, department: str) -> str | None:
        """The department that ``text`` names, where that is another one than ``department``.

        Not where one is part of the other: 市公安局交警支队 reports for 市公安局, and 市公安局 stands for its units.
        """
        found = self.department(text) or self.department_within(text)
        if found is None or found == department:
            return None
        own, other = fold(self.department_names[department]), fold(self.department_names[found])
        return None if own in fold(text) or other in own else found

    def item(self, text: str) -> Found:
        """The item of a code, a Chinese name, or both in one cell; numbering and a unit in brackets are passed over."""
        if not fold(text):
            return Found(None, "未填写")
        names = self._named(fold(text))
        if names:
            return _only(names)
        spaced = unicodedata.normalize("NFKC", text).casefold()
        codes = self._codes_in(spaced)
        for code in codes:
            names = self._named(fold(spaced.replace(code, " ", 1)))
            if code in names:
                return Found(code)
            if names:
                return Found(None, "代码与名称不是同一数据项")
        if codes:
            return _only(codes)
        # A mistyped code beside a right name.
        names = self._named(fold(_CODE_LIKE.sub(" ", spaced)))
        return _only(names) if names else Found(None, "不在数据项目录中")

    def _codes_in(self, spaced: str) -> list[str]:
        """Codes that stand by themselves; else those written together with a name, which may as well be part of it."""
        alone = [word for word in re.split(_BETWEEN, spaced) if word in self.items]
        return list(dict.fromkeys(alone or [word for word in _WORD.findall(spaced) if word in self.items]))

    def _named(self, folded: str) -> list[str]:
        bare = folded.strip(_EDGES)
        unnumbered = _NUMBERING.sub("", bare).strip(_EDGES)
        spellings = (folded, bare, unnumbered, _LAST_BRACKET.sub("", folded), _LAST_BRACKET.sub("", unnumbered))
        return next((self._items_by_name[s] for s in spellings if s in self._items_by_name), [])

    def area(self, text: str, day: date, scope: str) -> Found:
        """The area of a code or name that is valid on ``day``; an empty text means ``scope``, if that is one area."""
        if not fold(text):
            if scope.startswith("level:"):
                return Found(None, "未填写区域")
            text = scope
        known = self._areas_named(text)
        if not known:
            return Found(None, f"「{text.strip()}」不在区划表中")
        valid = [area for area in known if area.is_valid_at(day)]
        if not valid:
            return Found(None, f"「{text.strip()}」在 {day} 不是有效区划{_successors(known)}")
        wanted = [area for area in valid if in_scope(area, scope)] or valid
        if len({area.code for area in wanted}) > 1:
            return Found(None, f"「{text.strip()}」有多个同名区域，请填写代码")
        return Found(wanted[0].code)

    def _areas_named(self, text: str) -> list[Area]:
        folded = fold(text)
        if folded in self._areas:
            return self._areas[folded]
        # 晋城市城区, 山西省晋城市: the units above are often written in front.
        for name, areas in self._areas.items():
            rest = folded.removeprefix(name)
            if rest != folded and rest in self._areas:
                above = {area.code for area in areas}
                below = [a for a in self._areas[rest] if a.parent_code in above]
                if below:
                    return below
        # 140502 城区: a code and a name that mean the same.
        code = re.match(r"\d{6,12}(?:-[a-z0-9]+)?", folded)
        if (
            code
            and code[0] in self._areas
            and folded[code.end() :].strip(_EDGES) in {fold(a.name_zh) for a in self._areas[code[0]]}
        ):
            return self._areas[code[0]]
        return []

    def area_row(self, code: str, day: date) -> Area | None:
        return next((a for a in self._areas.get(fold(code), []) if a.code == code and a.is_valid_at(day)), None)

    def duties(self, department_code: str) -> list[Duty]:
        """What the department owes in this examination."""
        return self.catalogue.duty_list(department_code, self.examination.year, self.examination.system)

    def task(self, text: str) -> Found:
        """The task (a block of work) of a code or name, with numbering or words around it: （一）生态宜居方面."""
        folded = fold(text).strip(_EDGES)
        unnumbered = _NUMBERING.sub("", folded).strip(_EDGES)
        for spelling in (folded, unnumbered):
            if spelling in self._tasks:
                return _only(self._tasks[spelling])
        within = {code for name, codes in self._tasks.items() if name in unnumbered for code in codes}
        if len(within) > 1:
            return Found(None, "写了不止一项工作任务")
        return Found(within.pop()) if within else Found(None, "不在工作任务表中")

    def tasks_of(self, department_code: str) -> list[WorkBlock]:
        """The tasks that a department answers for, in their order."""
        codes = {r.block_code for r in self.catalogue.responsibilities if r.department_code == department_code}
        return sorted((b for b in self.catalogue.work_blocks if b.code in codes), key=lambda block: block.sort_order)

    def scope_name(self, scope: str) -> str:
        if scope.startswith("level:"):
            return LEVELS_ZH.get(scope.removeprefix("level:"), scope)
        return self._areas[fold(scope)][0].name_zh if fold(scope) in self._areas else scope

    def windows(self, item: Item) -> list[Period]:
        """The examination period, shifted by each of the item's offsets (in years)."""
        start, end = self.examination.period_start, self.examination.period_end
        return [
            Period(str(start.year + offset), _shift(start, offset), _shift(end, offset))
            for offset in item.period_offsets
        ]

    @property
    def default_period(self) -> Period:
        return Period.year(self.examination.period_start.year)


def _only(codes: Iterable[str]) -> Found:
    distinct = set(codes)
    return Found(distinct.pop()) if len(distinct) == 1 else Found(None, "可以是不止一个数据项，请只填写一个代码")


def in_scope(area: Area, scope: str) -> bool:
    return area.level == scope.removeprefix("level:") if scope.startswith("level:") else area.code == scope


def period_allowed(period: Period, item: Item, windows: Iterable[Period]) -> bool:
    """A yearly item must be of just that year; a point in time must lie inside."""
    if item.period_kind == "point":
        return any(w.start <= period.start and period.end <= w.end for w in windows)
    return any((w.start, w.end) == (period.start, period.end) for w in windows)


LEVELS_ZH = {
    "province": "各省", "city": "各市", "other_city": "各外市", "district_group": "市辖区", "county": "各县（市、区）",
    "town": "各乡镇（街道）", "built_up": "建成区", "cluster": "各组团",
}  # fmt: skip


def _shift(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def _successors(areas: Iterable[Area]) -> str:
    codes = sorted({area.successor_code for area in areas if area.successor_code})
    return f"（后续区划 {'、'.join(codes)}）" if codes else ""


def _index(pairs: Iterable[tuple[str, object]]) -> dict:
    index: dict = defaultdict(list)
    for key, value in pairs:
        if key and value not in index[key]:
            index[key].append(value)
    return dict(index)
