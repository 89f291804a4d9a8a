"""The annex holds every row with its lineage, can be filtered and printed, and comes back as the meeting's list."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from cityhealth import meeting_form
from cityhealth.catalogue import Catalogue
from cityhealth.feeds.meeting import MeetingFeed
from cityhealth.landing import Arrival
from cityhealth.reports.annex import render_annex
from cityhealth.reports.summary import Summary
from cityhealth.settings import CITY_TIMEZONE
from half_month import full_summary, summary_of, task_report

TABLES: dict[str, Callable[[Summary], Any]] = {
    "工作任务进展": lambda summary: summary.blocks,
    "进展明细": lambda summary: summary.task_reports,
    "单位报送情况": lambda summary: summary.assessments,
    "单位考核": lambda summary: summary.assessments,
    "历次报送": lambda summary: summary.timeliness,
    "指标": lambda summary: summary.indicators,
    "难点问题清单": lambda summary: summary.difficulties,
}
HEADER = 3


@pytest.fixture(scope="module")
def summary(catalogue: Catalogue) -> Summary:
    return full_summary(catalogue)


@pytest.fixture(scope="module")
def annex(summary: Summary) -> bytes:
    return render_annex(summary)


@pytest.fixture(scope="module")
def book(annex: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(annex))


def _rows(book: Workbook, sheet: str) -> list[dict[str, Any]]:
    header, *rows = book[sheet].iter_rows(min_row=HEADER, values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows if row[1] is not None]


def test_every_row_of_the_summary_is_there_once(summary: Summary, book: Workbook) -> None:
    for sheet, rows in TABLES.items():
        assert len(_rows(book, sheet)) == len(rows(summary)) > 0, sheet


def test_tables_can_be_filtered_and_printed(summary: Summary, book: Workbook) -> None:
    for name, rows in TABLES.items():
        sheet = book[name]
        assert sheet.freeze_panes is not None and sheet.freeze_panes.endswith(str(HEADER + 1)), name
        assert (
            sheet.auto_filter.ref
            == f"A{HEADER}:{sheet.cell(1, sheet.max_column).column_letter}{HEADER + len(rows(summary))}"
        )
        assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9), name
        assert sheet.print_title_rows == f"${HEADER}:${HEADER}" and sheet.sheet_properties.pageSetUpPr.fitToPage
        assert all(sheet.column_dimensions[cell.column_letter].width >= 5 for cell in sheet[HEADER])
        footer = sheet.oddFooter.left
        assert (footer.size, footer.text.strip()) == (9, "2021年第2期（6月5日）　第1版"), name


def test_charts_are_native_and_point_at_the_tables(annex: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(annex)) as parts:
        charts = sorted(name for name in parts.namelist() if name.startswith("xl/charts/chart"))
        texts = [parts.read(name).decode() for name in charts]
    assert len(charts) == 2
    assert "工作任务进展!$E$4:$E$13" in texts[0] and "指标分维度!$B$4:$B$12" in texts[1]


def test_numbers_are_numbers_with_a_format_and_times_are_the_citys(summary: Summary, book: Workbook) -> None:
    sheet, row = book["进展明细"], summary.task_reports[0]
    header = {cell.value: cell.column for cell in sheet[HEADER]}
    percent = sheet.cell(HEADER + 1, header["进度（%）"])
    assert (percent.value, percent.number_format) == (row.percent, "0.0")
    assert row.received_at is not None
    assert sheet.cell(HEADER + 1, header["收到时间"]).value == row.received_at.replace(tzinfo=None)
    assert sheet.cell(HEADER + 1, header["变化（百分点）"]).number_format == "+0.0;-0.0;0.0"
    points = book["单位考核"].cell(HEADER + 1, 3)
    assert (points.value, points.number_format) == (summary.assessments[0].points, "0.0")


def test_each_line_says_in_which_file_sheet_and_cell_it_was_read(summary: Summary, book: Workbook) -> None:
    for shown, row in zip(_rows(book, "进展明细"), summary.task_reports, strict=True):
        place = (shown["文件"], shown["工作表"], shown["单元格"], shown["文件校验码（sha256）"])
        assert place == tuple(value or "—" for value in (row.filename, row.sheet, row.cell, row.sha256))


def test_what_is_missing_is_never_a_zero(summary: Summary, book: Workbook) -> None:
    missing = [row for row in _rows(book, "进展明细") if row["状态"] == "未报"]
    assert len(missing) == sum(not report.reported for report in summary.task_reports)
    assert {row[name] for row in missing for name in ("进度（%）", "已填栏数（共6栏）", "完成情况")} == {"—"}
    silent = replace(
        summary, blocks=(replace(summary.blocks[0], percent=None, previous_percent=None, reported_count=0),)
    )
    data = render_annex(silent)
    assert _rows(openpyxl.load_workbook(io.BytesIO(data)), "工作任务进展")[0]["平均进度（%）"] == "—"
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert parts.read("xl/charts/chart1.xml").decode().count('<c:delete val="1"/>') == 2


def test_states_by_dimension_are_counted_by_formulas_over_the_indicators(summary: Summary, annex: bytes) -> None:
    counts = Counter((i.dimension_zh, i.state_zh) for i in summary.indicators)
    shown = _rows(openpyxl.load_workbook(io.BytesIO(annex), data_only=True), "指标分维度")
    assert sum(counts.values()) == sum(value for row in shown for key, value in row.items() if key != "维度") == 72
    for row in shown:
        assert all(row[state] == counts[row["维度"], state] for state in row if state != "维度")
    formula = openpyxl.load_workbook(io.BytesIO(annex))["指标分维度"]["B4"].value
    assert formula == '=COUNTIFS(指标!$B$4:$B$75,$A4,指标!$J$4:$J$75,"有值")'


def test_the_filled_annex_is_the_list_that_the_meeting_feed_reads(summary: Summary, book: Workbook) -> None:
    sheet = book[meeting_form.SHEET]
    header = {cell.value: cell.column for cell in sheet[HEADER]}
    assert [column.header for column in meeting_form.COLUMNS] == list(header)[: len(meeting_form.COLUMNS)]
    decided = {"会议决定": "交办", "承办单位": "市统计局", "办理时限": date(2021, 6, 18), "会议意见": "尽快"}
    for name, value in decided.items():
        sheet.cell(HEADER + 2, header[name], value)
    buffer = io.BytesIO()
    book.save(buffer)
    data = buffer.getvalue()
    arrival = Arrival(
        "a", "meeting", None, "附表.xlsx", "0" * 64, len(data), datetime(2021, 6, 7, 9, tzinfo=CITY_TIMEZONE)
    )
    read = [row for row in MeetingFeed().read(data, arrival).to_pylist() if row["row_kind"] == "data"]
    assert [row["difficulty_text"] for row in read] == [d.difficulty_id for d in summary.difficulties]
    assert {row["sheet"] for row in read} == {meeting_form.SHEET}
    assert [row["decision_text"] or None for row in read].count(None) == len(read) - 1
    second = read[1]
    assert (second["decision_text"], second["assigned_text"], second["note_text"]) == ("交办", "市统计局", "尽快")
    assert second["due_text"].startswith("2021-06-18")


def test_the_list_of_difficulties_has_the_words_of_then_and_of_now(summary: Summary) -> None:
    difficulty = replace(summary.difficulties[0], problem_text="经费没有落实", latest_text="经费仍未落实")
    data = render_annex(replace(summary, difficulties=(difficulty,)))
    (row,) = _rows(openpyxl.load_workbook(io.BytesIO(data)), meeting_form.SHEET)
    assert (row[meeting_form.column("problem_text").header], row["本单位最近说法"]) == ("经费没有落实", "经费仍未落实")


def test_what_departments_write_stands_as_text(catalogue: Catalogue) -> None:
    hostile = '=HYPERLINK("http://x","a")\x01\n<b>&_x0041_'
    report = task_report(status_text=hostile, work_text="长" * 40_000, next_text="http://example/")
    data = render_annex(summary_of(catalogue, task_reports=(report,)))
    sheet = openpyxl.load_workbook(io.BytesIO(data), rich_text=False)["进展明细"]
    header = {cell.value: cell.column for cell in sheet[HEADER]}
    cell = sheet.cell(HEADER + 1, header["完成情况"])
    assert cell.data_type == "s" and cell.value == '=HYPERLINK("http://x","a")\n<b>&_x0041_'
    assert sheet.cell(HEADER + 1, header["下一步工作计划"]).hyperlink is None
    long = sheet.cell(HEADER + 1, header["工作内容"]).value
    assert len(long) == 32_767 and long.endswith("……（原文过长，全文见原文件）")


def test_a_period_with_nothing_in_it_is_a_workbook_still(catalogue: Catalogue) -> None:
    book = openpyxl.load_workbook(io.BytesIO(render_annex(summary_of(catalogue))))
    assert book.sheetnames[0] == "说明" and set(TABLES) < set(book.sheetnames)
    assert all(not _rows(book, sheet) for sheet in TABLES)


def test_synthetic_data_is_labelled_on_every_sheet(summary: Summary) -> None:
    book = openpyxl.load_workbook(io.BytesIO(render_annex(replace(summary, marked_synthetic=True))))
    for sheet in book.worksheets:
        shown = [value for row in sheet.iter_rows(max_row=2, values_only=True) for value in row]
        assert any("合成数据" in str(value) for value in shown), sheet.title
        assert "合成数据" in sheet.oddFooter.left.text
