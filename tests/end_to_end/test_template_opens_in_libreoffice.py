"""Templates open in LibreOffice, print as PDF, and come back from it with everything in place."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import openpyxl
import pypdfium2
import pytest

from cityhealth import form, progress_form
from cityhealth.campaigns import reporting_period
from cityhealth.catalogue import Catalogue
from cityhealth.feeds.progress import ProgressFeed
from cityhealth.landing import Arrival
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.tabular import find_table, read_sheets
from cityhealth.templates import (
    Entry,
    ProgressEntry,
    form_for,
    progress_form_for,
    progress_name,
    template_name,
    write_form,
    write_progress_document,
    write_progress_workbook,
)
from requirements import require_program


@pytest.fixture(scope="module")
def template(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    housing = form_for(catalogue, "housing", 2021)
    path = tmp_path_factory.mktemp("template") / template_name(housing)
    path.write_bytes(write_form(housing, {housing.rows[0].key: Entry(12.5, "", "年报", "汇总", "=1+1", "a.csv")}))
    return path


def _converted(template: Path, to: str, folder: Path) -> Path:
    soffice = require_program("soffice", package="libreoffice-calc")
    # A profile of its own: another LibreOffice of the same user would answer instead, and convert nothing.
    command = [soffice, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", to]
    command += ["--outdir", str(folder / "out"), str(template)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
    assert "rror" not in done.stderr, done.stderr
    return folder / "out" / f"{template.stem}.{to}"


def test_it_prints_as_pdf(template: Path, tmp_path: Path) -> None:
    data = _converted(template, "pdf", tmp_path).read_bytes()
    assert data.startswith(b"%PDF") and len(data) > 20_000


def test_it_comes_back_with_values_validations_and_protection(template: Path, tmp_path: Path) -> None:
    path = _converted(template, "xlsx", tmp_path)
    sheet = openpyxl.load_workbook(path)[form.SHEET]
    before = openpyxl.load_workbook(template)[form.SHEET]
    assert sheet.protection.sheet
    rules = [len(s.data_validations.dataValidation) for s in (sheet, before)]
    assert rules[0] > 0 and rules[0] <= rules[1]
    first = next(s for s in read_sheets(path.read_bytes(), path.name) if s.name == form.SHEET)
    row = find_table(first, form.HEADER_ALIASES, form.READABLE_WITH[0]).rows[0]
    assert row.cells["value_text"].text == "12.5"
    assert (row.cells["remarks_text"].text, row.cells["remarks_text"].kind) == ("=1+1", "text")


ENTRY = ProgressEntry(
    "改造口袋公园 3 处", "2 处完工", 60, "招标", "占地补偿未落实", "6 月 20 日开工", "", "园林科", "2021-06-04"
)


@pytest.fixture(scope="module", params=["xlsx", "docx"])
def progress_report(
    request: pytest.FixtureRequest, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    report = progress_form_for(catalogue, "urban_management", reporting_period("2021-06-05", catalogue.campaigns))
    write = write_progress_workbook if request.param == "xlsx" else write_progress_document
    path = tmp_path_factory.mktemp("progress") / progress_name(report, request.param)
    path.write_bytes(write(report, {report.rows[0].code: ENTRY}))
    return path


def test_a_progress_report_prints_on_two_pages_that_show_what_was_filled_in(
    progress_report: Path, tmp_path: Path
) -> None:
    printed = pypdfium2.PdfDocument(_converted(progress_report, "pdf", tmp_path))
    texts = [page.get_textpage().get_text_range() for page in printed]
    # Workbook: the report and its instructions; document: two tasks on a page.
    assert len(texts) == 2
    assert all(text in texts[0] for text in ("半月进展报告", "生态宜居", ENTRY.work, ENTRY.next))
    width, height = printed[0].get_size()
    assert (width > height) == (progress_report.suffix == ".xlsx")
    drawn = printed[0].render(scale=1).to_numpy()
    assert 0.01 < (drawn.min(axis=2) < 250).mean() < 0.9


def test_a_progress_report_that_libreoffice_saved_is_read_as_before(progress_report: Path, tmp_path: Path) -> None:
    def lines(path: Path) -> list[dict[str, object]]:
        data = path.read_bytes()
        received = datetime(2021, 6, 4, tzinfo=CITY_TIMEZONE)
        arrival = Arrival("a", "progress", None, path.name, "0" * 64, len(data), received)
        fields = ("row_kind", "task_text", "period_text", "percent_text", *progress_form.FIVE)
        return ProgressFeed().read(data, arrival).select(list(fields)).to_pylist()

    kept = _converted(progress_report, progress_report.suffix[1:], tmp_path)
    assert lines(kept) == lines(progress_report)
    assert lines(kept)[0]["work_text"] == ENTRY.work
