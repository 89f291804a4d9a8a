"""Days as officials write them, with or without the year: ``2021-09-15``, ``9月15日``, ``九月十五日前``, ``9.15``."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

from cityhealth.period_mentions import mentions
from cityhealth.periods import Period, PeriodError, parse_period

_DIGITS = "〇一二三四五六七八九"
_NUMERAL = re.compile(r"[〇零一二三四五六七八九十]+(?=[年月日号])")
_WEEKDAY = re.compile(r"\((?:星期|周|礼拜)[一二三四五六日天]\)")
_LEAD = re.compile(r"(?:务必|最迟|最晚|限)?(?:于|在|至|到|截至|截止到?)?(?=\d)")
_TAIL = re.compile(r"(?:之前|以前|前|止|内)?(?:完成|办结|办理完毕|完毕|办毕)?。?$")
_MONTH = re.compile(r"(?:(\d{4})年)?(\d{1,2})月份?[底末]?")
# 9.10 as a number in a cell is 9.1 as well.
_CUT = re.compile(r"\d{1,2}\.[123]")
_HALF_A_YEAR = timedelta(days=182)


def read_day(text: str, since: date) -> Period:
    """The day that ``text`` names; a month (``6月底``) or a year is a period of more than one day.

    Without a year it is the first such day, or last day of the month, that is not before ``since``; of a span
    (``9月1日至15日``) the last day counts.

    Raises:
        PeriodError: not understood, several days, or ``9.1``, which may be a 9.10; the message is Chinese and quotes
            the text.
    """
    said = _plain(text)
    if _CUT.fullmatch(said):
        month, day = said.split(".")
        both = f"可能是{month}月{day}日，也可能是{month}月{day}0日"
        raise PeriodError(f"「{text.strip()}」{both}，请写成 2021-09-15 的样子")
    found = _whole(text) or _whole(said) or _of_month(said, since) or _of_day(said, since)
    if found is None:
        raise PeriodError(f"看不懂的日期「{_shown(text)}」，请写成 2021-09-15 的样子")
    return found


def read_nearest_day(text: str, to: date) -> date:
    """The one day that ``text`` names; without a year it is the nearest to ``to``.

    Raises:
        PeriodError: as :func:`read_day`, or a month or a year; the message is Chinese and quotes the text.
    """
    found = read_day(text, to - _HALF_A_YEAR)
    if found.start != found.end:
        raise PeriodError(f"「{text.strip()}」不是一个日期")
    return found.end


def _plain(text: str) -> str:
    """Without width, blanks, weekday and the words around a date; Chinese numerals as digits."""
    said = _WEEKDAY.sub("", re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)))
    said = _NUMERAL.sub(lambda found: _number(found[0].replace("零", "〇")), said)
    return _TAIL.sub("", _LEAD.sub("", said, count=1) if _LEAD.match(said) else said)


def _number(numeral: str) -> str:
    """二〇二一 → 2021, 十五 → 15, 二十 → 20."""
    if "十" not in numeral:
        return "".join(str(_DIGITS.index(character)) for character in numeral)
    tens, _, ones = numeral.partition("十")
    return f"{_number(tens) if tens else 1}{_number(ones) if ones else 0}"


def _whole(text: str) -> Period | None:
    try:
        return parse_period(text)
    except PeriodError:
        return None


def _of_month(said: str, since: date) -> Period | None:
    found = _MONTH.fullmatch(said)
    if found is None or not 1 <= int(found[2]) <= 12:
        return None
    years = [int(found[1])] if found[1] else [since.year, since.year + 1]
    months = [Period.month(year, int(found[2])) for year in years]
    return next((month for month in months if found[1] or month.end >= since), None)


def _of_day(said: str, since: date) -> Period | None:
    named = mentions(said)
    if len(named.found) != 1 or named.rest.strip():
        return None
    mention = named.found[0]
    years = [mention.year] if mention.year else range(since.year, since.year + 5)
    days = [day for year in years if (day := mention.on(year)) is not None]
    day = next((day for day in days if mention.year or day >= since), None)
    return Period.point(day) if day else None


def _shown(text: str) -> str:
    stripped = " ".join(text.split())
    return stripped if len(stripped) <= 24 else f"{stripped[:24]}…"
