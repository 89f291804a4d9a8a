"""Where people live, work and go: estates and workplaces of the town, villages of the counties."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from cityhealth.sample_city.terrain.shown import DISTRICT
from cityhealth.sample_city.terrain.town import Town
from cityhealth.spatial.crs import INSIDE

#: Of the people outside the town, in which county (invented, about as large as they are).
_BEYOND = {"140502": 0.09, "140521": 0.13, "140522": 0.22, "140524": 0.13, "140525": 0.15, "140581": 0.28}
_ESTATES, _WORKPLACES, _VILLAGES = 24, 14, 6
_APART_M = 450.0
_CLEAR_OF_TOWN_M = 1_500.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Places:
    """Metres in the town's reference system. ``villages``: by county (row of ``counties``), (counties, n, 2)."""

    estates: Floats
    workplaces: Floats
    counties: tuple[str, ...]
    shares: Floats
    villages: Floats
    district: shapely.Geometry


def find_places(town: Town, areas: gpd.GeoDataFrame, rng: np.random.Generator) -> Places:
    """KeyError where the areas lack a county."""
    shapes = areas.set_index("code").geometry
    counties = gpd.GeoSeries([shapes[code] for code in _BEYOND], crs=INSIDE).to_crs(town.crs)
    built_up = town.outline().buffer(_CLEAR_OF_TOWN_M)
    villages = [_inside(county.difference(built_up), _VILLAGES, rng) for county in counties]
    by_persons = town.persons / town.persons.sum()
    estates = _apart(town.middles[rng.choice(len(by_persons), len(by_persons), replace=False, p=_smooth(by_persons))])
    work = np.flatnonzero(town.construction & ~town.residential)
    return Places(
        estates[:_ESTATES],
        _apart(town.middles[rng.permutation(work)])[:_WORKPLACES],
        tuple(_BEYOND),
        np.array(list(_BEYOND.values())),
        np.array(villages),
        counties.iloc[list(_BEYOND).index(DISTRICT)],
    )


def _smooth(share: Floats) -> Floats:
    """Never zero, so that all can be drawn."""
    raised = share + 1e-6
    return raised / raised.sum()


def _apart(points: Floats) -> Floats:
    """The points that are not too near one before them."""
    near = np.tril(cdist(points, points) < _APART_M, -1)
    kept = np.zeros(len(points), dtype=bool)
    for number, row in enumerate(near):
        kept[number] = not (row & kept).any()
    return points[kept]


def _inside(shape: shapely.Geometry, count: int, rng: np.random.Generator) -> Floats:
    west, south, east, north = shape.bounds
    shapely.prepare(shape)
    found = np.empty((0, 2))
    while len(found) < count:
        drawn = rng.uniform((west, south), (east, north), (4 * count, 2))
        found = np.concatenate([found, drawn[shapely.contains_xy(shape, drawn[:, 0], drawn[:, 1])]])
    return found[:count]
