"""Self-checks of the sample city: every file gets its verdict, and just the planted contradictions are found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.feeds.pipeline import ingest
from cityhealth.landing import LandingZone
from cityhealth.sample_city import generate, land_all
from cityhealth.sample_city.self_check import CONTRADICTIONS, generate_self_check, quoted
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
    land_all([file for file in generate(catalogue) if file.feed == "departmental"], landing)
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


def test_just_the_planted_contradictions_are_found(
    judged: list[Judged], catalogue: Catalogue, module_warehouse: Warehouse
) -> None:
    with module_warehouse.connect("reader") as connection:
        found = connection.execute(
            "select department_code, indicator_code, value_text, synthetic from self_check_contradiction"
        ).fetchall()
        compared = connection.execute(
            "select count(*) from self_check_figure where judgement <> 'not_compared'"
        ).fetchone()
    planted = {(one.department, one.indicator, quoted(catalogue, one), True) for one in CONTRADICTIONS}
    assert set(found) == planted and len(found) == len(planted)
    assert compared is not None and compared[0] > 40


def test_every_department_s_words_are_in_the_mart(judged: list[Judged], module_warehouse: Warehouse) -> None:
    with module_warehouse.connect("reader") as connection:
        rows = connection.execute(
            "select department_code, min(sections_present), bool_and(synthetic) from self_check group by 1"
        ).fetchall()
    assert len(rows) >= 20
    assert all(synthetic for _, _, synthetic in rows)
    assert {code for code, present, _ in rows if present < 4} == {"health"}
