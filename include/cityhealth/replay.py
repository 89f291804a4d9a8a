"""Arrivals go through Airflow (again): a backfill of their days for each feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cityhealth.backfill import finish, start
from cityhealth.landing import Arrival
from cityhealth.stack import AirflowClient


def ingest_through_airflow(
    client: AirflowClient, arrivals: Sequence[Arrival], say: Callable[[str], None], wake_consumers: bool = True
) -> list[str]:
    """Backfill the arrival days of ``arrivals`` through the running Airflow. Returns when the gates ended whose assets
    cause a build of the marts; the build itself is not waited for.

    Without ``wake_consumers`` a paused build stays paused, for what is ingested later to cause it.

    Raises:
        StackError: a run failed (the message names its tasks), or nothing ended for half an hour.
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
