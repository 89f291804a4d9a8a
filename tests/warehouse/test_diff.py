"""The history of mart rows and the difference between two builds, the older one made as of an earlier moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cities import FIRST_DAY, File, Line, hand_in, settle

from cityhealth.errors import CityHealthError
from cityhealth.settings import Settings
from cityhealth.transform import BuildResult, build, diff
from cityhealth.warehouse.connections import Warehouse


@pytest.fixture(scope="module")
def city(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settle(module_warehouse.settings, tmp_path_factory.mktemp("testville"))


@pytest.fixture(scope="module")
def builds(module_warehouse: Warehouse, city: Settings) -> tuple[BuildResult, BuildResult]:
    """Everything is loaded before the first build, which looks at the first day only."""
    hand_in(
        module_warehouse,
        File("housing", [Line("green_floor", "T-BUA", 49), Line("new_floor", "T-BUA", 100)]),
        File("planning", [Line("built_area", "T-BUA", 25)]),
        File("housing", [Line("green_floor", "T-BUA", 56)], day=2),
        File("stats", [Line("trips_reported", "T", 41)], day=2),
        File("planning", [Line("built_area", "T-BUA", 25)], day=2),
    )
    older = build(module_warehouse, city, as_of=FIRST_DAY + timedelta(days=1))
    return older, build(module_warehouse, city)


def test_nothing_to_compare_is_said(warehouse: Warehouse) -> None:
    with pytest.raises(CityHealthError, match="two successful builds"):
        diff(warehouse)
    with pytest.raises(CityHealthError, match="no successful build 99"):
        diff(warehouse, 99)


def test_as_of_counts_what_had_been_received_whenever_it_was_loaded(
    module_warehouse: Warehouse, builds: tuple[BuildResult, BuildResult]
) -> None:
    older, newer = builds
    values = [
        (change.before, change.after)
        for change in diff(module_warehouse, older.build_id, newer.build_id)
        if (change.mart, change.key, change.column) == ("fct_item_value", "green_floor/T-BUA/2020", "value")
    ]
    assert values == [(49, 56)]


def test_the_difference_is_by_key_and_column_from_old_to_new(
    module_warehouse: Warehouse, builds: tuple[BuildResult, BuildResult]
) -> None:
    changes = diff(module_warehouse)
    scorecard = {(c.key, c.column): (c.before, c.after) for c in changes if c.mart == "indicator_scorecard"}
    assert scorecard[("mohurd/2021/ECO07", "value")] == (49, 56)
    assert scorecard[("mohurd/2021/ECO07", "score")] == (70, pytest.approx(80))
    assert scorecard[("mohurd/2021/ECO07", "warning")] == ("yellow", "none")
    assert scorecard[("mohurd/2021/SAF03", "state")] == ("missing", "no_standard")
    assert {key for key, _ in scorecard} == {"mohurd/2021/ECO07", "mohurd/2021/SAF03"}


def test_a_row_that_came_is_added_and_one_that_went_is_removed(
    module_warehouse: Warehouse, builds: tuple[BuildResult, BuildResult]
) -> None:
    older, newer = builds
    forward = [c for c in diff(module_warehouse, older.build_id, newer.build_id) if c.kind != "changed"]
    backward = [c for c in diff(module_warehouse, newer.build_id, older.build_id) if c.kind != "changed"]
    # With its old value green building was a shortfall, and so a problem that no summary's cut-off had seen.
    assert [(c.mart, c.key, c.kind, c.column) for c in forward] == [
        ("fct_item_value", "trips_reported/T/2020", "added", None),
        ("problem_evidence", "ECO07/indicator/1", "removed", None),
        ("problem_list", "ECO07", "removed", None),
        ("strength_and_shortfall", "mohurd/2021/ECO07", "removed", None),
    ]
    assert (forward[0].before, forward[0].after["value"]) == (None, 41)
    assert (forward[2].before["value"], forward[2].after) == (49, None)
    opposite = {"added": "removed", "removed": "added"}
    assert [(c.mart, c.key, c.kind) for c in backward] == [(c.mart, c.key, opposite[c.kind]) for c in forward]
    assert [(c.before, c.after) for c in backward] == [(c.after, c.before) for c in forward]


def test_the_same_value_from_a_newer_file_is_no_change(
    module_warehouse: Warehouse, builds: tuple[BuildResult, BuildResult]
) -> None:
    changed = {change.key for change in diff(module_warehouse)}
    assert not any("built_area" in key or "ECO01" in key for key in changed)


def test_an_unchanged_row_is_kept_once_for_both_builds(
    module_warehouse: Warehouse, builds: tuple[BuildResult, BuildResult]
) -> None:
    with module_warehouse.connect("transformer") as connection:
        spans = connection.execute(
            "select row_key, array_agg(array[first_build_id, last_build_id] order by first_build_id)"
            " from history.mart_row where mart = 'indicator_scorecard'"
            " and row_key in ('mohurd/2021/ECO01', 'mohurd/2021/ECO07') group by row_key order by row_key"
        ).fetchall()
    older, newer = (result.build_id for result in builds)
    assert spans == [
        ("mohurd/2021/ECO01", [[older, newer]]),
        ("mohurd/2021/ECO07", [[older, older], [newer, newer]]),
    ]
