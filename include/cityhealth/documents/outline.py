"""Running text under headings: for each task its heading, then the labels of the form, each with its text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from cityhealth.documents.word import Paragraph
from cityhealth.tabular.labels import Label, Labels, is_sentence, split_mark

_LONGEST_TITLE = 40


@dataclass(frozen=True)
class Said:
    """What stands under one label, and the paragraph where it begins."""

    text: str
    at: Paragraph


@dataclass(frozen=True)
class Section:
    """What was said of one thing under its labels. ``labels``: the paragraph of each label, also of an empty one.

    ``between``: text between the heading and the first label, which belongs to none.
    """

    title: Paragraph | None
    said: dict[str, Said]
    labels: dict[str, Paragraph]
    between: tuple[Paragraph, ...]
    revised: tuple[Paragraph, ...]


@dataclass(frozen=True)
class Outline:
    """``main``: the fields whose labels make a section; ``title_field``: the label that names what it is about.

    ``is_title`` says whether a heading may be such a name.
    """

    labels: Labels
    main: Collection[str]
    title_field: str
    is_title: Callable[[str], bool]

    def sections(self, paragraphs: Iterable[Paragraph]) -> tuple[list[Section], list[Paragraph]]:
        """The sections of a text, and what stands before the first.

        A section begins where a label comes again under the same name. Its heading is the nearest paragraph before
        that is no sentence and ranks above the labels: numbered higher, of a heading style, or bold.
        """
        found: list[_Open] = []
        preamble: list[Paragraph] = []
        tail: list[Paragraph] = []
        for paragraph in paragraphs:
            label = self._heading(paragraph, found)
            if label is None:
                tail.append(paragraph)
                continue
            if not found or self._begins(label, found[-1]):
                named = label.field == self.title_field
                content, title, between = (tail, None, []) if named else self._split(tail, paragraph, not found)
                if found:
                    found[-1].add(content, self)
                else:
                    preamble = content
                found.append(_Open(title))
                found[-1].add(between, self)
            else:
                found[-1].add(tail, self)
            tail = []
            found[-1].begin(label, paragraph)
        if not found:
            return [], tail
        found[-1].add(tail, self)
        return [section.closed() for section in found], preamble

    def _heading(self, paragraph: Paragraph, found: Sequence[_Open]) -> Label | None:
        label = self.labels.read(paragraph.text)
        if label is None or label.field not in (*self.main, self.title_field):
            return None
        # 问题：资金不足 among the problems is one of them.
        inside = found and label.value and found[-1].current == label.field
        return None if inside and found[-1].names[label.field] != label.name else label

    def _begins(self, label: Label, section: _Open) -> bool:
        """A label comes again under its name, or the thing's own label after something was said."""
        if label.field == self.title_field:
            return bool(section.names)
        return section.names.get(label.field) == label.name

    def _split(
        self, tail: list[Paragraph], label: Paragraph, first: bool
    ) -> tuple[list[Paragraph], Paragraph | None, list[Paragraph]]:
        """What belongs to the section before, the heading, and what stands between it and the first label."""
        nearest = True
        for position in range(len(tail) - 1, -1, -1):
            paragraph = tail[position]
            if self.labels.read(paragraph.text) is not None:
                continue
            if self._may_head(paragraph, label, plain=nearest and not first):
                return tail[:position], paragraph, tail[position + 1 :]
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


@dataclass
class _Open:
    title: Paragraph | None
    names: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Paragraph] = field(default_factory=dict)
    texts: dict[str, list[tuple[str, Paragraph]]] = field(default_factory=dict)
    between: list[Paragraph] = field(default_factory=list)
    current: str | None = None

    def begin(self, label: Label, paragraph: Paragraph) -> None:
        self.names.setdefault(label.field, label.name)
        self.labels.setdefault(label.field, paragraph)
        self.current = label.field
        if label.value:
            self.texts.setdefault(label.field, []).append((label.value, paragraph))

    def add(self, paragraphs: Iterable[Paragraph], outline: Outline) -> None:
        """Text under the current label; other labels in it (完成百分比：80%) say one line each."""
        asked: str | None = None
        for paragraph in paragraphs:
            label = outline.labels.read(paragraph.text)
            if label is not None and label.field not in outline.main and label.field not in self.texts:
                self.labels.setdefault(label.field, paragraph)
                if label.value:
                    self.texts[label.field] = [(label.value, paragraph)]
                asked = None if label.value else label.field
            elif asked is not None:
                self.texts[asked] = [(paragraph.text, paragraph)]
                asked = None
            elif self.current is None:
                self.between.append(paragraph)
            else:
                self.texts.setdefault(self.current, []).append((paragraph.text, paragraph))

    def closed(self) -> Section:
        said = {name: Said("\n".join(text for text, _ in texts), texts[0][1]) for name, texts in self.texts.items()}
        everything = [p for texts in self.texts.values() for _, p in texts]
        everything += [*self.labels.values(), *self.between, *([self.title] if self.title else [])]
        revised = {(p.sheet, p.place): p for p in everything if p.revised}
        in_order = sorted(revised.values(), key=lambda p: p.number)
        return Section(self.title, said, self.labels, tuple(self.between), tuple(in_order))
