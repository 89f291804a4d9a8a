"""What our DAGs share: assets, the partition key, the steps of an ingest, the callback on failure."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from cityhealth_airflow.messages import task_failed

if TYPE_CHECKING:
    from cityhealth.campaigns import ReportingPeriod
    from cityhealth.settings import Settings

log = logging.getLogger(__name__)

#: Emitted when a gate has judged at least one batch of the feed.
DEPARTMENTAL = Asset("raw.departmental")
YEARBOOK = Asset("raw.yearbook")
PROGRESS = Asset("raw.progress")
MEETING = Asset("raw.meeting")
RECTIFICATION = Asset("raw.rectification")
INTERVIEW = Asset("raw.interview")
SELF_CHECK = Asset("raw.self_check")
THIRD_PARTY = Asset("raw.third_party")
#: Emitted when what a gate accepted of layers, scenes, movement data or readings has been measured, and that judged.
LAYERS = Asset("raw.layers")
IMAGERY = Asset("raw.imagery")
AIR_QUALITY = Asset("raw.air_quality")
MOBILITY = Asset("raw.mobility")
#: Emitted when what a gate accepted of surveys has been estimated.
SURVEY = Asset("raw.survey")
#: Emitted when dbt has built all marts.
MARTS = Asset("marts")
#: Emitted, with the period as its partition key, when the documents of a half-month summary are out.
SUMMARY = Asset("marts.semimonthly_summary")
#: Emitted, with the year as its partition key, when the city's report of a year stands in the outbox.
REPORT = Asset("marts.examination_report")

#: Of ``ops.outcome``: the step at which a task fails; whatever is not here reads.
_STEPS = {
    "gate": "gated",
    "collect": "gated",
    "measure": "measured",
    "answer": "measured",
    "parts": "measured",
} | dict.fromkeys(("build", "summarise", "publish", "check", "warn"), "built")


def on_failure(context: Any) -> None:
    """Say what failed and what to do: in the log, in ``ops.outcome``, in a message; never fails itself."""
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
    step = _STEPS.get(instance.task_id, "read")
    try:
        outcome = Outcome(None, step, name, False, str(context.get("exception"))[:2000], run_id)
        record(warehouse(from_environment()), "loader", [outcome])
    except Exception:
        log.exception("the failure of %s could not be recorded in ops.outcome", name)
    task_failed(name, run_id, context.get("exception"), instance.dag_id)


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


def hour_of_run(context: Any) -> datetime:
    """The beginning of the hour that a run is for: its partition key, or ``conf['hour']`` (``airflow dags test``).

    Raises:
        AirflowFailException: neither is there, or it is no hour.
    """
    from cityhealth.monitoring import hour_of

    run = context["dag_run"]
    key = getattr(run, "partition_key", None) or (run.conf or {}).get("hour") or ""
    try:
        return hour_of(key)
    except ValueError as error:
        raise AirflowFailException(
            f'give the run an hour with --conf \'{{"hour": "2021-07-20T15"}}\': {error}'
        ) from error


def reporting_period_of(context: Any, settings: Settings) -> ReportingPeriod:
    """The reporting period that a run is for: its partition key, or ``conf['period']`` (``airflow dags test``).

    Raises:
        AirflowSkipException: the key is no reporting period, or its cut-off has not come.
        AirflowFailException: the run has no key.
    """
    from cityhealth.campaigns import NoSuchPeriod, reporting_period
    from cityhealth.catalogue import load_campaigns
    from cityhealth.settings import CITY_TIMEZONE

    run = context["dag_run"]
    key = getattr(run, "partition_key", None) or (run.conf or {}).get("period")
    if not key:
        raise AirflowFailException('the run has no period: give it one with --conf \'{"period": "2021-06-05"}\'')
    try:
        period = reporting_period(key, load_campaigns(settings.seed_dir))
    except NoSuchPeriod as error:
        raise AirflowSkipException(str(error)) from error
    if period.cutoff > datetime.now(CITY_TIMEZONE):
        raise AirflowSkipException(f"{period.title_zh}到 {period.cutoff:%Y-%m-%d %H:%M} 才截止，届时再汇总")
    return period


def year_of(context: Any) -> int:
    """The year that a run is for: its partition key, or ``conf['year']`` (``airflow dags test``).

    Raises:
        AirflowFailException: neither is there, or it is no year.
    """
    run = context["dag_run"]
    key = str(getattr(run, "partition_key", None) or (run.conf or {}).get("year") or "")
    if not (key.isascii() and key.isdigit() and len(key) == 4):
        raise AirflowFailException('the run has no year: give it one with --conf \'{"year": "2021"}\'')
    return int(key)


def must_be_examined(context: Any, year: int, settings: Settings) -> None:
    """End a run of a year that the catalogue does not examine.

    Raises:
        AirflowSkipException: the timetable made the run, as it does every year and when the DAG is unpaused.
        AirflowFailException: somebody asked for it.
    """
    from cityhealth.catalogue import load

    if any((e.system, e.year) == (settings.system, year) for e in load(settings.seed_dir).examinations):
        return
    message = f"examination.csv 中没有 {settings.system} {year} 年的体检"
    if context["dag_run"].run_type == "scheduled":
        raise AirflowSkipException(message)
    raise AirflowFailException(message)
