"""What the half-month meeting decided on difficulties: the list of :mod:`cityhealth.meeting_form`, filled in."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pyarrow as pa

from cityhealth.documents import Document, WordTable, is_word, read_word
from cityhealth.errors import Place, UnreadableFile
from cityhealth.feeds.base import raw_rows
from cityhealth.landing import Arrival
from cityhealth.meeting_form import HEADER_ALIASES, READABLE_WITH, SHARED_FIELDS, column
from cityhealth.tabular import Sheet, Table, TableRow, find_tables, read_sheets

#: Columns of the form that have a column of their own in raw.meeting_line; the others go to ``other_cells``.
_STORED = ("difficulty_text", "decision_text", "assigned_text", "due_text", "date_text", "note_text")

_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("sheet", pa.string()),
        ("row_no", pa.int64()),
        ("row_kind", pa.string()),
        ("line_cell", pa.string()),
        *((name, pa.string()) for name in _STORED),
        ("other_cells", pa.string()),
        ("cells", pa.string()),
    ]
)


@dataclass(frozen=True)
class MeetingFeed:
    """The office's lists; any workbook or Word document will do in which a table has the list's header."""

    name: str = "meeting"
    raw_table: str = "meeting_line"
    schema: pa.Schema = _SCHEMA

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """One row per difficulty, on every sheet that has the header; sheets without it are passed over.

        Raises:
            UnreadableFile: not a table, or none has the columns 编号 and 会议决定.
        """
        if is_word(data, arrival.filename):
            sheets = _tables_of(read_word(data, arrival.filename))
            if not sheets:
                wanted = "".join(f"「{column(field).header}」" for field in READABLE_WITH)
                raise UnreadableFile(
                    "no_header", f"文档中没有表格，清单应为有{wanted}两列的表格", Place(arrival.filename)
                )
        else:
            sheets = read_sheets(data, arrival.filename)
        found = find_tables(sheets, HEADER_ALIASES, READABLE_WITH, SHARED_FIELDS, arrival.filename)
        lines = ((table, row) for table in found.tables for row in table.rows)
        return raw_rows(self.schema, (_raw_row(n, table, row) for n, (table, row) in enumerate(lines, start=1)))


def _tables_of(document: Document) -> list[Sheet]:
    tables = [block for block in document.blocks if isinstance(block, WordTable)]
    sheets = []
    while tables:
        table = tables.pop(0)
        sheets.append(table.sheet)
        tables[:0] = table.inner
    return sheets


def _raw_row(line_no: int, table: Table, row: TableRow) -> dict[str, object]:
    places = table.addresses(row)
    others = {name: cell.text for name, cell in row.cells.items() if name not in _STORED}
    others |= {name: cell.text for name, cell in row.extra.items()}
    return {
        "line_no": line_no,
        "sheet": table.sheet,
        "row_no": row.line,
        "row_kind": row.kind,
        "line_cell": places["difficulty_text"],
        **{name: row.cells[name].text for name in _STORED if name in row.cells},
        "other_cells": json.dumps(others, ensure_ascii=False),
        "cells": json.dumps({name: places[name] for name in _STORED if name in places}),
    }
