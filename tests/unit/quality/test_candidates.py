"""What the gate makes of single lines, and of lines beside each other."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from cityhealth.quality.items.candidates import candidates
from cityhealth.quality.lookup import Lookup
from gate_lines import batch, lines

ITEM_UNKNOWN = {"item_text": "星星数量"}


def rows_of(lookup: Lookup, *changes: dict[str, Any], **facts: Any) -> list[dict[str, Any]]:
    frame = candidates(lines(*changes), batch(**facts), lookup).frame
    rows = frame.loc[frame["kind"] == "row"].astype(object)
    return rows.where(rows.notna(), None).to_dict("records")


def row_of(lookup: Lookup, **change: Any) -> dict[str, Any]:
    return rows_of(lookup, change)[0]


@pytest.mark.parametrize(
    "text",
    [
        "built_up_area",
        "建成区面积",
        " 建成区 面积 ",
        "建成区面积（平方公里）",
        "1、建成区面积",
        "（一）建成区面积",
        "built_up_area 建成区面积",
        "建成区面积（built_up_area）",
        "建成区面积（ＢＵＩＬＴ＿ＵＰ＿ＡＲＥＡ）",
        "built_up_area 城区建成面积",
    ],
)
def test_an_item_is_known_by_its_code_its_name_or_both(lookup: Lookup, text: str) -> None:
    assert row_of(lookup, item_text=text)["item_code"] == "built_up_area"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "未填写"),
        ("星星数量", "不在数据项目录中"),
        ("built_up_area 公园绿地面积", "不是同一数据项"),
        ("built_up_area park_area", "不止一个数据项"),
    ],
)
def test_an_item_that_is_not_one_known_item_is_a_problem(lookup: Lookup, text: str, complaint: str) -> None:
    row = row_of(lookup, item_text=text)
    assert row["item_code"] is None
    assert complaint in row["item_problem"]


def test_a_word_inside_a_name_is_not_taken_for_the_code_it_also_is(lookup: Lookup) -> None:
    for text in ("单位GDP变化", "gdp_growth 单位GDP变化", "gdp_growth 单位GDP的变化"):
        assert row_of(lookup, item_text=text, unit_text="%")["item_code"] == "gdp_growth"
    assert row_of(lookup, item_text="GDP", unit_text="万元")["item_code"] == "gdp"


@pytest.mark.parametrize("stated", ["planning", "市规划和自然资源局", "市规自局", " 规划局 "])
def test_the_department_is_known_by_code_name_or_alias(lookup: Lookup, stated: str) -> None:
    assert candidates(lines({}), batch(stated), lookup).department_code == "planning"


@pytest.mark.parametrize(
    ("filename", "code"),
    [
        ("2021体检_市规划和自然资源局.xlsx", "planning"),
        ("市公安局交警支队填报.xls", "traffic_police"),
        ("市公安局填报.xls", "police"),
        ("填报表.xlsx", None),
        ("市统计局转市公安局.xlsx", None),
    ],
)
def test_a_department_that_is_not_stated_is_looked_for_in_the_file_name(
    lookup: Lookup, filename: str, code: str | None
) -> None:
    assert candidates(lines({}), batch(None, filename), lookup).department_code == code


def test_a_stated_department_that_is_unknown_is_not_replaced_by_the_one_in_the_file_name(lookup: Lookup) -> None:
    found = candidates(lines({}), batch("市外星局", "市统计局.xlsx"), lookup)
    assert found.department_code is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("100000", "100000"),
        ("某市", "100000"),
        ("100000 某市", "100000"),
        ("", "100000"),
        ("某市东区", "100001"),
        ("100001 东区", "100001"),
    ],
)
def test_an_area_is_known_by_code_name_both_or_by_the_only_area_of_the_item(
    lookup: Lookup, text: str, code: str
) -> None:
    assert row_of(lookup, area_text=text)["area_code"] == code


def test_an_empty_area_is_a_problem_for_an_item_of_many_areas(lookup: Lookup) -> None:
    row = row_of(lookup, item_text="population", area_text="", unit_text="人", value_text="5")
    assert (row["area_code"], row["area_problem"]) == (None, "未填写区域")


def test_an_area_must_be_valid_at_the_end_of_the_period_and_the_successor_is_named(lookup: Lookup) -> None:
    assert row_of(lookup, area_text="老乡", period_text="2019")["area_code"] == "100001200"
    row = row_of(lookup, area_text="老乡", period_text="2020")
    assert row["area_code"] is None
    assert "100001100" in row["area_problem"]
    assert row_of(lookup, area_text="火星")["area_problem"] == "「火星」不在区划表中"


def test_an_area_outside_the_scope_of_the_item_is_known_but_not_in_scope(lookup: Lookup) -> None:
    row = row_of(lookup, area_text="东区")
    assert (row["area_code"], row["area_in_scope"]) == ("100001", False)
    assert row_of(lookup, item_text="population", area_text="东区")["area_in_scope"] is True


@pytest.mark.parametrize(
    ("item", "text", "allowed"),
    [
        ("park_area", "2020", True),
        ("park_area", "", True),
        ("park_area", "2019", False),
        ("park_area", "2020-11", False),
        ("population", "2019", True),
        ("population", "2018", False),
        ("built_up_area", "2020-12-31", True),
        ("built_up_area", "2020年末", True),
        ("built_up_area", "2021-01-01", False),
    ],
)
def test_a_year_must_be_the_asked_one_and_a_point_must_lie_inside_it(
    lookup: Lookup, item: str, text: str, allowed: bool
) -> None:
    assert row_of(lookup, item_text=item, period_text=text)["period_allowed"] is allowed


def test_a_period_that_cannot_be_read_says_so_and_is_not_also_called_forbidden(lookup: Lookup) -> None:
    row = row_of(lookup, period_text="去年")
    assert "去年" in row["period_problem"]
    assert row["period_allowed"] is None


@pytest.mark.parametrize(
    ("item", "value", "unit", "expected"),
    [
        ("built_up_area", "45.6", "", 45.6),
        ("built_up_area", "４５．６", "平方公里", 45.6),
        ("built_up_area", "4560", "公顷", 45.6),
        ("built_up_area", "4560公顷", "", 45.6),
        ("built_up_area", "4560公顷", "平方公里", 45.6),
        ("population", "1.2万", "人", 12000.0),
        ("population", "1.2", "万人", 12000.0),
        ("population", "1.2万人", "万人", 12000.0),
        ("gdp", "3亿元", "万元", 30000.0),
    ],
)
def test_values_arrive_in_the_unit_of_the_item(
    lookup: Lookup, item: str, value: str, unit: str, expected: float
) -> None:
    row = row_of(lookup, item_text=item, value_text=value, unit_text=unit)
    assert row["value"] == expected
    assert row["unit_problem"] is None


@pytest.mark.parametrize(
    ("item", "value", "unit"),
    [
        ("built_up_area", "45.6", "人"),
        ("built_up_area", "45.6", "亩亩"),
        ("population", "1.2万", "万人"),
        ("gdp", "1.2万", ""),
        ("population", "5", "公顷"),
    ],
)
def test_a_unit_that_is_unknown_foreign_or_said_twice_is_a_problem_and_gives_no_value(
    lookup: Lookup, item: str, value: str, unit: str
) -> None:
    row = row_of(lookup, item_text=item, value_text=value, unit_text=unit)
    assert row["value"] is None
    assert row["unit_problem"]


@pytest.mark.parametrize(
    ("value", "kind", "state_text", "state"),
    [
        ("", None, "", "blank"),
        ("—", "text", "", "blank"),
        ("", None, "不适用", "not_applicable"),
        ("不适用", "text", "", "not_applicable"),
        ("", None, "撤回", "withdrawn"),
        ("—", "text", "撤 回", "withdrawn"),
        ("5", "number", "正常", "value"),
    ],
)
def test_a_line_is_a_value_blank_not_applicable_or_withdrawn(
    lookup: Lookup, value: str, kind: str | None, state_text: str, state: str
) -> None:
    row = row_of(lookup, value_text=value, value_cell_kind=kind, state_text=state_text)
    assert (row["state"], row["state_problem"], row["value_problem"]) == (state, None, None)


@pytest.mark.parametrize(
    ("value", "state_text"), [("5", "不适用"), ("五", "撤回"), ("撤回", "不适用"), ("5", "也许"), ("", "也许")]
)
def test_a_state_beside_a_number_or_that_nobody_knows_is_a_problem_and_never_a_blank(
    lookup: Lookup, value: str, state_text: str
) -> None:
    row = row_of(lookup, value_text=value, state_text=state_text)
    assert row["state_problem"]
    assert row["state"] != "blank"
    assert row["value"] is None


@pytest.mark.parametrize(
    ("text", "kind", "complaint"),
    [
        ("#DIV/0!", "error", "公式计算出错"),
        ("=A1/A2", "no_value", "没有保存计算结果"),
        ("2020-11-01", "date", "日期格式"),
        ("=cmd|' /C calc'!A0", "text", "公式文本"),
        ("约50", "text", "不是确切的数"),
        ("1e308", "text", "太大"),
        ("NaN", "text", "不是有限的数"),
    ],
)
def test_a_value_that_cannot_be_read_says_why(lookup: Lookup, text: str, kind: str, complaint: str) -> None:
    row = row_of(lookup, value_text=text, value_cell_kind=kind)
    assert complaint in row["value_problem"]
    assert (row["state"], row["value"]) == ("value", None)


def test_lines_that_say_the_same_are_told_from_lines_that_differ(lookup: Lookup) -> None:
    one, two, three, other = rows_of(lookup, {}, {"value_text": "4560公顷"}, {"area_text": "东区"}, {"value_text": ""})
    assert (one["duplicate_kind"], two["duplicate_kind"]) == ("same", "same")
    assert one["duplicate_cells"] == "填报!D3"
    assert three["duplicate_kind"] is other["duplicate_kind"] is None
    assert {r["duplicate_kind"] for r in rows_of(lookup, {}, {"value_text": "45.7"}, {})} == {"different"}
    assert {r["duplicate_kind"] for r in rows_of(lookup, {}, {"value_text": "", "state_text": "撤回"})} == {"different"}
    assert {r["duplicate_kind"] for r in rows_of(lookup, {}, {"value_text": "很多"})} == {"different"}


def test_a_part_is_compared_with_its_whole_of_the_same_area_and_period_in_its_own_unit(lookup: Lookup) -> None:
    part = {"item_text": "park_area", "value_text": "1200", "unit_text": "公顷"}
    found = rows_of(lookup, {}, part, part | {"period_text": "2019"})
    assert [row["whole_value"] for row in found] == [None, 4560.0, None]
    assert found[1]["whole_cell"] == "填报!D2"


def test_a_reported_ratio_is_recomputed_from_its_parts_in_the_batch(lookup: Lookup) -> None:
    share = {"item_text": "park_share", "value_text": "26", "unit_text": "%"}
    park = {"item_text": "park_area", "value_text": "1140", "unit_text": "公顷"}
    assert rows_of(lookup, share, park, {})[0]["recomputed"] == pytest.approx(1140 / 45.6)
    assert rows_of(lookup, share, park)[0]["recomputed"] is None
    assert rows_of(lookup, share, park, {"value_text": "0"})[0]["recomputed"] is None


@pytest.mark.parametrize(
    ("named", "attached", "found"),
    [
        ("原始数据.pdf", ("原始数据.pdf",), True),
        ("原始数据", ("原始数据.pdf",), True),
        ("原始数据.pdf", (), False),
        ("a.pdf；b.pdf", ("a.pdf",), False),
        ("a.pdf；b.pdf", ("A.PDF", "b.pdf"), True),
        ("", ("x.pdf",), False),
        ("", ("建成区面积.pdf",), True),
    ],
)
def test_the_evidence_is_there_when_every_named_file_is_attached(
    lookup: Lookup, named: str, attached: tuple[str, ...], found: bool
) -> None:
    row = rows_of(lookup, {"attachment_text": named}, attachments=attached)[0]
    assert row["attachment_found"] is found


def test_notes_around_the_table_are_no_candidates(lookup: Lookup) -> None:
    assert len(rows_of(lookup, {}, {"row_kind": "note", "item_text": "填表人：张三"})) == 1


def test_the_duty_list_less_what_was_handed_in_is_missing(lookup: Lookup) -> None:
    # population: two counties, this year and the last
    first = {"item_text": "population", "area_text": "东区", "value_text": "5", "unit_text": "人"}
    second = first | {"area_text": "西县", "value_text": "", "state_text": "不适用"}
    blank = first | {"period_text": "2019", "value_text": ""}
    frame = candidates(lines(first, second, blank), batch("statistics"), lookup).frame
    missing = frame.loc[frame["kind"] == "missing"]
    assert set(zip(missing["item_code"], missing["area_code"], missing["period"], strict=True)) == {
        ("population", "100001", "2019"),
        ("population", "100002", "2019"),
        ("gdp", "100000", "2020"),
        ("gdp_growth", "100000", "2020"),
    }
    assert (missing["line_no"] < 0).all()


def test_a_point_in_time_inside_the_year_fulfils_the_duty_of_the_year(lookup: Lookup) -> None:
    frame = candidates(lines({"period_text": "2020-12-31"}), batch(), lookup).frame
    assert "built_up_area" not in set(frame.loc[frame["kind"] == "missing", "item_code"])


def test_a_batch_without_lines_still_has_its_file_and_its_duties(lookup: Lookup) -> None:
    frame = candidates(lines(), batch(), lookup).frame
    assert frame["kind"].value_counts().to_dict() == {"missing": 4, "batch": 1}
    assert frame.loc[frame["kind"] == "batch", "filled_count"].item() == 0


def test_the_bytes_of_a_yearbook_belong_to_the_owner_of_the_item(lookup: Lookup) -> None:
    change = {"item_text": "households", "area_text": "东区", "value_text": "7", "unit_text": "户"}
    row = rows_of(lookup, change, department=None, feed="yearbook")[0]
    assert (row["department_code"], row["value"]) == ("statistics", 7.0)


_texts = st.one_of(
    st.none(), st.text(max_size=12), st.sampled_from(["5", "—", "不适用", "2020", "某市", "建成区面积", "人"])
)


# Time says nothing here: a busy machine is slow at any of them.
@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.fixed_dictionaries(
            dict.fromkeys(("item_text", "area_text", "period_text", "value_text", "unit_text", "state_text"), _texts)
        ),
        max_size=6,
    )
)
def test_whatever_is_written_every_line_stays_one_line_with_a_known_state(
    lookup: Lookup, changes: list[dict[str, str | None]]
) -> None:
    found = rows_of(lookup, *changes)
    assert [row["line_no"] for row in found] == list(range(1, len(changes) + 1))
    for row in found:
        assert row["state"] in ("value", "not_applicable", "withdrawn", "blank")
        assert row["value"] is None or (row["state"] == "value" and abs(row["value"]) <= 1e19)
        assert row["period_end"] is None or isinstance(row["period_end"], date)
        # Nothing is passed over in silence: a filled line has a value or a problem.
        told = (row["value_problem"], row["unit_problem"], row["state_problem"])
        assert row["state"] != "value" or row["value"] is not None or any(told)


def test_the_columns_of_an_empty_batch_are_those_of_a_full_one(lookup: Lookup) -> None:
    empty: pd.DataFrame = candidates(lines(), batch(), lookup).frame
    assert set(candidates(lines({}), batch(), lookup).frame.columns) == set(empty.columns)
