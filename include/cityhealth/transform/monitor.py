"""Early warning: the watched series and the warnings over them as of a moment, by one dbt run of incremental models."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from cityhealth.errors import BuildError
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.transform.build import complaint, project_hash
from cityhealth.transform.dbt import NodeOutcome, Project
from cityhealth.transform.editions import MODE, side_by_side
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.outcomes import Outcome, record

log = logging.getLogger(__name__)

#: Any number: the lock of whoever evaluates warnings, which no two do at once.
_MONITOR_LOCK = 7_201_410


@dataclass(frozen=True)
class Warned:
    """A warning, as ``marts.indicator_warning`` has it: red or yellow while it stands, then clear."""

    warning_id: str
    rule_code: str
    rule_zh: str
    subject: str
    subject_zh: str
    level: str
    level_zh: str
    raised_at: datetime
    cleared_at: datetime | None
    reason_zh: str
    advice_zh: str
    department_zh: str | None


@dataclass(frozen=True)
class Evaluation:
    """All warnings that stand, or were cleared last of their rule and subject, and the moment they are as of."""

    as_of: datetime
    latest: tuple[Warned, ...]

    @property
    def standing(self) -> tuple[Warned, ...]:
        return tuple(warned for warned in self.latest if warned.cleared_at is None)


def evaluate(
    warehouse: Warehouse,
    settings: Settings,
    as_of: datetime,
    on_node: Callable[[NodeOutcome], None] | None = None,
    anew: bool = False,
) -> Evaluation:
    """Bring the watched series and the warnings up to date as of ``as_of`` (aware).

    No call takes the picture back: as of an earlier moment than the last evaluation, it is that of the last one. Waits
    for a build that runs, and for another evaluation. With ``anew`` the tables are made again from nothing: only then
    does a changed rule reach warnings that were cleared more than 400 days ago.

    Raises:
        BuildError: a model or a check failed (all of them are listed, with what to do), or dbt could not run.
        WarehouseError: the database is not there.
    """
    with side_by_side(warehouse, settings) as connection, _alone(connection):
        moment = as_of if anew else max(as_of, _last_moment(connection) or as_of)
        project = Project(warehouse, settings)
        nodes = project.run(
            [
                "build", "--select", "tag:monitor", "--exclude-resource-type", "unit_test", "--no-write-json",
                "--threads", "2", *(["--full-refresh"] if anew else []),
            ],
            on_node,
            {**MODE, "as_of": moment.isoformat()},
            manifest=project.parsed(MODE, project_hash(settings)),
            folder="monitor",
        )  # fmt: skip
        built = [node for node in nodes if node.resource_type == "model" and node.status != "skipped"]
        run = f"as of {moment:%Y-%m-%d %H:%M}"
        record(
            warehouse,
            "transformer",
            [Outcome(None, "built", n.name, not n.failed, n.message or "", run, n.seconds) for n in built],
        )
        if failed := [node for node in nodes if node.failed]:
            raise BuildError(complaint(failed))
        return Evaluation(moment.astimezone(CITY_TIMEZONE), tuple(_latest(connection)))


@contextmanager
def _alone(connection: psycopg.Connection) -> Iterator[None]:
    """Hold the lock of the evaluation, until the connection closes at the latest."""
    connection.execute("select pg_advisory_lock(%s)", (_MONITOR_LOCK,))
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("select pg_advisory_unlock(%s)", (_MONITOR_LOCK,))


def _last_moment(connection: psycopg.Connection) -> datetime | None:
    made = connection.execute("select to_regclass('marts.indicator_warning') is not null").fetchone()
    if made != (True,):
        return None
    row = connection.execute("select max(as_of) from marts.indicator_warning").fetchone()
    return row[0] if row else None


def _latest(connection: psycopg.Connection) -> list[Warned]:
    with connection.cursor(row_factory=class_row(Warned)) as cursor:
        return cursor.execute(
            "select distinct on (rule_code, subject) warning_id, rule_code, rule_zh, subject, subject_zh, level,"
            " level_zh, raised_at, cleared_at, reason_zh, advice_zh, department_zh"
            " from marts.indicator_warning order by rule_code, subject, raised_at desc"
        ).fetchall()
