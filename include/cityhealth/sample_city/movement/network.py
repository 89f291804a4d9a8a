"""The streets as directed pieces between crossings, and which piece a driver takes after another."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

#: Class of street → km/h where nothing is in the way, and how drivers prefer it.
_CLASSES = {"快速路": (62, 4.0), "主干路": (50, 3.0), "次干路": (43, 2.0), "支路": (36, 1.0), "街坊路": (28, 0.3)}
_STRAIGHT_ON = 8.0

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Network:
    """``crossings`` (n, 2) in metres; per directed piece: ``tail`` and ``head`` crossing, ``speed`` in m/s.

    All pieces are ``length`` metres long. ``after`` (pieces, 4) are the pieces that follow one, ``odds`` the share of
    drivers that take this or one before it.
    """

    crossings: Floats
    tail: Numbers
    head: Numbers
    speed: Floats
    length: float
    after: Numbers
    odds: Floats

    def walk(self, walkers: int, steps: int, rng: np.random.Generator) -> Numbers:
        """Pieces as driven one after another by each walker, (walkers, steps); nobody turns but in a dead end."""
        pieces = np.empty((walkers, steps), dtype=np.int64)
        pieces[:, 0] = rng.integers(0, len(self.tail), walkers)
        for step in range(1, steps):
            before = pieces[:, step - 1]
            choice = (rng.random(walkers)[:, None] > self.odds[before]).sum(axis=1)
            pieces[:, step] = self.after[before, choice]
        return pieces


def network(roads: gpd.GeoDataFrame, side: float) -> Network:
    """The largest connected part of ``roads``, whose corners lie on a lattice of ``side`` metres."""
    coordinates, line = shapely.get_coordinates(np.asarray(roads.geometry.array, dtype=object), return_index=True)
    within = line[:-1] == line[1:]
    lattice, place = np.unique(np.rint(coordinates / side).astype(np.int64), axis=0, return_inverse=True)
    one, other = place[:-1][within], place[1:][within]
    classes = roads["道路等级"].to_numpy()[line[:-1][within]]
    _, part = connected_components(coo_array((np.ones(len(one)), (one, other)), shape=(len(lattice),) * 2), False)
    kept = part[one] == np.bincount(part).argmax()
    tail, head = (np.concatenate(ends) for ends in ((one[kept], other[kept]), (other[kept], one[kept])))
    kmh, liked = np.array([_CLASSES[name] for name in np.tile(classes[kept], 2)]).T
    after, odds = _continuations(lattice, tail, head, liked)
    return Network(lattice * side, tail, head, kmh / 3.6, side, after, odds)


def _continuations(lattice: Numbers, tail: Numbers, head: Numbers, liked: Floats) -> tuple[Numbers, Floats]:
    order = np.argsort(tail, kind="stable")
    first = np.searchsorted(tail[order], np.arange(len(lattice)))
    count = np.bincount(tail, minlength=len(lattice))
    slot = np.arange(4)
    there = slot < count[head][:, None]
    after = order[np.where(there, first[head][:, None] + slot, 0)]
    way = lattice[head] - lattice[tail]
    straight = ((way[after] * way[:, None, :]).sum(axis=2)) > 0
    back = head[after] == tail[:, None]
    weights = np.where(there & ~back, liked[after] * np.where(straight, _STRAIGHT_ON, 1.0), 0.0)
    dead_end = weights.sum(axis=1) == 0
    weights[dead_end] = (there & back)[dead_end]
    odds = np.cumsum(weights, axis=1) / weights.sum(axis=1)[:, None]
    return after, odds[:, :3]
