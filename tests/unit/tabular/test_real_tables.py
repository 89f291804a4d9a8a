"""The open census and yearbook files: expected counts and values that were looked up by hand in the files."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
import python_calamine

from cityhealth.errors import LayoutError
from cityhealth.periods import parse_period
from cityhealth.quantities import parse_quantity
from cityhealth.tabular import Sheet, read_sheets
from cityhealth.tabular.foreign import ForeignTable, read_foreign
from cityhealth.tabular.layouts import city_layouts

REPOSITORY = Path(__file__).parents[3]
TABLES = Path(os.environ.get("CITYHEALTH_REAL_DATA", REPOSITORY.parent / "shared" / "data")) / "gov_tables"
UNITS = ("140500", "140502", "140521", "140522", "140524", "140525", "140581")
#: The other cities of Shanxi, with which ours is compared.
PEERS = tuple(f"14{number:02}00" for number in range(1, 12) if number != 5)

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not TABLES.is_dir(), reason="no open data files in CITYHEALTH_REAL_DATA"),
]


@cache
def _sheets(name: str) -> tuple[Sheet, ...]:
    path = TABLES / name
    return tuple(read_sheets(path.read_bytes(), path.name))


@cache
def _table(name: str) -> ForeignTable:
    return read_foreign(_sheets(name), Path(name).name, city_layouts("jincheng"))


def _value(table: ForeignTable, item: str, area: str, period: str) -> tuple[str, str]:
    (found,) = (c for c in table.cells if (c.item_code, c.area_text, c.period_text) == (item, area, period))
    return found.value_text, found.unit_text


def test_the_county_census_gives_nine_items_of_the_city_its_six_units_and_its_peers() -> None:
    table = _table("census/census_county_2020_v1.xlsx")
    assert Counter(cell.area_text for cell in table.cells) == dict.fromkeys((*UNITS, *PEERS), 9)
    assert table.filtered_rows == 3358 - len(UNITS) - len(PEERS)
    assert _value(table, "census_population", "140100", "2020-11-01") == ("5304061", "人")
    assert _value(table, "census_population", "140500", "2020-11-01") == ("2194545", "人")
    assert _value(table, "census_population", "140502", "2020-11-01") == ("574665", "人")
    assert _value(table, "census_floor_area_per_capita", "140581", "2020-11-01") == ("37.2", "平方米/人")
    assert all(parse_quantity(cell.value_text).value is not None for cell in table.cells)


def test_the_census_population_of_the_six_units_adds_up_to_the_city() -> None:
    table = _table("census/census_county_2020_v1.xlsx")
    city, *units = (int(_value(table, "census_population", area, "2020-11-01")[0]) for area in UNITS)
    assert sum(units) == city


def test_the_city_census_agrees_with_the_county_census() -> None:
    city, county = _table("census/census_city_2010-2020_v1.csv"), _table("census/census_county_2020_v1.xlsx")
    assert len(city.cells) == 5 * (1 + len(PEERS)) and city.filtered_rows == 368 - len(PEERS)
    for item in ("census_population", "census_urban_population", "census_rural_population"):
        for area in ("140500", *PEERS):
            assert _value(city, item, area, "2020-11-01") == _value(county, item, area, "2020-11-01")


@pytest.mark.parametrize(
    ("name", "cells", "notes", "item", "shanxi_2020", "unit"),
    [
        ("年末常住人口", 589, 0, "province_resident_population", "3490", "万人"),
        ("人均公园绿地面积", 586, 1, "province_park_green_area_per_capita", "13.51", "平方米/人"),
        ("城市燃气普及率", 588, 2, "province_gas_coverage", "98.7", "%"),
        ("城市用水普及率", 589, 2, "province_water_coverage", "99.6", "%"),
        ("每万人拥有公共厕所数量", 589, 0, "province_public_toilets_per_10k", "2.49", "座/万人"),
    ],
)
def test_a_table_of_the_statistics_bureau_gives_every_province_and_year(
    name: str, cells: int, notes: int, item: str, shanxi_2020: str, unit: str
) -> None:
    table = _table(f"nbs/{name}.xls")
    assert (len(table.cells), len(table.notes)) == (cells, notes)
    assert len({cell.area_text for cell in table.cells}) == 31
    periods = {cell.period_text for cell in table.cells}
    assert sorted(periods) == [str(year) for year in range(2005, 2024)]
    assert all(parse_period(period).key == period for period in periods)
    assert _value(table, item, "山西省", "2020") == (shanxi_2020, unit)


def test_a_table_whose_item_no_layout_lists_comes_with_a_patch() -> None:
    with pytest.raises(LayoutError, match="交通事故") as refused:
        read_foreign(_sheets("nbs/交通事故.xls"), "交通事故.xls", city_layouts("jincheng"))
    assert "交通事故" in (refused.value.suggestion or "")


@pytest.mark.parametrize("path", sorted(TABLES.glob("nbs/*.xls")), ids=lambda path: path.stem)
def test_every_xls_file_reads_as_another_library_reads_it(path: Path) -> None:
    (sheet,) = read_sheets(path.read_bytes(), path.name)
    theirs = python_calamine.load_workbook(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
    ours = {(c.row, c.column): c.text for cells in sheet.rows.values() for c in cells.values()}
    for r, row in enumerate(theirs, 1):
        for c, value in enumerate(row, 1):
            if isinstance(value, float):
                assert float(ours.pop((r, c))) == value
            else:
                assert ours.pop((r, c), "") == str(value).strip()
    assert not ours


def test_every_plain_number_of_a_hundred_public_tables_is_read_exactly() -> None:
    tables = json.loads((TABLES / "IM-TQA" / "dev_tables.json").read_text(encoding="utf-8"))
    plain = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?%?")
    texts = [text.strip() for table in tables for text in table["chinese_cell_value_list"]]
    numbers = [text for text in texts if plain.fullmatch(text)]
    assert len(numbers) > 800
    for text in numbers:
        assert parse_quantity(text).value == Decimal(text.replace(",", "").rstrip("%"))
