"""Streets and greenways along the lattice of the town."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import LineString

from cityhealth.sample_city.terrain.placing import chosen
from cityhealth.sample_city.terrain.shown import Shown
from cityhealth.sample_city.terrain.town import Town

#: No street is longer, in blocks: a name ends where another begins.
_LONGEST = 8
#: Class by how many lines of the lattice lie between two of it, the first that fits.
_EVERY = ((16, "快速路"), (8, "主干路"), (4, "次干路"), (1, "支路"))
_GREENWAYS, _GREENWAY_REACH_M, _GREENWAY_BLOCKS = 12, 1000.0, 12


def roads(town: Town, shown: Shown, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Streets around the blocks, with 道路名称 and 道路等级; as long in all, and in classes, as ``shown`` says."""
    pieces = [
        (line[start : start + _LONGEST + 1], _class_of(number))
        for number, line in _runs(town)
        for start in range(0, len(line) - 1, _LONGEST)
    ]
    lines = np.array([LineString(np.array(line) * town.side) for line, _ in pieces], dtype=object)
    classes = np.array([name for _, name in pieces], dtype=object)
    lengths = shapely.length(lines)
    branches = rng.permutation(np.flatnonzero(classes == "支路"))
    # Left out until the streets are as long as they shall be; of what is left, lanes that have no class.
    kept = np.ones(len(lines), dtype=bool)
    kept[branches[: _until(lengths[branches], lengths.sum() - shown.of("road_length") * 1000)]] = False
    branches = branches[kept[branches]]
    classed = kept & (classes != "快速路")
    classes[
        branches[: _until(lengths[branches], lengths[classed].sum() - shown.of("classified_road_length") * 1000)]
    ] = "街坊路"
    names = [f"示例{'东西'[n % 2]}街{n + 1}号" for n in range(int(kept.sum()))]
    return town.frame(lines[kept], 道路名称=names, 道路等级=classes[kept])


def greenways(town: Town, shown: Shown) -> gpd.GeoDataFrame:
    """Some lines along the town, within whose reach as much residential land lies as ``shown`` says."""
    runs = [line for _, line in _runs(town) if len(line) > _GREENWAY_BLOCKS]
    lines = np.array([LineString(np.array(line) * town.side) for line in runs], dtype=object)
    land = shapely.points(town.points(town.residential))
    reach = shapely.distance(lines[:, None], land[None, :]) <= _GREENWAY_REACH_M
    share = town.share(town.residential, shown.of("greenway_served_residential_land"))
    picked = chosen([reach] * _GREENWAYS, share)
    return town.frame(lines[picked], Name=[f"示例绿道{n + 1}" for n in range(len(picked))])


def _runs(town: Town) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Where streets can run: number of the lattice line, and the crossings along it between two rows of blocks."""
    there = {(int(column), int(row)) for column, row in town.place}
    for swap in (False, True):
        # Along a column the line x = c lies between blocks (c - 1, r) and (c, r); along a row the same, turned.
        blocks = {(row, column) if swap else (column, row) for column, row in there}
        edges = sorted((c, r) for c, r in blocks if (c - 1, r) in blocks)
        numbered = enumerate(edges)
        for _, group in groupby(numbered, key=lambda it: (it[1][0], it[1][1] - it[0])):
            run = [edge for _, edge in group]
            line = [*run, (run[-1][0], run[-1][1] + 1)]
            yield run[0][0], [(r, c) if swap else (c, r) for c, r in line]


def _class_of(number: int) -> str:
    return next(name for every, name in _EVERY if number % every == 0)


def _until(lengths: np.ndarray, total: float) -> int:
    """How many of the first make up ``total``."""
    return int(np.searchsorted(np.cumsum(lengths), total)) if total > 0 else 0
