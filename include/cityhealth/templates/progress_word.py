"""A progress report as a Word form, written with python-docx: a table of labels for each task.

The same form and entries give the same bytes: core properties and the zip's dates are fixed.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime

import docx
from docx.document import Document
from docx.enum.table import WD_ALIGN_VERTICAL, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from cityhealth.progress_form import FIVE, column
from cityhealth.reports.packing import repacked
from cityhealth.templates.progress_forms import ProgressEntry, ProgressForm, TaskRow

_FACTS = ("percent_text", "reason_text", "responsible_text", "date_text")
_WIDTHS = (Cm(3.4), Cm(13.2))
_HEIGHT_OF_FIVE = Cm(1.4)  # two tasks on a page
_CHINESE = "一二三四五六七八九十"


def write_progress_document(
    report: ProgressForm, entries: Mapping[str, ProgressEntry] | None = None, label: str | None = None
) -> bytes:
    """The Word form (.docx) of a report. ``entries`` (by task code) fills it in; ``label`` is shown red (合成数据)."""
    document = docx.Document()
    _page(document)
    _line(document.add_paragraph(), report.title, "黑体", 18, centred=True)
    if label:
        _line(document.add_paragraph(), label, "黑体", 12, centred=True, red=True)
    facts = f"填报单位：{report.department_name}　　　　报送期：{report.period_text}"
    _line(document.add_paragraph(), facts, "宋体", 10.5, centred=True)
    hint = (
        f"请于 {report.cutoff_text} 前送达。填写右栏，五项都要写，没有问题写「无」；"
        "完成百分比填 0 至 100 之间的数，比上期下降的写明原因。"
    )
    _line(document.add_paragraph(), hint, "宋体", 9, centred=True)
    for number, row in enumerate(report.rows):
        title = document.add_paragraph()
        title.paragraph_format.keep_with_next = True
        title.paragraph_format.space_before = Pt(10)
        _line(title, f"{ordinal(number)}、{row.name}", "黑体", 14)
        _table(document, row, (entries or {}).get(row.code, ProgressEntry()))
    signature = document.add_paragraph()
    signature.paragraph_format.space_before = Pt(14)
    _line(signature, "填表人：　　　　　　联系电话：　　　　　　　　单位负责人（签字）：", "宋体", 10.5)
    _properties(document, report, label)
    stream = io.BytesIO()
    document.save(stream)
    return repacked(stream.getvalue())


def _page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin = section.bottom_margin = Cm(2)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "宋体", Pt(10.5)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")
    normal.paragraph_format.space_after = Pt(4)


def _table(document: Document, row: TaskRow, entry: ProgressEntry) -> None:
    table = document.add_table(0, 2, style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    contents = entry.by_field
    _row(table, "职责", row.role_zh)
    for field in (*FIVE, *_FACTS):
        content = contents[field]
        text = "" if content is None else f"{content:g}" if isinstance(content, (int, float)) else content
        _row(table, column(field).header, text, tall=field in FIVE)
    for width, grid in zip(_WIDTHS, table.columns, strict=True):
        grid.width = width
    for paragraph in (p for row in table.rows[:-1] for cell in row.cells for p in cell.paragraphs):
        paragraph.paragraph_format.keep_with_next = True


def _row(table: Table, label: str, text: str, tall: bool = False) -> None:
    row = table.add_row()
    if tall:
        row.height = _HEIGHT_OF_FIVE
    for cell, width in zip(row.cells, _WIDTHS, strict=True):
        cell.width = width
        cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER
    left, right = row.cells
    _line(left.paragraphs[0], label, "黑体", 10.5, centred=True)
    _shade(left, "DCE6F1")
    lines = text.split("\n")
    for number, part in enumerate(lines):
        _line(right.paragraphs[0] if number == 0 else right.add_paragraph(), part, "宋体", 10.5)
    for paragraph in (*left.paragraphs, *right.paragraphs):
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    # A row is not torn apart between two pages unless it is longer than one.
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))


def _line(paragraph: Paragraph, text: str, font: str, points: float, centred: bool = False, red: bool = False) -> None:
    run = paragraph.add_run(text)
    run.font.name, run.font.size = font, Pt(points)
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if red:
        run.font.color.rgb = RGBColor(0xC0, 0x00, 0x00)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _shade(cell: _Cell, colour: str) -> None:
    shading = OxmlElement("w:shd")
    for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", colour)):
        shading.set(qn(name), value)
    cell._tc.get_or_add_tcPr().append(shading)


def ordinal(number: int) -> str:
    """The Chinese numeral of a place counted from 0: 一, 二, …, 十一."""
    tens, ones = divmod(number + 1, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{_CHINESE[tens - 1]}十") + (
        _CHINESE[ones - 1] if ones else ""
    )


def _properties(document: Document, report: ProgressForm, label: str | None) -> None:
    made = datetime.combine(report.period.due, datetime.min.time(), UTC)
    properties = document.core_properties
    properties.title, properties.subject = report.title, report.department_name
    properties.author = properties.last_modified_by = ""
    properties.comments = label or ""
    properties.created = properties.modified = made
    properties.revision = 1
