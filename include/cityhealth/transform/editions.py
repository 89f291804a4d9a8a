"""Summaries of reporting periods: computed as of their cut-off, in editions, any number of periods at once.

A summary's numbers follow from three things: the code, the catalogue as known at the cut-off, and the judgements of
what was received by then. Where none of them differs from the latest edition there is nothing to do; otherwise the next
edition is added, and the older ones stay as they are. Each mart of a period is one statement that touches no table of
others.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from cityhealth.campaigns import ReportingPeriod, periods_due, reporting_period, reporting_periods
from cityhealth.catalogue import Campaign, CatalogueHistory, load_history
from cityhealth.errors import BuildError
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.transform.build import BUILD_LOCK, complaint, files_hash, gate_hash, project_hash
from cityhealth.transform.dbt import NodeOutcome, Project
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.outcomes import Outcome, record

log = logging.getLogger(__name__)

#: Any number: with the period's hash the lock of whoever summarises that period.
_PERIOD_LOCK = 720_140
#: A parse with this variable makes everything before the marts part of one statement.
MODE = {"as_of_mode": True}
#: So often a summary is computed again because judgements of what was received by its cut-off came meanwhile.
_TRIES = 3


@dataclass(frozen=True)
class Edition:
    """One edition of a period's summary; ``new`` if this call made it. ``warnings`` are checks that found something."""

    period: str
    edition: int
    cutoff: datetime
    code_hash: str
    catalogue_hash: str
    gate_hash: str
    new: bool
    warnings: tuple[NodeOutcome, ...]


@dataclass(frozen=True)
class _Inputs:
    """All that a summary rests on, as hashes."""

    code: str
    catalogue: str
    gate: str


@dataclass(frozen=True)
class _Row:
    """A row of ``ops.edition``."""

    edition: int
    status: str
    inputs: _Inputs
    cutoff: datetime


def summarise(
    warehouse: Warehouse,
    settings: Settings,
    period: ReportingPeriod,
    on_node: Callable[[NodeOutcome], None] | None = None,
) -> Edition:
    """Summarise a period as of its cut-off, unless its latest edition rests on equal code, catalogue and judgements.

    Any number of periods may be summarised at once, from any number of processes; of calls for one period the second
    waits, and finds nothing left to do. Waits for a build that is running. The window is that of the campaign as it was
    known on the period's due date, also where ``period`` comes from a later catalogue. A run that was killed leaves
    nothing to be seen, and its edition's number to the next.

    Raises:
        NoSuchPeriod: on its due date no campaign had this period.
        BuildError: a model or a check failed (all of them are listed, with what to do), or dbt could not run.
        CatalogueError, WarehouseError: the catalogue cannot be read; the database is not there.
    """
    history = load_history(settings.seed_dir)
    campaigns = history.on(period.due).campaigns
    window = reporting_period(period.key, campaigns)
    catalogue = _catalogue_hash(history, window, campaigns)
    variables = _variables(window, campaigns)
    code = _code_hash(settings, variables)
    with side_by_side(warehouse, settings) as connection, _alone_with(connection, window):
        for _ in range(_TRIES):
            inputs = _Inputs(code, catalogue, gate_hash(connection, window.cutoff))
            latest = _latest(connection, window.key)
            unchanged = latest is not None and latest.status == "success" and latest.inputs == inputs
            if latest and unchanged and _has_all_rows(connection, window.key, latest.edition):
                return _edition(connection, window.key, latest, new=False)
            number = _begin(connection, window, inputs, latest)
            nodes = _compute(warehouse, settings, connection, window, number, variables, on_node)
            if gate_hash(connection, window.cutoff) == inputs.gate:
                _finish(connection, window.key, number, nodes)
                return _edition(
                    connection, window.key, _Row(number, "success", inputs, window.cutoff), new=not unchanged
                )
            log.info("judgements of what was received by the cut-off of %s came meanwhile; once more", window.key)
            _fail(connection, window.key, number)
    raise BuildError(f"judgements of what was received by the cut-off of {period.key} keep coming; try again")


def prepare(warehouse: Warehouse, settings: Settings) -> None:
    """Make the tables and views of summaries and load the catalogue, where code or seed files differ from what stands.

    :func:`summarise` does it by itself. Waits for running builds and summaries.

    Raises:
        BuildError, WarehouseError: as :func:`summarise`.
    """
    with side_by_side(warehouse, settings):
        return


def latest_edition(warehouse: Warehouse, key: str) -> Edition | None:
    """The latest edition of a period (``2021-06-05``) that succeeded, or None."""
    with warehouse.connect("transformer") as connection:
        latest = _latest(connection, key, only="success")
        return _edition(connection, key, latest, new=False) if latest else None


def periods_without_summary(
    warehouse: Warehouse, campaigns: Iterable[Campaign], now: datetime
) -> list[ReportingPeriod]:
    """The periods whose cut-off has passed and that have no edition that succeeded, oldest first."""
    with warehouse.connect("transformer") as connection:
        rows = connection.execute("select distinct period from ops.edition where status = 'success'").fetchall()
    summarised = {row[0] for row in rows}
    return [period for period in periods_due(campaigns, now) if period.key not in summarised]


def _variables(window: ReportingPeriod, campaigns: Iterable[Campaign]) -> dict[str, object]:
    """What dbt is told of the period: all periods of its campaign, so that SQL needs no calendar of its own."""
    campaign = next(c for c in campaigns if (c.system, c.year) == (window.system, window.year))
    periods = [
        {
            "period": period.key,
            "number": period.number,
            "title_zh": period.title_zh,
            "system": period.system,
            "year": period.year,
            "opens": period.opens.isoformat(),
            "cutoff": period.cutoff.isoformat(),
            "day_ends": period.day_ends.isoformat(),
        }
        for period in reporting_periods(campaign)
    ]
    return {"as_of": window.cutoff.isoformat(), "period": window.key, "campaign_periods": periods}


def _catalogue_hash(history: CatalogueHistory, window: ReportingPeriod, campaigns: Iterable[Campaign]) -> str:
    """Of the catalogue as known at the cut-off, and of who answered for what at those before where that differs."""
    known = history.on(window.cutoff.date())
    campaign = next(c for c in campaigns if (c.system, c.year) == (window.system, window.year))
    periods = reporting_periods(campaign)[: window.number]
    duties = [history.on(period.cutoff.date()).responsibilities for period in periods]
    if all(owed == known.responsibilities for owed in duties):
        return known.catalogue_hash
    return hashlib.sha256(f"{known.catalogue_hash}{duties}".encode()).hexdigest()


def _code_hash(settings: Settings, variables: dict[str, object]) -> str:
    """Of what decides numbers: the SQL on the way to the summaries, and what Python hands to it."""
    project = settings.dbt_project_dir
    ways = ("macros", "models/staging", "models/intermediate", "models/marts/progress")
    digest = hashlib.sha256(files_hash([project / way for way in ways], "*.sql").encode())
    digest.update(json.dumps(variables["campaign_periods"]).encode())
    return digest.hexdigest()


@contextmanager
def side_by_side(warehouse: Warehouse, settings: Settings) -> Iterator[psycopg.Connection]:
    """Share the build lock with other summaries, over tables that stand ready; yields the connection that holds it."""
    with warehouse.connect("transformer", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock_shared(%s)", (BUILD_LOCK,))
        if not _stands_ready(connection, settings):
            # Never wait for the lock while sharing it: two that do would wait for each other.
            connection.execute("select pg_advisory_unlock_shared(%s)", (BUILD_LOCK,))
            connection.execute("select pg_advisory_lock(%s)", (BUILD_LOCK,))
            if not _stands_ready(connection, settings):
                _prepare(warehouse, settings, connection)
            # Held twice for a moment, so that no build comes in between.
            connection.execute("select pg_advisory_lock_shared(%s)", (BUILD_LOCK,))
            connection.execute("select pg_advisory_unlock(%s)", (BUILD_LOCK,))
        yield connection


@contextmanager
def _alone_with(connection: psycopg.Connection, window: ReportingPeriod) -> Iterator[None]:
    """Hold the period's lock, until the connection closes at the latest."""
    connection.execute("select pg_advisory_lock(%s, hashtext(%s))", (_PERIOD_LOCK, window.key))
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("select pg_advisory_unlock(%s, hashtext(%s))", (_PERIOD_LOCK, window.key))


def _stands_ready(connection: psycopg.Connection, settings: Settings) -> bool:
    marts = [path.stem for path in (settings.dbt_project_dir / "models" / "marts" / "progress").rglob("*.sql")]
    row = connection.execute(
        "select code_hash, seeds_hash, (select count(*) from pg_class where relnamespace = 'marts'::regnamespace"
        " and relkind in ('r', 'v') and relname = any(%s)) from ops.preparation",
        (marts,),
    ).fetchone()
    return row == (project_hash(settings), files_hash([settings.seed_dir]), len(marts))


def _prepare(warehouse: Warehouse, settings: Settings, connection: psycopg.Connection) -> None:
    project, code, seeds = Project(warehouse, settings), project_hash(settings), files_hash([settings.seed_dir])
    log.info("preparing the tables of half-month summaries")
    nodes = project.run(
        [
            "build", "--select", "resource_type:seed", "tag:summary", "period_edition", "period_document",
            "--exclude-resource-types", "test", "unit_test",
        ],
        variables=MODE,
        manifest=project.parsed(MODE, code),
        folder="preparation",
    )  # fmt: skip
    if failed := [node for node in nodes if node.failed]:
        raise BuildError(complaint(failed))
    connection.execute(
        "insert into ops.preparation (code_hash, seeds_hash) values (%s, %s) on conflict (only_one) do update"
        " set code_hash = excluded.code_hash, seeds_hash = excluded.seeds_hash, prepared_at = excluded.prepared_at",
        (code, seeds),
    )


def _compute(
    warehouse: Warehouse,
    settings: Settings,
    connection: psycopg.Connection,
    window: ReportingPeriod,
    number: int,
    variables: dict[str, object],
    on_node: Callable[[NodeOutcome], None] | None,
) -> list[NodeOutcome]:
    project = Project(warehouse, settings)
    try:
        nodes = project.run(
            [
                "build", "--select", "tag:edition", "--exclude-resource-type", "unit_test",
                # Several periods run at once, and dbt's own work holds the interpreter's lock.
                "--threads", "2", "--no-write-json",
            ],
            on_node,
            {**MODE, **variables, "edition": number},
            manifest=project.parsed(MODE, project_hash(settings)),
            folder=f"summaries/{window.key}",
        )  # fmt: skip
        if failed := [node for node in nodes if node.failed]:
            raise BuildError(complaint(failed))
    except BaseException:
        if not connection.broken:
            _fail(connection, window.key, number)
        raise
    built = [node for node in nodes if node.resource_type == "model"]
    run = f"{window.key} edition {number}"
    record(
        warehouse,
        "transformer",
        [Outcome(None, "built", n.name, True, n.message or "", run, n.seconds) for n in built],
    )
    return nodes


def _latest(connection: psycopg.Connection, key: str, only: str | None = None) -> _Row | None:
    row = connection.execute(
        "select edition, status, code_hash, catalogue_hash, gate_hash, cutoff from ops.edition"
        " where period = %(period)s and (%(only)s::text is null or status = %(only)s) order by edition desc limit 1",
        {"period": key, "only": only},
    ).fetchone()
    return _Row(row[0], row[1], _Inputs(*row[2:5]), row[5].astimezone(CITY_TIMEZONE)) if row else None


def _begin(connection: psycopg.Connection, window: ReportingPeriod, inputs: _Inputs, latest: _Row | None) -> int:
    """The number of the edition to compute; one that did not succeed, or that lost rows, is computed over again."""
    again = latest is not None and (latest.status != "success" or latest.inputs == inputs)
    number = (latest.edition if latest else 0) + (0 if again else 1)
    connection.execute(
        "insert into ops.edition"
        " (period, edition, system, year, number, cutoff, code_hash, catalogue_hash, gate_hash, status)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'running') on conflict (period, edition) do update set"
        " cutoff = excluded.cutoff, code_hash = excluded.code_hash, catalogue_hash = excluded.catalogue_hash,"
        " gate_hash = excluded.gate_hash, status = 'running', started_at = clock_timestamp(), finished_at = null",
        (
            window.key, number, window.system, window.year, window.number, window.cutoff,
            inputs.code, inputs.catalogue, inputs.gate,
        ),
    )  # fmt: skip
    return number


def _finish(connection: psycopg.Connection, key: str, number: int, nodes: Sequence[NodeOutcome]) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("delete from ops.edition_node_result where period = %s and edition = %s", (key, number))
        cursor.executemany(
            "insert into ops.edition_node_result (period, edition, unique_id, resource_type, status, severity, seconds,"
            " failures, message, row_count) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    key, number, n.unique_id, n.resource_type, n.status, n.severity, n.seconds, n.failures, n.message,
                    _row_count(connection, n.name, key, number) if n.resource_type == "model" else None,
                )
                for n in nodes
            ],
        )  # fmt: skip
        cursor.execute(
            "update ops.edition set status = 'success', finished_at = clock_timestamp()"
            " where period = %s and edition = %s",
            (key, number),
        )


def _fail(connection: psycopg.Connection, key: str, number: int) -> None:
    connection.execute(
        "update ops.edition set status = 'failed', finished_at = clock_timestamp() where period = %s and edition = %s",
        (key, number),
    )


def _has_all_rows(connection: psycopg.Connection, key: str, number: int) -> bool:
    rows = connection.execute(
        "select split_part(unique_id, '.', 3), row_count from ops.edition_node_result"
        " where period = %s and edition = %s and resource_type = 'model'",
        (key, number),
    ).fetchall()
    return bool(rows) and all(_row_count(connection, name, key, number) == count for name, count in rows)


def _row_count(connection: psycopg.Connection, mart: str, key: str, number: int) -> int:
    query = sql.SQL("select count(*) from {} where period = %s and edition = %s").format(sql.Identifier("marts", mart))
    row = connection.execute(query, (key, number)).fetchone()
    assert row is not None
    return row[0]


def _edition(connection: psycopg.Connection, key: str, row: _Row, new: bool) -> Edition:
    found = connection.execute(
        "select unique_id, resource_type, status, severity, seconds, failures, message from ops.edition_node_result"
        " where period = %s and edition = %s and status = 'warn' order by unique_id",
        (key, row.edition),
    ).fetchall()
    inputs = row.inputs
    return Edition(
        key, row.edition, row.cutoff, inputs.code, inputs.catalogue, inputs.gate, new,
        tuple(NodeOutcome(*node) for node in found),
    )  # fmt: skip
