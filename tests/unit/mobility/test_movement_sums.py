"""Days cleaned and summed up, and a year's values from them: worked out by hand, and as DuckDB has them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from cityhealth.mobility.engine import Engine, EngineError, open_engine
from cityhealth.mobility.lengths import trip_lengths
from cityhealth.mobility.methods import MOBILITY_METHODS, DayPartial
from cityhealth.mobility.partials import DayCounts, compute_day
from cityhealth.mobility.schema import POSITIONS, TRIPS
from cityhealth.mobility.tables import commute_flows, presence_cells, speed_days
from cityhealth.mobility.zones import EARTH_M, Zones, build_zones

RULES = {
    "cell_m": "250",
    "max_speed_kmh": "150",
    "drift_m": "30",
    "parked_minutes": "10",
    "stay_minutes": "30",
    "clock_minutes": "5",
    "twin_share": "0.9",
    "least_devices": "10",
}
TUESDAY = date(2021, 6, 1)
#: A degree of latitude in metres on the sphere that the engine measures on.
DEGREE = np.pi * EARTH_M / 180


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Iterator[Engine]:
    """DuckDB, or what the environment names: tests/end_to_end/test_on_spark.py runs this module again on Spark."""
    name = os.environ.get("CITYHEALTH_ENGINE", "duckdb")
    with open_engine(name, tmp_path_factory.mktemp("engine"), "1GB") as opened:
        yield opened


@pytest.fixture(scope="module")
def duckdb(tmp_path_factory) -> Iterator[Engine]:
    with open_engine("duckdb", tmp_path_factory.mktemp("duckdb"), "500MB") as opened:
        yield opened


@pytest.fixture(scope="module")
def zones() -> Zones:
    """Two counties side by side, and a town across their border."""
    west, east = shapely.box(112.0, 35.0, 112.2, 35.3), shapely.box(112.2, 35.0, 112.4, 35.3)
    return build_zones({"west": west, "east": east, "town": shapely.box(112.15, 35.0, 112.25, 35.1)}, 250)


def second(day: date, hour: int, minute: float = 0) -> int:
    return (day - date(1970, 1, 1)).days * 86_400 + hour * 3600 + round(minute * 60)


def part(path: Path, rows: list[tuple], schema: pa.Schema = POSITIONS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in schema]
    pq.write_table(pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema), path)
    return path


def rows_of(engine: Engine, path: Path) -> list[dict]:
    rows = engine.to_arrow(engine.read(path)).to_pylist()
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])


def a_vehicle(day: date) -> list[tuple]:
    """From 8:00: 6 km in 10 minutes, 5 minutes in traffic, 3 km in 5 minutes, then parked for 15 minutes.

    Fixes every 30 seconds, 300 m apart due north while it drives; parked every minute.
    """
    steps = [1] * 20 + [0] * 10 + [1] * 10
    north = np.cumsum([0, *steps]) * 300 / DEGREE
    driving = [(1, second(day, 8) + 30 * i, 112.05, 35.05 + n, 20.0) for i, n in enumerate(north)]
    parked = [(1, second(day, 8, 20 + i), 112.05, 35.05 + north[-1] + 5 / DEGREE * (i % 2), None) for i in range(1, 16)]
    return driving + parked


def test_a_vehicle_drives_waits_and_parks_and_what_is_wrong_is_counted(engine, zones, tmp_path):
    vehicle = a_vehicle(TUESDAY)
    at_depot = [(3, second(TUESDAY, 9, 20 * i), 112.3, 35.2, 0.0) for i in range(15)]
    wrong = [
        (1, second(TUESDAY, 8, 5.25), 112.05, 35.2, 20.0),  # some ten kilometres off for a moment
        (1, vehicle[7][1], 112.06, 35.05, 20.0),  # the same second again, further east
        (1, second(TUESDAY, 0, -10), 112.05, 35.05, 20.0),  # ten minutes before the day
        (1, second(TUESDAY, 8, 7.1), 113.0, 35.05, 20.0),  # in no area
        *((4, *fix[1:]) for fix in at_depot),  # the same vehicle under another id
    ]
    early = [(1, second(TUESDAY, 0, -4), 112.05, 35.05, 20.0)]  # a clock four minutes slow may pass
    rows = vehicle + at_depot + wrong + early
    parts = [part(tmp_path / f"{i}.parquet", rows[i::3]) for i in range(3)]
    counts = compute_day(engine, "vehicle_positions", parts, TUESDAY, RULES, zones, tmp_path / "day", None)
    assert counts.rows_in == 56 + 15 + 4 + 15 + 1
    assert counts.removed == {"clock": 1, "outside": 1, "duplicate": 1, "jump": 1, "twin": 15}
    assert counts.rows_kept == counts.rows_in - 19 == 72
    # The night, nine half minutes of waiting (in the tenth it has left before a minute is over), parked, the depot.
    assert counts.drifting == 1 + 9 + 15 + 14
    (driven,) = rows_of(engine, tmp_path / "day" / "driving.parquet")
    assert (driven["device"], driven["hour"], driven["day"]) == (1, 8, (TUESDAY - date(1970, 1, 1)).days)
    assert driven["distance_m"] == pytest.approx(9000, rel=1e-9)
    assert driven["seconds"] == 1200
    partials = [DayPartial(tmp_path / "day", TUESDAY, None)]
    window = {"hours": "7-9|17-19", "days": "workdays"}
    distance = MOBILITY_METHODS["driven_distance"][1](engine, partials, window, zones, 1)
    assert (distance["west"].number, distance["west"].unit) == (pytest.approx(9.0, rel=1e-9), "公里")
    assert distance["east"].number is None
    assert MOBILITY_METHODS["driven_time"][1](engine, partials, window, zones, 2)["west"].problem is not None
    (speed,) = speed_days(engine, partials, window, zones, 1).to_pylist()
    assert (speed["area_code"], speed["day"], speed["devices"]) == ("west", TUESDAY, 1)
    assert speed["distance_km"] / speed["hours"] == pytest.approx(27.0, rel=1e-9)
    # What is there is left as it is, and told again.
    assert compute_day(engine, "vehicle_positions", [], TUESDAY, RULES, zones, tmp_path / "day", None) == counts


HOME, WORK, SIGHT = (112.05, 35.05), (112.35, 35.05), (112.3, 35.25)


def a_day_of_phones(day: date, at_work: bool, tourists: int) -> list[tuple]:
    """Twelve phones at home in the west; to work in the east they leave by 7:35 and arrive at 8:00.

    Each a few seconds after the other, so that they are not taken for one; some tourists stay two hours in the east.
    """
    rows = []
    for device in range(12):
        fixes = [(minute, HOME) for minute in range(0, 451, 30)]
        if at_work:
            fixes += [(455 + 5 * i, (112.1 + 0.05 * i, 35.05)) for i in range(5)]
            fixes += [(minute, WORK) for minute in range(480, 1021, 30)]
            fixes += [(minute, HOME) for minute in range(1080, 1440, 30)]
        else:
            fixes += [(minute, HOME) for minute in range(480, 1440, 30)]
        rows += [(device, second(day, 0, minute) + device, *place, None) for minute, place in fixes]
    for device in range(100, 100 + tourists):
        rows += [(device, second(day, 10, 20 * i) + device % 7, *SIGHT, None) for i in range(7)]
    return rows


COMMUTE = {"night": "21-6", "day": "9-17", "min_nights": "2", "min_days": "2", "min_distance_m": "500"}


def phone_partials(engine: Engine, zones: Zones, folder: Path, people: float | None = 2.0) -> list[DayPartial]:
    """Two working days, the first with three tourists, and a Saturday."""
    days = {TUESDAY: (True, 3), TUESDAY + timedelta(1): (True, 0), TUESDAY + timedelta(4): (False, 0)}
    partials = []
    for day, (at_work, tourists) in days.items():
        file = part(folder / f"{day}.parquet", a_day_of_phones(day, at_work, tourists))
        counts = compute_day(engine, "phone_positions", [file], day, RULES, zones, folder / f"{day}", people)
        assert counts.rows_kept == counts.rows_in
        partials.append(DayPartial(folder / f"{day}", day, people))
    return partials


def test_phones_tell_homes_commutes_presence_and_visits(engine, zones, tmp_path):
    partials = phone_partials(engine, zones, tmp_path)

    def value(method: str, area: str, least: int = 10, **parameters: str) -> tuple[float | None, int]:
        found = MOBILITY_METHODS[method][1](engine, partials[::-1], parameters, zones, least)[area]
        assert (found.number is None) == (found.problem is not None)
        return found.number, found.devices

    assert value("commuters", "west", **COMMUTE) == (24.0, 12)
    assert value("commuters", "east", **COMMUTE) == (None, 0)
    assert value("commute_minutes", "west", **COMMUTE) == (pytest.approx(24 * 25, rel=1e-9), 12)
    # Home and work are 27.3 km apart.
    assert value("commuters_within", "west", within_m="5000", **COMMUTE) == (None, 0)
    assert value("commuters_within", "west", within_m="28000", **COMMUTE) == (24.0, 12)
    assert value("present_people", "west", hours="21-6") == (24.0, 12)
    # Twelve on both working days, the tourists on one of them.
    assert value("present_people", "east", hours="9-17", days="workdays") == (27.0, 15)
    # (12 + 3 + 12 + 0) phones on three days, two people each.
    assert value("visitors", "east", night="21-6", min_nights="2") == (18.0, 15)
    assert value("visitors", "east", least=16, night="21-6", min_nights="2") == (None, 15)
    assert value("visitors", "east", night="21-6", min_nights="4") == (None, 0)

    (flow,) = commute_flows(engine, partials, COMMUTE, zones, 2021, 10).to_pylist()
    distance = flow.pop("distance_m")
    assert flow == {
        "year": 2021, "home_area": "west", "work_area": "east", "people": 24.0, "minutes": 25.0, "devices": 12,
    }  # fmt: skip
    assert distance == pytest.approx(27_300, abs=250)

    parts_of_day = {"night": {"hours": "21-6"}, "day": {"hours": "9-17", "days": "workdays"}}
    cells = presence_cells(engine, partials, parts_of_day, zones, 2021, 10).to_pylist()
    # By day the tourists' cell may not be shown, so neither may the one cell beside it: the county's total would tell.
    assert [(cell["part_of_day"], cell["people"], cell["devices"]) for cell in cells] == [("night", 24.0, 12)]
    assert (cells[0]["lon"], cells[0]["lat"]) == pytest.approx(HOME, abs=0.002)


def test_who_leaves_the_city_is_not_at_home_meanwhile(engine, zones, tmp_path):
    away = [(7, second(TUESDAY, hour), *((113.9, 36.2) if 8 <= hour < 18 else HOME), None) for hour in range(24)]
    counts = compute_day(
        engine, "phone_positions", [part(tmp_path / "p.parquet", away)], TUESDAY, RULES, zones, tmp_path / "day", 2.0
    )
    assert (counts.rows_in, counts.rows_kept, counts.removed["outside"]) == (24, 14, 10)
    stays = sorted(rows_of(engine, tmp_path / "day" / "stays.parquet"), key=lambda row: row["arrive"])
    hours = [((row["arrive"] % 86_400) / 3600, (row["depart"] % 86_400) / 3600) for row in stays]
    assert hours == [(0, 8), (18, 23)]


def some_trips(day: date) -> list[tuple]:
    """Ten bus trips of 2.1 km and four car trips of 10.1 km from the west, and four that cannot be."""
    north = 35.05 + 2100 / DEGREE
    bus = [(i, 112.05, 35.05, 112.05, north, second(day, 8), second(day, 8, 12), "bus", 1.0) for i in range(10)]
    far = 35.05 + 10_100 / DEGREE
    car = [(None, 112.05, 35.05, 112.05, far, second(day, 9), second(day, 9, 20), "car", 1.0) for _ in range(4)]
    wrong = [
        (20, 112.05, 35.05, 113.05, 35.05, second(day, 8), second(day, 9), "bus", 1.0),
        (21, 112.05, 35.05, 112.05, north, second(day, 9), second(day, 8), "bus", 1.0),
        (22, 112.05, 35.05, 112.05, far, second(day, 8), second(day, 8, 1), "car", 1.0),
        (23, 112.05, 35.05, 112.05, north, second(day, 30), second(day, 31), "bus", 1.0),
    ]
    return bus + car + wrong


def test_trips_are_counted_by_mode_and_length(engine, zones, tmp_path):
    file = part(tmp_path / "trips.parquet", some_trips(TUESDAY), TRIPS)
    counts = compute_day(engine, "trips", [file], TUESDAY, RULES, zones, tmp_path / "day", 100.0)
    assert (counts.rows_in, counts.rows_kept) == (18, 14)
    assert counts.removed == {"clock": 1, "backward": 1, "outside": 1, "jump": 1}
    bus, car = sorted(rows_of(engine, tmp_path / "day" / "trips.parquet"), key=lambda row: row["hour"])
    assert (bus["mode"], bus["hour"], bus["half_kilometre"], bus["minute"], bus["travellers"]) == ("bus", 8, 4, 12, 10)
    assert (car["nameless"], car["minutes"], car["distance_m"]) == (4, 80, pytest.approx(40_400, rel=1e-9))
    partials = [DayPartial(tmp_path / "day", TUESDAY, 100.0)]
    daily = MOBILITY_METHODS["daily_trips"][1]
    assert daily(engine, partials, {}, zones)["west"].number == pytest.approx(0.14, rel=1e-9)
    green = daily(engine, partials, {"modes": "walk|bicycle|bus|rail"}, zones)["west"]
    assert (green.number, green.unit, green.devices) == (pytest.approx(0.1, rel=1e-9), "万人次", 10)
    lengths = trip_lengths(engine, engine.read(file))
    assert (lengths.travellers, lengths.shorter) == (18, 12)
    assert lengths.lengths.to_pydict() == {"from_m": [2000, 10_000, 91_000], "travellers": [12, 5, 1]}
    assert lengths.times.to_pydict() == {"from_minute": [1, 12, 20, 60], "travellers": [1, 10, 4, 2]}


def made_positions(devices: int, fixes: int, seed: int) -> pa.Table:
    """Random ways with stops, duplicates, jumps, clocks that are wrong, some outside, and every tenth device twice."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 1e-3, (devices, fixes, 2)) * (rng.random((devices, fixes, 1)) < 0.6)
    place = np.clip(rng.uniform([112.0, 35.0], [112.4, 35.3], (devices, 2))[:, None] + np.cumsum(steps, 1), 0, 112.45)
    place[rng.random((devices, fixes)) < 0.01] += 0.05
    times = np.sort(rng.integers(-900, 86_400 + 900, (devices, fixes)), 1) + second(TUESDAY, 0)
    ids = np.repeat(rng.permutation(devices) * 1_000_003, fixes)
    speed = np.where(rng.random(devices * fixes) < 0.3, 0, rng.uniform(0, 80, devices * fixes))
    columns = [ids, times.ravel(), place[..., 0].ravel(), place[..., 1].ravel(), speed]
    again = np.isin(ids, np.unique(ids)[::10])
    columns = [np.concatenate([c, c[again] + (7 if i == 0 else 0)]) for i, c in enumerate(columns)]
    order = rng.permutation(len(columns[0]))
    return pa.table([column[order] for column in columns], schema=POSITIONS)


def summed(engine: Engine, parts: list[Path], zones: Zones, out: Path) -> tuple[DayCounts, list[dict]]:
    counts = compute_day(engine, "vehicle_positions", parts, TUESDAY, RULES, zones, out, None)
    return counts, rows_of(engine, out / "driving.parquet")


def test_both_engines_agree_whatever_the_order_of_parts(engine, duckdb, zones, tmp_path):
    rows = made_positions(devices=150, fixes=200, seed=3)
    parts = [tmp_path / f"{i}.parquet" for i in range(3)]
    for i, path in enumerate(parts):
        pq.write_table(rows.slice(i * 10_000, 10_000 if i < 2 else None), path)
    whole = tmp_path / "whole.parquet"
    pq.write_table(rows.take(pa.array(np.arange(rows.num_rows)[::-1])), whole)
    expected, driven = summed(duckdb, [whole], zones, tmp_path / "one")
    counts, found = summed(engine, parts[::-1], zones, tmp_path / "other")
    assert min(counts.removed.values()) > 0
    assert counts.drifting > 0
    assert (counts.rows_in, counts.removed, counts.drifting) == (
        rows.num_rows, expected.removed, expected.drifting,
    )  # fmt: skip
    assert len(found) == len(driven) > 1000
    keys = ("device", "zone", "hour", "seconds")
    assert [[row[key] for key in keys] for row in found] == [[row[key] for key in keys] for row in driven]
    assert [row["distance_m"] for row in found] == pytest.approx([row["distance_m"] for row in driven], rel=1e-9)


def test_a_corrected_day_changes_the_year_as_if_it_had_come_first(duckdb, zones, tmp_path):
    first, second_day, saturday = phone_partials(duckdb, zones, tmp_path)
    file = part(tmp_path / "corrected.parquet", a_day_of_phones(second_day.day, True, 6))
    compute_day(duckdb, "phone_positions", [file], second_day.day, RULES, zones, tmp_path / "corrected", 2.0)
    corrected = DayPartial(tmp_path / "corrected", second_day.day, 2.0)
    window = {"hours": "9-17", "days": "workdays"}
    present = MOBILITY_METHODS["present_people"][1]
    assert present(duckdb, [first, second_day, saturday], window, zones)["east"].number == 27.0
    # (12 + 3 + 12 + 6) phones on two days, two people each.
    assert present(duckdb, [saturday, corrected, first], window, zones)["east"].number == 33.0


def test_people_are_not_counted_without_a_factor_and_an_empty_day_is_a_day(duckdb, zones, tmp_path):
    partials = phone_partials(duckdb, zones, tmp_path, people=None)
    found = MOBILITY_METHODS["commuters"][1](duckdb, partials, COMMUTE, zones)
    assert {one.problem for one in found.values()} == {"没有写明扩样系数（每台设备代表多少人）"}
    assert presence_cells(duckdb, partials, {"night": {"hours": "21-6"}}, zones, 2021, 10).num_rows == 0
    empty = part(tmp_path / "empty.parquet", [])
    for kind in ("vehicle_positions", "phone_positions"):
        counts = compute_day(duckdb, kind, [empty], TUESDAY, RULES, zones, tmp_path / kind, None)
        assert (counts.rows_in, sum(counts.removed.values())) == (0, 0)


def test_a_day_larger_than_the_memory_is_summed_up_all_the_same(duckdb, zones, tmp_path):
    rows = made_positions(devices=1500, fixes=400, seed=5)
    pq.write_table(rows, tmp_path / "part.parquet")
    expected = summed(duckdb, [tmp_path / "part.parquet"], zones, tmp_path / "one")
    with open_engine("duckdb", tmp_path / "engine", "60MB") as small:
        counts, found = summed(small, [tmp_path / "part.parquet"], zones, tmp_path / "other")
    assert (counts.removed, len(found)) == (expected[0].removed, len(expected[1]))
    assert list((tmp_path / "engine").iterdir()) == []


def test_nothing_below_ten_devices_is_shown_nor_left_to_be_told_from_totals(duckdb, zones, tmp_path):
    rng = np.random.default_rng(11)
    middles = rng.uniform([112.01, 35.01], [112.39, 35.29], (25, 2))
    chosen = rng.choice(25, 400, p=rng.dirichlet(np.ones(25)))
    fixes = [
        (device, second(TUESDAY, 22, 20 * i) + device, *middles[cell], None)
        for device, cell in enumerate(chosen)
        for i in range(5)
    ]
    file = part(tmp_path / "part.parquet", fixes)
    compute_day(duckdb, "phone_positions", [file], TUESDAY, RULES, zones, tmp_path / "day", 1.0)
    partials = [DayPartial(tmp_path / "day", TUESDAY, 1.0)]
    cells = presence_cells(duckdb, partials, {"night": {"hours": "21-6"}}, zones, 2021, 10).to_pylist()
    assert 0 < len(cells) < 25
    assert min(cell["devices"] for cell in cells) >= 10
    totals = MOBILITY_METHODS["present_people"][1](duckdb, partials, {"hours": "21-6"}, zones)
    for code, box in {"west": (112.0, 112.2), "east": (112.2, 112.4)}.items():
        shown = sum(cell["people"] for cell in cells if box[0] <= cell["lon"] < box[1])
        hidden = totals[code].number - shown
        assert hidden == 0 or hidden >= 10


def test_spark_without_its_home_is_refused_in_words(tmp_path, monkeypatch):
    monkeypatch.delenv("SPARK_HOME", raising=False)
    with pytest.raises(EngineError, match="SPARK_HOME"), open_engine("local[2]", tmp_path / "engine"):
        pass
    assert list((tmp_path / "engine").iterdir()) == []
