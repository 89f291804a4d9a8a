"""Raw lines and batches for tests of the gate, without files behind them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from cityhealth.landing import Arrival, Attachment
from cityhealth.quality.batch import BatchFacts
from cityhealth.quality.items.candidates import TEXTS
from cityhealth.settings import CITY_TIMEZONE

RECEIVED = datetime(2021, 5, 20, 9, 0, tzinfo=CITY_TIMEZONE)


def batch(
    department: str | None = "planning",
    filename: str = "填报表.xlsx",
    feed: str = "departmental",
    attachments: tuple[str, ...] = ("原始数据.pdf",),
    **read_error: str,
) -> BatchFacts:
    arrival = Arrival(
        "arrival",
        feed,
        department,
        filename,
        "ab" * 32,
        100,
        RECEIVED,
        tuple(Attachment(a, "cd" * 32) for a in attachments),
    )
    raw_table = {"departmental": "departmental_row", "yearbook": "yearbook_cell"}[feed]
    return BatchFacts("0123456789abcdef0123", raw_table, arrival, **read_error)


#: A line with which nothing is wrong.
GOOD = {
    "item_text": "built_up_area 建成区面积",
    "area_text": "100000 某市",
    "period_text": "2020年",
    "value_text": "45.6",
    "unit_text": "平方公里",
    "source_text": "统计年鉴",
    "method_text": "实测",
    "attachment_text": "原始数据.pdf",
}


def lines(*changes: dict[str, Any]) -> pd.DataFrame:
    """Raw lines: each is ``GOOD`` with changes; they stand in D2, D3 … of sheet 填报."""
    rows = [
        {"line_no": n, "sheet": "填报", "cell": f"D{n + 1}", "row_kind": "data"} | GOOD | change
        for n, change in enumerate(changes, start=1)
    ]
    return pd.DataFrame(rows, columns=["line_no", "sheet", "cell", "row_kind", *TEXTS], dtype=object)
