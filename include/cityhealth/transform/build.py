"""One build: seeds, models and checks under one lock; its outcomes to ``ops``, the rows of its marts to ``history``."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psycopg

from cityhealth.errors import BuildError
from cityhealth.settings import Settings
from cityhealth.transform import history
from cityhealth.transform.boundaries import boundaries_hash, load_boundaries
from cityhealth.transform.dbt import NodeOutcome, Project
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.outcomes import Outcome, record
from cityhealth.warehouse.postgis import has_postgis

log = logging.getLogger(__name__)

#: Any number; whoever builds in this database takes this lock first: two dbt runs would swap each other's tables.
#: Summaries of periods share it among themselves: they only add rows, but no seed may be replaced while they read.
BUILD_LOCK = 7_201_406
_ALL = "all"


@dataclass(frozen=True)
class BuildResult:
    """A build that succeeded. Warnings are tests of severity ``warn`` that found something."""

    build_id: int
    nodes: tuple[NodeOutcome, ...]

    @property
    def warnings(self) -> tuple[NodeOutcome, ...]:
        return tuple(node for node in self.nodes if node.status == "warn")

    def __str__(self) -> str:
        counts = Counter(node.resource_type for node in self.nodes)
        parts = [f"{counts[kind]} {kind}s" for kind in ("seed", "model", "test", "unit_test") if counts[kind]]
        warned = "".join(f"\n  warning: {node.name}, {node.failures} rows" for node in self.warnings)
        return f"success, {', '.join(parts)}{warned}"


def build(
    warehouse: Warehouse,
    settings: Settings,
    select: str | None = None,
    on_node: Callable[[NodeOutcome], None] | None = None,
    as_of: datetime | None = None,
) -> BuildResult:
    """Build the marts: all of them, or a dbt selection such as ``indicator_scorecard+``.

    Waits for a build that is running. ``on_node`` is called as each node finishes (see :meth:`Project.run`).
    With ``as_of`` (aware) only what had been received, or was known in the catalogue, by that moment counts.

    Raises:
        BuildError: a model or a check failed (all of them are listed, with what to do), or dbt could not run.
        UnreadableFile: the reference boundaries are no GeoPackage of ``cityhealth areas build``.
        WarehouseError: the database is not there.
    """
    with alone(warehouse):
        return _build(warehouse, settings, _inputs(warehouse, settings), select, on_node, as_of)


def build_if_changed(
    warehouse: Warehouse, settings: Settings, on_node: Callable[[NodeOutcome], None] | None = None
) -> BuildResult | None:
    """Build all marts, unless the last build of all succeeded on the same code, catalogue and judgements: then None.

    PostGIS that came or went counts as other code, other reference boundaries as another catalogue. A burst of arrivals
    asks for one build each; those that waited for another find its marts complete.

    Raises:
        BuildError, UnreadableFile, WarehouseError: as :func:`build`.
    """
    with alone(warehouse):
        inputs = _inputs(warehouse, settings)
        if inputs == _inputs_of_last_build(warehouse) and _maps_stand(warehouse, inputs):
            return None
        return _build(warehouse, settings, inputs, None, on_node, None)


@dataclass(frozen=True)
class _Inputs:
    """All that a build rests on, as hashes; ``seeds`` is the part of the catalogue that dbt loads."""

    code: str
    catalogue: str
    gate: str
    seeds: str = field(default="", compare=False)
    gis: bool = field(default=False, compare=False)


def _build(
    warehouse: Warehouse,
    settings: Settings,
    inputs: _Inputs,
    select: str | None,
    on_node: Callable[[NodeOutcome], None] | None,
    as_of: datetime | None,
) -> BuildResult:
    project = Project(warehouse, settings)
    # Summaries of periods are made by cityhealth.transform.editions, warnings by cityhealth.transform.monitor.
    command = ["build", "--exclude-resource-type", "unit_test", "--exclude", "tag:summary", "tag:monitor"]
    command += ["--select", *select.split()] if select else []
    variables = {"as_of": as_of.isoformat()} if as_of else {}
    scope = " ".join([select or _ALL, *variables.values()])
    build_id = _begin(warehouse, inputs, scope)
    try:
        with warehouse.connect("transformer") as connection:
            load_boundaries(connection, settings.areas_path)
        mode = {"gis": inputs.gis}
        manifest = project.parsed(mode, project_hash(settings))
        nodes = project.run(command, on_node, {**mode, **variables}, manifest)
        _record(warehouse, build_id, nodes)
        if failed := [node for node in nodes if node.failed]:
            raise BuildError(complaint(failed))
        with warehouse.connect("transformer") as connection:
            if select is None:
                connection.execute("update ops.preparation set seeds_hash = %s", (inputs.seeds,))
            history.keep(connection, build_id, history.kept_marts(manifest))
            _finish(connection, build_id, "success")
    except BaseException:
        with warehouse.connect("transformer") as connection:
            _finish(connection, build_id, "failed")
        raise
    return BuildResult(build_id, tuple(nodes))


def files_hash(paths: Iterable[Path], pattern: str = "*") -> str:
    """sha256 over names and contents of all files below ``paths`` (those of a ``pattern``), in a stable order."""
    digest = hashlib.sha256()
    for root in paths:
        files = [root] if root.is_file() else sorted(path for path in root.rglob(pattern) if path.is_file())
        for path in files:
            digest.update(path.relative_to(root.parent).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def project_hash(settings: Settings) -> str:
    """sha256 over all that dbt parses, but the seeds."""
    project = settings.dbt_project_dir
    return files_hash([project / part for part in ("models", "macros", "tests", "seeds/properties", "dbt_project.yml")])


@contextmanager
def alone(warehouse: Warehouse) -> Iterator[None]:
    """Hold this database's build lock; waits for whoever holds it."""
    with warehouse.connect("transformer", autocommit=True) as connection:
        free = connection.execute("select pg_try_advisory_lock(%s)", (BUILD_LOCK,)).fetchone()
        if free != (True,):
            log.info("another build is running; waiting for it to end")
            connection.execute("select pg_advisory_lock(%s)", (BUILD_LOCK,))
        yield


def gate_hash(connection: psycopg.Connection, received_until: datetime | None = None) -> str:
    """md5 over the judgements that are in force, of all batches or of those received by a moment."""
    row = connection.execute(
        "select md5(coalesce(string_agg(gate_run_id, ',' order by gate_run_id), '')) from gate.current_run"
        " where %(until)s::timestamptz is null or received_at <= %(until)s",
        {"until": received_until},
    ).fetchone()
    assert row is not None
    return row[0]


def _inputs(warehouse: Warehouse, settings: Settings) -> _Inputs:
    project = settings.dbt_project_dir
    with warehouse.connect("transformer") as connection:
        # What was estimated of surveys follows from judgements, but later: a build in between has not seen it.
        gate = _joined(gate_hash(connection), _survey_hash(connection), _editions(connection))
        gis = has_postgis(connection)
    seeds = files_hash([settings.seed_dir])
    return _Inputs(
        code=_joined(
            files_hash([project / part for part in ("models", "macros", "tests", "dbt_project.yml")]), str(gis)
        ),
        catalogue=_joined(seeds, boundaries_hash(settings.areas_path)),
        gate=gate,
        seeds=seeds,
        gis=gis,
    )


def _survey_hash(connection: psycopg.Connection) -> str:
    row = connection.execute(
        "select coalesce(string_agg(result_key, ',' order by result_key), '') from ops.survey_result"
    ).fetchone()
    assert row is not None
    return row[0]


def _joined(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _maps_stand(warehouse: Warehouse, inputs: _Inputs) -> bool:
    """Whether there is geometry where there should be: no dump holds it."""
    with warehouse.connect("transformer") as connection:
        made = connection.execute("select to_regclass('gis.area_boundary') is not null").fetchone()
    return not inputs.gis or made == (True,)


def _editions(connection: psycopg.Connection) -> str:
    """The latest edition of each reporting period: the list of problems looks back at them."""
    row = connection.execute(
        "select coalesce(string_agg(period || '/' || edition, ',' order by period), '') from ("
        "select period, max(edition) as edition from ops.edition where status = 'success' group by period) as latest"
    ).fetchone()
    assert row is not None
    return row[0]


def _inputs_of_last_build(warehouse: Warehouse) -> _Inputs | None:
    """Of the newest build, if it was of all marts, as of no moment, and succeeded."""
    with warehouse.connect("transformer") as connection:
        last = connection.execute(
            "select code_hash, catalogue_hash, gate_hash, status, scope from ops.build order by build_id desc limit 1"
        ).fetchone()
    return _Inputs(*last[:3]) if last is not None and last[3:] == ("success", _ALL) else None


def _begin(warehouse: Warehouse, inputs: _Inputs, scope: str) -> int:
    with warehouse.connect("transformer") as connection:
        # We hold the lock, so a build that still says "running" was killed.
        connection.execute("update ops.build set status = 'failed' where status = 'running'")
        # It may load other seed files than those that summaries were prepared with.
        connection.execute("update ops.preparation set seeds_hash = ''")
        row = connection.execute(
            "insert into ops.build (code_hash, catalogue_hash, gate_hash, scope)"
            " values (%s, %s, %s, %s) returning build_id",
            (inputs.code, inputs.catalogue, inputs.gate, scope),
        ).fetchone()
    assert row is not None
    return row[0]


def _finish(connection: psycopg.Connection, build_id: int, status: str) -> None:
    connection.execute(
        "update ops.build set status = %s, finished_at = clock_timestamp() where build_id = %s", (status, build_id)
    )


def _record(warehouse: Warehouse, build_id: int, nodes: Sequence[NodeOutcome]) -> None:
    with warehouse.connect("transformer") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.dbt_node_result"
            " (build_id, unique_id, resource_type, status, severity, seconds, failures, message)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (build_id, n.unique_id, n.resource_type, n.status, n.severity, n.seconds, n.failures, n.message)
                for n in nodes
            ],
        )
    built = [node for node in nodes if node.resource_type in ("seed", "model") and node.status != "skipped"]
    record(
        warehouse,
        "transformer",
        [Outcome(None, "built", n.name, not n.failed, n.message or "", f"build {build_id}", n.seconds) for n in built],
    )


def complaint(failed: Sequence[NodeOutcome]) -> str:
    """What failed and what to do about it, for people to read."""
    lines = [f"{len(failed)} of the build's models or checks failed:"]
    for node in failed:
        lines.append(f"- {node.resource_type} {node.name}: {_gist(node)}")
        if "what_to_do_zh" in node.meta:
            lines.append("  {description_zh}。{what_to_do_zh}（{owner}）".format_map(node.meta))
            lines.append("  {description_en}. {what_to_do_en}.".format_map(node.meta))
    return "\n".join(lines)


def _gist(node: NodeOutcome) -> str:
    """dbt's message without the chain of macros that led to it."""
    return (node.message or node.status).split("> in macro")[0].strip()
