"""What a feed must bring: how to read one file into rows of its raw table. All else is shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import pyarrow as pa

from cityhealth.landing import Arrival


class Feed(Protocol):
    """A source of files. ``raw_table`` is a table of schema ``raw``, ``expectations/<raw_table>.yml`` its suite."""

    @property
    def name(self) -> str: ...

    @property
    def raw_table(self) -> str: ...

    @property
    def schema(self) -> pa.Schema: ...

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """Read one file into rows of ``schema`` (all of the raw table's columns but ``batch_id``), as handed in.

        Raises:
            UnreadableFile, LayoutError: nothing in the file can be used; the message is for the department.
        """
        ...


def raw_rows(schema: pa.Schema, rows: Iterable[Mapping[str, object]]) -> pa.Table:
    """Build a table of ``schema`` from dictionaries; a NUL character, which PostgreSQL cannot hold, becomes ``␀``."""
    return pa.Table.from_pylist(
        [{name: storable(value) if isinstance(value, str) else value for name, value in row.items()} for row in rows],
        schema,
    )


def storable(text: str) -> str:
    """The text as PostgreSQL can hold it."""
    return text.replace("\x00", "␀")
