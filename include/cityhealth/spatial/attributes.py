"""Attributes of layers: under what name a file has them, and what is meant by what stands there.

Names say of what sort they are: ``…_m`` and ``…_m2``, ``persons``, ``children`` are numbers; ``inclusive`` and
``repaired`` yes or no; ``grade`` 1 to 3; ``station_class``, ``road_class`` and ``area`` have words of their own;
all others are text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cityhealth.quantities import parse_quantity

#: From what names an area to its code, or (Chinese) why there is none.
AreaFinder = Callable[[str], tuple[str | None, str | None]]

#: A Shapefile cuts names off after so many bytes.
_SHAPEFILE_NAME = 10
#: Where an attribute is under another name by custom: OpenStreetMap's roads.
_ALSO_CALLED = {"road_class": ("highway",)}

_ABSENT = ("null", "<null>", "none", "nan", "未知", "不详")
_UNITS = {
    "_m": ("米", "m"),
    "_m2": ("平方米", "m2", "m²", "㎡", "平米"),
    "persons": ("人", "名"),
    "children": ("人", "名"),
}
_YES = ("是", "有", "y", "yes", "t", "true", "1", "1.0")
_NO = ("否", "不是", "n", "no", "f", "false", "0", "0.0")
_GRADE = re.compile(r"(?:([一二三123])(?:\.0+)?|(i{1,3}))(?:级)?(?:[甲乙丙特]等?|合格|未定等)?(?:医院)?")
_PARTS = re.compile(r"[;|]")
_GRADES = {"一": 1, "二": 2, "三": 3, "1": 1, "2": 2, "3": 3}

_STATIONS = {"standard": "standard", "small": "small", "标准": "standard", "标准型": "standard", "小型": "small"}
_STATION_WORDS = re.compile("(普通)?(消防)?(救援)?站$")

#: The four classes of 《城市综合交通体系规划标准》 GB/T 51328, and the values of OpenStreetMap's ``highway`` as the
#: Chinese community draws them (快速路 trunk, 主干路 primary, 次干路 secondary, 支路 tertiary). Of what is no urban
#: road for motor traffic: ``path`` is for those on foot or on a bicycle, ``planned`` is not there yet or no more.
_ROADS = {
    "expressway": ("快速路", "城市快速路", "expressway", "motorway", "trunk"),
    "main": ("主干路", "主干道", "城市主干路", "城市主干道", "main", "primary"),
    "secondary": ("次干路", "次干道", "城市次干路", "城市次干道", "secondary"),
    "branch": ("支路", "城市支路", "branch", "tertiary"),
    "other": (
        "其他", "街坊路", "巷", "巷道", "小区路", "other", "residential", "unclassified", "living_street", "service",
        "busway", "bus_guideway", "road", "raceway", "escape", "rest_area", "services", "emergency_bay",
    ),
    "path": (
        "步行道", "人行道", "步行街", "自行车道", "path", "footway", "pedestrian", "steps", "cycleway", "bridleway",
        "track", "platform", "corridor", "elevator", "crossing", "ladder", "via_ferrata",
    ),
    "planned": (
        "规划", "规划道路", "在建", "未建成", "已废弃", "planned", "proposed", "construction", "abandoned", "disused",
        "razed", "removed", "demolished", "dismantled",
    ),
}  # fmt: skip
_ROAD_CLASS = {word: code for code, words in _ROADS.items() for word in words}


@dataclass(frozen=True)
class Read:
    """What an attribute says; neither value nor problem: nothing is there."""

    value: str | float | int | bool | None
    problem_zh: str | None = None


def find_attribute(name: str, attributes: Mapping[str, object], fields: Mapping[str, str]) -> str | None:
    """The file's name for a standard attribute: as ``fields`` (standard name → the file's) says, else the standard one.

    Case does not count, nor what a Shapefile cuts off; None: the file has none.
    """
    folded = {key.casefold(): key for key in reversed(list(attributes))}
    told = fields.get(name)
    for wanted in (told,) if told is not None else (name, *_ALSO_CALLED.get(name, ())):
        found = wanted if wanted in attributes else folded.get(wanted.casefold())
        found = found or next((folded[cut] for cut in _cut_off(wanted.casefold()) if cut in folded), None)
        if found is not None:
            return found
    return None


def _cut_off(name: str) -> list[str]:
    """What a Shapefile leaves of a name: ten letters, or ten bytes of GBK or UTF-8 (a half character is lost)."""
    bytes_left = (name.encode(code, "replace")[:_SHAPEFILE_NAME].decode(code, "ignore") for code in ("gbk", "utf-8"))
    return [name[:_SHAPEFILE_NAME], *bytes_left]


def text_of_attribute(value: object) -> str:
    """What an attribute holds as text, nothing for what says that nothing is known."""
    if value is None or value != value:
        return ""
    text = str(value).strip()
    absent = text.casefold() in _ABSENT or parse_quantity(text).state == "blank"
    return "" if absent else text


def read_attribute(name: str, text: str, area_of: AreaFinder) -> Read:
    """The value of a standard attribute as its name asks for it; never raises."""
    if not text:
        return Read(None)
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    for ending, units in _UNITS.items():
        if name == ending or (ending.startswith("_") and name.endswith(ending)):
            return _number(text, units)
    if name in ("inclusive", "repaired"):
        return _yes_or_no(folded)
    if name == "grade":
        return _grade(folded)
    if name == "station_class":
        word = _STATION_WORDS.sub("", folded)
        return _one_of(_STATIONS.get(word), "应为 标准站 或 小型站")
    if name == "road_class":
        return _one_of(
            _ROAD_CLASS.get(folded.removesuffix("_link")),
            "应为 快速路、主干路、次干路、支路、其他、步行道、规划道路 之一，或 OSM 的 highway 值",
        )
    if name == "area":
        return Read(*area_of(text))
    return Read(text)


def _number(text: str, units: tuple[str, ...]) -> Read:
    quantity = parse_quantity(text)
    if quantity.problem_zh is not None:
        return Read(None, quantity.problem_zh)
    if quantity.value is None:
        return Read(None, "不是数")
    if quantity.unit is not None and quantity.unit not in units:
        return Read(None, f"单位应为{units[0]}")
    if quantity.value < 0:
        return Read(None, "不能是负数")
    return Read(float(quantity.value))


def _yes_or_no(folded: str) -> Read:
    if folded in _YES or folded in _NO:
        return Read(folded in _YES)
    return Read(None, "应为 是 或 否")


def _grade(folded: str) -> Read:
    # Of a map's category (医疗保健服务;综合医院;三级甲等医院) one part may be the grade.
    found = [part for part in (_GRADE.fullmatch(text) for text in _PARTS.split("".join(folded.split()))) if part]
    grades = {_GRADES[part[1]] if part[1] else len(part[2]) for part in found}
    if not grades:
        return Read(None, "应为 三级、二级、一级 或 3、2、1")
    return Read(grades.pop()) if len(grades) == 1 else Read(None, "写了几个等级")


def _one_of(code: str | None, problem_zh: str) -> Read:
    return Read(code) if code is not None else Read(None, problem_zh)
