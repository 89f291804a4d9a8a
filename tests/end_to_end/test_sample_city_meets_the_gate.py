"""The sample city meets the gate: every file gets the verdict it was made for, most indicators end with a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cityhealth.catalogue import Catalogue, Indicator
from cityhealth.feeds.pipeline import ingest
from cityhealth.landing import LandingZone
from cityhealth.sample_city import generate, land_all
from cityhealth.warehouse.connections import Warehouse
from judged import Judged, assert_rows_add_up, assert_rules, assert_verdicts, judged_files


@pytest.fixture(scope="module")
def judged(
    catalogue: Catalogue, module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Judged]]:
    folder = tmp_path_factory.mktemp("city")
    settings = replace(
        module_warehouse.settings, landing_url=str(folder / "landing"), outbox_url=str(folder / "outbox")
    )
    files = generate(catalogue)
    arrivals = land_all(files, LandingZone(settings.landing_url))
    for feed in ("departmental", "yearbook"):
        ingest(settings, module_warehouse, feed)
    yield judged_files(module_warehouse, files, arrivals)


def test_every_file_gets_the_verdict_it_was_made_for(judged: list[Judged]) -> None:
    assert_verdicts(judged)


def test_every_planted_error_is_found_by_its_rule(judged: list[Judged]) -> None:
    assert_rules(judged)


def test_rows_in_are_rows_accepted_and_rows_refused(judged: list[Judged]) -> None:
    assert_rows_add_up(judged)
    assert sum(j.rows_in for j in judged) > 250


def test_most_indicators_end_with_a_value(
    catalogue: Catalogue, judged: list[Judged], module_warehouse: Warehouse
) -> None:
    with module_warehouse.connect("loader") as connection:
        latest = connection.execute(
            "select distinct on (item_code, area_code, period) item_code, state from gate.current_item_value"
            " where verdict = 'accepted' order by item_code, area_code, period, received_at desc"
        ).fetchall()
    known = {item_code for item_code, state in latest if state == "value"}

    def has_value(indicator: Indicator) -> bool:
        parts = [part for part in (indicator.numerator_item, indicator.denominator_item) if part]
        return bool(parts) and known.issuperset(parts)

    official = [i for i in catalogue.indicators if i.year == 2021 and i.status == "official"]
    with_value = [i.code for i in official if has_value(i)]
    assert len(with_value) >= 50
    # A scorecard without gaps would not look like one.
    assert len(with_value) <= len(official) - 3
