"""Service areas along the road network: which streets are within some metres or minutes of the nearest facility.

Roads are in a projected CRS in metres. They meet at shared end points, and at crossings if asked; every road can be
used both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

# Kilometres per hour by class of road where no speed is given: what a fire engine keeps up in a city.
SPEEDS_KMH = {"motorway": 80.0, "trunk": 60.0, "primary": 50.0, "secondary": 40.0, "tertiary": 30.0}
DEFAULT_SPEED_KMH = 30.0
# End points nearer than this, in metres, are one node.
NODE_GRID_M = 0.01
# A weight that is there and yet changes no sum.
_NEXT_TO_NOTHING = 1e-300


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
        return cls._of_edges(shapes, 60 / 1000 / speed)

    @classmethod
    def _of_edges(cls, shapes: np.ndarray, minutes_per_metre: np.ndarray) -> RoadGraph:
        ends = np.vstack([_coordinates(shapes, 0), _coordinates(shapes, -1)])
        _, first, number = np.unique(np.round(ends / NODE_GRID_M), axis=0, return_index=True, return_inverse=True)
        number = number.reshape(2, -1)
        metres = shapely.length(shapes)
        return cls(ends[first], shapes, number[0], number[1], metres, metres * minutes_per_metre)

    def with_nodes_at(self, points: np.ndarray) -> RoadGraph:
        """The same streets, each cut where one of the points (shapes at most beside it) is nearest to it."""
        if not len(points) or not len(self.edges):
            return self
        which, edge = shapely.STRtree(self.edges).query_nearest(points, all_matches=False)
        along = shapely.line_locate_point(self.edges[edge], points[which])
        inner = (along > NODE_GRID_M) & (along < self.metres[edge] - NODE_GRID_M)
        cuts = np.unique(np.column_stack([edge[inner], np.round(along[inner], 2)]), axis=0)
        kept = np.ones(len(self.edges), dtype=bool)
        kept[edge[inner]] = False
        pieces: list[BaseGeometry] = []
        owner: list[int] = []
        for number, group in groupby(cuts, key=lambda cut: int(cut[0])):
            stops = [0.0, *(float(cut[1]) for cut in group), float(self.metres[number])]
            pieces += [substring(self.edges[number], *piece) for piece in pairwise(stops)]
            owner += [number] * (len(stops) - 1)
        slowness = self.minutes / self.metres
        shapes = np.append(self.edges[kept], np.array(pieces, dtype=object))
        return self._of_edges(shapes, np.append(slowness[kept], slowness[np.array(owner, dtype=int)]))

    def nearest_nodes(self, points: gpd.GeoSeries, limit_m: float) -> np.ndarray:
        """Number of the nearest node of each point, -1 where none is within ``limit_m``."""
        tree = shapely.STRtree(shapely.points(self.nodes))
        found = np.full(len(points), -1)
        which, node = tree.query_nearest(
            np.asarray(points.array, dtype=object), max_distance=limit_m, all_matches=False
        )
        found[which] = node
        return found

    def costs(
        self, sources: np.ndarray, limit: float, by: str = "metres", access: np.ndarray | None = None
    ) -> np.ndarray:
        """Metres or minutes of every node from its nearest source, inf beyond ``limit``.

        ``access``: what it costs to come to each source to begin with, nothing unless given.
        """
        weight = self._weight(by)
        count = len(self.nodes)
        there = sources >= 0
        sources, access = sources[there], np.zeros(there.sum()) if access is None else access[there]
        if not len(sources):
            return np.full(count, np.inf)
        # Of several roads between the same two nodes the shortest counts; a sparse array would add them up.
        low, high = np.minimum(self.start, self.end), np.maximum(self.start, self.end)
        order = np.lexsort((weight, high, low))
        kept = order[np.r_[True, (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)]]
        kept = kept[low[kept] != high[kept]]
        # All begins at one more node; csgraph knows no edge of length nothing.
        least = np.full(count, np.inf)
        np.minimum.at(least, sources, access)
        started = np.flatnonzero(np.isfinite(least))
        matrix = coo_array(
            (
                np.append(weight[kept], np.maximum(least[started], _NEXT_TO_NOTHING)),
                (np.append(low[kept], np.full(len(started), count)), np.append(high[kept], started)),
            ),
            shape=(count + 1, count + 1),
        ).tocsr()
        found = dijkstra(matrix, directed=False, indices=count, limit=limit)[:count]
        return np.where(found <= _NEXT_TO_NOTHING, 0.0, found)

    def _weight(self, by: str) -> np.ndarray:
        return {"metres": self.metres, "minutes": self.minutes}[by]


@dataclass(frozen=True)
class ServiceArea:
    """Reached parts of streets and their metres in all; ``polygon`` is the land within ``width_m`` of them."""

    streets: np.ndarray
    metres: float
    width_m: float

    @cached_property
    def polygon(self) -> BaseGeometry:
        return shapely.union_all(shapely.buffer(self.streets, self.width_m))


@dataclass(frozen=True)
class Access:
    """Where facilities come onto the streets: the graph with nodes there, their numbers, and metres to them."""

    graph: RoadGraph
    nodes: np.ndarray
    metres: np.ndarray


def access(graph: RoadGraph, facilities: gpd.GeoSeries, near_m: float = 50.0, limit_m: float = 200.0) -> Access:
    """From each facility to the place nearest to it on the nearest street, if that is within ``limit_m``.

    A line or an area (greenway, park) has many ways in: every street within ``near_m`` of it is at it as well.
    """
    sites = np.asarray(facilities.array, dtype=object)
    sites = sites[~(shapely.is_missing(sites) | shapely.is_empty(sites))]
    if not len(sites) or not len(graph.edges):
        return Access(graph, np.empty(0, dtype=int), np.empty(0))
    streets = shapely.STRtree(graph.edges)
    site, edge = streets.query_nearest(sites, max_distance=limit_m, all_matches=False)
    ways = shapely.shortest_line(sites[site], graph.edges[edge])
    places = shapely.get_point(ways, -1)
    wide = sites[shapely.get_dimensions(sites) > 0]
    around = shapely.buffer(wide, near_m)
    one, edge = streets.query(around, predicate="intersects")
    leaving = shapely.intersection(graph.edges[edge], shapely.boundary(around)[one])
    cut = graph.with_nodes_at(np.append(places, shapely.points(shapely.get_coordinates(leaving))))
    nodes = shapely.STRtree(shapely.points(cut.nodes))
    way, node = nodes.query_nearest(places, all_matches=False)
    # A node on the edge of the surroundings belongs to them, whatever rounding made of it.
    one, beside = nodes.query(wide, predicate="dwithin", distance=near_m + NODE_GRID_M)
    apart = shapely.distance(wide[one], shapely.points(cut.nodes[beside]))
    return Access(cut, np.append(node, beside), np.append(shapely.length(ways[way]), apart))


def service_area(
    graph: RoadGraph,
    sources: np.ndarray,
    limit: float,
    by: str = "metres",
    width_m: float = 50.0,
    access: np.ndarray | None = None,
) -> ServiceArea:
    """What is reached from the nearest of the source nodes within ``limit`` (``by`` metres or minutes).

    A street is followed from both of its ends up to the limit; the polygon is all land within ``width_m`` of it.
    ``access``: what it costs to come to each source, as for :meth:`RoadGraph.costs`.
    """
    costs = graph.costs(sources, limit, by, access)
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
    return ServiceArea(reached, float(shapely.length(reached).sum()), width_m)


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
