"""From hourly files, through the gate, to hours, days and the year's values: by receipt alone, in any order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from air_files import city_with_stations, file_of, receive
from city_office import Office
from cityhealth.air.derive import Derived, derive
from cityhealth.catalogue import Catalogue
from cityhealth.warehouse.connections import Warehouse

DAY = date(2021, 3, 1)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return city_with_stations(tmp_path_factory.mktemp("city"))


def rows(office: Office, table: str) -> list[tuple]:
    found = office.ask(f"select t::text, derived_at from ops.{table} as t order by 1")
    # The time of the derivation stands last.
    return [(text.rpartition(",")[0], at) for text, at in found]


def said(office: Office, table: str) -> list[str]:
    return [text for text, _ in rows(office, table)]


#: A day in two files, a correction of some hours, a file that came late, one that repeats, one that is refused.
ARRIVALS: Sequence[tuple[int, bytes]] = (
    (13, file_of(range(1, 13))),
    (25, file_of(range(13, 25))),
    (26, file_of(range(10, 14), pm2_5="80")),
    (27, file_of(range(25, 28), ("2161A",))),
    (30, file_of(range(10, 12), pm2_5="-5")),
)


def test_hours_and_days_follow_from_what_is_in_force_whatever_the_order_of_loading(
    warehouse: Warehouse, module_warehouse: Warehouse, city: Catalogue, tmp_path: Path
) -> None:
    one, other = Office(warehouse, city, tmp_path / "one"), Office(module_warehouse, city, tmp_path / "other")
    one.judge(*(receive(one, hour, data) for hour, data in ARRIVALS))
    at_once = derive(warehouse, city)
    assert (at_once.touched, at_once.days) == ((DAY, DAY + timedelta(days=1)), 3 + 2)
    for hour, data in random.Random(4).sample(ARRIVALS, len(ARRIVALS)):
        other.judge(receive(other, hour, data))
        derive(module_warehouse, city)
    for table in ("air_hour", "air_day"):
        assert said(one, table) == said(other, table) != []
    # Of 24 hours 20 have 20 µg and 4 have 80: 30; 50 / 35 × 30 = 42.9. What was refused later leaves the 80 in force.
    assert one.ask("select pm2_5, aqi, is_valid from ops.air_day where subject_kind = 'city' and day = %s", DAY) == [
        (30, 43, True)
    ]
    assert derive(warehouse, city) == Derived(0, 0, ())


def test_a_new_hour_changes_what_follows_from_it_and_leaves_the_rest_alone(
    warehouse: Warehouse, city: Catalogue, tmp_path: Path
) -> None:
    office = Office(warehouse, city, tmp_path)
    office.judge(receive(office, 73, file_of(range(1, 73))))
    derive(warehouse, city)
    before = {table: set(rows(office, table)) for table in ("air_hour", "air_day")}
    office.judge(receive(office, 74, file_of([30], ("2160A",), pm10="400")))
    derived = derive(warehouse, city)
    assert derived.touched == (date(2021, 3, 2),)
    after = {table: set(rows(office, table)) for table in before}
    changed = {table: len(after[table] - before[table]) for table in before}
    # The station and the city: that hour, and the day.
    assert changed == {"air_hour": derived.hours, "air_day": derived.days} == {"air_hour": 2, "air_day": 2}
    assert {table: len(found) for table, found in after.items()} == {"air_hour": 3 * 72, "air_day": 3 * 3}


def test_a_judgement_that_changes_takes_its_readings_with_it(
    warehouse: Warehouse, city: Catalogue, tmp_path: Path
) -> None:
    office = Office(warehouse, city, tmp_path)
    batch = receive(office, 25, file_of(range(1, 25)))
    office.judge(batch)
    derive(warehouse, city)
    assert len(rows(office, "air_day")) == 3
    office.city = replace(city, stations=city.stations[:1], catalogue_hash="other")
    office.judge(batch)
    derive(warehouse, office.city)
    assert office.ask("select distinct subject_code from ops.air_hour order by 1") == [("100000",), ("2160A",)]
    office.city = replace(city, stations=(), catalogue_hash="none")
    office.judge(batch)
    derive(warehouse, office.city)
    assert rows(office, "air_day") == rows(office, "air_hour") == []
