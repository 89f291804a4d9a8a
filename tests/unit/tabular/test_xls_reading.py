"""Workbooks of Excel 97 to 2003."""

from __future__ import annotations

import io
from datetime import date

import xlwt
from made_files import xls

from cityhealth.tabular import Range, read_sheets


def _texts(data: bytes) -> dict[str, tuple[str, str]]:
    (sheet,) = read_sheets(data, "表.xls")
    return {c.address: (c.text, c.kind) for cells in sheet.rows.values() for c in cells.values()}


def test_text_numbers_and_booleans_are_read_with_addresses() -> None:
    assert _texts(xls([["指标", None, " 值 "], [], ["人口", 3.0, 0.1, True]])) == {
        "A1": ("指标", "text"),
        "C1": ("值", "text"),
        "A3": ("人口", "text"),
        "B3": ("3", "number"),
        "C3": ("0.1", "number"),
        "D3": ("TRUE", "boolean"),
    }


def test_dates_and_percentages_follow_their_formats() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("数据")
    for column, (value, code) in enumerate(
        [(date(2020, 11, 1), "yyyy-mm-dd"), (date(2020, 11, 1), 'yyyy"年"m"月"'), (0.57, "0.00%"), (0.57, "0.00")]
    ):
        sheet.write(0, column, value, xlwt.easyxf(num_format_str=code))
    stream = io.BytesIO()
    book.save(stream)
    assert [text for text, _ in _texts(stream.getvalue()).values()] == ["2020-11-01", "2020-11", "57%", "0.57"]


def test_merged_ranges_count_from_one_and_include_their_ends() -> None:
    (sheet,) = read_sheets(xls([["甲"], [None, 1]], merged=[(2, 4, 0, 1)]), "a.xls")
    assert sheet.merged == (Range(3, 1, 5, 2),)
    assert sheet.origin.format == "xls"
