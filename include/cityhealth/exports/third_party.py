"""For the third party: values with lineage, methods, and the files that they come from, held to their sha256."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from cityhealth.exports.frame import Frame
from cityhealth.exports.packing import Content, json_bytes
from cityhealth.exports.public import dictionary, table_files
from cityhealth.exports.selection import Selection
from cityhealth.exports.workbook import workbook
from cityhealth.landing import Attachment, LandingZone

VERSION = "1.0"
_FILES = "source_file"


def third_party_files(selection: Selection, frame: Frame, landing: LandingZone) -> dict[str, Content]:
    """The files of the package; those handed in are read, and compared with their sha256, when it is packed."""
    tables = list(selection.tables.values())
    attached, manifest = _attached(selection, landing)
    document = {
        "format": "cityhealth-third-party",
        "version": VERSION,
        "city": {"code": frame.city_code, "name": frame.city_zh},
        "system": selection.examination.system,
        "year": selection.examination.year,
        "synthetic": selection.synthetic,
        "data_as_of": selection.data_as_of.isoformat() if selection.data_as_of else None,
        "tables": [
            {"name": t.mart, "title": t.title_zh, "path": f"data/{t.mart}.csv", "rows": len(t.rows)} for t in tables
        ],
        "attachments": manifest,
        "not_included": [{"mart": m, "title": title, "reason": why} for m, title, why in selection.withheld],
    }
    made = selection.data_as_of
    return {
        **table_files(tables),
        **attached,
        "数据与方法.xlsx": workbook(frame.title, frame.facts, tables, selection.synthetic, made),
        "数据字典.csv": dictionary(tables),
        "manifest.json": json_bytes(document),
        "说明.txt": frame.text.encode(),
    }


def _attached(selection: Selection, landing: LandingZone) -> tuple[dict[str, Content], list[dict[str, Any]]]:
    """Each file once, however many indicators rest on it, under a name that no two share."""
    table = selection.tables.get(_FILES)
    by_sha: dict[str, list[dict[str, Any]]] = {}
    for row in table.rows if table else ():
        by_sha.setdefault(row["sha256"], []).append(row)
    contents: dict[str, Content] = {}
    manifest = []
    for sha256, rows in sorted(by_sha.items()):
        name = str(rows[0]["filename"])
        path = f"attachments/{sha256[:12]}_{PurePosixPath(name.replace(chr(92), '/')).name}"
        opened: Callable[[], AbstractContextManager[Path]] = partial(landing.attached, Attachment(name, sha256))
        contents[path] = opened
        manifest.append(
            {
                "path": path,
                "filename": name,
                "sha256": sha256,
                "size_bytes": rows[0]["size_bytes"],
                "indicators": sorted({row["code"] for row in rows}),
                "synthetic": any(row["synthetic"] for row in rows),
            }
        )
    return contents, manifest
