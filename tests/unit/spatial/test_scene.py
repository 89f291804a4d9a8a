"""Opening a scene: every format and every odd file, and the profile that is made of it."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, strategies as st
from pyproj import CRS, Geod
from rasterio.transform import Affine, from_origin
from rasterio.windows import Window

from cityhealth.errors import UnreadableFile
from cityhealth.spatial.rasters import Grid, open_scene, profile
from made_rasters import NORTH, UTM, WEST, converted, write

NUMBERS = np.arange(1, 13, dtype="uint8").reshape(1, 3, 4)
ALL = Window(0, 0, 4, 3)


def _refusal(source: Path | bytes, filename: str = "影像.tif", **given_by_manifest) -> str:
    with pytest.raises(UnreadableFile) as caught, open_scene(source, filename, **given_by_manifest) as scene:
        profile(scene, "0" * 64)
    assert caught.value.place.file == filename
    return caught.value.code


@pytest.mark.parametrize(
    ("driver", "suffix"), [("GTiff", ".tif"), ("COG", ".tif"), ("JP2OpenJPEG", ".jp2"), ("netCDF", ".nc")]
)
def test_each_format_gives_the_same_numbers_from_its_path_and_from_its_bytes(
    tmp_path: Path, driver: str, suffix: str
) -> None:
    path = write(tmp_path / "first.tif", NUMBERS)
    if driver != "GTiff":
        path = converted(path, tmp_path / f"scene{suffix}", driver)
    for source in (path, path.read_bytes()):
        with open_scene(source, path.name) as scene:
            (band,) = scene.read(ALL).bands.values()
            assert band.tolist() == NUMBERS[0].tolist()
            assert scene.grid.crs == CRS(UTM)
            assert scene.grid.bounds() == (WEST, NORTH - 30, WEST + 40, NORTH)


def test_a_profile_names_bands_numbers_and_shares(tmp_path: Path) -> None:
    layers = np.array([[[10, 0], [30, 40]], [[5, 6], [7, 0]]], dtype="uint16")
    path = write(tmp_path / "a.tif", layers, names=("red", "nir"), nodata=0, scale=0.0001, offset=-0.1)
    with open_scene(path, "a.tif") as scene:
        found = profile(scene, "ab" * 32)
        assert scene.read(Window(0, 0, 2, 2)).bands["red"][0, 0] == pytest.approx(10 * 0.0001 - 0.1)
    assert [(b.name, b.number, b.dtype, b.nodata, b.scale, b.offset) for b in found.bands] == [
        ("red", 1, "uint16", 0.0, 0.0001, -0.1),
        ("nir", 2, "uint16", 0.0, 0.0001, -0.1),
    ]
    assert (found.sha256, found.driver, found.crs, found.width, found.height) == ("ab" * 32, "GTiff", UTM, 2, 2)
    assert found.valid_share == 0.5  # of four cells, one lacks red and one lacks nir
    assert (found.cloud_share, found.sampled, found.nodata_from) == (None, False, "file")


def test_what_the_manifest_gives_wins_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", NUMBERS, nodata=1)
    given_by_manifest = {"crs": "EPSG:4547", "nodata": 12, "bands": {"height": 1}, "scale": 2, "offset": 1}
    with open_scene(path, "a.tif", **given_by_manifest) as scene:
        height = scene.read(ALL).bands["height"]
        assert scene.grid.crs == CRS("EPSG:4547")
        assert height[0, 0] == 3 and np.isnan(height[2, 3])
        assert scene.nodata_from == "given"


def test_three_bands_of_whole_numbers_without_nodata_take_zero_in_all_of_them_as_not_recorded(tmp_path: Path) -> None:
    layers = np.array([[[0, 0, 4]], [[0, 2, 5]], [[0, 3, 6]]], dtype="uint8")
    with open_scene(write(tmp_path / "a.tif", layers), "a.tif") as scene:
        found = scene.read(Window(0, 0, 3, 1), ["band_1"])
        assert found.data.tolist() == [[False, True, True]]
        assert found.bands["band_1"][0, 1] == 0
        assert profile(scene, "").nodata_from == "assumed"
    with open_scene(write(tmp_path / "b.tif", layers[:1]), "b.tif") as scene:
        assert profile(scene, "").valid_share == 1  # in one band zero may be a height


def test_not_a_number_is_not_recorded_though_nodata_is_declared_otherwise(tmp_path: Path) -> None:
    layers = np.array([[[np.nan, 1.5, -9999]]], dtype="float32")
    with open_scene(write(tmp_path / "a.tif", layers, nodata=-9999), "a.tif") as scene:
        assert scene.read(Window(0, 0, 3, 1)).data.tolist() == [[False, True, False]]


def test_rows_that_run_north_are_turned(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", NUMBERS, transform=Affine(10, 0, WEST, 0, 10, NORTH - 30))
    with open_scene(path, "a.tif") as scene:
        assert scene.read(ALL).bands["band_1"].tolist() == NUMBERS[0, ::-1].tolist()
        assert scene.grid.bounds() == (WEST, NORTH - 30, WEST + 40, NORTH)


def test_files_without_a_place_are_refused(tmp_path: Path) -> None:
    assert _refusal(write(tmp_path / "a.tif", NUMBERS, crs=None)) == "no_crs"
    with open_scene(tmp_path / "a.tif", "a.tif", crs=UTM) as scene:  # the manifest may declare it
        assert scene.grid.crs == CRS(UTM)
    assert _refusal(write(tmp_path / "b.tif", NUMBERS, transform=Affine.identity())) == "not_georeferenced"
    assert _refusal(write(tmp_path / "c.tif", NUMBERS, crs="EPSG:4490")) == "wrong_crs"  # metres as degrees


def test_files_that_are_no_raster_are_refused(tmp_path: Path) -> None:
    elsewhere = b'<VRTDataset rasterXSize="1" rasterYSize="1"/>'
    assert _refusal(b"") == "empty"
    assert _refusal(elsewhere, "a.vrt") == "not_a_raster"
    assert _refusal(b"PK\x03\x04 not a raster") == "not_a_raster"


def test_what_a_manifest_gets_wrong_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", NUMBERS)
    assert _refusal(path, nodata=65535) == "wrong_nodata"
    assert _refusal(path, nodata=0.5) == "wrong_nodata"
    assert _refusal(path, bands={"nir": 4}) == "unknown_band"
    assert _refusal(path, scale=0) == "wrong_scale"
    assert _refusal(path, offset=float("nan")) == "wrong_scale"


@pytest.mark.parametrize("compress", ["none", "deflate"])
@pytest.mark.parametrize("part", [0.001, 0.3, 0.9, 0.999])
def test_a_truncated_geotiff_is_damaged_wherever_it_breaks_off(tmp_path: Path, compress: str, part: float) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1, 600, 600), dtype="uint8")
    path = write(tmp_path / "a.tif", noise, compress=compress, tiled=True, blockxsize=256, blockysize=256)
    data = path.read_bytes()
    assert _refusal(data[: int(len(data) * part)]) == "damaged"


@pytest.mark.parametrize(("driver", "suffix"), [("JP2OpenJPEG", ".jp2"), ("netCDF", ".nc")])
def test_truncated_files_of_other_formats_are_damaged(tmp_path: Path, driver: str, suffix: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1, 300, 300), dtype="uint8")
    path = converted(write(tmp_path / "a.tif", noise), tmp_path / f"a{suffix}", driver)
    data = path.read_bytes()
    assert _refusal(data[: len(data) // 2], path.name) == "damaged"


@given(st.binary(max_size=200), st.sampled_from([b"II*\0", b"MM\0+", b"CDF\x01", b"\x89HDF", b"\0\0\0\x0c", b""]))
def test_no_bytes_break_the_reader(tail: bytes, head: bytes) -> None:
    assert _refusal(head + tail) in {"empty", "not_a_raster", "damaged", "not_georeferenced", "no_crs"}


def test_a_file_of_two_to_the_31_cells_and_no_data_is_refused_from_its_index(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    blocks = {"tiled": True, "blockxsize": 512, "blockysize": 512, "SPARSE_OK": True}
    where = {"crs": UTM, "transform": from_origin(WEST, NORTH, 1, 1)}
    with rasterio.open(path, "w", driver="GTiff", width=2**16, height=2**15, count=1, dtype="uint8", **blocks, **where):
        pass
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert _refusal(path) == "no_data"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # KiB: it would be 2 GiB


def test_a_file_whose_cells_are_all_stored_as_nodata_is_refused_and_one_cell_saves_it(tmp_path: Path) -> None:
    layers = np.zeros((1, 2100, 2100), dtype="uint8")  # more cells than are sampled
    path = write(tmp_path / "a.tif", layers, nodata=0, compress="deflate")
    assert _refusal(path) == "no_data"
    layers[0, 777, 1999] = 7
    with open_scene(write(tmp_path / "b.tif", layers, nodata=0, compress="deflate"), "b.tif") as scene:
        found = profile(scene, "")
    assert found.sampled and found.valid_share < 0.001


def test_a_block_that_memory_may_not_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    sizes = {"width": 9000, "height": 9000, "tiled": True, "blockxsize": 9008, "blockysize": 9008, "SPARSE_OK": True}
    where = {"crs": UTM, "transform": from_origin(WEST, NORTH, 1, 1)}
    with rasterio.open(path, "w", driver="GTiff", count=1, dtype="uint8", compress="deflate", **sizes, **where):
        pass
    assert _refusal(path) == "block_too_large"


def test_a_netcdf_of_several_variables_asks_which(tmp_path: Path) -> None:
    netcdf = pytest.importorskip("scipy.io").netcdf_file
    path = tmp_path / "a.nc"
    with netcdf(path, "w") as file:
        for axis, numbers in (("lat", [35.75, 35.25]), ("lon", [112.25, 112.75, 113.25])):
            file.createDimension(axis, len(numbers))
            file.createVariable(axis, "f8", (axis,))[:] = numbers
            file.variables[axis].units = {"lat": "degrees_north", "lon": "degrees_east"}[axis]
        for name, first in (("light", 1), ("heat", 300)):
            file.createVariable(name, "f4", ("lat", "lon"))[:] = first + np.arange(6).reshape(2, 3)
    assert _refusal(path, "a.nc") == "several_variables"
    with open_scene(path, "a.nc", variable="heat", crs="EPSG:4490") as scene:
        (band,) = scene.read(Window(0, 0, 3, 2)).bands.values()
        assert band.tolist() == [[300, 301, 302], [303, 304, 305]]
        assert scene.grid.bounds() == pytest.approx((112, 35, 113.5, 36))


@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 40), st.integers(1, 40), st.integers(1, 500))
def test_windows_tile_the_grid(width: int, height: int, block_height: int, block_width: int, cells: int) -> None:
    grid = Grid(CRS(UTM), from_origin(0, 0, 1, 1), width, height, (block_height, block_width))
    seen = np.zeros((height, width), dtype=int)
    for window in grid.windows(cells):
        seen[window.toslices()] += 1
        assert window.width * window.height <= max(cells, block_height * block_width)
    assert (seen == 1).all()


@given(st.floats(-89, 88), st.floats(0.001, 1))
def test_cells_in_degrees_have_the_area_that_geodesics_around_them_give(south: float, side: float) -> None:
    grid = Grid(CRS("EPSG:4490"), from_origin(112, south + side, side, side), 1, 1, (1, 1))
    (area,) = grid.row_areas_m2(Window(0, 0, 1, 1))
    # parallels are no geodesics: follow them in small steps
    steps = np.linspace(112, 112 + side, 200)
    longitudes = np.concatenate([steps, steps[::-1]])
    latitudes = np.concatenate([np.full(200, south), np.full(200, south + side)])
    expected, _ = Geod(ellps="GRS80").polygon_area_perimeter(longitudes, latitudes)
    assert area == pytest.approx(expected, rel=1e-5)


def test_cells_in_feet_have_their_area_in_square_metres() -> None:
    grid = Grid(CRS("EPSG:2263"), from_origin(0, 0, 100, 100), 1, 2, (1, 1))  # New York, US survey feet
    assert grid.row_areas_m2(Window(0, 0, 1, 2)) == pytest.approx([(100 * 1200 / 3937) ** 2] * 2)
