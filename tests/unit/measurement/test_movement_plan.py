"""Which days of movement data a year's values are summed up from, by receipt alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, strategies as st

from cityhealth.catalogue import Catalogue, load
from cityhealth.measurement.movement_plan import MovementPlan, Part, movement_plans
from cityhealth.measurement.plan import Source
from cityhealth.settings import PROJECT_ROOT


@pytest.fixture(scope="module")
def jincheng() -> Catalogue:
    return load(PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng")


def source(arrival: str, day: int, kind: str = "vehicle_positions", feed: str = "mobility") -> Source:
    received = datetime(2021, 1, day, tzinfo=UTC)
    return Source(feed, kind, date(2020, 12, 31), arrival, received, f"run-{arrival}", "f", "0", "made up")


def part(arrival: str, received: int, day: int, key: str, provider: str = "taxi", month: int = 9) -> Part:
    return Part(provider, date(2020, month, day), key, None, source(arrival, received))


def planned(
    arrival: str, received: int, parts: Sequence[Part], layers: Sequence[Source], catalogue: Catalogue
) -> list[MovementPlan]:
    moment = (datetime(2021, 1, received, tzinfo=UTC), arrival)
    return list(movement_plans(arrival, moment, parts, layers, catalogue))


def test_a_corrected_day_replaces_all_parts_of_the_day_and_no_other(jincheng: Catalogue) -> None:
    parts = [
        part("first", 1, 7, "a"),
        part("first", 1, 7, "b"),
        part("first", 1, 8, "c"),
        part("second", 2, 7, "d"),
    ]
    (before,) = planned("first", 1, parts, [], jincheng)
    (after,) = planned("second", 2, parts, [], jincheng)
    assert [(day.day.day, day.store_keys) for day in before.days] == [(7, ("a", "b")), (8, ("c",))]
    assert [(day.day.day, day.store_keys) for day in after.days] == [(7, ("d",)), (8, ("c",))]


def test_days_of_two_providers_stand_side_by_side(jincheng: Catalogue) -> None:
    parts = [part("first", 1, 7, "a"), part("second", 2, 7, "b", provider="bus")]
    (after,) = planned("second", 2, parts, [], jincheng)
    assert [(day.provider, day.store_keys) for day in after.days] == [("bus", ("b",)), ("taxi", ("a",))]


def test_an_arrival_that_changes_nothing_of_a_year_leaves_it_alone(jincheng: Catalogue) -> None:
    parts = [part("first", 1, 7, "a"), part("other", 2, 1, "z", month=8)]
    years = {plan.year for plan in planned("other", 2, parts, [], jincheng)}
    assert years == {2020}
    assert planned("nobody", 3, parts, [], jincheng) == []


def test_a_boundary_that_comes_later_brings_the_values_about_again(jincheng: Catalogue) -> None:
    parts = [part("first", 1, 7, "a")]
    boundary = source("boundary", 5, "built_up_area", "layers")
    (without,) = planned("first", 1, parts, [boundary], jincheng)
    (with_it,) = planned("boundary", 5, parts, [boundary], jincheng)
    assert {plan.missing_zh for plan in without.plans} == {"建成区范围"}
    assert {plan.missing_zh for plan in with_it.plans} == {""}
    assert without.inputs("") != with_it.inputs("")


@given(order=st.permutations(range(4)))
def test_the_order_of_loading_changes_no_plan(order: list[int], jincheng: Catalogue) -> None:
    parts = [part("a", 1, 7, "a"), part("b", 2, 7, "b"), part("b", 2, 8, "c"), part("c", 3, 8, "d")]
    (straight,) = planned("c", 3, parts, [], jincheng)
    (shuffled,) = planned("c", 3, [parts[i] for i in order], [], jincheng)
    assert straight.days == shuffled.days
    assert straight.inputs("") == shuffled.inputs("")
