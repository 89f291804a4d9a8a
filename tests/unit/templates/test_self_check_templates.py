"""The forms of a self-check, empty and filled in, read back by the feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.feeds.self_check import SelfCheckFeed
from cityhealth.landing import Arrival
from cityhealth.self_check_form import SECTIONS
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.templates import (
    SelfCheckForm,
    self_check_form_for,
    write_self_check_document,
    write_self_check_templates,
    write_self_check_workbook,
)

Write = Callable[..., bytes]
WRITERS = pytest.mark.parametrize(
    ("write", "extension"), [(write_self_check_document, "docx"), (write_self_check_workbook, "xlsx")]
)


def read(catalogue: Catalogue, data: bytes, extension: str) -> list[Mapping[str, object]]:
    received = datetime(2021, 7, 5, 9, tzinfo=CITY_TIMEZONE)
    arrival = Arrival("a", "self_check", None, f"自查报告.{extension}", "0" * 64, len(data), received)
    feed = SelfCheckFeed(tuple(dimension.name_zh for dimension in catalogue.dimensions))
    return feed.read(data, arrival).to_pylist()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def form(catalogue: Catalogue) -> SelfCheckForm:
    return self_check_form_for(catalogue, "housing", 2021)


@WRITERS
def test_what_is_filled_in_is_read_back_paragraph_by_paragraph(
    catalogue: Catalogue, form: SelfCheckForm, write: Write, extension: str
) -> None:
    entries = {row.code: {section: f"{row.name}{section}之一。\n之二。" for section in SECTIONS} for row in form.rows}
    rows = read(catalogue, write(form, entries, "合成数据"), extension)
    said: dict[tuple[object, object], list[object]] = {}
    for row in rows:
        if row["row_kind"] == "data":
            said.setdefault((row["dimension_text"], row["section"]), []).append(row["body_text"])
    assert said == {
        (row.name, section): entries[row.code][section].split("\n") for row in form.rows for section in SECTIONS
    }
    assert any("合成数据" in str(row["body_text"]) for row in rows if row["row_kind"] == "note")


@WRITERS
def test_an_empty_form_has_every_section_and_says_nothing(
    catalogue: Catalogue, form: SelfCheckForm, write: Write, extension: str
) -> None:
    lines = [row for row in read(catalogue, write(form), extension) if row["row_kind"] == "data"]
    assert {row["body_text"] for row in lines} == {None}
    assert len(lines) == 4 * len(form.rows) > 4


@WRITERS
def test_the_same_form_gives_the_same_bytes(form: SelfCheckForm, write: Write, extension: str) -> None:
    assert write(form) == write(form)


def test_a_form_names_the_dimensions_and_indicators_that_the_department_answers_for(catalogue: Catalogue) -> None:
    transport = self_check_form_for(catalogue, "transport", 2021)
    by_name = {row.name: row.indicators for row in transport.rows}
    assert "绿色交通出行分担率" in by_name["交通便捷"]
    assert "健康舒适" not in by_name


def test_every_department_that_answers_for_a_dimension_gets_both_forms(catalogue: Catalogue, tmp_path: Path) -> None:
    names = {path.name for path in write_self_check_templates(catalogue, 2021, tmp_path)}
    departments = {name.removesuffix(".docx") for name in names if name.endswith(".docx")}
    assert departments == {name.removesuffix(".xlsx") for name in names if name.endswith(".xlsx")}
    assert len(departments) >= 20
    assert not any("体检工作领导小组办公室" in name for name in departments)
