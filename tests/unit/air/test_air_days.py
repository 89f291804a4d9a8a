"""Days and hours from readings, each by numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from cityhealth.air.aqi import POLLUTANTS
from cityhealth.air.days import DAY_COLUMNS, HOUR_COLUMNS, air_days, air_hours
from cityhealth.catalogue import Station

DAY = date(2021, 3, 1)
CLEAN: Mapping[str, float] = {"so2": 10, "no2": 20, "co": 0.5, "o3": 60, "pm10": 40, "pm2_5": 20}


def station(code: str, **facts: object) -> Station:
    return Station(code=code, name_zh=code, area_code="140500", basis="house", **facts)


STATIONS = [station("1001A"), station("1002A"), station("1003A"), station("1009A", reference=True)]
ONE = [station("1001A")]


def readings(values: Mapping[str, object], code: str = "1001A", day: date = DAY) -> pd.DataFrame:
    """Pollutant → one value for all 24 hours, or one for each of 01:00 to 24:00 (None: missing)."""
    rows = []
    for pollutant, given in values.items():
        for number, value in enumerate(given if isinstance(given, list) else [given] * 24, start=1):
            if value is not None:
                hour = datetime(day.year, day.month, day.day) + timedelta(hours=number)
                rows.append((code, pd.Timestamp(hour), pollutant, float(value)))
    return pd.DataFrame(rows, columns=["station", "hour", "pollutant", "value"])


def of(frame: pd.DataFrame, code: str) -> dict:
    """The one row of a subject, without what is absent."""
    (row,) = frame.loc[frame["subject_code"] == code].to_dict("records")
    return {name: value for name, value in row.items() if not pd.isna(value)}


def day_of_one(**values: object) -> dict:
    return of(air_days(readings({**CLEAN, **values}), ONE), "1001A")


def test_a_day_has_its_means_its_index_and_who_leads_it() -> None:
    found = day_of_one(pm2_5=[30] * 12 + [81] * 12, co=[0.4] * 12 + [0.9] * 12)
    # Of fine particles 55.5 → 56 (half to even): 50 / 40 × 21 + 50 = 76.25 → 77. Of carbon monoxide 0.65 → 0.6.
    assert found == {
        "subject_kind": "station", "subject_code": "1001A", "day": DAY, "so2": 10, "no2": 20, "co": 0.6, "o3_8h": 60,
        "pm10": 40, "pm2_5": 56, "aqi": 77, "primary_pollutants": "pm2_5", "is_valid": True, "station_count": 1,
    }  # fmt: skip


def test_midnight_is_the_last_hour_of_the_day_before() -> None:
    every = readings(CLEAN)
    midnight = every.loc[every["hour"] == pd.Timestamp(2021, 3, 2)]
    assert len(midnight) == 6
    assert air_days(midnight, ONE)["day"].unique().tolist() == [DAY]


@pytest.mark.parametrize(("missing", "valid"), [(4, True), (5, False)])
def test_a_daily_mean_needs_twenty_hours(missing: int, valid: bool) -> None:
    found = day_of_one(no2=[None] * missing + [20] * (24 - missing))
    assert found["is_valid"] is valid
    assert ("no2" in found, "aqi" in found) == (valid, valid)


def test_ozone_is_the_largest_mean_of_eight_hours_within_the_day() -> None:
    hours = [float(10 * number) for number in range(1, 25)]
    # 17:00 to 24:00: 170 … 240, mean 205; none reaches back over midnight.
    assert day_of_one(o3=hours)["o3_8h"] == 205
    assert day_of_one(o3=list(reversed(hours)))["o3_8h"] == 205


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        # 08:00 to 24:00 are 17 ends. From 05:00 on there are values: the window to 08:00 has 4, to 10:00 has 6: 15.
        ([None] * 4 + [100] * 20, 100),
        # From 06:00 on: 14 windows.
        ([None] * 5 + [100] * 19, 100),
        # From 07:00 on: 13, too few,
        ([None] * 6 + [160] * 18, None),
        # unless it is above the limit already.
        ([None] * 6 + [161] * 18, 161),
        # Five of eight hours are no mean.
        ([200] * 5 + [None] * 19, None),
    ],
)
def test_an_ozone_day_needs_fourteen_windows_unless_it_exceeds_the_limit(
    hours: list[float | None], expected: float | None
) -> None:
    assert day_of_one(o3=hours).get("o3_8h") == expected


def test_a_day_on_which_a_pollutant_is_missing_counts_only_where_another_is_above_100() -> None:
    bad, fair = day_of_one(so2=[None] * 24, pm2_5=120), day_of_one(so2=[None] * 24, pm2_5=75)
    # 50 / 35 × 5 + 150 = 157.1
    assert (bad["is_valid"], bad["aqi"], bad["primary_pollutants"]) == (True, 158, "pm2_5")
    assert not fair["is_valid"] and "aqi" not in fair and fair["pm2_5"] == 75


def test_ozone_above_800_has_the_sub_index_of_its_largest_hour() -> None:
    # 100 / 200 × (900 − 800) + 300
    assert day_of_one(o3=900)["aqi"] == 350


def test_a_city_is_the_mean_of_half_of_its_stations_without_the_reference_point() -> None:
    given = [readings({**CLEAN, "pm2_5": value}, code) for code, value in
             (("1001A", 30), ("1002A", 51), ("1009A", 400))]  # fmt: skip
    city = of(air_days(pd.concat(given), STATIONS), "140500")
    # (30 + 51) / 2 = 40.5 → 40; 50 / 40 × 5 + 50 = 56.25. Nothing came of the third: two of three are half.
    assert (city["pm2_5"], city["aqi"], city["station_count"]) == (40, 57, 2)
    alone = air_days(given[0], STATIONS)
    assert of(alone, "1001A")["is_valid"]
    lonely = of(alone, "140500")
    assert not lonely["is_valid"] and "pm2_5" not in lonely and lonely["station_count"] == 1


def test_a_station_counts_for_its_city_while_it_stands() -> None:
    moved = [station("1001A", valid_to=DAY), station("1002A", valid_from=DAY + timedelta(days=1))]
    two_days = pd.concat(
        readings({**CLEAN, "pm10": value}, code, DAY + timedelta(days=number))
        for number in (0, 1)
        for code, value in (("1001A", 60), ("1002A", 120))
    )
    city = air_days(two_days, moved).query("subject_kind == 'city'")
    assert city["pm10"].tolist() == [60, 120] and city["station_count"].tolist() == [1, 1]


def test_an_hour_holds_particles_against_a_days_limits() -> None:
    rising = readings({"pm2_5": [float(number) for number in range(1, 25)], "no2": 30})
    found = air_hours(rising, ONE).query("subject_kind == 'station'")
    assert found["pm2_5"].tolist() == list(range(1, 25))
    # At 19:00: 50 / 35 × 19 = 27.1 → 28. At 05:00: 7.1 → 8, and nitrogen dioxide of an hour gives 50 / 100 × 30 = 15.
    by_hour = dict(zip(found["hour"].dt.hour, found["aqi"], strict=True))
    assert (by_hour[5], by_hour[19], by_hour[0]) == (15, 28, 35)


def test_sulphur_dioxide_above_800_in_an_hour_is_held_against_the_days_limits() -> None:
    alone = air_hours(readings({"so2": [None] * 10 + [900] + [None] * 13}), ONE)
    assert alone["aqi"].isna().all() and alone["so2"].tolist() == [900, 900]
    whole = air_hours(readings({"so2": 900}), ONE).query("subject_kind == 'station'")
    # 100 / 800 × (900 − 800) + 200 = 212.5, from the twentieth hour on.
    assert whole["aqi"].isna().tolist() == [True] * 19 + [False] * 5
    assert set(whole["aqi"].dropna()) == {213}


def test_a_citys_hour_is_the_mean_of_its_stations() -> None:
    given = pd.concat([readings({"o3": 160}, "1001A"), readings({"o3": 201}, "1003A")])
    city = air_hours(given, STATIONS).query("subject_kind == 'city'")
    # 180.5 → 180: 50 / 40 × 20 + 50
    assert set(city["o3"]) == {180} and set(city["aqi"]) == {75} and set(city["station_count"]) == {2}


def test_what_came_of_one_station_changes_no_other_and_an_order_of_rows_nothing() -> None:
    rng = np.random.default_rng(3)
    every = pd.concat(
        readings({name: list(rng.uniform(1, 90, 24)) for name in POLLUTANTS}, code) for code in ("1001A", "1002A")
    )
    shuffled = every.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(air_days(every, STATIONS), air_days(shuffled, STATIONS))
    alone = air_hours(every.query("station == '1001A'"), []).reset_index(drop=True)
    both = air_hours(every, []).query("subject_code == '1001A'").reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, both)


def test_of_nothing_there_is_nothing() -> None:
    nothing = readings({})
    assert (list(air_days(nothing, STATIONS)), len(air_days(nothing, STATIONS))) == (list(DAY_COLUMNS), 0)
    assert (list(air_hours(nothing, STATIONS)), len(air_hours(nothing, STATIONS))) == (list(HOUR_COLUMNS), 0)
