"""More rows in a seed file of a test's city: columns that it leaves out are added."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path


def add_rows(path: Path, rows: Sequence[dict[str, str]]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        standing = list(reader)
    columns = list(dict.fromkeys([*(reader.fieldnames or []), *(name for row in rows for name in row)]))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows([*standing, *rows])
