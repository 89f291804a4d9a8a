"""For the ministry's platform: one workbook and one JSON document that say the same, and the document's schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jsonschema

from cityhealth.exports.frame import Frame
from cityhealth.exports.packing import Content, json_bytes
from cityhealth.exports.selection import ExportError, Selection, Table
from cityhealth.exports.workbook import workbook

#: Of the format; its first number is that of the schema's file.
VERSION = "1.0"
SCHEMA = "ministry-v1.schema.json"
_KEY = ("system", "year", "code")
#: Part of the document ← mart. What is not there yet is null, not empty.
_LISTS = {
    "dimensions": "dimension_scorecard",
    "items": "fct_item_value",
    "item_definitions": "dim_item",
    "problems": "problem_list",
    "measures": "rectification_status",
    "satisfaction": "satisfaction_index",
    "third_party": "third_party_comparison",
    "comparability": "system_comparability",
    "files": "source_file",
}
_OF_INDICATOR = {"areas": "indicator_value_by_area", "sources": "value_lineage"}


def ministry_files(selection: Selection, frame: Frame) -> dict[str, Content]:
    """The files of the package.

    Raises:
        ExportError: the document does not fit its schema; it then stays here.
    """
    document = ministry_document(selection, frame)
    check_document(document, SCHEMA)
    tables = list(selection.tables.values())
    return {
        "指标数据.json": json_bytes(document),
        "指标数据.xlsx": workbook(frame.title, frame.facts, tables, selection.synthetic, selection.data_as_of),
        SCHEMA: schema_bytes(SCHEMA),
        "说明.txt": frame.text.encode(),
    }


def ministry_document(selection: Selection, frame: Frame) -> dict[str, Any]:
    """All that goes to the ministry: each indicator with its definition, areas, sources and files."""
    scorecard = selection.tables.get("indicator_scorecard")
    if scorecard is None:
        raise ExportError("publication.csv 没有写明可以上报的指标数值（indicator_scorecard）")
    definitions = {_key(row): row for row in _rows(selection, "dim_indicator")}
    return {
        "$schema": SCHEMA,
        "format": "cityhealth-ministry",
        "version": VERSION,
        "city": {"code": frame.city_code, "name": frame.city_zh},
        "system": selection.examination.system,
        "year": selection.examination.year,
        "period": {
            "start": selection.examination.period_start.isoformat(),
            "end": selection.examination.period_end.isoformat(),
        },
        "synthetic": selection.synthetic,
        "data_as_of": selection.data_as_of.isoformat() if selection.data_as_of else None,
        "indicators": [
            {
                **row,
                "definition": definitions.get(_key(row)),
                **{part: _of(row, selection, mart) for part, mart in _OF_INDICATOR.items()},
                "files": sorted({file["sha256"] for file in _of(row, selection, "source_file")}),
            }
            for row in scorecard.rows
        ],
        **{
            part: list(selection.tables[mart].rows) if mart in selection.tables else None
            for part, mart in _LISTS.items()
        },
        "not_included": [
            *({"mart": mart, "title": title, "reason": reason} for mart, title, reason in selection.withheld),
            *({"mart": mart, "title": title, "reason": "成果表尚未生成"} for mart, title in selection.absent),
        ],
        "kept_back": {mart: table.kept_back for mart, table in selection.tables.items() if table.kept_back},
    }


def check_document(document: Mapping[str, Any], schema: str) -> None:
    """Hold a document against a published schema.

    Raises:
        ExportError: it does not fit; the message names the first places.
    """
    validator = jsonschema.Draft202012Validator(
        json.loads(schema_bytes(schema)), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    errors = sorted(validator.iter_errors(document), key=lambda error: list(map(str, error.absolute_path)))
    if errors:
        listed = "；".join(f"{error.json_path}：{error.message[:200]}" for error in errors[:5])
        raise ExportError(f"内容与 {schema} 不符（{len(errors)} 处），没有对外提供：{listed}")


def schema_bytes(name: str) -> bytes:
    """A published schema, as it goes out."""
    return (files("cityhealth.exports") / "schemas" / name).read_bytes()


def _rows(selection: Selection, mart: str) -> tuple[dict[str, Any], ...]:
    table: Table | None = selection.tables.get(mart)
    return table.rows if table else ()


def _of(indicator: Mapping[str, Any], selection: Selection, mart: str) -> list[dict[str, Any]]:
    """The rows of another mart that belong to an indicator, without its key."""
    return [
        {name: value for name, value in row.items() if name not in _KEY}
        for row in _rows(selection, mart)
        if _key(row) == _key(indicator)
    ]


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(part) for part in _KEY)
