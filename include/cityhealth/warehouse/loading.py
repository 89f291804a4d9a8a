"""Arrow → COPY. Never row by row."""

from __future__ import annotations

import adbc_driver_postgresql.dbapi
import pyarrow as pa


def append(
    connection: adbc_driver_postgresql.dbapi.Connection,
    schema: str,
    table: str,
    rows: pa.Table | pa.RecordBatchReader,
) -> int:
    """Append ``rows`` to ``schema.table`` with a binary COPY, in the connection's open transaction.

    The table must exist; columns are matched by name. Returns the number of rows written.
    """
    with connection.cursor() as cursor:
        return cursor.adbc_ingest(table, rows, mode="append", db_schema_name=schema)
