"""Periods have one text key: ``2020`` (a year), ``2020-11`` (a month), ``2020-11-01`` (a point in time)."""

from __future__ import annotations

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from cityhealth.errors import CityHealthError

FIRST_YEAR, LAST_YEAR = 1949, 2100

_SEPARATED = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})(?:\2(\d{1,2}))?)?")
_CHINESE = re.compile(r"(\d{4})年(?:度|份|全年)?(?:(\d{1,2})月(?:份)?(?:(\d{1,2})[日号])?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_YEAR_END = re.compile(r"(\d{4})年(?:末|底)")
_MONTHS_OF_YEAR = re.compile(r"(\d{4})年(\d{1,2})月?[-至到~—–](\d{1,2})月(?:份)?")
# 00:00:00 is what Excel and pandas append to a date.
_MIDNIGHT = re.compile(r"(?<=\d)[T ]00:00(?::00(?:\.0+)?)?")
_UNTIL = re.compile(r"\s*(?:至|到|~|—+|–)\s*|\s+-\s+|(?<=[年月日号])-|(?<=\d{4}-\d\d-\d\d)/(?=\d{4})")


class PeriodError(CityHealthError):
    """A text that names no period; the message is Chinese and quotes it."""


@dataclass(frozen=True)
class Period:
    """A year, a month or a point in time; ``start`` and ``end`` are both inside (equal for a point)."""

    key: str
    start: date
    end: date

    @classmethod
    def year(cls, year: int) -> Period:
        return cls(f"{year:04d}", date(year, 1, 1), date(year, 12, 31))

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        last_day = calendar.monthrange(year, month)[1]
        return cls(f"{year:04d}-{month:02d}", date(year, month, 1), date(year, month, last_day))

    @classmethod
    def point(cls, day: date) -> Period:
        return cls(day.isoformat(), day, day)


def parse_period(text: str, default: Period | None = None) -> Period:
    """Read a period as officials write it: ``2020年度``, ``2020.11.1``, ``2020-01-01至2020-12-31``.

    A blank text means ``default``. A range is accepted only where it is exactly a year or a month.
    Raises PeriodError for anything else, and for years outside 1949 to 2100.
    """
    folded = _MIDNIGHT.sub("", unicodedata.normalize("NFKC", text).strip())
    if not folded:
        if default is None:
            raise PeriodError("时间为空")
        return default
    try:
        period = _single(re.sub(r"\s+", "", folded)) or _span(folded)
    except ValueError:
        period = None
    if period is None:
        raise PeriodError(f"看不懂的时间「{text[:40]}」，请写成 2020、2020-11 或 2020-11-01")
    if not FIRST_YEAR <= period.start.year <= LAST_YEAR:
        raise PeriodError(f"时间「{text[:40]}」不在 {FIRST_YEAR} 年至 {LAST_YEAR} 年之间")
    return period


def _single(text: str) -> Period | None:
    if found := _SEPARATED.fullmatch(text):
        return _from_parts(found[1], found[3], found[4])
    if found := _CHINESE.fullmatch(text):
        return _from_parts(found[1], found[2], found[3])
    if found := _COMPACT.fullmatch(text):
        return _from_parts(found[1], found[2], found[3])
    if found := _YEAR_END.fullmatch(text):
        return Period.point(date(int(found[1]), 12, 31))
    if found := _MONTHS_OF_YEAR.fullmatch(text):
        year, first, last = (int(part) for part in found.groups())
        return _exactly(Period.month(year, first).start, Period.month(year, last).end)
    return None


def _from_parts(year: str, month: str | None, day: str | None) -> Period:
    if month is None:
        return Period.year(int(year))
    if day is None:
        return Period.month(int(year), int(month))
    return Period.point(date(int(year), int(month), int(day)))


def _span(text: str) -> Period | None:
    parts = [re.sub(r"\s+", "", part) for part in _UNTIL.split(text)]
    if len(parts) != 2 or (first := _single(parts[0])) is None:
        return None
    # 2020年1月1日至12月31日: the year is said once.
    last = _single(parts[1]) or _single(f"{first.start.year}年{parts[1]}")
    return _exactly(first.start, last.end) if last else None


def _exactly(start: date, end: date) -> Period | None:
    """The year or month that begins and ends on these days, or None."""
    for candidate in (Period.year(start.year), Period.month(start.year, start.month), Period.point(start)):
        if (candidate.start, candidate.end) == (start, end):
            return candidate
    return None
