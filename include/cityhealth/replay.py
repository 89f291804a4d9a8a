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
    feeds = sorted({arrival.feed for arrival in arrivals})
    earlier = {dag_id: _run_ids(client, dag_id) for dag_id in ("build_marts", *(f"ingest_{feed}" for feed in feeds))}
    # Consumers first: an event that comes while its consumer is paused can be lost.
    client.unpause("build_marts")
    expected, backfills = {}, []
    for feed in feeds:
        days = sorted({arrival.day for arrival in arrivals if arrival.feed == feed})
        dag_id = f"ingest_{feed}"
        client.unpause(dag_id)
        backfills.append(client.backfill(dag_id, str(days[0]), str(days[-1])))
        expected[dag_id] = (days[-1] - days[0]).days + 1
        say(f"{dag_id}: backfill of {days[0]} … {days[-1]}")
    judged = [
        task["end_date"]
        for dag_id, number in expected.items()
        for run in _finished(client, dag_id, earlier[dag_id], number, say)
        for task in client.tasks(dag_id, run["dag_run_id"])
        if task["task_id"] == "gate" and task["state"] == "success"
    ]
    while not all(client.backfill_is_complete(backfill) for backfill in backfills):
        time.sleep(0.5)
    # A build that began before the last gate ended may have read less than there is now.
    _finished(client, "build_marts", earlier["build_marts"], 1, say, begun_after=max(judged, default=""))


def _run_ids(client: AirflowClient, dag_id: str) -> set[str]:
    return {run["dag_run_id"] for run in client.runs(dag_id)}


def _finished(
    client: AirflowClient,
    dag_id: str,
    earlier: set[str],
    expected: int,
    say: Callable[[str], None],
    begun_after: str = "",
) -> list[dict]:
    """Wait until ``expected`` runs not ``earlier`` have ended (one begun after a moment); say each as it ends."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    told: set[str] = set()
    while time.monotonic() < deadline:
        runs = [run for run in client.runs(dag_id) if run["dag_run_id"] not in earlier]
        ended = [run for run in runs if run["state"] in ("success", "failed")]
        for run in ended:
            if run["dag_run_id"] not in told:
                told.add(run["dag_run_id"])
                say(f"{dag_id} {run['partition_key']} {run['state']}")
            if run["state"] == "failed":
                failed = [t["task_id"] for t in client.tasks(dag_id, run["dag_run_id"]) if t["state"] == "failed"]
                raise StackError(f"run {run['dag_run_id']} of {dag_id} failed at: {', '.join(sorted(set(failed)))}")
        begun_in_time = any(run["start_date"] >= begun_after for run in ended)
        if len(runs) >= expected and len(ended) == len(runs) and begun_in_time:
            return ended
        time.sleep(0.5)
    raise StackError(f"{dag_id} did not finish in {_PATIENCE_SECONDS:.0f} s")
