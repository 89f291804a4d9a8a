"""The national release of one hour (1,495 stations) beside what it says itself, and the city's mean by another way."""

from __future__ import annotations

import json
import os
import statistics
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from city_office import Office
from cityhealth.air.aqi import POLLUTANTS
from cityhealth.air.days import air_hours
from cityhealth.air.derive import derive
from cityhealth.catalogue import Catalogue
from cityhealth.feeds.air_quality import AirQualityFeed
from cityhealth.landing import Arrival
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT
from cityhealth.warehouse.connections import Warehouse

DATA = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))
FILE = DATA / "airquality" / "airnow.json"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not FILE.is_file(), reason="no open data files in CITYHEALTH_REAL_DATA"),
]

RECEIVED = datetime(2018, 2, 20, 7, 20, tzinfo=CITY_TIMEZONE)
MISSING = "-;"


@pytest.fixture(scope="module")
def stations() -> dict[str, dict[str, Any]]:
    features = json.loads(FILE.read_bytes())["features"]
    return {feature["properties"]["stationcode"]: feature["properties"] for feature in features}


def test_the_citys_hour_is_the_mean_of_its_five_stations(
    warehouse: Warehouse, catalogue: Catalogue, stations: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    office = Office(warehouse, catalogue, tmp_path)
    batch = office.receive(FILE.read_bytes(), FILE.name, None, "air_quality", RECEIVED, ())
    (judgement,) = office.judge(batch)
    assert (judgement.rows_in, judgement.rows_accepted, judgement.rows_blank) == (36, 36, 0)
    notes = office.ask("select value_text from raw.air_reading where row_kind = 'note'")
    assert notes == [("其他城市的 1489 个站点，未读取",)]
    rules = office.ask("select rule_code from gate.current_failing_row")
    assert rules == [("ozone_named",)], "the file's o3 is the largest hour of 24"

    derived = derive(warehouse, catalogue)
    assert (derived.hours, derived.days) == (7, 7)
    hour = office.ask(
        "select so2, no2, co, o3, pm10, pm2_5, aqi, primary_pollutants, station_count, hour from ops.air_hour"
        " where subject_kind = 'city'"
    )
    five = [it for it in stations.values() if it["area"] == "晋城市" and it["positionname"] != "白马寺"]
    columns = ("so2", "no2", "co", "o3_24h", "pm10", "pm2_5")
    means = [statistics.fmean(float(it[name]) for it in five) for name in columns]
    rounded = [round(mean, 1 if name == "co" else 0) for name, mean in zip(columns, means, strict=True)]
    assert rounded == [70, 31, 2.7, 30, 221, 198]
    # Fine particles: 100 / 100 × (198 − 150) + 200.
    assert hour == [(*rounded, 248, "pm2_5", 5, datetime(2018, 2, 19, 23, tzinfo=UTC))]
    assert office.ask("select distinct is_valid, aqi from ops.air_day") == [(False, None)], "one hour is no day"


def test_every_stations_index_is_that_of_the_release(stations: dict[str, dict[str, Any]]) -> None:
    every = AirQualityFeed(cities=frozenset(it["area"].removesuffix("市") for it in stations.values()))
    arrival = Arrival("a", "air_quality", None, FILE.name, "0" * 64, 0, RECEIVED)
    rows = every.read(FILE.read_bytes(), arrival).to_pandas()
    assert (len(stations), len(rows)) == (1495, 6 * 1495)
    missing = rows.loc[rows["value_text"] == MISSING, "pollutant_text"]
    # Under the name o3 (the largest hour of 24) 18 are missing; of the hour's ozone one more.
    assert Counter(missing) == {"pm10": 273, "pm2_5": 22, "no2": 21, "co": 20, "o3": 19, "so2": 18}

    known = rows.loc[rows["value_text"] != MISSING]
    readings = pd.DataFrame(
        {
            "station": known["station_text"],
            "hour": pd.to_datetime(known["hour_text"]),
            "pollutant": known["pollutant_text"],
            "value": known["value_text"].astype(float),
        }
    )
    ours = air_hours(readings, []).set_index("subject_code")["aqi"]
    theirs = {code: int(it["aqi"]) for code, it in stations.items() if it["aqi"] != MISSING}
    assert len(theirs) == 1475
    assert {code: int(ours[code]) for code in theirs} == theirs
    # Two stations have no index in the release for want of fine particles; 18 have nothing.
    more = set(ours.index) - set(theirs)
    assert (len(ours), len(more), {stations[code]["pm2_5"] for code in more}) == (1477, 2, {MISSING})
    assert set(readings["pollutant"]) == set(POLLUTANTS)
