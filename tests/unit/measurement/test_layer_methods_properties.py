"""What holds of every layer: parts add up to the whole, and a larger radius never serves less."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st
from shapely.geometry import LineString, Point, box

from cityhealth.measurement.layer_methods import LAYER_METHODS
from cityhealth.measurement.values import LayerInputs
from toy_city import CITY, layer, measured, units

# Odd metres, so that nothing lies on the border between parts, which are drawn at whole hundreds.
PLACE = st.tuples(*[st.integers(-2950, 2950).map(lambda metres: metres + 0.37)] * 2)
SIZE = st.integers(20, 900)
BOXES = st.lists(st.tuples(PLACE, SIZE, SIZE), min_size=1, max_size=8).map(
    lambda corners: layer(
        *[box(x, y, x + width, y + height) for (x, y), width, height in corners],
        persons=[500] * len(corners),
        children=list(range(1, len(corners) + 1)),
    )
)
LINES = st.lists(st.tuples(PLACE, PLACE), min_size=1, max_size=8).map(
    lambda ends: layer(
        *[LineString([a, b]) if a != b else LineString([a, (a[0] + 50, a[1])]) for a, b in ends],
        road_class=["main"] * len(ends),
    )
)
POINTS = st.lists(PLACE, min_size=1, max_size=5).map(lambda places: layer(*[Point(place) for place in places]))
CUTS = st.tuples(*[st.integers(-30, 30).map(lambda hundreds: hundreds * 100.0)] * 2)


def _parts(cuts: tuple[float, float]) -> dict[str, object]:
    x, y = cuts
    west, south, east, north = CITY.bounds
    return {
        "a": box(west, south, x, y),
        "b": box(x, south, east, y),
        "c": box(west, y, x, north),
        "d": box(x, y, east, north),
    }


@settings(max_examples=25, deadline=None)
@given(boxes=BOXES, lines=LINES, points=POINTS, cuts=CUTS)
def test_the_parts_of_a_city_add_up_to_the_city(boxes, lines, points, cuts) -> None:
    for code, layers in (
        ("residential_land_by_layer", {"residential_land": boxes}),
        ("dense_land_by_layer", {"population_plot": boxes}),
        ("greenway_cover_by_layer", {"residential_land": boxes, "greenway": lines}),
        ("park_cover_by_layer", {"residential_land": boxes, "park": boxes.iloc[:1]}),
        ("park_walk_by_layer", {"residential_land": boxes, "park": points, "road": lines}),
        ("road_length_by_layer", {"road": lines}),
        ("communities_by_layer", {"community": boxes}),
        ("shop_cover_by_layer", {"community": boxes, "community_shop": points}),
        ("kindergarten_children_by_layer", {"kindergarten": boxes}),
    ):
        found = measured(code, units(whole=CITY, **_parts(cuts)), **layers).values
        assert sum(found[part] for part in "abcd") == pytest.approx(found["whole"], rel=1e-6, abs=1e-3)


def _served(land, sites, roads, **parameters: str) -> float:
    inputs = LayerInputs({"residential_land": land, "park": sites, "road": roads}, units(city=CITY))
    if parameters.get("by") != "network":
        inputs = LayerInputs({"residential_land": land, "park": sites}, units(city=CITY))
    return LAYER_METHODS["served_land"][1](inputs, parameters).values["city"]


@settings(max_examples=25, deadline=None)
@given(land=BOXES, sites=POINTS, roads=LINES, radius=st.integers(1, 3000), more=st.integers(0, 2000))
def test_a_larger_radius_never_serves_less_and_no_more_than_there_is(land, sites, roads, radius, more) -> None:
    whole = measured("residential_land_by_layer", units(city=CITY), residential_land=land).values["city"]
    for by in ("air", "network"):
        less = _served(land, sites, roads, radius_m=str(radius), by=by)
        larger = _served(land, sites, roads, radius_m=str(radius + more), by=by)
        assert less <= larger + 1e-3
        assert larger <= whole + 1e-3


@settings(max_examples=25, deadline=None)
@given(land=BOXES, sites=POINTS, roads=LINES, radius=st.integers(1, 3000))
def test_along_the_roads_nobody_gets_farther_than_the_crow_and_the_width_beside_the_road(
    land, sites, roads, radius
) -> None:
    walked = _served(land, sites, roads, radius_m=str(radius), by="network", width_m="10")
    # A circle is drawn inside its arc, by less than a metre here.
    assert walked <= _served(land, sites, roads, radius_m=str(radius + 12), by="air") + 1e-3
