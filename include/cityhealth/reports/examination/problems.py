"""The chapter of the list of problems (城市病清单): what is on it, what is done about it, what was said on the spot."""

from __future__ import annotations

from collections.abc import Sequence

from cityhealth.reports import wording as zh
from cityhealth.reports.examination.overview import nothing
from cityhealth.reports.examination.tags import Key
from cityhealth.reports.examination.values import (
    Contradiction,
    Evidence,
    Examination,
    Measure,
    Piece,
    Problem,
    Quote,
    Tagged,
    cell,
)
from cityhealth.reports.examination.word import Alert, Cell, Column, Writer

_INTERVIEW = "interview"
#: Ids of problems that a question of the survey is.
_SURVEY = "SV-"


def problems(writer: Writer, examination: Examination) -> None:
    """The list of the city's problems, what is done about them, and what was heard on site."""
    e = examination
    writer.chapter("城市病清单与整治")
    writer.section("城市病清单")
    if e.problems:
        _problem_list(writer, e)
    else:
        writer.paragraph("按现有数据，没有达到列入清单规则的问题；未报和未通过校验的指标无从判断。")
    writer.section("整治措施")
    _measures(writer, e)
    writer.section("实地访谈")
    _interviews(writer, e)
    writer.section("自查报告中的数字核对")
    _contradictions(writer, e)


def _problem_list(writer: Writer, e: Examination) -> None:
    listed = [problem for problem in e.problems if problem.merged_into is None]
    writer.paragraph(
        "列入清单的问题共",
        e.count(e.problems, Problem, merged_into=None),
        "项，其中严重程度高的",
        e.count(e.problems, Problem, merged_into=None, severity="high"),
        "项；未整改",
        e.count(e.problems, Problem, merged_into=None, status="open"),
        "项，整改中",
        e.count(e.problems, Problem, merged_into=None, status="in_progress"),
        "项，措施完成待验证",
        e.count(e.problems, Problem, merged_into=None, status="awaiting_verification"),
        "项，已销号",
        e.count(e.problems, Problem, merged_into=None, status="closed"),
        "项",
        *_merged(e),
        "。问题只有在以后采用的数值或满意度调查不再达到列入规则时才予销号。",
    )
    rows: list[Sequence[Cell]] = [
        [
            problem.problem_id,
            cell(problem, "name_zh", "text"),
            Alert(problem.severity_zh or zh.NONE) if problem.severity == "high" else problem.severity_zh or zh.NONE,
            problem.status_zh or problem.status,
            cell(problem, "opened_on", "day"),
            problem.owner_zh or zh.NONE,
            [cell(problem, "measures_done", "n"), "／", cell(problem, "measure_count", "n")]
            if problem.measure_count
            else "未报",
        ]
        for problem in listed
    ]
    columns = (
        Column("编号", 1.9, "centred"),
        Column("问题", 3.1),
        Column("程度", 0.8, "centred"),
        Column("状态", 1.5, "centred"),
        Column("列入日期", 2.1, "centred"),
        Column("责任单位", 2.1),
        Column("完成／措施", 1.2, "centred"),
    )
    writer.table("城市病清单", columns, rows, small=True)
    grounds: list[Sequence[Cell]] = [
        [
            problem.problem_id,
            cell(problem, "evidence_zh", "text"),
            cell(problem, "survey_voice_zh", "text") if problem.survey_voice_zh else "",
            cell(problem, "closed_by_zh", "text") if problem.closed_by_zh else "",
        ]
        for problem in listed
    ]
    of_grounds = (
        Column("编号", 1.6, "centred"),
        Column("列入的依据", 5.4),
        Column("居民反映", 3),
        Column("销号的依据", 2.4),
    )
    writer.table("清单各问题的依据", of_grounds, grounds, small=True)


def _merged(e: Examination) -> list[Piece]:
    """How many problems that residents name are told within another, and within which."""
    of_survey = {problem.problem_id for problem in e.problems if problem.problem_id.startswith(_SURVEY)}
    into = {problem.merged_into for problem in e.problems if problem.merged_into}
    pieces: list[Piece] = []
    for targets, name in ((into - of_survey, "相关指标的问题"), (into & of_survey, "全市同一调查问题")):
        if targets:
            count = e.count(e.problems, Problem, merged_into=tuple(sorted(targets)))
            pieces += ["；另有" if not pieces else "，", count, f"项居民反映的问题并入{name}"]
    return pieces


def _measures(writer: Writer, e: Examination) -> None:
    if not e.measures:
        nothing(writer, "整改措施")
        return
    pieces: list[Piece] = [
        "对清单所列问题收到整改措施",
        e.count(e.measures, Measure, problem_known=True),
        "项，逾期",
        e.count(e.measures, Measure, problem_known=True, overdue=True),
        "项。",
    ]
    if any(not row.problem_known for row in e.measures):
        unknown = e.count(e.measures, Measure, problem_known=False)
        pieces += ["另有", unknown, "项所指的问题不在清单中，不计入，报送单位应当核对问题编号后重新报送。"]
    writer.paragraph(*pieces)
    rows: list[Sequence[Cell]] = [
        [
            row.problem_id if row.problem_known else [cell(row, "problem_id", "text"), Alert("（清单中没有这一问题）")],
            cell(row, "measure_text", "text"),
            row.owner_zh or zh.NONE,
            cell(row, "deadline", "day"),
            row.status_zh or zh.NONE,
            cell(row, "percent", "pct"),
            ["逾期", cell(row, "overdue_days", "n"), "天"]
            if row.overdue and row.overdue_days
            else Alert("逾期")
            if row.overdue
            else "",
        ]
        for row in e.measures
    ]
    columns = (
        Column("问题", 1.4, "centred"),
        Column("措施", 3.6),
        Column("责任单位", 2),
        Column("时限", 2.2, "centred"),
        Column("状态", 1.1, "centred"),
        Column("进度", 1.1, "centred"),
        Column("逾期", 1.1, "centred"),
    )
    writer.table("整改措施", columns, rows)


def _interviews(writer: Writer, e: Examination) -> None:
    # One note may be evidence of several problems: it is told once.
    found = [row for row in e.evidence if row.source_kind == _INTERVIEW and row.text]
    notes = list({row.mart_key or (row.problem_id, row.evidence_no): row for row in reversed(found)}.values())[::-1]
    if not notes:
        nothing(writer, "实地访谈记录")
        return
    names = {problem.problem_id: cell(problem, "name_zh", "text") for problem in e.problems}
    count = Key(Evidence.MART, (("source_kind", _INTERVIEW),), "distinct(mart_key)", "n")
    writer.paragraph("与清单问题有关的访谈记录", Tagged(count.written(len(notes)), count), "条。")
    for note in notes:
        about = names.get(note.problem_id)
        writer.quote(note.text or "", "实地访谈", *(["，关于“", about, "”"] if about else []))


def _contradictions(writer: Writer, e: Examination) -> None:
    if not e.self_checks:
        nothing(writer, "部门自查报告")
        return
    if not e.contradictions:
        writer.paragraph("自查报告中引用的数字，没有发现与采用值不一致的。")
        return
    writer.paragraph(
        "自查报告中引用的数字与采用值不一致的", e.count(e.contradictions, Contradiction), "处，应由责任单位核实。"
    )
    rows: list[Sequence[Cell]] = []
    for row in e.contradictions:
        indicator = e.by_code.get(row.indicator_code or "")
        who = row.department_zh or e.department_zh.get(row.department_code or "", row.department_code or zh.NONE)
        rows.append(
            [
                who,
                row.name_zh or (indicator.name_zh if indicator else row.indicator_code or zh.NONE),
                Quote(zh.said(row.sentence)),
                [cell(row, "quoted_value", "f"), f" {row.quoted_unit or ''}"],
                [cell(row, "accepted_value", "f"), f" {row.unit or ''}"],
            ]
        )
    columns = (
        Column("单位", 2),
        Column("指标", 2.2),
        Column("原话", 3.6),
        Column("引用的数", 1.6, "number"),
        Column("采用值", 1.6, "number"),
    )
    writer.table("自查报告引用的数字与采用值", columns, rows)
