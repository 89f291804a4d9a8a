"""Problems of a city over half a summer: opened, closed by a value only, opened again, and never renumbered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cities import File, Line, hand_in, settle_jincheng
from measures import List_, Measure, Note, Wave, hand_in_lists, hand_in_waves
from third_parties import SENDER, Found, hand_in_found

from cityhealth.campaigns import reporting_period
from cityhealth.catalogue import load
from cityhealth.quality.problems import question_problem
from cityhealth.settings import Settings
from cityhealth.transform import build, build_if_changed, summarise
from cityhealth.warehouse.connections import Warehouse

BUA = "140500-BUA"
PERIODS = ("2021-06-05", "2021-06-20", "2021-07-05", "2021-08-05")


def green(day: float, share: float, verdict: str = "accepted") -> File:
    """The share of green buildings (target 100 %), handed in so many days after 20 May."""
    lines = [
        Line("new_green_building_area", BUA, share, verdict=verdict),
        Line("new_building_area", BUA, 100),
    ]
    return File("housing", lines, day=day)


HANDED_IN = (
    green(0, 40),
    File("natural_resources", [Line("cluster_area", f"{BUA[:-3]}C{n}", 70 if n == 1 else 40) for n in range(1, 7)]),
    File("housing", [Line("new_residential_over_80m", BUA, 3)]),
    # Better, and still below 80 points.
    green(20, 70),
    File("housing", [Line("new_residential_over_80m", BUA, state="withdrawn")], day=21),
    green(35, 100),
    # Refused: says nothing.
    green(52, 10, verdict="refused"),
    green(70, 30),
    # Without a target worse than peers; a target is published later, and it is reached (TARGET).
    File("stats", [Line("listed_companies", "140502", 3), Line("district_population", "140502", 1_000_000)]),
    *(File("stats", [Line("peer_inn10", f"140{n}00", 0.05)], feed="yearbook", source_kind="yearbook") for n in (1, 2)),
)
TARGET = "mohurd,2021,INN10,target,>=,0.03,,个/万人,合成,house,,,,2021-07-01\n"
LISTS = (
    List_(
        "2021-06-10 10:00",
        [
            Measure(
                "ECO07", "housing", "under_way", 20, milestones=[("2021-07-31", "完成排查"), ("2021-09-30", "完工")]
            ),
            Measure("ECO04", "housing", "done", 100),
            Measure("ECO02", "natural_resources", "under_way", 10, deadline="2021-07-10"),
            Measure("ECO02", "natural_resources", "planned", deadline=None, number=2),
            Measure("ECO02@140500-C1", "natural_resources", "cancelled"),
            Measure("ECO01", "natural_resources", "planned", text="写错了编号"),
        ],
    ),
    List_("2021-07-01 10:00", [Measure("ECO07", "housing", "done", 100)]),
    List_("2021-07-18 10:00", [Measure("ECO02", "natural_resources", "under_way", 60, deadline="2021-07-10")]),
    List_(
        "2021-06-24 10:00",
        [
            Note("FT-001", "高层住宅多，救援难", problem="ECO04", area="140502"),
            Note("FT-002", "绿色建筑少", indicator="ECO07"),
        ],
    ),
)


#: Of what the city itself said nothing: one value that is good later, one that is later of something else.
FOUND = (
    (2, [Found("ECO13", 35, BUA), Found("TRA02", 4, BUA)]),
    (19, [Found("ECO13", 60, BUA, definition="按污水量计"), Found("TRA02", 9, BUA)]),
)

CITY, DISTRICT = "140500", "140502"
Q01, Q02 = (question_problem("居民满意度", code, f"问题{code}") for code in ("Q01", "Q02"))
BY_TELEPHONE = question_problem("物业服务电话调查", "Q02", "您对物业缴费是否方便满意？")
WAVES = (
    Wave(
        "2021-06",
        "2021-06-28 12:00",
        # Of a district the upper end of the interval counts: of Q02 it is too wide to say anything.
        [("Q01", "ECO07", CITY, 45, 48), ("Q01", "ECO07", DISTRICT, 40, 49), ("Q02", None, CITY, 40, 43),
         ("Q02", None, DISTRICT, 30, 70)],
    ),
    # Another survey, with a wave of a later name: its question of the same number is another one.
    Wave("2021-08-long", "2021-07-20 12:00", [("Q02", None, CITY, 45, 60)], "物业服务电话调查",
         "您对物业缴费是否方便满意？"),
    Wave("2021-07", "2021-07-25 12:00", [("Q01", "ECO07", CITY, 55, 58), ("Q02", None, CITY, 75, 78)]),
    # A file of the wave before that comes late says nothing of the present.
    Wave("2021-06", "2021-07-26 12:00", [("Q02", None, CITY, 41, 44)]),
    # One more file of the wave; the title says which time it is, and the wording is typed anew.
    Wave("2021-07", "2021-07-27 12:00", [("Q01", "ECO07", CITY, 56, 59), ("Q01", "ECO07", DISTRICT, 46.3, 57.6),
         ("Q02", None, CITY, 75, 78)], "2021年居民满意度", "问题 {}？"),
)  # fmt: skip


def settled(settings: Settings, root: Path) -> Settings:
    city = settle_jincheng(settings, root)
    with (city.seed_dir / "targets.csv").open("a", encoding="utf-8") as targets:
        targets.write(TARGET)
    return city


def summarised(warehouse: Warehouse, settings: Settings, keys: Sequence[str]) -> None:
    campaigns = load(settings.seed_dir).campaigns
    for key in keys:
        summarise(warehouse, settings, reporting_period(key, campaigns))


@pytest.fixture(scope="module")
def city(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settled(module_warehouse.settings, tmp_path_factory.mktemp("city"))
    hand_in(module_warehouse, *HANDED_IN)
    hand_in_lists(module_warehouse, *LISTS)
    hand_in_waves(module_warehouse, *WAVES)
    hand_in_found(module_warehouse, *FOUND)
    # Before any summary there is no table of editions: the marts are built without it.
    build(module_warehouse, settings)
    return settings


@pytest.fixture(scope="module")
def before(module_warehouse: Warehouse, city: Settings) -> list[tuple[Any, ...]]:
    return rows_of(
        module_warehouse, "select problem_id, status, opened_on from problem_list where kind = 'indicator' order by 1"
    )


@pytest.fixture(scope="module")
def warned(module_warehouse: Warehouse, city: Settings, before: object) -> set[str]:
    summarised(module_warehouse, city, PERIODS)
    result = build_if_changed(module_warehouse, city)
    assert result is not None, "new editions are news to the list of problems"
    return {node.name for node in result.warnings}


@pytest.fixture
def ask(module_warehouse: Warehouse, warned: set[str]):
    return lambda query: rows_of(module_warehouse, query)


def rows_of(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with warehouse.connect("reader") as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def test_without_a_summary_the_list_knows_the_present_alone(before: list[tuple[Any, ...]]) -> None:
    today = date(2021, 7, 29)
    assert before == [("ECO02", "in_progress", today), ("ECO02@140500-C1", "open", today), ("ECO07", "open", today)]


def test_a_problem_is_opened_by_the_first_snapshot_that_meets_a_rule(ask) -> None:
    query = (
        "select problem_id, opened_on, opened_by, severity, name_zh from problem_list"
        " where reopened_count = 0 and kind = 'indicator' order by 1"
    )
    day = date(2021, 6, 5)
    assert ask(query) == [
        ("ECO02", day, "shortfall", "medium", "组团规模"),
        ("ECO02@140500-C1", day, "shortfall", "medium", "组团规模（组团一）"),
        ("ECO04", day, "bottom_line_missed", "high", "新建住宅建筑高度超过80米的数量"),
        ("INN10", day, "worse_than_peers", "low", "万人上市公司数量"),
    ]


def test_a_value_that_is_withdrawn_or_refused_closes_nothing(ask) -> None:
    assert ask("select status, value, closed_on from problem_list where problem_id = 'ECO04'") == [
        ("awaiting_verification", 3, None)
    ]
    assert ask("select state from indicator_scorecard where year = 2021 and code = 'ECO04'") == [("missing",)]


def test_a_better_value_that_still_meets_a_rule_keeps_a_problem_open_and_a_good_one_closes_it(
    ask, module_warehouse: Warehouse
) -> None:
    query = (
        "select spell, opened_on, opened_by, opened_value, closed_on, closed_value"
        " from intermediate.int_problem_spells where problem_id = 'ECO07' order by 1"
    )
    with module_warehouse.connect("transformer") as connection:
        assert connection.execute(query).fetchall() == [
            (1, date(2021, 6, 5), "low_score", 40, date(2021, 7, 5), 100),
            (2, date(2021, 8, 5), "low_score", 30, None, None),
        ]


def test_peers_have_no_say_once_a_target_is_published(ask) -> None:
    query = "select status, score, closed_on, closed_by_zh, evidence_zh from problem_list where problem_id = 'INN10'"
    ((status, score, closed_on, closed_by, evidence),) = ask(query)
    assert (status, score, closed_on) == ("closed", 100, date(2021, 7, 5))
    assert closed_by == "2021年7月5日已有公布的目标值，不再按同类城市认定"
    # The value that opened it, then what closed it.
    assert evidence == (
        "2021 年度体检，城区为 0.03 个/万人，同类城市中位数 0.05；符合“明显差于同类城市”"
        "（没有公布目标值的指标，比同类城市中位数差20%以上）；"
        "2021年6月5日列入清单；2021年7月5日，已有公布的目标值，不再按同类城市认定，销号。"
    )


def test_a_problem_that_comes_back_is_opened_again_under_its_id(ask) -> None:
    query = (
        "select opened_on, closed_on, reopened_count, severity, value, status from problem_list"
        " where problem_id = 'ECO07'"
    )
    # What was done before it came back has not solved it: nothing is under way.
    assert ask(query) == [(date(2021, 8, 5), None, 1, "high", 30, "open")]
    ((evidence,),) = ask("select evidence_zh from problem_list where problem_id = 'ECO07'")
    assert "2021年6月5日列入清单，2021年8月5日第1次重新列入" in evidence


def test_what_residents_say_is_merged_into_the_problem_of_its_indicator_and_closed_by_a_later_wave(ask) -> None:
    opened, closed = date(2021, 6, 28), date(2021, 7, 25)
    query = (
        "select problem_id, severity, status, opened_on, closed_on, merged_into, value from problem_list"
        " where kind = 'survey' order by 1"
    )
    assert ask(query) == sorted(
        [
            (Q01, "medium", "open", opened, None, "ECO07", 56),
            (f"{Q01}@140502", "medium", "open", opened, None, "ECO07", 46.3),
            (Q02, "high", "closed", opened, closed, None, 75),
            # It neither renames nor closes what the other survey found.
            (BY_TELEPHONE, "high", "open", date(2021, 7, 20), None, None, 45),
        ]
    )
    assert ask("select survey_voice_zh, sources_zh from problem_list where problem_id = 'ECO07'") == [
        ("“问题 Q01？”满意度 56 分（2021-07，500 人回答）", "指标数据、满意度调查、实地访谈")
    ]
    ((evidence,),) = ask(f"select evidence_zh from problem_list where problem_id = '{Q01}@140502'")
    assert "满意度为 46.3 分（95% 置信区间上限 57.6 低于 60）；符合" in evidence


def test_of_a_wave_only_the_number_that_is_published_is_shown(ask) -> None:
    """Two states of a wave that differ by one person's file would give that person's answer away."""
    told = (
        "select number, mart_key, text from problem_evidence"
        " where problem_id = '{}' and source_kind = 'survey' order by evidence_no"
    )
    first, second, last = ask(told.format(Q01))
    assert (first[:2], second[:2]) == ((None, None), (None, None))
    assert "45" not in first[2] + second[2] and "人回答" not in first[2] + second[2]
    assert last[:2] == (56, "satisfaction_index/2021-07/question/Q01/140500/all")
    ((evidence,),) = ask(f"select evidence_zh from problem_list where problem_id = '{Q02}'")
    assert "40" not in evidence and "列入清单；2021年7月25日，" in evidence and evidence.endswith("销号。")
    numbers = ask("select mart_key, number from problem_evidence where source_kind = 'survey' and number is not null")
    key = "concat_ws('/', 'satisfaction_index', wave, subject_kind, subject_code, area_code, group_kind)"
    assert set(numbers) <= set(ask(f"select {key}, satisfaction from satisfaction_index")) and len(numbers) >= 3


def test_a_third_party_opens_problems_and_closes_them_by_a_value_or_by_another_definition(ask) -> None:
    query = (
        "select problem_id, kind, opened_on, opened_by, status, closed_on, value, score, closed_by_zh, sources_zh"
        " from problem_list where kind = 'third_party' order by 1"
    )
    opened, closed = date(2021, 7, 3), date(2021, 7, 20)
    found = ask(query)
    assert [row[:8] for row in found] == [
        ("ECO13", "third_party", opened, "third_party_low_score", "closed", closed, 60, None),
        ("TRA02", "third_party", opened, "third_party_low_score", "closed", closed, 9, 100),
    ]
    assert found[0][8] == "2021年7月20日第三方改用其他口径，不再据以认定"
    assert found[1][8] == "2021年7月20日第三方评估为 9 公里/平方公里，不再符合任何认定规则"
    assert {row[9] for row in found} == {"第三方评估"}


def test_evidence_of_a_third_party_leads_to_its_files(ask) -> None:
    query = (
        "select problem_id, evidence_no, seen_on, number, file, text from problem_evidence"
        " where source_kind = 'third_party' order by 1, 2"
    )
    found = ask(query)
    assert [row[:4] for row in found] == [
        ("ECO13", 1, date(2021, 7, 3), 35),
        ("ECO13", 2, date(2021, 7, 20), 60),
        ("TRA02", 1, date(2021, 7, 3), 4),
        ("TRA02", 2, date(2021, 7, 20), 9),
    ]
    assert all(SENDER in text for *_, text in found)
    assert found[0][4] is not None and "第三方.xlsx" in found[0][4]


def test_evidence_tells_how_a_problem_went_and_who_was_spoken_to(ask) -> None:
    query = (
        "select source_kind, evidence_no, seen_on, number, text from problem_evidence"
        " where problem_id = 'ECO07' order by 1, 2"
    )
    found = ask(query)
    assert [row[:4] for row in found] == [
        ("indicator", 1, date(2021, 6, 5), 40),
        ("indicator", 2, date(2021, 6, 20), 70),
        ("indicator", 3, date(2021, 7, 5), 100),
        ("indicator", 4, date(2021, 8, 5), 30),
        ("interview", 1, date(2021, 6, 22), None),
    ]
    assert found[2][4].endswith("不符合任何认定规则") and found[4][4].endswith("某小区访谈：绿色建筑少")


def test_a_measure_is_followed_until_a_value_verifies_it(ask) -> None:
    query = (
        "select measure_id, status_zh, percent, overdue, overdue_days, verified, problem_known"
        " from rectification_status order by measure_id"
    )
    assert ask(query) == [
        ("ECO01/natural_resources/1", "未开始", None, False, None, False, False),
        ("ECO02/natural_resources/1", "整改中", 60, True, 26, False, True),
        ("ECO02/natural_resources/2", "未开始", None, False, None, False, True),
        ("ECO02@140500-C1/natural_resources/1", "已取消", None, False, None, False, True),
        ("ECO04/housing/1", "已完成", 100, False, None, False, True),
        ("ECO07/housing/1", "已完成", 100, False, None, False, True),
    ]
    assert ask(
        "select status_zh, overdue, measure_count, measures_done from problem_list where problem_id = 'ECO02'"
    ) == [("整改中", True, 2, 0)]


def test_a_measure_for_a_problem_that_does_not_exist_is_told_with_its_place(ask, warned: set[str]) -> None:
    assert {"measures_are_about_known_problems", "measures_keep_their_deadlines"} <= warned
    ((note,),) = ask("select problem_note_zh from rectification_status where not problem_known")
    assert "没有问题「ECO01」" in note and "工作表「整改措施清单」A7" in note and "核对问题编号" in note


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2021-06-20", [("ECO02/natural_resources/1", 10, None, True, False, "met", False),
                        ("ECO04/housing/1", 100, None, True, False, "unknown", True),
                        ("ECO07/housing/1", 20, None, True, False, "met", False)]),
        ("2021-07-05", [("ECO02/natural_resources/1", 10, 10, False, False, "met", False),
                        ("ECO04/housing/1", 100, 100, False, False, "unknown", True),
                        ("ECO07/housing/1", 100, 20, True, False, "no_longer", False)]),
        ("2021-08-05", [("ECO02/natural_resources/1", 60, 60, False, True, "met", False),
                        ("ECO04/housing/1", 100, 100, False, False, "unknown", True),
                        ("ECO07/housing/1", 100, 100, False, False, "met", True)]),
    ],
)  # fmt: skip
def test_each_period_shows_the_measures_as_of_its_cut_off(ask, period: str, expected: list[tuple[Any, ...]]) -> None:
    query = (
        "select measure_id, percent, previous_percent, is_updated, overdue, problem_state, awaiting_verification"
        f" from rectification_followup where period = '{period}' and percent is not null order by 1"
    )
    assert ask(query) == expected


def test_other_orders_of_loading_and_of_summaries_give_the_same_list(ask, warehouse: Warehouse, tmp_path: Path) -> None:
    settings = settled(warehouse.settings, tmp_path)
    hand_in_found(warehouse, *FOUND)
    hand_in_waves(warehouse, *reversed(WAVES))
    hand_in_lists(warehouse, *reversed(LISTS))
    hand_in(warehouse, *reversed(HANDED_IN))
    summarised(warehouse, settings, PERIODS[::-1])
    build(warehouse, settings)
    for mart in ("problem_list", "problem_evidence", "rectification_status", "rectification_followup"):
        query = f"select to_jsonb(m)::text from {mart} as m order by 1"
        assert rows_of(warehouse, query) == ask(query), mart
