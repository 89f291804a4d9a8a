"""Nothing is there twice: keys, and the names that people look things up by."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from cityhealth.catalogue.catalogue import fold
from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.reading import Placed
from cityhealth.catalogue.rows import FILES, NOT_OBTAINED
from cityhealth.catalogue.rules.book import Book


def keys_are_unique(book: Book) -> Iterator[Finding]:
    """One row per key and day from which it is known."""
    for file, (_, key) in FILES.items():
        first: dict[tuple[Any, ...], Placed[Any]] = {}
        for placed in book.tables[file]:
            identity = tuple(getattr(placed.row, column) for column in (*key, "known_from"))
            earlier = first.setdefault(identity, placed)
            if earlier is not placed:
                shown = "、".join(str(part) for part in identity if part is not None)
                yield placed.finding(key[-1], f"「{shown}」与第 {earlier.line} 行重复")


def names_are_unique(book: Book) -> Iterator[Finding]:
    """No name leads to two things; versions of one thing (another ``known_from``) share theirs."""
    for file, code, columns in (
        ("dimensions.csv", "code", ("name_zh",)),
        ("items.csv", "code", ("code", "name_zh")),
        ("departments.csv", "code", ("code", "name_zh", "aliases")),
        ("units.csv", "unit", ("unit", "aliases")),
        ("work_blocks.csv", "code", ("name_zh",)),
    ):
        yield from _same_names(_named(book.tables[file], code, columns))
    yield from _same_names(
        ((i.row.system, i.row.year, fold(i.row.name_zh)), i.row.code, "name_zh", i)
        for i in book.indicators
        if i.row.name_zh != NOT_OBTAINED
    )


def _named(
    rows: Iterable[Placed[Any]], code: str, columns: tuple[str, ...]
) -> Iterator[tuple[Hashable, str, str, Placed[Any]]]:
    for placed in rows:
        for column in columns:
            value = getattr(placed.row, column)
            for name in value if isinstance(value, tuple) else (value,):
                yield fold(name), getattr(placed.row, code), column, placed


def _same_names(named: Iterable[tuple[Hashable, str, str, Placed[Any]]]) -> Iterator[Finding]:
    first: dict[Hashable, tuple[str, Placed[Any]]] = {}
    for name, code, column, placed in named:
        known, earlier = first.setdefault(name, (code, placed))
        if known != code:
            shown = name[-1] if isinstance(name, tuple) else name
            yield placed.finding(column, f"名称「{shown}」在第 {earlier.line} 行已属于「{known}」")
