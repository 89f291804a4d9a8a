"""Several processes summarise at once, one is killed in the middle: no lock that fails, no row twice, none missing."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest
from cities import File, Line, Report, Task, hand_in, settle_jincheng

from cityhealth.campaigns import reporting_period
from cityhealth.catalogue import load
from cityhealth.settings import PROJECT_ROOT, Settings
from cityhealth.transform import Edition, latest_edition, summarise
from cityhealth.transform.build import alone
from cityhealth.transform.editions import prepare
from cityhealth.warehouse.connections import Warehouse

CAMPAIGNS = load(PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng").campaigns
TABLES = (
    "semimonthly_summary", "department_assessment", "report_timeliness", "indicator_scorecard_asof",
    "difficulty_list", "work_block_progress",
)  # fmt: skip
KEYS = ("2021-06-05", "2021-05-20", "2021-07-05", "2021-06-20")
SPAWN = multiprocessing.get_context("spawn")


def summarise_key(warehouse: Warehouse, settings: Settings, key: str) -> Edition:
    return summarise(warehouse, settings, reporting_period(key, CAMPAIGNS))


def all_rows(warehouse: Warehouse) -> dict[str, list[str]]:
    found = {}
    with warehouse.connect("transformer") as connection:
        for table in TABLES:
            query = f"select to_jsonb(m)::text from marts.{table}_editions as m order by 1"
            found[table] = [row[0] for row in connection.execute(query).fetchall()]  # type: ignore[arg-type]
    return found


@pytest.fixture(scope="module")
def city(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    hand_in(
        module_warehouse,
        File("housing", [Line("new_green_building_area", "140500-BUA", 56)], day=-3),
        *(
            Report("ecology", key, f"{key} 09:00", [Task("B01", number * 10, f"第{number}期", problems="缺少资金")])
            for number, key in enumerate(sorted(KEYS), start=1)
        ),
    )
    return settle_jincheng(module_warehouse.settings, tmp_path_factory.mktemp("jincheng"))


@pytest.fixture(scope="module")
def together(module_warehouse: Warehouse, city: Settings) -> list[Edition]:
    """Four periods and two of them twice, by four processes, on a database for which nothing is prepared."""
    with ProcessPoolExecutor(4, SPAWN) as pool:
        wanted = [*KEYS, KEYS[0], KEYS[1]]
        return [f.result() for f in [pool.submit(summarise_key, module_warehouse, city, key) for key in wanted]]


def test_periods_summarised_at_once_and_in_any_order_have_the_numbers_of_one_after_the_other(
    module_warehouse: Warehouse, city: Settings, together: list[Edition], warehouse: Warehouse
) -> None:
    with module_warehouse.connect("loader") as source, warehouse.connect("admin") as target:
        for table in ("raw.arrival", "raw.batch", "gate.run", "gate.item_value", "gate.progress_line"):
            with (
                source.cursor().copy(f"copy {table} to stdout") as rows,
                target.cursor().copy(f"copy {table} from stdin") as copied,
            ):
                for block in rows:
                    copied.write(block)
    for key in sorted(KEYS):
        summarise_key(warehouse, city, key)
    rows = all_rows(warehouse)
    assert all(rows.values())
    assert all_rows(module_warehouse) == rows


def test_of_two_runs_of_one_period_the_second_finds_nothing_to_do(together: list[Edition]) -> None:
    assert {edition.edition for edition in together} == {1}
    for first, second in ((together[0], together[4]), (together[1], together[5])):
        assert sorted([first.new, second.new]) == [False, True]


def test_a_run_that_is_killed_leaves_nothing_to_be_seen_and_its_number_to_the_next(
    module_warehouse: Warehouse, city: Settings, together: list[Edition]
) -> None:
    key = "2021-08-05"
    lock = (f'"{module_warehouse.address.name}"."marts"."difficulty_list_editions"/{key}',)
    with module_warehouse.connect("transformer", autocommit=True) as blocker:
        blocker.execute("select pg_advisory_lock(hashtext(%s))", lock)
        process = SPAWN.Process(target=summarise_key, args=(module_warehouse, city, key))
        process.start()
        half = "select count(*) from marts.semimonthly_summary_editions where period = %s"
        give_up = time.monotonic() + 120
        while blocker.execute(half, (key,)).fetchone() == (0,) and time.monotonic() < give_up:
            time.sleep(0.1)
        assert blocker.execute(half, (key,)).fetchone() != (0,)
        process.kill()
        process.join()
    with module_warehouse.connect("reader") as connection:
        assert connection.execute("select * from semimonthly_summary where period = %s", (key,)).fetchall() == []
        states = connection.execute("select edition, status from period_edition where period = %s", (key,)).fetchall()
    assert states == [(1, "running")]
    assert latest_edition(module_warehouse, key) is None
    again = summarise_key(module_warehouse, city, key)
    assert (again.edition, again.new) == (1, True)
    rows = all_rows(module_warehouse)
    with module_warehouse.connect("transformer") as connection:
        connection.execute("update ops.edition set status = 'failed' where period = %s", (key,))
    assert summarise_key(module_warehouse, city, key).edition == 1
    assert all_rows(module_warehouse) == rows


def test_judgements_that_come_in_the_middle_are_in_the_edition_too(
    module_warehouse: Warehouse, city: Settings, together: list[Edition]
) -> None:
    key = "2021-09-05"
    late_loaded = Report("water", key, f"{key} 10:00", [Task("B01", 70, "后装载的报告")])
    pending = [late_loaded]

    def load_it(_: object) -> None:
        if pending:
            hand_in(module_warehouse, pending.pop())

    edition = summarise(module_warehouse, city, reporting_period(key, CAMPAIGNS), on_node=load_it)
    with module_warehouse.connect("reader") as connection:
        percent = connection.execute(
            "select percent from semimonthly_summary where period = %s and department_code = 'water'", (key,)
        ).fetchall()
        whole = connection.execute(
            "select on_time_count from department_assessment where period = %s and department_code = 'water'", (key,)
        ).fetchall()
    assert (percent, whole, edition.edition) == ([(70,)], [(1,)], 1)
    again = summarise_key(module_warehouse, city, key)
    assert again == replace(edition, new=False)


def test_a_summary_waits_for_a_build_and_summaries_wait_for_none_of_their_kind(
    module_warehouse: Warehouse, city: Settings, together: list[Edition]
) -> None:
    done = threading.Event()

    def second() -> None:
        prepare(module_warehouse, city)
        done.set()

    with alone(module_warehouse):
        thread = threading.Thread(target=second)
        thread.start()
        assert not done.wait(timeout=0.5)
    assert done.wait(timeout=30)
    thread.join()
    with module_warehouse.connect("transformer", autocommit=True) as other:
        other.execute("select pg_advisory_lock_shared(7201406)")
        prepare(module_warehouse, city)
