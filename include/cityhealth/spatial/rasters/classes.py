"""Class tables: what the codes of a land-cover raster mean."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyogrio

from cityhealth.spatial.rasters.refusals import refuse


def read_class_table(data: bytes, filename: str, code: str, name: str) -> dict[int, str]:
    """Code → name from the columns ``code`` and ``name`` of a ``.vat.dbf`` (or ``.dbf``) or a ``.csv``.

    Raises UnreadableFile ``wrong_class_table``: not such a table, a column is missing, a code is no whole number or
    stands twice.
    """
    suffix = Path(filename).suffix.lower()
    if suffix not in {".dbf", ".csv"}:
        raise refuse("wrong_class_table", filename)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"classes{suffix}"
        path.write_bytes(data)
        try:
            table = pyogrio.read_dataframe(path, read_geometry=False)
        except (pyogrio.errors.DataSourceError, UnicodeDecodeError) as error:
            raise refuse("wrong_class_table", filename) from error
    if missing := [column for column in (code, name) if column not in table.columns]:
        raise refuse("wrong_class_table", filename, f"没有列 {'、'.join(missing)}")
    names: dict[int, str] = {}
    for text, label in zip(table[code], table[name], strict=True):
        try:
            number = int(text)
        except (TypeError, ValueError) as error:
            raise refuse("wrong_class_table", filename, f"分类值“{text}”不是整数") from error
        if number in names:
            raise refuse("wrong_class_table", filename, f"分类值 {number} 重复")
        names[number] = str(label)
    return names
