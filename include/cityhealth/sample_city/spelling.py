"""Numbers as people write them; every function gives a text that means exactly the number it was given."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

_FULL_WIDTH = str.maketrans("0123456789.-,%", "０１２３４５６７８９．－，％")

#: Unit → another one that people use, and how many of it make the figure. The catalogue converts both ways.
OTHER_UNITS: Mapping[str, tuple[str, Decimal]] = {
    "平方公里": ("公顷", Decimal(100)),
    "公顷": ("平方公里", Decimal("0.01")),
    "人": ("万人", Decimal("0.0001")),
    "亿元": ("万元", Decimal(10_000)),
    "万平方米": ("平方米", Decimal(10_000)),
    "公里": ("米", Decimal(1_000)),
    "万吨": ("吨", Decimal(10_000)),
}


def plain(number: float) -> str:
    """``611798``, ``71.636``"""
    return format(Decimal(repr(number)).normalize(), "f")


def full_width(number: float) -> str:
    """``７１．６３６``"""
    return plain(number).translate(_FULL_WIDTH)


def thousands(number: float) -> str:
    """``611,798``"""
    return f"{Decimal(plain(number)):,}"


def in_ten_thousands(number: float) -> str:
    """``61.1798万``"""
    return f"{(Decimal(plain(number)) / 10_000).normalize():f}万"


def with_unit(number: float, unit: str) -> str:
    """``71.636 平方公里``, ``12.5%``"""
    return f"{plain(number)}{'' if unit == '%' else ' '}{unit}"


def in_other_unit(number: float, unit: str) -> tuple[float, str]:
    """The figure and the unit it is now in; KeyError where people use no other unit."""
    other, factor = OTHER_UNITS[unit]
    return float(Decimal(plain(number)) * factor), other
