"""A table of the annex: title, header, typed cells, filter, frozen header, colours for states, A4 landscape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import Any
from unicodedata import east_asian_width

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cityhealth.reports import wording as zh

HEADER_ROW = 2  # counted from 0, below title and facts
_LINE_POINTS = 13.5
#: Excel knows no higher row and refuses longer texts in a cell.
_HIGHEST = 409
_LONGEST = 32_767
_CUT = "……（原文过长，全文见原文件）"

_BODY = {"font_name": "宋体", "font_size": 10, "valign": "vcenter", "text_wrap": True}
_CELL = {**_BODY, "border": 1, "border_color": "#9AA5B1"}
_FORMATS: Mapping[str, Mapping[str, Any]] = {
    "title": {"font_name": "黑体", "font_size": 16, "align": "center", "valign": "vcenter"},
    "heading": {"font_name": "黑体", "font_size": 16, "valign": "vcenter"},
    "facts": {"font_name": "宋体", "font_size": 10, "valign": "vcenter", "font_color": "#5F6B76"},
    "label": {"font_name": "黑体", "font_size": 12, "align": "center", "valign": "vcenter", "font_color": "#C00000"},
    "header": {**_CELL, "font_name": "黑体", "align": "center", "bg_color": "#DCE6F1"},
    "text": _CELL,
    "link": {**_CELL, "font_color": "#0563C1", "underline": 1},
    "centred": {**_CELL, "align": "center"},
    "count": {**_CELL, "align": "center", "num_format": "0"},
    "tenth": {**_CELL, "align": "center", "num_format": "0.0"},
    "signed": {**_CELL, "align": "center", "num_format": "+0.0;-0.0;0.0"},
    "share": {**_CELL, "align": "center", "num_format": "0.0%"},
    "measured": {**_CELL, "align": "center", "num_format": "#,##0.####"},
    "date": {**_CELL, "align": "center", "num_format": "yyyy-mm-dd"},
    "moment": {**_CELL, "align": "center", "num_format": "yyyy-mm-dd hh:mm"},
    "open": {**_CELL, "bg_color": "#FFF6DB"},
    "open_date": {**_CELL, "bg_color": "#FFF6DB", "align": "center", "num_format": "yyyy-mm-dd"},
}
#: Words whose cells are coloured: background, font.
_COLOURS = {
    "未报": ("#F8CBAD", "#9C0006"),
    "迟报": ("#FFE699", "#7F6000"),
    "当日迟报": ("#FFF2CC", "#7F6000"),
    "按时": ("#E2EFDA", "#375623"),
    "未通过校验": ("#F8CBAD", "#9C0006"),
    "红色预警": ("#FF9C9C", "#9C0006"),
    "黄色预警": ("#FFEB84", "#7F6000"),
    "短板": ("#FCE4D6", "#9C0006"),
    "提出": ("#FFF2CC", "#7F6000"),
    "交办": ("#DDEBF7", "#1F4E78"),
    "办结": ("#E2EFDA", "#375623"),
    "逾期": ("#FF9C9C", "#9C0006"),
    "是": ("#FFE699", "#7F6000"),
}


@dataclass(frozen=True)
class Column:
    """A column: its header, width in Excel's characters, what it shows of a row, and the name of its format."""

    header: str
    width: float
    value: Callable[[Any], Any]
    style: str = "text"


class Styles:
    """The formats of one workbook, and what stands on each of its sheets."""

    def __init__(self, book: xlsxwriter.Workbook, facts: str, label: str) -> None:
        self._formats = {name: book.add_format(dict(facts)) for name, facts in _FORMATS.items()}
        self.colours = {
            word: book.add_format({"bg_color": back, "font_color": font}) for word, (back, font) in _COLOURS.items()
        }
        self.facts = facts
        self.label = label

    def __getitem__(self, name: str) -> Format:
        return self._formats[name]

    def page(self, sheet: Worksheet, last_column: int, pages: int = 1) -> None:
        """A4 landscape, ``pages`` wide."""
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(pages, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.center_horizontally()
        # The space ends the font size: a year right after it would be read as part of that.
        sheet.set_footer(f"&L&9 {self.facts}{f'　{self.label}' if self.label else ''}&R&9第 &P 页，共 &N 页")


def write_table(
    sheet: Worksheet,
    styles: Styles,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Any],
    frozen: int = 1,
    pages: int = 1,
) -> None:
    """Title, facts, header and rows; the first ``frozen`` columns stay, the sheet prints ``pages`` wide."""
    last = len(columns) - 1
    sheet.write_string(0, 0, title, styles["heading"])
    sheet.set_row(0, 30)
    sheet.write_string(1, 0, styles.facts, styles["facts"])
    if styles.label:
        sheet.write_string(1, min(frozen + 1, last), styles.label, styles["label"])
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width)
        sheet.write_string(HEADER_ROW, at, column.header, styles["header"])
    sheet.set_row(HEADER_ROW, 32)
    for number, row in enumerate(rows, start=HEADER_ROW + 1):
        values = [column.value(row) for column in columns]
        for at, (column, value) in enumerate(zip(columns, values, strict=True)):
            _write(sheet, number, at, value, column.style, styles)
        texts = ((value, column.width) for column, value in zip(columns, values, strict=True))
        lines = max((_lines(text, width) for text, width in texts if isinstance(text, str)), default=1)
        sheet.set_row(number, min(4 + max(lines, 1) * _LINE_POINTS, _HIGHEST))
    bottom = HEADER_ROW + max(len(rows), 1)
    sheet.autofilter(HEADER_ROW, 0, bottom, last)
    sheet.freeze_panes(HEADER_ROW + 1, frozen)
    sheet.repeat_rows(HEADER_ROW)
    if pages > 1:
        sheet.repeat_columns(0, frozen - 1)
    for at, column in enumerate(columns):
        if column.style == "centred":
            _colour(sheet, bottom, at, styles)
    styles.page(sheet, last, pages)


def _write(sheet: Worksheet, row: int, column: int, value: Any, style: str, styles: Styles) -> None:
    form = styles[style]
    if value is None:
        # Not known is said; what is to be filled in, or merely no remark, stays empty.
        if style.startswith("open"):
            sheet.write_blank(row, column, None, form)
        else:
            sheet.write_string(row, column, zh.NONE, styles["centred"])
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value.replace(tzinfo=None), form)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), form)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, form)
    else:
        sheet.write_string(row, column, _cell_text(value), form)


def _cell_text(text: str) -> str:
    clean = zh.printable(text)
    return clean if len(clean) <= _LONGEST else clean[: _LONGEST - len(_CUT)] + _CUT


def _lines(text: str, width: float) -> int:
    """How many lines ``text`` takes in a column of ``width`` characters; a Chinese character is two wide."""
    usable = max(width - 1.5, 2)
    parts = (sum(2 if east_asian_width(c) in "WF" else 1 for c in part) for part in text.split("\n"))
    return sum(max(1, ceil(part / usable)) for part in parts)


def _colour(sheet: Worksheet, bottom: int, at: int, styles: Styles) -> None:
    for word, form in styles.colours.items():
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": form}
        sheet.conditional_format(HEADER_ROW + 1, at, bottom, at, rule)
