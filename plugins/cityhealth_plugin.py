"""What Airflow must know of ``cityhealth_airflow``: the timetable that its scheduler makes from a stored DAG."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from cityhealth_airflow.timetable import ReportingPeriodTimetable


class CityHealthPlugin(AirflowPlugin):
    name = "cityhealth"
    timetables = [ReportingPeriodTimetable]  # noqa: RUF012 - as Airflow declares it
