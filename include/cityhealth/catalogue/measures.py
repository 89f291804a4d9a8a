"""What a unit measures, taken apart: 公里/小时 is 公里 over 小时, 人·分钟 their product."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from cityhealth.catalogue.rows import Unit


@dataclass(frozen=True)
class Measure:
    """A factor to the base units, and the power of each dimension (pure numbers have none)."""

    factor: Fraction
    powers: Mapping[str, int]

    def __truediv__(self, other: Measure) -> Measure:
        return Measure(self.factor / other.factor, _combined(self.powers, other.powers, -1))

    def __mul__(self, other: Measure) -> Measure:
        return Measure(self.factor * other.factor, _combined(self.powers, other.powers, 1))


ONE = Measure(Fraction(1), {})


def measure(name: str, unit: Callable[[str], Unit | None]) -> Measure | None:
    """The measure of a unit's name, or None where ``unit`` does not know it or a part of it.

    >>> measure("人/万人", units.get)  # doctest: +SKIP
    Measure(factor=Fraction(1, 10000), powers={})
    """
    over, slash, under = name.partition("/")
    if slash:
        parts = measure(over, unit), measure(under, unit)
        return parts[0] / parts[1] if parts[0] and parts[1] else None
    left, dot, right = name.partition("·")
    if dot:
        factors = measure(left, unit), measure(right, unit)
        return factors[0] * factors[1] if factors[0] and factors[1] else None
    row = unit(name)
    if row is None or row.factor <= 0:
        return None
    return Measure(Fraction(row.factor), {} if row.dimension == "ratio" else {row.dimension: 1})


def is_compound(name: str) -> bool:
    """Whether a unit's name is made of others."""
    return "/" in name or "·" in name


def _combined(left: Mapping[str, int], right: Mapping[str, int], sign: int) -> Mapping[str, int]:
    powers = Counter(left)
    for dimension, power in right.items():
        powers[dimension] += sign * power
    return {dimension: power for dimension, power in powers.items() if power}
