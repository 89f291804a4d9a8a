"""The city's report of a year: seconds from the marts' values to the document, and reading and recording with it.

The peer is python-docx, which writes the same texts, paragraph by paragraph and table cell by table cell, without
controls, tags, styles, widths, contents and pictures; once beside our text alone, once beside all of it with pictures.
"""

from __future__ import annotations

import io
import sys
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import docx
from docx.oxml.ns import qn
from harness import best_of, peak_mebibytes, report, temporary_warehouse

from cityhealth.catalogue import load
from cityhealth.feeds.pipeline import collect
from cityhealth.landing import LandingZone
from cityhealth.reports.examination.canvas import Picture
from cityhealth.reports.examination.document import render_report
from cityhealth.reports.examination.publish import publish_report
from cityhealth.reports.examination.reading import read_examination
from cityhealth.sample_city import generate, land_all
from cityhealth.sample_city.peers import generate_peers
from cityhealth.sample_city.self_check import generate_self_check
from cityhealth.sample_city.survey import generate_survey
from cityhealth.sample_city.third_party import generate_third_party
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.spatial.reference import build_areas, city_of
from cityhealth.transform import build

YEAR, REPEATS = 2021, 3

#: A paragraph, or the cells of a table.
Part = str | list[list[str]]


def parts_of(data: bytes) -> list[Part]:
    """Paragraphs, and the cells of tables, in the order of the page, numbers in controls included."""
    parts: list[Part] = []
    for element in docx.Document(io.BytesIO(data)).element.body.iterchildren():
        if element.tag == qn("w:tbl"):
            parts.append([[text(cell) for cell in row.iter(qn("w:tc"))] for row in element.iter(qn("w:tr"))])
        else:
            parts += [text(paragraph) for paragraph in element.iter(qn("w:p"))]
    return parts


def text(element: object) -> str:
    return "".join(run.text or "" for run in element.iter(qn("w:t")))  # type: ignore[attr-defined]


def by_docx(parts: list[Part]) -> None:
    written = docx.Document()
    for part in parts:
        if isinstance(part, str):
            written.add_paragraph(part)
            continue
        table = written.add_table(len(part), len(part[0]))
        for row, texts in zip(table.rows, part, strict=True):
            for cell, words in zip(row.cells, texts, strict=True):
                cell.text = words
    written.save(io.BytesIO())


def without_pictures() -> None:
    """From here on nothing is drawn: every picture is one grey dot."""
    from PIL import Image

    from cityhealth.reports.examination import charts, maps

    dot = io.BytesIO()
    Image.new("L", (1, 1)).save(dot, "png")
    for module in (charts, maps):
        module.picture = lambda width, height, draw: Picture(dot.getvalue(), width, height)  # type: ignore[attr-defined]


def main() -> None:
    with temporary_warehouse() as warehouse:
        settings = warehouse.settings
        catalogue = load(settings.seed_dir)
        build_areas(city_of(catalogue), catalogue, settings.areas_path)
        files = [generate(catalogue), generate_survey(catalogue), generate_third_party(catalogue)]
        files += [generate_peers(catalogue), generate_self_check(catalogue)]
        land_all([file for part in files for file in part], LandingZone(settings.landing_url))
        collect(settings, warehouse, until=datetime.now(CITY_TIMEZONE))
        build(warehouse, settings)
        started = time.perf_counter()
        made = publish_report(warehouse, settings, YEAR)
        first = time.perf_counter() - started
        started = time.perf_counter()
        publish_report(warehouse, settings, YEAR)
        again = time.perf_counter() - started
        examination = read_examination(warehouse, settings, YEAR)
    data = render_report(examination)
    parts = parts_of(data)
    print(f"sample city: {made.size_bytes / 1024:.0f} KiB, {len(parts)} paragraphs and tables")
    print(f"  from the marts into the outbox and recorded: {first:.2f} s in a fresh process, {again:.2f} s again")
    peer = best_of(REPEATS, lambda: by_docx(parts))
    report(
        "  with pictures", best_of(REPEATS, lambda: render_report(examination)), "python-docx, same texts alone", peer
    )
    without_pictures()
    report("  text alone", best_of(REPEATS, lambda: render_report(examination)), "python-docx, same texts alone", peer)
    print(f"  peak memory of all of it: {peak_mebibytes():.0f} MiB")


if __name__ == "__main__":
    main()
