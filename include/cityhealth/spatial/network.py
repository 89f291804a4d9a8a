"""Service areas along the road network: which streets are within some metres or minutes of the nearest facility.

Roads are in a projected CRS in metres. They meet at shared end points, and at crossings if asked; every road can be
used both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely.geometry.base import BaseGeometry

# Kilometres per hour by class of road where no speed is given: what a fire engine keeps up in a city.
SPEEDS_KMH = {"motorway": 80.0, "trunk": 60.0, "primary": 50.0, "secondary": 40.0, "tertiary": 30.0}
DEFAULT_SPEED_KMH = 30.0
# End points nearer than this, in metres, are one node.
NODE_GRID_M = 0.01


@dataclass(frozen=True)
class RoadGraph:
    """Edges with their shape, ends (node numbers), metres and minutes; nodes as (n, 2) coordinates."""

    nodes: np.ndarray
    edges: np.ndarray
    start: np.ndarray
    end: np.ndarray
    metres: np.ndarray
    minutes: np.ndarray

    @classmethod
    def from_lines(
        cls,
        lines: gpd.GeoSeries,
        classes: np.ndarray | None = None,
        speeds_kmh: Mapping[str, float] = SPEEDS_KMH,
        node_crossings: bool = False,
    ) -> RoadGraph:
        """``classes`` (one per line) choose the speed; ``node_crossings`` joins roads wherever they cross at grade."""
        if lines.crs is not None and lines.crs.is_geographic:
            raise ValueError("road lengths need a projected CRS in metres")
        shapes, owner = shapely.get_parts(shapely.force_2d(np.asarray(lines.array, dtype=object)), return_index=True)
        proper = shapely.length(shapes) > 0
        shapes, owner = shapes[proper], owner[proper]
        if node_crossings and len(shapes):
            shapes, owner = _noded(shapes, owner)
        of_line = np.full(len(lines), None, dtype=object) if classes is None else np.asarray(classes, dtype=object)
        speed = np.array([speeds_kmh.get(of_line[n], DEFAULT_SPEED_KMH) for n in owner], dtype=float)
        ends = np.vstack([_coordinates(shapes, 0), _coordinates(shapes, -1)])
        _, first, number = np.unique(np.round(ends / NODE_GRID_M), axis=0, return_index=True, return_inverse=True)
        number = number.reshape(2, -1)
        metres = shapely.length(shapes)
        return cls(ends[first], shapes, number[0], number[1], metres, metres / 1000 / speed * 60)

    def nearest_nodes(self, points: gpd.GeoSeries, limit_m: float) -> np.ndarray:
        """Number of the nearest node of each point, -1 where none is within ``limit_m``."""
        tree = shapely.STRtree(shapely.points(self.nodes))
        found = np.full(len(points), -1)
        which, node = tree.query_nearest(
            np.asarray(points.array, dtype=object), max_distance=limit_m, all_matches=False
        )
        found[which] = node
        return found

    def costs(self, sources: np.ndarray, limit: float, by: str = "metres") -> np.ndarray:
        """Metres or minutes of every node from its nearest source, inf beyond ``limit``."""
        weight = self._weight(by)
        count = len(self.nodes)
        sources = np.unique(sources[sources >= 0])
        if not len(sources):
            return np.full(count, np.inf)
        # Of several roads between the same two nodes the shortest counts; a sparse array would add them up.
        low, high = np.minimum(self.start, self.end), np.maximum(self.start, self.end)
        order = np.lexsort((weight, high, low))
        kept = order[np.r_[True, (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)]]
        kept = kept[low[kept] != high[kept]]
        matrix = coo_array((weight[kept], (low[kept], high[kept])), shape=(count, count)).tocsr()
        return dijkstra(matrix, directed=False, indices=sources, min_only=True, limit=limit)

    def _weight(self, by: str) -> np.ndarray:
        return {"metres": self.metres, "minutes": self.minutes}[by]


@dataclass(frozen=True)
class ServiceArea:
    """Reached parts of streets, their metres in all, and the land beside them."""

    streets: np.ndarray
    metres: float
    polygon: BaseGeometry


def service_area(
    graph: RoadGraph, sources: np.ndarray, limit: float, by: str = "metres", width_m: float = 50.0
) -> ServiceArea:
    """What is reached from the nearest of the source nodes within ``limit`` (``by`` metres or minutes).

    A street is followed from both of its ends up to the limit; the polygon is all land within ``width_m`` of it.
    """
    costs = graph.costs(sources, limit, by)
    weight = graph._weight(by)
    forth = np.clip((limit - costs[graph.start]) / weight, 0, 1)
    back = np.clip((limit - costs[graph.end]) / weight, 0, 1)
    whole = forth + back >= 1
    streets = [graph.edges[whole]]
    for share, from_end in ((forth, False), (back, True)):
        some = ~whole & (share > 0)
        lines = shapely.reverse(graph.edges[some]) if from_end else graph.edges[some]
        streets.append(_beginnings(lines, share[some] * graph.metres[some]))
    reached = np.concatenate(streets)
    land = shapely.union_all(shapely.buffer(reached, width_m))
    return ServiceArea(reached, float(shapely.length(reached).sum()), land)


def _beginnings(lines: np.ndarray, metres: np.ndarray) -> np.ndarray:
    """The first metres of each line."""
    from_start = np.empty(len(lines), dtype=object)
    for number, (line, length) in enumerate(zip(lines, metres, strict=True)):
        points = shapely.get_coordinates(line)
        along = np.r_[0, np.cumsum(np.hypot(*np.diff(points, axis=0).T))]
        kept = points[along < length]
        from_start[number] = shapely.linestrings(np.vstack([kept, shapely.get_coordinates(line.interpolate(length))]))
    return from_start


def _coordinates(lines: np.ndarray, place: int) -> np.ndarray:
    return shapely.get_coordinates(shapely.get_point(lines, place)).reshape(-1, 2)


def _noded(shapes: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut at every crossing; each piece belongs to the line that its middle lies on."""
    pieces = shapely.get_parts(shapely.node(shapely.multilinestrings(shapes)))
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    which, line = shapely.STRtree(shapes).query_nearest(middles, all_matches=False)
    return pieces[which], owner[line]
