"""Foreign tables in the shape of real ones (layouts/), with invented figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city.anchors import COUNTIES
from cityhealth.sample_city.figures import Figures
from cityhealth.sample_city.files import LABEL_LINE
from cityhealth.sample_city.grids import CellValue, Grid

#: Invented: residents, urban residents, households, their members, share of 65+ (%), rooms, floor area per head (m²).
_CENSUS: Mapping[str, Sequence[float]] = {
    "140502": (571_300, 548_900, 214_600, 541_200, 10.9, 2.61, 36.8),
    "140521": (196_400, 98_700, 79_900, 187_300, 15.1, 3.37, 39.9),
    "140522": (368_900, 196_200, 149_800, 352_700, 14.7, 3.52, 41.2),
    "140524": (201_700, 92_100, 83_400, 193_600, 16.2, 3.28, 38.4),
    "140525": (413_200, 205_600, 162_500, 396_900, 14.4, 3.61, 42.7),
    "140581": (448_600, 247_800, 178_300, 431_000, 14.0, 3.44, 40.6),
}


def census_table(catalogue: Catalogue) -> Grid:
    """The census by county (layout census_county_2020) for the city's six units."""
    names = {area.code: area.name_zh for area in catalogue.areas}
    header = (
        "区划代码", "省", "市", "区县", "人口数_合计", "城镇人口", "乡村人口", "家庭户数", "家庭户人口数", "户规模",
        "人口比重_65岁及以上", "平均每户住房间数", "人均住房建筑面积",
    )  # fmt: skip
    rows: list[list[CellValue]] = [[LABEL_LINE], list(header)]
    for code in COUNTIES:
        people, urban, households, members, old, rooms, floor = _CENSUS[code]
        size = round(members / households, 2)
        place: list[CellValue] = [code, "山西省", "晋城市", names[code]]
        rows.append([*place, people, urban, people - urban, households, members, size, old, rooms, floor])
    return Grid(rows, "分县")


def main_figures(figures: Figures, year: str, city_code: str) -> Grid:
    """Main figures of a yearbook: the GDP is a later revision and differs from what the department sent."""
    gdp, people = (figures.of((item, city_code, year)) for item in ("gdp", "city_population"))
    rows: list[list[CellValue]] = [
        ["国民经济和社会发展主要指标"],
        [LABEL_LINE],
        ["指标", "计量单位", f"{year}年"],
        ["地区生产总值", "亿元", round(gdp * 1.021, 1)],
        ["年末常住人口", "万人", people / 10_000],
        ["注：本表数据为合成数据，地区生产总值为修订数。"],
    ]
    return Grid(rows, "主要指标")
