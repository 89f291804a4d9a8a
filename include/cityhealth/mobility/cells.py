"""The cells of a trip matrix: what names a cell → the middle of its polygon."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cityhealth.errors import Place, UnreadableFile
from cityhealth.mobility.manifest import Manifest

_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class CellPoints:
    """``points`` (n, 2): longitude and latitude in degrees of CGCS2000, one row per cell, NaN in the last row, which
    stands for cells that are not known; ``rows``: a cell's key → its row."""

    rows: dict[str, int]
    points: NDArray[np.float64]
    sha256: str

    def of(self, columns: Sequence[pa.Array]) -> NDArray[np.float64]:
        """Longitude and latitude of the cells that are named by ``columns`` together, shape (n, 2)."""
        encoded = _keys(columns).dictionary_encode()
        unknown = len(self.points) - 1
        found = [self.rows.get(key, unknown) for key in encoded.dictionary.to_pylist()]
        rows = np.array([*found, unknown], np.int64)
        return self.points[rows[encoded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)]]


def read_cells(data: bytes, manifest: Manifest, filename: str) -> CellPoints:
    """The cells in a vector file (GeoJSON, GeoPackage, zipped Shapefile …) of degrees in the manifest's datum.

    Raises:
        UnreadableFile: no such file can be read, ``cell_column`` (a column that names the cells is missing) or
            ``cell_twice`` (two cells have one name).
    """
    # GDAL takes a second to import: only who reads a matrix pays for it.
    from cityhealth.spatial.crs import INSIDE
    from cityhealth.spatial.datum import shift
    from cityhealth.spatial.vector import read_layers

    assert manifest.cells is not None
    place = Place(filename)
    frame = read_layers(data, filename)[0].frame
    shapes = frame.geometry if frame.crs is None else frame.geometry.to_crs(INSIDE)
    missing = [name for name in manifest.cells.columns if name not in frame]
    if missing:
        there = "、".join(str(name) for name in frame.columns if name != frame.geometry.name)
        raise UnreadableFile("cell_column", f"网格文件缺少列 {'、'.join(missing)}；现有列：{there}", place)
    keys = _keys([pa.array(frame[name]) for name in manifest.cells.columns]).to_pylist()
    twice = next((key for key in keys if keys.count(key) > 1), None) if len(set(keys)) < len(keys) else None
    if twice is not None:
        raise UnreadableFile("cell_twice", f"网格「{twice.replace(_SEPARATOR, '、')}」不止一个", place)
    middles = shapes.representative_point()
    points = shift(np.column_stack([middles.x, middles.y]), manifest.datum, "cgcs2000")
    rows = {key: row for row, key in enumerate(keys) if key is not None}
    return CellPoints(rows, np.vstack([points, [np.nan, np.nan]]), hashlib.sha256(data).hexdigest())


def _keys(columns: Sequence[pa.Array]) -> pa.Array:
    """One text per row; null where a column is. ``7``, ``7.0`` and ``" 7"`` name the same cell."""
    return pc.binary_join_element_wise(*(_key(column) for column in columns), _SEPARATOR)


def _key(column: pa.Array) -> pa.Array:
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.replace_substring_regex(text, r"^(-?[0-9]+)\.0*$", r"\1")
