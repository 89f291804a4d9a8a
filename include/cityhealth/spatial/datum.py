"""From one datum to another, over arrays.

Chinese web maps are shifted by law (GCJ-02: 高德, 腾讯) and once more by 百度 (BD-09), by 300 to 700 m. No official
text states how; these are the formulas as published in open source since 2010 (eviltransform, coordtransform,
PRCoords), from which the maps differ by decimetres. WGS-84 and CGCS2000 are taken as equal: they differ by
decimetres, by the age of the WGS-84 coordinates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from cityhealth.errors import CityHealthError

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
DATUMS: tuple[str, ...] = get_args(Datum)

Coordinates = NDArray[np.float64]

# Krasovsky's ellipsoid, on which GCJ-02 computes its shift from metres to degrees.
_SEMI_MAJOR = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
# The box (not the border) outside which GCJ-02 shifts nothing.
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271

_BD_ANGLE = np.pi * 3000 / 180

# The shift changes by less than 2 % of the way between two points, so that each round wins almost two digits.
_TOLERANCE = 1e-10
_ROUNDS = 30

_ORDER = {"wgs84": 0, "cgcs2000": 0, "gcj02": 1, "bd09": 2}


def shift(lonlat: Coordinates, source: str, target: str) -> Coordinates:
    """Longitudes and latitudes in degrees, shape (n, 2), from datum ``source`` to ``target``; a new array.

    Points outside China's box (72.004–137.8347° E, 0.8293–55.8271° N) are the same in WGS-84 and GCJ-02. Coordinates
    that are no finite numbers stay as they are. The way back is iterated until a step is below 1e-10 degrees.

    Raises:
        ValueError: a datum that is not in DATUMS.
        CityHealthError: the iteration does not settle (never seen for degrees within ±180 and ±90).
    """
    for datum in (source, target):
        if datum not in DATUMS:
            raise ValueError(f"datum {datum!r} is not one of {', '.join(DATUMS)}")
    points = np.array(lonlat, dtype=np.float64).reshape(-1, 2)
    here, there = _ORDER[source], _ORDER[target]
    for step in range(here, there):
        points = _forward(points, step)
    for step in range(here, there, -1):
        points = _back(points, step - 1)
    return points


def shift_geometry(geometry: gpd.GeoSeries, source: str, target: str) -> gpd.GeoSeries:
    """The same shapes with every vertex shifted; heights, index and missing shapes stay. The CRS says EPSG:4490."""
    shapes = np.asarray(geometry.array, dtype=object)
    moved = shapes.copy()
    solid = shapely.has_z(shapes)
    moved[~solid] = shapely.transform(shapes[~solid], lambda points: shift(points, source, target))

    def keep_height(points: Coordinates) -> Coordinates:
        return np.column_stack([shift(points[:, :2], source, target), points[:, 2]])

    moved[solid] = shapely.transform(shapes[solid], keep_height, include_z=True)
    return gpd.GeoSeries(moved, index=geometry.index, crs="EPSG:4490", name=geometry.name)


def _forward(points: Coordinates, step: int) -> Coordinates:
    affected, offset = _STEPS[step]
    chosen = affected(points)
    result = points.copy()
    result[chosen] += offset(points[chosen])
    return result


def _back(points: Coordinates, step: int) -> Coordinates:
    """The points whose shift gives ``points``: x ← y − offset(x), which contracts everywhere."""
    affected, offset = _STEPS[step]
    chosen = affected(points)
    goal = points[chosen]
    found = goal.copy()
    for _ in range(_ROUNDS):
        better = goal - offset(found)
        change = np.abs(better - found).max(initial=0.0)
        found = better
        if change < _TOLERANCE:
            result = points.copy()
            result[chosen] = found
            return result
    raise CityHealthError(f"坐标反算不收敛（第 {_ROUNDS} 次仍相差 {change:g} 度），请检查坐标是否为经纬度")


def _in_china(points: Coordinates) -> NDArray[np.bool_]:
    lon, lat = points.T
    return (lon >= _WEST) & (lon <= _EAST) & (lat >= _SOUTH) & (lat <= _NORTH)


def _finite(points: Coordinates) -> NDArray[np.bool_]:
    lon, lat = points.T
    return np.isfinite(lon) & np.isfinite(lat)


def _gcj02_offset(points: Coordinates) -> Coordinates:
    x, y = points[:, 0] - 105.0, points[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    waves = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0

    latitude = np.radians(points[:, 1])
    curvature = 1.0 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    meridian = _SEMI_MAJOR * (1.0 - _ECCENTRICITY_SQUARED) / curvature**1.5
    parallel = _SEMI_MAJOR / np.sqrt(curvature) * np.cos(latitude)
    return np.degrees(np.column_stack([east / parallel, north / meridian]))


def _bd09_offset(points: Coordinates) -> Coordinates:
    lon, lat = points.T
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_ANGLE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_ANGLE)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006]) - points


#: Step n leads from the datums of order n to those of n + 1: which points it moves, and by how many degrees.
_STEPS: tuple[tuple[Callable[[Coordinates], NDArray[np.bool_]], Callable[[Coordinates], Coordinates]], ...] = (
    (_in_china, _gcj02_offset),
    (_finite, _bd09_offset),
)
