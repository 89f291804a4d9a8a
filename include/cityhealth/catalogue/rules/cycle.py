"""The half-month cycle: campaigns that follow each other, and an assessment whose rules are all there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.rules.book import Book
from cityhealth.errors import Place

#: What the summary asks of grading.csv, by kind.
ASSESSMENT: Mapping[str, tuple[str, ...]] = {
    "points": ("timeliness", "completeness", "indicator_coverage", "corrections"),
    "credit": ("on_time", "same_day_late", "late", "missing"),
    "progress": ("correction_deduction", "repeated_text", "same_problem", "reworded_problem"),
}
_SHARES = ("repeated_text", "same_problem", "reworded_problem")


def campaigns_follow_each_other(book: Book) -> Iterator[Finding]:
    """No due date belongs to two campaigns, since it names its period; each campaign belongs to an examination."""
    examinations = {(e.row.system, e.row.year) for e in book.examinations}
    latest = {(p.row.system, p.row.year): p for p in book.tables["campaign.csv"]}
    in_order = sorted(latest.values(), key=lambda placed: placed.row.first_due)
    for placed in in_order:
        if (placed.row.system, placed.row.year) not in examinations:
            yield placed.finding("year", f"examination.csv 中没有「{placed.row.system} {placed.row.year}」的体检")
    for earlier, later in pairwise(in_order):
        if later.row.first_due <= earlier.row.last_due:
            yield later.finding("first_due", f"{later.row.first_due} 不晚于第 {earlier.line} 行的 last_due")


def campaigns_have_due_dates(book: Book) -> Iterator[Finding]:
    """The first and the last due date are days on which reports are due."""
    for placed in book.tables["campaign.csv"]:
        for column in ("first_due", "last_due"):
            day = getattr(placed.row, column)
            if day.day not in placed.row.due_days:
                shown = "、".join(map(str, placed.row.due_days))
                yield placed.finding(column, f"{day} 不是报送日（每月 {shown} 日）")


def assessment_is_whole(book: Book) -> Iterator[Finding]:
    """Every rule of the departments' assessment is there and has a parameter; credits and thresholds are shares."""
    placed_rows = [p for p in book.tables["grading.csv"] if p.row.kind in ASSESSMENT]
    for kind, codes in ASSESSMENT.items():
        known = {p.row.code for p in placed_rows if p.row.kind == kind}
        for code in codes:
            if code not in known:
                yield Finding(Place("grading.csv", column="code"), f"缺少考核规则「{kind} {code}」")
    for placed in placed_rows:
        parameter = placed.row.parameter
        if parameter is None or parameter < 0:
            yield placed.finding("parameter", "考核规则须填写不小于 0 的数值")
        elif parameter > 1 and (placed.row.kind == "credit" or placed.row.code in _SHARES):
            yield placed.finding("parameter", f"应为 0 至 1 之间的比例，写的是 {parameter}")
