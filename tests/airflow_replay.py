"""Arrivals through a running Airflow, up to the marts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cityhealth.backfill import wait_for_runs
from cityhealth.landing import Arrival
from cityhealth.replay import ingest_through_airflow
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
