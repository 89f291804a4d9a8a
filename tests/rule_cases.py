"""The rules of a suite put to the proof: of each, lines that break it and lines that only come near."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from city_office import Office
from cityhealth.feeds import feed_named
from cityhealth.feeds.pipeline import batch_id_of, load_arrival
from cityhealth.quality import Judgement
from cityhealth.quality.subject import Subject
from cityhealth.quality.subjects import SUBJECTS
from cityhealth.quality.suites import Suite, load_suite
from cityhealth.settings import PROJECT_ROOT

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """How a feed's lines are written: field → the header of its column, and a line with which nothing is wrong."""

    feed: str
    raw_table: str
    headers: Mapping[str, str]
    good: Line

    def csv(self, lines: Sequence[Line]) -> bytes:
        """A table of these changes of the good line; a column that is None in all of them is left out."""
        whole = [self.good | line for line in lines]
        fields = [field for field in self.headers if any(line.get(field, "") is not None for line in whole)]
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.headers[field] for field in fields)
        writer.writerows([line.get(field) or "" for field in fields] for line in whole)
        return text.getvalue().encode()

    @property
    def subject(self) -> Subject:
        return SUBJECTS[self.raw_table]

    @property
    def suite(self) -> Suite:
        return load_suite(PROJECT_ROOT / "expectations" / f"{self.raw_table}.yml", self.subject)


@dataclass(frozen=True)
class Case:
    """Lines (the good one with changes, or a file of its own) of a department, and the numbers of those that must fail.

    Without ``received_at`` it comes in after the one before it.
    """

    lines: tuple[Line, ...] = ()
    failing: tuple[int, ...] = ()
    department: str | None = "planning"
    filename: str | None = None
    received_at: datetime | None = None
    data: bytes | None = None
    attachments: tuple[str | tuple[str, bytes], ...] = ("原始数据.pdf",)


#: rule → (what breaks it, what comes near and does not).
Rules = Mapping[str, tuple[Case, Case]]


@dataclass(frozen=True)
class Trial:
    """Everything judged, all in one call: the judgement of each case, and the office to ask."""

    office: Office
    form: Form
    rules: Rules
    judgements: Mapping[tuple[str, bool], Judgement]

    def failing_lines(self, rule: str, breaks: bool) -> list[int | None]:
        rows = self.office.ask(
            "select line_no from gate.failing_row where gate_run_id = %s and rule_code = %s order by line_no",
            self.judgements[rule, breaks].gate_run_id,
            rule,
        )
        return [row[0] for row in rows]

    def verdicts(self, rule: str, breaks: bool) -> dict[int, tuple[str, bool]]:
        """Of each line its verdict and whether it is marked."""
        rows = self.office.ask(
            f"select line_no, verdict, marked from gate.{self.form.subject.gate_table} where gate_run_id = %s",
            self.judgements[rule, breaks].gate_run_id,
        )
        return {line: (verdict, marked) for line, verdict, marked in rows}

    def assert_just_those_fail(self, rule: str) -> None:
        """The rule finds the lines that break it and no other."""
        assert self.failing_lines(rule, breaks=True) == list(self.rules[rule][0].failing)
        assert self.failing_lines(rule, breaks=False) == []

    def assert_refused_or_marked(self, rule: str) -> None:
        """Lines that break a critical rule are refused, a warning lets them through marked, the others are kept."""
        critical = self.form.suite.rules[rule].severity == "critical"
        expected = ("refused", False) if critical else ("accepted", True)
        verdicts = self.verdicts(rule, breaks=True)
        failing = self.rules[rule][0].failing
        assert {verdicts[line] for line in failing} == {expected}
        others = set(verdicts) - set(failing)
        assert {verdicts[line][0] for line in others} <= {"accepted", "blank"}

    def assert_rows_add_up(self) -> None:
        """Rows in are the accepted and the refused in every batch, and all are kept."""
        table, notes = self.form.subject.gate_table, f"raw.{self.form.raw_table}"
        rows = self.office.ask(
            "select run.rows_in, run.rows_accepted, run.rows_refused, run.rows_blank, batch.rows_read,"
            " count(*) filter (where line.verdict = 'accepted'), count(*) filter (where line.verdict = 'refused'),"
            " count(line.line_no),"
            f" (select count(*) from {notes} as raw where raw.batch_id = batch.batch_id and raw.row_kind = 'note')"
            f" from gate.run join raw.batch using (batch_id) left join gate.{table} as line using (gate_run_id)"
            " group by run.gate_run_id, batch.batch_id"
        )
        assert len(rows) == len(self.judgements)
        for rows_in, accepted, refused, blank, read, kept_accepted, kept_refused, kept, notes_read in rows:
            assert rows_in == accepted + refused
            assert (kept_accepted, kept_refused, kept) == (accepted, refused, rows_in + blank)
            assert read == rows_in + blank + notes_read

    def assert_judged_alone_as_together(self, other: Office, names: Sequence[str]) -> None:
        """Each of these cases has the same judgement, lines and receipt in an office that judges it by itself."""
        batches = [self.judgements[name, True].batch_id for name in names]
        feed = feed_named(self.form.feed, self.office.settings)
        for arrival in reversed(self.office.landing.arrivals(feed.name)):
            if batch_id_of(arrival) in batches:
                other.landing = self.office.landing
                other.judge(load_arrival(other.warehouse, other.landing, feed, arrival).batch_id)
        together, alone = (self._kept(office, batches) for office in (self.office, other))
        assert len(together["run"]) == len(names) and all(together.values())
        assert alone == together

    def _kept(self, office: Office, batches: Sequence[str]) -> dict[str, list[tuple]]:
        run = "(gate_run_id, verdict, rows_in, rows_accepted, rows_refused, rows_blank, warnings, receipt_sha256)"
        return {
            table: office.ask(
                f"select {run if table == 'run' else 't'}::text from gate.{table} as t where gate_run_id in"
                " (select gate_run_id from gate.run where batch_id = any(%s)) order by 1",
                batches,
            )
            for table in ("run", "result", "failing_row", self.form.subject.gate_table)
        }

    def assert_every_text_is_filled_in(self) -> None:
        """Of every rule there is a reason with advice, and no placeholder or absent value in it."""
        texts = self.office.ask("select distinct rule_code, reason_zh || advice_zh from gate.failing_row")
        assert {code for code, _ in texts} - {"file_readable"} == set(self.rules)
        for code, text in texts:
            for hole in ("{", "None", "nan", "「」"):
                assert hole not in text, (code, text)


def judged_cases(office: Office, form: Form, rules: Rules, more: Mapping[str, Case] = {}) -> Trial:
    """All cases (``more``: by name, beside those of the rules), judged in one call."""
    cases = {
        (rule, breaks): case for rule, pair in rules.items() for breaks, case in zip((True, False), pair, strict=True)
    }
    cases |= {(name, True): case for name, case in more.items()}
    batches = [
        office.receive(
            case.data or form.csv(case.lines), case.filename or f"{name}_{breaks}.csv", case.department, form.feed,
            case.received_at, case.attachments,
        )
        for (name, breaks), case in cases.items()
    ]  # fmt: skip
    return Trial(office, form, rules, dict(zip(cases, office.judge(*batches), strict=True)))


def assert_every_rule_has_a_case(form: Form, row_rules: Rules, batch_rules: Rules) -> None:
    rules = form.suite.rules.items()
    assert {code for code, rule in rules if rule.scope == "row"} == set(row_rules)
    assert {code for code, rule in rules if rule.scope == "batch"} == set(batch_rules)
