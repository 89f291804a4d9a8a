"""Units taken apart: what they measure and how much of it."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings, strategies as st

from cityhealth.catalogue import Catalogue
from cityhealth.catalogue.measures import Measure, measure

MEASURES = st.builds(
    Measure,
    st.fractions(min_value=Fraction(1, 1000), max_value=1000),
    st.dictionaries(st.sampled_from(["area", "length", "time"]), st.sampled_from([-2, -1, 1, 2])),
)


@settings(deadline=None)
@given(MEASURES, MEASURES)
def test_dividing_undoes_multiplying(one: Measure, other: Measure) -> None:
    assert one * other / other == one


@settings(deadline=None)
@given(MEASURES)
def test_a_measure_over_itself_is_a_pure_one(one: Measure) -> None:
    assert one / one == Measure(Fraction(1), {})


def test_a_share_of_people_has_no_dimension(catalogue: Catalogue) -> None:
    assert measure("人/万人", catalogue.unit) == Measure(Fraction(1, 10000), {})
    assert measure("%", catalogue.unit) == Measure(Fraction(1, 100), {})


def test_person_minutes_per_person_are_minutes(catalogue: Catalogue) -> None:
    total, people = measure("人·分钟", catalogue.unit), measure("人", catalogue.unit)
    assert total is not None and people is not None
    assert total / people == measure("分钟", catalogue.unit)


def test_what_is_not_in_the_table_has_no_measure(catalogue: Catalogue) -> None:
    assert measure("光年/人", catalogue.unit) is None
    assert measure("人·光年", catalogue.unit) is None
