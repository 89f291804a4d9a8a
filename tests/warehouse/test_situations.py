"""Situations that a year of hand-ins brings about, each seen through the marts of one build of Testville."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cities import File, Line, hand_in, settle

from cityhealth.settings import Settings
from cityhealth.transform import build, diff
from cityhealth.warehouse.connections import Warehouse

HANDED_IN = (
    File(
        "planning",
        [
            Line("built_area", "T-BUA", 25),
            Line("district_area", "T1", 0),
            Line("cluster_area", "T-C1", 40),
            Line("cluster_area", "T-C2", state="not_applicable", remarks="尚未划定"),
            Line("deaths", "T", 9, verdict="refused", reason_zh="不属于该单位"),
        ],
    ),
    File(
        "housing",
        [
            Line("green_floor", "T-BUA", 0.7),
            Line("new_floor", "T-BUA", 1.8),
            Line("towers", "T-BUA", state="not_applicable", remarks="没有新建住宅"),
        ],
    ),
    File("housing", [Line("green_floor", "T-BUA", state="withdrawn")], day=1),
    File("housing", [Line("green_floor", "T-BUA", 0.756)], day=2),
    File(
        "stats",
        [
            Line("emission", "T", 3),
            Line("population", "T1", 60_000, period="2019-12-31"),
            Line("population", "T2", -1, period="2019-12-31", verdict="refused", reason_zh="人口为 -1，超出可能的范围"),
            Line("spa_beds", "T", 100),
            Line("spa_beds", "T", 110, period="2019"),
        ],
    ),
    File(None, [Line("trips_reported", "T", 41, verdict="refused")]),
    # Nobody could read these two; the first department has sent another file since.
    File("市统计局", [], day=-1, unreadable_zh="文件已损坏"),
    File("住建局", [], day=3, unreadable_zh="文件已损坏"),
)
#: Beside 2021: the same data examined by another year's system; a local indicator that is adopted, one to be dropped.
CATALOGUE = {
    "examination.csv": "mohurd,2024,2020-01-01,2020-12-31,T-BUA,house\n",
    "indicators.csv": (
        "mohurd,2024,ECO01,1,ECO,绿色建筑占比（2024）,Green share,%,higher,导向指标,official,ratio,green_floor,"
        "new_floor,100,,,,,applicable,,housing,house,house,verified,,,,,\n"
        + "".join(
            f"mohurd,2021,LOC03,3,LOC,新建面积,New floor,万平方米,higher,,{status},value,new_floor,,1,,,,,applicable,,"
            f"housing,proposed,proposed,proposed,,,,,{known_from}\n"
            for status, known_from in (("proposed", ""), ("adopted", "2021-05-01"), ("dropped", "2099-01-01"))
        )
        + "mohurd,2021,LOC04,4,LOC,已失效,Ended,万平方米,higher,,official,value,new_floor,,1,,,,,applicable,,housing,"
        "house,house,house,,,,2019-12-31,\n"
    ),
    "targets.csv": (
        "mohurd,2021,LOC03,target,range,1,2,万平方米,test,house,,,,\n"
        "mohurd,2024,ECO01,target,>=,70,,%,test,house,,,2019-12-31,\n"
        "mohurd,2024,ECO01,reference,>=,50,,%,test,house,,2021-01-01,,\n"
    ),
}


@pytest.fixture(scope="module")
def city(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root: Path = tmp_path_factory.mktemp("testville")
    settings = settle(module_warehouse.settings, root)
    for name, rows in CATALOGUE.items():
        with (settings.seed_dir / name).open("a", encoding="utf-8") as file:
            file.write(rows)
    header = (settings.seed_dir / "corrections.csv").read_text("utf-8").splitlines()[0]
    (settings.seed_dir / "corrections.csv").write_text(header + "\n", "utf-8")
    return settings


@pytest.fixture(scope="module")
def built(module_warehouse: Warehouse, city: Settings) -> int:
    hand_in(module_warehouse, *HANDED_IN)
    return build(module_warehouse, city).build_id


@pytest.fixture
def ask(module_warehouse: Warehouse, built: int):
    def rows(query: str) -> list[tuple[Any, ...]]:
        with module_warehouse.connect("reader") as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    return rows


@pytest.mark.parametrize(
    ("code", "state", "value", "reason"),
    [
        ("ECO01", "missing", None, "分母为 0"),
        ("ECO02", "value", 40, None),
        ("ECO04", "not_applicable", None, "没有新建住宅"),
        ("ECO06", "missing", None, "单位GDP排放（测试市，2019）：未报"),
        ("SAF01", "refused", None,
         "死亡人数（测试市，2020）：未报；常住人口（测试市，2019）：西县：人口为 -1，超出可能的范围"),
        ("SAF03", "refused", None, "出行比例（填报）（测试市，2020）：整份文件未通过校验"),
        ("LOC03", "value", 1.8, None),
    ],
)  # fmt: skip
def test_what_is_no_value_says_truly_why(ask, code: str, state: str, value: float | None, reason: str | None) -> None:
    query = f"select state, value, reason_zh from indicator_scorecard where year = 2021 and code = '{code}'"
    assert ask(query) == [(state, value, reason)]


def test_a_share_of_exactly_sixty_percent_of_its_target_is_not_below_sixty(ask) -> None:
    """0.756 of 1.8 is 42 %, which binary numbers call 41.99999999999999."""
    query = "select score, warning, warning_reason_zh from indicator_scorecard where year = 2021 and code = 'ECO07'"
    assert ask(query) == [(60, "yellow", "得分低于 80，属短板")]


def test_what_came_again_after_a_withdrawal_counts(ask) -> None:
    assert ask("select value, later_refused from fct_item_value where item_code = 'green_floor'") == [(0.756, False)]


def test_nobody_has_handed_in_what_others_sent_in_his_place(ask) -> None:
    query = (
        "select code, handed_in_count, refused_count, missing_count, missing_zh from reporting_coverage"
        " where year = 2021 and code in ('SAF01', 'SAF03') and department_code = 'stats' order by code"
    )
    assert ask(query) == [("SAF01", 2, 1, 3, "常住人口、死亡人数"), ("SAF03", 0, 0, 1, "出行比例（填报）")]


def test_a_file_that_could_not_be_read_is_mended_once_its_department_has_sent_another(ask) -> None:
    query = "select department_code, is_mended from rejected_values where scope = 'batch' order by received_at"
    assert ask(query) == [("stats", True), ("housing", False)]


def test_the_index_of_a_dimension_says_in_words_what_it_rests_on(ask) -> None:
    query = "select dimension_code, score_basis_zh from dimension_scorecard where year = 2021 order by sort_order"
    assert ask(query) == [
        ("ECO", "由 2 个指标得出（适用 4 个）"),
        ("SAF", "没有指标有得分（适用 2 个）"),
        ("LOC", "由 1 个指标得出（适用 1 个）"),
    ]


def test_another_system_stands_beside_and_changes_nothing(ask) -> None:
    assert ask("select code, name_zh, state, round(value) from indicator_scorecard where year = 2024") == [
        ("ECO01", "绿色建筑占比（2024）", "no_standard", 42)
    ]
    query = "select year, indicator_count, scored_count from dimension_scorecard where dimension_code = 'ECO'"
    assert ask(f"{query} order by year") == [(2021, 5, 2), (2024, 1, 0)]


def test_a_target_counts_only_while_it_is_valid(ask) -> None:
    query = "select state, target_text, reference_text from indicator_scorecard where year = 2024"
    assert ask(query) == [("no_standard", None, None)]


def test_an_indicator_counts_only_while_it_is_valid(ask) -> None:
    assert ask("select code from indicator_scorecard where code = 'LOC04'") == []


def test_last_years_value_is_followed_to_its_cell_too(ask) -> None:
    query = "select value, previous_value, warning from indicator_scorecard where code = 'LOC01'"
    assert ask(query) == [(100, 110, "none")]
    query = "select years_back, value, cell from value_lineage where code = 'LOC01' and is_headline order by 1"
    assert ask(query) == [(0, 100, "D8"), (1, 110, "D9")]


def test_an_adopted_local_indicator_counts_until_the_day_it_is_dropped(ask) -> None:
    query = "select indicator_count, scored_count, proposed_count, score from dimension_scorecard"
    assert ask(f"{query} where dimension_code = 'LOC'") == [(1, 1, 1, 100)]


def test_the_same_build_again_changes_nothing(module_warehouse: Warehouse, city: Settings, built: int) -> None:
    again = build(module_warehouse, city).build_id
    assert diff(module_warehouse, built, again) == []
