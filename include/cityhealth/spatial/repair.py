"""What is wrong with the shapes of a layer: repaired where that is safe, measured where a person must look.

Areas are in the square of the layer's unit: give a layer in metres (an equal-area projection) to read square metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

_DIMENSIONS = {"point": 0, "line": 1, "polygon": 2}


@dataclass(frozen=True)
class Repaired:
    """The layer after repair, same index; ``report`` has one row per feature that was not right.

    Columns of the report: ``problem`` (``missing``, ``empty``, ``lost``, or GEOS' words such as
    ``Self-intersection[1 1]``), ``area_before`` and ``area_after``. ``lost`` is a shape of which nothing of the
    layer's kind is left (a polygon folded to a line); it is None afterwards, as is an empty one.
    """

    geometry: gpd.GeoSeries
    report: pd.DataFrame


def repair(geometry: gpd.GeoSeries, kind: str = "any") -> Repaired:
    """Make every shape valid; ``kind`` (point, line, polygon, any) is what the layer is made of.

    By ``shapely.make_valid``, structure (26 times faster than linework on 300,000 corners): rings are made valid,
    shells merged, holes taken out; a bow tie becomes its two triangles. ``area_before`` is what the raw rings add up
    to, so a bow tie of equal halves has 0.
    """
    shapes = np.asarray(geometry.array, dtype=object)
    missing = shapely.is_missing(shapes)
    empty = ~missing & shapely.is_empty(shapes)
    broken = ~missing & ~empty & ~shapely.is_valid(shapes)
    after = shapes.copy()
    after[empty] = None
    after[broken] = [_of_kind(shape, kind) for shape in shapely.make_valid(shapes[broken], method="structure")]
    problem = np.full(len(shapes), None, dtype=object)
    problem[missing], problem[empty] = "missing", "empty"
    problem[broken] = shapely.is_valid_reason(shapes[broken])
    problem[broken & shapely.is_missing(after)] = "lost"
    wrong = missing | empty | broken
    report = pd.DataFrame(
        {
            "problem": problem[wrong],
            "area_before": np.nan_to_num(shapely.area(shapes[wrong])),
            "area_after": np.nan_to_num(shapely.area(after[wrong])),
        },
        index=geometry.index[wrong],
    )
    return Repaired(gpd.GeoSeries(after, index=geometry.index, crs=geometry.crs), report)


def duplicates(geometry: gpd.GeoSeries, besides: pd.Series | None = None) -> pd.Series:
    """For each feature whose shape an earlier one has too (start, direction and order of rings aside): that one's
    index. Missing and empty shapes are nobody's duplicate. ``besides``: what must be equal, too; of the same index.
    """
    shapes = np.asarray(geometry.array, dtype=object)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    keys = pd.Series(shapely.to_wkb(shapely.normalize(shapes[there])), index=geometry.index[there], dtype=object)
    key = pd.DataFrame({"shape": keys.to_numpy(), "besides": "" if besides is None else besides.to_numpy()[there]})
    index = pd.Series(keys.index, index=key.index)
    first = index.groupby([key["shape"], key["besides"]]).transform("first").set_axis(keys.index)
    return first[key.duplicated().to_numpy()]


def overlaps(geometry: gpd.GeoSeries, above: float = 0.0) -> pd.DataFrame:
    """Pairs of areas that must tile and do not: ``first``, ``second`` (index) and ``area`` shared, if over ``above``.

    Valid shapes only (see ``repair``); shared borders are no overlap.
    """
    shapes = np.asarray(geometry.array, dtype=object)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    shared = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    kept = shared > above
    return pd.DataFrame(
        {"first": geometry.index[left[kept]], "second": geometry.index[right[kept]], "area": shared[kept]}
    ).sort_values(["first", "second"], ignore_index=True)


def gaps(geometry: gpd.GeoSeries, whole: BaseGeometry) -> BaseGeometry:
    """What of ``whole`` none of the areas covers."""
    return shapely.difference(whole, shapely.union_all(np.asarray(geometry.array, dtype=object)))


@dataclass(frozen=True)
class Outside:
    """How far a layer reaches beyond the city: features with no part inside, those that cross, those there are.

    ``measure_share`` is the part of the layer's area (of its length for lines, of its count for points) outside.
    """

    outside: int
    crossing: int
    features: int
    measure_share: float


def outside(geometry: gpd.GeoSeries, city: BaseGeometry) -> Outside:
    """Valid shapes in the city's CRS; missing and empty ones are not counted."""
    shapes = np.asarray(geometry.array, dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    shapely.prepare(city)
    within = shapely.covers(city, shapes)
    touching = shapely.intersects(city, shapes)
    crossing = touching & ~within
    measure = _measure(shapes)
    inside = np.where(within, measure, 0.0)
    inside[crossing] = _measure(shapely.intersection(shapes[crossing], city), shapely.get_dimensions(shapes[crossing]))
    total = measure.sum()
    return Outside(
        outside=int((~touching).sum()),
        crossing=int(crossing.sum()),
        features=len(shapes),
        measure_share=float(1 - inside.sum() / total) if total else 0.0,
    )


def _measure(shapes: np.ndarray, dimensions: np.ndarray | None = None) -> np.ndarray:
    """Area, length or count by what the shape is; ``dimensions`` are those of the shapes before they were cut."""
    dimensions = shapely.get_dimensions(shapes) if dimensions is None else dimensions
    counts = shapely.get_num_geometries(shapes).astype(float)
    return np.select([dimensions == 2, dimensions == 1], [shapely.area(shapes), shapely.length(shapes)], counts)


def _of_kind(shape: BaseGeometry, kind: str) -> BaseGeometry | None:
    """The parts of a repaired shape that the layer is made of; the lines and points a repair leaves over go."""
    if kind == "any":
        return shape
    parts = shapely.get_parts(shapely.get_parts(shape))
    parts = parts[shapely.get_dimensions(parts) == _DIMENSIONS[kind]]
    if len(parts) < 2:
        return parts[0] if len(parts) else None
    together = shapely.multipolygons(parts) if kind == "polygon" else None
    # Parts that share an edge are one polygon, which GEOS does not always see.
    return together if together is not None and together.is_valid else shapely.union_all(parts)
