"""1 M item rows into raw.departmental_row, against bare COPY, to_sql and dlt; memory at ten times the rows."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

sys.path.insert(0, str(Path(__file__).parent))
from harness import best_of, peak_mebibytes, report, temporary_warehouse

from cityhealth.feeds.departmental import DepartmentalFeed
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.loading import append

ROWS = int(os.environ.get("CITYHEALTH_BENCH_ROWS", "1000000"))
#: DataFrame.to_sql and dlt are slow enough to be timed on a tenth and scaled.
SLOW_PART = 10
_CHUNK = 100_000
_SCHEMA = pa.schema([("batch_id", pa.string()), *DepartmentalFeed().schema])


def chunk(first: int, rows: int) -> pa.RecordBatch:
    numbers = range(first, first + rows)
    columns: dict[str, list] = {
        "batch_id": ["b"] * rows,
        "line_no": list(numbers),
        "sheet": ["填报表"] * rows,
        "row_no": [n % 1_000_000 + 1 for n in numbers],
        "row_kind": ["data"] * rows,
        "value_cell": [f"G{n % 1_000_000 + 1}" for n in numbers],
        "item_text": [f"item_{n % 200}" for n in numbers],
        "area_text": ["建成区"] * rows,
        "period_text": ["2020"] * rows,
        "value_text": [f"{n % 977}.{n % 10}" for n in numbers],
        "unit_text": ["平方公里"] * rows,
        "source_text": ["统计年报"] * rows,
        "other_cells": ["{}"] * rows,
    }
    return pa.RecordBatch.from_pydict({name: columns.get(name, [None] * rows) for name in _SCHEMA.names}, _SCHEMA)


def chunks(rows: int) -> Iterator[pa.RecordBatch]:
    for first in range(0, rows, _CHUNK):
        yield chunk(first, min(_CHUNK, rows - first))


def prepare(warehouse: Warehouse) -> None:
    with warehouse.connect("admin") as connection:
        connection.execute("truncate raw.arrival, raw.batch, raw.departmental_row cascade")
        connection.execute("insert into raw.arrival values ('a', 'departmental', '', 'f', 's', 1, now())")
        connection.execute(
            "insert into raw.batch (batch_id, arrival_id, feed, raw_table, rows_read)"
            " values ('b', 'a', 'departmental', 'departmental_row', 0)"
        )


def ours(warehouse: Warehouse, rows: pa.Table | pa.RecordBatchReader) -> None:
    prepare(warehouse)
    with warehouse.arrow("loader") as connection:
        append(connection, "raw", "departmental_row", rows)
        connection.commit()


def bare_copy(warehouse: Warehouse, text: bytes) -> None:
    prepare(warehouse)
    with warehouse.connect("loader") as connection, connection.cursor() as cursor:
        names = ", ".join(_SCHEMA.names)
        with cursor.copy(f"copy raw.departmental_row ({names}) from stdin (format csv)") as copy:
            copy.write(text)


def to_sql(warehouse: Warehouse, table: pa.Table) -> None:
    prepare(warehouse)
    table.to_pandas().to_sql(
        "departmental_row", warehouse.engine("loader"), schema="raw", if_exists="append", index=False
    )


def with_dlt(warehouse: Warehouse, table: pa.Table) -> None:
    import dlt

    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "bench", destination=dlt.destinations.postgres(warehouse.url("admin")), dataset_name="dlt_bench",
            pipelines_dir=folder,
        )  # fmt: skip
        pipeline.run(table, table_name="departmental_row", write_disposition="replace").raise_on_failed_jobs()


def main() -> None:
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    with temporary_warehouse() as warehouse:
        table = pa.Table.from_batches(chunks(ROWS))
        text = io.BytesIO()
        pyarrow.csv.write_csv(table, text, pyarrow.csv.WriteOptions(include_header=False))
        print(f"loading {ROWS:,} rows of raw.departmental_row")
        seconds = best_of(3, lambda: ours(warehouse, table))
        report(
            "  Arrow → COPY",
            seconds,
            "bare COPY of ready-made CSV",
            best_of(3, lambda: bare_copy(warehouse, text.getvalue())),
        )
        part = table.slice(0, ROWS // SLOW_PART)
        report(
            "  (×10 of a tenth)", seconds, "DataFrame.to_sql", SLOW_PART * best_of(1, lambda: to_sql(warehouse, part))
        )
        report("  (×10 of a tenth)", seconds, "dlt", SLOW_PART * best_of(1, lambda: with_dlt(warehouse, part)))


def memory(rows: int) -> None:
    with temporary_warehouse() as warehouse:
        ours(warehouse, pa.RecordBatchReader.from_batches(_SCHEMA, chunks(rows)))
    print(f"  streamed load of {rows:,} rows: peak {peak_mebibytes():.0f} MiB")


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "memory":
        memory(int(sys.argv[2]))
    else:
        main()
        import subprocess

        for rows in (ROWS // 10, ROWS):
            subprocess.run([sys.executable, __file__, "memory", str(rows)], check=True)
