"""Departments' self-checks (自查报告): every midnight, those received on the day before.

Days again: `cityhealth backfill ingest_self_check --from 2021-07-01 --to 2021-07-09` (docs/backfill.md).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronPartitionTimetable

from cityhealth_airflow import DEFAULT_ARGS, SELF_CHECK
from cityhealth_airflow.ingest import ingest_tasks

with DAG(
    dag_id="ingest_self_check",
    schedule=CronPartitionTimetable("0 0 * * *", timezone="Asia/Shanghai", run_offset=-1, key_format="%Y-%m-%d"),
    start_date=datetime(2021, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    catchup=False,
    max_active_runs=4,
    default_args=DEFAULT_ARGS,
    tags=["ingest"],
    doc_md=__doc__,
):
    ingest_tasks("self_check", SELF_CHECK)
