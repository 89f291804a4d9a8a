"""What stands around the lines of a report."""

from __future__ import annotations

import pytest

from cityhealth.feeds.around import Placed, read_around


@pytest.mark.parametrize(
    ("text", "department"),
    [
        ("填报单位：市统计局", "市统计局"),
        ("单位：市统计局", "市统计局"),
        ("单位（盖章）：市统计局", "市统计局"),
        ("报送期：2021-06-05 单位名称：市统计局", "市统计局"),
        ("牵头单位：市能源局", None),
        ("责任单位：市能源局", None),
        ("责任人单位：城建科", None),
    ],
)
def test_only_who_fills_in_is_who_reports(text: str, department: str | None) -> None:
    found = read_around([[Placed(text, "A1")]], [], []).department
    assert (found and found.text) == department
