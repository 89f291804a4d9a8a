"""The year's days of good air, measured from hourly readings as far as they had been received.

Hourly files are many: only the last arrival of a stretch of time is measured, with all that came before it. Stretches
end at midnight and at the cut-offs of half-month summaries, and are measured once they are over: so what a summary sees
at its cut-off is what it sees whenever it is made again.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import groupby
from typing import Any

import pandas as pd
import psycopg

from cityhealth.air.days import air_days, day_of
from cityhealth.catalogue import Catalogue, Measurement, Station
from cityhealth.hashing import stable_id
from cityhealth.measurement.due import Computed, Due
from cityhealth.measurement.plan import Source
from cityhealth.measurement.rows import Value, value_row
from cityhealth.measurement.values import MeasurementError
from cityhealth.settings import CITY_TIMEZONE

FEED, KIND = "air_quality", "air_hours"
_UNIT = "天"
#: The largest index of a good day (优良天).
_GOOD = 100
#: What an arrival is measured from that does not end a stretch.
_NOTHING = stable_id("air", "nothing")

_ARRIVED = """
select current_run.arrival_id, current_run.received_at, current_run.gate_run_id, current_run.filename,
    current_run.sha256
from gate.current_run as current_run
join raw.batch as batch on batch.batch_id = current_run.batch_id
where current_run.feed = 'air_quality' and batch.raw_table = 'air_reading'
    and (%(until)s::timestamptz is null or current_run.received_at <= %(until)s::timestamptz)
order by current_run.received_at, current_run.arrival_id
"""
_BROUGHT = """
select gate_run_id, extract(year from day)::integer as year,
    count(*) filter (where verdict = 'accepted'), count(*) filter (where verdict = 'refused'),
    max(day) filter (where verdict = 'accepted')
from (
    select gate_run_id, verdict, ((hour - interval '1 hour') at time zone 'Asia/Shanghai')::date as day
    from gate.current_air_reading
) as reading
where day is not null
group by gate_run_id, year
having count(*) filter (where verdict = 'accepted') > 0
"""
#: By the key of each run (``offset 0`` keeps the planner from reading the whole table instead): asked for every
#: stretch, a year must cost what its readings cost once.
_READINGS = """
select run.number, reading.station_code, reading.hour at time zone 'Asia/Shanghai', reading.pollutant, reading.value
from unnest(%s::text[]) with ordinality as run (gate_run_id, number)
cross join lateral (
    select station_code, hour, pollutant, value
    from gate.air_reading
    where gate_run_id = run.gate_run_id and verdict = 'accepted'
    offset 0
) as reading
where reading.hour > %s and reading.hour <= %s
"""


def air_due(
    connection: psycopg.Connection,
    catalogue_on: Callable[[date], Catalogue],
    until: datetime | None,
    now: datetime | None = None,
) -> Iterator[Due]:
    """Every arrival of readings received up to ``until`` (aware; None: ``now``), in order of receipt.

    One that ends a stretch of time is due for each year of which the stretch brought accepted readings; the others
    only to be replaced, where they once were the last. To compute them in this order costs what the readings cost
    once, however many they are.

    Raises:
        MeasurementError: a row of ``measurements.csv`` has a method that there is not, when it is computed.
    """
    moment = until or now or datetime.now(CITY_TIMEZONE)
    arrived = _arrived(connection, until)
    known = _Known(connection)
    for end, stretch in groupby(arrived, lambda it: _end_of_stretch(it, catalogue_on)):
        *before, last = stretch
        for arrival in (*before, last):
            for year, brought in arrival.years.items():
                known.announce(year, arrival, brought)
        for arrival in before:
            yield Due(arrival.arrival_id, _NOTHING, False, _nothing)
        catalogue = catalogue_on(last.day)
        years = sorted({year for arrival in (*before, last) for year in arrival.years})
        measurements = [row for row in catalogue.measurements if row.feed == FEED]
        if end > moment or not years or not measurements:
            yield Due(last.arrival_id, _NOTHING, False, _nothing)
            continue
        # As far as it is known now: what is announced later is none of its business.
        upto = {year: known.count(year) for year in years}
        inputs = stable_id(
            repr(measurements), repr(catalogue.stations), *(f"{year}/{known.digest(year)}" for year in years)
        )
        yield Due(last.arrival_id, inputs, True, partial(_compute, known, last, upto, measurements, catalogue))


@dataclass(frozen=True)
class _Brought:
    """What an arrival brought of a year."""

    accepted: int
    refused: int
    last_day: date


@dataclass(frozen=True)
class _Arrived:
    arrival_id: str
    received_at: datetime
    gate_run_id: str
    filename: str
    sha256: str
    years: Mapping[int, _Brought]

    @property
    def day(self) -> date:
        return self.received_at.astimezone(CITY_TIMEZONE).date()


@dataclass
class _Year:
    """``days``: day → its readings in force; ``cities``: day → city → its index, None where the day is not valid.

    ``taken`` of the announced arrivals are in them.
    """

    announced: list[tuple[_Arrived, _Brought]] = field(default_factory=list)
    digest: str = ""
    taken: int = 0
    days: dict[date, pd.DataFrame] = field(default_factory=dict)
    cities: dict[date, dict[str, int | None]] = field(default_factory=dict)
    stations: tuple[Station, ...] = ()


class _Known:
    """What had been received of each year, taken in step by step."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._years: dict[int, _Year] = {}

    def announce(self, year: int, arrival: _Arrived, brought: _Brought) -> None:
        kept = self._years.setdefault(year, _Year())
        kept.announced.append((arrival, brought))
        kept.digest = stable_id(kept.digest, arrival.gate_run_id)

    def count(self, year: int) -> int:
        return len(self._years[year].announced)

    def digest(self, year: int) -> str:
        return self._years[year].digest

    def source(self, year: int, upto: int, last: _Arrived) -> Source:
        """All that came of a year, under the name of the arrival that ended it."""
        brought = [brought for _, brought in self._years[year].announced[:upto]]
        return Source(
            FEED, KIND, max(it.last_day for it in brought), last.arrival_id, last.received_at, last.gate_run_id,
            last.filename, last.sha256, f"站点小时值 {len(brought)} 次到件",
            sum(it.accepted for it in brought), sum(it.refused for it in brought),
        )  # fmt: skip

    def indices(self, year: int, upto: int, stations: tuple[Station, ...]) -> dict[date, dict[str, int | None]]:
        """Day → city → index, from the first ``upto`` arrivals; must not go back."""
        kept = self._years[year]
        touched = self._take(kept, year, upto)
        if stations != kept.stations:
            kept.stations, touched = stations, set(kept.days)
        if touched:
            found = air_days(pd.concat([kept.days[day] for day in sorted(touched)]), stations)
            for day in touched:
                kept.cities[day] = {}
            of_cities = found.loc[(found["subject_kind"] == "city") & found["day"].isin(touched)]
            for code, day, valid, aqi in of_cities[["subject_code", "day", "is_valid", "aqi"]].itertuples(index=False):
                kept.cities[day][code] = int(aqi) if valid else None
        return kept.cities

    def _take(self, kept: _Year, year: int, upto: int) -> set[date]:
        """Take in what was announced; the days that it touches."""
        runs = [arrival.gate_run_id for arrival, _ in kept.announced[kept.taken : upto]]
        kept.taken = max(kept.taken, upto)
        if not runs:
            return set()
        bounds = [datetime(number, 1, 1, tzinfo=CITY_TIMEZONE) for number in (year, year + 1)]
        rows = self._connection.execute(_READINGS, (runs, *bounds)).fetchall()
        new = pd.DataFrame(rows, columns=["number", "station", "hour", "pollutant", "value"])
        new = new.assign(hour=pd.to_datetime(new["hour"])).sort_values("number", kind="stable")
        touched = set()
        for day, readings in new.groupby(day_of(new["hour"])):
            both = pd.concat([kept.days[day], readings]) if day in kept.days else readings
            kept.days[day] = both.drop_duplicates(["station", "hour", "pollutant"], keep="last")
            touched.add(day)
        return touched


def _arrived(connection: psycopg.Connection, until: datetime | None) -> list[_Arrived]:
    years: dict[str, dict[int, _Brought]] = {}
    for run, year, *brought in connection.execute(_BROUGHT).fetchall():
        years.setdefault(run, {})[year] = _Brought(*brought)
    found = connection.execute(_ARRIVED, {"until": until}).fetchall()
    return [
        _Arrived(arrival_id, received_at, run, filename, sha256, years.get(run, {}))
        for arrival_id, received_at, run, filename, sha256 in found
    ]


def _end_of_stretch(arrival: _Arrived, catalogue_on: Callable[[date], Catalogue]) -> datetime:
    """The first midnight or cut-off that is not before the receipt."""
    midnight = datetime.combine(arrival.day, time(), CITY_TIMEZONE)
    times = {campaign.cutoff for campaign in catalogue_on(arrival.day).campaigns}
    ends = [midnight, *(datetime.combine(arrival.day, at, CITY_TIMEZONE) for at in times), midnight + timedelta(days=1)]
    return min(end for end in ends if end >= arrival.received_at)


def _nothing() -> Computed:
    return Computed([])


def _compute(
    known: _Known,
    last: _Arrived,
    upto: Mapping[int, int],
    measurements: Sequence[Measurement],
    catalogue: Catalogue,
) -> Computed:
    rows: list[dict[str, Any]] = []
    items = {item.code: item for item in catalogue.items}
    for year, count in upto.items():
        cities = known.indices(year, count, catalogue.stations)
        source = known.source(year, count, last)
        for measurement in measurements:
            if measurement.method not in _METHODS:
                raise MeasurementError(f"measurements.csv: {measurement.code} has no method {measurement.method!r}")
            for area in catalogue.scope(items[measurement.item_code], date(year, 12, 31)):
                valid = [aqi for of_day in cities.values() if (aqi := of_day.get(area.code)) is not None]
                share = len(valid) / (366 if calendar.isleap(year) else 365)
                value = Value(_METHODS[measurement.method](valid), _UNIT, valid_share=share) if valid else None
                problem = f"{year} 年没有一天的空气质量监测有效"
                rows.append(value_row(measurement, area.code, year, value, problem, [source]) | {"refused_features": 0})
    return Computed([row | {"line_no": number} for number, row in enumerate(rows, start=1)])


def _good_days(valid: Sequence[int]) -> int:
    return sum(aqi <= _GOOD for aqi in valid)


#: Method → the value, from the indices of all valid days.
_METHODS: Mapping[str, Callable[[Sequence[int]], int]] = {"good_days": _good_days, "valid_days": len}
