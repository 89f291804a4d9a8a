"""A sheet as sparse rows of text cells."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal["text", "number", "date", "boolean", "error", "no_value", "merged"]
Format = Literal["xlsx", "xlsm", "xls", "csv"]

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384


def column_letters(column: int) -> str:
    """``A`` for 1, ``AA`` for 27."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def address(row: int, column: int) -> str:
    """The A1 address of a cell; rows and columns count from 1."""
    return f"{column_letters(column)}{row}"


class Cell(NamedTuple):
    """A filled cell. ``text`` is what the file holds: numbers in shortest form, dates as ISO.

    A number formatted as a percentage reads as the person sees it (``12.5%``, stored as 0.125).
    Kind ``error`` is a cached error (text ``#DIV/0!``), ``no_value`` a formula that was never
    calculated (text: the formula), ``merged`` one that a table found to be merged with other rows' cells.
    """

    text: str
    row: int
    column: int
    kind: Kind = "text"

    @property
    def address(self) -> str:
        return address(self.row, self.column)


class Range(NamedTuple):
    """A merged range, all four bounds inside it; its value stands in the first cell."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(frozen=True)
class Origin:
    """What the content turned out to be; ``wrong_extension`` is the name's, where it claims otherwise."""

    format: Format
    encoding: str | None = None
    delimiter: str | None = None
    wrong_extension: str | None = None


@dataclass(frozen=True)
class Sheet:
    """Filled cells only, by row and column number from 1, both ascending."""

    name: str
    rows: Mapping[int, Mapping[int, Cell]]
    merged: tuple[Range, ...] = ()
    hidden: bool = False
    origin: Origin = field(default=Origin("xlsx"))

    def cell(self, row: int, column: int) -> Cell | None:
        """The cell as the file holds it, or None if it is empty."""
        return self.rows.get(row, {}).get(column)

    def merged_in_column(self, column: int) -> Callable[[int], Range | None]:
        """A look-up by row for the merged ranges that cross a column."""
        crossing = sorted(r for r in self.merged if r.first_column <= column <= r.last_column)
        starts = [r.first_row for r in crossing]

        def at(row: int) -> Range | None:
            position = bisect_right(starts, row) - 1
            found = crossing[position] if position >= 0 else None
            return found if found is not None and found.last_row >= row else None

        return at
