"""From readings to the hours and days of stations and of cities. Pure.

A *reading* is a row (station, hour, pollutant, value); ``hour`` is the end of the hour of which it is the mean, in
local time without a zone. Carbon monoxide is in mg/m3, all others in µg/m3. Sources, all recalled:

- 00:00 ends the 24th hour of the day before: a day's report is of the 24 hours before midnight (HJ 633—2012, 5.3).
- A daily mean needs 20 valid hours (GB 3095—2012, table 4). Ozone: running means of eight hours within the day, those
  that end at 08:00 to 24:00, each of 6 valid hours; a day needs 14 of the 17, or a largest one above 160, which more
  of them could not undo (HJ 663—2013, table 1 and its note).
- Means are rounded half to even (GB/T 8170): carbon monoxide to one decimal, all others to whole numbers
  (HJ 663—2013, 5.1), before anything is looked up. What a city's means are made of is not rounded before.
- A day is valid where all six pollutants are, or where one that is there lies above index 100 already: the others could
  only make it worse.

House rules: a city is the mean of its stations that stand on the day and are no reference point, and needs half of them
for each pollutant. An hour has the index of what is there; particles, for which the standard has no hourly limits, are
held against those of a day, as the national network's hourly release does it (seen: its indices of 2018-02-20 07:00).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from cityhealth.air.aqi import BREAKPOINTS, POLLUTANTS, indices, sub_index
from cityhealth.catalogue import Station

Grid = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64] | int

VALID_HOURS = 20
_OZONE_HOURS, _OZONE_VALID_HOURS, _OZONE_WINDOWS, _OZONE_LIMIT = 8, 6, 14, 160
#: Of the stations of a city, for each pollutant.
_LEAST_PART = 0.5
_PARTICLES = ("pm10", "pm2_5")

DAY_VALUES = ("so2", "no2", "co", "o3_8h", "pm10", "pm2_5")
HOUR_COLUMNS = ("subject_kind", "subject_code", "hour", *POLLUTANTS, "aqi", "primary_pollutants", "station_count")
DAY_COLUMNS = (
    "subject_kind", "subject_code", "day", *DAY_VALUES, "aqi", "primary_pollutants", "is_valid", "station_count",
)  # fmt: skip


def day_of(hours: pd.Series) -> pd.Series:
    """The days (dates) that hours belong to, given by their ends."""
    return (hours - pd.Timedelta(hours=1)).dt.date


def air_hours(readings: pd.DataFrame, stations: Sequence[Station]) -> pd.DataFrame:
    """``HOUR_COLUMNS``, a row for each hour in which a station, or enough stations of a city, had a value.

    ``readings`` hold each pollutant of a station and hour once. A city is the ``area_code`` of stations; readings of a
    station that is not in ``stations`` count for it alone. ``primary_pollutants`` are codes joined by ``;``.
    ``station_count``: of a city, how many of its stations had a value.
    """
    if readings.empty:
        return pd.DataFrame(columns=list(HOUR_COLUMNS))
    hours = _Hours.of(readings, stations)
    parts = [_hours_of("station", hours.stations, hours.ends, hours.values, 1)]
    for city, columns, listed in hours.cities(stations):
        values = {name: _mean(grid[:, columns], listed) for name, grid in hours.values.items()}
        counted = _counted([grid[:, columns] for grid in hours.values.values()], listed)
        parts.append(_hours_of("city", [city], hours.ends, values, counted))
    return _joined(parts, HOUR_COLUMNS)


def air_days(readings: pd.DataFrame, stations: Sequence[Station]) -> pd.DataFrame:
    """``DAY_COLUMNS``, a row for each day on which a station, or one of a city's, had a reading; as :func:`air_hours`.

    A day that is not valid has no index. ``station_count``: of a city, how many had a valid value of any pollutant.
    """
    if readings.empty:
        return pd.DataFrame(columns=list(DAY_COLUMNS))
    hours = _Hours.of(readings, stations)
    days: list[date] = list(hours.ends[::24].date)
    present = np.any([~np.isnan(_by_day(grid)).all(axis=1) for grid in hours.values.values()], axis=0)
    daily = _daily(hours.values)
    parts = [_days_of("station", hours.stations, days, daily, present, 1)]
    for city, columns, listed in hours.cities(stations):
        on_day = listed[::24]
        values = {name: _mean(grid[:, columns], on_day) for name, grid in daily.items()}
        counted = _counted([daily[name][:, columns] for name in DAY_VALUES], on_day)
        there = (present[:, columns] & on_day).any(axis=1, keepdims=True)
        parts.append(_days_of("city", [city], days, values, there, counted))
    return _joined(parts, DAY_COLUMNS)


@dataclass(frozen=True)
class _Hours:
    """``values``: pollutant → concentrations by hour (rows, all of whole days) and station (columns)."""

    ends: pd.DatetimeIndex
    stations: list[str]
    values: Mapping[str, Grid]

    @classmethod
    def of(cls, readings: pd.DataFrame, stations: Sequence[Station]) -> _Hours:
        days = day_of(readings["hour"])
        first, last = pd.Timestamp(days.min()), pd.Timestamp(days.max())
        ends = pd.date_range(first + pd.Timedelta(hours=1), last + pd.Timedelta(hours=24), freq="h")
        # A station of which nothing came is missed all the same.
        codes = pd.Index(sorted({*readings["station"], *(station.code for station in stations)}))
        rows = ((readings["hour"] - ends[0]) // pd.Timedelta(hours=1)).to_numpy(dtype=np.int64)
        columns = codes.get_indexer(pd.Index(readings["station"]))
        values = {name: np.full((len(ends), len(codes)), np.nan) for name in POLLUTANTS}
        for name, grid in values.items():
            own = (readings["pollutant"] == name).to_numpy()
            grid[rows[own], columns[own]] = readings["value"].to_numpy(dtype=float)[own]
        return cls(ends, list(codes), values)

    def cities(self, stations: Sequence[Station]) -> Iterator[tuple[str, list[int], Mask]]:
        """Each city, the columns of its stations, and at which hours each of them is part of its mean."""
        days = [end.date() for end in self.ends[::24]]
        for city in sorted({station.area_code for station in stations}):
            own = [station for station in stations if station.area_code == city and not station.reference]
            stand = np.array([[station.is_valid_at(day) for station in own] for day in days], dtype=bool)
            columns = [self.stations.index(station.code) for station in own]
            yield city, columns, stand.reshape(len(days), len(own)).repeat(24, axis=0)


def _by_day(grid: Grid) -> Grid:
    """Days × hours × stations."""
    return grid.reshape(-1, 24, grid.shape[1])


def _daily(values: Mapping[str, Grid]) -> dict[str, Grid]:
    """``DAY_VALUES`` by day and station, and as ``o3_1h`` the day's largest hour of ozone; NaN where not valid."""
    daily = {name: _enough_mean(_by_day(values[name]), 1, VALID_HOURS) for name in POLLUTANTS if name != "o3"}
    ozone = _by_day(values["o3"])
    windows = _enough_mean(np.lib.stride_tricks.sliding_window_view(ozone, _OZONE_HOURS, axis=1), 3, _OZONE_VALID_HOURS)
    largest = _largest(windows)
    enough = (~np.isnan(windows)).sum(axis=1) >= _OZONE_WINDOWS
    daily["o3_8h"] = np.where(enough | (_rounded("o3_8h", largest) > _OZONE_LIMIT), largest, np.nan)
    return daily | {"o3_1h": _largest(ozone)}


def _enough_mean(grid: Grid, axis: int, least: int) -> Grid:
    """The means along an axis, where so many values are there."""
    counts = (~np.isnan(grid)).sum(axis=axis)
    return np.where(counts >= least, np.nansum(grid, axis=axis) / np.maximum(counts, 1), np.nan)


def _largest(by_day: Grid) -> Grid:
    """Of the middle axis; NaN where nothing is there."""
    return np.fmax.reduce(by_day, axis=1)


def _mean(grid: Grid, listed: Mask) -> Grid:
    """The mean over the listed stations (one column), where at least half of them have a value."""
    there = ~np.isnan(grid) & listed
    counts, wanted = there.sum(axis=1), listed.sum(axis=1)
    enough = (counts > 0) & (counts >= _LEAST_PART * wanted)
    means = np.where(there, grid, 0).sum(axis=1) / np.maximum(counts, 1)
    return np.where(enough, means, np.nan)[:, np.newaxis]


def _counted(grids: Sequence[Grid], listed: Mask) -> npt.NDArray[np.int64]:
    """How many listed stations have any value (one column)."""
    return (np.any([~np.isnan(grid) for grid in grids], axis=0) & listed).sum(axis=1, keepdims=True)


def _running_mean(grid: Grid) -> Grid:
    """Of each hour and the 23 before it."""
    before = np.concatenate([np.full((23, grid.shape[1]), np.nan), grid])
    return _enough_mean(np.lib.stride_tricks.sliding_window_view(before, 24, axis=0), 2, VALID_HOURS)


def _rounded(pollutant: str, grid: Grid) -> Grid:
    # The first rounding takes away what binary fractions add to a half.
    return np.round(np.round(grid, 9), 1 if pollutant == "co" else 0)


def _hours_of(
    kind: str, codes: Sequence[str], ends: pd.DatetimeIndex, values: Mapping[str, Grid], counts: Counts
) -> pd.DataFrame:
    rounded = {name: _rounded(name, values[name]) for name in POLLUTANTS}
    parts = {name: sub_index(name, "1h", rounded[name]) for name in ("so2", "no2", "co", "o3")}
    # Note 1 of table 1: above 800 the sub-index of sulphur dioxide is that of 24 hours.
    of_day = sub_index("so2", "24h", _rounded("so2", _running_mean(values["so2"])))
    parts["so2"] = np.where(rounded["so2"] > BREAKPOINTS["so2", "1h"][-1], of_day, parts["so2"])
    parts |= {name: sub_index(name, "24h", rounded[name]) for name in _PARTICLES}
    frame = _frame(kind, codes, "hour", ends, rounded, parts, counts)
    return frame.loc[frame[list(POLLUTANTS)].notna().any(axis="columns")]


def _days_of(
    kind: str,
    codes: Sequence[str],
    days: Sequence[date],
    values: Mapping[str, Grid],
    present: Mask,
    counts: Counts,
) -> pd.DataFrame:
    rounded = {name: _rounded(name, values[name]) for name in (*DAY_VALUES, "o3_1h")}
    parts = {name: sub_index(name, "24h", rounded[name]) for name in DAY_VALUES if name != "o3_8h"}
    # Note 2 of table 1: above 800 the sub-index of ozone is that of one hour.
    of_hour = sub_index("o3", "1h", rounded["o3_1h"])
    above = rounded["o3_8h"] > BREAKPOINTS["o3", "8h"][-1]
    parts["o3"] = np.where(above, of_hour, sub_index("o3", "8h", rounded["o3_8h"]))
    frame = _frame(kind, codes, "day", days, {name: rounded[name] for name in DAY_VALUES}, parts, counts)
    whole = frame[list(DAY_VALUES)].notna().all(axis="columns")
    frame["is_valid"] = (whole | (frame["aqi"] > 100)).fillna(False).astype(bool)
    invalid = ~frame["is_valid"]
    frame["aqi"] = frame["aqi"].mask(invalid)
    frame["primary_pollutants"] = frame["primary_pollutants"].mask(invalid, None)
    return frame.loc[present.reshape(-1)]


def _frame(
    kind: str,
    codes: Sequence[str],
    time: str,
    times: Sequence[date] | pd.DatetimeIndex,
    values: Mapping[str, Grid],
    parts: Mapping[str, Grid],
    counts: Counts,
) -> pd.DataFrame:
    """A row per time and code, in that order."""
    shape = (len(times), len(codes))
    found = indices(pd.DataFrame({name: grid.reshape(-1) for name, grid in parts.items()}))
    return pd.DataFrame(
        {
            "subject_kind": kind,
            "subject_code": np.tile(np.array(codes, dtype=object), len(times)),
            time: pd.Series(times).repeat(len(codes)).to_numpy(),
            **{name: grid.reshape(-1) for name, grid in values.items()},
            "aqi": found["aqi"],
            "primary_pollutants": found["primary_pollutants"],
            "station_count": np.broadcast_to(counts, shape).reshape(-1),
        }
    )


def _joined(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)[list(columns)]
