"""Arrivals go through Airflow (again): a backfill of their days, and the build that follows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from cityhealth.landing import Arrival
from cityhealth.stack import AirflowClient, StackError

_PATIENCE_SECONDS = 600.0


def through_airflow(client: AirflowClient, arrivals: Sequence[Arrival], say: Callable[[str], None]) -> None:
    """Backfill the arrival days of ``arrivals`` through the running Airflow; wait for the build that the assets cause.

    Raises:
        StackError: a run failed (the message names its tasks), or took more than ten minutes.
    """
    earlier_builds = {run["dag_run_id"] for run in client.runs("build_marts")}
    # Consumers first: an event that comes while its consumer is paused can be lost.
    client.unpause("build_marts")
    for feed in sorted({arrival.feed for arrival in arrivals}):
        days = sorted({arrival.day for arrival in arrivals if arrival.feed == feed})
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
