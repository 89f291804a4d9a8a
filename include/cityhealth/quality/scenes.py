"""Scenes before the gate: the profile of each tile, kept in ``gate.scene_tile``; a scene lands whole or not at all."""

from __future__ import annotations

import json
import math
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
from cityhealth.spatial.land_cover import CLASS_BAND, CLASSES

_TEXTS = (
    "filename", "sha256", "kind_text", "acquired_text", "profile", "pixel_hash", "problem_code", "problem_zh",
    "manifest",
)  # fmt: skip

#: What everything is kept in, and what is taken for the same; cells cannot be moved out of the others.
_DATUMS = ("cgcs2000", "wgs84")

_WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "kind_problem": ("text", pa.string()),
    "datum_usable": ("boolean", pa.bool_()),
    "date_future": ("boolean", pa.bool_()),
    "classes_lacking": ("boolean", pa.bool_()),
    "classes_unknown": ("text", pa.string()),
    "tile_problem": ("text", pa.string()),
    "bands_missing": ("text", pa.string()),
    "unnamed_share": ("double precision", pa.float64()),
    "touches_city": ("boolean", pa.bool_()),
    "scene_touches_city": ("boolean", pa.bool_()),
    "all_clouded": ("boolean", pa.bool_()),
    "same_as": ("text", pa.string()),
}

_SCENE_TILE = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()), ("filename", pa.string()),
        ("sha256", pa.string()), ("kind", pa.string()), ("acquired", pa.date32()), ("valid_share", pa.float64()),
        ("cloud_share", pa.float64()), ("pixel_hash", pa.string()), ("verdict", pa.string()), ("marked", pa.bool_()),
        ("sheet", pa.string()), ("cell", pa.string()),
    ]
)  # fmt: skip


def candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    """Resolve the tiles of a scene; all of them have one manifest. Pure."""
    tiles = raw.to_dict("records")
    manifest = json.loads(tiles[0]["manifest"])
    kind, kind_problem = kind_of(text_of(tiles[0]["kind_text"]), "imagery", lookup)
    acquired = date.fromisoformat(tiles[0]["acquired_text"])
    rows = [_row(tile, kind, acquired, lookup) for tile in tiles]
    _compare(rows)
    classes = manifest.get("classes") or {}
    known = [row["touches_city"] for row in rows if row["touches_city"] is not None]
    shares = [row["cloud_share"] for row in rows if row["valid_share"] is not None]
    whole = {
        "layer_kind": text_of(tiles[0]["kind_text"]),
        "acquired": acquired,
        "kind_problem": kind_problem,
        "datum": manifest["datum"],
        "datum_usable": manifest["datum"] in _DATUMS,
        "date_future": acquired > batch.arrival.day,
        "classes_lacking": kind is not None and CLASS_BAND in kind.bands and not classes,
        "classes_unknown": "、".join(sorted(set(classes.values()) - set(CLASSES))) or None,
        "scene_touches_city": any(known) if known else None,
        "all_clouded": bool(shares) and all(share == 1 for share in shares),
    }
    return candidates_of(rows, whole, _WORK_COLUMNS, batch, lookup)


def _row(tile: Mapping[Any, Any], kind: LayerKind | None, acquired: date, lookup: Lookup) -> dict[str, Any]:
    profile = json.loads(tile["profile"])
    bands = {band["name"] for band in profile.get("bands", ())}
    missing = [band for band in kind.bands if band not in bands] if kind and profile else []
    return {
        "kind": "row",
        "state": "value",
        "line_no": tile["line_no"],
        "sheet": tile["sheet"],
        "cell": tile["cell"],
        "cells": tile["cells"],
        **{name: tile[name] for name in ("filename", "sha256", "pixel_hash", "problem_zh")},
        "layer_kind": kind.code if kind else None,
        "acquired": acquired,
        "tile_problem": tile["problem_code"],
        "bands_missing": "、".join(missing) or None,
        "bands_found": "、".join(sorted(bands)),
        "unnamed_share": profile.get("unnamed_share"),
        "unnamed_percent": f"{100 * profile.get('unnamed_share', 0):.1f}%",
        "unnamed_codes": "、".join(map(str, profile.get("unnamed_codes", ()))),
        "valid_share": profile.get("valid_share"),
        "cloud_share": profile.get("cloud_share"),
        "touches_city": _touches_city(profile, lookup) if profile else None,
    }


def _touches_city(profile: Mapping[str, Any], lookup: Lookup) -> bool | None:
    """By the tile's bounds; None where nobody knows where the city is."""
    if lookup.city_outline is None:
        return None
    # GDAL and GeoPandas take two seconds to import: only who judges scenes pays for them.
    from pyproj import Transformer
    from shapely import box

    from cityhealth.spatial.crs import INSIDE

    sides = Transformer.from_crs(profile["crs"], INSIDE, always_xy=True).transform_bounds(*profile["bounds"])
    return all(map(math.isfinite, sides)) and bool(lookup.city_outline.intersects(box(*sides)))


def _compare(rows: list[dict[str, Any]]) -> None:
    """Of tiles with the very same cells the first stands, the others name it."""
    first: dict[str, str] = {}
    for row in rows:
        pixels = row["pixel_hash"]
        row["same_as"] = first.get(pixels) if pixels else None
        if pixels:
            first.setdefault(pixels, row["filename"])


def _stored(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(kind=rows["layer_kind"])


def _name(row: Row, lookup: Lookup) -> str:
    return text_of(row.get("filename"))


_WRITERS: Mapping[str, Writer] = {
    **SHARED_WRITERS,
    "tile": column("filename"),
    "kind": column("layer_kind"),
    "kind_problem": column("kind_problem"),
    "kinds": lambda row, batch, lookup, department: "、".join(
        f"{kind.code} {kind.name_zh}" for kind in lookup.catalogue.layer_kinds if kind.feed == "imagery"
    ),
    "datum": column("datum"),
    "acquired": column("acquired"),
    "classes": lambda row, batch, lookup, department: " ".join(CLASSES),
    "classes_unknown": column("classes_unknown"),
    "problem": column("problem_zh"),
    "bands_missing": column("bands_missing"),
    "bands_found": column("bands_found"),
    "unnamed_percent": column("unnamed_percent"),
    "unnamed_codes": column("unnamed_codes"),
    "same_as": column("same_as"),
}

SCENES = Subject(
    raw_select=(
        "select line_no, filename as sheet, '第 ' || line_no || ' 幅' as cell, 'data' as row_kind, '{}' as cells,"
        " filename, sha256, kind_text, acquired_text, profile, pixel_hash, problem_code, problem_zh, manifest"
        " from raw.scene_tile where batch_id = $1 order by line_no"
    ),
    raw_columns=_TEXTS,
    work_columns=_WORK_COLUMNS,
    candidates=candidates,
    writers=_WRITERS,
    name_of_line=_name,
    shown=None,
    fields=frozenset(_TEXTS),
    gate_table="scene_tile",
    gate_schema=_SCENE_TILE,
    stored=_stored,
    nouns=Nouns("影像分幅", "填写内容", "整景影像"),
    sheet_zh="影像",
    no_copy_zh="影像不附副本；下表按附件的文件名指明是哪一幅。",
    unreadable_advice_zh="请按原因处理后，以说明文件为主文件、影像和掩膜为附件重新报送",
)
