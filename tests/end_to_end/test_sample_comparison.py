"""A third party's file and a table of peers meet the sample city: what was planted comes out of gate and marts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.feeds.pipeline import ingest
from cityhealth.landing import LandingZone
from cityhealth.sample_city import generate, land_all
from cityhealth.sample_city.peers import generate_peers
from cityhealth.sample_city.third_party import DIFFERING, SENDER, UNDEFINED, generate_third_party
from cityhealth.transform import build
from cityhealth.warehouse.connections import Warehouse
from judged import Judged, assert_rows_add_up, assert_rules, assert_verdicts, judged_files


@dataclass(frozen=True)
class City:
    judged: list[Judged]
    ask: Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def city(catalogue: Catalogue, module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("city")
    settings = replace(
        module_warehouse.settings, landing_url=str(folder / "landing"), outbox_url=str(folder / "outbox")
    )
    landing = LandingZone(settings.landing_url)
    land_all(generate(catalogue), landing)
    files = [*generate_third_party(catalogue), *generate_peers(catalogue)]
    arrivals = land_all(files, landing)
    for feed in ("departmental", "yearbook", "third_party"):
        ingest(settings, module_warehouse, feed)
    build(module_warehouse, settings)

    def ask(query: str) -> list[tuple[Any, ...]]:
        with module_warehouse.connect("reader") as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    return City(judged_files(module_warehouse, files, arrivals), ask)


def test_the_files_are_the_same_each_time(catalogue: Catalogue) -> None:
    assert generate_third_party(catalogue) == generate_third_party(catalogue)
    assert generate_peers(catalogue) == generate_peers(catalogue)


def test_every_file_gets_the_verdict_it_was_made_for(city: City) -> None:
    assert_verdicts(city.judged)
    assert_rules(city.judged)
    assert_rows_add_up(city.judged)


def test_a_third_party_s_values_are_the_city_s_but_for_those_that_were_planted(city: City) -> None:
    rows = city.ask(
        "select code, exceeds_tolerance, definition_differs, sender_text, synthetic from third_party_comparison"
        " where city_state in ('value', 'no_standard') order by code"
    )
    assert {row[3:] for row in rows} == {(SENDER, True)}
    differing = {code for code, _, differs, _, _ in rows if differs}
    # What the city itself sent wrongly is another matter; most of it is as the third party has it.
    assert differing == set(DIFFERING)
    assert {code for code, _, differs, _, _ in rows if differs is None} == set(UNDEFINED)
    apart = {code for code, exceeds, _, _, _ in rows if exceeds}
    assert set(DIFFERING) | {code for code, factor in UNDEFINED.items() if factor != 1} <= apart
    assert sum(not exceeds for _, exceeds, _, _, _ in rows) >= 18


def test_the_city_is_ranked_among_its_peers_and_a_rank_says_whether_it_holds(city: City) -> None:
    ((cities, criteria),) = city.ask(
        "select max(of_count), max(criteria_count) from weighting_sensitivity where alternatives = 'peer_cities'"
        " and subject_kind = 'area' and year = 2021"
    )
    # The last of the ten peers publishes too little.
    assert cities == 10 and criteria >= 20
    assert city.ask("select count(*) from weighting_sensitivity where is_own and robust is not null") > [(3,)]
    judged = dict(city.ask("select judgement, count(*) from strength_and_shortfall where year = 2021 group by 1"))
    assert judged["strength"] >= 5 and judged["shortfall"] >= 5
