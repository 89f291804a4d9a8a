"""What stands in the brief: a Summary in the words and numbers of an official brief, without any layout.

The names of the returned mapping are the placeholders of the Word template (docs/restyle-the-brief.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from cityhealth.reports import wording as zh
from cityhealth.reports.summary import (
    Assessment,
    Block,
    Difficulty,
    IndicatorRow,
    Rectification,
    Summary,
    TaskReport,
    Timeliness,
)

#: How much of a text the brief quotes (characters), and how many of a kind it lists; the annex has all of it.
_QUOTE = 120
_NEXT_STEPS = 200
_LISTED = {"rises": 5, "falls": 10, "repeated": 10, "problems": 8, "difficulties": 30, "earlier": 3, "measures": 30}

_STATES = ("value", "no_standard", "missing", "refused", "not_applicable")
_DIFFICULTY_STATES = ("raised", "assigned", "settled")


def content(summary: Summary, annex_name: str) -> dict[str, Any]:
    """Every placeholder of the template; texts are plain, numbers are written out."""
    period = summary.period
    return {
        "synthetic": summary.synthetic,
        "city": summary.city_zh,
        "office": summary.office_zh,
        "year": str(period.year),
        "issue": str(period.number),
        "date": zh.day(summary.cutoff.date()),
        "period_day": zh.month_day(period.due),
        "progress": _progress(summary),
        "blocks": [_block(block) for block in summary.blocks],
        "reporting": _reporting(summary),
        "departments": _departments(summary),
        "compared": _compared(summary),
        "rises": _rises(summary.rises),
        "falls": _listed("falls", [{**_moved(report), **_fall_reason(report)} for report in summary.falls]),
        "repeated": _listed("repeated", [_repeated(report) for report in summary.repeated]),
        "problem_count": str(sum(map(len, summary.problems.values()))),
        "themes": _themes(summary),
        "difficulty_summary": _difficulty_summary(summary.difficulties),
        "difficulties": _listed(
            "difficulties", [_difficulty(d, period.cutoff.year) for d in sorted(summary.difficulties, key=_urgency)]
        ),
        "next_steps": _next_steps(summary),
        "coverage_summary": _coverage_summary(summary),
        "coverage": _coverage(summary.indicators),
        "warning_summary": _warning_summary(summary),
        "warnings": [_warning(summary, indicator) for indicator in summary.new_warnings],
        "rectification": _rectification(summary),
        "notes": _notes(summary, annex_name),
    }


def _progress(summary: Summary) -> str:
    owed, reported = summary.task_reports, summary.reported
    departments = {report.department_code for report in owed}
    sentences = [
        f"截至{zh.moment(summary.cutoff)}，{len(summary.blocks)}项工作任务涉及{len(departments)}个单位，"
        f"应报任务进展{len(owed)}项，已报{len(reported)}项，未报{len(owed) - len(reported)}项。"
    ]
    given = sum(report.percent is not None for report in owed)
    if given:
        of = "" if given == len(reported) else f"（按写明进度的{given}项计）"
        sentences.append(f"已报任务平均进度{zh.percent(summary.percent)}{of}，{_against_previous(summary)}。")
        sentences.append(_fastest_and_slowest(summary.blocks))
    return "".join(sentences)


def _against_previous(summary: Summary) -> str:
    if summary.previous_key is None:
        return "本期为首期，没有上期可比"
    if summary.percent_change is None:
        return "没有两期都写明进度的任务，不与上期比较"
    return f"两期都写明进度的{len(summary.compared)}项平均与上期相比{zh.moved(summary.percent_change)}"


def _fastest_and_slowest(blocks: Sequence[Block]) -> str:
    """Of the tasks of which at least half of the departments stated a percentage; one of few speaks for none."""
    spoken = [
        (b.task_zh, b.percent) for b in blocks if b.percent is not None and 2 * b.percent_count >= b.department_count
    ]
    percents = {task: zh.percent(percent) for task, percent in spoken}
    high, low = (zh.percent(end((percent for _, percent in spoken), default=None)) for end in (max, min))
    if high == low:
        return ""
    fast, slow = ("、".join(task for task, text in percents.items() if text == end) for end in (high, low))
    among = "" if all(2 * b.percent_count >= b.department_count for b in blocks) else "半数以上单位写明进度的任务中，"
    return f"{among}进度最快的是{fast}（{high}），最慢的是{slow}（{low}）。"


def _block(block: Block) -> dict[str, str]:
    return {
        "task": block.task_zh,
        "lead": block.lead_zh or zh.NONE,
        "owed": str(block.department_count),
        "reported": str(block.reported_count),
        "percent": zh.percent(block.percent) if block.reported_count else "未报",
        "previous": zh.percent(block.previous_percent),
        "change": zh.change(block.percent_change),
    }


def _reporting(summary: Summary) -> list[str]:
    rows = summary.assessments
    if not rows:
        return ["本期没有应报单位。"]
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(row.timeliness, []).append(row.department_zh)
    on_time, missing = names.get("on_time", []), names.get("missing", [])
    late = [name for state in ("same_day_late", "late") for name in names.get(state, [])]
    counts = [f"按时报送{len(on_time)}个", *([f"迟报{len(late)}个"] if late else []), f"未报{len(missing)}个"]
    sentences = [f"本期应报单位{len(rows)}个，{'，'.join(counts)}，按时报送率{zh.rate(len(on_time) / len(rows))}。"]
    if late:
        sentences.append(f"迟报单位：{'、'.join(late)}。")
    if missing:
        sentences.append(f"至截止时刻未报单位：{'、'.join(missing)}。")
    earlier = Counter(row.timeliness for row in summary.earlier)
    if summary.previous_key is not None:
        late_count = earlier["late"] + earlier["same_day_late"]
        sentences.append(
            f"以前各期累计迟报{late_count}次（其中当日迟报{earlier['same_day_late']}次），"
            f"至今未报{earlier['missing']}次。"
            if earlier
            else "以前各期没有迟报和未报。"
        )
    return sentences


def _departments(summary: Summary) -> list[dict[str, Any]]:
    earlier: dict[str, list[Timeliness]] = {}
    for row in summary.earlier:
        earlier.setdefault(row.department_code, []).append(row)
    return [_department(row, earlier.get(row.department_code, [])) for row in summary.assessments]


def _department(row: Assessment, earlier: Sequence[Timeliness]) -> dict[str, Any]:
    late = [f"{zh.period_day(r.reported_period)}{r.late_zh or r.timeliness_zh}" for r in earlier if r.received_at]
    missing = [zh.period_day(r.reported_period) for r in earlier if not r.received_at]
    parts = [f"迟报{len(late)}次：{_newest(late)}"] if late else []
    parts += [f"未报{len(missing)}次：{_newest(missing)}"] if missing else []
    return {
        "rank": zh.NONE if row.rank is None else str(row.rank),
        "department": row.department_zh,
        "state": row.timeliness_zh,
        "alert": row.timeliness != "on_time",
        "received": zh.short_moment(row.received_at),
        "earlier": "；".join(parts) or "无",
        "points": zh.number(row.points),
    }


def _newest(items: Sequence[str]) -> str:
    """The newest few of a list, in the order of time."""
    most = _LISTED["earlier"]
    return "、".join(items[-most:]) + ("等" if len(items) > most else "")


def _compared(summary: Summary) -> str:
    if summary.previous_key is None:
        return "本期为首期，没有上期可比。"
    same = len(summary.compared) - len(summary.rises) - len(summary.falls)
    unexplained = sum(report.fell_without_reason for report in summary.task_reports)
    return (
        f"与上期（{zh.period_day(summary.previous_key)}）相比，两期都写明进度的{len(summary.compared)}项任务进展中，"
        f"提高{len(summary.rises)}项，持平{same}项，下降{len(summary.falls)}项；下降而未说明原因的{unexplained}项，"
        f"文字与上期重复、需要核实的{len(summary.repeated)}项。"
    )


def _rises(reports: Sequence[TaskReport]) -> dict[str, Any]:
    """The largest, as far as they can be told apart: of many that rose alike, none is named before the others."""
    rows = [_moved(report) for report in reports]
    listed = _listed("rises", rows)
    if not listed["more"] or rows[_LISTED["rises"] - 1]["moved"] != rows[_LISTED["rises"]]["moved"]:
        return {**listed, "tied": ""}
    amount = rows[_LISTED["rises"]]["moved"]
    above = [row["moved"] for row in rows].index(amount)
    alike = sum(row["moved"] == amount for row in rows)
    below = len(rows) - above - alike
    tied = f"{'另' if above else ''}有{alike}项同为{amount}，见附表。"
    return {"rows": rows[:above], "tied": tied, "more": str(below) if below else ""}


def _moved(report: TaskReport) -> dict[str, str]:
    change = report.percent_change or 0.0
    return {
        "department": report.department_zh,
        "task": report.task_zh,
        "previous": zh.percent(report.previous_percent),
        "percent": zh.percent(report.percent),
        "moved": zh.moved(change),
    }


def _fall_reason(report: TaskReport) -> dict[str, Any]:
    unexplained = report.fell_without_reason or not report.reason_text
    return {
        "unexplained": unexplained,
        "reason": "" if unexplained else zh.said(report.reason_text, _QUOTE).rstrip("。；;."),
    }


def _repeated(report: TaskReport) -> dict[str, str]:
    return {
        "department": report.department_zh,
        "task": report.task_zh,
        "similarity": zh.rate(report.similarity),
    }


def _themes(summary: Summary) -> list[dict[str, Any]]:
    return [
        {
            "number": zh.counted(number),
            "theme": theme,
            "count": str(len(reports)),
            "quotes": _listed("problems", [_quote(report) for report in reports]),
        }
        for number, (theme, reports) in enumerate(summary.problems.items(), start=1)
    ]


def _quote(report: TaskReport) -> dict[str, str]:
    text = zh.said(report.problems_text, _QUOTE)
    return {"department": report.department_zh, "task": report.task_zh, "text": text}


def _difficulty_summary(difficulties: Sequence[Difficulty]) -> str:
    if not difficulties:
        return "目前没有列入清单的难点问题。"
    counts = Counter(difficulty.state for difficulty in difficulties)
    raised, assigned, settled = (counts[state] for state in _DIFFICULTY_STATES)
    overdue = sum(difficulty.overdue for difficulty in difficulties)
    return (
        f"列入清单的难点问题{len(difficulties)}条：已提出待交办{raised}条，已交办{assigned}条（其中逾期{overdue}条），"
        f"本期办结{settled}条。"
    )


def _urgency(difficulty: Difficulty) -> tuple[bool, int, str]:
    order = {"assigned": 0, "raised": 1, "settled": 2}
    return not difficulty.overdue, order[difficulty.state], difficulty.difficulty_id


def _difficulty(difficulty: Difficulty, year: int) -> dict[str, Any]:
    due = difficulty.due_date
    text = zh.said(difficulty.problem_text, _QUOTE)
    if difficulty.reworded:
        text += f"（最近说法：{zh.said(difficulty.latest_text, _QUOTE)}）"
    return {
        "raised": zh.period_day(difficulty.raised_period),
        "department": difficulty.department_zh,
        "task": difficulty.task_zh,
        "text": text,
        "state": difficulty.state_zh,
        "overdue": difficulty.overdue,
        "assigned": difficulty.assigned_zh or zh.NONE,
        "due": zh.month_day(due) if due is None or due.year == year else zh.day(due),
    }


def _next_steps(summary: Summary) -> list[dict[str, str]]:
    leads = {report.task_code: report for report in summary.task_reports if report.role == "lead"}
    steps = []
    for number, block in enumerate(summary.blocks, start=1):
        lead = leads.get(block.task_code)
        if lead is None or not lead.reported:
            text = "牵头单位本期未报。"
        else:
            text = zh.sentence(lead.next_text, _NEXT_STEPS) if lead.next_text else "牵头单位没有填写下一步工作计划。"
        heading = {"number": zh.counted(number), "task": block.task_zh, "lead": block.lead_zh or zh.NONE}
        steps.append({**heading, "text": text})
    return steps


def _coverage_summary(summary: Summary) -> str:
    official = [indicator for indicator in summary.indicators if indicator.official]
    local = [indicator for indicator in summary.indicators if not indicator.official]
    parts = []
    for name, rows in ((f"国家指标{len(official)}项", official), (f"特色指标{len(local)}项", local)):
        counts = Counter(row.state for row in rows)
        valued = counts["value"] + counts["no_standard"]
        applicable = len(rows) - counts["not_applicable"]
        share = f"，占适用指标{applicable}项的{zh.rate(valued / applicable)}" if applicable else ""
        parts.append(f"{name}，已有数据{valued}项{share}")
    return (
        f"城市体检指标{len(summary.indicators)}项。{'；'.join(parts)}。" if summary.indicators else "没有指标成绩单。"
    )


def _coverage(indicators: Iterable[IndicatorRow]) -> list[dict[str, str]]:
    rows = []
    for name, official in (("国家指标", True), ("特色指标", False)):
        counts = Counter(indicator.state for indicator in indicators if indicator.official == official)
        by_state = {state: str(counts[state]) for state in _STATES}
        rows.append({"kind": name, "total": str(sum(counts.values())), **by_state})
    return rows


def _warning_summary(summary: Summary) -> str:
    counts = Counter(indicator.warning for indicator in summary.indicators)
    now = f"现有红色预警{counts['red']}项、黄色预警{counts['yellow']}项。"
    if summary.previous_key is None:
        return f"{now}本期为首期，不区分新增。"
    if summary.previous_warnings is None:
        return f"{now}上期（{zh.period_day(summary.previous_key)}）没有小结，不能区分新增。"
    new = len(summary.new_warnings)
    return f"{now}" + (f"与上期相比，新增或加重{new}项：" if new else "与上期相比，没有新增或加重的预警。")


def _warning(summary: Summary, indicator: IndicatorRow) -> dict[str, Any]:
    before = (summary.previous_warnings or {}).get(indicator.code)
    unit = f" {indicator.unit}" if indicator.unit and indicator.value is not None else ""
    return {
        "code": indicator.code,
        "indicator": indicator.name_zh,
        "value": f"{zh.figure(indicator.value)}{unit}",
        "target": indicator.target_text or zh.NONE,
        "warning": indicator.warning_zh or zh.NONE,
        "red": indicator.warning == "red",
        "before": "黄色预警" if before == "yellow" else "无预警",
        "reason": zh.said(indicator.warning_reason_zh),
    }


def _rectification(summary: Summary) -> dict[str, Any]:
    """Empty where no measure was ever handed in: the brief has no such section then."""
    measures = summary.rectification
    if not measures:
        return {}
    year = summary.period.cutoff.year
    going_on = sorted((m for m in measures if m.status != "cancelled"), key=_measure_urgency)
    questionable = [_questioned(measure) for measure in measures if measure.questionable]
    return {
        "summary": _rectification_summary(summary, measures),
        **_listed("measures", [_measure(measure, year) for measure in going_on]),
        "questionable": questionable,
    }


def _rectification_summary(summary: Summary, measures: Sequence[Rectification]) -> str:
    counts = Counter(measure.status for measure in measures)
    problems = {measure.problem_id for measure in measures}
    owners = {measure.owner_department for measure in measures}
    cancelled = f"，已取消{counts['cancelled']}条" if counts["cancelled"] else ""
    sentences = [
        f"截至{zh.moment(summary.cutoff)}，收到整改措施{len(measures)}条，涉及问题{len(problems)}个、"
        f"责任单位{len(owners)}个：未开始{counts['planned']}条，整改中{counts['under_way']}条，"
        f"已完成{counts['done']}条{cancelled}；本期有更新的{sum(m.is_updated for m in measures)}条。"
    ]
    if counts["done"]:
        waiting = sum(measure.awaiting_verification for measure in measures)
        sentences.append(
            f"已完成的措施中，待以后的数值或满意度调查验证{waiting}条，"
            f"所指问题已不符合认定规则{counts['done'] - waiting}条。"
        )
    overdue = sum(measure.overdue for measure in measures)
    sentences.append(f"逾期未完成{overdue}条。" if overdue else "没有逾期未完成的措施。")
    return "".join(sentences)


def _measure_urgency(measure: Rectification) -> tuple[bool, int, int, str]:
    order = {"under_way": 0, "planned": 1, "done": 2}
    return not measure.overdue, -(measure.overdue_days or 0), order[measure.status], measure.measure_id


def _measure(measure: Rectification, year: int) -> dict[str, Any]:
    due = measure.deadline
    before = "" if measure.previous_percent is None else f"（上期{zh.percent(measure.previous_percent)}）"
    return {
        "problem": f"{measure.problem_id} {measure.problem_zh}",
        "owner": measure.owner_zh or measure.owner_department,
        "text": zh.said(measure.measure_text, _QUOTE),
        "due": zh.month_day(due) if due is None or due.year == year else zh.day(due),
        "state": "措施完成待验证" if measure.awaiting_verification else measure.status_zh,
        "overdue": measure.overdue,
        "late": f"逾期{measure.overdue_days}天" if measure.overdue_days else "",
        "percent": f"{zh.percent(measure.percent)}{before}",
    }


def _questioned(measure: Rectification) -> dict[str, str]:
    place = "".join((f"《{measure.filename}》" if measure.filename else "", measure.sheet or "", measure.cell or ""))
    return {
        "problem": f"{measure.problem_id} {measure.problem_zh}",
        "owner": measure.owner_zh or measure.owner_department,
        "place": place or zh.NONE,
    }


def _notes(summary: Summary, annex_name: str) -> list[str]:
    return [
        f"本简报是{summary.period.title_zh}第{summary.edition}版，按{zh.moment(summary.cutoff)}以前收到并采用的报告"
        "和当时有效的目录计算，以后收到的补报和更正列入以后各期。"
        f"目录校验码{summary.catalogue_hash[:8]}，程序校验码{summary.code_hash[:8]}。",
        f"各数的明细在附表《{annex_name}》：第一、三、四、六部分见“工作任务进展”“进展明细”，"
        "第二部分见“单位报送情况”“单位考核”“历次报送”，第五部分见“难点问题清单”，第七部分见“指标”"
        f"{'，第八部分见“问题整改”' if summary.rectification else ''}。"
        "“进展明细”逐行列出所据文件、工作表和单元格。",
        "进度由各单位自报，平均进度是写明进度的单位的算术平均，变化只比较两期都写明进度的单位。“—”表示没有数据，未报的不按零计算。"
        "数字四舍五入保留一位小数，变化按舍入前的数计算。",
    ]


def _listed(kind: str, rows: list[Any]) -> dict[str, Any]:
    """The first rows of a list, and how many more the annex has (empty: none)."""
    more = len(rows) - _LISTED[kind]
    return {"rows": rows[: _LISTED[kind]], "more": str(more) if more > 0 else ""}
