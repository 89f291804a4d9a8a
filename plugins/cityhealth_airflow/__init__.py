"""What our DAGs share: assets, the partition key, the steps of an ingest, the callback on failure."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import Any

from airflow.sdk import Asset

log = logging.getLogger(__name__)

#: Emitted when a gate has judged at least one batch of the feed.
DEPARTMENTAL = Asset("raw.departmental")
YEARBOOK = Asset("raw.yearbook")
#: Emitted when dbt has built all marts.
MARTS = Asset("marts")


def on_failure(context: Any) -> None:
    """Say what failed and what to do, in the log and in ``ops.outcome``; never fails itself."""
    from cityhealth.settings import from_environment
    from cityhealth.warehouse.connections import warehouse
    from cityhealth.warehouse.outcomes import Outcome, record

    instance = context["task_instance"]
    run_id = context["run_id"]
    name = f"{instance.dag_id}.{instance.task_id}"
    log.error(
        "%s of run %s failed: %s. What to do: docs/runbook.md, section %s",
        name,
        run_id,
        context.get("exception"),
        instance.dag_id,
    )
    step = "built" if instance.dag_id == "build_marts" else "gated" if instance.task_id == "gate" else "read"
    try:
        outcome = Outcome(None, step, name, False, str(context.get("exception"))[:2000], run_id)
        record(warehouse(from_environment()), "loader", [outcome])
    except Exception:
        log.exception("the failure of %s could not be recorded in ops.outcome", name)


#: Retries and their delay are the installation's: AIRFLOW__CORE__DEFAULT_TASK_RETRIES and …_RETRY_DELAY.
DEFAULT_ARGS = {
    "owner": "city office",
    "execution_timeout": timedelta(minutes=30),
    "on_failure_callback": on_failure,
}


def arrival_day(context: Any) -> date:
    """The day that a run is for: its partition key, or ``conf['day']`` where a run has none (``airflow dags test``).

    Raises:
        ValueError: neither is there, or it is not a date.
    """
    run = context["dag_run"]
    key = getattr(run, "partition_key", None) or (run.conf or {}).get("day")
    if not key:
        raise ValueError('the run has no partition key: give it a day with --conf \'{"day": "2021-05-20"}\'')
    return date.fromisoformat(key)
