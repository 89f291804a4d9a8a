"""The official system is whole, and what the city adds is not mistaken for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.rules.book import Book
from cityhealth.errors import Place

#: Official indicators by dimension: 建科函〔2021〕44号.
OFFICIAL_COUNTS: Mapping[tuple[str, int], Mapping[str, int]] = {
    ("mohurd", 2021): {"ECO": 15, "HLT": 9, "SAF": 7, "TRA": 6, "CHA": 6, "ORD": 6, "INC": 5, "INN": 11},
}


def official_system_is_whole(book: Book) -> Iterator[Finding]:
    """Each official system has as many indicators per dimension as its annex."""
    for system, counts in OFFICIAL_COUNTS.items():
        official = {
            i.row.code: i.row.dimension_code
            for i in book.indicators
            if i.row.status == "official" and (i.row.system, i.row.year) == system
        }
        for dimension, count in counts.items():
            found = list(official.values()).count(dimension)
            if found != count:
                message = f"{system[0]} {system[1]} 年维度 {dimension} 有 {found} 个国家指标，应为 {count} 个"
                yield Finding(Place("indicators.csv", column="dimension_code"), message)


def local_indicators_are_not_official(book: Book) -> Iterator[Finding]:
    """An indicator of a local dimension is proposed, adopted or dropped; one of a base dimension is official."""
    kinds = {placed.row.code: placed.row.kind for placed in book.tables["dimensions.csv"]}
    for placed in book.indicators:
        kind = kinds.get(placed.row.dimension_code)
        if kind is not None and (kind == "base") != (placed.row.status == "official"):
            yield placed.finding("status", f"维度 {placed.row.dimension_code} 的指标不能为 {placed.row.status}")


def numbers_are_distinct(book: Book) -> Iterator[Finding]:
    """No two indicators of a year have one number."""
    first: dict[tuple[str, int, int], str] = {}
    for placed in book.indicators:
        number = (placed.row.system, placed.row.year, placed.row.no)
        code = first.setdefault(number, placed.row.code)
        if code != placed.row.code:
            yield placed.finding("no", f"序号 {placed.row.no} 已属于 {code}")
