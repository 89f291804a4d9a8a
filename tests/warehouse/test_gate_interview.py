"""Notes of site interviews before the gate: every rule, and that no name and number gets past the reading."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from city_office import Office
from cityhealth.interview_form import column
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.warehouse.connections import Warehouse
from rule_cases import Case, Form, Line, Rules, Trial, assert_every_rule_has_a_case, judged_cases
from small_city import small_city

RECEIVED = datetime(2021, 6, 25, 9, tzinfo=CITY_TIMEZONE)
GOOD: Line = {
    "note_id_text": "FT-001",
    "date_text": "2021-06-22",
    "place_text": "某小区门口",
    "area_text": "东区",
    "person_text": "",
    "subject_text": "ECO01",
    "note_text": "居民反映绿地偏少，离最近的公园要走二十多分钟。",
    "interviewer_text": "",
}
FORM = Form("interview", "interview_note", {field: column(field).header for field in GOOD}, GOOD)
SECOND = {"note_id_text": "FT-002"}
NOTHING = {field: "" for field in GOOD if field != "note_id_text"}
PRIVATE = {
    "person_text": "王建国",
    "interviewer_text": "李晓明",
    "note_text": "王建国说，可以打 13812345678 找他；身份证 11010519491231002X。旁边的赵丽女士也这样说。",
    "place_text": "王建国家门口",
}


def listed(*lines: Line, failing: tuple[int, ...] = (), department: str | None = "市体检办") -> Case:
    return Case(lines, failing, department)


ROW_RULES: Rules = {
    "note_id_given": (
        listed({}, {"note_id_text": ""}, {"note_id_text": "F" * 41}, failing=(2, 3)),
        listed({}, NOTHING | {"note_id_text": ""}),
    ),
    "note_given": (listed({"note_text": "—"}, SECOND, failing=(1,)), listed({}, NOTHING | SECOND)),
    "note_once": (listed({}, {"place_text": "别处"}, SECOND, failing=(1, 2)), listed({}, SECOND)),
    "note_repeated": (listed({}, {}, failing=(2,)), listed({}, SECOND)),
    "date_readable": (
        listed({"date_text": ""}, SECOND | {"date_text": "上周"}, failing=(1, 2)),
        listed({"date_text": "6月22日"}),
    ),
    "date_past": (listed({"date_text": "2021-06-26"}, failing=(1,)), listed({"date_text": "2021-06-25"})),
    "subject_known": (
        listed({}, SECOND | {"subject_text": "停车"}, failing=(2,)),
        listed({"subject_text": ""}, SECOND | {"subject_text": "公园绿地率"}),
    ),
    "area_known": (listed({"area_text": "南区"}, failing=(1,)), listed({"area_text": ""}, SECOND)),
    "person_masked": (listed(PRIVATE, SECOND, failing=(1,)), listed({})),
}
BATCH_RULES: Rules = {
    "sender_known": (listed({}, department="市外星局"), listed({}, department="规划局")),
    "any_note": (listed(NOTHING), listed(NOTHING, {})),
}


@pytest.fixture(scope="module")
def gate(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    city = small_city(tmp_path_factory.mktemp("city"))
    office = Office(module_warehouse, city, tmp_path_factory.mktemp("home"), RECEIVED)
    return judged_cases(office, FORM, {**ROW_RULES, **BATCH_RULES}, {})


def test_every_rule_has_a_case() -> None:
    assert_every_rule_has_a_case(FORM, ROW_RULES, BATCH_RULES)


@pytest.mark.parametrize("rule", ROW_RULES)
def test_a_row_rule_finds_just_the_notes_that_break_it_and_they_are_refused_or_marked(gate: Trial, rule: str) -> None:
    gate.assert_just_those_fail(rule)
    gate.assert_refused_or_marked(rule)


def test_a_list_of_nobody_or_without_a_note_is_refused_as_a_whole(gate: Trial) -> None:
    for rule in BATCH_RULES:
        assert gate.failing_lines(rule, breaks=True) == [None]
        assert gate.judgements[rule, True].verdict == "refused"
        assert gate.failing_lines(rule, breaks=False) == []


def test_no_name_and_no_number_is_stored_anywhere(gate: Trial) -> None:
    run_id = gate.judgements["person_masked", True].gate_run_id
    stored = [
        text
        for query in (
            "select to_jsonb(r)::text from raw.interview_note as r",
            "select to_jsonb(g)::text from gate.interview_note as g",
            "select to_jsonb(f)::text from gate.failing_row as f",
        )
        for (text,) in gate.office.ask(query)
    ]
    for secret in ("王建国", "李晓明", "赵丽", "13812345678", "11010519491231002X"):
        assert not any(secret in text for text in stored), secret
    ((note, place, interviewer, masked),) = gate.office.ask(
        "select note_text, place_text, interviewer, masked_count from gate.interview_note"
        " where gate_run_id = %s and line_no = 1",
        run_id,
    )
    assert note.startswith("王某说") and "赵某女士" in note
    assert (place, interviewer, masked) == ("王某家门口", "李某", 7)


def test_a_note_is_about_a_problem_an_indicator_or_a_dimension(gate: Trial) -> None:
    kept = gate.office.ask(
        "select note_id, held_on, area_code, dimension_code, indicator_code, problem_id"
        " from gate.current_interview_note"
        " where gate_run_id = %s order by line_no",
        gate.judgements["subject_known", False].gate_run_id,
    )
    day = date(2021, 6, 22)
    assert kept == [
        ("FT-001", day, "100001", None, None, None),
        ("FT-002", day, "100001", "ECO", "ECO01", "ECO01"),
    ]


def test_rows_add_up_and_every_text_is_filled_in(gate: Trial) -> None:
    gate.assert_rows_add_up()
    gate.assert_every_text_is_filled_in()
