"""Methods of feed ``mobility`` by name and version, as ``measurements.csv`` names them: a year's values from its days.

A number that rests on fewer devices than ``least_devices`` of ``layer_kinds.csv`` is not given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import ibis

from cityhealth.measurement.parameters import Reader
from cityhealth.measurement.values import Parameters
from cityhealth.mobility.commuting import (
    CommuteRules,
    DayPartial,
    commute_rules,
    commuting,
    homes,
    read_partials,
)
from cityhealth.mobility.engine import Engine
from cityhealth.mobility.presence import main_places
from cityhealth.mobility.windows import ALL_DAY, Hours, hours_in, is_workday, read_hours
from cityhealth.mobility.zones import Zones

__all__ = ["LEAST_DEVICES", "MOBILITY_METHODS", "DayPartial", "Found", "Method", "Query"]

#: Where the caller does not say.
LEAST_DEVICES = 10

_TEN_THOUSAND = 10_000.0


@dataclass(frozen=True)
class Found:
    """A number of an area in ``unit`` (of ``units.csv``), resting on so many devices; without a number the
    ``problem``, in Chinese."""

    number: float | None
    unit: str
    devices: int
    problem: str | None = None


@dataclass(frozen=True)
class Query:
    """What sums are made of: the days that count, and the areas."""

    engine: Engine
    partials: Sequence[DayPartial]
    zones: Zones

    @property
    def days(self) -> int:
        return len({partial.day for partial in self.partials})

    def read(self, name: str) -> ibis.Table:
        return read_partials(self.engine, self.partials, name)

    def with_areas(self, rows: ibis.Table, zone: str = "zone") -> ibis.Table:
        """``rows`` with a column ``area``, once for each area that their zone is part of."""
        key = ("membership", self.zones.hash)
        areas = self.engine.once(key, lambda: self.engine.table(self.zones.membership)).rename(area_zone="zone")
        return rows.join(areas, rows[zone] == areas.area_zone).drop("area_zone")


#: (area, number, devices) of areas, or in Chinese why there is nothing to be had.
Sums = Callable[[Query], ibis.Table | str]


@dataclass(frozen=True)
class _Asked:
    """Parameters that were read: whether only working days count, and what is summed up of the days that do."""

    workdays: bool
    sums: Sums


@dataclass(frozen=True)
class Method:
    """Sums of days as values of areas; ``counts_people``: it must be known for how many people a device stands."""

    unit: str
    counts_people: bool
    read: Callable[[Reader], _Asked]

    def __call__(
        self,
        engine: Engine,
        partials: Sequence[DayPartial],
        parameters: Parameters,
        zones: Zones,
        least_devices: int = LEAST_DEVICES,
    ) -> Mapping[str, Found]:
        """What was found for every area of ``zones``, by its code.

        Raises:
            MeasurementError: a parameter is missing, unreadable or unknown; the message names it.
        """
        asked = self.check(parameters)
        chosen = [partial for partial in partials if not asked.workdays or is_workday(partial.day)]
        sums: ibis.Table | str
        if not chosen:
            sums = "没有这些日子的数据"
        elif self.counts_people and any(partial.people_per_device is None for partial in chosen):
            sums = "没有写明扩样系数（每台设备代表多少人）"
        else:
            sums = asked.sums(Query(engine, chosen, zones))
        if isinstance(sums, str):
            return {code: Found(None, self.unit, 0, sums) for code in zones.codes}
        rows = {row["area"]: row for row in engine.to_arrow(sums).to_pylist()}
        return {code: self._found(rows.get(code), least_devices) for code in zones.codes}

    def check(self, parameters: Parameters) -> _Asked:
        """Read the parameters. Raises MeasurementError where one is missing, unreadable or unknown."""
        reader = Reader(parameters)
        asked = self.read(reader)
        reader.finish()
        return asked

    def _found(self, row: Mapping | None, least_devices: int) -> Found:
        devices = int(row["devices"]) if row else 0
        if row is None or row["number"] is None or devices < least_devices:
            return Found(None, self.unit, devices, f"依据的设备少于 {least_devices} 台，为保护个人信息不给出数值")
        return Found(float(row["number"]), self.unit, devices)


def read_window(reader: Reader) -> tuple[bool, Hours]:
    """``days=workdays`` or ``all``, and ``hours=7-9|17-19``; all of them where it is not said."""
    workdays = reader.choice("days", ("all", "workdays"), "all") == "workdays"
    return workdays, read_hours("hours", reader.text("hours")) if reader.has("hours") else ALL_DAY


def _driven(column: str, per_unit: float) -> Callable[[Reader], _Asked]:
    def read(reader: Reader) -> _Asked:
        workdays, hours = read_window(reader)

        def sums(query: Query) -> ibis.Table:
            rows = query.read("driving")
            driven = query.with_areas(rows.filter(rows.hour.isin(hours_in(hours)))).group_by("area")
            return driven.agg(number=ibis._[column].sum() / per_unit, devices=ibis._.device.nunique())

        return _Asked(workdays, sums)

    return read


def _commuters(reader: Reader) -> _Asked:
    rules = commute_rules(reader)
    return _Asked(False, lambda query: _people(_at_home(query, rules)))


def _commuters_within(reader: Reader) -> _Asked:
    rules, limit = commute_rules(reader), reader.number("within_m", 0)

    def sums(query: Query) -> ibis.Table:
        found = _at_home(query, rules)
        return _people(found.filter(found.distance_m < limit))

    return _Asked(False, sums)


def _commute_minutes(reader: Reader) -> _Asked:
    rules = commute_rules(reader)

    def sums(query: Query) -> ibis.Table:
        found = _at_home(query, rules)
        seen = found.minutes.notnull()
        mean = (found.minutes * found.people).sum() / found.people.sum(where=seen)
        return found.group_by("area").agg(number=mean * found.people.sum(), devices=found.device.nunique(where=seen))

    return _Asked(False, sums)


def _at_home(query: Query, rules: CommuteRules) -> ibis.Table:
    return query.with_areas(commuting(query.engine, query.partials, rules, query.zones), "home_zone")


def _people(rows: ibis.Table) -> ibis.Table:
    return rows.group_by("area").agg(number=rows.people.sum(), devices=rows.device.nunique())


def _present_people(reader: Reader) -> _Asked:
    workdays, hours = read_window(reader)

    def sums(query: Query) -> ibis.Table:
        there = query.with_areas(main_places(query.engine, query.partials, hours))
        return _per_day(there, query.days)

    return _Asked(workdays, sums)


def _visitors(reader: Reader) -> _Asked:
    night, min_nights = read_hours("night", reader.text("night")), reader.number("min_nights", 1)

    def sums(query: Query) -> ibis.Table | str:
        if query.days < min_nights:
            return f"只有 {query.days} 天的数据，少于 {min_nights:g} 天，分不清谁住在本地"
        stays = query.with_areas(query.read("stays"))
        there = stays.group_by("area", "device", "day").agg(people=stays.people.mean())
        own = query.with_areas(homes(query.engine, query.partials, night, min_nights))
        return _per_day(there.anti_join(own, ["area", "device"]), query.days)

    return _Asked(False, sums)


def _per_day(rows: ibis.Table, days: int) -> ibis.Table:
    return rows.group_by("area").agg(number=rows.people.sum() / float(days), devices=rows.device.nunique())


def _daily_trips(reader: Reader) -> _Asked:
    modes = reader.text("modes").split("|") if reader.has("modes") else None

    def sums(query: Query) -> ibis.Table | str:
        trips, travellers = query.read("trips"), query.read("travellers")
        if modes is not None:
            told = query.engine.to_arrow(trips.agg(told=trips.mode.count())).to_pylist()[0]["told"]
            if not told:
                return "出行记录没有写明出行方式"
            trips, travellers = trips.filter(trips.mode.isin(modes)), travellers.filter(travellers.mode.isin(modes))
        made = query.with_areas(trips, "origin_zone")
        made = made.group_by("area").agg(
            number=(made.travellers * made.people).sum() / (query.days * _TEN_THOUSAND), nameless=made.nameless.sum()
        )
        named = query.with_areas(travellers, "origin_zone")
        named = named.group_by("area").agg(named=named.device.nunique()).rename(named_area="area")
        both = made.left_join(named, made.area == named.named_area)
        devices = both.named.fill_null(0) + both.nameless.floor().cast("int64")
        return both.select("area", "number", devices=devices)

    return _Asked(False, sums)


#: Parameters are those of ``measurements.csv``.
MOBILITY_METHODS: Mapping[str, Mapping[int, Method]] = {
    # Driven in the area in ``hours`` of the ``days``; standing in traffic takes time, being parked does not.
    "driven_distance": {1: Method("公里", False, _driven("distance_m", 1000.0))},
    "driven_time": {1: Method("小时", False, _driven("seconds", 3600.0))},
    # People with a home in the area and a place of work (``commuting``).
    "commuters": {1: Method("人", True, _commuters)},
    # Those who work less than ``within_m`` from home, straight between the middles of cells.
    "commuters_within": {1: Method("人", True, _commuters_within)},
    # Minutes of one way to work, summed over all commuters; whose way was never seen counts with the others' mean, so
    # that divided by the commuters it is the mean of the ways that were seen.
    "commute_minutes": {1: Method("人·分钟", True, _commute_minutes)},
    # People who in ``hours`` stay longest in the area, mean of the ``days``.
    "present_people": {1: Method("人", True, _present_people)},
    # People who stay in the area on a day and have no home in it, mean of the days.
    "visitors": {1: Method("人次", True, _visitors)},
    # Trips that begin in the area, by any of ``modes``, mean of the days. A trip without a device id counts as one.
    "daily_trips": {1: Method("万人次", True, _daily_trips)},
}
