"""The DAGs run: by `airflow dags test`, and by the real scheduler with assets and backfills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest

from cityhealth.landing import Arrival, LandingZone
from cityhealth.replay import through_airflow
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.stack import LocalAirflow, StackError

pytestmark = pytest.mark.airflow

GOOD = "数据项代码,数值,单位,来源,计算方式\nbuilt_up_area,60,平方公里,年报,直接填报\n"


def land(airflow: LocalAirflow, day: int, text: str, department: str = "市规划和自然资源局") -> Arrival:
    return LandingZone(airflow.settings.landing_url).land(
        text.encode(),
        feed="departmental",
        filename=f"报表{day}.csv",
        received_at=datetime(2021, 5, day, 9, tzinfo=CITY_TIMEZONE),
        department_text=department,
    )


def one(airflow: LocalAirflow, query: str, role: str = "loader") -> tuple:
    with airflow.warehouse.connect(role) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row


def evidence(airflow: LocalAirflow) -> Sequence[tuple]:
    """Everything that a replay must leave as it was: batches, judgements, builds, numbers."""
    with airflow.warehouse.connect("reader") as connection:
        values = connection.execute(
            "select item_code, area_code, period, value from fct_item_value order by 1"
        ).fetchall()
    with airflow.warehouse.connect("transformer") as connection:
        values += connection.execute("select build_id, status from ops.build order by 1").fetchall()
    with airflow.warehouse.connect("loader") as connection:
        batches = connection.execute("select batch_id, rows_read, loaded_at from raw.batch order by 1").fetchall()
        return (
            values
            + batches
            + connection.execute("select gate_run_id, verdict, gated_at from gate.run order by 1").fetchall()
        )


def test_dags_test_runs_one_arrival_day_and_fails_without_a_day(airflow: LocalAirflow) -> None:
    land(airflow, 18, GOOD)
    airflow.run("dags", "test", "ingest_departmental", "2021-05-19", "-c", '{"day": "2021-05-18"}', quiet=True)
    assert one(airflow, "select count(*), min(verdict) from gate.run") == (1, "accepted")
    assert one(airflow, "select count(*) from ops.outcome where success and step in ('read', 'gated')") == (2,)
    airflow.run("dags", "test", "build_marts", "2021-05-19", quiet=True)
    assert one(airflow, "select count(*) from fct_item_value where item_code = 'built_up_area'", "reader") == (1,)


def test_the_scheduler_backfills_arrival_days_builds_by_asset_and_replays_without_changing_a_number(
    airflow: LocalAirflow,
) -> None:
    arrivals = [land(airflow, 18, GOOD), land(airflow, 19, GOOD.replace("60", "61")), land(airflow, 20, "不是表")]
    airflow.up(("scheduler", "dag-processor", "api-server"))
    try:
        through_airflow(airflow.client(), arrivals, say=print)
        value = one(airflow, "select value from fct_item_value where item_code = 'built_up_area'", "reader")
        assert value == (61.0,)
        verdicts = one(airflow, "select count(*), count(*) filter (where verdict = 'refused') from gate.run")
        assert verdicts == (3, 1)
        before = evidence(airflow)
        through_airflow(airflow.client(), arrivals, say=print)
        assert evidence(airflow) == before

        half = land(airflow, 17, GOOD.replace("60", "62"))
        stored = f"{airflow.settings.landing_url}/objects/{half.sha256[:2]}/{half.sha256}"
        with open(stored, "wb") as partial:  # noqa: PTH123
            partial.write(b"half")
        with pytest.raises(StackError, match="load"):
            through_airflow(airflow.client(), [half], say=print)
        failed = one(airflow, "select count(*) > 0 from ops.outcome where not success and message like '%尚未传完%'")
        assert failed == (True,)
        # The callback on failure named the task as well, once its retries were used up.
        named = one(
            airflow, "select count(*) from ops.outcome where object = 'ingest_departmental.load' and not success"
        )
        assert named == (1,)
    finally:
        airflow.down()
