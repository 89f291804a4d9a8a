"""Word documents as bytes for the tests: by python-docx, and changed by hand where it cannot write what Word does."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence

import docx
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.table import _Cell

FIVE = ("工作内容", "完成情况", "工作重点", "存在的问题", "下一步工作计划")


def saved(document: Document) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def word(*paragraphs: str | tuple[str, str], change: Callable[[Document], object] | None = None) -> bytes:
    """A document of these paragraphs, each a text or (text, style); ``change`` may do more to it."""
    document = docx.Document()
    for paragraph in paragraphs:
        text, style = paragraph if isinstance(paragraph, tuple) else (paragraph, None)
        document.add_paragraph(text, style)
    if change is not None:
        change(document)
    return saved(document)


def fill(holder: Document | _Cell, rows: Sequence[Sequence[str]]) -> None:
    """A table with these texts at the end of a document or a cell."""
    table = holder.add_table(len(rows), max(map(len, rows)))
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=False):
            cell.text = text


def changed(data: bytes, parts: Mapping[str, Callable[[bytes], bytes]]) -> bytes:
    """The archive with parts changed, or (from empty bytes) added."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys((*old.namelist(), *parts)):
            content = old.read(name) if name in old.namelist() else b""
            new.writestr(name, parts[name](content) if name in parts else content)
    return stream.getvalue()


def paragraph_xml(content: str) -> object:
    """A paragraph of XML, for what python-docx has no words."""
    namespaces = (
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
        'xmlns:v="urn:schemas-microsoft-com:vml"'
    )
    return parse_xml(f"<w:p {nsdecls('w')} {namespaces}>{content}</w:p>")


def run(text: str, tag: str = "t") -> str:
    return f'<w:r><w:{tag} xml:space="preserve">{text}</w:{tag}></w:r>'


def inserted(text: str) -> str:
    return f'<w:ins w:id="1" w:author="某人" w:date="2021-06-04T10:00:00Z">{run(text)}</w:ins>'


def deleted(text: str) -> str:
    return f'<w:del w:id="2" w:author="某人" w:date="2021-06-04T10:00:00Z">{run(text, "delText")}</w:del>'


def picture(megabytes: int) -> bytes:
    """A PNG of noise, which no archive makes smaller."""
    side = 512
    noise = random.Random(megabytes).randbytes
    rows = b"".join(b"\0" + noise(3 * side) for _ in range(megabytes * 1024 * 1024 // (3 * side)))
    height = len(rows) // (3 * side + 1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
