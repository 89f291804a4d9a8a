"""The taxis' month as it is handed in: in GCJ-02, faults included, and one day twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyproj import Transformer

from cityhealth.sample_city.files import Expected, MovementOddity, SampleFile
from cityhealth.sample_city.movement import faults
from cityhealth.sample_city.movement.month import DAYS, START
from cityhealth.sample_city.movement.parts import degrees, parquet, part_path, sending
from cityhealth.sample_city.movement.vehicles import Fixes
from cityhealth.sample_city.scenes import SECOND, THIRD
from cityhealth.sample_city.terrain.town import Town
from cityhealth.spatial.crs import INSIDE
from cityhealth.spatial.datum import shift

FEED, _BUSES = "taxi_gps", "bus_gps"
_TRANSPORT = "市交通运输局"
#: Which vehicle had a second terminal, and on which days (from 0).
TWINS = {7: (3, 4, 10), 15: (15,)}
#: A day (from 0) of which only the morning came first.
CUT_SHORT = 16
_TWO_PARTS = (2, 18)
_CLOSE_S = 60
_BUS_COUNT = 16
_COLUMNS = {"device": "plate_no", "time": "pos_time", "lon": "gcj_x", "lat": "gcj_y", "speed": "kmh"}


def taxi_files(town: Town, fixes: Fixes, rng: np.random.Generator) -> tuple[list[SampleFile], faults.Planted]:
    """The month, the corrected day, and buses of which nothing can be used; and what is at fault in the month as
    corrected."""
    told, planted = _told(town, fixes, rng)
    day = np.searchsorted(told.day, np.arange(len(DAYS) + 1))
    parts: list[tuple[str, bytes]] = []
    whole: list[tuple[str, bytes]] = []
    for number, of in enumerate(DAYS):
        rows = np.arange(day[number], day[number + 1])
        if number == CUT_SHORT:
            whole = [(part_path(FEED, of), told.part(rows))]
            rows = rows[told.local[rows] % 86_400 < 43_200]
        halves = np.array_split(rows, 2) if number in _TWO_PARTS else [rows]
        parts += [(part_path(FEED, of, n), told.part(half)) for n, half in enumerate(halves)]
    marked = Expected("accepted", ("zone_stated", "all_readable"))
    oddities = (
        MovementOddity.WEB_MAP,
        MovementOddity.OWN_NAMES,
        MovementOddity.NO_ZONE,
        MovementOddity.FAULTY_FIXES,
        MovementOddity.TWO_IDS,
    )
    stated = _stated()
    files = [
        sending("出租车定位", stated, parts, _TRANSPORT, SECOND, 66, (*oddities, MovementOddity.CUT_SHORT), marked),
        sending(
            f"出租车定位_{DAYS[CUT_SHORT]}更正",
            stated,
            whole,
            _TRANSPORT,
            THIRD,
            66,
            (MovementOddity.CORRECTED,),
            marked,
        ),
        _unusable(told, day),
    ]
    return files, planted


class _Told:
    """Rows in order of day and vehicle, as a provider keeps them."""

    def __init__(self, day: NDArray[np.int64], vehicle: NDArray[np.int64], local: NDArray[np.int64],
                 lonlat: NDArray[np.float64], kmh: NDArray[np.int64]) -> None:  # fmt: skip
        self.day, self.vehicle, self.local, self.lonlat, self.kmh = day, vehicle, local, lonlat, kmh

    def part(self, rows: NDArray[np.int64], plate: str = "晋ET{:03d}合", swapped: bool = False) -> bytes:
        plates = pa.array([plate.format(number) for number in range(self.vehicle.max() + 1)])
        lon, lat = (degrees(self.lonlat[rows, axis]) for axis in ((1, 0) if swapped else (0, 1)))
        return parquet(
            {
                "plate_no": pa.DictionaryArray.from_arrays(pa.array(self.vehicle[rows], pa.int32()), plates).cast(
                    pa.string()
                ),
                "pos_time": pa.array(self.local[rows], pa.int64()).cast(pa.timestamp("s")),
                "gcj_x": lon,
                "gcj_y": lat,
                "kmh": pa.array(self.kmh[rows], pa.int16()),
            }
        )


def _told(town: Town, fixes: Fixes, rng: np.random.Generator) -> tuple[_Told, faults.Planted]:
    free = np.zeros(len(fixes.second), dtype=bool)
    same = (np.diff(fixes.vehicle) == 0) & (np.diff(fixes.second) <= _CLOSE_S)
    free[1:-1] = same[:-1] & same[1:]
    east, north, jumped = faults.jumps(fixes.east, fixes.north, free, rng)
    # A second terminal tells the same, a breath later and a step aside.
    twins = [
        np.flatnonzero((fixes.vehicle == vehicle) & np.isin(fixes.second // 86_400, days))
        for vehicle, days in TWINS.items()
    ]
    rows = np.concatenate([np.arange(len(east)), *twins])
    vehicle = fixes.vehicle[rows]
    own = np.arange(len(rows)) < len(east)
    vehicle[~own] = np.repeat(np.arange(len(TWINS)) + fixes.vehicle[-1] + 1, [len(twin) for twin in twins])
    second = fixes.second[rows] + np.where(own, 0, 2)
    order = np.lexsort((second, vehicle, second // 86_400))
    rows, vehicle, second, own = rows[order], vehicle[order], second[order], own[order]
    lonlat = np.column_stack(Transformer.from_crs(town.crs, INSIDE, always_xy=True).transform(east[rows], north[rows]))
    lonlat = shift(lonlat, "cgcs2000", "gcj02")
    free = own & ~np.isin(rows, jumped)
    local, forgotten = faults.clocks(START + second, free, rng)
    free &= local == START + second
    before = lonlat.copy()
    lost = faults.astray(lonlat, free, rng)
    free &= (lonlat == before).all(axis=1)
    chosen, repeated = faults.repeated(len(rows), free, rng)
    planted = faults.Planted(repeated, len(jumped), forgotten, lost, sum(map(len, twins)))
    day = second // 86_400
    told = _Told(day[chosen], vehicle[chosen], local[chosen], lonlat[chosen], fixes.kmh[rows][chosen])
    return told, planted


def _unusable(told: _Told, day: NDArray[np.int64]) -> SampleFile:
    """Buses: a file whose end is missing, one with exchanged columns, one without rows."""

    def parts() -> Iterator[tuple[str, bytes]]:
        rows = np.arange(day[1], day[2])
        rows = rows[told.vehicle[rows] < _BUS_COUNT]
        bus = "晋EB{:03d}合"
        whole = told.part(rows, bus)
        yield part_path(_BUSES, _after(0)), whole[: len(whole) * 2 // 3]
        yield part_path(_BUSES, _after(1)), told.part(rows, bus, swapped=True)
        yield part_path(_BUSES, _after(2)), told.part(rows[:0], bus)

    return sending(
        "公交车定位",
        _stated(),
        parts(),
        _TRANSPORT,
        SECOND,
        67,
        (MovementOddity.TRUNCATED, MovementOddity.SWAPPED, MovementOddity.EMPTY),
        Expected("refused", ("part_readable", "lon_lat_in_order"), refused=3),
    )


def _after(days: int) -> date:
    return DAYS[1] + timedelta(days=days)


def _stated() -> dict[str, object]:
    return {"kind": "vehicle_positions", "datum": "gcj02", "columns": _COLUMNS}
