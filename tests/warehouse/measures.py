"""Lists of measures and notes of interviews as the gate leaves them, written by SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

import psycopg
from cities import moment

from cityhealth.warehouse.connections import Warehouse

#: Apart from those of `cities`.
_numbers = count(500_001)


@dataclass(frozen=True)
class Measure:
    """One measure against a problem; ``number`` counts those of one owner."""

    problem: str
    owner: str
    status: str
    percent: float | None = None
    deadline: str | None = "2021-09-30"
    on: str | None = None
    number: int = 1
    text: str = "整改"
    milestones: Sequence[tuple[str, str]] = ()
    verdict: str = "accepted"

    @property
    def measure_id(self) -> str:
        return f"{self.problem}/{self.owner}/{self.number}"


@dataclass(frozen=True)
class Note:
    """One note of an interview."""

    note_id: str
    text: str
    problem: str | None = None
    indicator: str | None = None
    area: str | None = None
    on: str = "2021-06-22"


@dataclass(frozen=True)
class List_:
    """A list of measures or of notes, received at a moment of the city's time."""

    received: str
    lines: Sequence[Measure | Note]
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def received_at(self) -> datetime:
        return moment(self.received)


def hand_in_lists(warehouse: Warehouse, *lists: List_) -> None:
    """Write lists into raw and gate, as the loader role."""
    with warehouse.connect("loader") as connection:
        for one in lists:
            _write(connection, one)


def _write(connection: psycopg.Connection, one: List_) -> None:
    arrival, batch, run = (f"{kind}-{one.number:06d}" for kind in ("arrival", "batch", "run"))
    notes = isinstance(one.lines[0], Note)
    feed, table = ("interview", "interview_note") if notes else ("rectification", "rectification_line")
    refused = sum(getattr(line, "verdict", "") == "refused" for line in one.lines)
    connection.execute(
        "insert into raw.arrival (arrival_id, feed, filename, sha256, size_bytes, received_at)"
        " values (%s, %s, %s, %s, 1, %s)",
        (arrival, feed, f"{arrival}.xlsx", f"{one.number:064d}", one.received_at),
    )
    connection.execute(
        "insert into raw.batch (batch_id, arrival_id, feed, raw_table, rows_read) values (%s, %s, %s, %s, %s)",
        (batch, arrival, feed, table, len(one.lines)),
    )
    connection.execute(
        "insert into gate.run (gate_run_id, batch_id, suite, suite_hash, catalogue_hash, verdict, rows_in,"
        " rows_accepted, rows_refused, rows_blank, warnings) values (%s, %s, 's', 'h', 'c', %s, %s, %s, %s, 0, 0)",
        (run, batch, "partly" if refused else "accepted", len(one.lines), len(one.lines) - refused, refused),
    )
    for line_no, line in enumerate(one.lines, start=1):
        if isinstance(line, Note):
            connection.execute(
                "insert into gate.interview_note (gate_run_id, batch_id, line_no, note_id, held_on, place_text,"
                " area_code, indicator_code, problem_id, note_text, verdict, marked, sheet, cell)"
                " values (%s, %s, %s, %s, %s, '某小区', %s, %s, %s, %s, 'accepted', false, '记录', %s)",
                (run, batch, line_no, line.note_id, line.on, line.area, line.indicator, line.problem, line.text,
                 f"A{line_no + 1}"),
            )  # fmt: skip
            continue
        steps = json.dumps([{"due": due, "text": text} for due, text in line.milestones])
        connection.execute(
            "insert into gate.rectification_line (gate_run_id, batch_id, line_no, sender_department, measure_id,"
            " problem_id, owner_department, measure_text, deadline, milestones, status, percent, report_date, verdict,"
            " marked, sheet, cell)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false, '整改措施清单', %s)",
            (run, batch, line_no, line.owner, line.measure_id, line.problem, line.owner, line.text, line.deadline,
             steps, line.status, line.percent, line.on or one.received_at.date(), line.verdict, f"A{line_no + 1}"),
        )  # fmt: skip


@dataclass(frozen=True)
class Wave:
    """What was estimated of a wave when a file of it had been received: question → (indicator, area, points, upper)."""

    wave: str
    received: str
    estimates: Sequence[tuple[str, str | None, str, float, float]]
    survey: str = "居民满意度"
    asked: str = "问题{}"
    number: int = field(default_factory=lambda: next(_numbers))


def hand_in_waves(warehouse: Warehouse, *waves: Wave) -> None:
    """Write results of surveys, as the loader role."""
    with warehouse.connect("loader") as connection:
        for one in waves:
            arrival, received = f"arrival-{one.number:06d}", moment(one.received)
            connection.execute(
                "insert into raw.arrival (arrival_id, feed, filename, sha256, size_bytes, received_at)"
                " values (%s, 'survey', '问卷.csv', %s, 1, %s)",
                (arrival, f"{one.number:064d}", received),
            )
            connection.execute(
                "insert into ops.survey_result (result_key, wave, received_at, arrival_id, filename, sha256, survey_zh,"
                " files, filenames, handed_in, accepted, refused, superseded, masked_phone, masked_id, weighted,"
                " method_zh) values (%s, %s, %s, %s, '问卷.csv', '', %s, 1, '问卷.csv', 500, 500, 0, 0, 0, 0,"
                " false, '')",
                (arrival, one.wave, received, arrival, one.survey),
            )
            for question, indicator, area, points, upper in one.estimates:
                connection.execute(
                    "insert into ops.survey_estimate (result_key, subject_kind, subject_code, subject_zh,"
                    " dimension_code, indicator_code, area_code, group_kind, group_zh, answers, satisfaction,"
                    " ci_high, suppressed)"
                    " values (%s, 'question', %s, %s, 'INC', %s, %s, 'all', '全部', 500, %s, %s, false)",
                    (arrival, question, one.asked.format(question), indicator, area, points, upper),
                )
