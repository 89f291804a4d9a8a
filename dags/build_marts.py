"""All dbt models, seeds and checks, after any feed has brought something; a burst of events builds once.

By hand: trigger it, or `cityhealth build`.
"""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, FixedKeyMapper, PartitionedAssetTimetable, task

from cityhealth_airflow import (
    AIR_QUALITY,
    DEFAULT_ARGS,
    DEPARTMENTAL,
    IMAGERY,
    INTERVIEW,
    LAYERS,
    MARTS,
    MOBILITY,
    RECTIFICATION,
    SELF_CHECK,
    SURVEY,
    THIRD_PARTY,
    YEARBOOK,
)

with DAG(
    dag_id="build_marts",
    # Not after a summary, though the list of problems rests on their editions: a build keeps the other summaries of a
    # backfill waiting. The next build takes them in, that of `self_examination` at the latest.
    # `|`, not `&`: a consumer of `a & b` waits for ever when only one producer is run again; the build is idempotent.
    schedule=PartitionedAssetTimetable(
        assets=SELF_CHECK
        | DEPARTMENTAL
        | YEARBOOK
        | LAYERS
        | IMAGERY
        | MOBILITY
        | AIR_QUALITY
        | THIRD_PARTY
        | SURVEY
        | RECTIFICATION
        | INTERVIEW,
        default_partition_mapper=FixedKeyMapper("all"),
    ),
    start_date=datetime(2021, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS | {"execution_timeout": timedelta(hours=1)},
    tags=["build"],
    doc_md=__doc__,
):

    @task(outlets=[MARTS])
    def build() -> None:
        from cityhealth.settings import from_environment
        from cityhealth.transform import build_if_changed
        from cityhealth.warehouse.connections import warehouse

        settings = from_environment()
        log = logging.getLogger("cityhealth.build")
        result = build_if_changed(warehouse(settings), settings, on_node=lambda node: log.info("%s", node))
        log.info("%s", result or "nothing new since the last build: its marts stand")

    build()
