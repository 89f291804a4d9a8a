"""Every position is in the zone that an exact point-in-polygon test says, and in no other."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings, strategies as st

from cityhealth.mobility.engine import Engine, open_engine
from cityhealth.mobility.zones import Zones, build_zones, locate

RNG = np.random.default_rng(7)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with open_engine("duckdb", tmp_path_factory.mktemp("engine"), "500MB") as opened:
        yield opened


def ragged(lon: float, lat: float, radius: float, vertices: int = 400) -> shapely.Polygon:
    """A star-like polygon with a rough border, as boundaries of counties are."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = radius * (1 + 0.2 * np.sin(5 * angle) + 0.04 * np.sin(31 * angle) + 0.004 * RNG.random(vertices))
    return shapely.Polygon(np.column_stack([lon + reach * np.cos(angle), lat + reach * np.sin(angle)]))


def areas_of(engine: Engine, zones: Zones, lon: np.ndarray, lat: np.ndarray) -> list[frozenset[str]]:
    """The areas that each position is in by the lookup table; fails where one is found twice."""
    rows = pa.table({"number": np.arange(len(lon)), "lon": lon, "lat": lat})
    found = engine.to_arrow(locate(engine.table(rows), zones, engine)).to_pylist()
    assert len({row["number"] for row in found}) == len(found), "a position is in two zones"
    areas = [frozenset()] * len(lon)
    for row in found:
        areas[row["number"]] = zones.areas[row["zone"]]
    return areas


def test_the_lookup_agrees_with_an_exact_test_on_borders_holes_and_islands(engine):
    west = ragged(112.5, 35.5, 0.08)
    east = shapely.difference(ragged(112.65, 35.5, 0.08), west)
    lake = ragged(112.5, 35.5, 0.02)
    islands = shapely.MultiPolygon([ragged(112.8, 35.5, 0.02), ragged(112.87, 35.52, 0.01)])
    town = shapely.difference(ragged(112.57, 35.5, 0.05), lake)
    shapes = {"west": west - lake, "east": east, "islands": islands, "town": town}
    zones = build_zones(shapes, 250)
    assert set(zones.areas.values()) >= {frozenset({"west"}), frozenset({"west", "town"}), frozenset({"east", "town"})}
    near = shapely.get_coordinates(shapely.segmentize(shapely.union_all([s.boundary for s in shapes.values()]), 1e-3))
    near = near + RNG.normal(0, 1e-4, near.shape)
    far = np.column_stack([RNG.uniform(112.35, 112.95, 40_000), RNG.uniform(35.35, 35.65, 40_000)])
    lon, lat = np.vstack([near, far]).T
    found = areas_of(engine, zones, lon, lat)
    points = shapely.points(lon, lat)
    wrong = {}
    for code, shape in shapes.items():
        shapely.prepare(shape)
        held = np.array([code in codes for codes in found])
        wrong[code] = int((held != shapely.contains(shape, points)).sum())
    assert wrong == dict.fromkeys(shapes, 0)


#: At the equator cells are as wide as high: a lattice of their halves has vertices on corners, sides and middles.
HALF = build_zones({"probe": shapely.box(0, 0, 0.1, 0.1)}, 1000).dlat / 2
LATTICE = st.tuples(st.integers(0, 8), st.integers(0, 8))


@given(st.lists(st.lists(LATTICE, min_size=3, max_size=6), min_size=1, max_size=3))
@settings(max_examples=25)
def test_no_position_is_in_two_zones_wherever_vertices_lie(engine, rings):
    # Rings that cross themselves are taken as GEOS mends them, without what is left of them as lines.
    shapes = {f"area{number}": shapely.Polygon(np.array(ring) * HALF).buffer(0) for number, ring in enumerate(rings)}
    zones = build_zones(shapes, 1000)
    steps = np.arange(0, 33) * HALF / 4
    lon, lat = (axis.ravel() for axis in np.meshgrid(steps, steps))
    found = areas_of(engine, zones, lon, lat)
    points = shapely.points(lon, lat)
    for code, shape in shapes.items():
        # On a border itself either side may have it; a billionth of a degree is a tenth of a millimetre.
        clear = shapely.distance(shape.boundary, points) > 1e-9
        held = np.array([code in codes for codes in found])
        assert (held == shapely.contains(shape, points))[clear | shape.is_empty].all()


def test_zones_are_known_again_by_their_hash_and_a_moved_border_changes_it():
    shapes = {"one": shapely.box(112, 35, 112.02, 35.02), "two": shapely.box(112.01, 35, 112.03, 35.02)}
    zones = build_zones(shapes, 250)
    assert build_zones(dict(reversed(shapes.items())), 250).hash == zones.hash
    assert build_zones(shapes | {"two": shapely.box(112.011, 35, 112.03, 35.02)}, 250).hash != zones.hash
    assert build_zones(shapes, 500).hash != zones.hash
    assert zones.codes == ["one", "two"]
    assert sorted(map(sorted, zones.areas.values())) == [["one"], ["one", "two"], ["two"]]


def test_areas_without_ground_have_no_zones(engine):
    zones = build_zones({"none": shapely.Polygon()}, 250)
    assert zones.codes == []
    assert areas_of(engine, zones, np.array([112.0]), np.array([35.0])) == [frozenset()]
