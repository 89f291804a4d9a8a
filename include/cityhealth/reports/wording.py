"""How officials write numbers, dates and what departments said. What is not known is ``—``, never a zero."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

NONE = "—"
_ONE_DECIMAL = Decimal("0.1")
_NOT_TEXT = frozenset("\ufffe\uffff")
#: Word and Excel refuse control characters; marks of direction would turn the line of whoever reads it.
_DROPPED = ("Cc", "Cf", "Cs")


def number(value: float | None) -> str:
    """One decimal, rounded half up as Excel shows it: 12.25 → 12.3."""
    if value is None:
        return NONE
    rounded = Decimal(repr(float(value))).quantize(_ONE_DECIMAL, ROUND_HALF_UP)
    return str(abs(rounded)) if rounded == 0 else str(rounded)


def percent(value: float | None) -> str:
    """Of a percentage 0–100."""
    return NONE if value is None else f"{number(value)}%"


def rate(value: float | None) -> str:
    """Of a share 0–1, as a percentage."""
    return NONE if value is None else percent(value * 100)


def change(value: float | None) -> str:
    """A difference with its sign: +4.1, -0.5, 0.0."""
    text = number(value)
    return f"+{text}" if value is not None and text != NONE and float(text) > 0 else text


def moved(value: float) -> str:
    """A change of a percentage in words."""
    text = number(abs(value))
    if float(text) == 0:
        return "持平"
    return f"{'提高' if value > 0 else '下降'}{text}个百分点"


def figure(value: float | None) -> str:
    """A measured value with at most four decimals and no trailing zeros."""
    return NONE if value is None else f"{round(value, 4) or value:.15g}"


def day(value: date | None) -> str:
    """2021年6月5日"""
    return NONE if value is None else f"{value.year}年{value.month}月{value.day}日"


def month_day(value: date | None) -> str:
    """6月5日"""
    return NONE if value is None else f"{value.month}月{value.day}日"


def moment(value: datetime | None) -> str:
    """2021年6月5日18:00"""
    return NONE if value is None else f"{day(value)}{value:%H:%M}"


def short_moment(value: datetime | None) -> str:
    """6月5日18:00"""
    return NONE if value is None else f"{month_day(value)}{value:%H:%M}"


def period_day(key: str) -> str:
    """The key of a reporting period as people say it: 6月5日."""
    return month_day(date.fromisoformat(key))


def counted(count: int, numeral: str = "〇一二三四五六七八九") -> str:
    """1 → 一, 12 → 十二, up to 99: for headings."""
    tens, ones = divmod(count, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{numeral[tens]}十"
    return head + (numeral[ones] if ones else "") if count else numeral[0]


def said(text: str | None, longest: int | None = None) -> str:
    """What a department wrote, on one line, without characters that no document may hold.

    A text longer than ``longest`` is cut where the annex has the rest.
    """
    line = re.sub(r"\s+", " ", printable(text or "")).strip()
    if not line:
        return NONE
    return line if longest is None or len(line) <= longest else f"{line[:longest]}……（全文见附表）"


def sentence(text: str | None, longest: int | None = None) -> str:
    """What :func:`said` gives, with a full stop where the department wrote none."""
    line = said(text, longest)
    if line == NONE or line[-1] in "。！？!?…":
        return line
    return f"{line.rstrip('，,；;：:、. ')}。"


def printable(text: str) -> str:
    """``text`` without control characters but for the ends of lines."""
    kept = (c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c in "\n\t" or _is_printable(c))
    return "".join(kept)


def _is_printable(character: str) -> bool:
    return unicodedata.category(character) not in _DROPPED and character not in _NOT_TEXT
