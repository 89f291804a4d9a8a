"""A self-check as a Word form, written with python-docx: a heading per dimension, a smaller one per section.

The same form and entries give the same bytes: core properties and the zip's dates are fixed.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from cityhealth.reports.packing import repacked
from cityhealth.self_check_form import HINT, SECTIONS, section_zh
from cityhealth.templates.progress_word import ordinal
from cityhealth.templates.self_check_forms import Sections, SelfCheckForm
from cityhealth.templates.self_check_guide import HOW_TO_FILL

_GREY, _RED = RGBColor(0x7F, 0x7F, 0x7F), RGBColor(0xC0, 0x00, 0x00)
_INDENT = Pt(24)  # two characters of the text


def write_self_check_document(
    form: SelfCheckForm, entries: Mapping[str, Sections] | None = None, label: str | None = None
) -> bytes:
    """The Word form (.docx) of a self-check.

    ``entries`` (by dimension code) fills it in; a section without an entry has a hint in its place, which the reader
    passes over. ``label`` is shown red (合成数据).
    """
    document = docx.Document()
    _page(document)
    _line(document.add_paragraph(), form.title, "方正小标宋简体", 20, centred=True)
    if label:
        _line(document.add_paragraph(), label, "黑体", 12, centred=True, colour=_RED)
    facts = f"填报单位：{form.department_name}　　　　数据年份：{form.data_year}年"
    _line(document.add_paragraph(), facts, "宋体", 10.5, centred=True)
    how = {section: (text, example) for section, text, example in HOW_TO_FILL}
    for number, row in enumerate(form.rows):
        _heading(document, f"{ordinal(number)}、{row.name}", 1, "黑体", 16)
        if row.indicators:
            _line(
                document.add_paragraph(),
                f"{HINT}本维度负责的指标：{'、'.join(row.indicators)}",
                "宋体",
                9,
                colour=_GREY,
            )
        said = (entries or {}).get(row.code, {})
        for place, section in enumerate(SECTIONS):
            _heading(document, f"（{ordinal(place)}）{section_zh(section)}", 2, "楷体", 14)
            if text := said.get(section):
                for part in text.split("\n"):
                    _body(document, part)
            elif entries is None:
                advice, example = how[section]
                _line(document.add_paragraph(), f"{HINT}{advice}例：{example}。", "宋体", 9, colour=_GREY)
                _body(document, "")
    signature = document.add_paragraph()
    signature.paragraph_format.space_before = Pt(14)
    _line(signature, "填表人：　　　　　　联系电话：　　　　　　　　单位负责人（签字）：", "宋体", 10.5)
    properties = document.core_properties
    properties.title, properties.subject = form.title, form.department_name
    properties.author = properties.last_modified_by = ""
    properties.comments = label or ""
    properties.created = properties.modified = datetime.combine(form.period_end, datetime.min.time(), UTC)
    properties.revision = 1
    stream = io.BytesIO()
    document.save(stream)
    return repacked(stream.getvalue())


def _page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    section.top_margin, section.bottom_margin = Cm(3), Cm(2.6)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "仿宋", Pt(12)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "仿宋")
    normal.paragraph_format.space_after = Pt(4)


def _heading(document: Document, text: str, level: int, font: str, points: float) -> None:
    heading = document.add_heading("", level)
    heading.paragraph_format.space_before = Pt(12 if level == 1 else 6)
    _line(heading, text, font, points, colour=RGBColor(0, 0, 0))


def _body(document: Document, text: str) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.first_line_indent = _INDENT
    paragraph.paragraph_format.line_spacing = 1.4
    _line(paragraph, text, "仿宋", 12)


def _line(
    paragraph: Paragraph, text: str, font: str, points: float, centred: bool = False, colour: RGBColor | None = None
) -> None:
    run = paragraph.add_run(text)
    run.font.name, run.font.size = font, Pt(points)
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if colour is not None:
        run.font.color.rgb = colour
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
