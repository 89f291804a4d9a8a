"""Arrivals go through Airflow (again): a backfill of their days, and the build that follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cityhealth.backfill import finish, start, wait_for_runs
from cityhealth.landing import Arrival
from cityhealth.stack import AirflowClient


def through_airflow(client: AirflowClient, arrivals: Sequence[Arrival], say: Callable[[str], None]) -> None:
    """Backfill the arrival days of ``arrivals`` through the running Airflow; wait for the build that the assets cause.

    Raises:
        StackError: a run failed (the message names its tasks), or nothing ended for half an hour.
    """
    earlier = {run["dag_run_id"] for run in client.runs("build_marts")}
    judged = ingest_through_airflow(client, arrivals, say)
    if not judged:
        return
    # A build that began before the last gate ended may have read less than there is now.
    wait_for_runs(
        client,
        "build_marts",
        # Those that wait in the queue would find nothing new.
        lambda: [
            run for run in client.runs("build_marts") if run["dag_run_id"] not in earlier and run["state"] != "queued"
        ],
        say,
        enough=lambda ended: any(run["start_date"] >= max(judged) for run in ended),
    )


def ingest_through_airflow(
    client: AirflowClient, arrivals: Sequence[Arrival], say: Callable[[str], None], wake_consumers: bool = True
) -> list[str]:
    """As :func:`through_airflow`, without waiting for the build. Returns when the gates whose assets cause one ended.

    Without ``wake_consumers`` a paused build stays paused, for what is ingested later to cause it.

    Raises:
        StackError: as there.
    """
    started = []
    for feed in sorted({arrival.feed for arrival in arrivals}):
        days = sorted({arrival.day for arrival in arrivals if arrival.feed == feed})
        started.append(start(client, f"ingest_{feed}", days[0], days[-1], wake_consumers=wake_consumers, say=say))
    return [
        task["end_date"]
        for backfill in started
        for run in finish(client, backfill, say)
        for task in client.tasks(backfill.dag_id, run["dag_run_id"])
        if task["task_id"] in ("gate", "measure") and task["state"] == "success"
        if "build_marts" in client.consumers(backfill.dag_id)
    ]
