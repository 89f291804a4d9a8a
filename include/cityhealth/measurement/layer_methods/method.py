"""A method: parameters read first, then layers carried to metres and measured unit by unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from cityhealth.measurement.parameters import Reader
from cityhealth.measurement.values import LayerInputs, Measured, MeasurementError, Parameters
from cityhealth.spatial.crs import area_projection
from cityhealth.spatial.repair import repair

#: Kinds that say where something lies or how one gets there; never what is counted or who serves.
GROUND = ("built_up_area",)


@dataclass(frozen=True)
class Layers:
    """The layers of a measurement in one equal-area projection in metres, centred on the units."""

    inputs: LayerInputs
    crs: CRS

    @property
    def kinds(self) -> tuple[str, ...]:
        """The measured kind first."""
        return tuple(self.inputs.layers)

    def frame(self, kind: str) -> gpd.GeoDataFrame:
        """The features of a kind in metres. Raises MeasurementError: no such layer, or a feature without a shape."""
        if kind not in self.inputs.layers:
            raise MeasurementError(f"没有图层 {kind}")
        frame = self.inputs.layers[kind]
        lost = frame.geometry.isna() | frame.geometry.is_empty
        if lost.any():
            raise MeasurementError(f"图层 {kind} 第 {frame.index[lost][0]} 行的要素没有图形")
        return frame.set_geometry(repair(frame.geometry.to_crs(self.crs)).geometry)


#: From the layers to what gives the value of one unit's polygon.
Preparation = Callable[[Layers], Callable[[BaseGeometry], float]]


@dataclass(frozen=True)
class Method:
    """``prepare`` reads the parameters for the kinds given: the unit of the result, and what measures.

    Raises MeasurementError where a parameter cannot be read or is none of the method's.
    """

    prepare: Callable[[Sequence[str], Reader], tuple[str, Preparation]]

    def check(self, kinds: Sequence[str], parameters: Parameters) -> tuple[str, Preparation]:
        """Unit and measuring for these parameters, of which none may be left over."""
        reader = Reader(parameters)
        unit, preparation = self.prepare(kinds, reader)
        reader.finish()
        return unit, preparation

    def __call__(self, inputs: LayerInputs, parameters: Parameters) -> Measured:
        unit, preparation = self.check(tuple(inputs.layers), parameters)
        units = inputs.units[~(inputs.units.isna() | inputs.units.is_empty)]
        if units.empty:
            return Measured(unit, {})
        crs = area_projection(units.total_bounds)
        measure = preparation(Layers(inputs, crs))
        polygons = repair(units.to_crs(crs), "polygon").geometry
        return Measured(unit, {str(code): float(measure(polygon)) for code, polygon in polygons.items()})


def served_kind(kinds: Sequence[str], besides: Sequence[str] = ()) -> str:
    """The one kind that serves the land of the first. Raises MeasurementError: none or several."""
    left = [kind for kind in kinds[1:] if kind not in (*GROUND, *besides)]
    if len(left) != 1:
        raise MeasurementError(f"应有一个设施图层，写了 {len(left)} 个：{'、'.join(kinds)}")
    return left[0]


def cut(shapes: gpd.GeoSeries, unit: BaseGeometry) -> gpd.GeoSeries:
    """What of the shapes lies in ``unit``; what only touches it is left out."""
    array = np.asarray(shapes.array, dtype=object)
    shapely.prepare(unit)
    inside = shapely.covers(unit, array)
    crossing = shapely.intersects(unit, array) & ~inside
    parts = shapely.intersection(array[crossing], unit)
    dimension = shapely.get_dimensions(array[crossing])
    whole = shapely.get_dimensions(parts) == dimension
    return gpd.GeoSeries(np.append(array[inside], parts[whole]), crs=shapes.crs)


def within(shapes: gpd.GeoSeries, unit: BaseGeometry) -> np.ndarray:
    """For each shape whether a point that lies in it lies in or on the border of ``unit``; bool."""
    shapely.prepare(unit)
    return shapely.intersects(unit, shapely.point_on_surface(np.asarray(shapes.array, dtype=object)))
