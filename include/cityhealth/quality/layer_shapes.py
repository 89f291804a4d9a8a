"""The shapes of a layer before the gate: where they lie, made valid in EPSG:4490, compared with each other."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from cityhealth.errors import CityHealthError
from cityhealth.spatial.crs import INSIDE, area_projection, areas_m2, lengths_m, plausible, to_inside
from cityhealth.spatial.repair import duplicates, overlaps, repair

#: An overlap of less is a matter of drawing.
LEAST_OVERLAP_M2 = 1.0
#: So many pairs take ten seconds; tiles have at most a dozen neighbours, and those that have more are piled up.
MOST_PAIRS = 500_000
_MOST_NEIGHBOURS = 40
#: Where nobody knows the city, coordinates may lie anywhere on Earth.
_WORLD = (-180.0, -90.0, 180.0, 90.0)
_DIMENSIONS = {"point": 0, "line": 1, "polygon": 2}
_COLLECTION = 7
_LINES = (1, 2, 5)


class Misplaced(CityHealthError):
    """A layer whose coordinates cannot be what it says they are; the message is Chinese."""


def shapes_inside(
    wkb: Sequence[bytes | None], crs: CRS, datum: str, geometry_kind: str, city: BaseGeometry | None
) -> gpd.GeoDataFrame:
    """One row per shape, in order: ``geometry`` (EPSG:4490, valid, flat; None where unusable) and what became of it.

    ``problem``: None, ``missing``, ``empty``, ``coordinates``, ``wrong_type``, ``lost`` (these are unusable),
    ``collection``, ``closed_line`` or GEOS' words (these are repaired). ``area_before_m2`` and ``area_after_m2`` of
    what was repaired; ``area_m2`` and ``length_m`` of what is there; ``in_city`` None where the city is not known.

    Raises:
        Misplaced: the layer as a whole lies elsewhere, or in other units than stated.
        CrsError: reference system and datum cannot go together.
    """
    shapes = shapely.force_2d(shapely.from_wkb(np.array(wkb, dtype=object), on_invalid="ignore"))
    problem = np.full(len(shapes), None, dtype=object)
    problem[shapely.is_missing(shapes)] = "missing"
    problem[~shapely.is_missing(shapes) & shapely.is_empty(shapes)] = "empty"
    _lose(shapes, problem, ~_finite(shapes), "coordinates")
    if shapely.is_missing(shapes).all():
        return _described(shapes, problem, None)
    _refuse_elsewhere(shapes, crs, city)
    if crs.is_geographic:
        _lose(shapes, problem, ~_on_earth(shapes), "coordinates")
    _fit_kind(shapes, problem, geometry_kind)
    inside = to_inside(gpd.GeoDataFrame(geometry=shapes), crs, datum).geometry
    shapes = np.asarray(inside.array, dtype=object)
    _lose(shapes, problem, ~(_finite(shapes) & _on_earth(shapes)), "coordinates")
    frame = _described(shapes, problem, geometry_kind)
    if city is not None:
        shapely.prepare(city)
        there = ~shapely.is_missing(np.asarray(frame.geometry.array, dtype=object))
        touches = shapely.intersects(city, np.asarray(frame.geometry.array, dtype=object))
        if there.any() and not touches[there].any():
            raise Misplaced("没有一个要素落在本市范围内，请检查坐标系和坐标基准")
        frame["in_city"] = np.where(there, touches, None)
    return frame


def earlier_equal(geometry: gpd.GeoSeries, told: Sequence[str]) -> pd.Series:
    """For each feature that an earlier one equals, that one's index: by its shape, and a point also by ``told``.

    A point is often only the address: two institutions of one building lie at the same place, and what their
    features tell (one text each) keeps them apart. Lines and areas are the thing itself.
    """
    shapes = geometry[geometry.notna()]
    points = shapely.get_dimensions(np.asarray(shapes.array, dtype=object)) == 0
    said = pd.Series(list(told), index=geometry.index, dtype=object)[shapes.index]
    return duplicates(shapes, said.where(points, ""))


def piled_up(geometry: gpd.GeoSeries) -> bool:
    """Whether areas lie on each other in such numbers that nobody can look at each pair (nor should wait for it)."""
    shapes = np.asarray(geometry[geometry.notna()].array, dtype=object)
    tree, pairs = shapely.STRtree(shapes), 0
    limit = max(2 * MOST_PAIRS, _MOST_NEIGHBOURS * len(shapes))
    # A hundred at a time: all at once could be more pairs than memory holds.
    for start in range(0, len(shapes), 100):
        pairs += tree.query(shapes[start : start + 100]).shape[1]
        if pairs - len(shapes) > limit:
            return True
    return False


def earlier_overlapped(geometry: gpd.GeoSeries) -> pd.DataFrame:
    """Areas that must tile and do not: ``first``, ``second`` (index), ``area`` in square metres, above 1."""
    there = geometry[geometry.notna()]
    if len(there) < 2:
        return pd.DataFrame({"first": [], "second": [], "area": []})
    flat = there.to_crs(area_projection(there.total_bounds))
    # What is valid in degrees may touch itself by a millimetre in metres.
    return overlaps(flat.where(flat.is_valid, flat.make_valid()), above=LEAST_OVERLAP_M2)


def _described(shapes: np.ndarray, problem: np.ndarray, geometry_kind: str | None) -> gpd.GeoDataFrame:
    raw = gpd.GeoSeries(shapes, crs=INSIDE)
    before = after = pd.Series(np.nan, index=raw.index)
    if geometry_kind is not None:
        repaired = repair(raw, geometry_kind)
        broken = repaired.report["problem"][~repaired.report["problem"].isin(["missing", "empty"])]
        problem[broken.index] = broken
        before = areas_m2(raw[broken.index]).reindex(raw.index)
        after = areas_m2(repaired.geometry[broken.index]).reindex(raw.index)
        raw = repaired.geometry
    dimension = shapely.get_dimensions(np.asarray(raw.array, dtype=object))
    return gpd.GeoDataFrame(
        {
            "problem": problem,
            "area_before_m2": before,
            "area_after_m2": after,
            "area_m2": areas_m2(raw).where(dimension == 2),
            "length_m": lengths_m(raw).where(dimension == 1),
            "in_city": None,
        },
        geometry=raw,
    )


def _refuse_elsewhere(shapes: np.ndarray, crs: CRS, city: BaseGeometry | None) -> None:
    bounds = shapely.bounds(shapes[~shapely.is_missing(shapes)])
    if crs.is_geographic:
        # One shape gone astray does not condemn the others; most of them do.
        likely = bounds[(np.abs(bounds) <= 180).all(axis=1)]
        bounds = likely if 2 * len(likely) >= len(bounds) else bounds
    reach = (*bounds[:, :2].min(axis=0), *bounds[:, 2:].max(axis=0))
    reason = plausible(reach, crs, _WORLD if city is None else city.bounds)
    if reason is not None:
        raise Misplaced(reason)


def _lose(shapes: np.ndarray, problem: np.ndarray, lost: np.ndarray, why: str) -> None:
    """Take out the shapes that are ``lost`` and say why; those already out stay as they are."""
    newly = lost & ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    shapes[lost | shapely.is_empty(shapes)] = None
    problem[newly] = why


def _finite(shapes: np.ndarray) -> np.ndarray:
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    bad = owner[~np.isfinite(coordinates).all(axis=1)]
    finite = np.ones(len(shapes), dtype=bool)
    finite[bad] = False
    return finite


def _on_earth(shapes: np.ndarray) -> np.ndarray:
    bounds = np.abs(shapely.bounds(shapes))
    # NaN, the bounds of nothing, is not beyond them.
    return ~((bounds[:, [0, 2]] > 180).any(axis=1) | (bounds[:, [1, 3]] > 90).any(axis=1))


def _fit_kind(shapes: np.ndarray, problem: np.ndarray, geometry_kind: str) -> None:
    """Make each shape one of the layer's kind where that needs no guessing; take out the others."""
    types = shapely.get_type_id(shapes)
    for at in np.flatnonzero(types == _COLLECTION):
        shapes[at] = _usable_parts(shapes[at], geometry_kind)
        problem[at] = "wrong_type" if shapes[at] is None else "collection"
    wanted = _DIMENSIONS.get(geometry_kind)
    if wanted is None:
        return
    if wanted == 2:
        for at in np.flatnonzero(np.isin(types, _LINES)):
            rings = shapely.get_parts(shapes[at])
            if (shapely.is_closed(rings) & (shapely.get_num_coordinates(rings) >= 4)).all():
                # Drawings have no areas, only lines that close.
                areas = [shapely.polygons(shapely.get_coordinates(ring)) for ring in rings]
                shapes[at] = areas[0] if len(areas) == 1 else shapely.multipolygons(areas)
                problem[at] = "closed_line"
    _lose(shapes, problem, (shapely.get_dimensions(shapes) != wanted) & ~shapely.is_missing(shapes), "wrong_type")


def _usable_parts(collection: BaseGeometry, geometry_kind: str) -> BaseGeometry | None:
    """The parts of the layer's kind (any: of the highest dimension), as one shape."""
    parts = shapely.get_parts(collection)
    while (shapely.get_type_id(parts) >= 4).any():
        parts = shapely.get_parts(parts)
    dimensions = shapely.get_dimensions(parts)
    wanted = _DIMENSIONS.get(geometry_kind, dimensions.max(initial=-1))
    parts = parts[(dimensions == wanted) & ~shapely.is_empty(parts)]
    if not len(parts):
        return None
    gather = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[wanted]
    return gather(parts)
