"""The gate of one run: many batches judged in one process, each with a verdict, a history and a receipt."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import psycopg

from cityhealth.catalogue import Catalogue, Examination
from cityhealth.errors import CityHealthError, IncompleteTransfer
from cityhealth.hashing import stable_id
from cityhealth.landing import LandingZone
from cityhealth.quality import store
from cityhealth.quality.batch import BatchFacts
from cityhealth.quality.engine import Engine, GateError
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.receipts import Receipt, build_receipt, receipt_name, write_receipt
from cityhealth.quality.subjects import SUBJECTS
from cityhealth.quality.suites import Rule, Suite, SuiteError, load_suite
from cityhealth.quality.verdicts import Judged, Verdict, judge_lines, unreadable
from cityhealth.warehouse.connections import Warehouse

VERDICTS_ZH = {"accepted": "通过", "partly": "部分通过", "refused": "未通过"}

FILE_READABLE = Rule(
    code="file_readable",
    severity="critical",
    scope="batch",
    title_zh="文件可读取",
    reason_zh="文件不能读取",
    advice_zh="请按原因处理后重新报送；表格版式不能识别的，请联系城市体检办登记版式",
    owner="department",
)


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
) -> list[Judgement]:
    """Judge batches, each by itself: write its run, results, findings and lines, and its receipt.

    A batch is judged by the catalogue as it was known on the day of its arrival (``catalogue_on``, which is
    :meth:`cityhealth.catalogue.CatalogueHistory.on` of the city's catalogue), so that what becomes known later
    changes no earlier judgement. A batch that was judged by the same suite and catalogue before keeps that judgement,
    which is then the current one.

    Raises:
        SuiteError: a suite is not whole; nothing is judged.
        GateError: after all have been tried, if any could not be judged (a rule that fails to run, the database).
    """
    judgements: list[Judgement] = []
    failures: dict[str, list[str]] = {}
    with _Gate(warehouse, catalogue_on, expectations_dir, landing, outbox_url) as gate:
        for number, batch_id in enumerate(batch_ids, start=1):
            try:
                judgement = gate.judge(batch_id)
            except SuiteError:
                raise
            except (CityHealthError, psycopg.Error, adbc.Error) as error:
                gate.session.reset()
                failures.setdefault(str(error).strip(), []).append(batch_id)
                continue
            judgements.append(judgement)
            progress(f"gate: {number}/{len(batch_ids)} {judgement.summary_zh}")
    if failures:
        raise GateError(_failed(failures, len(batch_ids)))
    return judgements


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


def examination_of(catalogue: Catalogue, batch: BatchFacts) -> Examination:
    """The latest examination that had begun by the year of the arrival, else the first one."""
    known = sorted(catalogue.examinations, key=lambda examination: examination.year)
    begun = [examination for examination in known if examination.year <= batch.arrival.day.year]
    return (begun or known[:1])[-1]


class _Gate:
    """The engine, suites and work tables of one run, each opened when the first batch needs it."""

    def __init__(
        self,
        warehouse: Warehouse,
        catalogue_on: Callable[[date], Catalogue],
        expectations_dir: Path,
        landing: LandingZone,
        outbox_url: str,
    ) -> None:
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

    def judge(self, batch_id: str) -> Judgement:
        batch = self.session.read_batch(batch_id)
        suite, subject = self._suite(batch.raw_table), SUBJECTS[batch.raw_table]
        lookup = self._lookup(batch)
        run_id = gate_run_id(batch_id, suite, lookup.catalogue)
        known = self.session.read_run(run_id)
        if known is not None:
            self.session.reaffirm(run_id)
            return _judgement(batch, known, already=True)
        if batch.read_error_code is not None:
            judged, department = (
                unreadable(batch, FILE_READABLE),
                lookup.department(batch.arrival.department_text or ""),
            )
        else:
            found = subject.candidates(self.session.read_lines(batch, subject), batch, lookup)
            table = self._table(batch.raw_table)
            self.session.fill_work_table(table, found.frame, subject)
            failing = self._checked_by().failing_lines(suite, table)
            judged, department = judge_lines(found, failing, suite, subject, batch, lookup), found.department_code
        receipt = self._receipt(batch, judged, lookup.department_names.get(department or ""))
        run = store.GateRun(
            gate_run_id=run_id,
            batch_id=batch_id,
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
        return _judgement(batch, run, already=not written)

    def _receipt(self, batch: BatchFacts, judged: Judged, department_zh: str | None) -> Receipt:
        original: bytes | None
        try:
            original = self._landing.read(batch.arrival)
        except IncompleteTransfer:
            original = None
        shown = department_zh or batch.arrival.department_text or "未注明单位"
        return write_receipt(
            self._outbox_url, receipt_name(batch, shown), build_receipt(batch, judged, shown, original)
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
            self._lookups[key] = Lookup(catalogue, examination)
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
