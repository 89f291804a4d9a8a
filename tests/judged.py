"""What the gate said of files, beside what they were made for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cityhealth.landing import Arrival
from cityhealth.sample_city import SampleFile
from cityhealth.warehouse.connections import Warehouse


@dataclass(frozen=True)
class Judged:
    """What the gate said of one file. ``rules`` counts failing rows by rule code."""

    file: SampleFile
    verdict: str
    rows_in: int
    rows_accepted: int
    rows_refused: int
    read_error: str | None
    rules: Counter[str]


def judged_files(warehouse: Warehouse, files: Sequence[SampleFile], arrivals: Sequence[Arrival]) -> list[Judged]:
    """The current judgement of each file; ``arrivals`` are theirs, in the same order."""
    with warehouse.connect("loader") as connection:
        runs = {
            row[0]: row[1:]
            for row in connection.execute(
                "select current_run.arrival_id, verdict, rows_in, rows_accepted, rows_refused,"
                " current_run.read_error_code"
                " from gate.current_run join raw.batch using (batch_id) where raw_table <> 'measured_value'"
            ).fetchall()
        }
        failing = connection.execute(
            "select run.arrival_id, failing.rule_code, count(*) from gate.current_failing_row as failing"
            " join gate.current_run as run on run.gate_run_id = failing.gate_run_id group by 1, 2"
        ).fetchall()
    rules: dict[str, Counter[str]] = {}
    for arrival_id, rule, count in failing:
        rules.setdefault(arrival_id, Counter())[rule] = count
    return [
        Judged(file, *runs[arrival.arrival_id], rules=rules.get(arrival.arrival_id, Counter()))
        for file, arrival in zip(files, arrivals, strict=True)
    ]


def assert_verdicts(judged: Sequence[Judged]) -> None:
    """Every file has the verdict, the reading error and the number of refused rows that it was made for."""
    said = {j.file.filename + str(j.file.received_at): (j.verdict, j.read_error, j.rows_refused) for j in judged}
    expected = {
        file.filename + str(file.received_at): (file.expected.verdict, file.expected.read_error, file.expected.refused)
        for file in (j.file for j in judged)
    }
    assert said == expected


def assert_rules(judged: Sequence[Judged]) -> None:
    """Every planted error is found by its rule."""
    for j in judged:
        planted = Counter(j.file.expected.rules)
        assert planted - j.rules == Counter(), (j.file.filename, planted - j.rules)


def assert_rows_add_up(judged: Sequence[Judged]) -> None:
    """Rows in are rows accepted and rows refused."""
    assert all(j.rows_in == j.rows_accepted + j.rows_refused for j in judged)
