"""Small parts of movement data for tests: a box of a city, and files of rows in it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

#: West, south, east, north.
CITY = (112.0, 35.0, 113.0, 36.0)
#: 2021-06-01 07:05:03 in Shanghai, as seconds since 1970 (UTC), and as local seconds.
SEVEN = 1_622_502_303
SEVEN_LOCAL = SEVEN + 8 * 3600

POSITIONS: Mapping[str, Any] = {
    "device": ["a", "b", "a", "c"],
    "time": [SEVEN, SEVEN + 1, SEVEN + 2, SEVEN + 3],
    "lon": [112.5, 112.6, 112.7, 112.8],
    "lat": [35.5, 35.6, 35.7, 35.8],
    "speed": [30.0, 40.0, None, 0.0],
}


def positions(**changes: Any) -> dict[str, Any]:
    """Columns of a part with which nothing is wrong, with changes; None takes a column away."""
    return {name: values for name, values in (POSITIONS | changes).items() if values is not None}


def parquet(columns: Mapping[str, Any], **options: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), stream, **options)
    return stream.getvalue()


def csv(columns: Mapping[str, Any]) -> bytes:
    stream = io.BytesIO()
    pacsv.write_csv(pa.table(dict(columns)), stream)
    return stream.getvalue()
