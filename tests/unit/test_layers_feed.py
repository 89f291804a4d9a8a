"""Vector files with a manifest become rows as handed in; what cannot be used says why."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from shapely.geometry import LineString, Point, Polygon

from cityhealth.errors import IncompleteTransfer, UnreadableFile
from cityhealth.feeds.layers import LayersFeed
from cityhealth.landing import LandingZone
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.spatial.datum import shift_geometry
from layer_files import as_format, cell, geojson, geopackage, manifest, zipped_shapefile

JUNE_8 = datetime(2021, 6, 8, 9, tzinfo=CITY_TIMEZONE)
PARKS = gpd.GeoDataFrame({"名称": ["泽州公园", "白马寺"], "树": [3, 4]}, geometry=[cell(0), cell(1)], crs=4490)


class Desk:
    """Where files come in, and what the feed makes of them."""

    def __init__(self, home: Path) -> None:
        self.landing = LandingZone(str(home / "landing"))
        self.areas = home / "areas.gpkg"
        self.feed = LayersFeed(self.landing, self.areas)

    def rows(self, data: bytes, filename: str, *attachments: tuple[str, bytes]) -> list[dict[str, Any]]:
        arrival = self.landing.land(data, feed="layers", filename=filename, received_at=JUNE_8, attachments=attachments)
        rows = self.feed.read(self.landing.read(arrival), arrival).to_pylist()
        return [row | {"attributes": json.loads(row["attributes"])} for row in rows]

    def refusal(self, data: bytes, filename: str, *attachments: tuple[str, bytes]) -> UnreadableFile:
        with pytest.raises(UnreadableFile) as caught:
            self.rows(data, filename, *attachments)
        return caught.value


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_layer_has_a_row_that_says_what_it_is_and_then_its_features_as_handed_in(desk: Desk) -> None:
    rows = desk.rows(geopackage({"公园": PARKS}), "公园.gpkg", manifest(fields={"persons": "人口"}, synthetic=True))
    assert [(row["line_no"], row["layer"], row["row_kind"], row["feature_no"]) for row in rows] == [
        (1, "公园", "layer", None), (2, "公园", "feature", 1), (3, "公园", "feature", 2),
    ]  # fmt: skip
    assert rows[0]["attributes"] == {
        "kind": "park", "crs": "EPSG:4490", "crs_from": "file", "datum": "cgcs2000", "date": "2021-05-31",
        "source": "园林局普查", "licence": "政务共享", "encoding": "UTF-8", "fields": {"persons": "人口"},
        "synthetic": True, "features": 2,
    }  # fmt: skip
    assert rows[1]["attributes"] == {"名称": "泽州公园", "树": 3}
    assert rows[0]["geometry"] is None and shapely.from_wkb(rows[2]["geometry"]).equals(cell(1))


@pytest.mark.parametrize(
    ("data", "filename"),
    [
        (as_format(PARKS, "GeoJSON", "geojson"), "a.geojson"),
        (b"\xef\xbb\xbf" + as_format(PARKS, "GeoJSON", "geojson"), "a.json"),
        (zipped_shapefile(PARKS), "a.zip"),
        (zipped_shapefile(PARKS, without=(".cpg",), encoding="GB18030"), "a.zip"),
        (zipped_shapefile(PARKS, without=(".prj", ".shx")), "a.zip"),
        (as_format(PARKS, "FlatGeobuf", "fgb", SPATIAL_INDEX="NO"), "a.fgb"),
        (as_format(PARKS.to_crs(4326), "KML", "kml"), "a.kml"),
    ],
    ids=["geojson", "geojson with a mark", "shapefile", "shapefile in GB18030", "bare shapefile", "flatgeobuf", "kml"],
)
def test_every_format_gives_the_same_shapes_and_names(desk: Desk, data: bytes, filename: str) -> None:
    rows = desk.rows(data, filename, manifest(crs="EPSG:4490"))
    assert [row["row_kind"] for row in rows] == ["layer", "feature", "feature"]
    assert [row["attributes"]["名称"] for row in rows[1:]] == ["泽州公园", "白马寺"]
    for number, row in enumerate(rows[1:]):
        shape = shapely.force_2d(shapely.from_wkb(row["geometry"]))
        assert shape.symmetric_difference(cell(number)).area < 1e-12


def test_a_drawing_gives_its_lines(desk: Desk) -> None:
    drawn = gpd.GeoDataFrame(geometry=[LineString([(500000, 3930000), (500100, 3930000)])])
    layer, line = desk.rows(as_format(drawn, "DXF", "dxf"), "路.dxf", manifest(kind="road", crs="EPSG:4546"))
    assert layer["attributes"]["crs"] == "EPSG:4546"
    assert shapely.from_wkb(line["geometry"]).length == pytest.approx(100)


def test_the_manifests_reference_system_overrules_the_files_and_without_both_the_layer_says_so(desk: Desk) -> None:
    bare = zipped_shapefile(PARKS, without=(".prj",))
    told = desk.rows(geopackage({"a": PARKS}), "a.gpkg", manifest(crs="EPSG:4326"))[0]["attributes"]
    silent = desk.rows(bare, "a.zip", manifest())[0]["attributes"]
    assert (told["crs"], told["crs_from"]) == ("EPSG:4326", "manifest")
    assert (silent["crs"], silent["crs_from"]) == (None, None)


def test_what_the_file_says_is_kept_beside_what_the_manifest_says_and_geojson_may_say_nothing(desk: Desk) -> None:
    told = manifest(crs="EPSG:4546")
    assert desk.rows(geopackage({"a": PARKS}), "a.gpkg", told)[0]["attributes"]["file_crs"] == "EPSG:4490"
    assert (
        "file_crs"
        not in desk.rows(geojson([(shapely.geometry.mapping(cell(0)), {})]), "a.geojson", told)[0]["attributes"]
    )
    assert "file_crs" not in desk.rows(geopackage({"a": PARKS}), "a.gpkg", manifest())[0]["attributes"]


def test_one_kind_for_several_layers_is_kept_with_the_names_of_all(desk: Desk) -> None:
    rows = desk.rows(geopackage({"公园": PARKS, "绿道": PARKS}), "a.gpkg", manifest(kind="park"))
    said = [row["attributes"]["layers"] for row in rows if row["row_kind"] == "layer"]
    assert said == [["公园", "绿道"]] * 2


def test_a_reference_system_without_an_epsg_code_is_kept_as_wkt(desk: Desk) -> None:
    layer = desk.rows(geopackage({"a": PARKS}), "a.gpkg", manifest(crs="中国 Albers"))[0]["attributes"]
    assert layer["crs"].startswith("PROJCRS[")


def test_kinds_are_given_by_the_layers_names_and_a_layer_may_have_none(desk: Desk) -> None:
    points = PARKS.set_geometry([Point(112.8, 35.5), Point(112.9, 35.5)])
    data = geopackage({"公园": PARKS, "点": points})
    rows = desk.rows(data, "a.gpkg", manifest(kind={"公园": "park"}))
    layers = [row for row in rows if row["row_kind"] == "layer"]
    assert [(row["line_no"], row["attributes"]["kind"]) for row in layers] == [(1, "park"), (4, None)]


def test_nested_attributes_are_json_and_absent_ones_null_and_a_nul_is_marked(desk: Desk) -> None:
    shape = shapely.geometry.mapping(cell(0))
    data = geojson([(shape, {"a": {"b": [1, "城"]}, "n": 1.5, "t": "a\0b"}), (None, {"a": None, "n": None})])
    _, first, second = desk.rows(data, "a.geojson", manifest())
    assert json.loads(first["attributes"]["a"]) == {"b": [1, "城"]}
    assert first["attributes"]["n"] == 1.5 and "\0" not in first["attributes"]["t"]
    assert second["geometry"] is None and second["attributes"] == {"a": None, "n": None, "t": None}


def test_files_of_one_name_in_one_archive_are_layers_of_two_names(desk: Desk) -> None:

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for folder in ("东", "西"):
            archive.writestr(f"{folder}/公园.geojson", as_format(PARKS, "GeoJSON", "geojson"))
    rows = desk.rows(packed.getvalue(), "a.zip", manifest())
    assert [row["layer"] for row in rows if row["row_kind"] == "layer"] == ["公园", "公园 (2)"]


def test_without_a_manifest_the_message_says_what_one_must_state(desk: Desk) -> None:
    refusal = desk.refusal(geopackage({"a": PARKS}), "a.gpkg", ("现场.pdf", b"%PDF"))
    assert refusal.code == "no_manifest" and refusal.place.file == "a.gpkg"
    for field in ("kind", "datum", "date", "source", "licence", "crs"):
        assert field in refusal.message
    assert "像是" not in refusal.message


@pytest.mark.parametrize(("datum", "proposed"), [("gcj02", "gcj02"), ("bd09", "bd09"), ("wgs84", "cgcs2000")])
def test_the_datum_that_fits_the_citys_boundaries_is_proposed_and_never_taken(
    desk: Desk, datum: str, proposed: str
) -> None:
    write_areas(desk.areas)
    moved = CITY.set_geometry(shift_geometry(CITY.geometry, "cgcs2000", datum))
    refusal = desk.refusal(geopackage({"a": moved}), "a.gpkg")
    assert refusal.code == "no_manifest" and f"像是 {proposed}" in refusal.message


def test_boundaries_that_lie_along_none_of_the_citys_get_no_proposal(desk: Desk) -> None:
    write_areas(desk.areas)
    assert "不能判断坐标基准" in desk.refusal(geopackage({"a": PARKS}), "a.gpkg").message
    points = PARKS.set_geometry(PARKS.centroid)
    assert "基准像是" not in desk.refusal(geopackage({"a": points}), "a.gpkg").message


def test_a_broken_manifest_or_two_of_them_are_refused_by_name(desk: Desk) -> None:
    data = geopackage({"a": PARKS})
    broken = desk.refusal(data, "a.gpkg", manifest(date=None))
    two = desk.refusal(data, "a.gpkg", manifest(), ("另一份.json", b"{}"))
    assert (broken.code, broken.place.file) == ("manifest_invalid", "说明.yml") and "date" in broken.message
    assert two.code == "many_manifests" and "另一份.json" in two.message


def test_what_is_no_vector_file_is_refused_by_its_own_name(desk: Desk) -> None:
    refusal = desk.refusal(b"%PDF-1.7", "a.pdf", manifest())
    assert (refusal.code, refusal.place.file) == ("unsupported_format", "a.pdf")


def test_a_manifest_that_is_not_there_yet_may_come_later(desk: Desk) -> None:
    data = geopackage({"a": PARKS})
    arrival = desk.landing.land(data, feed="layers", filename="a.gpkg", received_at=JUNE_8, attachments=[manifest()])
    digest = arrival.attachments[0].sha256
    next((desk.areas.parent / "landing").rglob(digest)).unlink()
    with pytest.raises(IncompleteTransfer):
        desk.feed.read(data, arrival)


CITY = gpd.GeoDataFrame(
    {"code": ["140500"], "name_zh": ["晋城市"], "level": ["city"], "valid_from": [None]},
    geometry=[Polygon([(112.6, 35.3), (113.0, 35.32), (113.05, 35.7), (112.8, 35.8), (112.58, 35.65)])],
    crs=4490,
)


def write_areas(path: Path) -> None:
    path.write_bytes(geopackage({"areas": CITY}))
