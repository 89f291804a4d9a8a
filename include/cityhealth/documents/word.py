"""A .docx as blocks in reading order: paragraphs, and tables as sheets of text cells.

python-docx opens the document and knows its styles. Its own paragraphs and cells are not used for the text, since
they pass over what Word wraps: inserted runs of tracked changes, content controls, text boxes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import docx
from docx.document import Document as OpenedDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.styles.style import ParagraphStyle
from docx.styles.styles import Styles
from docx.text.run import Run
from lxml import etree

from cityhealth.documents.parts import DOCUMENT_LIMITS, main_parts
from cityhealth.tabular.limits import Limits
from cityhealth.tabular.refusals import refuse
from cityhealth.tabular.sheet import Cell, Range, Sheet, address

BODY, HEADER = "正文", "页眉"

_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_PARAGRAPH, _TABLE, _ROW, _CELL = (qn(name) for name in ("w:p", "w:tbl", "w:tr", "w:tc"))
_TEXT, _BOX = qn("w:t"), qn("w:txbxContent")
_BREAKS = {qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:tab"): "\t", qn("w:noBreakHyphen"): "-"}
# What is not there once all changes are accepted, and the copy of a text box for older programs.
_REMOVED = (qn("w:del"), qn("w:moveFrom"))
_GONE = frozenset((*_REMOVED, f"{_COMPATIBILITY}Fallback"))
_CHANGES = tuple(qn(name) for name in ("w:ins", "w:del", "w:moveFrom", "w:moveTo"))
_NO_TEXT = _GONE | {_BOX, qn("w:pPr")}
_RUN, _FORMAT = qn("w:r"), qn("w:rPr")
# Text in such type stands in the file but is not said: struck through once or twice, or hidden.
_UNSAID = tuple(qn(name) for name in ("w:strike", "w:dstrike", "w:vanish"))
_HEADING = re.compile(r"(?:heading|标题)\s*(\d)", re.IGNORECASE)
_WIDEST_SPAN = 63  # columns of a Word table


@dataclass(frozen=True)
class Paragraph:
    """A line of text. ``sheet`` and ``place`` say where: 正文 第 3 段 (counting those with text), 表格 1 B2.

    ``level``: 1 to 9 of a heading style, None of ordinary text. ``listed``: Word numbers it by itself.
    ``revised``: it has tracked changes; the text is what remains when all of them are accepted. ``struck``: text in it
    is struck through or hidden, and left out. ``text`` is empty only where that left nothing; the place then is
    ``第 3 段之后``.
    """

    text: str
    sheet: str
    place: str
    number: int
    level: int | None = None
    bold: bool = False
    listed: bool = False
    revised: bool = False
    struck: bool = False


@dataclass(frozen=True)
class WordTable:
    """``sheet`` is called 表格 n, tables within tables counted too; a cell's text contains that of ``inner`` ones.

    ``paragraphs`` are those of all cells in reading order, inner tables' included; ``revised`` and ``struck``:
    addresses, as of a :class:`Paragraph`. ``rows_removed``: after which rows a tracked change removed some.
    """

    sheet: Sheet
    paragraphs: tuple[Paragraph, ...]
    inner: tuple[WordTable, ...]
    revised: frozenset[str]
    struck: frozenset[str] = frozenset()
    rows_removed: tuple[int, ...] = ()


Block = Paragraph | WordTable


@dataclass(frozen=True)
class Document:
    """``headers`` are the lines above the pages."""

    blocks: tuple[Block, ...]
    headers: tuple[Paragraph, ...]


def read_word(data: bytes, filename: str, limits: Limits = DOCUMENT_LIMITS) -> Document:
    """All text of a .docx or .docm, with every tracked change accepted.

    Raises:
        UnreadableFile: ``damaged``, or as :func:`cityhealth.documents.parts.main_parts` says.
    """
    parts = main_parts(data, filename, limits)
    try:
        opened = docx.Document(io.BytesIO(parts))
        reader = _Reader(opened, filename, limits.cells)
        blocks = tuple(reader.blocks(opened.element.body, BODY))
        return Document(blocks, tuple(_headers(opened, reader)))
    # python-docx takes for granted that a part has the elements which the standard demands.
    except (KeyError, ValueError, AttributeError, TypeError, RecursionError, etree.XMLSyntaxError) as error:
        raise refuse("damaged", filename) from error


def _headers(opened: OpenedDocument, reader: _Reader) -> Iterator[Paragraph]:
    seen: set[str] = set()
    for section in opened.sections:
        for header in (section.first_page_header, section.header, section.even_page_header):
            if header.is_linked_to_previous:
                continue
            for block in reader.blocks(header._element, HEADER):
                for paragraph in (block,) if isinstance(block, Paragraph) else block.paragraphs:
                    if paragraph.text not in seen:
                        seen.add(paragraph.text)
                        yield paragraph


@dataclass
class _Reader:
    opened: OpenedDocument
    filename: str
    cells_left: int
    numbers: dict[str, int] = field(default_factory=dict)
    levels: dict[str | None, int | None] = field(default_factory=dict)
    types: dict[str | None, dict[str, bool]] = field(default_factory=dict)
    tables: int = 0

    def blocks(self, parent: BaseOxmlElement, sheet: str) -> Iterator[Block]:
        for element in _content(parent, (_PARAGRAPH, _TABLE)):
            if element.tag == _TABLE:
                yield self.table(element)
                continue
            yield from self.paragraphs(element, sheet)
            for box in _boxes(element):
                yield from self.blocks(box, sheet)

    def paragraphs(self, element: BaseOxmlElement, sheet: str, place: str = "") -> Iterator[Paragraph]:
        """The lines of one paragraph, all with its place; none if it was blank before anything was taken out."""
        unsaid = {run for run in _content(element, (_RUN,)) if self.is_unsaid(run, _style_of(element))}
        struck = any(_text(run).strip() for run in unsaid)
        lines = [line for part in _text(element, unsaid).split("\n") if (line := part.strip())]
        if not lines:
            removed = any(_has_characters(change) for change in element.iter(*_REMOVED))
            if removed or struck:
                number = self.numbers.get(sheet, 0)
                yield Paragraph("", sheet, place or _after(number, "段"), number, revised=removed, struck=struck)
            return
        self.numbers[sheet] = number = self.numbers.get(sheet, 0) + 1
        level, bold, revised = self.level(element), _is_bold(element, unsaid), _revised(element)
        listed = element.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None
        for line in lines:
            yield Paragraph(line, sheet, place or f"第 {number} 段", number, level, bold, listed, revised, struck)

    def is_unsaid(self, run: BaseOxmlElement, style: str | None) -> bool:
        """Whether a run is struck through or hidden: by itself, by its style, or by that of its paragraph."""
        own = run.find(f"{_FORMAT}/{qn('w:rStyle')}")
        by_style = self.type_of(style) | self.type_of(None if own is None else own.get(qn("w:val")))
        return any((by_style | _type(run)).values())

    def type_of(self, style: str | None) -> dict[str, bool]:
        """Which of ``_UNSAID`` a style, or one that it is based on, switches on or off."""
        if style not in self.types:
            self.types[style] = {}  # what a style based on itself finds
            element = self.opened.styles.element.get_by_id(style) if style else None
            if element is not None:
                base = element.find(qn("w:basedOn"))
                inherited = self.type_of(None if base is None else base.get(qn("w:val")))
                self.types[style] = inherited | _type(element)
        return self.types[style]

    def level(self, element: BaseOxmlElement) -> int | None:
        style = _style_of(element)
        if style not in self.levels:
            self.levels[style] = _level(self.opened.styles, element)
        return self.levels[style] or _outline(element)

    def table(self, element: BaseOxmlElement) -> WordTable:
        self.tables += 1
        name = f"表格 {self.tables}"
        rows: dict[int, dict[int, Cell]] = {}
        merged: list[Range] = []
        open_spans: dict[int, Range] = {}
        paragraphs: list[Paragraph] = []
        inner: list[WordTable] = []
        revised: set[str] = set()
        struck: set[str] = set()
        removed: list[int] = []
        line = 0
        for row in _content(element, (_ROW,)):
            if row.find(f"{qn('w:trPr')}/{qn('w:del')}") is not None:
                if _has_characters(row):
                    removed.append(line)
                    paragraphs.append(Paragraph("", name, _after(line, "行"), line, revised=True))
                continue
            line += 1
            inserted = row.find(f"{qn('w:trPr')}/{qn('w:ins')}") is not None
            column = 1 + _number(row.find(f"{qn('w:trPr')}/{qn('w:gridBefore')}"), 0)
            for cell in _content(row, (_CELL,)):
                self.cells_left -= 1
                if self.cells_left < 0:
                    raise refuse("too_many_cells", self.filename)
                width = _number(cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}"), 1)
                span = Range(line, column, line, column + width - 1)
                downward = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
                if (
                    downward is not None
                    and downward.get(qn("w:val"), "continue") == "continue"
                    and column in open_spans
                ):
                    above = open_spans[column]
                    open_spans[column] = above._replace(last_row=line)
                else:
                    if column in open_spans:
                        merged.append(open_spans.pop(column))
                    open_spans[column] = span
                    found, tables = self.cell(cell, name, address(line, column))
                    paragraphs += found
                    inner += tables
                    if text := "\n".join(p.text for p in found if p.text):
                        rows.setdefault(line, {})[column] = Cell(text, line, column)
                    if inserted or any(p.revised for p in found) or _revised(cell):
                        revised.add(address(line, column))
                    if any(p.struck for p in found):
                        struck.add(address(line, column))
                column += width
        merged += open_spans.values()
        spans = sorted(r for r in merged if (r.first_row, r.first_column) != (r.last_row, r.last_column))
        sheet = Sheet(name, rows, tuple(spans))
        changed = frozenset(revised), frozenset(struck), tuple(dict.fromkeys(removed))
        return WordTable(sheet, tuple(paragraphs), tuple(inner), *changed)

    def cell(self, element: BaseOxmlElement, sheet: str, place: str) -> tuple[list[Paragraph], list[WordTable]]:
        paragraphs: list[Paragraph] = []
        inner: list[WordTable] = []
        for child in _content(element, (_PARAGRAPH, _TABLE)):
            if child.tag == _TABLE:
                table = self.table(child)
                inner.append(table)
                revised, struck = bool(table.revised or table.rows_removed), bool(table.struck)
                # A row of an inner table is a line of the cell that holds it.
                for line, cells in table.sheet.rows.items():
                    text = " ".join(cell.text.replace("\n", " ") for cell in cells.values())
                    paragraphs.append(Paragraph(text, sheet, place, line, revised=revised, struck=struck))
                if not table.sheet.rows and (revised or struck):
                    paragraphs.append(Paragraph("", sheet, place, 0, revised=revised, struck=struck))
            else:
                paragraphs += self.paragraphs(child, sheet, place)
                for box in _boxes(child):
                    paragraphs += self.cell(box, sheet, place)[0]
        return paragraphs, inner


def _level(styles: Styles, element: BaseOxmlElement) -> int | None:
    """The level of a heading style, or of the outline, that a paragraph has by its style."""
    style = styles.get_by_id(_style_of(element), WD_STYLE_TYPE.PARAGRAPH)
    while isinstance(style, ParagraphStyle):
        outline = _outline(style.element)
        if outline is not None:
            return outline
        if found := _HEADING.match(style.name or ""):
            return int(found[1])
        style = style.base_style
    return None


def _style_of(element: BaseOxmlElement) -> str | None:
    style = element.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    return None if style is None else style.get(qn("w:val"))


def _outline(element: BaseOxmlElement) -> int | None:
    level = _number(element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}"), 9)
    return level + 1 if level < 9 else None


def _is_bold(element: BaseOxmlElement, unsaid: Collection[BaseOxmlElement]) -> bool:
    runs = [run for run in element.iter(_RUN) if run not in unsaid and _text(run).strip()]
    return bool(runs) and all(Run(run, element).bold for run in runs)  # type: ignore[arg-type]


def _content(parent: BaseOxmlElement, tags: tuple[str, ...]) -> Iterator[BaseOxmlElement]:
    """The nearest descendants with these tags, through whatever wraps them (content controls, inserted ranges)."""
    for child in parent:
        if child.tag in tags:
            yield child
        elif child.tag not in _GONE:
            yield from _content(child, tags)


def _text(element: BaseOxmlElement, unsaid: Collection[BaseOxmlElement] = ()) -> str:
    parts: list[str] = []
    for child in element:
        if child.tag == _TEXT:
            parts.append(child.text or "")
        elif child.tag in _BREAKS:
            parts.append(_BREAKS[child.tag])
        elif child.tag not in _NO_TEXT and child not in unsaid:
            parts.append(_text(child, unsaid))
    return "".join(parts)


def _boxes(element: BaseOxmlElement) -> Iterator[BaseOxmlElement]:
    return _content(element, (_BOX,))


def _type(element: BaseOxmlElement) -> dict[str, bool]:
    """What the type of a run, or of a style, says about ``_UNSAID`` by itself."""
    switches = ((tag, element.find(f"{_FORMAT}/{tag}")) for tag in _UNSAID)
    off = ("0", "false", "off")
    return {tag: switch.get(qn("w:val"), "true") not in off for tag, switch in switches if switch is not None}


def _has_characters(element: BaseOxmlElement) -> bool:
    return any((text.text or "").strip() for text in element.iter(_TEXT, qn("w:delText")))


def _after(number: int, what: str) -> str:
    """Where something stood that has no number any more."""
    return f"第 {number} {what}之后" if number else f"第 1 {what}之前"


def _revised(element: BaseOxmlElement) -> bool:
    return next(element.iter(*_CHANGES), None) is not None


def _number(element: BaseOxmlElement | None, otherwise: int) -> int:
    text = "" if element is None else element.get(qn("w:val"), "")
    return min(int(text), _WIDEST_SPAN) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise
