"""From bytes to sheets: the content decides the format, the file's name is only compared with it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import PurePosixPath

import msoffcrypto
from xlrd.compdoc import CompDoc

from cityhealth.tabular.delimited import read_delimited
from cityhealth.tabular.limits import DEFAULT_LIMITS, Limits
from cityhealth.tabular.refusals import refuse
from cityhealth.tabular.sheet import Sheet
from cityhealth.tabular.xls import read_xls
from cityhealth.tabular.xlsx import read_xlsx

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
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
# Excel encrypts with this password where a person only protected a workbook's structure.
_NO_PASSWORD = "VelvetSweatshop"
_STREAMS = ("Workbook", "Book", "EncryptedPackage")


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
    try:
        container = CompDoc(data, logfile=io.StringIO())
        streams = {name for name in _STREAMS if container.get_named_stream(name) is not None}
    # xlrd's container parser walks tables of the file and fails on damaged ones in many ways.
    except Exception as error:
        raise refuse("damaged", filename) from error
    if not streams & {"Workbook", "Book", "EncryptedPackage"}:
        raise refuse("not_a_table", filename, "Office 文档")
    plain = _without_protection(data, filename)
    return _read(plain, filename, limits) if plain.startswith(ZIP) else read_xls(plain, filename, limits)


def _without_protection(data: bytes, filename: str) -> bytes:
    """The bytes themselves if not encrypted, or decrypted with the password that is none."""
    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        if not office.is_encrypted():
            return data
    # Damaged, or older than msoffcrypto knows (Excel 5.0): the reader of .xls will judge it.
    except Exception:
        return data
    plain = io.BytesIO()
    try:
        office.load_key(password=_NO_PASSWORD, verify_password=True)
        office.decrypt(plain)
    # Whatever goes wrong here, the file cannot be opened without its password.
    except Exception as error:
        raise refuse("encrypted", filename) from error
    return plain.getvalue()
