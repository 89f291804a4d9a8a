"""Templates: what is in them, what may be filled, and that what was filled is read back as it stands."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from cityhealth import form
from cityhealth.catalogue import Catalogue
from cityhealth.errors import CatalogueError
from cityhealth.periods import parse_period
from cityhealth.tabular import Table, find_table, read_sheets
from cityhealth.templates import Entry, Form, form_for, write_form, write_templates
from cityhealth.templates.workbook import HEADER_ROW

YEAR = 2021


@pytest.fixture(scope="module")
def housing(catalogue: Catalogue) -> Form:
    return form_for(catalogue, "housing", YEAR)


def _table(data: bytes) -> Table:
    sheet = next(s for s in read_sheets(data, "t.xlsx") if s.name == form.SHEET)
    return find_table(sheet, form.HEADER_ALIASES, form.READABLE_WITH[0], form.SHARED_FIELDS)


def _filling_sheet(data: bytes) -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(data))[form.SHEET]


def _column(field: str) -> int:
    return form.position(field) + 1


def test_every_department_with_duties_gets_one_workbook(catalogue: Catalogue, tmp_path: Path) -> None:
    paths = write_templates(catalogue, YEAR, tmp_path)
    owing = [d.name_zh for d in catalogue.departments if catalogue.duty_list(d.code, YEAR)]
    assert [path.stem.rsplit("_", 1)[-1] for path in paths] == owing
    assert sorted(paths) == sorted(tmp_path.iterdir())


def test_the_same_catalogue_gives_the_same_bytes(catalogue: Catalogue, tmp_path: Path) -> None:
    first, second = (write_templates(catalogue, YEAR, tmp_path / name) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_an_unknown_department_is_an_error(catalogue: Catalogue) -> None:
    with pytest.raises(CatalogueError, match="no_such_department"):
        form_for(catalogue, "no_such_department", YEAR)


def test_a_year_without_examination_is_an_error(catalogue: Catalogue) -> None:
    with pytest.raises(CatalogueError):
        form_for(catalogue, "housing", 1999)


def test_the_reader_finds_one_line_for_each_duty(catalogue: Catalogue, housing: Form) -> None:
    rows = [row for row in _table(write_form(housing)).rows if row.kind == "data"]
    duties = catalogue.duty_list("housing", YEAR)
    assert len(rows) == len(duties)
    for row, duty in zip(rows, duties, strict=True):
        assert row.cells["item_text"].text == duty.item.code
        assert row.cells["item_name"].text == duty.item.name_zh
        assert row.cells["unit_text"].text == duty.item.unit
        assert row.cells["area_text"].text == f"{duty.area.code} {duty.area.name_zh}"
        assert parse_period(row.cells["period_text"].text) == duty.period
        assert "value_text" not in row.cells


def test_the_signature_line_is_read_as_a_note(housing: Form) -> None:
    notes = [row for row in _table(write_form(housing)).rows if row.kind == "note"]
    assert any("填表人" in cell.text for row in notes for cell in (*row.cells.values(), *row.extra.values()))


def test_only_cells_to_be_filled_are_open(housing: Form) -> None:
    sheet = _filling_sheet(write_form(housing))
    assert sheet.protection.sheet and not sheet.protection.password
    for line in range(len(housing.rows)):
        for position, column in enumerate(form.COLUMNS, start=1):
            cell = sheet.cell(HEADER_ROW + 2 + line, position)
            assert cell.protection.locked != column.fillable, (cell.coordinate, column.header)


def test_a_value_is_limited_to_what_the_gate_accepts(housing: Form) -> None:
    sheet = _filling_sheet(write_form(housing))
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    for number, row in enumerate(housing.rows):
        rule = rules[sheet.cell(HEADER_ROW + 2 + number, _column("value_text")).coordinate]
        assert rule.type == ("whole" if row.integer else "decimal")
        assert rule.allow_blank and rule.errorStyle in (None, "stop")
        if row.minimum is not None and row.maximum is not None:
            assert (float(rule.formula1), float(rule.formula2)) == (row.minimum, row.maximum)
        assert row.item_name[:20] in rule.promptTitle and row.unit in rule.prompt
        # Excel calls a workbook damaged where these are longer.
        assert max(len(rule.promptTitle), len(rule.errorTitle)) <= 32
        assert max(len(rule.prompt), len(rule.error)) <= 255


def test_the_state_is_chosen_from_a_list(housing: Form) -> None:
    sheet = _filling_sheet(write_form(housing))
    (rule,) = [r for r in sheet.data_validations.dataValidation if r.type == "list"]
    assert rule.formula1 == f'"{",".join(form.STATES)}"'
    (cells,) = rule.sqref.ranges
    assert cells.size["rows"] == len(housing.rows)


def test_printing_and_scrolling_are_prepared(housing: Form) -> None:
    sheet = _filling_sheet(write_form(housing))
    assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.paperSize == 9
    assert sheet.page_setup.fitToWidth in (None, 1) and sheet.page_setup.fitToHeight == 0
    assert sheet.print_title_rows == f"${HEADER_ROW + 1}:${HEADER_ROW + 1}"
    assert sheet.freeze_panes == "C5"


def test_the_instructions_name_every_column_that_is_filled(housing: Form) -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_form(housing)))
    text = "\n".join(str(c.value) for row in book[form.INSTRUCTIONS_SHEET].iter_rows() for c in row if c.value)
    for column in form.COLUMNS:
        if column.fillable:
            assert column.header in text
    assert "没有密码" in text


def test_a_label_stands_on_both_sheets_and_only_if_given(housing: Form) -> None:
    labelled = openpyxl.load_workbook(io.BytesIO(write_form(housing, label="合成数据")))
    for sheet in labelled:
        assert any("合成数据" in str(c.value) for row in sheet.iter_rows() for c in row)
    plain = openpyxl.load_workbook(io.BytesIO(write_form(housing)))
    assert not any("合成数据" in str(c.value) for sheet in plain for row in sheet.iter_rows() for c in row)


# Control characters cannot stand in XML; Excel itself does not let anybody type them.
_texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)
_numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)
_values = st.one_of(st.none(), _texts, _numbers, st.sampled_from(("=1+1", "@x", "+1", "-1")))


@pytest.fixture(scope="module")
def smallest(catalogue: Catalogue) -> Form:
    return form_for(catalogue, "finance", YEAR)


@hypothesis_settings(max_examples=25, deadline=None)
@given(value=_values, texts=st.tuples(_texts, _texts, _texts, _texts))
def test_what_is_filled_in_is_read_back_as_it_stands(
    smallest: Form, value: float | str | None, texts: tuple[str, str, str, str]
) -> None:
    key = smallest.rows[0].key
    cells = _table(write_form(smallest, {key: Entry(value, "", *texts)})).rows[0].cells
    if isinstance(value, str) and value.strip():
        # Every reader drops blanks around a cell's text.
        assert (cells["value_text"].text, cells["value_text"].kind) == (value.strip(), "text")
    elif isinstance(value, float):
        # Excel's own numbers have fifteen digits.
        assert float(cells["value_text"].text) == pytest.approx(value, rel=1e-14)
    else:
        assert "value_text" not in cells
    for field, text in zip(("source_text", "method_text", "remarks_text", "attachment_text"), texts, strict=True):
        if text.strip():
            assert cells[field].text == text.strip()
