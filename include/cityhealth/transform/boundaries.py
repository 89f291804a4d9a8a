"""The reference boundaries, from their GeoPackage into the database, so that models can read them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import psycopg
import shapely

from cityhealth.spatial.reference import read_areas


def boundaries_hash(path: Path) -> str:
    """sha256 of the GeoPackage at ``path``; empty where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_boundaries(connection: psycopg.Connection, path: Path) -> None:
    """Make ``ops.area_boundary`` what the GeoPackage at ``path`` holds, in the connection's transaction.

    Nothing happens where it is that already. Without a file there are no boundaries.

    Raises:
        UnreadableFile: ``areas``: the file is none of ``cityhealth areas build``.
    """
    sha256 = boundaries_hash(path)
    known = {row[0] for row in connection.execute("select distinct sha256 from ops.area_boundary").fetchall()}
    if known == ({sha256} if sha256 else set()):
        return
    connection.execute("delete from ops.area_boundary")
    if not sha256:
        return
    frame = read_areas(path)
    columns = ["code", "name_zh", "level", "valid_from"]
    facts = frame[columns].astype(object).where(frame[columns].notna(), None).itertuples(index=False)
    shapes = shapely.to_geojson(frame.geometry.to_numpy())
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.area_boundary (code, name_zh, level, valid_from, geojson, sha256)"
            " values (%s, %s, %s, %s, %s, %s)",
            [(*row, shape, sha256) for row, shape in zip(facts, shapes, strict=True)],
        )
