"""Where facilities stand, so that they serve as much land as they shall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist


def within(sites: NDArray[np.float64], points: NDArray[np.float64], radius_m: float) -> NDArray[np.bool_]:
    """(sites, points): whether a point is within the radius of a site."""
    return cdist(sites, points) <= radius_m


def chosen(reaches: Sequence[NDArray[np.bool_]], share: float) -> list[int]:
    """One site for each of ``reaches`` (sites, points), all different, together reaching ``share`` of the points.

    Approached in steps as large as the radii, which leaves some sites near each other and some land unserved, as in
    any town.
    """
    steps = np.cumsum([reach.sum(axis=1).max() for reach in reaches])
    served = np.zeros(reaches[0].shape[1], dtype=bool)
    taken: list[int] = []
    for reach, step in zip(reaches, steps / steps[-1] * share, strict=True):
        off = np.abs((reach | served).mean(axis=1) - step)
        off[taken] = np.inf
        taken.append(int(np.argmin(off)))
        served |= reach[taken[-1]]
    return taken


def shared_out(total: float, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """``count`` whole numbers that add up to ``total`` (rounded), each half to one and a half times the mean."""
    weights = rng.uniform(0.5, 1.5, count)
    ends = np.round(np.cumsum(weights) / weights.sum() * round(total)).astype(np.int64)
    return np.diff(ends, prepend=0)
