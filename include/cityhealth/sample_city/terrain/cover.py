"""What satellites see of the city: land cover of two years, an optical scene, lights at night, warmth of the ground."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.features import rasterize
from scipy.ndimage import zoom
from shapely.geometry.base import BaseGeometry

from cityhealth.sample_city.files import LABEL, MapOddity, SampleFile
from cityhealth.sample_city.scenes import SECOND, THIRD
from cityhealth.sample_city.terrain.formats import geotiff
from cityhealth.sample_city.terrain.sending import Sending
from cityhealth.sample_city.terrain.shown import Shown
from cityhealth.sample_city.terrain.town import Town
from cityhealth.spatial.crs import INSIDE

BUILT, GREEN, FOREST, GRASS, CROPS, WATER, BARE = range(1, 8)
CLASSES = {
    BUILT: "built_up",
    GREEN: "green_space",
    FOREST: "forest",
    GRASS: "grassland",
    CROPS: "cropland",
    WATER: "water",
    BARE: "bare",
}
_UTM, _DEGREES = CRS.from_epsg(32649), CRS.from_epsg(4326)
_PLANNING, _ECOLOGY = "市规划和自然资源局", "市生态环境局"

_CELL_M, _OVERLAP_CELLS, _MARGIN_M = 100, 50, 1000
#: Cells of the smooth fields from which landscape is made: 2.5 km, villages 800 m.
_HILLS, _VILLAGES = 25, 8
_FOREST_SHARE, _GRASS_SHARE, _VILLAGE_SHARE, _BARE_SHARE = 0.42, 0.12, 0.06, 0.012
#: What the unsealed ground of the town is, besides its stream.
_UNSEALED = ((GREEN, 0.66), (GRASS, 0.12), (FOREST, 0.1), (CROPS, 0.06), (BARE, 0.06))
#: Built-up cells of the town that were fields the year before: those farthest out.
_GROWN = 0.02

_OPTICAL_M, _CLOUD_SHARE = 60, 0.04
_REFLECTANCE, _LST = 0.0001, 0.02
_LIGHT_DEGREES, _WARM_DEGREES = 0.005, 0.01
_DEGREE_M = 111_000.0

Cells = NDArray[np.uint8]


@dataclass(frozen=True)
class Ground:
    """Classes on a grid of 100 m in UTM; row 0 is the northernmost."""

    cells: Cells
    transform: Affine

    def at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> Cells:
        """The class at each point."""
        column, row = ~self.transform * (x, y)
        return self.cells[row.astype(int), column.astype(int)]


def scene_files(
    town: Town, shown: Shown, areas: gpd.GeoDataFrame, year: int, rng: np.random.Generator
) -> Iterator[SampleFile]:
    """Five scenes, the older land cover first, so that the newer one has something to be compared with."""
    ground = _landscape(town, shown, areas, rng)
    yield _land_cover(_before(ground, town), date(year - 1, 8, 1), Sending(_PLANNING, SECOND, 64, (MapOddity.TILES,)))
    yield _land_cover(ground, date(year, 8, 1), Sending(_PLANNING, SECOND, 65, (MapOddity.TILES,)))
    yield _optical(town, ground, date(year, 7, 15), rng)
    yield _night_light(town, areas, date(year, 12, 1), rng)
    yield _temperature(town, areas, date(year, 7, 20), rng)


def _landscape(town: Town, shown: Shown, areas: gpd.GeoDataFrame, rng: np.random.Generator) -> Ground:
    west, south, east, north = areas.to_crs(_UTM).total_bounds
    left, top = (np.floor((west - _MARGIN_M) / _CELL_M) * _CELL_M, np.ceil((north + _MARGIN_M) / _CELL_M) * _CELL_M)
    shape = int((top - south + _MARGIN_M) // _CELL_M) + 1, int((east + _MARGIN_M - left) // _CELL_M) + 1
    transform = Affine(_CELL_M, 0, left, 0, -_CELL_M, top)
    hills, houses, rock = (_smooth(shape, step, rng) for step in (_HILLS, _VILLAGES, _VILLAGES))
    cells = np.full(shape, CROPS, dtype=np.uint8)
    cells[hills > np.quantile(hills, 1 - _FOREST_SHARE - _GRASS_SHARE)] = GRASS
    cells[hills > np.quantile(hills, 1 - _FOREST_SHARE)] = FOREST
    cells[(rock > np.quantile(rock, 1 - _BARE_SHARE)) & (cells != FOREST)] = BARE
    cells[(houses > np.quantile(houses, 1 - _VILLAGE_SHARE)) & (cells != FOREST)] = BUILT
    cells[_rivers(shape)] = WATER
    inside = _drawn(town, town.outline(), shape, transform)
    wet = _drawn(town, town.outline(town.water), shape, transform)
    sealed = 1 - shown.of("permeable_area") / shown.of("built_up_area")
    # The stream is unsealed already.
    sealed *= inside.sum() / (inside & ~wet).sum()
    names, shares = zip(*_UNSEALED, strict=True)
    kinds = np.array([BUILT, *names], dtype=np.uint8)
    cells[inside] = rng.choice(kinds, int(inside.sum()), p=[sealed, *((1 - sealed) * np.array(shares))])
    cells[wet] = WATER
    return Ground(cells, transform)


def _before(ground: Ground, town: Town) -> Ground:
    """The year before, when the town's edge was not built yet."""
    cells = ground.cells.copy()
    for part in (town.district >= 0.5, town.district < 0.5):
        inside = _drawn(town, town.outline(part), cells.shape, ground.transform)
        rows, columns = np.nonzero(inside & (ground.cells == BUILT))
        away = np.hypot(rows - rows.mean(), columns - columns.mean())
        grown = np.argsort(-away, kind="stable")[: int(_GROWN * len(rows))]
        cells[rows[grown], columns[grown]] = CROPS
    return Ground(cells, ground.transform)


def _land_cover(ground: Ground, day: date, sending: Sending) -> SampleFile:
    """Two tiles, of which the middle is in both."""
    middle = ground.cells.shape[1] // 2
    starts = {"西": (0, middle + _OVERLAP_CELLS), "东": (middle - _OVERLAP_CELLS, ground.cells.shape[1])}
    tiles = [
        (
            f"地表覆盖{day.year}_{side}_{LABEL}.tif",
            geotiff(ground.cells[None, :, first:last], _UTM, ground.transform * Affine.translation(first, 0), nodata=0),
        )
        for side, (first, last) in starts.items()
    ]
    stated = {"kind": "land_cover", "datum": "wgs84", "date": day, "bands": {"class": 1}, "classes": CLASSES}
    return sending.scene(f"地表覆盖{day.year}_{LABEL}.yml", stated, tiles)


def _optical(town: Town, ground: Ground, day: date, rng: np.random.Generator) -> SampleFile:
    """Red and near infrared, and classes of the scene at half the resolution, in which a cloud is."""
    west, south, east, north = town.frame([town.outline()]).to_crs(_UTM).total_bounds
    step = 2 * _OPTICAL_M
    left, top = np.floor(west / step) * step, np.ceil(north / step) * step
    half = int(np.ceil((top - south) / step)), int(np.ceil((east - left) / step))
    rows, columns = 2 * half[0], 2 * half[1]
    x = left + (np.arange(columns) + 0.5) * _OPTICAL_M
    y = top - (np.arange(rows) + 0.5) * _OPTICAL_M
    seen = ground.at(*np.meshgrid(x, y))
    red = np.choose(seen - 1, [1500, 420, 300, 600, 700, 350, 1900])
    nir = np.choose(seen - 1, [1850, 2900, 3100, 2500, 2600, 180, 2300])
    grain = rng.integers(-6, 7, (2, rows, columns)) * 15
    bands = np.stack([red, nir]) + grain
    rise, run = np.mgrid[: half[0], : half[1]]
    away = np.hypot(rise - half[0] * 0.4, run - half[1] * 0.45)
    cloud = away**2 * np.pi < _CLOUD_SHARE * half[0] * half[1]
    scl = np.where(cloud, 9, np.where(bands[1, ::2, ::2] > 2000, 4, 5)).astype(np.uint8)
    bands[:, np.kron(cloud, np.ones((2, 2), dtype=bool))] = 7200
    name, mask = f"光学影像{day:%Y%m%d}_{LABEL}.tif", f"光学影像{day:%Y%m%d}_SCL_{LABEL}.tif"
    tiles = [
        (name, geotiff(bands.astype(np.int16), _UTM, Affine(_OPTICAL_M, 0, left, 0, -_OPTICAL_M, top), nodata=-9999)),
        (mask, geotiff(scl[None], _UTM, Affine(step, 0, left, 0, -step, top))),
    ]
    stated = {
        "kind": "optical", "datum": "wgs84", "date": day, "bands": {"red": 1, "nir": 2}, "scale": _REFLECTANCE,
        "nodata": -9999, "mask": {"file": mask, "rule": "scl"},
    }  # fmt: skip
    sending = Sending(_PLANNING, SECOND, 66, (MapOddity.CLOUD, MapOddity.COARSE_MASK, MapOddity.SCALED))
    return sending.scene(f"光学影像{day:%Y%m%d}_{LABEL}.yml", stated, tiles)


def _night_light(town: Town, areas: gpd.GeoDataFrame, day: date, rng: np.random.Generator) -> SampleFile:
    """Radiance in tenths: the town, a seat in each county, a faint rest."""
    east, north, transform = _degrees(areas.total_bounds, _LIGHT_DEGREES)
    radiance = 0.3 + 0.2 * _smooth(east.shape, 6, rng).clip(0)
    seats = areas.geometry[areas["level"] == "county"].representative_point()
    for lon, lat in shapely.get_coordinates(np.asarray(seats.array, dtype=object)):
        radiance += 12 * np.exp(-(_away_m(east, north, lon, lat) ** 2) / 2 / 2500**2)
    for lon, lat in _middles(town):
        radiance += 34 * np.exp(-(_away_m(east, north, lon, lat) ** 2) / 2 / 3200**2)
    tiles = [
        (
            f"夜间灯光{day.year}_{LABEL}.tif",
            geotiff((radiance * 10).round().astype(np.uint16)[None], _DEGREES, transform),
        )
    ]
    stated = {"kind": "night_light", "datum": "wgs84", "date": day, "bands": {"radiance": 1}, "scale": 0.1}
    return Sending(_PLANNING, SECOND, 67, (MapOddity.SCALED,)).scene(f"夜间灯光{day.year}_{LABEL}.yml", stated, tiles)


def _temperature(town: Town, areas: gpd.GeoDataFrame, day: date, rng: np.random.Generator) -> SampleFile:
    """Kelvin, in fiftieths; the town is warmer by three or so."""
    bounds = town.frame([town.outline().buffer(15_000)]).to_crs(INSIDE).total_bounds
    east, north, transform = _degrees(bounds, _WARM_DEGREES)
    kelvin = 303.5 + 0.5 * _smooth(east.shape, 6, rng)
    warm = np.zeros(east.shape)
    for lon, lat in _middles(town):
        warm = np.maximum(warm, np.exp(-((_away_m(east, north, lon, lat) / 4500) ** 4)))
    stored = ((kelvin + 3.2 * warm) / _LST).round().astype(np.uint16)
    tiles = [(f"地表温度{day:%Y%m%d}_{LABEL}.tif", geotiff(stored[None], _DEGREES, transform, nodata=0))]
    stated = {
        "kind": "surface_temperature", "datum": "wgs84", "date": day, "bands": {"temperature": 1}, "scale": _LST,
        "nodata": 0,
    }  # fmt: skip
    return Sending(_ECOLOGY, THIRD, 54, (MapOddity.SCALED,)).scene(f"地表温度{day:%Y%m%d}_{LABEL}.yml", stated, tiles)


def _smooth(shape: tuple[int, ...], step: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A field of mean 0 that changes over ``step`` cells."""
    coarse = rng.standard_normal([size // step + 2 for size in shape])
    return zoom(coarse, step, order=1)[: shape[0], : shape[1]]


def _rivers(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Two of them, winding from north to south, 200 m wide."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    winding = 60 * np.sin(rows / 130) + 25 * np.sin(rows / 37)
    return np.logical_or.reduce([np.abs(columns - part * shape[1] - winding) < 1 for part in (0.3, 0.72)])


def _drawn(town: Town, shape: BaseGeometry, size: tuple[int, ...], transform: Affine) -> NDArray[np.bool_]:
    """The cells whose middle is in a shape of the town."""
    (outline,) = town.frame([shape]).to_crs(_UTM).geometry
    return rasterize([outline], out_shape=size, transform=transform, dtype="uint8").astype(bool)


def _degrees(bounds: NDArray[np.float64], step: float) -> tuple[NDArray[np.float64], NDArray[np.float64], Affine]:
    """Longitude and latitude of the middles of cells over ``bounds`` and one cell around."""
    west, north = np.floor(bounds[0] / step - 1) * step, np.ceil(bounds[3] / step + 1) * step
    columns, rows = int((bounds[2] - west) / step) + 2, int((north - bounds[1]) / step) + 2
    east = west + (np.arange(columns) + 0.5) * step
    up = north - (np.arange(rows) + 0.5) * step
    return *np.meshgrid(east, up), Affine(step, 0, west, 0, -step, north)


def _away_m(east: NDArray[np.float64], north: NDArray[np.float64], lon: float, lat: float) -> NDArray[np.float64]:
    return np.hypot((east - lon) * np.cos(np.radians(lat)), north - lat) * _DEGREE_M


def _middles(town: Town) -> NDArray[np.float64]:
    """The middle of the part of the town in the district, and of that beyond, in degrees."""
    parts = [town.middles[chosen].mean(axis=0) for chosen in (town.district >= 0.5, town.district < 0.5)]
    points = gpd.GeoSeries(shapely.points(parts), crs=town.crs).to_crs(INSIDE)
    return shapely.get_coordinates(np.asarray(points.array, dtype=object))
