"""Layouts: what they say is read, what they do not know is an error with a patch, drift is an entry with dates."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml
from made_files import xlsx

from cityhealth.errors import LayoutError
from cityhealth.tabular import Sheet, read_sheets
from cityhealth.tabular.foreign import ForeignTable, read_foreign, suggest_layout
from cityhealth.tabular.layouts import city_layouts, load_layouts, parse_layout
from cityhealth.tabular.suggest import FILL_IN_CODE

WIDE = """
layout: yearbook
description: 年鉴
match: {filename: "年鉴*.xlsx", headers: [地区, 常住人口]}
area: {column: 地区}
period: {title: '(\\d{4})年'}
unit: {title: '单位：(\\S+)'}
columns:
  - {name: 常住人口, item: population}
  - {name: 用地面积, item: land_area, unit: 公顷}
ignore:
  - {column: 序号}
missing: ['#']
stop: ['注：*']
"""
ROWS: list[list[object]] = [
    ["2020年各县主要指标"],
    ["单位：万人"],
    ["序号", "地区", "常住人口", "用地面积"],
    [1, "城区", 57.5, "#"],
    [2, "泽州县", 41.5, 12],
    ["注：人口为普查数"],
]


def _sheets(rows: list[list[object]]) -> list[Sheet]:
    return read_sheets(xlsx(rows), "年鉴2020.xlsx")


def _read(layout: str, rows: list[list[object]], filename: str = "年鉴2020.xlsx") -> ForeignTable:
    return read_foreign(_sheets(rows), filename, [parse_layout(layout, "layout.yaml")])


def _facts(table: ForeignTable) -> list[tuple[str, ...]]:
    return [(c.cell, c.item_code, c.area_text, c.period_text, c.value_text, c.unit_text) for c in table.cells]


def test_items_across_with_period_and_unit_in_the_title_are_read() -> None:
    table = _read(WIDE, ROWS)
    assert _facts(table) == [
        ("C4", "population", "城区", "2020", "57.5", "万人"),
        ("D4", "land_area", "城区", "2020", "#", "公顷"),
        ("C5", "population", "泽州县", "2020", "41.5", "万人"),
        ("D5", "land_area", "泽州县", "2020", "12", "公顷"),
    ]
    assert [cell.missing for cell in table.cells] == [False, True, False, False]
    assert [note.text for note in table.notes] == ["注：人口为普查数"]


def test_items_in_rows_and_years_across_are_read_with_merged_areas_filled_down() -> None:
    layout = """
layout: items_down
description: 指标在行
match: {headers: [地区, 指标, 单位]}
area: {column: 地区}
period: {header: '(\\d{4})年?'}
item: {column: 指标}
unit: {column: 单位}
items:
  - {name: 常住人口, item: population}
  - {name: 道路长度*, item: road_length}
ignore:
  - {item: 生产总值}
"""
    rows: list[list[object]] = [
        ["地区", "指标", "单位", "2020年", 2019],
        ["城区", "常住人口", "人", 1, 2],
        [None, "道路长度（含支路）", "公里", 3, None],
        [None, "生产总值", "亿元", 9, 9],
    ]
    sheets = read_sheets(xlsx(rows, lambda sheet: sheet.merge_cells("A2:A4")), "任意.xlsx")
    table = read_foreign(sheets, "任意.xlsx", [parse_layout(layout, "layout.yaml")])
    assert _facts(table) == [
        ("D2", "population", "城区", "2020", "1", "人"),
        ("E2", "population", "城区", "2019", "2", "人"),
        ("D3", "road_length", "城区", "2020", "3", "公里"),
    ]


def test_a_header_of_two_rows_is_joined_with_a_slash() -> None:
    layout = """
layout: two_rows
description: 两行表头
match: {headers: [地区, 人口/合计]}
header_rows: 2
area: {column: 地区}
period: {fixed: 2020}
columns:
  - {name: 人口/合计, item: population, unit: 人}
ignore:
  - {column: [人口/男, 人口/女]}
"""
    rows: list[list[object]] = [["地区", "人口"], [None, "合计", "男", "女"], ["城区", 3, 1, 2]]
    sheets = read_sheets(xlsx(rows, lambda sheet: sheet.merge_cells("B1:D1")), "a.xlsx")
    table = read_foreign(sheets, "a.xlsx", [parse_layout(layout, "layout.yaml")])
    assert _facts(table) == [("B3", "population", "城区", "2020", "3", "人")]


def test_an_unknown_column_is_an_error_at_its_header_with_a_patch_that_mends_it() -> None:
    rows = [row.copy() for row in ROWS]
    rows[2].append("户籍人口（万人）")
    rows[3].append(50)
    with pytest.raises(LayoutError) as refused:
        _read(WIDE, rows)
    place = refused.value.place
    assert place is not None and (place.sheet, place.cell, place.column) == ("数据", "E3", "户籍人口（万人）")
    patch = yaml.safe_load(refused.value.suggestion or "")
    assert patch == {"columns": [{"name": "户籍人口（万人）", "item": FILL_IN_CODE, "unit": "万人"}]}
    layout = yaml.safe_load(WIDE)
    layout["columns"] += [entry | {"item": "registered_population"} for entry in patch["columns"]]
    mended = _read(yaml.safe_dump(layout), rows)
    assert ("E4", "registered_population", "城区", "2020", "50", "万人") in _facts(mended)


def test_an_unknown_item_in_a_row_is_an_error_with_a_patch_for_all_of_them() -> None:
    layout = """
layout: items_down
description: 指标在行
match: {headers: [指标]}
area: {fixed: "140500"}
period: {header: '(\\d{4})'}
item: {column: 指标}
unit: {fixed: 人}
"""
    with pytest.raises(LayoutError) as refused:
        _read(layout, [["指标", 2020], ["常住人口", 1], ["户籍人口", 2]])
    assert "常住人口" in refused.value.message
    names = [entry["name"] for entry in yaml.safe_load(refused.value.suggestion or "")["items"]]
    assert names == ["常住人口", "户籍人口"]


def test_a_value_without_a_unit_or_an_area_is_an_error_at_its_cell() -> None:
    with pytest.raises(LayoutError, match="单位") as refused:
        _read(WIDE, [ROWS[0], *ROWS[2:]])
    assert refused.value.place is not None and refused.value.place.cell == "C3"
    with pytest.raises(LayoutError, match="地区"):
        _read(WIDE, [*ROWS[:4], [None, None, 5]])


def test_a_renamed_column_and_a_changed_unit_are_entries_with_dates() -> None:
    layout = """
layout: drift
description: 逐年变化
match: {headers: [年份]}
area: {fixed: "140500"}
period: {column: 年份}
unit:
  - {fixed: 人, valid_to: 2019-12-31}
  - {fixed: 万人, valid_from: 2020-01-01}
columns:
  - {name: 人口, item: population_old, valid_to: 2019-12-31}
  - {name: 人口, item: population, valid_from: 2020-01-01, valid_to: 2020-12-31}
"""
    table = _read(layout, [["年份", "人口"], [2019, 2_100_000], [2020, 219]])
    assert [(c.item_code, c.unit_text) for c in table.cells] == [("population_old", "人"), ("population", "万人")]
    with pytest.raises(LayoutError, match="没有对 2021 有效的条目"):
        _read(layout, [["年份", "人口"], [2021, 219]])


def test_a_column_ignored_until_a_date_is_unknown_after_it() -> None:
    layout = """
layout: ignored
description: 忽略到某一年
match: {headers: [年份]}
area: {fixed: "140500"}
period: {column: 年份}
columns:
  - {name: 人口, item: population, unit: 人}
ignore:
  - {column: 旧指标, valid_to: 2020-12-31}
"""
    rows: list[list[object]] = [["年份", "人口", "旧指标"], [2020, 219, 1]]
    assert len(_read(layout, rows).cells) == 1
    with pytest.raises(LayoutError, match="不认识列「旧指标」"):
        _read(layout, [*rows, [2021, 220, 1]])


def test_a_period_that_cannot_be_read_is_an_error_at_its_row() -> None:
    with pytest.raises(LayoutError, match="去年") as refused:
        _read(
            WIDE.replace("{title: '(\\d{4})年'}", "{column: 序号}").replace("  - {column: 序号}", "  - {column: 无}"),
            [*ROWS[:3], ["去年", "城区", 1, 2]],
        )
    assert refused.value.place is not None and refused.value.place.line == 4


def test_only_rows_that_the_filter_wants_are_read_and_the_others_are_counted() -> None:
    layout = WIDE + "rows:\n  - {column: 地区, matches: '.*县'}\n"
    table = _read(layout, ROWS)
    assert {cell.area_text for cell in table.cells} == {"泽州县"}
    assert table.filtered_rows == 1


def test_a_file_that_no_layout_or_several_know_is_an_error() -> None:
    with pytest.raises(LayoutError, match="没有布局文件") as refused:
        _read(WIDE, ROWS, "统计.xlsx")
    assert refused.value.suggestion
    twins = [parse_layout(WIDE, "a.yaml"), parse_layout(WIDE.replace("yearbook", "other"), "b.yaml")]
    with pytest.raises(LayoutError, match="yearbook、other"):
        read_foreign(_sheets(ROWS), "年鉴2020.xlsx", twins)


def test_a_suggested_layout_reads_the_file_once_its_codes_and_units_are_filled_in() -> None:
    suggestion = suggest_layout(_sheets(ROWS), "年鉴2020.xlsx", [])
    with pytest.raises(LayoutError, match="item"):
        parse_layout(suggestion, "new.yaml")
    filled = yaml.safe_load(suggestion)
    assert filled["area"] == {"column": "地区"}
    filled["period"] = {"fixed": "2020"}
    filled["columns"] = [
        {"name": "常住人口", "item": "population"},
        {"name": "用地面积", "item": "land_area"},
        {"name": "序号", "item": "number"},
    ]
    table = read_foreign(_sheets(ROWS), "年鉴2020.xlsx", [parse_layout(yaml.safe_dump(filled), "new.yaml")])
    assert ("C5", "population", "泽州县", "2020", "41.5", "万人") in _facts(table)


def test_nothing_is_suggested_for_a_file_that_is_known() -> None:
    suggestion = suggest_layout(_sheets(ROWS), "年鉴2020.xlsx", [parse_layout(WIDE, "a.yaml")])
    assert "yearbook" in suggestion and yaml.safe_load(suggestion) is None


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ("colums: []\n", "colums"),
        ("header_rows: 0\n", "header_rows"),
        ("item: {fixed: a, column: b}\n", "item"),
        ("rows: [{column: 地区, matches: '('}]\n", "rows"),
        ("period: {header: '\\d{4}'}\n", "period"),
    ],
)
def test_a_layout_with_a_mistake_is_refused_by_the_name_of_its_key(change: str, key: str) -> None:
    text = WIDE.replace("period: {title: '(\\d{4})年'}\n", "") if key == "period" else WIDE
    with pytest.raises(LayoutError) as refused:
        parse_layout(text + change, "bad.yaml")
    assert key in refused.value.message
    assert refused.value.place is not None and refused.value.place.file == "bad.yaml"


def test_broken_yaml_is_refused_at_its_line() -> None:
    with pytest.raises(LayoutError) as refused:
        parse_layout("layout: a\nmatch: [\n", "bad.yaml")
    assert refused.value.place is not None and refused.value.place.line == 3


def test_two_layouts_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(WIDE, encoding="utf-8")
    with pytest.raises(LayoutError, match="重复"):
        load_layouts(tmp_path)


def test_the_layouts_of_jincheng_are_valid() -> None:
    assert [layout.layout for layout in city_layouts("jincheng")] == [
        "census_city_2020",
        "census_county_2020",
        "nbs_province_year",
        "peer_city_indicators",
        "yearbook_main_figures",
    ]


def test_the_layouts_of_jincheng_name_items_and_units_of_the_catalogue() -> None:
    seeds = Path(__file__).parents[3] / "dbt_project" / "seeds" / "jincheng"
    with (seeds / "items.csv").open(encoding="utf-8", newline="") as file:
        items = {row["code"]: row for row in csv.DictReader(file)}
    named = [entry for layout in city_layouts("jincheng") for entry in (*layout.columns, *layout.items)]
    of_yearbooks = {code for code, row in items.items() if row["feed"] == "yearbook"}
    assert of_yearbooks <= {entry.item for entry in named} <= set(items)
    for entry in named:
        assert entry.item is not None and entry.unit in (None, items[entry.item]["unit"])
