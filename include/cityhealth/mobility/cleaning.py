"""Positions of a day cleaned by stated rules, each counted.

A row is taken out by the first rule that it breaks, in this order:

- ``clock``: its time is more than ``clock_minutes`` outside the day.
- ``outside``: it is in no zone.
- ``duplicate``: the device has another fix of the same second; the one first by longitude, latitude, speed stays.
- ``jump``: from the fix before and to the fix after, both, the device would have been faster than ``max_speed_kmh``.
- ``twin``: its device is another one under a second id. Of each device and hour the number of fixes and the sums of
  seconds, longitudes and latitudes (as integers, millionths of a degree) are compared; where ``twin_share`` of the
  hours of both ids are equal, and at least three, the greater id is taken out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import ibis

from cityhealth.mobility.engine import Engine
from cityhealth.mobility.rules import number
from cityhealth.mobility.windows import day_number
from cityhealth.mobility.zones import Zones, distance_m, locate

DAY_SECONDS = 86_400

#: Fewer equal hours may be chance: two phones at one antenna with a single fix each.
_TWIN_HOURS = 3

_DUPLICATE, _JUMP, _OUTSIDE, _ASTRAY = 1, 2, 3, 4


@dataclass(frozen=True)
class Cleaned:
    """``rows`` that stayed: columns as asked for, and ``zone``; ``removed``: rule → rows. Together they are
    ``rows_in``.

    Among ``rows`` are, without a zone, fixes outside that are no jumps: they count as removed, and end what a device
    did inside before it left.
    """

    rows: ibis.Table
    rows_in: int
    removed: Mapping[str, int]

    @property
    def rows_kept(self) -> int:
        return self.rows_in - sum(self.removed.values())


def first_second(day: date) -> int:
    """The second with which a day begins."""
    return day_number(day) * DAY_SECONDS


def speed_limit(rules: Mapping[str, str]) -> float:
    """Metres per second above which nobody moves."""
    return number(rules, "max_speed_kmh") / 3.6


@contextmanager
def clean_positions(
    engine: Engine,
    table: ibis.Table,
    day: date,
    rules: Mapping[str, str],
    zones: Zones,
    columns: Sequence[str] = ("device", "second", "lon", "lat"),
) -> Iterator[Cleaned]:
    """The positions of ``table`` (``schema.POSITIONS``) that stay, readable until the context ends.

    The parts are read once for their times and once for all else; what was judged is held on disk.
    """
    begin, slack = first_second(day), number(rules, "clock_minutes") * 60
    timely = (table.second >= begin - slack) & (table.second < begin + DAY_SECONDS + slack)
    read = _one(engine, table.agg(rows=table.count(), timely=table.count(where=timely)))
    judged = _judged(locate(table.filter(timely), zones, engine, outside=True), speed_limit(rules))
    with engine.held(judged.select(*columns, "zone", "verdict")) as held:
        verdicts = {
            row["verdict"]: row["rows"]
            for row in engine.to_arrow(held.group_by("verdict").agg(rows=held.count())).to_pylist()
        }
        kept = held.filter(held.verdict == 0).drop("verdict")
        with_outside = held.filter(held.verdict.isin([0, _OUTSIDE])).drop("verdict")
        twins = engine.table(engine.to_arrow(_twins(kept, number(rules, "twin_share"))))
        removed = {
            "clock": read["rows"] - read["timely"],
            "outside": read["timely"] - sum(verdicts.get(verdict, 0) for verdict in (0, _DUPLICATE, _JUMP)),
            "duplicate": verdicts.get(_DUPLICATE, 0),
            "jump": verdicts.get(_JUMP, 0),
            "twin": _one(engine, twins.agg(rows=twins.rows.sum()))["rows"] or 0,
        }
        rows = with_outside.anti_join(twins, "device") if removed["twin"] else with_outside
        yield Cleaned(rows, read["rows"], removed)


def _judged(placed: ibis.Table, limit: float) -> ibis.Table:
    """``placed`` with ``verdict``: 0 stays, or why not; of what is outside, whether it was there or is an error."""
    order = ibis.window(group_by="device", order_by=["second", "lon", "lat", "speed_kmh"])
    twice = placed.mutate(twice=(placed.second.lag().over(order) == placed.second).fill_null(False))
    # Rows that are out are in partitions of their own: those that stay see only each other.
    along = ibis.window(group_by=["device", "twice"], order_by="second")

    def too_fast(lon: ibis.Value, lat: ibis.Value, second: ibis.Value) -> ibis.Value:
        metres = distance_m(twice.lon, twice.lat, lon.over(along), lat.over(along))
        return metres > limit * (second.over(along) - twice.second).abs()

    back = too_fast(twice.lon.lag(), twice.lat.lag(), twice.second.lag())
    ahead = too_fast(twice.lon.lead(), twice.lat.lead(), twice.second.lead())
    jump = (back & ahead).fill_null(False)
    outside = twice.zone.isnull()
    verdict = ibis.cases(
        (outside & (jump | twice.twice), _ASTRAY),
        (outside, _OUTSIDE),
        (twice.twice, _DUPLICATE),
        (jump, _JUMP),
        else_=0,
    )
    return twice.mutate(verdict=verdict.cast("int64"))


def _twins(kept: ibis.Table, share: float) -> ibis.Table:
    """(device, rows): ids that are another, smaller id's device, and how many rows each has."""
    millionths = [(column * 1e6 + 0.5).floor().cast("int64") for column in (kept.lon, kept.lat)]
    hours = kept.group_by("device", hour=kept.second // 3600).agg(
        rows=kept.count(), seconds=kept.second.sum(), east=millionths[0].sum(), north=millionths[1].sum()
    )
    alike = ibis.window(group_by=["hour", "rows", "seconds", "east", "north"])
    led = hours.mutate(leader=hours.device.min().over(alike))
    shared = led.filter(led.leader < led.device).group_by("device", "leader").agg(shared=ibis._.count())
    of_device = hours.group_by("device").agg(hours=hours.count(), rows=hours.rows.sum())
    of_leader = of_device.select(leader="device", leader_hours="hours")
    pairs = shared.join(of_device, "device").join(of_leader, "leader")
    same = pairs.filter(
        pairs.shared >= share * ibis.greatest(pairs.hours, pairs.leader_hours), pairs.shared >= _TWIN_HOURS
    )
    return same.select("device", "rows").distinct()


def _one(engine: Engine, expr: ibis.Table) -> dict:
    return engine.to_arrow(expr).to_pylist()[0]
