"""The DAGs run: by `airflow dags test`, and by the real scheduler with assets and backfills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from airflow_replay import through_airflow
from cityhealth.landing import Arrival, LandingZone
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.stack import LocalAirflow, StackError
from toy_city import layer
from toy_maps import at, cover, land_layer, land_scene, write_boundaries

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


def land_maps(airflow: LocalAirflow, folder: Path) -> list[Arrival]:
    """The outline of the built-up area, and two years of land cover on the day after."""
    write_boundaries(airflow.settings)
    outline = land_layer(airflow.settings, "built_up_area", layer(box(-5000, -4000, 5000, 4000)), at(18))
    classes = {"bands": {"class": 1}, "classes": {10: "forest", 50: "built_up", 80: "water"}}
    cells = np.full((140, 140), 50, dtype="uint8")
    scenes = []
    for year in (2019, 2020):
        cells[: 10 * (year - 2018)] = 10
        tile = cover(folder / f"{year}.tif", cells)
        scenes.append(
            land_scene(airflow.settings, "land_cover", {f"{year}.tif": tile}, at(19), f"{year}-07-15", **classes)
        )
    return [outline, *scenes]


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
    airflow: LocalAirflow, tmp_path: Path
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

        maps = land_maps(airflow, tmp_path)
        through_airflow(airflow.client(), maps, say=print)
        client = airflow.client()
        runs = [run["dag_run_id"] for run in client.runs("ingest_imagery")]
        states = [(t["task_id"], t["state"]) for run in runs for t in client.tasks("ingest_imagery", run)]
        # Two scenes, each read by a task; the outline adds questions, asked here or by the other DAG.
        assert states.count(("answer", "success")) >= 2
        assert one(airflow, "select count(distinct arrival_id) from ops.tile_answer") == (2,)
        # The day without a scene, which unpausing adds, measures nothing and builds nothing.
        assert states.count(("measure", "success")) == 1
        measured = one(
            airflow,
            "select count(*) filter (where source_kind = 'layers'), count(*) filter (where source_kind = 'imagery')"
            " from measured_value where is_in_force",
            "reader",
        )
        assert measured[0] >= 2 and measured[1] >= 4
        # The department's own figure is the one used; the outline's stands beside it.
        assert one(
            airflow,
            "select value_used, source_used, round(value_compared::numeric) from source_reconciliation"
            " where item_code = 'built_up_area'",
            "reader",
        ) == (61.0, "departmental", 80)

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
