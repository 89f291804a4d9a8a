"""Writing the report's Word document: paragraphs, tables and pictures on a template's styles, numbers in controls.

python-docx opens the template, keeps the package and takes the pictures; the text itself is written as XML in one go:
object by object a report of this length takes it many times as long.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import docx
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import qn
from lxml import etree

from cityhealth.reports import wording as zh
from cityhealth.reports.examination.charts import Drawing
from cityhealth.reports.examination.values import Piece, Quote, Tagged, plain
from cityhealth.reports.packing import repacked

#: Of the part that lists every tag with its key, and every picture with the values that it shows.
TAGS_NAMESPACE = "urn:cityhealth:examination:tags"
_TAGS_PART = "/customXml/item1.xml"
_AUTHOR = "城市体检数据仓库"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_W15 = "http://schemas.microsoft.com/office/word/2012/wordml"
_WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_PIC = "http://schemas.openxmlformats.org/drawingml/2006/picture"
_NAMESPACES = f'xmlns:w="{_W}" xmlns:r="{_R}" xmlns:w15="{_W15}" xmlns:wp="{_WP}" xmlns:a="{_A}" xmlns:pic="{_PIC}"'
#: Sizes: twentieths of a point for the page, 914400 to the inch for pictures.
_PORTRAIT_WIDTH, _LANDSCAPE_WIDTH = 8844, 13950
_EMU = 914400
#: Styles of the template that the report is written in.
STYLES = (
    *("Heading1", "Heading2", "TOC1", "TOC2", "reportTable"),
    *("封面城市", "封面题目", "封面状态", "封面单位", "封面空行", "前置标题", "合成数据"),
    *("图", "图题", "表题", "表头", "表格文字", "表格居中", "表格数字", "表后"),
    *("附表头", "附表文字", "附表居中", "附表数字", "列项", "引文", "出处", "说明", "警示", "引语"),
)
#: A table of so few rows stays on one page.
_KEPT_TOGETHER = 10


@dataclass(frozen=True)
class Alert:
    """A piece that must catch the eye."""

    piece: Piece


#: What stands in a cell: a piece, or several.
Cell = Piece | Alert | Sequence[Piece | Alert]


@dataclass(frozen=True)
class Column:
    """A column: its heading, its share of the width, how its cells stand (``left``, ``centred``, ``number``)."""

    header: str
    width: float
    stands: str = "left"


@dataclass
class Tags:
    """Every tag of a document with its key, and every picture with what it shows."""

    keys: dict[str, str] = field(default_factory=dict)
    pictures: list[tuple[str, Drawing]] = field(default_factory=list)

    def xml(self) -> bytes:
        root = etree.Element(f"{{{TAGS_NAMESPACE}}}tags", nsmap={None: TAGS_NAMESPACE})
        for tag, key in sorted(self.keys.items()):
            etree.SubElement(root, f"{{{TAGS_NAMESPACE}}}tag", name=tag, key=key)
        for caption, drawing in self.pictures:
            shown = etree.SubElement(root, f"{{{TAGS_NAMESPACE}}}picture", caption=caption)
            for value in drawing.values:
                etree.SubElement(shown, f"{{{TAGS_NAMESPACE}}}value", key=str(value.key), text=value.text)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


class Writer:
    """Writes one document from top to bottom. Headings number themselves, tables and figures too."""

    def __init__(self, template: bytes) -> None:
        self._document: WordDocument = docx.Document(io.BytesIO(template))
        self._hides_controls = "w15" in self._document.element.nsmap
        self.tags = Tags()
        self._parts: list[str] = []
        self._controls = self._tables = self._figures = self._drawings = 0
        self._chapters = self._sections = 0
        self._contents: list[tuple[int, str, str]] = []
        self._contents_at: int | None = None
        self._width = _PORTRAIT_WIDTH

    def lacking_styles(self) -> list[str]:
        """The styles that the template ought to have and has not, by name."""
        there = {style.style_id for style in self._document.styles}
        return [style for style in STYLES if style not in there]

    def chapter(self, title: str) -> None:
        """A heading of the first order on a new page: 第一章."""
        self._chapters += 1
        self._sections = 0
        self._heading(1, f"第{zh.counted(self._chapters)}章　{title}")

    def appendix(self, title: str) -> None:
        """A heading of the first order that is no chapter."""
        self._sections = 0
        self._heading(1, title)

    def section(self, title: str, listed: bool = True) -> None:
        """A heading of the second order: （一）; in the contents, if ``listed``."""
        self._sections += 1
        self._heading(2, f"（{zh.counted(self._sections)}）{title}", listed)

    def paragraph(self, *pieces: Piece | Alert, style: str = "Normal") -> None:
        """A paragraph of pieces."""
        self._parts.append(self._paragraph_xml(pieces, style))

    def quote(self, text: str, *who: Piece) -> None:
        """Somebody's words, line by line as they were written, and below whose they are."""
        for words in filter(None, (words.strip() for words in zh.printable(text).splitlines())):
            # Whose they are stays with the words.
            self._parts.append(self._paragraph_xml([Quote(zh.said(words))], "引文", keep=True))
        self.paragraph("——", *who, style="出处")

    def table(
        self, caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], small: bool = False
    ) -> None:
        """A table below its caption: its head comes again on every page, no row is divided."""
        self._tables += 1
        self.paragraph(f"表{self._tables}　{caption}", style="表题")
        self._parts.append(self._table_xml(columns, rows, "附表" if small else "表格"))
        self.paragraph(style="表后")

    def figure(self, caption: str, drawing: Drawing) -> None:
        """A picture above its caption."""
        self._figures += 1
        text = f"图{self._figures}　{caption}"
        self.tags.pictures.append((text, drawing))
        reference, _ = self._document.part.get_or_add_image(io.BytesIO(drawing.picture.png))
        self._drawings += 1
        width, height = (round(side * _EMU) for side in (drawing.picture.width, drawing.picture.height))
        widest = round(self._width / 1440 * _EMU)
        if width > widest:
            width, height = widest, round(height * widest / width)
        named = f"id={quoteattr(str(self._drawings))} name={quoteattr(text)} descr={quoteattr(drawing.alt)}"
        self._parts.append(
            '<w:p><w:pPr><w:pStyle w:val="图"/></w:pPr><w:r><w:drawing>'
            '<wp:inline distT="0" distB="0" distL="0" distR="0">'
            f'<wp:extent cx="{width}" cy="{height}"/><wp:docPr {named}/>'
            '<wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr>'
            f'<a:graphic><a:graphicData uri="{_PIC}"><pic:pic>'
            f"<pic:nvPicPr><pic:cNvPr {named}/><pic:cNvPicPr/></pic:nvPicPr>"
            f'<pic:blipFill><a:blip r:embed="{reference}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
            f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>'
            '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
            "</wp:inline></w:drawing></w:r></w:p>"
        )
        self.paragraph(text, style="图题")

    def contents(self) -> None:
        """The table of contents stands here."""
        self.paragraph("目　录", style="前置标题")
        self._contents_at = len(self._parts)

    def block(self, tag: str, xml: str) -> None:
        """Content that is put in anew when the report's state changes (:func:`replace_block`)."""
        self._parts.append(
            f"<w:sdt><w:sdtPr><w:tag w:val={quoteattr(tag)}/></w:sdtPr><w:sdtContent>{xml}</w:sdtContent></w:sdt>"
        )

    def landscape(self) -> None:
        """What follows stands on pages turned round, to the end."""
        section = etree.tostring(self._section).decode()
        self._parts.append(f"<w:p><w:pPr>{section}</w:pPr></w:p>")
        size, margins = self._section.find(qn("w:pgSz")), self._section.find(qn("w:pgMar"))
        size.set(qn("w:w"), "16838")
        size.set(qn("w:h"), "11906")
        size.set(qn("w:orient"), "landscape")
        for side, width in (("top", 1587), ("bottom", 1474), ("left", 1444), ("right", 1444)):
            margins.set(qn(f"w:{side}"), str(width))
        margins.set(qn("w:footer"), "900")
        title_page = self._section.find(qn("w:titlePg"))
        if title_page is not None:
            self._section.remove(title_page)
        self._width = _LANDSCAPE_WIDTH

    def header(self, text: str) -> None:
        """What stands above every page but the cover."""
        self._document.sections[-1].header.paragraphs[0].text = text

    def finish(self, title: str, moment: datetime | None) -> bytes:
        """The document as bytes, the same for the same content; ``moment`` is when it says that it was made."""
        if self._contents_at is not None:
            self._parts.insert(self._contents_at, "".join(self._contents_xml()))
        body = etree.fromstring(f"<w:body {_NAMESPACES}>{''.join(self._parts)}</w:body>".encode())
        ours = self._document.element.body
        for element in list(ours):
            if element is not self._section:
                ours.remove(element)
        for at, element in enumerate(list(body)):
            ours.insert(at, element)
        etree.cleanup_namespaces(ours, keep_ns_prefixes=list(self._document.element.nsmap))
        facts = self._document.core_properties
        facts.title = title
        facts.author = facts.last_modified_by = _AUTHOR
        facts.created = facts.modified = (
            (moment or datetime(1980, 1, 1, tzinfo=UTC)).astimezone(UTC).replace(tzinfo=None)
        )
        facts.revision = 1
        part = Part(PackURI(_TAGS_PART), "application/xml", self.tags.xml(), self._document.part.package)
        self._document.part.relate_to(part, RELATIONSHIP_TYPE.CUSTOM_XML)
        return saved(self._document)

    @property
    def _section(self) -> Any:
        return self._document.element.body.sectPr

    def _heading(self, level: int, text: str, listed: bool = True) -> None:
        if not listed:
            self.paragraph(text, style=f"Heading{level}")
            return
        anchor = f"_Toc{len(self._contents) + 1:06d}"
        self._contents.append((level, text, anchor))
        number = len(self._contents)
        self._parts.append(
            f'<w:p><w:pPr><w:pStyle w:val="Heading{level}"/></w:pPr>'
            f'<w:bookmarkStart w:id="{number}" w:name="{anchor}"/>'
            f'{_run(text)}<w:bookmarkEnd w:id="{number}"/></w:p>'
        )

    def _contents_xml(self) -> Iterable[str]:
        for level, text, anchor in self._contents:
            # Marked as out of date: Word fills the number of the page in when it opens the document.
            page = (
                '<w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r>'
                f'<w:r><w:instrText xml:space="preserve"> PAGEREF {anchor} \\h </w:instrText></w:r>'
                '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t></w:t></w:r>'
                '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
            )
            yield (
                f'<w:p><w:pPr><w:pStyle w:val="TOC{level}"/></w:pPr><w:hyperlink w:anchor="{anchor}" w:history="1">'
                f"{_run(text)}<w:r><w:tab/></w:r>{page}</w:hyperlink></w:p>"
            )

    def _table_xml(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], styles: str) -> str:
        whole = sum(column.width for column in columns)
        widths = [round(column.width / whole * self._width) for column in columns]
        names = {"left": f"{styles}文字", "centred": f"{styles}居中", "number": f"{styles}数字"}
        head = f"{styles}头" if styles == "附表" else "表头"
        keep = len(rows) <= _KEPT_TOGETHER
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
        lines = [self._row_xml([column.header for column in columns], [head] * len(columns), widths, header=True)]
        for at, row in enumerate(rows):
            stands = [names[column.stands] for column in columns]
            lines.append(self._row_xml(row, stands, widths, keep=keep and at < len(rows) - 1))
        return (
            f'<w:tbl><w:tblPr><w:tblStyle w:val="reportTable"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
            '<w:jc w:val="center"/><w:tblLayout w:type="fixed"/></w:tblPr>'
            f"<w:tblGrid>{grid}</w:tblGrid>{''.join(lines)}</w:tbl>"
        )

    def _row_xml(
        self,
        cells: Sequence[Cell],
        styles: Sequence[str],
        widths: Sequence[int],
        header: bool = False,
        keep: bool = False,
    ) -> str:
        written = []
        for content, style, width in zip(cells, styles, widths, strict=True):
            pieces = [content] if isinstance(content, str | Tagged | Quote | Alert) else content
            written.append(
                f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>'
                f"{self._paragraph_xml(pieces, style, keep)}</w:tc>"
            )
        repeated = "<w:tblHeader/>" if header else ""
        return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{''.join(written)}</w:tr>"

    def _paragraph_xml(self, pieces: Iterable[Piece | Alert], style: str, keep: bool = False) -> str:
        kept = "<w:keepNext/>" if keep else ""
        runs = "".join(self._piece_xml(piece) for piece in pieces)
        named = f'<w:pStyle w:val="{style}"/>' if style != "Normal" else ""
        properties = f"<w:pPr>{named}{kept}</w:pPr>" if named or kept else ""
        return f"<w:p>{properties}{runs}</w:p>"

    def _piece_xml(self, piece: Piece | Alert, style: str = "") -> str:
        if isinstance(piece, Alert):
            return self._piece_xml(piece.piece, "警示")
        if isinstance(piece, Quote):
            return _run(piece.text, "引语")
        if isinstance(piece, Tagged):
            self._controls += 1
            return control(piece, self._controls, self.tags, style, self._hides_controls)
        return _run(piece, style) if piece else ""


def control(piece: Tagged, number: int, tags: Tags, style: str = "", hidden: bool = True) -> str:
    """A number in a content control that carries its tag; the tag's key is added to ``tags``."""
    tag = piece.key.tag
    tags.keys[tag] = str(piece.key)
    # Nobody edits a number by accident; who takes the control away takes the number with it out of what is checked.
    looks = '<w15:appearance w15:val="hidden"/>' if hidden else ""
    return (
        f'<w:sdt><w:sdtPr><w:tag w:val={quoteattr(tag)}/><w:id w:val="{number}"/><w:lock w:val="contentLocked"/>{looks}'
        f"<w:text/></w:sdtPr><w:sdtContent>{_run(piece.text, style)}</w:sdtContent></w:sdt>"
    )


def line(pieces: Iterable[Piece], style: str, tags: Tags, first_number: int) -> str:
    """A paragraph outside of a :class:`Writer`; its controls are numbered from ``first_number``."""
    runs = []
    for number, piece in enumerate(pieces, start=first_number):
        if isinstance(piece, Tagged):
            runs.append(control(piece, number, tags))
        else:
            runs.append(_run(plain([piece]), "引语" if isinstance(piece, Quote) else ""))
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{"".join(runs)}</w:p>'


def replace_block(document: WordDocument, tag: str, xml: str) -> None:
    """Put other content into a block of :meth:`Writer.block`.

    Raises:
        KeyError: the document has no such block.
    """
    for block in document.element.body.iter(qn("w:sdt")):
        named = block.find(f"{qn('w:sdtPr')}/{qn('w:tag')}")
        if named is not None and named.get(qn("w:val")) == tag:
            content = block.find(qn("w:sdtContent"))
            content.clear()
            for element in list(etree.fromstring(f"<w:body {_NAMESPACES}>{xml}</w:body>".encode())):
                content.append(element)
            etree.cleanup_namespaces(document.element.body, keep_ns_prefixes=list(document.element.nsmap))
            return
    raise KeyError(tag)


def tags_part(document: WordDocument) -> Part:
    """The part that lists tags and pictures.

    Raises:
        KeyError: the document has none.
    """
    for relation in document.part.rels.values():
        if relation.reltype == RELATIONSHIP_TYPE.CUSTOM_XML and TAGS_NAMESPACE.encode() in relation.target_part.blob:
            return relation.target_part
    raise KeyError(TAGS_NAMESPACE)


def saved(document: WordDocument) -> bytes:
    """The document as bytes that tell nothing about when they were written."""
    buffer = io.BytesIO()
    document.save(buffer)
    return repacked(buffer.getvalue())


def content_hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _run(text: str, style: str = "") -> str:
    properties = f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>' if style else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(zh.printable(text))}</w:t></w:r>'
