"""Open census and statistics files, as published, go through loading and the gate without being retyped."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from cityhealth.feeds.pipeline import ingest
from cityhealth.landing import LandingZone
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT
from cityhealth.warehouse.connections import Warehouse

DATA = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data")) / "gov_tables"
FILES = (
    "census/census_county_2020_v1.xlsx",
    "census/census_city_2010-2020_v1.csv",
    "nbs/年末常住人口.xls",
    "nbs/人均公园绿地面积.xls",
    "nbs/城市燃气普及率.xls",
    "nbs/城市用水普及率.xls",
    "nbs/每万人拥有公共厕所数量.xls",
)
#: When the office received them: after the last year that the tables hold.
RECEIVED = datetime(2024, 5, 20, 9, tzinfo=CITY_TIMEZONE)

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"real data are not in {DATA} (CITYHEALTH_REAL_DATA)"),
]


def test_census_and_statistics_load_and_no_cell_is_lost(module_warehouse: Warehouse, tmp_path: Path) -> None:
    settings = replace(
        module_warehouse.settings, landing_url=str(tmp_path / "landing"), outbox_url=str(tmp_path / "outbox")
    )
    warehouse = replace(module_warehouse, settings=settings)
    landing = LandingZone(settings.landing_url)
    for name in FILES:
        path = DATA / name
        landing.land(
            path.read_bytes(), feed="yearbook", filename=path.name, received_at=RECEIVED, department_text="市统计局"
        )

    judgements = ingest(settings, warehouse, "yearbook")

    assert {judgement.verdict for judgement in judgements} == {"accepted"}
    with warehouse.connect("loader") as connection:
        cells, judged = connection.execute(
            "select (select count(*) from raw.yearbook_cell), (select sum(rows_in + rows_blank) from gate.current_run)"
        ).fetchone()
        units = dict(
            connection.execute(
                "select area_code, value from gate.current_item_value"
                " where item_code = 'census_population' and period = '2020-11-01' and verdict = 'accepted'"
                " and filename like 'census_county%' and area_code like '1405%'"
            ).fetchall()
        )
    assert cells == judged
    # The published total of the census bulletin, and the six units that it is the sum of.
    assert units.pop("140500") == 2_194_545
    assert len(units) == 6 and sum(units.values()) == 2_194_545
