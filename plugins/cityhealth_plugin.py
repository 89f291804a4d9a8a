"""What Airflow must know of ``cityhealth_airflow``: the timetable that its scheduler makes from a stored DAG."""

from __future__ import annotations

import importlib
import logging
import os
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from cityhealth_airflow.timetable import ReportingPeriodTimetable

log = logging.getLogger(__name__)

#: What our tasks import inside themselves, since a DAG file must not: seven seconds for the gate, four for dbt, three
#: for what measures on the ground, from images and from movement.
_HEAVY = (
    "great_expectations",
    "cityhealth.quality",
    "cityhealth.feeds.pipeline",
    "cityhealth.measurement.step",
    "cityhealth.spatial.vector",
    "cityhealth.spatial.rasters.scene",
    "cityhealth.air.derive",
    "cityhealth.survey.derive",
    "cityhealth.mobility.entry",
    "cityhealth.mobility.partials",
    "cityhealth.mobility.methods",
    "ibis.backends.duckdb",
    "dbt.cli.main",
    "dbt.adapters.postgres",
    "cityhealth.transform.editions",
    "cityhealth.transform.monitor",
    "cityhealth.reports.publish",
    "cityhealth.reports.examination.publish",
)


class CityHealthPlugin(AirflowPlugin):
    name = "cityhealth"
    timetables = [ReportingPeriodTimetable]  # noqa: RUF012 - as Airflow declares it

    @classmethod
    def on_load(cls, *args: Any, **kwargs: Any) -> None:
        """Where CITYHEALTH_PRELOAD is set, in a scheduler that forks its workers, import for all of them at once."""
        if not os.environ.get("CITYHEALTH_PRELOAD"):
            return
        for name in _HEAVY:
            try:
                importlib.import_module(name)
            except Exception:
                # The task that needs it will say so; the scheduler goes on.
                log.exception("%s cannot be imported", name)
