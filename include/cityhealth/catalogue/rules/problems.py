"""When something is a problem: conditions that can be asked of their source, with a threshold that can be met."""

from __future__ import annotations

from collections.abc import Iterator

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.rules.book import Book

#: Source → the conditions that can be asked of it.
CONDITIONS = {
    "indicator": ("bottom_line", "score_below", "decline_above"),
    "survey": ("satisfaction_below",),
    "third_party": ("score_below",),
    "peer": ("worse_than_median",),
}
#: Condition → the largest threshold that makes sense: points of a hundred, or a share.
_HIGHEST = {"score_below": 100, "satisfaction_below": 100, "decline_above": 10, "worse_than_median": 10}


def problem_rules_can_be_met(book: Book) -> Iterator[Finding]:
    """A rule asks of its source what that source says, and states a threshold where there is one."""
    for placed in book.tables["problem_rules.csv"]:
        rule = placed.row
        if rule.condition not in CONDITIONS[rule.source]:
            yield placed.finding(
                "condition", f"来源 {rule.source} 的条件应为 {'、'.join(CONDITIONS[rule.source])} 之一"
            )
        highest = _HIGHEST.get(rule.condition)
        if highest is None and rule.threshold is not None:
            yield placed.finding("threshold", f"条件 {rule.condition} 不用界限，应为空")
        elif highest is not None and (rule.threshold is None or not 0 < rule.threshold <= highest):
            yield placed.finding("threshold", f"应大于 0、不大于 {highest}")
