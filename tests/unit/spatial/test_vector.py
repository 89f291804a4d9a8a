"""Vector files as departments send them, and as nobody should."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import stat
import zipfile
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from shapely.geometry import LineString, Point, box

from cityhealth.errors import UnreadableFile
from cityhealth.settings import PROJECT_ROOT
from cityhealth.spatial.vector import LIMITS, read_layers

DATA = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))
real_data = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="no open data files in CITYHEALTH_REAL_DATA"),
]
SQUARES = gpd.GeoDataFrame({"名称": ["泽州公园", "白马寺"]}, geometry=[box(0, 0, 1, 1), box(2, 0, 3, 1)], crs=4490)


def bytes_as(tmp_path: Path, frame: gpd.GeoDataFrame, driver: str, ending: str) -> bytes:
    path = tmp_path / f"made.{ending}"
    pyogrio.write_dataframe(frame, path, driver=driver)
    return path.read_bytes()


def shapefile_parts(tmp_path: Path, encoding: str) -> dict[str, bytes]:
    pyogrio.write_dataframe(SQUARES, tmp_path / "made.shp", driver="ESRI Shapefile", encoding=encoding)
    return {part.suffix: part.read_bytes() for part in tmp_path.glob("made.*")}


def zipped(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def refusal(data: bytes, filename: str = "图层", **options) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read_layers(data, filename, **options)
    assert caught.value.place.file == filename
    return caught.value.code


def test_a_geopackage_has_all_its_layers(tmp_path):
    path = tmp_path / "两层.gpkg"
    pyogrio.write_dataframe(SQUARES, path, layer="公园")
    pyogrio.write_dataframe(SQUARES.set_geometry(SQUARES.centroid), path, layer="点", append=True)
    layers = {layer.name: layer for layer in read_layers(path.read_bytes(), "两层.gpkg")}
    assert list(layers) == ["公园", "点"]
    assert layers["公园"].frame["名称"].tolist() == ["泽州公园", "白马寺"]
    assert layers["公园"].crs.to_epsg() == 4490 and layers["公园"].frame.area.tolist() == [1, 1]
    assert layers["点"].frame.geom_type.unique().tolist() == ["Point"]


def test_geojson_with_a_mark_keeps_nested_attributes_as_text():
    features = [
        {"a": {"b": [1, "城"]}, "n": 1, "code": "007", "l": ["x", "y"]},
        {"a": None, "n": None, "code": None, "l": None},
    ]
    content = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": p, "geometry": {"type": "Point", "coordinates": [112.8, 35.5]}}
            for p in features
        ],
    }
    (layer,) = read_layers(b"\xef\xbb\xbf" + json.dumps(content).encode(), "设施.geojson")
    assert layer.name == "设施"
    assert json.loads(layer.frame["a"][0]) == {"b": [1, "城"]} and isinstance(layer.frame["a"][0], str)
    assert json.loads(layer.frame["l"][0]) == ["x", "y"]
    assert layer.frame["n"][0] == 1 and layer.frame["n"].isna().tolist() == [False, True]
    assert str(layer.frame["n"].dtype) == "Int32"
    assert layer.frame["code"][0] == "007"


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
@pytest.mark.parametrize("missing", [(), (".cpg",), (".cpg", ".shx", ".prj")])
def test_a_zipped_shapefile_is_read_whatever_its_encoding_and_missing_parts(tmp_path, encoding, missing):
    parts = {f"数据/公园{end}": c for end, c in shapefile_parts(tmp_path, encoding).items() if end not in missing}
    (layer,) = read_layers(zipped(parts), "公园.zip")
    assert layer.name == "公园"
    assert layer.frame["名称"].tolist() == ["泽州公园", "白马寺"]
    assert layer.frame.area.tolist() == [1, 1]
    assert (layer.crs is None) == (".prj" in missing)


def test_a_wrong_cpg_is_overruled_by_the_text(tmp_path):
    parts = {f"a{end}": content for end, content in shapefile_parts(tmp_path, "GBK").items()}
    (layer,) = read_layers(zipped({**parts, "a.cpg": b"UTF-8"}), "a.zip")
    assert layer.frame["名称"].tolist() == ["泽州公园", "白马寺"] and layer.encoding == "GB18030"
    assert refusal(zipped(parts), encoding="UTF-8") == "undecodable"


def test_names_in_an_archive_of_chinese_windows(tmp_path):
    parts = shapefile_parts(tmp_path, "GBK")
    # ASCII letters of the same length are replaced by the GBK bytes that Windows would have stored.
    data = zipped({f"abcd{end}": content for end, content in parts.items()}).replace(b"abcd", "公园".encode("gbk"))
    assert [layer.name for layer in read_layers(data, "x.zip")] == ["公园"]


def test_what_the_sender_says_of_the_crs_overrules_the_file(tmp_path):
    data = bytes_as(tmp_path, SQUARES, "GPKG", "gpkg")
    (layer,) = read_layers(data, "a.gpkg", crs=4547)
    assert layer.crs.to_epsg() == layer.frame.crs.to_epsg() == 4547
    assert layer.frame.total_bounds.tolist() == [0, 0, 3, 1]


@pytest.mark.parametrize(("driver", "ending"), [("FlatGeobuf", "fgb"), ("KML", "kml"), ("DXF", "dxf")])
def test_other_formats_keep_their_shapes(tmp_path, driver, ending):
    lines = gpd.GeoDataFrame(geometry=[LineString([(0, 0), (3, 4)]), LineString([(1, 1), (1, 2)])], crs=4326)
    (layer,) = read_layers(bytes_as(tmp_path, lines, driver, ending), f"路.{ending}")
    assert sorted(layer.frame.length.round(9)) == [1, 5]
    assert (layer.crs is None) == (driver == "DXF")


@pytest.mark.parametrize(
    ("driver", "ending"), [("GPKG", "gpkg"), ("FlatGeobuf", "fgb"), ("KML", "kml"), ("DXF", "dxf")]
)
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_truncated_file_is_damaged(tmp_path, driver, ending, share):
    points = gpd.GeoDataFrame(geometry=[Point(n, n) for n in range(2000)], crs=4326)
    data = bytes_as(tmp_path, points, driver, ending)
    assert refusal(data[: int(len(data) * share)]) == "damaged"


def test_truncated_geojson_and_shapefile_are_damaged(tmp_path):
    data = bytes_as(tmp_path, SQUARES, "GeoJSON", "geojson")
    assert refusal(data[:-20]) == "damaged"
    parts = shapefile_parts(tmp_path, "GBK")
    for end in (".shp", ".dbf"):
        cut = {f"a{e}": content[:-30] if e == end else content for e, content in parts.items()}
        assert refusal(zipped(cut)) == "damaged"


@pytest.mark.parametrize("name", ["../a.shp", "/a.shp", "C:\\a.shp", "x\\..\\..\\a.shp", "../说明.txt"])
def test_an_archive_that_leads_outside_is_refused(tmp_path, name):
    parts = {f"a{end}": content for end, content in shapefile_parts(tmp_path, "GBK").items()}
    assert refusal(zipped({**parts, name: parts["a.shp"]})) == "unsafe_archive"


def test_links_and_bombs_are_refused(tmp_path):
    link = zipfile.ZipInfo("a.shp")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert refusal(packed.getvalue()) == "unsafe_archive"
    assert refusal(zipped({f"{n}.txt": b"" for n in range(LIMITS.entries + 1)})) == "zip_bomb"
    assert refusal(zipped({"a.shp": bytes(LIMITS.ratio_from + 1)})) == "zip_bomb"


def test_descriptions_of_other_data_are_not_followed(tmp_path):
    other = tmp_path / "other.gpkg"
    pyogrio.write_dataframe(SQUARES, other)
    source = f"<SrcDataSource>{other}</SrcDataSource>"
    vrt = f'<OGRVRTDataSource><OGRVRTLayer name="other">{source}</OGRVRTLayer></OGRVRTDataSource>'
    assert len(pyogrio.list_layers(vrt.encode())) == 1  # GDAL alone would
    assert refusal(vrt.encode(), "a.geojson") == "unsupported_format"
    assert refusal(zipped({"a.kml": vrt.encode()}), "a.zip") == "unsupported_format"
    link = b'<kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink><Link/></NetworkLink></kml>'
    assert refusal(link) == "unsafe_content"
    assert refusal(b'<!DOCTYPE kml [<!ENTITY a "b">]><kml>&a;</kml>') == "unsafe_xml"


def test_a_geopackage_whose_view_calls_gdal_is_refused(tmp_path):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(SQUARES, path)
    with sqlite3.connect(path) as database:
        database.execute("CREATE VIEW v AS SELECT ogr_geocode('x') AS g")
    database.close()
    assert refusal(path.read_bytes()) == "unsafe_content"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"hello", "unsupported_format"),
        (b'{"type": "Catalog", "links": []}', "unsupported_format"),
        (b'{"type": "FeatureCollection", "features": []}', "no_geometry"),
        (
            b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":1},"geometry":null}]}',
            "no_geometry",
        ),
    ],
)
def test_what_is_no_layer_is_refused(data, code):
    assert refusal(data) == code


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), ending=st.sampled_from(["gpkg", "fgb", "geojson"]))
def test_a_changed_byte_is_read_or_refused_but_never_a_crash(tmp_path, place, byte, ending):
    path = tmp_path / f"made.{ending}"
    if not path.exists():
        pyogrio.write_dataframe(SQUARES, path)
    data = bytearray(path.read_bytes())
    data[place % len(data)] = byte
    try:
        assert read_layers(bytes(data), "a")
    except UnreadableFile as refused:
        assert refused.code


@pytest.mark.parametrize("marks", [pytest.param(None, marks=real_data)])
def test_districts_of_two_cities_as_they_are_published(marks):
    def archive(folder: str) -> bytes:
        files = (DATA / "boundaries" / folder).iterdir()
        return zipped({file.name: file.read_bytes() for file in files if file.suffix != ".json"})

    (shanghai,) = read_layers(archive("shanghai"), "shanghai.zip")
    assert shanghai.name == "区县界_area" and len(shanghai.frame) == 17 and shanghai.crs.to_epsg() == 4326
    assert shanghai.frame["NAME"][:3].tolist() == ["宝山区", "杨浦区", "闵行区"]
    (shenzhen,) = read_layers(archive("shenzhen"), "sz.zip")
    (published,) = read_layers((DATA / "boundaries/shenzhen/sz.json").read_bytes(), "sz.json")
    assert shenzhen.crs is None
    assert sorted(shenzhen.frame["qh"]) == sorted(published.frame["qh"])
    assert shenzhen.frame.area.sum() == pytest.approx(published.frame.area.sum(), rel=1e-6)


@pytest.mark.parametrize("marks", [pytest.param(None, marks=real_data)])
def test_an_osm_extract_is_read_whole_or_not_at_all(marks):
    data = (DATA / "las_palmas/example_las_palmas_2023_osm_20230221.pbf").read_bytes()
    layers = {layer.name: layer.frame for layer in read_layers(data, "las_palmas.osm.pbf")}
    assert set(layers) >= {"points", "lines", "multipolygons"}
    assert layers["lines"]["highway"].notna().sum() > 10_000
    assert refusal(data[: len(data) // 2]) == "damaged"
