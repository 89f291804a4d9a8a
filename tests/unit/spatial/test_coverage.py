"""Coverage of squares by circles whose areas are worked out by hand."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from shapely.geometry import LineString, Point, Polygon, box

from cityhealth.spatial import coverage
from cityhealth.spatial.coverage import QUARTER_SEGMENTS

# A circle drawn with n corners on it has the area n/2·r²·sin(2π/n).
CORNERS = 4 * QUARTER_SEGMENTS
UNIT_CIRCLE = CORNERS / 2 * math.sin(2 * math.pi / CORNERS)


def series(*shapes) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=4547)


def test_a_circle_within_one_plot():
    served = coverage.served_land(series(box(-1000, -1000, 1000, 1000)), series(Point(0, 0)), 500)
    assert served.served_m2 == pytest.approx(UNIT_CIRCLE * 500**2)
    assert served.share == pytest.approx(UNIT_CIRCLE * 500**2 / 2000**2)


def test_plots_covered_whole_halved_and_out_of_reach():
    # The area park of 100 × 100 m reaches 50 m to the right with a straight edge.
    land = series(box(100, 0, 140, 100), box(100, 0, 200, 100).intersection(box(140, 0, 160, 100)), box(900, 0, 999, 9))
    served = coverage.served_land(land, series(box(0, 0, 100, 100)), 50)
    assert served.served_m2 == pytest.approx(4000 + 1000)
    assert served.land_m2 == 4000 + 2000 + 99 * 9


def test_a_line_serves_both_its_sides():
    served = coverage.served_land(series(box(-500, 100, 500, 200)), series(LineString([(-900, 0), (900, 0)])), 150)
    assert served.served_m2 == pytest.approx(1000 * 50)


def test_land_handed_in_twice_and_buffers_that_overlap_count_once():
    land = series(box(0, 0, 100, 100), box(50, 0, 150, 100), box(0, 0, 100, 100))
    facilities = series(Point(75, 50), Point(75, 50), Point(76, 50), None, Polygon())
    served = coverage.served_land(land, facilities, 1000)
    assert served.served_m2 == served.land_m2 == pytest.approx(15_000)
    assert coverage.dissolved_area(land) == pytest.approx(15_000)


def test_two_half_plots_from_two_sides():
    # Two strips of 30 m reach into a plot of 100 m from left and right: 60 m of it are served.
    walls = series(box(-10, -500, 0, 600), box(100, -500, 110, 600))
    assert coverage.served_land(series(box(0, 0, 100, 100)), walls, 30).served_m2 == pytest.approx(6000)


def test_every_facility_may_have_its_own_radius():
    land = series(box(100, 0, 900, 10), box(100, 500, 900, 510))
    walls = series(box(0, 0, 50, 10), None, box(0, 500, 50, 510))
    # 250 m to the east from 50, then 450 m, each cut at 100.
    assert coverage.served_land(land, walls, np.array([250, 9999, 450])).served_m2 == pytest.approx(2000 + 4000)


def test_ground_that_two_lines_run_along_counts_once():
    lines = series(
        LineString([(0, 0), (100, 0)]), LineString([(150, 0), (50, 0)]), LineString([(0, 5), (100, 5)]), None
    )
    assert coverage.dissolved_length(lines) == pytest.approx(250)


def test_nothing_to_serve_is_missing_and_no_facility_is_zero():
    assert coverage.served_land(series(), series(Point(0, 0)), 500).share is None
    assert coverage.served_land(series(box(0, 0, 1, 1)), series(), 500).share == 0


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=8),
)
def test_the_same_as_dissolving_everything_and_intersecting_once(corners, sites):
    land = series(*[box(x, y, x + 5, y + 4) for x, y in corners])
    facilities = series(*[Point(site) for site in sites])
    plain = land.union_all().intersection(facilities.buffer(6, quad_segs=QUARTER_SEGMENTS).union_all()).area
    served = coverage.served_land(land, facilities, 6)
    assert served.served_m2 == pytest.approx(plain, abs=1e-6)
    assert served.land_m2 == pytest.approx(land.union_all().area)


def test_land_within_a_service_area_that_is_drawn():
    service = Polygon([(0, 0), (100, 0), (0, 100)])
    served = coverage.served_by_area(series(box(0, 0, 10, 10), box(0, 0, 100, 100), box(200, 0, 300, 100)), service)
    assert (served.served_m2, served.land_m2) == (pytest.approx(5000), pytest.approx(20_000))


def test_communities_with_a_facility_in_at_or_near_them():
    communities = series(box(0, 0, 10, 10), box(20, 0, 30, 10), box(40, 0, 50, 10), None)
    facilities = series(Point(5, 5), Point(20, 5), Point(55, 5))
    assert coverage.covered_features(communities, facilities).tolist() == [True, True, False, False]
    assert coverage.covered_features(communities, facilities, 5).tolist() == [True, True, True, False]
    assert coverage.share_of_features(communities, facilities) == 0.5
    assert coverage.share_of_features(series(), facilities) is None


def test_densities_per_square_kilometre():
    unit = box(0, 0, 2000, 1000)
    points = series(Point(1, 1), Point(2000, 1000), Point(2001, 1), Point(5, 5))
    assert coverage.points_per_km2(points, unit) == 1.5
    # 1,000 m within, 3,000 m of which 1,000 are within, none: 2 km on 2 km².
    lines = series(
        LineString([(500, 500), (1500, 500)]), LineString([(1000, 0), (1000, 3000)]), LineString([(0, -5), (9, -5)])
    )
    assert coverage.length_within(lines, unit) == pytest.approx(2000)
    assert coverage.length_per_km2(lines, unit) == pytest.approx(1.0)
    assert coverage.length_per_km2(lines, Polygon()) is None


def test_heights_and_dense_plots():
    assert coverage.count_above(np.array([80.0, 80.1, np.nan, 120, 3]), 80) == 2
    # 150, 151 people on a hectare are 15,000 and 15,100 per km².
    dense = coverage.plots_denser_than(np.array([1e4, 1e4, 0, 1e4]), np.array([150, 151, 9, np.nan]), 15_000)
    assert dense.tolist() == [False, True, False, False]


def test_degrees_are_refused():
    with pytest.raises(ValueError, match="projected"):
        coverage.served_land(gpd.GeoSeries([box(112, 35, 113, 36)], crs=4490), series(Point(0, 0)), 500)
