"""Respondents of a survey before the gate: every rule, and what files hold, through receipts and database."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import openpyxl
import pytest
import yaml

from city_office import Office
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.survey.masking import ID_MASK, PHONE_MASK, identity_number
from cityhealth.warehouse.connections import Warehouse
from rule_cases import Case, Form, Line, Rules, Trial, assert_every_rule_has_a_case, judged_cases
from small_city import small_city

RECEIVED = datetime(2021, 6, 28, 9, tzinfo=CITY_TIMEZONE)
COLUMNS = ("问卷编号", "权重", "社区", "层", "县区", "年龄", "Q1", "Q2", "F1", "意见")
HEADERS = {name: name for name in COLUMNS}
GOOD: Mapping[str, Any] = {
    "问卷编号": "R1", "权重": "1.5", "社区": "c1", "层": "s1", "县区": "东区", "年龄": "1", "Q1": "4", "Q2": "5",
    "F1": "有", "意见": None,
}  # fmt: skip
FORM = Form("survey", "survey_answer", HEADERS, GOOD)
SCALE = {1: 0, 2: 25, 3: 50, 4: 75, 5: 100}
BOOK: Mapping[str, Any] = {
    "title": "满意度调查",
    "wave": "2021-06",
    "fielded_from": "2021-06-01",
    "fielded_to": "2021-06-20",
    "columns": {"respondent": "问卷编号", "weight": "权重", "cluster": "社区", "stratum": "层", "area": "县区"},
    "groups": {"age_group": {"column": "年龄", "label": "年龄段", "labels": {1: "青年", 2: "老年"}}},
    "missing": {97: "不适用", 98: "不知道", 99: "拒答"},
    "questions": [
        {"code": "Q1", "wording": "公园？", "dimension": "ECO", "indicator": "ECO01", "scale": SCALE},
        {
            "code": "Q2", "wording": "幼儿园？", "dimension": "生态宜居", "scale": SCALE,
            "skip": [{"question": "F1", "answers": ["无"]}],
        },
        {"code": "F1", "wording": "有孩子吗？", "role": "filter"},
    ],
    "free_text": ["意见"],
}  # fmt: skip

OTHER = {
    "title": "x", "wave": "2021-06", "questions": [{"code": "A1", "wording": "?", "dimension": "ECO", "scale": SCALE}],
}  # fmt: skip


def book(**changes: Any) -> tuple[tuple[str, bytes], ...]:
    """The good codebook with changes; ``questions`` are added to its own."""
    content = copy.deepcopy(dict(BOOK))
    content["questions"] += changes.pop("questions", [])
    return (("编码本.yml", yaml.safe_dump(content | changes, allow_unicode=True).encode()),)


def asked(**question: Any) -> tuple[tuple[str, bytes], ...]:
    """With a question more, in the column of the second one's filter."""
    return book(questions=[{"code": "Q3", "column": "年龄", "wording": "还有？", "dimension": "ECO"} | question])


def said(*changes: Line, failing: tuple[int, ...] = (), attachments: Any = None) -> Case:
    lines = tuple({"问卷编号": f"R{number}"} | dict(line) for number, line in enumerate(changes, start=1))
    return Case(lines, failing, attachments=book() if attachments is None else attachments)


def values(name: str, *texts: str, failing: tuple[int, ...] = (), attachments: Any = None) -> Case:
    return said(*({name: text} for text in texts), failing=failing, attachments=attachments)


ROW_RULES: Rules = {
    "respondent_given": (
        values("问卷编号", "", " ", "1.40500200101E+17", failing=(1, 2, 3)),
        # Numbers of many places that differ in the last one, and zeros before one, are different people.
        values("问卷编号", "0", "R-2", "14050020010100001", "14050020010100002", "001", "1"),
    ),
    "respondent_once": (
        said({}, {"问卷编号": "R1", "Q1": "1"}, {}, {"问卷编号": " Ｒ3"}, failing=(1, 2, 3, 4)),
        said({}, {"问卷编号": "R11"}),
    ),
    "weight_positive": (
        values("权重", "0", "-1", "", "重", "inf", "0,85", "0,850", "1_0", "1.2万", failing=tuple(range(1, 10))),
        values("权重", "0.001", "1,200"),
    ),
    "design_given": (said({"社区": ""}, {"层": ""}, failing=(1, 2)), values("社区", "0")),
    "area_known": (
        values("县区", "", "北区", "某省", "老乡", failing=(1, 2, 3, 4)),
        values("县区", "100001", "西县", "某市", "新镇"),
    ),
    "answers_on_scale": (
        values("Q1", "6", "0", "满意", "4.5", failing=(1, 2, 3, 4)),
        values("Q1", "5.0", "98", "", "４"),
    ),
    "skips_kept": (said({"F1": "无"}, failing=(1,)), said({"F1": "无", "Q2": ""}, {"F1": "无", "Q2": "97"})),
}  # fmt: skip
BATCH_RULES: dict[str, tuple[Case, Case]] = {
    "codebook_columns": (
        values("Q1", "4", attachments=asked(column="Q3", scale=SCALE)),
        values("Q1", "4", attachments=asked(column="年龄", scale=SCALE, code="Q4")),
    ),
    "codebook_scales": (values("Q1", "4", attachments=asked(scale="五级")), values("Q1", "4")),
    "codebook_consistent": (
        values("Q1", "4", attachments=asked(code="Q1", scale=SCALE)),
        values("Q1", "4", attachments=asked(role="importance", of="Q1", scale=SCALE, dimension=None)),
    ),
    "dimensions_known": (
        values("Q1", "4", attachments=asked(dimension="繁荣", scale=SCALE)),
        values("Q1", "4", attachments=asked(dimension=" eco", scale=SCALE)),
    ),
    "wave_past": (
        values("Q1", "4", attachments=book(fielded_to="2021-06-29")),
        values("Q1", "4", attachments=book(fielded_to="2021-06-28")),
    ),
    "weights_plausible": (
        values("权重", "1", "1", "1", "1", "1", "1200"),
        values("权重", "1", "1", "1", "1", "1", "0.5"),
    ),
    "any_respondent": (said({"Q1": "", "Q2": "", "F1": ""}), said({"Q1": "98", "Q2": ""})),
    "indicators_known": (
        values("Q1", "4", attachments=asked(indicator="ECO99", scale=SCALE)),
        values("Q1", "4", attachments=asked(indicator="ECO02", scale=SCALE)),
    ),
    "weights_stated": (
        said({"权重": None}, attachments=book(columns={"respondent": "问卷编号"})),
        values("权重", "1"),
    ),
    "personal_data_masked": (
        values("意见", f"请打 138 0013 8000；{identity_number('99999919000101001')}", "13900139000"),
        values("意见", "1380013800", "订单 123456789012345678"),
    ),
}
MORE = {
    "no codebook": Case((dict(GOOD),), attachments=("原始数据.pdf",)),
    "two codebooks": Case((dict(GOOD),), attachments=(*book(), ("编码本2.yml", b"title: x"))),
    "broken codebook": Case((dict(GOOD),), attachments=(("编码本.yml", b"title: [x"),)),
    "lacking codebook": Case((dict(GOOD),), attachments=(("编码本.yml", b"title: x\nwave: 2021-06\n"),)),
    "another survey": Case((dict(GOOD),), attachments=(("编码本.yml", yaml.safe_dump(OTHER).encode()),)),
    "many bad": values("Q1", *["7"] * 230, failing=tuple(range(1, 231))),
}  # fmt: skip


@pytest.fixture(scope="module")
def gate(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    city = small_city(tmp_path_factory.mktemp("city"))
    office = Office(module_warehouse, city, tmp_path_factory.mktemp("home"), RECEIVED)
    return judged_cases(office, FORM, {**ROW_RULES, **BATCH_RULES}, MORE)


def reasons(gate: Trial, name: str) -> list[str]:
    found = gate.office.ask(
        "select reason_zh from gate.failing_row where gate_run_id = %s order by line_no",
        gate.judgements[name, True].gate_run_id,
    )
    return [reason for (reason,) in found]


def test_every_rule_has_a_case() -> None:
    assert_every_rule_has_a_case(FORM, ROW_RULES, BATCH_RULES)


@pytest.mark.parametrize("rule", ROW_RULES)
def test_a_row_rule_finds_just_the_respondents_that_break_it(gate: Trial, rule: str) -> None:
    gate.assert_just_those_fail(rule)


@pytest.mark.parametrize("rule", ROW_RULES)
def test_a_critical_rule_refuses_its_respondents_a_warning_marks_them(gate: Trial, rule: str) -> None:
    gate.assert_refused_or_marked(rule)


@pytest.mark.parametrize("rule", [*ROW_RULES, *BATCH_RULES])
def test_what_only_comes_near_is_accepted(gate: Trial, rule: str) -> None:
    assert gate.judgements[rule, False].verdict == "accepted"


@pytest.mark.parametrize("rule", BATCH_RULES)
def test_a_rule_of_the_file_refuses_it_whole_or_only_warns(gate: Trial, rule: str) -> None:
    assert gate.failing_lines(rule, breaks=True) == [None]
    assert gate.failing_lines(rule, breaks=False) == []
    critical = FORM.suite.rules[rule].severity == "critical"
    assert gate.judgements[rule, True].verdict == ("refused" if critical else "accepted")


def test_rows_in_are_the_accepted_and_the_refused_in_every_file(gate: Trial) -> None:
    gate.assert_rows_add_up()


def test_every_reason_and_advice_is_filled_in(gate: Trial) -> None:
    gate.assert_every_text_is_filled_in()


def test_a_codebook_that_cannot_be_used_is_said_plainly(gate: Trial) -> None:
    for name, said_of_it in {
        "no codebook": "没有编码本",
        "two codebooks": "有几份可能是编码本",
        "broken codebook": "编码本不是正确的 YAML",
        "lacking codebook": "questions：缺少此项",
        "another survey": "与问卷数据不符：文件中没有编码本所写的任何一列",
    }.items():
        assert gate.judgements[name, True].verdict == "refused"
        (reason,) = reasons(gate, name)
        assert said_of_it in reason, name
    assert "没有列 Q3" in reasons(gate, "codebook_columns")[0]
    assert "Q3（五级）" in reasons(gate, "codebook_scales")[0]


def test_personal_data_is_masked_before_it_is_stored_and_counted(gate: Trial) -> None:
    judgement = gate.judgements["personal_data_masked", True]
    rows = gate.office.ask(
        "select answers, masked_phone, masked_id from raw.survey_answer"
        " where batch_id = %s and row_kind = 'data' order by line_no",
        judgement.batch_id,
    )
    texts = [json.loads(answers)["意见"] for answers, _, _ in rows]
    assert texts == [f"请打 {PHONE_MASK}；{ID_MASK}", PHONE_MASK]
    assert [counts for _, *counts in rows] == [[1, 1], [1, 0]]
    assert "电话号码 2 个、身份证号 1 个" in reasons(gate, "personal_data_masked")[0]


def test_answers_are_kept_as_handed_in_and_scored_as_the_codebook_says(gate: Trial) -> None:
    batch = gate.judgements["answers_on_scale", False].batch_id
    rows = gate.office.ask(
        "select raw.answers, line.scores, line.missing, line.groups, line.area_code, line.weight"
        " from gate.survey_answer as line join raw.survey_answer as raw using (batch_id, line_no)"
        " where batch_id = %s order by line_no",
        batch,
    )
    assert [json.loads(row[0]).get("Q1") for row in rows] == ["5.0", "98", None, "４"]
    assert [json.loads(row[1]).get("Q1") for row in rows] == [100.0, None, None, 75.0]
    assert [json.loads(row[2]) for row in rows] == [{}, {"Q1": "dont_know"}, {}, {}]
    assert {(json.loads(row[3])["age_group"], *row[4:]) for row in rows} == {("青年", "100001", 1.5)}


def test_an_answer_that_was_to_be_skipped_does_not_count(gate: Trial) -> None:
    rows = gate.office.ask(
        "select scores, missing from gate.survey_answer where gate_run_id = %s",
        gate.judgements["skips_kept", True].gate_run_id,
    )
    assert [(json.loads(scores), json.loads(missing)) for scores, missing in rows] == [
        ({"Q1": 75.0}, {"Q2": "skip_broken"})
    ]


def test_a_finding_names_the_cell_of_the_answer_at_fault(gate: Trial) -> None:
    cells = gate.office.ask(
        "select cell, value_text from gate.failing_row where gate_run_id = %s order by line_no",
        gate.judgements["answers_on_scale", True].gate_run_id,
    )
    assert cells == [("G2", "6"), ("G3", "0"), ("G4", "满意"), ("G5", "4.5")]
    assert gate.judgements["many bad", True].rows_refused == 230


def test_the_receipt_says_what_was_found_and_has_no_copy_of_the_answers(gate: Trial) -> None:
    judgement = gate.judgements["personal_data_masked", True]
    book_ = openpyxl.load_workbook(judgement.receipt_path)
    assert len(book_.sheetnames) == 1
    text = " ".join(str(cell.value) for row in book_.worksheets[0].iter_rows() for cell in row if cell.value)
    assert "2021-06" in text and "入库时已屏蔽" in text and "不附副本" in text
    assert "139" not in text
