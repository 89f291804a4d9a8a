"""Tables made by others (census, statistics): every midnight, the files received on the day before.

Days again: `airflow backfill create --dag-id ingest_yearbook --from-date 2021-05-18 --to-date 2021-05-20`
(docs/backfill.md).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronPartitionTimetable

from cityhealth_airflow import DEFAULT_ARGS, YEARBOOK
from cityhealth_airflow.ingest import ingest_tasks

with DAG(
    dag_id="ingest_yearbook",
    schedule=CronPartitionTimetable("0 0 * * *", timezone="Asia/Shanghai", run_offset=-1, key_format="%Y-%m-%d"),
    start_date=datetime(2021, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    catchup=False,
    max_active_runs=4,
    default_args=DEFAULT_ARGS,
    tags=["ingest"],
    doc_md=__doc__,
):
    ingest_tasks("yearbook", YEARBOOK)
