"""Air quality (空气质量): every midnight the hours received on the day before; then good days are counted.

Days again: `cityhealth backfill ingest_air_quality --from 2021-05-20 --to 2021-05-24` (docs/backfill.md).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronPartitionTimetable

from cityhealth_airflow import AIR_QUALITY, DEFAULT_ARGS
from cityhealth_airflow.ingest import ingest_tasks

with DAG(
    dag_id="ingest_air_quality",
    schedule=CronPartitionTimetable("0 0 * * *", timezone="Asia/Shanghai", run_offset=-1, key_format="%Y-%m-%d"),
    start_date=datetime(2021, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    catchup=False,
    max_active_runs=4,
    default_args=DEFAULT_ARGS,
    tags=["ingest"],
    doc_md=__doc__,
):
    ingest_tasks("air_quality", AIR_QUALITY, measured="at once")
