"""Workbooks of Excel 2007 and later: text, numbers, dates, formulas, merged cells, and two other readers as judges."""

from __future__ import annotations

import io
import time
from datetime import date, datetime, time as clock

import openpyxl
import pytest
import python_calamine
import xlsxwriter
from hypothesis import given, settings, strategies as st
from made_files import package, saved, xlsx

from cityhealth.tabular import Limits, Range, Sheet, read_sheets


def _texts(sheet: Sheet) -> dict[str, str]:
    return {cell.address: cell.text for cells in sheet.rows.values() for cell in cells.values()}


def _only(data: bytes, filename: str = "表.xlsx") -> Sheet:
    (sheet,) = read_sheets(data, filename)
    return sheet


def test_cells_are_text_with_their_addresses() -> None:
    sheet = _only(xlsx([["指标", "数值"], [None, 1.0], ["人口", 0.3], ["负", -1234567.5], ["是", True]]))
    assert sheet.name == "数据"
    assert _texts(sheet) == {
        "A1": "指标", "B1": "数值", "B2": "1", "A3": "人口", "B3": "0.3", "A4": "负",
        "B4": "-1234567.5", "A5": "是", "B5": "TRUE",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("0.10000000000000001", "0.1"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("1E+20", "1e+20"),
        ("2194545.0", "2194545"),
    ],
)
def test_a_number_is_the_shortest_text_of_the_float_that_the_file_holds(stored: str, text: str) -> None:
    sheet = _only(package(f'<sheetData><row r="1"><c r="A1"><v>{stored}</v></c></row></sheetData>'))
    assert _texts(sheet) == {"A1": text}


def test_a_percentage_reads_as_the_person_sees_it() -> None:
    def percent(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        for address, code in (("A1", "0%"), ("A2", "0.00%"), ("A3", '0.0"%"')):
            sheet[address].number_format = code

    assert _texts(_only(xlsx([[0.57], [0.12345], [12.5]], percent))) == {"A1": "57%", "A2": "12.345%", "A3": "12.5"}


def test_dates_are_iso_to_the_precision_their_format_shows() -> None:
    codes = {
        "A1": "yyyy-mm-dd", "A2": "yyyy/m/d h:mm", "A3": 'yyyy"年"m"月"', "A4": 'yyyy"年"', "A5": "h:mm:ss",
        "A6": '[$-804]yyyy"年"m"月"d"日";@',
    }  # fmt: skip

    def style(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        for address, code in codes.items():
            sheet[address].number_format = code

    day = date(2020, 11, 1)
    rows = [[day], [datetime(2020, 11, 1, 9, 30)], [day], [day], [clock(18, 0)], [day]]
    sheet = _only(xlsx(rows, style))
    assert _texts(sheet) == {
        "A1": "2020-11-01", "A2": "2020-11-01T09:30:00", "A3": "2020-11", "A4": "2020", "A5": "18:00:00",
        "A6": "2020-11-01",
    }  # fmt: skip
    assert {cell.kind for cells in sheet.rows.values() for cell in cells.values()} == {"date"}


def test_the_calendar_from_1904_is_respected() -> None:
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.MAC_EPOCH
    book.active["A1"] = date(2020, 11, 1)
    assert _texts(_only(saved(book))) == {"A1": "2020-11-01"}


def test_an_error_and_a_formula_without_a_value_are_told_from_values() -> None:
    sheet = _only(
        package(
            '<sheetData><row r="1">'
            '<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B1"><f>SUM(C1:D1)</f></c>'
            '<c r="C1"><f>1+1</f><v>2</v></c><c r="D1" t="str"><f>""</f><v></v></c><c r="E1"><f>A2</f><v></v></c>'
            "</row></sheetData>"
        )
    )
    assert [(c.address, c.text, c.kind) for c in sheet.rows[1].values()] == [
        ("A1", "#DIV/0!", "error"),
        ("B1", "=SUM(C1:D1)", "no_value"),
        ("C1", "2", "number"),
        ("E1", "=A2", "no_value"),
    ]


def test_rich_and_escaped_texts_are_whole_and_phonetics_are_left_out() -> None:
    strings = (
        "<si><r><t>建成</t></r><r><t>区</t></r><rPh sb='0' eb='1'><t>jian</t></rPh></si><si><t>一_x000A_二</t></si>"
    )
    cells = '<c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><t> 三 </t></is></c>'
    sheet = _only(package(f'<sheetData><row r="1">{cells}</row></sheetData>', strings=strings))
    assert _texts(sheet) == {"A1": "建成区", "B1": "一\n二", "C1": "三"}


def test_cells_without_addresses_and_out_of_order_find_their_place() -> None:
    sheet = _only(
        package(
            '<sheetData><row r="3"><c r="B3"><v>4</v></c><c r="A3"><v>3</v></c></row>'
            '<row r="1"><c><v>1</v></c><c><v>2</v></c></row></sheetData>'
        )
    )
    assert list(_texts(sheet).items()) == [("A1", "1"), ("B1", "2"), ("A3", "3"), ("B3", "4")]


def test_merged_ranges_and_hidden_sheets_are_known() -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "甲"
    book.active.merge_cells("A1:A3")
    book.create_sheet("隐藏").sheet_state = "hidden"
    shown, hidden = read_sheets(saved(book), "a.xlsx")
    assert shown.merged == (Range(1, 1, 3, 1),) and not shown.hidden
    found = shown.merged_in_column(1)
    assert found(3) == Range(1, 1, 3, 1) and found(4) is None
    assert hidden.hidden


def test_a_sheet_of_a_million_rows_with_three_cells_costs_three_cells() -> None:
    book = openpyxl.Workbook()
    for address in ("A1", "C500000", "XFD1048576"):
        book.active[address] = "值"
    started = time.perf_counter()
    sheet = _only(saved(book))
    assert sorted(_texts(sheet)) == ["A1", "C500000", "XFD1048576"]
    assert time.perf_counter() - started < 1


def test_a_typical_workbook_is_read_fast_enough_for_five_hundred_a_minute() -> None:
    data = xlsx([[f"第{r}行第{c}列" if c < 8 else r * c / 7 for c in range(16)] for r in range(60)])
    fastest = min(_seconds(data) for _ in range(5))
    assert fastest < 0.12


def _seconds(data: bytes) -> float:
    started = time.perf_counter()
    read_sheets(data, "a.xlsx")
    return time.perf_counter() - started


def test_a_workbook_with_macros_gives_its_values_only() -> None:
    macro = package(
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>', {"xl/vbaProject.bin": b"Sub Auto_Open()"}
    )
    sheet = _only(macro, "表.xlsm")
    assert sheet.origin.format == "xlsm" and sheet.origin.wrong_extension is None
    assert _texts(sheet) == {"A1": "1"}


def test_more_cells_than_the_limit_are_refused() -> None:
    with pytest.raises(Exception, match="单元格过多"):
        read_sheets(xlsx([[1, 2, 3]]), "a.xlsx", Limits(cells=2))


values = st.one_of(
    st.none(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(st.characters(blacklist_categories=("Cc", "Cs", "Co", "Cn"), blacklist_characters="\ufeff"), max_size=12),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(values, max_size=6), min_size=1, max_size=8))
def test_what_other_readers_find_is_what_we_find(rows: list[list[object]]) -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("数据")
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(r, c, value)
                elif isinstance(value, int | float):
                    sheet.write_number(r, c, value)
    ours = _texts(_only(stream.getvalue()))
    by_openpyxl = openpyxl.load_workbook(io.BytesIO(stream.getvalue()), data_only=True)["数据"]
    by_calamine = (
        python_calamine.load_workbook(io.BytesIO(stream.getvalue()))
        .get_sheet_by_index(0)
        .to_python(skip_empty_area=False)
    )
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            address = by_openpyxl.cell(r + 1, c + 1).coordinate
            if isinstance(value, str):
                assert ours.get(address, "") == str(by_openpyxl[address].value or "").strip()
                assert ours.get(address, "") == str(by_calamine[r][c]).strip()
            elif value is not None:
                assert float(ours[address]) == by_openpyxl[address].value == by_calamine[r][c]
    assert len(ours) == sum(str(v).strip() != "" for row in rows for v in row if v is not None)
