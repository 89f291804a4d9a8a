"""Movement data before the gate: one line per part, by its profile; each part is judged for itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from cityhealth.catalogue import LayerKind
from cityhealth.quality.batch import BatchFacts, Candidates
from cityhealth.quality.deliveries import candidates_of, kind_of
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.subject import SHARED_WRITERS, Nouns, Row, Subject, Writer, column, text_of

_TEXTS = (
    "filename", "sha256", "kind_text", "source_text", "day_text", "row_count", "profile", "store_key", "problem_code",
    "problem_zh", "manifest",
)  # fmt: skip

#: Problems that have a rule of their own.
_OF_DAY = ("no_day", "bad_day", "day_contradicts")
_OF_FEED = ("no_feed", "feed_contradicts")
_WITH_RULE = (*_OF_DAY, *_OF_FEED, "unknown_kind", "repeated")

#: Kinds of which devices stand for people.
_PEOPLE = ("phone_positions", "trips")

_REASONS_ZH = {
    "device": "设备号为空",
    "time": "时间无法识别",
    "coordinates": "坐标无法识别",
    "cell": "网格不在网格文件中",
    "count": "人次不是数字",
    "line": "列数与表头不符",
}

_WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "kind_problem": ("text", pa.string()),
    "day_problem": ("text", pa.string()),
    "feed_problem": ("text", pa.string()),
    "part_problem": ("text", pa.string()),
    "same_as": ("text", pa.string()),
    "day_future": ("boolean", pa.bool_()),
    "swapped_share": ("double precision", pa.float64()),
    "outside_share": ("double precision", pa.float64()),
    "other_day_share": ("double precision", pa.float64()),
    "unreadable_share": ("double precision", pa.float64()),
    "zone_assumed": ("bigint", pa.int64()),
    "columns_absent": ("text", pa.string()),
    "people_unstated": ("boolean", pa.bool_()),
}

_MOBILITY_PART = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()), ("filename", pa.string()),
        ("sha256", pa.string()), ("kind", pa.string()), ("source", pa.string()), ("day", pa.date32()),
        ("row_count", pa.int64()), ("store_key", pa.string()), ("people_per_device", pa.float64()),
        ("verdict", pa.string()), ("marked", pa.bool_()), ("sheet", pa.string()), ("cell", pa.string()),
    ]
)  # fmt: skip


def candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    """Resolve the parts of an arrival; all of them have one manifest. Pure."""
    parts = raw.to_dict("records")
    manifest = json.loads(parts[0]["manifest"])
    kind, kind_problem = kind_of(text_of(parts[0]["kind_text"]), "mobility", lookup)
    rows = [_row(part, kind, manifest, batch.arrival.day) for part in parts]
    first: dict[str, str] = {}
    for row in rows:
        row["same_as"] = first.get(row["sha256"])
        first.setdefault(row["sha256"], row["filename"])
    whole = {
        "kind_problem": kind_problem,
        "people_unstated": kind is not None and kind.code in _PEOPLE and "people_per_device" not in manifest,
        "layer_kind": text_of(parts[0]["kind_text"]),
    }
    return candidates_of(rows, whole, _WORK_COLUMNS, batch, lookup)


def _row(
    part: Mapping[Any, Any], kind: LayerKind | None, manifest: Mapping[str, Any], received: date
) -> dict[str, Any]:
    profile = json.loads(part["profile"])
    problem = text_of(part["problem_code"]) or None
    day = _day(text_of(part["day_text"]))
    rows, entered = profile.get("rows", 0), profile.get("entered", 0)
    unreadable = profile.get("unreadable", {})
    absent = [name for name in kind.attributes if name not in profile["columns"]] if kind and profile else []
    return {
        "kind": "row",
        "state": "value",
        **{name: part[name] for name in ("line_no", "sheet", "cell", "cells", "filename", "sha256", "problem_zh")},
        "store_key": part["store_key"],
        "row_count": part["row_count"],
        "source": part["source_text"],
        "day": day,
        "people_per_device": manifest.get("people_per_device"),
        "layer_kind": kind.code if kind else None,
        "day_problem": problem if problem in _OF_DAY else None,
        "feed_problem": problem if problem in _OF_FEED else None,
        "part_problem": None if problem in _WITH_RULE else problem,
        "day_future": day is not None and day > received,
        "swapped_share": _share(profile.get("swapped"), rows),
        "outside_share": _share(profile.get("outside"), entered),
        "other_day_share": _share(profile.get("other_day"), entered),
        "unreadable_share": _share(sum(unreadable.values()), rows),
        "zone_assumed": profile.get("zone_assumed"),
        "columns_absent": "、".join(absent) or None,
        "reasons": "，".join(f"{_REASONS_ZH[reason]} {count} 行" for reason, count in unreadable.items()),
        "rows_seen": rows,
        "swapped": profile.get("swapped"),
        "outside": profile.get("outside"),
        "other_day": profile.get("other_day"),
        "seen": f"{profile.get('first')} 至 {profile.get('last')}",
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _share(part: int | None, whole: int) -> float | None:
    return None if part is None or not whole else part / whole


def _stored(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(kind=rows["layer_kind"])


def _name(row: Row, lookup: Lookup) -> str:
    return text_of(row.get("filename"))


def _percent(name: str) -> Writer:
    def write(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
        share = row.get(name)
        return "" if share is None or share != share else f"{100 * share:.3g}%"

    return write


def _whole(name: str) -> Writer:
    # A column that is empty in the line of the batch holds floats.
    return lambda row, batch, lookup, department: f"{int(row.get(name) or 0)}"


_WRITERS: Mapping[str, Writer] = {
    **SHARED_WRITERS,
    "part": column("filename"),
    "kind": column("layer_kind"),
    "kind_problem": column("kind_problem"),
    "kinds": lambda row, batch, lookup, department: "、".join(
        f"{kind.code} {kind.name_zh}" for kind in lookup.catalogue.layer_kinds if kind.feed == "mobility"
    ),
    "day": column("day"),
    "problem": column("problem_zh"),
    "same_as": column("same_as"),
    "rows_seen": _whole("rows_seen"),
    "swapped": _whole("swapped"),
    "swapped_percent": _percent("swapped_share"),
    "outside": _whole("outside"),
    "outside_percent": _percent("outside_share"),
    "other_day": _whole("other_day"),
    "other_day_percent": _percent("other_day_share"),
    "seen": column("seen"),
    "reasons": column("reasons"),
    "unreadable_percent": _percent("unreadable_share"),
    "zone_assumed": _whole("zone_assumed"),
    "columns_absent": column("columns_absent"),
}

MOVEMENT = Subject(
    raw_select=(
        "select line_no, filename as sheet, '第 ' || line_no || ' 份' as cell, 'data' as row_kind, '{}' as cells,"
        " filename, sha256, kind_text, source_text, day_text, row_count, profile, store_key, problem_code, problem_zh,"
        " manifest from raw.mobility_part where batch_id = $1 order by line_no"
    ),
    raw_columns=_TEXTS,
    work_columns=_WORK_COLUMNS,
    candidates=candidates,
    writers=_WRITERS,
    name_of_line=_name,
    shown=None,
    fields=frozenset(_TEXTS),
    gate_table="mobility_part",
    gate_schema=_MOBILITY_PART,
    stored=_stored,
    nouns=Nouns("数据文件", "填写内容", "移动数据"),
    sheet_zh="数据文件",
    no_copy_zh="移动数据不附副本；下表按附件的文件名指明是哪一份。",
    unreadable_advice_zh="请按原因处理后，以说明文件为主文件、数据文件为附件重新报送",
    longest=200,
)
