"""A form as an Excel workbook, written with XlsxWriter: validated, protected, ready to print on A4.

The same form and entries give the same bytes: the creation time is fixed, XlsxWriter dates the zip's parts 1980.
"""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cityhealth import form
from cityhealth.templates.forms import Entry, Form, FormRow, Key
from cityhealth.templates.instructions import column_guide, rules

HEADER_ROW = 3  # counted from 0, below title, facts and progress
_LAST_COLUMN = len(form.COLUMNS) - 1
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
_FIELD_STYLES = {
    "item_name": "text",
    "definition": "small",
    "indicators": "small",
    "item_text": "small",
    "value_text": "fill_number",
    "state_text": "fill_centred",
}


def write_form(form_: Form, entries: Mapping[Key, Entry] | None = None, label: str | None = None) -> bytes:
    """The workbook (.xlsx) of a form: sheets 填报表 and 填写说明.

    ``entries`` fills rows in. ``label`` is shown large and red on both sheets (合成数据); real forms have none.
    """
    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    workbook.set_properties(
        {
            "title": f"{form_.city_name}{form_.year}年{form.TITLE}",
            "subject": form_.department_name,
            "comments": label or "",
            "created": datetime(form_.year, 1, 1),
        }
    )
    styles = {name: workbook.add_format(dict(style)) for name, style in _STYLES.items()}
    _fill_sheet(workbook.add_worksheet(form.SHEET), styles, form_, entries or {}, label)
    _instructions_sheet(workbook.add_worksheet(form.INSTRUCTIONS_SHEET), styles, form_, label)
    workbook.close()
    return buffer.getvalue()


def _fill_sheet(
    sheet: Worksheet, styles: Mapping[str, Format], form_: Form, entries: Mapping[Key, Entry], label: str | None
) -> None:
    first, last = HEADER_ROW + 1, HEADER_ROW + len(form_.rows)
    _titles(sheet, styles, form_, entries, label)
    for number, column in enumerate(form.COLUMNS):
        sheet.set_column(number, number, column.width)
        sheet.write_string(HEADER_ROW, number, column.header, styles["header"])
    sheet.set_row(HEADER_ROW, 30)
    for number, row in enumerate(form_.rows, start=1):
        _row(sheet, styles, HEADER_ROW + number, number, row, entries.get(row.key, Entry()))
    _validations(sheet, form_, first, last)
    _colours(sheet, styles, first, last)
    _signatures(sheet, styles, last + 1)
    sheet.freeze_panes(HEADER_ROW + 1, form.position("item_name") + 1)
    sheet.protect("", {"format_cells": False, "format_columns": True, "format_rows": True, "select_locked_cells": True})
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.center_horizontally()
    sheet.repeat_rows(HEADER_ROW)
    sheet.print_area(0, 0, last + 1, _LAST_COLUMN)
    sheet.set_footer(f"&L&9{form_.department_name}{f'（{label}）' if label else ''}&R&9第 &P 页，共 &N 页")
    sheet.set_selection(first, form.position("value_text"), first, form.position("value_text"))


def _titles(
    sheet: Worksheet, styles: Mapping[str, Format], form_: Form, entries: Mapping[Key, Entry], label: str | None
) -> None:
    title = f"{form_.city_name}{form_.year}年{form.TITLE}"
    sheet.merge_range(0, 0, 0, _LAST_COLUMN, title, styles["title"])
    sheet.set_row(0, 34)
    facts = (
        f"单位名称：{form_.department_name}",
        f"填报年度：{form_.year}",
        f"统计期：{form_.period_start.isoformat()} 至 {form_.period_end.isoformat()}",
    )
    middle, right = form.position("unit_text"), form.position("source_text")
    for start, end, text in ((0, middle - 1, facts[0]), (middle, right - 1, facts[1]), (right, _LAST_COLUMN, facts[2])):
        sheet.merge_range(1, start, 1, end, text, styles["facts"])
    sheet.set_row(1, 22)
    value, state = (_column_range(field, len(form_.rows)) for field in ("value_text", "state_text"))
    done = sum(entry.value not in (None, "") or entry.state != "" for entry in entries.values())
    sheet.merge_range(2, 0, 2, right - 1 if label else _LAST_COLUMN, "", styles["progress"])
    sheet.write_formula(
        2,
        0,
        f'="浅黄色为填写区，已填 "&SUMPRODUCT(--(({value}<>"")+({state}<>"")>0))&" 项，共 {len(form_.rows)} 项。'
        f'填写方法见工作表「{form.INSTRUCTIONS_SHEET}」。"',
        styles["progress"],
        f"浅黄色为填写区，已填 {done} 项，共 {len(form_.rows)} 项。填写方法见工作表「{form.INSTRUCTIONS_SHEET}」。",
    )
    if label:
        sheet.merge_range(2, right, 2, _LAST_COLUMN, label, styles["label"])
    sheet.set_row(2, 20)


def _row(sheet: Worksheet, styles: Mapping[str, Format], at: int, number: int, row: FormRow, entry: Entry) -> None:
    texts: dict[str, float | str | None] = {
        "number": number,
        "item_name": row.item_name,
        "definition": row.definition,
        "unit_text": row.unit,
        "area_text": row.area_text,
        "period_text": row.period_text,
        "value_text": entry.value,
        "state_text": entry.state,
        "source_text": entry.source,
        "method_text": entry.method,
        "remarks_text": entry.remarks,
        "attachment_text": entry.attachment,
        "indicators": "\n".join(row.indicators),
        "item_text": row.item_code,
    }
    lines = 2
    for position, column in enumerate(form.COLUMNS):
        content = texts[column.field]
        style = styles[_FIELD_STYLES.get(column.field, "fill" if column.fillable else "centred")]
        if isinstance(content, (int, float)):
            sheet.write_number(at, position, content, style)
        elif content:
            sheet.write_string(at, position, content, style)
            lines = max(lines, _lines(content, column.width))
        else:
            sheet.write_blank(at, position, None, style)
    sheet.set_row(at, 8 + lines * _LINE_POINTS)


def _validations(sheet: Worksheet, form_: Form, first: int, last: int) -> None:
    value, state = form.position("value_text"), form.position("state_text")
    for number, row in enumerate(form_.rows):
        sheet.data_validation(first + number, value, first + number, value, _value_rule(row))
    sheet.data_validation(
        first,
        state,
        last,
        state,
        {
            "validate": "list",
            "source": list(form.STATES),
            "input_title": "一般留空",
            "input_message": "本市没有这项内容选「不适用」；收回以前报过的数选「撤回」。"
            "选了以后「数值」要空着，并在「情况说明」写明原因。",
            "error_title": "只能选择",
            "error_message": "只能从下拉框选择「不适用」或「撤回」，或者留空。",
        },
    )


def _value_rule(row: FormRow) -> dict[str, Any]:
    kind = "整数" if row.integer else "数"
    unit = f"（单位：{row.unit}）" if row.unit else ""
    limits = _limits_zh(row)
    rule: dict[str, Any] = {
        "validate": "integer" if row.integer else "decimal",
        "input_title": _cut(row.item_name, 32),
        "input_message": _cut(f"填一个{kind}{unit}。{limits}没有数据就留空。", 255),
        "error_title": "请核对数值和单位",
        "error_message": _cut(
            f"「{_cut(row.item_name, 60)}」要填一个{kind}{unit}。{limits}不要写单位或文字；"
            "不适用的请在「填报状态」选择，没有数据就留空。",
            255,
        ),
    }
    if row.minimum is not None and row.maximum is not None:
        return rule | {"criteria": "between", "minimum": row.minimum, "maximum": row.maximum}
    if row.minimum is not None:
        return rule | {"criteria": ">=", "value": row.minimum}
    if row.maximum is not None:
        return rule | {"criteria": "<=", "value": row.maximum}
    # Excel has no rule "any number": this one is the widest that the gate reads.
    return rule | {"criteria": "between", "minimum": -1e15, "maximum": 1e15}


def _limits_zh(row: FormRow) -> str:
    if row.minimum is not None and row.maximum is not None:
        return f"可能的范围：{row.minimum:.12g} 至 {row.maximum:.12g}。"
    if row.minimum is not None:
        return f"不能小于 {row.minimum:.12g}。"
    return "" if row.maximum is None else f"不能大于 {row.maximum:.12g}。"


def _colours(sheet: Worksheet, styles: Mapping[str, Format], first: int, last: int) -> None:
    """Cells to fill are yellow until they are; a remark is needed only where a state is chosen."""
    value, state = (_letters(form.position(field)) for field in ("value_text", "state_text"))
    left, right = (form.position(field) for field in ("value_text", "attachment_text"))
    row = first + 1
    not_applicable = {"type": "formula", "criteria": f'=${state}{row}<>""', "format": styles["not_applicable"]}
    sheet.conditional_format(first, left, last, left, not_applicable)
    for position in range(left, right + 1):
        own = f"${_letters(position)}{row}"
        needed = {
            "value_text": f'=AND(${value}{row}="",${state}{row}="")',
            "state_text": f'=AND(${value}{row}="",${state}{row}="")',
        }.get(form.COLUMNS[position].field, f'=AND({own}="",${state}{row}="")')
        if form.COLUMNS[position].field == "remarks_text":
            needed = f'=AND({own}="",${state}{row}<>"")'
        sheet.conditional_format(
            first, position, last, position, {"type": "formula", "criteria": needed, "format": styles["open"]}
        )


def _signatures(sheet: Worksheet, styles: Mapping[str, Format], at: int) -> None:
    starts = [0, *(form.position(field) for field in ("unit_text", "state_text", "remarks_text"))]
    ends = [start - 1 for start in starts[1:]] + [_LAST_COLUMN]
    texts = ("填表人：", "联系电话：", "单位负责人（签字）：", "填报日期：　　年　　月　　日")
    for text, start, end in zip(texts, starts, ends, strict=True):
        sheet.merge_range(at, start, at, end, text, styles["signature"])
    sheet.set_row(at, 30)


def _instructions_sheet(sheet: Worksheet, styles: Mapping[str, Format], form_: Form, label: str | None) -> None:
    widths = (16, 62, 30)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.merge_range(0, 0, 0, 2, form.INSTRUCTIONS_SHEET, styles["title"])
    sheet.set_row(0, 34)
    at = 1
    if label:
        sheet.merge_range(at, 0, at, 2, label, styles["label"])
        at += 1
    for number, (heading, text) in enumerate(rules(form_), start=1):
        sheet.write_string(at, 0, f"{number}. {heading}", styles["heading"])
        sheet.merge_range(at, 1, at, 2, text, styles["paragraph"])
        sheet.set_row(at, 6 + 15 * _lines(text, widths[1] + widths[2]))
        at += 1
    at += 1
    for column, text in enumerate(("列", "怎样填", "例")):
        sheet.write_string(at, column, text, styles["header"])
    for header, how, example in column_guide():
        at += 1
        for column, (text, style) in enumerate(((header, "centred"), (how, "text"), (example, "text"))):
            sheet.write_string(at, column, text, styles[style])
        sheet.set_row(at, 6 + _LINE_POINTS * max(_lines(how, widths[1]), _lines(example, widths[2])))
    sheet.protect("")
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, at, 2)


def _column_range(field: str, rows: int) -> str:
    letters = _letters(form.position(field))
    return f"${letters}${HEADER_ROW + 2}:${letters}${HEADER_ROW + 1 + rows}"


def _letters(position: int) -> str:
    return xlsxwriter.utility.xl_col_to_name(position)


def _lines(text: str, width: float) -> int:
    """How many lines ``text`` takes in a column of ``width`` characters; a Chinese character is two wide."""
    usable = max(width - 2.5, 2)
    return sum(max(1, math.ceil(_width(part) / usable)) for part in text.split("\n"))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _cut(text: str, length: int) -> str:
    """Excel refuses longer texts in a validation."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
