"""What `cityhealth status` says of departments and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from city_office import Office
from cityhealth.reports import status
from cityhealth.warehouse.connections import Warehouse
from small_city import small_city

ALL_OF_PLANNING = """数据项代码,区域,统计期,数值,单位,数据来源,计算方式,原始数据
built_up_area,某市,2020,45.6,平方公里,统计年鉴,实测,a.pdf
park_area,某市,2020,1140,公顷,统计年鉴,实测,a.pdf
green_area,某市,2020,20,平方公里,统计年鉴,实测,a.pdf
park_share,某市,2020,25,%,统计年鉴,实测,a.pdf
"""


@pytest.fixture
def office(warehouse: Warehouse, tmp_path: Path) -> Office:
    return Office(warehouse, small_city(tmp_path), tmp_path)


def test_only_departments_that_miss_something_are_listed_under_missing(office: Office) -> None:
    before = status.missing(office.warehouse, office.city)
    assert [(m.department_zh, m.accepted) for m in before] == [("市规划和自然资源局", 0), ("市统计局", 0)]
    (judgement,) = office.judge(office.receive(ALL_OF_PLANNING.encode()))
    assert (judgement.verdict, judgement.rows_accepted) == ("accepted", 4)
    (left,) = status.missing(office.warehouse, office.city)
    assert left.department_zh == "市统计局"
    assert len(left.missing_zh) == left.owed - left.accepted > 0


def test_to_register_a_layout_is_advised_of_foreign_tables_alone(office: Office) -> None:
    feeds = ("departmental", "progress", "meeting", "yearbook")
    batches = [office.receive(b"PK\x03\x04 half", "半个.xlsx", None, feed) for feed in feeds]
    office.judge(*batches)
    advice = dict(office.ask("select feed, advice_zh from gate.failing_row join gate.current_run using (gate_run_id)"))
    assert {feed for feed, text in advice.items() if "登记版式" in text} == {"yearbook"}
    assert all("重新报送" in advice[feed] for feed in feeds)
