"""From bytes to sheets: the content decides the format, the file's name is only compared with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from cityhealth.tabular.containers import OLE, ZIP, ole_streams, without_protection
from cityhealth.tabular.delimited import read_delimited
from cityhealth.tabular.limits import DEFAULT_LIMITS, Limits
from cityhealth.tabular.refusals import refuse
from cityhealth.tabular.sheet import Sheet
from cityhealth.tabular.xls import read_xls
from cityhealth.tabular.xlsx import read_xlsx

_NO_TABLES = {
    b"%PDF": "PDF",
    b"\x89PNG": "PNG 图片",
    b"\xff\xd8\xff": "JPEG 图片",
    b"GIF8": "GIF 图片",
    b"{\\rtf": "RTF 文档",
    b"Rar!": "RAR 压缩包",
    b"7z\xbc\xaf": "7z 压缩包",
    b"\x1f\x8b": "gzip 压缩包",
}
_OTHER_TABLES = {
    b"<html": "网页表格",
    b"<!doctype html": "网页表格",
    b"<table": "网页表格",
    b"<?xml": "XML 表格",
}
_EXTENSIONS = {"xlsx": {"xlsx"}, "xlsm": {"xlsm"}, "xls": {"xls", "et"}, "csv": {"csv", "txt", "tsv"}}


def read_sheets(data: bytes, filename: str, limits: Limits = DEFAULT_LIMITS) -> list[Sheet]:
    """All sheets of a workbook or delimited text, in the file's order, hidden ones included.

    Reads .xlsx, .xlsm (macros are never looked at), .xls and .csv/.txt. Raises UnreadableFile with a code of
    ``refusals.MESSAGES``.
    """
    if not data.strip(b"\0\t\r\n \xef\xbb\xbf\xff\xfe"):
        raise refuse("empty", filename)
    if len(data) > limits.file_bytes:
        raise refuse("file_too_large", filename)
    sheets = _read(data, filename, limits)
    if not sheets:
        raise refuse("no_sheets", filename)
    extension = PurePosixPath(filename).suffix.lstrip(".").lower()
    if extension in _EXTENSIONS[sheets[0].origin.format]:
        return sheets
    return [replace(s, origin=replace(s.origin, wrong_extension=extension)) for s in sheets]


def _read(data: bytes, filename: str, limits: Limits) -> list[Sheet]:
    if data.startswith(ZIP):
        return read_xlsx(data, filename, limits)
    if data.startswith(OLE):
        return _read_ole(data, filename, limits)
    for start, name in _NO_TABLES.items():
        if data.startswith(start):
            raise refuse("not_a_table", filename, name)
    head = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for start, name in _OTHER_TABLES.items():
        if head.startswith(start):
            raise refuse("unsupported_format", filename, name)
    return read_delimited(data, filename, limits)


def _read_ole(data: bytes, filename: str, limits: Limits) -> list[Sheet]:
    """An OLE container holds an old workbook, an encrypted new one, or another Office document."""
    streams = ole_streams(data, filename)
    if not streams & {"Workbook", "Book", "EncryptedPackage"}:
        raise refuse("not_a_table", filename, "Office 文档")
    plain = without_protection(data, filename)
    return _read(plain, filename, limits) if plain.startswith(ZIP) else read_xls(plain, filename, limits)
