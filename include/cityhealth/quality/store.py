"""What the gate reads from the warehouse and writes to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace

import adbc_driver_postgresql.dbapi as adbc
import pandas as pd
import psycopg
import pyarrow as pa
from psycopg import sql

from cityhealth.errors import WarehouseError
from cityhealth.landing import Arrival, Attachment
from cityhealth.quality.candidates import TEXTS, BatchFacts
from cityhealth.quality.verdicts import Judged, Verdict
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.loading import append

WORK_SCHEMA = "gate_work"

#: The columns that rules may ask for: name → (PostgreSQL type, Arrow type).
WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "state": ("text", pa.string()),
    "department_code": ("text", pa.string()),
    "department_unknown": ("boolean", pa.bool_()),
    "filled_count": ("bigint", pa.int64()),
    "item_code": ("text", pa.string()),
    "item_problem": ("text", pa.string()),
    "item_owned": ("boolean", pa.bool_()),
    "area_code": ("text", pa.string()),
    "area_problem": ("text", pa.string()),
    "area_in_scope": ("boolean", pa.bool_()),
    "period_problem": ("text", pa.string()),
    "period_allowed": ("boolean", pa.bool_()),
    "period_past": ("boolean", pa.bool_()),
    "value": ("double precision", pa.float64()),
    "value_problem": ("text", pa.string()),
    "state_problem": ("text", pa.string()),
    "unit_problem": ("text", pa.string()),
    "min_value": ("double precision", pa.float64()),
    "max_value": ("double precision", pa.float64()),
    "plausible_min": ("double precision", pa.float64()),
    "plausible_max": ("double precision", pa.float64()),
    "integer_item": ("boolean", pa.bool_()),
    "duplicate_kind": ("text", pa.string()),
    "whole_value": ("double precision", pa.float64()),
    "recomputed": ("double precision", pa.float64()),
    "source_given": ("boolean", pa.bool_()),
    "remarks_given": ("boolean", pa.bool_()),
    "bare_percent": ("boolean", pa.bool_()),
    "method_given": ("boolean", pa.bool_()),
    "attachment_found": ("boolean", pa.bool_()),
}

_RAW_SELECT = {
    "departmental_row": (
        "select line_no, sheet, coalesce(value_cell, 'A' || row_no) as cell, row_kind,"
        " concat_ws(' ', item_text, other_cells::json ->> 'item_name') as item_text, area_text, period_text,"
        " value_text, unit_text, state_text, source_text, method_text, remarks_text, attachment_text, value_cell_kind,"
        " cells from raw.departmental_row where batch_id = $1 order by line_no"
    ),
    "yearbook_cell": (
        "select line_no, sheet, cell, 'data' as row_kind, item_text, area_text, period_text, value_text, unit_text,"
        " case when missing then 'missing' end as value_cell_kind"
        " from raw.yearbook_cell where batch_id = $1 order by line_no"
    ),
}

_ITEM_VALUE = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()), ("feed", pa.string()),
        ("source_kind", pa.string()), ("department_code", pa.string()), ("item_code", pa.string()),
        ("area_code", pa.string()), ("period", pa.string()), ("period_start", pa.date32()), ("period_end", pa.date32()),
        ("value", pa.float64()), ("unit", pa.string()), ("state", pa.string()), ("verdict", pa.string()),
        ("marked", pa.bool_()), ("value_text", pa.string()), ("unit_text", pa.string()), ("source_text", pa.string()),
        ("method_text", pa.string()), ("remarks_text", pa.string()), ("attachment_text", pa.string()),
        ("sheet", pa.string()), ("cell", pa.string()),
    ]
)  # fmt: skip
_FAILING_ROW = pa.schema(
    [
        ("gate_run_id", pa.string()), ("rule_code", pa.string()), ("severity", pa.string()), ("scope", pa.string()),
        ("line_no", pa.int64()), ("sheet", pa.string()), ("cell", pa.string()), ("item_code", pa.string()),
        ("value_text", pa.string()), ("reason_zh", pa.string()), ("advice_zh", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class GateRun:
    """A row of ``gate.run``."""

    gate_run_id: str
    batch_id: str
    suite: str
    suite_hash: str
    catalogue_hash: str
    verdict: Verdict
    rows_in: int
    rows_accepted: int
    rows_refused: int
    rows_blank: int
    warnings: int
    receipt_path: str | None
    receipt_sha256: str | None


class Session:
    """The connections of one gate to the warehouse (as ``loader``), opened once: each costs a tenth of a second."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._plain: psycopg.Connection | None = None
        self._arrow: adbc.Connection | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None:
        self.reset()

    def reset(self) -> None:
        """Let go of both connections, with whatever is open in them; the next call opens new ones."""
        for connection in (self._plain, self._arrow):
            if connection is not None:
                with suppress(psycopg.Error, adbc.Error):
                    connection.close()
        self._plain = self._arrow = None

    @property
    def plain(self) -> psycopg.Connection:
        self._plain = self._plain or self._warehouse.connect("loader", autocommit=True)
        return self._plain

    @property
    def arrow(self) -> adbc.Connection:
        self._arrow = self._arrow or self._warehouse.arrow("loader")
        return self._arrow

    def read_batch(self, batch_id: str) -> BatchFacts:
        """The facts of a batch and its arrival.

        Raises:
            WarehouseError: there is no such batch.
        """
        row = self.plain.execute(
            "select arrival_id, arrival.feed, department_text, filename, sha256, size_bytes, received_at, attachments,"
            " batch_id, raw_table, read_error_code, read_error_zh, read_error_place"
            " from raw.batch join raw.arrival using (arrival_id) where batch_id = %s",
            (batch_id,),
        ).fetchone()
        if row is None:
            raise WarehouseError(f"there is no batch {batch_id}")
        arrival = Arrival(*row[:7])
        attachments = tuple(Attachment(**attachment) for attachment in row[7])
        return BatchFacts(row[8], row[9], replace(arrival, attachments=attachments), *row[10:])

    def read_lines(self, batch: BatchFacts) -> pd.DataFrame:
        """The raw lines of a batch in the shape that :func:`cityhealth.quality.candidates.candidates` takes."""
        with self.arrow.cursor() as cursor:
            cursor.execute(_RAW_SELECT[batch.raw_table], (batch.batch_id,))
            lines = cursor.fetch_arrow_table().to_pandas()
        self.arrow.rollback()
        return lines.reindex(columns=["line_no", "sheet", "cell", "row_kind", "cells", *TEXTS])

    def read_run(self, gate_run_id: str) -> GateRun | None:
        """The run of that identifier, if the batch was judged so before."""
        row = self.plain.execute(
            "select gate_run_id, batch_id, suite, suite_hash, catalogue_hash, verdict, rows_in, rows_accepted,"
            " rows_refused, rows_blank, warnings, receipt_path, receipt_sha256 from gate.run where gate_run_id = %s",
            (gate_run_id,),
        ).fetchone()
        return GateRun(*row) if row else None

    def reaffirm(self, gate_run_id: str) -> None:
        """Make an earlier run its batch's current one again, where a later one with another suite or catalogue is."""
        self.plain.execute(
            "insert into gate.reaffirmation (gate_run_id) select %(run)s"
            " where not exists (select 1 from gate.current_run where gate_run_id = %(run)s)",
            {"run": gate_run_id},
        )

    def fill_work_table(self, table: str, frame: pd.DataFrame) -> None:
        """Replace the rows of ``gate_work.<table>`` by those of ``frame`` (COPY)."""
        schema = pa.schema([(name, kind) for name, (_, kind) in WORK_COLUMNS.items()])
        rows = pa.Table.from_pandas(frame.reindex(columns=list(WORK_COLUMNS)), schema=schema, preserve_index=False)
        name = sql.Identifier(WORK_SCHEMA, table)
        self.plain.execute(sql.SQL("truncate {}").format(name))
        append(self.arrow, WORK_SCHEMA, table, rows)
        self.arrow.commit()
        # Without statistics the planner takes a new table of a million rows for an empty one.
        self.plain.execute(sql.SQL("analyze {}").format(name))

    def write_run(self, run: GateRun, judged: Judged, feed: str) -> bool:
        """Write the run, its results, findings and item values in one transaction.

        Returns False, and writes nothing, where another process wrote the same run meanwhile.
        """
        values = asdict(run)
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        with self.arrow.cursor() as cursor:
            cursor.execute(
                f"insert into gate.run ({', '.join(values)}) values ({places})"
                " on conflict do nothing returning gate_run_id",
                tuple(values.values()),
            )
            won = cursor.fetchone() is not None
        if won:
            for table, rows in _tables(run, judged, feed).items():
                append(self.arrow, "gate", table, rows)
        self.arrow.commit()
        return won


@contextmanager
def work_table(warehouse: Warehouse, table: str) -> Iterator[None]:
    """An empty unlogged table ``gate_work.<table>``, dropped at the end; also drops those of gates that died.

    A gate that lives holds an advisory lock by its table's name: a table whose lock is free belongs to nobody.
    """
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in WORK_COLUMNS.items())
    with warehouse.connect("loader", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtext(%s))", (f"{WORK_SCHEMA}.{table}",))
        _drop_orphans(connection)
        name = sql.Identifier(WORK_SCHEMA, table)
        connection.execute(sql.SQL("create unlogged table {} ({})").format(name, sql.SQL(columns)))
        try:
            yield
        finally:
            # A connection that was lost cannot drop it: then the next gate does, and this one tells why it failed.
            with suppress(psycopg.OperationalError):
                connection.execute(sql.SQL("drop table if exists {}").format(name))


def _drop_orphans(connection: psycopg.Connection) -> None:
    tables = connection.execute("select tablename from pg_tables where schemaname = %s", (WORK_SCHEMA,)).fetchall()
    for (table,) in tables:
        key = f"{WORK_SCHEMA}.{table}"
        (free,) = connection.execute("select pg_try_advisory_lock(hashtext(%s))", (key,)).fetchone() or (False,)
        if free:
            connection.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(WORK_SCHEMA, table)))
            connection.execute("select pg_advisory_unlock(hashtext(%s))", (key,))


def _tables(run: GateRun, judged: Judged, feed: str) -> dict[str, pa.Table]:
    results = [
        {
            "gate_run_id": run.gate_run_id,
            "rule_code": result.rule.code,
            "expectation_type": "unexpected_rows_expectation",
            "severity": result.rule.severity,
            "scope": result.rule.scope,
            "success": result.failing_count == 0,
            "failing_count": result.failing_count,
        }
        for result in judged.results
    ]
    findings = [{"gate_run_id": run.gate_run_id, **asdict(finding)} for finding in judged.findings]
    tables = {"result": pa.Table.from_pylist(results), "failing_row": pa.Table.from_pylist(findings, _FAILING_ROW)}
    if len(judged.rows):
        rows = judged.rows.assign(
            gate_run_id=run.gate_run_id, batch_id=run.batch_id, feed=feed, source_kind=feed
        )  # fmt: skip
        rows["unit"] = rows["unit"].where(rows["value"].notna(), None)
        tables["item_value"] = pa.Table.from_pandas(
            rows.reindex(columns=_ITEM_VALUE.names), schema=_ITEM_VALUE, preserve_index=False
        )
    return tables
