"""Squares and bow ties whose areas are worked out by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings, strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from cityhealth.spatial.repair import duplicates, gaps, outside, overlaps, repair

BOW_TIE = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])


def series(*shapes) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), index=range(10, 10 + len(shapes)), crs=4547)


def test_a_bow_tie_becomes_its_two_triangles_and_is_reported():
    # Two triangles with base 2 and height 1; turning opposite ways they cancel out in the raw ring.
    repaired = repair(series(box(0, 0, 1, 1), BOW_TIE), "polygon")
    assert repaired.report.index.tolist() == [11]
    assert repaired.report.loc[11].tolist() == ["Self-intersection[1 1]", 0.0, 2.0]
    assert repaired.geometry.is_valid.all() and repaired.geometry.area.tolist() == [1, 2]
    assert repaired.geometry.crs.to_epsg() == 4547


def test_a_spike_of_a_polygon_goes_but_its_area_stays():
    spiked = Polygon([(0, 0), (2, 0), (2, 2), (2, 5), (2, 2), (0, 2)])
    repaired = repair(series(spiked), "polygon")
    assert repaired.geometry[10].geom_type == "Polygon" and repaired.geometry[10].area == 4
    assert repaired.report["area_before"].tolist() == repaired.report["area_after"].tolist() == [4]


def test_missing_empty_and_folded_shapes_are_reported_and_none():
    folded = Polygon([(0, 0), (1, 0), (2, 0), (0, 0)])
    repaired = repair(series(None, Polygon(), folded, Point(1, 1)), "polygon")
    assert repaired.report["problem"].tolist() == ["missing", "empty", "lost"]
    assert repaired.geometry.isna().tolist() == [True, True, True, False]
    assert repaired.report[["area_before", "area_after"]].to_numpy().tolist() == [[0, 0]] * 3


def test_what_is_valid_is_left_as_it_is():
    shapes = series(box(0, 0, 1, 1), MultiPolygon([box(2, 0, 3, 1), box(4, 0, 5, 1)]), LineString([(0, 0), (1, 1)]))
    repaired = repair(shapes)
    assert repaired.report.empty and repaired.geometry.equals(shapes)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=12))
def test_any_ring_is_repaired_to_polygons_or_lost(points):
    repaired = repair(series(Polygon(points)), "polygon").geometry[10]
    assert repaired is None or (repaired.is_valid and repaired.geom_type in ("Polygon", "MultiPolygon"))


def test_a_polygon_of_three_million_vertices_is_repaired():
    # A regular polygon of n corners has n/2·sin(2π/n); a second ring far off, folded over, is what is wrong.
    corners = 3_000_000
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    circle = Polygon(np.column_stack([np.cos(angle), np.sin(angle)]))
    shape = MultiPolygon([circle, shapely.affinity.translate(BOW_TIE, 10)])
    repaired = repair(series(shape), "polygon")
    assert repaired.report["problem"].str.startswith("Self-intersection").all()
    assert repaired.geometry.area.item() == pytest.approx(corners / 2 * np.sin(2 * np.pi / corners) + 2, rel=1e-9)


def test_duplicates_are_found_whatever_corner_and_direction_they_begin_with():
    square = box(0, 0, 1, 1)
    turned = Polygon([(1, 1), (1, 0), (0, 0), (0, 1)])
    backwards = square.reverse()
    found = duplicates(series(square, box(5, 5, 6, 6), turned, None, None, Polygon(), Polygon(), backwards))
    assert found.to_dict() == {12: 10, 17: 10}


def test_overlaps_have_both_names_and_the_shared_area():
    # A grid of unit squares touches at edges and corners; one square of side 2 lies half a unit off.
    grid = [box(x, y, x + 1, y + 1) for x in range(2) for y in range(2)]
    found = overlaps(series(*grid, box(1.5, 1.5, 3.5, 3.5)))
    assert found.to_numpy().tolist() == [[13, 14, 0.25]]
    assert overlaps(series(*grid, box(1.5, 1.5, 3.5, 3.5)), above=0.25).empty
    assert overlaps(series(box(0, 0, 4, 4), box(0, 0, 3, 3), None)).to_numpy().tolist() == [[10, 11, 9]]


def test_gaps_are_what_no_area_covers():
    assert gaps(series(box(0, 0, 2, 2), box(3, 0, 4, 4)), box(0, 0, 4, 4)).area == 16 - 4 - 4


def test_features_outside_are_counted_and_weighed():
    city = box(0, 0, 10, 10)
    areas = outside(series(box(1, 1, 2, 2), box(9, 9, 11, 11), box(20, 20, 21, 21), None), city)
    # 1 + 4 + 1 square units, of which 3 of the crossing square and the last one are outside.
    assert (areas.outside, areas.crossing, areas.features) == (1, 1, 3)
    assert areas.measure_share == pytest.approx(4 / 6)
    lines = outside(series(LineString([(5, 5), (5, 15)])), city)
    assert (lines.outside, lines.crossing, lines.measure_share) == (0, 1, pytest.approx(0.5))
    assert outside(series(Point(1, 1), Point(11, 11)), city).measure_share == pytest.approx(0.5)
    assert outside(series(), city).measure_share == 0
