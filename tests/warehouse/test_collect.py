"""collect: whatever was received by a moment is loaded and judged, once, whoever asks and however often."""

from __future__ import annotations

import multiprocessing
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from cityhealth.errors import IncompleteTransfer
from cityhealth.feeds import feed_named
from cityhealth.feeds.pipeline import collect, load_arrival
from cityhealth.landing import Arrival, LandingZone
from cityhealth.quality import Judgement
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT, Settings
from cityhealth.warehouse.connections import Warehouse
from small_city import small_city

SPAWN = multiprocessing.get_context("spawn")
ALL = datetime(2022, 1, 1, tzinfo=CITY_TIMEZONE)
FIGURES = "数据项代码,区域,统计期,数值,单位\nbuilt_up_area,某市,2020,45.6,平方公里\n"
DECISIONS = "编号,会议决定,会议日期\n2021-06-05/B1/planning,办结,2021-06-07\n"


def at(moment: str) -> datetime:
    return datetime.fromisoformat(f"2021-{moment}").replace(tzinfo=CITY_TIMEZONE)


def report(task: str, status: str = "已核查") -> str:
    return f"工作任务,工作内容,完成情况,完成百分比\n{task},核查,{status},80\n"


@dataclass(frozen=True)
class Installation:
    """A small city of its own, whose catalogue and suites may be changed."""

    settings: Settings
    warehouse: Warehouse

    @property
    def landing(self) -> LandingZone:
        return LandingZone(self.settings.landing_url)

    def land(self, feed: str, received: str, text: str, department: str = "市规划和自然资源局") -> Arrival:
        return self.landing.land(
            text.encode(), feed=feed, filename=f"{feed}.csv", department_text=department, received_at=at(received)
        )

    def collect(self, until: datetime = ALL) -> list[Judgement]:
        return collect(self.settings, self.warehouse, until)

    def ask(self, query: str, *values: object) -> list[tuple]:
        with self.warehouse.connect("admin") as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]

    def everything(self) -> dict[str, list[tuple]]:
        """All rows that loading and judging write."""
        tables = (
            "raw.arrival", "raw.batch", "raw.progress_line", "gate.run", "gate.reaffirmation", "gate.result",
            "gate.failing_row", "gate.item_value", "gate.progress_line", "gate.meeting_line", "ops.outcome",
        )  # fmt: skip
        return {table: self.ask(f"select t::text from {table} as t order by 1") for table in tables}

    def receipts(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in Path(self.settings.outbox_url).rglob("*.xlsx")}

    def now_known(self, file: str, row: str) -> None:
        """Add a row to the catalogue."""
        path = self.settings.seed_dir / file
        path.write_text(path.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")


@pytest.fixture
def city(warehouse: Warehouse, tmp_path: Path) -> Installation:
    settings = replace(
        warehouse.settings, project_root=tmp_path, city="small", landing_url=str(tmp_path / "landing"),
        outbox_url=str(tmp_path / "outbox"),
    )  # fmt: skip
    settings.seed_dir.mkdir(parents=True)
    small_city(settings.seed_dir)
    shutil.copytree(PROJECT_ROOT / "expectations", settings.expectations_dir)
    return Installation(settings, warehouse)


@pytest.fixture
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, SPAWN) as pool:
        yield pool


def collect_in_a_process(settings: Settings, warehouse: Warehouse) -> tuple[list[str], bool]:
    """What was judged, and whether Great Expectations was imported for it."""
    judged = [judgement.batch_id for judgement in collect(settings, warehouse, ALL)]
    return judged, "great_expectations" in sys.modules


def test_what_was_received_up_to_the_moment_is_loaded_and_judged_and_nothing_later(city: Installation) -> None:
    landed = {
        "figures": city.land("departmental", "05-20 09:00", FIGURES),
        "at the moment": city.land("progress", "06-05 18:00:00", report("生态宜居")),
        "a second later": city.land("progress", "06-05 18:00:01", report("健康舒适")),
        "decisions": city.land("meeting", "06-08 09:00", DECISIONS, "市体检办"),
    }
    names = {arrival.arrival_id: name for name, arrival in landed.items()}

    def in_the_warehouse(table: str) -> set[str]:
        return {names[row[0]] for row in city.ask(f"select arrival_id from {table}")}

    first = city.collect(at("06-05 18:00:00"))
    assert [judgement.feed for judgement in first] == ["departmental", "progress"]
    assert in_the_warehouse("raw.batch") == in_the_warehouse("gate.current_run") == {"figures", "at the moment"}
    assert [judgement.feed for judgement in city.collect(at("06-05 18:00:01"))] == ["progress"]
    assert [judgement.feed for judgement in city.collect()] == ["meeting"]
    assert in_the_warehouse("raw.batch") == in_the_warehouse("gate.current_run") == set(landed)


def test_what_was_loaded_and_not_judged_is_judged_if_it_was_received_by_then(city: Installation) -> None:
    arrival = city.land("progress", "06-04 10:00", report("生态宜居"))
    batch = load_arrival(city.warehouse, city.landing, feed_named("progress", city.settings), arrival).batch_id
    assert city.collect(at("06-04 09:59")) == []
    assert [judgement.batch_id for judgement in city.collect(at("06-04 10:00"))] == [batch]


def test_a_second_call_does_nothing(city: Installation) -> None:
    for task in ("生态宜居", "健康舒适"):
        city.land("progress", "06-04 10:00", report(task))
    assert len(city.collect()) == 2
    before, receipts = city.everything(), city.receipts()
    assert city.collect() == []
    assert (city.everything(), city.receipts()) == (before, receipts)
    assert len(receipts) == 2


def test_of_two_processes_at_once_one_does_the_work_and_the_other_does_not_even_import_great_expectations(
    city: Installation, processes: ProcessPoolExecutor
) -> None:
    for number in range(5):
        city.land("progress", f"06-04 10:0{number}", report("生态宜居", f"第{number}稿"))
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    with city.warehouse.connect("admin", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(7201407)")
        both = [processes.submit(collect_in_a_process, city.settings, city.warehouse) for _ in range(2)]
        give_up = time.monotonic() + 120
        while connection.execute(waiting).fetchone() != (2,) and time.monotonic() < give_up:
            time.sleep(0.05)
        assert connection.execute(waiting).fetchone() == (2,)
    (idle, idle_imported), (worked, worker_imported) = sorted((f.result() for f in both), key=lambda said: len(said[0]))
    assert (idle, len(set(worked))) == ([], 5)
    assert (idle_imported, worker_imported) == (False, True)
    assert city.ask("select count(*), count(distinct batch_id) from gate.run") == [(5, 5)]
    outcomes = city.ask("select step, object, count(*) from ops.outcome where success group by 1, 2")
    assert len(outcomes) == 10 and {count for *_, count in outcomes} == {1}


def test_a_file_that_is_half_there_keeps_nothing_else_waiting_and_is_taken_once_it_is_whole(city: Installation) -> None:
    half = city.land("progress", "06-04 10:00", report("生态宜居"))
    city.land("progress", "06-04 10:01", report("健康舒适"))
    city.land("meeting", "06-08 09:00", DECISIONS, "市体检办")
    (stored,) = Path(city.settings.landing_url).rglob(half.sha256)
    whole = stored.read_bytes()
    stored.write_bytes(whole[:-5])
    with pytest.raises(IncompleteTransfer, match=r"1 of 2 arrivals were not loaded: .*progress\.csv"):
        city.collect()
    judged = city.ask("select feed, verdict from gate.current_run order by 1")
    assert judged == [("meeting", "accepted"), ("progress", "accepted")]
    assert city.ask("select count(*) from raw.arrival where arrival_id = %s", half.arrival_id) == [(0,)]
    stored.write_bytes(whole)
    assert [judgement.verdict for judgement in city.collect()] == ["accepted"]
    assert city.ask("select count(*) from gate.current_run where arrival_id = %s", half.arrival_id) == [(1,)]


def test_a_catalogue_row_that_becomes_known_later_leaves_an_earlier_judgement_and_its_receipt_as_they_are(
    city: Installation,
) -> None:
    city.land("progress", "06-04 10:00", report("健康舒适"), "市统计局")
    (refused,) = city.collect()
    assert refused.verdict == "refused"
    before, receipts = city.everything(), city.receipts()
    city.now_known("responsibilities.csv", "B2,statistics,support,house,2021-06-05")
    assert city.collect() == []
    assert (city.everything(), city.receipts()) == (before, receipts)
    city.land("progress", "06-05 00:00", report("健康舒适"), "市统计局")
    (accepted,) = city.collect()
    assert accepted.verdict == "accepted"
    assert {path: data for path, data in city.receipts().items() if path in receipts} == receipts


def test_a_catalogue_row_that_was_known_on_the_day_of_arrival_makes_a_new_judgement(city: Installation) -> None:
    city.land("progress", "06-04 10:00", report("健康舒适"), "市统计局")
    city.land("progress", "06-03 10:00", report("健康舒适"), "市统计局")
    assert {judgement.verdict for judgement in city.collect()} == {"refused"}
    city.now_known("responsibilities.csv", "B2,statistics,support,house,2021-06-04")
    (again,) = city.collect()
    assert again.verdict == "accepted"
    assert city.ask("select verdict from gate.current_run order by received_at") == [("refused",), ("accepted",)]
    assert city.ask("select count(*) from gate.run") == [(3,)]


def test_a_changed_suite_judges_the_batches_of_its_table_anew(city: Installation) -> None:
    city.land("progress", "06-04 10:00", report("生态宜居"))
    city.land("meeting", "06-08 09:00", DECISIONS, "市体检办")
    assert len(city.collect()) == 2
    suite = city.settings.expectations_dir / "progress_line.yml"
    suite.write_text(suite.read_text(encoding="utf-8").replace("percent < 0 or percent > 100", "percent > 79"))
    (again,) = city.collect()
    assert (again.feed, again.verdict) == ("progress", "refused")
