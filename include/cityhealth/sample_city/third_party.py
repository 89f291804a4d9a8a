"""What an invented institute found in the sample city, and a file of it that is about another city.

Most values are the city's own, rounded; some differ, and for those the file says why: another definition, area or year.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cityhealth.catalogue import Catalogue, Indicator
from cityhealth.sample_city.figures import Figures
from cityhealth.sample_city.files import LABEL, LABEL_LINE, ComparisonOddity, Expected, SampleFile
from cityhealth.sample_city.grids import CellValue, Grid, xlsx
from cityhealth.sample_city.peers import own_value
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.third_party_form import CITY_LABEL, COLUMNS, TITLE

SENDER = f"某某城市规划研究院（{LABEL}）"
_RECEIVED = datetime(2021, 6, 28, 10, 15, tzinfo=CITY_TIMEZONE)
_RECEIVED_OTHER = datetime(2021, 6, 28, 10, 40, tzinfo=CITY_TIMEZONE)

_METHODS = ("遥感解译与现场核查", "统计资料直接取用", "网络开放数据测算", "现场抽样调查")
_SOURCES = ("高分辨率卫星影像", "2020年统计年鉴", "互联网地图开放数据", "第三方现场调查")


@dataclass(frozen=True)
class Differing:
    """An indicator that the institute sees otherwise: ``factor`` on the city's value, and what is other about it.

    ``whole_city``: of the whole city instead of the indicator's area. ``years_back``: of an earlier year.
    """

    factor: float
    definition: str
    oddity: ComparisonOddity
    whole_city: bool = False
    years_back: int = 0


#: Planted: where the institute's value differs, and by what.
DIFFERING: Mapping[str, Differing] = {
    "ECO09": Differing(
        1.14,
        "公园绿地500米直线距离覆盖的居住用地占居住用地的比例，不扣除铁路、河流阻隔。",
        ComparisonOddity.OTHER_DEFINITION,
    ),
    "HLT02": Differing(
        1.2, "建成区内有一处及以上便利店或菜市场的社区占社区总数的比例。", ComparisonOddity.OTHER_DEFINITION
    ),
    "TRA02": Differing(
        1.31, "建成区内全部道路（含街巷、小区道路）中心线长度与建成区面积之比。", ComparisonOddity.OTHER_DEFINITION
    ),
    "HLT06": Differing(0.83, "全市人均社区体育场地面积。", ComparisonOddity.OTHER_AREA, whole_city=True),
    "INN05": Differing(
        0.94, "全社会研究与试验发展经费支出占地区生产总值的比例。", ComparisonOddity.OTHER_YEAR, years_back=1
    ),
}
#: Of these the institute does not say what it counted; of the second its value differs as well.
UNDEFINED: Mapping[str, float] = {"SAF02": 1.0, "ORD05": 0.9}
#: Of the others so many, in the order of the catalogue, are as the city has them.
_EQUAL = 24


def generate_third_party(catalogue: Catalogue, seed: int = 2021, year: int = 2021) -> list[SampleFile]:
    """The institute's file on the city, with two lines that are refused, and its file on another city."""
    examination = catalogue.examination(year)
    period = examination.period_start.year
    figures = Figures(catalogue, year, seed)
    valued = [
        (indicator, value)
        for indicator in catalogue.indicators
        if (indicator.system, indicator.year, indicator.status) == (examination.system, year, "official")
        and (value := own_value(catalogue, indicator, figures, str(period))) is not None
    ]
    own = next(area.name_zh for area in catalogue.areas if area.level == "city")
    other = next(area.name_zh for area in catalogue.areas if area.level == "other_city")
    equal = [one for one in valued if one[0].code not in DIFFERING and one[0].code not in UNDEFINED][:_EQUAL]
    lines = [_line(indicator, value, period, number) for number, (indicator, value) in enumerate(equal)]
    for number, (indicator, value) in enumerate(valued):
        if indicator.code in DIFFERING:
            lines.append(_differing(indicator, value, period, number, own))
        elif indicator.code in UNDEFINED:
            told = round(value * UNDEFINED[indicator.code], 2)
            lines.append(_line(indicator, told, period, number) | {"definition_text": ""})
    wrong = [
        _line(valued[0][0], 0.0, period, 0)
        | {"indicator_text": "Z99", "indicator_name": "城市韧性综合指数", "value_text": 71.5, "unit_text": "分"},
        _line(next(i for i, _ in valued if i.code == "ECO07"), 118.0, period, 0),
    ]
    own_lines = [line for line in lines if line["indicator_text"] != "ECO07"]
    return [
        _file(own, [*own_lines, *wrong], _RECEIVED, "第三方对本市的评估：多数一致，有的口径不同，两行有误。", _OWN),
        _file(other, lines[:6], _RECEIVED_OTHER, "第三方对另一城市的评估，发错了。", _other(6)),
    ]


_OWN = (
    frozenset(
        {
            *(differing.oddity for differing in DIFFERING.values()),
            ComparisonOddity.NO_DEFINITION,
            ComparisonOddity.UNKNOWN_INDICATOR,
            ComparisonOddity.OUT_OF_RANGE,
        }
    ),
    Expected("partly", ("indicator_known", "hard_range", "definition_given", "definition_given", "period_examined"), 2),
)


def _other(refused: int) -> tuple[frozenset[ComparisonOddity], Expected]:
    return frozenset({ComparisonOddity.OTHER_CITY}), Expected("refused", ("file_for_city",), refused)


def _line(indicator: Indicator, value: float, period: int, number: int) -> dict[str, CellValue]:
    return {
        "indicator_text": indicator.code,
        "indicator_name": indicator.name_zh,
        "area_text": "",
        "period_text": str(period),
        "value_text": value,
        "unit_text": indicator.unit,
        "definition_text": indicator.definition_zh,
        "method_text": _METHODS[number % len(_METHODS)],
        "source_text": _SOURCES[number % len(_SOURCES)],
        "remarks_text": LABEL,
    }


def _differing(indicator: Indicator, value: float, period: int, number: int, city: str) -> dict[str, CellValue]:
    other = DIFFERING[indicator.code]
    told = round(min(value * other.factor, 100.0 if indicator.unit == "%" else float("inf")), 2)
    changes: dict[str, CellValue] = {
        "area_text": city if other.whole_city else "",
        "period_text": str(period - other.years_back),
        "definition_text": other.definition,
    }
    return _line(indicator, told, period, number) | changes


def _file(
    city: str,
    lines: Sequence[Mapping[str, CellValue]],
    received_at: datetime,
    note: str,
    made_for: tuple[frozenset[ComparisonOddity], Expected],
) -> SampleFile:
    columns = [column for column in COLUMNS if column.field != "city_text"]
    rows: list[list[CellValue]] = [
        [f"{TITLE}（{LABEL}）"],
        [f"{CITY_LABEL}：{city}"],
        [f"评估单位：{SENDER}"],
        [LABEL_LINE],
        [column.header for column in columns],
        *([line[column.field] for column in columns] for line in lines),
    ]
    oddities, expected = made_for
    return SampleFile(
        f"{city}城市体检第三方评估指标（{LABEL}）.xlsx",
        xlsx(Grid(rows, "评估指标")),
        "third_party",
        SENDER,
        received_at,
        (),
        oddities,
        note,
        expected,
    )
