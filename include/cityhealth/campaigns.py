"""Reporting periods: from a due date, which names the period, to the window in which its reports are expected.

Pure: the campaign is the catalogue's, the clock is the caller's.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal

from cityhealth.catalogue import Campaign
from cityhealth.errors import CityHealthError
from cityhealth.period_mentions import Mention, mentions
from cityhealth.settings import CITY_TIMEZONE


class NoSuchPeriod(CityHealthError):
    """A key that is the due date of no campaign; the message names those beside it."""


@dataclass(frozen=True)
class ReportingPeriod:
    """One half-month of reports, named by its nominal due date.

    A report is on time in ``opens`` < received ≤ ``cutoff`` (both aware, city time); ``opens`` is the cut-off before,
    of the first period the beginning of the month before its due date. ``due`` is the nominal date, ``due_moved``
    the working day on which it is really due (the same where nothing moves). ``number`` counts from 1.
    """

    system: str
    year: int
    number: int
    due: date
    due_moved: date
    opens: datetime
    cutoff: datetime

    @property
    def key(self) -> str:
        return self.due.isoformat()

    @property
    def title_zh(self) -> str:
        """As officials say it: 2021年第2期（6月5日）."""
        return f"{self.year}年第{self.number}期（{self.due.month}月{self.due.day}日）"

    @property
    def day_ends(self) -> datetime:
        """The end of the day on which the report is due: until then a late one is 当日迟报."""
        return datetime.combine(self.due_moved + timedelta(days=1), datetime.min.time(), CITY_TIMEZONE)


@dataclass(frozen=True)
class Timeliness:
    """When a report came: ``code`` as the marts have it; ``late_minutes`` from the cut-off on, None: in time."""

    code: Literal["on_time", "same_day_late", "late"]
    late_minutes: int | None = None

    def __str__(self) -> str:
        """As officials say it: 按时; 迟报，迟 2 天 3 小时."""
        late = "" if self.late_minutes is None else f"，迟 {duration_zh(self.late_minutes)}"
        return f"{TIMELINESS_ZH[self.code]}{late}"


#: What officials read for each code; the macro ``timeliness_zh`` of dbt says the same.
TIMELINESS_ZH: Mapping[str, str] = {"on_time": "按时", "same_day_late": "当日迟报", "late": "迟报"}


def timeliness(period: ReportingPeriod, received_at: datetime) -> Timeliness:
    """Of one report of ``period``; a minute that has begun counts as late."""
    if received_at <= period.cutoff:
        return Timeliness("on_time")
    late = math.ceil((received_at - period.cutoff) / timedelta(minutes=1))
    return Timeliness("same_day_late" if received_at <= period.day_ends else "late", late)


def duration_zh(minutes: int) -> str:
    """As people say it: 40 分钟, 3 小时 5 分钟, 2 天 3 小时; the macro of that name in dbt says the same."""
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        return f"{days} 天" + (f" {hours} 小时" if hours else "")
    if hours:
        return f"{hours} 小时" + (f" {rest} 分钟" if rest else "")
    return f"{rest} 分钟"


@lru_cache(maxsize=64)
def reporting_periods(campaign: Campaign) -> tuple[ReportingPeriod, ...]:
    """All periods of a campaign, in order."""
    dues = list(_due_dates(campaign))
    moved = [next_working_day(due) if campaign.move_holidays else due for due in dues]
    cutoffs = [datetime.combine(day, campaign.cutoff, CITY_TIMEZONE) for day in moved]
    opens = [_month_before(dues[0]), *cutoffs[:-1]] if dues else []
    return tuple(
        ReportingPeriod(campaign.system, campaign.year, number, due, due_moved, begin, cutoff)
        for number, (due, due_moved, begin, cutoff) in enumerate(zip(dues, moved, opens, cutoffs, strict=True), start=1)
    )


def reporting_period(key: str, campaigns: Iterable[Campaign]) -> ReportingPeriod:
    """The period that ``key`` (``2021-06-05``) names.

    Raises:
        NoSuchPeriod: it is no due date of these campaigns.
    """
    known = [period for campaign in campaigns for period in reporting_periods(campaign)]
    found = next((period for period in known if period.key == key), None)
    if found is None:
        raise NoSuchPeriod(f"「{key}」不是报送期（campaign.csv）{_near(key, known)}")
    return found


def read_period(text: str, received_at: datetime, campaigns: Iterable[Campaign]) -> ReportingPeriod:
    """The period that an official's text names: ``2021-06-05``, ``截至6月5日``, ``2021年第2期（6月5日）``.

    A date without its year is the one nearest to ``received_at``; a number without a year counts in the campaign
    of ``received_at``, or the nearest one. Of a span (``5月20日至6月5日``) the last day names the period. The working
    day to which a due date has moved names its period too.

    Raises:
        NoSuchPeriod: not understood, no due date, or several; the message is Chinese and quotes the text.
    """
    known = [period for campaign in campaigns for period in reporting_periods(campaign)]
    said = mentions(text)
    quoted = text.strip() if len(text.strip()) <= 40 else f"{text.strip()[:40]}…"
    # A digit that belongs to no mention may be a year, a second date, anything: it is not passed over.
    if not said.found or any(character.isdigit() for character in said.rest):
        raise NoSuchPeriod(f"看不懂的报送期「{quoted}」，请写成 2021-06-05 的样子")
    found = {_named(mention, received_at, known, quoted) for mention in said.found}
    if len(found) > 1:
        raise NoSuchPeriod(f"「{quoted}」写了不止一个报送期：{'、'.join(sorted(period.key for period in found))}")
    return found.pop()


def period_at(moment: datetime, campaigns: Iterable[Campaign]) -> ReportingPeriod | None:
    """The period for which a report of that moment is on time; None before the first and after the last."""
    periods = (period for campaign in campaigns for period in reporting_periods(campaign))
    return next((period for period in periods if period.opens < moment <= period.cutoff), None)


def periods_due(campaigns: Iterable[Campaign], now: datetime) -> list[ReportingPeriod]:
    """The periods whose cut-off has passed, oldest first."""
    periods = (period for campaign in campaigns for period in reporting_periods(campaign))
    return sorted((period for period in periods if period.cutoff <= now), key=lambda period: period.cutoff)


def next_working_day(day: date) -> date:
    """``day`` itself, or the first day after it on which offices work (holidays and 调休 by ``chinese-calendar``).

    Raises:
        CityHealthError: the installed calendar does not know that year.
    """
    # Not at the top: only a catalogue that moves its dates needs it.
    import chinese_calendar

    try:
        while not chinese_calendar.is_workday(day):
            day += timedelta(days=1)
    except NotImplementedError as error:
        raise CityHealthError(f"节假日历（chinese-calendar）还没有 {day.year} 年，请升级后再按工作日顺延") from error
    return day


def _due_dates(campaign: Campaign) -> Iterator[date]:
    year, month = campaign.first_due.year, campaign.first_due.month
    while (year, month) <= (campaign.last_due.year, campaign.last_due.month):
        for day in campaign.due_days:
            due = date(year, month, day)
            if campaign.first_due <= due <= campaign.last_due:
                yield due
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _month_before(day: date) -> datetime:
    year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    begin = date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
    return datetime.combine(begin, datetime.min.time(), CITY_TIMEZONE)


def _named(mention: Mention, received_at: datetime, known: Sequence[ReportingPeriod], quoted: str) -> ReportingPeriod:
    if mention.number is not None:
        numbered = [p for p in known if p.number == mention.number and mention.year in (None, p.year)]
        if numbered:
            return min(numbered, key=lambda p: abs(p.cutoff - received_at))
        raise NoSuchPeriod(f"「{quoted}」不是报送期：没有第 {mention.number} 期")
    years = [mention.year] if mention.year else [received_at.year + shift for shift in (-1, 0, 1)]
    days = [day for year in years if (day := mention.on(year)) is not None]
    if not days:
        raise NoSuchPeriod(f"看不懂的报送期「{quoted}」，请写成 2021-06-05 的样子")
    meant = min(days, key=lambda day: abs(day - received_at.astimezone(CITY_TIMEZONE).date()))
    nominal = next((p for p in known if p.due == meant), None)
    found = nominal or next((p for p in known if p.due_moved == meant), None)
    if found is None:
        raise NoSuchPeriod(f"「{quoted}」不是报送期{_near(meant.isoformat(), known)}")
    return found


def _near(key: str, known: Iterable[ReportingPeriod]) -> str:
    near = sorted(period.key for period in sorted(known, key=lambda p: _distance(p.key, key))[:3])
    return f"，相近的有 {'、'.join(near)}" if near else ""


def _distance(key: str, other: str) -> float:
    try:
        return abs((date.fromisoformat(key) - date.fromisoformat(other)).days)
    except ValueError:
        return 0
