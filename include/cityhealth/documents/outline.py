"""Running text under headings: for each task its heading, then the labels of the form, each with its text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cityhealth.documents.reading import Reader, Reading
from cityhealth.documents.word import Paragraph
from cityhealth.tabular.labels import Label, is_sentence, split_mark

_LONGEST_TITLE = 40


@dataclass(frozen=True)
class Said:
    """What stands under one label, the paragraph where it begins, and all of it piece by piece, each with its own."""

    text: str
    at: Paragraph
    parts: tuple[tuple[str, Paragraph], ...] = ()


@dataclass(frozen=True)
class Section:
    """What was said of one thing under its labels. ``labels``: the paragraph of each label, also of an empty one.

    ``name``: what the title says, where that is a known name. ``between``: text between the heading and the first
    label, which belongs to none. ``changed``: paragraphs with tracked changes or with text that was left out.
    ``remarks``: (Chinese) headings whose reading may be wrong.
    """

    title: Paragraph | None
    name: str | None
    said: dict[str, Said]
    labels: dict[str, Paragraph]
    between: tuple[Paragraph, ...]
    changed: tuple[Paragraph, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Outline:
    """``is_title`` says whether a heading that is no known name may be what a section is about."""

    reader: Reader
    is_title: Callable[[str], bool]

    def sections(self, paragraphs: Sequence[Paragraph]) -> tuple[list[Section], list[Paragraph]]:
        """The sections of a text, and what stands before the first.

        Either each thing has its labels, or each label has the things below it (:meth:`_by_label`).
        """
        readings = self.reader.read(paragraphs)
        found, preamble = self._by_label(readings) or self._by_title(readings)
        return [section.closed() for section in found], [one.paragraph for one in preamble]

    def _by_title(self, readings: Sequence[Reading]) -> tuple[list[_Open], list[Reading]]:
        """A section begins where a label comes again under the same name, or after a known name by itself.

        Else its heading is the nearest paragraph before that is no sentence and ranks above the labels: numbered
        higher, of a heading style, or bold.
        """
        found: list[_Open] = []
        preamble: list[Reading] = []
        tail: list[Reading] = []
        for one in readings:
            label = self._heading(one, found)
            if label is None:
                tail.append(one)
                continue
            names = self._names_in(tail, found)
            if not found or names or self._begins(label, found[-1]):
                if names or label.field == self.reader.title_field:
                    content, title, between = (tail[: names[0]] if names else tail), None, tail[:0]
                else:
                    content, title, between = self._split(tail, one.paragraph, not found)
                if found:
                    found[-1].add(content, self.reader)
                else:
                    preamble = content
                found += self._named(tail, names)
                another = label.field == self.reader.title_field and names and found[-1].name != label.value
                if not names or another:
                    found.append(_Open(title))
                    found[-1].add(between, self.reader)
            else:
                found[-1].add(tail, self.reader)
            tail = []
            found[-1].begin(label, one)
        if not found:
            return [], tail
        names = self._names_in(tail, found)
        found[-1].add(tail[: names[0]] if names else tail, self.reader)
        return found + self._named(tail, names), preamble

    def _names_in(self, tail: Sequence[Reading], found: Sequence[_Open]) -> list[int]:
        """Where known names stand of which something is said; one that a label asks for is its value."""
        named = [n for n, one in enumerate(tail) if one.named and not (n + 1 < len(tail) and tail[n + 1].named)]
        asked = found and found[-1].current == self.reader.title_field and not found[-1].texts
        return [n for n in named if not (asked and n == 0)]

    def _named(self, tail: Sequence[Reading], names: Sequence[int]) -> list[_Open]:
        opened = []
        for start, end in zip(names, [*names[1:], len(tail)], strict=False):
            opened.append(_Open(tail[start], tail[start].named))
            opened[-1].add(tail[start + 1 : end], self.reader)
        return opened

    def _heading(self, reading: Reading, found: Sequence[_Open]) -> Label | None:
        label = reading.label
        if label is None or label.field not in (*self.reader.main, self.reader.title_field):
            return None
        # 问题：资金不足 among the problems is one of them.
        inside = found and found[-1].current == label.field and (label.value or reading.worded)
        return None if inside and found[-1].names[label.field] != label.name else label

    def _begins(self, label: Label, section: _Open) -> bool:
        """A label comes again under its name, or the thing's own label after something was said."""
        if label.field == self.reader.title_field:
            return bool(section.names)
        return section.names.get(label.field) == label.name

    def _split(
        self, tail: list[Reading], label: Paragraph, first: bool
    ) -> tuple[list[Reading], Reading | None, list[Reading]]:
        """What belongs to the section before, the heading, and what stands between it and the first label."""
        nearest = True
        for position in range(len(tail) - 1, -1, -1):
            one = tail[position]
            if one.label is not None or not one.text:
                continue
            if self._may_head(one.paragraph, label, plain=nearest and not first):
                return tail[:position], one, tail[position + 1 :]
            nearest = False
        return tail, None, []

    def _may_head(self, paragraph: Paragraph, label: Paragraph, plain: bool) -> bool:
        mark, text = split_mark(paragraph.text)
        if len(text) > _LONGEST_TITLE or is_sentence(text) or not self.is_title(text):
            return False
        below = split_mark(label.text)[0]
        if mark is not None and below is not None:
            return mark < below
        if paragraph.level is not None and label.level is not None:
            return paragraph.level < label.level
        ranks = mark is not None or paragraph.level is not None or paragraph.bold or paragraph.listed
        return ranks or plain or text.rstrip(":： ").endswith("方面")

    def _by_label(self, readings: Sequence[Reading]) -> tuple[list[_Open], list[Reading]] | None:
        """Sections of a text in which each label stands once and the things that it speaks of below it.

        一、工作内容 （一）健康舒适 … （二）多元包容 … 二、完成情况 （一）健康舒适 …: what stands between a label and
        the first name is said of all of them. None where the text is not made so.
        """
        heads = [n for n, one in enumerate(readings) if one.label is not None and one.ranks]
        fields = [label.field for n in heads if (label := readings[n].label)]
        if len(set(fields)) < len(fields) or not set(fields) & set(self.reader.main):
            return None
        before = readings[: heads[0]]
        if any(one.label and one.label.field == self.reader.title_field for one in readings):
            return None
        if any(one.named for one in before):
            return None
        ends = [*heads[1:], len(readings)]
        bodies = [(readings[head], readings[head + 1 : end]) for head, end in zip(heads, ends, strict=True)]
        starts = [start for _, body in bodies for one in body if (start := self._start(one)) is not None]
        known = dict.fromkeys(start.name for start in starts if start.apart)
        parts = [(head, self._parts(body, known)) for head, body in bodies]
        if not any(one.text for _, part in parts for name, own in part.items() if name for one in own):
            return None
        return [self._of_name(name, parts, readings) for name in known], list(before)

    def _start(self, reading: Reading) -> _Start | None:
        """The name with which what is said of it begins: by itself, set off from the text, or numbered."""
        if reading.named:
            return _Start(reading.named, "", True)
        found = self.reader.names.before(reading.text) if reading.label is None else None
        if found is None:
            return None
        paragraph = reading.paragraph
        listed = paragraph.listed or paragraph.bold or split_mark(paragraph.text)[0] is not None
        return _Start(*found) if found[2] or listed else None

    def _parts(self, body: Sequence[Reading], known: Collection[str]) -> dict[str, list[Reading]]:
        """What is said of each name below one label; under the empty name what is said of all."""
        parts: dict[str, list[Reading]] = {}
        current = ""
        for one in body:
            start = self._start(one)
            if start is not None and start.name in known:
                current = start.name
                one = Reading(replace(one.paragraph, text=start.rest))
            parts.setdefault(current, []).append(one)
        return parts

    def _of_name(
        self, name: str, parts: Sequence[tuple[Reading, Mapping[str, list[Reading]]]], readings: Sequence[Reading]
    ) -> _Open:
        first = next(one for one in readings if (start := self._start(one)) is not None and start.name == name)
        section = _Open(first, name)
        for head, part in parts:
            if head.label is not None:
                section.begin(head.label, head)
            section.add([*part.get("", ()), *part.get(name, ())], self.reader)
        return section


@dataclass(frozen=True)
class _Start:
    """``apart``: punctuation or 方面 sets the name off from what follows."""

    name: str
    rest: str
    apart: bool


@dataclass
class _Open:
    title: Reading | None
    name: str | None = None
    names: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Paragraph] = field(default_factory=dict)
    texts: dict[str, list[tuple[str, Paragraph]]] = field(default_factory=dict)
    between: list[Paragraph] = field(default_factory=list)
    emptied: list[Paragraph] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    current: str | None = None

    def begin(self, label: Label, reading: Reading) -> None:
        self.names.setdefault(label.field, label.name)
        self.labels.setdefault(label.field, reading.paragraph)
        self.current = label.field
        if label.value:
            self.texts.setdefault(label.field, []).append((label.value, reading.paragraph))
        if reading.remark:
            self.remarks.append(reading.remark)

    def add(self, readings: Iterable[Reading], reader: Reader) -> None:
        """Text under the current label; other labels in it (完成百分比：80%) say one line each."""
        asked: str | None = None
        for one in readings:
            label, paragraph = one.label, one.paragraph
            if one.remark:
                self.remarks.append(one.remark)
            if not one.text:
                self.emptied.append(paragraph)
            elif label is not None and label.field not in reader.main and label.field not in self.texts:
                self.labels.setdefault(label.field, paragraph)
                if label.value:
                    self.texts[label.field] = [(label.value, paragraph)]
                asked = None if label.value else label.field
            elif asked is not None:
                self.texts[asked] = [(one.text, paragraph)]
                asked = None
            elif self.current is None:
                self.between.append(paragraph)
            else:
                self.texts.setdefault(self.current, []).append((one.text, paragraph))

    def closed(self) -> Section:
        said = {
            name: Said("\n".join(text for text, _ in texts), texts[0][1], tuple(texts))
            for name, texts in self.texts.items()
        }
        title = self.title.paragraph if self.title else None
        everything = [p for texts in self.texts.values() for _, p in texts]
        everything += [*self.labels.values(), *self.between, *self.emptied, *([title] if title else [])]
        changed = {(p.sheet, p.place, p.number): p for p in everything if p.revised or p.struck}
        in_order = sorted(changed.values(), key=lambda p: p.number)
        return Section(
            title,
            self.name,
            said,
            self.labels,
            tuple(self.between),
            tuple(in_order),
            tuple(dict.fromkeys(self.remarks)),
        )
