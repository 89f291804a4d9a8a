"""The sample city meets the gate: every file gets the verdict it was made for, most indicators end with a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from cityhealth.catalogue import Catalogue, Indicator
from cityhealth.feeds.pipeline import ingest
from cityhealth.landing import LandingZone
from cityhealth.sample_city import SampleFile, generate, land_all
from cityhealth.warehouse.connections import Warehouse


@dataclass(frozen=True)
class Judged:
    """What the gate said of one file. ``rules`` counts failing rows by rule code."""

    file: SampleFile
    verdict: str
    rows_in: int
    rows_accepted: int
    rows_refused: int
    read_error: str | None
    rules: Counter[str]


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
    with module_warehouse.connect("loader") as connection:
        runs = {
            row[0]: row[1:]
            for row in connection.execute(
                "select arrival_id, verdict, rows_in, rows_accepted, rows_refused, read_error_code"
                " from gate.current_run"
            ).fetchall()
        }
        failing = connection.execute(
            "select run.arrival_id, failing.rule_code, count(*) from gate.current_failing_row as failing"
            " join gate.current_run as run on run.gate_run_id = failing.gate_run_id group by 1, 2"
        ).fetchall()
    rules: dict[str, Counter[str]] = {}
    for arrival_id, rule, count in failing:
        rules.setdefault(arrival_id, Counter())[rule] = count
    yield [
        Judged(file, *runs[arrival.arrival_id], rules=rules.get(arrival.arrival_id, Counter()))
        for file, arrival in zip(files, arrivals, strict=True)
    ]


def test_every_file_gets_the_verdict_it_was_made_for(judged: list[Judged]) -> None:
    said = {j.file.filename + str(j.file.received_at): (j.verdict, j.read_error, j.rows_refused) for j in judged}
    expected = {
        file.filename + str(file.received_at): (file.expected.verdict, file.expected.read_error, file.expected.refused)
        for file in (j.file for j in judged)
    }
    assert said == expected


def test_every_planted_error_is_found_by_its_rule(judged: list[Judged]) -> None:
    for j in judged:
        planted = Counter(j.file.expected.rules)
        assert planted - j.rules == Counter(), (j.file.filename, planted - j.rules)


def test_rows_in_are_rows_accepted_and_rows_refused(judged: list[Judged]) -> None:
    assert all(j.rows_in == j.rows_accepted + j.rows_refused for j in judged)
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
