"""A form as an Excel workbook, written with XlsxWriter: validated, protected, ready to print on A4.

The same form and entries give the same bytes: the creation time is fixed, XlsxWriter dates the zip's parts 1980.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cityhealth import form
from cityhealth.templates.forms import Entry, Form, FormRow, Key
from cityhealth.templates.instructions import column_guide, rules
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
_LAST_COLUMN = len(form.COLUMNS) - 1
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
    title = f"{form_.city_name}{form_.year}年{form.TITLE}"
    with new_workbook(title, form_.department_name, datetime(form_.year, 1, 1), label) as new:
        _fill_sheet(new.workbook.add_worksheet(form.SHEET), new.styles, form_, entries or {}, label)
        guide = new.workbook.add_worksheet(form.INSTRUCTIONS_SHEET)
        instructions_sheet(guide, new.styles, rules(form_), column_guide(), label)
    return new.data


def _fill_sheet(
    sheet: Worksheet, styles: Mapping[str, Format], form_: Form, entries: Mapping[Key, Entry], label: str | None
) -> None:
    first, last = HEADER_ROW + 1, HEADER_ROW + len(form_.rows)
    _titles(sheet, styles, form_, entries, label)
    header(sheet, styles, HEADER_ROW, form.COLUMNS)
    for number, row in enumerate(form_.rows, start=1):
        _row(sheet, styles, HEADER_ROW + number, number, row, entries.get(row.key, Entry()))
    _validations(sheet, form_, first, last)
    _colours(sheet, styles, first, last)
    signatures(
        sheet, styles, last + 1, _LAST_COLUMN, [form.position(f) for f in ("unit_text", "state_text", "remarks_text")]
    )
    prepare(sheet, HEADER_ROW, last + 1, _LAST_COLUMN, form.position("item_name") + 1, form_.department_name, label)
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
    write_row(sheet, styles, at, form.COLUMNS, texts, _FIELD_STYLES)


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
        "input_title": cut(row.item_name, 32),
        "input_message": cut(f"填一个{kind}{unit}。{limits}没有数据就留空。", 255),
        "error_title": "请核对数值和单位",
        "error_message": cut(
            f"「{cut(row.item_name, 60)}」要填一个{kind}{unit}。{limits}不要写单位或文字；"
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
    value, state = (letters(form.position(field)) for field in ("value_text", "state_text"))
    left, right = (form.position(field) for field in ("value_text", "attachment_text"))
    row = first + 1
    not_applicable = {"type": "formula", "criteria": f'=${state}{row}<>""', "format": styles["not_applicable"]}
    sheet.conditional_format(first, left, last, left, not_applicable)
    for position in range(left, right + 1):
        own = f"${letters(position)}{row}"
        needed = {
            "value_text": f'=AND(${value}{row}="",${state}{row}="")',
            "state_text": f'=AND(${value}{row}="",${state}{row}="")',
        }.get(form.COLUMNS[position].field, f'=AND({own}="",${state}{row}="")')
        if form.COLUMNS[position].field == "remarks_text":
            needed = f'=AND({own}="",${state}{row}<>"")'
        sheet.conditional_format(
            first, position, last, position, {"type": "formula", "criteria": needed, "format": styles["open"]}
        )


def _column_range(field: str, rows: int) -> str:
    column = letters(form.position(field))
    return f"${column}${HEADER_ROW + 2}:${column}${HEADER_ROW + 1 + rows}"
