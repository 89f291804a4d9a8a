"""Series of different systems: which may be joined is stated, and only of what is there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.rules.book import Book
from cityhealth.errors import Place


def compared_indicators_exist(book: Book) -> Iterator[Finding]:
    """Both ends are indicators, or systems, that the catalogue has; the earlier one comes first."""
    systems = {(i.row.system, i.row.year) for i in book.indicators}
    indicators = {(i.row.system, i.row.year, i.row.code) for i in book.indicators}
    for placed in book.tables["comparability.csv"]:
        row = placed.row
        for end in ("from", "to"):
            system, year, code = (getattr(row, f"{end}_{part}") for part in ("system", "year", "code"))
            if (system, year) not in systems:
                yield placed.finding(f"{end}_year", f"indicators.csv 中没有「{system} {year}」的指标")
            elif code is not None and (system, year, code) not in indicators:
                yield placed.finding(f"{end}_code", f"「{system} {year} {code}」不在 indicators.csv 中")
        if row.from_year > row.to_year:
            yield placed.finding("from_year", "前一体系的年度不能晚于后一体系")
        if (row.from_system, row.from_year) == (row.to_system, row.to_year):
            yield placed.finding("to_year", "同一体系同一年度的指标不必比较")


def same_series_are_known_ones(book: Book) -> Iterator[Finding]:
    """``same`` joins two indicators whose definitions are known, and contradicts no break."""
    definitions = {(i.row.system, i.row.year, i.row.code): i.row.definition_basis for i in book.indicators}
    broken = {_ends(p.row) for p in book.tables["comparability.csv"] if p.row.kind != "same"}
    for placed in book.tables["comparability.csv"]:
        row = placed.row
        if row.kind != "same":
            continue
        ends = ((row.from_system, row.from_year, row.from_code), (row.to_system, row.to_year, row.to_code))
        if not all(definitions.get(end) for end in ends):
            yield placed.finding("kind", "只有两个指标的定义都已取得，才能写 same（可以连成序列）")
        if _ends(row) in broken:
            yield placed.finding("kind", "同一对指标另有一行写明口径有变，不能同时写 same")


def systems_are_compared(book: Book) -> Iterator[Finding]:
    """Of any two years that the catalogue has of one system, something is said: silence would be read as no break."""
    systems = sorted({(i.row.system, i.row.year) for i in book.indicators})
    said = {
        (p.row.from_system, p.row.from_year, p.row.to_system, p.row.to_year) for p in book.tables["comparability.csv"]
    }
    for earlier, later in combinations(systems, 2):
        if earlier[0] == later[0] and (*earlier, *later) not in said:
            message = f"没有写明「{earlier[0]} {earlier[1]}」与「{later[0]} {later[1]}」的指标能否比较"
            yield Finding(Place("comparability.csv", column="to_year"), message)


def _ends(row: object) -> tuple[object, ...]:
    return tuple(getattr(row, f"{end}_{part}") for end in ("from", "to") for part in ("system", "year", "code"))


def nothing_without_a_mark_goes_out(book: Book) -> Iterator[Finding]:
    """Withheld marts have no conditions; whoever gets a state gets its words, and no name of a file is public."""
    for placed in book.tables["publication.csv"]:
        row = placed.row
        if not row.columns and row.conditions:
            yield placed.finding("conditions", "不提供的成果表不应写条件")
        repeated = sorted({column for column in row.columns if row.columns.count(column) > 1})
        if repeated:
            yield placed.finding("columns", f"列「{'、'.join(repeated)}」写了两次")
