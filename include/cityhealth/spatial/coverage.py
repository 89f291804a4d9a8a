"""Service radius coverage (服务半径覆盖率), densities and heights; everything is in one projected CRS in metres.

Coverage: dissolved buffers of the facilities ∩ the land that is to be served, over that land; land handed in twice
counts once. A buffer's arcs are drawn with 32 segments per quarter: a full circle loses 0.04 % of its area.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

QUARTER_SEGMENTS = 32


@dataclass(frozen=True)
class Coverage:
    """Square metres of land served and of land to be served."""

    served_m2: float
    land_m2: float

    @property
    def share(self) -> float | None:
        """None where there is no land to be served: missing, never zero."""
        return self.served_m2 / self.land_m2 if self.land_m2 else None


def served_land(land: gpd.GeoSeries, facilities: gpd.GeoSeries, radius_m: float | np.ndarray) -> Coverage:
    """Land within ``radius_m`` of a facility (points, lines or areas) as the crow flies.

    ``radius_m``: one for all, or one for each facility.
    """
    sites = _shapes(facilities, keep=True)
    there = ~(shapely.is_missing(sites) | shapely.is_empty(sites))
    radii = np.broadcast_to(np.asarray(radius_m, dtype=float), sites.shape)
    served, whole = _served(_shapes(land), sites[there], radii[there])
    return Coverage(served, whole)


def served_by_area(land: gpd.GeoSeries, service: BaseGeometry) -> Coverage:
    """Land within a service area that is already drawn, as one along the road network is."""
    plots = _apart(_shapes(land))
    shapely.prepare(service)
    inside = shapely.covers(service, plots)
    crossing = shapely.intersects(service, plots) & ~inside
    cut = shapely.area(shapely.intersection(plots[crossing], service)).sum()
    return Coverage(float(shapely.area(plots[inside]).sum() + cut), float(shapely.area(plots).sum()))


def covered_features(features: gpd.GeoSeries, facilities: gpd.GeoSeries, radius_m: float = 0.0) -> np.ndarray:
    """For each feature (a community, say) whether a facility is in, at or within ``radius_m`` of it; bool."""
    shapes, sites = _shapes(features, keep=True), _shapes(facilities)
    covered = np.zeros(len(shapes), dtype=bool)
    covered[shapely.STRtree(sites).query(shapes, predicate="dwithin", distance=radius_m)[0]] = True
    return covered


def share_of_features(features: gpd.GeoSeries, facilities: gpd.GeoSeries, radius_m: float = 0.0) -> float | None:
    """Covered features over all; None where there are no features."""
    covered = covered_features(features, facilities, radius_m)
    return float(covered.mean()) if len(covered) else None


def dissolved_area(areas: gpd.GeoSeries) -> float:
    """Square metres covered by at least one of the areas."""
    return float(shapely.area(_apart(_shapes(areas))).sum())


def dissolved_length(lines: gpd.GeoSeries) -> float:
    """Metres of ground that at least one of the lines runs along."""
    return float(shapely.union_all(_shapes(lines)).length)


def points_per_km2(points: gpd.GeoSeries, unit: BaseGeometry) -> float | None:
    """Points in or on the border of ``unit`` per square kilometre of it."""
    inside = shapely.STRtree(_shapes(points)).query(unit, predicate="intersects")
    return len(inside) / (unit.area / 1e6) if unit.area else None


def length_per_km2(lines: gpd.GeoSeries, unit: BaseGeometry) -> float | None:
    """Kilometres of line within ``unit`` per square kilometre of it; a line handed in twice counts twice."""
    return length_within(lines, unit) / 1e3 / (unit.area / 1e6) if unit.area else None


def length_within(lines: gpd.GeoSeries, unit: BaseGeometry) -> float:
    """Metres of line within ``unit``."""
    shapes = _shapes(lines)
    shapely.prepare(unit)
    inside = shapely.covers(unit, shapes)
    crossing = shapely.intersects(unit, shapes) & ~inside
    cut = shapely.length(shapely.intersection(shapes[crossing], unit)).sum()
    return float(shapely.length(shapes[inside]).sum() + cut)


def count_above(values: np.ndarray, limit: float) -> int:
    """How many are above ``limit`` (buildings over 80 m); NaN is not known and does not count."""
    return int((np.asarray(values, dtype=float) > limit).sum())


def plots_denser_than(areas_m2: np.ndarray, people: np.ndarray, limit_per_km2: float) -> np.ndarray:
    """For each plot whether more people live on it than ``limit_per_km2``; bool, False where either is not known."""
    areas_m2, people = np.asarray(areas_m2, dtype=float), np.asarray(people, dtype=float)
    known = areas_m2 > 0
    density = np.divide(people, areas_m2 / 1e6, out=np.full(len(areas_m2), np.nan), where=known)
    return density > limit_per_km2


def _shapes(geometry: gpd.GeoSeries, keep: bool = False) -> np.ndarray:
    """The shapes as an array without missing and empty ones, unless ``keep``."""
    if geometry.crs is not None and geometry.crs.is_geographic:
        raise ValueError("areas and distances need a projected CRS in metres")
    shapes = np.asarray(geometry.array, dtype=object)
    return shapes if keep else shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]


def _apart(plots: np.ndarray) -> np.ndarray:
    """The same land without overlaps: only plots that share area with another are dissolved."""
    if len(plots) < 2:
        return plots
    left, right = shapely.STRtree(plots).query(plots, predicate="intersects")
    pairs = left < right
    left, right = left[pairs], right[pairs]
    share = shapely.area(shapely.intersection(plots[left], plots[right])) > 0
    overlapping = np.zeros(len(plots), dtype=bool)
    overlapping[left[share]] = overlapping[right[share]] = True
    if not overlapping.any():
        return plots
    return np.append(plots[~overlapping], shapely.union_all(plots[overlapping]))


def _served(land: np.ndarray, facilities: np.ndarray, radii: np.ndarray) -> tuple[float, float]:
    """Each plot is cut by the buffers near it alone; a plot that one buffer covers whole needs no cutting."""
    plots = _apart(land)
    areas = shapely.area(plots)
    whole = float(areas.sum())
    if not len(plots) or not len(facilities):
        return 0.0, whole
    site, near = shapely.STRtree(plots).query(facilities, predicate="dwithin", distance=radii)
    order = np.argsort(near, kind="stable")
    near, site = near[order], site[order]
    used, site = np.unique(site, return_inverse=True)
    buffers = shapely.buffer(facilities[used], radii[used], quad_segs=QUARTER_SEGMENTS)
    shapely.prepare(buffers)
    covers = shapely.covers(buffers[site], plots[near])
    served = np.zeros(len(plots))
    served[near[covers]] = areas[near[covers]]
    left = ~covers & (served[near] == 0)
    near, site = near[left], site[left]
    if not len(near):
        return float(served.sum()), whole
    parts = shapely.intersection(plots[near], buffers[site])
    starts = np.flatnonzero(np.r_[True, near[1:] != near[:-1]])
    ends = np.r_[starts[1:], len(near)]
    for start, end in zip(starts, ends, strict=True):
        part = parts[start] if end - start == 1 else shapely.union_all(parts[start:end])
        served[near[start]] = part.area
    return float(served.sum()), whole
