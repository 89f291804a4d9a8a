"""Tables as a person typed them, written as .xlsx (XlsxWriter), .xls or .csv.

Everything is deterministic: the same grid gives the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import xlsxwriter

from cityhealth.sample_city.biff import xls_bytes


@dataclass(frozen=True)
class Formula:
    """A formula and the result that the file holds for it; None: the file was never calculated."""

    text: str
    cached: float | str | None


CellValue = float | str | Formula | None


@dataclass(frozen=True)
class Grid:
    """Rows of cells from A1 on; ``merged`` holds ranges as (first row, first column, last row, last column) from 0."""

    rows: Sequence[Sequence[CellValue]]
    sheet: str = "Sheet1"
    merged: Sequence[tuple[int, int, int, int]] = field(default_factory=tuple)


def xlsx(*grids: Grid, macros: bool = False, finish: Callable[[xlsxwriter.Workbook], None] | None = None) -> bytes:
    """A workbook with one sheet per grid; ``macros`` adds a (dummy) VBA project, ``finish`` may change it at last."""
    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    workbook.set_properties({"created": datetime(2021, 5, 1), "comments": "合成数据"})
    if macros:
        workbook.add_vba_project(io.BytesIO(b"synthetic, not a project"), is_stream=True)
    for grid in grids:
        sheet = workbook.add_worksheet(grid.sheet)
        for first_row, first_column, last_row, last_column in grid.merged:
            sheet.merge_range(first_row, first_column, last_row, last_column, "")
        for row, cells in enumerate(grid.rows):
            for column, cell in enumerate(cells):
                match cell:
                    case None:
                        continue
                    case Formula(text, cached):
                        sheet.write_formula(row, column, text, None, "" if cached is None else cached)
                    case str():
                        sheet.write_string(row, column, cell)
                    case _:
                        sheet.write_number(row, column, cell)
    if finish:
        finish(workbook)
    workbook.close()
    return buffer.getvalue()


def xls(grid: Grid) -> bytes:
    """An Excel 97 workbook of one sheet, as old office machines still save them."""
    return xls_bytes([[_plain(cell) for cell in row] for row in grid.rows], grid.sheet, grid.merged)


def comma_separated(grid: Grid, encoding: str = "utf-8") -> bytes:
    """The grid as CSV with Windows line ends; ``utf-8-sig`` begins with a byte order mark."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(
        ["" if cell is None else _number_text(cell) for cell in map(_plain, row)] for row in grid.rows
    )
    return buffer.getvalue().encode(encoding)


def _plain(cell: CellValue) -> float | str | None:
    return cell.cached if isinstance(cell, Formula) else cell


def _number_text(cell: float | str) -> str:
    return cell if isinstance(cell, str) else f"{cell:.12g}"
