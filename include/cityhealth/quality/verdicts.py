"""From failing lines to a verdict per line and per batch, and to findings in words. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from cityhealth.quality.batch import BATCH_LINE, BatchFacts, Candidates
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.subject import Subject
from cityhealth.quality.suites import Rule, Scope, Severity, Suite

Verdict = Literal["accepted", "partly", "refused"]


@dataclass(frozen=True)
class Finding:
    """One line (or duty, or the whole batch: ``line_no`` None) that fails one rule, in the department's language."""

    rule_code: str
    severity: Severity
    scope: Scope
    line_no: int | None
    sheet: str | None
    cell: str | None
    item_code: str | None
    item_zh: str
    value_text: str | None
    reason_zh: str
    advice_zh: str


@dataclass(frozen=True)
class Result:
    """One rule over one batch."""

    rule: Rule
    failing_count: int


@dataclass(frozen=True)
class Judged:
    """``rows``: the lines handed in, with verdict (accepted, refused, blank) and marked.

    Always rows_in = rows_accepted + rows_refused; blank lines are counted beside.
    """

    rows: pd.DataFrame
    findings: Sequence[Finding]
    results: Sequence[Result]
    verdict: Verdict

    def count(self, verdict: str) -> int:
        return int((self.rows["verdict"] == verdict).sum()) if len(self.rows) else 0

    @property
    def rows_in(self) -> int:
        return len(self.rows) - self.count("blank")

    @property
    def warnings(self) -> int:
        return sum(finding.severity == "warning" for finding in self.findings)


def judge_lines(
    candidates: Candidates,
    failing: Mapping[str, Sequence[int]],
    suite: Suite,
    subject: Subject,
    batch: BatchFacts,
    lookup: Lookup,
) -> Judged:
    """Turn the failing lines of each rule into verdicts.

    A line is refused if it fails a critical row rule; all lines are if the batch fails a critical batch rule. What
    stands or falls with another line (column ``refused_with``: its line_no) is refused without a finding of its own.
    """
    frame = candidates.frame
    rows = frame.loc[frame["kind"] == "row"].sort_values("line_no", ignore_index=True)
    row_rules = [rule for rule in suite.rules.values() if rule.scope == "row"]
    refused = {line for rule in row_rules if rule.severity == "critical" for line in failing[rule.code]}
    marked = {line for rule in row_rules if rule.severity == "warning" for line in failing[rule.code]}
    batch_refused = any(
        failing[rule.code] for rule in suite.rules.values() if rule.scope == "batch" and rule.severity == "critical"
    )
    blank = rows["state"] == "blank"
    bad = rows["line_no"].isin(refused) | batch_refused
    if "refused_with" in rows:
        bad |= rows["refused_with"].isin(refused)
    bad &= ~blank
    verdict = pd.Series("accepted", index=rows.index, dtype=object).mask(bad, "refused").mask(blank, "blank")
    rows = rows.assign(verdict=verdict, marked=(verdict == "accepted") & rows["line_no"].isin(marked))
    findings = _findings(candidates, failing, suite, subject, batch, lookup)
    return Judged(
        rows,
        findings,
        [Result(rule, len(failing[rule.code])) for rule in suite.rules.values()],
        _overall(verdict, batch_refused),
    )


def unreadable(batch: BatchFacts, rule: Rule) -> Judged:
    """The judgement of a file that could not be read: refused, with the reader's reason and place."""
    finding = Finding(
        rule_code=rule.code, severity="critical", scope="batch", line_no=None, sheet=None, cell=None, item_code=None,
        item_zh="", value_text=batch.read_error_place, reason_zh=batch.read_error_zh or rule.reason_zh,
        advice_zh=rule.advice_zh,
    )  # fmt: skip
    rows = pd.DataFrame({"line_no": pd.Series(dtype="int64"), "verdict": pd.Series(dtype=object)})
    return Judged(rows, [finding], [Result(rule, 1)], "refused")


def _overall(verdict: pd.Series, batch_refused: bool) -> Verdict:
    """A batch of nothing but blank lines is refused by a rule of its suite, or it is not refused."""
    some_refused = bool((verdict == "refused").any())
    if batch_refused or (some_refused and not (verdict == "accepted").any()):
        return "refused"
    return "partly" if some_refused else "accepted"


def _findings(
    candidates: Candidates,
    failing: Mapping[str, Sequence[int]],
    suite: Suite,
    subject: Subject,
    batch: BatchFacts,
    lookup: Lookup,
) -> list[Finding]:
    """In the order a person works through them: the file, then its lines (critical first, and of those first what
    others stand or fall with, which a long list must not hide), then what is missing."""
    wanted = {line for lines in failing.values() for line in lines}
    frame = candidates.frame
    rows = {row["line_no"]: row for row in frame.loc[frame["line_no"].isin(wanted)].to_dict("records")}
    found = [
        _finding(rule, rows[line], subject, batch, lookup, candidates.department_code)
        for rule in suite.rules.values()
        # Duties have the numbers -2, -3 …, in the order of the form.
        for line in sorted(failing[rule.code], key=abs)
    ]
    order = {code: number for number, code in enumerate(suite.rules)}
    critical_first = {"critical": 0, "warning": 1}
    leading = set(frame["refused_with"].dropna()) if "refused_with" in frame else set()

    def place(finding: Finding) -> tuple[bool, int, bool, int, int]:
        line, severity = finding.line_no, critical_first[finding.severity]
        return finding.scope == "row", severity, line not in leading, line or 0, order[finding.rule_code]

    return sorted(found, key=place)


def _finding(
    rule: Rule, row: Mapping[Any, Any], subject: Subject, batch: BatchFacts, lookup: Lookup, department: str | None
) -> Finding:
    words = subject.words(rule.placeholders, row, batch, lookup, department)
    handed_in = row["line_no"] > BATCH_LINE
    field = subject.at_fault(rule.field, row) if rule.field else ""
    return Finding(
        rule_code=rule.code,
        severity=rule.severity,
        scope=rule.scope,
        line_no=int(row["line_no"]) if handed_in else None,
        sheet=row["sheet"] if handed_in else None,
        cell=_cell(field, row) if handed_in else None,
        item_code=_or_none(row.get("item_code")),
        item_zh="" if row["line_no"] == BATCH_LINE else subject.name_of_line(row, lookup),
        value_text=_or_none(row.get(subject.shown or field)),
        reason_zh=rule.reason_zh.format_map(words),
        advice_zh=rule.advice_zh.format_map(words),
    )


def _cell(field: str, row: Mapping[Any, Any]) -> str:
    """The cell of the field at fault, as far as the raw row knows it; else the line's own."""
    return json.loads(_or_none(row.get("cells")) or "{}").get(field) or row["cell"]


def _or_none(value: Any) -> Any:
    return None if value is None or value != value or value == "" else value
