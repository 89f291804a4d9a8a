"""What lies in a unit: areas, lengths, counts and sums.

A feature that crosses the unit is cut; what is counted belongs to the unit in which a point inside it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from shapely.geometry.base import BaseGeometry

from cityhealth.measurement.layer_methods.method import Layers, Method, Preparation, cut, within
from cityhealth.measurement.layer_methods.parameters import numbers, where
from cityhealth.measurement.parameters import Reader
from cityhealth.measurement.values import MeasurementError
from cityhealth.spatial.coverage import dissolved_area, dissolved_length, plots_denser_than


def _area(kinds: Sequence[str], reader: Reader) -> tuple[str, Preparation]:
    """Square metres that at least one feature covers."""
    chosen = where(reader)

    def prepare(layers: Layers) -> Callable[[BaseGeometry], float]:
        shapes = chosen.of(layers.frame(kinds[0]), kinds[0]).geometry
        return lambda unit: dissolved_area(cut(shapes, unit))

    return "平方米", prepare


def _length(kinds: Sequence[str], reader: Reader) -> tuple[str, Preparation]:
    """Kilometres of line; two lines along the same ground count once, the two carriageways of a road twice."""
    chosen = where(reader)

    def prepare(layers: Layers) -> Callable[[BaseGeometry], float]:
        shapes = chosen.of(layers.frame(kinds[0]), kinds[0]).geometry
        return lambda unit: dissolved_length(cut(shapes, unit)) / 1000

    return "公里", prepare


def _count(kinds: Sequence[str], reader: Reader) -> tuple[str, Preparation]:
    """Features."""
    chosen = where(reader)

    def prepare(layers: Layers) -> Callable[[BaseGeometry], float]:
        shapes = chosen.of(layers.frame(kinds[0]), kinds[0]).geometry
        return lambda unit: float(within(shapes, unit).sum())

    return "个", prepare


def _count_above(kinds: Sequence[str], reader: Reader) -> tuple[str, Preparation]:
    """Features of which ``attribute`` is above ``above``."""
    attribute, limit = reader.text("attribute"), reader.number("above")

    def prepare(layers: Layers) -> Callable[[BaseGeometry], float]:
        frame = layers.frame(kinds[0])
        shapes = frame.geometry[numbers(frame, kinds[0], attribute) > limit]
        return lambda unit: float(within(shapes, unit).sum())

    return "个", prepare


def _sum_of(kinds: Sequence[str], reader: Reader) -> tuple[str, Preparation]:
    """The sum of ``attribute``, in the unit that its name tells."""
    attribute, chosen = reader.text("attribute"), where(reader)

    def prepare(layers: Layers) -> Callable[[BaseGeometry], float]:
        frame = chosen.of(layers.frame(kinds[0]), kinds[0])
        values = numbers(frame, kinds[0], attribute)
        return lambda unit: float(values[within(frame.geometry, unit)].sum())

    return _unit_of(attribute), prepare


def _area_denser_than(kinds: Sequence[str], reader: Reader) -> tuple[str, Preparation]:
    """Square metres of the plots on which ``attribute`` people live, more than ``per_km2``.

    A plot is as dense as it is as a whole, also where the unit cuts it.
    """
    attribute, limit = reader.text("attribute"), reader.number("per_km2", least=0)

    def prepare(layers: Layers) -> Callable[[BaseGeometry], float]:
        frame = layers.frame(kinds[0])
        dense = plots_denser_than(np.asarray(frame.area), numbers(frame, kinds[0], attribute), limit)
        shapes = frame.geometry[dense]
        return lambda unit: dissolved_area(cut(shapes, unit))

    return "平方米", prepare


def _unit_of(attribute: str) -> str:
    """Standard attributes carry their unit in their name."""
    if attribute in ("persons", "children"):
        return "人"
    for ending, unit in (("_m2", "平方米"), ("_m", "米")):
        if attribute.endswith(ending):
            return unit
    raise MeasurementError(f"参数 attribute「{attribute}」看不出单位：应为 persons、children，或以 _m2、_m 结尾")


AREA = Method(_area)
LENGTH = Method(_length)
COUNT = Method(_count)
COUNT_ABOVE = Method(_count_above)
SUM_OF = Method(_sum_of)
AREA_DENSER_THAN = Method(_area_denser_than)
