"""Forms of the half-month reports: what is in them, what may be filled, and that it is read back as it stands."""

from __future__ import annotations

import io
import json
from datetime import datetime
from pathlib import Path

import docx
import openpyxl
import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

from cityhealth import form
from cityhealth.campaigns import ReportingPeriod, reporting_period
from cityhealth.catalogue import Catalogue
from cityhealth.errors import CatalogueError
from cityhealth.feeds.meeting import MeetingFeed
from cityhealth.feeds.progress import DEPARTMENT, ProgressFeed
from cityhealth.landing import Arrival
from cityhealth.meeting_form import COLUMNS as MEETING_COLUMNS, DECISIONS, SHEET as MEETING_SHEET
from cityhealth.progress_form import COLUMNS, FIVE, SHEET, TEMPLATE_COLUMNS, column
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.templates import (
    ProgressEntry,
    ProgressForm,
    progress_form_for,
    write_progress_document,
    write_progress_templates,
    write_progress_workbook,
)
from cityhealth.templates.meeting import write_meeting_form
from cityhealth.templates.progress_workbook import HEADER_ROW

ENTRY = ProgressEntry("甲\n乙", "丙", 60, "丁", "无", "戊", "", "园林科", "2021-06-04")


@pytest.fixture(scope="module")
def period(catalogue: Catalogue) -> ReportingPeriod:
    return reporting_period("2021-06-05", catalogue.campaigns)


@pytest.fixture(scope="module")
def report(catalogue: Catalogue, period: ReportingPeriod) -> ProgressForm:
    return progress_form_for(catalogue, "urban_management", period)


def _read(data: bytes, filename: str) -> list[dict[str, object]]:
    received = datetime(2021, 6, 4, 10, tzinfo=CITY_TIMEZONE)
    arrival = Arrival("a", "progress", None, filename, "0" * 64, len(data), received)
    return ProgressFeed().read(data, arrival).to_pylist()  # type: ignore[no-any-return]


def test_every_department_with_tasks_gets_a_workbook_and_a_document(
    catalogue: Catalogue, period: ReportingPeriod, tmp_path: Path
) -> None:
    paths = write_progress_templates(catalogue, period, tmp_path)
    answering = {r.department_code for r in catalogue.responsibilities}
    names = [d.name_zh for d in catalogue.departments if d.code in answering]
    assert [path.name for path in paths] == [
        f"城市体检半月进展报告_2021-06-05_{name}.{extension}" for name in names for extension in ("xlsx", "docx")
    ]
    assert sorted(paths) == sorted(tmp_path.iterdir())


def test_the_tasks_are_those_that_the_department_answers_for(catalogue: Catalogue, report: ProgressForm) -> None:
    answered = {r.block_code: r.role for r in catalogue.responsibilities if r.department_code == "urban_management"}
    assert [row.code for row in report.rows] == sorted(answered)
    assert {row.role_zh for row in report.rows} == {"牵头", "配合"}
    with pytest.raises(CatalogueError, match="no_such_department"):
        progress_form_for(catalogue, "no_such_department", report.period)


def test_the_same_report_gives_the_same_bytes(report: ProgressForm, monkeypatch: pytest.MonkeyPatch) -> None:
    writers = (write_progress_workbook, write_progress_document)
    first = [write(report, {report.rows[0].code: ENTRY}) for write in writers]
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: (2096, 10, 2, 7, 6, 40, 1, 276, 0))
    assert [write(report, {report.rows[0].code: ENTRY}) for write in writers] == first


@pytest.mark.parametrize(("write", "name"), [(write_progress_workbook, "a.xlsx"), (write_progress_document, "a.docx")])
def test_an_empty_form_has_a_line_for_each_task_and_nothing_in_it(
    report: ProgressForm, write: object, name: str
) -> None:
    assert callable(write)
    rows = [row for row in _read(write(report), name) if row["row_kind"] == "data"]
    assert [row["task_text"] for row in rows] == [row.name for row in report.rows]
    for row in rows:
        assert (row["period_text"], row["percent_text"], row["date_text"]) == ("2021-06-05", None, None)
        assert [row[field] for field in FIVE] == [None] * 5
        assert json.loads(str(row["other_cells"]))[DEPARTMENT] == report.department_name


def test_only_cells_to_be_filled_are_open(report: ProgressForm) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(write_progress_workbook(report)))[SHEET]
    assert sheet.protection.sheet and not sheet.protection.password
    for line in range(len(report.rows)):
        for position, column_ in enumerate(TEMPLATE_COLUMNS, start=1):
            cell = sheet.cell(HEADER_ROW + 2 + line, position)
            assert cell.protection.locked != column_.fillable, (cell.coordinate, column_.header)


def test_a_percentage_is_limited_to_0_to_100_and_messages_fit(report: ProgressForm) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(write_progress_workbook(report)))[SHEET]
    rules = sheet.data_validations.dataValidation
    (limited,) = [rule for rule in rules if rule.type == "decimal"]
    assert (float(limited.formula1), float(limited.formula2)) == (0, 100)
    (cells,) = limited.sqref.ranges
    assert cells.size["rows"] == len(report.rows)
    for rule in rules:
        assert len(rule.promptTitle) <= 32 and len(rule.prompt) <= 255


def test_printing_and_scrolling_are_prepared(report: ProgressForm) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(write_progress_workbook(report)))[SHEET]
    assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.paperSize == 9
    assert sheet.print_title_rows == f"${HEADER_ROW + 1}:${HEADER_ROW + 1}"
    assert sheet.freeze_panes == f"C{HEADER_ROW + 2}"


def test_the_instructions_name_every_column_that_is_filled(report: ProgressForm) -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_progress_workbook(report)))
    text = "\n".join(str(c.value) for row in book[form.INSTRUCTIONS_SHEET].iter_rows() for c in row if c.value)
    assert all(column_.header in text for column_ in COLUMNS if column_.fillable)
    assert "2021年6月5日 18:00" in text


def test_a_label_is_shown_only_if_given(report: ProgressForm) -> None:
    for label in ("合成数据", None):
        book = openpyxl.load_workbook(io.BytesIO(write_progress_workbook(report, label=label)))
        for sheet in book:
            shown = any("合成数据" in str(c.value) for row in sheet.iter_rows() for c in row)
            assert shown == (label is not None)
        document = docx.Document(io.BytesIO(write_progress_document(report, label=label)))
        assert any("合成数据" in p.text for p in document.paragraphs) == (label is not None)


# What can be typed: no control characters, and no blanks at the ends of a line, which the reader takes off.
_words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z"), exclude_characters="\ufffe\uffff"), max_size=60)
_entries = st.builds(
    ProgressEntry,
    work=_words, status=_words, percent=st.one_of(st.none(), st.integers(0, 100), _words), focus=_words,
    problems=_words, next=_words, reason=_words, responsible=_words, day=_words,
)  # fmt: skip


@hypothesis_settings(max_examples=25)
@given(entry=_entries)
@pytest.mark.parametrize(("write", "name"), [(write_progress_workbook, "a.xlsx"), (write_progress_document, "a.docx")])
def test_what_is_filled_in_is_read_back_as_it_stands(
    report: ProgressForm, entry: ProgressEntry, write: object, name: str
) -> None:
    assert callable(write)
    second = report.rows[1]
    rows = [row for row in _read(write(report, {second.code: entry}), name) if row["row_kind"] == "data"]
    assert [row["task_text"] for row in rows] == [row.name for row in report.rows]
    for field, content in entry.by_field.items():
        expected = None if content in (None, "") else str(content)
        assert rows[1][field] == expected, column(field).header


def test_lines_of_a_text_are_read_back_as_lines(report: ProgressForm) -> None:
    entries = {report.rows[0].code: ENTRY}
    for data, name in (
        (write_progress_workbook(report, entries), "a.xlsx"),
        (write_progress_document(report, entries), "a.docx"),
    ):
        first = _read(data, name)[0]
        assert (first["work_text"], first["percent_text"], first["date_text"]) == ("甲\n乙", "60", "2021-06-04")


ROWS = [
    {"difficulty_text": "2021-06-05/B01/housing", "department_zh": "市住建局", "problem_text": "资金不足"},
    {"difficulty_text": "2021-05-20/B03/emergency", "decision_text": "交办", "assigned_text": "市财政局"},
]  # fmt: skip


def test_the_list_for_the_meeting_is_read_back_as_written(period: ReportingPeriod) -> None:
    data = write_meeting_form(ROWS, period)
    received = datetime(2021, 6, 7, tzinfo=CITY_TIMEZONE)
    arrival = Arrival("a", "meeting", None, "清单.xlsx", "0" * 64, len(data), received)
    first, second = MeetingFeed().read(data, arrival).to_pylist()
    assert (first["sheet"], first["difficulty_text"], first["decision_text"]) == (
        MEETING_SHEET, ROWS[0]["difficulty_text"], None,
    )  # fmt: skip
    assert (second["decision_text"], second["assigned_text"]) == ("交办", "市财政局")
    assert write_meeting_form(ROWS, period) == data
    assert write_meeting_form([], period)


def test_the_decision_is_chosen_from_a_list_and_only_decisions_are_open(period: ReportingPeriod) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(write_meeting_form(ROWS, period)))[MEETING_SHEET]
    (rule,) = sheet.data_validations.dataValidation
    assert rule.formula1 == f'"{",".join(DECISIONS)}"'
    assert sheet.protection.sheet
    for position, column_ in enumerate(MEETING_COLUMNS, start=1):
        assert sheet.cell(5, position).protection.locked != column_.fillable
