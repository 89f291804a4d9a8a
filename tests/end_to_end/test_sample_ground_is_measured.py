"""The ground of the sample city through the gate: each file gets the verdict it was made for, and what is measured
agrees with what departments report, but where it was drawn not to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.feeds.pipeline import ingest
from cityhealth.landing import LandingZone
from cityhealth.sample_city import SampleFile, land_all
from cityhealth.sample_city.figures import Figures
from cityhealth.sample_city.terrain import generate_terrain
from cityhealth.sample_city.terrain.shown import PARTED
from cityhealth.spatial.reference import build_areas
from cityhealth.warehouse.connections import Warehouse

Run = tuple[str, int, str | None, Counter[str]]
Values = dict[tuple[str, str, str], float]


@pytest.fixture(scope="module")
def city(
    catalogue: Catalogue, module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[tuple[SampleFile, Run]]]:
    """Each file with its verdict, refused rows, reading error, and rules with the rows that fail them."""
    folder = tmp_path_factory.mktemp("ground")
    settings = replace(
        module_warehouse.settings,
        home=folder / "home",
        landing_url=str(folder / "landing"),
        outbox_url=str(folder / "outbox"),
    )
    files = generate_terrain(catalogue, build_areas("140500", catalogue, settings.areas_path))
    arrivals = land_all(files, LandingZone(settings.landing_url))
    for feed in ("layers", "imagery"):
        ingest(settings, module_warehouse, feed)
    with module_warehouse.connect("loader") as connection:
        runs = connection.execute(
            "select run.arrival_id, run.gate_run_id, run.verdict, run.rows_refused, run.read_error_code"
            " from gate.current_run as run join raw.batch as batch using (batch_id)"
            " where batch.raw_table <> 'measured_value'"
        ).fetchall()
        failing = connection.execute("select gate_run_id, rule_code from gate.current_failing_row").fetchall()
    said = {
        arrival: (verdict, refused, error, Counter(rule for of, rule in failing if of == run))
        for arrival, run, verdict, refused, error in runs
    }
    yield [(file, said[arrival.arrival_id]) for file, arrival in zip(files, arrivals, strict=True)]


@pytest.fixture(scope="module")
def values(city: object, module_warehouse: Warehouse) -> Values:
    """(source kind, item, area) → the value measured of 2020."""
    with module_warehouse.connect("loader") as connection:
        rows = connection.execute(
            "select source_kind, item_code, area_code, value from gate.current_item_value"
            " where state = 'value' and verdict = 'accepted' and period = '2020' order by received_at"
        ).fetchall()
    return {(source, item, area): float(value) for source, item, area, value in rows}


def test_every_file_gets_the_verdict_it_was_made_for(city: list[tuple[SampleFile, Run]]) -> None:
    said = {file.filename: run[:3] for file, run in city}
    expected = {
        file.filename: (file.expected.verdict, file.expected.refused, file.expected.read_error) for file, _ in city
    }
    assert said == expected


def test_every_planted_fault_is_found_by_its_rule_and_no_other_is(city: list[tuple[SampleFile, Run]]) -> None:
    for file, (_, _, _, rules) in city:
        unreadable = {"file_readable"} if file.expected.read_error else set()
        assert set(rules) == set(file.expected.rules) | unreadable, file.filename


def test_nothing_that_was_measured_is_refused(city: object, module_warehouse: Warehouse) -> None:
    with module_warehouse.connect("loader") as connection:
        runs = connection.execute(
            "select sum(run.rows_in), sum(run.rows_refused) from gate.current_run as run"
            " join raw.batch as batch using (batch_id) where batch.raw_table = 'measured_value'"
        ).fetchone()
    assert runs is not None and runs[0] > 60 and runs[1] == 0


def test_layers_show_what_departments_report_but_for_what_was_drawn_not_to(
    catalogue: Catalogue, values: Values
) -> None:
    figures = Figures(catalogue, 2021, 2021)
    asked = {item.code: item for item in catalogue.items}
    ratios = {
        (item, area): value / figures.of((item, area, "2020"))
        for (source, item, area), value in values.items()
        if source == "layers" and asked[item].feed == "departmental"
    }
    assert len(ratios) >= 28
    for (item, area), ratio in ratios.items():
        if item in PARTED:
            assert ratio == pytest.approx(PARTED[item], abs=0.04), item
        else:
            assert ratio == pytest.approx(1, abs=0.05), (item, area)


def test_scenes_show_the_town_and_its_surroundings(catalogue: Catalogue, values: Values) -> None:
    def seen(item: str, area: str = "140500-BUA") -> float:
        return values["imagery", item, area]

    reported = Figures(catalogue, 2021, 2021).of(("permeable_area", "140500-BUA", "2020"))
    assert seen("permeable_area") == pytest.approx(reported, rel=0.05)
    assert 0.2 < seen("built_up_expansion", "140502") < 2
    assert seen("green_space_area") + seen("water_surface_area") < seen("permeable_area")
    assert seen("vegetation_area") == pytest.approx(seen("green_space_area"), rel=0.2)
    assert 1 < seen("surface_temperature_contrast") < 4
    counties = [area.code for area in catalogue.areas if area.level == "county" and area.parent_code == "140500"]
    shares = {code: seen("land_cover_built_up_share", code) for code in counties}
    lights = {code: seen("night_light_total", code) for code in counties}
    assert max(shares, key=lambda code: shares[code]) == "140502"
    assert max(lights, key=lambda code: lights[code]) in ("140502", "140525")
