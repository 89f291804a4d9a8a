"""Zonal statistics: answers that can be worked out by hand, the same from tiles as from the whole, in flat memory."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from functools import reduce
from operator import add
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from exactextract import exact_extract
from hypothesis import given, settings, strategies as st
from pyproj import CRS
from rasterio.transform import from_origin
from rasterio.windows import Window
from shapely.geometry import Polygon, box

from cityhealth.spatial.rasters import (
    SCL,
    BandValue,
    Cells,
    Grid,
    Partial,
    Question,
    Scene,
    Test,
    combine,
    open_scene,
    zonal,
)
from made_rasters import NORTH, UTM, WEST, write

BAND = BandValue("band_1")
EVERYTHING = Question(amounts={"value": BAND}, conditions={"high": Test(BAND, above=2)}, classes="band_1")


@pytest.fixture
def opened(tmp_path: Path):
    """Write an array as a scene and open it until the test ends."""
    with ExitStack() as stack:

        def open_array(rows: list, name: str = "a.tif", **more) -> Scene:
            layers = np.array(rows, dtype=more.pop("dtype", "uint8"))[None]
            return stack.enter_context(open_scene(write(tmp_path / name, layers, **more), name))

        yield open_array


def _cells_box(left: float, top: float, right: float, bottom: float) -> Polygon:
    """A rectangle in cells of 10 m, rows downwards."""
    return box(WEST + 10 * left, NORTH - 10 * bottom, WEST + 10 * right, NORTH - 10 * top)


def _units(crs: str = UTM, **shapes: Polygon) -> gpd.GeoSeries:
    return gpd.GeoSeries(shapes, crs=crs)


def test_a_unit_that_covers_halves_of_cells_counts_halves(opened) -> None:
    scene = opened([[1, 3], [5, 7]])
    found = zonal(scene, _units(a=_cells_box(0.5, 0, 2, 0.5)), EVERYTHING)["a"]
    # of the cell 1 a quarter, of the cell 3 a half
    assert found.unit_m2 == pytest.approx(75)
    assert found.recorded_m2 == pytest.approx(75)
    value = found.amounts["value"]
    assert (value.cells, value.m2, value.total) == pytest.approx((0.75, 75, 0.25 * 1 + 0.5 * 3))
    assert value.mean == pytest.approx(1.75 / 0.75)
    assert found.classes == pytest.approx({1: 25, 3: 50})
    assert found.conditions["high"].share == pytest.approx(2 / 3)
    assert (found.valid_share, found.cloud_share) == (pytest.approx(1), 0)


def test_clouds_and_gaps_are_told_apart_and_neither_counts_as_a_number(opened) -> None:
    scene = opened([[1, 3, 0, 7]], nodata=0).masked_by(opened([[4, 9, 4, 4]], "scl.tif"), SCL)
    found = zonal(scene, _units(a=_cells_box(0, 0, 4, 1)), EVERYTHING)["a"]
    assert (found.unit_m2, found.recorded_m2, found.cloud_m2) == pytest.approx((400, 300, 100))
    assert found.valid_share == pytest.approx(0.5)
    assert found.cloud_share == pytest.approx(1 / 3)
    assert found.amounts["value"].mean == pytest.approx(4)
    assert found.conditions["high"].known_m2 == pytest.approx(200)
    assert found.classes == pytest.approx({1: 100, 7: 100})


def test_a_unit_under_clouds_and_one_off_the_raster_have_no_values_rather_than_zero(opened) -> None:
    scene = opened([[1, 3]]).masked_by(opened([[9, 9]], "scl.tif"), SCL)
    found = zonal(scene, _units(cloudy=_cells_box(0, 0, 2, 1), off=_cells_box(50, 50, 51, 52)), EVERYTHING)
    assert found["cloudy"].cloud_share == 1
    assert found["cloudy"].amounts["value"].mean is None
    assert found["cloudy"].conditions["high"].share is None
    assert found["off"] == Partial(pytest.approx(200))
    assert (found["off"].valid_share, found["off"].cloud_share) == (0, None)


def test_what_lies_beyond_the_raster_lowers_the_valid_share(opened) -> None:
    found = zonal(opened([[1, 3]]), _units(a=_cells_box(1, 0, 5, 1)), EVERYTHING)["a"]
    assert found.valid_share == pytest.approx(0.25)


def test_units_may_overlap_and_have_holes_and_other_systems(opened) -> None:
    scene = opened(np.full((10, 10), 3))
    ring = _cells_box(0, 0, 10, 10) - _cells_box(2, 2, 8, 8)
    found = zonal(scene, _units(ring=ring, all=_cells_box(0, 0, 10, 10)), EVERYTHING)
    assert found["ring"].classes == pytest.approx({3: 6400})
    assert found["all"].classes == pytest.approx({3: 10000})
    degrees = _units(ring=ring).to_crs("EPSG:4490")
    assert zonal(scene, degrees, EVERYTHING)["ring"].classes[3] == pytest.approx(6400, rel=1e-4)


def test_in_degrees_a_northern_row_weighs_less(opened) -> None:
    scene = opened([[0], [10]], crs="EPSG:4490", west=112, north=80, cell=10)  # 80–70° and 70–60° north
    found = zonal(scene, _units("EPSG:4490", a=box(112, 60, 122, 80)), Question(amounts={"value": BAND}))["a"]
    # on a sphere the areas are as the differences of the sines of latitude; the ellipsoid moves that by under 0.5 %
    sine = np.sin(np.radians([60, 70, 80]))
    assert found.amounts["value"].mean == pytest.approx(10 * (sine[1] - sine[0]) / (sine[2] - sine[0]), rel=0.005)
    assert found.amounts["value"].total == pytest.approx(10)


def test_the_mean_and_the_sum_are_those_of_exactextract(tmp_path: Path) -> None:
    numbers = np.random.default_rng(5).normal(size=(1, 60, 80))
    numbers[0, 10:20, 30:50] = -9999
    path = write(tmp_path / "a.tif", numbers, nodata=-9999)
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    star = np.where(np.arange(40) % 2, 250, 120)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    units = _units(star=Polygon(star + np.array([WEST + 400, NORTH - 300])), box=_cells_box(1.3, 2.7, 55.1, 41.9))
    peer = exact_extract(str(path), gpd.GeoDataFrame(geometry=units), ["mean", "sum", "count"], output="pandas")
    with open_scene(path, "a.tif") as scene:
        found = zonal(scene, units, Question(amounts={"value": BAND}), scene.grid.windows(cells=200))
    for code, row in zip(units.index, peer.itertuples(), strict=True):
        value = found[code].amounts["value"]
        assert (value.mean, value.total, value.cells) == pytest.approx((row.mean, row.sum, row.count), rel=1e-6)


class _Array:
    """A raster in memory."""

    def __init__(self, numbers: np.ndarray) -> None:
        height, width = numbers.shape
        self.numbers = numbers
        self.grid = Grid(CRS(UTM), from_origin(WEST, NORTH, 10, 10), width, height, (1, 1))

    def read(self, window: Window, names: object = None) -> Cells:
        part = self.numbers[window.toslices()].astype(float)
        cloud = part == 9
        return Cells({"band_1": np.where(cloud | (part == 0), np.nan, part)}, part != 0, cloud)


_points = st.tuples(st.floats(-2, 22), st.floats(-2, 16))


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.lists(_points, min_size=3, max_size=8), st.integers(1, 300), st.randoms())
def test_tiles_in_any_cut_and_order_add_up_to_the_whole(seed: int, corners: list, cells: int, chance) -> None:
    raster = _Array(np.random.default_rng(seed).integers(0, 10, (14, 20)))
    hull = shapely.convex_hull(shapely.MultiPoint([(WEST + 10 * x, NORTH - 10 * y) for x, y in corners]))
    units = _units(hull=hull.buffer(1), half=_cells_box(3.5, 2, 9, 7.25))
    whole = zonal(raster, units, EVERYTHING, [Window(0, 0, 20, 14)])
    tiles = [zonal(raster, units, EVERYTHING, [window]) for window in raster.grid.windows(cells)]
    chance.shuffle(tiles)
    _same(combine(*tiles), whole)
    _same({code: reduce(add, (tile[code] for tile in tiles)) for code in units.index}, whole)


def _same(found: dict[str, Partial], expected: dict[str, Partial]) -> None:
    assert found.keys() == expected.keys()
    for code, partial in expected.items():
        mine = found[code]
        near = {"rel": 1e-9, "abs": 1e-6}
        assert mine.unit_m2 == partial.unit_m2
        assert (mine.recorded_m2, mine.cloud_m2) == pytest.approx((partial.recorded_m2, partial.cloud_m2), **near)
        assert {k: v for k, v in mine.classes.items() if v > 1e-6} == pytest.approx(
            {k: v for k, v in partial.classes.items() if v > 1e-6}, **near
        )
        for name, amount in partial.amounts.items():
            assert vars(mine.amounts[name]) == pytest.approx(vars(amount), **near)
        for name, condition in partial.conditions.items():
            assert vars(mine.conditions[name]) == pytest.approx(vars(condition), **near)


_PEAK = """
import sys
from pathlib import Path
import geopandas as gpd
from shapely.geometry import box
from cityhealth.spatial.rasters import BandValue, Question, open_scene, profile, zonal

with open_scene(Path(sys.argv[1]), "a.tif") as scene:
    profile(scene, "")
    west, south, east, north = scene.grid.bounds()
    middle = (west + east) / 2
    halves = {"w": box(west, south, middle, north), "e": box(middle, south, east, north)}
    halves = gpd.GeoSeries(halves, crs=scene.grid.crs)
    found = zonal(scene, halves, Question(amounts={"value": BandValue("band_1")}))
print(found["w"].amounts["value"].cells, found["e"].amounts["value"].total)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def test_memory_is_that_of_a_window_whatever_the_size_of_the_raster(tmp_path: Path) -> None:
    peaks = []
    for rows in (1024, 10240):
        path = write(
            tmp_path / "a.tif",
            np.broadcast_to(np.uint8(2), (1, rows, 4096)),
            compress="deflate",
            tiled=True,
            blockxsize=512,
            blockysize=512,
        )
        ran = subprocess.run([sys.executable, "-c", _PEAK, str(path)], capture_output=True, text=True, check=True)
        cells, total, peak = map(float, ran.stdout.split())
        assert (cells, total) == (rows * 2048, rows * 4096)
        peaks.append(peak / 1024)
    # ten times the cells would be 288 MiB more as numbers of eight bytes; GDAL may keep 64 MiB of blocks
    assert peaks[1] - peaks[0] < 80
