"""Reference systems as people write them, and areas and lengths beside a geodesic computation."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, strategies as st
from pyproj import CRS, Geod, Transformer
from shapely.geometry import LineString, Point, Polygon, box

from cityhealth.spatial.crs import (
    INSIDE,
    CrsError,
    area_projection,
    areas_m2,
    lengths_m,
    parse_crs,
    plausible,
    same_system,
    to_inside,
)
from cityhealth.spatial.datum import shift

JINCHENG = (111.93, 35.18, 113.62, 36.07)
GEOD = Geod(ellps="GRS80")

CODES = {
    "EPSG:4490": 4490,
    "epsg 32649": 32649,
    "4526": 4526,
    "urn:ogc:def:crs:EPSG::4547": 4547,
    "urn:ogc:def:crs:EPSG:9.8:4490": 4490,
    "urn:ogc:def:crs:OGC:1.3:CRS84": 4326,
    "CGCS2000": 4490,
    "ＣＧＣＳ２０００ 经纬度": 4490,
    "2000国家大地坐标系": 4490,
    "CGCS2000 3度带 38带": 4526,
    "CGCS2000 6度带 19带": 4497,
    "CGCS2000 3度带 中央经线114": 4547,
    "CGCS2000，三度带，中央子午线114°": 4547,
    "CGCS2000 6度带 中央经线111": 4508,
    "CGCS2000 38带": 4526,
    "2000国家大地坐标系，高斯克吕格投影，3度带，第38带，不带带号": 4547,
    "CGCS2000 中央经线114 加带号": 4526,
    "西安80": 4610,
    "西安80 3度带 38带": 2362,
    "北京54 6度带 19带": 21419,
    "1954北京坐标系": 4214,
    "WGS84": 4326,
    "WGS84 UTM 49N": 32649,
    "WGS 84 / UTM zone 49N": 32649,
    "WGS84 UTM 49S": 32749,
}

REFUSED = (
    "",
    "晋城独立坐标系",
    "EPSG:99999",
    "EPSG:5773",
    "CGCS2000 3度带",
    "CGCS2000 高斯克吕格",
    "CGCS2000 3度带 19带",
    "CGCS2000 6度带 38带",
    "CGCS2000 中央经线112",
    "CGCS2000 6度带 中央经线114",
    "CGCS2000 3度带 38带 中央经线111",
    "CGCS2000 UTM 49N",
    "西安80 Albers",
    "WGS84 UTM",
    "WGS84 UTM 61N",
    'GEOGCS["broken',
)

#: A small square, a county, the city, a province; and lines as long.
EXTENTS = {
    "a plot in 城区": (112.85, 35.50, 112.852, 35.502),
    "a county": (112.7, 35.3, 113.2, 35.7),
    "the city": JINCHENG,
    "the province": (110.2, 34.6, 114.6, 40.7),
}


@pytest.mark.parametrize(("text", "code"), CODES.items())
def test_what_people_write_is_the_system_that_they_mean(text: str, code: int) -> None:
    assert parse_crs(text).to_epsg() == code


@pytest.mark.parametrize(
    "code", [*range(4490, 4555), *range(2327, 2391), *range(2401, 2443), *range(21413, 21424), *range(21453, 21464)]
)
def test_every_zone_is_known_by_its_name_and_by_the_wkt_that_esri_writes(code: int) -> None:
    expected = CRS.from_epsg(code)
    assert parse_crs(expected.name).to_epsg() == code
    assert parse_crs(expected.to_wkt("WKT1_ESRI")).to_epsg() == code


@pytest.mark.parametrize("zone", range(25, 46))
def test_a_zone_of_three_degrees_has_its_number_in_the_false_easting(zone: int) -> None:
    with_number = Transformer.from_crs(4490, parse_crs(f"CGCS2000 3度带 {zone}带"), always_xy=True)
    without = Transformer.from_crs(4490, parse_crs(f"CGCS2000 3度带 中央经线{zone * 3}"), always_xy=True)
    assert with_number.transform(zone * 3, 0) == pytest.approx((zone * 1_000_000 + 500_000, 0), abs=1e-6)
    assert without.transform(zone * 3, 0) == pytest.approx((500_000, 0), abs=1e-6)


@pytest.mark.parametrize("zone", range(13, 24))
def test_a_zone_of_six_degrees_has_its_number_in_the_false_easting(zone: int) -> None:
    with_number = Transformer.from_crs(4490, parse_crs(f"CGCS2000 6度带 {zone}带"), always_xy=True)
    without = Transformer.from_crs(4490, parse_crs(f"CGCS2000 6度带 {zone}带 不带带号"), always_xy=True)
    assert with_number.transform(zone * 6 - 3, 0) == pytest.approx((zone * 1_000_000 + 500_000, 0), abs=1e-6)
    assert without.transform(zone * 6 - 3, 0) == pytest.approx((500_000, 0), abs=1e-6)


def test_the_albers_of_china_keeps_areas() -> None:
    square = gpd.GeoSeries([box(112.8, 35.4, 112.9, 35.5)], crs=4490)
    albers = parse_crs("China Albers")
    assert albers.is_projected and square.to_crs(albers).area[0] == pytest.approx(areas_m2(square)[0], rel=1e-5)


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_told_is_refused_by_a_message_that_quotes_it(text: str) -> None:
    with pytest.raises(CrsError, match="坐标系") as refused:
        parse_crs(text)
    assert f"「{text}」" in refused.value.message


@given(st.text(max_size=200))
def test_any_text_is_a_system_or_a_clear_refusal(text: str) -> None:
    try:
        assert isinstance(parse_crs(text), CRS)
    except CrsError as refused:
        assert "坐标系" in refused.message


def _projected(code: int) -> tuple[float, ...]:
    return Transformer.from_crs(4490, code, always_xy=True).transform_bounds(*JINCHENG)


def _turned(bounds: tuple[float, ...]) -> tuple[float, ...]:
    x_min, y_min, x_max, y_max = bounds
    return (y_min, x_min, y_max, x_max)


@pytest.mark.parametrize("code", [4490, 4326, 4526, 4547, 4497, 32649, 3857])
def test_bounds_of_the_city_are_plausible_in_its_systems_and_swapped_ones_are_not(code: int) -> None:
    bounds = JINCHENG if code in (4490, 4326) else _projected(code)
    assert plausible(bounds, CRS.from_epsg(code), JINCHENG) is None
    assert "颠倒" in (plausible(_turned(bounds), CRS.from_epsg(code), JINCHENG) or "")


def test_metres_read_as_degrees_and_degrees_read_as_metres_are_told_apart() -> None:
    assert "像是米" in (plausible(_projected(4547), INSIDE, JINCHENG) or "")
    assert "像是经纬度" in (plausible(JINCHENG, CRS.from_epsg(4547), JINCHENG) or "")


def test_a_zone_number_too_many_or_too_few_is_named() -> None:
    assert "没有带号" in (plausible(_projected(4547), CRS.from_epsg(4526), JINCHENG) or "")
    assert "带有带号 38" in (plausible(_projected(4526), CRS.from_epsg(4547), JINCHENG) or "")


def test_another_city_and_nothing_at_all_are_not_plausible() -> None:
    assert "不在本市" in (plausible((121.0, 31.0, 122.0, 32.0), INSIDE, JINCHENG) or "")
    assert "不在本市" in (plausible(_projected(4547), CRS.from_epsg(4549), JINCHENG) or "")
    assert "没有可用的坐标" in (plausible((np.nan,) * 4, INSIDE, JINCHENG) or "")


def _dense_box(west: float, south: float, east: float, north: float) -> Polygon:
    return box(west, south, east, north).segmentize(0.01)


@pytest.mark.parametrize("extent", EXTENTS.values(), ids=EXTENTS.keys())
def test_areas_are_within_a_thousandth_of_the_geodesic_ones(extent: tuple[float, ...]) -> None:
    west, south, east, north = extent
    shapes = gpd.GeoSeries(
        [_dense_box(*extent), Polygon([(west, south), (east, south), (west, north)]).segmentize(0.01)], crs=INSIDE
    )
    expected = [abs(GEOD.geometry_area_perimeter(shape)[0]) for shape in shapes]
    np.testing.assert_allclose(areas_m2(shapes), expected, rtol=1e-3)
    # No worse where the data are: only the straight edges between vertices differ.
    np.testing.assert_allclose(areas_m2(shapes), expected, rtol=1e-6)


@pytest.mark.parametrize("extent", EXTENTS.values(), ids=EXTENTS.keys())
def test_lengths_are_within_a_thousandth_of_the_geodesic_ones(extent: tuple[float, ...]) -> None:
    west, south, east, north = extent
    lines = gpd.GeoSeries(
        [
            LineString([(west, south), (east, north)]),
            LineString([(west, south), (west, north)]),
            LineString([(west, north), (east, north)]),
            LineString([(west, north), ((west + east) / 2, south), (east, north)]),
        ],
        crs=INSIDE,
    )
    expected = [GEOD.geometry_length(line) for line in lines]
    np.testing.assert_allclose(lengths_m(lines), expected, rtol=1e-3)


def test_a_square_kilometre_drawn_in_metres_is_a_million_square_metres() -> None:
    # 500 m either side of the central meridian of zone 38, where Gauss–Krüger is true to scale.
    square = gpd.GeoSeries([box(499_500, 3_930_000, 500_500, 3_931_000)], crs=4547)
    assert areas_m2(square)[0] == pytest.approx(1_000_000, rel=1e-6)
    assert lengths_m(square)[0] == pytest.approx(4_000, rel=1e-6)


def test_an_l_of_three_squares_and_a_ring_with_a_hole_have_the_areas_of_their_parts() -> None:
    x, y = 499_000, 3_930_000
    corners = [(0, 0), (2000, 0), (2000, 1000), (1000, 1000), (1000, 2000), (0, 2000)]
    ell = Polygon([(x + east, y + north) for east, north in corners])
    ring = Polygon(box(x, y, x + 2000, y + 2000).exterior, [box(x + 500, y + 500, x + 1500, y + 1500).exterior])
    areas = areas_m2(gpd.GeoSeries([ell, ring], crs=4547))
    assert areas.tolist() == [pytest.approx(3_000_000, rel=1e-6), pytest.approx(3_000_000, rel=1e-6)]


def test_a_degree_square_has_the_area_of_the_formula_for_a_zone_of_the_ellipsoid() -> None:
    # Area between two parallels of an ellipsoid: b²Δλ/2 · [sin φ/(1−e²sin²φ) + ln((1+e sin φ)/(1−e sin φ))/2e].
    a, f = 6378137.0, 1 / 298.257222101
    e = np.sqrt(f * (2 - f))

    def zone(latitude: float) -> float:
        s = np.sin(np.radians(latitude))
        return s / (1 - (e * s) ** 2) + np.log((1 + e * s) / (1 - e * s)) / (2 * e)

    expected = (a * (1 - f)) ** 2 * np.radians(1) / 2 * (zone(36) - zone(35))
    # Edges along the parallels need vertices: a straight edge is not a parallel.
    square = gpd.GeoSeries([box(112, 35, 113, 36).segmentize(0.001)], crs=INSIDE)
    assert areas_m2(square)[0] == pytest.approx(expected, rel=1e-6)


def test_missing_and_empty_shapes_measure_nothing_and_disturb_nobody() -> None:
    shapes = gpd.GeoSeries([None, Polygon(), box(112.8, 35.4, 112.9, 35.5)], index=[7, 8, 9], crs=INSIDE)
    areas = areas_m2(shapes)
    assert np.isnan(areas[7]) and areas[8] == 0 and areas[9] > 9e7
    assert areas_m2(gpd.GeoSeries([None, Polygon()], crs=INSIDE)).tolist()[1] == 0
    assert len(lengths_m(gpd.GeoSeries([], crs=INSIDE))) == 0


def test_nothing_is_measured_without_a_system_or_around_metres() -> None:
    with pytest.raises(CrsError, match="坐标系"):
        areas_m2(gpd.GeoSeries([box(0, 0, 1, 1)]))
    with pytest.raises(CrsError, match="经纬度"):
        area_projection((482_345.0, 3_931_244.0, 483_000.0, 3_932_000.0))


def test_each_way_in_ends_at_the_same_point() -> None:
    lon, lat = 112.8514, 35.4908
    handed_in = {
        ("EPSG:4490", "cgcs2000"): (lon, lat),
        ("EPSG:4326", "wgs84"): (lon, lat),
        ("EPSG:4326", "gcj02"): tuple(shift(np.array([[lon, lat]]), "wgs84", "gcj02")[0]),
        ("EPSG:4326", "bd09"): tuple(shift(np.array([[lon, lat]]), "wgs84", "bd09")[0]),
    }
    for text in ("CGCS2000 3度带 38带", "CGCS2000 6度带 19带", "CGCS2000 中央经线114", "WGS84 UTM 49N", "China Albers"):
        there = Transformer.from_crs(INSIDE, parse_crs(text), always_xy=True)
        handed_in[text, "cgcs2000"] = there.transform(lon, lat)
    for (text, datum), point in handed_in.items():
        inside = to_inside(gpd.GeoDataFrame({"name": ["点"]}, geometry=[Point(point)]), parse_crs(text), datum)
        assert inside.crs == INSIDE and inside["name"].tolist() == ["点"]
        assert inside.geometry[0].coords[0] == pytest.approx((lon, lat), abs=1e-8), (text, datum)


def test_a_shifted_datum_in_metres_and_an_old_datum_are_refused() -> None:
    frame = gpd.GeoDataFrame(geometry=[Point(500_000, 3_930_000)])
    with pytest.raises(CrsError, match="gcj02"):
        to_inside(frame, CRS.from_epsg(4547), "gcj02")
    for text in ("西安80 3度带 38带", "北京54 6度带 19带", "北京54", CRS.from_epsg(2362).to_wkt("WKT1_ESRI")):
        with pytest.raises(CrsError, match="七参数"):
            to_inside(frame, parse_crs(text), "cgcs2000")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (4490, 4490, True), (4490, 4326, True), (4490, 4610, False), (4490, 4214, False), (4610, 4214, False),
        (4546, 4547, False), (4546, 2382, False), (4546, 4525, False), (4546, 4490, False), (3857, 32649, False),
        (4214, 4555, False), (4490, 4480, True),
    ],
)  # fmt: skip
def test_systems_are_the_same_where_a_coordinate_is_the_same_place(one: int, other: int, same: bool) -> None:
    assert same_system(CRS.from_epsg(one), CRS.from_epsg(other)) is same
    assert same_system(CRS.from_epsg(other), CRS.from_epsg(one)) is same
    esri = CRS.from_wkt(CRS.from_epsg(other).to_wkt("WKT1_ESRI"))
    assert same_system(CRS.from_epsg(one), esri) is same
