"""What an arrival of layers or imagery brings about depends on what was received by then, and on nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from cityhealth.catalogue import Catalogue, Measurement
from cityhealth.measurement.plan import Plan, Source, plans
from cityhealth.measurement.rows import Outcome, Value, inputs_hash, rows
from cityhealth.settings import CITY_TIMEZONE

NOON = datetime(2021, 5, 20, 12, tzinfo=CITY_TIMEZONE)
LAND, PARK, OUTLINE = "residential_land", "park", "built_up_area"


@pytest.fixture(scope="module")
def small(catalogue: Catalogue) -> Catalogue:
    """The catalogue with one measurement of each feed: park coverage, and growth of built-up surface."""
    kept = [m for m in catalogue.measurements if m.code in ("park_cover_by_layer", "expansion_by_cover")]
    return replace(catalogue, measurements=tuple(kept))


def source(kind: str, day: str, arrival: str, hours: int = 0, feed: str = "layers") -> Source:
    return Source(
        feed, kind, date.fromisoformat(day), arrival, NOON + timedelta(hours=hours), f"run-{arrival}",
        f"{arrival}.gpkg", "0" * 64, "测试",
    )  # fmt: skip


def planned(arrival: str, sources: list[Source], catalogue: Catalogue) -> list[Plan]:
    return list(plans(arrival, sources, catalogue))


def used(plan: Plan) -> dict[str, str | None]:
    return {kind: found and found.arrival_id for kind, found in plan.sources.items()}


def test_a_measurement_waits_for_the_layer_that_it_measures(small: Catalogue) -> None:
    parks = source(PARK, "2020-12-31", "parks")
    land = source(LAND, "2020-12-31", "land", hours=1)
    assert planned("parks", [parks, land], small) == []
    (plan,) = planned("land", [parks, land], small)
    assert (plan.year, used(plan)) == (2020, {LAND: "land", PARK: "parks", OUTLINE: None})
    assert plan.missing_zh == "建成区范围"


def test_an_arrival_sees_only_what_was_received_before_it(small: Catalogue) -> None:
    sources = [
        source(LAND, "2020-12-31", "land"),
        source(PARK, "2020-12-31", "parks", hours=1),
        source(OUTLINE, "2020-12-31", "outline", hours=2),
        source(PARK, "2020-12-31", "parks-again", hours=3),
    ]
    assert [used(plan) for plan in planned("outline", sources, small)] == [
        {LAND: "land", PARK: "parks", OUTLINE: "outline"}
    ]
    assert [used(plan)[PARK] for plan in planned("parks-again", sources, small)] == ["parks-again"]


def test_the_year_is_that_of_the_measured_layer_and_no_other_layer_is_younger(small: Catalogue) -> None:
    sources = [
        source(LAND, "2020-06-30", "land"),
        source(OUTLINE, "2019-12-31", "outline"),
        source(PARK, "2020-12-31", "parks-2020", hours=1),
        source(PARK, "2021-03-01", "parks-2021", hours=2),
    ]
    (plan,) = planned("parks-2020", sources, small)
    assert (plan.year, used(plan)[PARK], used(plan)[OUTLINE]) == (2020, "parks-2020", "outline")
    assert planned("parks-2021", sources, small) == []


def test_what_uses_nothing_of_an_arrival_is_not_its_business(small: Catalogue) -> None:
    sources = [
        source(LAND, "2019-12-31", "land-2019"),
        source(LAND, "2020-12-31", "land-2020", hours=1),
        source(PARK, "2020-06-30", "parks", hours=2),
    ]
    assert [(plan.year, used(plan)[LAND]) for plan in planned("parks", sources, small)] == [(2020, "land-2020")]
    assert [plan.year for plan in planned("land-2020", sources, small)] == [2020]


def test_growth_is_measured_against_the_latest_scene_of_a_year_before(small: Catalogue) -> None:
    scenes = [
        source("land_cover", "2018-07-01", "older", feed="imagery"),
        source("land_cover", "2019-07-01", "before", hours=1, feed="imagery"),
        source("land_cover", "2020-07-01", "now", hours=2, feed="imagery"),
    ]
    (plan,) = planned("now", scenes, small)
    assert (plan.year, plan.earlier and plan.earlier.arrival_id) == (2020, "before")
    again = source("land_cover", "2020-09-01", "again", hours=3, feed="imagery")
    assert [plan.earlier and plan.earlier.arrival_id for plan in planned("again", [*scenes, again], small)] == [
        "before"
    ]
    late = [replace(scenes[1], received_at=NOON + timedelta(days=9)), scenes[0], scenes[2]]
    assert [plan.earlier and plan.earlier.arrival_id for plan in planned("now", late, small)] == ["older"]
    again = [(plan.year, plan.earlier and plan.earlier.arrival_id) for plan in planned("before", late, small)]
    assert again == [(2019, "older"), (2020, "before")]


KINDS = st.sampled_from([LAND, PARK, OUTLINE])


@given(
    st.lists(
        st.tuples(KINDS, st.dates(date(2019, 1, 1), date(2021, 5, 1)), st.integers(0, 50)), max_size=8, unique=True
    ),
    st.randoms(use_true_random=False),
)
def test_neither_the_order_of_loading_nor_what_comes_later_changes_a_plan(
    small: Catalogue, facts: list[tuple[str, date, int]], random: object
) -> None:
    sources = [source(kind, day.isoformat(), f"a{n}", hours) for n, (kind, day, hours) in enumerate(facts)]
    shuffled = list(sources)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for own in sources:
        by_then = [other for other in sources if other.received <= own.received]
        expected = planned(own.arrival_id, sources, small)
        assert planned(own.arrival_id, shuffled, small) == expected
        assert planned(own.arrival_id, by_then, small) == expected
        assert inputs_hash(planned(own.arrival_id, shuffled, small), "x") == inputs_hash(expected, "x")


def test_another_judgement_boundary_or_version_is_another_hash(small: Catalogue) -> None:
    sources = [source(LAND, "2020-12-31", "land"), source(PARK, "2020-12-31", "parks")]
    before = planned("land", sources, small)
    assert inputs_hash(before, "x") == inputs_hash(planned("land", sources, small), "x")
    judged = planned("land", [replace(s, gate_run_id="run-2") for s in sources], small)
    newer = replace(before[0], measurement=_next_version(before[0].measurement))
    hashes = {inputs_hash(before, "x"), inputs_hash(before, "y"), inputs_hash(judged, "x"), inputs_hash([newer], "x")}
    assert len(hashes) == 4


def _next_version(measurement: Measurement) -> Measurement:
    return replace(measurement, version=measurement.version + 1)


def test_a_row_tells_the_value_or_why_there_is_none(small: Catalogue) -> None:
    (plan,) = planned("land", [source(LAND, "2020-12-31", "land")], small)
    (area,) = plan.areas
    (said,) = rows([Outcome(plan, {area.code: Value(1.5e-7, "平方米")}, {})])
    assert (said["value_text"], said["unit_text"], said["problem_zh"]) == ("0.00000015", "平方米", None)
    assert (said["item_text"], said["area_text"], said["period_text"]) == (
        "park_served_residential_land",
        "140500-BUA",
        "2020",
    )
    assert '"arrival_id": "land"' in str(said["inputs"])
    (unsaid,) = rows([Outcome(plan, {}, {None: "没有图层：park"})])
    assert (unsaid["value_text"], unsaid["problem_zh"]) == (None, "没有图层：park")
