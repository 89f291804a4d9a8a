"""Who is silent, and what goes wrong, in which period: the same in every campaign, so that a test can say what for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cityhealth.sample_city.files import ReportOddity

_HABITS = (
    ReportOddity.TEMPLATE,
    ReportOddity.TEMPLATE,
    ReportOddity.WORD_HEADINGS,
    ReportOddity.RETYPED,
    ReportOddity.WORD_FORM,
    ReportOddity.TEMPLATE,
    ReportOddity.TEMPLATE,
    ReportOddity.RETYPED,
    ReportOddity.WORD_TABLE,
)


@dataclass(frozen=True)
class Incident:
    """In the period of that ``number`` this happens to the ``nth`` department of a habit (counted from 0)."""

    number: int
    oddity: ReportOddity
    habit: ReportOddity
    nth: int


#: Most of it in the first six periods, which the demo shows.
INCIDENTS: Sequence[Incident] = tuple(
    Incident(number, oddity, habit, nth)
    for number, oddity, habit, nth in (
        (1, ReportOddity.SAME_DAY_LATE, ReportOddity.TEMPLATE, 3),
        (1, ReportOddity.NO_PERIOD, ReportOddity.RETYPED, 1),
        (2, ReportOddity.ENCRYPTED, ReportOddity.WORD_TABLE, 0),
        (2, ReportOddity.FUTURE_PERIOD, ReportOddity.TEMPLATE, 5),
        (2, ReportOddity.TASK_OF_ANOTHER, ReportOddity.RETYPED, 2),
        (2, ReportOddity.LATE, ReportOddity.TEMPLATE, 7),
        (3, ReportOddity.OLD_WORD, ReportOddity.WORD_HEADINGS, 0),
        (3, ReportOddity.UNKNOWN_PERIOD, ReportOddity.RETYPED, 3),
        (3, ReportOddity.TRACKED_CHANGES, ReportOddity.WORD_HEADINGS, 1),
        (3, ReportOddity.SENT_TWICE, ReportOddity.TEMPLATE, 1),
        (4, ReportOddity.PERCENT_TOO_LARGE, ReportOddity.RETYPED, 0),
        (4, ReportOddity.NESTED_TABLE, ReportOddity.WORD_TABLE, 1),
        (4, ReportOddity.FELL_WITHOUT_REASON, ReportOddity.TEMPLATE, 2),
        (4, ReportOddity.LATE, ReportOddity.WORD_FORM, 0),
        (5, ReportOddity.REPEATED_TEXT, ReportOddity.TEMPLATE, 4),
        (5, ReportOddity.MISSING_HEADINGS, ReportOddity.WORD_HEADINGS, 2),
        (5, ReportOddity.FULL_WIDTH_PERCENT, ReportOddity.RETYPED, 2),
        (5, ReportOddity.SHARE, ReportOddity.TEMPLATE, 0),
        (5, ReportOddity.FELL_WITH_REASON, ReportOddity.WORD_FORM, 1),
        (6, ReportOddity.PICTURE, ReportOddity.WORD_HEADINGS, 0),
        (6, ReportOddity.TENTHS, ReportOddity.WORD_TABLE, 2),
        (6, ReportOddity.SENT_TWICE, ReportOddity.WORD_TABLE, 0),
        (6, ReportOddity.SAME_DAY_LATE, ReportOddity.RETYPED, 4),
        (9, ReportOddity.LATE, ReportOddity.TEMPLATE, 6),
        (10, ReportOddity.FELL_WITHOUT_REASON, ReportOddity.RETYPED, 1),
        (11, ReportOddity.SENT_TWICE, ReportOddity.WORD_HEADINGS, 1),
        (12, ReportOddity.REPEATED_TEXT, ReportOddity.WORD_HEADINGS, 0),
        (13, ReportOddity.LATE, ReportOddity.RETYPED, 3),
        (15, ReportOddity.FELL_WITH_REASON, ReportOddity.TEMPLATE, 8),
        (17, ReportOddity.REPEATED_TEXT, ReportOddity.RETYPED, 0),
        (19, ReportOddity.TENTHS, ReportOddity.TEMPLATE, 2),
        (19, ReportOddity.FULL_WIDTH_PERCENT, ReportOddity.WORD_HEADINGS, 1),
        (20, ReportOddity.SAME_DAY_LATE, ReportOddity.WORD_TABLE, 1),
        (24, ReportOddity.DONE, ReportOddity.RETYPED, 4),
    )
)


def habits(codes: Sequence[str]) -> Mapping[str, ReportOddity]:
    """How each department writes its reports: two in three as a workbook, one in three with Word."""
    return {code: _HABITS[index % len(_HABITS)] for index, code in enumerate(codes)}


def incidents(codes: Sequence[str]) -> Mapping[tuple[str, int], ReportOddity]:
    """(department, period number) → what happens; a department too few is left out."""
    by_habit: dict[ReportOddity, list[str]] = {}
    for code, habit in habits(codes).items():
        by_habit.setdefault(habit, []).append(code)
    return {
        (by_habit[incident.habit][incident.nth], incident.number): incident.oddity
        for incident in INCIDENTS
        if incident.nth < len(by_habit.get(incident.habit, ()))
    }


def silent(codes: Sequence[str], number: int) -> frozenset[str]:
    """Who sends nothing for a period: one department, in every third period two; nobody to whom something happens then
    or in the next one, which is compared with this."""
    happens = incidents(codes)
    able = [code for code in codes if (code, number) not in happens and (code, number + 1) not in happens]
    return frozenset(able[(5 * number + 11 * nth) % len(able)] for nth in range(2 if number % 3 == 0 else 1))
