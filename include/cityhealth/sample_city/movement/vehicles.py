"""Taxis that drive along the streets: where each was, every half minute of a trip and now and then while parked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cityhealth.sample_city.movement.month import DAYS, WORKED, Seconds, at_peak
from cityhealth.sample_city.movement.network import Network

#: A day on which it pours, so that traffic crawls: the 15th of September.
RAIN_DAY, _IN_RAIN = 8, 0.55
_TICK_S, _PARKED_TICKS = 30, 60
_TICKS = 86_400 // _TICK_S
#: Trips of a day: earliest start and how much later (hours), shortest and how much longer (minutes).
_WORKDAY = ((6.8, 1.0, 30, 30), (10.5, 4.0, 10, 15), (16.8, 1.0, 25, 30))
_DAY_OFF = ((9.0, 3.0, 15, 20), (13.0, 5.0, 15, 20))
_WAIT_SHARE, _WAIT_S = 0.1, (5.0, 30.0)
_DRIFT_M, _NOISE_M = 5.0, 3.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fixes:
    """Per fix: ``vehicle`` (from 0), ``second`` since the first midnight, metres ``east`` and ``north``, ``kmh``.

    In order of vehicle and time.
    """

    vehicle: NDArray[np.int64]
    second: Seconds
    east: Floats
    north: Floats
    kmh: NDArray[np.int64]


@dataclass(frozen=True)
class Driven:
    """Kilometres (straight from fix to fix) and hours while driving, by day (from 0), in peak hours of working days."""

    km: Floats
    hours: Floats


def drive(streets: Network, vehicles: int, rng: np.random.Generator) -> tuple[Fixes, Driven]:
    """A month of so many taxis, and what they drove at peak."""
    driving = _driving(vehicles, rng)
    flow = np.concatenate([_flow(day) for day in range(len(DAYS))])
    longest = (driving * flow * _TICK_S).sum(axis=1).max()
    steps = int(1.3 * longest * streets.speed.max() / streets.length)
    pieces = streets.walk(vehicles, steps, rng)
    waits = np.where(rng.random(pieces.shape) < _WAIT_SHARE, rng.uniform(*_WAIT_S, pieces.shape), 0.0)
    pace = streets.length / streets.speed[pieces] * rng.lognormal(0.0, 0.15, pieces.shape)
    found, km, hours = [], np.zeros(len(DAYS)), np.zeros(len(DAYS))
    phases = rng.integers(0, _TICK_S, vehicles)
    for vehicle in range(vehicles):
        on = driving[vehicle]
        told = on.copy()
        told[1:] |= on[:-1]
        told[:-1] |= on[1:]
        told[int(phases[vehicle]) :: _PARKED_TICKS] = True
        # How long this far would have taken on free streets: advances faster or slower, and not while parked.
        free = np.concatenate([[0.0], np.cumsum(np.where(on, flow * _TICK_S, 0.0))[:-1]])[told]
        # Each piece begins after its wait, so that a crossing has two entries in this clock.
        begins = np.cumsum(waits[vehicle] + np.concatenate([[0.0], pace[vehicle][:-1]]))
        clock = np.column_stack([begins, begins + pace[vehicle]]).ravel()
        ends = np.column_stack([streets.tail[pieces[vehicle]], streets.head[pieces[vehicle]]]).ravel()
        east, north = (np.interp(free, clock, streets.crossings[ends, axis]) for axis in (0, 1))
        ticks = np.flatnonzero(told)
        second = ticks * _TICK_S + phases[vehicle]
        metres, seconds = np.hypot(np.diff(east), np.diff(north)), np.diff(second)
        counted = on[ticks[:-1]] & at_peak(second[:-1])
        day = second[:-1][counted] // 86_400
        km += np.bincount(day, metres[counted] / 1_000, len(DAYS))
        hours += np.bincount(day, seconds[counted] / 3_600, len(DAYS))
        moved = np.concatenate([[0.0], metres / seconds * 3.6])
        spread = np.where(on[ticks], _NOISE_M, _DRIFT_M)
        noise = rng.normal(0.0, 1.0, (2, len(ticks))) * spread
        found.append((np.full(len(ticks), vehicle), second, east + noise[0], north + noise[1], moved))
    numbers, second, east, north, speed = (np.concatenate(column) for column in zip(*found, strict=True))
    kmh = np.rint(np.maximum(speed * rng.normal(1.0, 0.08, len(speed)), 0.0)).astype(np.int64)
    return Fixes(numbers, second, east, north, kmh), Driven(km, hours)


def _driving(vehicles: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Whether each vehicle drives, by ticks of the month, (vehicles, ticks)."""
    steps = np.zeros((vehicles, len(DAYS) * _TICKS + 1), dtype=np.int8)
    rows = np.arange(vehicles)
    for day, worked in enumerate(WORKED):
        for start, later, shortest, longer in _WORKDAY if worked else _DAY_OFF:
            begin = day * _TICKS + ((start + later * rng.random(vehicles)) * 3_600 / _TICK_S).astype(np.int64)
            steps[rows, begin] += 1
            steps[rows, begin + ((shortest + longer * rng.random(vehicles)) * 60 / _TICK_S).astype(np.int64)] -= 1
    return np.cumsum(steps, axis=1, dtype=np.int8)[:, :-1] > 0


def _flow(day: int) -> Floats:
    """By tick of a day, the speed as a share of what is driven where nobody is in the way."""
    hour = np.arange(_TICKS) * _TICK_S / 3_600
    if not WORKED[day]:
        return np.full(_TICKS, 0.97)
    slow = 0.08 * np.exp(-(((hour - 8.0) / 0.9) ** 2)) + 0.11 * np.exp(-(((hour - 18.0) / 1.0) ** 2))
    return (0.98 - slow) * (_IN_RAIN if day == RAIN_DAY else 1.0)
