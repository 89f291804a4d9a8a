"""Self-checks before the gate: every rule, what a report lacks, and the figures that are kept of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from city_office import Office
from cityhealth.catalogue import Catalogue, load
from cityhealth.self_check_form import HINT, column
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.warehouse.connections import Warehouse
from rule_cases import Case, Form, Line, Rules, Trial, assert_every_rule_has_a_case, judged_cases
from small_city import FILES, small_city
from word_files import inserted, paragraph_xml, run, word

RECEIVED = datetime(2021, 7, 6, 9, tzinfo=CITY_TIMEZONE)
GOOD = {
    "dimension_text": "生态宜居",
    "section_text": "现状简述",
    "body_text": "全市公园绿地率为38.2%，总体较好，居民出行可达。",
}
FORM = Form("self_check", "self_check_line", {field: column(field).header for field in GOOD}, GOOD)

OTHER_SECTION = {"section_text": "建设亮点", "body_text": "建成一批口袋公园，群众身边的绿地明显增多。"}
PROBLEMS = {"section_text": "存在问题", "body_text": "无"}
MEASURES = {"section_text": "改进措施", "body_text": "持续做好公园绿地的管护，逐步补齐缺口。"}
WHOLE: tuple[Line, ...] = ({}, OTHER_SECTION, PROBLEMS, MEASURES)
HEALTH = {"dimension_text": "健康舒适"}


def said(*lines: Line, failing: tuple[int, ...] = (), department: str | None = "市规划和自然资源局") -> Case:
    return Case(lines, failing, department)


def document(*paragraphs: str, failing: tuple[int, ...] = (), department: str | None = "市规划和自然资源局") -> Case:
    return Case((), failing, department, "自查报告.docx", data=word(*paragraphs))


def report(
    *, title: str = "2021年城市体检自查报告", status: str = "公园较多。", heading: str = "（一）现状简述"
) -> list[str]:
    return [
        title, "一、生态宜居", heading, status, "（二）建设亮点", "绿道成网。", "（三）存在问题", "公园不足。",
        "（四）改进措施", "增加公园。", "二、健康舒适", "（一）现状简述", "设施较全。", "（二）建设亮点", "社区建成。",
        "（三）存在问题", "床位不足。", "（四）改进措施", "增加床位。",
    ]  # fmt: skip


def revised() -> bytes:
    return word(
        *report()[:3],
        change=lambda made: made.element.body.insert(3, paragraph_xml(run("公园") + inserted("较多。"))),
    )


ROW_RULES: Rules = {
    "dimension_known": (
        said(
            {},
            *({"dimension_text": text} for text in ("智慧高效", "", "生态宜居和健康舒适")),
            failing=(2, 3, 4),
        ),
        said({"dimension_text": "（一）生态宜居方面"}, {"dimension_text": "ECO", "section_text": "建设亮点"}),
    ),
    "dimension_stated": (
        Case(({"dimension_text": ""},), (1,), "市公安局"),
        Case(({"dimension_text": "安全韧性"},), (), "市公安局"),
    ),
    "dimension_owned": (said({}, {"dimension_text": "安全韧性"}, failing=(2,)), said({}, HEALTH | OTHER_SECTION)),
    "section_known": (
        said({}, {"section_text": "领导讲话"}, {"section_text": ""}, failing=(2, 3)),
        said({"section_text": "现状情况"}, {"section_text": "3.存在的问题和不足", "body_text": "公园不足。"}),
    ),
    "text_filled": (
        said({}, *(OTHER_SECTION | {"body_text": text} for text in ("略", "详见附件", "无")), failing=(2, 3, 4)),
        said({}, PROBLEMS, MEASURES | {"body_text": "暂无"}, {"body_text": "略有改善。"}),
    ),
    "text_once": (
        said({}, HEALTH, failing=(2,)),
        said({"body_text": "总体较好。"}, HEALTH | {"body_text": "总体较好。"}),
    ),
    "section_short_enough": (
        said({}, OTHER_SECTION | {"body_text": "好" * 3001}, failing=(2,)),
        said({"body_text": "好" * 1500}, {"body_text": "很" * 1500}),
    ),
    "no_revisions": (
        Case((), (1,), "市规划和自然资源局", "修订.docx", data=revised()),
        document(*report()),
    ),
    "headings_clear": (
        document(
            *report()[:4], "（二）组织领导", "成立专班。", "（三）存在问题", "公园不足。", failing=(1, 2, 3, 4)
        ),
        document(*report(heading="（一）现状及基本情况")),
    ),
}  # fmt: skip
BATCH_RULES: Rules = {
    "department_known": (said({}, department="市外星局"), said({}, department="规划局")),
    "department_agrees": (
        document(*report(title="填报单位：市统计局")),
        document(*report(title="填报单位：市规划和自然资源局")),
    ),
    "year_current": (document(*report(title="2019年城市体检自查报告")), document(*report())),
    "year_clear": (document(*report(title="2020年度城市体检自查报告")), document(*report(title="城市体检自查报告"))),
    "any_section": (said({"body_text": "略"}, OTHER_SECTION | {"body_text": ""}), said({"body_text": "略"}, PROBLEMS)),
    "headings_given": (
        document("生态宜居方面，现状是公园较多。存在的主要问题是公园不足。下一步，将增加公园。"),
        document(*report()),
    ),
    "dimensions_complete": (said(*WHOLE), document(*report())),
    "sections_complete": (document(*report()[:6]), document(*report())),
}
MORE = {
    "many bad rows": said(*({"dimension_text": f"第{n}类"} for n in range(250)), OTHER_SECTION),
    "without headings": document("我局高度重视城市体检工作。", "去年开展了大量工作，成效明显。"),
    "unknown heading": document(*report(heading="（一）現狀簡述")),
    "figures": document(
        *report(status="公园绿地率由2019年的36.0%提高到38.2%。常住人口约52.3万人，较上年增长1.2%。"),
        HINT + "请写明公园绿地率为多少，如 99%。",
    ),
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The small city with three dimensions: planning answers for two of them, the police for the third."""
    folder = tmp_path_factory.mktemp("city")
    small_city(folder)
    dimensions = FILES["dimensions.csv"] + "HLT,健康舒适,Health,2,base\nSAF,安全韧性,Safety,3,base\n"
    (folder / "dimensions.csv").write_text(dimensions, encoding="utf-8")
    blocks = FILES["work_blocks.csv"].replace("Health,,2", "Health,HLT,2").replace("Safety,,3", "Safety,SAF,3")
    (folder / "work_blocks.csv").write_text(blocks, encoding="utf-8")
    indicators = FILES["indicators.csv"]
    more = [
        indicators.splitlines()[1]
        .replace("ECO01,1,ECO,公园绿地率", "HLT01,3,HLT,床位率")
        .replace("park_area", "green_area"),
        indicators.splitlines()[1]
        .replace("ECO01,1,ECO,公园绿地率", "SAF01,4,SAF,设施率")
        .replace("park_area", "gdp")
        .replace("planning", "police"),
    ]
    (folder / "indicators.csv").write_text("\n".join([indicators.rstrip(), *more, ""]), encoding="utf-8")
    return load(folder)


@pytest.fixture(scope="module")
def gate(module_warehouse: Warehouse, city: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    office = Office(module_warehouse, city, tmp_path_factory.mktemp("home"), RECEIVED)
    return judged_cases(office, FORM, {**ROW_RULES, **BATCH_RULES}, MORE)


def test_every_rule_has_a_case() -> None:
    assert_every_rule_has_a_case(FORM, ROW_RULES, BATCH_RULES)


@pytest.mark.parametrize("rule", ROW_RULES)
def test_a_row_rule_finds_just_the_lines_that_break_it(gate: Trial, rule: str) -> None:
    if rule in ("no_revisions", "headings_clear"):
        # Said of every paragraph of the section; the notes above it are lines as well.
        assert gate.failing_lines(rule, breaks=True) and not gate.failing_lines(rule, breaks=False)
    else:
        gate.assert_just_those_fail(rule)


@pytest.mark.parametrize("rule", sorted(set(ROW_RULES) - {"no_revisions", "headings_clear"}))
def test_a_line_that_breaks_a_critical_rule_is_refused_and_a_warning_lets_it_through_marked(
    gate: Trial, rule: str
) -> None:
    gate.assert_refused_or_marked(rule)


@pytest.mark.parametrize("rule", BATCH_RULES)
def test_a_rule_about_the_whole_report_finds_it_and_not_one_that_comes_near(gate: Trial, rule: str) -> None:
    assert gate.failing_lines(rule, breaks=True)
    assert gate.failing_lines(rule, breaks=False) == []
    critical = gate.form.suite.rules[rule].severity == "critical"
    assert (gate.judgements[rule, True].verdict == "refused") == critical


def test_a_section_that_is_not_there_is_named_with_its_dimension(gate: Trial) -> None:
    reasons = gate.office.ask(
        "select reason_zh from gate.failing_row where gate_run_id = %s and rule_code = 'sections_complete'",
        gate.judgements["sections_complete", True].gate_run_id,
    )
    assert [text.split("，")[0] for (text,) in reasons] == [
        "「生态宜居」缺少「存在问题」",
        "「生态宜居」缺少「改进措施」",
    ]


def test_a_heading_that_is_not_understood_is_named_beside_the_section_that_then_lacks(gate: Trial) -> None:
    reasons = gate.office.ask(
        "select distinct rule_code, reason_zh from gate.failing_row where gate_run_id = %s"
        " and rule_code in ('headings_clear', 'sections_complete') order by rule_code",
        gate.judgements["unknown heading", True].gate_run_id,
    )
    assert reasons == [
        ("headings_clear", "第 3 段「現狀簡述」不是能识别的标题，其下文字没有计入任何部分"),
        ("sections_complete", "「生态宜居」缺少「现状简述」，或该部分没有实际内容"),
    ]


def test_a_document_without_headings_is_refused_with_the_headings_that_it_needs(gate: Trial) -> None:
    ((rule, reason),) = gate.office.ask(
        "select rule_code, reason_zh from gate.failing_row where gate_run_id = %s",
        gate.judgements["without headings", True].gate_run_id,
    )
    assert rule == "file_readable" and "没有标题" in reason and "「改进措施」" in reason


def test_a_document_read_by_the_beginnings_of_its_sentences_is_accepted_and_says_how_it_was_read(gate: Trial) -> None:
    judgement = gate.judgements["headings_given", True]
    kept = gate.office.ask(
        "select dimension_code, section, text from gate.self_check_line where gate_run_id = %s order by line_no",
        judgement.gate_run_id,
    )
    assert judgement.verdict == "accepted"
    assert kept == [
        ("ECO", "status", "生态宜居方面，现状是公园较多。"),
        ("ECO", "problems", "存在的主要问题是公园不足。"),
        ("ECO", "measures", "下一步，将增加公园。"),
    ]


def test_the_figures_of_a_paragraph_are_kept_with_what_they_are_about(gate: Trial) -> None:
    run_id = gate.judgements["figures", True].gate_run_id
    kept = gate.office.ask(
        "select coalesce(indicator_code, item_code), value, unit, step, bound, about from gate.self_check_figure"
        " where gate_run_id = %s order by line_no, figure_no",
        run_id,
    )
    assert kept == [
        ("ECO01", 36.0, "%", 0.1, "equal", "other_time"),
        ("ECO01", 38.2, "%", 0.1, "equal", "present"),
        ("population", 52.3, "万人", 0.1, "about", "present"),
    ]
    ((origin,),) = gate.office.ask(
        "select distinct origin_text from gate.self_check_line where gate_run_id = %s", run_id
    )
    assert origin.startswith("2021年城市体检自查报告")


def test_more_than_two_hundred_bad_rows_in_one_report_are_all_found(gate: Trial) -> None:
    judgement = gate.judgements["many bad rows", True]
    assert (judgement.rows_in, judgement.rows_refused, judgement.rows_accepted) == (251, 250, 1)
    found = gate.office.ask(
        "select count(distinct line_no) from gate.failing_row where gate_run_id = %s", judgement.gate_run_id
    )
    assert found == [(250,)]


def test_rows_in_are_the_accepted_and_the_refused_in_every_batch(gate: Trial) -> None:
    gate.assert_rows_add_up()


def test_every_reason_and_advice_is_filled_in(gate: Trial) -> None:
    gate.assert_every_text_is_filled_in()


def test_batches_judged_together_get_the_judgement_that_each_gets_alone(
    gate: Trial, warehouse: Warehouse, city: Catalogue, tmp_path: Path
) -> None:
    names = ("dimension_known", "text_once", "any_section", "figures", "sections_complete")
    gate.assert_judged_alone_as_together(Office(warehouse, city, tmp_path), names)
