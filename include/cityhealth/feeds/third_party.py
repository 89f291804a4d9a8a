"""What a third party found: tables of indicator values with their definition, method and source."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from cityhealth.errors import UnreadableFile
from cityhealth.feeds.base import raw_rows
from cityhealth.landing import Arrival
from cityhealth.tabular import Sheet, Table, TableRow, find_tables, read_sheets
from cityhealth.third_party_form import HEADER_ALIASES, READABLE_WITH, SHARED_FIELDS, SINGLE_FIELDS

#: Columns of the form that have a column of their own in raw.third_party_value; the others go to ``other_cells``.
_STORED = (
    "city_text", "indicator_text", "indicator_name", "area_text", "period_text", "value_text", "unit_text",
    "definition_text", "method_text", "source_text", "remarks_text",
)  # fmt: skip

_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("sheet", pa.string()),
        ("row_no", pa.int64()),
        ("row_kind", pa.string()),
        ("value_cell", pa.string()),
        ("heading_text", pa.string()),
        *((field, pa.string()) for field in _STORED),
        ("value_cell_kind", pa.string()),
        ("other_cells", pa.string()),
        ("cells", pa.string()),
    ]
)


@dataclass(frozen=True)
class ThirdPartyFeed:
    """Workbooks and csv files in which a table has indicators and values, on any sheet."""

    name: str = "third_party"
    raw_table: str = "third_party_value"
    schema: pa.Schema = _SCHEMA

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """One row per indicator value, on every sheet that has the header; what stands above it is kept with each row.

        Raises:
            UnreadableFile: not a table, or no sheet has a column of indicators and one of values.
        """
        sheets = list(read_sheets(data, arrival.filename))
        headings = {sheet.name: sheet for sheet in sheets}
        lines = (
            (table, row, heading)
            for table in _tables(sheets, arrival.filename)
            for heading in (_heading(headings[table.sheet], table.header),)
            for row in table.rows
        )
        return raw_rows(self.schema, (_raw_row(n, *line) for n, line in enumerate(lines, start=1)))


def _tables(sheets: Sequence[Sheet], filename: str) -> Iterator[Table]:
    """Of every sheet its table: with codes, else with names only; a workbook may have sheets of both kinds.

    Raises the refusal of the first set of columns where no sheet has either.
    """
    refusal: UnreadableFile | None = None
    tables: dict[str, Table] = {}
    for required in READABLE_WITH:
        try:
            found = find_tables(sheets, HEADER_ALIASES, required, SHARED_FIELDS, filename, SINGLE_FIELDS)
        except UnreadableFile as error:
            if error.code != "no_header":
                raise
            refusal = error
        else:
            for table in found.tables:
                tables.setdefault(table.sheet, table)
    if not tables:
        assert refusal is not None
        raise refusal
    return (tables[sheet.name] for sheet in sheets if sheet.name in tables)


def _heading(sheet: Sheet, header: int) -> str | None:
    above = [cell.text for line, cells in sheet.rows.items() if line < header for cell in cells.values()]
    return "\n".join(above) or None


def _raw_row(line_no: int, table: Table, row: TableRow, heading: str | None) -> Mapping[str, object]:
    places = table.addresses(row)
    value = row.cells.get("value_text")
    others = {name: cell.text for name, cell in row.cells.items() if name not in _STORED}
    others |= {name: cell.text for name, cell in row.extra.items()}
    return {
        "line_no": line_no,
        "sheet": table.sheet,
        "row_no": row.line,
        "row_kind": row.kind,
        "value_cell": places["value_text"],
        "heading_text": heading,
        **{name: row.cells[name].text for name in _STORED if name in row.cells},
        "value_cell_kind": value.kind if value else None,
        "other_cells": json.dumps(others, ensure_ascii=False),
        "cells": json.dumps({name: places[name] for name in _STORED if name in places}),
    }
