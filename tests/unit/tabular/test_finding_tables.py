"""Tables as people decorate them: titles, merged headers, notes, totals, moved and added columns."""

from __future__ import annotations

import openpyxl
import pytest
from hypothesis import given, settings, strategies as st
from made_files import saved, xlsx
from openpyxl.worksheet.worksheet import Worksheet

from cityhealth.errors import UnreadableFile
from cityhealth.tabular import Cell, Sheet, find_table, find_tables, read_sheets
from cityhealth.tabular.tables import Table, normalise

ALIASES = {
    "code": ["指标编码", "编码"],
    "name": ["指标名称", "数据项"],
    "value": ["数值", "指标值"],
    "unit": ["单位", "计量单位"],
    "area": ["区域"],
}
REQUIRED = ("name", "value")


def _sheet(data: bytes) -> Sheet:
    return read_sheets(data, "表.xlsx")[0]


def _values(table: Table, field: str, kind: str = "data") -> list[str]:
    return [row.cells[field].text for row in table.rows if row.kind == kind and field in row.cells]


def test_a_header_is_found_below_titles_with_columns_in_any_order() -> None:
    rows = [
        ["2021年城市体检数据填报表"],
        ["填报单位：统计局", None, None, "2021年5月"],
        [],
        ["备用", "指标　值", "单位", "指标名称"],
        ["x", 52.3, "平方公里", "建成区面积"],
        [],
        [None, 2194545, "人", "常住人口"],
    ]
    table = find_table(_sheet(xlsx(rows)), ALIASES, REQUIRED)
    assert (table.sheet, table.header) == ("数据", 4)
    assert table.columns == {"value": "B", "unit": "C", "name": "D"}
    assert table.unknown == {"备用": "A4"}
    assert [(row.line, row.cells["value"].address) for row in table.rows] == [(5, "B5"), (7, "B7")]
    assert table.rows[0].extra["备用"].text == "x"


def test_a_bracketed_addition_to_a_header_does_not_hide_it() -> None:
    table = find_table(_sheet(xlsx([["数据项（必填）", "＊数 值（保留两位小数）"], ["人口", 1]])), ALIASES, REQUIRED)
    assert table.columns == {"name": "A", "value": "B"}


def test_a_header_of_two_rows_bound_by_merged_cells_is_one_header() -> None:
    def merge(sheet: Worksheet) -> None:
        for cells in ("A1:A2", "B1:C1", "D1:D2"):
            sheet.merge_cells(cells)

    rows = [["区域", "指标", None, "数值"], [None, "编码", "名称"], ["城区", "G1", "人口", 5]]
    table = find_table(_sheet(xlsx(rows, merge)), ALIASES, REQUIRED)
    assert table.header == 2
    assert table.columns == {"area": "A", "code": "B", "name": "C", "value": "D"}
    assert [row.line for row in table.rows] == [3]


def test_a_header_split_over_two_rows_without_merging_is_one_header() -> None:
    table = find_table(
        _sheet(xlsx([["区域", "指标名称"], [None, None, "数值"], ["城区", "人口", 5]])), ALIASES, REQUIRED
    )
    assert (table.header, _values(table, "value")) == (2, ["5"])


def test_a_missing_column_is_named_with_its_sheet() -> None:
    with pytest.raises(UnreadableFile) as refused:
        find_table(_sheet(xlsx([["指标名称", "单位"], ["人口", "人"]])), ALIASES, REQUIRED, file="表.xlsx")
    assert refused.value.code == "no_header"
    assert "「数值」" in refused.value.message and "「指标名称」" not in refused.value.message
    assert refused.value.place is not None and refused.value.place.sheet == "数据"


def test_two_columns_of_one_field_are_refused_with_both_named() -> None:
    with pytest.raises(UnreadableFile) as refused:
        find_table(_sheet(xlsx([["指标名称", "数值", "指标值"], ["人口", 1, 2]])), ALIASES, REQUIRED)
    assert refused.value.code == "duplicate_column"
    assert "B 列和 C 列" in refused.value.message


@pytest.mark.parametrize(
    "note",
    [
        "注：建成区以遥感为准",
        "注1、口径见说明",
        "备注",
        "填表人：张三",
        "填表人  张三   审核人  李四",
        "单位负责人（签字）：",
        "数据来源：统计年鉴",
        "合 计",
        "总计：",
    ],
)
def test_what_stands_under_the_data_is_a_note_and_not_lost(note: str) -> None:
    table = find_table(_sheet(xlsx([["指标名称", "数值"], ["人口", 1], [note, None]])), ALIASES, REQUIRED)
    assert _values(table, "name") == ["人口"]
    assert _values(table, "name", "note") == [note]


@pytest.mark.parametrize(
    "name", ["注册企业数", "单位面积产值", "说明书发放量", "来源地数", "合计特殊出生率", "电话普及率"]
)
def test_an_item_whose_name_begins_like_a_note_is_data(name: str) -> None:
    table = find_table(_sheet(xlsx([["指标名称", "数值"], [name, 1]])), ALIASES, REQUIRED)
    assert _values(table, "name") == [name]


def test_a_total_behind_a_numbered_column_is_a_note() -> None:
    rows = [["序号", "指标名称", "数值"], [1, "人口", 1], [2, "合计", 1]]
    assert _values(find_table(_sheet(xlsx(rows)), ALIASES, REQUIRED), "name") == ["人口"]


def test_a_header_repeated_on_the_next_page_is_a_note() -> None:
    rows = [["指标名称", "数值"], ["人口", 1], ["指标名称", "数值"], ["面积", 2]]
    assert _values(find_table(_sheet(xlsx(rows)), ALIASES, REQUIRED), "name") == ["人口", "面积"]


def test_a_text_across_the_whole_table_is_a_note() -> None:
    rows = [["指标名称", "数值", "单位"], ["以下为市辖区"], ["人口", 1, "人"]]
    table = find_table(_sheet(xlsx(rows, lambda sheet: sheet.merge_cells("A2:C2"))), ALIASES, REQUIRED)
    assert [row.kind for row in table.rows] == ["note", "data"]


def test_a_text_beside_the_table_is_kept_as_a_note() -> None:
    table = find_table(_sheet(xlsx([["指标名称", "数值"], [None, None, None, "打印于五月"]])), ALIASES, REQUIRED)
    assert [(row.kind, list(row.extra)) for row in table.rows] == [("note", ["D2"])]


def test_merged_key_cells_are_filled_down_and_others_are_not() -> None:
    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A2:A3")
        sheet.merge_cells("C2:C3")

    rows = [["指标名称", "数值", "单位"], ["人口", 1, "人"], [None, 2], [None, 3]]
    table = find_table(_sheet(xlsx(rows, merge)), ALIASES, REQUIRED)
    assert [row.cells.get("name", Cell("", 0, 0)).text for row in table.rows] == ["人口", "人口", ""]
    assert [row.cells["unit"].text for row in table.rows if "unit" in row.cells] == ["人"]
    assert table.rows[1].cells["name"].address == "A2"


def test_every_visible_sheet_with_the_header_is_found_and_the_others_are_explained() -> None:
    book = openpyxl.Workbook()
    for title in ("一", "二"):
        sheet = book.create_sheet(title)
        sheet.append(["指标名称", "数值"])
        sheet.append(["人口", 1])
    book.create_sheet("说明").append(["填报说明"])
    book.create_sheet("选项").sheet_state = "hidden"
    found = find_tables(read_sheets(saved(book), "表.xlsx"), ALIASES, REQUIRED)
    assert [table.sheet for table in found.tables] == ["一", "二"]
    assert set(found.skipped) == {"Sheet", "说明", "选项"}
    assert found.skipped["选项"] == "隐藏的工作表"


def test_a_workbook_without_any_header_is_refused_with_the_reason_of_each_sheet() -> None:
    with pytest.raises(UnreadableFile) as refused:
        find_tables(read_sheets(xlsx([["随便"]]), "表.xlsx"), ALIASES, REQUIRED, file="表.xlsx")
    assert refused.value.code == "no_header"
    assert "工作表「数据」" in refused.value.message


def test_normalising_drops_width_case_space_and_punctuation_but_not_percent() -> None:
    assert normalise(" 占比（％）\nＡb ") == "占比%ab"


@settings(max_examples=60, deadline=None)
@given(
    st.permutations(["指标编码", "指标名称", "数值", "计量单位", "区域", "另外"]),
    st.lists(st.sampled_from(["附件一", "2021年度", "表号：A1"]), max_size=4),
    st.lists(st.integers(0, 999), min_size=1, max_size=6),
)
def test_order_and_titles_never_change_what_is_read(header: list[str], titles: list[str], values: list[int]) -> None:
    body = [[{"数值": value, "指标名称": f"项{value}"}.get(name) for name in header] for value in values]
    table = find_table(_sheet(xlsx([*([title] for title in titles), header, *body])), ALIASES, REQUIRED)
    assert table.header == len(titles) + 1
    assert [(row.cells["name"].text, row.cells["value"].text) for row in table.rows] == [
        (f"项{value}", str(value)) for value in values
    ]
