"""Attributes of features that parameters of ``measurements.csv`` speak of."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real

import geopandas as gpd
import numpy as np

from cityhealth.measurement.parameters import Reader
from cityhealth.measurement.values import MeasurementError


@dataclass(frozen=True)
class Where:
    """Which features count, by an attribute of theirs."""

    attribute: str
    holds: Callable[[gpd.GeoDataFrame, str], np.ndarray]

    def of(self, frame: gpd.GeoDataFrame, kind: str) -> gpd.GeoDataFrame:
        """The features that count. Raises MeasurementError where a feature does not say."""
        return frame[self.holds(frame, kind)] if len(frame) else frame


EVERYTHING = Where("", lambda frame, kind: np.ones(len(frame), dtype=bool))


def where(reader: Reader) -> Where:
    """``where=grade;at_least=2``, ``where=road_class;one_of=main|secondary``, ``where=inclusive`` (is true)."""
    if not reader.has("where"):
        return EVERYTHING
    attribute = reader.text("where")
    if reader.has("at_least"):
        least = reader.number("at_least")
        return Where(attribute, lambda frame, kind: numbers(frame, kind, attribute) >= least)
    if reader.has("one_of"):
        allowed = frozenset(reader.text("one_of").split("|"))
        return Where(attribute, lambda frame, kind: np.isin(texts(frame, kind, attribute), list(allowed)))
    return Where(attribute, lambda frame, kind: _values(frame, kind, attribute, _truth, "是或否", bool))


def numbers(frame: gpd.GeoDataFrame, kind: str, attribute: str) -> np.ndarray:
    """The attribute of each feature, float. Raises MeasurementError with the number of one that has no number."""
    return _values(frame, kind, attribute, _real, "数", float)


def texts(frame: gpd.GeoDataFrame, kind: str, attribute: str) -> np.ndarray:
    """The attribute of each feature, text. Raises MeasurementError with the number of one that has none."""
    return _values(frame, kind, attribute, lambda value: isinstance(value, str) and value != "", "文字", object)


def by_class(frame: gpd.GeoDataFrame, kind: str, attribute: str, given: Mapping[str, float], name: str) -> np.ndarray:
    """The number that parameter ``name`` gives for each feature by its class. Raises MeasurementError: not given."""
    classes = texts(frame, kind, attribute)
    for number, found in zip(frame.index, classes, strict=True):
        if found not in given:
            raise MeasurementError(f"图层 {kind} 第 {number} 行的要素的 {attribute}「{found}」在参数 {name} 中没有值")
    return np.array([given[found] for found in classes], dtype=float)


def _values(
    frame: gpd.GeoDataFrame, kind: str, attribute: str, fits: Callable[[object], bool], what: str, dtype: type
) -> np.ndarray:
    if not len(frame):
        return np.empty(0, dtype=dtype)
    if attribute not in frame.columns:
        raise MeasurementError(f"图层 {kind} 没有属性 {attribute}")
    values = frame[attribute].tolist()
    absent = frame[attribute].isna()
    if absent.any():
        raise MeasurementError(f"图层 {kind} 第 {frame.index[absent][0]} 行的要素没有 {attribute}")
    for number, value in zip(frame.index, values, strict=True):
        if not fits(value):
            raise MeasurementError(f"图层 {kind} 第 {number} 行的要素的 {attribute}「{value}」不是{what}")
    return np.array(values, dtype=dtype)


def _real(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _truth(value: object) -> bool:
    return isinstance(value, bool | np.bool_)
