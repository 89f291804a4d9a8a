"""Coverage of 20,000 plots by 5,000 facilities against a plain GeoPandas overlay; service areas against networkx."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import networkx
import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).parent))
from harness import best_of, report

from cityhealth.spatial.coverage import QUARTER_SEGMENTS, served_land
from cityhealth.spatial.network import RoadGraph, service_area

PLOTS, FACILITIES, RADIUS_M = 20_000, 5_000, 500
STREETS, SOURCES, LIMIT_M = 200, 200, 4_000


def overlay(land: gpd.GeoSeries, facilities: gpd.GeoSeries) -> float:
    buffers = gpd.GeoDataFrame(geometry=facilities.buffer(RADIUS_M, quad_segs=QUARTER_SEGMENTS)).dissolve()
    return float(gpd.overlay(gpd.GeoDataFrame(geometry=land), buffers, how="intersection").area.sum())


def ego_graphs(peer: networkx.Graph, sources: np.ndarray) -> set[int]:
    reached: set[int] = set()
    for source in sources:
        reached |= set(networkx.ego_graph(peer, source, LIMIT_M, distance="weight"))
    return reached


def coverage() -> None:
    """Plots of 60 to 150 m in a grid of 200 m, so that none overlap; facilities anywhere in the city."""
    chance = np.random.default_rng(5)
    side = int(np.ceil(np.sqrt(PLOTS)))
    number = np.arange(PLOTS)
    x, y, size = number % side * 200.0, number // side * 200.0, chance.uniform(60, 150, PLOTS)
    land = gpd.GeoSeries(shapely.box(x, y, x + size, y + size), crs=4547)
    facilities = gpd.GeoSeries(shapely.points(chance.uniform(0, side * 200, (FACILITIES, 2))), crs=4547)
    ours, peer = served_land(land, facilities, RADIUS_M).served_m2, overlay(land, facilities)
    print(f"served: {ours / 1e6:.4f} km², overlay {peer / 1e6:.4f} km²")
    report(
        f"{PLOTS} plots × {FACILITIES} facilities",
        best_of(3, lambda: served_land(land, facilities, RADIUS_M)),
        "GeoPandas overlay",
        best_of(1, lambda: overlay(land, facilities)),
    )


def service_areas() -> None:
    """A grid of streets of 100 m, all crossings of which are nodes."""
    x, y = (a.ravel() * 100.0 for a in np.meshgrid(np.arange(STREETS), np.arange(STREETS)))
    corner = np.column_stack([x, y])
    ends = [np.stack([corner, corner + step], axis=1) for step in ([100.0, 0.0], [0.0, 100.0])]
    graph = RoadGraph.from_lines(gpd.GeoSeries(shapely.linestrings(np.concatenate(ends)), crs=4547))
    peer = networkx.Graph()
    peer.add_weighted_edges_from(zip(graph.start.tolist(), graph.end.tolist(), graph.metres.tolist(), strict=True))
    sources = np.random.default_rng(5).choice(len(graph.nodes), SOURCES, replace=False)
    same = set(np.flatnonzero(np.isfinite(graph.costs(sources, LIMIT_M)))) == ego_graphs(peer, sources)
    print(f"reached nodes are the same: {same}")
    reach, area = (
        f"reach of {SOURCES} facilities over {len(graph.edges)} streets",
        "  with the streets cut at the limit",
    )
    costs, drawn = (
        best_of(3, lambda: graph.costs(sources, LIMIT_M)),
        best_of(3, lambda: service_area(graph, sources, LIMIT_M)),
    )
    one_search = best_of(3, lambda: networkx.multi_source_dijkstra_path_length(peer, set(sources), LIMIT_M))
    each = best_of(1, lambda: ego_graphs(peer, sources))
    for claim, seconds in ((reach, costs), (area, drawn)):
        report(claim, seconds, "networkx ego graphs, one per source", each)
    report(reach, costs, "networkx, one search from all sources", one_search)


if __name__ == "__main__":
    coverage()
    service_areas()
