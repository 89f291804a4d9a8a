"""When the half-month summaries run: each at the cut-off of its reporting period, under the period's key.

Pure: the Airflow timetable in ``plugins/`` asks this, and the clock is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cityhealth.campaigns import reporting_periods
from cityhealth.catalogue import Campaign
from cityhealth.settings import CITY_TIMEZONE

#: A schedule that was switched on, or a scheduler that was down, still makes the run of the last due date when that
#: is not longer ago. What is older nobody waits for: it is a backfill's.
STILL_WANTED = timedelta(days=16)


@dataclass(frozen=True)
class Due:
    """The run of one reporting period: ``key`` is its nominal due date, ``cutoff`` the moment at which it runs."""

    key: str
    cutoff: datetime

    @property
    def day(self) -> date:
        return date.fromisoformat(self.key)


def dues(campaigns: Iterable[Campaign]) -> tuple[Due, ...]:
    """The runs of all periods of ``campaigns``, by cut-off."""
    periods = (period for campaign in campaigns for period in reporting_periods(campaign))
    return tuple(sorted((Due(period.key, period.cutoff) for period in periods), key=lambda due: (due.cutoff, due.key)))


def next_due(
    runs: Sequence[Due],
    *,
    now: datetime,
    after: datetime | None = None,
    earliest: datetime | None = None,
    latest: datetime | None = None,
    catchup: bool = False,
) -> Due | None:
    """The run that follows the one made for the cut-off ``after`` (None: none was made yet); None when all are made.

    ``earliest`` and ``latest`` bound the cut-off, inclusively. Without ``catchup``, of the cut-offs that have passed
    by ``now`` only the last one counts, and that only for as long as its summary is :data:`STILL_WANTED`.
    """
    wanted = [
        run
        for run in runs
        if (after is None or run.cutoff > after)
        and (earliest is None or run.cutoff >= earliest)
        and (latest is None or run.cutoff <= latest)
    ]
    if not catchup:
        last_passed = max((run.cutoff for run in wanted if run.cutoff <= now), default=None)
        wanted = [
            run
            for run in wanted
            if run.cutoff > now or (run.cutoff == last_passed and now - run.cutoff <= STILL_WANTED)
        ]
    return wanted[0] if wanted else None


def dues_between(runs: Iterable[Due], first: date, last: date, now: datetime) -> list[Due]:
    """The runs whose nominal due date lies in ``first``…``last``, both included, and whose cut-off has passed.

    What is not due yet is left out: its run would wait, and its backfill would keep every other one waiting.
    """
    return [run for run in runs if first <= run.day <= last and run.cutoff <= now]


def day_of_bound(moment: datetime) -> date:
    """The day that a bound of a backfill means: ``2021-06-05`` typed, as UTC or as the city's midnight.

    Airflow's command line reads a date in the city's time, its REST interface in UTC, and its pages send the
    browser's midnight as UTC.
    """
    local = moment.astimezone(CITY_TIMEZONE)
    return local.date() if local.time() == datetime.min.time() else moment.date()
