"""What the gate makes of a layer's shapes and attributes, whatever they are."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pandas as pd
import pytest
import shapely
from hypothesis import given, strategies as st
from shapely.geometry import GeometryCollection, LineString, MultiPoint, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from cityhealth.catalogue import Catalogue
from cityhealth.quality.layers import candidates
from cityhealth.quality.lookup import Lookup
from cityhealth.settings import CITY_TIMEZONE
from gate_lines import batch
from layer_files import MANIFEST, cell

JUNE_8 = datetime(2021, 6, 8, 9, tzinfo=CITY_TIMEZONE)
CITY = box(112.7, 35.4, 112.9, 35.6)
NAN = float("nan")

_numbers = st.one_of(st.floats(112.7, 112.9), st.floats(allow_nan=True, allow_infinity=True))
# shapely itself makes no ring that begins with NaN: it could not be closed.
_rings = st.lists(st.tuples(_numbers, st.floats(35.4, 35.6)), min_size=3, max_size=7).filter(
    lambda points: points[0][0] == points[0][0]
)
_shapes = st.one_of(
    st.none(),
    _rings.map(Polygon),
    _rings.map(LineString),
    _rings.map(MultiPoint),
    _rings.map(lambda ring: GeometryCollection([Polygon(ring), Point(ring[0])])),
    st.sampled_from([Polygon(), GeometryCollection(), cell(0), cell(0, wide=2), LineString(cell(1).exterior)]),
)


@pytest.fixture(scope="module")
def jincheng(catalogue: Catalogue) -> Lookup:
    return Lookup(catalogue, catalogue.examination(2021), lambda: CITY)


def rows_of(lookup: Lookup, *shapes: BaseGeometry | None, own: dict[str, Any] | None = None, **stated: Any) -> Any:
    """Candidates of one layer as a list of dictionaries, the layer's own first."""
    told = MANIFEST | {"crs": "EPSG:4490", "fields": {}} | stated
    lines = [
        {"cell": "图层", "row_kind": "layer", "attributes": json.dumps(told), "feature_no": None, "geometry": None}
    ]
    lines += [
        {"cell": f"要素 {number}", "row_kind": "feature", "attributes": json.dumps(own or {}), "feature_no": number,
         "geometry": None if shape is None else shapely.to_wkb(shape)}
        for number, shape in enumerate(shapes, start=1)
    ]  # fmt: skip
    raw = pd.DataFrame([{"line_no": n, "sheet": "甲", "cells": None} | line for n, line in enumerate(lines, start=1)])
    frame = candidates(raw, batch("planning", "甲.gpkg", "layers", received_at=JUNE_8), lookup).frame.astype(object)
    return frame.where(frame.notna(), None).loc[frame["kind"] == "row"].to_dict("records")


@given(
    st.lists(_shapes, min_size=1, max_size=5),
    st.sampled_from(["park", "residential_land", "greenway", "hospital", "forest", None]),
    st.sampled_from(["EPSG:4490", "EPSG:4546", "CGCS2000 3度带 38带", "看不懂", None]),
    st.sampled_from(["cgcs2000", "gcj02", "bd09"]),
)
def test_whatever_is_handed_in_every_feature_is_a_valid_shape_in_degrees_or_has_a_problem(
    jincheng: Lookup, shapes: list[BaseGeometry | None], kind: str | None, crs: str | None, datum: str
) -> None:
    layer, *features = rows_of(jincheng, *shapes, own={"grade": "三级"}, kind=kind, crs=crs, datum=datum)
    assert [row["line_no"] for row in features] == list(range(2, 2 + len(shapes)))
    assert {row["refused_with"] for row in features} == {1}
    for row in features if layer["state"] == "blank" else ():
        assert (row["geometry"] is None) == row["unusable"] == (row["problem"] is not None and not row["repaired"])
        if row["geometry"] is not None:
            assert row["geometry"].is_valid and not row["geometry"].is_empty
            west, south, east, north = row["geometry"].bounds
            assert -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    if layer["state"] != "blank":
        assert {row["state"] for row in features} == {"with_layer"}
        assert all(row["problem"].startswith("图层未采用：") for row in features)


@pytest.mark.parametrize(
    ("shape", "problem", "kept"),
    [
        (cell(0), None, cell(0)),
        (shapely.force_3d(cell(0), 800), None, cell(0)),
        (LineString(cell(0).exterior), "closed_line", cell(0)),
        (GeometryCollection([cell(0), Point(112.8, 35.5)]), "collection", cell(0)),
        (GeometryCollection([GeometryCollection([shapely.multipolygons([cell(0)])])]), "collection", cell(0)),
        (GeometryCollection([Point(112.8, 35.5)]), "wrong_type", None),
        (LineString([(112.8, 35.5), (112.81, 35.5)]), "wrong_type", None),
        (Point(112.8, 35.5), "wrong_type", None),
        (Polygon(), "empty", None),
        (None, "missing", None),
        (Polygon([(112.8, 35.5), (NAN, 35.5), (112.81, 35.51)]), "coordinates", None),
        (Polygon([(112.8, 35.5), (112.81, 35.5), (112.82, 35.5)]), "lost", None),
    ],
)
def test_a_shape_is_kept_flat_or_made_one_of_its_kind_or_has_a_name_for_what_is_wrong(
    jincheng: Lookup, shape: BaseGeometry | None, problem: str | None, kept: BaseGeometry | None
) -> None:
    _, row, _ = rows_of(jincheng, shape, cell(5))
    assert row["problem"] == problem
    assert row["geometry"] is None if kept is None else row["geometry"].equals(kept)
    assert row["geometry"] is None or not shapely.has_z(row["geometry"])


def test_a_kind_of_any_shape_takes_points_and_areas_and_the_highest_of_a_collection(jincheng: Lookup) -> None:
    mixed = GeometryCollection([Point(112.8, 35.5), cell(3)])
    _, *features = rows_of(jincheng, Point(112.8, 35.5), cell(0), mixed, kind="hospital", own={"grade": 3})
    assert [row["problem"] for row in features] == [None, None, "collection"]
    assert features[2]["geometry"].equals(cell(3))


def test_one_shape_gone_astray_does_not_condemn_the_others_but_most_of_them_do(jincheng: Lookup) -> None:
    astray = [shapely.affinity.translate(cell(n), 500_000, 3_900_000) for n in range(3)]
    layer, first, second, _ = rows_of(jincheng, cell(0), astray[0], cell(1))
    assert (layer["state"], first["problem"], second["problem"]) == ("blank", None, "coordinates")
    layer, *_ = rows_of(jincheng, cell(0), *astray)
    assert "像是米" in layer["place_problem"]


def test_a_shape_across_the_citys_edge_is_inside_and_a_layer_beyond_it_is_none_of_the_citys(jincheng: Lookup) -> None:
    inside, across, beyond = cell(0), box(112.89, 35.5, 112.91, 35.51), box(112.95, 35.5, 112.96, 35.51)
    _, *features = rows_of(jincheng, inside, across, beyond)
    assert [row["in_city"] for row in features] == [True, True, False]
    assert rows_of(jincheng, beyond)[0]["place_problem"]


def test_areas_that_must_tile_and_lie_in_a_pile_are_a_fault_of_the_layer(jincheng: Lookup) -> None:
    pile = [cell(0, wide=1 + n / 10_000) for n in range(1_100)]
    layer, first, *_ = rows_of(jincheng, *pile, kind="residential_land")
    assert (layer["piled_up"], first["state"]) == (True, "with_layer")
    assert rows_of(jincheng, *pile, kind="park")[0]["state"] == "blank"


def test_a_hospital_without_a_grade_anywhere_is_a_fault_of_the_layer(jincheng: Lookup) -> None:
    layer, *_ = rows_of(jincheng, cell(0), cell(1), kind="hospital", own={"等级": "三级"})
    assert layer["lacking_attributes"] == "grade"
    layer, first, _ = rows_of(
        jincheng, cell(0), cell(1), kind="hospital", own={"等级": "三级"}, fields={"grade": "等级"}
    )
    assert layer["state"] == "blank" and json.loads(first["attributes"]) == {"等级": "三级", "grade": 3}
