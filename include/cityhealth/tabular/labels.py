"""Labels in running text and in tables without a header: ``2. 完成情况：已完工`` says 完成情况 of something."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cityhealth.tabular.tables import normalise

_ONES = "[一二三四五六七八九]"
_CHINESE = rf"(?:{_ONES}?十{_ONES}?|{_ONES})"
# A number and a space number a heading only before a word: 3 个小区 are three.
_WORD = r"(?=[\u4e00-\u9fff])(?![年月日号时天周个处项份户人家条件次台套座栋名间所期万亿千百成公里米元吨倍平亩立度点])"
#: Kinds of numbering from the highest to the lowest, as official documents use them.
_MARKS = (
    re.compile(rf"第(?P<n>{_CHINESE}|\d{{1,2}})(?:部分|章|节|项)[、.．:：\s]*"),
    re.compile(r"(?P<n>[Ⅰ-Ⅻ]|[IVX]{1,4}(?=\s*[、.．]))(?:\s*[、.．]|\s)\s*"),
    re.compile(rf"(?P<n>{_CHINESE})(?:[、.．,，]\s*|\s+{_WORD})"),
    re.compile(rf"第(?P<n>{_CHINESE})[、.．,，:：]\s*"),
    re.compile(rf"[(（](?P<n>{_CHINESE})[)）][、.．]?\s*"),
    re.compile(rf"(?P<n>\d{{1,2}})(?:\s*[、.．](?!\d)\s*|\s+{_WORD})"),
    re.compile(rf"\d{{1,2}}[.．](?P<n>\d{{1,2}})[、.．]?\s*{_WORD}"),
    re.compile(rf"\d{{1,2}}[.．]\d{{1,2}}[.．](?P<n>\d{{1,2}})[、.．]?\s*{_WORD}"),
    re.compile(r"[(（](?P<n>\d{1,2})[)）][、.．]?\s*|(?P<m>\d{1,2})[)）]\s*"),
    re.compile(r"(?P<n>[①-⑳⑴-⒇])\s*"),
    re.compile(r"[-—•·●■◆▲★※]\s*"),
)
_COLON = re.compile(r"[:：]")
_ENDED = re.compile(r"[。；;]|\s{1,}|——|—")
_LONGEST_LABEL = 16
# What a heading says about time and not about its field; in the spelling of ``normalise``.
_TIME = re.compile(
    r"(?:截至|截止)?(?:目前|当前|现阶段|本(?:报送|报告)?期|本阶段|这一阶段|本周期|本月|近期|半个?月来?"
    r"|(?:\d{4}年)?\d{1,2}月(?:份|\d{1,2}日|上半月|下半月|[上中下]旬)?|\d{4}年|[上下]半月)的?"
)


@dataclass(frozen=True)
class Label:
    """``field`` is what the label ``name`` stands for; ``value`` what follows it in the same text, often nothing."""

    field: str
    name: str
    value: str


@dataclass(frozen=True)
class Mark:
    """The numbering of a paragraph. ``kind`` 0 is the highest; ``number`` None that of a bullet."""

    kind: int
    number: int | None


class Labels:
    """The names that fields go by."""

    def __init__(self, aliases: Mapping[str, Sequence[str]]) -> None:
        self._names = {field: names[0] for field, names in aliases.items()}
        self._fields = {normalise(alias): field for field, names in aliases.items() for alias in names}

    def name(self, field: str) -> str:
        """What the form itself calls a field."""
        return self._names[field]

    def field(self, text: str) -> str | None:
        """The field that the whole text is a label of, also behind numbering and words for the time (8月份, 本期)."""
        _, bare = split_mark(text)
        if len(bare) > 3 * _LONGEST_LABEL:
            return None
        for spelling in (bare, re.sub(r"[(（\[【].*?[)）\]】]", "", bare)):
            whole = normalise(spelling)
            if found := self._fields.get(whole) or self._fields.get(without_time(whole)):
                return found
        return None

    def read(self, text: str) -> Label | None:
        """The label that a text is or begins with: before a colon, or where it is numbered, before 。 or a space."""
        for label, value in beginnings(text):
            if (field := self.field(label)) is not None:
                return Label(field, normalise(label), value)
        return None


def beginnings(text: str) -> list[tuple[str, str]]:
    """What may be a label in a text, and what then follows it: the whole without its numbering, and parts of it."""
    mark, bare = split_mark(text)
    ends = [_COLON.search(bare, 0, _LONGEST_LABEL)]
    if mark is not None:
        ends.append(_ENDED.search(bare, 0, _LONGEST_LABEL))
    return [(bare, ""), *((bare[: end.start()], bare[end.end() :].strip()) for end in ends if end is not None)]


def without_time(normalised: str) -> str:
    """A normalised text without the words for the time in front of it: 8月份工作内容 is 工作内容."""
    found = _TIME.match(normalised)
    return normalised[found.end() :] if found else normalised


def read_mark(text: str) -> tuple[Mark | None, str]:
    """The numbering that a text begins with, if any, and the text after it."""
    stripped = text.strip()
    for kind, mark in enumerate(_MARKS):
        if found := mark.match(stripped):
            parts = found.groupdict()
            number = parts.get("n") or parts.get("m")
            return Mark(kind, _number(number) if number else None), stripped[found.end() :]
    return None, stripped


def split_mark(text: str) -> tuple[int | None, str]:
    """The kind of numbering that a text begins with (0: the highest; None: none), and the text after it."""
    mark, bare = read_mark(text)
    return (mark.kind if mark else None), bare


def is_sentence(text: str) -> bool:
    """Whether a text has the punctuation of running text, which no heading has."""
    return bool(re.search(r"[。；;，,！!？?]", unicodedata.normalize("NFKC", text)))


def _number(text: str) -> int:
    if text[0] in "IVX":
        values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in text]
        following = [*values[1:], 0]
        return sum(-one if one < after else one for one, after in zip(values, following, strict=True))
    if len(text) == 1 and unicodedata.category(text) in ("No", "Nl"):
        return int(unicodedata.numeric(text))
    if text.isdigit():
        return int(text)
    digits = "零一二三四五六七八九"
    tens, ten, ones = text.rpartition("十")
    return (10 * digits.index(tens or "一") if ten else 0) + digits.index(ones or "零")
