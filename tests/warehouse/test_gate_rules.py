"""Every rule by a batch that breaks it and one that does not, through files, raw rows and the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from city_office import Office
from cityhealth.catalogue import Catalogue
from cityhealth.warehouse.connections import Warehouse
from gate_lines import GOOD
from rule_cases import Case, Form, Rules, Trial, assert_every_rule_has_a_case, judged_cases
from small_city import small_city

HEADERS = {
    "item_text": "数据项代码",
    "area_text": "区域",
    "period_text": "统计期",
    "value_text": "数值",
    "unit_text": "单位",
    "state_text": "状态",
    "source_text": "数据来源",
    "method_text": "计算方式",
    "remarks_text": "情况说明",
    "attachment_text": "原始数据",
}


FORM = Form("departmental", "departmental_row", HEADERS, GOOD)

PARK = {"item_text": "park_area", "value_text": "1140", "unit_text": "公顷"}
SHARE = {"item_text": "park_share", "value_text": "25", "unit_text": "%"}
PEOPLE = {"item_text": "population", "area_text": "东区", "value_text": "5", "unit_text": "人"}
NOTHING = {"value_text": ""}

ROW_RULES: Rules = {
    "item_known": (Case(({}, {"item_text": "星星数量"}), (2,)), Case(({}, {"item_text": "星星", "value_text": "—"}))),
    "item_owned": (Case(({}, PEOPLE), (2,)), Case((PEOPLE,), department="统计局")),
    "value_readable": (
        Case(({}, PARK | {"value_text": "很多"}), (2,)),
        Case((PARK | {"value_text": "１，１４０公顷"},)),
    ),
    "state_consistent": (Case((PARK | {"state_text": "不适用"},), (1,)), Case((NOTHING | {"state_text": "不适用"},))),
    "unit_convertible": (
        Case((PARK | {"unit_text": "人"},), (1,)),
        Case((PARK | {"unit_text": "平方公里", "value_text": "11"},)),
    ),
    "area_valid": (Case(({"area_text": "火星"},), (1,)), Case(({"area_text": ""},))),
    "area_in_scope": (Case(({"area_text": "东区"},), (1,)), Case((PEOPLE,), department="statistics")),
    "period_readable": (Case(({"period_text": "去年"},), (1,)), Case(({"period_text": "２０２０年度"},))),
    "period_allowed": (
        Case(({"period_text": "2019"},), (1,)),
        Case((PEOPLE | {"period_text": "2019"},), department="statistics"),
    ),
    "hard_range": (
        Case(({"value_text": "1001"}, PARK | {"value_text": "-1"}), (1, 2)),
        Case(({"value_text": "1000"},)),
    ),
    "integer": (
        Case((PEOPLE | {"value_text": "5.5"},), (1,), "statistics"),
        Case((PEOPLE | {"value_text": "5.5万"},), (), "statistics"),
    ),
    "duplicate_different": (Case(({}, {"value_text": "46"}, PARK), (1, 2)), Case(({}, {}))),
    "duplicate_same": (Case(({}, {"value_text": "4560公顷"}), (1, 2)), Case(({}, NOTHING))),
    "part_within_whole": (Case(({}, PARK | {"value_text": "4561"}), (2,)), Case(({}, PARK | {"value_text": "4560"}))),
    "plausible_range": (Case(({"value_text": "201"},), (1,)), Case(({"value_text": "200"},))),
    "ratio_reproducible": (
        Case(({}, PARK, SHARE | {"value_text": "25.2"}), (3,)),
        Case(({}, PARK, SHARE | {"value_text": "25.1"})),
    ),
    "percent_not_ratio": (
        Case(({}, SHARE | {"value_text": "0.25"}), (2,)),
        Case((SHARE, SHARE | {"value_text": "0.9%"}, SHARE | {"value_text": "0"})),
    ),
    "not_applicable_explained": (
        Case((NOTHING | {"state_text": "不适用"}, NOTHING | {"value_text": "不适用"}, PARK), (1, 2)),
        Case((NOTHING | {"state_text": "不适用", "remarks_text": "本市没有建成区"}, NOTHING)),
    ),
    "source_and_method": (Case(({"source_text": ""}, PARK | {"method_text": "—"}), (1, 2)), Case(({}, PARK))),
    "evidence_attached": (
        Case(({"attachment_text": "没有.pdf"}, PARK | {"attachment_text": ""}), (1, 2)),
        Case(({}, PARK)),
    ),
}
BATCH_RULES: Rules = {
    "department_known": (Case(({},), department="市外星局"), Case(({},), department="市规自局")),
    "any_value": (Case((NOTHING, NOTHING)), Case((NOTHING, NOTHING | {"state_text": "不适用"}))),
    "duty_complete": (
        Case(({}, PARK)),
        Case(({}, PARK, SHARE, PARK | {"item_text": "green_area"})),
    ),
}


RULES: Rules = {**ROW_RULES, **BATCH_RULES}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return small_city(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def gate(module_warehouse: Warehouse, city: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    return judged_cases(Office(module_warehouse, city, tmp_path_factory.mktemp("home")), FORM, RULES)


def test_every_rule_has_a_case() -> None:
    assert_every_rule_has_a_case(FORM, ROW_RULES, BATCH_RULES)


@pytest.mark.parametrize("rule", ROW_RULES)
def test_a_row_rule_finds_just_the_lines_that_break_it(gate: Trial, rule: str) -> None:
    gate.assert_just_those_fail(rule)


@pytest.mark.parametrize("rule", ROW_RULES)
def test_a_line_that_breaks_a_critical_rule_is_refused_and_a_warning_lets_it_through_marked(
    gate: Trial, rule: str
) -> None:
    gate.assert_refused_or_marked(rule)


def test_a_batch_of_an_unknown_department_or_without_a_value_is_refused_as_a_whole(gate: Trial) -> None:
    assert gate.failing_lines("department_known", breaks=True) == [None]
    assert gate.verdicts("department_known", breaks=True) == {1: ("refused", False)}
    assert gate.judgements["department_known", False].verdict == "accepted"
    assert gate.failing_lines("any_value", breaks=True) == [None]
    assert gate.judgements["any_value", True].verdict == "refused"
    assert gate.verdicts("any_value", breaks=True) == {1: ("blank", False), 2: ("blank", False)}
    assert gate.judgements["any_value", False].verdict == "accepted"


def test_what_the_duty_list_lacks_is_listed_item_by_item_and_refuses_nothing(gate: Trial) -> None:
    assert gate.failing_lines("duty_complete", breaks=True) == [None, None]
    assert gate.judgements["duty_complete", True].verdict == "accepted"
    assert gate.failing_lines("duty_complete", breaks=False) == []


def test_rows_in_are_the_accepted_and_the_refused_in_every_batch(gate: Trial) -> None:
    gate.assert_rows_add_up()


def test_every_reason_and_advice_is_filled_in(gate: Trial) -> None:
    gate.assert_every_text_is_filled_in()


def test_the_result_of_every_rule_is_kept_for_every_run(gate: Trial) -> None:
    counted = gate.office.ask(
        "select gate_run_id, count(*), count(*) filter (where success <> (failing_count = 0))"
        " from gate.result group by 1"
    )
    assert {(rules, wrong) for _, rules, wrong in counted} == {(len(RULES), 0)}


def test_batches_judged_together_get_the_judgement_that_each_gets_alone(
    gate: Trial, warehouse: Warehouse, city: Catalogue, tmp_path: Path
) -> None:
    names = ("item_known", "part_within_whole", "any_value", "duty_complete", "department_known")
    gate.assert_judged_alone_as_together(Office(warehouse, city, tmp_path), names)
