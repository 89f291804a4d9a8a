"""What the sample city sends: repeatable, labelled, with every oddity, and readable as far as it should be."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from datetime import date
from functools import cache
from pathlib import Path

import msoffcrypto
import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.errors import UnreadableFile
from cityhealth.feeds.departmental import DepartmentalFeed
from cityhealth.landing import Arrival, LandingZone
from cityhealth.sample_city import LABEL, Oddity, SampleFile, generate, land_all
from cityhealth.sample_city.broken import PASSWORD
from cityhealth.sample_city.figures import Figures
from cityhealth.sample_city.planting import NothingFits
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT
from cityhealth.tabular import read_sheets
from cityhealth.tabular.foreign import read_foreign
from cityhealth.tabular.layouts import city_layouts


@pytest.fixture(scope="module")
def files(catalogue: Catalogue) -> list[SampleFile]:
    return generate(catalogue)


def _texts(file: SampleFile) -> str:
    return "\n".join(
        cell.text
        for sheet in read_sheets(file.data, file.filename)
        for row in sheet.rows.values()
        for cell in row.values()
    )


def _with(files: list[SampleFile], oddity: Oddity) -> SampleFile:
    return next(file for file in files if oddity in file.oddities)


def _raw(file: SampleFile) -> list[dict[str, str | None]]:
    arrival = Arrival("a", file.feed, file.department_text, file.filename, "0", len(file.data), file.received_at)
    return DepartmentalFeed().read(file.data, arrival).to_pylist()


def test_the_same_seed_gives_the_same_files(catalogue: Catalogue, files: list[SampleFile]) -> None:
    assert generate(catalogue) == files


def test_another_seed_gives_other_figures_in_files_of_the_same_names(
    catalogue: Catalogue, files: list[SampleFile]
) -> None:
    others = generate(catalogue, seed=7)
    assert [f.filename for f in others] == [f.filename for f in files]
    assert sum(a.data != b.data for a, b in zip(files, others, strict=True)) > len(files) / 2


@pytest.mark.parametrize("oddity", Oddity)
def test_every_oddity_is_planted(files: list[SampleFile], oddity: Oddity) -> None:
    assert any(oddity in file.oddities for file in files)


def test_every_file_says_that_it_is_synthetic(files: list[SampleFile]) -> None:
    for file in files:
        if file.expected.read_error in (None, "no_header"):
            assert LABEL in _texts(file), file.filename
        else:
            assert LABEL in file.filename
        for name, data in file.attachments:
            assert LABEL in data.decode("utf-8-sig"), name


def test_files_arrive_on_three_days_of_may_in_the_citys_time(files: list[SampleFile]) -> None:
    assert {file.received_at.date() for file in files} == {date(2021, 5, day) for day in (18, 19, 20)}
    assert all(file.received_at.tzinfo is CITY_TIMEZONE for file in files)
    assert files == sorted(files, key=lambda file: (file.received_at, file.filename))


def test_some_twenty_departments_send(files: list[SampleFile]) -> None:
    senders = {file.department_text for file in files if file.feed == "departmental"}
    assert len(senders) >= 18


def test_a_file_is_readable_exactly_where_it_should_be(files: list[SampleFile]) -> None:
    for file in files:
        if file.feed != "departmental":
            continue
        if file.expected.read_error is None:
            assert [row for row in _raw(file) if row["row_kind"] == "data"], file.filename
        else:
            with pytest.raises(UnreadableFile) as caught:
                _raw(file)
            assert caught.value.code == file.expected.read_error


def test_rules_that_files_break_are_rules_of_the_gate(files: list[SampleFile]) -> None:
    suites = "\n".join(path.read_text() for path in (PROJECT_ROOT / "expectations").glob("*.yml"))
    for rule in {rule for file in files for rule in file.expected.rules}:
        assert f"code: {rule}\n" in suites


def test_a_verdict_agrees_with_the_number_of_refused_rows(files: list[SampleFile]) -> None:
    for file in files:
        expected = file.expected
        assert (expected.verdict == "accepted") == (expected.refused == 0 and expected.read_error is None)


def test_the_templates_are_read_back_with_every_figure(catalogue: Catalogue, files: list[SampleFile]) -> None:
    figures = Figures(catalogue, 2021, 2021)
    plain = [file for file in files if file.oddities == {Oddity.TEMPLATE}]
    assert len(plain) >= 5
    for file in plain:
        department = catalogue.department(file.department_text or "")
        assert department is not None
        rows = [row for row in _raw(file) if row["row_kind"] == "data"]
        for row, duty in zip(rows, catalogue.duty_list(department.code, 2021), strict=True):
            assert str(row["item_text"]).split(" ")[0] == duty.item.code
            figure = figures.of((duty.item.code, duty.area.code, duty.period.key))
            assert float(row["value_text"] or "nan") == figure
        (evidence,) = file.attachments
        assert {row["attachment_text"] for row in rows} == {evidence[0]}


def test_the_same_file_arrives_twice_as_the_same_bytes(files: list[SampleFile]) -> None:
    again = _with(files, Oddity.SAME_FILE_TWICE)
    twins = [file for file in files if (file.filename, file.data) == (again.filename, again.data)]
    assert len(twins) == 2 and len({twin.received_at for twin in twins}) == 2


def test_the_bomb_is_small_and_unpacks_large(files: list[SampleFile]) -> None:
    bomb = _with(files, Oddity.ZIP_BOMB)
    with zipfile.ZipFile(io.BytesIO(bomb.data)) as package:
        unpacked = sum(entry.file_size for entry in package.infolist())
    assert len(bomb.data) < 512 * 1024 and unpacked > 64 * 1024 * 1024


def test_the_encrypted_workbook_opens_with_its_password(files: list[SampleFile]) -> None:
    plain = io.BytesIO()
    office = msoffcrypto.OfficeFile(io.BytesIO(_with(files, Oddity.ENCRYPTED).data))
    office.load_key(password=PASSWORD)
    office.decrypt(plain)
    assert zipfile.is_zipfile(plain)


def test_the_macro_workbook_carries_a_project(files: list[SampleFile]) -> None:
    with zipfile.ZipFile(io.BytesIO(_with(files, Oddity.MACROS).data)) as package:
        assert "xl/vbaProject.bin" in package.namelist()


def test_a_sheet_ends_at_the_last_row_that_excel_has(files: list[SampleFile]) -> None:
    with zipfile.ZipFile(io.BytesIO(_with(files, Oddity.A_MILLION_ROWS).data)) as package:
        assert b'<row r="1048576"' in package.read("xl/worksheets/sheet1.xml")


def test_formats_are_what_they_claim_but_for_one(files: list[SampleFile]) -> None:
    @cache
    def origin(oddity: Oddity):
        file = _with(files, oddity)
        return read_sheets(file.data, file.filename)[0].origin

    assert origin(Oddity.CSV_GB18030).encoding.lower().startswith("gb")
    assert origin(Oddity.CSV_UTF8_BOM).encoding.lower().startswith("utf-8")
    assert _with(files, Oddity.CSV_UTF8_BOM).data.startswith(b"\xef\xbb\xbf")
    assert origin(Oddity.XLS).format == "xls"
    assert origin(Oddity.WRONG_EXTENSION).wrong_extension == "xls"
    wrong = [
        f for f in files if not f.expected.read_error and read_sheets(f.data, f.filename)[0].origin.wrong_extension
    ]
    assert wrong == [_with(files, Oddity.WRONG_EXTENSION)]


def test_foreign_tables_are_known_to_a_layout(files: list[SampleFile]) -> None:
    tables = {
        file.filename: read_foreign(read_sheets(file.data, file.filename), file.filename, city_layouts("jincheng"))
        for file in files
        if file.feed == "yearbook"
    }
    census = tables[_with(files, Oddity.FOREIGN_TABLE).filename]
    assert {cell.area_text for cell in census.cells} == {"140502", "140521", "140522", "140524", "140525", "140581"}
    other = tables[_with(files, Oddity.SOURCES_DISAGREE).filename]
    assert {cell.item_code for cell in other.cells} == {"gdp", "city_population"}


def test_the_gdp_of_the_yearbook_is_not_that_of_the_department(files: list[SampleFile]) -> None:
    yearbook = _texts(_with(files, Oddity.SOURCES_DISAGREE))
    sent = [row for f in files if f.feed == "departmental" and not f.expected.read_error for row in _raw(f)]
    (value,) = {row["value_text"] for row in sent if str(row["item_text"]).split(" ")[0] == "gdp"}
    assert value is not None and value not in yearbook


def test_landing_twice_is_landing_once(files: list[SampleFile], tmp_path: Path) -> None:
    landing = LandingZone(str(tmp_path))
    first = land_all(files, landing)
    assert land_all(files, landing) == first
    assert len(landing.arrivals("departmental")) + len(landing.arrivals("yearbook")) == len(files)
    landed = {arrival.filename: arrival for arrival in first}
    odd = _with(files, Oddity.ODD_FILENAME)
    assert landing.read(landed[odd.filename]) == odd.data
    announced = [json.loads(path.read_text()) for path in (tmp_path / "arrivals").rglob("*.json")]
    assert odd.filename in {a["filename"] for a in announced}


def test_a_catalogue_that_grew_in_front_moves_no_error(catalogue: Catalogue, files: list[SampleFile]) -> None:
    new = dataclasses.replace(
        next(item for item in catalogue.items if item.department_code == "housing"),
        code="added_item",
        name_zh="新增项",
        whole_item=None,
    )
    grown = generate(dataclasses.replace(catalogue, items=(new, *catalogue.items)))
    assert [f.filename for f in grown] == [f.filename for f in files]
    assert set().union(*(f.oddities for f in grown)) == set(Oddity)


def test_a_catalogue_with_too_few_departments_is_an_error(catalogue: Catalogue) -> None:
    few = dataclasses.replace(catalogue, departments=catalogue.departments[:5])
    with pytest.raises(NothingFits):
        generate(few)
