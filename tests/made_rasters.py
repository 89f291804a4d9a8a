"""Rasters that the tests make: small ones from arrays, and large ones block by block."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.transform import from_origin

UTM = "EPSG:32649"
WEST, NORTH = 500_000, 3_900_000


def write(
    path: Path, layers: np.ndarray, *, cell: float = 10, west: float = WEST, north: float = NORTH, **more
) -> Path:
    """A GeoTIFF of ``layers`` (bands, rows, columns); ``more`` goes to rasterio, ``names``, ``scale`` are ours."""
    names, scale, offset = more.pop("names", None), more.pop("scale", None), more.pop("offset", None)
    bands, height, width = layers.shape
    given = {"crs": UTM, "transform": from_origin(west, north, cell, cell), "dtype": layers.dtype, **more}
    with rasterio.open(path, "w", driver="GTiff", count=bands, height=height, width=width, **given) as file:
        file.write(layers)
        if names:
            file.descriptions = names
        if scale is not None:
            file.scales, file.offsets = [scale] * bands, [offset] * bands
    return path


def converted(path: Path, target: Path, driver: str) -> Path:
    """The same raster as another format, without the sidecar files that GDAL would write."""
    with rasterio.Env(GDAL_PAM_ENABLED="NO"):
        more = {"QUALITY": 100, "REVERSIBLE": "YES"} if driver == "JP2OpenJPEG" else {}
        rasterio.shutil.copy(path, target, driver=driver, **more)
    return target
