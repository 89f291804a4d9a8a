"""A whole campaign on the real scheduler: several runs at once, in any order, again, and killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cityhealth import settings as settings_module
from cityhealth.backfill import NothingToRun, Started, finish, start
from cityhealth.campaigns import ReportingPeriod, reporting_period, reporting_periods
from cityhealth.catalogue import load_campaigns
from cityhealth.feeds.pipeline import collect
from cityhealth.landing import LandingZone
from cityhealth.settings import PROJECT_ROOT, Settings
from cityhealth.stack import AirflowClient, LocalAirflow, StackError
from cityhealth.transform.editions import summarise
from cityhealth.warehouse.connections import Warehouse, warehouse as open_warehouse
from cityhealth.warehouse.embedded import EmbeddedServer
from cityhealth.warehouse.migrate import migrate

pytestmark = pytest.mark.airflow

DAG = "semimonthly_summary"
COMPONENTS = ("scheduler", "dag-processor", "api-server")
CAMPAIGNS = load_campaigns(PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng")
PERIODS = reporting_periods(CAMPAIGNS[0])
MARTS = (
    "semimonthly_summary", "department_assessment", "report_timeliness", "indicator_scorecard_asof",
    "difficulty_list", "work_block_progress",
)  # fmt: skip
#: Two ranges that overlap, the newer one first.
NEWER = (date(2021, 11, 5), date(2022, 5, 5))
OLDER = (date(2021, 5, 20), date(2021, 12, 5))
#: Run a second time: what both ranges had, and what only one of them had.
AGAIN = (date(2021, 10, 5), date(2022, 1, 20))
#: Computed a second time in another database, one after the other and without Airflow.
COMPARED = ("2021-05-20", "2021-06-05", "2022-04-20", "2022-05-05")

_HEADER = "报送期,工作任务,工作内容,完成情况,工作重点,存在的问题,下一步工作计划,完成百分比"


def land_reports(settings: Settings) -> None:
    """Of every period one department's report, its correction after the cut-off; every other time another's report."""
    landing = LandingZone(settings.landing_url)

    def hand_in(department: str, period: ReportingPeriod, hours: float, percent: int, work: str) -> None:
        problems = "缺少资金" if period.number % 3 == 1 else "无"
        line = f"{period.key},生态宜居,{work},完成{percent}个点位,{work}重点,{problems},继续{work},{percent}%"
        landing.land(
            f"{_HEADER}\n{line}\n".encode(),
            feed="progress",
            filename=f"{department}{period.key}半月进展.csv",
            received_at=period.cutoff + timedelta(hours=hours),
            department_text=department,
        )

    for period in PERIODS:
        hand_in("市住房和城乡建设局", period, -5, 4 * period.number, f"第{period.number}批小区核查")
        hand_in("市住房和城乡建设局", period, 30, 4 * period.number + 1, f"第{period.number}批小区复核")
        if period.number % 2:
            hand_in("市统计局", period, -1, 3 * period.number, f"第{period.number}批数据汇总")


class _Webhook(HTTPServer):
    """A chat robot on loopback; keeps the titles of what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.posts: list[dict[str, Any]] = []


class _Post(BaseHTTPRequestHandler):
    server: _Webhook

    def do_POST(self) -> None:
        self.server.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture(scope="module")
def webhook() -> Iterator[_Webhook]:
    server = _Webhook()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, webhook: _Webhook) -> Iterator[LocalAirflow]:
    """An Airflow of this module's own, running, with a chat to tell."""
    home = tmp_path_factory.mktemp("campaign") / "var"
    settings = settings_module.from_environment({"PATH": os.environ["PATH"], "CITYHEALTH_HOME": str(home)})
    warehouse = open_warehouse(settings, start=True)
    migrate(warehouse)
    path = {"path": f"json://127.0.0.1:{webhook.server_address[1]}/hook"}
    overrides = {
        "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "1",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
        "CITYHEALTH_NOTIFY": "apprise:city_chat",
        "AIRFLOW_CONN_CITY_CHAT": json.dumps({"conn_type": "apprise", "extra": {"config": path}}),
    }
    airflow = LocalAirflow(settings, warehouse, overrides, preferred_port=0)
    airflow.up(COMPONENTS)
    yield airflow
    airflow.down()
    EmbeddedServer(settings).stop()


def content(warehouse: Warehouse) -> dict[tuple[str, str], tuple[int, str]]:
    """Of every mart and period: number of rows and hash of what they say, all editions."""
    found = {}
    with warehouse.connect("reader") as connection:
        for mart in MARTS:
            query = (
                "select period::text, count(*), md5(string_agg(m::text, '|' order by m::text))"
                f" from {mart}_editions as m group by period"
            )
            for period, rows, digest in connection.execute(query).fetchall():  # type: ignore[arg-type]
                found[mart, period] = (rows, digest)
    return found


def say(message: str) -> None:
    print(f"{time.monotonic():.1f} {message}")


def editions(warehouse: Warehouse) -> list[tuple[str, int, str]]:
    with warehouse.connect("transformer") as connection:
        return connection.execute("select period, edition, status from ops.edition order by 1, 2").fetchall()


def documents(warehouse: Warehouse) -> list[tuple[str, str, str]]:
    """The documents as they stand: one that came before the period before it was rendered again after that."""
    with warehouse.connect("reader") as connection:
        return connection.execute(
            "select distinct on (period, kind) period::text, kind, sha256 from period_document"
            " order by period, kind, rendered_at desc"
        ).fetchall()


def wait_for(condition: Any, seconds: float = 120.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not come to that")


def close_ended_backfills(airflow: LocalAirflow) -> None:
    """The scheduler closes a backfill up to half a minute after its last run; no test has to wait for that."""
    with psycopg.connect(airflow.warehouse.url("airflow", "airflow")) as connection:
        connection.execute(
            "update backfill set completed_at = now() where completed_at is null and not exists"
            " (select from dag_run where backfill_id = backfill.id and state in ('running', 'queued'))"
        )


def running_tasks(client: AirflowClient, started: Started, task_id: str) -> list[dict]:
    runs = [run for run in client.backfill_runs(DAG, len(started.keys)) if run["state"] == "running"]
    tasks = [task for run in runs for task in client.tasks(DAG, run["dag_run_id"])]
    return [task for task in tasks if task["task_id"] == task_id and task["state"] == "running" and task["pid"]]


def outcome_of(client: AirflowClient, dag_id: str, run_id: str) -> dict:
    """The run when it has ended."""

    def ended() -> dict | None:
        run = next(run for run in client.runs(dag_id) if run["dag_run_id"] == run_id)
        return run if run["state"] in ("success", "failed") else None

    return wait_for(ended)


@dataclass(frozen=True)
class Observed:
    """What the campaign went through, for the tests to look at."""

    airflow: LocalAirflow
    finished_at_kill: int
    checked_between: dict
    killed: dict
    late_key: str
    filled: dict[tuple[str, str], tuple[int, str]]
    editions: list[tuple[str, int, str]]
    documents: list[tuple[str, str, str]]
    after_repeat: dict[tuple[str, str], tuple[int, str]]
    editions_after_repeat: list[tuple[str, int, str]]
    documents_after_repeat: list[tuple[str, str, str]]
    repeated_runs: list[dict]
    checked_after: dict
    reference: dict[tuple[str, str], tuple[int, str]]


def one_deadline_passes(airflow: LocalAirflow) -> str:
    """Make the deadline of a run that still waits a thing of the past; returns its key."""
    with psycopg.connect(airflow.warehouse.url("airflow", "airflow")) as connection:
        row = connection.execute(
            "update deadline set deadline_time = now() - interval '1 hour' where id = (select deadline.id from deadline"
            " join dag_run on dag_run.id = dagrun_id where not missed and dag_run.state = 'queued'"
            " order by dag_run.partition_date limit 1) returning"
            " (select partition_key from dag_run where dag_run.id = dagrun_id)"
        ).fetchone()
    assert row is not None
    return row[0]


def in_another_database(warehouse: Warehouse, landing_url: str, outbox: Path) -> dict[tuple[str, str], tuple[int, str]]:
    settings = replace(warehouse.settings, landing_url=landing_url, outbox_url=str(outbox))
    collect(settings, warehouse, until=PERIODS[-1].cutoff)
    for key in COMPARED:
        summarise(warehouse, settings, reporting_period(key, CAMPAIGNS))
    return content(warehouse)


@pytest.fixture(scope="module")
def observed(
    running: LocalAirflow, module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory, webhook: _Webhook
) -> Observed:
    land_reports(running.settings)
    client = running.client()

    newer = start(client, DAG, *NEWER, newest_first=True, say=say)
    wait_for(lambda: running_tasks(client, newer, "summarise"))
    say("kill the scheduler")
    states = [run["state"] for run in client.backfill_runs(DAG, len(newer.keys))]
    # The scheduler with its workers, as if the machine had gone; a task in the middle of dbt lives on for a while.
    os.killpg(running.running()["scheduler"], signal.SIGKILL)
    wait_for(lambda: "scheduler" not in running.running())
    running.up(COMPONENTS)
    say("started again")
    late_key = one_deadline_passes(running)
    # While Airflow finds out what was orphaned: the same periods without it, in a database of their own.
    outbox = tmp_path_factory.mktemp("outbox")
    reference = in_another_database(module_warehouse, running.settings.landing_url, outbox)
    say("compared")
    finish(client, newer, say)
    wait_for(lambda: [post for post in webhook.posts if "late" in post["title"]])
    close_ended_backfills(running)

    client.unpause("check_summaries")
    checked_between = outcome_of(client, "check_summaries", client.trigger("check_summaries"))

    older = start(client, DAG, *OLDER, say=say)
    (victim, *_) = wait_for(lambda: running_tasks(client, older, "summarise"))
    os.kill(victim["pid"], signal.SIGKILL)
    finish(client, older, say)
    close_ended_backfills(running)
    warehouse = running.warehouse
    filled, made, written = content(warehouse), editions(warehouse), documents(warehouse)

    again = start(client, DAG, *AGAIN, max_active_runs=8, say=say)
    repeated = finish(client, again, say)
    checked_after = outcome_of(client, "check_summaries", client.trigger("check_summaries"))
    return Observed(
        airflow=running,
        finished_at_kill=states.count("success"),
        checked_between=checked_between,
        killed=victim,
        late_key=late_key,
        filled=filled,
        editions=made,
        documents=written,
        after_repeat=content(warehouse),
        editions_after_repeat=editions(warehouse),
        documents_after_repeat=documents(warehouse),
        repeated_runs=repeated,
        checked_after=checked_after,
        reference=reference,
    )


def test_the_wrapper_says_what_it_cannot_run_and_touches_nothing(running: LocalAirflow) -> None:
    client = running.client()
    paused = {dag["dag_id"]: dag["is_paused"] for dag in client.dags()}
    with pytest.raises(NothingToRun, match="nearest: 2021-06-05 and 2021-06-20"):
        start(client, DAG, date(2021, 6, 6), date(2021, 6, 19), say=say)
    with pytest.raises(NothingToRun, match="is later than"):
        start(client, DAG, date(2021, 6, 6), date(2021, 6, 5), say=say)
    with pytest.raises(NothingToRun, match="lies in the future"):
        start(client, "ingest_progress", date(2999, 1, 1), date(2999, 1, 2), say=say)
    with pytest.raises(StackError, match="does not support backfills"):
        start(client, "build_marts", date(2021, 6, 5), date(2021, 6, 5), say=say)
    with pytest.raises(StackError, match="Could not find dag"):
        start(client, "no_such_dag", date(2021, 6, 5), date(2021, 6, 5), say=say)
    assert {dag["dag_id"]: dag["is_paused"] for dag in client.dags()} == paused
    assert client.consumers("ingest_departmental") == ["build_marts"]


def test_two_overlapping_backfills_fill_all_24_periods_though_scheduler_and_task_were_killed(
    observed: Observed,
) -> None:
    assert observed.finished_at_kill < 13
    assert observed.killed["task_id"] == "summarise"
    keys = [period.key for period in PERIODS]
    assert [key for key, _, _ in observed.editions] == keys
    assert {(edition, status) for _, edition, status in observed.editions} == {(1, "success")}
    for mart in ("semimonthly_summary", "department_assessment", "report_timeliness", "work_block_progress"):
        assert sorted(period for name, period in observed.filled if name == mart) == keys
    assert {(key, kind) for key, kind, _ in observed.documents} == {
        (k, kind) for k in keys for kind in ("brief", "annex")
    }


def test_the_numbers_are_those_of_a_database_filled_in_order_without_airflow(observed: Observed) -> None:
    compared = {at: found for at, found in observed.filled.items() if at[1] in COMPARED}
    assert compared == observed.reference
    assert len(compared) > 4 * 4


def test_to_run_again_changes_no_number_and_makes_no_edition(observed: Observed) -> None:
    assert {run["state"] for run in observed.repeated_runs} == {"success"}
    repeated = [period.key for period in PERIODS if AGAIN[0] <= period.due <= AGAIN[1]]
    assert sorted(run["partition_key"] for run in observed.repeated_runs) == repeated
    assert len(repeated) == 8
    assert observed.after_repeat == observed.filled
    assert observed.editions_after_repeat == observed.editions
    assert observed.documents_after_repeat == observed.documents


def test_a_summary_says_what_had_come_by_its_cutoff(observed: Observed) -> None:
    with observed.airflow.warehouse.connect("reader") as connection:
        rows = connection.execute(
            "select department_zh, percent, timeliness from semimonthly_summary"
            " where period = '2021-06-05' and task_zh = '生态宜居' and state = 'reported'"
        ).fetchall()
        late = connection.execute(
            "select timeliness from report_timeliness where period = '2021-07-05' and reported_period = '2021-06-05'"
            " and department_zh = '市统计局'"
        ).fetchall()
    # Its second period: the correction of thirty hours later is not in it, and 市统计局 handed in nothing.
    assert rows == [("市住房和城乡建设局", 8.0, "on_time")]
    assert late == [("missing",)]


def test_the_check_names_periods_without_summary_until_there_are_none(observed: Observed, webhook: _Webhook) -> None:
    assert (observed.checked_between["state"], observed.checked_after["state"]) == ("failed", "success")
    # Unpausing made a run of the schedule as well; only one of them runs at a time.
    told = next(post for post in webhook.posts if "check_summaries" in post["title"])
    assert "period without summary" in told["message"]
    assert "2021-05-20, 2021-06-05" in told["message"] and "2021-11-05" not in told["message"]
    assert "cityhealth backfill semimonthly_summary --from 2021-05-20 --to 2021-10-20" in told["message"]


def test_a_run_past_its_deadline_is_recorded_and_told_without_a_triggerer(
    observed: Observed, webhook: _Webhook
) -> None:
    with observed.airflow.warehouse.connect("loader") as connection:
        late = connection.execute(
            "select message from ops.outcome where object = 'semimonthly_summary.deadline' and not success"
        ).fetchall()
    assert [observed.late_key in message for (message,) in late] == [True]
    assert [post["title"] for post in webhook.posts if "late" in post["title"]] == [
        f"半月小结 {observed.late_key} 迟了 late"
    ]


def test_a_backfill_tells_nobody_of_its_summaries_and_a_run_by_hand_does(observed: Observed, webhook: _Webhook) -> None:
    assert not [post for post in webhook.posts if post["title"] == "半月小结 2021-06-05"]
    client = observed.airflow.client()
    run = outcome_of(client, DAG, client.trigger(DAG, key="2021-06-05"))
    assert run["state"] == "success"
    (told,) = [post for post in webhook.posts if post["title"] == "半月小结 2021-06-05"]
    assert told["message"].startswith("2021年第2期（6月5日）：")
    assert ".docx" in told["message"] and ".xlsx" in told["message"]


def test_a_key_that_is_no_period_is_refused_by_airflow_or_skipped_with_the_reason(observed: Observed) -> None:
    client = observed.airflow.client()
    with pytest.raises(StackError, match="不是报送期"):
        client.trigger(DAG, key="2021-06-06")
    run_id = client.trigger(DAG, conf={"period": "2021-06-06"})
    assert outcome_of(client, DAG, run_id)["state"] == "success"
    assert {task["task_id"]: task["state"] for task in client.tasks(DAG, run_id)} == {
        "collect": "skipped",
        "summarise": "skipped",
        "publish": "skipped",
    }
