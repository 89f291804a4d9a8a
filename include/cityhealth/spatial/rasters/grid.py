"""The grid that cells stand on: its windows, and the true area of its cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from affine import Affine
from pyproj import CRS
from rasterio.windows import Window

WINDOW_CELLS = 1 << 18
"""Cells that one window holds at most, unless a single block of the file is larger. Small enough that most windows lie
wholly inside a district, where no part of a cell need be computed."""


Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Grid:
    """Cells in rows from north to south; ``transform`` takes (column, row) to coordinates in ``crs``.

    ``block`` is the (height, width) in which the file stores its cells: windows follow it, so that no block is
    decoded twice.
    """

    crs: CRS
    transform: Affine
    width: int
    height: int
    block: tuple[int, int]

    def bounds(self, window: Window | None = None) -> Bounds:
        """(west, south, east, north) of ``window``, or of the whole grid."""
        column, row, width, height = (
            (window.col_off, window.row_off, window.width, window.height) if window else (0, 0, self.width, self.height)
        )
        west, north = self.transform @ (column, row)
        east, south = self.transform @ (column + width, row + height)
        return west, south, east, north

    def windows(self, cells: int = WINDOW_CELLS, within: Bounds | None = None) -> Iterator[Window]:
        """Windows that tile the grid, each of whole blocks and, where a block allows it, of at most ``cells`` cells.

        ``within`` (west, south, east, north in ``crs``) leaves out rows and columns of windows that lie outside.
        """
        block_height, block_width = min(self.block[0], self.height), min(self.block[1], self.width)
        if self.width * block_height <= cells:
            width = self.width
            height = cells // (self.width * block_height) * block_height
        else:
            height = block_height
            width = max(cells // (block_height * block_width), 1) * block_width
        rows, columns = range(0, self.height, height), range(0, self.width, width)
        if within is not None:
            left, top = ~self.transform @ (within[0], within[3])
            right, bottom = ~self.transform @ (within[2], within[1])
            rows, columns = _touched(rows, top, bottom), _touched(columns, left, right)
        for row, column in product(rows, columns):
            yield Window(column, row, min(width, self.width - column), min(height, self.height - row))

    def row_areas_m2(self, window: Window) -> np.ndarray:
        """True area of one cell in m², for each row of ``window``.

        In a projected system the size of the cell, in metres; in a geographic one the piece of the ellipsoid
        between its meridians and parallels, which shrinks towards the poles.
        """
        width, height = abs(self.transform.a), abs(self.transform.e)
        if not self.crs.is_geographic:
            to_metres = self.crs.axis_info[0].unit_conversion_factor
            return np.full(int(window.height), width * height * to_metres**2)
        edges = self.transform.f + self.transform.e * (window.row_off + np.arange(int(window.height) + 1))
        return np.abs(np.diff(_zone_area(self.crs, np.radians(edges)))) * np.radians(width)


def _touched(starts: range, first: float, last: float) -> range:
    """Those windows, by where they start, that have something between the lines ``first`` and ``last``."""
    begin, end = np.clip([first // starts.step, last // starts.step + 1], 0, len(starts))
    return starts[int(begin) : int(end)]


def _zone_area(crs: CRS, latitude: np.ndarray) -> np.ndarray:
    """Area in m² between the equator and ``latitude`` (radians) per radian of longitude on the system's ellipsoid.

    Snyder, Map Projections: A Working Manual (USGS Professional Paper 1395, 1987), equation 3-12:
    q = (1 - e²) [sin φ / (1 - e² sin² φ) + artanh(e sin φ) / e], the area is a² q / 2, and a² (1 - e²) = b².
    """
    ellipsoid = crs.get_geod()
    assert ellipsoid is not None, "every system that a raster can have stands on an ellipsoid"
    a, b = ellipsoid.a, ellipsoid.b
    e = np.sqrt(1 - (b / a) ** 2)
    sine = np.sin(latitude)
    inverse = np.arctanh(e * sine) / e if e else sine
    return b**2 / 2 * (sine / (1 - (e * sine) ** 2) + inverse)
