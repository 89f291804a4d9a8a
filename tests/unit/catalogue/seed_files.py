"""Edits to a copy of the catalogue: one cell, one line more, one line less."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Row = dict[str, str]


@dataclass(frozen=True)
class Edit:
    """One edit of ``file`` at its first row that has the cells ``where``."""

    kind: Literal["change", "append", "drop"]
    file: str
    where: Mapping[str, str]
    cells: Mapping[str, str] = field(default_factory=dict)

    def apply(self, folder: Path) -> int:
        """Make the edit; returns the line that was changed, added or (its former place) removed."""
        columns, rows = _read(folder / self.file)
        if self.kind == "append":
            copied = rows[_index(rows, self.where)] if self.where else dict.fromkeys(columns, "")
            rows.append(copied | self.cells)
            touched = len(rows) - 1
        else:
            touched = _index(rows, self.where)
            if self.kind == "change":
                rows[touched] |= self.cells
            else:
                del rows[touched]
        _write(folder / self.file, columns, rows)
        return touched + 2


def change(file: str, where: Mapping[str, str], **cells: str) -> Edit:
    return Edit("change", file, where, cells)


def append(file: str, where: Mapping[str, str], **cells: str) -> Edit:
    """One line more at the end: the row ``where`` (empty: a blank one), changed."""
    return Edit("append", file, where, cells)


def drop(file: str, where: Mapping[str, str]) -> Edit:
    return Edit("drop", file, where)


def line_of(folder: Path, file: str, where: Mapping[str, str]) -> int:
    """The line of the first row with these cells, as an editor counts."""
    _, rows = _read(folder / file)
    return _index(rows, where) + 2


def _index(rows: list[Row], where: Mapping[str, str]) -> int:
    return next(n for n, row in enumerate(rows) if where.items() <= row.items())


def _read(path: Path) -> tuple[list[str], list[Row]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    return list(reader.fieldnames or []), rows


def _write(path: Path, columns: list[str], rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
