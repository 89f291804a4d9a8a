"""What all workbooks of ours have in common: styles, header, protection, A4, signatures, the sheet of instructions.

Written with XlsxWriter. Equal contents give equal bytes: the creation time is the caller's, XlsxWriter dates the
zip's parts 1980.
"""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cityhealth.form import INSTRUCTIONS_SHEET, Column

_BODY = {"font_name": "宋体", "font_size": 10, "valign": "vcenter", "text_wrap": True}
_BORDER = {"border": 1, "border_color": "#9AA5B1"}
_TO_FILL = "#FFF6DB"
_LINE_POINTS = 13.5

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "title": {"font_name": "黑体", "font_size": 18, "align": "center", "valign": "vcenter"},
    "label": {"font_name": "黑体", "font_size": 12, "align": "center", "valign": "vcenter", "font_color": "#C00000"},
    "facts": {"font_name": "宋体", "font_size": 11, "valign": "vcenter"},
    "progress": {"font_name": "宋体", "font_size": 10, "valign": "vcenter", "font_color": "#5F6B76"},
    "header": {
        **_BODY, **_BORDER, "font_name": "黑体", "align": "center", "bg_color": "#DCE6F1",
    },
    "text": {**_BODY, **_BORDER, "indent": 1},
    "small": {**_BODY, **_BORDER, "indent": 1, "font_size": 9, "font_color": "#404A54"},
    "centred": {**_BODY, **_BORDER, "align": "center"},
    "fill": {**_BODY, **_BORDER, "indent": 1, "locked": False},
    "fill_centred": {**_BODY, **_BORDER, "locked": False, "align": "center"},
    "fill_number": {**_BODY, **_BORDER, "locked": False, "align": "right", "indent": 1, "num_format": "General"},
    "signature": {"font_name": "宋体", "font_size": 11, "valign": "vcenter", "locked": False},
    "open": {"bg_color": _TO_FILL},
    "not_applicable": {"bg_color": "#EDEDED"},
    "heading": {"font_name": "黑体", "font_size": 11, "valign": "top", "text_wrap": True},
    "paragraph": {"font_name": "宋体", "font_size": 11, "valign": "top", "text_wrap": True},
}  # fmt: skip
_TALLEST_ROW = 400  # points; Excel allows 409


@dataclass
class NewWorkbook:
    """A workbook being written; ``data`` are its bytes once it is closed."""

    workbook: xlsxwriter.Workbook
    styles: Mapping[str, Format]
    data: bytes = b""


@contextmanager
def new_workbook(title: str, subject: str, created: datetime, label: str | None) -> Iterator[NewWorkbook]:
    """A workbook in which no text becomes a formula or a link; ``label`` is its comment."""
    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    workbook.set_properties({"title": title, "subject": subject, "comments": label or "", "created": created})
    new = NewWorkbook(workbook, {name: workbook.add_format(dict(style)) for name, style in _STYLES.items()})
    yield new
    workbook.close()
    new.data = buffer.getvalue()


def header(sheet: Worksheet, styles: Mapping[str, Format], at: int, columns: Sequence[Column]) -> None:
    """The header row, and the columns' widths."""
    for number, column in enumerate(columns):
        sheet.set_column(number, number, column.width)
        sheet.write_string(at, number, column.header, styles["header"])
    sheet.set_row(at, 30)


def write_row(
    sheet: Worksheet,
    styles: Mapping[str, Format],
    at: int,
    columns: Sequence[Column],
    contents: Mapping[str, float | str | None],
    field_styles: Mapping[str, str],
    least_lines: int = 2,
) -> None:
    """One row by field, numbers as numbers, as high as its texts need."""
    lines = least_lines
    for position, column in enumerate(columns):
        content = contents[column.field]
        style = styles[field_styles.get(column.field, "fill" if column.fillable else "centred")]
        if isinstance(content, (int, float)):
            sheet.write_number(at, position, content, style)
        elif content:
            sheet.write_string(at, position, content, style)
            lines = max(lines, lines_of(content, column.width))
        else:
            sheet.write_blank(at, position, None, style)
    sheet.set_row(at, min(8 + lines * _LINE_POINTS, _TALLEST_ROW))


def prepare(
    sheet: Worksheet, header_row: int, last_row: int, last_column: int, frozen: int, footer: str, label: str | None
) -> None:
    """Protection without a password, frozen header and ``frozen`` columns, print-out on A4 across.

    ``footer`` may not begin with a digit, which would change its size.
    """
    sheet.freeze_panes(header_row + 1, frozen)
    sheet.protect("", {"format_cells": False, "format_columns": True, "format_rows": True, "select_locked_cells": True})
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.center_horizontally()
    sheet.repeat_rows(header_row)
    sheet.print_area(0, 0, last_row, last_column)
    sheet.set_footer(f"&L&9{footer}{f'（{label}）' if label else ''}&R&9第 &P 页，共 &N 页")


def signatures(sheet: Worksheet, styles: Mapping[str, Format], at: int, last_column: int, parts: Sequence[int]) -> None:
    """The line of signatures, in four parts that begin at column 0 and at ``parts``."""
    starts = [0, *parts]
    ends = [start - 1 for start in starts[1:]] + [last_column]
    texts = ("填表人：", "联系电话：", "单位负责人（签字）：", "填报日期：　　年　　月　　日")
    for text, start, end in zip(texts, starts, ends, strict=True):
        sheet.merge_range(at, start, at, end, text, styles["signature"])
    sheet.set_row(at, 30)


def instructions_sheet(
    sheet: Worksheet,
    styles: Mapping[str, Format],
    rules: Iterable[tuple[str, str]],
    guide: Iterable[tuple[str, str, str]],
    label: str | None,
) -> None:
    """The sheet 填写说明: numbered rules, then for each column its header, how to fill it, an example."""
    widths = (16, 62, 30)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.merge_range(0, 0, 0, 2, INSTRUCTIONS_SHEET, styles["title"])
    sheet.set_row(0, 34)
    at = 1
    if label:
        sheet.merge_range(at, 0, at, 2, label, styles["label"])
        at += 1
    for number, (heading, text) in enumerate(rules, start=1):
        sheet.write_string(at, 0, f"{number}. {heading}", styles["heading"])
        sheet.merge_range(at, 1, at, 2, text, styles["paragraph"])
        sheet.set_row(at, 6 + 15 * lines_of(text, widths[1] + widths[2]))
        at += 1
    at += 1
    for column, text in enumerate(("列", "怎样填", "例")):
        sheet.write_string(at, column, text, styles["header"])
    for header_text, how, example in guide:
        at += 1
        for column, (text, style) in enumerate(((header_text, "centred"), (how, "text"), (example, "text"))):
            sheet.write_string(at, column, text, styles[style])
        sheet.set_row(at, 6 + _LINE_POINTS * max(lines_of(how, widths[1]), lines_of(example, widths[2])))
    sheet.protect("")
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 1)
    sheet.print_area(0, 0, at, 2)


def letters(position: int) -> str:
    """The letters of a column counted from 0."""
    return str(xlsxwriter.utility.xl_col_to_name(position))


def lines_of(text: str, width: float) -> int:
    """How many lines ``text`` takes in a column of ``width`` characters; a Chinese character is two wide."""
    usable = max(width - 2.5, 2)
    return sum(max(1, math.ceil(_width(part) / usable)) for part in text.split("\n"))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def cut(text: str, length: int) -> str:
    """Excel refuses longer texts in a validation."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
