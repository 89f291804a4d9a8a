"""Delimited text as Chinese offices export it: UTF-8 with or without mark, GB18030, UTF-16."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from pathlib import PurePosixPath

from cityhealth.tabular.limits import Limits
from cityhealth.tabular.refusals import refuse
from cityhealth.tabular.sheet import MAX_COLUMNS, MAX_ROWS, Cell, Origin, Sheet

DELIMITERS = (",", "\t", ";")
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_SNIFFED_CHARACTERS = 65_536


def read_delimited(data: bytes, filename: str, limits: Limits) -> list[Sheet]:
    """One sheet named after the file; every cell is text. Raises UnreadableFile."""
    text, encoding = _decode(data, filename)
    delimiter = _delimiter(text)
    # The csv module knows one limit for the whole process; every caller here sets the same kind of value.
    csv.field_size_limit(limits.cell_characters)
    rows: dict[int, dict[int, Cell]] = {}
    count = 0
    try:
        for number, fields in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1):
            cells = {c: Cell(v.strip(), number, c) for c, v in enumerate(fields, 1) if v and not v.isspace()}
            count += len(cells)
            if count > limits.cells or number > MAX_ROWS or len(fields) > MAX_COLUMNS:
                raise refuse("too_many_cells", filename)
            if cells:
                rows[number] = cells
    except csv.Error as error:
        raise refuse("damaged", filename, "引号不配对或单元格过长") from error
    return [Sheet(PurePosixPath(filename).stem, rows, origin=Origin("csv", encoding, delimiter))]


def _decode(data: bytes, filename: str) -> tuple[str, str]:
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    encoding = encoding or _utf16_without_mark(data)
    if encoding is None:
        encoding = "utf-8" if _is_utf8(data, filename) else "gb18030"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise refuse("undecodable", filename) from error
    if _looks_binary(text):
        raise refuse("not_a_table", filename, "内容是二进制数据")
    return text.rstrip("\x1a"), encoding.removesuffix("-sig")


def _utf16_without_mark(data: bytes) -> str | None:
    """ASCII in UTF-16 has a zero in every second byte; no other text has any."""
    head = data[:4096]
    if head[1::2].count(0) > len(head) // 8 and not head[0::2].count(0):
        return "utf-16-le"
    if head[0::2].count(0) > len(head) // 8 and not head[1::2].count(0):
        return "utf-16-be"
    return None


def _is_utf8(data: bytes, filename: str) -> bool:
    """Whether the bytes are UTF-8; with a few broken bytes they are refused, or GB18030 makes gibberish."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", errors="replace")
        broken = text.count("\ufffd")
        whole = sum(character > "\x7f" for character in text) - broken
        if whole > 4 * broken:
            raise refuse("undecodable", filename, f"第 {error.start + 1} 字节处的 UTF-8 文字已损坏") from error
        return False
    return True


def _looks_binary(text: str) -> bool:
    """Control characters, or many code points that no text uses: bytes that merely happen to decode."""
    counts = Counter(unicodedata.category(character) for character in text[:_SNIFFED_CHARACTERS])
    controls = counts["Cc"] - sum(text[:_SNIFFED_CHARACTERS].count(c) for c in "\t\r\n\f\x1a")
    return controls > 0 or (counts["Cn"] + counts["Co"]) * 20 > counts.total()


def _delimiter(text: str) -> str:
    """The delimiter for which most rows have the same number (above one) of fields; a comma if none has.

    A field in which a quote is left counts against it: such a delimiter stands within quoted texts.
    """

    def agreement(delimiter: str) -> tuple[int, int]:
        sample = io.StringIO(text[:_SNIFFED_CHARACTERS], newline="")
        try:
            rows = [row for row in csv.reader(sample, delimiter=delimiter) if len(row) > 1]
        except csv.Error:
            return 0, 0
        left = sum('"' in field for row in rows for field in row)
        widths = Counter(map(len, rows))
        return max(((count - left, width) for width, count in widths.items()), default=(0, 0))

    return max(DELIMITERS, key=agreement)
