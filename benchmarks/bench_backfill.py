"""A backfill of a campaign's 24 reporting periods on a local Airflow, against 24 times one run, and by hand.

The synthetic city's whole campaign is loaded and judged beforehand, so that every run does what a run after a changed
formula does: a new edition and its documents. The peers: one period backfilled alone on the same Airflow, and
``airflow dags test`` of one period, which needs no scheduler and starts everything anew each time; 24 times each.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from harness import temporary_warehouse

from cityhealth.backfill import backfill
from cityhealth.campaigns import ReportingPeriod, reporting_periods
from cityhealth.catalogue import load
from cityhealth.feeds.pipeline import collect
from cityhealth.landing import LandingZone
from cityhealth.sample_city import generate, land_all
from cityhealth.sample_city.campaign import generate_campaign
from cityhealth.stack import AirflowClient, LocalAirflow, StackError
from cityhealth.warehouse.connections import Warehouse

DAG = "semimonthly_summary"
AT_ONCE = (2, 4)
_TASKS = ("collect", "summarise", "publish")


def seconds(warehouse: Warehouse, periods: Sequence[ReportingPeriod], run: Callable[[], object]) -> float:
    """Of ``run``, in which each of ``periods`` must get a new edition and that edition a brief and an annex."""
    with warehouse.connect("admin") as connection:
        connection.execute("update ops.edition set gate_hash = 'of other judgements'")
    before = published(warehouse)
    started = time.perf_counter()
    run()
    ended = time.perf_counter()
    after = published(warehouse)
    assert all(after[period.key] > before.get(period.key, 0) for period in periods)
    return ended - started


def published(warehouse: Warehouse) -> dict[str, int]:
    """Latest edition of each period that has both documents."""
    with warehouse.connect("transformer") as connection:
        return dict(
            connection.execute(
                "select period, max(edition) from (select period, edition from ops.document"
                " group by period, edition having count(distinct kind) = 2) as complete group by period"
            ).fetchall()
        )


def through_airflow(airflow: LocalAirflow, periods: Sequence[ReportingPeriod], at_once: int = 1) -> float:
    """Seconds of a backfill, from the question to the last run's end; prints of what they consist."""
    client, runs = airflow.client(), []
    # Airflow closes the backfill before up to half a minute later, and unpausing makes a run of the last due date.
    while client.open_backfills(DAG) or any(run["state"] in ("queued", "running") for run in client.runs(DAG)):
        time.sleep(0.5)

    def run() -> None:
        first, last = periods[0].due, periods[-1].due
        runs.extend(backfill(client, DAG, first, last, max_active_runs=at_once, say=lambda _: None))

    took = seconds(airflow.warehouse, periods, run)
    parts = [f"{task} {spent:.1f}" for task, spent in means(client, runs).items()]
    print(f"  {len(periods):2d} periods, {at_once} at a time: {took:.1f} s; mean of a run: {', '.join(parts)} s")
    return took


def means(client: AirflowClient, runs: Sequence[dict]) -> dict[str, float]:
    """Seconds of each task, and of the run while none of its tasks was running."""
    spent = dict.fromkeys((*_TASKS, "waiting"), 0.0)
    for run in runs:
        length = {task["task_id"]: between(task) for task in client.tasks(DAG, run["dag_run_id"])}
        for task, value in (length | {"waiting": between(run) - sum(length.values())}).items():
            spent[task] += value / len(runs)
    return spent


def between(record: dict) -> float:
    return (datetime.fromisoformat(record["end_date"]) - datetime.fromisoformat(record["start_date"])).total_seconds()


def by_hand(airflow: LocalAirflow, period: ReportingPeriod) -> float:
    command = ("dags", "test", DAG, period.key, "-c", json.dumps({"period": period.key}))

    def run() -> None:
        # Airflow 3.3 fails after the run of a DAG with a deadline has succeeded (apache/airflow#73428).
        with suppress(StackError):
            airflow.run(*command, quiet=True)

    return seconds(airflow.warehouse, [period], run)


def main() -> None:
    with temporary_warehouse() as warehouse:
        settings = warehouse.settings
        catalogue, landing = load(settings.seed_dir), LandingZone(settings.landing_url)
        periods = reporting_periods(next(c for c in catalogue.campaigns if c.year == settings.year))
        files = land_all([*generate(catalogue), *generate_campaign(catalogue)], landing)
        judged = len(collect(settings, warehouse, until=periods[-1].cutoff))
        print(f"backfill of {len(periods)} periods; {judged} of {len(files)} synthetic files judged beforehand")
        timed = [periods[len(periods) * part // 4] for part in (1, 2, 3)]
        airflow = LocalAirflow(settings, warehouse)
        airflow.up(("scheduler", "dag-processor", "api-server"))
        try:
            through_airflow(airflow, periods[:1])  # tables are made, the project is parsed
            # Single runs before, between and after, for the machine may be busier at one time than at another.
            singles, many = [through_airflow(airflow, [timed[0]])], {}
            for at_once, period in zip(AT_ONCE, timed[1:], strict=True):
                many[at_once] = through_airflow(airflow, periods, at_once)
                singles.append(through_airflow(airflow, [period]))
        finally:
            airflow.down()
        hand = statistics.median(by_hand(airflow, period) for period in timed)
    single = statistics.median(singles)
    peers = {f"single runs of {single:.1f} s": single, f"`airflow dags test` of {hand:.1f} s": hand}
    for at_once, took in many.items():
        for peer, one in peers.items():
            ratio = took / (len(periods) * one)
            print(f"  {at_once} at a time: {ratio:.2f} × the time of {len(periods)} {peer}")


if __name__ == "__main__":
    main()
