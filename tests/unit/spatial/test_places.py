"""Tables of places become points; what has no coordinate stays, and the datum is told by the districts stated."""

from __future__ import annotations

import io

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely
from hypothesis import given, settings, strategies as st

from cityhealth.errors import UnreadableFile
from cityhealth.spatial.attributes import read_attribute
from cityhealth.spatial.crs import CrsError
from cityhealth.spatial.datum import shift
from cityhealth.spatial.reference import HYPOTHESES, propose_datum_of_places
from cityhealth.spatial.vector import read_layers

SHOPS = "名称,经度,纬度,类别\n开发区便利店,112.851,35.497,购物\n凤台超市,112.860,35.501,购物\n"


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("data", "told", "encoding"),
    [
        (SHOPS.encode(), None, "UTF-8"),
        (SHOPS.encode("utf-8-sig"), None, "UTF-8"),
        (SHOPS.encode("gb18030"), None, "GB18030"),
        (SHOPS.encode("gbk"), "GBK", "GBK"),
        (SHOPS.replace(",", "\t").encode("utf-16"), None, "UTF-16"),
    ],
)
def test_a_table_of_places_is_a_layer_of_points_named_after_the_file(data, told, encoding):
    (layer,) = read_layers(data, "便利店.csv", encoding=told)
    assert (layer.name, layer.crs.to_epsg(), layer.own_crs, layer.encoding) == ("便利店", 4326, None, encoding)
    assert list(layer.frame.columns) == ["名称", "类别", "geometry"]
    assert layer.frame["名称"].tolist() == ["开发区便利店", "凤台超市"]
    assert [(p.x, p.y) for p in layer.frame.geometry] == [(112.851, 35.497), (112.860, 35.501)]
    assert read_layers(data, "便利店.csv", "EPSG:4490", told)[0].crs.to_epsg() == 4490


@pytest.mark.parametrize("heads", ["lon,lat", "lng,LAT", "Longitude,latitude", "经度（°）,纬度（°）", "long,Lat (deg)"])
def test_the_columns_are_known_by_the_names_that_are_in_use(heads):
    (layer,) = read_layers(f"id,{heads}\n1,112.8,35.5\n".encode(), "a.csv")
    assert layer.frame.geometry.iloc[0].coords[0] == (112.8, 35.5)


def test_each_sheet_of_a_workbook_that_has_coordinates_is_a_layer_and_a_title_may_stand_above():
    heads = ["名称", "经度", "纬度"]
    data = workbook(
        医院=[["医院一览表"], heads, ["市医院", 112.85, 35.5]],
        说明=[["按 2020 年底"]],
        超市=[heads, ["甲", "112.86", "35.51"]],
    )
    layers = read_layers(data, "点位.xlsx")
    assert [(layer.name, len(layer.frame)) for layer in layers] == [("医院", 1), ("超市", 1)]
    assert layers[0].frame.geometry.iloc[0].coords[0] == (112.85, 35.5)


@pytest.mark.parametrize(
    ("lon", "lat"),
    [("", "35.5"), ("112.8", ""), ("不详", "35.5"), ("nan", "35.5"), ("inf", "35.5"), ("0", "0.0"), ("112,8", "35.5")],
)
def test_a_row_without_a_usable_coordinate_stays_and_shows_what_stood_there(lon, lat):
    text = f'name,lon,lat\n甲,112.8,35.5\n乙,"{lon}",{lat}\n'
    (layer,) = read_layers(text.encode(), "a.csv")
    assert layer.frame["name"].tolist() == ["甲", "乙"] and layer.frame.geometry.isna().tolist() == [False, True]
    assert layer.frame["lon"].tolist() == [None, lon or None] and layer.frame["lat"].tolist() == [None, lat or None]


@pytest.mark.parametrize("text", ["112.8°", "E112.8", "东经112.8度", "112.8E", "１１２．８", "1.128E+2"])
def test_degrees_are_read_as_people_and_programs_write_them(text):
    (layer,) = read_layers(f"lon,lat\n{text},35.5\n".encode(), "a.csv")
    assert layer.frame.geometry.iloc[0].x == pytest.approx(112.8)


def test_columns_of_one_name_without_a_name_and_called_geometry_are_kept_apart():
    (layer,) = read_layers(b"a,a,geometry,lon,lat,\n1,2,3,112.8,35.5,6\n", "a.csv")
    attributes = layer.frame.drop(columns="geometry").iloc[0].to_dict()
    assert attributes == {"a": "1", "a (2)": "2", "geometry (2)": "3", "F 列": "6"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"name,x,y\na,1,2\n", "unsupported_format"),
        (b"lon,lng,lat\n1,2,3\n", "unsupported_format"),
        (b"lon,lat\n", "no_geometry"),
        ("lon,lat\n未知,未知\n".encode(), "no_geometry"),
        (workbook(a=[["名称"], ["甲"]]), "unsupported_format"),
        (workbook(a=[["lon", "lat"], [112.8, 35.5]])[:-40], "damaged"),
    ],
    ids=["other columns", "two of longitudes", "only heads", "no coordinates", "a workbook without", "a cut workbook"],
)
def test_what_is_no_table_of_places_is_refused(data, code):
    with pytest.raises(UnreadableFile) as caught:
        read_layers(data, "表.xlsx")
    assert caught.value.code == code


_fields = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_fields, _fields, _fields), max_size=6))
def test_every_row_with_anything_in_it_is_a_feature_whatever_stands_there(rows):
    quoted = [",".join('"' + field.replace('"', '""') + '"' for field in row) for row in rows]
    text = "\n".join(["name,lon,lat", "first,112.8,35.5", *quoted]) + "\n"
    (layer,) = read_layers(text.encode(), "a.csv")
    assert len(layer.frame) == 1 + sum(any(field.strip() for field in row) for row in rows)
    points = layer.frame.geometry.dropna()
    assert np.isfinite(shapely.get_coordinates(points.to_numpy())).all() and len(points) >= 1


@pytest.mark.parametrize(
    ("text", "value", "told"),
    [
        ("医疗保健服务;综合医院;三级甲等医院", 3, None),
        ("医疗保健服务;综合医院;二级医院|医疗保健服务;专科医院;专科医院", 2, None),
        ("三级", 3, None),
        ("综合医院;三级甲等医院|专科医院;二级医院", None, "写了几个等级"),
        ("医疗保健服务;综合医院;综合医院", None, "应为 三级、二级、一级 或 3、2、1"),
    ],
)
def test_the_category_of_a_map_tells_a_hospitals_grade(text, value, told):
    read = read_attribute("grade", text, lambda name: (name, None))
    assert (read.value, read.problem_zh) == (value, told)


#: Two districts side by side, and a river of places on both sides of their border.
DISTRICTS = gpd.GeoDataFrame(
    {"code": ["1", "2"], "name_zh": ["东区", "西区"]},
    geometry=[shapely.box(112.8, 35.4, 113.0, 35.6), shapely.box(112.6, 35.4, 112.8, 35.6)],
    crs=4490,
)


def placed(datum: str, spread: float = 0.02, count: int = 400) -> tuple[gpd.GeoSeries, list[str]]:
    random = np.random.default_rng(7)
    true = np.column_stack([112.8 + random.uniform(-spread, spread, count), random.uniform(35.45, 35.55, count)])
    names = ["东区" if lon > 112.8 else "2" for lon in true[:, 0]]
    return gpd.GeoSeries(gpd.points_from_xy(*shift(true, "cgcs2000", datum).T)), names


@pytest.mark.parametrize("datum", HYPOTHESES)
def test_the_datum_of_places_is_that_under_which_they_lie_in_the_districts_that_they_state(datum):
    points, names = placed(datum)
    proposal = propose_datum_of_places(points, names, DISTRICTS)
    assert (proposal.datum, proposal.places) == (datum, 400)
    assert proposal.shares[datum] == 1 and proposal.distances_m[datum] == 0
    # 0.02 degrees are 1,800 m, and the shifts are 450 m and more to the east: a tenth and more changes sides.
    assert all(0.5 < proposal.shares[other] < 0.95 for other in HYPOTHESES if other != datum)
    assert all(50 < proposal.distances_m[other] < 1200 for other in HYPOTHESES if other != datum)


def test_nothing_is_proposed_where_no_place_is_near_a_border_or_the_names_are_others():
    points, names = placed("gcj02")
    far = gpd.GeoSeries(gpd.points_from_xy([112.9] * 50, np.linspace(35.45, 35.55, 50)))
    assert propose_datum_of_places(far, ["东区"] * 50, DISTRICTS).datum is None
    turned = ["西区" if name == "东区" else "东区" for name in names]
    assert propose_datum_of_places(points, turned, DISTRICTS).datum is None
    few = propose_datum_of_places(points[:40], names[:40], DISTRICTS)
    assert few.places == 40 and few.datum is None


def test_places_without_a_point_or_a_district_do_not_count():
    points, names = placed("bd09")
    more = gpd.GeoSeries([*points, None, shapely.Point(), shapely.Point(112.9, 35.5)])
    proposal = propose_datum_of_places(more, [*names, "东区", "东区", None], DISTRICTS)
    assert (proposal.datum, proposal.places) == ("bd09", 400)
    with pytest.raises(CrsError, match="写明所在区划"):
        propose_datum_of_places(points, ["别处"] * 400, DISTRICTS)
    with pytest.raises(CrsError, match="不是经纬度"):
        propose_datum_of_places(gpd.GeoSeries([shapely.Point(482_345, 3_931_244)]), ["东区"], DISTRICTS)
