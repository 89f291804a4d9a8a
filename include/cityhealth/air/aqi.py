"""The air quality index of HJ 633—2012, 环境空气质量指数（AQI）技术规定（试行）. Pure.

Table 1 of the standard gives for each pollutant and averaging time the concentrations (CO in mg/m3, all others in
µg/m3) at which its sub-index is 0, 50, 100, 150, 200, 300, 400, 500; between them the sub-index is linear (formula 1)
and rounded up to a whole number (4.2); the index is the largest sub-index (formula 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

#: As the columns of ``ops.air_hour``, and the order in which several primary pollutants are named.
POLLUTANTS = ("so2", "no2", "co", "o3", "pm10", "pm2_5")
NAMES_ZH: Mapping[str, str] = {
    "so2": "二氧化硫", "no2": "二氧化氮", "co": "一氧化碳", "o3": "臭氧", "pm10": "可吸入颗粒物（PM10）",
    "pm2_5": "细颗粒物（PM2.5）",
}  # fmt: skip

LARGEST = 500
_INDEX = (0, 50, 100, 150, 200, 300, 400, LARGEST)

#: (pollutant, averaging time) → concentrations of Table 1. Sulphur dioxide of one hour ends at 800 (note 1) and ozone
#: of eight hours at 800 (note 2): beyond, the other averaging time counts.
BREAKPOINTS: Mapping[tuple[str, str], tuple[float, ...]] = {
    ("so2", "24h"): (0, 50, 150, 475, 800, 1600, 2100, 2620),
    ("so2", "1h"): (0, 150, 500, 650, 800),
    ("no2", "24h"): (0, 40, 80, 180, 280, 565, 750, 940),
    ("no2", "1h"): (0, 100, 200, 700, 1200, 2340, 3090, 3840),
    ("pm10", "24h"): (0, 50, 150, 250, 350, 420, 500, 600),
    ("co", "24h"): (0, 2, 4, 14, 24, 36, 48, 60),
    ("co", "1h"): (0, 5, 10, 35, 60, 90, 120, 150),
    ("o3", "1h"): (0, 160, 200, 300, 400, 800, 1000, 1200),
    ("o3", "8h"): (0, 100, 160, 215, 265, 800),
    ("pm2_5", "24h"): (0, 35, 75, 115, 150, 250, 350, 500),
}

#: The largest index of a level, and its name (Table 2).
LEVELS_ZH = ((50, "优"), (100, "良"), (150, "轻度污染"), (200, "中度污染"), (300, "重度污染"), (LARGEST, "严重污染"))

#: Interpolation in binary fractions may lie this far above the whole number that it is.
_NOISE = 1e-9


class Index(NamedTuple):
    """``aqi`` None: there is no sub-index. ``primary`` (首要污染物): those with the largest sub-index, where that is
    above 50; ``exceeding`` (超标污染物): those above 100."""

    aqi: int | None
    primary: tuple[str, ...]
    exceeding: tuple[str, ...]


def sub_index(pollutant: str, averaged: str, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The sub-indices (IAQI) of concentrations, of any shape; NaN for NaN, and where the table says that there is none.

    Above the last breakpoint it is 500 (:func:`beyond` tells), never extrapolated.

    Raises:
        KeyError: Table 1 has no such averaging time of the pollutant.
        ValueError: a concentration is negative.
    """
    points = BREAKPOINTS[pollutant, averaged]
    concentrations = np.asarray(values, dtype=float)
    if (concentrations < 0).any():
        raise ValueError(f"a concentration of {pollutant} is negative")
    exact = np.interp(concentrations, points, _INDEX[: len(points)])
    whole = np.ceil(exact - _NOISE) + 0.0
    return whole if len(points) == len(_INDEX) else np.where(concentrations > points[-1], np.nan, whole)


def beyond(pollutant: str, averaged: str, values: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Where a concentration lies above that of sub-index 500 (爆表)."""
    points = BREAKPOINTS[pollutant, averaged]
    return (len(points) == len(_INDEX)) & (np.asarray(values, dtype=float) > points[-1])


def index(sub_indices: Mapping[str, float | None]) -> Index:
    """The index of sub-indices by pollutant; what is None or NaN is not there."""
    known = {name: number for name in POLLUTANTS if (number := sub_indices.get(name)) is not None and number == number}
    if not known:
        return Index(None, (), ())
    largest = max(known.values())
    primary = tuple(name for name, number in known.items() if number == largest > 50)
    return Index(int(largest), primary, tuple(name for name, number in known.items() if number > 100))


def indices(sub_indices: pd.DataFrame) -> pd.DataFrame:
    """:func:`index` of each row; columns are pollutants. Gives ``aqi`` (Int64) and ``primary_pollutants`` (codes joined
    by ``;``, None where there is none)."""
    numbers = sub_indices.reindex(columns=list(POLLUTANTS)).astype(float)
    largest = numbers.max(axis="columns")
    leading = numbers.eq(largest, axis="index") & (largest > 50).to_numpy()[:, np.newaxis]
    names = pd.Series("", index=numbers.index, dtype=object)
    for pollutant in POLLUTANTS:
        names = names.where(~leading[pollutant], names + pollutant + ";")
    primary = names.str.removesuffix(";").astype(object)
    return pd.DataFrame(
        {"aqi": largest.astype("Int64"), "primary_pollutants": primary.where(primary != "", None)}, index=numbers.index
    )


def level_zh(aqi: int) -> str:
    """The name of the level (空气质量指数类别) of an index.

    Raises:
        ValueError: it is no index from 0 to 500.
    """
    if not 0 <= aqi <= LARGEST:
        raise ValueError(f"{aqi} is no air quality index")
    return next(name for largest, name in LEVELS_ZH if aqi <= largest)
