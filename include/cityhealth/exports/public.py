"""For the public: CSV, dictionary and licence note as a Frictionless Data Package, which is valid before it leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cityhealth.errors import SettingsError
from cityhealth.exports.frame import Frame
from cityhealth.exports.packing import Content, csv_bytes, json_bytes
from cityhealth.exports.selection import ExportError, Selection, Table
from cityhealth.exports.workbook import workbook

#: Where the office keeps its own licence text.
LICENCE_VARIABLE = "CITYHEALTH_PUBLIC_LICENCE"
_NO_LICENCE = (
    "许可说明\n\n"
    "本数据包的许可条款尚未由市城市体检工作领导小组办公室确定。在确定之前，本包只供查阅，不授予转载、改编的许可。\n"
    "No licence has been chosen yet: until it is, this package may be read, and nothing more is granted.\n"
)
_LICENCE = "许可说明.txt"
_DICTIONARY = "数据字典.csv"
_DICTIONARY_COLUMNS = ("table", "title", "column", "type", "description")


def public_files(selection: Selection, frame: Frame, environ: Mapping[str, str]) -> dict[str, Content]:
    """The files of the package.

    Raises:
        ExportError: the package is not valid; it then stays here.
        SettingsError: the office's licence text cannot be read.
    """
    tables = list(selection.tables.values())
    contents = {
        **table_files(tables),
        _DICTIONARY: dictionary(tables),
        _LICENCE: _licence(environ).encode(),
        "说明.txt": frame.text.encode(),
    }
    contents["datapackage.json"] = json_bytes(_descriptor(selection, frame, contents))
    _must_be_valid(contents)
    # For those who read it in a spreadsheet, which takes a CSV without BOM for another encoding.
    made = selection.data_as_of
    return {**contents, "数据.xlsx": workbook(frame.title, frame.facts, tables, selection.synthetic, made)}


def table_files(tables: Sequence[Table]) -> dict[str, bytes]:
    """One CSV per table."""
    return {f"data/{table.mart}.csv": csv_bytes([field.name for field in table.fields], table.rows) for table in tables}


def dictionary(tables: Sequence[Table]) -> bytes:
    """The columns of all tables: type, and meaning in Chinese and English."""
    rows = [
        dict(zip(_DICTIONARY_COLUMNS, (t.mart, t.title_zh, f.name, f.type, f.description), strict=True))
        for t in tables
        for f in t.fields
    ]
    return csv_bytes(_DICTIONARY_COLUMNS, rows)


def _descriptor(selection: Selection, frame: Frame, contents: Mapping[str, bytes]) -> dict[str, Any]:
    examination = selection.examination
    return {
        "name": f"cityhealth-{frame.city_code}-{examination.system}-{examination.year}",
        "title": frame.title,
        "description": "\n".join(f"{name}：{content}" for name, content in frame.facts),
        "keywords": ["城市体检", frame.city_zh, str(examination.year)],
        "synthetic": selection.synthetic,
        **({"created": selection.data_as_of.isoformat()} if selection.data_as_of else {}),
        "licenses": [{"path": _LICENCE, "title": "许可说明"}],
        "resources": [
            *(_resource(table, contents) for table in selection.tables.values()),
            {
                "name": "dictionary",
                "title": "数据字典",
                "path": _DICTIONARY,
                **_CSV,
                "schema": {"fields": [{"name": name, "type": "string"} for name in _DICTIONARY_COLUMNS]},
            },
        ],
    }


_CSV = {"type": "table", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8"}


def _resource(table: Table, contents: Mapping[str, bytes]) -> dict[str, Any]:
    path = f"data/{table.mart}.csv"
    names = [field.name for field in table.fields]
    key = ["system", "year", "code"]
    schema: dict[str, Any] = {
        "fields": [
            {"name": field.name, "type": field.type, "title": field.head_zh, "description": field.description}
            for field in table.fields
        ],
        "missingValues": [""],
    }
    if set(key) <= set(names) and len({tuple(row[part] for part in key) for row in table.rows}) == len(table.rows):
        schema["primaryKey"] = key
    return {
        "name": re.sub("[^a-z0-9._-]", "-", table.mart),
        "title": table.title_zh,
        "description": table.reason_zh,
        "path": path,
        "bytes": len(contents[path]),
        **_CSV,
        "schema": schema,
    }


def _must_be_valid(contents: Mapping[str, bytes]) -> None:
    # Not at the top: the import takes a second, and `cityhealth --help` should not.
    from frictionless import Package

    with TemporaryDirectory() as folder:
        for name, data in contents.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        report = Package.from_descriptor(str(Path(folder) / "datapackage.json")).validate()
    if not report.valid:
        errors = [*report.errors, *(error for task in report.tasks for error in task.errors)]
        listed = "；".join(error.message for error in errors[:5])
        raise ExportError(f"数据包未通过 Frictionless 校验（{len(errors)} 处），没有对外提供：{listed}")


def _licence(environ: Mapping[str, str]) -> str:
    path = environ.get(LICENCE_VARIABLE)
    if not path:
        return _NO_LICENCE
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{LICENCE_VARIABLE} names no readable text in UTF-8: {path} ({error})") from error
