"""Vector and raster files of the same content, the same bytes at any time."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.io import MemoryFile

from cityhealth.spatial.crs import INSIDE
from cityhealth.spatial.datum import shift_geometry

# GeoPackage, the table of a Shapefile and archives write the day of writing.
_WRITTEN = "2021-05-17"
_WRITTEN_AT = f"{_WRITTEN}T00:00:00.000Z"
#: A centimetre on the ground.
_DECIMALS = 7


def in_datum(frame: gpd.GeoDataFrame, datum: str) -> gpd.GeoDataFrame:
    """``frame`` in degrees of ``datum``, as a web map would draw it."""
    degrees = frame.to_crs(INSIDE)
    return degrees.set_geometry(shift_geometry(degrees.geometry, "cgcs2000", datum))


def geopackage(layers: Mapping[str, gpd.GeoDataFrame]) -> bytes:
    """A GeoPackage with each layer in its own CRS."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.gpkg"
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _WRITTEN_AT})
        try:
            for name, frame in layers.items():
                pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", append=path.exists())
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
        return path.read_bytes()


def geojson(frame: gpd.GeoDataFrame, *, mark: bool = False) -> bytes:
    """A FeatureCollection of the coordinates as they are, rounded; ``mark``: with the mark of Windows before it."""
    shapes = shapely.transform(np.asarray(frame.geometry.array, dtype=object), lambda xy: np.round(xy, _DECIMALS))
    attributes = frame.drop(columns=frame.geometry.name).astype(object)
    records = attributes.where(attributes.notna(), None).to_dict("records")
    features = [
        {"type": "Feature", "properties": own, "geometry": json.loads(shapely.to_geojson(shape))}
        for own, shape in zip(records, shapes, strict=True)
    ]
    text = json.dumps(
        {"type": "FeatureCollection", "features": features}, ensure_ascii=False, allow_nan=False, default=_plain
    )
    return text.encode("utf-8-sig" if mark else "utf-8")


def one_file(frame: gpd.GeoDataFrame, driver: str, ending: str, layer: str) -> bytes:
    """A format of one file with one layer: KML, FlatGeobuf."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"made{ending}"
        pyogrio.write_dataframe(frame, path, layer=layer, driver=driver)
        return path.read_bytes()


def zipped_shapefile(frame: gpd.GeoDataFrame, name: str, encoding: str, without: tuple[str, ...] = ()) -> bytes:
    """A Shapefile called ``name`` in an archive, but for the parts ``without`` (``.prj``, ``.cpg`` …)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.shp"
        pyogrio.write_dataframe(
            frame,
            path,
            driver="ESRI Shapefile",
            encoding=encoding,
            layer_options={"DBF_DATE_LAST_UPDATE": _WRITTEN},
        )
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for part in sorted(Path(folder).iterdir()):
                if part.suffix not in without:
                    entry = zipfile.ZipInfo(f"{name}{part.suffix}", (2021, 5, 17, 0, 0, 0))
                    archive.writestr(entry, part.read_bytes(), zipfile.ZIP_DEFLATED)
        return packed.getvalue()


def geotiff(bands: NDArray[np.generic], crs: CRS, transform: Affine, nodata: float | None = None) -> bytes:
    """A compressed GeoTIFF of ``bands`` (bands, rows, columns)."""
    count, height, width = bands.shape
    with rasterio.Env(), MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            dtype=bands.dtype,
            count=count,
            height=height,
            width=width,
            crs=crs.to_wkt(),
            transform=transform,
            nodata=nodata,
            compress="deflate",
            predictor=2,
            tiled=True,
            blockxsize=256,
            blockysize=256,
        ) as file:
            file.write(bands)
        return bytes(memory.getbuffer())


def _plain(value: object) -> object:
    """What numpy gives, as JSON has it."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"no JSON for {type(value)}")
