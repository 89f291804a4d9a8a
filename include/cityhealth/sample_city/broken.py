"""Files that cannot be read, or that nobody should read naively."""

from __future__ import annotations

import io
import random
import zipfile
from unittest import mock

import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile
from msoffcrypto.method import ecma376_agile
from msoffcrypto.method.container import ecma376_encrypted

PASSWORD = "jc2021"  # of the one encrypted workbook; the sender forgot to tell it

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def truncated(workbook: bytes) -> bytes:
    """The first part of a file whose transfer broke off."""
    return workbook[: len(workbook) * 3 // 5]


def encrypted(workbook: bytes) -> bytes:
    """An .xlsx with a password for opening."""
    buffer = io.BytesIO()
    # msoffcrypto draws salts from the system and times from the clock; the sample city must have the same bytes always.
    with (
        mock.patch.object(ecma376_agile, "_random_buffer", random.Random(PASSWORD).randbytes),
        mock.patch.object(ecma376_encrypted, "datetime2filetime", lambda moment: 0),
    ):
        OOXMLFile(io.BytesIO(workbook)).encrypt(PASSWORD, buffer)
    return buffer.getvalue()


def zip_bomb(workbook: bytes, megabytes: int = 96) -> bytes:
    """``workbook`` with a sheet that unpacks to ``megabytes``; about a thousandth of it on disk."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(buffer, "w") as target:
        for entry in source.infolist():
            if entry.filename == "xl/worksheets/sheet1.xml":
                _write_bomb(target, entry.filename, megabytes)
            else:
                target.writestr(_dated(entry.filename), source.read(entry))
    return buffer.getvalue()


def _write_bomb(target: zipfile.ZipFile, name: str, megabytes: int) -> None:
    with target.open(_dated(name), "w") as part:
        part.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
        for _ in range(megabytes):
            part.write(b" " * 1024 * 1024)
        part.write(b"</sheetData></worksheet>")


def _dated(name: str) -> zipfile.ZipInfo:
    """A fixed date, so that the bytes do not depend on the clock."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def format_a_million_rows(workbook: xlsxwriter.Workbook) -> None:
    """Give the last row of the first sheet a height, as a person does who formats a whole column."""
    workbook.worksheets()[0].set_row(1_048_575, 20)
