"""Notes of site interviews: one note of one list, kept in ``gate.interview_note``. Persons were masked on entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from cityhealth.catalogue import fold
from cityhealth.days import read_nearest_day
from cityhealth.interview_form import HEADER_ALIASES
from cityhealth.periods import PeriodError
from cityhealth.quality.batch import BATCH_LINE, NOTE, BatchFacts, Candidates
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.problems import problem_named
from cityhealth.quality.repeats import mark_repeats
from cityhealth.quality.subject import EMPTY, SHARED_WRITERS, Nouns, Row, Subject, Writer, column, is_given, text_of

_TEXTS = (
    "note_id_text", "date_text", "place_text", "area_text", "person_text", "subject_text", "note_text",
    "interviewer_text",
)  # fmt: skip
_MASKED = ("masked_persons", "masked_phones", "masked_ids")
_LONGEST_ID = 40

_WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "state": ("text", pa.string()),
    "department_code": ("text", pa.string()),
    "sender_unknown": ("boolean", pa.bool_()),
    "filled_count": ("bigint", pa.int64()),
    "note_id": ("text", pa.string()),
    "note_given": ("boolean", pa.bool_()),
    "duplicate_kind": ("text", pa.string()),
    "held_on": ("date", pa.date32()),
    "date_problem": ("text", pa.string()),
    "date_future": ("boolean", pa.bool_()),
    "subject_problem": ("text", pa.string()),
    "area_problem": ("text", pa.string()),
    "masked_count": ("bigint", pa.int64()),
}

_INTERVIEW_NOTE = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()), ("note_id", pa.string()),
        ("held_on", pa.date32()), ("place_text", pa.string()), ("area_code", pa.string()),
        ("dimension_code", pa.string()), ("indicator_code", pa.string()), ("problem_id", pa.string()),
        ("note_text", pa.string()), ("interviewer", pa.string()), ("masked_count", pa.int64()),
        ("verdict", pa.string()), ("marked", pa.bool_()), ("sheet", pa.string()), ("cell", pa.string()),
    ]
)  # fmt: skip


def candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    """Resolve the notes; a line with nothing but an id is blank. Pure."""
    lines = raw.loc[raw["row_kind"] != NOTE].to_dict("records")
    announced = batch.arrival.department_text
    sender = lookup.department(announced) if announced and announced.strip() else None
    rows = [_row(line, batch, lookup) for line in lines]
    mark_repeats(rows, lambda row: row["note_id"] or None, lambda row: tuple(fold(row[name]) for name in _TEXTS))
    whole = {
        "kind": "batch",
        "line_no": BATCH_LINE,
        "filled_count": sum(row["state"] != "blank" for row in rows),
        "sender_unknown": sender is None,
    }
    frame = pd.DataFrame([*rows, whole])
    columns = dict.fromkeys(
        [*_WORK_COLUMNS, *_TEXTS, "sheet", "cell", "cells", "duplicate_cells", "area_code", "dimension_code",
         "indicator_code", "problem_id", *frame.columns]
    )  # fmt: skip
    return Candidates(frame.reindex(columns=list(columns)).assign(department_code=sender), sender)


def _row(line: Mapping[Any, Any], batch: BatchFacts, lookup: Lookup) -> dict[str, Any]:
    texts = {name: text_of(line[name]) for name in _TEXTS}
    arrived = batch.arrival.day
    held_on, date_problem = _held(texts["date_text"], arrived)
    note_id = fold(texts["note_id_text"]).upper()
    area, area_problem = _area(texts["area_text"], held_on or arrived, lookup)
    subject, subject_problem = _subject(texts["subject_text"], lookup)
    return {
        "kind": "row",
        "state": "value" if any(is_given(texts[name]) for name in _TEXTS if name != "note_id_text") else "blank",
        "line_no": line["line_no"],
        "sheet": line["sheet"],
        "cell": line["cell"],
        "cells": line["cells"],
        **texts,
        "note_id": note_id if 0 < len(note_id) <= _LONGEST_ID else None,
        "note_given": is_given(texts["note_text"]),
        "held_on": held_on,
        "date_problem": date_problem,
        "date_future": held_on > arrived if held_on else None,
        "area_code": area,
        "area_problem": area_problem,
        **subject,
        "subject_problem": subject_problem,
        "masked_count": sum(int(line[name]) for name in _MASKED),
    }


def _held(text: str, arrived: date) -> tuple[date | None, str | None]:
    if not is_given(text):
        return None, "没有填写"
    try:
        return read_nearest_day(text, arrived), None
    except PeriodError as error:
        return None, error.message


def _area(text: str, day: date, lookup: Lookup) -> tuple[str | None, str | None]:
    if not is_given(text):
        return None, None
    area = lookup.catalogue.area(text, day)
    return (area.code, None) if area else (None, f"目录中没有「{text}」，或有几处同名")


def _subject(text: str, lookup: Lookup) -> tuple[dict[str, str | None], str | None]:
    """A problem, an indicator (code or name) or a dimension; what is none of them is still a note."""
    nothing: dict[str, str | None] = {"dimension_code": None, "indicator_code": None, "problem_id": None}
    if not is_given(text):
        return nothing, None
    said = fold(text)
    for dimension in lookup.catalogue.dimensions:
        if said in (fold(dimension.code), fold(dimension.name_zh)):
            return nothing | {"dimension_code": dimension.code}, None
    problem, why_not = problem_named(text, lookup)
    code = problem.split("@")[0] if problem else None
    named = [i for i in lookup.catalogue.indicators if i.code == code or fold(i.name_zh) == said]
    if named:
        latest = max(named, key=lambda indicator: indicator.year)
        about = {"dimension_code": latest.dimension_code, "indicator_code": latest.code}
        return {**about, "problem_id": problem or latest.code}, None
    if problem:
        return nothing | {"problem_id": problem}, None
    return nothing, f"「{text}」不是问题编号、指标或维度（{why_not}）"


def _stored(rows: pd.DataFrame) -> pd.DataFrame:
    texts = {name: rows[name].where(rows[name] != "", None) for name in ("note_text", "place_text")}
    interviewer = rows["interviewer_text"].where(rows["interviewer_text"] != "", None)
    return rows.assign(**texts, interviewer=interviewer, masked_count=rows["masked_count"].fillna(0).astype("int64"))


def _facts(accepted: pd.DataFrame) -> list[tuple[str, str]]:
    masked = int(accepted["masked_count"].fillna(0).sum()) if len(accepted) else 0
    return [("个人信息", f"入库时遮盖姓名、电话、证件号码 {masked} 处")] if masked else []


def _name(row: Row, lookup: Lookup) -> str:
    return text_of(row.get("note_id")) or text_of(row.get("note_id_text"))


_WRITERS: Mapping[str, Writer] = {
    **SHARED_WRITERS,
    "note": lambda row, batch, lookup, department: _name(row, lookup) or EMPTY,
    "note_id_text": column("note_id_text", EMPTY),
    "date_problem": column("date_problem"),
    "held_on": column("held_on"),
    "subject_problem": column("subject_problem"),
    "area_problem": column("area_problem"),
    "masked_count": column("masked_count"),
    "duplicate_cells": column("duplicate_cells"),
}

INTERVIEW = Subject(
    raw_select=(
        "select line_no, sheet, line_cell as cell, row_kind, cells, note_id_text, date_text, place_text, area_text,"
        " person_text, subject_text, note_text, interviewer_text, masked_persons::text, masked_phones::text,"
        " masked_ids::text from raw.interview_note where batch_id = $1 order by line_no"
    ),
    raw_columns=(*_TEXTS, *_MASKED),
    work_columns=_WORK_COLUMNS,
    candidates=candidates,
    writers=_WRITERS,
    name_of_line=_name,
    shown=None,
    fields=frozenset(HEADER_ALIASES),
    gate_table="interview_note",
    gate_schema=_INTERVIEW_NOTE,
    stored=_stored,
    nouns=Nouns("访谈记录", "填写内容", "所列记录"),
    facts=_facts,
    no_copy_zh="访谈记录含个人信息，本回执不附副本；下表按工作表和单元格指明位置。",
)
