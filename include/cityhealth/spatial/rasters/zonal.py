"""Zonal statistics with exact coverage: each cell counts by the part of it that lies in the unit.

The parts come from exactextract. Work goes window by window, so that memory is bounded by one window whatever the
size of the raster; a window in which no unit lies is never read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import geopandas as gpd
import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from pyproj import CRS
from rasterio.windows import Window

from cityhealth.spatial.rasters.grid import Grid
from cityhealth.spatial.rasters.partial import Amount, Condition, Partial, combine
from cityhealth.spatial.rasters.scene import Cells

Layers = Mapping[str, np.ndarray]


class Quantity(Protocol):
    """Something computed cell by cell from bands; NaN where a band it needs is not known."""

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands it needs."""

    def __call__(self, layers: Layers) -> np.ndarray:
        """Its numbers, in the shape of the layers."""


@dataclass(frozen=True)
class BandValue:
    """The numbers of one band."""

    band: str

    @property
    def bands(self) -> tuple[str, ...]:
        return (self.band,)

    def __call__(self, layers: Layers) -> np.ndarray:
        return layers[self.band]


@dataclass(frozen=True)
class Test:
    """A condition on a quantity: strictly above ``above`` and at most ``up_to``; either may be left out."""

    __test__ = False  # the name is not pytest's

    quantity: Quantity
    above: float = -np.inf
    up_to: float = np.inf


@dataclass(frozen=True)
class Question:
    """What is asked of each unit: sums of quantities, shares of conditions, areas by class of one band of codes."""

    amounts: Mapping[str, Quantity] = field(default_factory=dict)
    conditions: Mapping[str, Test] = field(default_factory=dict)
    classes: str | None = None

    @property
    def bands(self) -> tuple[str, ...]:
        """Every band that is needed, each once."""
        quantities = [*self.amounts.values(), *(test.quantity for test in self.conditions.values())]
        names = [band for quantity in quantities for band in quantity.bands]
        return tuple(dict.fromkeys([*names, *([self.classes] if self.classes is not None else [])]))


class Readable(Protocol):
    """A scene or a mosaic."""

    @property
    def grid(self) -> Grid: ...

    def read(self, window: Window, names: Iterable[str] | None = None) -> Cells: ...


def zonal(
    raster: Readable, units: gpd.GeoSeries, question: Question, windows: Iterable[Window] | None = None
) -> dict[str, Partial]:
    """Answers per unit. ``units``: polygons with a coordinate system, indexed by the unit's code.

    ``windows`` are those of one tile (without it: the whole raster); the answers of tiles that together are the raster
    are brought together by ``combine``. A unit that lies off the raster has an answer too: nothing recorded.
    Raises UnreadableFile ``damaged`` where a block cannot be read, ``unknown_band``.
    """
    outlines = units.to_crs(raster.grid.crs)
    areas = _outline_areas_m2(outlines, raster.grid.crs)
    answers = {str(code): Partial(float(area)) for code, area in zip(outlines.index, areas, strict=True)}
    codes = np.array([str(code) for code in outlines.index], dtype=object)
    tree = shapely.STRtree(outlines.to_numpy())
    for window in raster.grid.windows() if windows is None else windows:
        found = np.unique(tree.query(shapely.box(*raster.grid.bounds(window)), predicate="intersects"))
        if len(found):
            hit = outlines.iloc[found]
            answers = combine(answers, _window(raster, window, codes[found], areas[found], hit, question))
    return answers


def _outline_areas_m2(outlines: gpd.GeoSeries, crs: CRS) -> np.ndarray:
    """Areas as the cells count them: in the plane of a projected system, on the ellipsoid of a geographic one."""
    if not crs.is_geographic:
        return outlines.area.to_numpy() * crs.axis_info[0].unit_conversion_factor ** 2
    ellipsoid = crs.get_geod()
    assert ellipsoid is not None, "every system that a raster can have stands on an ellipsoid"
    return np.array([abs(ellipsoid.geometry_area_perimeter(shapely.orient_polygons(shape))[0]) for shape in outlines])


def _window(
    raster: Readable,
    window: Window,
    codes: np.ndarray,
    areas: np.ndarray,
    outlines: gpd.GeoSeries,
    question: Question,
) -> dict[str, Partial]:
    cells = raster.read(window, question.bands)
    amounts = {name: quantity(cells.bands).ravel() for name, quantity in question.amounts.items()}
    tests = {name: _tested(test, cells.bands) for name, test in question.conditions.items()}
    classes = _class_codes(cells.bands[question.classes]) if question.classes is not None else None
    cell_m2 = np.repeat(raster.grid.row_areas_m2(window), int(window.width))
    data, cloud = cells.data.ravel(), cells.cloud.ravel()

    answers = {}
    for code, area, (ids, parts) in zip(codes, areas, _parts(raster.grid, window, outlines), strict=True):
        m2 = parts * cell_m2[ids]
        answers[code] = Partial(
            unit_m2=float(area),
            recorded_m2=float(m2[data[ids]].sum()),
            cloud_m2=float(m2[cloud[ids]].sum()),
            amounts={name: _amount(numbers[ids], parts, m2) for name, numbers in amounts.items()},
            conditions={name: _condition(known[ids], true[ids], m2) for name, (known, true) in tests.items()},
            classes=_class_areas(classes[ids], m2) if classes is not None else {},
        )
    return answers


def _parts(grid: Grid, window: Window, outlines: gpd.GeoSeries) -> list[tuple[np.ndarray | slice, np.ndarray]]:
    """For each outline the cells of ``window`` that it touches (row by row, from 0), and the part of each it covers."""
    west, south, east, north = grid.bounds(window)
    shape = (int(window.height), int(window.width))
    whole = shapely.covers(outlines.to_numpy(), shapely.box(west, south, east, north))
    every_cell = (slice(None), np.broadcast_to(1.0, shape[0] * shape[1]))
    cut = iter(_cut_parts(west, south, east, north, shape, outlines[~whole]))
    return [every_cell if within else next(cut) for within in whole]


def _cut_parts(
    west: float, south: float, east: float, north: float, shape: tuple[int, int], outlines: gpd.GeoSeries
) -> list[tuple[np.ndarray, np.ndarray]]:
    if outlines.empty:
        return []
    frame = gpd.GeoDataFrame(geometry=outlines.to_numpy(), crs=outlines.crs)
    system = frame.crs.to_wkt()
    cells = NumPyRasterSource(np.broadcast_to(np.uint8(0), shape), west, south, east, north, srs_wkt=system)
    found = exact_extract(cells, frame, ["cell_id", "coverage"], output="pandas")
    return [
        (np.asarray(ids, dtype=np.int64), np.asarray(parts, dtype=np.float64))
        for ids, parts in zip(found["cell_id"], found["coverage"], strict=True)
    ]


def _amount(numbers: np.ndarray, parts: np.ndarray, m2: np.ndarray) -> Amount:
    known = np.isfinite(numbers)
    if not known.all():
        numbers, parts, m2 = numbers[known], parts[known], m2[known]
    return Amount(float(parts.sum()), float(m2.sum()), float(parts @ numbers), float(m2 @ numbers))


def _tested(test: Test, layers: Layers) -> tuple[np.ndarray, np.ndarray]:
    """Where the condition is known, and where it holds."""
    numbers = test.quantity(layers).ravel()
    return np.isfinite(numbers), (numbers > test.above) & (numbers <= test.up_to)


def _condition(known: np.ndarray, true: np.ndarray, m2: np.ndarray) -> Condition:
    return Condition(float(m2[known].sum()), float(m2[known & true].sum()))


_UNSEEN = -(2**31)


def _class_codes(layer: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(layer), layer, _UNSEEN).astype(np.int64).ravel()


def _class_areas(codes: np.ndarray, m2: np.ndarray) -> dict[int, float]:
    found, at = np.unique(codes, return_inverse=True)
    sums = np.bincount(at, weights=m2, minlength=len(found))
    return {int(code): float(area) for code, area in zip(found, sums, strict=True) if code != _UNSEEN}
