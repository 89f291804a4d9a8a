"""Summaries as of their cut-off: what came or became known later changes later periods only, whoever computes when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cities import Decision, File, Line, Meeting, Report, Task, hand_in, moment, settle_jincheng

from cityhealth.campaigns import NoSuchPeriod, ReportingPeriod, reporting_period
from cityhealth.catalogue import load
from cityhealth.errors import BuildError
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT, Settings
from cityhealth.transform import Edition, build, latest_edition, periods_without_summary, summarise
from cityhealth.warehouse.connections import Warehouse

CAMPAIGNS = load(PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng").campaigns
MARTS = (
    "semimonthly_summary", "department_assessment", "report_timeliness", "indicator_scorecard_asof",
    "difficulty_list", "work_block_progress",
)  # fmt: skip
BUA = "140500-BUA"
ITEMS = {
    "new_green_building_area": 56, "new_building_area": 100, "sewage_load_collected": 70, "sewage_load_discharged": 100,
    "reclaimed_water_used": 25, "treated_sewage": 100, "complete_communities": 10, "road_length": 800,
    "key_pipelines": 40, "key_pipelines_monitored": 20, "renovated_old_areas": 50, "renovated_old_areas_compliant": 40,
}  # fmt: skip
CORRECTED = list(ITEMS)[2:]


def at(day_of_may: float, *lines: Line, department: str = "housing") -> File:
    """A departmental file, received so many days after 20 May 2021, nine o'clock."""
    return File(department, lines, day=day_of_may)


def task(code: str, percent: float, text: str, problems: str = "无", reason: str = "") -> Task:
    return Task(code, percent, f"{text}的工作", f"{text}的进展", f"{text}的重点", problems, f"{text}的打算", reason)


#: What was received by the cut-off of 2021-06-05.
EARLY = (
    at(-2, *(Line(item, BUA, value) for item, value in ITEMS.items())),
    at(1, Line("road_length", BUA, -5, verdict="refused", reason_zh="小于 0")),
    Report("ecology", "2021-05-20", "2021-05-19 10:00", [task("B01", 10, "水质监测", "缺少资金")]),
    Report("water", "2021-05-20", "2021-05-20 19:30", [task("B01", 20, "河道整治")]),
    Report("health", "2021-05-20", "2021-06-01 09:00", [task("B02", 5, "养老驿站"), task("B03", 5, "急救点位")]),
    Report("ecology", "2021-06-05", "2021-06-03 10:00", [task("B01", 8, "水质监测", "缺少资金")]),
    Report("water", "2021-06-05", "2021-06-04 10:00", [task("B01", 15, "截污管网铺设和泵站改造", reason="重新核定")]),
    Report("water", "2021-06-05", "2021-06-05 17:59", [task("B01", 25, "截污管网铺设和泵站改造")]),
    Report("emergency", "2021-06-05", "2021-06-05 18:00", [replace(task("B03", 5, "避难场所"), verdict="refused")]),
    Meeting(
        "2021-05-22 09:00",
        [
            Decision("2021-05-20/B01/ecology", "assigned", "finance", "2021-06-01", "2021-05-21", "落实经费"),
            Decision("2021-05-20/B10/ecology", "assigned", "finance", "2021-06-01", "2021-05-21", "编号写错"),
        ],
    ),
)
#: What came after it: corrected deliveries, a late report, a report of the next period, the meeting's settlement.
LATER = (
    at(22, Line("new_green_building_area", BUA, 84), Line("new_building_area", BUA, 120)),
    Report("emergency", "2021-06-05", "2021-06-07 09:00", [task("B03", 30, "避难场所", "缺少人手")]),
    Report("water", "2021-06-05", "2021-06-08 09:00", [task("B01", 99, "改写过的截污管网铺设")]),
    Meeting("2021-06-08 09:00", [Decision("2021-05-20/B01/ecology", "settled", on="2021-06-07", note="已安排经费")]),
    Report("ecology", "2021-06-20", "2021-06-18 10:00", [task("B01", 40, "水质自动站建设", "供电不稳")]),
    Report("water", "2021-06-20", "2021-06-18 10:00", [task("B01", 60, "泵站试运行")]),
)


def period(key: str) -> ReportingPeriod:
    return reporting_period(key, CAMPAIGNS)


def become_known_later(settings: Settings) -> None:
    """Ten corrections, a target and a duty known only after the cut-off; one correction ends before 2021-07-05."""
    corrections = settings.seed_dir / "corrections.csv"
    header = corrections.read_text("utf-8").splitlines()[0]
    rows = [
        f"housing,{item},{BUA},2020,{ITEMS[item]},replace,{ITEMS[item] / 2},笔误,市住建局,2021-06-10,"
        + ("2021-06-25" if item == "treated_sewage" else "")
        for item in CORRECTED
    ]
    assert len(rows) == 10
    corrections.write_text("\n".join([f"{header},known_until", *rows]) + "\n", "utf-8")
    with (settings.seed_dir / "targets.csv").open("a", encoding="utf-8") as targets:
        targets.write("mohurd,2021,ECO13,target,>=,20,,%,测试,house,,,,2021-06-12\n")
    with (settings.seed_dir / "responsibilities.csv").open("a", encoding="utf-8") as duties:
        duties.write("B05,ecology,support,house,2021-06-12\nB05,office_of_later,support,house,2021-06-12\n")
    with (settings.seed_dir / "departments.csv").open("a", encoding="utf-8") as departments:
        departments.write("office_of_later,市后来办,Office of later,,reporting,house,2021-06-12\n")


def rows_of(warehouse: Warehouse, key: str, edition: int | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a period, by mart, in an order of their own and without the edition's number."""
    found = {}
    with warehouse.connect("reader") as connection:
        for mart in MARTS:
            table, which = (mart, "") if edition is None else (f"{mart}_editions", f" and edition = {edition}")
            query = f"select (to_jsonb(m) - 'edition')::text from {table} as m where period = '{key}'{which} order by 1"
            found[mart] = connection.execute(query).fetchall()  # type: ignore[arg-type]
    return found


def ask(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with warehouse.connect("reader") as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


@contextmanager
def replaced(path: Path, old: str, new: str) -> Iterator[None]:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    yield
    path.write_text(text, "utf-8")


@pytest.fixture(scope="module")
def city(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settle_jincheng(module_warehouse.settings, tmp_path_factory.mktemp("jincheng"))


@pytest.fixture(scope="module")
def first(module_warehouse: Warehouse, city: Settings) -> tuple[Edition, dict[str, list[tuple[Any, ...]]]]:
    """The period summarised when nothing later was there, on a database in which no mart was ever built."""
    hand_in(module_warehouse, *EARLY)
    edition = summarise(module_warehouse, city, period("2021-06-05"))
    return edition, rows_of(module_warehouse, "2021-06-05")


@pytest.fixture(scope="module")
def later(module_warehouse: Warehouse, city: Settings, first: object) -> None:
    hand_in(module_warehouse, *LATER)
    become_known_later(city)


def test_a_summary_says_what_was_reported_and_what_changed(module_warehouse: Warehouse, first: object) -> None:
    query = (
        "select department_code, task_code, state_zh, percent, previous_percent, percent_change, fell_without_reason,"
        " text_repeated, problem_theme_zh, timeliness from semimonthly_summary where department_code in"
        " ('ecology', 'water', 'emergency') order by 1"
    )
    assert ask(module_warehouse, query) == [
        ("ecology", "B01", "已报", 8, 10, -2, True, True, "资金保障", "on_time"),
        ("emergency", "B03", "未报", None, None, None, False, False, None, "missing"),
        ("water", "B01", "已报", 25, 20, 5, False, False, None, "on_time"),
    ]
    assert ask(module_warehouse, "select count(*) from semimonthly_summary") == [(72,)]


def test_every_department_s_reports_are_on_time_late_or_missing(module_warehouse: Warehouse, first: object) -> None:
    query = (
        "select department_code, reported_period, timeliness_zh, late_zh from report_timeliness"
        " where department_code in ('ecology', 'emergency', 'health', 'water') order by 1, 2"
    )
    assert ask(module_warehouse, query) == [
        ("ecology", "2021-05-20", "按时", None),
        ("ecology", "2021-06-05", "按时", None),
        ("emergency", "2021-05-20", "未报", None),
        ("emergency", "2021-06-05", "未报", None),
        ("health", "2021-05-20", "迟报", "迟 11 天 15 小时"),
        ("health", "2021-06-05", "未报", None),
        ("water", "2021-05-20", "当日迟报", "迟 1 小时 30 分钟"),
        ("water", "2021-06-05", "按时", None),
    ]


def test_points_are_those_of_the_rules(module_warehouse: Warehouse, first: object) -> None:
    query = (
        "select department_code, timeliness_rate, tasks_owed, tasks_reported, corrections_needed, points_timeliness,"
        " points_completeness, points_corrections from department_assessment"
        " where department_code in ('ecology', 'emergency', 'health', 'housing', 'water') order by 1"
    )
    assert ask(module_warehouse, query) == [
        ("ecology", 1, 2, 2, 0, 40, 30, 10),
        ("emergency", 0, 2, 0, 1, 0, 0, 9.5),
        ("health", 0.25, 4, 2, 0, 10, 15, 10),
        ("housing", 0, 20, 0, 1, 0, 0, 9.5),
        ("water", 0.9, 2, 2, 0, 36, 30, 10),
    ]
    ((best, worst),) = ask(module_warehouse, "select min(rank), max(rank) from department_assessment")
    assert best == 1 and worst > 20


def test_warnings_are_counted_for_the_period_and_say_what_to_do(first: tuple[Edition, object]) -> None:
    edition = first[0]
    assert {(node.name, node.failures) for node in edition.warnings} == {
        ("decisions_are_about_known_difficulties", 1),
        ("progress_does_not_fall_without_a_reason", 1),
        ("reports_say_something_new", 1),
    }


def test_a_period_built_again_after_corrections_late_reports_and_a_changed_catalogue_has_the_same_numbers(
    module_warehouse: Warehouse, city: Settings, first: tuple[Edition, dict[str, list[tuple[Any, ...]]]], later: None
) -> None:
    edition, rows = first
    assert all(rows.values())
    again = summarise(module_warehouse, city, period("2021-06-05"))
    assert (again.new, again.edition) == (False, 1)
    assert replace(again, new=True) == edition
    assert rows_of(module_warehouse, "2021-06-05") == rows


def test_an_empty_database_with_everything_handed_in_at_once_has_the_same_numbers(
    warehouse: Warehouse, city: Settings, first: tuple[Edition, dict[str, list[tuple[Any, ...]]]], later: None
) -> None:
    hand_in(warehouse, *reversed([*EARLY, *LATER]))
    next_period = summarise(warehouse, city, period("2021-06-20"))
    edition = summarise(warehouse, city, period("2021-06-05"))
    assert replace(edition, warnings=()) == replace(first[0], warnings=())
    assert rows_of(warehouse, "2021-06-05") == first[1]
    assert next_period.edition == 1


def test_the_next_period_shows_the_changes(module_warehouse: Warehouse, city: Settings, later: None) -> None:
    summarise(module_warehouse, city, period("2021-06-20"))
    summarise(module_warehouse, city, period("2021-07-05"))
    values = ask(
        module_warehouse,
        "select code, array_agg(round(value) order by period), array_agg(target_value order by period)"
        " from indicator_scorecard_asof where code in ('ECO07', 'ECO13', 'ECO14') and period < '2021-08' group by code"
        " order by code",
    )
    assert values == [
        ("ECO07", [56, 70, 70], [100, 100, 100]),  # delivered again
        ("ECO13", [70, 70, 70], [70, 20, 20]),  # both parts halved by corrections; the target changed
        ("ECO14", [25, 25, 12], [None, None, None]),  # one part's correction has ended again
    ]
    timeliness = "select timeliness, late_zh from report_timeliness where department_code = 'emergency'"
    assert ask(module_warehouse, f"{timeliness} and reported_period = '2021-06-05' and period = '2021-06-20'") == [
        ("late", "迟 1 天 15 小时")
    ]
    owed = (
        "select department_code, period, periods_due, tasks_owed from department_assessment"
        " where department_code in ('ecology', 'office_of_later') and period between '2021-06-01' and '2021-07-06'"
    )
    assert ask(module_warehouse, f"{owed} order by 1, 2") == [
        ("ecology", "2021-06-05", 2, 2),
        ("ecology", "2021-06-20", 3, 4),
        ("ecology", "2021-07-05", 4, 6),
        ("office_of_later", "2021-06-20", 1, 1),
        ("office_of_later", "2021-07-05", 2, 2),
    ]
    previous = "select percent, previous_percent from semimonthly_summary where department_code = 'water'"
    assert ask(module_warehouse, f"{previous} and period = '2021-06-20'") == [(60, 99)]


def test_a_difficulty_is_carried_until_it_is_settled(module_warehouse: Warehouse, city: Settings, later: None) -> None:
    for key in ("2021-05-20", "2021-06-20", "2021-07-05"):
        summarise(module_warehouse, city, period(key))
    query = (
        "select period, difficulty_id, state_zh, periods_open, reported_again, assigned_zh, overdue, note_text"
        " from difficulty_list where department_code = 'ecology' and period < '2021-08' order by 1, 2"
    )
    old, new = "2021-05-20/B01/ecology", "2021-06-20/B01/ecology"
    assert ask(module_warehouse, query) == [
        ("2021-05-20", old, "提出", 1, False, None, False, None),
        ("2021-06-05", old, "交办", 2, True, "市财政局", True, "落实经费"),
        ("2021-06-20", old, "办结", 3, False, "市财政局", False, "已安排经费"),
        ("2021-06-20", new, "提出", 1, False, None, False, None),
        ("2021-07-05", new, "提出", 2, False, None, False, None),
    ]


def test_another_problem_is_a_difficulty_of_its_own_and_none_loses_its_words(
    warehouse: Warehouse, city: Settings
) -> None:
    said = (
        "监测站点缺少运行资金20万元，需财政部门协调",
        "采样人员只有2名，培训不足",
        "监测站点仍缺少运行资金12万元，无着落",
    )
    days = (("2021-05-20", "2021-05-19"), ("2021-06-05", "2021-06-04"), ("2021-06-20", "2021-06-18"))
    hand_in(
        warehouse,
        *(
            Report("ecology", key, f"{day} 10:00", [task("B01", 10, "水质监测", words)])
            for (key, day), words in zip(days, said, strict=True)
        ),
        Meeting("2021-05-25 09:00", [Decision("2021-05-20/B01/ecology", "assigned", "finance", "2021-06-30")]),
        Meeting("2021-06-08 09:00", [Decision("2021-06-05/B01/ecology", "assigned", "housing", "2021-06-30")]),
    )
    edition = summarise(warehouse, city, period("2021-06-20"))
    assert not edition.warnings
    query = (
        "select difficulty_id, problem_text, latest_text, reworded, reported_again, assigned_zh, theme_zh"
        " from difficulty_list order by 1"
    )
    assert ask(warehouse, query) == [
        ("2021-05-20/B01/ecology", said[0], said[2], True, True, "市财政局", "资金保障"),
        ("2021-06-05/B01/ecology", said[1], said[1], False, False, "市住房和城乡建设局", "人员力量"),
    ]


def test_points_for_completeness_count_fields_and_a_task_of_nothing_but_no_is_not_reported(
    warehouse: Warehouse, city: Settings
) -> None:
    no = Task("B01", None, "无", "无", "无", "无", "无")
    hand_in(
        warehouse,
        Report("ecology", "2021-05-20", "2021-05-19 10:00", [no]),
        Report("water", "2021-05-20", "2021-05-19 10:00", [Task("B01", None, "截污", "过半")]),
        Report("energy", "2021-05-20", "2021-05-18 10:00", [task("B02", 0, "清洁取暖")]),
        Report("energy", "2021-05-20", "2021-05-19 10:00", [replace(no, code="B02")]),
    )
    summarise(warehouse, city, period("2021-05-20"))
    query = (
        "select department_code, state, s.fields_filled, a.timeliness, completeness_rate, points_completeness"
        " from semimonthly_summary as s join department_assessment as a using (period, department_code)"
        " where department_code in ('ecology', 'energy', 'water') and task_code in ('B01', 'B02') order by 1"
    )
    assert ask(warehouse, query) == [
        ("ecology", "missing", 0, "missing", 0, 0),
        ("energy", "reported", 6, "on_time", 0.5, 15),  # of two tasks
        ("water", "reported", 2, "on_time", pytest.approx(1 / 3), 10),
    ]


def test_what_rests_on_synthetic_files_says_so_and_what_is_real_does_not(warehouse: Warehouse, city: Settings) -> None:
    label = "合成数据"
    made = replace(task("B01", 10, "水质监测", "缺少运行资金20万元"), responsible=f"业务科（{label}）")
    hand_in(
        warehouse,
        File("housing", [Line("new_green_building_area", BUA, 50, source=f"年报（{label}）")]),
        File(
            "housing", [Line("new_building_area", BUA, 80), Line("road_length", BUA, 80), Line("key_pipelines", BUA, 9)]
        ),
        File("housing", [Line("key_pipelines_monitored", BUA, 8)]),
        Report("ecology", "2021-05-20", "2021-05-19 10:00", [made]),
        Report("ecology", "2021-06-05", "2021-06-04 10:00", [task("B01", 20, "水质自动站建设")]),
        Report("water", "2021-06-05", "2021-06-04 10:00", [task("B01", 20, f"剔除{label}", f"{label}不能用")]),
    )
    summarise(warehouse, city, period("2021-06-05"))
    for query, expected in (
        ("department_code from semimonthly_summary", ["ecology"]),
        ("difficulty_id from difficulty_list", ["2021-05-20/B01/ecology"]),
        ("reported_period || department_code from report_timeliness", ["2021-05-20ecology"]),
        ("code from indicator_scorecard_asof", ["ECO07"]),
    ):
        assert ask(warehouse, f"select distinct {query} where synthetic") == [(row,) for row in expected]
    assert ask(warehouse, "select count(*) from indicator_scorecard_asof where value is not null") == [(2,)]


def test_a_changed_formula_makes_the_next_edition_and_the_first_stays(
    module_warehouse: Warehouse, city: Settings, first: tuple[Edition, dict[str, list[tuple[Any, ...]]]], later: None
) -> None:
    (row,) = [line for line in (city.seed_dir / "indicators.csv").read_text("utf-8").splitlines() if ",ECO07," in line]
    with replaced(
        city.seed_dir / "indicators.csv", row, row.replace("new_building_area,100,", "new_building_area,10,")
    ):
        second = summarise(module_warehouse, city, period("2021-06-05"))
    assert (second.new, second.edition) == (True, 2)
    assert second.catalogue_hash != first[0].catalogue_hash and second.code_hash == first[0].code_hash
    values = "select edition, round(10 * value) from {} where period = '2021-06-05' and code = 'ECO07' order by edition"
    assert ask(module_warehouse, values.format("indicator_scorecard_asof")) == [(2, 56)]
    assert ask(module_warehouse, values.format("indicator_scorecard_asof_editions")) == [(1, 560), (2, 56)]
    assert rows_of(module_warehouse, "2021-06-05", edition=1) == first[1]
    assert ask(module_warehouse, "select edition, is_latest from period_edition where period = '2021-06-05'") == [
        (1, False),
        (2, True),
    ]


def test_changed_code_with_a_new_column_makes_an_edition_too_and_older_ones_have_it_empty(
    module_warehouse: Warehouse, city: Settings, first: object
) -> None:
    progress = city.dbt_project_dir / "models" / "marts" / "progress"
    column = "      - {name: percent, data_type: double precision"
    added = '      - {name: double_percent, data_type: double precision, description: "两倍。Twice."}\n'
    editions = progress / "editions" / "work_block_progress_editions"
    before = latest_edition(module_warehouse, "2021-06-05")
    assert before is not None
    with (
        replaced(
            editions.with_suffix(".sql"),
            "    count(line_key)",
            "    avg(percent) * 2 as double_percent,\n    count(line_key)",
        ),
        replaced(editions.with_suffix(".yml"), column, added + column),
        replaced(progress / "work_block_progress.yml", column, added + column),
    ):
        edition = summarise(module_warehouse, city, period("2021-06-05"))
    assert edition.edition == before.edition + 1 and edition.code_hash != before.code_hash
    query = (
        "select edition, double_percent from work_block_progress_editions"
        " where period = '2021-06-05' and task_code = 'B01' order by 1"
    )
    assert ask(module_warehouse, query)[-2:] == [(before.edition, None), (edition.edition, 33)]


def test_rows_that_went_missing_are_computed_again_under_their_number(
    module_warehouse: Warehouse, city: Settings, later: None
) -> None:
    made = summarise(module_warehouse, city, period("2021-08-05"))
    rows = rows_of(module_warehouse, "2021-08-05")
    with module_warehouse.connect("transformer") as connection:
        connection.execute("delete from marts.report_timeliness_editions where period = '2021-08-05'")
    again = summarise(module_warehouse, city, period("2021-08-05"))
    assert (again.edition, again.new) == (made.edition, False)
    assert rows_of(module_warehouse, "2021-08-05") == rows


def test_a_summary_whose_checks_fail_is_not_shown_and_its_number_is_taken_again(
    module_warehouse: Warehouse, city: Settings, first: object
) -> None:
    model = city.dbt_project_dir / "models" / "marts" / "progress" / "editions" / "difficulty_list_editions.sql"
    rows = "from difficulties\n"
    twice = "from (select * from difficulties union all select * from difficulties) as difficulties\n"
    with (
        replaced(model, rows + "inner join periods", twice + "inner join periods"),
        pytest.raises(BuildError) as caught,
    ):
        summarise(module_warehouse, city, period("2021-09-05"))
    assert "difficulty_list_editions" in str(caught.value)
    assert latest_edition(module_warehouse, "2021-09-05") is None
    assert ask(module_warehouse, "select * from semimonthly_summary where period = '2021-09-05'") == []
    assert period("2021-09-05") in periods_without_summary(
        module_warehouse, CAMPAIGNS, datetime(2021, 9, 30, tzinfo=CITY_TIMEZONE)
    )
    made = summarise(module_warehouse, city, period("2021-09-05"))
    assert (made.edition, made.new) == (1, True)


def test_periods_without_summary_are_those_that_are_due(module_warehouse: Warehouse, city: Settings) -> None:
    summarise(module_warehouse, city, period("2021-11-05"))
    keys = {p.key for p in periods_without_summary(module_warehouse, CAMPAIGNS, moment("2021-12-05 17:59"))}
    assert "2021-11-20" in keys
    assert not {"2021-11-05", "2021-12-05"} & keys
    keys = {p.key for p in periods_without_summary(module_warehouse, CAMPAIGNS, moment("2021-12-05 18:00"))}
    assert "2021-12-05" in keys


def test_a_period_that_no_campaign_knew_on_its_due_date_is_refused(module_warehouse: Warehouse, city: Settings) -> None:
    stranger = replace(period("2021-06-05"), due=period("2021-06-05").due.replace(day=6))
    with pytest.raises(NoSuchPeriod, match="2021-06-06"):
        summarise(module_warehouse, city, stranger)


def test_marts_of_today_and_summaries_leave_each_other_alone(
    module_warehouse: Warehouse, city: Settings, first: object
) -> None:
    edition = summarise(module_warehouse, city, period("2021-06-05"))
    rows = rows_of(module_warehouse, "2021-06-05")
    build(module_warehouse, city)
    assert rows_of(module_warehouse, "2021-06-05") == rows
    assert summarise(module_warehouse, city, period("2021-06-05")) == replace(edition, new=False)
    kept = "select 1 from history.mart_row where mart like '%%editions%%'"
    with module_warehouse.connect("transformer") as connection:
        assert connection.execute(kept).fetchall() == []
