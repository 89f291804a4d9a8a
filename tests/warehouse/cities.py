"""A small city for tests of the marts: its own installation, and gate rows written by SQL."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

import psycopg

from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT, Settings
from cityhealth.warehouse.connections import Warehouse

TESTVILLE = Path(__file__).parent / "testville"
FIRST_DAY = datetime(2021, 5, 20, 9, tzinfo=CITY_TIMEZONE)
_numbers = count(1)


def settle(settings: Settings, root: Path) -> Settings:
    """Settings of an installation below ``root`` that examines Testville with this repository's dbt project."""
    shutil.copytree(PROJECT_ROOT / "dbt_project", root / "dbt_project", ignore=shutil.ignore_patterns("jincheng"))
    shutil.copytree(TESTVILLE, root / "dbt_project" / "seeds" / "testville")
    return replace(settings, project_root=root, city="testville")


def settle_jincheng(settings: Settings, root: Path) -> Settings:
    """Settings of an installation below ``root`` with its own copy of this repository's dbt project and catalogue."""
    shutil.copytree(PROJECT_ROOT / "dbt_project", root / "dbt_project")
    return replace(settings, project_root=root)


@dataclass(frozen=True)
class Line:
    """One line of a file as the gate leaves it; ``period`` is a year (``2020``) or a day (``2020-11-01``)."""

    item: str
    area: str | None
    value: float | None = None
    period: str | None = "2020"
    state: str = "value"
    verdict: str = "accepted"
    marked: bool = False
    reason_zh: str | None = None
    value_text: str | None = None
    unit: str | None = None
    unit_text: str | None = None
    remarks: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class File:
    """One file of a department: received ``day`` days after the first, judged once."""

    department: str | None
    lines: Sequence[Line]
    day: float = 0
    feed: str = "departmental"
    source_kind: str = "departmental"
    unreadable_zh: str | None = None
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def received_at(self) -> datetime:
        return FIRST_DAY + timedelta(days=self.day)


@dataclass(frozen=True)
class Task:
    """One task of a progress report as the gate leaves it."""

    code: str
    percent: float | None = None
    work: str = ""
    status: str = ""
    focus: str = ""
    problems: str = ""
    next: str = ""
    reason: str = ""
    verdict: str = "accepted"
    responsible: str | None = None


@dataclass(frozen=True)
class Report:
    """A department's progress report for a period (``2021-06-05``), received at a moment of the city's time."""

    department: str
    period: str | None
    received: str
    tasks: Sequence[Task]
    feed: str = "progress"
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def received_at(self) -> datetime:
        return moment(self.received)


@dataclass(frozen=True)
class Decision:
    """One line of a meeting's list: ``assigned`` or ``settled``."""

    difficulty: str
    decision: str
    assigned: str | None = None
    due: str | None = None
    on: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Meeting:
    """A meeting's list of decisions, received at a moment of the city's time."""

    received: str
    decisions: Sequence[Decision]
    department: str | None = None
    feed: str = "meeting"
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def received_at(self) -> datetime:
        return moment(self.received)


def moment(text: str) -> datetime:
    """``2021-06-05 17:00`` in the city's time."""
    return datetime.fromisoformat(text).replace(tzinfo=CITY_TIMEZONE)


def hand_in(warehouse: Warehouse, *files: File | Report | Meeting) -> None:
    """Write files into raw and gate, as the loader role."""
    with warehouse.connect("loader") as connection:
        for file in files:
            if isinstance(file, File):
                _write(connection, file)
            elif isinstance(file, Report):
                _write_report(connection, file)
            else:
                _write_meeting(connection, file)


def _write_report(connection: psycopg.Connection, report: Report) -> None:
    refused = sum(task.verdict == "refused" for task in report.tasks)
    batch, run = _receive(connection, report, len(report.tasks), refused)
    for line_no, task in enumerate(report.tasks, start=1):
        connection.execute(
            "insert into gate.progress_line (gate_run_id, batch_id, line_no, department_code, task_code, period,"
            " percent, work_text, status_text, focus_text, problems_text, next_text, reason_text, responsible_text,"
            " verdict, marked, sheet, cell)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false, '进展', %s)",
            (
                run, batch, line_no, report.department, task.code, report.period, task.percent, task.work, task.status,
                task.focus, task.problems, task.next, task.reason, task.responsible, task.verdict,
                f"A{line_no + 4}",
            ),
        )  # fmt: skip


def _write_meeting(connection: psycopg.Connection, meeting: Meeting) -> None:
    batch, run = _receive(connection, meeting, len(meeting.decisions), 0)
    for line_no, line in enumerate(meeting.decisions, start=1):
        connection.execute(
            "insert into gate.meeting_line (gate_run_id, batch_id, line_no, difficulty_id, decision,"
            " assigned_department, due_date, decided_on, note_text, verdict, marked, sheet, cell)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'accepted', false, '清单', %s)",
            (
                run, batch, line_no, line.difficulty, line.decision, line.assigned, line.due, line.on, line.note,
                f"A{line_no + 4}",
            ),
        )  # fmt: skip


def _receive(connection: psycopg.Connection, file: Report | Meeting, lines: int, refused: int) -> tuple[str, str]:
    arrival, batch, run = (f"{kind}-{file.number:04d}" for kind in ("arrival", "batch", "run"))
    connection.execute(
        "insert into raw.arrival (arrival_id, feed, department_text, filename, sha256, size_bytes, received_at)"
        " values (%s, %s, %s, %s, %s, 1, %s)",
        (arrival, file.feed, file.department, f"{arrival}.xlsx", f"{file.number:064d}", file.received_at),
    )
    connection.execute(
        "insert into raw.batch (batch_id, arrival_id, feed, raw_table, rows_read) values (%s, %s, %s, %s, %s)",
        (batch, arrival, file.feed, f"{file.feed}_line", lines),
    )
    connection.execute(
        "insert into gate.run (gate_run_id, batch_id, suite, suite_hash, catalogue_hash, verdict, rows_in,"
        " rows_accepted, rows_refused, rows_blank, warnings) values (%s, %s, 's', 'h', 'c', %s, %s, %s, %s, 0, 0)",
        (run, batch, "partly" if refused else "accepted", lines, lines - refused, refused),
    )
    return batch, run


def _write(connection: psycopg.Connection, file: File) -> None:
    arrival, batch, run = (f"{kind}-{file.number:04d}" for kind in ("arrival", "batch", "run"))
    said = [line for line in file.lines if line.verdict != "blank"]
    refused = [line for line in said if line.verdict == "refused"]
    wholly = file.unreadable_zh is not None or (refused and len(refused) == len(said))
    verdict = "refused" if wholly else "partly" if refused else "accepted"
    connection.execute(
        "insert into raw.arrival (arrival_id, feed, department_text, filename, sha256, size_bytes, received_at)"
        " values (%s, %s, %s, %s, %s, 1, %s)",
        (arrival, file.feed, file.department, f"{arrival}.xlsx", f"{file.number:064d}", file.received_at),
    )
    connection.execute(
        "insert into raw.batch (batch_id, arrival_id, feed, raw_table, rows_read) values (%s, %s, %s, %s, %s)",
        (batch, arrival, file.feed, f"{file.feed}_row", len(file.lines)),
    )
    connection.execute(
        "insert into gate.run (gate_run_id, batch_id, suite, suite_hash, catalogue_hash, verdict, rows_in,"
        " rows_accepted, rows_refused, rows_blank, warnings) values (%s, %s, 's', 'h', 'c', %s, %s, %s, %s, %s, 0)",
        (run, batch, verdict, len(said), len(said) - len(refused), len(refused), len(file.lines) - len(said)),
    )
    if file.unreadable_zh is not None:
        connection.execute(
            "insert into gate.failing_row (gate_run_id, rule_code, severity, scope, line_no, reason_zh, advice_zh)"
            " values (%s, 'file_readable', 'critical', 'batch', -1, %s, '请重新发送')",
            (run, file.unreadable_zh),
        )
    for line_no, line in enumerate(file.lines, start=1):
        start, end = _span(line.period)
        cell = f"D{line_no + 4}"
        connection.execute(
            "insert into gate.item_value (gate_run_id, batch_id, line_no, feed, source_kind, department_code,"
            " item_code, area_code, period, period_start, period_end, value, unit, state, verdict, marked, value_text,"
            " unit_text, remarks_text, source_text, sheet, cell)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '填报', %s)",
            (
                run, batch, line_no, file.feed, file.source_kind, file.department, line.item, line.area, line.period,
                start, end, line.value, line.unit, line.state, line.verdict, line.marked,
                line.value_text if line.value_text is not None else str(line.value), line.unit_text, line.remarks,
                line.source, cell,
            ),
        )  # fmt: skip
        if line.reason_zh is not None:
            severity = "critical" if line.verdict == "refused" else "warning"
            connection.execute(
                "insert into gate.failing_row (gate_run_id, rule_code, severity, scope, line_no, sheet, cell,"
                " item_code, value_text, reason_zh, advice_zh)"
                " values (%s, 'hard_range', %s, 'row', %s, '填报', %s, %s, %s, %s, '请核对')",
                (run, severity, line_no, cell, line.item, str(line.value), line.reason_zh),
            )


def _span(period: str | None) -> tuple[date | None, date | None]:
    if period is None:
        return None, None
    if len(period) == 4:
        return date(int(period), 1, 1), date(int(period), 12, 31)
    return date.fromisoformat(period), date.fromisoformat(period)
