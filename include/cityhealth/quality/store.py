"""What the gate reads from the warehouse and writes to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass

import adbc_driver_postgresql.dbapi as adbc
import pandas as pd
import psycopg
import pyarrow as pa
from psycopg import sql

from cityhealth.errors import WarehouseError
from cityhealth.landing import Arrival
from cityhealth.quality.batch import BatchFacts
from cityhealth.quality.subject import Subject
from cityhealth.quality.verdicts import Judged, Verdict
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.loading import append

WORK_SCHEMA = "gate_work"

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
        return BatchFacts(row[8], row[9], Arrival.restored(*row[:7], attachments=row[7]), *row[10:])

    def read_lines(self, batch: BatchFacts, subject: Subject) -> pd.DataFrame:
        """The raw lines of a batch in the shape that its subject's ``candidates`` takes."""
        with self.arrow.cursor() as cursor:
            cursor.execute(subject.raw_select, (batch.batch_id,))
            lines = cursor.fetch_arrow_table().to_pandas()
        self.arrow.rollback()
        return lines.reindex(columns=["line_no", "sheet", "cell", "row_kind", "cells", *subject.raw_columns])

    def read_run(self, gate_run_id: str) -> GateRun | None:
        """The run of that identifier, if the batch was judged so before."""
        row = self.plain.execute(
            "select gate_run_id, batch_id, suite, suite_hash, catalogue_hash, verdict, rows_in, rows_accepted,"
            " rows_refused, rows_blank, warnings, receipt_path, receipt_sha256 from gate.run where gate_run_id = %s",
            (gate_run_id,),
        ).fetchone()
        return GateRun(*row) if row else None

    def is_current(self, run: GateRun) -> bool:
        """Whether the run is the one that stands for its batch."""
        row = self.plain.execute(
            "select gate_run_id from gate.current_run where batch_id = %s", (run.batch_id,)
        ).fetchone()
        return row == (run.gate_run_id,)

    def reaffirm(self, run: GateRun) -> None:
        """Make an earlier run its batch's current one again, where a later one with another suite or catalogue is."""
        if not self.is_current(run):
            self.plain.execute("insert into gate.reaffirmation (gate_run_id) values (%s)", (run.gate_run_id,))

    def fill_work_table(self, table: str, frame: pd.DataFrame, subject: Subject) -> None:
        """Replace the rows of ``gate_work.<table>`` by those of ``frame`` (COPY)."""
        schema = pa.schema([(name, kind) for name, (_, kind) in subject.work_columns.items()])
        rows = _typed(frame, schema)
        name = sql.Identifier(WORK_SCHEMA, table)
        self.plain.execute(sql.SQL("truncate {}").format(name))
        append(self.arrow, WORK_SCHEMA, table, rows)
        self.arrow.commit()
        # Without statistics the planner takes a new table of a million rows for an empty one.
        self.plain.execute(sql.SQL("analyze {}").format(name))

    def write_run(self, run: GateRun, judged: Judged, feed: str, subject: Subject) -> bool:
        """Write the run, its results, findings and lines in one transaction.

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
            for table, rows in _tables(run, judged, feed, subject).items():
                append(self.arrow, "gate", table, rows)
        self.arrow.commit()
        return won


@contextmanager
def work_table(warehouse: Warehouse, table: str, subject: Subject) -> Iterator[None]:
    """An empty unlogged table ``gate_work.<table>``, dropped at the end; also drops those of gates that died.

    A gate that lives holds an advisory lock by its table's name: a table whose lock is free belongs to nobody.
    """
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in subject.work_columns.items())
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


def _tables(run: GateRun, judged: Judged, feed: str, subject: Subject) -> dict[str, pa.Table]:
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
        rows = subject.stored(judged.rows.assign(gate_run_id=run.gate_run_id, batch_id=run.batch_id, feed=feed))
        tables[subject.gate_table] = _typed(rows, subject.gate_schema)
        for detail in subject.details:
            tables[detail.table] = _typed(detail.rows(rows), detail.schema)
    return tables


def _typed(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """The columns of ``schema``; what ``frame`` has none of is empty."""
    columns = frame.reindex(columns=schema.names)
    # pandas makes a number of a column in which nothing is, and Arrow makes no date of a number.
    empty = {name: columns[name].astype(object) for name in schema.names if columns[name].isna().all()}
    return pa.Table.from_pandas(columns.assign(**empty), schema=schema, preserve_index=False)
