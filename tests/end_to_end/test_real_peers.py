"""The open census and yearbook files as values of peers: through layouts, gate and marts."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cityhealth.feeds.pipeline import ingest
from cityhealth.landing import LandingZone
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.transform import build
from cityhealth.warehouse.connections import Warehouse

REPOSITORY = Path(__file__).parents[2]
TABLES = Path(os.environ.get("CITYHEALTH_REAL_DATA", REPOSITORY.parent / "shared" / "data")) / "gov_tables"
FILES = (
    "census/census_city_2010-2020_v1.csv",
    "census/census_county_2020_v1.xlsx",
    "nbs/年末常住人口.xls",
    "nbs/人均公园绿地面积.xls",
)
RECEIVED = datetime(2021, 6, 24, 9, tzinfo=CITY_TIMEZONE)
Ask = Callable[[str], list[tuple[Any, ...]]]

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not TABLES.is_dir(), reason="no open data files in CITYHEALTH_REAL_DATA"),
]


@pytest.fixture(scope="module")
def ask(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    folder = tmp_path_factory.mktemp("peers")
    settings = replace(
        module_warehouse.settings, landing_url=str(folder / "landing"), outbox_url=str(folder / "outbox")
    )
    landing = LandingZone(settings.landing_url)
    for name in FILES:
        path = TABLES / name
        landing.land(path.read_bytes(), feed="yearbook", filename=path.name, received_at=RECEIVED, department_text=None)
    ingest(settings, module_warehouse, "yearbook")
    build(module_warehouse, settings)

    def rows(query: str) -> list[tuple[Any, ...]]:
        with module_warehouse.connect("reader") as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    return rows


def test_the_other_cities_of_shanxi_stand_beside_ours(ask: Ask) -> None:
    counted = ask(
        "select count(distinct area_code), count(distinct item_code), count(*) from peer_value where peer_kind = 'city'"
    )
    assert counted == [(10, 9, 90)]
    assert ask(
        "select value, own_value, unit, cell is not null from peer_value"
        " where item_code = 'census_population' and area_zh = '太原市'"
    ) == [(5_304_061, 2_194_545, "人", True)]


def test_the_provinces_are_a_reference(ask: Ask) -> None:
    rows = ask(
        "select area_zh, value, unit, own_value from peer_value"
        " where item_code = 'province_resident_population' and period = '2020' and area_code in ('140000', '410000')"
        " order by area_code"
    )
    assert rows == [("山西省", 3490, "万人", None), ("河南省", 9941, "万人", None)]


def test_nothing_of_theirs_is_a_value_of_ours(ask: Ask) -> None:
    assert ask("select count(*) from indicator_value_by_area where value is not null") == [(0,)]
    assert ask("select count(*) from indicator_scorecard where value is not null") == [(0,)]
