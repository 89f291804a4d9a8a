"""Measures against problems: one measure of one list, kept in ``gate.rectification_line``."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from cityhealth.catalogue import fold
from cityhealth.days import read_day, read_nearest_day
from cityhealth.periods import PeriodError
from cityhealth.quality.batch import BATCH_LINE, NOTE, BatchFacts, Candidates
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.problems import problem_named
from cityhealth.quality.repeats import mark_repeats
from cityhealth.quality.subject import EMPTY, SHARED_WRITERS, Nouns, Row, Subject, Writer, column, is_given, text_of
from cityhealth.quantities.percent import parse_percent
from cityhealth.rectification_form import HEADER_ALIASES, STATUSES

_TEXTS = (
    "problem_text", "measure_no_text", "owner_text", "measure_text", "deadline_text", "milestones_text", "status_text",
    "percent_text", "percent_cell_kind", "date_text", "note_text",
)  # fmt: skip
#: A line in which none of these says anything is blank.
_SAYS = ("measure_text", "status_text", "percent_text", "deadline_text", "milestones_text")

#: A time limit without its year: that long before the list came it is a slip, earlier it is next year's.
_SLIP = timedelta(days=60)
_STATUS_OF = {fold(word): code for code, words in STATUSES.items() for word in words}
_NUMBER = re.compile(r"(?:.*[-/—第])?0*([1-9]\d{0,3})(?:号|项)?")
_YEAR = re.compile(r"\d{4}")
_MILESTONE = re.compile(
    r"(?P<due>\d{4}[-./年]\d{1,2}(?:[-./月]\d{1,2})?[日月]?[底末]?|\d{1,2}月(?:\d{1,2}[日号]|[底末])?)前?[:：,，、\s]*"
    r"(?P<text>.*)",
    re.DOTALL,
)

_WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "state": ("text", pa.string()),
    "department_code": ("text", pa.string()),
    "sender_unknown": ("boolean", pa.bool_()),
    "filled_count": ("bigint", pa.int64()),
    "problem_id": ("text", pa.string()),
    "problem_problem": ("text", pa.string()),
    "measure_given": ("boolean", pa.bool_()),
    "number_problem": ("text", pa.string()),
    "owner_department": ("text", pa.string()),
    "owner_given": ("boolean", pa.bool_()),
    "owner_is_sender": ("boolean", pa.bool_()),
    "duplicate_kind": ("text", pa.string()),
    "status": ("text", pa.string()),
    "status_given": ("boolean", pa.bool_()),
    "percent": ("double precision", pa.float64()),
    "percent_problem": ("text", pa.string()),
    "status_differs": ("boolean", pa.bool_()),
    "deadline_given": ("boolean", pa.bool_()),
    "deadline_problem": ("text", pa.string()),
    "deadline_without_year": ("boolean", pa.bool_()),
    "milestones_problem": ("text", pa.string()),
    "report_date": ("date", pa.date32()),
    "date_problem": ("text", pa.string()),
    "date_future": ("boolean", pa.bool_()),
}

_RECTIFICATION_LINE = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()),
        ("sender_department", pa.string()), ("measure_id", pa.string()), ("problem_id", pa.string()),
        ("owner_department", pa.string()), ("measure_text", pa.string()), ("deadline", pa.date32()),
        ("milestones", pa.string()), ("status", pa.string()), ("percent", pa.float64()), ("report_date", pa.date32()),
        ("note_text", pa.string()), ("verdict", pa.string()), ("marked", pa.bool_()), ("sheet", pa.string()),
        ("cell", pa.string()),
    ]
)  # fmt: skip


def candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    """Resolve the lines of a list; a line that names a problem and says nothing of a measure is blank. Pure."""
    lines = raw.loc[raw["row_kind"] != NOTE].to_dict("records")
    announced = batch.arrival.department_text
    sender = lookup.department(announced) if announced and announced.strip() else None
    rows = [_row(line, batch, lookup, sender) for line in lines]
    mark_repeats(
        rows,
        lambda row: row["measure_id"] or None,
        lambda row: (fold(row["measure_text"]), row["status"], row["percent"], row["deadline"], row["milestones"]),
    )
    whole = {
        "kind": "batch",
        "line_no": BATCH_LINE,
        "filled_count": sum(row["state"] != "blank" for row in rows),
        "sender_unknown": sender is None,
    }
    frame = pd.DataFrame([*rows, whole])
    columns = dict.fromkeys(
        [*_WORK_COLUMNS, *_TEXTS, "sheet", "cell", "cells", "duplicate_cells", "deadline", "milestones", "measure_id",
         *frame.columns]
    )  # fmt: skip
    return Candidates(frame.reindex(columns=list(columns)).assign(department_code=sender), sender)


def _row(line: Mapping[Any, Any], batch: BatchFacts, lookup: Lookup, sender: str | None) -> dict[str, Any]:
    texts = {name: text_of(line[name]) for name in _TEXTS}
    arrived = batch.arrival.day
    problem, problem_problem = problem_named(texts["problem_text"], lookup)
    number, number_problem = _number(texts["measure_no_text"])
    given = is_given(texts["owner_text"])
    # Whoever sends a list of its own need not name itself.
    owner = _owner(texts["owner_text"], lookup) if given else sender if sender not in lookup.offices else None
    percent = parse_percent(texts["percent_text"], texts["percent_cell_kind"] or "text")
    status, status_given = _status(texts["status_text"], percent.value)
    reported_on, date_problem = _reported(texts["date_text"], arrived)
    deadline, deadline_problem = _deadline(texts["deadline_text"], arrived)
    milestones, milestones_problem = _milestones(texts["milestones_text"], arrived)
    return {
        "kind": "row",
        "state": "value" if any(is_given(texts[name]) for name in _SAYS) else "blank",
        "line_no": line["line_no"],
        "sheet": line["sheet"],
        "cell": line["cell"],
        "cells": line["cells"],
        **texts,
        "problem_id": problem,
        "problem_problem": problem_problem,
        "measure_given": is_given(texts["measure_text"]),
        "number_problem": number_problem,
        "measure_id": f"{problem}/{owner}/{number}" if problem and owner and number else None,
        "owner_department": owner,
        "owner_given": given or owner is not None,
        "owner_is_sender": None if owner is None or sender is None else sender in (owner, *lookup.offices),
        "status": status,
        "status_given": status_given,
        "percent": percent.value,
        "percent_problem": percent.problem_zh,
        "status_differs": percent.value is not None and (status == "done") != (percent.value >= 100)
        if status != "cancelled"
        else False,
        "deadline": deadline,
        "deadline_given": is_given(texts["deadline_text"]),
        "deadline_problem": deadline_problem,
        "deadline_without_year": deadline is not None and _YEAR.search(fold(texts["deadline_text"])) is None,
        "milestones": json.dumps(milestones, ensure_ascii=False) if milestones else None,
        "milestones_problem": milestones_problem,
        "report_date": reported_on,
        "date_problem": date_problem,
        "date_future": reported_on > arrived if reported_on else None,
    }


def _number(text: str) -> tuple[int | None, str | None]:
    """1, 措施1, ECO07-01: the number at the end; the only measure needs none."""
    said = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    if not re.search(r"\w", said):
        return 1, None
    found = _NUMBER.fullmatch(re.sub(r"^措施", "", said))
    return (int(found[1]), None) if found else (None, "应为 1、2、3 这样的序号")


def _owner(text: str, lookup: Lookup) -> str | None:
    return lookup.department(text) or lookup.department_within(text)


def _status(text: str, percent: float | None) -> tuple[str | None, bool]:
    """As said; where nothing is said, as the percentage has it."""
    if is_given(text):
        return _STATUS_OF.get(fold(text)), True
    if percent is None or percent <= 0:
        return "planned", False
    return "done" if percent >= 100 else "under_way", False


def _deadline(text: str, arrived: date) -> tuple[date | None, str | None]:
    """A month as a time limit is its last day."""
    if not is_given(text):
        return None, None
    try:
        return read_day(text, arrived - _SLIP).end, None
    except PeriodError as error:
        return None, error.message


def _reported(text: str, arrived: date) -> tuple[date | None, str | None]:
    """Without a date it is the day on which the list came."""
    if not is_given(text):
        return arrived, "没有填写"
    try:
        return read_nearest_day(text, arrived), None
    except PeriodError as error:
        return None, error.message


def _milestones(text: str, arrived: date) -> tuple[list[dict[str, str | None]], str | None]:
    """2021-07-31 完成排查；2021年9月底 完成改造: one after the other, each with its day."""
    found: list[dict[str, str | None]] = []
    unread: list[str] = []
    for part in re.split(r"[；;\n]+", unicodedata.normalize("NFKC", text)):
        part = part.strip(" 。.、")
        if not is_given(part):
            continue
        dated = _MILESTONE.fullmatch(part)
        try:
            due = read_day(dated["due"], arrived - _SLIP).end.isoformat() if dated else None
        except PeriodError:
            due = None
        if due is None or dated is None:
            unread.append(part)
        found.append({"due": due, "text": dated["text"].strip() if due and dated else part})
    return found, f"「{'；'.join(unread)}」没有可读的日期" if unread else None


def _stored(rows: pd.DataFrame) -> pd.DataFrame:
    texts = {name: rows[name].where(rows[name] != "", None) for name in ("note_text", "measure_text")}
    return rows.assign(**texts, sender_department=rows["department_code"])


def _name(row: Row, lookup: Lookup) -> str:
    problem = text_of(row.get("problem_id")) or text_of(row.get("problem_text"))
    number = text_of(row.get("measure_no_text"))
    return f"{problem}·措施{number}" if number else problem


_WRITERS: Mapping[str, Writer] = {
    **SHARED_WRITERS,
    "measure": lambda row, batch, lookup, department: _name(row, lookup) or EMPTY,
    "problem_text": column("problem_text", EMPTY),
    "problem_problem": column("problem_problem"),
    "number_text": column("measure_no_text", EMPTY),
    "number_problem": column("number_problem"),
    "owner_text": column("owner_text", EMPTY),
    "owner": lambda row, batch, lookup, department: lookup.department_names.get(
        text_of(row.get("owner_department")), EMPTY
    ),
    "status_text": column("status_text", EMPTY),
    "statuses": lambda row, batch, lookup, department: "、".join(f"「{words[0]}」" for words in STATUSES.values()),
    "percent_text": column("percent_text", EMPTY),
    "percent_problem": column("percent_problem"),
    "deadline_text": column("deadline_text", EMPTY),
    "deadline": column("deadline"),
    "deadline_problem": column("deadline_problem"),
    "milestones_problem": column("milestones_problem"),
    "date_text": column("date_text", EMPTY),
    "report_date": column("report_date"),
    "date_problem": column("date_problem"),
    "duplicate_cells": column("duplicate_cells"),
}

RECTIFICATION = Subject(
    raw_select=(
        "select line_no, sheet, line_cell as cell, row_kind, cells, problem_text, measure_no_text, owner_text,"
        " measure_text, deadline_text, milestones_text, status_text, percent_text, percent_cell_kind, date_text,"
        " note_text from raw.rectification_line where batch_id = $1 order by line_no"
    ),
    raw_columns=_TEXTS,
    work_columns=_WORK_COLUMNS,
    candidates=candidates,
    writers=_WRITERS,
    name_of_line=_name,
    shown=None,
    fields=frozenset(HEADER_ALIASES),
    gate_table="rectification_line",
    gate_schema=_RECTIFICATION_LINE,
    stored=_stored,
    nouns=Nouns("整改措施", "填写内容", "所列措施"),
)
