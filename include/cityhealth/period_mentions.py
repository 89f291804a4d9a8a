"""Where a text names a reporting period: a due date with or without its year, or the period's number."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_DATE = r"(?P<y>\d{4})\s*(?P<mark>[-/.])\s*(?P<m>\d{1,2})\s*(?P=mark)\s*(?P<d>\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?"
_CHINESE = r"(?:(?P<cy>\d{4})\s*年\s*)?(?P<cm>\d{1,2})\s*月\s*(?P<cd>\d{1,2})(?:\s*[日号])?"
_COMPACT = r"(?P<py>20\d\d)(?P<pm>\d\d)(?P<pd>\d\d)"
_ONES = "[一二三四五六七八九]"
_NUMBER = rf"(?:(?P<ny>\d{{4}})\s*年?度?\s*)?第\s*(?P<n>\d{{1,3}}|{_ONES}?十{_ONES}?|{_ONES})\s*期"
_MENTION = re.compile(rf"(?<!\d)(?:{_DATE}|{_CHINESE}|{_COMPACT}|{_NUMBER})(?!\d)")
_SHORT_DATE = re.compile(r"\s*(?P<cm>\d{1,2})\s*[-/.]\s*(?P<cd>\d{1,2})\s*")
_UNTIL = re.compile(r"\s*[-~—–至到]+\s*")
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Mention:
    """One naming: ``number``, or ``month`` and ``day``; ``year`` where it is said. ``text`` as it was written.

    A span (``5月20日至6月5日``) is one naming, by its last day.
    """

    text: str
    year: int | None = None
    month: int | None = None
    day: int | None = None
    number: int | None = None

    def on(self, year: int) -> date | None:
        """The date in a year; None where there is none (29 February) or where only a number is named."""
        try:
            return date(year, self.month or 0, self.day or 0)
        except ValueError:
            return None


@dataclass(frozen=True)
class Mentions:
    """All that a text names, and ``rest``, the text without that."""

    found: tuple[Mention, ...]
    rest: str


def mentions(text: str) -> Mentions:
    """All namings of a period in ``text``; a date without Chinese words and year (``6.5``) only as the whole text."""
    folded = "".join(_folded(character) for character in text)
    if short := _SHORT_DATE.fullmatch(folded):
        return Mentions((_mention(short, text, short.start()),), "")
    found: list[Mention] = []
    rest: list[str] = []
    begun, at = None, 0
    for match in _MENTION.finditer(folded):
        between = folded[at : match.start()]
        if begun is not None and _UNTIL.fullmatch(between):
            found.pop()
        else:
            rest.append(between)
            begun = match.start()
        found.append(_mention(match, text, begun))
        at = match.end()
    return Mentions(tuple(found), "".join((*rest, folded[at:])))


def _folded(character: str) -> str:
    """The character without its width; one for one, so that places in the text stay what they are."""
    folded = unicodedata.normalize("NFKC", character)
    # The ① of a note is no digit of a date.
    return folded if len(folded) == 1 and unicodedata.category(character) != "No" else character


def _mention(match: re.Match[str], text: str, start: int) -> Mention:
    parts = match.groupdict()
    year, month, day = (
        next((int(parts[name]) for name in names if parts.get(name)), None)
        for names in (("y", "cy", "py", "ny"), ("m", "cm", "pm"), ("d", "cd", "pd"))
    )
    number = _number(parts["n"]) if parts.get("n") else None
    return Mention(text[start : match.end()].strip(), year, month, day, number)


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (10 * _value(tens, 1) if ten else 0) + _value(ones, 0)


def _value(digit: str, otherwise: int) -> int:
    return _DIGITS.index(digit) if digit else otherwise
