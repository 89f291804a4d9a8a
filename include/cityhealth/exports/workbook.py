"""The tables of a package as one workbook with Chinese heads, for those who read it in a spreadsheet."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from unicodedata import east_asian_width

import xlsxwriter

from cityhealth.exports.selection import Field, Table
from cityhealth.reports.annex_sheet import Column, Styles, write_table
from cityhealth.reports.packing import repacked

_STYLES = {"number": "measured", "integer": "count", "boolean": "centred"}
_WIDEST, _NARROWEST = 46, 9
_LABEL = "合成数据：演示用，非真实数据"


def workbook(
    title: str, facts: Sequence[tuple[str, str]], tables: Sequence[Table], synthetic: bool, made: datetime | None
) -> bytes:
    """A sheet that says what this is, one per table, and the dictionary; the same tables give the same bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    created = (made or datetime(2021, 1, 1, tzinfo=UTC)).astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.set_properties({"title": title, "comments": _LABEL if synthetic else "", "created": created})
    styles = Styles(book, title, _LABEL if synthetic else "")
    write_table(
        book.add_worksheet("说明"),
        styles,
        title,
        [Column("事项", 18, lambda row: row[0]), Column("内容", 96, lambda row: row[1])],
        [*facts, *((f"表「{t.title_zh}」", f"{len(t.rows)} 行。{t.reason_zh}") for t in tables)],
    )
    for table in tables:
        write_table(
            book.add_worksheet(table.title_zh),
            styles,
            table.title_zh,
            [_column(field, head, table) for field, head in zip(table.fields, _heads(table.fields), strict=True)],
            table.rows,
            frozen=min(4, len(table.fields)),
            pages=1 + len(table.fields) // 16,
        )
    entries = [
        (t.title_zh, head, f.name, f.type, f.description)
        for t in tables
        for f, head in zip(t.fields, _heads(t.fields), strict=True)
    ]
    write_table(
        book.add_worksheet("数据字典"),
        styles,
        "数据字典",
        [
            Column(head, width, _nth(at))
            for at, (head, width) in enumerate((("表", 18), ("列", 18), ("字段名", 24), ("类型", 10), ("说明", 80)))
        ],
        entries,
    )
    book.close()
    return repacked(buffer.getvalue())


def _nth(at: int) -> Callable[[Any], Any]:
    return lambda row: row[at]


def _heads(fields: Sequence[Field]) -> list[str]:
    """Chinese heads. A code whose description begins with the codes themselves is called after its Chinese sibling; of
    two that are alike each also has its field's name."""
    by_name = {field.name: field.head_zh for field in fields}
    heads = [
        f"{by_name[f'{field.name}_zh']}代码"
        if field.head_zh[:1].isascii() and f"{field.name}_zh" in by_name
        else field.head_zh
        for field in fields
    ]
    return [
        head if heads.count(head) == 1 else f"{head}（{field.name}）" for head, field in zip(heads, fields, strict=True)
    ]


def _column(field: Field, head: str, table: Table) -> Column:
    texts = [head, *(str(row[field.name]) for row in table.rows[:200] if row[field.name] is not None)]
    widest = max(sum(2 if east_asian_width(c) in "WF" else 1 for c in text) for text in texts) + 2
    return Column(head, min(max(widest, _NARROWEST), _WIDEST), _value(field), _STYLES.get(field.type, "text"))


def _value(field: Field) -> Callable[[Any], Any]:
    if field.type == "boolean":
        return lambda row: None if row[field.name] is None else "是" if row[field.name] else "否"
    if field.type == "object":
        return lambda row: None if row[field.name] is None else str(row[field.name])
    return lambda row: row[field.name]
