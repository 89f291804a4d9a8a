"""Airflow runs `semimonthly_summary` at the cut-offs, from its stored DAG, and backfills it by due date."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow_python import ask

from cityhealth.settings import PROJECT_ROOT
from cityhealth.stack import LocalAirflow

pytestmark = pytest.mark.airflow

#: Stores the DAG as the DAG processor does, makes it again as the scheduler does, and asks it what it would run.
_STORED_DAG = """
import gc, json, runpy, sys
from datetime import UTC, datetime
import airflow.sdk
from airflow.exceptions import InvalidPartitionKeyError
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction
from airflow.utils.types import DagRunType

runpy.run_path(sys.argv[1])
dag = next(o for o in gc.get_objects() if type(o) is airflow.sdk.DAG)
stored = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
timetable = stored.timetable

def between(first, last):
    return [i.partition_key for i in stored.iter_dagrun_infos_between(first, last)]

def caught_up(catchup):
    keys, last = [], None
    restriction = TimeRestriction(None, None, catchup)
    while last := timetable.next_dagrun_info_v2(last_dagrun_info=last, restriction=restriction):
        keys.append(last.partition_key)
    return keys

def decoded(key):
    try:
        return timetable.resolve_partition_date(key).isoformat()
    except InvalidPartitionKeyError as error:
        return str(error)

day = datetime(2021, 6, 5, tzinfo=UTC)
info = next(iter(timetable.iter_partition_dagrun_infos(earliest=day, latest=day)))
named = {"run_after": info.run_after, "data_interval": None, "partition_key": info.partition_key}
run_ids = {timetable.generate_run_id(run_type=DagRunType.BACKFILL_JOB, **named) for _ in range(5)}
print(json.dumps({
    "one_day": between(day, day),
    "catchup": caught_up(True),
    "no_catchup": caught_up(False),
    "run_after": info.run_after.isoformat(),
    "partition_date": info.partition_date.isoformat(),
    "decoded": [decoded("2021-06-05"), decoded("2021-06-06")],
    "run_ids": sorted(run_ids),
    "deadline": stored.deadline is not None,
    "catchup_of_dag": stored.catchup,
    "max_active_runs": stored.max_active_runs,
}))
"""


def test_the_stored_dag_runs_once_per_period_and_a_day_is_one_run(airflow: LocalAirflow) -> None:
    found = ask(_STORED_DAG, airflow, str(PROJECT_ROOT / "dags" / "semimonthly_summary.py"))
    assert found["one_day"] == ["2021-06-05"]
    assert (len(found["catchup"]), found["catchup"][0], found["catchup"][-1]) == (24, "2021-05-20", "2022-05-05")
    # The campaign of 2021 is over: switched on today, the DAG makes nothing by itself.
    assert found["no_catchup"] == []
    assert found["run_after"] == "2021-06-05T10:00:00+00:00"
    assert found["partition_date"] == "2021-06-04T16:00:00+00:00"
    assert found["decoded"][0] == "2021-06-04T16:00:00+00:00"
    assert "不是报送期" in found["decoded"][1]
    assert len(found["run_ids"]) == 5
    assert all(run_id.startswith("backfill__2021-06-05__") for run_id in found["run_ids"])
    assert found["deadline"] and not found["catchup_of_dag"] and found["max_active_runs"] == 4


def test_a_broken_catalogue_elsewhere_does_not_keep_the_dag_from_being_read(
    airflow: LocalAirflow, tmp_path: Path
) -> None:
    seeds = tmp_path / "dbt_project" / "seeds" / "jincheng"
    seeds.mkdir(parents=True)
    header, row = (PROJECT_ROOT / "dbt_project/seeds/jincheng/campaign.csv").read_text().splitlines()[:2]
    (seeds / "campaign.csv").write_text(f"{header}\n{row.replace(',no,', ',yes,')}\n")
    (seeds / "indicators.csv").write_text("nothing of ours\n")
    dag = str(PROJECT_ROOT / "dags" / "semimonthly_summary.py")
    found = ask(_STORED_DAG, airflow, dag, CITYHEALTH_PROJECT_ROOT=str(tmp_path))
    # 5 June 2021 was a Saturday: with move_holidays the run moves to Monday, the key and the backfill's day stay.
    assert found["one_day"] == ["2021-06-05"]
    assert found["run_after"] == "2021-06-07T10:00:00+00:00"
    assert found["partition_date"] == "2021-06-04T16:00:00+00:00"


#: A run of a year without an examination in the catalogue: made by the timetable, or asked for.
_UNEXAMINED = """
import json
from types import SimpleNamespace
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from cityhealth.settings import from_environment
from cityhealth_airflow import must_be_examined

def ended(year, run_type):
    try:
        must_be_examined({"dag_run": SimpleNamespace(run_type=run_type)}, year, from_environment())
    except (AirflowFailException, AirflowSkipException) as end:
        return [type(end).__name__, str(end)]

print(json.dumps([ended(2021, "manual"), ended(2035, "scheduled"), ended(2035, "manual")]))
"""


def test_a_year_that_nobody_examines_is_skipped_by_the_timetable_and_refused_to_who_asks(airflow: LocalAirflow) -> None:
    examined, scheduled, asked = ask(_UNEXAMINED, airflow)
    assert examined is None
    assert scheduled[0] == "AirflowSkipException" and asked[0] == "AirflowFailException"
    assert "没有 mohurd 2035 年的体检" in asked[1]
