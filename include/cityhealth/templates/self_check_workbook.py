"""A self-check as an Excel workbook: a row per dimension, a column per section, protected, ready to print on A4."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cityhealth import form as departmental
from cityhealth.self_check_form import SECTIONS, SHEET, TEMPLATE_COLUMNS, section_zh
from cityhealth.templates.self_check_forms import Sections, SelfCheckForm
from cityhealth.templates.self_check_guide import HOW_TO_FILL, rules, section_guide
from cityhealth.templates.sheets import (
    cut,
    header,
    instructions_sheet,
    letters,
    new_workbook,
    prepare,
    write_row,
)

HEADER_ROW = 3  # counted from 0, below title, facts and hint
_LAST_COLUMN = len(TEMPLATE_COLUMNS) - 1
_POSITIONS = {column.field: position for position, column in enumerate(TEMPLATE_COLUMNS)}
_LINES_OF_EMPTY_ROW = 8


def write_self_check_workbook(
    form: SelfCheckForm, entries: Mapping[str, Sections] | None = None, label: str | None = None
) -> bytes:
    """The workbook (.xlsx) of a self-check: sheets 自查报告 and 填写说明.

    ``entries`` (by dimension code) fills rows in. ``label`` is shown large and red on both sheets (合成数据).
    """
    created = datetime.combine(form.period_end, datetime.min.time())
    with new_workbook(form.title, form.department_name, created, label) as new:
        _fill_sheet(new.workbook.add_worksheet(SHEET), new.styles, form, entries or {}, label)
        guide = new.workbook.add_worksheet(departmental.INSTRUCTIONS_SHEET)
        instructions_sheet(guide, new.styles, rules(form), section_guide(), label)
    return new.data


def _fill_sheet(
    sheet: Worksheet,
    styles: Mapping[str, Format],
    form: SelfCheckForm,
    entries: Mapping[str, Sections],
    label: str | None,
) -> None:
    first, last = HEADER_ROW + 1, HEADER_ROW + len(form.rows)
    sheet.merge_range(0, 0, 0, _LAST_COLUMN, form.title, styles["title"])
    sheet.set_row(0, 34)
    right = _POSITIONS["problems"]
    sheet.merge_range(1, 0, 1, right - 1, f"填报单位：{form.department_name}", styles["facts"])
    sheet.merge_range(1, right, 1, _LAST_COLUMN, f"数据年份：{form.data_year}年", styles["facts"])
    sheet.set_row(1, 22)
    hint = f"浅黄色为填写区，四个部分都要写。填写方法见工作表「{departmental.INSTRUCTIONS_SHEET}」。"
    sheet.merge_range(2, 0, 2, right - 1 if label else _LAST_COLUMN, hint, styles["progress"])
    if label:
        sheet.merge_range(2, right, 2, _LAST_COLUMN, label, styles["label"])
    sheet.set_row(2, 20)
    header(sheet, styles, HEADER_ROW, TEMPLATE_COLUMNS)
    for number, row in enumerate(form.rows, start=1):
        contents: dict[str, float | str | None] = dict.fromkeys(SECTIONS)
        contents |= entries.get(row.code, {})
        contents |= {"number": number, "dimension_text": row.name, "indicators": "\n".join(row.indicators)}
        write_row(
            sheet, styles, HEADER_ROW + number, TEMPLATE_COLUMNS, contents, {"indicators": "small"}, _LINES_OF_EMPTY_ROW
        )
    _prompts(sheet, styles, first, last)
    sheet.merge_range(last + 1, 0, last + 1, _POSITIONS["status"] - 1, "填表人：", styles["signature"])
    for section, text in zip(
        SECTIONS, ("联系电话：", "单位负责人（签字）：", "填报日期：　　年　　月　　日", ""), strict=True
    ):
        sheet.write_string(last + 1, _POSITIONS[section], text, styles["signature"])
    sheet.set_row(last + 1, 30)
    prepare(sheet, HEADER_ROW, last + 1, _LAST_COLUMN, _POSITIONS["status"], form.department_name, label)
    sheet.set_selection(first, _POSITIONS["status"], first, _POSITIONS["status"])


def _prompts(sheet: Worksheet, styles: Mapping[str, Format], first: int, last: int) -> None:
    """What each cell asks for, shown as it is entered; a cell is yellow until something stands in it."""
    for section, how, example in HOW_TO_FILL:
        position = _POSITIONS[section]
        message: dict[str, Any] = {
            "validate": "any",
            "input_title": section_zh(section),
            "input_message": cut(f"{how}\n例：{example}", 255),
        }
        sheet.data_validation(first, position, last, position, message)
        empty = f"=LEN(TRIM(${letters(position)}{first + 1}))=0"
        sheet.conditional_format(
            first, position, last, position, {"type": "formula", "criteria": empty, "format": styles["open"]}
        )
