"""The figures of the sample city hang together."""

from __future__ import annotations

import dataclasses

import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city.anchors import ANCHORS
from cityhealth.sample_city.figures import Figures
from cityhealth.templates import Key

YEAR = 2021


@pytest.fixture(scope="module", params=[1, 2021, 77])
def figures(catalogue: Catalogue, request: pytest.FixtureRequest) -> Figures:
    return Figures(catalogue, YEAR, request.param)


@pytest.fixture(scope="module")
def duties(catalogue: Catalogue) -> list[Key]:
    return [
        (duty.item.code, duty.area.code, duty.period.key)
        for department in catalogue.departments
        for duty in catalogue.duty_list(department.code, YEAR)
    ]


def test_every_figure_is_plausible_and_counted_as_its_item_is(
    catalogue: Catalogue, figures: Figures, duties: list[Key]
) -> None:
    for key in duties:
        item, value = catalogue.item(key[0]), figures.of(key)
        assert item is not None
        low = item.plausible_min if item.plausible_min is not None else item.min_value
        high = item.plausible_max if item.plausible_max is not None else item.max_value
        assert (low is None or value >= low) and (high is None or value <= high), (key, value)
        assert not item.integer or value == int(value), (key, value)


def test_no_part_exceeds_its_whole(catalogue: Catalogue, figures: Figures, duties: list[Key]) -> None:
    compared = 0
    for key in duties:
        item = catalogue.item(key[0])
        assert item is not None
        whole = (item.whole_item or "", *key[1:])
        if whole in duties:
            compared += 1
            assert figures.of(key) <= figures.of(whole), key
    assert compared > 30


def test_a_reported_ratio_is_that_of_its_parts(catalogue: Catalogue, figures: Figures, duties: list[Key]) -> None:
    compared = 0
    for code, area, period in duties:
        item = catalogue.item(code)
        indicator = catalogue.indicator(item.reported_of, YEAR) if item and item.reported_of else None
        if indicator is None or indicator.formula_kind != "ratio":
            continue
        above, below = ((part or "", area, period) for part in (indicator.numerator_item, indicator.denominator_item))
        if above in duties and below in duties and figures.of(below):
            compared += 1
            ratio = float(indicator.scale or 1) * figures.of(above) / figures.of(below)
            assert figures.of((code, area, period)) == pytest.approx(ratio, rel=1e-4)
    assert compared > 30


def test_published_totals_are_not_jittered(catalogue: Catalogue, figures: Figures) -> None:
    assert figures.of(("gdp", "140500", "2020")) == 1425.7
    assert figures.of(("city_population", "140500", "2020")) == 2_194_300


def test_every_anchor_is_used(catalogue: Catalogue) -> None:
    for code, anchors in ANCHORS.items():
        item = catalogue.item(code)
        assert item is not None, code
        assert {anchor.unit for anchor in anchors} == {item.unit}, code


def test_another_seed_gives_other_figures(catalogue: Catalogue, duties: list[Key]) -> None:
    one, two = Figures(catalogue, YEAR, 1), Figures(catalogue, YEAR, 2)
    different = sum(one.of(key) != two.of(key) for key in duties)
    assert different > len(duties) * 0.8


def test_a_growing_catalogue_changes_no_figure_that_was_there(catalogue: Catalogue, duties: list[Key]) -> None:
    new = dataclasses.replace(catalogue.items[0], code="added_item", name_zh="新增项", whole_item=None)
    grown = dataclasses.replace(catalogue, items=(new, *catalogue.items))
    before, after = Figures(catalogue, YEAR, 2021), Figures(grown, YEAR, 2021)
    assert all(before.of(key) == after.of(key) for key in duties)
