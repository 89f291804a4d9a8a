"""The gate of one run: many batches judged in one process, each with a verdict, a history and a receipt."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import adbc_driver_postgresql.dbapi as adbc
import pandas as pd
import psycopg

from cityhealth.catalogue import Catalogue, Examination
from cityhealth.errors import CityHealthError, IncompleteTransfer
from cityhealth.hashing import stable_id
from cityhealth.landing import LandingZone
from cityhealth.quality import store
from cityhealth.quality.batch import BatchFacts, Candidates
from cityhealth.quality.engine import Engine, GateError
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.receipts import Receipt, build_receipt, receipt_name, write_receipt
from cityhealth.quality.subject import Subject
from cityhealth.quality.subjects import SUBJECTS
from cityhealth.quality.suites import Rule, Suite, SuiteError, load_suite
from cityhealth.quality.verdicts import Judged, Verdict, judge_lines, unreadable
from cityhealth.warehouse.connections import Warehouse

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

#: So many lines are put to the rules at once: a question costs half a second, a thousand lines a tenth.
_LINES_TOGETHER = 5_000
_FAILURES = (CityHealthError, psycopg.Error, adbc.Error)

VERDICTS_ZH = {"accepted": "通过", "partly": "部分通过", "refused": "未通过"}


@dataclass(frozen=True)
class Judgement:
    """What the gate decided on one batch. ``already``: by an earlier run with the same suite and catalogue."""

    batch_id: str
    gate_run_id: str
    feed: str
    filename: str
    verdict: Verdict
    rows_in: int
    rows_accepted: int
    rows_refused: int
    rows_blank: int
    warnings: int
    receipt_path: str | None
    already: bool

    @property
    def summary_zh(self) -> str:
        return (
            f"{self.filename}：{VERDICTS_ZH[self.verdict]}，填报 {self.rows_in} 行，采用 {self.rows_accepted} 行，"
            f"未采用 {self.rows_refused} 行，提醒 {self.warnings} 条"
        )


def judge(
    warehouse: Warehouse,
    batch_ids: Sequence[str],
    catalogue_on: Callable[[date], Catalogue],
    expectations_dir: Path,
    landing: LandingZone,
    outbox_url: str,
    progress: Callable[[str], None] = lambda message: None,
    areas_path: Path | None = None,
) -> list[Judgement]:
    """Judge batches: write of each its run, results, findings and lines, and its receipt.

    No batch changes another's judgement. Small ones are put to the rules together, since asking costs more than a
    few lines more.

    A batch is judged by the catalogue as it was known on the day of its arrival (``catalogue_on``, which is
    :meth:`cityhealth.catalogue.CatalogueHistory.on` of the city's catalogue), so that what becomes known later
    changes no earlier judgement. A batch that was judged by the same suite and catalogue before keeps that judgement;
    where a later one by others stands, it becomes the current one again and its receipt is put out once more.

    ``areas_path``: the city's reference boundaries. Where there are none, no layer is found to lie outside the city.

    Raises:
        SuiteError: a suite is not whole; nothing is judged.
        GateError: after all have been tried, if any could not be judged (a rule that fails to run, the database).
    """
    with _Gate(warehouse, catalogue_on, expectations_dir, landing, outbox_url, areas_path) as gate:
        sitting = _Sitting(gate, len(batch_ids), progress)
        for batch_id in batch_ids:
            sitting.take(batch_id)
        sitting.finish()
    if sitting.failures:
        raise GateError(_failed(sitting.failures, len(batch_ids)))
    return [sitting.judgements[batch_id] for batch_id in batch_ids if batch_id in sitting.judgements]


def _failed(failures: Mapping[str, Sequence[str]], tried: int) -> str:
    """Each reason once, with the batches that it stopped: a lost database stops them all."""
    reasons = (
        f"{', '.join(ids[:3])}{f' and {len(ids) - 3} more' if len(ids) > 3 else ''}: {reason}"
        for reason, ids in failures.items()
    )
    return f"{sum(map(len, failures.values()))} of {tried} batches could not be judged: " + "; ".join(reasons)


def gate_run_id(batch_id: str, suite: Suite, catalogue: Catalogue) -> str:
    """The identifier of the judgement of a batch by a suite and a catalogue: the same wherever it is made."""
    return stable_id(batch_id, suite.hash, catalogue.catalogue_hash)


def load_suites(expectations_dir: Path) -> Mapping[str, Suite]:
    """The suite of every raw table that is judged.

    Raises:
        SuiteError: one is not whole.
    """
    return {table: load_suite(expectations_dir / f"{table}.yml", subject) for table, subject in SUBJECTS.items()}


def file_readable(subject: Subject) -> Rule:
    """The rule that a file breaks of which no line could be read; it stands in no suite."""
    return Rule(
        code="file_readable",
        severity="critical",
        scope="batch",
        title_zh="文件可读取",
        reason_zh="文件不能读取",
        advice_zh=subject.unreadable_advice_zh,
        owner="department",
    )


def examination_of(catalogue: Catalogue, batch: BatchFacts) -> Examination:
    """The latest examination that had begun by the year of the arrival, else the first one."""
    known = sorted(catalogue.examinations, key=lambda examination: examination.year)
    begun = [examination for examination in known if examination.year <= batch.arrival.day.year]
    return (begun or known[:1])[-1]


@dataclass(frozen=True)
class _Opened:
    """A batch that is to be judged; ``found`` None: its file could not be read."""

    batch: BatchFacts
    suite: Suite
    lookup: Lookup
    run_id: str
    found: Candidates | None

    @property
    def lines(self) -> int:
        return len(self.found.frame) if self.found is not None else 0


class _Sitting:
    """The batches of one call: opened one by one, asked about together, each closed by itself."""

    def __init__(self, gate: _Gate, expected: int, progress: Callable[[str], None]) -> None:
        self._gate = gate
        self._expected = expected
        self._progress = progress
        self._waiting: dict[str, list[_Opened]] = {}
        self.judgements: dict[str, Judgement] = {}
        self.failures: dict[str, list[str]] = {}

    def take(self, batch_id: str) -> None:
        with self._noting_failure([batch_id]):
            opened = self._gate.open(batch_id)
            if isinstance(opened, Judgement):
                self._tell(opened)
            elif opened.found is None:
                self._tell(self._gate.close(opened, {}))
            else:
                self._wait(opened)

    def finish(self) -> None:
        for table in list(self._waiting):
            self._ask(self._waiting.pop(table))

    def _wait(self, opened: _Opened) -> None:
        table = opened.batch.raw_table
        together = self._waiting.setdefault(table, [])
        if together and sum(other.lines for other in together) + opened.lines > _LINES_TOGETHER:
            self._waiting[table] = []
            self._ask(together)
        self._waiting[table].append(opened)

    def _ask(self, together: Sequence[_Opened]) -> None:
        if not together:
            return
        try:
            failing = self._gate.failing_lines(together)
        except _FAILURES as error:
            self._gate.session.reset()
            if len(together) == 1:
                self._note(error, [together[0].batch.batch_id])
            # One of them may be at fault: then it alone stays behind.
            for opened in together if len(together) > 1 else ():
                self._ask([opened])
            return
        for opened, lines in zip(together, failing, strict=True):
            with self._noting_failure([opened.batch.batch_id]):
                self._tell(self._gate.close(opened, lines))

    @contextmanager
    def _noting_failure(self, batch_ids: Sequence[str]) -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            self._gate.session.reset()
            self._note(error, batch_ids)

    def _note(self, error: Exception, batch_ids: Sequence[str]) -> None:
        if isinstance(error, SuiteError):
            raise error
        self.failures.setdefault(str(error).strip(), []).extend(batch_ids)

    def _tell(self, judgement: Judgement) -> None:
        self.judgements[judgement.batch_id] = judgement
        self._progress(f"gate: {len(self.judgements)}/{self._expected} {judgement.summary_zh}")


class _Gate:
    """The engine, suites and work tables of one run, each opened when the first batch needs it."""

    def __init__(
        self,
        warehouse: Warehouse,
        catalogue_on: Callable[[date], Catalogue],
        expectations_dir: Path,
        landing: LandingZone,
        outbox_url: str,
        areas_path: Path | None,
    ) -> None:
        self._read_outline = cache(lambda: _outline(areas_path))
        self._warehouse = warehouse
        self._catalogue_on = catalogue_on
        self._expectations_dir = expectations_dir
        self._landing = landing
        self._outbox_url = outbox_url
        self._open = ExitStack()
        self.session = self._open.enter_context(store.Session(warehouse))
        self._engine: Engine | None = None
        self._suites: dict[str, Suite] = {}
        self._tables: dict[str, str] = {}
        self._lookups: dict[tuple[str, str, int], Lookup] = {}

    def __enter__(self) -> _Gate:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def open(self, batch_id: str) -> Judgement | _Opened:
        """The judgement that there is already, else the batch, ready to be asked about."""
        batch = self.session.read_batch(batch_id)
        suite, subject = self._suite(batch.raw_table), SUBJECTS[batch.raw_table]
        lookup = self._lookup(batch)
        run_id = gate_run_id(batch_id, suite, lookup.catalogue)
        known = self.session.read_run(run_id)
        if known is not None and self.session.is_current(known):
            return _judgement(batch, known, already=True)
        readable = batch.read_error_code is None
        found = subject.candidates(self.session.read_lines(batch, subject), batch, lookup) if readable else None
        return _Opened(batch, suite, lookup, run_id, found)

    def failing_lines(self, together: Sequence[_Opened]) -> list[dict[str, list[int]]]:
        """Of each batch (all of one raw table) the lines that fail, by rule: one question for all of them."""
        frames = [opened.found.frame for opened in together if opened.found is not None]
        # Line numbers are a batch's own; while several are asked about, each line has a number among all.
        owners = [(number, line) for number, frame in enumerate(frames) for line in frame["line_no"]]
        numbered = pd.concat(frames, ignore_index=True).assign(line_no=range(len(owners)))
        suite, raw_table = together[0].suite, together[0].batch.raw_table
        table = self._table(raw_table)
        self.session.fill_work_table(table, numbered, SUBJECTS[raw_table])
        failing: list[dict[str, list[int]]] = [{code: [] for code in suite.rules} for _ in frames]
        for code, numbers in self._checked_by().failing_lines(suite, table).items():
            for owner, line in (owners[number] for number in numbers):
                failing[owner][code].append(line)
        return failing

    def close(self, opened: _Opened, failing: Mapping[str, Sequence[int]]) -> Judgement:
        """Give the verdict, write it down with its receipt."""
        batch, suite, lookup = opened.batch, opened.suite, opened.lookup
        subject = SUBJECTS[batch.raw_table]
        if opened.found is None:
            judged = unreadable(batch, file_readable(subject))
            department = lookup.department(batch.arrival.department_text or "")
        else:
            judged = judge_lines(opened.found, failing, suite, subject, batch, lookup)
            department = opened.found.department_code
        receipt = self._receipt(batch, judged, lookup.department_names.get(department or ""))
        run = store.GateRun(
            gate_run_id=opened.run_id,
            batch_id=batch.batch_id,
            suite=suite.name,
            suite_hash=suite.hash,
            catalogue_hash=lookup.catalogue.catalogue_hash,
            verdict=judged.verdict,
            rows_in=judged.rows_in,
            rows_accepted=judged.count("accepted"),
            rows_refused=judged.count("refused"),
            rows_blank=judged.count("blank"),
            warnings=judged.warnings,
            receipt_path=receipt.path,
            receipt_sha256=receipt.sha256,
        )
        written = self.session.write_run(run, judged, batch.arrival.feed, subject)
        if not written:
            self.session.reaffirm(run)
        return _judgement(batch, run, already=not written)

    def _receipt(self, batch: BatchFacts, judged: Judged, department_zh: str | None) -> Receipt:
        original: bytes | None = None
        if SUBJECTS[batch.raw_table].no_copy_zh is None:
            with suppress(IncompleteTransfer):
                original = self._landing.read(batch.arrival)
        shown = department_zh or batch.arrival.department_text or "未注明单位"
        return write_receipt(
            self._outbox_url,
            receipt_name(batch, shown, SUBJECTS[batch.raw_table].receipt_zh),
            build_receipt(batch, judged, shown, original),
        )

    def _suite(self, raw_table: str) -> Suite:
        if raw_table not in self._suites:
            self._suites[raw_table] = load_suite(self._expectations_dir / f"{raw_table}.yml", SUBJECTS[raw_table])
        return self._suites[raw_table]

    def _lookup(self, batch: BatchFacts) -> Lookup:
        catalogue = self._catalogue_on(batch.arrival.day)
        examination = examination_of(catalogue, batch)
        key = (catalogue.catalogue_hash, examination.system, examination.year)
        if key not in self._lookups:
            self._lookups[key] = Lookup(catalogue, examination, self._read_outline)
        return self._lookups[key]

    def _table(self, raw_table: str) -> str:
        if raw_table not in self._tables:
            table = f"{raw_table}_{os.getpid()}_{uuid.uuid4().hex[:8]}"
            self._open.enter_context(store.work_table(self._warehouse, table, SUBJECTS[raw_table]))
            self._tables[raw_table] = table
        return self._tables[raw_table]

    def _checked_by(self) -> Engine:
        if self._engine is None:
            self._engine = self._open.enter_context(Engine(self._warehouse.sqlalchemy_url("loader"), store.WORK_SCHEMA))
        return self._engine


def _outline(areas_path: Path | None) -> BaseGeometry | None:
    if areas_path is None or not areas_path.is_file():
        return None
    # GDAL and GeoPandas take two seconds to import: only who judges layers pays for them.
    from cityhealth.spatial.reference import city_outline, read_areas

    return city_outline(read_areas(areas_path))


def _judgement(batch: BatchFacts, run: store.GateRun, already: bool) -> Judgement:
    return Judgement(
        batch_id=batch.batch_id,
        gate_run_id=run.gate_run_id,
        feed=batch.arrival.feed,
        filename=batch.arrival.filename,
        verdict=run.verdict,
        rows_in=run.rows_in,
        rows_accepted=run.rows_accepted,
        rows_refused=run.rows_refused,
        rows_blank=run.rows_blank,
        warnings=run.warnings,
        receipt_path=run.receipt_path,
        already=already,
    )
