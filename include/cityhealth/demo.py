"""`make demo`: a synthetic city's files go through Airflow to the marts, and what happened is printed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

from rich.console import Console
from rich.table import Table

from cityhealth.catalogue import Catalogue, check, load
from cityhealth.errors import CatalogueError
from cityhealth.feeds import FEEDS
from cityhealth.landing import Arrival, LandingZone
from cityhealth.reports import status
from cityhealth.sample_city import generate, land_all
from cityhealth.settings import Settings
from cityhealth.stack import AirflowClient, LocalAirflow, StackError
from cityhealth.warehouse.connections import Warehouse, warehouse as open_warehouse
from cityhealth.warehouse.migrate import migrate

#: No task of the demo waits for an outside event, so the triggerer would only take a core.
_COMPONENTS = ("scheduler", "dag-processor", "api-server")
_PATIENCE_SECONDS = 600.0


def run(settings: Settings, out: Console) -> None:
    """Run the demo and print its result; safe to repeat, and faster the second time.

    Raises:
        CatalogueError: the catalogue is not whole.
        StackError: Airflow does not start, or a run fails; the message names the run and its tasks.
    """
    started = time.monotonic()

    def say(message: str) -> None:
        out.print(f"[dim]{time.monotonic() - started:6.1f} s[/]  {message}", highlight=False)

    say("catalogue")
    findings = check(settings.seed_dir)
    if findings:
        raise CatalogueError("; ".join(map(str, findings[:5])))
    catalogue = load(settings.seed_dir)
    say("PostgreSQL (embedded)" if settings.database_url is None else "PostgreSQL")
    warehouse = open_warehouse(settings, start=True)
    migrate(warehouse)
    landed = land_all(generate(catalogue), LandingZone(settings.landing_url))
    say(f"{len(landed)} synthetic files in the landing zone {settings.landing_url}")
    airflow = LocalAirflow(settings, warehouse)
    with ExitStack() as undo:
        if not airflow.running():
            undo.callback(airflow.down)
        airflow.up(_COMPONENTS, progress=say)
        _through_airflow(airflow.client(), landed, say)
    _print_result(warehouse, catalogue, settings, landed, out)
    out.print(
        f"\nDone in {time.monotonic() - started:.0f} s. Next: `make up` (Airflow's pages), `.venv/bin/cityhealth status`,"
        ' `.venv/bin/cityhealth sql "select * from value_lineage limit 5"`.',
        highlight=False,
    )


def _through_airflow(client: AirflowClient, landed: list[Arrival], say: Callable[[str], None]) -> None:
    """Backfill every arrival day through the real scheduler, then wait for the build that the assets cause."""
    earlier_builds = {run["dag_run_id"] for run in client.runs("build_marts")}
    # Consumers first: an event that comes while its consumer is paused can be lost.
    client.unpause("build_marts")
    for feed in sorted({arrival.feed for arrival in landed}):
        days = sorted({arrival.day for arrival in landed if arrival.feed == feed})
        dag_id = f"ingest_{feed}"
        earlier = {run["dag_run_id"] for run in client.runs(dag_id)}
        client.unpause(dag_id)
        client.backfill(dag_id, str(days[0]), str(days[-1]))
        expected = (days[-1] - days[0]).days + 1
        say(f"{dag_id}: backfill of {days[0]} … {days[-1]}")
        _wait(client, dag_id, earlier, expected, say)
    _wait(client, "build_marts", earlier_builds, 1, say)


def _wait(client: AirflowClient, dag_id: str, earlier: set[str], expected: int, say: Callable[[str], None]) -> None:
    """Wait until at least ``expected`` new runs of a DAG are there and none is under way; say each as it ends."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    told: set[str] = set()
    while time.monotonic() < deadline:
        runs = [run for run in client.runs(dag_id) if run["dag_run_id"] not in earlier]
        for run in runs:
            if run["state"] in ("success", "failed") and run["dag_run_id"] not in told:
                told.add(run["dag_run_id"])
                say(f"{dag_id} [{run['partition_key']}] {run['state']}".replace("[", "\\["))
                if run["state"] == "failed":
                    tasks = ", ".join(client.failed_tasks(dag_id, run["dag_run_id"]))
                    raise StackError(f"run {run['dag_run_id']} of {dag_id} failed at: {tasks}")
        if len(runs) >= expected and len(told) == len(runs):
            return
        time.sleep(0.5)
    raise StackError(f"{dag_id} did not finish in {_PATIENCE_SECONDS:.0f} s")


def _print_result(
    warehouse: Warehouse, catalogue: Catalogue, settings: Settings, landed: list[Arrival], out: Console
) -> None:
    feeds = Table("feed", "files in", "accepted", "partly", "refused", "rows in", "= accepted", "+ refused", title="到件与校验")
    for s in status.feed_status(warehouse, LandingZone(settings.landing_url), list(FEEDS)):
        numbers = (s.landed, s.accepted, s.partly, s.refused, s.rows_in, s.rows_accepted, s.rows_refused)
        feeds.add_row(s.feed, *map(str, numbers))
    out.print(feeds)
    with warehouse.connect("reader") as connection:
        states = connection.execute(
            "select state_zh, count(*) filter (where status = 'official'), count(*) filter (where status <> 'official')"
            " from indicator_scorecard group by state, state_zh order by min(state_order)"
        ).fetchall()
        dimensions = connection.execute(
            "select dimension_zh, score, scored_count, applicable_count, value_count, missing_count, refused_count,"
            " red_count, yellow_count from dimension_scorecard order by sort_order"
        ).fetchall()
    table = Table("状态 state", "65 项", "特色指标（拟）", title=f"{catalogue.examination(settings.year).year} 年指标")
    for state, official, local in states:
        table.add_row(state, str(official), str(local))
    out.print(table)
    table = Table("维度 dimension", "得分", "评分/适用", "有值", "未报", "退回", "红", "黄", title="维度得分 scorecard（合成数据）")
    for name, score, scored, applicable, *counts in dimensions:
        table.add_row(name, "—" if score is None else f"{score:.1f}", f"{scored}/{applicable}", *map(str, counts))
    out.print(table)
    refused = [refusal for refusal in status.refusals(warehouse) if refusal.receipt_path]
    out.print(f"回执 receipts: {len(refused)} files were refused, whole or in part; e.g.")
    for refusal in refused[:8]:
        out.print(f"  {refusal.receipt_path}", highlight=False, markup=False, soft_wrap=True)


