"""What is wrong with positions: repeated fixes, jumps, clocks gone wrong, points far away, one device under two ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Of all fixes.
_REPEATED, _JUMPS, _CLOCKS, _ASTRAY = 1 / 500, 1 / 3_000, 1 / 5_000, 1 / 5_000
_JUMP_M = (4_000.0, 8_000.0)
#: What clocks show that forgot the time, in seconds from 1970: just that, and the week counter of GPS begun again.
_FORGOTTEN = (0, 935_280_000)
#: Degrees east: into another province.
_AWAY = 3.0

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Planted:
    """Rows that are at fault, by kind."""

    repeated: int
    jumps: int
    clocks: int
    astray: int
    twins: int = 0


def jumps(
    east: Floats, north: Floats, free: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[Floats, Floats, Numbers]:
    """Some of the ``free`` fixes lie some kilometres aside of where the device is, metres; and which."""
    which = _some(len(east), _JUMPS, rng)
    which = which[free[which]]
    angle, reach = rng.uniform(0, 2 * np.pi, len(which)), rng.uniform(*_JUMP_M, len(which))
    east, north = east.copy(), north.copy()
    east[which] += reach * np.cos(angle)
    north[which] += reach * np.sin(angle)
    return east, north, which


def clocks(local: Numbers, free: NDArray[np.bool_], rng: np.random.Generator) -> tuple[Numbers, int]:
    """Some of the ``free`` local times are what a clock shows that lost the time; and how many."""
    which = _some(len(local), _CLOCKS, rng)
    which = which[free[which]]
    local = local.copy()
    local[which] = rng.choice(_FORGOTTEN, len(which))
    return local, len(which)


def astray(lonlat: Floats, free: NDArray[np.bool_], rng: np.random.Generator) -> int:
    """Put some of the ``free`` points where they cannot be, in place: at 0, 0, or in another province."""
    which = _some(len(lonlat), _ASTRAY, rng)
    which = which[free[which]]
    lost = rng.random(len(which)) < 0.5
    lonlat[which[lost]] = 0.0
    lonlat[which[~lost], 0] += _AWAY
    return len(which)


def repeated(count: int, free: NDArray[np.bool_], rng: np.random.Generator) -> tuple[Numbers, int]:
    """Rows of a table of ``count``, some of the ``free`` ones twice, in their order; and how many are second ones."""
    twice = _some(count, _REPEATED, rng)
    twice = twice[free[twice]]
    return np.sort(np.concatenate([np.arange(count), twice])), len(twice)


def _some(count: int, share: float, rng: np.random.Generator) -> Numbers:
    return np.sort(rng.choice(count, round(count * share), replace=False))
