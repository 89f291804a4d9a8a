"""Satisfaction surveys (满意度调查): every midnight the files received on the day before; then indices are estimated.

Days again: `cityhealth backfill ingest_survey --from 2021-06-28 --to 2021-07-08` (docs/backfill.md).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronPartitionTimetable

from cityhealth_airflow import DEFAULT_ARGS, SURVEY
from cityhealth_airflow.ingest import ingest_tasks

with DAG(
    dag_id="ingest_survey",
    schedule=CronPartitionTimetable("0 0 * * *", timezone="Asia/Shanghai", run_offset=-1, key_format="%Y-%m-%d"),
    start_date=datetime(2021, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    catchup=False,
    max_active_runs=4,
    default_args=DEFAULT_ARGS,
    tags=["ingest"],
    doc_md=__doc__,
):
    ingest_tasks("survey", SURVEY, measured="at once")
