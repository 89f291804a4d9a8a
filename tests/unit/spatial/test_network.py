"""Grids of streets whose reach is worked out by hand, and networkx beside them."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import networkx
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings, strategies as st
from shapely.geometry import LineString, Point, Polygon

from cityhealth.settings import PROJECT_ROOT
from cityhealth.spatial.network import RoadGraph, access, service_area

DATA = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))


def grid(half: int = 5) -> gpd.GeoSeries:
    """Streets of 100 m between the crossings of a square grid about (0, 0)."""
    steps = range(-half, half + 1)
    across = [LineString([(100 * x, 100 * y), (100 * x + 100, 100 * y)]) for y in steps for x in steps[:-1]]
    up = [LineString([(100 * x, 100 * y), (100 * x, 100 * y + 100)]) for x in steps for y in steps[:-1]]
    return gpd.GeoSeries(across + up, crs=4547)


def at(graph: RoadGraph, *points: tuple[float, float]) -> np.ndarray:
    return graph.nearest_nodes(gpd.GeoSeries([Point(p) for p in points]), 1)


def test_a_manhattan_diamond():
    # Within n blocks there are 2n² + 2n + 1 crossings and 4n² whole streets.
    graph = RoadGraph.from_lines(grid())
    assert len(graph.nodes) == 121
    costs = graph.costs(at(graph, (0, 0)), 300)
    assert np.isfinite(costs).sum() == 25
    area = service_area(graph, at(graph, (0, 0)), 300)
    assert len(area.streets) == 36 and area.metres == pytest.approx(3600)
    # 50 m more: from each of the 12 outermost crossings half of each street outwards, 28 in all (4·3 + 8·2).
    assert service_area(graph, at(graph, (0, 0)), 350).metres == pytest.approx(3600 + 28 * 50)


def test_the_land_beside_the_streets_reached():
    # One street of 1 km from its end: 250 m of it, 10 m on both sides and half circles (8 segments a quarter).
    graph = RoadGraph.from_lines(gpd.GeoSeries([LineString([(0, 0), (1000, 0)])], crs=4547))
    area = service_area(graph, at(graph, (0, 0)), 250, width_m=10)
    assert area.metres == pytest.approx(250)
    assert area.polygon.area == pytest.approx(250 * 20 + 16 * 100 * np.sin(2 * np.pi / 32))
    assert area.polygon.bounds == pytest.approx((-10, -10, 260, 10))


def test_a_street_is_followed_from_both_ends_and_around_corners():
    bent = LineString([(0, 0), (100, 0), (100, 100)])
    graph = RoadGraph.from_lines(gpd.GeoSeries([bent], crs=4547))
    assert service_area(graph, at(graph, (0, 0)), 150).streets[0].coords[-1] == (100, 50)
    assert service_area(graph, at(graph, (0, 0), (100, 100)), 60).metres == pytest.approx(120)
    assert service_area(graph, at(graph, (0, 0), (100, 100)), 150).metres == pytest.approx(200)


def test_minutes_by_class_of_road():
    # 5 minutes: 4,166.67 m at 50 km/h, 2,500 m at 30 km/h where the class is not known.
    lines = gpd.GeoSeries([LineString([(0, 0), (9000, 0)]), LineString([(0, 0), (0, 9000)])], crs=4547)
    graph = RoadGraph.from_lines(lines, classes=np.array(["primary", None]))
    area = service_area(graph, at(graph, (0, 0)), 5, by="minutes")
    assert area.metres == pytest.approx(50 / 60 * 5000 + 2500)


def test_crossings_are_nodes_only_if_asked():
    lines = gpd.GeoSeries([LineString([(-100, 0), (100, 0)]), LineString([(0, -100), (0, 100)])], crs=4547)
    assert len(RoadGraph.from_lines(lines).nodes) == 4
    graph = RoadGraph.from_lines(lines, classes=np.array(["primary", "tertiary"]), node_crossings=True)
    assert (len(graph.nodes), len(graph.edges)) == (5, 4)
    assert sorted(graph.minutes.round(4)) == [0.12, 0.12, 0.2, 0.2]


def test_the_shorter_of_two_roads_counts_and_far_points_have_no_node():
    detour = LineString([(0, 0), (50, 90), (100, 0)])
    graph = RoadGraph.from_lines(gpd.GeoSeries([detour, LineString([(0, 0), (100, 0)])], crs=4547))
    assert sorted(graph.costs(at(graph, (0, 0)), 1000)) == [0, 100]
    assert at(graph, (500, 500)).tolist() == [-1]
    assert service_area(graph, at(graph, (500, 500)), 1000).metres == 0


def test_streets_are_cut_where_a_place_lies_beside_them():
    lines = gpd.GeoSeries([LineString([(0, 0), (100, 0)]), LineString([(0, 50), (100, 50)])], crs=4547)
    graph = RoadGraph.from_lines(lines, classes=np.array(["primary", "tertiary"]))
    cut = graph.with_nodes_at(np.array([Point(30, 4), Point(60, -3), Point(30, 5), Point(0, 1), Point(100, 50)]))
    assert sorted(cut.metres) == pytest.approx([30, 30, 40, 100])
    assert (len(cut.nodes), cut.minutes.sum()) == (6, pytest.approx(graph.minutes.sum()))
    assert graph.with_nodes_at(np.array([], dtype=object)) is graph


def test_a_point_comes_onto_the_nearest_street_and_the_way_there_counts():
    graph = RoadGraph.from_lines(gpd.GeoSeries([LineString([(0, 0), (1000, 0)])], crs=4547))
    way = access(graph, gpd.GeoSeries([Point(400, 60), Point(0, 201), None], crs=4547))
    assert way.metres.tolist() == [60] and way.graph.nodes[way.nodes].tolist() == [[400, 0]]
    # 60 m to the street, then 100 m to both sides of it.
    area = service_area(way.graph, way.nodes, 160, access=way.metres)
    assert area.metres == pytest.approx(200)
    assert service_area(way.graph, way.nodes, 50, access=way.metres).metres == 0
    assert service_area(way.graph, way.nodes, 5, access=np.zeros(1)).metres == pytest.approx(10)


def test_an_area_is_open_to_every_street_beside_it():
    # A park of 100 × 100 m: one street 20 m to the west along all of it and beyond, one that ends at its east side.
    streets = [LineString([(-20, -500), (-20, 500)]), LineString([(100, 50), (900, 50)])]
    graph = RoadGraph.from_lines(gpd.GeoSeries(streets, crs=4547))
    way = access(graph, gpd.GeoSeries([Polygon([(0, 0), (100, 0), (100, 100), (0, 100)])], crs=4547))
    # Within 50 m the western street leaves the surroundings √(50² − 20²) = 45.83 m beyond the corners, 50 m away.
    beyond = np.sqrt(50**2 - 20**2)
    area = service_area(way.graph, way.nodes, 200, access=way.metres)
    assert area.metres == pytest.approx(100 + 2 * (beyond + 150) + 200, rel=1e-3)


def test_where_there_is_no_street_or_no_site_nothing_is_reached():
    none = gpd.GeoSeries([], crs=4547)
    streets = RoadGraph.from_lines(gpd.GeoSeries([LineString([(0, 0), (9, 0)])], crs=4547))
    for graph, sites in ((RoadGraph.from_lines(none), gpd.GeoSeries([Point(0, 0)], crs=4547)), (streets, none)):
        way = access(graph, sites)
        area = service_area(way.graph, way.nodes, 100, access=way.metres)
        assert area.metres == 0 and area.polygon.is_empty


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 6)] * 4), min_size=1, max_size=25),
    st.lists(st.integers(0, 9), min_size=1, max_size=3),
    st.integers(1, 12),
)
def test_the_same_as_ego_graphs_of_networkx(streets, sources, limit):
    lines = [LineString([(a, b), (c, d)]) for a, b, c, d in streets if (a, b) != (c, d)]
    if not lines:
        return
    graph = RoadGraph.from_lines(gpd.GeoSeries(lines, crs=4547))
    peer = networkx.Graph()
    peer.add_weighted_edges_from((*line.coords, line.length) for line in lines)
    chosen = np.unique(np.array(sources) % len(graph.nodes))
    reached = set()
    for node in chosen:
        reached |= set(networkx.ego_graph(peer, tuple(graph.nodes[node]), limit, distance="weight"))
    ours = graph.nodes[np.isfinite(graph.costs(chosen, limit))]
    assert {tuple(node) for node in ours} == reached


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="no open data files in CITYHEALTH_REAL_DATA")
def test_roads_of_a_whole_city_against_geodesic_lengths():
    from cityhealth.spatial.coverage import length_within
    from cityhealth.spatial.vector import read_layers

    folder = DATA / "las_palmas"
    layers = read_layers((folder / "example_las_palmas_2023_osm_20230221.pbf").read_bytes(), "las_palmas.pbf")
    lines = next(layer.frame for layer in layers if layer.name == "lines")
    roads = lines[lines["highway"].notna()].geometry
    (boundary,) = read_layers(next(folder.glob("*EPSG4326.geojson")).read_bytes(), "boundary.geojson")
    city = boundary.frame.geometry.union_all()
    ours = length_within(roads.to_crs(32628), boundary.frame.to_crs(32628).geometry.union_all())
    geod = pyproj.Geod(ellps="WGS84")
    geodesic = sum(geod.geometry_length(part) for part in shapely.intersection(roads.to_numpy(), city))
    assert ours == pytest.approx(geodesic, rel=1e-3)
    graph = RoadGraph.from_lines(roads.to_crs(32628))
    assert graph.metres.sum() == pytest.approx(sum(geod.geometry_length(road) for road in roads), rel=1e-3)
    print(f"{ours / 1000:.1f} km, geodesic {geodesic / 1000:.1f} km")
