"""Movement data (移动数据): every midnight those received on the day before, cleaned and summed up day by day.

The engine (DuckDB, or Spark by `CITYHEALTH_ENGINE`) uses all cores, so that days are not mapped over tasks.

Days again: `cityhealth backfill ingest_mobility --from 2021-05-20 --to 2021-05-24` (docs/backfill.md).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronPartitionTimetable

from cityhealth_airflow import DEFAULT_ARGS, MOBILITY
from cityhealth_airflow.ingest import ingest_tasks

with DAG(
    dag_id="ingest_mobility",
    schedule=CronPartitionTimetable("0 0 * * *", timezone="Asia/Shanghai", run_offset=-1, key_format="%Y-%m-%d"),
    start_date=datetime(2021, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    catchup=False,
    max_active_runs=4,
    default_args=DEFAULT_ARGS,
    tags=["ingest"],
    doc_md=__doc__,
):
    ingest_tasks("mobility", MOBILITY, measured="at once")
