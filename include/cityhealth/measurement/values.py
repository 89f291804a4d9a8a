"""What a measurement is given and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import geopandas as gpd

from cityhealth.errors import CityHealthError

Parameters = Mapping[str, str]


class MeasurementError(CityHealthError):
    """A parameter of ``measurements.csv`` that a method cannot take; the message names it."""


@dataclass(frozen=True)
class LayerInputs:
    """Layers by kind, the measured one first; accepted features in EPSG:4490 with the kind's standard attributes,
    indexed by their line in the file.

    ``units``: the polygons of the areas for which the item is asked, EPSG:4490, indexed by area code.
    """

    layers: Mapping[str, gpd.GeoDataFrame]
    units: gpd.GeoSeries


@dataclass(frozen=True)
class Measured:
    """Area code → number in ``unit`` (a unit of ``units.csv``). An area without an entry was not measured."""

    unit: str
    values: Mapping[str, float]


#: A method of feed ``layers``.
LayerMethod = Callable[[LayerInputs, Parameters], Measured]
