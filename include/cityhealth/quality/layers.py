"""Layers before the gate: features in EPSG:4490, repaired, with their kind's attributes; in ``gate.layer_feature``.

A layer has a line of its own, which is blank where nothing is wrong with the layer as a whole; where something is,
its features are refused with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from cityhealth.catalogue import LayerKind
from cityhealth.errors import CityHealthError
from cityhealth.quality.batch import BATCH_LINE, BatchFacts, Candidates
from cityhealth.quality.deliveries import FEEDS_ZH
from cityhealth.quality.lookup import LEVELS_ZH, Lookup
from cityhealth.quality.subject import EMPTY, SHARED_WRITERS, Nouns, Row, Subject, Writer, column, text_of

if TYPE_CHECKING:
    from pyproj import CRS

_WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "state": ("text", pa.string()),
    "department_code": ("text", pa.string()),
    "layer_kind": ("text", pa.string()),
    "kind_problem": ("text", pa.string()),
    "crs_problem": ("text", pa.string()),
    "datum_problem": ("text", pa.string()),
    "crs_overruled": ("text", pa.string()),
    "valid_on": ("date", pa.date32()),
    "date_future": ("boolean", pa.bool_()),
    "place_problem": ("text", pa.string()),
    "without_shapes": ("boolean", pa.bool_()),
    "lacking_attributes": ("text", pa.string()),
    "piled_up": ("boolean", pa.bool_()),
    "problem": ("text", pa.string()),
    "unusable": ("boolean", pa.bool_()),
    "repaired": ("boolean", pa.bool_()),
    "duplicate_of": ("text", pa.string()),
    "overlap_m2": ("double precision", pa.float64()),
    "in_city": ("boolean", pa.bool_()),
    "attribute_missing": ("text", pa.string()),
    "attribute_problem": ("text", pa.string()),
    "area_problem": ("text", pa.string()),
}

_LAYER_FEATURE = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()), ("layer", pa.string()),
        ("feature_no", pa.int64()), ("kind", pa.string()), ("valid_on", pa.date32()), ("geometry", pa.binary()),
        ("attributes", pa.string()), ("problem", pa.string()), ("area_before_m2", pa.float64()),
        ("area_after_m2", pa.float64()), ("in_city", pa.bool_()), ("verdict", pa.string()), ("marked", pa.bool_()),
        ("sheet", pa.string()), ("cell", pa.string()),
    ]
)  # fmt: skip

#: Of these nothing can be used; any other problem of a shape has been repaired.
UNUSABLE = ("missing", "empty", "coordinates", "wrong_type", "lost")
_PROBLEMS_ZH = {
    "missing": "没有图形，或图形不成立",
    "empty": "图形是空的",
    "coordinates": "坐标不是有效的数，或超出经纬度范围",
    "wrong_type": "图形类型不对",
    "lost": "图形退化，修复后什么也没有剩下",
    "collection": "图形混有不同类型，只保留可用的部分",
    "closed_line": "闭合的线已转为面",
    "Self-intersection": "边界自相交",
    "Ring Self-intersection": "环自相接",
    "Hole lies outside shell": "洞在外环之外",
    "Nested holes": "洞套洞",
    "Nested shells": "外环套外环",
    "Interior is disconnected": "内部被洞隔断",
    "Too few points in geometry component": "点数太少",
    "Duplicate Rings": "环重复",
}
_TURNED_ZH = "经度与纬度写反了，互换后才落在本市"
_GEOMETRIES_ZH = {"point": "点", "line": "线", "polygon": "面", "any": "点、线或面"}
_GEOS = re.compile(r"(?P<what>[^\[]+)(?:\[(?P<x>[-\d.e+]+) (?P<y>[-\d.e+]+)\])?")
#: What people call the column in which a feature's name stands.
_LABELS = ("name", "名称", "mc", "项目名称")
#: A GeoPackage's way of saying nothing.
_UNDEFINED = re.compile("undefined|unknown|unnamed", re.IGNORECASE)
#: So many layers of a file are named in a reason.
_MOST_NAMED = 8
#: What only numbers the features of a file, and so differs also where one is there twice.
_NUMBERINGS = ("fid", "id", "gid", "oid", "objectid", "ogc_fid", "fid_1", "osm_id", "osm_way_id", "序号")


@dataclass
class _LayerRead:
    """A layer's line and its features' lines, as they become candidates."""

    line: dict[str, Any]
    features: list[dict[str, Any]]
    kind: LayerKind | None = None

    @property
    def at_fault(self) -> bool:
        return self.line["state"] != "blank"

    def refuse(self, fault: str) -> None:
        """The fault is found once, of the layer, and not of each feature."""
        self.line["state"] = "value"
        for row in self.features:
            row |= {"state": "with_layer", "problem": f"图层未采用：{fault}"}


def candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    """Resolve layers and their features. Pure, but for the city's outline that ``lookup`` reads."""
    layers = [_read(layer, features, batch.arrival.day, lookup) for layer, features in _layers(raw)]
    _compare([layer for layer in layers if not layer.at_fault])
    sender = lookup.department(batch.arrival.department_text or "")
    rows = [row for layer in layers for row in (layer.line, *layer.features)]
    frame = pd.DataFrame([*rows, {"kind": "batch", "line_no": BATCH_LINE}])
    columns = dict.fromkeys([*_WORK_COLUMNS, *_ROW, *frame.columns])
    return Candidates(frame.reindex(columns=list(columns)).assign(department_code=sender), sender)


#: What a line has beside the columns that rules may ask for.
_ROW = (
    "layer", "feature_no", "label", "kind_zh", "geometry", "attributes", "told", "same_zh", "area_before_m2",
    "area_after_m2", "area_m2",
    "length_m", "overlap_with", "refused_with", "kind_text", "crs_text", "date_text", "geometry_text", "attribute_text",
    "sheet", "cell", "cells",
)  # fmt: skip


def _layers(raw: pd.DataFrame) -> Iterator[tuple[dict[Any, Any], list[dict[Any, Any]]]]:
    for _, lines in raw.groupby((raw["row_kind"] == "layer").cumsum()):
        layer, *features = lines.to_dict("records")
        yield layer, features


def _read(layer: Mapping[Any, Any], features: Sequence[Mapping[Any, Any]], day: date, lookup: Lookup) -> _LayerRead:
    stated = json.loads(layer["attributes"])
    kind, kind_problem = _kind(stated.get("kind"), stated.get("layers") or (), lookup)
    valid_on = date.fromisoformat(stated["date"])
    line = {
        **_line(layer, kind),
        "attributes": layer["attributes"],
        "kind_text": stated.get("kind"),
        "kind_problem": kind_problem,
        "crs_text": stated.get("crs"),
        "date_text": stated["date"],
        "valid_on": valid_on,
        "date_future": valid_on > day,
    }
    rows = [
        _line(feature, kind) | {"attributes": feature["attributes"], "valid_on": valid_on, "state": "value",
                                "refused_with": layer["line_no"]}
        for feature in features
    ]  # fmt: skip
    read = _LayerRead(line, rows, kind)
    if kind is not None:
        _resolve(read, features, stated, lookup)
    line["state"] = "blank"
    if fault := _fault(line):
        read.refuse(fault)
    else:
        line["crs_overruled"] = _overruled(stated)
    return read


def _overruled(stated: Mapping[str, Any]) -> str | None:
    """What the file says of its reference system, where the manifest says something else."""
    from cityhealth.spatial.crs import CrsError, parse_crs, same_system

    if stated.get("file_crs") is None:
        return None
    try:
        own, told = parse_crs(stated["file_crs"]), parse_crs(stated["crs"])
    except CrsError:
        # What nobody can read is no word against the manifest.
        return None
    if _UNDEFINED.search(own.name) or same_system(own, told):
        return None
    return f"说明文件写的坐标系是 {_named_crs(told)}，文件自带的是 {_named_crs(own)}，已按说明文件读取"


def _named_crs(crs: CRS) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}（{crs.name}）" if code else crs.name


def _fault(line: Mapping[str, Any]) -> str | None:
    """What is wrong with a layer as a whole."""
    found = [line.get(name) for name in ("kind_problem", "crs_problem", "datum_problem", "place_problem")]
    if line["date_future"]:
        found.append(f"有效日期 {line['valid_on']} 晚于收到日期")
    if line.get("without_shapes"):
        found.append("没有一个要素有图形")
    if line.get("lacking_attributes"):
        found.append(f"缺少属性 {line['lacking_attributes']}")
    return next((fault for fault in found if fault), None)


def _line(raw: Mapping[Any, Any], kind: LayerKind | None) -> dict[str, Any]:
    return {
        "kind": "row",
        "line_no": raw["line_no"],
        "layer": raw["sheet"],
        "sheet": raw["sheet"],
        "cell": raw["cell"],
        "feature_no": raw["feature_no"],
        "layer_kind": kind.code if kind else None,
        "kind_zh": kind.name_zh if kind else None,
    }


def _kind(code: str | None, together: Sequence[str], lookup: Lookup) -> tuple[LayerKind | None, str | None]:
    """``together``: all layers of the file, where the manifest has but one kind for them."""
    if together:
        names = "、".join(f"「{name}」" for name in together[:_MOST_NAMED]) + ("等" if together[_MOST_NAMED:] else "")
        return None, (
            f"文件有 {len(together)} 个图层（{names}），kind 却只写了一个「{code}」，须按「图层名: 类别」逐个写明"
        )
    if code is None:
        return None, "说明文件没有写明它的图层类别（kind）"
    kind = lookup.catalogue.layer_kind(code)
    if kind is None:
        named = {known.code: known.name_zh for known in lookup.catalogue.layer_kinds if known.feed == "layers"}
        nearest = "、".join(f"{near}（{named[near]}）" for near in get_close_matches(code, named, n=4, cutoff=0))
        return None, f"图层类别目录中没有「{code}」，写法相近的有 {nearest}"
    return (kind, None) if kind.feed == "layers" else (None, f"「{code}」是{FEEDS_ZH[kind.feed]}的类别，不是图层的")


def _resolve(
    read: _LayerRead, features: Sequence[Mapping[Any, Any]], stated: Mapping[str, Any], lookup: Lookup
) -> None:
    """Shapes and attributes of a layer whose kind is known, or what is wrong with all of them."""
    # GeoPandas takes a second to import: only who judges layers pays for it.
    from cityhealth.quality.layer_shapes import Misplaced, shapes_inside
    from cityhealth.spatial.crs import CrsError, parse_crs

    line, kind = read.line, read.kind
    assert kind is not None
    if stated.get("crs") is None:
        line["crs_problem"] = "文件和说明文件都没有写明坐标系"
        return
    try:
        crs = parse_crs(stated["crs"])
    except CrsError as error:
        line["crs_problem"] = error.message
        return
    try:
        wkb = [feature["geometry"] for feature in features]
        frame = shapes_inside(wkb, crs, stated["datum"], kind.geometry or "any", lookup.city_outline)
    except Misplaced as error:
        line["place_problem"] = error.message
        return
    except CityHealthError as error:
        line["datum_problem"] = error.message
        return
    line["without_shapes"] = bool(frame["problem"].isin(["missing", "empty"]).all())
    shapes = frame.astype(object).where(frame.notna(), None).to_dict("records")
    for row, shape, there in zip(read.features, shapes, wkb, strict=True):
        row |= shape
        row["unusable"] = shape["problem"] in UNUSABLE
        row["repaired"] = shape["problem"] is not None and not row["unusable"]
        turned = shape["problem"] == "coordinates" and _turned(there, lookup)
        row["geometry_text"] = _TURNED_ZH if turned else _problem_zh(row)
    _attributes(read, kind, stated.get("fields") or {}, lookup)


def _turned(wkb: bytes, lookup: Lookup) -> bool:
    """Whether a point that is nowhere on Earth lies in the city once longitude and latitude change places."""
    import shapely

    shape, city = shapely.from_wkb(wkb, on_invalid="ignore"), lookup.city_outline
    return (
        city is not None and shape.geom_type == "Point" and bool(shapely.intersects_xy(city.envelope, shape.y, shape.x))
    )


def _attributes(read: _LayerRead, kind: LayerKind, fields: Mapping[str, str], lookup: Lookup) -> None:
    from cityhealth.spatial.attributes import find_attribute, read_attribute, text_of_attribute

    def area_of(text: str) -> tuple[str | None, str | None]:
        found = lookup.area(text, valid_on, f"level:{kind.code}")
        area = lookup.area_row(found.code, valid_on) if found.code else None
        if area is not None and kind.code in LEVELS_ZH and area.level != kind.code:
            return None, f"「{text}」不是{kind.name_zh}"
        return found.code, found.problem_zh

    valid_on = read.line["valid_on"]
    filled = dict.fromkeys(kind.attributes, False)
    for row in read.features:
        own = json.loads(row["attributes"])
        typed = {name: text_of_attribute(value) or None for name, value in own.items()}
        row["told"] = _told(typed)
        row["label"] = next((typed[name] for name in own if name.casefold() in _LABELS and typed[name]), None)
        missing: list[str] = []
        unreadable: list[str] = []
        no_area: list[str] = []
        for name in kind.attributes:
            key = find_attribute(name, own, fields)
            text = text_of_attribute(own[key]) if key is not None else ""
            value = read_attribute(name, text, area_of)
            typed[name] = value.value  # type: ignore[assignment]
            filled[name] |= bool(text)
            if value.problem_zh is not None:
                (no_area if name == "area" else unreadable).append(f"{key or name}「{text}」{value.problem_zh}")
                row["attribute_text"] = text
            elif value.value is None:
                missing.append(key or name)
        row["attributes"] = json.dumps(typed, ensure_ascii=False)
        row["attribute_missing"] = "、".join(missing) or None
        row["attribute_problem"] = "；".join(unreadable) or None
        row["area_problem"] = "；".join(no_area) or None
    # Where no feature has it at all that is one fault, and not one of each.
    lacking = [name for name, once in filled.items() if not once]
    read.line["lacking_attributes"] = "、".join(lacking) if lacking and read.features else None


def _told(own: Mapping[str, str | None]) -> str:
    """All that the attributes of a feature tell, in a text that those of another equal where they tell the same."""
    said = {name.casefold(): text for name, text in own.items() if text and name.casefold() not in _NUMBERINGS}
    return json.dumps(said, ensure_ascii=False, sort_keys=True)


def _compare(layers: Sequence[_LayerRead]) -> None:
    """What lies on what: among all features of a kind and a day, in whichever layer of the file they are."""
    together: dict[tuple[str, date], list[_LayerRead]] = {}
    for layer in layers:
        assert layer.kind is not None
        together.setdefault((layer.kind.code, layer.line["valid_on"]), []).append(layer)
    for same in together.values():
        assert same[0].kind is not None
        if not _compare_shapes([row for layer in same for row in layer.features], same[0].kind.tiles):
            for layer in same:
                layer.line["piled_up"] = True
                layer.refuse("要素层层重叠")


def _compare_shapes(rows: Sequence[dict[str, Any]], tiles: bool) -> bool:
    """Note what repeats or overlaps an earlier one; False where so much lies on each other that it cannot be told."""
    import geopandas as gpd
    import shapely

    from cityhealth.quality.layer_shapes import earlier_equal, earlier_overlapped, piled_up
    from cityhealth.spatial.crs import INSIDE

    by_line = {row["line_no"]: row for row in rows}
    shapes = gpd.GeoSeries([row["geometry"] for row in rows], index=list(by_line), crs=INSIDE)
    equal = earlier_equal(shapes, [row["told"] for row in rows])
    for line, first in equal.items():
        same = "位置和属性都相同" if shapely.get_dimensions(by_line[line]["geometry"]) == 0 else "图形完全相同"
        by_line[line] |= {"duplicate_of": _named(by_line[first]), "same_zh": same}
    distinct = shapes.drop(equal.index)
    if tiles and piled_up(distinct):
        return False
    if tiles:
        found = earlier_overlapped(distinct)
        for line, pairs in found.groupby("second"):
            by_line[line]["overlap_m2"] = float(pairs["area"].sum())
            firsts = [_named(by_line[first]) for first in pairs["first"]]
            more = f"等 {len(firsts)} 个要素" if len(firsts) > 3 else ""
            by_line[line]["overlap_with"] = "、".join(firsts[:3]) + more
    return True


def _named(row: Row) -> str:
    label = text_of(row.get("label"))
    return f"「{row['layer']}」要素 {int(row['feature_no'])}" + (f"（{label}）" if label else "")


def _problem_zh(row: Row) -> str:
    """The problem of a shape in words, with its place where GEOS says it."""
    found = _GEOS.fullmatch(text_of(row.get("problem")))
    if found is None:
        return ""
    said = _PROBLEMS_ZH.get(found["what"].strip(), "环不合规则")
    return said + (f"（东经 {float(found['x']):.5f}、北纬 {float(found['y']):.5f} 处）" if found["x"] else "")


def _stored(rows: pd.DataFrame) -> pd.DataFrame:
    import shapely

    there = rows["geometry"].notna()
    shapes = rows["geometry"].astype(object).where(there, None).to_numpy()
    return rows.assign(kind=rows["layer_kind"], geometry=shapely.to_wkb(shapes))


def _facts(accepted: pd.DataFrame) -> list[tuple[str, str]]:
    """Of each layer: how many features, how much of them, what was repaired, lies on another or outside."""
    if accepted.empty:
        return []
    return [(f"图层「{layer}」", _said_of(rows)) for layer, rows in accepted.groupby("layer", sort=False)]


def _said_of(rows: pd.DataFrame) -> str:
    parts = [f"{rows['kind_zh'].iloc[0]}，采用 {len(rows)} 个要素"]
    area, length = rows["area_m2"].sum(), rows["length_m"].sum()
    if area:
        parts.append(f"面积 {_square(area)}")
    if length:
        parts.append(f"长度 {length / 1000:.3f} 千米")
    if repaired := int((rows["repaired"] == True).sum()):  # noqa: E712
        parts.append(f"修复 {repaired} 个")
    if overlap := rows["overlap_m2"].sum():
        parts.append(f"互相重叠 {_square(overlap)}")
    if outside := int((rows["in_city"] == False).sum()):  # noqa: E712
        parts.append(f"市外 {outside} 个")
    return "；".join(parts)


def _square(area: float) -> str:
    return f"{area:.0f} 平方米" if area < 1e6 else f"{area / 1e6:.3f} 平方公里"


def _name(row: Row, lookup: Lookup) -> str:
    return _named(row) if row.get("feature_no") == row.get("feature_no") and row.get("feature_no") else _layer(row)


def _layer(row: Row) -> str:
    return f"图层「{row['layer']}」"


def _areas_before_and_after(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    before, after = row.get("area_before_m2"), row.get("area_after_m2")
    if before is None or before != before:
        return ""
    return f"，修复前 {before:.0f} 平方米，修复后 {0 if after != after else after:.0f} 平方米"


_WRITERS: Mapping[str, Writer] = {
    **SHARED_WRITERS,
    "layer": column("layer"),
    "feature": lambda row, batch, lookup, department: _named(row),
    "layer_kind": column("kind_zh"),
    "kind_problem": column("kind_problem"),
    "crs_problem": column("crs_problem"),
    "datum_problem": column("datum_problem"),
    "crs_overruled": column("crs_overruled"),
    "place_problem": column("place_problem"),
    "lacking_attributes": column("lacking_attributes"),
    "valid_on": column("valid_on"),
    "geometry_problem": column("geometry_text", EMPTY),
    "geometry_wanted": lambda row, batch, lookup, department: _GEOMETRIES_ZH.get(_wanted(row, lookup), "图形"),
    "repaired_area": _areas_before_and_after,
    "duplicate_of": column("duplicate_of"),
    "same": column("same_zh"),
    "overlap_with": column("overlap_with"),
    "overlap_area": lambda row, batch, lookup, department: _square(row["overlap_m2"]),
    "attribute_missing": column("attribute_missing"),
    "attribute_problem": column("attribute_problem"),
    "area_problem": column("area_problem"),
}


def _wanted(row: Row, lookup: Lookup) -> str:
    kind = lookup.catalogue.layer_kind(text_of(row.get("layer_kind")))
    return (kind.geometry if kind else None) or "any"


LAYERS = Subject(
    raw_select=(
        "select line_no, layer as sheet, case row_kind when 'layer' then '图层' else '要素 ' || feature_no end as cell,"
        " row_kind, feature_no, geometry, attributes from raw.layer_feature where batch_id = $1 order by line_no"
    ),
    raw_columns=("feature_no", "geometry", "attributes"),
    work_columns=_WORK_COLUMNS,
    candidates=candidates,
    writers=_WRITERS,
    name_of_line=_name,
    shown=None,
    fields=frozenset({"kind_text", "crs_text", "date_text", "geometry_text", "attribute_text"}),
    gate_table="layer_feature",
    gate_schema=_LAYER_FEATURE,
    stored=_stored,
    nouns=Nouns("图层、要素", "原文", "所报图层"),
    facts=_facts,
    # Names of reference systems alone may have sixty characters.
    longest=200,
    sheet_zh="图层",
    no_copy_zh="所报为图层，本回执不附副本；下表按图层名和要素序号（从 1 起，按文件中的顺序）指明位置。",
    unreadable_advice_zh="请按原因处理后，连同说明文件重新报送",
)
