"""Files that are refused as a whole: each with its code and a Chinese message that names the file."""

from __future__ import annotations

import io
import random
import struct
import zipfile

import msoffcrypto
import openpyxl
import pytest
from hypothesis import given, settings, strategies as st
from made_files import package, saved, xls, xlsx

from cityhealth.errors import UnreadableFile
from cityhealth.tabular import Limits, read_sheets

GOOD = xlsx([["指标", "数值"], ["人口", 1]])
GOOD_XLS = xls([["指标", "数值"], ["人口", 1]])
SHEET = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>'


def _encrypted(password: str, plain: bytes = GOOD) -> bytes:
    stream = io.BytesIO()
    msoffcrypto.OfficeFile(io.BytesIO(plain)).encrypt(password, stream)
    return stream.getvalue()


def _zip(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _bomb(megabytes: int) -> bytes:
    return package(SHEET, {"xl/media/image1.png": bytes(megabytes * 1024 * 1024)})


def _lying(data: bytes) -> bytes:
    """The archive with every size of the central directory set to ten bytes."""
    changed = bytearray(data)
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        changed[at + 24 : at + 28] = struct.pack("<I", 10)
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(changed)


def _code(data: bytes, filename: str = "表 “甲”.xlsx", limits: Limits | None = None) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read_sheets(data, filename, *([limits] if limits else []))
    assert refused.value.place is not None and refused.value.place.file == filename
    assert any("\u4e00" <= character <= "\u9fff" for character in refused.value.message)
    return refused.value.code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"", "empty", id="no bytes"),
        pytest.param(b"\xef\xbb\xbf\r\n ", "empty", id="a mark and white space"),
        pytest.param(GOOD[: len(GOOD) // 2], "damaged", id="truncated xlsx"),
        pytest.param(GOOD[:-1000] + bytes(1000), "damaged", id="xlsx with its end lost"),
        pytest.param(GOOD_XLS[:700], "damaged", id="truncated xls"),
        pytest.param(_encrypted("secret"), "encrypted", id="password"),
        pytest.param(b"%PDF-1.7\n1 0 obj", "not_a_table", id="pdf"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not_a_table", id="image"),
        pytest.param(_zip({"word/document.xml": b"<w/>"}), "not_a_table", id="docx"),
        pytest.param(_zip({"a.txt": b"a"}), "not_a_table", id="any zip"),
        pytest.param(_zip({"xl/workbook.bin": b"a"}), "unsupported_format", id="xlsb"),
        pytest.param(b"<html><table><tr><td>1</td></tr></table></html>", "unsupported_format", id="html as xls"),
        pytest.param(random.Random(1).randbytes(5000), "not_a_table", id="random bytes"),
        pytest.param(bytes(range(1, 256)) * 3, "not_a_table", id="control characters"),
        pytest.param(
            package("<sheetData/>").replace(b"xl/worksheets/sheet1.xml", b"xl/worksheets/sheet9.xml"), "damaged",
            id="a part that is missing",
        ),
    ],
)  # fmt: skip
def test_what_is_no_readable_table_is_refused_with_its_code(data: bytes, code: str) -> None:
    found = _code(data)
    if code == "not_a_table":
        assert found in ("not_a_table", "undecodable")
    else:
        assert found == code


def test_a_zip_bomb_is_refused_by_its_ratio_its_size_and_its_entries() -> None:
    assert _code(_bomb(64)) == "zip_bomb"
    assert _code(GOOD, limits=Limits(unpacked_bytes=2000)) == "zip_bomb"
    assert _code(_zip({f"xl/{n}.xml": b"" for n in range(50)}), limits=Limits(entries=20)) == "zip_bomb"


def test_a_zip_bomb_whose_headers_lie_is_refused_too() -> None:
    assert _code(_lying(_bomb(64))) in ("damaged", "zip_bomb")


def test_xml_that_defines_entities_is_refused_before_it_expands() -> None:
    laughs = (
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&b;</t></si></sst>'
    )
    good = package(SHEET)
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert _code(_zip(parts | {"xl/sharedStrings.xml": laughs})) == "unsafe_xml"


def test_a_workbook_without_worksheets_is_refused() -> None:
    book = openpyxl.Workbook()
    chart = book.create_chartsheet("图")
    book.remove(book.worksheets[0])
    assert chart.title == "图"
    assert _code(saved(book)) == "no_sheets"


def test_a_workbook_protected_without_a_password_is_read() -> None:
    assert len(read_sheets(_encrypted("VelvetSweatshop"), "a.xlsx")) == 1


@pytest.mark.parametrize(
    ("data", "filename", "extension", "format"),
    [
        (GOOD, "表.xls", "xls", "xlsx"),
        (GOOD_XLS, "表.xlsx", "xlsx", "xls"),
        (b"a,b\n1,2\n", "表.xls", "xls", "csv"),
        (GOOD, "表", "", "xlsx"),
        (GOOD, "表.xlsx", None, "xlsx"),
        (b"a\tb\n1\t2\n", "表.TXT", None, "csv"),
    ],
)
def test_a_wrong_extension_is_read_by_content_and_reported(
    data: bytes, filename: str, extension: str | None, format: str
) -> None:
    (sheet,) = read_sheets(data, filename)
    assert (sheet.origin.wrong_extension, sheet.origin.format) == (extension, format)
    assert len(sheet.rows) == 2


SAMPLES = {"xlsx": GOOD, "xls": GOOD_XLS, "encrypted": _encrypted("x")}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(SAMPLES)),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 40),
    st.binary(max_size=8),
)
def test_a_file_damaged_anywhere_is_read_or_refused_but_never_crashes(
    name: str, where: float, removed: int, inserted: bytes
) -> None:
    data = SAMPLES[name]
    at = int(where * len(data))
    try:
        assert read_sheets(data[:at] + inserted + data[at + removed :], "a.xls")
    except UnreadableFile as refused:
        assert refused.code


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        assert read_sheets(data, "a.csv")
    except UnreadableFile as refused:
        assert refused.code
