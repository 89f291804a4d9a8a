"""Conversion between the units of one dimension, by the factors of the catalogue."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from decimal import Context, Decimal
from typing import Protocol

from cityhealth.errors import CityHealthError

# Far more digits than any factor or value has: products are exact, and only endless quotients are rounded.
_EXACT = Context(prec=60)


class UnitRow(Protocol):
    """A row of ``units.csv``: ``factor`` leads from the unit to its dimension's base unit."""

    @property
    def unit(self) -> str: ...
    @property
    def dimension(self) -> str: ...
    @property
    def factor(self) -> Decimal: ...
    @property
    def aliases(self) -> Collection[str]: ...


class UnitError(CityHealthError):
    """A unit unknown to the catalogue, or two that measure different things; Chinese message."""


def convert(value: Decimal, from_unit: str, to_unit: str, units: Mapping[str, UnitRow]) -> Decimal:
    """``value`` in ``to_unit``: 万人 to 人. Raises UnitError (unknown unit, other dimension)."""
    source, target = resolve_unit(from_unit, units), resolve_unit(to_unit, units)
    if source.dimension != target.dimension:
        raise UnitError(f"单位「{from_unit}」不能换算为「{to_unit}」")
    if source.unit == target.unit:
        return value
    return _EXACT.divide(_EXACT.multiply(value, source.factor), target.factor)


def resolve_unit(name: str, units: Mapping[str, UnitRow]) -> UnitRow:
    """The row of a unit by its name or an alias, as written, else with width, spaces and case folded."""
    if name in units:
        return units[name]
    wanted = _folded(name)
    found = [row for row in units.values() if any(_folded(known) == wanted for known in (row.unit, *row.aliases))]
    exact = [row for row in found if name in row.aliases] or found
    if len({row.unit for row in exact}) != 1:
        raise UnitError(f"单位「{name}」{'有歧义' if exact else '不在单位表中'}")
    return exact[0]


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
