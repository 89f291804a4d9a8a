"""What a day of movement data is summed up to, once: a folder of small Parquet files that a year's values rest on.

- ``vehicle_positions`` → ``driving.parquet``: (device, zone, hour, distance_m, seconds).
- ``phone_positions`` → ``stays.parquet``: (device, cell, zone, arrive, depart, last).
- ``trips``, ``trip_matrix`` → ``trips.parquet``: (origin_zone, destination_zone, mode, hour, half_kilometre, minute,
  travellers, distance_m, minutes, nameless), and ``travellers.parquet``: (device, origin_zone, mode).

Each has ``day`` (days since 1970-01-01) and ``people`` (for how many people a device stands, null where nobody says) as
well. ``counts.json`` holds what :func:`compute_day` returned.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import ibis

from cityhealth.mobility.cleaning import DAY_SECONDS, clean_positions, first_second, speed_limit
from cityhealth.mobility.engine import Engine
from cityhealth.mobility.rules import MobilityError, number
from cityhealth.mobility.windows import day_number
from cityhealth.mobility.zones import Zones, distance_m, locate

#: Goes up with any change to what a day is summed up to.
PARTIALS_VERSION = "2"

#: Seconds between two fixes beyond which nobody knows what a vehicle did.
_GAP = 600

#: Seconds after which a vehicle is looked for again to tell whether it stands still: over a few seconds even a moving
#: one stays within the noise of its position.
_LOOK_AHEAD = 60

#: Lengths of trips are counted in steps of so many metres, their times in minutes.
LENGTH_STEP_M = 500


@dataclass(frozen=True)
class DayCounts:
    """``rows_in`` = ``rows_kept`` + what each rule ``removed``.

    ``drifting``: kept fixes of vehicles that stood still, whose distance is drift and does not count. ``seconds``: how
    long it took.
    """

    rows_in: int
    rows_kept: int
    removed: Mapping[str, int]
    seconds: float
    drifting: int = 0


@dataclass(frozen=True)
class _Job:
    engine: Engine
    table: ibis.Table
    day: date
    rules: Mapping[str, str]
    zones: Zones
    folder: Path
    people: float | None

    def write(self, expr: ibis.Table, name: str) -> None:
        stamped = expr.mutate(
            day=ibis.literal(day_number(self.day), "int64"), people=ibis.literal(self.people, "float64")
        )
        self.engine.write(stamped, self.folder / f"{name}.parquet")


def compute_day(
    engine: Engine,
    kind: str,
    parts: Sequence[Path],
    day: date,
    rules: Mapping[str, str],
    zones: Zones,
    out: Path,
    people_per_device: float | None,
) -> DayCounts:
    """Clean and sum up the normalised ``parts`` of one day into the folder ``out``: whole, or not at all.

    A folder that is there is left as it is, and what was counted when it was made is returned. Parts with equal
    content are the caller's to give once.

    Raises:
        MobilityError: a rule of ``layer_kinds.csv`` is missing or unreadable, or there is no such kind of data.
    """
    if out.is_dir():
        return DayCounts(**json.loads((out / "counts.json").read_text()))
    began = time.monotonic()
    half = out.with_name(f".{out.name}.{uuid.uuid4().hex}")
    half.mkdir(parents=True)
    try:
        sum_up = _SUMMED_UP.get(kind)
        if sum_up is None:
            raise MobilityError(f"没有移动数据类别「{kind}」")
        job = _Job(engine, engine.read(sorted(parts)), day, rules, zones, half, people_per_device)
        rows_in, removed, drifting = sum_up(job)
        kept = rows_in - sum(removed.values())
        counts = DayCounts(rows_in, kept, removed, round(time.monotonic() - began, 3), drifting)
        (half / "counts.json").write_text(json.dumps(asdict(counts)))
        half.rename(out)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return counts


def _driving(job: _Job) -> tuple[int, Mapping[str, int], int]:
    """Distance and time between two fixes go to the zone and the hour of the first.

    They do not count where more than ten minutes lie between the fixes, or the vehicle would have been faster than
    ``max_speed_kmh``. It stands still where it is less than ``drift_m`` away a minute later (at the next fix, if that
    is later still), or told a speed of zero at both. Standing still it drives no distance; where it stands for
    ``parked_minutes`` or longer, it is parked and drives no time either.
    """
    columns = ("device", "second", "lon", "lat", "speed_kmh")
    with clean_positions(job.engine, job.table, job.day, job.rules, job.zones, columns) as cleaned:
        segments = _segments(cleaned.rows, number(job.rules, "drift_m"), speed_limit(job.rules))
        with job.engine.held(_in_runs(segments)) as all_runs:
            runs = all_runs.filter(all_runs.zone.notnull())
            standing = runs.filter(runs.run >= 0)
            drifting = job.engine.to_arrow(standing.agg(rows=standing.fixes.sum())).to_pylist()[0]["rows"] or 0
            lasted = runs.mutate(lasted=runs.all_seconds.sum().over(group_by=["device", "run"]))
            parked = (lasted.run >= 0) & (lasted.lasted >= number(job.rules, "parked_minutes") * 60)
            driven = lasted.filter(~parked).group_by("device", "zone", "hour")
            sums = driven.agg(distance_m=ibis._.distance_m.sum(), seconds=ibis._.seconds.sum())
            job.write(sums.filter(sums.seconds > 0), "driving")
        return cleaned.rows_in, cleaned.removed, drifting


def _segments(fixes: ibis.Table, drift_m: float, limit: float) -> ibis.Table:
    """From each fix but a device's last to the next: where and when it begins, metres, seconds, what it counts as."""
    along = ibis.window(group_by="device", order_by="second")
    look = ibis.range_window(preceding=0, following=_LOOK_AHEAD, group_by="device", order_by="second")
    seen = fixes.mutate(
        seconds=fixes.second.lead().over(along) - fixes.second,
        next_lon=fixes.lon.lead().over(along),
        next_lat=fixes.lat.lead().over(along),
        next_speed=fixes.speed_kmh.lead().over(along),
        later_lon=fixes.lon.last().over(look),
        later_lat=fixes.lat.last().over(look),
    )
    seen = seen.filter(seen.seconds.notnull())
    metres = distance_m(seen.lon, seen.lat, seen.next_lon, seen.next_lat)
    later = distance_m(seen.lon, seen.lat, seen.later_lon, seen.later_lat)
    told = ((seen.speed_kmh == 0) & (seen.next_speed == 0)).fill_null(False)
    measured = seen.mutate(metres=metres, later=(seen.seconds > _LOOK_AHEAD).ifelse(metres, later), told=told)
    return measured.select(
        "device",
        "zone",
        "second",
        "metres",
        "seconds",
        hour=measured.second // 3600 % 24,
        still=(measured.later < drift_m) | measured.told,
        counts=(measured.seconds <= _GAP) & (measured.metres <= limit * measured.seconds),
    )


def _in_runs(segments: ibis.Table) -> ibis.Table:
    """Sums by device, zone, hour and run: all that moves is run −1, each time of standing still has a number."""
    so_far = ibis.cumulative_window(group_by="device", order_by="second")
    moves = (~segments.still).cast("int64")
    runs = segments.mutate(run=segments.still.ifelse(moves.sum().over(so_far), -1))
    counted = runs.counts
    return runs.group_by("device", "zone", "hour", "run").agg(
        distance_m=(counted & ~runs.still).ifelse(runs.metres, 0.0).sum(),
        seconds=counted.ifelse(runs.seconds, 0).sum(),
        all_seconds=runs.seconds.sum(),
        fixes=runs.count(),
    )


def _stays(job: _Job) -> tuple[int, Mapping[str, int], int]:
    """A stay: fixes in a row in one cell (of a border cell, in one zone), from the first of them to the next fix
    elsewhere, however long nothing was heard in between; the last one of the day ends with its last fix.

    Stays are cut at the day's ends, and count from ``stay_minutes`` on. ``last`` is the last fix of the stay.
    """
    begin = first_second(job.day)
    columns = ("device", "second", "lon", "lat", "cell")
    with clean_positions(job.engine, job.table, job.day, job.rules, job.zones, columns) as cleaned:
        fixes = cleaned.rows
        along = ibis.window(group_by="device", order_by="second")
        same = (fixes.cell.lag().over(along) == fixes.cell) & (fixes.zone.lag().over(along) == fixes.zone)
        marked = fixes.mutate(moved=(~same.fill_null(False)).cast("int64"))
        so_far = ibis.cumulative_window(group_by="device", order_by="second")
        numbered = marked.mutate(run=marked.moved.sum().over(so_far))
        runs = numbered.group_by("device", "run", "cell", "zone").agg(
            arrive=numbered.second.min(), last=numbered.second.max()
        )
        by_time = ibis.window(group_by="device", order_by="arrive")
        runs = runs.mutate(depart=ibis.coalesce(runs.arrive.lead().over(by_time), runs.last))
        cut = runs.mutate(
            **{name: runs[name].clip(lower=begin, upper=begin + DAY_SECONDS) for name in ("arrive", "depart", "last")}
        )
        long = cut.depart - cut.arrive >= number(job.rules, "stay_minutes") * 60
        stays = cut.filter(long, cut.zone.notnull())
        job.write(stays.drop("run"), "stays")
        return cleaned.rows_in, cleaned.removed, 0


def _trips(job: _Job) -> tuple[int, Mapping[str, int], int]:
    """Trips by both ends, mode, hour of departure, length and time.

    Taken out, in this order: ``clock`` (departed more than ``clock_minutes`` outside the day), ``backward`` (arrived
    before departing), ``outside`` (one end in no zone), ``jump`` (faster than ``max_speed_kmh``). What a trip does not
    say it does not break.
    """
    table, engine = job.table, job.engine
    judged = table.mutate(verdict=ibis.cases((_off_the_clock(job), 1), (_backward(table), 2), else_=0))
    origins = locate(judged.filter(judged.verdict == 0), job.zones, engine, "origin_lon", "origin_lat")
    origins = origins.drop("cell").rename(origin_zone="zone")
    both = locate(origins, job.zones, engine, "destination_lon", "destination_lat")
    both = both.drop("cell").rename(destination_zone="zone")
    both = both.mutate(
        metres=distance_m(both.origin_lon, both.origin_lat, both.destination_lon, both.destination_lat),
        seconds=both.arrive - both.depart,
    )
    fast = ibis.literal(False)
    if "max_speed_kmh" in job.rules:
        fast = (both.metres > speed_limit(job.rules) * both.seconds).fill_null(False)
    both = both.mutate(fast=fast)
    columns = (
        "device", "origin_zone", "destination_zone", "mode", "depart", "metres", "seconds", "travellers", "fast",
    )  # fmt: skip
    read = engine.to_arrow(judged.group_by("verdict").agg(rows=judged.count())).to_pylist()
    verdicts = {row["verdict"]: row["rows"] for row in read}
    with engine.held(both.select(*columns)) as held:
        ends = engine.to_arrow(held.group_by("fast").agg(rows=held.count())).to_pylist()
        located = {row["fast"]: row["rows"] for row in ends}
        trips = held.filter(~held.fast)
        job.write(_trip_sums(trips), "trips")
        named = trips.filter(trips.device.notnull())
        job.write(named.select("device", "origin_zone", "mode").distinct(), "travellers")
    removed = {
        "clock": verdicts.get(1, 0),
        "backward": verdicts.get(2, 0),
        "outside": verdicts.get(0, 0) - sum(located.values()),
        "jump": located.get(True, 0),
    }
    return sum(verdicts.values()), removed, 0


def _off_the_clock(job: _Job) -> ibis.Value:
    if "clock_minutes" not in job.rules:
        return ibis.literal(False)
    begin, slack = first_second(job.day), number(job.rules, "clock_minutes") * 60
    depart = job.table.depart
    return ((depart < begin - slack) | (depart >= begin + DAY_SECONDS + slack)).fill_null(False)


def _backward(table: ibis.Table) -> ibis.Value:
    return (table.arrive < table.depart).fill_null(False)


def _trip_sums(trips: ibis.Table) -> ibis.Table:
    count = trips.travellers
    return trips.group_by(
        "origin_zone",
        "destination_zone",
        "mode",
        hour=trips.depart // 3600 % 24,
        half_kilometre=(trips.metres / LENGTH_STEP_M).floor().cast("int64"),
        minute=trips.seconds // 60,
    ).agg(
        travellers=count.sum(),
        distance_m=(trips.metres * count).sum(),
        minutes=(trips.seconds / 60.0 * count).sum(),
        nameless=trips.device.isnull().ifelse(count, 0.0).sum(),
    )


_SUMMED_UP: Mapping[str, Callable[[_Job], tuple[int, Mapping[str, int], int]]] = {
    "vehicle_positions": _driving,
    "phone_positions": _stays,
    "trips": _trips,
    "trip_matrix": _trips,
}
