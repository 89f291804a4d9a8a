"""What the half-month meeting decided: one decision on one difficulty, kept in ``gate.meeting_line``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from cityhealth.campaigns import reporting_periods
from cityhealth.catalogue import fold
from cityhealth.days import read_day, read_nearest_day
from cityhealth.meeting_form import DECISIONS, HEADER_ALIASES
from cityhealth.periods import PeriodError
from cityhealth.quality.batch import BATCH_LINE, NOTE, BatchFacts, Candidates
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.repeats import mark_repeats
from cityhealth.quality.subject import EMPTY, SHARED_WRITERS, Nouns, Row, Subject, Writer, column, is_given, text_of

_TEXTS = ("difficulty_text", "decision_text", "assigned_text", "due_text", "date_text", "note_text")

_ID = re.compile(r"(\d{4}-\d\d-\d\d)\s*/\s*(\w+)\s*/\s*([a-z][a-z0-9_]*)")
_SETTLED = ("办结", "已办结", "已解决", "解决", "销号", "已销号", "完成", "已完成", "结案")
_ASSIGNED = ("交办", "已交办", "转办", "办理", "交由", "继续办理", "续办")

#: A time limit without its year: that long before the meeting it is a slip, earlier it is next year's.
_SLIP = timedelta(days=60)

_WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "state": ("text", pa.string()),
    "department_code": ("text", pa.string()),
    "sender_not_office": ("boolean", pa.bool_()),
    "filled_count": ("bigint", pa.int64()),
    "difficulty_id": ("text", pa.string()),
    "difficulty_problem": ("text", pa.string()),
    "decision": ("text", pa.string()),
    "duplicate_kind": ("text", pa.string()),
    "assigned_department": ("text", pa.string()),
    "assigned_given": ("boolean", pa.bool_()),
    "due_date": ("date", pa.date32()),
    "due_given": ("boolean", pa.bool_()),
    "due_problem": ("text", pa.string()),
    "due_past": ("boolean", pa.bool_()),
    "decided_on": ("date", pa.date32()),
    "date_problem": ("text", pa.string()),
    "date_future": ("boolean", pa.bool_()),
}

_MEETING_LINE = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()),
        ("difficulty_id", pa.string()), ("decision", pa.string()), ("assigned_department", pa.string()),
        ("due_date", pa.date32()), ("decided_on", pa.date32()), ("note_text", pa.string()), ("verdict", pa.string()),
        ("marked", pa.bool_()), ("sheet", pa.string()), ("cell", pa.string()),
    ]
)  # fmt: skip


def candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    """Resolve the lines of a meeting's list; a line without a decision is blank: nothing was decided. Pure."""
    lines = raw.loc[raw["row_kind"] != NOTE].to_dict("records")
    rows = [_row(line, batch, lookup) for line in lines]
    mark_repeats(
        rows,
        lambda row: row["difficulty_id"] or None,
        lambda row: (row["decision"], row["assigned_department"], row["due_date"]),
    )
    announced = batch.arrival.department_text
    sender = lookup.department(announced) if announced and announced.strip() else None
    whole = {
        "kind": "batch",
        "line_no": BATCH_LINE,
        "filled_count": sum(row["state"] != "blank" for row in rows),
        "sender_not_office": bool(announced and announced.strip()) and sender not in lookup.offices,
    }
    frame = pd.DataFrame([*rows, whole])
    columns = dict.fromkeys([*_WORK_COLUMNS, *_TEXTS, "sheet", "cell", "cells", "duplicate_cells", *frame.columns])
    return Candidates(frame.reindex(columns=list(columns)).assign(department_code=sender), sender)


def _row(line: Mapping[Any, Any], batch: BatchFacts, lookup: Lookup) -> dict[str, Any]:
    texts = {name: text_of(line[name]) for name in _TEXTS}
    difficulty, problem = _difficulty(texts["difficulty_text"], lookup)
    decision = fold(texts["decision_text"])
    decided_on, date_problem = _met(texts["date_text"], batch.arrival.day)
    due, due_problem = _due(texts["due_text"], decided_on or batch.arrival.day)
    assigned = texts["assigned_text"]
    return {
        "kind": "row",
        "state": "value" if decision else "blank",
        "line_no": line["line_no"],
        "sheet": line["sheet"],
        "cell": line["cell"],
        "cells": line["cells"],
        **texts,
        "difficulty_id": difficulty,
        "difficulty_problem": problem,
        "decision": "settled" if decision in _SETTLED else "assigned" if decision in _ASSIGNED else None,
        "assigned_department": (lookup.department(assigned) or lookup.department_within(assigned))
        if assigned
        else None,
        "assigned_given": bool(fold(assigned)),
        "due_date": due,
        "due_given": is_given(texts["due_text"]),
        "due_problem": due_problem,
        "due_past": due < decided_on if due and decided_on else None,
        "decided_on": decided_on,
        "date_problem": date_problem,
        "date_future": decided_on > batch.arrival.day if decided_on else None,
    }


def _difficulty(text: str, lookup: Lookup) -> tuple[str | None, str | None]:
    if not fold(text):
        return None, "没有填写编号"
    found = _ID.fullmatch(text.strip())
    if not found:
        return None, "编号应照清单原样，如 2021-06-05/B01/housing"
    period, task, department = found.groups()
    known = {p.key for campaign in lookup.catalogue.campaigns for p in reporting_periods(campaign)}
    if period not in known:
        return None, f"「{period}」不是报送期"
    if task not in lookup.task_names:
        return None, f"没有工作任务「{task}」"
    if department not in lookup.department_names:
        return None, f"没有单位「{department}」"
    return f"{period}/{task}/{department}", None


def _met(text: str, arrived: date) -> tuple[date | None, str | None]:
    if not is_given(text):
        return None, "没有填写"
    try:
        return read_nearest_day(text, arrived), None
    except PeriodError as error:
        return None, error.message


def _due(text: str, met: date) -> tuple[date | None, str | None]:
    """A month as a time limit is its last day."""
    if not is_given(text):
        return None, None
    try:
        return read_day(text, met - _SLIP).end, None
    except PeriodError as error:
        return None, error.message


def _stored(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(note_text=rows["note_text"].where(rows["note_text"] != "", None))


def _name(row: Row, lookup: Lookup) -> str:
    return text_of(row.get("difficulty_id")) or text_of(row.get("difficulty_text"))


_WRITERS: Mapping[str, Writer] = {
    **SHARED_WRITERS,
    "difficulty": lambda row, batch, lookup, department: _name(row, lookup) or EMPTY,
    "difficulty_problem": column("difficulty_problem"),
    "decision_text": column("decision_text", EMPTY),
    "decisions": lambda row, batch, lookup, department: "、".join(f"「{word}」" for word in DECISIONS),
    "assigned_text": column("assigned_text", EMPTY),
    "due_date": column("due_date"),
    "due_problem": column("due_problem"),
    "date_text": column("date_text", EMPTY),
    "decided_on": column("decided_on"),
    "date_problem": column("date_problem"),
    "duplicate_cells": column("duplicate_cells"),
}

MEETING = Subject(
    raw_select=(
        "select line_no, sheet, line_cell as cell, row_kind, cells, difficulty_text, decision_text, assigned_text,"
        " due_text, date_text, note_text from raw.meeting_line where batch_id = $1 order by line_no"
    ),
    raw_columns=_TEXTS,
    work_columns=_WORK_COLUMNS,
    candidates=candidates,
    writers=_WRITERS,
    name_of_line=_name,
    shown=None,
    fields=frozenset(HEADER_ALIASES),
    gate_table="meeting_line",
    gate_schema=_MEETING_LINE,
    stored=_stored,
    nouns=Nouns("难点问题", "填写内容", "所列决定"),
)
