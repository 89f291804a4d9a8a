"""The receipt (回执) for the department: cover sheet and marked copy in one .xlsx, equal for equal judgements."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from openpyxl.packaging.core import DocumentProperties
from openpyxl.workbook import Workbook

from cityhealth.documents import is_word
from cityhealth.errors import UnreadableFile
from cityhealth.form import INSTRUCTIONS_SHEET
from cityhealth.hashing import sha256_hex
from cityhealth.outbox import deliver
from cityhealth.quality.batch import BatchFacts
from cityhealth.quality.receipt_copy import copy_of
from cityhealth.quality.receipt_cover import Cover, add_cover
from cityhealth.quality.subjects import SUBJECTS
from cityhealth.quality.verdicts import Judged
from cityhealth.tabular import Sheet, read_sheets

_NOT_IN_NAME = re.compile(r"[^\w.\-]+")
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Receipt:
    """A receipt that stands in the outbox."""

    path: str
    sha256: str


def build_receipt(batch: BatchFacts, judged: Judged, department_zh: str, original: bytes | None) -> bytes:
    """The receipt as bytes of an .xlsx file.

    ``original`` None, a file that cannot be read, a Word document or what is no table gives the cover sheet alone.
    """
    subject = SUBJECTS[batch.raw_table]
    book = Workbook()
    titles: dict[str, str] = {}
    notes: list[str] = []
    unread: list[str] = []
    sheet_zh = subject.sheet_zh
    book.remove(book.active)
    if subject.no_copy_zh is not None:
        notes.append(subject.no_copy_zh)
    elif original is None and batch.read_error_code is None:
        notes.append("原文件已不在收件区，本回执没有附副本。")
    elif original is not None and batch.read_error_code is None and is_word(original, batch.arrival.filename):
        sheet_zh = "正文或表格"
        notes.append("所报为 Word 文档，本回执不附副本；下表按段落（第 n 段）或表格（表格 n 的单元格）指明位置。")
    elif original is not None and batch.read_error_code is None:
        try:
            sheets = read_sheets(original, batch.arrival.filename)
            book, titles, whole = copy_of(original, sheets, judged.findings)
        except UnreadableFile as error:
            notes.append(f"原文件不能复制：{error.message}")
        else:
            unread = _unread_sheets(sheets, judged) if subject.unread_sheets else []
            notes.append("后附所报文件的副本，问题单元格已标色并加批注；副本只供查看，不含公式和宏，请在原文件上更正。")
            if not whole:
                notes.append("所报文件很大，副本只保留表头和有问题的行，单元格位置与原文件相同。")
    facts = subject.facts(judged.rows.loc[judged.rows["verdict"] == "accepted"])
    add_cover(book, Cover(batch, subject.nouns, department_zh, facts, notes, unread, sheet_zh), judged, titles)
    return _saved(book, batch.arrival.received_at)


def _unread_sheets(sheets: Sequence[Sheet], judged: Judged) -> list[str]:
    """Sheets with something on them of which no line was read; the form's own instructions are not missed."""
    read = set(judged.rows["sheet"])
    return [
        f"「{sheet.name}」（隐藏）" if sheet.hidden else f"「{sheet.name}」"
        for sheet in sheets
        if sheet.rows and sheet.name not in read and sheet.name != INSTRUCTIONS_SHEET
    ]


def receipt_name(batch: BatchFacts, department_zh: str, word_zh: str = "回执") -> str:
    """``receipts/<feed>/<arrival day>/<department>_<file's stem>_<batch>_回执.xlsx``, safe on every file system.

    ``word_zh``: what the subject calls its receipts.
    """
    stem = batch.arrival.filename.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    name = f"{safe_name(department_zh, 20)}_{safe_name(stem, 40)}_{batch.batch_id[:8]}_{word_zh}.xlsx"
    return f"receipts/{safe_name(batch.arrival.feed, 40)}/{batch.arrival.day}/{name}"


def safe_name(text: str, longest: int) -> str:
    """Only letters (Chinese included), digits, ``.``, ``-`` and ``_``, no dot in front, never empty."""
    kept = _NOT_IN_NAME.sub("_", unicodedata.normalize("NFC", text)).strip("._- ")
    return kept[:longest].rstrip("._- ") or "未命名"


def write_receipt(outbox_url: str, name: str, data: bytes) -> Receipt:
    """Put a receipt into the outbox (any fsspec URL); it is there whole or not at all on a local disk."""
    return Receipt(deliver(outbox_url, name, data), sha256_hex(data))


def _saved(book: Workbook, at: datetime) -> bytes:
    """The file with the arrival's time for every time in it, so that it does not tell when it was made."""
    at = at.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    book.properties = DocumentProperties(creator="城市体检数据校验", created=at, modified=at)
    plain = io.BytesIO()
    book.save(plain)
    fixed = io.BytesIO()
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + f"{at.isoformat()}Z".encode() + rb"\g<2>", content)
            target.writestr(zipfile.ZipInfo(entry.filename, _ZIP_EPOCH), content, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()
