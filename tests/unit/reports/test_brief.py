"""The brief says what the summary says: every number, no other number, and departments' words as they stand."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.document import Document as WordDocument

from cityhealth.catalogue import Catalogue
from cityhealth.errors import SettingsError
from cityhealth.reports import wording as zh
from cityhealth.reports.brief import BriefTemplateError, brief_template, render_brief
from cityhealth.reports.summary import Block, Summary, Timeliness
from half_month import full_summary, summary_of, task_report

ANNEX = "附表.xlsx"
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def _word(data: bytes) -> WordDocument:
    return docx.Document(io.BytesIO(data))


def _paragraphs(document: WordDocument) -> Iterator[Any]:
    """In the order of the page, those of tables included."""
    for element in document.element.body.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}p"):
        yield docx.text.paragraph.Paragraph(element, document)


def _text(data: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in _paragraphs(_word(data)))


def _rows(data: bytes, *headers: str) -> list[list[str]]:
    """The rows below the header of the table whose first headers are those."""
    for table in _word(data).tables:
        if tuple(cell.text for cell in table.rows[0].cells[: len(headers)]) == headers:
            return [[cell.text for cell in row.cells] for row in table.rows[1:]]
    return []


@pytest.fixture(scope="module")
def summary(catalogue: Catalogue) -> Summary:
    return full_summary(catalogue)


@pytest.fixture(scope="module")
def brief(summary: Summary) -> bytes:
    return render_brief(summary, ANNEX)


def test_it_has_the_parts_of_an_official_brief_in_order(brief: bytes) -> None:
    text = _text(brief)
    parts = [
        "城市体检工作简报",
        "第2期",
        "晋城市城市体检工作领导小组办公室\t2021年6月5日",
        "一、总体进展",
        "二、报送情况",
        "三、与上期相比的变化",
        "四、存在的问题",
        "五、难点问题清单",
        "六、下一步工作",
        "七、指标数据情况",
        "八、问题整改情况",
        "说明：",
        "报：",
        "送：",
        "2021年6月5日编发",
    ]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)


def test_tables_hold_exactly_the_rows_of_the_summary(summary: Summary, brief: bytes) -> None:
    assert _rows(brief, "工作任务") == [
        [
            block.task_zh,
            block.lead_zh,
            str(block.department_count),
            str(block.reported_count),
            zh.percent(block.percent),
            zh.percent(block.previous_percent),
            zh.change(block.percent_change),
        ]
        for block in summary.blocks
    ]
    departments = _rows(brief, "名次")
    assert [(row[0], row[1], row[2], row[5]) for row in departments] == [
        (str(row.rank), row.department_zh, row.timeliness_zh, zh.number(row.points)) for row in summary.assessments
    ]
    states = ("value", "no_standard", "missing", "refused", "not_applicable")
    assert [row[1:] for row in _rows(brief, "指标")[:2]] == [
        [*(str(sum(i.official == official and i.state == s for i in summary.indicators)) for s in states), total]
        for official, total in ((True, "65"), (False, "7"))
    ]
    assert len(_rows(brief, "提出期")) == len(summary.difficulties)
    assert [(row[1], row[3], row[4], row[5]) for row in _rows(brief, "问题")] == [
        ("市住房和城乡建设局", "未开始\n逾期10天", "—", "5月26日"),
        ("市住房和城乡建设局", "整改中", "40.0%（上期25.0%）", "9月30日"),
        ("市住房和城乡建设局", "整改中", "40.0%（上期25.0%）", "9月30日"),
        ("市住房和城乡建设局", "措施完成待验证", "100.0%（上期25.0%）", "9月30日"),
    ]


def test_measures_are_counted_and_those_against_what_is_no_problem_are_told_with_their_place(brief: bytes) -> None:
    text = _text(brief)
    assert (
        "收到整改措施5条，涉及问题2个、责任单位1个：未开始1条，整改中2条，已完成1条，已取消1条；本期有更新的4条。"
        in text
    )
    assert "待以后的数值或满意度调查验证1条，所指问题已不符合认定规则0条。逾期未完成1条。" in text
    assert "ECO09 新建建筑中绿色建筑占比（《整改措施.xlsx》整改措施清单B7）" in text


def test_without_measures_the_brief_has_no_such_section(summary: Summary) -> None:
    text = _text(render_brief(replace(summary, rectification=()), ANNEX))
    assert "整改" not in text and text.index("七、指标数据情况") < text.index("说明：")


def test_late_reports_of_earlier_periods_are_told_with_how_late(brief: bytes) -> None:
    earlier = {row[1]: row[4] for row in _rows(brief, "名次")}
    assert earlier["市生态环境局"] == "迟报1次：5月20日迟 2 天 3 小时"
    assert earlier["市水务局"] == "迟报1次：5月20日迟 1 小时 35 分"
    assert earlier["市卫生健康委员会"] == "未报1次：5月20日"
    assert earlier["市住房和城乡建设局"] == "无"
    assert "以前各期累计迟报2次（其中当日迟报1次），至今未报1次。" in _text(brief)


def test_earlier_misses_are_listed_in_the_order_of_time(summary: Summary) -> None:
    department = summary.assessments[0]
    missed = ("2021-05-20", "2021-06-20", "2021-07-05", "2021-08-20")
    for count, told in ((2, "未报2次：5月20日、6月20日"), (4, "未报4次：6月20日、7月5日、8月20日等")):
        rows = tuple(
            Timeliness(
                department_code=department.department_code, department_zh=department.department_zh,
                reported_period=key, timeliness="missing", timeliness_zh="未报",
            )
            for key in missed[:count]
        )  # fmt: skip
        data = render_brief(replace(summary, assessments=(department,), timeliness=rows), ANNEX)
        assert [row[4] for row in _rows(data, "名次")] == [told]


def test_missing_departments_are_named_and_have_no_numbers(summary: Summary, brief: bytes) -> None:
    assert "未报单位：市商务局、市能源局、中国人民银行晋城市中心支行。" in _text(brief)
    silent = [row for row in _rows(brief, "名次") if row[2] == "未报"]
    assert [row[3] for row in silent] == ["—", "—", "—"]
    empty = Block(task_code="B01", task_zh="生态宜居", department_count=8, reported_count=0, problem_count=0)
    row = _rows(render_brief(replace(summary, blocks=(empty,)), ANNEX), "工作任务")[0]
    assert row == ["生态宜居", "—", "8", "0", "未报", "—", "—"]


def test_every_number_in_it_stands_in_the_summary(summary: Summary, brief: bytes) -> None:
    """Numbers of the summary: its fields, written out; counts and means of its rows; nothing else may be printed."""
    known = _numbers_of(summary) | _counts_of(summary)
    for paragraph in _paragraphs(_word(brief)):
        for number in _NUMBER.findall(paragraph.text):
            assert number in known, (number, paragraph.text)


def _numbers_of(summary: Summary) -> set[str]:
    found: set[str] = set()
    rows = (
        *summary.task_reports, *summary.assessments, *summary.timeliness, *summary.blocks, *summary.difficulties,
        *summary.indicators,
    )  # fmt: skip
    for value in (value for row in rows for value in vars(row).values()):
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, float):
            found |= {zh.number(abs(value)), zh.number(abs(value) * 100), zh.figure(value)}
        elif isinstance(value, datetime | date):
            found |= set(_NUMBER.findall(f"{zh.day(value)}{value:%H:%M}"))
        else:
            found |= set(_NUMBER.findall(str(value)))
            found |= {number.lstrip("0") for number in _NUMBER.findall(str(value))}
    for text in (zh.moment(summary.cutoff), summary.period.title_zh, summary.catalogue_hash[:8], summary.code_hash[:8]):
        found |= set(_NUMBER.findall(text))
    return found


def _counts_of(summary: Summary) -> set[str]:
    reports = summary.task_reports
    percents = [r.percent for r in reports if r.percent is not None]
    changes = [r.percent_change for r in reports if r.percent_change is not None]
    raised = [r for r in reports if r.problem_theme]
    on_time = [row for row in summary.assessments if row.timeliness == "on_time"]
    official, local = ([i for i in summary.indicators if i.official == flag] for flag in (True, False))
    counts = [
        len(summary.blocks), len(summary.assessments), len(reports), len(percents), len(reports) - len(percents),
        len(on_time), len(summary.assessments) - len(on_time), len(changes), sum(c > 0 for c in changes),
        sum(c < 0 for c in changes), sum(c == 0 for c in changes), sum(r.fell_without_reason for r in reports),
        sum(r.text_repeated for r in reports), len(raised), len(summary.difficulties), summary.edition,
        sum(d.overdue for d in summary.difficulties), sum(c > 0 for c in changes) - 5, len(summary.indicators),
        *({r.problem_theme: sum(x.problem_theme == r.problem_theme for x in raised) for r in raised}.values()),
        *(sum(d.state == state for d in summary.difficulties) for state in ("raised", "assigned", "settled")),
        *(sum(i.warning == warning for i in summary.indicators) for warning in ("red", "yellow")),
        len(summary.new_warnings), *range(1, 11),
    ]  # fmt: skip
    shares = []
    for rows in (official, local):
        valued = [i for i in rows if i.state in ("value", "no_standard")]
        applicable = [i for i in rows if i.state != "not_applicable"]
        counts += [len(rows), len(valued), len(applicable)]
        counts += [sum(i.state == state for i in rows) for state in {i.state for i in rows}]
        shares.append(len(valued) / len(applicable) * 100)
    means = [sum(percents) / len(percents), sum(changes) / len(changes), len(on_time) / len(summary.assessments) * 100]
    return {str(count) for count in counts} | {zh.number(value) for value in (*means, *shares)}


def test_the_overall_sentence_counts_what_there_is(summary: Summary, brief: bytes) -> None:
    owed, reported = len(summary.task_reports), sum(r.state == "reported" for r in summary.task_reports)
    text = _text(brief)
    assert f"应报任务进展{owed}项，已报{reported}项，未报{owed - reported}项。" in text
    assert "本期应报单位28个，按时报送25个，未报3个，按时报送率89.3%。" in text


def test_the_fastest_and_slowest_task_is_one_of_which_at_least_half_stated_a_percentage(
    catalogue: Catalogue,
) -> None:
    blocks = tuple(
        Block(
            task_code=task, task_zh=task, department_count=5, reported_count=given, percent_count=given,
            percent=percent, problem_count=0,
        )
        for task, given, percent in (("甲", 1, 95.0), ("乙", 3, 40.0), ("丙", 5, 20.0), ("丁", 2, 1.0))
    )  # fmt: skip
    text = _text(render_brief(summary_of(catalogue, task_reports=(task_report(),), blocks=blocks), ANNEX))
    assert "半数以上单位写明进度的任务中，进度最快的是乙（40.0%），最慢的是丙（20.0%）。" in text
    text = _text(render_brief(summary_of(catalogue, task_reports=(task_report(),), blocks=blocks[1:3]), ANNEX))
    assert "。进度最快的是乙（40.0%），最慢的是丙（20.0%）。" in text
    text = _text(render_brief(summary_of(catalogue, task_reports=(task_report(),), blocks=blocks[:2]), ANNEX))
    assert "最快" not in text


def test_the_table_of_tasks_says_that_changes_are_of_those_that_stated_both(summary: Summary, brief: bytes) -> None:
    header = [cell.text for cell in _word(brief).tables[0].rows[0].cells]
    assert header[-3:] == ["平均\n进度", "上期", "可比\n变化"]
    assert "变化只比较两期都写明进度的单位" in _text(brief)


@pytest.mark.parametrize(
    ("changes", "named", "said"),
    [
        ([9, 7, 5, 5, 5], ["9.0", "7.0", "5.0", "5.0", "5.0"], ""),
        ([9, 7, 6, 5, 4, 3, 2], ["9.0", "7.0", "6.0", "5.0", "4.0"], "其余2项见附表。"),
        ([9, 7, 5, 5, 5.04, 5, 2], ["9.0", "7.0"], "另有4项同为提高5.0个百分点，见附表。其余1项见附表。"),
        ([5] * 7, [], "有7项同为提高5.0个百分点，见附表。"),
    ],
)
def test_of_many_that_rose_alike_none_is_named_before_the_others(
    catalogue: Catalogue, changes: list[float], named: list[str], said: str
) -> None:
    reports = tuple(task_report(previous_percent=10.0, percent=10.0 + c, percent_change=float(c)) for c in changes)
    text = _text(render_brief(summary_of(catalogue, task_reports=reports), ANNEX))
    rises = text[text.index("（一）进度提高较多的") : text.index("四、存在的问题")]
    assert re.findall(r"提高([0-9.]+)个百分点。", rises) == named
    assert "".join(line for line in rises.split("\n")[1 + len(named) :]) == said


def test_falls_without_a_reason_are_marked_and_reasons_quoted(summary: Summary, brief: bytes) -> None:
    marked = [p for p in _paragraphs(_word(brief)) if any(r.text == "未说明原因" for r in p.runs)]
    assert len(marked) == sum(report.fell_without_reason for report in summary.task_reports)
    assert all(next(r for r in p.runs if r.text == "未说明原因").style.name == "警示" for p in marked)
    assert "原因：上期把已收集未核对的数据计入进度，本期改正。" in _text(brief)


def test_new_warnings_are_those_that_were_not_so_bad_before(catalogue: Catalogue, summary: Summary) -> None:
    warned = {i.code: i.warning for i in summary.indicators if i.warning in ("red", "yellow")}
    red = next(code for code, warning in warned.items() if warning == "red")
    yellow = next(code for code, warning in warned.items() if warning == "yellow")
    known = replace(summary, previous_warnings={**warned, red: "yellow", yellow: "red"})
    assert [i.code for i in known.new_warnings] == [red]
    rows = [row for row in _rows(render_brief(known, ANNEX), "指标", "数值") if row[0].startswith(red)]
    assert rows and rows[0][3:5] == ["红色预警", "黄色预警"]
    assert "没有小结，不能区分新增" in _text(render_brief(replace(summary, previous_warnings=None), ANNEX))
    same = _text(render_brief(replace(summary, previous_warnings=warned), ANNEX))
    assert "与上期相比，没有新增或加重的预警。" in same


def test_a_difficulty_keeps_its_words_and_what_is_said_now_stands_beside_them_where_it_differs(
    summary: Summary,
) -> None:
    difficulty = replace(summary.difficulties[0], problem_text="经费没有落实", latest_text="缺资金12万元")
    for reworded, text in ((False, "经费没有落实"), (True, "经费没有落实（最近说法：缺资金12万元）")):
        data = render_brief(replace(summary, difficulties=(replace(difficulty, reworded=reworded),)), ANNEX)
        assert [row[2] for row in _rows(data, "提出期")] == [text]


def test_nothing_reported_at_all_is_said_and_shown_as_missing(catalogue: Catalogue) -> None:
    text = _text(render_brief(summary_of(catalogue), ANNEX))
    for sentence in (
        "本期没有应报单位。",
        "各单位本期没有报告问题。",
        "目前没有列入清单的难点问题。",
        "没有指标成绩单。",
    ):
        assert sentence in text
    owed = task_report(state="missing", state_zh="未报", percent=None)
    silent = render_brief(summary_of(catalogue, task_reports=(owed,)), ANNEX)
    assert "应报任务进展1项，已报0项，未报1项。" in _text(silent)
    assert "平均进度0" not in _text(silent) and "0.0" not in _text(silent)


def test_the_first_period_is_compared_with_nothing(catalogue: Catalogue) -> None:
    text = _text(render_brief(summary_of(catalogue, 1, task_reports=(task_report(),)), ANNEX))
    assert "本期为首期，没有上期可比。" in text and "第1期" in text and "40.0%，本期为首期" in text


HOSTILE = "<w:p/>&amp;\"{{ 7*7 }}{% for x in y %}{_{ x }_} \a\f\x01\u202e\ufffe=cmd|'/c'!A1\t行一\n行二 ]]>"


def test_problems_of_no_theme_come_last_however_many_they_are(catalogue: Catalogue) -> None:
    themes = (*3 * [("other", "其他")], ("staff", "人员力量"), *2 * [("funds", "资金保障")])
    reports = tuple(
        task_report(problem_theme=code, problem_theme_zh=name, problems_text=f"第{n}个问题")
        for n, (code, name) in enumerate(themes)
    )
    text = _text(render_brief(summary_of(catalogue, task_reports=reports), ANNEX))
    headings = re.findall(r"（([一二三])）(\S+)（([0-9])条）", text)
    assert headings == [("一", "资金保障", "2"), ("二", "人员力量", "1"), ("三", "其他", "3")]


def test_what_departments_write_stands_as_it_is(catalogue: Catalogue) -> None:
    report = task_report(
        problem_theme="other", problem_theme_zh="其他", problems_text=HOSTILE, role="lead", next_text=HOSTILE
    )
    block = Block(task_code="B01", task_zh=HOSTILE, department_count=1, reported_count=1, percent=1.0, problem_count=1)
    text = _text(render_brief(summary_of(catalogue, task_reports=(report,), blocks=(block,)), ANNEX))
    line = "<w:p/>&amp;\"{{ 7*7 }}{% for x in y %}{_{ x }_} =cmd|'/c'!A1 行一 行二 ]]>"
    assert text.count(line) == 4
    assert "49" not in text


def test_sixty_departments_and_very_long_texts_are_a_brief_still(catalogue: Catalogue, summary: Summary) -> None:
    long = "数据底数不清，需要逐项核查。" * 3000
    reports = tuple(
        task_report(
            department_code=f"d{n:02d}", department_zh=f"第{n}单位", problem_theme="data_source",
            problem_theme_zh="数据获取", problems_text=long, next_text=long, role="lead" if n == 0 else "support",
            previous_percent=50.0, percent_change=-10.0, reason_text=long,
        )
        for n in range(60)
    )  # fmt: skip
    many = tuple(replace(summary.assessments[0], department_zh=f"第{n}单位", rank=n + 1) for n in range(60))
    data = render_brief(replace(summary, task_reports=reports, assessments=many), ANNEX)
    text = _text(data)
    assert len(_rows(data, "名次")) == 60 and "应报单位60个" in text
    assert "其余52条见附表。" in text and "其余50项见附表。" in text
    assert "……（全文见附表）”" in text and len(text) < 20_000


@pytest.mark.parametrize("kind", ["task_reports", "timeliness", "difficulties", "indicators"])
def test_synthetic_data_is_labelled_on_every_page(summary: Summary, kind: str) -> None:
    assert "合成数据" not in _text(render_brief(summary, ANNEX))
    first, *rest = getattr(summary, kind)
    known = replace(summary, **{kind: (*rest, replace(first, synthetic=True))})
    document = _word(render_brief(known, ANNEX))
    label = next(p for p in document.paragraphs if "不是晋城市的真实数据" in p.text)
    assert label.style.name == "合成数据" and str(label.style.font.color.rgb) == "E60012"
    headers = (document.sections[0].header, document.sections[0].even_page_header)
    assert [header.paragraphs[0].text for header in headers] == ["合成数据，仅供演示"] * 2
    assert "合成数据" in _text(render_brief(replace(summary, marked_synthetic=True), ANNEX))


def test_what_a_department_writes_of_synthetic_data_makes_nothing_synthetic(summary: Summary) -> None:
    report = replace(summary.reported[0], status_text="已剔除合成数据12条", role="support")
    data = render_brief(replace(summary, task_reports=(report,)), ANNEX)
    assert "不是晋城市的真实数据" not in _text(data)


def test_page_and_styles_are_those_of_official_documents() -> None:
    document = _word(brief_template({})[1])
    section = document.sections[0]
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(margin.mm) for margin in margins] == [37, 35, 28, 26]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    east_asian = {
        name: document.styles[name].element.rPr.rFonts.get(docx.oxml.ns.qn("w:eastAsia"))
        for name in ("Normal", "Title", "Heading 1", "Heading 2", "简报名称")
    }
    assert east_asian == {
        "Normal": "仿宋_GB2312",
        "Title": "方正小标宋简体",
        "Heading 1": "黑体",
        "Heading 2": "楷体_GB2312",
        "简报名称": "方正小标宋简体",
    }
    assert document.styles["Normal"].font.size.pt == 16


def test_the_same_summary_gives_the_same_bytes_in_every_process(brief: bytes) -> None:
    script = (
        "import hashlib, sys; sys.path[:0] = sys.argv[1:]\n"
        "from cityhealth.catalogue import load\n"
        "from cityhealth.reports.annex import render_annex\n"
        "from cityhealth.reports.brief import render_brief\n"
        "from cityhealth.settings import PROJECT_ROOT\n"
        "from half_month import full_summary\n"
        "summary = full_summary(load(PROJECT_ROOT / 'dbt_project/seeds/jincheng'))\n"
        "for data in (render_brief(summary, '附表.xlsx'), render_annex(summary)):\n"
        "    print(hashlib.sha256(data).hexdigest())"
    )
    tests = str(Path(__file__).parents[2])
    results = []
    for seed, zone in (("1", "UTC"), ("2", "America/New_York")):
        environ = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        done = subprocess.run(
            [sys.executable, "-c", script, tests], env=environ, capture_output=True, text=True, check=True
        )
        results.append(done.stdout.split())
    assert results[0] == results[1]
    assert results[0][0] == hashlib.sha256(brief).hexdigest()


def test_it_tells_the_cut_off_as_the_moment_it_was_made(brief: bytes) -> None:
    facts = _word(brief).core_properties
    assert facts.created == facts.modified
    assert facts.created is not None and facts.created.replace(tzinfo=None) == datetime(2021, 6, 5, 10)
    assert facts.title == "城市体检工作简报（2021年第2期）"
    with zipfile.ZipFile(io.BytesIO(brief)) as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def _template(tmp_path: Path, text: str) -> tuple[str, bytes]:
    document = docx.Document()
    document.add_paragraph(text)
    document.save(tmp_path / "我们的模板.docx")
    return brief_template({"CITYHEALTH_BRIEF_TEMPLATE": str(tmp_path / "我们的模板.docx")})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ isue }}", "没有「isue」这个占位符；可用的有 .*issue"),
        ("{% for row in blocks %}{{ row.taks }}{% endfor %}", "没有「taks」这个占位符"),
        ("{% for row in blocks %}", "写法有误.*附近"),
        ("{{ issue.__class__.__mro__ }}", "不能填写"),
        ("{{ issue + 1 }}", "不能填写"),
    ],
)
def test_a_broken_template_names_what_is_wrong(summary: Summary, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BriefTemplateError, match=message) as caught:
        render_brief(summary, ANNEX, _template(tmp_path, text))
    assert str(caught.value).startswith("我们的模板.docx: ")


def test_a_template_that_is_no_word_document_or_not_there_is_refused(summary: Summary, tmp_path: Path) -> None:
    for data in (b"", b"no zip", b"PK\x03\x04"):
        with pytest.raises(BriefTemplateError, match=r"不是 Word 文档"):
            render_brief(summary, ANNEX, ("x.docx", data))
    with pytest.raises(SettingsError, match="CITYHEALTH_BRIEF_TEMPLATE"):
        brief_template({"CITYHEALTH_BRIEF_TEMPLATE": str(tmp_path / "none.docx")})


def test_the_office_may_leave_out_and_rearrange(summary: Summary, tmp_path: Path) -> None:
    template = _template(tmp_path, "{{ office }}：{% for row in blocks %}{{ row.task }}{{ row.percent }}；{% endfor %}")
    text = _text(render_brief(summary, ANNEX, template))
    assert text.startswith("晋城市城市体检工作领导小组办公室：生态宜居") and text.count("；") == 10
