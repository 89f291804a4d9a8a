"""Indices of surface kinds, and the figures that are made of a unit's partial results.

Each figure is None where nothing is known: an unseen unit has no zero. Areas are m², shares 0 to 1; a share is of the
area that was seen, and ``Partial.valid_share`` and ``cloud_share`` say how much that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from cityhealth.spatial.rasters.partial import Partial
from cityhealth.spatial.rasters.zonal import Layers, Test


@dataclass(frozen=True)
class NormalisedDifference:
    """(first - second) / (first + second) of two bands, -1 to 1; unknown where one is negative or both are zero.

    Atmospheric correction leaves reflectances below 0 in shadow and over dark water. They are noise, outside of the
    valid range 0 to 1 (USGS, Landsat 4-7 Collection 2 Level 2 Science Product Guide, LSDS-1618), and the quotient of
    such is nothing between -1 and 1: two negative ones of bare water may look like a forest.
    """

    first: str
    second: str

    @property
    def bands(self) -> tuple[str, ...]:
        return (self.first, self.second)

    def __call__(self, layers: Layers) -> np.ndarray:
        first, second = layers[self.first], layers[self.second]
        known = (first >= 0) & (second >= 0) & (first + second > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(known, (first - second) / (first + second), np.nan)


def ndvi(red: str = "red", nir: str = "nir") -> NormalisedDifference:
    """Vegetation (Rouse et al. 1974): (near infrared - red) / (near infrared + red)."""
    return NormalisedDifference(nir, red)


def ndwi(green: str = "green", nir: str = "nir") -> NormalisedDifference:
    """Open water (McFeeters 1996): (green - near infrared) / (green + near infrared)."""
    return NormalisedDifference(green, nir)


def ndbi(nir: str = "nir", swir: str = "swir") -> NormalisedDifference:
    """Built-up land (Zha, Gao and Ni 2003): (short-wave - near infrared) / their sum. Bare soil is high, too."""
    return NormalisedDifference(swir, nir)


@dataclass(frozen=True)
class BuiltUp:
    """Built-up index (Zha, Gao and Ni 2003): NDBI - NDVI, -2 to 2; above 0 is built up."""

    red: str = "red"
    nir: str = "nir"
    swir: str = "swir"

    @property
    def bands(self) -> tuple[str, ...]:
        return (self.red, self.nir, self.swir)

    def __call__(self, layers: Layers) -> np.ndarray:
        return ndbi(self.nir, self.swir)(layers) - ndvi(self.red, self.nir)(layers)


def vegetation(threshold: float, red: str = "red", nir: str = "nir") -> Test:
    """Cells whose NDVI lies above ``threshold``."""
    return Test(ndvi(red, nir), above=threshold)


def water(threshold: float = 0.0, green: str = "green", nir: str = "nir") -> Test:
    """Cells whose NDWI lies above ``threshold``."""
    return Test(ndwi(green, nir), above=threshold)


def built_up(threshold: float = 0.0, red: str = "red", nir: str = "nir", swir: str = "swir") -> Test:
    """Cells whose built-up index lies above ``threshold``."""
    return Test(BuiltUp(red, nir, swir), above=threshold)


def permeable(threshold: float = 0.0, red: str = "red", nir: str = "nir", swir: str = "swir") -> Test:
    """Cells that are not built up: rain can enter the ground (or the water) there."""
    return Test(BuiltUp(red, nir, swir), up_to=threshold)


def share(partial: Partial, condition: str) -> float | None:
    """Vegetation cover, permeable, built-up or green share: the part of the area seen in which ``condition`` holds."""
    return partial.conditions[condition].share


def area_m2(partial: Partial, condition: str) -> float | None:
    """Area seen in which ``condition`` holds (water, for one); nothing is added for what clouds hide."""
    found = partial.conditions[condition]
    return found.true_m2 if found.known_m2 else None


def expansion(before: Partial, after: Partial, condition: str) -> float | None:
    """Growth of the share in which ``condition`` holds, between two dates, in m² of the whole unit.

    From shares, not areas seen, since the two dates have different clouds: so demand a high valid share of both.
    """
    old, new = share(before, condition), share(after, condition)
    return None if old is None or new is None else (new - old) * after.unit_m2


def class_shares(partial: Partial, names: Mapping[int, str]) -> dict[str, float]:
    """Share of each land-cover class in the area seen, by the name that the class table gives.

    Codes of one name are added; a code that the table lacks keeps its number as its name. Empty where nothing is seen.
    """
    seen = sum(partial.classes.values())
    shares: dict[str, float] = {}
    for code, area in sorted(partial.classes.items()):
        name = names.get(code, str(code))
        shares[name] = shares.get(name, 0.0) + area / seen
    return shares


def class_area_m2(partial: Partial, codes: Iterable[int]) -> float | None:
    """Area seen of the classes ``codes`` (green space, water …)."""
    return sum(partial.classes.get(code, 0.0) for code in set(codes)) if partial.classes else None


def total(partial: Partial, amount: str) -> float | None:
    """Sum over cells by the part covered: night lights, people per cell."""
    found = partial.amounts[amount]
    return found.total if found.cells else None


def contrast(inside: Partial, outside: Partial, amount: str) -> float | None:
    """Difference of two units' means, as of surface temperature in a city against its surroundings (kelvin)."""
    city, around = inside.amounts[amount].mean, outside.amounts[amount].mean
    return None if city is None or around is None else city - around
