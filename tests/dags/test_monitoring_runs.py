"""The hourly cycle on the real scheduler: from the start of a run to the warning, and to its clearing."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest
from airflow_python import ask

from cityhealth.landing import LandingZone
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.stack import AirflowClient, LocalAirflow
from cityhealth.transform.editions import prepare

pytestmark = pytest.mark.airflow

DAG = "monitor_indicators"
STATIONS = ("2160A", "2161A", "2162A", "2163A", "2164A")

#: What one message says of three changes, and that none says nothing.
_MESSAGE = """
import json
from datetime import datetime
from cityhealth.monitoring import Change
from cityhealth.transform.monitor import Warned
from cityhealth_airflow import messages
sent = []
messages.tell = lambda title, body: sent.append([title, body])
now = datetime.now()
def warned(level, level_zh, cleared):
    texts = ("指数为160。", "查来源", "生态局")
    return Warned("1", "air", "空气污染", "140500", "晋城市", level, level_zh, now, cleared, *texts)
messages.warnings_changed([])
messages.warnings_changed([
    Change("raised", "air", "140500", warned("red", "红色预警", None), now),
    Change("cleared", "silent", "2160A", warned("clear", "已解除", now), now),
    Change("cleared", "silent", "2161A", None, now),
])
print(json.dumps(sent))
"""


def land(airflow: LocalAirflow, hour: datetime, pm2_5: int) -> None:
    lines = [f"{code},{hour:%Y-%m-%d %H:%M},10,20,0.5,60,80,{pm2_5}" for code in STATIONS]
    LandingZone(airflow.settings.landing_url).land(
        "\n".join(["站点编码,时间,so2,no2,co,o3,pm10,pm2_5", *lines]).encode(),
        feed="air_quality",
        filename=f"小时值{hour:%Y%m%d%H}.csv",
        received_at=min(hour + timedelta(minutes=3), datetime.now(CITY_TIMEZONE)),
    )


def run(client: AirflowClient, key: str) -> dict:
    """Run an hour, and wait until no run of the DAG is left."""
    run_id = client.trigger(DAG, key=key)
    for _ in range(360):
        runs = client.runs(DAG)
        if all(each["state"] in ("success", "failed") for each in runs):
            (found,) = (each for each in runs if each["dag_run_id"] == run_id)
            states = {task["task_id"]: task["state"] for task in client.tasks(DAG, run_id)}
            assert states == {"watch": "success", "warn": "success"}
            return found
        time.sleep(0.5)
    raise AssertionError(f"the run of {key} has not ended")


def warning(airflow: LocalAirflow) -> tuple:
    """Level of the city's warning, seconds from the start of its run to it, and what people were told last."""
    with airflow.warehouse.connect("transformer") as connection:
        row = connection.execute(
            "select warned.level, evaluated_at, reason_zh, told.level from marts.indicator_warning as warned"
            " left join ops.warning_told as told using (rule_code, subject)"
            " where rule_code = 'air_pollution' and subject = '140500'"
        ).fetchone()
    assert row is not None
    return row


def seconds(begun: dict, evaluated_at: datetime) -> float:
    return (evaluated_at - datetime.fromisoformat(begun["start_date"])).total_seconds()


def test_a_warning_comes_within_a_minute_of_the_start_of_its_run_and_goes_when_the_air_is_better(
    airflow: LocalAirflow,
) -> None:
    ends = datetime.now(CITY_TIMEZONE).replace(minute=0, second=0, microsecond=0)
    key = f"{ends - timedelta(hours=1):%Y-%m-%dT%H}"
    # The tables of summaries stand, as in any installation that is a day old.
    prepare(airflow.warehouse, airflow.settings)
    airflow.up(("scheduler", "dag-processor", "api-server"))
    try:
        client = airflow.client()
        # Unpausing adds a run of the scheduler's own; what is measured is a run that finds new hours.
        client.unpause(DAG)
        run(client, key)
        land(airflow, ends - timedelta(hours=2), 160)
        land(airflow, ends - timedelta(hours=1), 260)
        begun = run(client, key)
        level, evaluated_at, reason, told = warning(airflow)
        waited = seconds(begun, evaluated_at)
        print(f"from the start of the run to the warning: {waited:.1f} s")
        # 160 µg/m³ is an index of 210, 260 of 310 (HJ 633—2012, table 1).
        assert (level, told) == ("red", "red") and "为310，连续2个值达到或超过150" in reason
        assert waited <= 60

        land(airflow, ends, 20)
        begun = run(client, key)
        level, evaluated_at, reason, told = warning(airflow)
        print(f"from the start of the run to its clearing: {seconds(begun, evaluated_at):.1f} s")
        # The day's index is that of ozone at 60: 19 (60 ÷ 160 × 50); of PM10 at 80 it is 65.
        assert (level, told) == ("clear", "clear") and "回到65，已解除" in reason
    finally:
        airflow.down()


def test_one_message_lists_all_changes_of_a_run(airflow: LocalAirflow) -> None:
    ((title, body),) = ask(_MESSAGE, airflow)
    assert title == "指标预警：发出 1 项，解除 2 项"
    assert body.splitlines() == [
        "【发出】红色预警 空气污染：指数为160。生态局：查来源。",
        "【解除】已解除 空气污染：指数为160。",
        "【撤销】silent 2161A：补到的数据表明未达到界限，或规则已停用。",
    ]
