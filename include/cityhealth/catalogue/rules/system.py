"""Systems are whole, what the city adds is not mistaken for them, and what was not obtained is not made up."""

from __future__ import annotations

from collections.abc import Iterator

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.rows import NOT_OBTAINED
from cityhealth.catalogue.rules.book import Book

#: What must be known of every indicator that is examined.
_KNOWN = (
    "unit", "direction", "definition_zh", "definition_en", "lead_department", "name_basis", "definition_basis",
)  # fmt: skip
#: Who belongs to the system itself: the city adds the others.
_OF_THE_SYSTEM = ("official", "listed")


def systems_are_whole(book: Book) -> Iterator[Finding]:
    """Each system of a year has in each dimension or level as many indicators as systems.csv says, and no others."""
    counted: dict[tuple[str, int, str], set[str]] = {}
    for placed in book.indicators:
        if placed.row.status in _OF_THE_SYSTEM:
            key = (placed.row.system, placed.row.year, placed.row.dimension_code)
            counted.setdefault(key, set()).add(placed.row.code)
    stated = {(p.row.system, p.row.year, p.row.dimension_code) for p in book.tables["systems.csv"]}
    for stated_part in book.tables["systems.csv"]:
        part = stated_part.row
        found = len(counted.get((part.system, part.year, part.dimension_code), ()))
        if found != part.indicator_count:
            yield stated_part.finding(
                "indicator_count",
                f"{part.system} {part.year} 年 {part.dimension_code} 应有 {part.indicator_count} 个指标，"
                f"indicators.csv 中有 {found} 个",
            )
    for placed in book.indicators:
        key = (placed.row.system, placed.row.year, placed.row.dimension_code)
        if placed.row.status in _OF_THE_SYSTEM and key not in stated:
            yield placed.finding("dimension_code", f"systems.csv 中没有「{key[0]} {key[1]} {key[2]}」")


def indicators_are_known_or_listed(book: Book) -> Iterator[Finding]:
    """All is known of an indicator that is examined. One that is only listed says on what it rests, and neither name
    nor definition has a basis where there is none."""
    for placed in book.indicators:
        row = placed.row
        if row.status != "listed":
            for column in _KNOWN:
                if not getattr(row, column):
                    yield placed.finding(column, "不能为空")
            if row.name_zh == NOT_OBTAINED:
                yield placed.finding("name_zh", f"「{NOT_OBTAINED}」只能用于状态为 listed 的指标")
            continue
        if row.basis is None or row.source is None:
            yield placed.finding("basis", "只列出的指标须写明依据（basis）和出处（source）")
        if (row.name_zh == NOT_OBTAINED) != (row.name_basis is None):
            yield placed.finding("name_basis", f"名称已取得的须写明依据；没有取得的写「{NOT_OBTAINED}」，依据为空")
        if (row.definition_zh == "") != (row.definition_basis is None):
            yield placed.finding("definition_basis", "定义已取得的须写明依据，没有取得的应为空")
        if row.formula_kind != "none" or row.applicability != "applicable":
            yield placed.finding("formula_kind", "只列出的指标没有公式，也不判断是否适用")


def local_indicators_are_not_official(book: Book) -> Iterator[Finding]:
    """An indicator of the local dimension is proposed, adopted or dropped; all others belong to the system."""
    kinds = {placed.row.code: placed.row.kind for placed in book.tables["dimensions.csv"]}
    for placed in book.indicators:
        kind = kinds.get(placed.row.dimension_code)
        if kind is not None and (kind == "local") == (placed.row.status in _OF_THE_SYSTEM):
            yield placed.finding("status", f"维度 {placed.row.dimension_code} 的指标不能为 {placed.row.status}")


def numbers_are_distinct(book: Book) -> Iterator[Finding]:
    """No two indicators of a year have one number."""
    first: dict[tuple[str, int, int], str] = {}
    for placed in book.indicators:
        number = (placed.row.system, placed.row.year, placed.row.no)
        code = first.setdefault(number, placed.row.code)
        if code != placed.row.code:
            yield placed.finding("no", f"序号 {placed.row.no} 已属于 {code}")
