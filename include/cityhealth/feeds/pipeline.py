"""The way of every feed: discover → load → gate (→ measure → gate), the same functions for Airflow and the CLI."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa

from cityhealth.catalogue import CatalogueHistory, load_history
from cityhealth.errors import CityHealthError, IncompleteTransfer, LayoutError, UnreadableFile, WarehouseError
from cityhealth.feeds import FEEDS, feed_named
from cityhealth.feeds.base import Feed
from cityhealth.hashing import stable_id
from cityhealth.landing import Arrival, LandingZone
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.warehouse.connections import ArrowSession, Warehouse
from cityhealth.warehouse.loading import append
from cityhealth.warehouse.outcomes import Outcome, record

#: Feeds of which something is measured or estimated after the gate.
MEASURED_FEEDS = ("layers", "imagery", "mobility", "air_quality", "survey")

#: Any number; whoever collects in this database takes this lock first.
_COLLECT_LOCK = 7_201_407


@dataclass(frozen=True)
class Loaded:
    """A batch that is in the warehouse, by this call or (``already``) by an earlier one."""

    batch_id: str
    arrival: Arrival
    rows: int
    already: bool
    read_error_zh: str | None = None


@dataclass(frozen=True)
class _Reading:
    rows: pa.Table
    error: UnreadableFile | LayoutError | None

    @property
    def error_code(self) -> str | None:
        if self.error is None:
            return None
        return self.error.code if isinstance(self.error, UnreadableFile) else "layout"


def batch_id_of(arrival: Arrival, partition: str = "") -> str:
    """The identifier of an arrival's batch: the same whenever and wherever it is loaded."""
    return stable_id("batch", arrival.arrival_id, partition)


def load_arrival(
    warehouse: Warehouse, landing: LandingZone, feed: Feed, arrival: Arrival, arrow: ArrowSession | None = None
) -> Loaded:
    """Read one arrival and store it as one batch, in one transaction (of ``arrow``, the loader's, where given); a batch
    that is there already stays as it is.

    A file that cannot be read becomes a batch without rows that says why, for the gate to refuse.

    Raises:
        IncompleteTransfer: the bytes are not those announced; nothing is stored.
        WarehouseError: the database went away; nothing is stored, and the same call may be tried again.
    """
    batch_id = batch_id_of(arrival)
    known = _loaded(warehouse, batch_id)
    if known is not None:
        return Loaded(batch_id, arrival, known[0], already=True, read_error_zh=known[1])
    data = landing.read(arrival)
    reading = _read(feed, data, arrival)
    error = reading.error
    try:
        with ExitStack() as own:
            session = arrow or own.enter_context(ArrowSession(warehouse, "loader"))
            connection = own.enter_context(session.transaction())
            with connection.cursor() as cursor:
                cursor.execute(
                    "insert into raw.arrival (arrival_id, feed, department_text, filename, sha256, size_bytes,"
                    " received_at, attachments)"
                    " values ($1, $2, $3, $4, $5, $6, $7::text::timestamptz, $8::text::jsonb) on conflict do nothing",
                    (
                        arrival.arrival_id, arrival.feed, arrival.department_text, arrival.filename, arrival.sha256,
                        arrival.size_bytes, arrival.received_at.isoformat(), _attachments_json(arrival),
                    ),
                )  # fmt: skip
                cursor.execute(
                    "insert into raw.batch (batch_id, arrival_id, feed, raw_table, rows_read,"
                    " read_error_code, read_error_zh, read_error_place)"
                    " values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning batch_id",
                    (
                        batch_id, arrival.arrival_id, feed.name, feed.raw_table, reading.rows.num_rows,
                        reading.error_code, error.message if error else None, str(error.place) if error else None,
                    ),
                )  # fmt: skip
                won = cursor.fetchone() is not None
            if won:
                with_batch = reading.rows.add_column(
                    0, "batch_id", pa.array([batch_id] * reading.rows.num_rows, pa.string())
                )
                append(connection, "raw", feed.raw_table, with_batch)
                connection.commit()
    except adbc.Error as failure:
        raise WarehouseError(f"批次未装载（可重试）：{failure}", arrival.place) from failure
    return Loaded(batch_id, arrival, reading.rows.num_rows, not won, error.message if error else None)


def load_arrivals(
    warehouse: Warehouse, landing: LandingZone, feed: Feed, arrivals: Sequence[Arrival], run: str = ""
) -> Iterator[Loaded]:
    """Load each arrival by itself and record its outcome; one that fails does not keep the others from loading.

    Yields what was loaded, as it is loaded.

    Raises:
        CityHealthError: after all have been tried, if any failed for a reason that may pass (transfer, database).
    """
    failures: list[CityHealthError] = []
    with ArrowSession(warehouse, "loader") as arrow:
        for arrival in arrivals:
            started = time.monotonic()
            try:
                loaded = load_arrival(warehouse, landing, feed, arrival, arrow)
            except (IncompleteTransfer, WarehouseError) as failure:
                failures.append(failure)
                outcome = Outcome(
                    feed.name, "read", arrival.arrival_id, False, str(failure), run, time.monotonic() - started
                )
                _record_if_possible(warehouse, outcome)
                continue
            message = loaded.read_error_zh or f"{loaded.rows} 行" + ("（此前已装载）" if loaded.already else "")
            record(
                warehouse, "loader",
                [Outcome(feed.name, "read", arrival.arrival_id, loaded.read_error_zh is None, message, run,
                         time.monotonic() - started)],
            )  # fmt: skip
            yield loaded
    if failures:
        raise type(failures[0])(
            f"{len(failures)} of {len(arrivals)} arrivals were not loaded: " + "; ".join(str(f) for f in failures)
        )


def loaded_batches(
    warehouse: Warehouse, feed_name: str, first: date | None = None, last: date | None = None
) -> list[str]:
    """The batches of a feed that are in the warehouse, by arrival day in the city, oldest first."""
    with warehouse.connect("loader") as connection:
        rows = connection.execute(
            "select batch.batch_id from raw.standing_batch as batch join raw.arrival using (arrival_id)"
            " where batch.feed = %(feed)s"
            " and (%(first)s::date is null or (received_at at time zone 'Asia/Shanghai')::date >= %(first)s::date)"
            " and (%(last)s::date is null or (received_at at time zone 'Asia/Shanghai')::date <= %(last)s::date)"
            " order by received_at, batch_id",
            {"feed": feed_name, "first": first, "last": last},
        ).fetchall()
    return [row[0] for row in rows]


def gate_batches(
    settings: Settings,
    warehouse: Warehouse,
    batch_ids: Sequence[str],
    history: CatalogueHistory | None = None,
    run: str = "",
    progress: Callable[[str], None] = lambda message: None,
) -> list:
    """Judge batches with the suite of their raw table and the catalogue as known on their arrival.

    Writes receipts, records outcomes, returns the judgements.
    """
    # Great Expectations takes seven seconds to import: only who judges pays for it.
    from cityhealth.quality import judge

    started = time.monotonic()
    judgements = judge(
        warehouse,
        batch_ids,
        (history or load_history(settings.seed_dir)).on,
        settings.expectations_dir,
        LandingZone(settings.landing_url),
        settings.outbox_url,
        progress=progress,
        areas_path=settings.areas_path,
    )
    each = (time.monotonic() - started) / max(1, len(judgements))
    record(
        warehouse,
        "loader",
        [Outcome(j.feed, "gated", j.batch_id, j.verdict != "refused", j.summary_zh, run, each) for j in judgements],
    )
    return judgements


def measure_and_gate(
    settings: Settings,
    warehouse: Warehouse,
    until: datetime | None = None,
    history: CatalogueHistory | None = None,
    run: str = "",
    progress: Callable[[str], None] = lambda message: None,
) -> list:
    """Measure what was accepted of layers, scenes and readings (:func:`cityhealth.measurement.step.measure`), and judge
    it, with whatever was measured before and has no judgement yet.

    Returns the judgements.

    Raises:
        CityHealthError: as ``measure`` and the gate.
    """
    # GDAL and GeoPandas take two seconds to import: only who measures pays for them.
    from cityhealth.air.derive import derive
    from cityhealth.measurement.movement import Store
    from cityhealth.measurement.step import measure
    from cityhealth.survey.derive import derive as derive_survey

    history = history or load_history(settings.seed_dir)
    landing = LandingZone(settings.landing_url)
    measure(warehouse, landing, history.on, settings.areas_path, Store.of(settings), until, progress)
    known_now = history.on(datetime.now(CITY_TIMEZONE).date())
    derive(warehouse, known_now)
    derive_survey(warehouse, known_now)
    batch_ids = _unjudged(settings, warehouse, history, until, "measured_value")
    return gate_batches(settings, warehouse, batch_ids, history, run, progress) if batch_ids else []


def collect(
    settings: Settings,
    warehouse: Warehouse,
    until: datetime,
    run: str = "",
    progress: Callable[[str], None] = lambda message: None,
) -> list:
    """Load, judge and measure, of every feed, what was received up to ``until`` (aware) and is not there yet.

    Judged is also what has no judgement by today's suite and the catalogue as known on its arrival. Calls at one time
    wait for each other, and those that waited find the work done; where nothing is left to do that is two queries.

    Returns the judgements.

    Raises:
        CityHealthError: an arrival could not be loaded for a reason that may pass; all others have been.
    """
    with _collecting(warehouse):
        failures = []
        for feed_name in FEEDS:
            try:
                _load_received(settings, warehouse, feed_name, until, run, progress)
            except CityHealthError as failure:
                failures.append(failure)
        history = load_history(settings.seed_dir)
        batch_ids = _unjudged(settings, warehouse, history, until)
        judgements = gate_batches(settings, warehouse, batch_ids, history, run, progress) if batch_ids else []
        if _anything_to_measure(warehouse):
            judgements += measure_and_gate(settings, warehouse, until, history, run, progress)
    if failures:
        raise type(failures[0])("; ".join(map(str, failures)))
    return judgements


def collect_feed(
    settings: Settings,
    warehouse: Warehouse,
    feed_name: str,
    until: datetime,
    run: str = "",
    progress: Callable[[str], None] = lambda message: None,
) -> list:
    """Load and judge, of one feed, what was received up to ``until`` (aware) and is not there yet; nothing is measured.

    Waits for :func:`collect`, and it for this. Returns the judgements.

    Raises:
        CityHealthError: an arrival could not be loaded for a reason that may pass; all others have been.
    """
    failure: CityHealthError | None = None
    with _collecting(warehouse):
        try:
            _load_received(settings, warehouse, feed_name, until, run, progress)
        except CityHealthError as error:
            failure = error
        history = load_history(settings.seed_dir)
        batch_ids = _unjudged(settings, warehouse, history, until, feed_named(feed_name, settings).raw_table)
        judgements = gate_batches(settings, warehouse, batch_ids, history, run, progress) if batch_ids else []
    if failure:
        raise failure
    return judgements


def _load_received(
    settings: Settings,
    warehouse: Warehouse,
    feed_name: str,
    until: datetime,
    run: str,
    progress: Callable[[str], None],
) -> None:
    """Load what a feed received up to ``until`` and is not there yet. Raises as :func:`load_arrivals`."""
    landing, feed = LandingZone(settings.landing_url), feed_named(feed_name, settings)
    received = landing.arrivals(
        feed_name, last=until.astimezone(CITY_TIMEZONE).date(), known=_loaded_arrivals(warehouse, feed_name)
    )
    waiting = [arrival for arrival in received if arrival.received_at <= until]
    for number, batch in enumerate(load_arrivals(warehouse, landing, feed, waiting, run), start=1):
        progress(f"{feed_name}: {number}/{len(waiting)} {batch.arrival.filename}")


@contextmanager
def _collecting(warehouse: Warehouse) -> Iterator[None]:
    with warehouse.connect("loader", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (_COLLECT_LOCK,))
        yield


def _anything_to_measure(warehouse: Warehouse) -> bool:
    with warehouse.connect("loader") as connection:
        row = connection.execute("select 1 from raw.arrival where feed = any(%s) limit 1", (list(MEASURED_FEEDS),))
        return row.fetchone() is not None


def _loaded_arrivals(warehouse: Warehouse, feed_name: str) -> set[str]:
    with warehouse.connect("loader") as connection:
        rows = connection.execute("select arrival_id from raw.batch where feed = %s", (feed_name,)).fetchall()
    return {row[0] for row in rows}


def _unjudged(
    settings: Settings,
    warehouse: Warehouse,
    history: CatalogueHistory,
    until: datetime | None,
    raw_table: str | None = None,
) -> list[str]:
    """Batches (of one raw table) received by then whose current judgement is by another suite or catalogue, or none."""
    # Suites are read without Great Expectations: to see that nothing is to be judged takes no seven seconds.
    from cityhealth.quality.gate import gate_run_id, load_suites

    suites = load_suites(settings.expectations_dir)
    with warehouse.connect("loader") as connection:
        rows = connection.execute(
            "select batch.batch_id, batch.raw_table, arrival.received_at, current_run.gate_run_id"
            " from raw.standing_batch as batch join raw.arrival as arrival using (arrival_id)"
            " left join gate.current_run as current_run using (batch_id)"
            " where (%(until)s::timestamptz is null or arrival.received_at <= %(until)s::timestamptz)"
            " and (%(table)s::text is null or batch.raw_table = %(table)s::text)"
            " order by arrival.received_at, batch.batch_id",
            {"until": until, "table": raw_table},
        ).fetchall()
    return [
        batch_id
        for batch_id, raw_table, received_at, run_id in rows
        if run_id != gate_run_id(batch_id, suites[raw_table], history.on(received_at.astimezone(CITY_TIMEZONE).date()))
    ]


def ingest(
    settings: Settings,
    warehouse: Warehouse,
    feed_name: str,
    first: date | None = None,
    last: date | None = None,
    run: str = "",
    progress: Callable[[str], None] = lambda message: None,
) -> list:
    """Discover, load and gate what ``feed_name`` received from ``first`` to ``last`` (inclusive; None = open).

    Returns the judgements. What could be loaded is gated even when another arrival failed.

    Raises:
        CityHealthError: an arrival could not be loaded for a reason that may pass.
    """
    feed = feed_named(feed_name, settings)
    landing = LandingZone(settings.landing_url)
    arrivals = landing.arrivals(feed.name, first, last)
    batch_ids: list[str] = []
    failure: CityHealthError | None = None
    try:
        for number, loaded in enumerate(load_arrivals(warehouse, landing, feed, arrivals, run), start=1):
            batch_ids.append(loaded.batch_id)
            progress(f"{feed.name}: {number}/{len(arrivals)} {loaded.arrival.filename}")
    except CityHealthError as error:
        failure = error
    judgements = gate_batches(settings, warehouse, batch_ids, run=run, progress=progress) if batch_ids else []
    if feed.name in MEASURED_FEEDS:
        judgements += measure_and_gate(settings, warehouse, run=run, progress=progress)
    if failure:
        raise failure
    return judgements


def _read(feed: Feed, data: bytes, arrival: Arrival) -> _Reading:
    try:
        return _Reading(feed.read(data, arrival), None)
    except (UnreadableFile, LayoutError) as error:
        return _Reading(feed.schema.empty_table(), error)


def _loaded(warehouse: Warehouse, batch_id: str) -> tuple[int, str | None] | None:
    with warehouse.connect("loader") as connection:
        return connection.execute(
            "select rows_read, read_error_zh from raw.batch where batch_id = %s", (batch_id,)
        ).fetchone()


def _attachments_json(arrival: Arrival) -> str:
    attachments = [{"filename": a.filename, "sha256": a.sha256} for a in arrival.attachments]
    return json.dumps(attachments, ensure_ascii=False)


def _record_if_possible(warehouse: Warehouse, outcome: Outcome) -> None:
    # Where the database itself is gone there is nowhere to write; the failure is raised to the caller all the same.
    try:
        record(warehouse, "loader", [outcome])
    except WarehouseError:
        return
