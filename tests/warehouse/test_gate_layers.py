"""Layers before the gate: every rule, and files that nobody should send, through the feed and the database."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from shapely.geometry import GeometryCollection, LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from city_office import Office
from cityhealth.catalogue import Catalogue
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.spatial.crs import areas_m2
from cityhealth.warehouse.connections import Warehouse
from layer_files import SOUTH, STEP, WEST, cell, geojson, geopackage, manifest, zipped_shapefile
from rule_cases import Case, Form, Rules, Trial, assert_every_rule_has_a_case, judged_cases

RECEIVED = datetime(2021, 6, 8, 9, tzinfo=CITY_TIMEZONE)
FORM = Form("layers", "layer_feature", {}, {})
EMPTY = {"type": "Polygon", "coordinates": []}
# Ten kilometres around the grid of cells.
CITY = Polygon(
    [(WEST - 0.1, SOUTH - 0.1), (WEST + 0.1, SOUTH - 0.1), (WEST + 0.1, SOUTH + 0.1), (WEST - 0.1, SOUTH + 0.1)]
)


def corner(x: float, y: float) -> tuple[float, float]:
    return (WEST + x * STEP, SOUTH + y * STEP)


BOW_TIE = Polygon([corner(5, 0), corner(6, 1), corner(6, 0), corner(5, 1)])
FOLDED = Polygon([corner(7, 0), corner(8, 0), corner(9, 0), corner(7, 0)])
CLOSED = LineString([corner(8, 0), corner(9, 0), corner(9, 1), corner(8, 0)])
MIXED = GeometryCollection([cell(10), Point(corner(12, 1))])


def layer(*shapes: BaseGeometry | None, crs: int | None = 4490, **columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        columns or {"名称": [f"第{n}处" for n in range(len(shapes))]}, geometry=list(shapes), crs=crs
    )


def case(*shapes: BaseGeometry | None, failing: tuple[int, ...] = (), kind: str = "park", **columns: Any) -> Case:
    return handed_in(geopackage({"图层甲": layer(*shapes, **columns)}), failing, kind=kind)


def handed_in(data: bytes, failing: tuple[int, ...] = (), filename: str = "图层.gpkg", **stated: Any) -> Case:
    return Case(failing=failing, data=data, filename=filename, attachments=(manifest(**stated), "现场照片.pdf"))


def geojson_of(*shapes: BaseGeometry | dict | None) -> bytes:
    return geojson([(s if s is None or isinstance(s, dict) else shapely.geometry.mapping(s), {}) for s in shapes])


TWO_LAYERS = geopackage({"公园": layer(cell(0)), "另一层": layer(cell(1), cell(2))})
IN_METRES = gpd.GeoSeries([cell(0), cell(1)], crs=4490).to_crs(4546)
XIAN_80 = IN_METRES.set_crs(2382, allow_override=True)
BARE = zipped_shapefile(layer(cell(0), cell(1)), without=(".prj",))

LAYER_RULES: Rules = {
    "layer_kind_known": (
        handed_in(TWO_LAYERS, (3,), kind={"公园": "park"}),
        handed_in(TWO_LAYERS, kind={"公园": "park", "另一层": "shelter"}),
    ),
    "crs_stated": (handed_in(BARE, (1,), "公园.zip"), handed_in(BARE, (), "公园.zip", crs="CGCS2000")),
    "datum_agrees": (
        handed_in(geopackage({"a": gpd.GeoDataFrame(geometry=IN_METRES)}), (1,), datum="gcj02"),
        handed_in(geopackage({"a": layer(cell(0))}), datum="gcj02"),
    ),
    "date_past": (
        handed_in(geopackage({"a": layer(cell(0))}), (1,), date="2021-06-09"),
        handed_in(geopackage({"a": layer(cell(0))}), date="2021-06-08"),
    ),
    "place_plausible": (
        handed_in(geojson_of(*IN_METRES), (1,), "a.geojson"),
        handed_in(geojson_of(*IN_METRES), (), "a.geojson", crs="EPSG:4546"),
    ),
    "any_feature": (
        handed_in(geojson_of(EMPTY, EMPTY), (1,), "a.geojson"),
        handed_in(geojson_of(EMPTY, cell(0)), (), "a.geojson"),
    ),
    "attributes_there": (
        case(cell(0), cell(1), failing=(1,), kind="population_plot", 人口=[1, 2]),
        handed_in(
            geopackage({"a": layer(cell(0), cell(1), 人口=[1, None])}),
            kind="population_plot",
            fields={"persons": "人口"},
        ),
    ),
    "not_piled_up": (
        case(*[cell(0, wide=1 + n / 10_000) for n in range(1_100)], failing=(1,), kind="residential_land"),
        case(*[cell(0, wide=1 + n / 10_000) for n in range(20)], kind="residential_land"),
    ),
}
#: Of a layer that is taken nevertheless.
LAYER_WARNINGS: Rules = {
    "crs_uncontradicted": (
        handed_in(
            zipped_shapefile(gpd.GeoDataFrame({"n": [1, 2]}, geometry=XIAN_80)), (1,), "公园.zip", crs="EPSG:4546"
        ),
        handed_in(
            zipped_shapefile(gpd.GeoDataFrame({"n": [1, 2]}, geometry=IN_METRES)), (), "公园.zip", crs="EPSG:4546"
        ),
    ),
}
FEATURE_RULES: Rules = {
    "geometry_present": (
        handed_in(geojson_of(cell(0), None, EMPTY), (3, 4), "a.geojson"),
        handed_in(geojson_of(cell(0), cell(1)), (), "a.geojson"),
    ),
    "geometry_of_kind": (
        case(cell(0), Point(corner(2, 0)), LineString([corner(2, 0), corner(3, 0)]), failing=(3, 4)),
        case(cell(0), CLOSED, MIXED, shapely.multipolygons([cell(3), cell(5)])),
    ),
    "geometry_usable": (
        case(cell(0), FOLDED, shapely.affinity.translate(cell(1), 500_000), failing=(3, 4)),
        case(cell(0), BOW_TIE),
    ),
    "geometry_repaired": (
        case(cell(0), BOW_TIE, CLOSED, MIXED, failing=(3, 4, 5)),
        case(cell(0), cell(1).union(cell(3)), Polygon(cell(5).exterior.coords[::-1])),
    ),
    "feature_once": (
        case(cell(0), cell(1), cell(0), Polygon(cell(1).exterior.coords[::-1]), failing=(4, 5)),
        case(cell(0), cell(0, wide=1.001), cell(1)),
    ),
    "no_overlap": (
        case(cell(0, wide=1.5), cell(1), cell(2), failing=(3,), kind="residential_land"),
        case(cell(0), cell(1), cell(0, row=1), cell(1, row=1), kind="residential_land"),
    ),
    "inside_city": (
        case(cell(0), shapely.affinity.translate(cell(1), 3), failing=(3,)),
        case(cell(0), cell(99, wide=2)),
    ),
    "attribute_given": (
        case(cell(0), cell(1), cell(2), failing=(3, 4), kind="population_plot", persons=["1", None, "—"]),
        case(cell(0), cell(1), kind="population_plot", persons=[0, 5]),
    ),
    "attribute_readable": (
        case(cell(0), cell(1), cell(2), failing=(3, 4), kind="population_plot", persons=["12", "约100", "-3"]),
        case(cell(0), cell(1), kind="population_plot", persons=["１００人", "1.2万"]),
    ),
    "area_known": (
        case(cell(0), cell(1), cell(2), failing=(3, 4), kind="cluster", area=["组团一", "组团九", "城区"]),
        case(cell(0), cell(1), kind="cluster", area=["组团一", "140500-C2"]),
    ),
}
ALL_RULES: Rules = {**LAYER_RULES, **LAYER_WARNINGS, **FEATURE_RULES}


def zip_slip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../etc/公园.shp", b"x")
    return packed.getvalue()


def star(vertices: int) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    radius = 0.01 * (1 + 0.1 * np.sin(50 * angle))
    return Polygon(np.column_stack([WEST + radius * np.cos(angle), SOUTH + radius * np.sin(angle)]))


def swapped(shape: BaseGeometry) -> BaseGeometry:
    return shapely.transform(shape, lambda points: points[:, ::-1])


#: What nobody should send → the file, the rule that stops it, and what the receipt must say.
BAD: dict[str, tuple[Case, str, str]] = {
    "no manifest": (
        Case(data=geopackage({"a": layer(cell(0))}), filename="a.gpkg"), "file_readable", "没有附说明文件"),
    "broken manifest": (handed_in(BARE, date=None), "file_readable", "date：缺少此项"),
    "no reference system": (handed_in(BARE, filename="a.zip"), "crs_stated", "没有写明坐标系"),
    "a reference system of old": (
        handed_in(geopackage({"a": layer(cell(0))}), crs="西安80"), "datum_agrees", "七参数"),
    "metres read as degrees": (handed_in(geojson_of(*IN_METRES), filename="a.geojson"), "place_plausible", "像是米"),
    "degrees read as metres": (
        handed_in(geojson_of(cell(0)), filename="a.geojson", crs="EPSG:4546"), "place_plausible", "像是经纬度"),
    "axes swapped": (
        handed_in(geojson_of(swapped(cell(0))), filename="a.geojson"), "place_plausible", "坐标轴顺序颠倒"),
    "another city": (
        case(shapely.affinity.translate(cell(0), 3)), "place_plausible", "不在本市范围内"),
    "beside the city, in its box": (
        handed_in(geojson_of(shapely.affinity.translate(cell(0), 0.0999, 0.0999), cell(0)), filename="a.geojson"),
        "", ""),
    "nothing in it": (handed_in(geojson_of(EMPTY), filename="a.geojson"), "any_feature", "没有一个要素有图形"),
    "crossing itself": (case(BOW_TIE), "geometry_repaired", "自相交（东经 112.80550、北纬 35.50050 处）"),
    "three million vertices": (case(star(3_000_000)), "", ""),
    "attributes all null": (
        case(cell(0), cell(1), kind="population_plot", persons=[None, None]), "attributes_there", "persons"),
    "zip slip": (handed_in(zip_slip(), filename="a.zip"), "file_readable", "越界路径"),
    "cut off": (handed_in(BARE[:-200], filename="a.zip"), "file_readable", "损坏"),
    "a picture": (handed_in(b"\x89PNG\r\n", filename="a.png"), "file_readable", "不是可识别的矢量文件"),
    "a kind of imagery": (case(cell(0), kind="optical"), "layer_kind_known", "是影像的类别"),
    "an unknown kind": (case(cell(0), kind="parks"), "layer_kind_known", "「parks」，写法相近的有 park（公园绿地）"),
}  # fmt: skip
MORE = {name: bad for name, (bad, _, _) in BAD.items()} | {
    "a good one": case(cell(0), cell(1), cell(2)),
    "one address": handed_in(
        geopackage(
            {
                "园": layer(
                    *[Point(corner(1, 1))] * 4,
                    cell(5),
                    cell(5),
                    children=[100, 200, 300, 200, 50, 60],
                    inclusive=["是"] * 6,
                    序号=[1, 2, 3, 4, 5, 6],
                )
            }
        ),
        kind="kindergarten",
    ),
    "two layers of a kind": handed_in(
        geopackage({"东": layer(cell(0)), "西": layer(cell(1), cell(0))}), (5,), kind={"东": "park", "西": "park"}
    ),
    "one kind for two layers": handed_in(TWO_LAYERS, kind="sports_ground"),
    "twenty thousand of a bad layer": handed_in(
        geopackage({"a": layer(*[cell(n % 100, n // 100) for n in range(20_000)])}), crs="CGCS2000 3度带 38带"
    ),
    "a whole one": handed_in(
        geopackage(
            {"用地": layer(cell(0, wide=1.5), cell(1), BOW_TIE, cell(99, wide=2), 名称=["东", "西", "结", "界"])}
        ),
        kind="residential_land",
    ),
}


@pytest.fixture(scope="module")
def gate(module_warehouse: Warehouse, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    home = tmp_path_factory.mktemp("home")
    areas = gpd.GeoDataFrame(
        {"code": ["140500"], "name_zh": ["晋城市"], "level": ["city"], "valid_from": [None]}, geometry=[CITY], crs=4490
    )
    (home / "areas.gpkg").write_bytes(geopackage({"areas": areas}))
    office = Office(module_warehouse, catalogue, home, RECEIVED, home / "areas.gpkg")
    return judged_cases(office, FORM, ALL_RULES, MORE)


def findings(gate: Trial, name: str) -> list[tuple]:
    return gate.office.ask(
        "select rule_code, line_no, sheet, cell, reason_zh from gate.failing_row where gate_run_id = %s"
        " order by line_no, rule_code",
        gate.judgements[name, True].gate_run_id,
    )


def receipt_texts(gate: Trial, name: str) -> str:
    path = gate.judgements[name, True].receipt_path
    assert path is not None
    book = openpyxl.load_workbook(Path(path) if Path(path).is_absolute() else gate.office.home / "outbox" / path)
    return "\n".join(str(value) for sheet in book for row in sheet.values for value in row if value is not None)


def test_every_rule_has_a_case() -> None:
    assert_every_rule_has_a_case(FORM, ALL_RULES, {})


@pytest.mark.parametrize("rule", ALL_RULES)
def test_a_rule_finds_just_the_layers_or_features_that_break_it(gate: Trial, rule: str) -> None:
    gate.assert_just_those_fail(rule)


@pytest.mark.parametrize("rule", FEATURE_RULES)
def test_a_feature_that_breaks_a_critical_rule_is_refused_and_a_warning_lets_it_through_marked(
    gate: Trial, rule: str
) -> None:
    gate.assert_refused_or_marked(rule)


@pytest.mark.parametrize("rule", LAYER_RULES)
def test_a_layer_that_breaks_a_rule_takes_its_features_with_it_and_no_other_layer(gate: Trial, rule: str) -> None:
    run = gate.judgements[rule, True]
    rows = gate.office.ask(
        "select layer, verdict, feature_no is null as whole, problem from gate.layer_feature where gate_run_id = %s",
        run.gate_run_id,
    )
    (bad,) = {name for name, verdict, whole, _ in rows if whole and verdict == "refused"}
    assert {verdict for name, verdict, *_ in rows if name == bad} == {"refused"}
    assert all(problem.startswith("图层未采用：") for name, _, whole, problem in rows if name == bad and not whole)
    assert {verdict for name, verdict, *_ in rows if name != bad} <= {"accepted", "blank"}
    assert [finding[0] for finding in findings(gate, rule)] == [rule]


def test_one_kind_for_all_layers_of_a_file_is_the_kind_of_none(gate: Trial) -> None:
    found = findings(gate, "one kind for two layers")
    assert [(rule, line) for rule, line, *_ in found] == [("layer_kind_known", 1), ("layer_kind_known", 3)]
    for layer_name, (*_, reason) in zip(("公园", "另一层"), found, strict=True):
        assert reason == (
            f"图层「{layer_name}」：文件有 2 个图层（「公园」、「另一层」），kind 却只写了一个「sports_ground」，"
            "须按「图层名: 类别」逐个写明"
        )
    assert gate.judgements["one kind for two layers", True].verdict == "refused"


def test_a_layer_whose_file_contradicts_the_manifest_is_taken_as_the_manifest_says_and_both_are_named(
    gate: Trial,
) -> None:
    ((rule, line, _, _, reason),) = findings(gate, "crs_uncontradicted")
    assert (rule, line) == ("crs_uncontradicted", 1)
    assert "EPSG:4546" in reason and "EPSG:2382" in reason
    judgement = gate.judgements["crs_uncontradicted", True]
    assert (judgement.verdict, judgement.rows_accepted, judgement.warnings) == ("accepted", 2, 1)


def test_a_good_layer_is_blank_itself_and_its_features_are_accepted(gate: Trial) -> None:
    assert gate.verdicts("a good one", breaks=True) == {
        1: ("blank", False), 2: ("accepted", False), 3: ("accepted", False), 4: ("accepted", False),
    }  # fmt: skip
    assert gate.judgements["a good one", True].verdict == "accepted"


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_its_reason_and_a_receipt(gate: Trial, name: str) -> None:
    _, rule, words = BAD[name]
    found = findings(gate, name)
    assert [finding[0] for finding in found] == ([rule] if rule else [])
    text = receipt_texts(gate, name)
    assert all(words in finding[4] for finding in found) and words in text
    assert "城市体检数据报送回执" in text and "不能复制" not in text


def test_a_shape_of_three_million_vertices_is_kept_whole(gate: Trial) -> None:
    ((wkb,),) = gate.office.ask(
        "select geometry from gate.layer_feature where gate_run_id = %s and feature_no = 1",
        gate.judgements["three million vertices", True].gate_run_id,
    )
    assert shapely.get_num_coordinates(shapely.from_wkb(bytes(wkb))) == 3_000_001


def test_twenty_thousand_features_of_a_layer_at_fault_make_one_finding(gate: Trial) -> None:
    run = gate.judgements["twenty thousand of a bad layer", True]
    assert (run.rows_in, run.rows_refused, run.rows_accepted) == (20_001, 20_001, 0)
    assert [finding[:2] for finding in findings(gate, "twenty thousand of a bad layer")] == [("place_plausible", 1)]


def test_a_feature_that_another_layer_of_the_file_has_too_is_a_repetition(gate: Trial) -> None:
    ((rule, line, sheet, place, reason),) = findings(gate, "two layers of a kind")
    assert (rule, line, sheet, place) == ("feature_once", 5, "西", "要素 2")
    assert "「东」要素 1" in reason


def test_points_of_one_address_are_one_feature_only_where_they_tell_the_same(gate: Trial) -> None:
    found = [(rule, line, reason) for rule, line, _, _, reason in findings(gate, "one address")]
    assert found == [
        ("feature_once", 5, "「园」要素 4与「园」要素 2位置和属性都相同"),
        ("feature_once", 7, "「园」要素 6与「园」要素 5图形完全相同"),
    ]


def test_features_are_kept_in_degrees_of_cgcs2000_with_what_their_repair_changed(gate: Trial) -> None:
    rows = gate.office.ask(
        "select kind, valid_on, geometry, problem, area_before_m2, area_after_m2, in_city from gate.layer_feature"
        " where gate_run_id = %s and feature_no = 3",
        gate.judgements["a whole one", True].gate_run_id,
    )
    ((kind, valid_on, wkb, problem, before, after, in_city),) = rows
    shape = shapely.from_wkb(bytes(wkb))
    # Half a cell: two triangles of a quarter each.
    half = float(areas_m2(gpd.GeoSeries([cell(5)], crs=4490)).iloc[0]) / 2
    assert (kind, valid_on, in_city) == ("residential_land", date(2021, 5, 31), True)
    assert shape.is_valid and shape.area == pytest.approx(STEP**2 / 2)
    assert problem.startswith("Self-intersection[") and before == pytest.approx(0, abs=0.1)
    assert after == pytest.approx(half, rel=1e-5)


def test_shapes_in_metres_come_to_where_they_are(gate: Trial) -> None:
    rows = gate.office.ask(
        "select geometry from gate.layer_feature where gate_run_id = %s and geometry is not null order by line_no",
        gate.judgements["place_plausible", False].gate_run_id,
    )
    for number, (wkb,) in enumerate(rows):
        assert shapely.from_wkb(bytes(wkb)).symmetric_difference(cell(number)).area < 1e-12


def test_attributes_are_kept_under_their_standard_names_and_typed(gate: Trial) -> None:
    def kept(name: str, breaks: bool = False) -> list[dict[str, Any]]:
        rows = gate.office.ask(
            "select attributes from gate.layer_feature where gate_run_id = %s and feature_no is not null"
            " order by line_no",
            gate.judgements[name, breaks].gate_run_id,
        )
        return [json.loads(text) for (text,) in rows]

    assert kept("attribute_readable") == [{"persons": 100.0}, {"persons": 12000.0}]
    assert kept("area_known") == [{"area": "140500-C1"}, {"area": "140500-C2"}]
    assert kept("attributes_there") == [{"人口": "1.0", "persons": 1.0}, {"人口": None, "persons": None}]


def test_the_receipt_names_layer_feature_and_reason_and_adds_up_what_was_accepted(gate: Trial) -> None:
    text = receipt_texts(gate, "a whole one")
    overlap = float(areas_m2(gpd.GeoSeries([cell(1, wide=0.5)], crs=4490)).iloc[0])
    assert "「用地」要素 2（西）与「用地」要素 1（东）重叠" in text and f"{overlap:.0f} 平方米" in text
    assert "要素 3" in text and "修复前 0 平方米，修复后" in text
    assert "居住用地，采用 4 个要素；面积" in text and "修复 1 个" in text and f"互相重叠 {overlap:.0f} 平方米" in text
    assert "本回执不附副本" in text


def test_rows_in_are_the_accepted_and_the_refused_in_every_batch(gate: Trial) -> None:
    gate.assert_rows_add_up()


def test_every_reason_and_advice_is_filled_in(gate: Trial) -> None:
    gate.assert_every_text_is_filled_in()


def test_batches_judged_together_get_the_judgement_that_each_gets_alone(
    gate: Trial, warehouse: Warehouse, catalogue: Catalogue, tmp_path: Path
) -> None:
    other = Office(warehouse, catalogue, tmp_path, areas_path=gate.office.areas_path)
    gate.assert_judged_alone_as_together(other, ("layer_kind_known", "no_overlap", "a whole one", "zip slip"))


def test_where_the_city_has_no_boundaries_nothing_lies_outside_and_metres_are_still_no_degrees(
    warehouse: Warehouse, catalogue: Catalogue, tmp_path: Path
) -> None:
    office = Office(warehouse, catalogue, tmp_path, RECEIVED)
    cases = (MORE["another city"], MORE["metres read as degrees"], MORE["axes swapped"])
    batches = [office.receive(c.data or b"", c.filename or "", feed="layers", attachments=c.attachments) for c in cases]
    assert [judgement.verdict for judgement in office.judge(*batches)] == ["accepted", "refused", "refused"]
    known = office.ask("select in_city from gate.layer_feature where verdict = 'accepted'")
    assert pd.Series([row[0] for row in known]).isna().all()
