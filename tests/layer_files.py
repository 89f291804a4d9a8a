"""Vector files with their manifests, as departments hand them in, written for tests."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pyogrio
import yaml
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

#: A piece of the sample city, in degrees of EPSG:4490.
WEST, SOUTH, STEP = 112.80, 35.50, 0.001

MANIFEST = {"kind": "park", "datum": "cgcs2000", "date": "2021-05-31", "source": "园林局普查", "licence": "政务共享"}


def manifest(**changes: object) -> tuple[str, bytes]:
    """An attachment that states what ``MANIFEST`` does, but for ``changes``; None takes a field out."""
    stated = {name: value for name, value in (MANIFEST | changes).items() if value is not None}
    return "说明.yml", yaml.safe_dump(stated, allow_unicode=True).encode()


def cell(column: int, row: int = 0, wide: float = 1.0) -> BaseGeometry:
    """A rectangle of a grid of 0.001 degrees: cells of different columns share no more than an edge."""
    west, south = WEST + column * STEP, SOUTH + row * STEP
    return box(west, south, west + wide * STEP, south + STEP)


def geopackage(layers: Mapping[str, gpd.GeoDataFrame]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.gpkg"
        for name, frame in layers.items():
            pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", append=path.exists())
        return path.read_bytes()


def as_format(frame: gpd.GeoDataFrame, driver: str, ending: str, **options: object) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"made.{ending}"
        pyogrio.write_dataframe(frame, path, driver=driver, **options)
        return path.read_bytes()


def zipped_shapefile(frame: gpd.GeoDataFrame, without: Sequence[str] = (), encoding: str = "UTF-8") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        pyogrio.write_dataframe(frame, Path(folder) / "made.shp", driver="ESRI Shapefile", encoding=encoding)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                if part.suffix not in without:
                    archive.writestr(f"图层{part.suffix}", part.read_bytes())
        return packed.getvalue()


def geojson(features: Sequence[tuple[Mapping[str, object] | None, Mapping[str, object]]]) -> bytes:
    """Geometry (as GeoJSON has it) and properties of each feature."""
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "geometry": shape, "properties": own} for shape, own in features],
        },
        ensure_ascii=False,
    ).encode()
