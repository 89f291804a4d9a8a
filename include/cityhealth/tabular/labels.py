"""Labels in running text and in tables without a header: ``2. 完成情况：已完工`` says 完成情况 of something."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cityhealth.tabular.tables import normalise

_CHINESE = "[一二三四五六七八九十]{1,3}"
#: Kinds of numbering from the highest to the lowest, as official documents use them.
_MARKS = (
    re.compile(rf"第{_CHINESE}(?:部分|章|节|项)[、.．:：\s]*"),
    re.compile(rf"{_CHINESE}[、.．,，]\s*"),
    re.compile(rf"[(（]{_CHINESE}[)）][、.．]?\s*"),
    re.compile(r"\d{1,2}\s*[、.．](?!\d)\s*"),
    re.compile(r"[(（]\d{1,2}[)）][、.．]?\s*|\d{1,2}[)）]\s*"),
    re.compile(r"[①-⑳⑴-⒇]\s*|[-—•·●■◆▲★※]\s*"),
)
_COLON = re.compile(r"[:：]")
_ENDED = re.compile(r"[。；;]|\s{1,}|——|—")
_LONGEST_LABEL = 16


@dataclass(frozen=True)
class Label:
    """``field`` is what the label ``name`` stands for; ``value`` what follows it in the same text, often nothing."""

    field: str
    name: str
    value: str


class Labels:
    """The names that fields go by."""

    def __init__(self, aliases: Mapping[str, Sequence[str]]) -> None:
        self._fields = {normalise(alias): field for field, names in aliases.items() for alias in names}

    def field(self, text: str) -> str | None:
        """The field that the whole text is a label of."""
        _, bare = split_mark(text)
        if len(bare) > 3 * _LONGEST_LABEL:
            return None
        whole = normalise(bare)
        return self._fields.get(whole) or self._fields.get(normalise(re.sub(r"[(（\[【].*?[)）\]】]", "", bare)))

    def read(self, text: str) -> Label | None:
        """The label that a text is or begins with: before a colon, or where it is numbered, before 。 or a space."""
        mark, bare = split_mark(text)
        if (field := self.field(bare)) is not None:
            return Label(field, normalise(bare), "")
        ends = [_COLON.search(bare, 0, _LONGEST_LABEL)]
        if mark is not None:
            ends.append(_ENDED.search(bare, 0, _LONGEST_LABEL))
        for end in ends:
            if end is not None and (field := self.field(bare[: end.start()])) is not None:
                return Label(field, normalise(bare[: end.start()]), bare[end.end() :].strip())
        return None


def split_mark(text: str) -> tuple[int | None, str]:
    """The kind of numbering that a text begins with (0: the highest; None: none), and the text after it."""
    stripped = text.strip()
    for kind, mark in enumerate(_MARKS):
        if found := mark.match(stripped):
            return kind, stripped[found.end() :]
    return None, stripped


def is_sentence(text: str) -> bool:
    """Whether a text has the punctuation of running text, which no heading has."""
    return bool(re.search(r"[。；;，,！!？?]", unicodedata.normalize("NFKC", text)))
