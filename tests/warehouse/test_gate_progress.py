"""Half-month progress reports before the gate: every rule, and what officials write, through files and the database."""

from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from city_office import Office
from cityhealth.catalogue import Catalogue
from cityhealth.feeds.progress import REVISED
from cityhealth.progress_form import COLUMNS, FIVE
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.warehouse.connections import Warehouse
from gate_lines import GOOD_TASK
from rule_cases import Case, Form, Line, Rules, Trial, assert_every_rule_has_a_case, judged_cases
from small_city import small_city
from word_files import FIVE as HEADINGS, deleted, inserted, paragraph_xml, run, word

TEN = datetime(2021, 6, 4, 10, tzinfo=CITY_TIMEZONE)
FORM = Form("progress", "progress_line", {c.field: c.header for c in COLUMNS if c.field in GOOD_TASK}, GOOD_TASK)
HEALTH = {"task_text": "健康舒适"}
BLANK: Line = {**dict.fromkeys(FIVE, ""), "percent_text": ""}
NOTHING: Line = dict.fromkeys(FIVE, "无")
UNSAID: Line = {"period_text": None}


def at(moment: str) -> datetime:
    return datetime.fromisoformat(f"2021-{moment}").replace(tzinfo=CITY_TIMEZONE)


def report(*changes: str, sixth: str = "") -> bytes:
    """A Word report of the task 生态宜居 whose text under 完成情况 is given as XML; ``sixth`` comes after the five."""
    texts: list[Any] = ["2021年6月5日", "一、生态宜居"]
    for number, heading in zip("一二三四五", HEADINGS, strict=True):
        texts += [f"（{number}）{heading}", "已写明的内容。"]
    texts += [sixth, "另有内容。"] if sixth else []
    texts += ["完成百分比：80%", "责任人单位：园林科", "填报日期：2021年6月4日"]

    def change(document: Any) -> None:
        if changes:
            target = next(
                p for n, p in enumerate(document.paragraphs) if document.paragraphs[n - 1].text.endswith("完成情况")
            )
            target._p.getparent().replace(target._p, paragraph_xml("".join(changes)))

    return word(*texts, change=change)


def headed(said: str) -> bytes:
    """A table of good lines below the name of a department."""
    return f"填报单位：{said},报送期：2021-06-05\n".encode() + FORM.csv(({}, HEALTH))


ROW_RULES: Rules = {
    "task_known": (
        Case(({}, {"task_text": "星际旅行"}, {"task_text": ""}, {"task_text": "生态宜居和健康舒适"}), (2, 3, 4)),
        Case(({"task_text": "（一）生态宜居方面"}, {"task_text": "b2"}, BLANK | {"task_text": "星际旅行"})),
    ),
    "task_stated": (
        Case(({"task_text": ""},), (1,), "市公安局"),
        Case(({"task_text": "安全韧性"},), department="市公安局"),
    ),
    "task_owned": (Case(({}, {"task_text": "安全韧性"}), (2,)), Case(({},), department="统计局")),
    "task_once": (
        Case(({}, {"percent_text": "81"}, HEALTH), (1, 2)),
        Case(({}, {}, HEALTH | {"percent_text": "81"}, BLANK)),
    ),
    "task_repeated": (Case(({}, {"work_text": "核查 公园绿地"}), (2,)), Case(({}, HEALTH, BLANK))),
    "period_known": (
        Case(({"period_text": "2021-06-06"}, HEALTH | {"period_text": "六月上旬"}), (1, 2)),
        Case(({"period_text": "截至6月5日"}, HEALTH | {"period_text": "2021年第2期"})),
    ),
    "period_open": (
        Case(({"period_text": "2021-06-20"},), (1,), received_at=at("06-05 18:00:00")),
        Case(({"period_text": "2021-06-20"},), received_at=at("06-05 18:00:01")),
    ),
    "period_stated": (
        Case((UNSAID, UNSAID | HEALTH), (1, 2)),
        Case((UNSAID, UNSAID | HEALTH), filename="半月进展2021-06-05.csv"),
    ),
    "one_period": (
        Case(({}, HEALTH | {"period_text": "2021-05-20"}), (1, 2)),
        Case(({}, HEALTH | {"period_text": "2021年6月5日"}, BLANK | {"period_text": "2021-05-20"})),
    ),
    "content_present": (
        Case(({"work_text": ""}, HEALTH | {"status_text": "—"}), (1, 2)),
        Case(({"work_text": "无"}, HEALTH | NOTHING | {"percent_text": "40"})),
    ),
    "fields_present": (
        Case(({"focus_text": "", "next_text": "暂无"}, HEALTH | {"problems_text": "／"}), (1, 2)),
        Case(({"next_text": "无", "percent_text": "100"}, HEALTH | {"problems_text": "暂无"})),
    ),
    "percent_readable": (Case(({"percent_text": "过半"},), (1,)), Case(({"percent_text": "一半"},))),
    "percent_range": (
        Case(({"percent_text": "-1"}, HEALTH | {"percent_text": "101"}), (1, 2)),
        Case(({"percent_text": "0"}, HEALTH | {"percent_text": "100"})),
    ),
    "percent_present": (
        Case(({"percent_text": ""}, HEALTH | {"percent_text": "—"}), (1, 2)),
        Case(({"percent_text": "0"}, BLANK | HEALTH | {"percent_text": "—"})),
    ),
    "percent_plain": (Case(({"percent_text": "0.8"},), (1,)), Case(({"percent_text": "0.8%"},))),
    "responsible_given": (
        Case(({"responsible_text": ""}, HEALTH | {"responsible_text": "—"}), (1, 2)),
        Case(({"responsible_text": "局办"},)),
    ),
    "date_plausible": (
        Case(({"date_text": "2021-06-05"}, HEALTH | {"date_text": "2021年6月"}), (1, 2)),
        Case(({"date_text": "2021年6月4日"},)),
    ),
    "no_revisions": (
        Case((), (1,), filename="修订.docx", data=report(run("已核查"), deleted("三"), inserted("八"), run("处。"))),
        Case((), filename="定稿.docx", data=report()),
    ),
    "headings_clear": (
        Case((), (1,), filename="六项.docx", data=report(sixth="（六）意见建议")),
        Case((), filename="五项.docx", data=report(sixth="意见建议另行报送。")),
    ),
}
BATCH_RULES: Rules = {
    "department_known": (
        Case(({},), department="市外星局"),
        Case(({},), department=None, filename="市规划和自然资源局.csv"),
    ),
    "department_agrees": (Case(data=headed("市统计局")), Case(data=headed("规划局"))),
    "any_task": (Case((BLANK, BLANK | HEALTH)), Case((BLANK | {"percent_text": "5"}, BLANK | HEALTH))),
    "tasks_complete": (Case(({}, BLANK | HEALTH)), Case(({}, HEALTH))),
}
PERCENTS = ("八成", "80％", "0.8", "已完成", "-1", "101", "过半")
#: What is no rule's own case.
MORE = {
    **{f"percent {text}": Case(({"percent_text": text},)) for text in PERCENTS},
    "nothing": Case((NOTHING | {"percent_text": "", "work_text": "暂无。"}, HEALTH)),
    "a problem only": Case((NOTHING | {"percent_text": "", "problems_text": "缺少底图"}, HEALTH)),
    "two periods": Case(({}, {"period_text": "2021-05-20"}, HEALTH)),
    "many bad rows": Case((*({"percent_text": str(100 + n)} for n in range(1, 251)), HEALTH)),
    "evening": Case((UNSAID,), received_at=at("06-05 20:30")),
    "next morning": Case((UNSAID,), received_at=at("06-06 08:00")),
    "of no period": Case((UNSAID,), received_at=at("09-01 08:00")),
    "late": Case(({"period_text": "2021-05-20"},)),
    "day of sending in the file name": Case((UNSAID,), filename="半月进展2021-06-03.csv"),
    "first version": Case(({"status_text": "第一稿"},), filename="一稿.csv", received_at=at("06-04 16:00")),
    "second version": Case(({"status_text": "第二稿"},), filename="二稿.csv", received_at=at("06-05 17:00")),
    "unreadable": Case(data=b"PK\x03\x04 half", filename="半个.docx"),
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return small_city(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def gate(module_warehouse: Warehouse, city: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    office = Office(module_warehouse, city, tmp_path_factory.mktemp("home"), TEN)
    return judged_cases(office, FORM, {**ROW_RULES, **BATCH_RULES}, MORE)


def told(gate: Trial, name: str, columns: str = "period, percent, verdict, marked") -> list[tuple]:
    """What is kept of the lines of a case."""
    run_id = gate.judgements[name, True].gate_run_id
    return gate.office.ask(f"select {columns} from gate.progress_line where gate_run_id = %s order by line_no", run_id)


def reasons(gate: Trial, name: str) -> dict[str, str]:
    """Rule → reason (of its last finding) of a case."""
    run_id = gate.judgements[name, True].gate_run_id
    return dict(gate.office.ask("select rule_code, reason_zh from gate.failing_row where gate_run_id = %s", run_id))


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


def test_a_report_of_an_unknown_department_or_without_a_task_is_refused_as_a_whole(gate: Trial) -> None:
    assert gate.failing_lines("department_known", breaks=True) == [None]
    assert gate.verdicts("department_known", breaks=True) == {1: ("refused", False)}
    assert gate.verdicts("department_known", breaks=False) == {1: ("accepted", False)}
    assert gate.failing_lines("any_task", breaks=True) == [None]
    assert gate.judgements["any_task", True].verdict == "refused"
    assert gate.verdicts("any_task", breaks=True) == {1: ("blank", False), 2: ("blank", False)}
    assert gate.failing_lines("any_task", breaks=False) == []


def test_another_departments_form_does_not_count_for_its_sender(gate: Trial) -> None:
    assert gate.failing_lines("department_agrees", breaks=True) == [None]
    assert gate.verdicts("department_agrees", breaks=True) == dict.fromkeys((1, 2), ("refused", False))
    said = reasons(gate, "department_agrees")["department_agrees"]
    assert said == "表内填报单位为市统计局，与报送单位市规划和自然资源局不符"
    assert gate.verdicts("department_agrees", breaks=False) == dict.fromkeys((1, 2), ("accepted", False))


def test_a_task_that_is_owed_and_not_told_of_is_a_reminder_and_refuses_nothing(gate: Trial) -> None:
    assert gate.failing_lines("tasks_complete", breaks=True) == [None]
    assert "健康舒适" in reasons(gate, "tasks_complete")["tasks_complete"]
    assert gate.judgements["tasks_complete", True].verdict == "accepted"
    assert gate.failing_lines("tasks_complete", breaks=False) == []


def test_more_than_two_hundred_bad_rows_in_one_file_are_all_found(gate: Trial) -> None:
    judgement = gate.judgements["many bad rows", True]
    assert (judgement.rows_in, judgement.rows_refused, judgement.rows_accepted) == (251, 250, 1)
    for rule in ("percent_range", "task_once"):
        counted = gate.office.ask(
            "select count(distinct line_no) from gate.failing_row where gate_run_id = %s and rule_code = %s",
            judgement.gate_run_id,
            rule,
        )
        assert counted == [(250,)]


@pytest.mark.parametrize(
    ("text", "percent", "marked"), [("八成", 80, False), ("80％", 80, False), ("0.8", 80, True), ("已完成", 100, False)]
)
def test_a_percentage_as_officials_write_it_is_taken(gate: Trial, text: str, percent: float, marked: bool) -> None:
    ((_, taken, verdict, is_marked),) = told(gate, f"percent {text}")
    assert (taken, verdict, is_marked) == (percent, "accepted", marked)
    assert ("percent_plain" in reasons(gate, f"percent {text}")) == marked
    if marked:
        assert "按比例读作 80%" in reasons(gate, f"percent {text}")["percent_plain"]


@pytest.mark.parametrize("text", ["-1", "101"])
def test_a_percentage_outside_is_refused_and_quoted(gate: Trial, text: str) -> None:
    assert [verdict for _, _, verdict, _ in told(gate, f"percent {text}")] == ["refused"]
    assert f"「{text}」" in reasons(gate, f"percent {text}")["percent_range"]


def test_a_percentage_that_says_no_figure_is_quoted_and_the_report_counts_without_it(gate: Trial) -> None:
    assert told(gate, "percent 过半", "percent, verdict, marked") == [(None, "accepted", True)]
    found = gate.office.ask(
        "select rule_code, reason_zh || advice_zh from gate.failing_row where gate_run_id = %s",
        gate.judgements["percent 过半", True].gate_run_id,
    )
    assert "「过半」" in dict(found)["percent_readable"] and "八成" in dict(found)["percent_readable"]
    assert "percent_present" not in dict(found)


def test_a_line_that_says_nothing_in_every_field_is_refused_and_one_that_names_a_problem_is_not(gate: Trial) -> None:
    assert gate.verdicts("nothing", breaks=True) == {1: ("refused", False), 2: ("accepted", False)}
    refused = reasons(gate, "nothing")
    assert refused.keys() & {"content_present", "fields_present"} == {"content_present"}
    for text in ("「工作内容」", "「完成情况」", "「工作重点」", "「下一步工作计划」", "「无」不算填写"):
        assert text in refused["content_present"]
    assert "「存在的问题」" not in refused["content_present"]
    assert gate.verdicts("a problem only", breaks=True) == {1: ("accepted", True), 2: ("accepted", False)}


def test_a_field_that_says_nothing_is_warned_of_by_its_name(gate: Trial) -> None:
    run_id = gate.judgements["fields_present", True].gate_run_id
    query = "select reason_zh, cell from gate.failing_row where (gate_run_id, rule_code, line_no) = (%s, %s, 1)"
    ((reason, _),) = gate.office.ask(query, run_id, "fields_present")
    assert "没有填写「工作重点」、「下一步工作计划」（「无」不算填写）" in reason
    run_id = gate.judgements["content_present", False].gate_run_id
    ((reason, cell),) = gate.office.ask(query, run_id, "fields_present")
    assert "没有填写「工作内容」" in reason and cell == "B2"


def test_one_task_in_two_periods_of_one_file_counts_for_each(gate: Trial) -> None:
    assert told(gate, "two periods", "task_code, period, verdict") == [
        ("B1", date(2021, 6, 5), "accepted"),
        ("B1", date(2021, 5, 20), "accepted"),
        ("B2", date(2021, 6, 5), "accepted"),
    ]
    assert reasons(gate, "two periods").keys() & {"task_once", "task_repeated"} == set()


def test_an_unknown_period_is_answered_with_those_near_it(gate: Trial) -> None:
    run_id = gate.judgements["period_known", True].gate_run_id
    first, second = gate.office.ask(
        "select reason_zh from gate.failing_row where gate_run_id = %s and rule_code = 'period_known' order by line_no",
        run_id,
    )
    assert "「2021-06-06」不是报送期，相近的有 2021-05-20、2021-06-05、2021-06-20" in first[0]
    assert "六月上旬" in second[0]


def test_a_future_period_is_refused_by_name_and_an_earlier_one_is_taken(gate: Trial) -> None:
    assert "2021-06-20，收到时该期尚未开始" in reasons(gate, "period_open")["period_open"]
    assert told(gate, "late", "period, verdict, marked") == [(date(2021, 5, 20), "accepted", False)]


def test_a_report_without_a_period_is_taken_for_the_one_in_which_it_came_and_marked(gate: Trial) -> None:
    assert told(gate, "period_stated", "period, verdict, marked") == [(date(2021, 6, 5), "accepted", True)] * 2
    assert told(gate, "next morning", "period, verdict, marked") == [(date(2021, 6, 20), "accepted", True)]
    assert told(gate, "day of sending in the file name", "period, verdict, marked") == [
        (date(2021, 6, 5), "accepted", True)
    ]
    assert "2021-06-05" in reasons(gate, "period_stated")["period_stated"]


def test_a_report_of_the_evening_of_the_due_date_is_still_taken_for_its_period(gate: Trial) -> None:
    assert told(gate, "evening", "period, verdict, marked") == [(date(2021, 6, 5), "accepted", True)]


def test_a_report_without_a_period_when_none_is_open_is_refused(gate: Trial) -> None:
    assert told(gate, "of no period", "period, verdict") == [(None, "refused")]
    assert "收到时也不在任何报送期内" in reasons(gate, "of no period")["period_known"]


def test_a_period_that_stands_in_the_file_name_only_counts_as_stated(gate: Trial) -> None:
    run_id = gate.judgements["period_stated", False].gate_run_id
    kept = gate.office.ask("select period, marked from gate.progress_line where gate_run_id = %s", run_id)
    assert kept == [(date(2021, 6, 5), False)] * 2


def test_of_two_reports_for_one_period_both_are_kept_and_the_later_is_the_latest_received(gate: Trial) -> None:
    both = [gate.judgements[name, True].gate_run_id for name in ("first version", "second version")]
    kept = gate.office.ask(
        "select status_text, verdict from gate.current_progress_line where gate_run_id = any(%s)"
        " and (department_code, task_code, period) = ('planning', 'B1', '2021-06-05')"
        " order by received_at, arrival_id, line_no",
        both,
    )
    assert kept == [("第一稿", "accepted"), ("第二稿", "accepted")]


def test_tracked_changes_are_read_as_accepted_and_the_report_is_marked(gate: Trial) -> None:
    assert told(gate, "no_revisions", "status_text, verdict, marked") == [("已核查八处。", "accepted", True)]
    ((revision,),) = gate.office.ask(
        "select other_cells::json ->> %s from raw.progress_line where batch_id = %s and row_kind = 'data'",
        REVISED,
        gate.judgements["no_revisions", True].batch_id,
    )
    assert revision in reasons(gate, "no_revisions")["no_revisions"]


def test_a_file_that_cannot_be_read_is_refused_with_its_reason(gate: Trial) -> None:
    judgement = gate.judgements["unreadable", True]
    assert (judgement.verdict, judgement.rows_in) == ("refused", 0)
    assert list(reasons(gate, "unreadable")) == ["file_readable"]


def test_rows_in_are_the_accepted_and_the_refused_in_every_batch(gate: Trial) -> None:
    gate.assert_rows_add_up()


def test_every_reason_and_advice_is_filled_in(gate: Trial) -> None:
    gate.assert_every_text_is_filled_in()


def test_the_cell_at_fault_is_named_and_marked_in_the_copy_and_a_word_report_has_none(gate: Trial) -> None:
    judgement = gate.judgements["percent_range", True]
    cells = gate.office.ask(
        "select cell from gate.failing_row where gate_run_id = %s and rule_code = 'percent_range' order by line_no",
        judgement.gate_run_id,
    )
    copy = openpyxl.load_workbook(io.BytesIO(Path(str(judgement.receipt_path)).read_bytes())).worksheets[1]
    assert all("不在 0 至 100 之间" in copy[cell].comment.text for (cell,) in cells)
    assert len(cells) == 2
    word_receipt = Path(str(gate.judgements["no_revisions", True].receipt_path))
    assert openpyxl.load_workbook(io.BytesIO(word_receipt.read_bytes())).sheetnames == ["回执"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("many bad rows", ["2021年第2期（6月5日）：按时"]),
        ("evening", ["2021年第2期（6月5日）：当日迟报，迟 2 小时 30 分钟；此前已按时报送过的，该期仍算按时"]),
        ("any_task", []),
        ("unreadable", []),
    ],
)
def test_the_cover_says_for_which_period_the_accepted_lines_count_and_whether_they_came_in_time(
    gate: Trial, name: str, said: list[str]
) -> None:
    receipt = Path(str(gate.judgements[name, True].receipt_path))
    cover = openpyxl.load_workbook(io.BytesIO(receipt.read_bytes())).worksheets[0]
    assert [row[2].value for row in cover.iter_rows() if row[0].value == "报送期"] == said


def test_batches_judged_together_get_the_judgement_that_each_gets_alone(
    gate: Trial, warehouse: Warehouse, city: Catalogue, tmp_path: Path
) -> None:
    names = ("task_once", "period_stated", "no_revisions", "tasks_complete", "any_task", "unreadable", "many bad rows")
    gate.assert_judged_alone_as_together(Office(warehouse, city, tmp_path), names)
