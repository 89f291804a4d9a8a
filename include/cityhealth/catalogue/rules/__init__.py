"""What must hold between the rows of a catalogue: each rule is a function from a :class:`Book` to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.rules import (
    comparing,
    cycle,
    formulas,
    keys,
    measured,
    problems,
    references,
    system,
    validity,
    values,
)
from cityhealth.catalogue.rules.book import Book

Rule = Callable[[Book], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    keys.keys_are_unique,
    keys.names_are_unique,
    references.references_exist,
    references.area_scopes_exist,
    references.indicators_exist_in_their_year,
    references.every_block_has_one_lead,
    formulas.formulas_are_complete,
    formulas.units_fit,
    formulas.items_cover_the_formula,
    formulas.reported_values_are_asked_for,
    formulas.items_have_a_use,
    values.limits_are_ordered,
    values.wholes_can_be_compared,
    values.factors_agree,
    values.targets_can_be_scored,
    values.grades_leave_no_gap,
    values.corrections_say_what_to_do,
    values.priorities_are_distinct,
    validity.intervals_run_forwards,
    validity.areas_do_not_overlap,
    validity.hierarchy_holds,
    system.systems_are_whole,
    system.indicators_are_known_or_listed,
    system.local_indicators_are_not_official,
    system.numbers_are_distinct,
    comparing.compared_indicators_exist,
    comparing.same_series_are_known_ones,
    comparing.systems_are_compared,
    comparing.nothing_without_a_mark_goes_out,
    cycle.campaigns_follow_each_other,
    cycle.campaigns_have_due_dates,
    cycle.assessment_is_whole,
    measured.kinds_are_of_their_feed,
    measured.measurements_can_be_made,
    measured.an_item_is_measured_once_per_feed,
    measured.warnings_are_cleared_beyond_their_limits,
    measured.warnings_watch_a_series,
    problems.problem_rules_can_be_met,
)

__all__ = ["RULES", "Book", "Rule"]
