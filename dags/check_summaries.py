"""Is there a summary of every reporting period that is due? At 08:30 and 19:30 every day; fails naming those without.

The run of a period can be missing (the DAG was paused, Airflow was down), and then nothing else would say so.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronTriggerTimetable, task
from airflow.sdk.exceptions import AirflowFailException

from cityhealth_airflow import DEFAULT_ARGS

with DAG(
    dag_id="check_summaries",
    schedule=CronTriggerTimetable("30 8,19 * * *", timezone="Asia/Shanghai"),
    start_date=datetime(2021, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["summary"],
    doc_md=__doc__,
):

    @task
    def check() -> str:
        from cityhealth.settings import CITY_TIMEZONE, from_environment
        from cityhealth.summaries import overdue_summaries
        from cityhealth.warehouse.connections import warehouse

        settings = from_environment()
        overdue = overdue_summaries(warehouse(settings), settings, datetime.now(CITY_TIMEZONE))
        if overdue:
            # Not an error that passes: a second try would find the same.
            raise AirflowFailException(str(overdue))
        return "every period that is due has its summary"

    check()
