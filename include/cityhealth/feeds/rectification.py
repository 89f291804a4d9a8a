"""Measures against problems: the list of :mod:`cityhealth.rectification_form`, filled in, and filled in again."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from cityhealth.feeds.base import raw_rows
from cityhealth.feeds.lists import listed_rows, raw_line
from cityhealth.landing import Arrival
from cityhealth.rectification_form import HEADER_ALIASES, READABLE_WITH, SHARED_FIELDS

#: Columns of the form that have a column of their own in raw.rectification_line; the others go to ``other_cells``.
_STORED = (
    "problem_text", "measure_no_text", "owner_text", "measure_text", "deadline_text", "milestones_text", "status_text",
    "percent_text", "date_text", "note_text",
)  # fmt: skip

_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("sheet", pa.string()),
        ("row_no", pa.int64()),
        ("row_kind", pa.string()),
        ("line_cell", pa.string()),
        *((name, pa.string()) for name in _STORED),
        ("percent_cell_kind", pa.string()),
        ("other_cells", pa.string()),
        ("cells", pa.string()),
    ]
)


@dataclass(frozen=True)
class RectificationFeed:
    """Lists of measures; any workbook or Word document will do in which a table has the list's header."""

    name: str = "rectification"
    raw_table: str = "rectification_line"
    schema: pa.Schema = _SCHEMA

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """One row per measure, on every sheet that has the header; sheets without it are passed over.

        Raises:
            UnreadableFile: not a table, or none has the columns 问题编号 and 整改措施.
        """
        lines = listed_rows(data, arrival.filename, HEADER_ALIASES, READABLE_WITH, SHARED_FIELDS)
        rows = []
        for number, (table, row) in enumerate(lines, start=1):
            percent = row.cells.get("percent_text")
            kind = percent.kind if percent is not None else None
            rows.append(raw_line(number, table, row, _STORED, "problem_text") | {"percent_cell_kind": kind})
        return raw_rows(self.schema, rows)
