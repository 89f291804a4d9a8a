"""From accepted readings to ``ops.air_hour`` and ``ops.air_day``: what is in force now, made again where it changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, LiteralString

import pandas as pd
import psycopg
from psycopg import sql

from cityhealth.air.days import DAY_COLUMNS, HOUR_COLUMNS, air_days, air_hours, day_of
from cityhealth.catalogue import Catalogue
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.warehouse.connections import Warehouse

#: Any number; who derives in this database takes this lock first.
_DERIVE_LOCK = 7_201_409
_DAY = timedelta(days=1)

_JUDGED_ANEW = """
select current_run.arrival_id, current_run.gate_run_id, derived.gate_run_id
from gate.current_run as current_run
join raw.batch as batch on batch.batch_id = current_run.batch_id and batch.raw_table = 'air_reading'
left join ops.air_derived as derived on derived.arrival_id = current_run.arrival_id
where derived.gate_run_id is distinct from current_run.gate_run_id
"""
_TOUCHED_DAYS = """
select distinct ((hour - interval '1 hour') at time zone 'Asia/Shanghai')::date
from gate.air_reading
where gate_run_id = any(%s) and verdict = 'accepted'
"""
#: Of each station, hour and pollutant the accepted reading received last.
_IN_FORCE = """
select distinct on (reading.station_code, reading.hour, reading.pollutant)
    reading.station_code as station, reading.hour at time zone 'Asia/Shanghai' as hour, reading.pollutant, reading.value
from unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) as span (since, until)
join gate.current_air_reading as reading on reading.hour > span.since and reading.hour <= span.until
where reading.verdict = 'accepted'
order by reading.station_code, reading.hour, reading.pollutant, reading.received_at desc, reading.arrival_id desc
"""


@dataclass(frozen=True)
class Derived:
    """How many rows of ``ops.air_hour`` and ``ops.air_day`` are new, changed or gone, and the days looked at."""

    hours: int
    days: int
    touched: tuple[date, ...]


def derive(warehouse: Warehouse, catalogue: Catalogue) -> Derived:
    """Bring hours and days up to what the gate says now: those that an arrival touched whose judgement is new.

    A row that comes out as it stands is left alone, with its ``derived_at``. Of one station, hour and pollutant the
    accepted reading received last is in force, so that no order of loading changes a row, and what was refused leaves
    an older reading in force. All in one transaction; who comes second waits, and finds nothing to do.

    ``catalogue``: whose stations make up the city. Where its stations change, older rows stand as they are, until
    ``ops.air_derived`` is emptied.
    """
    with warehouse.connect("loader") as connection, connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (_DERIVE_LOCK,))
        anew = connection.execute(_JUDGED_ANEW).fetchall()
        if not anew:
            return Derived(0, 0, ())
        runs = [run for _, *pair in anew for run in pair if run is not None]
        touched = sorted(day for (day,) in connection.execute(_TOUCHED_DAYS, (runs,)).fetchall())
        hours, days = _renew(connection, touched, catalogue) if touched else (0, 0)
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into ops.air_derived (arrival_id, gate_run_id) values (%s, %s)"
                " on conflict (arrival_id) do update set gate_run_id = excluded.gate_run_id",
                [(arrival_id, run) for arrival_id, run, _ in anew],
            )
    return Derived(hours, days, tuple(touched))


def _renew(connection: psycopg.Connection, touched: Sequence[date], catalogue: Catalogue) -> tuple[int, int]:
    # The running means of sulphur dioxide of a day's last hours reach into the next day, those of its first into the
    # day before.
    with_next = sorted({day + _DAY * number for day in touched for number in (0, 1)})
    since, until = _spans({*with_next, *(day - _DAY for day in touched)})
    found = connection.execute(_IN_FORCE, {"since": since, "until": until}).fetchall()
    readings = pd.DataFrame(found, columns=["station", "hour", "pollutant", "value"])
    readings = readings.assign(hour=pd.to_datetime(readings["hour"]))
    hours = air_hours(readings, catalogue.stations)
    days = air_days(readings, catalogue.stations)
    since, until = _spans(with_next)
    return (
        _replace(
            connection,
            "air_hour",
            HOUR_COLUMNS,
            hours.loc[day_of(pd.to_datetime(hours["hour"])).isin(with_next)],
            "exists (select 1 from unnest(%s::timestamptz[], %s::timestamptz[]) as span (since, until)"
            " where hour > span.since and hour <= span.until)",
            (since, until),
        ),
        _replace(connection, "air_day", DAY_COLUMNS, days.loc[days["day"].isin(touched)], "day = any(%s)", (touched,)),
    )


def _spans(days: Collection[date]) -> tuple[list[datetime], list[datetime]]:
    """Runs of days as the moments between which their hours end (the first of them not among them)."""
    starts = [day for day in days if day - _DAY not in days]
    ends = [day for day in days if day + _DAY not in days]
    return [_midnight(day) for day in sorted(starts)], [_midnight(day + _DAY) for day in sorted(ends)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CITY_TIMEZONE)


def _replace(
    connection: psycopg.Connection,
    table: str,
    columns: Sequence[str],
    found: pd.DataFrame,
    where: LiteralString,
    values: tuple[object, ...],
) -> int:
    """Make the rows of ``ops.<table>`` that meet ``where`` those that were found; how many differ."""
    name, listed = sql.Identifier("ops", table), sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("select {} from {} where {}").format(listed, name, sql.SQL(where))
    standing = {row[:3]: row for row in connection.execute(query, values).fetchall()}
    wanted = {row[:3]: row for row in _records(found)}
    gone = [key for key, row in standing.items() if wanted.get(key) != row]
    new = [row for key, row in wanted.items() if standing.get(key) != row]
    key = sql.SQL(", ").join(map(sql.Identifier, columns[:3]))
    with connection.cursor() as cursor:
        if gone:
            kinds, codes, times = (list(part) for part in zip(*gone, strict=True))
            of_type = sql.SQL("timestamptz[]" if table == "air_hour" else "date[]")
            cursor.execute(
                sql.SQL("delete from {} where ({}) in (select * from unnest(%s::text[], %s::text[], %s::{}))").format(
                    name, key, of_type
                ),
                (kinds, codes, times),
            )
        with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(name, listed)) as copy:
            for row in new:
                copy.write_row(row)
    return len({row[:3] for row in new} | set(gone))


def _records(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """As PostgreSQL gives them back."""
    for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None):
        kind, code, moment, *rest = row
        if isinstance(moment, datetime):
            moment = moment.replace(tzinfo=CITY_TIMEZONE)
        yield kind, code, moment, *rest
