"""The catalogue's measurements can be made, and what cannot be read is named."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import geopandas as gpd
import pytest
from shapely.geometry import LineString, Point, box

from cityhealth.catalogue import Measurement
from cityhealth.measurement.layer_methods import LAYER_METHODS, parameters_problems
from cityhealth.measurement.scene_methods import CLASSES, SCENE_METHODS
from cityhealth.measurement.values import LayerInputs, MeasurementError
from cityhealth.quantities.units import convert
from toy_city import CITY, catalogue, in_city, layer, units

SCENES = [row for row in catalogue().measurements if row.feed == "imagery"]
LAYERS = [row for row in catalogue().measurements if row.feed == "layers"]

#: One feature of every geometry, with every standard attribute of its kind.
ATTRIBUTES = {
    "persons": 300,
    "height_m": 90.0,
    "children": 120,
    "inclusive": True,
    "grade": 3,
    "station_class": "standard",
    "road_class": "main",
    "floor_area_m2": 900.0,
    "repaired": True,
    "area": "140500-C1",
}


def _of_every_kind() -> dict[str, gpd.GeoDataFrame]:
    shapes = {"polygon": box(0, 0, 100, 100), "line": LineString([(0, 0), (100, 0)]), "any": Point(50, 50)}
    return {
        kind.code: layer(shapes[kind.geometry], **{name: [ATTRIBUTES[name]] for name in kind.attributes})
        for kind in catalogue().layer_kinds
        if kind.feed == "layers"
    }


@pytest.mark.parametrize("row", LAYERS, ids=lambda row: row.code)
def test_every_row_names_a_known_method_whose_parameters_can_be_read(row: Measurement) -> None:
    assert parameters_problems(row) == []


@pytest.mark.parametrize("row", LAYERS, ids=lambda row: row.code)
def test_every_row_measures_the_attributes_its_kinds_must_have_in_a_unit_of_its_item(row: Measurement) -> None:
    layers = _of_every_kind()
    inputs = LayerInputs({kind: layers[kind] for kind in row.layer_kinds}, units(city=CITY))
    found = LAYER_METHODS[row.method][row.version](inputs, row.parameters)
    (item,) = [item for item in catalogue().items if item.code == row.item_code]
    assert convert(Decimal(found.values["city"]), found.unit, item.unit, catalogue().units) > 0


@pytest.mark.parametrize("row", SCENES, ids=lambda row: row.code)
def test_every_row_of_imagery_names_a_known_method_that_takes_its_parameters(row: Measurement) -> None:
    method = SCENE_METHODS[row.method][row.version]
    assert method.question(row.parameters, dict(enumerate(CLASSES)))
    (item,) = [item for item in catalogue().items if item.code == row.item_code]
    assert convert(Decimal(1), method.unit, item.unit, catalogue().units) > 0


def test_a_method_and_a_version_that_are_not_there_are_named() -> None:
    row = LAYERS[0]
    assert parameters_problems(replace(row, method="volume")) == ["没有方法 volume（第 1 版）"]
    assert parameters_problems(replace(row, version=2)) == ["没有方法 area（第 2 版）"]


def _row(code: str) -> Measurement:
    return next(row for row in LAYERS if row.code == code)


@pytest.mark.parametrize(
    ("code", "parameters", "said"),
    [
        ("greenway_cover_by_layer", {}, "缺少参数 radius_m"),
        ("greenway_cover_by_layer", {"radius_m": "一公里"}, "参数 radius_m「一公里」不是数"),
        ("greenway_cover_by_layer", {"radius_m": "nan"}, "参数 radius_m「nan」超出范围"),
        ("greenway_cover_by_layer", {"radius_m": "-5"}, "参数 radius_m「-5」超出范围"),
        ("greenway_cover_by_layer", {"radius_m": "0"}, "参数 radius_m「0」应大于 0"),
        ("greenway_cover_by_layer", {"radius_m": "5", "by": "bus"}, "参数 by「bus」应为 air、network、drive 之一"),
        ("greenway_cover_by_layer", {"radius_m": "5", "by": "network"}, "参数 by「network」需要图层 road"),
        ("greenway_cover_by_layer", {"radius_m": "5", "radus": "9"}, "方法没有这些参数：radus"),
        ("greenway_cover_by_layer", {"radius_m": "5", "at_least": "2"}, "方法没有这些参数：at_least"),
        ("fire_reach_by_layer", {"by": "drive", "minutes": "5"}, "缺少参数 speeds_kmh"),
        (
            "fire_reach_by_layer",
            {"by": "drive", "minutes": "5", "speeds_kmh": "main"},
            "参数 speeds_kmh「main」应为 名称:数，多个以 | 隔开，不重复",
        ),
        ("park_cover_by_layer", {"radii": "big:500"}, "参数 radii「big」不是数"),
        ("park_cover_by_layer", {"radii": "5000:500|5000:300"}, "参数 radii「5000:300」应为"),
        ("fire_cover_by_layer", {"attribute": "station_class"}, "缺少参数 radii"),
        ("shop_cover_by_layer", {"reach_m": "-1"}, "参数 reach_m「-1」超出范围"),
        ("cultural_area_by_layer", {"attribute": "rooms"}, "参数 attribute「rooms」看不出单位"),
        ("road_length_by_layer", {"where": "road_class", "at_least": "main"}, "参数 at_least「main」不是数"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(code: str, parameters: dict[str, str], said: str) -> None:
    (problem,) = parameters_problems(replace(_row(code), parameters=parameters))
    assert problem.startswith(said)


def test_coverage_by_no_facility_or_by_two_is_refused() -> None:
    row = _row("greenway_cover_by_layer")
    (none,) = parameters_problems(replace(row, layer_kinds=("residential_land", "built_up_area")))
    (two,) = parameters_problems(replace(row, layer_kinds=("residential_land", "park", "greenway")))
    assert none.startswith("应有一个设施图层，写了 0 个") and two.startswith("应有一个设施图层，写了 2 个")
    (alone,) = parameters_problems(replace(_row("shop_cover_by_layer"), layer_kinds=("community",)))
    assert alone == "没有写明应有哪些设施的图层"


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({}, "图层 hospital 没有属性 grade"),
        ({"grade": [3, None]}, "图层 hospital 第 2 行的要素没有 grade"),
        ({"grade": ["", 2]}, "图层 hospital 第 1 行的要素的 grade「」不是数"),
        ({"grade": [True, 2]}, "图层 hospital 第 1 行的要素的 grade「True」不是数"),
        ({"grade": ["三甲", 2]}, "图层 hospital 第 1 行的要素的 grade「三甲」不是数"),
    ],
)
def test_a_feature_that_does_not_say_is_named_and_never_taken_for_zero(
    attributes: dict[str, list[object]], said: str
) -> None:
    land, hospitals = layer(box(0, 0, 9, 9)), layer(Point(0, 0), Point(1, 1), **attributes)
    with pytest.raises(MeasurementError, match=said):
        in_city("hospital_cover_by_layer", construction_land=land, hospital=hospitals)


def test_truths_and_classes_must_be_said_and_classes_have_a_number() -> None:
    land, two = layer(box(0, 0, 9, 9)), (Point(0, 0), Point(1, 1))
    with pytest.raises(MeasurementError, match="图层 historic_district 第 2 行的要素的 repaired「是」不是是或否"):
        in_city("historic_repaired_by_layer", historic_district=layer(*two, repaired=[True, "是"]))
    with pytest.raises(MeasurementError, match="图层 road 第 1 行的要素没有 road_class"):
        lines = (LineString([(0, 0), (1, 1)]), LineString([(0, 0), (1, 0)]))
        in_city("classified_roads_by_layer", road=layer(*lines, road_class=[None, "main"]))
    stations = layer(*two, station_class=["standard", "微型"])
    with pytest.raises(
        MeasurementError, match="图层 fire_station 第 2 行的要素的 station_class「微型」在参数 radii 中没有值"
    ):
        in_city("fire_cover_by_layer", construction_land=land, fire_station=stations)
    with pytest.raises(MeasurementError, match="图层 fire_station 第 2 行的要素没有图形"):
        lost = layer(Point(0, 0), None, station_class=["small", "small"])
        in_city("fire_cover_by_layer", construction_land=land, fire_station=lost)


def test_a_kind_that_was_not_handed_in_is_no_empty_layer() -> None:
    row = _row("shop_cover_by_layer")
    inputs = LayerInputs({"community": layer(box(0, 0, 9, 9))}, units(city=CITY))
    with pytest.raises(MeasurementError, match="没有写明应有哪些设施的图层"):
        LAYER_METHODS[row.method][row.version](inputs, row.parameters)
