"""What leaves the engine besides values: people by grid cell, flows from home to work, speeds by day.

No row rests on fewer than ``least_devices`` devices. What is left out cannot be had from totals either: where all that
is hidden of a total rests on fewer devices than that, though on some, the smallest row that would be shown is hidden
as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import ibis
import pyarrow as pa

from cityhealth.measurement.parameters import Reader
from cityhealth.measurement.values import Parameters
from cityhealth.mobility.commuting import DayPartial, commute_rules, commuting
from cityhealth.mobility.engine import Engine
from cityhealth.mobility.methods import Query, read_window
from cityhealth.mobility.presence import main_places
from cityhealth.mobility.windows import day_number, hours_in, is_workday
from cityhealth.mobility.zones import CELL_COLUMNS, Zones

PRESENCE_CELL = pa.schema(
    [
        pa.field("year", pa.int64()),
        pa.field("part_of_day", pa.string()),
        pa.field("cell", pa.string()),
        pa.field("lon", pa.float64()),
        pa.field("lat", pa.float64()),
        pa.field("cell_m", pa.float64()),
        pa.field("people", pa.float64()),
        pa.field("devices", pa.int64()),
    ]
)

COMMUTE_FLOW = pa.schema(
    [
        pa.field("year", pa.int64()),
        pa.field("home_area", pa.string()),
        pa.field("work_area", pa.string()),
        pa.field("people", pa.float64()),
        pa.field("minutes", pa.float64()),
        pa.field("distance_m", pa.float64()),
        pa.field("devices", pa.int64()),
    ]
)

SPEED_DAY = pa.schema(
    [
        pa.field("area_code", pa.string()),
        pa.field("day", pa.date32()),
        pa.field("distance_km", pa.float64()),
        pa.field("hours", pa.float64()),
        pa.field("devices", pa.int64()),
    ]
)


def presence_cells(
    engine: Engine,
    partials: Sequence[DayPartial],
    parts_of_day: Mapping[str, Parameters],
    zones: Zones,
    year: int,
    least_devices: int,
) -> pa.Table:
    """People by cell, mean of the days: rows of ``PRESENCE_CELL``.

    ``parts_of_day``: ``night``, ``day`` → the parameters of ``present_people`` (``hours``, ``days``). ``cell`` is
    ``row-column`` of the grid. Totals are those of all areas of ``zones``. Without a factor there are no rows.
    """
    tables = [PRESENCE_CELL.empty_table()]
    for part, parameters in sorted(parts_of_day.items()):
        reader = Reader(parameters)
        workdays, hours = read_window(reader)
        reader.finish()
        chosen = _usable(partials, workdays)
        if not chosen:
            continue
        query = Query(engine, chosen, zones)
        places = main_places(engine, chosen, hours)
        shown = _shown(query.with_areas(places), ["cell"], "area", least_devices)
        people = places.group_by("cell").agg(people=places.people.sum() / float(query.days))
        cells = people.join(shown, "cell")
        lon, lat = zones.middle(cells.cell)
        rows = engine.to_arrow(cells.mutate(lon=lon, lat=lat)).sort_by("cell").to_pylist()
        for row in rows:
            name = "{}-{}".format(*divmod(row["cell"], CELL_COLUMNS))
            row |= {"year": year, "part_of_day": part, "cell": name, "cell_m": zones.cell_m}
        tables.append(pa.Table.from_pylist(rows, schema=PRESENCE_CELL))
    return pa.concat_tables(tables)


def commute_flows(
    engine: Engine,
    partials: Sequence[DayPartial],
    parameters: Parameters,
    zones: Zones,
    year: int,
    least_devices: int,
    areas: Collection[str] | None = None,
) -> pa.Table:
    """Commuters between ``areas`` (all of ``zones`` where not given): rows of ``COMMUTE_FLOW``.

    ``parameters``: those of ``commuters``. ``minutes``, ``distance_m``: means over people; minutes only where the ways
    of ``least_devices`` devices were seen. Totals are those of homes in an area. Without a factor there are no rows.
    """
    reader = Reader(parameters)
    rules = commute_rules(reader)
    reader.finish()
    chosen = _usable(partials, False)
    if not chosen:
        return COMMUTE_FLOW.empty_table()
    query = Query(engine, chosen, zones)
    people = commuting(engine, chosen, rules, zones)
    pairs = query.with_areas(people, "home_zone").rename(home_area="area")
    pairs = query.with_areas(pairs, "work_zone").rename(work_area="area")
    if areas is not None:
        pairs = pairs.filter(pairs.home_area.isin(sorted(areas)), pairs.work_area.isin(sorted(areas)))
    ends = ["home_area", "work_area"]
    seen = pairs.minutes.notnull()
    minutes = (pairs.minutes * pairs.people).sum() / pairs.people.sum(where=seen)
    flows = pairs.group_by(ends).agg(
        people=pairs.people.sum(),
        minutes=(pairs.device.nunique(where=seen) >= least_devices).ifelse(minutes, None),
        distance_m=(pairs.distance_m * pairs.people).sum() / pairs.people.sum(),
    )
    shown = _shown(pairs, ends, "home_area", least_devices)
    rows = engine.to_arrow(flows.join(shown, ends)).sort_by([(end, "ascending") for end in ends]).to_pylist()
    return pa.Table.from_pylist([row | {"year": year} for row in rows], schema=COMMUTE_FLOW)


def speed_days(
    engine: Engine, partials: Sequence[DayPartial], parameters: Parameters, zones: Zones, least_devices: int
) -> pa.Table:
    """Distance and time driven by area and day: rows of ``SPEED_DAY``. ``parameters``: those of ``driven_distance``."""
    reader = Reader(parameters)
    workdays, hours = read_window(reader)
    reader.finish()
    chosen = [partial for partial in partials if not workdays or is_workday(partial.day)]
    if not chosen:
        return SPEED_DAY.empty_table()
    query = Query(engine, chosen, zones)
    rows = query.read("driving")
    driven = query.with_areas(rows.filter(rows.hour.isin(hours_in(hours))))
    sums = driven.group_by("area", "day").agg(
        distance_km=driven.distance_m.sum() / 1000.0,
        hours=driven.seconds.sum() / 3600.0,
        devices=driven.device.nunique(),
    )
    found = engine.to_arrow(sums.filter(sums.devices >= least_devices))
    days = {day_number(partial.day): partial.day for partial in chosen}
    records = [row | {"area_code": row["area"], "day": days[row["day"]]} for row in found.to_pylist()]
    return pa.Table.from_pylist(sorted(records, key=lambda row: (row["area_code"], row["day"])), schema=SPEED_DAY)


def _usable(partials: Sequence[DayPartial], workdays: bool) -> list[DayPartial]:
    chosen = [partial for partial in partials if not workdays or is_workday(partial.day)]
    return [] if any(partial.people_per_device is None for partial in chosen) else chosen


def _shown(entries: ibis.Table, key: Sequence[str], total: str, least: int) -> ibis.Table:
    """(key …, devices): what may be shown of ``entries`` (device, key …, total …), counted by ``key`` and by ``total``.

    A key below ``least`` is hidden. Of each total of which hidden keys together have devices, but fewer than ``least``,
    the smallest other key (then the first) is hidden too.
    """
    counted = entries.group_by(key).agg(devices=entries.device.nunique())
    small = counted.filter(counted.devices < least).drop("devices")
    large = counted.filter(counted.devices >= least)
    lost = entries.semi_join(small, key)
    lost = lost.group_by(lost[total].name("exposed")).agg(lost=lost.device.nunique())
    exposed = lost.filter(lost.lost < least)
    parts = entries.select(*key, exposed=entries[total]).distinct()
    near = large.join(parts, key).semi_join(exposed, "exposed")
    order = [near.devices.asc(), *(near[name].asc() for name in key)]
    ranked = near.mutate(rank=ibis.row_number().over(group_by="exposed", order_by=order))
    return large.anti_join(ranked.filter(ranked.rank == 0), key)
