"""Brief and annex of a half-month summary: seconds per document and over a campaign of 24 periods.

The peers write what stands in our documents: python-docx every paragraph and table cell, openpyxl and xlsxwriter every
cell, all of them without template, styles, widths, charts and filters; docxtpl fills the same template with the same
content, without what makes hostile texts harmless and the bytes the same every time.
"""

from __future__ import annotations

import io
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import docx
import openpyxl
import xlsxwriter
from docx.table import Table
from docxtpl import DocxTemplate
from harness import best_of, report, temporary_warehouse

from cityhealth.campaigns import reporting_periods
from cityhealth.catalogue import load
from cityhealth.feeds.pipeline import collect
from cityhealth.landing import LandingZone
from cityhealth.reports.annex import render_annex
from cityhealth.reports.brief import brief_template, render_brief
from cityhealth.reports.brief_text import content
from cityhealth.reports.publish import publish
from cityhealth.reports.reading import read_summary
from cityhealth.reports.summary import Summary
from cityhealth.sample_city import generate, land_all
from cityhealth.sample_city.campaign import generate_campaign
from cityhealth.transform.editions import summarise

DEPARTMENTS, TASKS, REPEATS = 60, 10, 5
_ANNEX = "附表.xlsx"


def grown(summary: Summary) -> Summary:
    """The same period with 60 departments that report on 10 tasks each: the city's rows again and again."""
    codes = [f"department{n}" for n in range(DEPARTMENTS)]
    blocks = tuple(islice(cycle(summary.blocks), TASKS))
    written = cycle(summary.reported)
    reports = tuple(
        replace(next(written), department_code=code, task_code=block.task_code, task_zh=block.task_zh)
        for block in blocks
        for code in codes
    )
    periods = sorted({row.reported_period for row in summary.timeliness})
    arrivals = cycle(summary.timeliness)
    timeliness = tuple(
        replace(next(arrivals), department_code=code, reported_period=period) for period in periods for code in codes
    )
    times = DEPARTMENTS * TASKS / len(summary.task_reports)
    return replace(
        summary,
        blocks=blocks,
        task_reports=reports,
        timeliness=timeliness,
        assessments=tuple(
            replace(row, department_code=code) for row, code in zip(cycle(summary.assessments), codes, strict=False)
        ),
        difficulties=tuple(islice(cycle(summary.difficulties), round(len(summary.difficulties) * times))),
    )


def compare(name: str, summary: Summary) -> None:
    brief, annex = render_brief(summary, _ANNEX), render_annex(summary)
    rows = len(summary.task_reports)
    print(f"{name}: {len(summary.assessments)} departments, {rows} task reports, {len(summary.timeliness)} arrivals")
    seconds = best_of(REPEATS, lambda: render_brief(summary, _ANNEX))
    parts = parts_of(brief)
    report("  brief", seconds, "python-docx, same texts without layout", best_of(REPEATS, lambda: by_docx(parts)))
    report("  brief", seconds, "bare docxtpl", best_of(REPEATS, lambda: by_docxtpl(summary)))
    seconds = best_of(REPEATS, lambda: render_annex(summary))
    sheets = sheets_of(annex)
    report("  annex", seconds, "openpyxl, same cells without layout", best_of(REPEATS, lambda: by_openpyxl(sheets)))
    report("  annex", seconds, "xlsxwriter, likewise", best_of(REPEATS, lambda: by_xlsxwriter(sheets)))


def parts_of(brief: bytes) -> list[str | list[list[str]]]:
    """Paragraphs, and the cells of tables, in the order of the page."""
    return [
        [[cell.text for cell in row.cells] for row in part.rows] if isinstance(part, Table) else part.text
        for part in docx.Document(io.BytesIO(brief)).iter_inner_content()
    ]


def by_docx(parts: Sequence[str | list[list[str]]]) -> None:
    document = docx.Document()
    for part in parts:
        if isinstance(part, str):
            document.add_paragraph(part)
            continue
        table = document.add_table(len(part), len(part[0]))
        for row, texts in zip(table.rows, part, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    document.save(io.BytesIO())


def by_docxtpl(summary: Summary) -> None:
    document = DocxTemplate(io.BytesIO(brief_template({})[1]))
    document.render(content(summary, _ANNEX), autoescape=True)
    document.save(io.BytesIO())


def sheets_of(annex: bytes) -> dict[str, list[tuple[Any, ...]]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl mentions what it cannot keep
        book = openpyxl.load_workbook(io.BytesIO(annex))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def by_openpyxl(sheets: dict[str, list[tuple[Any, ...]]]) -> None:
    book = openpyxl.Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(io.BytesIO())


def by_xlsxwriter(sheets: dict[str, list[tuple[Any, ...]]]) -> None:
    with xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)


def main() -> None:
    with temporary_warehouse() as warehouse:
        settings = warehouse.settings
        catalogue, landing = load(settings.seed_dir), LandingZone(settings.landing_url)
        periods = reporting_periods(next(c for c in catalogue.campaigns if c.year == settings.year))
        land_all([*generate(catalogue), *generate_campaign(catalogue)], landing)
        collect(settings, warehouse, until=periods[-1].cutoff)
        spent = 0.0
        for period in periods:
            summarise(warehouse, settings, period)
            started = time.perf_counter()
            publish(warehouse, settings, period.key)
            spent += time.perf_counter() - started
        print(f"{len(periods)} periods published, read from the marts and recorded: {spent / len(periods):.2f} s each")
        summary = read_summary(warehouse, settings, periods[-1].key)
    compare("sample city, last period", summary)
    compare("grown", grown(summary))


if __name__ == "__main__":
    main()
