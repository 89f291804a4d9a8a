"""A template opens in LibreOffice, prints as PDF, and comes back from it with everything in place."""

from __future__ import annotations

import subprocess
from pathlib import Path

import openpyxl
import pytest

from cityhealth import form
from cityhealth.catalogue import Catalogue
from cityhealth.tabular import find_table, read_sheets
from cityhealth.templates import Entry, form_for, template_name, write_form
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
