"""The step *measure*: after the gate, from what was accepted to batches of measured values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow as pa

from cityhealth.catalogue import Catalogue
from cityhealth.errors import WarehouseError
from cityhealth.feeds.base import raw_rows
from cityhealth.hashing import stable_id
from cityhealth.landing import LandingZone
from cityhealth.measurement.air import air_due
from cityhealth.measurement.due import Computed, Due
from cityhealth.measurement.ground import Ground
from cityhealth.measurement.layers import measure_layers
from cityhealth.measurement.movement import Movement, Store, accepted_parts
from cityhealth.measurement.movement_plan import MovementPlan, movement_plans
from cityhealth.measurement.plan import Plan, plans
from cityhealth.measurement.rows import SCHEMA, inputs_hash, rows
from cityhealth.measurement.scene_store import SceneWork, scene_jobs
from cityhealth.measurement.sources import Features, accepted_sources
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.warehouse.connections import ArrowSession, Warehouse
from cityhealth.warehouse.loading import append

RAW_TABLE = "measured_value"

#: Any number; who measures in this database takes this lock first.
_MEASURE_LOCK = 7_201_408


@dataclass(frozen=True)
class ScenePart:
    """A part of scene ``scene_id`` that is to be read for a question because ``arrival_id`` came."""

    arrival_id: str
    scene_id: str
    question_hash: str
    part: int

    def to_json(self) -> dict[str, str | int]:
        return asdict(self)

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> ScenePart:
        return cls(**facts)


def measure(
    warehouse: Warehouse,
    landing: LandingZone,
    catalogue_on: Callable[[date], Catalogue],
    areas_path: Path,
    store: Store,
    until: datetime | None = None,
    progress: Callable[[str], None] = lambda message: None,
) -> list[str]:
    """Measure what was received up to ``until`` (aware; None = all) brings about and is not measured yet.

    Every arrival is looked at, in order of receipt, each as of its own receipt and by the catalogue of its day: so an
    arrival that was loaded late changes what came after it, and nothing depends on when this runs. An arrival whose
    inputs are those it was measured from before is left alone; else it gets a further batch, which replaces the one
    before once the gate has judged it. ``store`` is where movement data lie, and what sums them up.

    Returns the identifiers of the new batches, for the gate.

    Raises:
        MeasurementError: a row of ``measurements.csv`` asks for what its method cannot do.
        IncompleteTransfer, UnreadableFile: a scene's tile is not there any more, or not what was accepted.
        WarehouseError: the database went away; what was measured before stays.
    """
    new = []
    with (
        _measuring(warehouse),
        _work(warehouse, landing, areas_path, store) as work,
        ArrowSession(warehouse, "loader") as arrow,
    ):
        before = _measured_before(work.connection)
        for due in work.due(catalogue_on, until):
            latest = before.get(due.arrival_id)
            if not _is_due(due, latest):
                continue
            computed = due.compute()
            new.append(_store(arrow, due.arrival_id, _next_partition(latest, due.inputs), computed))
            progress(f"measured: {due.arrival_id}, {len(computed.rows)} values")
    return new


def open_parts(
    warehouse: Warehouse,
    landing: LandingZone,
    catalogue_on: Callable[[date], Catalogue],
    areas_path: Path,
    store: Store,
) -> list[ScenePart]:
    """The parts of scenes that :func:`measure` would have to read: to be answered before it, side by side.

    Raises:
        As :func:`measure`.
    """
    with _work(warehouse, landing, areas_path, store) as work:
        found = {
            key: ScenePart(due.arrival_id, *key)
            for due in work.open_scenes(catalogue_on)
            for job in scene_jobs(due.scene_plans)
            for key in work.scenes.open_parts(job)
        }
    return list(found.values())


def answer_parts(
    warehouse: Warehouse,
    landing: LandingZone,
    catalogue_on: Callable[[date], Catalogue],
    areas_path: Path,
    store: Store,
    parts: Sequence[ScenePart],
) -> None:
    """Read parts and keep the answers of each at once; doing so twice, or beside another process, changes nothing.

    A scene's tiles are compared with their sha256 once, however many of its parts are read.

    Raises:
        As :func:`measure`.
    """
    with _work(warehouse, landing, areas_path, store) as work:
        for due in work.open_scenes(catalogue_on):
            wanted = [(p.scene_id, p.question_hash, p.part) for p in parts if p.arrival_id == due.arrival_id]
            for job in scene_jobs(due.scene_plans) if wanted else ():
                work.scenes.answer(job, wanted)


@dataclass(frozen=True)
class _Planned:
    """An arrival of layers, imagery or movement data, and what it brings about: on maps, and of movement data."""

    arrival_id: str
    plans: tuple[Plan, ...]
    moves: tuple[MovementPlan, ...]
    inputs: str

    @property
    def scene_plans(self) -> list[Plan]:
        return [plan for plan in self.plans if plan.measurement.feed == "imagery"]


@dataclass(frozen=True)
class _Work:
    connection: psycopg.Connection
    ground: Ground
    scenes: SceneWork
    movement: Movement

    def due(self, catalogue_on: Callable[[date], Catalogue], until: datetime | None) -> Iterator[Due]:
        """Of one feed after the other, each in order of receipt."""
        for planned in self._planned(catalogue_on, until):
            yield self._due(planned)
        yield from air_due(self.connection, catalogue_on, until)

    def open_scenes(self, catalogue_on: Callable[[date], Catalogue]) -> Iterator[_Planned]:
        """The arrivals for which scenes are to be measured (again)."""
        before = _measured_before(self.connection)
        for planned in self._planned(catalogue_on, None):
            if planned.scene_plans and _is_due(self._due(planned), before.get(planned.arrival_id)):
                yield planned

    def _planned(self, catalogue_on: Callable[[date], Catalogue], until: datetime | None) -> Iterator[_Planned]:
        sources = accepted_sources(self.connection, until)
        parts = accepted_parts(self.connection, until)
        for arrival_id, received_at in _arrivals(self.connection, until):
            catalogue = catalogue_on(received_at.astimezone(CITY_TIMEZONE).date())
            plans_ = tuple(plans(arrival_id, sources, catalogue))
            moves = tuple(movement_plans(arrival_id, (received_at, arrival_id), parts, sources, catalogue))
            inputs = [inputs_hash(plans_, self.ground.sha256), *(move.inputs(self.ground.sha256) for move in moves)]
            yield _Planned(arrival_id, plans_, moves, stable_id(*inputs) if moves else inputs[0])

    def _due(self, planned: _Planned) -> Due:
        anything = bool(planned.plans or planned.moves)
        return Due(planned.arrival_id, planned.inputs, anything, partial(self._computed, planned))

    def _computed(self, planned: _Planned) -> Computed:
        layer_plans = [plan for plan in planned.plans if plan.measurement.feed == "layers"]
        outcomes = [*measure_layers(layer_plans, self.ground), *self.scenes.measured(planned.scene_plans)]
        tables: dict[str, list[pa.Table]] = {}
        for move in planned.moves:
            found, beside = self.movement.carry_out(move)
            outcomes += found
            for name, table in beside.items():
                tables.setdefault(name, []).append(table)
        return Computed(rows(outcomes), {name: pa.concat_tables(parts) for name, parts in tables.items()})


def _is_due(due: Due, before: str | None) -> bool:
    return before.rpartition("-")[2] != due.inputs if before else due.anything


@contextmanager
def _work(warehouse: Warehouse, landing: LandingZone, areas_path: Path, store: Store) -> Iterator[_Work]:
    with warehouse.connect("loader", autocommit=True) as connection, ExitStack() as stack:
        ground = Ground(areas_path, Features(connection).of)
        scenes = SceneWork(connection, landing, ground)
        yield _Work(connection, ground, scenes, Movement(connection, store, ground, stack))


@contextmanager
def _measuring(warehouse: Warehouse) -> Iterator[None]:
    with warehouse.connect("loader", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (_MEASURE_LOCK,))
        yield


def _arrivals(connection: psycopg.Connection, until: datetime | None) -> list[tuple[str, datetime]]:
    return connection.execute(
        "select arrival_id, received_at from raw.arrival where feed in ('layers', 'imagery', 'mobility')"
        " and (%(until)s::timestamptz is null or received_at <= %(until)s::timestamptz)"
        " order by received_at, arrival_id",
        {"until": until},
    ).fetchall()


def _measured_before(connection: psycopg.Connection) -> dict[str, str]:
    """Arrival → its newest partition."""
    found = connection.execute(
        "select arrival_id, max(partition) from raw.batch where raw_table = %s group by arrival_id", (RAW_TABLE,)
    )
    return dict(found.fetchall())


def _next_partition(before: str | None, inputs: str) -> str:
    """``measured-<number>-<hash of the inputs>``: later ones sort behind."""
    number = int(before.split("-")[1]) + 1 if before else 1
    return f"measured-{number:06d}-{inputs}"


def _store(arrow: ArrowSession, arrival_id: str, partition: str, computed: Computed) -> str:
    batch_id = stable_id("batch", arrival_id, partition)
    table = raw_rows(SCHEMA, computed.rows)
    try:
        with arrow.transaction() as connection:
            with connection.cursor() as cursor:
                cursor.execute(
                    "insert into raw.batch (batch_id, arrival_id, partition, feed, raw_table, rows_read)"
                    " select $1, arrival_id, $2, feed, $3, $4 from raw.arrival where arrival_id = $5",
                    (batch_id, partition, RAW_TABLE, table.num_rows, arrival_id),
                )
            append(connection, "raw", RAW_TABLE, _of_batch(batch_id, table))
            for name, found in computed.tables.items():
                append(connection, "ops", name, _of_batch(batch_id, found))
            connection.commit()
    except adbc.Error as failure:
        raise WarehouseError(f"测算值未装载（可重试）：{failure}") from failure
    return batch_id


def _of_batch(batch_id: str, table: pa.Table) -> pa.Table:
    return table.add_column(0, "batch_id", pa.array([batch_id] * table.num_rows, pa.string()))
