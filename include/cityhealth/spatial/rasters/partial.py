"""What a unit's cells add up to. Partial results of tiles are added, in any order, to those of the whole scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True)
class Amount:
    """Sums of one quantity over the cells where it is known, each cell counted by the part that the unit covers.

    ``cells`` = Σ part, ``m2`` = Σ part × area of the cell, ``total`` = Σ part × value,
    ``by_area`` = Σ part × area of the cell × value.
    """

    cells: float = 0.0
    m2: float = 0.0
    total: float = 0.0
    by_area: float = 0.0

    def __add__(self, other: Self) -> Amount:
        return Amount(
            self.cells + other.cells, self.m2 + other.m2, self.total + other.total, self.by_area + other.by_area
        )

    @property
    def mean(self) -> float | None:
        """Mean weighted by area, in the quantity's unit; None where nothing is known."""
        return self.by_area / self.m2 if self.m2 else None


@dataclass(frozen=True)
class Condition:
    """Area in m² where a condition is known (no cloud, data in every band it needs), and where it holds."""

    known_m2: float = 0.0
    true_m2: float = 0.0

    def __add__(self, other: Self) -> Condition:
        return Condition(self.known_m2 + other.known_m2, self.true_m2 + other.true_m2)

    @property
    def share(self) -> float | None:
        """0 to 1; None where nothing is known."""
        return self.true_m2 / self.known_m2 if self.known_m2 else None


@dataclass(frozen=True)
class Partial:
    """One unit over one tile, or over a whole scene. Areas in m².

    ``unit_m2`` is the unit's whole area, on or off the raster, the same in every tile. Of it ``recorded_m2`` has data,
    and of that ``cloud_m2`` is hidden. ``classes``: class code → area seen.
    """

    unit_m2: float
    recorded_m2: float = 0.0
    cloud_m2: float = 0.0
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    classes: Mapping[int, float] = field(default_factory=dict)

    def __add__(self, other: Self) -> Partial:
        return Partial(
            unit_m2=max(self.unit_m2, other.unit_m2),
            recorded_m2=self.recorded_m2 + other.recorded_m2,
            cloud_m2=self.cloud_m2 + other.cloud_m2,
            amounts=_added(self.amounts, other.amounts, Amount()),
            conditions=_added(self.conditions, other.conditions, Condition()),
            classes=_added(self.classes, other.classes, 0.0),
        )

    @property
    def valid_share(self) -> float:
        """Part of the unit, 0 to 1, that was recorded and not hidden by clouds."""
        return (self.recorded_m2 - self.cloud_m2) / self.unit_m2 if self.unit_m2 else 0.0

    @property
    def cloud_share(self) -> float | None:
        """Part of the recorded area, 0 to 1, that clouds hide; None where nothing was recorded."""
        return self.cloud_m2 / self.recorded_m2 if self.recorded_m2 else None


def _added(mine: Mapping, theirs: Mapping, nothing: object) -> dict:
    return {name: mine.get(name, nothing) + theirs.get(name, nothing) for name in mine.keys() | theirs.keys()}


def combine(*tiles: Mapping[str, Partial]) -> dict[str, Partial]:
    """The results of several tiles (unit → partial) as one."""
    whole: dict[str, Partial] = {}
    for tile in tiles:
        for unit, partial in tile.items():
            whole[unit] = whole[unit] + partial if unit in whole else partial
    return whole
