"""Days: intervals run forwards, and one code has one meaning on one day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import combinations

from cityhealth.catalogue.catalogue import fold
from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.reading import Placed
from cityhealth.catalogue.rows import FILES, Area
from cityhealth.catalogue.rules.book import Book

_INTERVALS = (
    ("indicators.csv", "valid_from", "valid_to"),
    ("targets.csv", "valid_from", "valid_to"),
    ("areas.csv", "valid_from", "valid_to"),
    ("examination.csv", "period_start", "period_end"),
    ("campaign.csv", "first_due", "last_due"),
    *((file, "known_from", "known_until") for file in FILES),
)


def intervals_run_forwards(book: Book) -> Iterator[Finding]:
    """No interval ends before it begins."""
    for file, begin, end in _INTERVALS:
        for placed in book.tables[file]:
            first, last = getattr(placed.row, begin), getattr(placed.row, end)
            if first is not None and last is not None and first > last:
                yield placed.finding(end, f"{last} 早于 {begin} 的 {first}")


def areas_do_not_overlap(book: Book) -> Iterator[Finding]:
    """A code, and a name within one unit above and level, means one area on any day."""
    by_code: dict[object, list[Placed[Area]]] = {}
    by_name: dict[object, list[Placed[Area]]] = {}
    for placed in book.areas:
        area = placed.row
        by_code.setdefault(area.code, []).append(placed)
        by_name.setdefault((fold(area.name_zh), area.level, area.parent_code), []).append(placed)
    for column, groups in (("valid_from", by_code), ("name_zh", by_name)):
        for group in groups.values():
            for one, other in combinations(group, 2):
                if column == "name_zh" and one.row.code == other.row.code:
                    continue
                if _overlap(one.row, other.row):
                    yield other.finding(column, f"与第 {one.line} 行「{one.row.name_zh}」的有效期重叠")


def hierarchy_holds(book: Book) -> Iterator[Finding]:
    """The unit above exists as long as the area does; what succeeds an area follows upon its end."""
    by_code: dict[str, list[Area]] = {}
    for placed in book.areas:
        by_code.setdefault(placed.row.code, []).append(placed.row)
    for placed in book.areas:
        area = placed.row
        above = by_code.get(area.parent_code or "", [])
        if above and not any(_first(a) <= _first(area) and _last(area) <= _last(a) for a in above):
            yield placed.finding("parent_code", f"上级区域「{area.parent_code}」没有覆盖本区域的有效期")
        if area.parent_code and book.lies_in(area.code, area.code):
            yield placed.finding("parent_code", "上级区域构成循环")
        after = by_code.get(area.successor_code or "", [])
        if area.successor_code and area.valid_to is None:
            yield placed.finding("successor_code", "没有终止日期的区域不应有后续区域")
        elif after and not any(_first(a) > _last(area) for a in after):
            yield placed.finding("successor_code", f"后续区域「{area.successor_code}」没有在本区域终止后开始")


def _overlap(one: Area, other: Area) -> bool:
    return _first(one) <= _last(other) and _first(other) <= _last(one)


def _first(area: Area) -> date:
    return area.valid_from or date.min


def _last(area: Area) -> date:
    return area.valid_to or date.max
