"""The list of difficulties as an Excel workbook: the office fills in what the meeting decided and lands it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cityhealth.campaigns import ReportingPeriod
from cityhealth.meeting_form import COLUMNS, DECISIONS, SHEET, TITLE
from cityhealth.templates.sheets import header, letters, new_workbook, prepare, write_row

HEADER_ROW = 3  # counted from 0, below title, facts and hint
_LAST_COLUMN = len(COLUMNS) - 1
_POSITIONS = {column.field: position for position, column in enumerate(COLUMNS)}
_FIELD_STYLES = {
    "difficulty_text": "small",
    "problem_text": "text",
    "decision_text": "fill_centred",
    "assigned_text": "fill_centred",
    "due_text": "fill_centred",
    "date_text": "fill_centred",
}


def write_meeting_form(rows: Sequence[Mapping[str, str | None]], period: ReportingPeriod) -> bytes:
    """The workbook (.xlsx) for the meeting after ``period``: one line for each of ``rows``, in their order.

    A row is a mapping from fields of :mod:`cityhealth.meeting_form` to texts; ``difficulty_text`` must be in it, what
    is not stays empty. The same rows give the same bytes.
    """
    with new_workbook(TITLE, period.title_zh, datetime.combine(period.due, datetime.min.time()), None) as new:
        _list(new.workbook.add_worksheet(SHEET), new.styles, rows, period)
    return new.data


def _list(
    sheet: Worksheet, styles: Mapping[str, Format], rows: Sequence[Mapping[str, str | None]], period: ReportingPeriod
) -> None:
    sheet.merge_range(0, 0, 0, _LAST_COLUMN, TITLE, styles["title"])
    sheet.set_row(0, 34)
    sheet.merge_range(1, 0, 1, _LAST_COLUMN, f"{period.title_zh}，共 {len(rows)} 条", styles["facts"])
    hint = "浅黄色由会议填写：决定交办的写承办单位和办理时限，决定办结的写会议意见；没有议到的留空。请不要改动编号。"
    sheet.merge_range(2, 0, 2, _LAST_COLUMN, hint, styles["progress"])
    header(sheet, styles, HEADER_ROW, COLUMNS)
    for number, row in enumerate(rows, start=1):
        contents = {column.field: row.get(column.field) for column in COLUMNS} | {"number": number}
        write_row(sheet, styles, HEADER_ROW + number, COLUMNS, contents, _FIELD_STYLES)
    if rows:
        _choices(sheet, styles, HEADER_ROW + 1, HEADER_ROW + len(rows))
    frozen = _POSITIONS["difficulty_text"] + 1
    prepare(sheet, HEADER_ROW, HEADER_ROW + len(rows), _LAST_COLUMN, frozen, f"{TITLE} {period.title_zh}", None)


def _choices(sheet: Worksheet, styles: Mapping[str, Format], first: int, last: int) -> None:
    decision = _POSITIONS["decision_text"]
    sheet.data_validation(
        first,
        decision,
        last,
        decision,
        {
            "validate": "list",
            "source": list(DECISIONS),
            "error_title": "只能选择",
            "error_message": f"只能从下拉框选择{'、'.join(f'「{word}」' for word in DECISIONS)}，或者留空。",
        },
    )
    for column in COLUMNS:
        if column.fillable:
            position = _POSITIONS[column.field]
            empty = f'=${letters(position)}{first + 1}=""'
            sheet.conditional_format(
                first, position, last, position, {"type": "formula", "criteria": empty, "format": styles["open"]}
            )
