"""Datum shifts over arrays, beside a library that computes them point by point."""

from __future__ import annotations

import geocoordinates_ffi as peer
import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, strategies as st
from shapely.geometry import LineString, Point, Polygon

from cityhealth.errors import CityHealthError
from cityhealth.spatial.datum import DATUMS, shift, shift_geometry

#: What every library publishes for 天安门: WGS-84, GCJ-02, BD-09.
LON, LAT = 116.404, 39.915

PEERS = {
    ("wgs84", "gcj02"): lambda lon, lat: peer.wgs84_to_gcj02(peer.Wgs84(lat=lat, lon=lon)),
    ("wgs84", "bd09"): lambda lon, lat: peer.wgs84_to_bd09(peer.Wgs84(lat=lat, lon=lon)),
    ("gcj02", "bd09"): lambda lon, lat: peer.gcj02_to_bd09(peer.Gcj02(lat=lat, lon=lon)),
    ("gcj02", "wgs84"): lambda lon, lat: peer.gcj02_to_wgs84_refined(peer.Gcj02(lat=lat, lon=lon)),
    ("bd09", "gcj02"): lambda lon, lat: peer.bd09_to_gcj02_refined(peer.Bd09(lat=lat, lon=lon)),
    ("bd09", "wgs84"): lambda lon, lat: peer.bd09_to_wgs84_refined(peer.Bd09(lat=lat, lon=lon)),
}

#: The way back of the peer stops after a fixed number of rounds; the way there is the same formula.
AGREEMENT = {"there": 1e-12, "back": 1e-8}

longitudes = st.floats(73.5, 135.0)
latitudes = st.floats(3.0, 53.5)


def _by_peer(points: np.ndarray, source: str, target: str) -> np.ndarray:
    found = (PEERS[source, target](float(lon), float(lat)) for lon, lat in points)
    return np.array([(point.lon, point.lat) for point in found])


def _grid() -> np.ndarray:
    lon, lat = np.meshgrid(np.linspace(73.5, 135.0, 62), np.linspace(3.0, 53.5, 51))
    return np.column_stack([lon.ravel(), lat.ravel()])


def _direction(source: str, target: str) -> str:
    return "there" if DATUMS.index(source) < DATUMS.index(target) else "back"


@pytest.mark.parametrize(("source", "target"), PEERS)
def test_a_grid_over_china_is_shifted_as_the_point_by_point_library_does(source: str, target: str) -> None:
    points = _grid()
    expected = _by_peer(points, source, target)
    tolerance = AGREEMENT[_direction(source, target)]
    np.testing.assert_allclose(shift(points, source, target), expected, rtol=0, atol=tolerance)
    assert np.abs(expected - points).max() > 1e-3


@pytest.mark.parametrize(("source", "target"), PEERS)
def test_thousands_of_random_points_are_shifted_as_the_library_does(source: str, target: str) -> None:
    random = np.random.default_rng(2021)
    points = np.column_stack([random.uniform(73.5, 135.0, 5000), random.uniform(3.0, 53.5, 5000)])
    tolerance = AGREEMENT[_direction(source, target)]
    np.testing.assert_allclose(shift(points, source, target), _by_peer(points, source, target), rtol=0, atol=tolerance)


@given(st.lists(st.tuples(longitudes, latitudes), min_size=1, max_size=50))
def test_there_and_back_is_where_one_was(points: list[tuple[float, float]]) -> None:
    given_points = np.array(points)
    for source in DATUMS:
        for target in DATUMS:
            again = shift(shift(given_points, source, target), target, source)
            np.testing.assert_allclose(again, given_points, rtol=0, atol=1e-9)


@given(st.tuples(st.floats(-180, 180), st.floats(-89, 89)))
def test_the_way_back_settles_wherever_on_earth_a_point_is(point: tuple[float, float]) -> None:
    back = shift(np.array([point]), "bd09", "wgs84")
    assert np.abs(back - np.array([point])).max() < 0.1


def test_outside_china_gcj_is_wgs() -> None:
    points = np.array([[2.35, 48.85], [-74.0, 40.7], [137.9, 36.0], [112.0, 0.8]])
    np.testing.assert_array_equal(shift(points, "wgs84", "gcj02"), points)
    np.testing.assert_array_equal(shift(points, "gcj02", "cgcs2000"), points)


def test_cgcs2000_is_taken_for_wgs84() -> None:
    points = np.array([[LON, LAT]])
    np.testing.assert_array_equal(shift(points, "wgs84", "cgcs2000"), points)
    np.testing.assert_array_equal(shift(points, "cgcs2000", "bd09"), shift(points, "wgs84", "bd09"))


def test_the_published_example_of_tiananmen_is_met() -> None:
    moved = shift(np.array([[LON, LAT]]), "gcj02", "bd09")
    np.testing.assert_allclose(moved, [[116.41036949371029, 39.92133699351021]], atol=1e-12)
    moved = shift(np.array([[LON, LAT]]), "wgs84", "gcj02")
    np.testing.assert_allclose(moved, [[116.41024449916938, 39.91640428150164]], atol=1e-12)


def test_a_million_points_come_back() -> None:
    random = np.random.default_rng(1405)
    points = np.column_stack([random.uniform(73.5, 135.0, 1_000_000), random.uniform(3.0, 53.5, 1_000_000)])
    again = shift(shift(points, "wgs84", "bd09"), "bd09", "wgs84")
    assert np.abs(again - points).max() < 1e-9


def test_what_is_no_number_stays_and_the_input_is_not_written_to() -> None:
    points = np.array([[np.nan, 35.0], [112.8, np.inf], [112.8, 35.5]])
    before = points.copy()
    moved = shift(points, "bd09", "wgs84")
    np.testing.assert_array_equal(points, before)
    np.testing.assert_array_equal(moved[:2], before[:2])
    assert moved[2, 0] < 112.8
    assert shift(np.empty((0, 2)), "bd09", "wgs84").shape == (0, 2)


def test_metres_that_pass_for_degrees_do_not_go_on_for_ever() -> None:
    with pytest.raises(CityHealthError, match="经纬度"):
        shift(np.array([[38_482_345.0, 3_931_244.0]]), "bd09", "gcj02")


def test_an_unknown_datum_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="xian80"):
        shift(np.array([[112.8, 35.5]]), "xian80", "wgs84")


def test_shapes_keep_their_heights_their_index_and_their_gaps() -> None:
    shapes = gpd.GeoSeries(
        [Point(112.8, 35.5, 740.0), None, Polygon(), LineString([(112.8, 35.5), (112.9, 35.6)])], index=[4, 3, 2, 1]
    )
    moved = shift_geometry(shapes, "wgs84", "gcj02")
    expected = peer.wgs84_to_gcj02(peer.Wgs84(lat=35.5, lon=112.8))
    assert list(moved.index) == [4, 3, 2, 1] and moved.crs.to_epsg() == 4490
    assert shapely.get_coordinates(moved[4], include_z=True).tolist() == [
        [pytest.approx(expected.lon, abs=1e-12), pytest.approx(expected.lat, abs=1e-12), 740.0]
    ]
    assert moved[3] is None and moved[2].is_empty
    assert not moved[1].has_z and moved[1].coords[0] == pytest.approx((expected.lon, expected.lat), abs=1e-12)
