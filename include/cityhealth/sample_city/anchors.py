"""The scale of the sample city: a few published totals, and invented ones that fit them.

Published: GDP of 2020 (the city's statistical communique of 2021-03-25), residents at the end of 2020 (derived from
the figure of 2021), residents of 城区 (census), its area, the castles along the Qin, the days of the year.
Everything else is invented, and jittered by the seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Anchor:
    """A figure in ``unit``, of ``area`` (None: whatever area the item has); ``published`` ones are never jittered."""

    value: float
    unit: str
    published: bool = False
    area: str | None = None


def _by_county(unit: str, *values: float) -> tuple[Anchor, ...]:
    return tuple(Anchor(value, unit, area=area) for area, value in zip(COUNTIES, values, strict=True))


COUNTIES = ("140502", "140521", "140522", "140524", "140525", "140581")

ANCHORS: Mapping[str, tuple[Anchor, ...]] = {
    "gdp": (Anchor(1425.7, "亿元", published=True),),
    "city_population": (Anchor(2_194_300, "人", published=True),),
    "district_population": (Anchor(574_700, "人", published=True),),
    "district_area": (Anchor(149.6, "平方公里", published=True),),
    "castles": (Anchor(117, "处", published=True),),
    "air_days": (Anchor(366, "天", published=True),),
    "built_up_area": (Anchor(72.4, "平方公里"),),
    "built_up_population": (Anchor(612_000, "人"),),
    "construction_land_area": (Anchor(6_930, "公顷"),),
    "residential_land_area": (Anchor(2_310, "公顷"),),
    "district_built_up_area": (Anchor(50.8, "平方公里"),),
    "cluster_area": tuple(
        Anchor(size, "平方公里", area=f"140500-C{number}")
        for number, size in enumerate((27.6, 14.9, 11.2, 8.3, 6.1, 4.3), start=1)
    ),
    "good_air_days": (Anchor(254, "天"),),
    "water_sections": (Anchor(9, "个"),),
    "co2_per_gdp": (Anchor(3.12, "吨/万元"),),
    "residential_communities": (Anchor(118, "个"),),
    "streets": (Anchor(236, "条"),),
    "road_length": (Anchor(508, "公里"),),
    "housing_estates": (Anchor(742, "个"),),
    "commuting_population": (Anchor(268_000, "人"),),
    "district_motor_vehicles": (Anchor(192_000, "辆"),),
    "urban_consumption_per_capita": (Anchor(17_680, "元"),),
    "urban_households": (Anchor(204_000, "户"),),
    "subsistence_standard": (Anchor(6_780, "元"),),
    "new_residential_over_80m": (Anchor(11, "栋"),),
    "historic_districts": (Anchor(3, "个"),),
    "historic_buildings": (Anchor(64, "处"),),
    "heritage_damage_events": (Anchor(0, "个"),),
    "award_projects": (Anchor(4, "个"),),
    "primary_entrants": (Anchor(8_420, "人"),),
    "nonpublic_value_added": (Anchor(738, "亿元"),),
    "industrial_value_added": (Anchor(672, "亿元"),),
    "median_age": (Anchor(38.6, "岁"),),
    "new_resident_housing_need": (Anchor(38.5, "万平方米"),),
    "new_commercial_housing_area": (Anchor(44.0, "万平方米"),),
    "classified_road_length": (Anchor(436, "公里"),),
    "castles_in_use": (Anchor(41, "处"),),
    "community_outpatient_visits": (Anchor(148, "万人次"),),
    "traditional_villages": _by_county("个", 6, 38, 52, 25, 34, 31),
    "wellness_beds": _by_county("张", 860, 1_240, 1_530, 970, 1_180, 1_020),
    "scenic_areas_4a": _by_county("个", 1, 2, 3, 2, 1, 1),
    "listed_companies": (Anchor(2, "个"),),
}


def anchor(item_code: str, unit: str, area_code: str) -> Anchor | None:
    """The anchor of an item in an area, if it has one in that unit."""
    return next(
        (a for a in ANCHORS.get(item_code, ()) if a.unit == unit and a.area in (None, area_code)),
        None,
    )
