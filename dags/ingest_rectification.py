"""The measures against problems (整改措施清单): every midnight, the lists received on the day before.

The summaries do not wait for it (`semimonthly_summary` collects for itself).
Days again: `cityhealth backfill ingest_rectification --from 2021-06-01 --to 2021-06-05` (docs/backfill.md).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronPartitionTimetable

from cityhealth_airflow import DEFAULT_ARGS, RECTIFICATION
from cityhealth_airflow.ingest import ingest_tasks

with DAG(
    dag_id="ingest_rectification",
    schedule=CronPartitionTimetable("0 0 * * *", timezone="Asia/Shanghai", run_offset=-1, key_format="%Y-%m-%d"),
    start_date=datetime(2021, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    catchup=False,
    max_active_runs=4,
    default_args=DEFAULT_ARGS,
    tags=["ingest"],
    doc_md=__doc__,
):
    ingest_tasks("rectification", RECTIFICATION)
