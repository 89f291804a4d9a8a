"""The town as blocks of a lattice: which are built up, who lives there, to which cluster and community they belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from cityhealth.sample_city.terrain.shown import BUILT_UP, DISTRICT, Shown
from cityhealth.spatial.crs import INSIDE, area_projection

#: Into which unit the built-up area reaches from the district.
NEIGHBOUR = "140525"
CLUSTERS = 6
#: The old town, and the new one beyond the district's border (longitude, latitude); invented, if near the real ones.
_CENTRE, _EAST = (112.852, 35.497), (112.938, 35.508)
_REACH_M = 9_000
#: Streets run around every block; so many more than there shall be, that some can be left out.
_SPARE_STREETS = 1.1
_LEAST_WATER = 8
_DENSE, _HOUSES = (16_000, 23_000), (11_000, 14_000)

Numbers = NDArray[np.int64]
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Town:
    """Square blocks of ``side`` metres on an equal-area lattice ``crs``; one entry per block in each array.

    ``place``: column and row (n, 2); ``district``: share of the block in the municipal district; ``cluster`` and
    ``community``: numbers from 0; ``persons``: residents.
    """

    crs: CRS
    side: float
    place: Numbers
    district: Points
    cluster: Numbers
    community: Numbers
    residential: NDArray[np.bool_]
    water: NDArray[np.bool_]
    persons: Numbers

    @property
    def middles(self) -> Points:
        """Metres east and north, (n, 2)."""
        return _middles(self.place, self.side)

    @property
    def blocks(self) -> NDArray[np.object_]:
        """The squares themselves."""
        return _squares(self.place, self.side)

    @property
    def construction(self) -> NDArray[np.bool_]:
        return ~self.water

    def outline(self, chosen: NDArray[np.bool_] | None = None) -> BaseGeometry:
        """The blocks that are ``chosen`` (all) as one shape."""
        return shapely.union_all(self.blocks if chosen is None else self.blocks[chosen])

    def share(self, chosen: NDArray[np.bool_], hectares: float) -> float:
        """Which part of the chosen blocks so many hectares are; at most all."""
        return min(hectares * 1e4 / (chosen.sum() * self.side**2), 1.0)

    def points(self, chosen: NDArray[np.bool_]) -> Points:
        """Four points in each chosen block, that stand for its land."""
        quarter = self.side / 4 * np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])
        return (self.middles[chosen][:, None, :] + quarter).reshape(-1, 2)

    def frame(self, shapes: Sequence[BaseGeometry] | NDArray[np.object_], **attributes: object) -> gpd.GeoDataFrame:
        """A layer of the town in its own metres."""
        return gpd.GeoDataFrame(attributes, geometry=list(shapes), crs=self.crs)


def lay_out(shown: Shown, areas: gpd.GeoDataFrame, rng: np.random.Generator) -> Town:
    """A town of the size, population and land that ``shown`` asks for, on the ground of ``areas``.

    Raises KeyError where the areas lack the district or its neighbour.
    """
    by_code = areas.set_index("code").geometry
    crs = area_projection((*_CENTRE, *_CENTRE))
    district, neighbour = gpd.GeoSeries([by_code[DISTRICT], by_code[NEIGHBOUR]], crs=INSIDE).to_crs(crs)
    area = shown.of("built_up_area") * 1e6
    side = 2 * area / (_SPARE_STREETS * shown.of("road_length") * 1000)
    count = round(area / side**2)
    place, share = _built(side, count, shown.of("district_built_up_area", DISTRICT) * 1e6, district, neighbour, crs)
    middles = _middles(place, side)
    communities = int(shown.of("residential_communities"))
    wanted = [shown.of("cluster_area", f"140500-C{n}") for n in range(1, CLUSTERS + 1)]
    water = _river(place, max(count - round(shown.of("construction_land_area") * 1e4 / side**2), _LEAST_WATER))
    residential = np.zeros(count, dtype=bool)
    houses = round(shown.of("residential_land_area") * 1e4 / side**2)
    residential[rng.permutation(np.flatnonzero(~water))[:houses]] = True
    return Town(
        crs=crs,
        side=side,
        place=place,
        district=share,
        cluster=parted(middles, wanted),
        community=parted(middles, [1.0] * communities),
        residential=residential,
        water=water,
        persons=_settled(shown, residential, water, side, rng),
    )


def parted(points: Points, weights: Sequence[float]) -> Numbers:
    """A number for each point, so that as many have number n as ``weights[n]`` says, and those lie together.

    By halving: along the longer side, then each half again.
    """
    numbers = np.zeros(len(points), dtype=np.int64)
    open_parts = [(np.arange(len(points)), range(len(weights)))]
    while open_parts:
        members, left = open_parts.pop()
        if len(left) == 1:
            numbers[members] = left[0]
            continue
        first, second = left[: len(left) // 2], left[len(left) // 2 :]
        share = sum(weights[n] for n in first) / sum(weights[n] for n in left)
        along = int(np.argmax(np.ptp(points[members], axis=0)))
        order = members[np.lexsort((points[members, 1 - along], points[members, along]))]
        cut = round(share * len(order))
        open_parts += [(order[:cut], first), (order[cut:], second)]
    return numbers


def _built(
    side: float, count: int, in_district_m2: float, district: BaseGeometry, neighbour: BaseGeometry, crs: CRS
) -> tuple[Numbers, Points]:
    """``count`` blocks about two centres, of which ``in_district_m2`` lie in the district; and each one's share there.

    On the border a block lies in both.
    """
    (centre, east) = _metres(crs, _CENTRE, _EAST)
    reach = int(_REACH_M / side)
    east_reach = int(east[0] / side)
    grid = np.mgrid[-reach : reach + east_reach, -reach:reach].reshape(2, -1).T
    squares = _squares(grid, side)
    shapely.prepare(district)
    shapely.prepare(neighbour)
    share = shapely.area(shapely.intersection(squares, district)) / side**2
    middles = _middles(grid, side)
    inside = np.flatnonzero(share >= 0.5)
    beyond = np.flatnonzero((share < 0.5) & shapely.contains_xy(neighbour, middles[:, 0], middles[:, 1]))
    inside = inside[np.argsort(np.hypot(*(middles[inside] - centre).T), kind="stable")][:count]
    beyond = beyond[np.argsort(np.hypot(*(middles[beyond] - east).T), kind="stable")][:count]
    of_inside, of_beyond = (np.concatenate([[0.0], np.cumsum(share[which])]) for which in (inside, beyond))
    taken = np.arange(max(count - len(beyond), 0), len(inside) + 1)
    in_district = (of_inside[taken] + of_beyond[count - taken]) * side**2
    number = int(taken[np.argmin(np.abs(in_district - in_district_m2))])
    chosen = np.concatenate([inside[:number], beyond[: count - number]])
    chosen = chosen[np.lexsort((grid[chosen, 1], grid[chosen, 0]))]
    return grid[chosen], share[chosen]


def _metres(crs: CRS, *lonlat: tuple[float, float]) -> Points:
    points = gpd.GeoSeries(shapely.points(lonlat), crs=INSIDE).to_crs(crs)
    return shapely.get_coordinates(np.asarray(points.array, dtype=object))


def _middles(place: Numbers, side: float) -> Points:
    return ((place + 0.5) * side).astype(np.float64)


def _squares(place: Numbers, side: float) -> NDArray[np.object_]:
    west, south = place[:, 0] * side, place[:, 1] * side
    return shapely.box(west, south, (place[:, 0] + 1) * side, (place[:, 1] + 1) * side)


def _river(place: Numbers, count: int) -> NDArray[np.bool_]:
    """The blocks that a stream west of the centre takes."""
    water = np.zeros(len(place), dtype=bool)
    water[np.lexsort((place[:, 1], np.abs(place[:, 0] + 6)))[:count]] = True
    return water


def _settled(
    shown: Shown, residential: NDArray[np.bool_], water: NDArray[np.bool_], side: float, rng: np.random.Generator
) -> Numbers:
    """Residents per block: crowded on as much land as ``shown`` says, thinner in other houses, the rest elsewhere."""
    km2 = side**2 / 1e6
    density = np.zeros(len(residential))
    crowded = rng.permutation(np.flatnonzero(residential))[: round(shown.of("dense_construction_land_area") / km2)]
    density[residential] = rng.uniform(*_HOUSES, residential.sum())
    density[crowded] = rng.uniform(*_DENSE, len(crowded))
    elsewhere = ~residential & ~water
    left = max(shown.reported("built_up_population", BUILT_UP) - density.sum() * km2, 0.0)
    density[elsewhere] = np.minimum(rng.uniform(0.7, 1.3, elsewhere.sum()) * left / (elsewhere.sum() * km2), _HOUSES[1])
    return np.round(density * km2).astype(np.int64)
