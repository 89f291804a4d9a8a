"""The meeting's list before the gate: every rule, and what the office writes, through files and the database."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from city_office import Office
from cityhealth.catalogue import Catalogue
from cityhealth.meeting_form import column
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.warehouse.connections import Warehouse
from gate_lines import GOOD_DECISION
from rule_cases import Case, Form, Line, Rules, Trial, assert_every_rule_has_a_case, judged_cases
from small_city import small_city
from word_files import fill, word

RECEIVED = datetime(2021, 6, 8, 9, tzinfo=CITY_TIMEZONE)
FORM = Form("meeting", "meeting_line", {field: column(field).header for field in GOOD_DECISION}, GOOD_DECISION)
OTHER = {"difficulty_text": "2021-05-20/B3/police"}
THIRD = {"difficulty_text": "2021-05-20/B1/statistics"}
SETTLED = {"decision_text": "办结", "assigned_text": "", "due_text": ""}
UNDECIDED = {"decision_text": ""}


def decided(*lines: Line, failing: tuple[int, ...] = (), department: str | None = "市体检办") -> Case:
    return Case(lines, failing, department)


ROW_RULES: Rules = {
    "difficulty_known": (
        decided(
            {},
            *(
                {"difficulty_text": text}
                for text in (
                    "",
                    "B1",
                    "2021-06-06/B1/planning",
                    "2021-06-05/B9/planning",
                    "2021-06-05/B1/nobody",
                    "2021-06-05/B1/planning等",
                )
            ),
            failing=(2, 3, 4, 5, 6, 7),
        ),
        decided({"difficulty_text": " 2021-06-05 / B1 / planning "}, UNDECIDED | {"difficulty_text": "看不懂"}),
    ),
    "decision_known": (
        decided({}, OTHER | {"decision_text": "再议"}, failing=(2,)),
        decided({"decision_text": "已办结"}, OTHER | {"decision_text": "交 办"}),
    ),
    "difficulty_once": (
        decided({}, SETTLED, OTHER, failing=(1, 2)),
        decided({}, SETTLED | OTHER, UNDECIDED),
    ),
    "difficulty_repeated": (decided({}, {"note_text": "又一次"}, failing=(2,)), decided({}, OTHER, UNDECIDED)),
    "assigned_known": (
        decided({"assigned_text": "市外星局"}, OTHER | {"assigned_text": "市统计局、市公安局"}, failing=(1, 2)),
        decided({"assigned_text": "统计局"}, SETTLED | OTHER | {"assigned_text": "市外星局"}),
    ),
    "assigned_given": (decided({"assigned_text": ""}, failing=(1,)), decided(SETTLED)),
    "due_given": (
        decided({"due_text": ""}, OTHER | {"due_text": "—"}, failing=(1, 2)),
        decided({"due_text": "2021年6月"}, SETTLED | OTHER),
    ),
    "due_readable": (
        decided({"due_text": "尽快"}, OTHER | {"due_text": "9月31日"}, failing=(1, 2)),
        decided({"due_text": "9月15日"}, SETTLED | OTHER | {"due_text": "尽快"}),
    ),
    "due_ahead": (
        decided({"due_text": "2021-06-06"}, OTHER | {"due_text": "6月1日"}, failing=(1, 2)),
        decided({"due_text": "2021-06-07"}, SETTLED | OTHER | {"due_text": "2021-06-06"}),
    ),
    "date_given": (
        decided({"date_text": ""}, OTHER | {"date_text": "上周"}, failing=(1, 2)),
        decided({"date_text": "2021年6月7日"}),
    ),
    "date_past": (decided({"date_text": "2021-06-09"}, failing=(1,)), decided({"date_text": "2021-06-08"})),
}
BATCH_RULES: Rules = {
    "office_sends": (decided({}, department="市统计局"), decided({}, department=None)),
    "any_decision": (decided(UNDECIDED, OTHER | UNDECIDED), decided(UNDECIDED, OTHER | {"decision_text": "再议"})),
}
WORD = word(
    "城市体检工作难点问题清单",
    change=lambda document: fill(document, [list(FORM.headers.values()), list(GOOD_DECISION.values())]),
)
MORE = {
    "many bad rows": decided(*({"difficulty_text": f"第{n}号"} for n in range(250)), OTHER),
    "nobody's": decided({}, department="市外星局"),
    "settled and assigned": decided({}, OTHER | SETTLED, THIRD | UNDECIDED | {"note_text": "下次再议"}),
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


def test_a_list_that_another_department_sends_is_refused_as_a_whole(gate: Trial) -> None:
    for name in ("office_sends", "nobody's"):
        assert gate.verdicts(name, breaks=True) == {1: ("refused", False)}
    assert gate.failing_lines("office_sends", breaks=True) == [None]
    assert gate.failing_lines("office_sends", breaks=False) == []
    assert gate.judgements["office_sends", False].verdict == "accepted"


def test_a_list_without_a_decision_is_refused_and_its_lines_are_blank(gate: Trial) -> None:
    assert gate.failing_lines("any_decision", breaks=True) == [None]
    assert gate.judgements["any_decision", True].verdict == "refused"
    assert gate.verdicts("any_decision", breaks=True) == {1: ("blank", False), 2: ("blank", False)}
    assert gate.failing_lines("any_decision", breaks=False) == []


def test_more_than_two_hundred_bad_rows_in_one_list_are_all_found(gate: Trial) -> None:
    judgement = gate.judgements["many bad rows", True]
    assert (judgement.rows_in, judgement.rows_refused, judgement.rows_accepted) == (251, 250, 1)
    found = gate.office.ask(
        "select count(distinct line_no) from gate.failing_row where gate_run_id = %s", judgement.gate_run_id
    )
    assert found == [(250,)]


def test_a_decision_is_kept_with_whom_it_concerns_and_until_when(gate: Trial) -> None:
    kept = gate.office.ask(
        "select difficulty_id, decision, assigned_department, due_date, decided_on, note_text, verdict"
        " from gate.current_meeting_line where gate_run_id = %s order by line_no",
        gate.judgements["settled and assigned", True].gate_run_id,
    )
    met = date(2021, 6, 7)
    assert kept == [
        ("2021-06-05/B1/planning", "assigned", "planning", date(2021, 6, 30), met, "抓紧落实", "accepted"),
        ("2021-05-20/B3/police", "settled", None, None, met, "抓紧落实", "accepted"),
        ("2021-05-20/B1/statistics", None, "planning", date(2021, 6, 30), met, "下次再议", "blank"),
    ]


def test_a_month_as_a_time_limit_is_its_last_day(gate: Trial) -> None:
    due = gate.office.ask(
        "select due_date from gate.meeting_line where gate_run_id = %s and line_no = 1",
        gate.judgements["due_given", False].gate_run_id,
    )
    assert due == [(date(2021, 6, 30),)]


def test_a_time_limit_that_cannot_be_read_or_met_refuses_the_decision_with_what_can_be_read(gate: Trial) -> None:
    def reason(rule: str) -> str:
        run_id = gate.judgements[rule, True].gate_run_id
        query = (
            "select reason_zh || advice_zh from gate.failing_row where (gate_run_id, rule_code, line_no) = (%s, %s, 1)"
        )
        ((text,),) = gate.office.ask(query, run_id, rule)
        return text

    assert "「尽快」" in reason("due_readable") and "2021-09-15" in reason("due_readable")
    assert "办理时限 2021-06-06 早于会议日期 2021-06-07" in reason("due_ahead")


def test_a_time_limit_as_the_brief_prints_it_is_read(gate: Trial) -> None:
    due = gate.office.ask(
        "select due_date from gate.meeting_line where gate_run_id = %s and line_no = 1",
        gate.judgements["due_readable", False].gate_run_id,
    )
    assert due == [(date(2021, 9, 15),)]


def test_a_list_in_a_word_document_is_judged_as_one_in_a_workbook_is(gate: Trial) -> None:
    columns = "select difficulty_id, decision, assigned_department, due_date, decided_on, note_text, verdict, marked"
    kept = [
        gate.office.ask(
            f"{columns} from gate.meeting_line where gate_run_id = %s and line_no = 1",
            gate.judgements[name, True].gate_run_id,
        )
        for name in ("in a document", "settled and assigned")
    ]
    assert kept[0] == kept[1] != []


def test_minutes_without_the_list_are_refused_with_the_columns_that_it_needs(gate: Trial) -> None:
    ((rule, reason),) = gate.office.ask(
        "select rule_code, reason_zh from gate.failing_row where gate_run_id = %s",
        gate.judgements["not a list", True].gate_run_id,
    )
    assert rule == "file_readable" and "编号" in reason and "会议决定" in reason


def test_rows_in_are_the_accepted_and_the_refused_in_every_batch(gate: Trial) -> None:
    gate.assert_rows_add_up()


def test_every_reason_and_advice_is_filled_in(gate: Trial) -> None:
    gate.assert_every_text_is_filled_in()


def test_batches_judged_together_get_the_judgement_that_each_gets_alone(
    gate: Trial, warehouse: Warehouse, city: Catalogue, tmp_path: Path
) -> None:
    names = ("difficulty_known", "difficulty_once", "any_decision", "office_sends", "in a document", "many bad rows")
    gate.assert_judged_alone_as_together(Office(warehouse, city, tmp_path), names)
