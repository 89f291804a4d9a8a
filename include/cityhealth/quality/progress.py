"""Half-month progress reports: one task of a department in one period, kept in ``gate.progress_line``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import pandas as pd
import pyarrow as pa

from cityhealth.campaigns import NoSuchPeriod, ReportingPeriod, period_at, read_period, reporting_periods, timeliness
from cityhealth.catalogue import Campaign, fold
from cityhealth.days import read_nearest_day
from cityhealth.feeds.around import IN_FILE_NAME, IN_SHEET_NAME
from cityhealth.feeds.progress import DEPARTMENT, REVISED, UNCLEAR_HEADINGS
from cityhealth.periods import PeriodError
from cityhealth.progress_form import FIVE, HEADER_ALIASES
from cityhealth.quality.batch import BATCH_LINE, NOTE, BatchFacts, Candidates
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.repeats import mark_repeats
from cityhealth.quality.subject import EMPTY, SHARED_WRITERS, Nouns, Row, Subject, Writer, column, text_of
from cityhealth.quantities.percent import parse_percent

_TEXTS = (
    "task_text", "period_text", *FIVE, "percent_text", "percent_cell_kind", "reason_text", "responsible_text",
    "date_text", "other_cells",
)  # fmt: skip

#: A dash or a stroke stands for nothing, like an empty cell.
_GIVEN = re.compile(r"\w")
#: Words that fill a field in form only: whoever has no problems says so, but not that there is no work. The macro
#: ``says_problem`` of dbt, which counts fields and reports, has the same pattern.
NOTHING = re.compile(
    "(((目前|当前|现阶段|本期|截至目前)?(暂时?|尚|均|并)?(无|没有|不存在|未发现|未遇到|未出现))"
    "(明显|突出|重大|较大|特殊|其他|其它|存在|需协调|需要协调)?的?(问题|困难|难点|情况|事项)*|none|nil|no|na|0)?",
    re.IGNORECASE,
)
_MAY_BE_NOTHING = "problems_text"
#: A period found here was not written as one: what does not read as a due date may be the day of sending.
_WEAK_PLACES = (IN_FILE_NAME, IN_SHEET_NAME)

_WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "state": ("text", pa.string()),
    "department_code": ("text", pa.string()),
    "department_unknown": ("boolean", pa.bool_()),
    "other_department": ("text", pa.string()),
    "filled_count": ("bigint", pa.int64()),
    "task_code": ("text", pa.string()),
    "task_problem": ("text", pa.string()),
    "task_assumed": ("boolean", pa.bool_()),
    "task_owned": ("boolean", pa.bool_()),
    "duplicate_kind": ("text", pa.string()),
    "period": ("date", pa.date32()),
    "period_problem": ("text", pa.string()),
    "period_assumed": ("boolean", pa.bool_()),
    "period_future": ("boolean", pa.bool_()),
    "period_count": ("bigint", pa.int64()),
    **{f"{field.removesuffix('_text')}_given": ("boolean", pa.bool_()) for field in FIVE},
    **{f"{field.removesuffix('_text')}_filled": ("boolean", pa.bool_()) for field in FIVE},
    "says_nothing": ("boolean", pa.bool_()),
    "percent": ("double precision", pa.float64()),
    "percent_given": ("boolean", pa.bool_()),
    "percent_problem": ("text", pa.string()),
    "percent_note": ("text", pa.string()),
    "responsible_given": ("boolean", pa.bool_()),
    "date_problem": ("text", pa.string()),
    "revised": ("boolean", pa.bool_()),
    "headings_unclear": ("boolean", pa.bool_()),
}

_PROGRESS_LINE = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()),
        ("department_code", pa.string()), ("task_code", pa.string()), ("period", pa.date32()),
        ("percent", pa.float64()), *((field, pa.string()) for field in FIVE), ("reason_text", pa.string()),
        ("responsible_text", pa.string()), ("report_date", pa.date32()), ("percent_text", pa.string()),
        ("verdict", pa.string()), ("marked", pa.bool_()), ("sheet", pa.string()), ("cell", pa.string()),
    ]
)  # fmt: skip


def candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    """Resolve the lines of a report. Pure.

    ``raw`` has the columns line_no, sheet, cell, row_kind, cells and ``_TEXTS`` (all text, None = empty).
    """
    lines = raw.loc[raw["row_kind"] != NOTE].to_dict("records")
    department = _department(batch, lines, lookup)
    rows = [_row(line, batch, lookup, department) for line in lines]
    _compare(rows)
    filled = [row for row in rows if row["state"] != "blank"]
    whole = {
        "kind": "batch",
        "line_no": BATCH_LINE,
        "filled_count": len(filled),
        "other_department": _other_department(raw, batch, lookup),
    }
    frame = pd.DataFrame([*rows, *_missing(filled, lookup, department), whole])
    frame = frame.assign(department_code=department, department_unknown=department is None)
    # Of an empty report no line has told what columns there are.
    return Candidates(frame.reindex(columns=list(dict.fromkeys([*_COLUMNS, *frame.columns]))), department)


_COLUMNS = (
    *_WORK_COLUMNS, *_TEXTS, "sheet", "cell", "cells", "duplicate_cells", "periods_named", "period_zh", "timeliness",
    "report_date",
)  # fmt: skip


def _department(batch: BatchFacts, lines: Sequence[Mapping[Any, Any]], lookup: Lookup) -> str | None:
    """As announced, else as the report says, else as the file is called."""
    announced = batch.arrival.department_text
    if announced and announced.strip():
        return lookup.department(announced)
    said = {json.loads(text_of(line["other_cells"]) or "{}").get(DEPARTMENT) for line in lines} - {None}
    named = {lookup.department(text) or lookup.department_within(text) for text in said} - {None}
    return named.pop() if len(named) == 1 else lookup.department_within(batch.arrival.filename)


def _other_department(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> str | None:
    """The names of departments other than the announced sender that the report gives as its own."""
    announced = batch.arrival.department_text
    sender = lookup.department(announced) if announced and announced.strip() else None
    if sender is None:
        return None
    lines = raw.loc[raw["row_kind"] != NOTE]
    notes = raw.loc[raw["row_kind"] == NOTE]
    said = [others[DEPARTMENT] for others in _others(lines) if DEPARTMENT in others]
    others = [lookup.other_department(text, sender) for text in said or _signatures(notes, sender, lookup)]
    names = dict.fromkeys(lookup.department_names[code] for code in others if code)
    return "、".join(names) or None


def _signatures(notes: pd.DataFrame, sender: str, lookup: Lookup) -> list[str]:
    """Departments by which the report is signed, where the sender is not among them.

    The office is whom a report is for, and may stand below it as well.
    """
    texts = [text for others in _others(notes) for text in others.values()]
    signed = [text for text in texts if (found := lookup.department(text)) and found not in lookup.offices]
    return signed if sender not in map(lookup.department, signed) else []


def _others(lines: pd.DataFrame) -> list[dict[str, str]]:
    return [json.loads(text_of(text) or "{}") for text in lines["other_cells"]]


def _row(line: Mapping[Any, Any], batch: BatchFacts, lookup: Lookup, department: str | None) -> dict[str, Any]:
    texts = {name: text_of(line[name]) for name in _TEXTS}
    given = {field: _GIVEN.search(texts[field]) is not None for field in FIVE}
    nothing = {field: _is_nothing(texts[field]) for field in FIVE}
    filled = {field: given[field] and (field == _MAY_BE_NOTHING or not nothing[field]) for field in FIVE}
    percent = parse_percent(texts["percent_text"], texts["percent_cell_kind"] or "text")
    # A dash stands for nothing here too.
    percent_given = percent.value is not None or percent.problem_zh is not None
    others = json.loads(texts["other_cells"] or "{}")
    return {
        "kind": "row",
        "state": "value" if any(given.values()) or percent_given else "blank",
        "line_no": line["line_no"],
        "sheet": line["sheet"],
        "cell": line["cell"],
        "cells": line["cells"],
        **texts,
        **{f"{field.removesuffix('_text')}_given": given[field] for field in FIVE},
        **{f"{field.removesuffix('_text')}_filled": filled[field] for field in FIVE},
        "says_nothing": not percent_given and all(nothing[field] or not given[field] for field in FIVE),
        **_task(texts["task_text"], lookup, department),
        **_period(texts["period_text"], _place(line, "period_text"), batch.arrival.received_at, lookup),
        "percent": percent.value,
        "percent_given": percent_given,
        "percent_problem": percent.problem_zh,
        "percent_note": percent.note_zh,
        "responsible_given": _GIVEN.search(texts["responsible_text"]) is not None,
        **_date(texts["date_text"], batch.arrival.day),
        "revised": REVISED in others,
        "headings_unclear": UNCLEAR_HEADINGS in others,
    }


def _is_nothing(text: str) -> bool:
    said = "".join(character for character in fold(text) if character.isalnum())
    return bool(said) and NOTHING.fullmatch(said) is not None


def _task(text: str, lookup: Lookup, department: str | None) -> dict[str, Any]:
    tasks = [block.code for block in lookup.tasks_of(department)] if department else []
    if not fold(text):
        # Whoever has one task need not name it.
        assumed = tasks[0] if len(tasks) == 1 else None
        problem = None if assumed else "没有写明是哪项工作任务"
        return {"task_code": assumed, "task_problem": problem, "task_assumed": assumed is not None, "task_owned": True}
    found = lookup.task(text)
    owned = found.code in tasks if found.code and department else None
    return {"task_code": found.code, "task_problem": found.problem_zh, "task_assumed": False, "task_owned": owned}


def _period(text: str, place: str | None, received_at: datetime, lookup: Lookup) -> dict[str, Any]:
    period, problem = _read_period(text, received_at, lookup.catalogue.campaigns) if fold(text) else (None, None)
    assumed = period is None and (problem is None or place in _WEAK_PLACES)
    if assumed:
        period = _period_of_arrival(received_at, lookup.catalogue.campaigns)
        problem = None if period else "没有写明报送期，收到时也不在任何报送期内"
    return {
        "period": period.due if period else None,
        "period_problem": problem,
        "period_assumed": assumed and period is not None,
        "period_future": received_at <= period.opens if period else None,
        "period_zh": period.title_zh if period else None,
        "timeliness": timeliness(period, received_at) if period else None,
    }


@lru_cache(maxsize=4096)
def _read_period(
    text: str, received_at: datetime, campaigns: tuple[Campaign, ...]
) -> tuple[ReportingPeriod | None, str | None]:
    try:
        return read_period(text, received_at, campaigns), None
    except NoSuchPeriod as error:
        return None, error.message


def _period_of_arrival(received_at: datetime, campaigns: tuple[Campaign, ...]) -> ReportingPeriod | None:
    """What came on the evening of a due date is late for that one, not early for the next."""
    periods = (period for campaign in campaigns for period in reporting_periods(campaign))
    evening = next((period for period in periods if period.cutoff < received_at <= period.day_ends), None)
    return evening or period_at(received_at, campaigns)


def _date(text: str, arrived: date) -> dict[str, Any]:
    if not fold(text):
        return {"report_date": None, "date_problem": "没有填写"}
    try:
        day = read_nearest_day(text, arrived)
    except PeriodError as error:
        return {"report_date": None, "date_problem": error.message}
    return {"report_date": day, "date_problem": f"{day} 晚于收到日期 {arrived}" if day > arrived else None}


def _place(line: Mapping[Any, Any], field: str) -> str | None:
    return json.loads(text_of(line["cells"]) or "{}").get(field)


def _compare(rows: Sequence[dict[str, Any]]) -> None:
    """Lines of one task and period in one report, and the periods that the report names."""
    mark_repeats(
        rows,
        lambda row: (row["task_code"], row["period"]) if row["task_code"] else None,
        lambda row: tuple(fold(row[name]) for name in (*FIVE, "percent_text", "reason_text")),
    )
    filled = [row for row in rows if row["state"] != "blank"]
    named = sorted({row["period"] for row in filled if row["period"] is not None})
    for row in rows:
        row["period_count"] = len(named)
        row["periods_named"] = "、".join(str(day) for day in named)


def _missing(filled: Sequence[Mapping[str, Any]], lookup: Lookup, department: str | None) -> list[dict[str, Any]]:
    told = {row["task_code"] for row in filled}
    owed = [block.code for block in lookup.tasks_of(department)] if department else []
    return [
        {"kind": "missing", "line_no": BATCH_LINE - number, "task_code": code}
        for number, code in enumerate((code for code in owed if code not in told), start=1)
    ]


def _stored(rows: pd.DataFrame) -> pd.DataFrame:
    texts = [*FIVE, "reason_text", "responsible_text", "percent_text"]
    return rows.assign(**{name: rows[name].where(rows[name] != "", None) for name in texts})


def _facts(accepted: pd.DataFrame) -> list[tuple[str, str]]:
    """For which period the report counts, and whether it came in time."""
    if accepted.empty:
        return []
    of_periods = accepted.sort_values("period").groupby("period_zh", sort=False)
    facts = []
    for title, rows in of_periods:
        came = rows["timeliness"].iloc[0]
        tasks = f"，{len(rows)} 项工作任务" if len(of_periods) > 1 else ""
        # What comes after the cut-off may as well correct a report that was in time.
        first = "；此前已按时报送过的，该期仍算按时" if came.late_minutes is not None else ""
        facts.append(("报送期", f"{title}{tasks}：{came}{first}"))
    return facts


def _task_zh(row: Row, lookup: Lookup) -> str:
    return lookup.task_names.get(row.get("task_code") or "", "") or text_of(row.get("task_text"))


def _at_fault(field: str, row: Row) -> str:
    """Of the five the first that is not filled: a rule about several of them cannot name one."""
    return next(iter(_unfilled(row)), field) if field in FIVE else field


def _unfilled(row: Row) -> list[str]:
    return [field for field in FIVE if row.get(f"{field.removesuffix('_text')}_filled") is False]


def _lacking(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    fields = _unfilled(row)
    names = "、".join(f"「{HEADER_ALIASES[field][0]}」" for field in fields)
    return names + ("（「无」不算填写）" if any(_is_nothing(text_of(row.get(field))) for field in fields) else "")


def _tasks_owed(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    return "、".join(block.name_zh for block in lookup.tasks_of(department or "")) or "（没有登记）"


def _remark(name: str) -> Writer:
    """Writes what the reader remarked on a line under ``name``."""
    return lambda row, batch, lookup, department: text_of(json.loads(text_of(row.get("other_cells")) or "{}").get(name))


_WRITERS: Mapping[str, Writer] = {
    **SHARED_WRITERS,
    "task": lambda row, batch, lookup, department: _task_zh(row, lookup) or EMPTY,
    "task_text": column("task_text", EMPTY),
    "task_problem": column("task_problem"),
    "other_department": column("other_department"),
    "tasks_owed": _tasks_owed,
    "duplicate_cells": column("duplicate_cells"),
    "period": column("period"),
    "period_text": column("period_text", EMPTY),
    "period_problem": column("period_problem"),
    "periods_named": column("periods_named"),
    "lacking": _lacking,
    "percent_text": column("percent_text", EMPTY),
    "percent_problem": column("percent_problem"),
    "percent_note": column("percent_note"),
    "date_problem": column("date_problem"),
    "revision": _remark(REVISED),
    "heading_remark": _remark(UNCLEAR_HEADINGS),
}

PROGRESS = Subject(
    raw_select=(
        "select line_no, sheet, line_cell as cell, row_kind, cells, task_text, period_text, work_text, status_text,"
        " focus_text, problems_text, next_text, percent_text, percent_cell_kind, reason_text, responsible_text,"
        " date_text, other_cells from raw.progress_line where batch_id = $1 order by line_no"
    ),
    raw_columns=_TEXTS,
    work_columns=_WORK_COLUMNS,
    candidates=candidates,
    writers=_WRITERS,
    name_of_line=_task_zh,
    shown=None,
    fields=frozenset(HEADER_ALIASES),
    gate_table="progress_line",
    gate_schema=_PROGRESS_LINE,
    stored=_stored,
    nouns=Nouns("工作任务", "填报内容", "所报进展"),
    at_fault=_at_fault,
    facts=_facts,
)
