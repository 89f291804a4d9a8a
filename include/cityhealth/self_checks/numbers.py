"""Numbers with their units in running text: ``82.5%``, ``百分之八十二点五``, ``八成``, ``1.2万平方米``, ``36处``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from cityhealth.quantities.parse import MAGNITUDES
from cityhealth.quantities.units import UnitRow

Bound = Literal["equal", "about", "at_least", "at_most"]

#: The unit of a change between two percentages: it belongs to no value.
POINTS = "百分点"

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
_CHINESE = "[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?"
_ARABIC = r"(?<![a-z0-9.\-])(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_MAGNITUDE = "|".join(sorted(MAGNITUDES, key=len, reverse=True))
_BEFORE = (
    ("at_least", r"(?:超过|超|突破|逾|高于|大于|多于|≥|>|至少)了?$"),
    ("at_most", r"(?:不足|不到|低于|小于|少于|未超过|≤|<|最多)$"),
    ("about", r"(?:大约|约为|约|将近|接近|近|大概|大致|基本达到?)$"),
)
_AFTER = (
    ("at_least", r"^(?:以上|多|余)"),
    ("at_most", r"^(?:以下|以内)"),
    ("about", r"^(?:左右|上下)"),
)
_RANGE = re.compile(r"^(?:-|—+|~|～|至|到)\d")
_RANGE_BEFORE = re.compile(r"[\d%](?:-|—+|~|～)$")
# What has digits and is no quantity: days, years, numbers of documents, of standards, of lists, classes, names.
_NO_QUANTITY = re.compile(
    r"(?:19|20)\d\d年?[-—~至](?:19|20)\d\d年|(?:19|20|二〇|二零)[\d〇零一二三四五六七八九]{2}年(?:度)?"
    r"(?:\d{1,2}月(?:\d{1,2}日)?)?"
    r"|\d{1,2}月(?:\d{1,2}日|份|底|末)?|\d{1,2}日|[〔\[(](?:19|20)\d\d[〕\])]第?\d*号?"
    r"|第[\d一二三四五六七八九十百]+(?:[次届批期号名位条款章节季]|产业)?|[a-z]+[\-/]?\d[\d.\-/—]*|\d[a-z]+级|\d+号"
    r"|十[一二三四五六]五"
    r"|^\s*[(（]?\d{1,2}[)）.、](?!\d)|[(（][\d一二三四五六七八九十]+[)）]"
    r"|一(?:是|方面|定|些|批|般|步|体|流|系列|号)"
    r"|[二三四五六七]是|近[\d一二三四五六七八九十]+年|[一二三两四]级|三类|万元以上|百分百|万人(?=拥有)"
)


@dataclass(frozen=True)
class Number:
    """One quantity at ``start`` … ``end`` of a folded text.

    ``value`` is in ``unit`` (the catalogue's own name, or 百分点); ``step`` is one unit of the last digit written.
    """

    start: int
    end: int
    text: str
    value: Decimal
    unit: str
    step: Decimal
    bound: Bound


def folded(text: str) -> str:
    """The text in half width and lower case, without spaces and without 的, which says nothing between a name and its
    figure."""
    return "".join(
        character
        for character in unicodedata.normalize("NFKC", text).casefold()
        if not character.isspace() and character != "的"
    )


class NumberReader:
    """Finds quantities whose units are in the catalogue."""

    def __init__(self, units: Mapping[str, UnitRow]) -> None:
        self._units: dict[str, str] = {POINTS: POINTS, f"个{POINTS}": POINTS}
        for row in units.values():
            for name in (row.unit, *row.aliases):
                self._units.setdefault(folded(name), row.unit)
        names = sorted((re.escape(name) for name in self._units if name), key=len, reverse=True)
        self._bracketed = re.compile(
            rf"\((?P<unit>{'|'.join(names)})\)(?P<link>:|为|是|达到?)?(?P<figure>{_ARABIC})(?=$|[,。;、()])"
        )
        self._pattern = re.compile(
            rf"(?:(?P<share>百分之|千分之)(?P<shared>{_ARABIC}|{_CHINESE}))"
            rf"|(?P<tenths>[一二三四五六七八九]|(?<![\d.])\d)成(?P<half>半|[一二三四五六七八九])?(?![立效本果为功都员绩套片份因])"
            rf"|(?P<figure>{_ARABIC}|{_CHINESE})(?P<odd>[余多])?(?P<magnitude>{_MAGNITUDE})?(?P<more>[余多])?"
            rf"(?P<unit>{'|'.join(names)})"
        )

    def with_units(self, text: str) -> str:
        """A folded text in which a unit that stands in brackets before its figure, 率(%):95, stands behind it."""
        return self._bracketed.sub(lambda found: f"{found['link'] or ':'}{found['figure']}{found['unit']}", text)

    def read(self, text: str, masked: Collection[tuple[int, int]] = ()) -> Iterator[Number]:
        """The quantities of a folded text but for those that begin within a ``masked`` span (names with digits)."""
        spans = [*masked, *((match.start(), match.end()) for match in _NO_QUANTITY.finditer(text))]
        place = 0
        while (match := self._pattern.search(text, place)) is not None:
            place = match.end()
            inside = next((end for start, end in spans if start <= match.start() < end), None)
            if inside is not None:
                place = max(inside, match.start() + 1)
                continue
            number = self._number(match, text)
            if number is not None:
                yield number

    def _number(self, match: re.Match[str], text: str) -> Number | None:
        before, after = text[: match.start()], text[match.end() :]
        if _RANGE.match(after) or _RANGE_BEFORE.search(before):
            return None
        magnitude = match["magnitude"]
        if match["share"]:
            read = written(match["shared"])
            unit = "%" if match["share"] == "百分之" else "‰"
        elif match["tenths"]:
            tenth = _tenth(match["tenths"])
            rest = 5 if match["half"] == "半" else _tenth(match["half"]) if match["half"] else None
            value = Decimal(10 * tenth + (rest or 0))
            read, unit = (value, Decimal(10) if rest is None else Decimal(5 if match["half"] == "半" else 1)), "%"
        else:
            read = written(match["figure"])
            unit = self._units[match["unit"]]
            if match["magnitude"] and not match["more"]:
                # 万人 and 亿元 are units of their own.
                own = self._units.get(match["magnitude"] + match["unit"])
                magnitude, unit = (None, own) if own is not None else (magnitude, unit)
        if read is None or unit not in self._units.values():
            return None
        value, step = read
        times = MAGNITUDES[magnitude] if magnitude else Decimal(1)
        return Number(
            match.start(), match.end(), match.group(), value * times, unit, step * times, _bound(match, before, after)
        )


def written(text: str) -> tuple[Decimal, Decimal] | None:
    """The value of a number in Arabic or Chinese digits, and one unit of its last digit; None where it is none."""
    if text[0].isdigit() and text[0].isascii():
        value = Decimal(text.replace(",", ""))
        exponent = value.as_tuple().exponent
        return value, Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
    whole, _, fraction = text.partition("点")
    read = _whole(whole)
    if read is None:
        return None
    digits = "".join(str(_DIGITS[character]) for character in fraction)
    if digits:
        return Decimal(f"{read[0]}.{digits}"), Decimal(1).scaleb(-len(digits))
    return Decimal(read[0]), Decimal(read[1])


def _whole(text: str) -> tuple[int, int] | None:
    """A whole number in Chinese digits, and the magnitude it ends with: 三万 is 30000 to the myriad."""
    if not re.search("[十百千万亿]", text):
        if len(text) > 1 and not re.fullmatch("[一二三四五六七八九][零〇一二三四五六七八九]+", text):
            return None
        return int("".join(str(_DIGITS[character]) for character in text)), 1
    total, section, digit, last = 0, 0, None, 1
    for character in text:
        if character in _DIGITS:
            if digit not in (None, 0):
                return None
            digit, last = _DIGITS[character], 1
        elif character in _PLACES:
            section += _PLACES[character] * (digit if digit else 1)
            digit, last = None, _PLACES[character]
        else:
            section += digit or 0
            if section == 0 and total == 0:
                return None
            total = (
                (total + section) * _MYRIADS[character] if character == "亿" else total + section * _MYRIADS[character]
            )
            section, digit, last = 0, None, _MYRIADS[character]
    return total + section + (digit or 0), last


def _tenth(text: str) -> int:
    return int(text) if text.isascii() else _DIGITS[text]


def _bound(match: re.Match[str], before: str, after: str) -> Bound:
    for bound, pattern in _BEFORE:
        if re.search(pattern, before):
            return bound  # type: ignore[return-value]
    if match["odd"] or match["more"]:
        return "at_least"
    for bound, pattern in _AFTER:
        if re.search(pattern, after):
            return bound  # type: ignore[return-value]
    return "equal"
