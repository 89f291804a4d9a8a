"""Indicators of the cities that the sample city is compared with: one invented table, cities × indicators."""

from __future__ import annotations

import random
from datetime import datetime

from cityhealth.catalogue import Catalogue, Indicator, Item
from cityhealth.sample_city.figures import Figures
from cityhealth.sample_city.files import LABEL, LABEL_LINE, ComparisonOddity, Expected, SampleFile
from cityhealth.sample_city.grids import CellValue, Grid, xlsx
from cityhealth.settings import CITY_TIMEZONE

_RECEIVED = datetime(2021, 6, 24, 15, 20, tzinfo=CITY_TIMEZONE)
#: The peers of an indicator lie about a middle that is so much of ours, and so far about that.
_MIDDLE = (0.75, 1.3)
_AROUND = (0.82, 1.2)
#: The last of the peers publishes few; of the others this share of values is not published.
_PUBLISHED_BY_LAST = 0.3
_GAPS = 0.03


def generate_peers(catalogue: Catalogue, seed: int = 2021, year: int = 2021) -> list[SampleFile]:
    """The table of the peer cities' indicators, ours among them (layout peer_city_indicators)."""
    examination = catalogue.examination(year)
    period = str(examination.period_start.year)
    figures = Figures(catalogue, year, seed)
    names = {area.code: area.name_zh for area in catalogue.areas}
    peers = [peer for peer in catalogue.peers if peer.kind == "city"]
    columns = [
        (indicator, item, value)
        for indicator in catalogue.indicators
        if (indicator.system, indicator.year) == (examination.system, year)
        and (item := _peer_item(catalogue, indicator)) is not None
        and (value := own_value(catalogue, indicator, figures, period)) is not None
    ]
    own = next(area for area in catalogue.areas if area.level == "city")
    rows: list[list[CellValue]] = [
        [f"{period}年同类城市城市体检指标"],
        [LABEL_LINE],
        ["城市", *(f"{indicator.name_zh}（{indicator.unit}）" for indicator, _, _ in columns)],
        [own.name_zh, *(value for _, _, value in columns)],
    ]
    for number, peer in enumerate(peers, start=1):
        published = _PUBLISHED_BY_LAST if number == len(peers) else 1 - _GAPS
        cells: list[CellValue] = []
        for indicator, item, value in columns:
            middle = value * random.Random(f"{seed}|{indicator.code}").uniform(*_MIDDLE)
            draw = random.Random(f"{seed}|{peer.area_code}|{indicator.code}")
            cells.append(_within(middle * draw.uniform(*_AROUND), item) if draw.random() < published else "未公布")
        rows.append([names[peer.area_code], *cells])
    rows.append(["注：本表为合成数据，各市的值由程序生成。"])
    return [
        SampleFile(
            f"{period}年同类城市体检指标（{LABEL}）.xlsx",
            xlsx(Grid(rows, "同类城市")),
            "yearbook",
            None,
            _RECEIVED,
            (),
            frozenset({ComparisonOddity.GAPS}),
            "同类城市的指标值，只作比较；有城市缺值，有一个城市只公布少数指标。",
            Expected("accepted"),
        )
    ]


def own_value(catalogue: Catalogue, indicator: Indicator, figures: Figures, period: str) -> float | None:
    """The sample city's own figure of an indicator, None where it is none that one item tells."""
    area = indicator.area_code or ""
    reported = next(
        (i for i in catalogue.items if i.role == "reported_indicator" and i.reported_of == indicator.code), None
    )
    if indicator.applicability != "applicable":
        return None
    if reported is not None:
        return _rounded(figures.of((reported.code, area, period)))
    if indicator.formula_kind == "value" and indicator.numerator_item:
        return _rounded(figures.of((indicator.numerator_item, area, period)))
    return None


def _peer_item(catalogue: Catalogue, indicator: Indicator) -> Item | None:
    """The item in which peers' values of an indicator are kept."""
    return next((i for i in catalogue.items if i.role == "context" and i.reported_of == indicator.code), None)


def _within(value: float, item: Item) -> float:
    low, high = item.min_value, item.max_value
    if low is not None:
        value = max(value, float(low))
    if high is not None:
        value = min(value, float(high))
    return _rounded(value)


def _rounded(value: float) -> float:
    return round(value, 2 if abs(value) >= 1 else 4)
