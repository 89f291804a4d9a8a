"""Departments' self-checks: the paragraphs of their sections, kept in ``gate.self_check_line``, and the figures that
these quote, kept in ``gate.self_check_figure``. Whether a figure contradicts the accepted value is a check of dbt."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd
import pyarrow as pa

from cityhealth.catalogue import Dimension, fold
from cityhealth.feeds.self_check import DEPARTMENT, OPENINGS, REVISED, UNCLEAR_HEADINGS, YEARS
from cityhealth.quality.batch import BATCH_LINE, NOTE, BatchFacts, Candidates
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.progress import NOTHING
from cityhealth.quality.subject import EMPTY, SHARED_WRITERS, Detail, Nouns, Row, Subject, Writer, column, text_of
from cityhealth.self_check_form import SECTIONS, section_zh
from cityhealth.self_checks.duties import dimensions_of, examined_dimensions, supported_dimensions
from cityhealth.self_checks.figures import FigureReader
from cityhealth.self_checks.subjects import reader_of

#: Characters from which on the same text in two places was copied.
_COPIED = 20
_LONGEST_ORIGIN = 400

_TEXTS = ("dimension_text", "section", "section_text", "paragraph_no", "body_text", "other_cells")
_PLACEHOLDER = re.compile(
    "(略|从略|此处略|(详|另)?见(附件|附表|附后|正文|前文|上文)|另附|附后|同上|如上|待(补充?|填|定|完善|核实|报|提供)|x+|正文|内容"
    "|(此处|在此|请)?(填写|填报|简述|输入).*|暂(缺|空)|空|tbd|todo|test|测试)(内容|文字|情况|数据|材料)?",
    re.IGNORECASE,
)
#: Sections in which 无 is an answer: of problems, and then of what is to be done about them.
_MAY_BE_NOTHING = ("problems", "measures")
_AROUND = re.compile(r"方面|维度|板块|类指标|指标$|类$")

_WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "state": ("text", pa.string()),
    "department_code": ("text", pa.string()),
    "department_unknown": ("boolean", pa.bool_()),
    "other_department": ("text", pa.string()),
    "filled_count": ("bigint", pa.int64()),
    "year_problem": ("text", pa.string()),
    "missing": ("text", pa.string()),
    "dimension_code": ("text", pa.string()),
    "dimension_problem": ("text", pa.string()),
    "dimension_assumed": ("boolean", pa.bool_()),
    "dimension_owned": ("boolean", pa.bool_()),
    "section_problem": ("text", pa.string()),
    "filled": ("boolean", pa.bool_()),
    "copied_from": ("text", pa.string()),
    "section_length": ("bigint", pa.int64()),
    "revised": ("boolean", pa.bool_()),
    "headings_unclear": ("boolean", pa.bool_()),
    "openings": ("text", pa.string()),
}

_SELF_CHECK_LINE = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()), ("system", pa.string()),
        ("year", pa.int32()), ("department_code", pa.string()), ("dimension_code", pa.string()),
        ("section", pa.string()), ("paragraph_no", pa.int64()), ("text", pa.string()), ("filled", pa.bool_()),
        ("origin_text", pa.string()), ("verdict", pa.string()), ("marked", pa.bool_()), ("sheet", pa.string()),
        ("cell", pa.string()),
    ]
)  # fmt: skip

_SELF_CHECK_FIGURE = pa.schema(
    [
        ("gate_run_id", pa.string()), ("line_no", pa.int64()), ("figure_no", pa.int64()),
        ("indicator_code", pa.string()), ("item_code", pa.string()), ("area_code", pa.string()),
        ("name_text", pa.string()), ("value_text", pa.string()), ("value", pa.float64()), ("unit", pa.string()),
        ("step", pa.float64()), ("bound", pa.string()), ("about", pa.string()), ("about_zh", pa.string()),
        ("sentence", pa.string()),
    ]
)  # fmt: skip


def candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    """Resolve the paragraphs of a self-check, and say what it lacks. Pure."""
    lines = raw.loc[raw["row_kind"] != NOTE].to_dict("records")
    notes = raw.loc[raw["row_kind"] == NOTE].to_dict("records")
    department = _department(batch, [*lines, *notes], lookup)
    origin = " ".join(text_of(note["body_text"]) for note in notes)[:_LONGEST_ORIGIN] or None
    rows = [_row(line, lookup, department) for line in lines]
    _compare(rows)
    filled = [row for row in rows if row["state"] != "blank" and row["filled"]]
    whole = {
        "kind": "batch",
        "line_no": BATCH_LINE,
        "filled_count": sum(row["section_problem"] is None for row in filled),
        "other_department": _other_department(batch, [*lines, *notes], lookup),
        **_year([*lines, *notes], lookup),
        "openings": next((row["openings"] for row in rows if row["openings"]), None),
    }
    frame = pd.DataFrame([*rows, *_missing(rows, lookup, department), whole])
    frame = frame.assign(department_code=department, department_unknown=department is None, origin_text=origin)
    examination = lookup.examination
    frame = frame.assign(system=examination.system, year=examination.year)
    columns = dict.fromkeys([*_WORK_COLUMNS, *_TEXTS, "sheet", "cell", "cells", "years", "figures", *frame.columns])
    return Candidates(frame.reindex(columns=list(columns)), department)


def _department(batch: BatchFacts, lines: Sequence[Mapping[Any, Any]], lookup: Lookup) -> str | None:
    """As announced, else as the report says, else as the file is called."""
    announced = batch.arrival.department_text
    if announced and announced.strip():
        return lookup.department(announced)
    said = {_others(line).get(DEPARTMENT) for line in lines} - {None}
    named = {lookup.department(text) or lookup.department_within(text) for text in said if text} - {None}
    return named.pop() if len(named) == 1 else lookup.department_within(batch.arrival.filename)


def _other_department(batch: BatchFacts, lines: Sequence[Mapping[Any, Any]], lookup: Lookup) -> str | None:
    """Another department than the announced sender, where the report names itself as that one's."""
    announced = batch.arrival.department_text
    sender = lookup.department(announced) if announced and announced.strip() else None
    if sender is None:
        return None
    said = {text for line in lines if (text := _others(line).get(DEPARTMENT))}
    others = {lookup.other_department(text, sender) for text in said} - {None}
    return "、".join(sorted(lookup.department_names[code] for code in others if code)) or None


def _others(line: Mapping[Any, Any]) -> dict[str, str]:
    return json.loads(text_of(line["other_cells"]) or "{}")  # type: ignore[no-any-return]


def _year(lines: Sequence[Mapping[Any, Any]], lookup: Lookup) -> dict[str, Any]:
    """Whether the report says that it is of another examination; the year of the data may be meant by the title."""
    said = {year for line in lines for year in _others(line).get(YEARS, "").split("、") if year}
    examined, data = str(lookup.examination.year), str(lookup.examination.period_start.year)
    problem = None
    if said and examined not in said:
        problem = "data_year" if data in said else "other"
    return {"year_problem": problem, "years": "、".join(sorted(said))}


def _row(line: Mapping[Any, Any], lookup: Lookup, department: str | None) -> dict[str, Any]:
    body, section = text_of(line["body_text"]), text_of(line["section"]) or None
    state = "value" if re.search(r"\w", body) else "blank"
    filled = state == "value" and _says_something(body, section)
    others = _others(line)
    dimension = _dimension(text_of(line["dimension_text"]), lookup, department)
    return {
        "kind": "row",
        "state": state,
        "line_no": line["line_no"],
        "sheet": line["sheet"],
        "cell": line["cell"],
        "cells": line["cells"],
        **{name: line[name] for name in _TEXTS},
        **dimension,
        "section": section,
        "section_problem": None if section in SECTIONS else "heading",
        "filled": filled,
        "revised": REVISED in others,
        "headings_unclear": UNCLEAR_HEADINGS in others,
        "openings": others.get(OPENINGS),
        "figures": _figures(body, section, lookup) if filled and section in SECTIONS else [],
    }


def _says_something(text: str, section: str | None) -> bool:
    said = "".join(character for character in fold(text) if character.isalnum())
    if not said or _PLACEHOLDER.fullmatch(said):
        return False
    return section in _MAY_BE_NOTHING or NOTHING.fullmatch(said) is None


def _dimension(text: str, lookup: Lookup, department: str | None) -> dict[str, Any]:
    owed = _owed(lookup, department)
    if not fold(text):
        # Whoever answers for one dimension need not name it.
        assumed = owed[0].code if len(owed) == 1 else None
        problem = None if assumed else "没有写明是哪个维度"
        return {
            "dimension_code": assumed,
            "dimension_problem": problem,
            "dimension_assumed": assumed is not None,
            "dimension_owned": True,
        }
    code, problem = _named(text, lookup)
    owned = code in {d.code for d in owed} | _supported(lookup, department) if code and department else None
    return {
        "dimension_code": code,
        "dimension_problem": problem,
        "dimension_assumed": False,
        "dimension_owned": owned,
    }


def _named(text: str, lookup: Lookup) -> tuple[str | None, str | None]:
    """The dimension of a code or name, with numbering or words around it: （一）生态宜居方面."""
    folded = fold(text)
    known = {fold(name): d.code for d in _examined(lookup) for name in (d.code, d.name_zh)}
    if folded in known:
        return known[folded], None
    bare = _AROUND.sub("", folded)
    within = {code for name, code in known.items() if name in folded or name == bare}
    if len(within) > 1:
        return None, "写了不止一个维度"
    return (within.pop(), None) if within else (None, "不是本轮体检的维度")


@lru_cache(maxsize=64)
def _owed(lookup: Lookup, department: str | None) -> tuple[Dimension, ...]:
    return tuple(dimensions_of(lookup.catalogue, lookup.examination, department)) if department else ()


@lru_cache(maxsize=64)
def _supported(lookup: Lookup, department: str) -> frozenset[str]:
    return frozenset(supported_dimensions(lookup.catalogue, department))


@lru_cache(maxsize=8)
def _examined(lookup: Lookup) -> tuple[Dimension, ...]:
    return tuple(examined_dimensions(lookup.catalogue, lookup.examination))


@lru_cache(maxsize=8)
def _reader(lookup: Lookup) -> FigureReader:
    return reader_of(lookup.catalogue, lookup.examination)


def _figures(text: str, section: str | None, lookup: Lookup) -> list[dict[str, Any]]:
    return [
        {
            "indicator_code": figure.named.code if figure.named.kind == "indicator" else None,
            "item_code": figure.named.code if figure.named.kind == "item" else None,
            "area_code": figure.area_code,
            "name_text": figure.name_text,
            "value_text": figure.value_text,
            "value": float(figure.value),
            "unit": figure.unit,
            "step": float(figure.step),
            "bound": figure.bound,
            "about": figure.about,
            "about_zh": figure.about_zh or None,
            "sentence": figure.sentence,
        }
        for figure in _reader(lookup).read(text, planned=section == "measures")
    ]


def _compare(rows: Sequence[dict[str, Any]]) -> None:
    """How long each section is, told by its first paragraph, and which paragraph repeats another one."""
    lengths: dict[tuple[str | None, str | None], int] = {}
    first: dict[tuple[str | None, str | None], dict[str, Any]] = {}
    seen: dict[str, dict[str, Any]] = {}
    for row in rows:
        row["copied_from"] = row["section_length"] = None
        if row["state"] == "blank":
            continue
        key = (row["dimension_code"] or text_of(row["dimension_text"]), row["section"])
        text = fold(text_of(row["body_text"]))
        lengths[key] = lengths.get(key, 0) + len(text)
        first.setdefault(key, row)
        earlier = seen.setdefault(text, row)
        if earlier is not row and len(text) >= _COPIED:
            row["copied_from"] = f"「{earlier['sheet']}」{earlier['cell']}"
    for key, row in first.items():
        row["section_length"] = lengths[key]


def _missing(rows: Sequence[Mapping[str, Any]], lookup: Lookup, department: str | None) -> list[dict[str, Any]]:
    """Dimensions that the department answers for and does not mention; sections without a word in one that it does."""
    told: dict[str, set[str]] = {}
    for row in rows:
        code = row["dimension_code"]
        # A heading under which nothing stands names its dimension.
        if code and row["section"] in SECTIONS:
            told.setdefault(code, set()).update({row["section"]} if row["filled"] else ())
    lacking: list[tuple[str, str, str | None]] = [
        ("dimension", dimension.code, None) for dimension in _owed(lookup, department) if not told.get(dimension.code)
    ]
    lacking += [
        ("section", dimension.code, section)
        for dimension in _examined(lookup)
        if told.get(dimension.code)
        for section in SECTIONS
        if section not in told[dimension.code]
    ]
    return [
        {"kind": "missing", "line_no": BATCH_LINE - number, "missing": what, "dimension_code": code, "section": section}
        for number, (what, code, section) in enumerate(lacking, start=1)
    ]


def _stored(rows: pd.DataFrame) -> pd.DataFrame:
    known = rows["section"].where(rows["section"].isin(SECTIONS), None)
    return rows.assign(text=rows["body_text"], section=known)


def _stored_figures(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"gate_run_id": row["gate_run_id"], "line_no": row["line_no"], "figure_no": number, **figure}
            for row in rows.to_dict("records")
            for number, figure in enumerate(row["figures"], start=1)
        ],
        columns=_SELF_CHECK_FIGURE.names,
    )


def _facts(accepted: pd.DataFrame) -> list[tuple[str, str]]:
    if accepted.empty:
        return []
    figures = [figure for found in accepted["figures"] for figure in found]
    compared = sum(figure["about"] == "present" for figure in figures)
    rest = len(figures) - compared
    other = f"，另有 {rest} 个属其他年份、目标、增幅等，不核对" if rest else ""
    return [("文中数字", f"识别出 {len(figures)} 个指标数字，其中 {compared} 个将与采用的指标值核对{other}")]


def _dimension_zh(row: Row, lookup: Lookup) -> str:
    names = {dimension.code: dimension.name_zh for dimension in _examined(lookup)}
    return names.get(row.get("dimension_code") or "", "") or text_of(row.get("dimension_text"))


def _name(row: Row, lookup: Lookup) -> str:
    section = text_of(row.get("section"))
    heading = section_zh(section) if section in SECTIONS else text_of(row.get("section_text"))
    return "·".join(part for part in (_dimension_zh(row, lookup), heading) if part)


def _dimensions_owed(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    return "、".join(dimension.name_zh for dimension in _owed(lookup, department)) or "（没有登记）"


def _remark(name: str) -> Writer:
    """Writes what the reader remarked on a line under ``name``."""
    return lambda row, batch, lookup, department: _others({"other_cells": row.get("other_cells")}).get(name, "")


_WRITERS: Mapping[str, Writer] = {
    **SHARED_WRITERS,
    "dimension": lambda row, batch, lookup, department: _dimension_zh(row, lookup) or EMPTY,
    "dimension_text": column("dimension_text", EMPTY),
    "dimension_problem": column("dimension_problem"),
    "dimensions": lambda row, batch, lookup, department: "、".join(d.name_zh for d in _examined(lookup)),
    "dimensions_owed": _dimensions_owed,
    "section": lambda row, batch, lookup, department: (
        section_zh(row["section"]) if row.get("section") in SECTIONS else EMPTY
    ),
    "section_text": column("section_text", EMPTY),
    "sections": lambda row, batch, lookup, department: "、".join(map(section_zh, SECTIONS)),
    "body_text": column("body_text", EMPTY),
    "copied_from": column("copied_from"),
    "section_length": lambda row, batch, lookup, department: f"{int(row.get('section_length') or 0)}",
    "other_department": column("other_department"),
    "years": column("years"),
    "examined_year": lambda row, batch, lookup, department: str(lookup.examination.year),
    "data_year": lambda row, batch, lookup, department: str(lookup.examination.period_start.year),
    "openings": column("openings"),
    "revision": _remark(REVISED),
    "heading_remark": _remark(UNCLEAR_HEADINGS),
}

SELF_CHECK = Subject(
    raw_select=(
        "select line_no, sheet, line_cell as cell, row_kind, cells, dimension_text, section, section_text,"
        " paragraph_no, body_text, other_cells from raw.self_check_line where batch_id = $1 order by line_no"
    ),
    raw_columns=_TEXTS,
    work_columns=_WORK_COLUMNS,
    candidates=candidates,
    writers=_WRITERS,
    name_of_line=_name,
    shown=None,
    fields=frozenset(("dimension_text", "section_text", "body_text")),
    gate_table="self_check_line",
    gate_schema=_SELF_CHECK_LINE,
    stored=_stored,
    nouns=Nouns("维度和部分", "自查内容", "所报自查内容"),
    facts=_facts,
    details=(Detail("self_check_figure", _SELF_CHECK_FIGURE, _stored_figures),),
)
