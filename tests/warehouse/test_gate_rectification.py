"""Lists of measures before the gate: every rule, and what departments write, through files and the database."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from city_office import Office
from cityhealth.catalogue import Catalogue
from cityhealth.rectification_form import column
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.warehouse.connections import Warehouse
from rule_cases import Case, Form, Line, Rules, Trial, assert_every_rule_has_a_case, judged_cases
from small_city import small_city
from word_files import fill, word

RECEIVED = datetime(2021, 7, 5, 9, tzinfo=CITY_TIMEZONE)
GOOD: Line = {
    "problem_text": "ECO01",
    "measure_no_text": "1",
    "owner_text": "市规划和自然资源局",
    "measure_text": "盘活存量建设用地",
    "deadline_text": "2021-09-30",
    "milestones_text": "2021-07-31 完成排查；2021年9月底 完成改造",
    "status_text": "整改中",
    "percent_text": "40%",
    "date_text": "2021-07-04",
    "note_text": "已完成现场踏勘",
}
FORM = Form("rectification", "rectification_line", {field: column(field).header for field in GOOD}, GOOD)
SECOND = {"measure_no_text": "2"}
NOTHING = dict.fromkeys(("measure_text", "status_text", "percent_text", "deadline_text", "milestones_text"), "")


def listed(*lines: Line, failing: tuple[int, ...] = (), department: str | None = "市体检办") -> Case:
    return Case(lines, failing, department)


ROW_RULES: Rules = {
    "problem_known": (
        listed({}, *({"problem_text": text} for text in ("", "第3号", "ZZZ99", "ECO01@999999")), failing=(2, 3, 4, 5)),
        listed(
            {"problem_text": " ｅco01 "},
            SECOND | {"problem_text": "ECO01@100001"},
            SECOND | {"problem_text": "SV-q7-3fa2"},
            NOTHING | {"problem_text": "看不懂"},
        ),
    ),
    "measure_given": (listed({"measure_text": "—"}, SECOND, failing=(1,)), listed({}, NOTHING | SECOND)),
    "owner_known": (
        listed({"owner_text": "市外星局"}, SECOND | {"owner_text": ""}, failing=(1, 2)),
        listed({"owner_text": ""}, department="市规自局"),
    ),
    "owner_sends": (
        listed({}, SECOND | {"owner_text": "市统计局"}, failing=(1,), department="市统计局"),
        listed({}, department="市规自局"),
    ),
    "number_known": (
        listed({}, {"measure_no_text": "甲"}, failing=(2,)),
        listed({"measure_no_text": ""}, {"measure_no_text": "ECO01-02"}, {"measure_no_text": "措施3"}),
    ),
    "measure_once": (listed({}, {"percent_text": "50%"}, SECOND, failing=(1, 2)), listed({}, SECOND)),
    "measure_repeated": (listed({}, {"note_text": "又一次"}, failing=(2,)), listed({}, SECOND)),
    "status_known": (
        listed({}, SECOND | {"status_text": "差不多了"}, failing=(2,)),
        listed({"status_text": "进 行 中"}, SECOND | {"status_text": "完成整改", "percent_text": "100"}),
    ),
    "status_given": (listed({"status_text": ""}, SECOND, failing=(1,)), listed({})),
    "percent_readable": (
        listed({}, SECOND | {"percent_text": "过半"}, failing=(2,)),
        listed({"percent_text": ""}, SECOND | {"percent_text": "四成"}),
    ),
    "percent_possible": (
        listed({}, SECOND | {"percent_text": "140%"}, failing=(2,)),
        listed({"percent_text": "0"}, SECOND | {"percent_text": "100%", "status_text": "已完成"}),
    ),
    "status_agrees": (
        listed({"status_text": "已完成"}, SECOND | {"percent_text": "100%"}, failing=(1, 2)),
        listed(
            {"status_text": "已完成", "percent_text": ""}, SECOND | {"status_text": "已取消", "percent_text": "100%"}
        ),
    ),
    "deadline_given": (
        listed({"deadline_text": ""}, SECOND, failing=(1,)),
        listed({"deadline_text": "", "status_text": "已取消"}),
    ),
    "deadline_readable": (
        listed({"deadline_text": "尽快"}, SECOND | {"deadline_text": "2021-09-31"}, failing=(1, 2)),
        listed({"deadline_text": "2021年9月底"}),
    ),
    "deadline_with_year": (listed({"deadline_text": "9月30日"}, SECOND, failing=(1,)), listed({})),
    "milestones_dated": (
        listed({"milestones_text": "先排查；2021-09-30 完成"}, SECOND, failing=(1,)),
        listed({"milestones_text": ""}, SECOND),
    ),
    "date_given": (listed({"date_text": ""}, SECOND | {"date_text": "上周"}, failing=(1, 2)), listed({})),
    "date_past": (listed({"date_text": "2021-07-06"}, failing=(1,)), listed({"date_text": "2021-07-05"})),
}
BATCH_RULES: Rules = {
    "sender_known": (listed({}, department="市外星局"), listed({}, department="规划局")),
    "any_measure": (listed(NOTHING), listed(NOTHING, {})),
}
WORD = word(
    "城市体检问题整改措施清单",
    change=lambda document: fill(document, [list(FORM.headers.values()), list(GOOD.values())]),
)
MORE = {
    "many bad rows": listed(*({"problem_text": f"第{n}号"} for n in range(250)), {}),
    "in a document": Case(department="市体检办", filename="清单.docx", data=WORD),
    "not a list": Case(department="市体检办", filename="纪要.docx", data=word("会议纪要，没有清单。")),
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return small_city(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def gate(module_warehouse: Warehouse, city: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    office = Office(module_warehouse, city, tmp_path_factory.mktemp("home"), RECEIVED)
    return judged_cases(office, FORM, {**ROW_RULES, **BATCH_RULES}, MORE)


def kept(gate: Trial, case: str, breaks: bool, columns: str) -> list[tuple]:
    run_id = gate.judgements[case, breaks].gate_run_id
    query = f"select {columns} from gate.current_rectification_line where gate_run_id = %s order by line_no"
    return gate.office.ask(query, run_id)


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


def test_a_list_of_nobody_or_without_a_measure_is_refused_as_a_whole(gate: Trial) -> None:
    for rule in BATCH_RULES:
        assert gate.failing_lines(rule, breaks=True) == [None]
        assert gate.judgements[rule, True].verdict == "refused"
        assert gate.failing_lines(rule, breaks=False) == []


def test_more_than_two_hundred_bad_rows_in_one_list_are_all_found(gate: Trial) -> None:
    judgement = gate.judgements["many bad rows", True]
    assert (judgement.rows_in, judgement.rows_refused, judgement.rows_accepted) == (251, 250, 1)


def test_a_measure_for_a_problem_that_cannot_exist_is_told_with_its_cell(gate: Trial) -> None:
    found = gate.office.ask(
        "select sheet, cell, reason_zh, advice_zh from gate.failing_row"
        " where (gate_run_id, rule_code, line_no) = (%s, 'problem_known', 4)",
        gate.judgements["problem_known", True].gate_run_id,
    )
    ((_, cell, reason, advice),) = found
    assert cell == "A5"
    assert reason == "问题编号「ZZZ99」：指标目录中没有「ZZZ99」，清单上不会有这一问题"
    assert "problem_list" in advice


def test_a_measure_is_kept_under_an_id_that_only_problem_owner_and_number_make(gate: Trial) -> None:
    columns = "measure_id, problem_id, owner_department, deadline, status, percent, report_date, sender_department"
    (first, *_) = kept(gate, "status_agrees", False, columns)
    whom = ("ECO01/planning/1", "ECO01", "planning", date(2021, 9, 30))
    assert first == (*whom, "done", None, date(2021, 7, 4), "office")
    ids = [row[0] for row in kept(gate, "number_known", False, "measure_id")]
    assert ids == ["ECO01/planning/1", "ECO01/planning/2", "ECO01/planning/3"]
    assert [row[0] for row in kept(gate, "problem_known", False, "measure_id")] == [
        "ECO01/planning/1", "ECO01@100001/planning/2", "SV-q7-3fa2/planning/2", None,
    ]  # fmt: skip


def test_milestones_are_kept_one_by_one_with_their_days(gate: Trial) -> None:
    ((text,), *_) = kept(gate, "measure_once", False, "milestones")
    assert json.loads(text) == [
        {"due": "2021-07-31", "text": "完成排查"},
        {"due": "2021-09-30", "text": "完成改造"},
    ]


def test_a_time_limit_without_its_year_is_read_and_told(gate: Trial) -> None:
    assert kept(gate, "deadline_with_year", True, "deadline")[0] == (date(2021, 9, 30),)
    ((reason,),) = gate.office.ask(
        "select reason_zh from gate.failing_row where gate_run_id = %s and rule_code = 'deadline_with_year'",
        gate.judgements["deadline_with_year", True].gate_run_id,
    )
    assert reason.endswith("「9月30日」没有写年份，按 2021-09-30 计")


def test_a_list_in_a_word_document_is_judged_as_one_in_a_workbook_is(gate: Trial) -> None:
    columns = "measure_id, deadline, milestones, status, percent, report_date, note_text, verdict, marked"
    assert kept(gate, "in a document", True, columns)[0] == kept(gate, "measure_once", False, columns)[0]


def test_minutes_without_the_list_are_refused_with_the_columns_that_it_needs(gate: Trial) -> None:
    ((rule, reason),) = gate.office.ask(
        "select rule_code, reason_zh from gate.failing_row where gate_run_id = %s",
        gate.judgements["not a list", True].gate_run_id,
    )
    assert rule == "file_readable" and "问题编号" in reason and "整改措施" in reason


def test_rows_in_are_the_accepted_and_the_refused_in_every_batch(gate: Trial) -> None:
    gate.assert_rows_add_up()


def test_every_reason_and_advice_is_filled_in(gate: Trial) -> None:
    gate.assert_every_text_is_filled_in()


def test_batches_judged_together_get_the_judgement_that_each_gets_alone(
    gate: Trial, warehouse: Warehouse, city: Catalogue, tmp_path: Path
) -> None:
    names = ("problem_known", "measure_once", "any_measure", "sender_known", "in a document")
    gate.assert_judged_alone_as_together(Office(warehouse, city, tmp_path), names)
