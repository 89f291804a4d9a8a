"""Raw lines and batches for tests of the gate, without files behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from cityhealth.feeds import feed_named
from cityhealth.landing import Arrival, Attachment
from cityhealth.quality.batch import BatchFacts
from cityhealth.quality.items.candidates import TEXTS
from cityhealth.quality.meeting import MEETING
from cityhealth.quality.progress import PROGRESS
from cityhealth.settings import CITY_TIMEZONE, from_environment

RECEIVED = datetime(2021, 5, 20, 9, 0, tzinfo=CITY_TIMEZONE)


def batch(
    department: str | None = "planning",
    filename: str = "填报表.xlsx",
    feed: str = "departmental",
    attachments: tuple[str, ...] = ("原始数据.pdf",),
    received_at: datetime = RECEIVED,
    **read_error: str,
) -> BatchFacts:
    arrival = Arrival(
        "arrival",
        feed,
        department,
        filename,
        "ab" * 32,
        100,
        received_at,
        tuple(Attachment(a, "cd" * 32) for a in attachments),
    )
    return BatchFacts("0123456789abcdef0123", feed_named(feed, from_environment({})).raw_table, arrival, **read_error)


#: Lines with which nothing is wrong: of an indicator workbook, of a progress report, of a meeting's list.
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

GOOD_TASK = {
    "task_text": "生态宜居",
    "period_text": "2021-06-05",
    "work_text": "核查公园绿地",
    "status_text": "已核查八处",
    "focus_text": "口袋公园",
    "problems_text": "无",
    "next_text": "汇总数据",
    "percent_text": "80",
    "responsible_text": "园林科",
    "date_text": "2021-06-04",
}
GOOD_DECISION = {
    "difficulty_text": "2021-06-05/B1/planning",
    "decision_text": "交办",
    "assigned_text": "市规划和自然资源局",
    "due_text": "2021-06-30",
    "date_text": "2021-06-07",
    "note_text": "抓紧落实",
}


def lines(*changes: Mapping[str, Any]) -> pd.DataFrame:
    """Raw lines: each is ``GOOD`` with changes; they stand in D2, D3 … of sheet 填报."""
    return _lines(GOOD, TEXTS, changes)


def task_lines(*changes: Mapping[str, Any]) -> pd.DataFrame:
    """As :func:`lines`, of a progress report."""
    return _lines(GOOD_TASK, ("cells", *PROGRESS.raw_columns), changes)


def decision_lines(*changes: Mapping[str, Any]) -> pd.DataFrame:
    """As :func:`lines`, of a meeting's list."""
    return _lines(GOOD_DECISION, ("cells", *MEETING.raw_columns), changes)


def _lines(good: Mapping[str, str], columns: Sequence[str], changes: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    rows = [
        {"line_no": n, "sheet": "填报", "cell": f"D{n + 1}", "row_kind": "data"} | good | change
        for n, change in enumerate(changes, start=1)
    ]
    return pd.DataFrame(rows, columns=["line_no", "sheet", "cell", "row_kind", *columns], dtype=object)
