"""What stands in the attributes of layers, read as their names ask for it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from cityhealth.spatial.attributes import Read, find_attribute, read_attribute, text_of_attribute

NAMES = ("persons", "children", "height_m", "floor_area_m2", "inclusive", "repaired", "grade", "station_class",
         "road_class", "area", "remark")  # fmt: skip
PATHS = ("footway", "path", "steps", "pedestrian", "cycleway", "bridleway", "platform", "corridor", "elevator",
         "track", "步行道")  # fmt: skip
PLANNED = ("proposed", "construction", "planned", "abandoned", "razed", "disused", "规划道路")


def nowhere(text: str) -> tuple[str | None, str | None]:
    return (text, None) if text == "140500-C1" else (None, f"「{text}」不在区划表中")


@given(
    st.sampled_from(NAMES),
    st.one_of(
        st.text(max_size=12), st.sampled_from(["三级甲等", "１２", "是", "trunk_link", "标准站", "1.5万人", "-3"])
    ),
)
def test_whatever_is_written_is_a_value_or_a_problem_or_nothing_and_never_two_of_them(name: str, text: str) -> None:
    read = read_attribute(name, text, nowhere)
    assert read.value is None or read.problem_zh is None
    assert (read == Read(None)) == (text == "")
    if isinstance(read.value, float):
        assert math.isfinite(read.value) and read.value >= 0


@given(st.floats(min_value=1e-6, max_value=1e9))
def test_a_number_of_a_file_is_that_number(number: float) -> None:
    read = read_attribute("floor_area_m2", text_of_attribute(number), nowhere)
    assert read.value == pytest.approx(number, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("persons", "1.2万人", 12000.0),
        ("persons", "１２００", 1200.0),
        ("height_m", "82.5米", 82.5),
        ("height_m", "82.5 m", 82.5),
        ("floor_area_m2", "3000㎡", 3000.0),
        ("inclusive", "是", True),
        ("inclusive", "False", False),
        ("repaired", "1", True),
        ("repaired", "N", False),
        ("grade", "三级甲等", 3),
        ("grade", "三甲", 3),
        ("grade", "二级", 2),
        ("grade", "1.0", 1),
        ("grade", "Ⅲ级", 3),
        ("station_class", "标准站", "standard"),
        ("station_class", "小型消防站", "small"),
        ("station_class", "Small", "small"),
        ("road_class", "快速路", "expressway"),
        ("road_class", "主干道", "main"),
        ("road_class", "支路", "branch"),
        ("road_class", "trunk", "expressway"),
        ("road_class", "primary_link", "main"),
        ("road_class", "secondary", "secondary"),
        ("road_class", "tertiary", "branch"),
        ("road_class", "residential", "other"),
        ("road_class", "motorway_link", "expressway"),
        ("road_class", "tertiary_link", "branch"),
        *(("road_class", word, "path") for word in PATHS),
        *(("road_class", word, "planned") for word in PLANNED),
        ("area", "140500-C1", "140500-C1"),
        ("remark", "甲", "甲"),
    ],
)
def test_what_people_write_is_read(name: str, text: str, value: object) -> None:
    assert read_attribute(name, text, nowhere) == Read(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("persons", "约1200"), ("persons", "-1"), ("persons", "12公顷"), ("persons", "不适用"), ("height_m", "高"),
        ("floor_area_m2", "3公顷"), ("inclusive", "也许"), ("grade", "四级"), ("grade", "33"),
        ("station_class", "特勤站"),
        ("road_class", "马路"), ("area", "组团九"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_a_problem_and_not_a_guess(name: str, text: str) -> None:
    read = read_attribute(name, text, nowhere)
    assert read.value is None and read.problem_zh


@pytest.mark.parametrize("nothing", [None, "", " ", "—", "/", "null", "NaN", "暂无", float("nan")])
def test_marks_of_absence_are_nothing(nothing: object) -> None:
    assert text_of_attribute(nothing) == ""


@pytest.mark.parametrize(
    ("attributes", "fields", "found"),
    [
        ({"persons": 1}, {}, "persons"),
        ({"PERSONS": 1}, {}, "PERSONS"),
        ({"RK": 1, "persons": 2}, {"persons": "rk"}, "RK"),
        ({"persons": 2}, {"persons": "RK"}, None),
        ({"other": 1}, {}, None),
    ],
)
def test_an_attribute_is_found_under_the_name_that_the_manifest_gives_else_its_own(
    attributes: dict[str, object], fields: dict[str, str], found: str | None
) -> None:
    assert find_attribute("persons", attributes, fields) == found


def test_a_name_that_a_shapefile_cut_off_is_known_and_roads_may_be_openstreetmaps() -> None:
    assert find_attribute("floor_area_m2", {"FLOOR_AREA": 1}, {}) == "FLOOR_AREA"
    assert find_attribute("road_class", {"highway": "trunk"}, {}) == "highway"
    assert find_attribute("road_class", {"highway": "trunk", "road_class": "支路"}, {}) == "road_class"
    for left in ("建筑物高度", "建筑物"):
        assert find_attribute("height_m", {left: 1}, {"height_m": "建筑物高度数值"}) == left
    assert find_attribute("height_m", {"建筑": 1}, {"height_m": "建筑物高度数值"}) is None
