"""Early warning, every hour: new readings in, the watched series brought up to date, warnings raised and cleared.

One run per hour; its key is the hour that has just ended. An hour again: docs/backfill.md. To try one:
`cityhealth airflow dags test monitor_indicators 2021-07-20 -c '{"hour": "2021-07-20T15"}'`.
"""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronPartitionTimetable, get_current_context, task

from cityhealth_airflow import DEFAULT_ARGS, hour_of_run
from cityhealth_airflow.messages import warnings_changed

log = logging.getLogger("cityhealth.monitor")

with DAG(
    dag_id="monitor_indicators",
    # Some minutes past the hour: stations send theirs after it.
    schedule=CronPartitionTimetable("6 * * * *", timezone="Asia/Shanghai", run_offset=-1, key_format="%Y-%m-%dT%H"),
    start_date=datetime(2021, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS | {"execution_timeout": timedelta(minutes=20)},
    tags=["monitor"],
    doc_md=__doc__,
):

    @task
    def watch() -> int:
        """Load and judge the hourly files that are not in the warehouse yet; derive hours and days of air."""
        from cityhealth.monitoring import received_until, take_in
        from cityhealth.settings import CITY_TIMEZONE, from_environment
        from cityhealth.warehouse.connections import warehouse

        context, settings = get_current_context(), from_environment()
        until = received_until(hour_of_run(context), datetime.now(CITY_TIMEZONE))
        return take_in(settings, warehouse(settings), until, run=context["run_id"], progress=log.info)

    # One file that cannot be loaded keeps no warning back.
    @task(trigger_rule="all_done")
    def warn() -> dict[str, int]:
        """Evaluate all rules as of the end of the hour; tell what is new, each time once."""
        from cityhealth.monitoring import as_of_hour, mark_told, untold
        from cityhealth.settings import CITY_TIMEZONE, from_environment
        from cityhealth.transform.monitor import evaluate
        from cityhealth.warehouse.connections import warehouse

        settings = from_environment()
        moment = as_of_hour(hour_of_run(get_current_context()), datetime.now(CITY_TIMEZONE))
        evaluation = evaluate(warehouse(settings), settings, moment, on_node=lambda node: log.info("%s", node))
        changes = untold(warehouse(settings), evaluation)
        for change in changes:
            log.warning("%s", change.text_zh)
        warnings_changed(changes)
        mark_told(warehouse(settings), changes)
        return {"standing": len(evaluation.standing), "told": len(changes)}

    watch() >> warn()
