"""Departments' indicator workbooks: the form of :mod:`cityhealth.form`, however it comes back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from cityhealth.errors import UnreadableFile
from cityhealth.feeds.base import raw_rows
from cityhealth.form import HEADER_ALIASES, READABLE_WITH, SHARED_FIELDS, SINGLE_FIELDS
from cityhealth.landing import Arrival
from cityhealth.tabular import Sheet, Table, TableRow, find_tables, read_sheets

#: Columns of the form that have a column of their own in raw.departmental_row; the others go to ``other_cells``.
_STORED = (
    "area_text", "period_text", "value_text", "unit_text", "state_text",
    "source_text", "method_text", "remarks_text", "attachment_text",
)  # fmt: skip

_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("sheet", pa.string()),
        ("row_no", pa.int64()),
        ("row_kind", pa.string()),
        ("value_cell", pa.string()),
        ("item_text", pa.string()),
        *((field, pa.string()) for field in _STORED),
        ("value_cell_kind", pa.string()),
        ("other_cells", pa.string()),
        ("cells", pa.string()),
    ]
)


@dataclass(frozen=True)
class DepartmentalFeed:
    """Workbooks with one line per item; the department is the arrival's, or stands in the file's name."""

    name: str = "departmental"
    raw_table: str = "departmental_row"
    schema: pa.Schema = _SCHEMA

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """One row per line under a header, on every sheet that has one; notes around the data are kept as such.

        Raises:
            UnreadableFile: not a table, or no sheet has the form's header; names what is missing.
        """
        tables = _tables(read_sheets(data, arrival.filename), arrival.filename)
        lines = ((table, row) for table in tables for row in table.rows)
        return raw_rows(self.schema, (_raw_row(n, table, row) for n, (table, row) in enumerate(lines, start=1)))


def _tables(sheets: Sequence[Sheet], filename: str) -> tuple[Table, ...]:
    """The tables by the first set of columns that any sheet has: with codes, else with names only."""
    refusal: UnreadableFile | None = None
    for required in READABLE_WITH:
        try:
            return find_tables(sheets, HEADER_ALIASES, required, SHARED_FIELDS, filename, SINGLE_FIELDS).tables
        except UnreadableFile as error:
            if error.code != "no_header":
                raise
            refusal = refusal or error
    assert refusal is not None
    raise refusal


def _raw_row(line_no: int, table: Table, row: TableRow) -> dict[str, object]:
    cells = row.cells
    item = cells.get("item_text") or cells.get("item_name")
    value = cells.get("value_text")
    # An empty cell can be at fault as well.
    addresses = table.addresses(row)
    if item:
        addresses["item_text"] = item.address
    others = {field: cell.text for field, cell in cells.items() if field not in _STORED and cell is not item}
    return {
        "line_no": line_no,
        "sheet": table.sheet,
        "row_no": row.line,
        "row_kind": row.kind,
        "value_cell": f"{table.columns['value_text']}{row.line}",
        "item_text": item.text if item else None,
        **{field: cells[field].text for field in _STORED if field in cells},
        "value_cell_kind": value.kind if value else None,
        "other_cells": json.dumps(others | {k: c.text for k, c in row.extra.items()}, ensure_ascii=False),
        "cells": json.dumps({field: addresses[field] for field in ("item_text", *_STORED) if field in addresses}),
    }
