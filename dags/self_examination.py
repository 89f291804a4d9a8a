"""The city's report of a year (城市自体检报告), from what has been received, as a Word document in the outbox.

One run per year, in the autumn after the campaign; its key is the year. It loads, judges and builds by itself what no
other DAG has. Equal content makes no new version. A year again: `cityhealth report render 2021`, or trigger it with
`-c '{"year": "2021"}'`. To try one: `cityhealth airflow dags test self_examination -c '{"year": "2021"}'`.
"""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronPartitionTimetable, get_current_context, task

from cityhealth.settings import CITY_TIMEZONE, from_environment
from cityhealth_airflow import DEFAULT_ARGS, REPORT, must_be_examined, year_of

log = logging.getLogger("cityhealth.report")

with DAG(
    dag_id="self_examination",
    # Campaigns end in August; by October the last corrections are in.
    schedule=CronPartitionTimetable("0 8 8 10 *", timezone="Asia/Shanghai", key_format="%Y"),
    start_date=datetime(2021, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["report"],
    doc_md=__doc__,
):

    @task
    def collect() -> int:
        """Load and judge whatever has been received and is not in the warehouse yet, of every feed."""
        from cityhealth.feeds import pipeline
        from cityhealth.warehouse.connections import warehouse

        context, settings = get_current_context(), from_environment()
        must_be_examined(context, year_of(context), settings)
        now = datetime.now(CITY_TIMEZONE)
        judgements = pipeline.collect(
            settings, warehouse(settings), until=now, run=context["run_id"], progress=log.info
        )
        return len(judgements)

    @task
    def build() -> None:
        """Build the marts, if code, catalogue or judgements differ from the last build."""
        from cityhealth.transform import build_if_changed
        from cityhealth.warehouse.connections import warehouse

        settings = from_environment()
        result = build_if_changed(warehouse(settings), settings, on_node=lambda node: log.info("%s", node))
        log.info("%s", result or "nothing new since the last build: its marts stand")

    @task(outlets=[REPORT])
    def publish() -> str:
        """Render the report into the outbox and record it; what was signed stays as it is."""
        from cityhealth.reports.examination.publish import publish_report
        from cityhealth.warehouse.connections import warehouse

        settings = from_environment()
        report = publish_report(warehouse(settings), settings, year_of(get_current_context()))
        news = "new" if report.new else "as it was"
        log.info("%d version %d, %s, %s: %s", report.year, report.version, report.state, news, report.path)
        return report.path

    collect() >> build() >> publish()
