"""Where devices are on a day, from their stays."""

from __future__ import annotations

from collections.abc import Sequence

import ibis

from cityhealth.mobility.commuting import DayPartial, read_partials
from cityhealth.mobility.engine import Engine
from cityhealth.mobility.windows import Hours, seconds_within


def main_places(engine: Engine, partials: Sequence[DayPartial], hours: Hours) -> ibis.Table:
    """(device, day, cell, zone, people): where a device stayed longest in ``hours`` of a day. Made once per engine.

    Of equal places the smaller cell, then zone; devices that stayed nowhere in these hours are not there.
    """

    def make() -> ibis.Table:
        stays = read_partials(engine, partials, "stays")
        there = stays.mutate(there=seconds_within(stays.arrive, stays.depart, stays.day, hours))
        there = there.filter(there.there > 0)
        places = there.group_by("device", "day", "cell", "zone").agg(
            seconds=there.there.sum(), people=there.people.mean()
        )
        order = [places.seconds.desc(), places.cell.asc(), places.zone.asc()]
        ranked = places.mutate(rank=ibis.row_number().over(group_by=["device", "day"], order_by=order))
        return ranked.filter(ranked.rank == 0).drop("rank", "seconds")

    return engine.once(("main places", frozenset(partial.path for partial in partials), hours), make)
