"""Files become typed rows, or findings that name the cell."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from seed_files import append, change

from cityhealth.catalogue import check, load
from cityhealth.catalogue.reading import read_table
from cityhealth.catalogue.rows import FILES, Area, Item
from cityhealth.errors import CatalogueError, Place

GDP = {"code": "gdp"}


@pytest.mark.parametrize(
    ("file", "where", "column", "text", "message"),
    [
        ("items.csv", GDP, "max_value", "1e308", "应为普通写法的数"),
        ("items.csv", GDP, "max_value", "NaN", "应为普通写法的数"),
        ("items.csv", GDP, "max_value", "５０", "应为普通写法的数"),
        ("items.csv", GDP, "max_value", "5,000", "应为普通写法的数"),
        ("items.csv", GDP, "integer", "true", "应为 yes 或 no"),
        ("items.csv", GDP, "period_offsets", "0,-1", "应为 0、-1 或 -1;0"),
        ("items.csv", GDP, "role", "measures", "'measure'、'reported_indicator'、'context'"),
        ("items.csv", GDP, "code", "GDP", "不合这一列的写法"),
        ("items.csv", GDP, "name_zh", "", "不能为空"),
        ("items.csv", GDP, "name_zh", "地区生产总值 ", "前后有空格"),
        ("items.csv", GDP, "basis", "sure", "'verified'"),
        ("areas.csv", {"code": "140522200"}, "valid_to", "2020/12/31", "应为日期"),
        ("areas.csv", {"code": "140522200"}, "valid_to", "2021-02-29", "不是日历上有的一天"),
        ("areas.csv", {"code": "140522200"}, "valid_to", "1609372800", "应为日期"),
        ("indicators.csv", {"code": "ECO01"}, "year", "2021.0", "应为整数"),
        ("indicators.csv", {"code": "ECO01"}, "formula_kind", "quotient", "'ratio'"),
        ("targets.csv", {"code": "TRA02"}, "operator", ">", "'>='"),
        ("units.csv", {"unit": "亩"}, "factor", "2000/3", "应为普通写法的数"),
        ("corrections.csv", None, "period", "2020年", "不合这一列的写法"),
    ],
)
def test_a_cell_that_cannot_be_typed_is_named(
    seeds: Path, file: str, where: dict[str, str] | None, column: str, text: str, message: str
) -> None:
    edit = change(file, where, **{column: text}) if where else append(file, {}, **{column: text})
    line = edit.apply(seeds)
    findings = [f for f in check(seeds) if f.place == Place(file, line=line, column=column)]
    assert len(findings) == 1
    assert message in findings[0].message
    with pytest.raises(CatalogueError, match=f"{file} 第 {line} 行"):
        load(seeds)


def _rewrite(file: str, how: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        (folder / file).write_bytes(how((folder / file).read_bytes()))

    return edit


@pytest.mark.parametrize(
    ("edit", "place", "message"),
    [
        (lambda folder: (folder / "areas.csv").unlink(), Place("areas.csv"), "缺少文件"),
        (lambda folder: (folder / "area.csv").touch(), Place("area.csv"), "没有这种文件"),
        (_rewrite("areas.csv", lambda b: b""), Place("areas.csv", line=1), "没有表头"),
        (_rewrite("areas.csv", lambda b: b"\xef\xbb\xbf" + b), Place("areas.csv", line=1), "BOM"),
        (
            _rewrite("areas.csv", lambda b: b.replace("北京市".encode(), "北京市".encode("gb18030"))),
            Place("areas.csv", line=2),
            "UTF-8",
        ),
        (
            _rewrite("areas.csv", lambda b: b.replace(b"parent_code", b"parent", 1)),
            Place("areas.csv", line=1, column="parent_code"),
            "缺少这一列",
        ),
        (
            _rewrite("areas.csv", lambda b: b.replace(b"parent_code", b"parent", 1)),
            Place("areas.csv", line=1, column="parent"),
            "没有这种列",
        ),
        (
            _rewrite("areas.csv", lambda b: b.replace(b"name_en", b"name_zh", 1)),
            Place("areas.csv", line=1, column="name_zh"),
            "列名重复",
        ),
        (_rewrite("units.csv", lambda b: b + b"x,y\n"), Place("units.csv", line=70), "2 个单元格"),
        (_rewrite("units.csv", lambda b: b + b'"x,y\n'), Place("units.csv"), "CSV"),
    ],
)
def test_a_file_that_is_not_as_agreed_is_named(
    seeds: Path, edit: Callable[[Path], None], place: Place, message: str
) -> None:
    edit(seeds)
    assert [f.message for f in check(seeds) if f.place == place and message in f.message] != []


def test_lines_are_counted_as_an_editor_does_when_a_cell_has_line_breaks() -> None:
    data = "code,name_zh,name_en,level,parent_code,valid_from,valid_to,successor_code,notes\n"
    data += '990000,甲省,,province,,,,,"一\n二"\n\n991000,乙省,,province,,soon,,,\n'
    rows, findings = read_table(data.encode(), "areas.csv", Area)
    assert [row.line for row in rows] == [2]
    assert [finding.place.line for finding in findings] == [5]


def test_known_from_and_basis_may_be_left_out_or_given() -> None:
    header = "code,name_zh,name_en,level,parent_code,valid_from,valid_to,successor_code,notes"
    (bare,), _ = read_table(f"{header}\n990000,甲省,,province,,,,,\n".encode(), "areas.csv", Area)
    (dated,), _ = read_table(
        f"{header},known_from,basis\n990000,甲省,,province,,,,,,2021-05-01,house\n".encode(), "areas.csv", Area
    )
    assert (bare.row.known_from, bare.row.basis) == (None, None)
    assert (dated.row.known_from, dated.row.basis) == (date(2021, 5, 1), "house")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_reading_fail(data: bytes) -> None:
    rows, findings = read_table(data, "areas.csv", Area)
    assert rows == [] and findings


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=12))
def test_no_cells_make_reading_fail(cells: list[str]) -> None:
    header = ",".join(name for name in Item.__dataclass_fields__)
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    rows, findings = read_table(f"{header}\n{line}\n".encode(errors="replace"), "items.csv", Item)
    assert rows == [] and {finding.place.file for finding in findings} == {"items.csv"}


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_a_number_is_read_exactly(number: Decimal) -> None:
    header = "unit,dimension,factor,aliases"
    (placed,), findings = read_table(f"{header}\n甲,thing,{number:f},\n".encode(), "units.csv", FILES["units.csv"][0])
    assert placed.row.factor == number and findings == []


def test_the_error_lists_every_finding_and_stands_at_the_first(seeds: Path) -> None:
    first = change("areas.csv", {"code": "140502"}, level="borough").apply(seeds)
    second = change("items.csv", GDP, integer="maybe").apply(seeds)
    with pytest.raises(CatalogueError) as caught:
        load(seeds)
    assert f"areas.csv 第 {first} 行 列 level" in caught.value.message
    assert f"items.csv 第 {second} 行 列 integer" in caught.value.message
    assert caught.value.place in (
        Place("areas.csv", line=first, column="level"),
        Place("items.csv", line=second, column="integer"),
    )


def test_a_missing_folder_is_an_error_of_the_catalogue() -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.raises(CatalogueError, match="缺少文件"):
        load(Path(folder) / "atlantis")
