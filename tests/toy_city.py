"""Shapes in metres around 112.8°E 35.5°N, carried to EPSG:4490 and measured as the catalogue of Jincheng says."""

from __future__ import annotations

from functools import cache

import geopandas as gpd
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from cityhealth.catalogue import Catalogue, load
from cityhealth.measurement.layer_methods import LAYER_METHODS
from cityhealth.measurement.values import LayerInputs, Measured
from cityhealth.settings import PROJECT_ROOT
from cityhealth.spatial.crs import INSIDE, area_projection

METRES = area_projection((112.8, 35.5, 112.8, 35.5))
CITY = box(-6000, -6000, 6000, 6000)


@cache
def catalogue() -> Catalogue:
    return load(PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng")


def layer(*shapes: BaseGeometry, **attributes: list[object]) -> gpd.GeoDataFrame:
    """Features on lines 1, 2, 3 of a file."""
    frame = gpd.GeoDataFrame(attributes, geometry=list(shapes), crs=METRES, index=range(1, len(shapes) + 1))
    return frame.to_crs(INSIDE)


def units(**shapes: BaseGeometry | None) -> gpd.GeoSeries:
    return gpd.GeoSeries(shapes, crs=METRES).to_crs(INSIDE)


def measured(code: str, where: gpd.GeoSeries, **layers: gpd.GeoDataFrame) -> Measured:
    """By the row of ``measurements.csv``; the built-up area has been made the unit and is handed in too."""
    row = next(row for row in catalogue().measurements if row.code == code)
    given = {"built_up_area": layer(CITY), **layers}
    assert set(layers) <= set(row.layer_kinds)
    inputs = LayerInputs({kind: given[kind] for kind in row.layer_kinds}, where)
    return LAYER_METHODS[row.method][row.version](inputs, row.parameters)


def in_city(code: str, **layers: gpd.GeoDataFrame) -> float:
    """The value for a city of 12 km by 12 km about the middle."""
    return measured(code, units(city=CITY), **layers).values["city"]
