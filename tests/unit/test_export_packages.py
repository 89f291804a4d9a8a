"""Without a database: the catalogue names what there is, zeros for what is not there are refused, bytes are equal."""

from __future__ import annotations

import copy
import hashlib
import warnings
import zipfile
from pathlib import Path

import pytest
import yaml

from cityhealth.catalogue import Catalogue
from cityhealth.exports import ExportError, verify
from cityhealth.exports.ministry import check_document
from cityhealth.exports.packing import packed
from cityhealth.exports.selection import MARKS
from cityhealth.settings import PROJECT_ROOT

INDICATOR = {
    "system": "mohurd", "year": 2021, "code": "ECO01", "no": 1, "name_zh": "甲", "dimension_code": "ECO", "unit": "%",
    "status": "official", "area_code": "140502", "state": "missing", "state_zh": "未报", "reason_zh": "未报",
    "value": None, "synthetic": False, "definition": None, "areas": [], "sources": [], "files": [],
}  # fmt: skip
DOCUMENT = {
    "$schema": "ministry-v1.schema.json", "format": "cityhealth-ministry", "version": "1.0",
    "city": {"code": "140500", "name": "晋城市"}, "system": "mohurd", "year": 2021,
    "period": {"start": "2020-01-01", "end": "2020-12-31"}, "synthetic": False, "data_as_of": None,
    "indicators": [INDICATOR], "dimensions": None, "items": None, "item_definitions": None, "problems": None,
    "measures": None, "satisfaction": None, "third_party": None, "comparability": None, "files": [],
    "not_included": [], "kept_back": {},
}  # fmt: skip


def test_what_is_not_there_may_not_go_out_as_a_zero() -> None:
    check_document(DOCUMENT, "ministry-v1.schema.json")
    for state, value in (("missing", 0), ("refused", 5), ("not_applicable", 0), ("value", None), ("no_standard", None)):
        document = copy.deepcopy(DOCUMENT)
        document["indicators"][0] |= {"state": state, "value": value}
        with pytest.raises(ExportError, match=r"indicators\[0\]\.value"):
            check_document(document, "ministry-v1.schema.json")


def test_a_suppressed_cell_may_not_go_out_with_a_figure() -> None:
    cell = {"wave": "2021-06", "subject_kind": "overall", "subject_code": "all", "suppressed": True, "synthetic": False}
    check_document({**DOCUMENT, "satisfaction": [{**cell, "satisfaction": None}]}, "ministry-v1.schema.json")
    with pytest.raises(ExportError, match="satisfaction"):
        check_document({**DOCUMENT, "satisfaction": [{**cell, "satisfaction": 71.5}]}, "ministry-v1.schema.json")


def test_publication_names_marts_and_columns_that_there_are_and_leaves_no_mark_behind(catalogue: Catalogue) -> None:
    columns: dict[str, set[str]] = {}
    for path in (PROJECT_ROOT / "dbt_project" / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            columns[model["name"]] = {column["name"] for column in model.get("columns", [])}
    for row in catalogue.publications:
        asked = {*row.columns, *(name for name, _, _ in row.conditions)}
        assert asked <= columns[row.mart], (row.audience, row.mart)
        if row.columns:
            assert {mark for mark in MARKS if mark in columns[row.mart]} <= set(row.columns), (row.audience, row.mart)


def test_nothing_public_tells_files_people_or_movement(catalogue: Catalogue) -> None:
    telling = {"filename", "sheet", "cell", "sha256", "path", "responsible_text", "sender_text", "line_key"}
    public = {row.mart: set(row.columns) for row in catalogue.publications if row.audience == "public"}
    assert {mart for mart, columns in public.items() if columns & telling} == set()
    assert [public[mart] for mart in ("presence_cell", "commute_flow", "movement_day", "peak_speed_day")] == [set()] * 4


def test_the_same_files_make_the_same_zip() -> None:
    with packed({"b.txt": b"2", "说明.txt": b"3"}) as one, packed({"说明.txt": b"3", "b.txt": b"2"}) as other:
        assert (one.sha256, one.file_count) == (other.sha256, 2)


def test_a_package_with_two_files_of_one_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for content in (b"forged", b"genuine"):
            archive.writestr("data/values.csv", content)
        archive.writestr("SHA256SUMS", f"{hashlib.sha256(b'genuine').hexdigest()}  data/values.csv\n")
    with pytest.raises(ExportError, match="同名的文件"):
        verify(path)
