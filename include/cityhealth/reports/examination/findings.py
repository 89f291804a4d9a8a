"""A chapter per dimension, and the maps of the city's units."""

from __future__ import annotations

from collections.abc import Sequence

from cityhealth.reports import wording as zh
from cityhealth.reports.examination import charts
from cityhealth.reports.examination.maps import maps, units_of
from cityhealth.reports.examination.overview import STATES
from cityhealth.reports.examination.values import (
    Dimension,
    Examination,
    Indicator,
    Measure,
    Piece,
    Problem,
    SelfCheck,
    cell,
)
from cityhealth.reports.examination.word import Alert, Cell, Column, Writer


def dimension(writer: Writer, examination: Examination, row: Dimension) -> None:
    """What the marts say of a dimension, and what departments say themselves."""
    e = examination
    writer.chapter(row.dimension_zh)
    _state(writer, e, row)
    checks = [check for check in e.self_checks if check.dimension_code == row.dimension_code]
    problems = [
        p for p in e.problems if p.dimension_code == row.dimension_code and p.status != "closed" and not p.merged_into
    ]
    writer.section("建设亮点", listed=False)
    _judged(writer, e, row, "strength")
    _words(writer, e, checks, "highlights_text", "建设亮点")
    writer.section("存在的问题", listed=False)
    _judged(writer, e, row, "shortfall")
    _problems(writer, problems)
    _words(writer, e, checks, "problems_text", "存在问题")
    writer.section("改进措施", listed=False)
    numbers = {problem.problem_id for problem in problems}
    _measures(writer, [measure for measure in e.measures if measure.problem_id in numbers], bool(problems))
    _words(writer, e, checks, "measures_text", "改进措施")


def units(writer: Writer, examination: Examination) -> None:
    """Maps of the county areas: of every indicator that has values by area."""
    writer.chapter("分区情况")
    sheets = maps(examination)
    if not units_of(examination):
        writer.paragraph("没有载入区划边界，不绘制分区地图。")
    elif not sheets:
        writer.paragraph("没有至少两个县（市、区）都有数值的指标，不绘制分区地图。")
    else:
        writer.paragraph(
            "下列各图是有分区数值的指标在各县（市、区）的分布，颜色越深数值越大，深浅不表示优劣；没有数据的区域以斜线表示。"
        )
    for drawing, names in sheets:
        writer.figure("分区分布：" + "、".join(names), drawing)


def _state(writer: Writer, e: Examination, row: Dimension) -> None:
    indicators = e.of_dimension(row.dimension_code)
    writer.section("指标状况", listed=False)
    code = row.dimension_code
    pieces: list[Piece] = ["本维度指标", e.count(e.indicators, Indicator, dimension_code=code), "项"]
    for state, name in zip(STATES, ("有值", "无标准", "未报", "未通过校验", "不适用"), strict=True):
        pieces += [f"，{name}", e.in_state(code, state), "项"]
    pieces.append("。")
    if row.score is None:
        writer.paragraph(*pieces, "没有指标得分，本维度不计得分。")
    else:
        score = [
            "维度得分",
            cell(row, "score", "1"),
            "分，由",
            cell(row, "scored_count", "n"),
            "项有得分的指标平均得出。",
        ]
        writer.paragraph(*pieces, *score)
    if sum(indicator.score is not None for indicator in indicators) > 1:
        writer.figure(f"{row.dimension_zh}：指标得分", charts.scores(indicators))
    rows: list[Sequence[Cell]] = [
        [
            indicator.code,
            indicator.name_zh,
            cell(indicator, "value", "f"),
            indicator.unit or "",
            cell(indicator, "target_text", "text"),
            cell(indicator, "score", "1"),
            _grade(indicator),
        ]
        for indicator in indicators
    ]
    columns = (
        Column("代码", 1.1, "centred"),
        Column("指标", 4),
        Column("数值", 1.4, "number"),
        Column("单位", 1.5, "centred"),
        Column("标准", 1.3, "centred"),
        Column("得分", 1, "centred"),
        Column("等级或状态", 1.7, "centred"),
    )
    writer.table(f"{row.dimension_zh.removesuffix('指标')}指标", columns, rows)
    silent = [i for i in indicators if i.state in ("missing", "refused", "not_applicable") and i.reason_zh]
    for indicator in silent:
        writer.paragraph(
            f"{indicator.name_zh}：{indicator.state_zh}，", cell(indicator, "reason_zh", "text"), style="说明"
        )


def _grade(indicator: Indicator) -> Cell:
    text = indicator.grade_zh or indicator.state_zh
    return Alert(text) if indicator.grade == "shortfall" or indicator.warning == "red" else text


def _judged(writer: Writer, e: Examination, row: Dimension, judgement: str) -> None:
    found = [j for j in e.judgements if j.dimension_code == row.dimension_code and j.judgement == judgement]
    if not found:
        what = "优势" if judgement == "strength" else "短板"
        writer.paragraph(f"从指标看，本维度没有判为{what}的指标。")
    for j in found:
        writer.paragraph(cell(j, "evidence_zh", "text"), style="列项")


def _problems(writer: Writer, problems: Sequence[Problem]) -> None:
    if not problems:
        return
    writer.paragraph("列入城市病清单的问题：")
    for problem in problems:
        writer.paragraph(
            cell(problem, "name_zh", "text"),
            f"（{problem.severity_zh or '程度未定'}，{problem.status_zh or problem.status}）：",
            cell(problem, "evidence_zh", "text"),
            style="列项",
        )


def _measures(writer: Writer, measures: Sequence[Measure], needed: bool) -> None:
    if not measures:
        if needed:
            writer.paragraph("对列入清单的问题还没有收到整改措施。")
        else:
            writer.paragraph("本维度没有列入清单而尚未销号的问题，没有相应的整改措施。")
        return
    for measure in measures:
        writer.paragraph(
            cell(measure, "measure_text", "text"),
            f"（{measure.owner_zh or '责任单位未明确'}，{measure.status_zh or zh.NONE}",
            *(["，完成", cell(measure, "percent", "pct")] if measure.percent is not None else []),
            *(["，时限", cell(measure, "deadline", "day")] if measure.deadline else []),
            "，已逾期" if measure.overdue else "",
            "）",
            style="列项",
        )


def _words(writer: Writer, e: Examination, checks: Sequence[SelfCheck], column: str, section: str) -> None:
    said = [check for check in checks if getattr(check, column)]
    if not said:
        return
    writer.paragraph(f"部门自查报告所述（{section}）：")
    for check in said:
        who = check.department_zh or e.department_zh.get(check.department_code, check.department_code)
        writer.quote(getattr(check, column), f"{who}自查报告")
