"""Half-month summaries made of nothing but the catalogue's names, for the tests of the documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from cityhealth.campaigns import reporting_periods
from cityhealth.catalogue import Catalogue
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

_PROBLEMS = (
    ("data_definition", "口径与标准", "部分指标口径与统计年鉴不一致，组团边界尚未确定，影响组团规模的测算。"),
    ("data_source", "数据获取", "老旧小区底数不清，缺少台账，需逐楼核查。"),
    ("coordination", "部门协调", "与县（区）数据衔接不够，部分数据需多个部门配合提供。"),
)
_NEXT = "完成剩余小区的现场核查，汇总核对数据，6月底前报送第二批指标；对接省厅，明确遥感影像的取得方式。"


def task_report(**facts: Any) -> TaskReport:
    """A report of 市统计局 on 生态宜居, except for what is given."""
    standard: dict[str, Any] = {
        "department_code": "statistics",
        "department_zh": "市统计局",
        "task_code": "B01",
        "task_zh": "生态宜居",
        "task_order": 1,
        "role": "support",
        "state": "reported",
        "state_zh": "已报",
        "percent": 40.0,
    }
    return TaskReport(**(standard | facts))


def summary_of(catalogue: Catalogue, period_number: int = 2, **facts: Any) -> Summary:
    """An empty summary of a period of 2021, except for what is given."""
    periods = reporting_periods(catalogue.campaigns[0])
    period = periods[period_number - 1]
    standard: dict[str, Any] = {
        "period": period,
        "edition": 1,
        "cutoff": period.cutoff,
        "code_hash": "c0de" * 16,
        "catalogue_hash": "ca7a" * 16,
        "city_zh": "晋城市",
        "office_zh": "晋城市城市体检工作领导小组办公室",
        "previous_key": periods[period_number - 2].key if period_number > 1 else None,
    }
    return Summary(**(standard | facts))


def full_summary(catalogue: Catalogue) -> Summary:
    """The second period of 2021 with everything in it: late, missing, rising, falling, repeated, overdue, warned."""
    empty = summary_of(catalogue)
    departments = {row.code: row.name_zh for row in catalogue.departments}
    reports = _task_reports(catalogue, departments)
    missing = {r.department_code for r in reports if not r.reported}
    owing = list(dict.fromkeys(r.department_code for r in reports))
    return replace(
        empty,
        task_reports=tuple(reports),
        assessments=tuple(_assessment(code, departments[code], code in missing, n) for n, code in enumerate(owing)),
        timeliness=tuple(row for n, code in enumerate(owing) for row in _timeliness(empty, code, departments[code], n)),
        blocks=tuple(_block(catalogue, departments, code, reports) for code in _block_codes(catalogue)),
        difficulties=tuple(_difficulties(reports)),
        rectification=tuple(_rectification(catalogue)),
        indicators=tuple(_indicator(catalogue, n) for n, i in enumerate(catalogue.indicators) if i.year == 2021),
        previous_warnings={"ECO04": "yellow"},
    )


def _block_codes(catalogue: Catalogue) -> list[str]:
    return [block.code for block in catalogue.work_blocks]


def _task_reports(catalogue: Catalogue, departments: dict[str, str]) -> list[TaskReport]:
    blocks = {block.code: block for block in catalogue.work_blocks}
    silent = {"energy", "commerce", "peoples_bank"}
    reports = []
    for n, duty in enumerate(catalogue.responsibilities):
        block = blocks[duty.block_code]
        owed = task_report(
            department_code=duty.department_code,
            department_zh=departments[duty.department_code],
            task_code=block.code,
            task_zh=block.name_zh,
            task_order=block.sort_order,
            role=duty.role,
            previous_percent=20.0 + n % 7,
            percent=None,
        )
        if duty.department_code in silent:
            reports.append(replace(owed, state="missing", state_zh="未报"))
            continue
        percent = 30.0 + (n * 13) % 45 if n % 11 else 15.25
        change = percent - (owed.previous_percent or 0)
        theme, theme_zh, problem = _PROBLEMS[n % 3] if n % 4 == 1 else (None, None, "无")
        reports.append(
            replace(
                owed,
                percent=percent,
                percent_change=change,
                work_text="按照体检工作方案开展数据采集和现场核查。",
                status_text=f"完成第{n + 1}批指标数据的收集。",
                focus_text="指标数据的核对。",
                problems_text=problem,
                next_text=_NEXT,
                reason_text="上期把已收集未核对的数据计入进度，本期改正。" if change < 0 and n % 2 else None,
                fell_without_reason=change < 0 and not n % 2,
                similarity=0.96 if n % 17 == 3 else 0.41,
                text_repeated=n % 17 == 3,
                problem_theme=theme,
                problem_theme_zh=theme_zh,
                received_at=datetime(2021, 6, 4, 9, 30, tzinfo=empty_zone(catalogue)) + timedelta(minutes=n),
                report_date=date(2021, 6, 4),
                timeliness="on_time",
                line_key=f"batch{n:03d}:1",
                filename=f"{owed.department_zh}半月进展.xlsx",
                sheet="进展",
                cell=f"A{n + 5}",
                sha256=f"{n:064x}",
            )
        )
    return reports


def empty_zone(catalogue: Catalogue) -> Any:
    return reporting_periods(catalogue.campaigns[0])[0].cutoff.tzinfo


def _assessment(code: str, name: str, missing: bool, n: int) -> Assessment:
    return Assessment(
        department_code=code,
        department_zh=name,
        role="reporting",
        timeliness="missing" if missing else "on_time",
        timeliness_zh="未报" if missing else "按时",
        received_at=None if missing else datetime(2021, 6, 4, 9, 30, tzinfo=_zone()) + timedelta(minutes=n),
        periods_due=2,
        on_time_count=1 if missing else 2,
        same_day_late_count=0,
        late_count=0,
        missing_count=int(missing),
        timeliness_rate=0.5 if missing else 1.0,
        tasks_owed=4,
        tasks_reported=2 if missing else 4,
        completeness_rate=0.5 if missing else 1.0,
        items_owed=10,
        items_accepted=8,
        indicator_coverage_rate=0.8,
        corrections_needed=n % 3,
        points_timeliness=20.0 if missing else 40.0,
        points_completeness=15.0 if missing else 30.0,
        points_coverage=16.0,
        points_corrections=10 - 0.5 * (n % 3),
        points=(61.0 if missing else 96.0) - 0.5 * (n % 3),
        rank=n + 1,
    )


def _zone() -> Any:
    from cityhealth.settings import CITY_TIMEZONE

    return CITY_TIMEZONE


def _timeliness(summary: Summary, code: str, name: str, n: int) -> list[Timeliness]:
    now = "missing" if code in ("energy", "commerce", "peoples_bank") else "on_time"
    kinds = {5: ("late", "迟报", 3060, "迟 2 天 3 小时"), 6: ("same_day_late", "当日迟报", 95, "迟 1 小时 35 分")}
    state, state_zh, minutes, late_zh = kinds.get(n, ("on_time", "按时", None, None))
    if n == 8:
        state, state_zh = "missing", "未报"
    received = (
        None if state == "missing" else datetime(2021, 5, 20, 18, tzinfo=_zone()) + timedelta(minutes=minutes or -60)
    )
    return [
        Timeliness(
            department_code=code,
            department_zh=name,
            reported_period="2021-05-20",
            received_at=received,
            timeliness=state,
            timeliness_zh=state_zh,
            late_minutes=minutes,
            late_zh=late_zh,
        ),
        Timeliness(
            department_code=code,
            department_zh=name,
            reported_period=summary.period.key,
            received_at=None
            if now == "missing"
            else datetime(2021, 6, 4, 9, 30, tzinfo=_zone()) + timedelta(minutes=n),
            timeliness=now,
            timeliness_zh="未报" if now == "missing" else "按时",
        ),
    ]


def _block(catalogue: Catalogue, departments: dict[str, str], code: str, reports: list[TaskReport]) -> Block:
    block = next(b for b in catalogue.work_blocks if b.code == code)
    own = [r for r in reports if r.task_code == code]
    percents = [r.percent for r in own if r.percent is not None]
    before = [r.previous_percent for r in own if r.previous_percent is not None]
    lead = next(r for r in own if r.role == "lead")
    changes = [r.percent_change for r in own if r.percent_change is not None]
    return Block(
        task_code=code,
        task_zh=block.name_zh,
        lead_zh=lead.department_zh,
        department_count=len(own),
        reported_count=sum(r.reported for r in own),
        percent_count=len(percents),
        percent=sum(percents) / len(percents),
        lead_percent=lead.percent,
        previous_percent=sum(before) / len(before),
        compared_count=len(changes),
        percent_change=sum(changes) / len(changes),
        problem_count=sum(r.problem_theme is not None for r in own),
    )


def _difficulties(reports: list[TaskReport]) -> list[Difficulty]:
    raised = [r for r in reports if r.problem_theme]
    states = (("raised", "提出"), ("assigned", "交办"), ("assigned", "交办"), ("settled", "办结"))
    rows = []
    for n, report in enumerate(raised):
        state, state_zh = states[n % 4]
        decided = state != "raised"
        rows.append(
            Difficulty(
                difficulty_id=f"2021-05-20/{report.task_code}/{report.department_code}",
                raised_period="2021-05-20",
                department_code=report.department_code,
                department_zh=report.department_zh,
                task_code=report.task_code,
                task_zh=report.task_zh,
                problem_text=report.problems_text or "",
                latest_text=report.problems_text or "",
                theme_zh=report.problem_theme_zh,
                state=state,
                state_zh=state_zh,
                periods_open=2,
                reported_again=True,
                assigned_zh="市规划和自然资源局" if decided else None,
                due_date=date(2021, 6, 1 + n % 28) if decided else None,
                overdue=state == "assigned" and 1 + n % 28 < 5,
                decided_on=date(2021, 5, 25) if decided else None,
                note_text="请于下次会议前报结果" if decided else None,
            )
        )
    return rows


def measure(**facts: Any) -> Rectification:
    """A measure of 市住房和城乡建设局 against ECO07 that is under way, except for what is given."""
    standard: dict[str, Any] = {
        "measure_id": "ECO07/housing/1",
        "problem_id": "ECO07",
        "problem_zh": "新建建筑中绿色建筑占比",
        "problem_state": "met",
        "problem_state_zh": "仍符合“短板指标”",
        "owner_department": "housing",
        "owner_zh": "市住房和城乡建设局",
        "measure_text": "新建项目施工图审查增加绿色建筑专项审查。",
        "deadline": date(2021, 9, 30),
        "milestones_zh": "2021-07-31 完成制度修订；2021-09-30 全面执行",
        "status": "under_way",
        "status_zh": "整改中",
        "percent": 40.0,
        "previous_percent": 25.0,
        "percent_change": 15.0,
        "previous_status_zh": "整改中",
        "report_date": date(2021, 6, 3),
        "is_updated": True,
        "filename": "整改措施.xlsx",
        "sheet": "整改措施清单",
        "cell": "B4",
    }
    return Rectification(**(standard | facts))


def _rectification(catalogue: Catalogue) -> list[Rectification]:
    third = {"measure_id": "ECO07/housing/3", "status": "planned", "status_zh": "未开始", "percent": None}
    return [
        measure(),
        measure(
            measure_id="ECO07/housing/2", status="done", status_zh="已完成", percent=100.0, awaiting_verification=True
        ),
        measure(**third, previous_percent=None, deadline=date(2021, 5, 26), overdue=True, overdue_days=10),
        measure(measure_id="ECO09/ecology/1", problem_id="ECO09", problem_state="no_longer", cell="B7"),
        measure(measure_id="ECO07/housing/4", status="cancelled", status_zh="已取消", is_updated=False),
    ]


def _indicator(catalogue: Catalogue, n: int) -> IndicatorRow:
    indicator = catalogue.indicators[n]
    states = ("value", "value", "no_standard", "missing", "refused") if n % 23 else ("not_applicable",)
    state = states[n % len(states)]
    zh = {
        "value": "有值",
        "no_standard": "无标准",
        "missing": "未报",
        "refused": "未通过校验",
        "not_applicable": "不适用",
    }
    red, yellow = state == "value" and n % 4 == 0, state == "value" and n % 4 == 1 and n % 3 == 0
    dimension = next(d for d in catalogue.dimensions if d.code == indicator.dimension_code)
    return IndicatorRow(
        code=indicator.code,
        no=indicator.no,
        name_zh=indicator.name_zh,
        dimension_code=indicator.dimension_code,
        dimension_zh=dimension.name_zh,
        unit=indicator.unit,
        category=indicator.category,
        status=indicator.status,
        status_zh="国家指标" if indicator.status == "official" else "拟议特色指标",
        area_zh="建成区",
        value=12.3456 + n if state in ("value", "no_standard") else None,
        state=state,
        state_zh=zh[state],
        reason_zh=None if state == "value" else "说明原因",
        target_text="≥ 70 %" if state == "value" else None,
        score=55.5 if red else 75.25 if yellow else 100.0 if state == "value" else None,
        grade_zh="短板" if red or yellow else "优势" if state == "value" else None,
        warning="red" if red else "yellow" if yellow else "none" if state == "value" else "not_judged",
        warning_zh="红色预警" if red else "黄色预警" if yellow else "无预警" if state == "value" else "未作判断",
        warning_reason_zh="得分低于60分。" if red else "得分低于80分，属短板。" if yellow else None,
    )
