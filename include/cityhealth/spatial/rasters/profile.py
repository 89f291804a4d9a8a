"""What is known of a scene before anything is measured: the profile that the gate judges."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from rasterio.windows import Window

from cityhealth.spatial.land_cover import CLASS_BAND
from cityhealth.spatial.rasters.refusals import refuse
from cityhealth.spatial.rasters.scene import Band, Scene

SAMPLE_SIDE, SAMPLES = 256, 8
"""A large scene is judged by 8 × 8 windows of 256 × 256 cells, spread evenly; a smaller one by all its cells."""

UNNAMED_SHOWN = 5


@dataclass(frozen=True)
class Profile:
    """One scene: ``valid_share`` of its cells are recorded, ``cloud_share`` of those hidden (None without a mask).

    ``bounds`` (west, south, east, north) and ``transform`` (GDAL's six numbers) are in ``crs``; ``sampled`` says that
    the shares come from a sample of the cells. ``unnamed_share`` of the clear cells have a code of land cover without a
    name, of which ``unnamed_codes`` are the smallest UNNAMED_SHOWN.
    """

    sha256: str
    driver: str
    crs: str
    transform: tuple[float, ...]
    bounds: tuple[float, float, float, float]
    width: int
    height: int
    bands: tuple[Band, ...]
    nodata_from: str
    valid_share: float
    cloud_share: float | None
    sampled: bool
    unnamed_share: float = 0.0
    unnamed_codes: tuple[int, ...] = ()


def profile(scene: Scene, sha256: str, named: Collection[int] | None = None) -> Profile:
    """The profile of ``scene``, whose bytes have the hash ``sha256``; memory is bounded by one window.

    ``named`` are the codes of land cover that have a name; without it none is looked for.
    A scene wholly under clouds is no error: its cloud share is 1. Raises UnreadableFile ``damaged`` (a block cannot be
    read), ``no_data`` (not one recorded cell: where the sample has none, the scene is read until one is found).
    """
    grid = scene.grid
    sampled = grid.width * grid.height > (SAMPLE_SIDE * SAMPLES) ** 2
    cells = recorded = cloudy = coded = unnamed = 0
    codes: set[int] = set()
    for window in _samples(scene) if sampled else grid.windows():
        found = scene.read(window)
        cells += found.data.size
        recorded += int(np.count_nonzero(found.data))
        cloudy += int(np.count_nonzero(found.cloud))
        if named and CLASS_BAND in found.bands:
            layer = found.bands[CLASS_BAND]
            seen = layer[np.isfinite(layer)].astype(np.int64)
            others = seen[~np.isin(seen, list(named))]
            coded, unnamed = coded + seen.size, unnamed + others.size
            codes = set(sorted(codes.union(np.unique(others).tolist()))[:UNNAMED_SHOWN])
    if not recorded and not (sampled and any(scene.read(window).data.any() for window in grid.windows())):
        raise refuse("no_data", scene.filename, f"{grid.width}×{grid.height}")
    return Profile(
        sha256=sha256,
        driver=scene.driver,
        crs=grid.crs.to_string(),
        transform=grid.transform.to_gdal(),
        bounds=grid.bounds(),
        width=grid.width,
        height=grid.height,
        bands=tuple(scene.bands.values()),
        nodata_from=scene.nodata_from,
        valid_share=recorded / cells,
        cloud_share=cloudy / recorded if scene.mask is not None and recorded else None,
        sampled=sampled,
        unnamed_share=unnamed / coded if coded else 0.0,
        unnamed_codes=tuple(sorted(codes)),
    )


def _samples(scene: Scene) -> Iterator[Window]:
    grid = scene.grid
    heights, widths = min(SAMPLE_SIDE, grid.height), min(SAMPLE_SIDE, grid.width)
    rows = np.unique(np.linspace(0, grid.height - heights, SAMPLES).astype(int))
    columns = np.unique(np.linspace(0, grid.width - widths, SAMPLES).astype(int))
    for row, column in product(rows, columns):
        yield Window(int(column), int(row), widths, heights)
