"""The small writer of .xls: xlrd, which did not write it, reads it back."""

from __future__ import annotations

import pytest
import xlrd
from hypothesis import given, settings as hypothesis_settings, strategies as st

from cityhealth.sample_city.biff import xls_bytes

_cells = st.one_of(
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=120),
)


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(_cells, max_size=6), min_size=1, max_size=30))
def test_texts_and_numbers_come_back(rows: list[list[float | str | None]]) -> None:
    sheet = xlrd.open_workbook(file_contents=xls_bytes(rows, "填报表")).sheet_by_index(0)
    assert sheet.name == "填报表"
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell is not None:
                assert sheet.cell_value(number, column) == cell


def test_a_large_sheet_needs_more_than_one_sector_of_allocation() -> None:
    rows = [[float(n), "合成数据" * 20] for n in range(3000)]
    data = xls_bytes(rows, "大表")
    assert len(data) > 128 * 512
    sheet = xlrd.open_workbook(file_contents=data).sheet_by_index(0)
    assert sheet.nrows == 3000 and sheet.row_values(2999) == rows[2999]


def test_merged_ranges_come_back() -> None:
    data = xls_bytes([["a", None], [None, None]], "s", [(0, 0, 1, 1)])
    sheet = xlrd.open_workbook(file_contents=data, formatting_info=True).sheet_by_index(0)
    assert sheet.merged_cells == [(0, 2, 0, 2)]


@pytest.mark.parametrize("rows", [[["x"] * 257], [["x"]] * 65_537, [["x" * 256]]])
def test_what_the_format_cannot_hold_is_refused(rows: list[list[str]]) -> None:
    with pytest.raises(ValueError, match="at most"):
        xls_bytes(rows, "s")
