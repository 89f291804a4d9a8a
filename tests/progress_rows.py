"""Half-month reports read back as rows, for the tests of what the feed makes of them."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import datetime

import openpyxl

from cityhealth.feeds.progress import ProgressFeed
from cityhealth.landing import Arrival
from cityhealth.progress_form import FIVE as FIELDS
from cityhealth.settings import CITY_TIMEZONE
from word_files import FIVE

TASKS = ("生态宜居", "健康舒适", "多元包容", "创新活力")
TEXTS = tuple(f"{heading}的正文。" for heading in FIVE)
Row = dict[str, object]


def read(data: bytes, filename: str = "报告.docx") -> list[Row]:
    received = datetime(2021, 6, 4, 10, tzinfo=CITY_TIMEZONE)
    rows: list[Row] = (
        ProgressFeed(TASKS)
        .read(data, Arrival("a", "progress", "住建局", filename, "0" * 64, len(data), received))
        .to_pylist()
    )
    assert [row["line_no"] for row in rows] == list(range(1, len(rows) + 1))
    return rows


def tasks(rows: Sequence[Row]) -> list[object]:
    return [row["task_text"] for row in rows if row["row_kind"] == "data"]


def five(row: Row) -> tuple[object, ...]:
    return tuple(row[field] for field in FIELDS)


def places(row: Row) -> dict[str, str]:
    return json.loads(str(row["cells"]))  # type: ignore[no-any-return]


def others(row: Row) -> dict[str, str]:
    return json.loads(str(row["other_cells"]))  # type: ignore[no-any-return]


def xlsx(rows: Sequence[Sequence[object]], merged: Sequence[str] = (), title: str = "Sheet") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(list(row))
    for span in merged:
        book.active.merge_cells(span)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


HEADER = ["工作任务", *FIVE, "完成百分比"]


def under_headings(task: str, mark: str = "{n}. {h}", texts: Sequence[str] = TEXTS) -> list[str]:
    lines = [task]
    for number, (heading, text) in enumerate(zip(FIVE, texts, strict=True), start=1):
        chinese = "一二三四五"[number - 1]
        lines += [mark.format(n=number, h=heading, c=chinese), text]
    return lines
