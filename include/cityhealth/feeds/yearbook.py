"""Tables that others made (census, statistical yearbooks), read by layouts; their items are `context`."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pyarrow as pa

from cityhealth.feeds.base import raw_rows
from cityhealth.landing import Arrival
from cityhealth.tabular import read_sheets
from cityhealth.tabular.foreign import read_foreign
from cityhealth.tabular.layouts import Layout, city_layouts

_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("sheet", pa.string()),
        ("cell", pa.string()),
        ("layout", pa.string()),
        ("item_text", pa.string()),
        ("area_text", pa.string()),
        ("period_text", pa.string()),
        ("value_text", pa.string()),
        ("unit_text", pa.string()),
        ("missing", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class YearbookFeed:
    """Foreign tables of one city; ``layouts`` say where in them areas, periods, items and units stand."""

    layouts: tuple[Layout, ...]
    name: str = "yearbook"
    raw_table: str = "yearbook_cell"
    schema: pa.Schema = _SCHEMA

    @classmethod
    def of_city(cls, city: str) -> YearbookFeed:
        return cls(city_layouts(city))

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """One row per value cell that the layout wants; the item is already the catalogue's code, by the layout.

        Raises:
            UnreadableFile: not a table. LayoutError: no layout knows the table, or a column of it.
        """
        table = read_foreign(read_sheets(data, arrival.filename), arrival.filename, self.layouts)
        rows = []
        for number, cell in enumerate(table.cells, start=1):
            fields = asdict(cell)
            rows.append(fields | {"line_no": number, "item_text": fields["item_code"]})
        return raw_rows(self.schema, rows)
