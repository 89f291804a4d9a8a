"""Loading: one arrival is one batch in one transaction, whatever happens in between."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from cityhealth.errors import IncompleteTransfer, WarehouseError
from cityhealth.feeds import pipeline
from cityhealth.feeds.departmental import DepartmentalFeed
from cityhealth.landing import Arrival, LandingZone
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.warehouse.connections import Warehouse

FEED = DepartmentalFeed()
NINE = datetime(2021, 5, 20, 9, tzinfo=CITY_TIMEZONE)
GOOD = "数据项代码,数值\nroad_length,12\nbuilt_up_area,50\n".encode()


@pytest.fixture
def landing(tmp_path: Path) -> LandingZone:
    return LandingZone(str(tmp_path / "landing"))


def landed(landing: LandingZone, data: bytes = GOOD, filename: str = "报表.csv", hour: int = 9) -> Arrival:
    return landing.land(
        data, feed="departmental", filename=filename, received_at=NINE.replace(hour=hour), department_text="住建局"
    )


def counts(warehouse: Warehouse) -> tuple[int, int, int]:
    with warehouse.connect("loader") as connection:
        row = connection.execute(
            "select (select count(*) from raw.arrival), (select count(*) from raw.batch),"
            " (select count(*) from raw.departmental_row)"
        ).fetchone()
    assert row is not None
    return row


def test_an_arrival_becomes_one_batch_however_often_it_is_loaded(warehouse: Warehouse, landing: LandingZone) -> None:
    arrival = landed(landing)
    first = pipeline.load_arrival(warehouse, landing, FEED, arrival)
    again = pipeline.load_arrival(warehouse, landing, FEED, arrival)
    assert (first.already, again.already, first.batch_id) == (False, True, again.batch_id)
    assert counts(warehouse) == (1, 1, 2)


def test_the_same_bytes_received_twice_are_two_batches(warehouse: Warehouse, landing: LandingZone) -> None:
    for hour in (9, 10):
        pipeline.load_arrival(warehouse, landing, FEED, landed(landing, hour=hour))
    assert counts(warehouse) == (2, 2, 4)


def test_ten_loaders_at_once_leave_exactly_one_batch(warehouse: Warehouse, landing: LandingZone) -> None:
    arrival = landed(landing)
    start = threading.Barrier(10)

    def load(_: int) -> pipeline.Loaded:
        start.wait()
        return pipeline.load_arrival(warehouse, landing, FEED, arrival)

    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(load, range(10)))
    assert counts(warehouse) == (1, 1, 2)
    assert sum(not result.already for result in results) == 1


def test_an_unreadable_file_is_a_batch_without_rows_that_says_why(warehouse: Warehouse, landing: LandingZone) -> None:
    loaded = pipeline.load_arrival(warehouse, landing, FEED, landed(landing, data=b"", filename="空.xlsx"))
    assert loaded.rows == 0 and loaded.read_error_zh
    with warehouse.connect("loader") as connection:
        batch = connection.execute("select read_error_code, read_error_place from raw.batch").fetchone()
    assert batch == ("empty", "空.xlsx")


def test_a_database_that_goes_away_in_mid_load_leaves_nothing_and_a_retry_leaves_one_batch(
    warehouse: Warehouse, landing: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrival = landed(landing)
    append = pipeline.append

    def killed_after_the_rows(*arguments):
        append(*arguments)
        with warehouse.connect("admin", autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'loader'")

    monkeypatch.setattr(pipeline, "append", killed_after_the_rows)
    with pytest.raises(WarehouseError, match="可重试"):
        pipeline.load_arrival(warehouse, landing, FEED, arrival)
    assert counts(warehouse) == (0, 0, 0)
    monkeypatch.undo()
    pipeline.load_arrival(warehouse, landing, FEED, arrival)
    assert counts(warehouse) == (1, 1, 2)


def test_a_half_written_file_fails_alone_and_loads_once_it_is_whole(
    warehouse: Warehouse, landing: LandingZone, tmp_path: Path
) -> None:
    good = landed(landing)
    half_data = GOOD + b"park_area,3\n"
    half = landed(landing, data=half_data, filename="半截.csv")
    stored = tmp_path / "landing" / "objects" / half.sha256[:2] / half.sha256
    stored.write_bytes(half_data[:-5])
    loaded = []
    with pytest.raises(IncompleteTransfer, match=r"1 of 2 arrivals .*半截\.csv"):
        loaded.extend(pipeline.load_arrivals(warehouse, landing, FEED, [half, good]))
    assert counts(warehouse) == (1, 1, 2)
    stored.write_bytes(half_data)
    assert [x.already for x in pipeline.load_arrivals(warehouse, landing, FEED, [half, good])] == [False, True]
    with warehouse.connect("admin") as connection:
        outcomes = connection.execute(
            "select success, object = %s from ops.outcome order by outcome_id", (half.arrival_id,)
        ).fetchall()
    assert outcomes == [(False, True), (True, False), (True, True), (True, False)]


def test_names_with_quotes_and_newlines_are_stored_as_they_are(warehouse: Warehouse, landing: LandingZone) -> None:
    name = "晋城 '城管局'\n\"最终 版\".csv"
    data = '数据项代码,数值\n"road\'; drop table raw.batch; --",12\n'.encode()
    pipeline.load_arrival(warehouse, landing, FEED, landed(landing, data=data, filename=name))
    with warehouse.connect("loader") as connection:
        assert connection.execute("select filename from raw.arrival").fetchone() == (name,)
        stored = connection.execute("select item_text, value_text from raw.departmental_row").fetchone()
    assert stored == ("road'; drop table raw.batch; --", "12")


def test_batches_are_found_by_arrival_day(warehouse: Warehouse, landing: LandingZone) -> None:
    loaded = pipeline.load_arrival(warehouse, landing, FEED, landed(landing))
    assert pipeline.loaded_batches(warehouse, "departmental", NINE.date(), NINE.date()) == [loaded.batch_id]
    assert pipeline.loaded_batches(warehouse, "departmental", last=datetime(2021, 5, 19).date()) == []
    assert pipeline.loaded_batches(warehouse, "yearbook") == []
