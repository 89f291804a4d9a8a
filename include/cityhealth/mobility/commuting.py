"""Where devices are at home and at work, and how they get there, from their stays of a year.

A *place* is a cell of the grid, of a border cell its part in one zone. *Home* is the place with stays in the night
hours of most days, *work* the one with stays in the day hours of most working days; of equal ones the place with more
time, then the smaller cell. Nights are counted by calendar day: both ends of a day are one night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import ibis

from cityhealth.measurement.parameters import Reader
from cityhealth.mobility.engine import Engine
from cityhealth.mobility.windows import Hours, day_number, is_workday, read_hours, seconds_within
from cityhealth.mobility.zones import Zones, distance_m

_NOON = 12 * 3600


@dataclass(frozen=True)
class DayPartial:
    """A day that was summed up (:func:`~cityhealth.mobility.partials.compute_day`) into the folder ``path``."""

    path: Path
    day: date
    people_per_device: float | None


@dataclass(frozen=True)
class CommuteRules:
    """Who commutes: ``min_nights``, ``min_days``: least days with stays at home by night, at work by day;
    ``min_distance_m``: between the middles of both cells."""

    night: Hours
    day: Hours
    min_nights: float
    min_days: float
    min_distance_m: float


def commute_rules(reader: Reader) -> CommuteRules:
    """Raises MeasurementError where a parameter is missing or unreadable."""
    return CommuteRules(
        night=read_hours("night", reader.text("night")),
        day=read_hours("day", reader.text("day")),
        min_nights=reader.number("min_nights", 1),
        min_days=reader.number("min_days", 1),
        min_distance_m=reader.number("min_distance_m", 0),
    )


def read_partials(engine: Engine, partials: Sequence[DayPartial], name: str) -> ibis.Table:
    """The rows of one file of all these days."""
    return engine.read(sorted(partial.path / f"{name}.parquet" for partial in partials))


def homes(engine: Engine, partials: Sequence[DayPartial], night: Hours, min_nights: float) -> ibis.Table:
    """(device, cell, zone, people) of every device that has a home. Made once per engine."""

    def make() -> ibis.Table:
        return _usual(read_partials(engine, partials, "stays"), night, min_nights)

    return engine.once(("homes", _key(partials), night, min_nights), make)


def commuting(engine: Engine, partials: Sequence[DayPartial], rules: CommuteRules, zones: Zones) -> ibis.Table:
    """(device, home_zone, work_zone, distance_m, minutes, people) of every device that commutes. Made once per engine.

    Those whose home and work are ``min_distance_m`` or more apart. ``minutes``: mean over the working days of the way
    from home to work before noon (:func:`_ways`), null where none was seen. ``people``: mean over the days at home.
    """
    workdays = [day_number(partial.day) for partial in partials if is_workday(partial.day)]

    def make() -> ibis.Table:
        home = homes(engine, partials, rules.night, rules.min_nights)
        stays = read_partials(engine, partials, "stays")
        stays = stays.filter(stays.day.isin(workdays))
        work = _usual(stays, rules.day, rules.min_days)
        home = home.rename(home_cell="cell", home_zone="zone")
        both = home.join(work.select("device", work_cell="cell", work_zone="zone"), "device")
        ends = (*zones.middle(both.home_cell), *zones.middle(both.work_cell))
        both = both.mutate(distance_m=distance_m(*ends))
        both = both.filter(both.distance_m >= rules.min_distance_m, both.distance_m > 0)
        ways = _ways(stays, both).rename(way_device="device")
        joined = both.left_join(ways, both.device == ways.way_device)
        return joined.select("device", "home_zone", "work_zone", "distance_m", "minutes", "people")

    return engine.once(("commuting", _key(partials), rules, zones.hash), make)


def _usual(stays: ibis.Table, hours: Hours, least_days: float) -> ibis.Table:
    """(device, cell, zone, people): the place where a device is in ``hours`` on most days."""
    there = stays.mutate(there=seconds_within(stays.arrive, stays.depart, stays.day, hours))
    there = there.filter(there.there > 0)
    places = there.group_by("device", "cell", "zone").agg(
        days=there.day.nunique(), seconds=there.there.sum(), people=there.people.mean()
    )
    places = places.filter(places.days >= least_days)
    order = [places.days.desc(), places.seconds.desc(), places.cell.asc(), places.zone.asc()]
    ranked = places.mutate(rank=ibis.row_number().over(group_by="device", order_by=order))
    return ranked.filter(ranked.rank == 0).select("device", "cell", "zone", "people")


def _ways(stays: ibis.Table, commuters: ibis.Table) -> ibis.Table:
    """(device, minutes): mean over days of the way from home to the first stay at work that begins before noon.

    It begins with the first fix away from home after the last stay there; where the next fix was at work already, with
    the last fix at home, since nothing was seen in between.
    """
    own = stays.join(commuters.select("device", "home_cell", "home_zone", "work_cell", "work_zone"), "device")
    at_home = (own.cell == own.home_cell) & (own.zone == own.home_zone)
    at_work = (own.cell == own.work_cell) & (own.zone == own.work_zone)
    own = own.mutate(at_home=at_home, at_work=at_work)
    morning = own.filter(own.at_work, own.arrive - own.day * 86_400 < _NOON)
    reached = morning.group_by("device", "day").agg(reached=morning.arrive.min())
    home = own.filter(own.at_home).select("device", "day", "depart", "last")
    before = home.join(reached, ["device", "day"])
    before = before.filter(before.depart <= before.reached)
    left = before.mutate(left=(before.depart < before.reached).ifelse(before.depart, before["last"]))
    days = left.group_by("device", "day").agg(seconds=left.reached.max() - left["left"].max())
    return days.group_by("device").agg(minutes=days.seconds.mean() / 60.0)


def _key(partials: Sequence[DayPartial]) -> frozenset[Path]:
    return frozenset(partial.path for partial in partials)
