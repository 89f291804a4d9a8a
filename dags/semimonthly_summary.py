"""The half-month summary: at the cut-off of every reporting period, what had been received by then, as documents.

One run per period; its key is the nominal due date. It loads and judges by itself what no other DAG has. Periods again:
`cityhealth backfill semimonthly_summary --from 2021-06-05 --to 2021-06-20` (docs/backfill.md). To try one:
`cityhealth airflow dags test semimonthly_summary 2021-06-05 -c '{"period": "2021-06-05"}'` (docs/backfill.md: its
traceback after the last task is Airflow's, and the summary stands).
"""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, get_current_context, task
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from cityhealth.settings import from_environment
from cityhealth_airflow import DEFAULT_ARGS, SUMMARY, reporting_period_of
from cityhealth_airflow.messages import summary_is_late, summary_is_out
from cityhealth_airflow.timetable import reporting_period_timetable

log = logging.getLogger("cityhealth.summary")

with DAG(
    dag_id="semimonthly_summary",
    schedule=reporting_period_timetable(),
    start_date=datetime(2021, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    catchup=False,
    max_active_runs=4,
    # From the queue on: a backfill of old periods is not late. Run by an executor, so no triggerer is needed.
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=from_environment().summary_minutes),
        callback=SyncCallback(summary_is_late),
    ),
    default_args=DEFAULT_ARGS,
    tags=["summary"],
    doc_md=__doc__,
):

    @task
    def collect() -> int:
        """Load and judge whatever had been received by the cut-off and is not in the warehouse yet, of every feed."""
        from cityhealth.feeds import pipeline
        from cityhealth.warehouse.connections import warehouse

        context, settings = get_current_context(), from_environment()
        period = reporting_period_of(context, settings)
        judgements = pipeline.collect(
            settings, warehouse(settings), until=period.cutoff, run=context["run_id"], progress=log.info
        )
        return len(judgements)

    @task
    def summarise() -> dict[str, str | int | bool]:
        """Compute the period as of its cut-off; equal code, catalogue and judgements make no new edition."""
        from cityhealth.transform import editions
        from cityhealth.warehouse.connections import warehouse

        settings = from_environment()
        period = reporting_period_of(get_current_context(), settings)
        edition = editions.summarise(warehouse(settings), settings, period, on_node=lambda node: log.info("%s", node))
        for warning in edition.warnings:
            log.warning("%s", warning)
        log.info("%s: edition %d, %s", period.title_zh, edition.edition, "new" if edition.new else "as it was")
        return {"period": edition.period, "edition": edition.edition, "new": edition.new}

    @task(outlets=[SUMMARY])
    def publish() -> list[str]:
        """Write the brief and its annex to the outbox; tell who is to know, where a channel is configured."""
        from cityhealth.reports.publish import publish as publish_documents
        from cityhealth.warehouse.connections import warehouse

        context, settings = get_current_context(), from_environment()
        period = reporting_period_of(context, settings)
        documents = publish_documents(warehouse(settings), settings, period.key)
        for document in documents:
            log.info("%s edition %d: %s", document.kind, document.edition, document.path)
        summary_is_out(context, period, documents)
        return [document.path for document in documents]

    collect() >> summarise() >> publish()
