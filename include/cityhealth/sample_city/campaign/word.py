"""Reports as Word documents that people write: text under headings, a table, and what Word makes of both.

The same report gives the same bytes.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import docx
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Cm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from cityhealth.progress_form import FIVE, column
from cityhealth.reports.packing import repacked
from cityhealth.sample_city.biff import compound_file
from cityhealth.sample_city.campaign.reports import Line, Report
from cityhealth.sample_city.files import LABEL, LABEL_LINE

_NUMBERS = "一二三四五六七八九十"
_TABLE_FIELDS = ("task_text", *FIVE, "percent_text", "reason_text", "responsible_text")
_FACTS = ("percent_text", "reason_text", "responsible_text")
_CHANGED_BY = 'w:author="李四" w:date="2021-06-03T16:20:00Z"'


def under_headings(
    report: Report, fields: Sequence[str] = FIVE, *, revised: bool = False, picture: bytes | None = None
) -> bytes:
    """A heading per task, a smaller one per field. ``revised``: the first task's 完成情况 carries tracked changes;
    ``picture`` (PNG) stands at the end."""
    document = _opened(report)
    for number, line in enumerate(report.lines):
        document.add_heading(f"{_NUMBERS[number]}、{line['task_text']}", 1)
        for place, field in enumerate(fields):
            document.add_heading(f"（{_NUMBERS[place]}）{column(field).header}", 2)
            paragraph = document.add_paragraph()
            if revised and number == 0 and field == "status_text":
                _revise(paragraph, _text(line, field))
            else:
                paragraph.add_run(_text(line, field))
        for field in _FACTS:
            if _text(line, field):
                document.add_paragraph(f"{column(field).header}：{_text(line, field)}")
    if picture is not None:
        document.add_picture(io.BytesIO(picture), width=Cm(12))
    return _closed(document, report)


def in_table(report: Report, *, nested: bool = False) -> bytes:
    """One table with a row per task; ``nested`` within the only cell of another one, a frame around the page."""
    document = _opened(report)
    if nested:
        frame = document.add_table(1, 1, style="Table Grid").cell(0, 0)
        frame.paragraphs[0].add_run("任务进展明细：")
        _fill(frame.add_table(1, len(_TABLE_FIELDS)), report)
        frame.add_paragraph()
    else:
        _fill(document.add_table(1, len(_TABLE_FIELDS), style="Table Grid"), report)
    return _closed(document, report)


def old_word(report: Report) -> bytes:
    """A .doc as far as a program looks before it refuses one: the container, the head of the file, the text.

    Word itself would want the tables that say how it is set.
    """
    text = "\r".join([LABEL_LINE, *(str(line["work_text"]) for line in report.lines)])
    head = struct.pack("<HHH", 0xA5EC, 0x00C1, 0x0804).ljust(512, b"\0")
    return compound_file("WordDocument", head + text.encode("utf-16-le"))


def noise(megabytes: int, seed: int) -> bytes:
    """A PNG of coloured dots, of about that size."""
    side = 512
    draw = random.Random(seed)
    height = megabytes * 1024 * 1024 // (3 * side)
    rows = b"".join(b"\0" + draw.randbytes(3 * side) for _ in range(height))
    header = struct.pack(">IIBBBBB", side, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"tEXt", b"Title\0synthetic"), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _opened(report: Report) -> Document:
    document = docx.Document()
    document.styles["Normal"].font.size = Pt(12)
    document.add_paragraph(LABEL_LINE)
    document.add_paragraph(f"{report.department_zh}关于城市体检工作进展情况的报告", "Title")
    if report.period_text is not None:
        document.add_paragraph(f"报送期：{report.period_text}")
    return document


def _closed(document: Document, report: Report) -> bytes:
    day = report.filled_on
    document.add_paragraph(report.department_zh)
    document.add_paragraph(f"{day.year}年{day.month}月{day.day}日")
    properties = document.core_properties
    properties.author, properties.last_modified_by, properties.comments = "", "", LABEL
    properties.created = properties.modified = datetime.combine(day, datetime.min.time(), UTC)
    stream = io.BytesIO()
    document.save(stream)
    return repacked(stream.getvalue())


def _fill(table: Table, report: Report) -> None:
    _write(table.rows[0].cells, (column(field).header for field in _TABLE_FIELDS))
    for line in report.lines:
        _write(table.add_row().cells, (_text(line, field) for field in _TABLE_FIELDS))


def _write(cells: Sequence[_Cell], texts: Iterable[str]) -> None:
    for cell, text in zip(cells, texts, strict=True):
        cell.text = text


def _revise(paragraph: Paragraph, text: str) -> None:
    """The text as it is with all changes accepted: its second half is inserted, for something that is deleted."""
    middle = len(text) // 2
    paragraph.add_run(text[:middle])
    for change, tag, content in (("del", "delText", "正在办理，"), ("ins", "t", text[middle:])):
        paragraph._p.append(
            parse_xml(
                f'<w:{change} {nsdecls("w")} w:id="{len(paragraph._p)}" {_CHANGED_BY}>'
                f'<w:r><w:{tag} xml:space="preserve">{content}</w:{tag}></w:r></w:{change}>'
            )
        )


def _text(line: Line, field: str) -> str:
    value = line[field]
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:g}"
