"""Conversion by the factors of a unit table."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from cityhealth.quantities import UnitError, convert, resolve_unit


@dataclass(frozen=True)
class Row:
    unit: str
    dimension: str
    factor: Decimal
    aliases: tuple[str, ...] = ()


UNITS = {
    row.unit: row
    for row in (
        Row("人", "person", Decimal(1)),
        Row("万人", "person", Decimal(10_000)),
        Row("平方公里", "area", Decimal(1_000_000), ("km2", "km²", "平方千米")),
        Row("公顷", "area", Decimal(10_000), ("hm2",)),
        Row("平方米", "area", Decimal(1), ("m2", "㎡")),
        Row("元", "money", Decimal(1)),
        Row("万元", "money", Decimal(10_000)),
        Row("亿元", "money", Decimal(100_000_000)),
        Row("%", "share", Decimal(1), ("百分比",)),
        Row("‰", "share", Decimal("0.1")),
        Row("天", "time", Decimal(24), ("d",)),
        Row("周", "time", Decimal(168)),
    )
}


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("219.4545", "万人", "人", "2194545"),
        ("4580", "公顷", "平方公里", "45.80"),
        ("3.2", "亿元", "万元", "32000"),
        ("52.3", "KM²", "平方公里", "52.3"),
        ("12", "㎡", "平方米", "12"),
        ("125", "‰", "%", "12.5"),
        ("12.5", "％", "%", "12.5"),
    ],
)
def test_known_pairs_are_converted_exactly(value: str, source: str, target: str, expected: str) -> None:
    assert convert(Decimal(value), source, target, UNITS) == Decimal(expected)


@pytest.mark.parametrize(("source", "target"), [("亩", "平方公里"), ("人", "平方公里"), ("人", "斤")])
def test_unknown_units_and_other_dimensions_are_refused_by_name(source: str, target: str) -> None:
    with pytest.raises(UnitError) as refused:
        convert(Decimal(1), source, target, UNITS)
    assert source in refused.value.message or target in refused.value.message


def test_an_alias_of_two_units_is_refused() -> None:
    units = {row.unit: row for row in (Row("斤", "mass", Decimal(1), ("t",)), Row("吨", "mass", Decimal(2), ("T",)))}
    assert resolve_unit("T", units).unit == "吨"
    with pytest.raises(UnitError, match="歧义"):
        resolve_unit("ｔ", units)


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=6, allow_nan=False),
    st.sampled_from([("人", "万人"), ("公顷", "平方公里"), ("亿元", "万元"), ("‰", "%")]),
)
def test_there_and_back_is_the_same_number(value: Decimal, pair: tuple[str, str]) -> None:
    there = convert(value, pair[0], pair[1], UNITS)
    assert convert(there, pair[1], pair[0], UNITS) == value
