"""What each paragraph of a report is, before any is put together with others: a label, a name, or text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from cityhealth.documents.headings import Topics, is_heading
from cityhealth.documents.names import Names
from cityhealth.documents.word import Paragraph
from cityhealth.tabular.labels import Label, Labels, beginnings, read_mark

_Style = tuple[str, int]


@dataclass(frozen=True)
class Reading:
    """A paragraph and the label that it is or begins with.

    ``named``: the thing whose name the whole paragraph is. ``ranks``: it looks as the labels of the text do.
    ``worded``: its own words make it that label. ``remark``: (Chinese) why its reading may be wrong.
    """

    paragraph: Paragraph
    label: Label | None = None
    named: str | None = None
    ranks: bool = False
    worded: bool = False
    remark: str | None = None

    @property
    def text(self) -> str:
        return self.paragraph.text


@dataclass(frozen=True)
class Reader:
    """``main``: the fields whose labels make a section; ``title_field``: the label that names what it is about."""

    labels: Labels
    topics: Topics
    names: Names
    main: Collection[str]
    title_field: str

    def read(self, paragraphs: Sequence[Paragraph]) -> list[Reading]:
        """Each paragraph by itself, then by those around it: a heading of the labels' rank is one of them.

        A heading of its own wording is the label that its words make it, where it looks as the labels do. If it says
        something by itself, that stays in the text, with a remark; so does a heading of that rank that no word decides.
        """
        found = [Reading(p, self.labels.read(p.text), self.names.exactly(p.text)) for p in paragraphs]
        worded = [one if one.label or one.named else self._worded(one) for one in found]
        styles = _common(found, self.main) or {s for s in _common(worded, self.main, 2) if s[0] != "plain"}
        found = self._without_items(found, styles)
        found = [
            replace(two, ranks=True) if _style(two.paragraph) in styles else one
            for one, two in zip(found, worded, strict=True)
        ]
        return self._with_strays(found, styles)

    def _worded(self, reading: Reading) -> Reading:
        for text, value in beginnings(reading.text):
            topic = self.topics.of(text)
            if topic is not None and topic.plain and topic.field in self.main:
                return replace(reading, label=Label(topic.field, text, value), worded=True)
        return reading

    def _without_items(self, found: Sequence[Reading], styles: Collection[_Style]) -> list[Reading]:
        """The readings; an item of a list of another rank is no label: ``3. 计划`` after ``2. 招标`` under 一、二、."""
        result = list(found)
        for position, one in enumerate(found):
            style, number = _style(one.paragraph), _number(one)
            if one.label is None or one.label.field not in self.main or style in styles or number is None:
                continue
            around = ((position - 1, number - 1), (position + 1, number + 1))
            beside = [found[n] for n, wanted in around if 0 <= n < len(found) and _number(found[n]) == wanted]
            if any(near.label is None and _style(near.paragraph) == style for near in beside):
                result[position] = replace(one, label=None)
        return result

    def _with_strays(self, found: Sequence[Reading], styles: Collection[_Style]) -> list[Reading]:
        """What is no label but looks like the next one: of the same rank, and its number goes on counting."""
        ranks = [_style(one.paragraph) for one in found]
        labels = {
            style: [n for n, one in enumerate(found) if ranks[n] == style and self._heads(one)] for style in styles
        }
        last: dict[_Style, int | None] = {}
        result = []
        for position, (one, style) in enumerate(zip(found, ranks, strict=True)):
            if style in styles and style[0] in ("mark", "level"):
                if self._heads(one):
                    last[style] = _number(one)
                elif style in last and self._is_stray(one, last[style], _next(labels[style], position, found)):
                    one, last[style] = self._stray(one), _number(one)
                elif style[0] == "mark":
                    # 1. 招标 2. 施工 under 1. 工作内容 count for themselves.
                    last.pop(style, None)
            result.append(one)
        return result

    def _heads(self, reading: Reading) -> bool:
        return reading.label is not None and reading.label.field != self.title_field

    def _is_stray(self, reading: Reading, last: int | None, following: int | None) -> bool:
        if reading.named or reading.label or not is_heading(beginnings(reading.text)[-1][0]):
            return False
        number = _number(reading)
        if number is None or last is None:
            return number is None and last is None and reading.paragraph.level is not None
        return number == last + 1 and (following is None or following == 1 or following > number)

    def _stray(self, reading: Reading) -> Reading:
        place = reading.paragraph.place
        for text, value in beginnings(reading.text):
            topic = self.topics.of(text)
            if topic is not None and topic.field in self.main:
                label = Label(topic.field, text, f"{text}\n{value}" if value else text)
                name = self.labels.name(topic.field)
                return replace(reading, label=label, remark=f"{place}「{text}」按「{name}」读取")
        heading = beginnings(reading.text)[-1][0]
        return replace(reading, remark=f"{place}「{heading}」与各项标题同级但无法识别，连同其下文字并入前一项")


def _next(labels: Sequence[int], position: int, found: Sequence[Reading]) -> int | None:
    after = bisect_right(labels, position)
    return _number(found[labels[after]]) if after < len(labels) else None


def _number(reading: Reading) -> int | None:
    mark = read_mark(reading.text)[0]
    return mark.number if mark else None


def _style(paragraph: Paragraph) -> _Style:
    """How a paragraph is set off from ordinary text."""
    mark = read_mark(paragraph.text)[0]
    if mark is not None:
        return "mark", mark.kind
    if paragraph.level is not None:
        return "level", paragraph.level
    return ("bold" if paragraph.bold else "listed" if paragraph.listed else "plain"), 0


def _common(readings: Iterable[Reading], main: Collection[str], least: int = 1) -> set[_Style]:
    """The styles in which most fields are headed: an item of a list may begin like a label."""
    fields: dict[_Style, set[str]] = {}
    for one in readings:
        if one.label is not None and one.label.field in main:
            fields.setdefault(_style(one.paragraph), set()).add(one.label.field)
    most = min(2, max(map(len, fields.values()), default=0))
    return {style for style, headed in fields.items() if len(headed) >= max(most, least)}
