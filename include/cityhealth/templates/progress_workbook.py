"""A progress report as an Excel workbook: a row per task, validated, protected, ready to print on A4."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cityhealth import form, progress_form
from cityhealth.progress_form import FIVE, SHEET, TEMPLATE_COLUMNS
from cityhealth.templates.progress_forms import ProgressEntry, ProgressForm
from cityhealth.templates.progress_guide import HOW_TO_FILL, column_guide, rules
from cityhealth.templates.sheets import (
    cut,
    header,
    instructions_sheet,
    letters,
    new_workbook,
    prepare,
    signatures,
    write_row,
)

HEADER_ROW = 3  # counted from 0, below title, facts and progress
_LAST_COLUMN = len(TEMPLATE_COLUMNS) - 1
_POSITIONS = {column.field: position for position, column in enumerate(TEMPLATE_COLUMNS)}
_FIELD_STYLES = {"percent_text": "fill_number", "date_text": "fill_centred", "responsible_text": "fill_centred"}
#: What must be filled in each row, and is yellow until it is; a reason only where the percentage fell.
_ASKED = (*FIVE, "percent_text", "responsible_text", "date_text")
_LINES_OF_EMPTY_ROW = 6


def write_progress_workbook(
    report: ProgressForm, entries: Mapping[str, ProgressEntry] | None = None, label: str | None = None
) -> bytes:
    """The workbook (.xlsx) of a report: sheets 半月进展 and 填写说明.

    ``entries`` (by task code) fills rows in. ``label`` is shown large and red on both sheets (合成数据).
    """
    created = datetime.combine(report.period.due, datetime.min.time())
    with new_workbook(report.title, report.department_name, created, label) as new:
        _fill_sheet(new.workbook.add_worksheet(SHEET), new.styles, report, entries or {}, label)
        guide = new.workbook.add_worksheet(form.INSTRUCTIONS_SHEET)
        instructions_sheet(guide, new.styles, rules(report), column_guide(), label)
    return new.data


def _fill_sheet(
    sheet: Worksheet,
    styles: Mapping[str, Format],
    report: ProgressForm,
    entries: Mapping[str, ProgressEntry],
    label: str | None,
) -> None:
    first, last = HEADER_ROW + 1, HEADER_ROW + len(report.rows)
    _titles(sheet, styles, report, entries, label)
    header(sheet, styles, HEADER_ROW, TEMPLATE_COLUMNS)
    for number, row in enumerate(report.rows, start=1):
        contents = entries.get(row.code, ProgressEntry()).by_field
        contents |= {"number": number, "task_text": row.name, "role": row.role_zh}
        write_row(sheet, styles, HEADER_ROW + number, TEMPLATE_COLUMNS, contents, _FIELD_STYLES, _LINES_OF_EMPTY_ROW)
    _validations(sheet, first, last)
    for field in _ASKED:
        position = _POSITIONS[field]
        empty = f"=LEN(TRIM(${letters(position)}{first + 1}))=0"
        sheet.conditional_format(
            first, position, last, position, {"type": "formula", "criteria": empty, "format": styles["open"]}
        )
    signatures(
        sheet, styles, last + 1, _LAST_COLUMN, [_POSITIONS[f] for f in ("status_text", "focus_text", "next_text")]
    )
    prepare(sheet, HEADER_ROW, last + 1, _LAST_COLUMN, _POSITIONS["role"], report.department_name, label)
    sheet.set_selection(first, _POSITIONS["work_text"], first, _POSITIONS["work_text"])


def _titles(
    sheet: Worksheet,
    styles: Mapping[str, Format],
    report: ProgressForm,
    entries: Mapping[str, ProgressEntry],
    label: str | None,
) -> None:
    sheet.merge_range(0, 0, 0, _LAST_COLUMN, report.title, styles["title"])
    sheet.set_row(0, 34)
    middle, right = _POSITIONS["status_text"], _POSITIONS["problems_text"]
    facts = (
        (0, middle - 1, f"填报单位：{report.department_name}"),
        (middle, right - 1, f"报送期：{report.period_text}"),
        (right, _LAST_COLUMN, f"截止时间：{report.cutoff_text}"),
    )
    for start, end, text in facts:
        sheet.merge_range(1, start, 1, end, text, styles["facts"])
    sheet.set_row(1, 22)
    status = letters(_POSITIONS["status_text"])
    cells = f"${status}${HEADER_ROW + 2}:${status}${HEADER_ROW + 1 + len(report.rows)}"
    done = sum(entry.status.strip() != "" for entry in entries.values())
    hint = f"填写方法见工作表「{form.INSTRUCTIONS_SHEET}」。"
    sheet.merge_range(2, 0, 2, right - 1 if label else _LAST_COLUMN, "", styles["progress"])
    sheet.write_formula(
        2,
        0,
        f'="浅黄色为填写区，已填 "&SUMPRODUCT(--(LEN({cells})>0))&" 项任务，共 {len(report.rows)} 项。{hint}"',
        styles["progress"],
        f"浅黄色为填写区，已填 {done} 项任务，共 {len(report.rows)} 项。{hint}",
    )
    if label:
        sheet.merge_range(2, right, 2, _LAST_COLUMN, label, styles["label"])
    sheet.set_row(2, 20)


def _validations(sheet: Worksheet, first: int, last: int) -> None:
    how = {field: text for field, text, _ in HOW_TO_FILL}
    percent = _POSITIONS["percent_text"]
    sheet.data_validation(
        first,
        percent,
        last,
        percent,
        {
            "validate": "decimal",
            "criteria": "between",
            "minimum": 0,
            "maximum": 100,
            "input_title": progress_form.column("percent_text").header,
            "input_message": how["percent_text"],
            "error_title": "请核对百分比",
            "error_message": "要填 0 至 100 之间的数，不写百分号或文字。",
        },
    )
    for field in (*FIVE, "reason_text"):
        position = _POSITIONS[field]
        message: dict[str, Any] = {
            "validate": "any",
            "input_title": progress_form.column(field).header,
            "input_message": cut(how[field], 255),
        }
        sheet.data_validation(first, position, last, position, message)
