"""One build of a small city, from gate rows to marts, and what each role may see of it."""

from __future__ import annotations

import re
import threading
from typing import Any

import psycopg
import pytest
from cities import File, Line, hand_in, settle
from psycopg.rows import dict_row

from cityhealth.errors import BuildError
from cityhealth.settings import PROJECT_ROOT, Settings
from cityhealth.transform import BuildResult, NodeOutcome, build
from cityhealth.transform.build import alone
from cityhealth.transform.dbt import Project
from cityhealth.transform.editions import prepare
from cityhealth.warehouse.connections import Warehouse

PLANNING = File(
    "planning",
    [
        Line("built_area", "T-BUA", 25),
        Line("district_area", "T1", 100),
        Line("cluster_area", "T-C1", 40),
        Line("cluster_area", "T-C2", 60),
    ],
)
HOUSING = File(
    "housing",
    [
        Line("green_floor", "T-BUA", 49),
        Line("new_floor", "T-BUA", 100, value_text="1000000", unit="万平方米", unit_text="平方米"),
        Line("green_share_reported", "T-BUA", 63),
        Line("towers", "T-BUA", 77),
    ],
)
HOUSING_LATER = File("housing", [Line("green_floor", "T-BUA", 56)], day=1)
HOUSING_REFUSED = File(
    "housing",
    [
        Line("green_floor", "T-BUA", -5, verdict="refused", reason_zh="绿色建筑面积为 -5，超出可能的范围"),
        Line("new_floor", "T-BUA", state="blank", verdict="blank"),
    ],
    day=2,
)
STATISTICS = File(
    "stats",
    [
        Line("emission", "T", 4, period="2019"),
        Line("emission", "T", 3),
        Line("deaths", "T", 5),
        Line("population", "T1", 60_000, period="2019-12-31"),
        Line("population", "T2", 40_000, period="2019-12-31"),
        Line("population", "T1", 60_500, period="2020-11-01"),
        Line("trips_reported", "T", 41),
        Line("spa_beds", "T", 999),
    ],
)
YEARBOOK = File(
    None,
    [Line("population", "T1", 61_000, period="2020-11-01"), Line("province_water", "P", 120)],
    feed="yearbook",
    source_kind="yearbook",
)


@pytest.fixture(scope="module")
def city(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settle(module_warehouse.settings, tmp_path_factory.mktemp("testville"))


@pytest.fixture(scope="module")
def seen() -> list[NodeOutcome]:
    return []


@pytest.fixture(scope="module")
def built(module_warehouse: Warehouse, city: Settings, seen: list[NodeOutcome]) -> BuildResult:
    hand_in(module_warehouse, PLANNING, HOUSING, HOUSING_LATER, HOUSING_REFUSED, STATISTICS, YEARBOOK)
    return build(module_warehouse, city, on_node=seen.append)


@pytest.fixture
def ask(module_warehouse: Warehouse, built: BuildResult):
    """Rows of a query, asked as the reader."""

    def rows(query: str) -> list[dict[str, Any]]:
        with module_warehouse.connect("reader") as connection:
            return connection.cursor(row_factory=dict_row).execute(query).fetchall()  # type: ignore[arg-type]

    return rows


def test_each_formula_ends_in_its_value_state_score_and_warning(ask) -> None:
    rows = ask("select code, state, value, score, grade_zh, warning from indicator_scorecard order by code")
    assert [tuple(row.values()) for row in rows] == [
        ("ECO01", "value", 25, 100, "优势", "none"),
        ("ECO02", "value", 60, pytest.approx(100 * 50 / 60), "一般", "none"),
        ("ECO04", "value", 7, 0, "短板", "red"),
        ("ECO06", "no_standard", 25, None, None, "not_judged"),
        ("ECO07", "value", pytest.approx(56), pytest.approx(80), "一般", "none"),
        ("LOC01", "missing", None, None, None, "not_judged"),
        ("SAF01", "no_standard", 0.5, None, None, "not_judged"),
        ("SAF02", "not_applicable", None, None, None, "not_judged"),
        ("SAF03", "no_standard", 41, None, None, "not_judged"),
    ]


def test_whatever_has_no_value_says_why(ask) -> None:
    rows = ask("select code, state_zh, reason_zh from indicator_scorecard where value is null order by code")
    assert [tuple(row.values()) for row in rows] == [
        ("LOC01", "未报", "康养床位（测试市，2020）：勘误剔除：口径不符"),
        ("SAF02", "不适用", "本市没有轨道交通"),
    ]


def test_a_target_is_shown_as_text_with_its_reference_and_a_later_version_waits_for_its_day(ask) -> None:
    rows = ask("select target_text, reference_text, target_basis from indicator_scorecard where code = 'ECO07'")
    assert rows == [{"target_text": "≥ 70 %", "reference_text": "≥ 100 %", "target_basis": "house"}]


def test_the_newest_accepted_value_counts_and_a_refused_one_after_it_only_marks_it(ask) -> None:
    rows = ask("select value, later_refused from fct_item_value where item_code = 'green_floor'")
    assert rows == [{"value": 56, "later_refused": True}]


def test_a_corrected_value_shows_what_stood_there(ask) -> None:
    rows = ask(
        "select value, original_value, correction_action, correction_reason_zh, value_text, filename, sheet, cell"
        " from value_lineage where code = 'ECO04'"
    )
    assert rows == [
        {
            "value": 7,
            "original_value": 77,
            "correction_action": "replace",
            "correction_reason_zh": "多写了一个 7",
            "value_text": "77",
            "filename": f"arrival-{HOUSING.number:04d}.xlsx",
            "sheet": "填报",
            "cell": "D8",
        }
    ]


def test_a_ratio_is_followed_to_the_cells_of_both_its_numbers(ask) -> None:
    rows = ask(
        "select role, cell, sha256, value_text, conversion_zh from value_lineage"
        " where code = 'ECO07' and is_headline order by role"
    )
    assert rows == [
        {"role": "denominator", "cell": "D6", "sha256": f"{HOUSING.number:064d}", "value_text": "1000000",
         "conversion_zh": "平方米 → 万平方米"},
        {"role": "numerator", "cell": "D5", "sha256": f"{HOUSING_LATER.number:064d}", "value_text": "56",
         "conversion_zh": None},
        {"role": "reported", "cell": "D7", "sha256": f"{HOUSING.number:064d}", "value_text": "63",
         "conversion_zh": None},
    ]  # fmt: skip


def test_a_sum_over_areas_is_followed_to_each_of_them(ask) -> None:
    rows = ask(
        "select item_area_code, value, derivation from value_lineage"
        " where code = 'SAF01' and role = 'denominator' and is_headline order by item_area_code"
    )
    assert [tuple(row.values()) for row in rows] == [("T1", 60_000, "summed"), ("T2", 40_000, "summed")]


def test_every_cluster_stands_beside_the_largest(ask) -> None:
    rows = ask(
        "select area_zh, value, score from indicator_value_by_area where code = 'ECO02' and not is_headline order by 1"
    )
    assert [row["value"] for row in rows] == [40, 60]
    assert ask("select other_area_count from indicator_scorecard where code = 'ECO02'") == [{"other_area_count": 2}]


def test_the_catalogue_picks_between_sources_and_the_difference_is_shown(ask) -> None:
    assert ask(
        "select value, source_kind, source_count from fct_item_value where item_code = 'population'"
        " and area_code = 'T1' and period = '2020-11-01'"
    ) == [{"value": 61_000, "source_kind": "yearbook", "source_count": 2}]
    rows = ask(
        "select comparison, value_used, value_compared, relative_difference, tolerance, exceeds_tolerance"
        " from source_reconciliation order by comparison"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("reported_and_recomputed", pytest.approx(56), 63, pytest.approx(0.125), 0.005, True),
        ("several_sources", 61_000, 60_500, pytest.approx(500 / 61_000), 0.005, True),
    ]


def test_context_items_are_values_too(ask) -> None:
    assert ask("select area_zh, value, item_role from fct_item_value where item_code = 'province_water'") == [
        {"area_zh": "邻省", "value": 120, "item_role": "context"}
    ]


def test_coverage_counts_what_each_department_owes_for_each_indicator(ask) -> None:
    rows = ask(
        "select code, department_code, owed_count, accepted_count, refused_count, missing_count, state"
        " from reporting_coverage where code in ('ECO07', 'SAF01', 'SAF02', 'LOC01') order by code, department_code"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("ECO07", "housing", 3, 3, 0, 0, "complete"),
        ("LOC01", "stats", 1, 0, 0, 1, "missing"),
        ("SAF01", "stats", 5, 4, 0, 1, "partly"),
        ("SAF02", "stats", 0, 0, 0, 0, "nothing_owed"),
    ]


def test_refused_values_keep_their_reason_for_the_department(ask) -> None:
    rows = ask("select department_zh, item_zh, cell, value_text, reason_zh, is_mended from rejected_values")
    assert rows == [
        {
            "department_zh": "市住建局",
            "item_zh": "绿色建筑面积",
            "cell": "D5",
            "value_text": "-5",
            "reason_zh": "绿色建筑面积为 -5，超出可能的范围",
            "is_mended": False,
        }
    ]


def test_a_dimension_says_how_many_indicators_its_score_rests_on(ask) -> None:
    rows = ask(
        "select dimension_code, score, indicator_count, scored_count, applicable_count, value_count, missing_count,"
        " not_applicable_count, no_standard_count, red_count, proposed_count from dimension_scorecard"
        " order by sort_order"
    )
    mean = (100 + 100 * 50 / 60 + 0 + 80) / 4
    assert [tuple(row.values()) for row in rows] == [
        ("ECO", pytest.approx(mean), 5, 4, 5, 5, 0, 0, 1, 1, 0),
        ("SAF", None, 3, 0, 2, 2, 0, 1, 2, 0, 0),
        ("LOC", None, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    ]


@pytest.mark.parametrize(
    "table",
    ["raw.arrival", "gate.item_value", "staging.stg_gate__item_values", "catalogue.items", "history.mart_row",
     "intermediate.int_indicator_values_scored", "ops.build"],
)  # fmt: skip
def test_the_reader_sees_the_marts_and_nothing_else(ask, table: str) -> None:
    assert ask("select 1 as seen from marts.indicator_scorecard limit 1") == [{"seen": 1}]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(f"select * from {table}")


@pytest.mark.parametrize(
    "statement",
    ["insert into raw.batch (batch_id, arrival_id, feed, raw_table, rows_read) values ('b', 'a', 'f', 't', 0)",
     "update gate.item_value set value = 0", "delete from raw.arrival"],
)  # fmt: skip
def test_the_transformer_cannot_touch_the_evidence(
    module_warehouse: Warehouse, built: BuildResult, statement: str
) -> None:
    with (
        module_warehouse.connect("transformer") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_each_node_is_told_as_it_finishes_and_kept_in_the_warehouse(
    module_warehouse: Warehouse, built: BuildResult, seen: list[NodeOutcome]
) -> None:
    assert {node.unique_id for node in seen} == {node.unique_id for node in built.nodes}
    assert "indicator_scorecard" in {node.name for node in seen}
    with module_warehouse.connect("transformer") as connection:
        kept = connection.execute(
            "select count(*), count(*) filter (where status = 'warn') from ops.dbt_node_result where build_id = %s",
            (built.build_id,),
        ).fetchone()
        hashes = connection.execute(
            "select status, length(code_hash), length(catalogue_hash) from ops.build where build_id = %s",
            (built.build_id,),
        ).fetchone()
        outcome = connection.execute(
            "select success from ops.outcome where step = 'built' and object = 'indicator_scorecard'"
        ).fetchall()
    assert kept == (len(built.nodes), len(built.warnings))
    assert hashes == ("success", 64, 64)
    assert outcome == [(True,)]


def test_what_is_suspicious_warns_and_does_not_stop_the_build(built: BuildResult) -> None:
    assert {(node.name, node.failures) for node in built.warnings} == {("sources_agree_within_tolerance", 2)}
    assert "sources_agree_within_tolerance, 2 rows" in str(built)


def test_formulas_grading_supersession_and_corrections_pass_their_dbt_unit_tests(
    module_warehouse: Warehouse, city: Settings, built: BuildResult
) -> None:
    outcomes = Project(module_warehouse, city).run(["test", "--select", "test_type:unit"])
    assert len(outcomes) >= 21
    assert [f"{node.name}: {node.message}" for node in outcomes if node.status != "pass"] == []


def test_a_correction_whose_source_was_mended_stops_the_build_loudly(
    module_warehouse: Warehouse, city: Settings, built: BuildResult, ask
) -> None:
    hand_in(module_warehouse, File("housing", [Line("towers", "T-BUA", 8)], day=3))
    with pytest.raises(BuildError, match="corrections_meet_the_value_they_expect") as caught:
        build(module_warehouse, city, select="+indicator_scorecard")
    assert "corrections.csv" in str(caught.value)
    with module_warehouse.connect("transformer") as connection:
        status = connection.execute("select status from ops.build order by build_id desc limit 1").fetchone()
    assert status == ("failed",)
    (state,) = ask("select status_zh, failed_nodes from build_state")
    assert "请勿使用" in state["status_zh"] and "corrections_meet_the_value_they_expect" in state["failed_nodes"]
    assert ask("select value from indicator_scorecard where code = 'ECO04'") == [{"value": 7}]


def test_a_selection_that_names_nothing_is_an_error(module_warehouse: Warehouse, city: Settings) -> None:
    with pytest.raises(BuildError):
        build(module_warehouse, city, select="no_such_model")


def test_two_builds_never_overlap(module_warehouse: Warehouse) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with alone(module_warehouse):
            order.append("second")

    with alone(module_warehouse):
        thread = threading.Thread(target=second)
        thread.start()
        waiting.wait()
        thread.join(timeout=0.5)
        assert thread.is_alive()
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]


def test_every_row_of_every_mart_can_be_read_by_the_tools_of_python(module_warehouse: Warehouse, ask) -> None:
    """A date of minus infinity, say, would stop psycopg, and pandas behind it."""
    marts = ask("select table_name from information_schema.tables where table_schema = 'marts'")
    assert len(marts) >= 12
    # What this city hands in fills none of these. Their own tests do: test_measure, test_gis, test_movement,
    # test_survey, test_comparison, test_problems, test_self_check, test_examination_report, test_exports, test_systems.
    filled_by_others = {"measured_value", "dim_area_boundary", "system_comparability"} | {
        path.stem
        for folder in ("evaluation", "movement", "operations", "survey")
        for path in (PROJECT_ROOT / "dbt_project" / "models" / "marts" / folder).glob("*.sql")
    }
    empty = {mart["table_name"] for mart in marts if ask(f"select * from {mart['table_name']}") == []}
    assert empty <= filled_by_others


def test_the_statements_of_the_readme_are_answered(ask, module_warehouse: Warehouse, city: Settings) -> None:
    prepare(module_warehouse, city)
    text = (PROJECT_ROOT / "README.md").read_text() + (PROJECT_ROOT / "README.zh-CN.md").read_text()
    statements = re.findall(r'cityhealth sql "([^"]+)"', text)
    assert len(statements) >= 4
    for statement in statements:
        ask(statement)
