"""Days and hours of which methods speak: ``days=workdays``, ``hours=7-9|17-19``, ``night=21-6``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import ibis

from cityhealth.measurement.values import MeasurementError

_SPAN = re.compile(r"(\d{1,2})-(\d{1,2})")

#: Hours [from, to) of one day.
Hours = tuple[tuple[int, int], ...]

ALL_DAY: Hours = ((0, 24),)


def read_hours(name: str, text: str) -> Hours:
    """``7-9|17-19``: from 7:00 to before 9:00, and so on; ``21-6`` wraps, and is both ends of one calendar day.

    Raises:
        MeasurementError: something else; the message names the parameter.
    """
    spans: list[tuple[int, int]] = []
    for part in text.split("|"):
        found = _SPAN.fullmatch(part)
        begin, end = (int(found[1]), int(found[2])) if found else (0, 0)
        if begin == end or begin > 23 or end > 24:
            raise MeasurementError(f"参数 {name}「{part}」应如 7-9，多段以 | 隔开")
        spans += [(begin, end)] if begin < end else [(0, end), (begin, 24)]
    spans = sorted(span for span in spans if span[0] < span[1])
    if any(one[1] > other[0] for one, other in pairwise(spans)):
        raise MeasurementError(f"参数 {name}「{text}」各段重叠")
    return tuple(spans)


def hours_in(hours: Hours) -> list[int]:
    """The hours of the day, 0 to 23."""
    return [hour for begin, end in hours for hour in range(begin, end)]


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def is_workday(day: date) -> bool:
    """Monday to Friday and no public holiday: a weekend that is worked (调休) has no usual traffic either.

    Where ``chinese-calendar`` does not know the year, holidays are not known and every such weekday counts.
    """
    if day.weekday() >= 5:
        return False
    # Not at the top: it is asked for few measurements.
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return True


def seconds_within(arrive: ibis.Value, depart: ibis.Value, day: ibis.Value, hours: Hours) -> ibis.Value:
    """How many seconds of a stay on ``day`` lie in ``hours`` of it."""
    parts: Sequence[ibis.Value] = [
        ibis.greatest(
            ibis.least(depart, day * 86_400 + end * 3600) - ibis.greatest(arrive, day * 86_400 + begin * 3600), 0
        )
        for begin, end in hours
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
