"""However a number of the sample city is written, it is read as the number it was."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from cityhealth.catalogue import Catalogue
from cityhealth.quantities import convert, parse_quantity
from cityhealth.sample_city import spelling

_numbers = st.one_of(
    st.integers(0, 10**9).map(float),
    st.decimals(Decimal("0.001"), Decimal(10**7), places=3).map(float),
)


@given(_numbers)
@pytest.mark.parametrize(
    "spelled", [spelling.plain, spelling.full_width, spelling.thousands, spelling.in_ten_thousands]
)
def test_a_spelling_means_the_number(spelled, number: float) -> None:
    assert float(parse_quantity(spelled(number)).value) == number


@given(_numbers)
@pytest.mark.parametrize("unit", ["%", "平方公里", "人"])
def test_a_unit_in_the_cell_is_told_apart_from_the_number(unit: str, number: float) -> None:
    quantity = parse_quantity(spelling.with_unit(number, unit))
    assert (float(quantity.value), quantity.unit) == (number, unit)


@given(_numbers)
@pytest.mark.parametrize("unit", spelling.OTHER_UNITS)
def test_another_unit_converts_back_to_the_number(catalogue: Catalogue, unit: str, number: float) -> None:
    other, other_unit = spelling.in_other_unit(number, unit)
    back = convert(Decimal(repr(other)), other_unit, unit, catalogue.units)
    assert float(back) == pytest.approx(number, rel=1e-12)
