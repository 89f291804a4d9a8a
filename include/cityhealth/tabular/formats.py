"""What a number format says about a number: is it a date, a percentage, or just a number."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from cityhealth.tabular.sheet import Kind

NumberFormat = Literal["number", "percent", "year", "month", "date", "time"]

# ECMA-376 part 1, 18.8.30, with the formats that Chinese Excel adds (27-36, 50-58).
_BUILTIN: dict[int, NumberFormat] = {
    **dict.fromkeys((9, 10), "percent"),
    **dict.fromkeys((14, 15, 16, 22, 28, 29, 30, 31, 51, 53, 54, 58), "date"),
    **dict.fromkeys((17, 27, 36, 50, 52, 57), "month"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56), "time"),
}  # type: ignore[dict-item]
_LITERAL = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!h+\]|m+\]|s+\])[^\]]*\]|general|e[+-]')
_LAST_SERIAL = 2_958_466  # 10000-01-01, the first day that Excel cannot show


@lru_cache(maxsize=1024)
def classify(number: int, code: str | None) -> NumberFormat:
    """The meaning of a format by its id and, where the file defines it, its code (``yyyy"年"m"月"``)."""
    if code is None or number in _BUILTIN:
        return _BUILTIN.get(number, "number")
    bare = _LITERAL.sub("", code.lower()).split(";")[0]
    if "%" in bare:
        return "percent"
    if "h" in bare or "s" in bare:
        return "date" if "y" in bare or "d" in bare else "time"
    if "d" in bare:
        return "date"
    if "y" in bare:
        return "month" if "m" in bare else "year"
    return "month" if "m" in bare else "number"


def number_text(value: float) -> str:
    """The shortest text that reads back as the same float: ``1`` for 1.0, ``0.1`` for 0.10000000000000001."""
    if value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return repr(value)


def render(value: float, number_format: NumberFormat, date1904: bool) -> tuple[str, Kind]:
    """The text and kind of a stored number as its format shows it to a person."""
    if number_format == "percent":
        # Decimal, since 0.57 * 100 is 56.99999999999999 in floats.
        shown = Decimal(repr(value)).scaleb(2)
        return f"{number_text(float(shown))}%", "number"
    if number_format == "number" or not 0 <= value < _LAST_SERIAL:
        return number_text(value), "number"
    return _date_text(_moment(value, date1904), number_format, value), "date"


def _moment(serial: float, date1904: bool) -> datetime:
    # Excel counts a 29 February 1900 that never was; days after it are one too high.
    start = datetime(1904, 1, 1) if date1904 else datetime(1899, 12, 30 if serial >= 60 else 31)
    return start + timedelta(seconds=round(serial * 86_400))


def _date_text(moment: datetime, number_format: NumberFormat, serial: float) -> str:
    if number_format == "year":
        return f"{moment:%Y}"
    if number_format == "month":
        return f"{moment:%Y-%m}"
    if number_format == "time" and serial < 1:
        return moment.time().isoformat()
    return moment.date().isoformat() if serial == int(serial) else moment.isoformat()
