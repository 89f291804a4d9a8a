"""A second system beside the examined one: the marts of 2021 do not change, and say what may not be joined."""

from __future__ import annotations

import csv

import pytest
from cities import File, Line, hand_in, settle
from seed_rows import add_rows

from cityhealth.settings import PROJECT_ROOT, Settings
from cityhealth.transform import build
from cityhealth.warehouse.connections import Warehouse

JINCHENG = PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng"
#: What is about systems themselves, or says when it was built.
APART = {"build_state", "system_indicator", "system_comparability"}


def rows_of_2024(file: str) -> list[dict[str, str]]:
    with (JINCHENG / file).open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["known_from"] == "2024-01-01"]


def marts(warehouse: Warehouse) -> dict[str, list[tuple]]:
    """Every row of every mart, as the reader sees it."""
    with warehouse.connect("reader") as connection:
        names = connection.execute("select relname from pg_class where relnamespace = 'marts'::regnamespace"
                                   " and relkind in ('r', 'v') order by 1").fetchall()  # fmt: skip
        return {
            name: sorted(connection.execute(f"select to_jsonb(m)::text from marts.{name} as m").fetchall())
            for (name,) in names
            if name not in APART
        }


@pytest.fixture(scope="module")
def before_and_after(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, dict]:
    """All marts of Testville without, and then with, the system of 2024 as Jincheng's catalogue has it."""
    settings: Settings = settle(module_warehouse.settings, tmp_path_factory.mktemp("city"))
    hand_in(module_warehouse, File("planning", [Line("built_area", "T-BUA", 25), Line("district_area", "T1", 100)]))
    build(module_warehouse, settings)
    before = marts(module_warehouse)
    for file in ("dimensions.csv", "systems.csv", "indicators.csv", "comparability.csv"):
        add_rows(settings.seed_dir / file, rows_of_2024(file))
    build(module_warehouse, settings)
    return before, marts(module_warehouse)


def test_the_marts_of_2021_are_the_same_with_and_without_the_system_of_2024(
    before_and_after: tuple[dict, dict],
) -> None:
    before, after = before_and_after
    assert len(before) > 15 and before["indicator_scorecard"] and before["reporting_coverage"]
    assert {name for name in before if before[name] != after[name]} == set()


def test_the_61_are_shown_as_listed_and_joined_to_nothing(
    before_and_after: tuple[dict, dict], module_warehouse: Warehouse
) -> None:
    with module_warehouse.connect("reader") as connection:
        levels = connection.execute(
            "select dimension_zh, part_count, count(*), bool_or(name_known or definition_known or examined)"
            " from system_indicator where year = 2024 group by 1, 2 order by min(no)"
        ).fetchall()
        assert levels == [
            ("住房", 10, 10, False),
            ("小区", 12, 12, False),
            ("街区", 7, 7, False),
            ("城区", 32, 32, False),
        ]
        parts = connection.execute(
            "select count(*), bool_or(may_be_joined), min(break_count) from system_comparability"
        )
        examined = connection.execute(
            "select count(*) from system_indicator where year = 2021 and status <> 'dropped'"
        ).fetchone()
        assert parts.fetchone() == (examined[0], False, 2)
