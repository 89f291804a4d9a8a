"""Parts of partitions in Parquet, and the manifest that goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cityhealth.sample_city.files import LABEL, LABEL_LINE, Expected, MovementOddity, SampleFile
from cityhealth.sample_city.scenes import working_time
from cityhealth.sample_city.terrain.sending import manifest_of

#: A metre, about: what providers round to.
_DECIMALS = 5


def part_path(feed: str, day: date, number: int = 0, ending: str = "parquet") -> str:
    """Where a part lies below the manifest."""
    return f"feed={feed}/date={day}/part-{number:03d}.{ending}"


def parquet(columns: Mapping[str, pa.Array]) -> bytes:
    """A file of these columns that says itself that it is synthetic."""
    table = pa.table(dict(columns)).replace_schema_metadata({"note": LABEL_LINE})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=1)
    return bytes(sink.getvalue())


def degrees(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(np.round(values, _DECIMALS))


def sending(
    name: str,
    stated: Mapping[str, object],
    parts: Iterable[tuple[str, bytes]],
    department: str,
    day: date,
    number: int,
    oddities: Iterable[MovementOddity],
    expected: Expected,
) -> SampleFile:
    """A manifest with its parts, received on ``day`` as the file of that number."""
    oddities = tuple(oddities)
    return SampleFile(
        filename=f"{name}_{LABEL}.yml",
        data=manifest_of(stated),
        feed="mobility",
        department_text=department,
        received_at=working_time(day, number),
        attachments=tuple(parts),
        oddities=frozenset(oddities),
        note_zh="；".join(oddity.value for oddity in oddities),
        expected=expected,
    )
