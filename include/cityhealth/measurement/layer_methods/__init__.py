"""Methods of feed ``layers`` by name and version, as ``measurements.csv`` names them."""

from __future__ import annotations

from collections.abc import Mapping

from cityhealth.catalogue import Measurement
from cityhealth.measurement.layer_methods.method import Method
from cityhealth.measurement.layer_methods.plain import AREA, AREA_DENSER_THAN, COUNT, COUNT_ABOVE, LENGTH, SUM_OF
from cityhealth.measurement.layer_methods.served import (
    COUNT_WITH,
    SERVED_LAND,
    SERVED_LAND_BY_CLASS,
    SERVED_LAND_BY_SIZE,
)
from cityhealth.measurement.values import MeasurementError

LAYER_METHODS: Mapping[str, Mapping[int, Method]] = {
    "area": {1: AREA},
    "length": {1: LENGTH},
    "count": {1: COUNT},
    "count_above": {1: COUNT_ABOVE},
    "count_with": {1: COUNT_WITH},
    "sum_of": {1: SUM_OF},
    "area_denser_than": {1: AREA_DENSER_THAN},
    "served_land": {1: SERVED_LAND},
    "served_land_by_size": {1: SERVED_LAND_BY_SIZE},
    "served_land_by_class": {1: SERVED_LAND_BY_CLASS},
}


def parameters_problems(measurement: Measurement) -> list[str]:
    """What keeps a row of feed ``layers`` from being measured, whatever the layers: Chinese, empty if nothing."""
    method = LAYER_METHODS.get(measurement.method, {}).get(measurement.version)
    if method is None:
        return [f"没有方法 {measurement.method}（第 {measurement.version} 版）"]
    try:
        method.check(measurement.layer_kinds, measurement.parameters)
    except MeasurementError as error:
        return [str(error)]
    return []
