"""Personal data in what people wrote: phone and identity numbers, masked before anything is stored. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from typing import NamedTuple

PHONE_MASK, ID_MASK = "［电话已屏蔽］", "［身份证号已屏蔽］"

#: Full-width characters, and the sorts of dashes, dots, brackets and blanks, one for one so that places stay.
_NARROW = str.maketrans(
    "０１２３４５６７８９Ｘｘ－—–‐‑‒―−　\u00a0\u2002\u2003\u2009\u202f\t＋．·（）",
    "0123456789Xx--------      " + " +..()",
)
_GAP = r"[ .-]{0,2}"
_ID = re.compile(rf"(?<!\d)\d{{6}}{_GAP}\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{3}}[\dXx](?!\d)")
#: Of 14x only 145, 147 and 149 have eleven digits; with the others begin questionnaire numbers that are made of the
#: codes of Shanxi's counties.
_MOBILE = r"1(?:4[579]|[35-9]\d)"
_PHONE = re.compile(
    # Mobile numbers by the numbering plan, in groups of 3, 4, 4 or 4, 4, 3, and landlines with their area code.
    rf"(?<!\d)(?:(?:\+|00)?86{_GAP})?{_MOBILE}(?:{_GAP}\d{{4}}{_GAP}\d{{4}}|\d{_GAP}\d{{4}}{_GAP}\d{{3}})(?!\d)"
    r"|(?<!\d)(?:0\d{2,3}[ .-]{1,2}|\(0\d{2,3}\)[ .-]{0,2})\d{3,4}[ -]?\d{4}(?!\d)"
)
#: GB 11643—1999, 3.4 and annex A (ISO 7064, MOD 11-2).
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


class Masked(NamedTuple):
    """The text without personal data, and how many numbers of each kind it had."""

    text: str
    phones: int
    ids: int


def mask(text: str) -> Masked:
    """Mask phone numbers, and those of 18 places whose check digit says that they are identity numbers."""
    # Characters without width, such as those that stand between digits to be copied from a page, hide nothing.
    places = [place for place, character in enumerate(text) if unicodedata.category(character) != "Cf"]
    narrow = "".join(text[place] for place in places).translate(_NARROW)
    found = [(match.span(), ID_MASK) for match in _ID.finditer(narrow) if is_identity_number(match[0])]
    taken = [span for span, _ in found]
    found += [
        (match.span(), PHONE_MASK)
        for match in _PHONE.finditer(narrow)
        if not any(first < match.end() and match.start() < last for first, last in taken)
    ]
    for (first, last), said in sorted(found, reverse=True):
        text = text[: places[first]] + said + text[places[last - 1] + 1 :]
    ids = len(taken)
    return Masked(text, len(found) - ids, ids)


def is_identity_number(text: str) -> bool:
    """Whether 18 places (blanks, dots and hyphens aside) end in the check digit of the others."""
    plain = re.sub(r"[ .-]", "", text.translate(_NARROW)).upper()
    return len(plain) == 18 and plain[:17].isdigit() and identity_number(plain[:17]) == plain


def identity_number(places: str) -> str:
    """17 places with their check digit."""
    total = sum(int(digit) * weight for digit, weight in zip(places, _WEIGHTS, strict=True))
    return places + _CHECKS[total % 11]


def pseudonym(respondent: str, salt: str) -> str:
    """What stands for a respondent whose number is a personal one: always the same, and nothing leads back."""
    return "p-" + hmac.new(salt.encode(), respondent.strip().encode(), hashlib.sha256).hexdigest()[:20]
