"""Self-checks of the sample city: every file gets its verdict, and just the planted contradictions are found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.feeds.pipeline import ingest
from cityhealth.landing import LandingZone
from cityhealth.sample_city import generate, land_all
from cityhealth.sample_city.amendments import amendments
from cityhealth.sample_city.figures import Figures
from cityhealth.sample_city.scenes import prepare
from cityhealth.sample_city.self_check import CONTRADICTIONS, generate_self_check, quoted, true_value
from cityhealth.transform.dbt import Project
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
    landing, files = LandingZone(settings.landing_url), generate_self_check(catalogue)
    indicators = [file for file in generate(catalogue) if file.feed == "departmental"]
    land_all([*indicators, *amendments(prepare(catalogue, 2021, 2021))], landing)
    arrivals = land_all(files, landing)
    for feed in ("departmental", "self_check"):
        ingest(settings, module_warehouse, feed)
    wanted = ["--select", "+self_check_contradiction", "+self_check"]
    Project(module_warehouse, settings).run(["build", *wanted, "--resource-type", "seed", "--resource-type", "model"])
    yield judged_files(module_warehouse, files, arrivals)


def test_every_file_gets_the_verdict_and_the_warnings_it_was_made_for(judged: list[Judged]) -> None:
    assert_verdicts(judged)
    assert_rules(judged)
    assert_rows_add_up(judged)
    assert len({j.file.department_text for j in judged}) >= 20


def test_the_planted_contradictions_are_found_and_no_figure_that_is_the_accepted_one(
    judged: list[Judged], catalogue: Catalogue, module_warehouse: Warehouse
) -> None:
    with module_warehouse.connect("reader") as connection:
        found = connection.execute(
            "select department_code, indicator_code, value_text, accepted_value, tolerance"
            " from self_check_contradiction where synthetic"
        ).fetchall()
        compared = connection.execute(
            "select count(*) from self_check_figure where judgement <> 'not_compared'"
        ).fetchone()
    planted = {(one.department, one.indicator, quoted(catalogue, one)) for one in CONTRADICTIONS}
    assert planted <= {row[:3] for row in found}
    assert compared is not None and compared[0] > 40
    # What is found besides: errors that were planted in the data were accepted, and the text has the true figure.
    figures = Figures(catalogue, 2021, 2021)
    others = [row for row in found if row[:3] not in planted]
    assert len(others) <= 4
    for _, code, _, accepted, tolerance in others:
        indicator = catalogue.indicator(code, 2021)
        assert indicator is not None
        assert abs((true_value(catalogue, indicator, figures) or 0) - accepted) > tolerance, code


def test_every_department_s_words_are_in_the_mart(judged: list[Judged], module_warehouse: Warehouse) -> None:
    with module_warehouse.connect("reader") as connection:
        rows = connection.execute(
            "select department_code, min(sections_present), bool_and(synthetic) from self_check group by 1"
        ).fetchall()
    assert len(rows) >= 20
    assert all(synthetic for _, _, synthetic in rows)
    assert {code for code, present, _ in rows if present < 4} == {"health"}
