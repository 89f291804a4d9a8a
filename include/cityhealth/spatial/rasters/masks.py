"""Masks that say of each cell whether a cloud hides it or nothing was recorded: class codes or bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


class MaskRule(Protocol):
    """How to read the numbers of a mask file."""

    def cloud(self, codes: np.ndarray) -> np.ndarray:
        """True where a cloud, its shadow or haze hides the ground."""

    def fill(self, codes: np.ndarray) -> np.ndarray:
        """True where nothing usable was recorded."""


@dataclass(frozen=True)
class ClassMask:
    """A mask of class codes, one per cell."""

    cloud_codes: frozenset[int]
    fill_codes: frozenset[int] = frozenset()

    def cloud(self, codes: np.ndarray) -> np.ndarray:
        return np.isin(codes, list(self.cloud_codes))

    def fill(self, codes: np.ndarray) -> np.ndarray:
        return np.isin(codes, list(self.fill_codes))


@dataclass(frozen=True)
class BitMask:
    """A mask of flags: bit n (from 0, the lowest) of a cell's number is set or not."""

    cloud_bits: frozenset[int]
    fill_bits: frozenset[int] = frozenset()

    def cloud(self, codes: np.ndarray) -> np.ndarray:
        return _any_bit(codes, self.cloud_bits)

    def fill(self, codes: np.ndarray) -> np.ndarray:
        return _any_bit(codes, self.fill_bits)


def _any_bit(codes: np.ndarray, bits: frozenset[int]) -> np.ndarray:
    return codes.astype(np.int64) & sum(1 << bit for bit in bits) != 0


SCL = ClassMask(cloud_codes=frozenset({3, 8, 9, 10}), fill_codes=frozenset({0, 1}))
"""Sentinel-2 scene classification (L2A): 0 no data, 1 saturated or defective, 3 cloud shadow, 8 and 9 cloud of medium
and high probability, 10 thin cirrus. Snow (11) and dark areas (2) are ground that was seen."""

LANDSAT_QA_PIXEL = BitMask(cloud_bits=frozenset({1, 2, 3, 4}), fill_bits=frozenset({0}))
"""Landsat Collection 2 QA_PIXEL: bit 0 fill, 1 dilated cloud, 2 cirrus, 3 cloud, 4 cloud shadow."""
