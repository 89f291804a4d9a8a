"""Zonal means by exact coverage against rasterstats, and ten times the cells: time, and the memory it takes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasterio.windows import Window
from rasterstats import zonal_stats
from shapely.geometry import Point, box

sys.path.insert(0, str(Path(__file__).parent))
from harness import best_of, peak_mebibytes, report

from cityhealth.spatial.rasters import BandValue, Question, open_scene, zonal

CRS, CELL, COLUMNS, ROWS, BLOCK = "EPSG:32649", 10, 4096, 4096, 512
_QUESTION = Question(amounts={"value": BandValue("band_1")})


def make(path: Path, rows: int) -> Path:
    """A GeoTIFF of ``rows`` × 4,096 cells, a slope with noise, written strip by strip."""
    rng = np.random.default_rng(1)
    layout = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate", "zlevel": 1}
    where = {"crs": CRS, "transform": from_origin(500_000, 4_000_000, CELL, CELL)}
    sizes = {"width": COLUMNS, "height": rows, "count": 1, "dtype": "uint16"}
    with rasterio.open(path, "w", driver="GTiff", **sizes, **layout, **where) as file:
        for top in range(0, rows, BLOCK):
            noise = rng.integers(0, 50, (BLOCK, COLUMNS), dtype="uint16") + np.arange(COLUMNS, dtype="uint16")
            file.write(noise, 1, window=Window(0, top, COLUMNS, BLOCK))
    return path


def districts(rows: int) -> gpd.GeoSeries:
    """Six halves and thirds that tile the raster, as county units do."""
    width, height = COLUMNS * CELL / 3, rows * CELL / 2
    west, south = 500_000, 4_000_000 - rows * CELL
    shapes = {
        f"{column}{row}": box(
            west + column * width, south + row * height, west + (column + 1) * width, south + (row + 1) * height
        )
        for column in range(3)
        for row in range(2)
    }
    return gpd.GeoSeries(shapes, crs=CRS)


def plots(count: int) -> gpd.GeoSeries:
    """Small round plots, 20 to 100 m in radius, all over the raster."""
    rng = np.random.default_rng(2)
    places = rng.uniform((501_000, 4_000_000 - ROWS * CELL + 1000), (539_000, 3_999_000), (count, 2))
    rounds = [Point(place).buffer(radius) for place, radius in zip(places, rng.uniform(20, 100, count), strict=True)]
    return gpd.GeoSeries(rounds, index=[str(n) for n in range(count)], crs=CRS)


def ours(path: Path, units: gpd.GeoSeries) -> list[float | None]:
    with open_scene(path, path.name) as scene:
        found = zonal(scene, units, _QUESTION)
    return [found[code].amounts["value"].mean for code in units.index]


def with_rasterstats(path: Path, units: gpd.GeoSeries) -> list[float | None]:
    return [row["mean"] for row in zonal_stats(list(units), str(path), stats="mean", nodata=65535)]


def in_a_process_of_its_own(path: Path, rows: int) -> tuple[float, float]:
    """Seconds and MiB at the peak."""
    command = [sys.executable, __file__, str(path), str(rows)]
    seconds, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), float(peak)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        small = make(Path(folder) / "small.tif", ROWS)
        for name, units in (("6 districts", districts(ROWS)), ("2,000 plots", plots(2000))):
            mine, theirs = np.array(ours(small, units)), np.array(with_rasterstats(small, units))
            seconds = best_of(2, lambda units=units: ours(small, units))
            peer = best_of(2, lambda units=units: with_rasterstats(small, units))
            report(f"zonal mean of {name}, {COLUMNS} × {ROWS} cells", seconds, "rasterstats", peer)
            print(f"  means near {theirs.mean():.0f} differ by at most {np.abs(mine - theirs).max():.3g}")
        large = make(Path(folder) / "large.tif", 10 * ROWS)
        one, one_peak = in_a_process_of_its_own(small, ROWS)
        ten, ten_peak = in_a_process_of_its_own(large, 10 * ROWS)
        print(f"ten times the cells: {ten:.1f} s against {one:.1f} s, {ten / one:.1f} times; ", end="")
        print(f"peak {ten_peak:.0f} MiB against {one_peak:.0f} MiB")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        source, whole = Path(sys.argv[1]), districts(int(sys.argv[2]))
        print(best_of(2, lambda: ours(source, whole)), peak_mebibytes())
    else:
        main()
