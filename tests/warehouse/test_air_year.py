"""From hourly files to the year's good days: measured where a stretch of time ends, as of receipt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from air_files import city_with_stations, file_of, moment, receive
from city_office import Office
from cityhealth.catalogue import Catalogue
from cityhealth.measurement.movement import Store
from cityhealth.measurement.step import measure
from cityhealth.warehouse.connections import Warehouse

ITEMS = (
    "good_air_days,优良天数,Good days,甲,天,measure,,planning,departmental,100000,none,year,0,yes,0,366,,,air_days,,house,,\n"  # noqa: E501
    "air_days,有效天数,Valid days,甲,天,measure,,planning,departmental,100000,none,year,0,yes,0,366,,,,,house,,\n"
)
MEASUREMENTS = (
    "good_days_by_stations,good_air_days,air_quality,air_hours,good_days,1,,0.9,house,\n"
    "valid_days_by_stations,air_days,air_quality,air_hours,valid_days,1,,0.005,house,\n"
)
BAD = {"pm2_5": "80"}
#: A good day, complete at 01:20 of the next; a bad one in four files, complete on the third day.
YEAR: Sequence[tuple[int, bytes]] = (
    (25, file_of(range(1, 25))),
    (40, file_of(range(25, 41), **BAD)),
    (43, file_of(range(41, 44), **BAD)),
    (49, file_of(range(44, 49), **BAD)),
)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    kind = "air_hours,空气质量小时值,Air hours,air_quality,,no,,,,house,\n"
    return city_with_stations(
        tmp_path_factory.mktemp("city"), items=ITEMS, measurements=MEASUREMENTS, units="天,count_day,1,\n",
        layer_kinds=kind,
    )  # fmt: skip


def measured(office: Office, until: datetime | None = None) -> list[str]:
    store = Store(office.home / "mobility")
    return measure(office.warehouse, office.landing, lambda day: office.city, office.home / "no areas", store, until)


def standing(office: Office) -> list[tuple]:
    """Receipt, item, value and share of the days of what is measured and not replaced."""
    return office.ask(
        "select extract(epoch from received_at - %s) / 3600, item_text, value_text, round(valid_share::numeric * 365)"
        " from raw.standing_batch join raw.arrival using (arrival_id) join raw.measured_value using (batch_id)"
        " order by 1, 2",
        moment(0) + timedelta(minutes=20),
    )


def test_a_years_days_are_measured_at_each_cut_off_and_midnight_from_what_had_come_by_then(
    warehouse: Warehouse, module_warehouse: Warehouse, city: Catalogue, tmp_path: Path
) -> None:
    office = Office(warehouse, city, tmp_path / "one")
    office.judge(*(receive(office, hour, data) for hour, data in YEAR))
    assert measured(office, moment(41)) == [], "until 18:00 more may come"
    assert len(measured(office, moment(42))) == 1
    assert measured(office, moment(42)) == []
    batches = measured(office)
    expected = [
        (40, "air_days", "1", 1), (40, "good_air_days", "1", 1),
        (43, "air_days", "1", 1), (43, "good_air_days", "1", 1),
        # 50 / 40 × (80 − 75) + 100 = 106.25: valid, and not good.
        (49, "air_days", "2", 2), (49, "good_air_days", "1", 2),
    ]  # fmt: skip
    assert standing(office) == expected
    (text,) = office.ask("select inputs from raw.measured_value where batch_id = %s limit 1", batches[-1])[0]
    (used,) = json.loads(text)
    names = ("kind", "date", "origin", "features", "refused")
    assert [used[name] for name in names] == ["air_hours", "2021-03-02", "站点小时值 4 次到件", 2 * 48 * 6, 0]

    verdicts = [judgement.verdict for judgement in office.judge(batches[-1])]
    assert verdicts == ["partly"]
    ((reason, advice),) = office.ask(
        "select reason_zh, advice_zh from gate.failing_row where rule_code = 'seen_enough'"
    )
    assert reason == "「优良天数」（某市，2021）全年只有 0.5% 的日数监测有效，少于要求的 90.0%"
    assert "年末" in advice

    # Loaded from the last to the first, and measured every time.
    other = Office(module_warehouse, city, tmp_path / "other")
    for hour, data in reversed(YEAR):
        other.judge(receive(other, hour, data))
        measured(other)
    # Each was once the last of its stretch: what was measured then is replaced by nothing.
    assert standing(other) == expected
