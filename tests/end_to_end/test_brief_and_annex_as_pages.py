"""Brief and annex open in LibreOffice and print: the pages are there, full, and show what they must."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.reports.annex import render_annex
from cityhealth.reports.brief import render_brief
from half_month import full_summary, summary_of
from requirements import require_program

#: Share of a page that is ink: below, it is as good as empty.
_BLANK = 0.002
_RED = np.array([230, 0, 18])


def _printed(name: str, data: bytes, folder: Path, package: str) -> pypdfium2.PdfDocument:
    soffice = require_program("soffice", package=package)
    path = folder / name
    path.write_bytes(data)
    # A profile of its own: another LibreOffice of the same user would answer instead, and convert nothing.
    command = [soffice, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf"]
    done = subprocess.run([*command, "--outdir", str(folder), str(path)], capture_output=True, text=True, timeout=180)
    if "could not be loaded" in done.stderr:
        # soffice is there, the program for this kind of file is not.
        require_program(f"soffice with {package}", package=package)
    return pypdfium2.PdfDocument(path.with_suffix(".pdf"))


def _pictures(pages: pypdfium2.PdfDocument) -> Iterator[np.ndarray]:
    """Each page as rows × columns × red, green, blue."""
    for page in pages:
        yield page.render(scale=1, rev_byteorder=True, may_draw_forms=False).to_numpy()[:, :, :3].astype(int)


def _ink(picture: np.ndarray) -> float:
    return float((picture.min(axis=2) < 160).mean())


def _red(picture: np.ndarray) -> float:
    return float((np.abs(picture - _RED).max(axis=2) < 40).mean())


def _text(page: pypdfium2.PdfPage) -> str:
    return page.get_textpage().get_text_bounded().replace("\r\n", "").replace(" ", "")


@pytest.fixture(scope="module")
def brief(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> pypdfium2.PdfDocument:
    data = render_brief(full_summary(catalogue), "附表.xlsx")
    return _printed("简报.docx", data, tmp_path_factory.mktemp("brief"), "libreoffice-writer")


def test_the_brief_prints_on_pages_of_a4_none_of_them_blank(brief: pypdfium2.PdfDocument) -> None:
    assert 5 <= len(brief) <= 15
    for number, (page, picture) in enumerate(zip(brief, _pictures(brief), strict=True), start=1):
        assert [round(side / 72 * 25.4) for side in page.get_size()] == [210, 297]
        assert _ink(picture) > _BLANK, f"page {number}"
        assert f"—{number}—" in _text(page)


def test_the_first_page_has_the_red_heading_above_a_red_rule(brief: pypdfium2.PdfDocument) -> None:
    first, second, *_ = _pictures(brief)
    upper = first[: first.shape[0] // 2]
    assert _red(upper) > 0.005 and _red(second) < 0.001
    red_in_row = (np.abs(upper - _RED).max(axis=2) < 40).mean(axis=1)
    rule = int(red_in_row.argmax())
    assert red_in_row[rule] > 0.7, "no line from margin to margin"
    heading = np.flatnonzero(red_in_row[: rule - 20] > 0.02)
    assert heading.size and heading[-1] < rule - 40


def test_the_last_page_ends_with_who_issued_it(brief: pypdfium2.PdfDocument) -> None:
    text = _text(brief[len(brief) - 1])
    assert text.index("报：") < text.index("送：") < text.index("2021年6月5日编发")


def test_headers_of_tables_come_again_on_the_next_page(brief: pypdfium2.PdfDocument) -> None:
    pages = [page for page in map(_text, brief) if "名次单位本期收到时间以前各期得分" in page]
    assert len(pages) >= 2


def test_a_brief_with_nothing_to_say_is_short_and_synthetic_data_red(catalogue: Catalogue, tmp_path: Path) -> None:
    data = render_brief(replace(summary_of(catalogue), marked_synthetic=True), "附表.xlsx")
    pages = _printed("空.docx", data, tmp_path, "libreoffice-writer")
    assert 1 <= len(pages) <= 3
    assert "由程序生成，仅供演示，不是晋城市的真实数据" in _text(pages[0])
    assert all(_red(picture) > 0 for picture in _pictures(pages))


def test_the_annex_prints_landscape_with_its_charts(catalogue: Catalogue, tmp_path: Path) -> None:
    pages = _printed("附表.xlsx", render_annex(full_summary(catalogue)), tmp_path, "libreoffice-calc")
    charted = 0
    for page, picture in zip(pages, _pictures(pages), strict=True):
        assert [round(side / 72 * 25.4) for side in page.get_size()] == [297, 210]
        assert _ink(picture) > _BLANK
        # The darkest blue is that of bars alone.
        charted += float((np.abs(picture - [46, 117, 182]).max(axis=2) < 12).mean()) > 0.005
        charted += float((np.abs(picture - [91, 155, 213]).max(axis=2) < 12).mean()) > 0.005
    assert charted == 2
