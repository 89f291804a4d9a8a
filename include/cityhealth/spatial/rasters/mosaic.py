"""Several tiles or scenes read as one raster, and scenes that are the same under different names."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from pyproj import CRS, Transformer
from rasterio.windows import Window

from cityhealth.spatial.rasters.grid import Grid
from cityhealth.spatial.rasters.refusals import refuse
from cityhealth.spatial.rasters.scene import MAX_CELLS, Cells, Scene

BLOCK = 512
_HASHED_CELLS = 1 << 22


@dataclass(frozen=True)
class Tile:
    """A scene with what decides its rank: when it was acquired, and the hash of its file."""

    scene: Scene
    acquired: date
    sha256: str


@dataclass(frozen=True)
class Mosaic:
    """Tiles, best first, all on one grid.

    The rule, cell by cell: the newest acquisition that saw the ground wins; of equal dates the smaller sha256. A tile
    that recorded nothing there, or a cloud, gives way to the next; where no tile saw the ground, a cloud in any of
    them makes the cell a cloud. So the order in which tiles arrive or are listed never matters.
    """

    grid: Grid
    scenes: tuple[Scene, ...]
    extents: tuple[shapely.Polygon, ...]

    def read(self, window: Window, names: Iterable[str] | None = None) -> Cells:
        """The cells of ``window`` in the bands ``names`` (all of the first tile without it)."""
        wanted = list(self.scenes[0].bands if names is None else dict.fromkeys(names))
        shape = (int(window.height), int(window.width))
        layers = {name: np.full(shape, np.nan) for name in wanted}
        seen, cloud = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        here = shapely.box(*self.grid.bounds(window))
        for scene, extent in zip(self.scenes, self.extents, strict=True):
            if seen.all():
                break
            if not extent.intersects(here):
                continue
            cells = scene.read(window, wanted)
            take = cells.data & ~cells.cloud & ~seen
            for name, layer in layers.items():
                layer[take] = cells.bands[name][take]
            seen |= take
            cloud |= cells.cloud
        cloud &= ~seen
        return Cells(layers, seen | cloud, cloud)


def mosaic(tiles: Sequence[Tile]) -> Mosaic:
    """The mosaic of at least one tile, on the grid of the best one, widened to hold all (nearest cell).

    Raises UnreadableFile ``tiles_apart``: no grid of at most ``MAX_CELLS`` cells holds them all.
    """
    ranked = sorted(sorted(tiles, key=lambda tile: tile.sha256), key=lambda tile: tile.acquired, reverse=True)
    system = ranked[0].scene.grid.crs
    bounds = [_bounds_in(tile.scene.grid, system) for tile in ranked]
    if lost := [
        tile.scene.filename for tile, sides in zip(ranked, bounds, strict=True) if not np.isfinite(sides).all()
    ]:
        raise refuse("tiles_apart", ranked[0].scene.filename, "、".join(lost))
    grid = _common_grid(ranked[0].scene.grid, bounds)
    if len(ranked) > 1 and grid.width * grid.height > MAX_CELLS:
        raise refuse("tiles_apart", ranked[0].scene.filename, f"{grid.width}×{grid.height}")
    scenes = tuple(tile.scene.on(grid) for tile in ranked)
    return Mosaic(grid, scenes, tuple(shapely.box(*sides) for sides in bounds))


Sides = tuple[float, float, float, float]


def _common_grid(first: Grid, bounds: Sequence[Sides]) -> Grid:
    """The first grid, carried on to all ``bounds`` (in its system)."""
    back = ~first.transform
    corners = []
    for west, south, east, north in bounds:
        corners += [back @ (west, north), back @ (east, south)]
    columns, rows = zip(*corners, strict=True)
    left, top = _whole(min(columns), np.floor), _whole(min(rows), np.floor)
    right, bottom = _whole(max(columns), np.ceil), _whole(max(rows), np.ceil)
    transform = first.transform @ type(first.transform).translation(left, top)
    return Grid(first.crs, transform, right - left, bottom - top, (BLOCK, BLOCK))


def _whole(position: float, outwards: np.ufunc) -> int:
    """A grid line; a position within a thousandth of a cell of one is on it."""
    near = round(position)
    return near if abs(position - near) < 1e-3 else int(outwards(position))


def _bounds_in(grid: Grid, system: CRS) -> Sides:
    if grid.crs == system:
        return grid.bounds()
    return Transformer.from_crs(grid.crs, system, always_xy=True).transform_bounds(*grid.bounds())


def pixel_hash(scene: Scene) -> str:
    """SHA-256 of place, size and stored numbers of all bands: the same for one scene under two names or dates.

    Compression, blocks, names and metadata do not count. Memory is bounded by a strip of rows.
    """
    grid = scene.grid
    place = [round(number, 9) for number in grid.transform.to_gdal()]
    digest = hashlib.sha256(repr((place, grid.width, grid.height, scene.dataset.dtypes)).encode())
    rows = max(_HASHED_CELLS // grid.width, 1)
    for top in range(0, grid.height, rows):
        strip = Window(0, top, grid.width, min(rows, grid.height - top))
        for number in scene.dataset.indexes:
            digest.update(scene.stored(number, strip).tobytes())
    return digest.hexdigest()


def duplicates(hashes: Mapping[str, str]) -> list[list[str]]:
    """Names (of files, arrivals …) that share a pixel hash, in groups of at least two, in order of name."""
    groups = defaultdict(list)
    for name, pixels in sorted(hashes.items()):
        groups[pixels].append(name)
    return [group for group in groups.values() if len(group) > 1]
