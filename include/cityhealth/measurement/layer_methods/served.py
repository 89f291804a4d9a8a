"""Service coverage: land within reach of facilities, as the crow flies or along the roads, and places that have them.

Facilities outside a unit serve land inside it; only the land is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
from shapely.geometry.base import BaseGeometry

from cityhealth.measurement.layer_methods.method import (
    GROUND,
    Layers,
    Method,
    Preparation,
    cut,
    served_kind,
    within,
)
from cityhealth.measurement.layer_methods.parameters import by_class, where
from cityhealth.measurement.parameters import Reader, positive
from cityhealth.measurement.values import MeasurementError
from cityhealth.spatial.coverage import covered_features, served_land
from cityhealth.spatial.network import RoadGraph, access, service_area

ROAD, ROAD_CLASS = "road", "road_class"
#: What no street is for, whatever it is called. An expressway may be walked along: streets for local traffic with
#: their pavements lie beside it, and maps draw both as one line.
NOT_DRIVEN, NOT_WALKED = ("path", "planned"), ("planned",)
#: Land this far from a street that is reached is served by it, unless ``width_m`` says otherwise: on foot a house
#: deep, for an engine half of a large block of houses (city roads run around such a block, not through it).
WALK_WIDTH_M, DRIVE_WIDTH_M = "50", "200"
#: From a facility to the street in front of it, on foot or at a walking pace out of the gate.
GATE_KMH = 5.0


def _served_land(kinds: Sequence[str], reader: Reader) -> tuple[str, Preparation]:
    """Square metres of the first kind within ``radius_m`` as the crow flies (``by=air``), within ``radius_m`` along
    the roads (``by=network``) or within ``minutes`` at ``speeds_kmh`` (``by=drive``) of the kind that serves.

    Nobody drives on a ``path``, nor goes along what is ``planned``. Roads meet wherever their lines cross: a layer of
    roads does not say which of two is a bridge.
    """
    way = reader.choice("by", ("air", "network", "drive"), "air")
    chosen = where(reader)
    if way == "air":
        radius = positive("radius_m", reader.text("radius_m"))
        kind = served_kind(kinds)
        return _by_radius(kinds[0], kind, lambda layers: _with_radius(chosen.of(layers.frame(kind), kind), radius))
    if ROAD not in kinds:
        raise MeasurementError(f"参数 by「{way}」需要图层 {ROAD}")
    kind = served_kind(kinds, besides=(ROAD,))
    if way == "network":
        limit, by, speeds = positive("radius_m", reader.text("radius_m")), "metres", None
    else:
        limit, by, speeds = positive("minutes", reader.text("minutes")), "minutes", reader.pairs("speeds_kmh")
    width = positive("width_m", reader.text("width_m", WALK_WIDTH_M if speeds is None else DRIVE_WIDTH_M))

    def reached(layers: Layers) -> tuple[gpd.GeoSeries, float]:
        roads = _open_roads(layers, NOT_WALKED if speeds is None else NOT_DRIVEN)
        classes = None
        if speeds is not None:
            by_class(roads, ROAD, ROAD_CLASS, speeds, "speeds_kmh")
            classes = roads[ROAD_CLASS].to_numpy(dtype=object) if len(roads) else None
        graph = RoadGraph.from_lines(roads.geometry, classes, speeds or {}, node_crossings=True)
        ways_in = access(graph, chosen.of(layers.frame(kind), kind).geometry)
        before = ways_in.metres if speeds is None else ways_in.metres / 1000 / GATE_KMH * 60
        area = service_area(ways_in.graph, ways_in.nodes, limit, by, access=before)
        return gpd.GeoSeries(area.streets, crs=layers.crs), width

    return _by_radius(kinds[0], kind, reached)


def _served_land_by_size(kinds: Sequence[str], reader: Reader) -> tuple[str, Preparation]:
    """``radii=5000:500|2000:300``: 500 m around what has 5,000 m² or more, 300 m from 2,000; less serves nothing.

    The size is that of the whole feature, also where part of it is outside the unit.
    """
    steps = sorted((positive("radii", size), radius) for size, radius in reader.pairs("radii").items())
    kind, chosen = served_kind(kinds), where(reader)

    def sized(layers: Layers) -> tuple[gpd.GeoSeries, np.ndarray]:
        frame = chosen.of(layers.frame(kind), kind)
        step = np.searchsorted([size for size, _ in steps], np.asarray(frame.area), side="right")
        radii = np.array([0.0, *(radius for _, radius in steps)])[step]
        return frame.geometry[step > 0], radii[step > 0]

    return _by_radius(kinds[0], kind, sized)


def _served_land_by_class(kinds: Sequence[str], reader: Reader) -> tuple[str, Preparation]:
    """``attribute=station_class;radii=standard:1493|small:1128``: a circle by the class of the facility."""
    attribute, given = reader.text("attribute"), reader.pairs("radii")
    kind, chosen = served_kind(kinds), where(reader)

    def classed(layers: Layers) -> tuple[gpd.GeoSeries, np.ndarray]:
        frame = chosen.of(layers.frame(kind), kind)
        return frame.geometry, by_class(frame, kind, attribute, given, "radii")

    return _by_radius(kinds[0], kind, classed)


def _count_with(kinds: Sequence[str], reader: Reader) -> tuple[str, Preparation]:
    """Features of the first kind that have one of every other kind within ``reach_m``."""
    reach = reader.number("reach_m", least=0)
    needed = [kind for kind in kinds[1:] if kind not in GROUND]
    if not needed:
        raise MeasurementError("没有写明应有哪些设施的图层")

    def prepare(layers: Layers) -> Callable[[BaseGeometry], float]:
        shapes = layers.frame(kinds[0]).geometry
        complete = np.ones(len(shapes), dtype=bool)
        for kind in needed:
            complete &= covered_features(shapes, layers.frame(kind).geometry, reach)
        return lambda unit: float((complete & within(shapes, unit)).sum())

    return "个", prepare


def _open_roads(layers: Layers, closed: Sequence[str]) -> gpd.GeoDataFrame:
    """The roads that are of none of the classes ``closed``; where no road has a class, all."""
    roads = layers.frame(ROAD)
    return roads[~roads[ROAD_CLASS].isin(closed)] if ROAD_CLASS in roads.columns else roads


def _with_radius(frame: gpd.GeoDataFrame, radius: float) -> tuple[gpd.GeoSeries, float]:
    return frame.geometry, radius


def _by_radius(
    land: str, kind: str, facilities: Callable[[Layers], tuple[gpd.GeoSeries, float | np.ndarray]]
) -> tuple[str, Preparation]:
    def prepare(layers: Layers) -> Callable[[BaseGeometry], float]:
        plots = layers.frame(land).geometry
        sites, radii = facilities(layers)
        return lambda unit: served_land(cut(plots, unit), sites, radii).served_m2

    return "平方米", prepare


COUNT_WITH = Method(_count_with)
SERVED_LAND = Method(_served_land)
SERVED_LAND_BY_SIZE = Method(_served_land_by_size)
SERVED_LAND_BY_CLASS = Method(_served_land_by_class)
