"""A department's workbook becomes raw rows: every line once, as handed in."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from cityhealth.errors import UnreadableFile
from cityhealth.feeds.departmental import DepartmentalFeed
from cityhealth.form import COLUMNS
from cityhealth.landing import Arrival
from cityhealth.tabular.sheet import column_letters

ARRIVAL = Arrival(
    "a", "departmental", "住建局", "报表.csv", "0" * 64, 1, datetime(2021, 5, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
)
FEED = DepartmentalFeed()


def csv_of(*rows: list[str], encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


HEADER = [column.header for column in COLUMNS]


def xlsx_of(*rows: list[str], merged: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for span in merged:
        book.active.merge_cells(span)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def line(**cells: str) -> list[str]:
    return [cells.get(column.field, "") for column in COLUMNS]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_line_is_stored_as_handed_in_with_the_address_of_its_value(encoding: str) -> None:
    data = csv_of(
        ["某局填报表"],
        HEADER,
        line(item_text="road_length", value_text=" １．２万 ", unit_text="公里"),
        encoding=encoding,
    )
    (row,) = FEED.read(data, ARRIVAL).to_pylist()
    value_column = chr(ord("A") + HEADER.index("数值"))
    assert (row["item_text"], row["value_text"].strip(), row["unit_text"]) == ("road_length", "１．２万", "公里")
    assert (row["row_no"], row["value_cell"], row["row_kind"]) == (3, f"{value_column}3", "data")


def test_a_line_without_a_code_is_named_by_its_chinese_name() -> None:
    data = csv_of(["数据项名称", "数值", "顺带一列"], ["城市道路长度", "12", "多出来的"])
    (row,) = FEED.read(data, ARRIVAL).to_pylist()
    assert row["item_text"] == "城市道路长度"
    assert "多出来的" in row["other_cells"]


def test_notes_under_the_table_are_kept_as_notes() -> None:
    data = csv_of(HEADER, line(item_text="road_length", value_text="1"), ["注：本表为合成数据"])
    kinds = [row["row_kind"] for row in FEED.read(data, ARRIVAL).to_pylist()]
    assert kinds == ["data", "note"]


def test_a_table_without_the_columns_of_the_form_is_refused_by_name() -> None:
    with pytest.raises(UnreadableFile, match="数值") as refusal:
        FEED.read(csv_of(["甲", "乙"], ["1", "2"]), ARRIVAL)
    assert refusal.value.code == "no_header"
    assert refusal.value.place is not None and refusal.value.place.file == "报表.csv"


def test_a_source_merged_over_several_rows_is_the_source_of_each() -> None:
    source, attachment = (column_letters(HEADER.index(header) + 1) for header in ("来源", "原始数据附件"))
    data = xlsx_of(
        HEADER,
        line(item_text="road_length", value_text="1", source_text="年报", attachment_text="台账.xlsx"),
        line(item_text="road_area", value_text="2"),
        merged=[f"{source}2:{source}3", f"{attachment}2:{attachment}3"],
    )
    rows = FEED.read(data, ARRIVAL).to_pylist()
    assert [(row["source_text"], row["attachment_text"]) for row in rows] == [("年报", "台账.xlsx")] * 2


def test_a_value_merged_over_several_rows_is_known_as_such_in_each() -> None:
    value = column_letters(HEADER.index("数值") + 1)
    data = xlsx_of(
        HEADER,
        line(item_text="road_length", value_text="1"),
        line(item_text="road_area"),
        line(item_text="green_area", value_text="3"),
        merged=[f"{value}2:{value}3"],
    )
    rows = FEED.read(data, ARRIVAL).to_pylist()
    assert [(row["value_cell"], row["value_text"], row["value_cell_kind"]) for row in rows] == [
        (f"{value}2", "1", "merged"),
        (f"{value}3", "1", "merged"),
        (f"{value}4", "3", "text"),
    ]
