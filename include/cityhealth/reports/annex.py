"""The annex (附表) as an Excel workbook: all that the brief's numbers come from, with filters, charts and lineage."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC
from operator import attrgetter
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from cityhealth import meeting_form
from cityhealth.reports import wording as zh
from cityhealth.reports.annex_sheet import HEADER_ROW, Column, Styles, write_table
from cityhealth.reports.summary import Difficulty, IndicatorRow, Summary

_LABEL = "合成数据：由程序生成，仅供演示"
_ROLES = {"lead": "牵头", "support": "配合", "reporting": "报送", "office": "办公室"}
_STATES = ("有值", "无标准", "未报", "未通过校验", "不适用")
_STATE_COLOURS = ("#5B9BD5", "#BDD7EE", "#D9D9D9", "#F4B183", "#EDEDED")

_BLOCKS = (
    Column("工作任务", 14, attrgetter("task_zh")),
    Column("牵头单位", 22, attrgetter("lead_zh")),
    Column("应报单位数", 11, attrgetter("department_count"), "count"),
    Column("已报单位数", 11, attrgetter("reported_count"), "count"),
    Column("平均进度（%）", 13, attrgetter("percent"), "tenth"),
    Column("牵头单位进度（%）", 16, attrgetter("lead_percent"), "tenth"),
    Column("上期平均进度（%）", 16, attrgetter("previous_percent"), "tenth"),
    Column("两期可比单位数", 14, attrgetter("compared_count"), "count"),
    Column("可比变化（百分点）", 16, attrgetter("percent_change"), "signed"),
    Column("报告问题数", 11, attrgetter("problem_count"), "count"),
)

_TASK_REPORTS = (
    Column("工作任务", 10, attrgetter("task_zh")),
    Column("单位", 16, attrgetter("department_zh")),
    Column("分工", 6, lambda row: _ROLES.get(row.role, row.role), "centred"),
    Column("状态", 7, attrgetter("state_zh"), "centred"),
    Column("已填栏数（共6栏）", 8, lambda row: row.fields_filled if row.reported else None, "count"),
    Column("进度（%）", 9, attrgetter("percent"), "tenth"),
    Column("上期（%）", 9, attrgetter("previous_percent"), "tenth"),
    Column("变化（百分点）", 10, attrgetter("percent_change"), "signed"),
    Column("下降未说明", 8, lambda row: "是" if row.fell_without_reason else "", "centred"),
    Column("工作内容", 30, attrgetter("work_text")),
    Column("完成情况", 30, attrgetter("status_text")),
    Column("工作重点", 26, attrgetter("focus_text")),
    Column("存在的问题", 30, attrgetter("problems_text")),
    Column("问题类别", 11, attrgetter("problem_theme_zh"), "centred"),
    Column("下一步工作计划", 30, attrgetter("next_text")),
    Column("进度下降原因", 20, attrgetter("reason_text")),
    Column("责任人单位", 14, attrgetter("responsible_text")),
    Column("填报日期", 11, attrgetter("report_date"), "date"),
    Column("与上期相似度", 9, attrgetter("similarity"), "share"),
    Column("文字重复", 7, lambda row: "是" if row.text_repeated else "", "centred"),
    Column("收到时间", 16, attrgetter("received_at"), "moment"),
    Column("文件", 26, attrgetter("filename")),
    Column("工作表", 11, attrgetter("sheet")),
    Column("单元格", 10, attrgetter("cell"), "centred"),
    Column("文件校验码（sha256）", 24, attrgetter("sha256")),
)

_REPORTING = (
    Column("单位", 26, attrgetter("department_zh")),
    Column("本期", 10, attrgetter("timeliness_zh"), "centred"),
    Column("收到时间", 17, attrgetter("received_at"), "moment"),
    Column("应报期数", 10, attrgetter("periods_due"), "count"),
    Column("按时", 8, attrgetter("on_time_count"), "count"),
    Column("当日迟报", 10, attrgetter("same_day_late_count"), "count"),
    Column("迟报", 8, attrgetter("late_count"), "count"),
    Column("未报", 8, attrgetter("missing_count"), "count"),
    Column("应报任务（累计）", 14, attrgetter("tasks_owed"), "count"),
    Column("已报任务（累计）", 14, attrgetter("tasks_reported"), "count"),
    Column("已填栏数（累计，每项任务6栏）", 16, attrgetter("fields_filled"), "count"),
)

_ASSESSMENT = (
    Column("名次", 7, attrgetter("rank"), "count"),
    Column("单位", 26, attrgetter("department_zh")),
    Column("得分", 9, attrgetter("points"), "tenth"),
    Column("按时报送得分", 11, attrgetter("points_timeliness"), "tenth"),
    Column("填报完整得分", 11, attrgetter("points_completeness"), "tenth"),
    Column("指标报全得分", 11, attrgetter("points_coverage"), "tenth"),
    Column("一次报准得分", 11, attrgetter("points_corrections"), "tenth"),
    Column("按时报送得分率", 12, attrgetter("timeliness_rate"), "share"),
    Column("填报完整率", 10, attrgetter("completeness_rate"), "share"),
    Column("应报数据项", 10, attrgetter("items_owed"), "count"),
    Column("已采用数据项", 11, attrgetter("items_accepted"), "count"),
    Column("指标报全率", 10, attrgetter("indicator_coverage_rate"), "share"),
    Column("退回条数", 9, attrgetter("corrections_needed"), "count"),
)

_TIMELINESS = (
    Column("报送期", 12, attrgetter("reported_period"), "centred"),
    Column("单位", 26, attrgetter("department_zh")),
    Column("报送情况", 11, attrgetter("timeliness_zh"), "centred"),
    Column("收到时间", 17, attrgetter("received_at"), "moment"),
    Column("迟报时长", 20, attrgetter("late_zh")),
    Column("迟报分钟数", 11, attrgetter("late_minutes"), "count"),
)

_INDICATORS = (
    Column("代码", 8, attrgetter("code"), "centred"),
    Column("维度", 10, attrgetter("dimension_zh"), "centred"),
    Column("指标", 26, attrgetter("name_zh")),
    Column("性质", 12, attrgetter("status_zh"), "centred"),
    Column("类别", 9, attrgetter("category"), "centred"),
    Column("区域", 10, attrgetter("area_zh"), "centred"),
    Column("数值", 12, attrgetter("value"), "measured"),
    Column("单位", 11, attrgetter("unit"), "centred"),
    Column("上年值", 12, attrgetter("previous_value"), "measured"),
    Column("状态", 10, attrgetter("state_zh"), "centred"),
    Column("没有数值或得分的原因", 22, attrgetter("reason_zh")),
    Column("目标", 11, attrgetter("target_text"), "centred"),
    Column("得分", 8, attrgetter("score"), "tenth"),
    Column("等级", 7, attrgetter("grade_zh"), "centred"),
    Column("预警", 9, attrgetter("warning_zh"), "centred"),
    Column("预警原因", 22, attrgetter("warning_reason_zh")),
)

#: Beside the meeting's own columns; none of these headers is one that the meeting's reader looks for.
_DIFFICULTY_EXTRAS = (
    Column("本单位最近说法", 30, attrgetter("latest_text")),
    Column("问题归类", 11, attrgetter("theme_zh"), "centred"),
    Column("已列期数", 9, attrgetter("periods_open"), "count"),
    Column("本期仍报", 9, lambda row: "是" if row.reported_again else "", "centred"),
    Column("是否逾期", 9, lambda row: "逾期" if row.overdue else "", "centred"),
    Column("已交办给", 18, attrgetter("assigned_zh")),
    Column("已定时限", 12, attrgetter("due_date"), "date"),
    Column("最近决定", 12, attrgetter("decided_on"), "date"),
    Column("最近意见", 24, attrgetter("note_text")),
)

_RECTIFICATION = (
    Column("问题编号", 14, attrgetter("problem_id"), "centred"),
    Column("问题", 24, attrgetter("problem_zh")),
    Column("截至本期的问题情况", 32, attrgetter("problem_state_zh")),
    Column("措施编号", 28, attrgetter("measure_id")),
    Column("责任单位", 20, lambda row: row.owner_zh or row.owner_department),
    Column("整改措施", 32, attrgetter("measure_text")),
    Column("完成时限", 12, attrgetter("deadline"), "date"),
    Column("阶段目标", 30, attrgetter("milestones_zh")),
    Column("整改状态", 9, attrgetter("status_zh"), "centred"),
    Column("上期状态", 9, attrgetter("previous_status_zh"), "centred"),
    Column("完成比例（%）", 9, attrgetter("percent"), "tenth"),
    Column("上期（%）", 9, attrgetter("previous_percent"), "tenth"),
    Column("变化（百分点）", 10, attrgetter("percent_change"), "signed"),
    Column("是否逾期", 8, lambda row: "逾期" if row.overdue else "", "centred"),
    Column("逾期天数", 8, attrgetter("overdue_days"), "count"),
    Column("待验证", 8, lambda row: "是" if row.awaiting_verification else "", "centred"),
    Column("本期更新", 8, lambda row: "是" if row.is_updated else "", "centred"),
    Column("填报日期", 11, attrgetter("report_date"), "date"),
    Column("进展说明", 28, attrgetter("note_text")),
    Column("文件", 26, attrgetter("filename")),
    Column("工作表", 12, attrgetter("sheet")),
    Column("单元格", 8, attrgetter("cell"), "centred"),
)

_SHEETS = (
    ("工作任务进展", "各项工作任务的平均进度，写明进度的单位的算术平均；变化只比较两期都写明进度的单位；附图。"),
    ("进展明细", "每个单位每项任务的报告原文，以及所据文件、工作表、单元格。"),
    ("单位报送情况", "各单位本期报送情况，以及体检工作开始以来的次数。"),
    ("单位考核", "按 grading.csv 的规则计算的得分和名次。"),
    ("历次报送", "各单位各期的报送时间和迟报时长，截至本期截止时刻。"),
    ("指标", "65 项国家指标和特色指标，截至本期截止时刻。"),
    ("指标分维度", "各维度指标按状态计数；附图。"),
    (meeting_form.SHEET, "提出、交办、办结的难点问题。填写会议决定等列后，本工作簿可直接作为会议议题清单报送。"),
)


#: Only where measures were handed in.
_RECTIFICATION_SHEET = (
    "问题整改",
    "针对城市病清单上的问题报送的整改措施，截至本期截止时刻，与上期比较；所据文件、工作表、单元格。",
)


def _sheets(summary: Summary) -> tuple[tuple[str, str], ...]:
    return (*_SHEETS, _RECTIFICATION_SHEET) if summary.rectification else _SHEETS


def render_annex(summary: Summary) -> bytes:
    """The annex as bytes of an .xlsx; the same summary gives the same bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties(
        {
            "title": f"{summary.city_zh}城市体检工作附表（{summary.period.title_zh}）",
            "author": summary.office_zh,
            "comments": _LABEL if summary.synthetic else "",
            "created": summary.cutoff.astimezone(UTC).replace(tzinfo=None, microsecond=0),
        }
    )
    styles = Styles(book, f"{summary.period.title_zh}　第{summary.edition}版", _LABEL if summary.synthetic else "")
    sheets = {name: book.add_worksheet(name) for name in ("说明", *(name for name, _ in _sheets(summary)))}
    _cover(sheets["说明"], styles, summary)
    _blocks(book, sheets["工作任务进展"], styles, summary)
    write_table(sheets["进展明细"], styles, "进展明细", _TASK_REPORTS, summary.task_reports, frozen=2, pages=3)
    _bars(sheets["进展明细"], _TASK_REPORTS, "进度（%）", len(summary.task_reports))
    write_table(sheets["单位报送情况"], styles, "单位报送情况", _REPORTING, summary.assessments)
    write_table(sheets["单位考核"], styles, "单位考核", _ASSESSMENT, summary.assessments, frozen=2)
    write_table(sheets["历次报送"], styles, "历次报送", _TIMELINESS, summary.timeliness)
    write_table(sheets["指标"], styles, "指标", _INDICATORS, summary.indicators, frozen=3)
    _dimensions(book, sheets["指标分维度"], styles, summary.indicators)
    _difficulties(sheets[meeting_form.SHEET], styles, summary)
    if summary.rectification:
        name = _RECTIFICATION_SHEET[0]
        write_table(sheets[name], styles, name, _RECTIFICATION, summary.rectification, frozen=2, pages=2)
    book.close()
    return buffer.getvalue()


def _cover(sheet: Worksheet, styles: Styles, summary: Summary) -> None:
    facts = (
        ("报送期", summary.period.title_zh),
        ("截止时刻", f"{zh.moment(summary.cutoff)}（北京时间）"),
        ("版次", f"第{summary.edition}版"),
        ("目录校验码", summary.catalogue_hash),
        ("程序校验码", summary.code_hash),
        ("编制单位", summary.office_zh),
        ("数据范围", "只计截止时刻以前收到并采用的报告和当时有效的目录；以后的补报和更正列入以后各期。"),
        ("没有数据", "“—”表示没有数据，不是零。进度由各单位自报。"),
    )
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 92)
    sheet.merge_range(0, 0, 0, 1, f"{summary.city_zh}城市体检工作附表", styles["title"])
    sheet.set_row(0, 36)
    sheet.merge_range(1, 0, 1, 1, _LABEL if summary.synthetic else "", styles["label"])
    at = 2
    for name, text in facts:
        sheet.write_string(at, 0, name, styles["header"])
        sheet.write_string(at, 1, text, styles["text"])
        at += 1
    at += 1
    sheet.write_string(at, 0, "工作表", styles["header"])
    sheet.write_string(at, 1, "内容", styles["header"])
    for name, text in _sheets(summary):
        at += 1
        sheet.write_url(at, 0, f"internal:'{name}'!A1", styles["link"], name)
        sheet.write_string(at, 1, text, styles["text"])
    styles.page(sheet, last_column=1)


def _blocks(book: xlsxwriter.Workbook, sheet: Worksheet, styles: Styles, summary: Summary) -> None:
    write_table(sheet, styles, "工作任务进展", _BLOCKS, summary.blocks)
    if not summary.blocks:
        return
    first, last = HEADER_ROW + 1, HEADER_ROW + len(summary.blocks)
    chart = book.add_chart({"type": "column"})
    for header, colour in (("上期平均进度（%）", "#BDD7EE"), ("平均进度（%）", "#2E75B6")):
        at = _position(_BLOCKS, header)
        values = [_BLOCKS[at].value(block) for block in summary.blocks]
        chart.add_series(
            {
                "name": [sheet.name, HEADER_ROW, at],
                "categories": [sheet.name, first, 0, last, 0],
                "values": [sheet.name, first, at, last, at],
                "fill": {"color": colour},
                "gap": 60,
                # What is not known has no bar, and must not be labelled 0.
                "data_labels": {
                    "value": True,
                    "num_format": "0.0",
                    "font": {"size": 8},
                    "custom": [{"delete": True} if value is None else None for value in values],
                },
            }
        )
    chart.set_title({"name": "各项工作任务平均进度（%）", "name_font": {"size": 12}})
    chart.set_y_axis({"min": 0, "max": 100, "num_format": "0", "major_gridlines": {"visible": True}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 900, "height": 330})
    sheet.insert_chart(last + 2, 0, chart, {"description": "各项工作任务的平均进度与上期比较"})


def _dimensions(
    book: xlsxwriter.Workbook, sheet: Worksheet, styles: Styles, indicators: Sequence[IndicatorRow]
) -> None:
    """Counts by dimension and state, as formulas over the sheet 指标, and a chart of them."""
    dimensions = list(dict.fromkeys(indicator.dimension_zh or zh.NONE for indicator in indicators))
    counts = Counter((indicator.dimension_zh or zh.NONE, indicator.state_zh) for indicator in indicators)
    columns = [Column("维度", 16, lambda dimension: dimension)]
    columns += [Column(state, 13, _count_of(counts, state), "count") for state in _STATES]
    write_table(sheet, styles, "指标分维度", columns, dimensions)
    if not dimensions:
        return
    last_source = HEADER_ROW + 1 + len(indicators)
    of_dimension, of_state = (_letter(_position(_INDICATORS, header)) for header in ("维度", "状态"))
    for row, dimension in enumerate(dimensions, start=HEADER_ROW + 1):
        for at, state in enumerate(_STATES, start=1):
            ranges = [f"指标!${c}${HEADER_ROW + 2}:${c}${last_source}" for c in (of_dimension, of_state)]
            formula = f'=COUNTIFS({ranges[0]},$A{row + 1},{ranges[1]},"{state}")'
            sheet.write_formula(row, at, formula, styles["count"], counts[dimension, state])
    first, last = HEADER_ROW + 1, HEADER_ROW + len(dimensions)
    chart = book.add_chart({"type": "bar", "subtype": "stacked"})
    for at, colour in enumerate(_STATE_COLOURS, start=1):
        chart.add_series(
            {
                "name": [sheet.name, HEADER_ROW, at],
                "categories": [sheet.name, first, 0, last, 0],
                "values": [sheet.name, first, at, last, at],
                "fill": {"color": colour},
                "border": {"color": "#7F7F7F", "width": 0.5},
                "gap": 50,
            }
        )
    chart.set_title({"name": "各维度指标数据状态（项）", "name_font": {"size": 12}})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"num_format": "0", "major_unit": 2, "min": 0})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 800, "height": 360})
    sheet.insert_chart(last + 2, 0, chart, {"description": "各维度指标按数据状态的数量"})


def _difficulties(sheet: Worksheet, styles: Styles, summary: Summary) -> None:
    own = [Column(column.header, column.width, *_MEETING[column.field]) for column in meeting_form.COLUMNS]
    columns = [*own, *_DIFFICULTY_EXTRAS]
    rows = list(enumerate(summary.difficulties, start=1))
    table = [Column(c.header, c.width, _of_difficulty(c, at), c.style) for at, c in enumerate(columns)]
    write_table(sheet, styles, meeting_form.TITLE, table, rows, frozen=2, pages=2)
    if not rows:
        return
    first, last = HEADER_ROW + 1, HEADER_ROW + len(rows)
    decision, assigned = (_position(own, meeting_form.column(f).header) for f in ("decision_text", "assigned_text"))
    sheet.data_validation(first, decision, last, decision, {"validate": "list", "source": list(meeting_form.DECISIONS)})
    if summary.assessments:
        names = f"=单位考核!$B${HEADER_ROW + 2}:$B${HEADER_ROW + 1 + len(summary.assessments)}"
        # Others may be asked as well; the gate knows who there is.
        sheet.data_validation(
            first, assigned, last, assigned, {"validate": "list", "source": names, "error_type": "information"}
        )


#: Field of the meeting's form → what we write into it, and how; what the meeting decides stays open.
_MEETING: dict[str, tuple[Callable[[Difficulty], Any], str]] = {
    "number": (lambda row: None, "count"),
    "difficulty_text": (attrgetter("difficulty_id"), "text"),
    "raised_period": (attrgetter("raised_period"), "centred"),
    "department_zh": (attrgetter("department_zh"), "text"),
    "task_zh": (attrgetter("task_zh"), "centred"),
    "problem_text": (attrgetter("problem_text"), "text"),
    "state_zh": (attrgetter("state_zh"), "centred"),
    "decision_text": (lambda row: None, "open"),
    "assigned_text": (lambda row: None, "open"),
    "due_text": (lambda row: None, "open_date"),
    "date_text": (lambda row: None, "open_date"),
    "note_text": (lambda row: None, "open"),
}


def _of_difficulty(column: Column, at: int) -> Callable[[tuple[int, Difficulty]], Any]:
    """The rows are numbered; the first column is the number."""
    return (lambda row: row[0]) if at == 0 else (lambda row: column.value(row[1]))


def _count_of(counts: Counter[tuple[str, str]], state: str) -> Callable[[str], int]:
    return lambda dimension: counts[dimension, state]


def _bars(sheet: Worksheet, columns: Sequence[Column], header: str, rows: int) -> None:
    if rows:
        at = _position(columns, header)
        bar = {"type": "data_bar", "bar_color": "#9DC3E6", "bar_solid": True, "min_type": "num", "max_type": "num"}
        sheet.conditional_format(HEADER_ROW + 1, at, HEADER_ROW + rows, at, {**bar, "min_value": 0, "max_value": 100})


def _position(columns: Sequence[Column], header: str) -> int:
    return next(at for at, column in enumerate(columns) if column.header == header)


def _letter(position: int) -> str:
    return xlsxwriter.utility.xl_col_to_name(position)
