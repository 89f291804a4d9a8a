"""Workbooks of Excel 5.0 to 2003, by xlrd: the one reader of the lock that also tells merged cells."""

from __future__ import annotations

import io

import xlrd
from xlrd.biffh import error_text_from_code

from cityhealth.tabular.formats import classify, render
from cityhealth.tabular.limits import Limits
from cityhealth.tabular.refusals import refuse
from cityhealth.tabular.sheet import Cell, Origin, Range, Sheet


def read_xls(data: bytes, filename: str, limits: Limits) -> list[Sheet]:
    """All worksheets of a .xls file. Raises UnreadableFile."""
    try:
        book = xlrd.open_workbook(
            file_contents=data, logfile=io.StringIO(), formatting_info=True, ragged_rows=True, on_demand=False
        )
    # xlrd follows offsets of the file without checking them: a damaged one fails as almost any exception.
    except Exception as error:
        raise refuse("encrypted" if "encrypted" in str(error) else "damaged", filename) from error
    if sum(sheet.row_len(row) for sheet in book.sheets() for row in range(sheet.nrows)) > limits.cells:
        raise refuse("too_many_cells", filename)
    return [_sheet(book, sheet) for sheet in book.sheets()]


def _sheet(book: xlrd.Book, source: xlrd.sheet.Sheet) -> Sheet:
    rows: dict[int, dict[int, Cell]] = {}
    for number in range(source.nrows):
        found = (_cell(book, cell, number + 1, column) for column, cell in enumerate(source.row(number), 1))
        if cells := {cell.column: cell for cell in found if cell is not None}:
            rows[number + 1] = cells
    merged = tuple(Range(top + 1, left + 1, bottom, right) for top, bottom, left, right in source.merged_cells)
    return Sheet(source.name, rows, merged, source.visibility != 0, Origin("xls"))


def _cell(book: xlrd.Book, cell: xlrd.sheet.Cell, row: int, column: int) -> Cell | None:
    if cell.ctype == xlrd.XL_CELL_TEXT:
        text = cell.value.strip()
        return Cell(text, row, column) if text else None
    if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        format_key = book.xf_list[cell.xf_index].format_key
        known = book.format_map.get(format_key)
        meaning = classify(format_key, known.format_str if known else None)
        text, kind = render(float(cell.value), meaning, book.datemode == 1)
        return Cell(text, row, column, kind)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return Cell("TRUE" if cell.value else "FALSE", row, column, "boolean")
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return Cell(error_text_from_code.get(cell.value, "#VALUE!"), row, column, "error")
    return None
