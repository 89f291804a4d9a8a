"""Delimited text in the encodings and with the delimiters of Chinese offices."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, strategies as st

from cityhealth.errors import UnreadableFile
from cityhealth.tabular import Sheet, read_sheets

TEXT = "指标,数值,备注\n建成区面积,52.3,㎡与“引号”\n常住人口,2194545,\n"


def _read(data: bytes, filename: str = "表.csv") -> Sheet:
    (sheet,) = read_sheets(data, filename)
    return sheet


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_every_usual_encoding_gives_the_same_cells(encoding: str, found: str) -> None:
    sheet = _read(TEXT.encode(encoding))
    assert sheet.origin.encoding == found
    assert [[cell.text for cell in cells.values()] for cells in sheet.rows.values()] == [
        ["指标", "数值", "备注"],
        ["建成区面积", "52.3", "㎡与“引号”"],
        ["常住人口", "2194545"],
    ]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_delimiter_is_the_one_that_most_rows_agree_on(delimiter: str) -> None:
    text = f"附件，2020年,数据;表\n\n{TEXT.replace(',', delimiter)}注：以上；数据\n"
    sheet = _read(text.encode())
    assert sheet.origin.delimiter == delimiter
    assert sheet.cell(4, 2) is not None and sheet.cell(4, 2).address == "B4"  # type: ignore[union-attr]
    assert sheet.name == "表"


def test_quoted_cells_keep_delimiters_and_line_ends() -> None:
    sheet = _read(b'a,"b,\nc",d\n1,"2""3",4\n')
    assert [cell.text for cell in sheet.rows[1].values()] == ["a", "b,\nc", "d"]
    assert [cell.text for cell in sheet.rows[2].values()] == ["1", '2"3', "4"]


def test_utf8_with_a_broken_byte_is_refused_rather_than_read_as_gibberish() -> None:
    data = (TEXT * 3).encode().replace("常住".encode(), "常住".encode()[:-1], 1)
    with pytest.raises(UnreadableFile) as refused:
        _read(data)
    assert refused.value.code == "undecodable"
    assert "字节" in refused.value.message


def test_a_cell_of_a_hundred_thousand_characters_is_read() -> None:
    outline = "112.8 35.5," * 15_000
    assert _read(f'a,b\n1,"{outline}"\n'.encode()).rows[2][2].text == outline


texts = st.text(st.characters(codec="gb18030", exclude_categories=("Cc", "Cs", "Co", "Cn", "Cf")), max_size=8)


@given(st.lists(st.lists(texts.map(str.strip), min_size=2, max_size=4), min_size=1, max_size=5))
def test_what_the_csv_module_writes_is_read_back(rows: list[list[str]]) -> None:
    rows = [["指标名称", "指标数值"], *rows]
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(rows)
    sheet = _read(stream.getvalue().encode("utf-8-sig"))
    for r, row in enumerate(rows, 1):
        for c, text in enumerate(row, 1):
            cell = sheet.cell(r, c)
            assert (cell.text if cell else "") == text
