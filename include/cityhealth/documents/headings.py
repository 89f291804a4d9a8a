"""What a heading of its own wording is about: ``四、工作中存在的主要困难及建议`` is about problems."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cityhealth.tabular.labels import is_sentence, without_time
from cityhealth.tabular.tables import normalise

LONGEST_HEADING = 24
_PART = re.compile(r"及其|以及|及|和|与|、|/|并")
# What follows the word that decides, where a heading has words of its own.
_ENDING = re.compile(r"(?:的?(?:工作)?(?:情况|事项|方面|内容|安排|建议|措施))*")


@dataclass(frozen=True)
class Topic:
    """The field that a heading is about. ``plain``: it says nothing but that."""

    field: str
    plain: bool


class Topics:
    """``words``: for each field a pattern of the words that decide; ``filling``: the other words of plain headings."""

    def __init__(self, words: Sequence[tuple[str, str]], filling: Collection[str]) -> None:
        self._words = [(field, re.compile(pattern)) for field, pattern in words]
        known = "|".join([*(pattern for _, pattern in words), *sorted(filling, key=len, reverse=True)])
        self._plain = re.compile(f"(?:{known})+")

    def of(self, text: str) -> Topic | None:
        """The topic of a heading without its numbering; None of a sentence and of what no known word decides.

        A heading with words of its own must end with the word that decides: 资金方面存在的困难, not 困难群众住房保障.
        """
        time, _, behind = text.replace("，", ",").partition(",")
        if behind and not without_time(normalise(time)):
            text = behind  # 截至目前，工作进展情况
        if not is_heading(text):
            return None
        whole = without_time(normalise(text))
        plain = self._plain.fullmatch(whole) is not None
        for part in _PART.split(without_time(text.strip())):
            found = self._deciding(normalise(part))
            if found is None:
                continue
            field, rest = found
            return Topic(field, plain) if plain or _ENDING.fullmatch(rest) else None
        return None

    def _deciding(self, part: str) -> tuple[str, str] | None:
        """The field of the first word that decides, and what follows the last word of that field."""
        found = [(match.start(), field, pattern) for field, pattern in self._words if (match := pattern.search(part))]
        if not found:
            return None
        _, field, pattern = min(found, key=lambda one: one[0])
        return field, part[max(match.end() for match in pattern.finditer(part)) :]


def is_heading(text: str) -> bool:
    """Whether a text is short and has no punctuation of a sentence."""
    return 0 < len(text.strip()) <= LONGEST_HEADING and not is_sentence(text)
