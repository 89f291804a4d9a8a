"""`make demo`: a synthetic city's files and half-month reports go through Airflow to the marts and into documents, and
what happened is printed."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from functools import partial

from rich.console import Console
from rich.table import Table

from cityhealth.backfill import finish, start, wait_for_runs
from cityhealth.campaigns import ReportingPeriod, reporting_periods
from cityhealth.catalogue import Catalogue, check, load
from cityhealth.errors import CatalogueError
from cityhealth.feeds import FEEDS
from cityhealth.landing import Arrival, LandingZone
from cityhealth.replay import ingest_through_airflow
from cityhealth.reports import status
from cityhealth.sample_city import generate, land_all
from cityhealth.sample_city.air import LAST_HOUR, generate_air
from cityhealth.sample_city.campaign import generate_campaign
from cityhealth.sample_city.interviews import generate_interviews
from cityhealth.sample_city.movement import generate_movement
from cityhealth.sample_city.peers import generate_peers
from cityhealth.sample_city.rectification import generate_rectification
from cityhealth.sample_city.self_check import generate_self_check
from cityhealth.sample_city.survey import generate_survey
from cityhealth.sample_city.terrain import generate_terrain
from cityhealth.sample_city.third_party import generate_third_party
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.spatial.reference import build_areas, city_of
from cityhealth.stack import AirflowClient, LocalAirflow
from cityhealth.transform import prepare
from cityhealth.warehouse.connections import Warehouse, warehouse as open_warehouse
from cityhealth.warehouse.migrate import migrate

#: No task of the demo waits for an outside event, so the triggerer would only take a core.
_COMPONENTS = ("scheduler", "dag-processor", "api-server")
#: The first reporting periods of the campaign, which are summarised.
_PERIODS = 6
_AT_ONCE = 2


def run(settings: Settings, out: Console) -> None:
    """Run the demo and print its result; safe to repeat, and faster the second time.

    Raises:
        CatalogueError: the catalogue is not whole.
        StackError: Airflow does not start, or a run fails; the message names the run and its tasks.
    """
    started = time.monotonic()

    def say(message: str) -> None:
        out.print(f"[dim]{time.monotonic() - started:6.1f} s[/]  {message}", highlight=False)

    say("catalogue")
    findings = check(settings.seed_dir)
    if findings:
        raise CatalogueError("; ".join(map(str, findings[:5])))
    catalogue = load(settings.seed_dir)
    say("PostgreSQL (embedded)" if settings.database_url is None else "PostgreSQL")
    warehouse = open_warehouse(settings, start=True)
    migrate(warehouse)
    campaign = next(c for c in catalogue.campaigns if c.year == settings.year)
    periods = reporting_periods(campaign)[:_PERIODS]
    airflow = LocalAirflow(settings, warehouse)
    with ExitStack() as undo:
        if not airflow.running():
            undo.callback(airflow.down)
        # Airflow starts in processes of its own while the files are made here.
        with ThreadPoolExecutor(1) as beside:
            ready = beside.submit(airflow.up, _COMPONENTS, progress=say)
            landed = _land_the_city(settings, catalogue, say)
            ready.result()
        client = airflow.client()
        movement = [arrival.day for arrival in landed if arrival.feed == "mobility"]
        others = [arrival for arrival in landed if arrival.feed != "mobility"]
        # The report's run builds all marts at the end; a build before would only stand in the way of the summaries.
        ingest_through_airflow(client, others, say, wake_consumers=False)
        # Side by side: the summaries, each of which loads and judges by itself what came before its cut-off, so that
        # the newest does it for all; movement data, summed up once, by the boundary that came with the layers; and the
        # tables that summaries are put into.
        moved = start(client, "ingest_mobility", min(movement), max(movement), wake_consumers=False, say=say)
        summaries = start(
            client,
            "semimonthly_summary",
            periods[0].due,
            periods[-1].due,
            max_active_runs=_AT_ONCE,
            newest_first=True,
            say=say,
        )
        prepare(warehouse, settings)
        finish(client, moved, say)
        finish(client, summaries, say)
        # Last, since both look at all that there is.
        asked = {
            # That of the last hour of which there are readings.
            "monitor_indicators": _ask_for(
                client, "monitor_indicators", f"{LAST_HOUR - timedelta(hours=1):%Y-%m-%dT%H}"
            ),
            "self_examination": _ask_for(client, "self_examination", str(settings.year)),
        }
        for dag_id, run_id in asked.items():
            wait_for_runs(client, dag_id, partial(_run_of, client, dag_id, run_id), say)
    _print_result(warehouse, catalogue, settings, out)
    _print_measured(warehouse, out)
    _print_movement(warehouse, out)
    _print_warnings(warehouse, out)
    _print_summary(warehouse, periods[-1], out)
    _print_examination(warehouse, settings.year, out)
    out.print(
        f"\nDone in {time.monotonic() - started:.0f} s. Next: `make up` (Airflow), `.venv/bin/cityhealth status`,"
        ' `.venv/bin/cityhealth sql "select * from value_lineage limit 5"`.',
        highlight=False,
    )


def _land_the_city(settings: Settings, catalogue: Catalogue, say: Callable[[str], None]) -> list[Arrival]:
    """The synthetic city's files in the landing zone. Returns the arrivals of evidence: what came later, half-month
    reports and whatever judges, is loaded by the summaries alone."""
    landing = LandingZone(settings.landing_url)
    areas = build_areas(city_of(catalogue), catalogue, settings.areas_path)
    evidence = [*generate(catalogue), *generate_terrain(catalogue, areas), *generate_movement(catalogue, areas).files]
    landed = land_all(evidence, landing)
    judging = [
        file
        for judge in (
            generate_survey, generate_third_party, generate_peers, generate_self_check, generate_rectification,
            generate_interviews,
        )
        for file in judge(catalogue)
    ]  # fmt: skip
    reports = generate_campaign(catalogue, periods=_PERIODS)
    later = land_all([*reports, *generate_air(catalogue).files, *judging], landing)
    say(f"{len(landed) + len(later)} synthetic files in the landing zone {settings.landing_url}")
    return landed


def _ask_for(client: AirflowClient, dag_id: str, key: str) -> str:
    """A run of a partition. Returns its id.

    Asked for before the DAG is unpaused, which makes a run of the present as well: by then all is silent.
    """
    asked = client.trigger(dag_id, key)
    client.unpause(dag_id)
    return asked


def _run_of(client: AirflowClient, dag_id: str, run_id: str) -> list[dict]:
    return [run for run in client.runs(dag_id) if run["dag_run_id"] == run_id]


def _print_result(warehouse: Warehouse, catalogue: Catalogue, settings: Settings, out: Console) -> None:
    out.rule("到件与校验 files and rows")
    for s in status.feed_status(warehouse, LandingZone(settings.landing_url), list(FEEDS)):
        out.print(str(s), highlight=False, soft_wrap=True)
    with warehouse.connect("reader") as connection:
        states = connection.execute(
            "select state_zh, count(*) filter (where status = 'official'), count(*) filter (where status <> 'official')"
            " from indicator_scorecard group by state, state_zh order by min(state_order)"
        ).fetchall()
        dimensions = connection.execute(
            "select dimension_zh, score, scored_count, applicable_count, value_count, missing_count, refused_count,"
            " red_count, yellow_count from dimension_scorecard order by sort_order"
        ).fetchall()
    table = Table("状态 state", "65 项", "特色指标（拟）", title=f"{catalogue.examination(settings.year).year} 年指标")
    for state, official, local in states:
        table.add_row(state, str(official), str(local))
    out.print(table)
    table = Table(
        "维度 dimension",
        "得分",
        "评分/适用",
        "有值",
        "未报",
        "退回",
        "红",
        "黄",
        title="维度得分 scorecard（合成数据）",
    )
    for name, score, scored, applicable, *counts in dimensions:
        table.add_row(name, "—" if score is None else f"{score:.1f}", f"{scored}/{applicable}", *map(str, counts))
    out.print(table)
    refused = [refusal for refusal in status.refusals(warehouse) if refusal.receipt_path]
    out.print(f"回执 receipts: {len(refused)} files were refused, whole or in part; e.g.")
    for refusal in refused[:8]:
        out.print(f"  {refusal.receipt_path}", highlight=False, markup=False, soft_wrap=True)


def _print_measured(warehouse: Warehouse, out: Console) -> None:
    with warehouse.connect("reader") as connection:
        sources = connection.execute(
            "select sources_zh, count(*), string_agg(code, ' ' order by code) from indicator_scorecard"
            " where sources_zh is not null group by sources_zh order by count(*) desc"
        ).fetchall()
        compared = connection.execute(
            "select item_zh, m.value, m.unit, source_kind_zh, value_used, m.value / nullif(value_used, 0) - 1"
            " from measured_value as m join source_reconciliation as r"
            " on r.item_code = m.item_code and r.area_code = m.area_code and r.period = m.period"
            " and r.source_compared = m.source_kind"
            " where m.is_in_force and r.source_used = 'departmental' and r.exceeds_tolerance"
            " order by abs(relative_difference) desc limit 6"
        ).fetchall()
    for source, count, codes in sources:
        shown = f"：{codes}" if count <= 12 else ""
        out.print(f"依据{source}的指标 {count} 项{shown}", highlight=False, soft_wrap=True)
    table = Table(
        "数据项 item", "测得", "单位", "来源", "部门填报", "相差", title="测算与填报不一致 measured and reported"
    )
    for name, value, unit, source, reported, difference in compared:
        parted = "—" if difference is None else f"{difference:+.1%}"
        table.add_row(name, f"{value:,.1f}", unit, source, f"{reported:,.1f}", parted)
    out.print(table)


def _print_movement(warehouse: Warehouse, out: Console) -> None:
    with warehouse.connect("reader") as connection:
        kinds = connection.execute(
            "select kind_zh, count(*), sum(rows_in), sum(rows_kept), string_agg(distinct engine, ' '), sum(seconds)"
            " from movement_day group by kind_zh order by sum(rows_in) desc"
        ).fetchall()
    table = Table("移动数据 movement", "天数", "行数", "保留", "引擎 engine", "秒 s", title="移动数据清洗 cleaned")
    for name, days, rows, kept, engine, seconds in kinds:
        table.add_row(name, str(days), f"{rows:,}", f"{kept:,}", engine, f"{seconds:.1f}")
    out.print(table)


def _print_warnings(warehouse: Warehouse, out: Console) -> None:
    with warehouse.connect("reader") as connection:
        warnings = connection.execute(
            "select rule_zh, subject_zh, worst_level, raised_at, cleared_at, reason_zh from ("
            " select *, row_number() over (partition by cleared_at is null order by raised_at desc) as place"
            " from indicator_warning where raised_at <= %s) as numbered"
            " where place <= 6 order by cleared_at desc nulls first, raised_at desc",
            (LAST_HOUR,),
        ).fetchall()
    title = f"截至 {LAST_HOUR:%Y-%m-%d %H:%M} 的预警 early warning"
    table = Table("预警 warning", "对象", "级别", "发出 raised", "解除 cleared", "原因", title=title)
    for rule, subject, level, raised, cleared, reason in warnings:
        moments = (f"{moment.astimezone(CITY_TIMEZONE):%m-%d %H:%M}" if moment else "—" for moment in (raised, cleared))
        table.add_row(rule, subject, {"red": "红", "yellow": "黄"}[level], *moments, reason)
    out.print(table)


def _print_summary(warehouse: Warehouse, period: ReportingPeriod, out: Console) -> None:
    with warehouse.connect("reader") as connection:
        blocks = connection.execute(
            "select task_zh, lead_zh, reported_count, department_count, percent, percent_change, problem_count"
            " from work_block_progress where period = %s order by task_order",
            (period.key,),
        ).fetchall()
        timely = connection.execute(
            "select timeliness_zh, count(*), string_agg(department_zh, '、' order by department_code)"
            " from department_assessment where period = %s group by timeliness_zh order by count(*) desc",
            (period.key,),
        ).fetchall()
        documents = connection.execute(
            "select distinct on (kind) path from period_document where period = %s"
            " order by kind desc, edition desc, rendered_at desc",
            (period.key,),
        ).fetchall()
    table = Table(
        "工作任务 task",
        "牵头单位",
        "已报/应报",
        "完成 %",
        "可比变化",
        "问题",
        title=f"{period.title_zh}半月进展 half-month summary（合成数据）",
    )
    for name, lead, reported, departments, percent, change, problems in blocks:
        table.add_row(
            name,
            lead,
            f"{reported}/{departments}",
            "—" if percent is None else f"{percent:.1f}",
            "—" if change is None else f"{change:+.1f}",
            str(problems),
        )
    out.print(table)
    for state, count, names in timely:
        out.print(f"{state} {count}" + (f"：{names}" if count <= 5 else ""), highlight=False, soft_wrap=True)
    out.print("简报与附表 brief and annex:")
    for (path,) in documents:
        out.print(f"  {path}", highlight=False, markup=False, soft_wrap=True)


def _print_examination(warehouse: Warehouse, year: int, out: Console) -> None:
    with warehouse.connect("reader") as connection:
        satisfied = connection.execute(
            "select i.subject_zh, i.satisfaction, i.ci_low, i.ci_high, m.objective_score, m.match_zh"
            " from satisfaction_index as i"
            " left join perception_match as m on m.wave = i.wave and m.dimension_code = i.dimension_code"
            " left join dimension_scorecard as d on d.dimension_code = i.dimension_code and d.year = %s"
            " where i.subject_kind = 'dimension' and i.group_kind = 'all'"
            " and i.area_code in (select area_code from dim_area where level = 'city')"
            " order by d.sort_order",
            (year,),
        ).fetchall()
        problems = connection.execute(
            "select status_zh, count(*), count(*) filter (where severity = 'high'), sum(measure_count),"
            " count(*) filter (where overdue) from problem_list where merged_into is null"
            " group by status, status_zh"
            " order by array_position(array['open', 'in_progress', 'awaiting_verification', 'closed'], status)"
        ).fetchall()
        counts = connection.execute(
            "select (select count(*) from third_party_comparison),"
            " (select count(*) from third_party_comparison where exceeds_tolerance),"
            " (select count(*) from self_check), (select count(*) from self_check_contradiction)"
        ).fetchone()
        report = connection.execute(
            "select path, state_zh from examination_report where year = %s and is_latest", (year,)
        ).fetchone()
    table = Table("维度 dimension", "满意度", "95% 区间", "客观得分", "匹配", title="满意度调查 survey（合成数据）")
    for name, index, low, high, score, match in satisfied:
        shown = "—" if index is None else f"{index:.1f}"
        interval = "—" if low is None else f"{low:.1f}–{high:.1f}"
        table.add_row(name, shown, interval, "—" if score is None else f"{score:.1f}", match or "—")
    out.print(table)
    table = Table("状态 state", "问题", "其中严重", "措施", "有超期", title="城市病清单 problem list（合成数据）")
    for status_zh, number, high, measures, overdue in problems:
        table.add_row(status_zh, str(number), str(high), str(measures), str(overdue))
    out.print(table)
    compared, parted, checked, contradicted = counts or (0, 0, 0, 0)
    out.print(
        f"第三方比对 {compared} 项，超出容差 {parted} 项；部门自查 {checked} 份（部门×维度），"
        f"与采用值不符的数字 {contradicted} 处",
        soft_wrap=True,
    )
    if report:
        out.print(f"城市自体检报告 the city's report（{report[1]}）:")
        out.print(f"  {report[0]}", highlight=False, markup=False, soft_wrap=True)
