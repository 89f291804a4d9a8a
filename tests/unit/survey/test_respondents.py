"""What respondents' rows say before any rule: who is who, and what a weight is."""

from __future__ import annotations

from datetime import date

import pytest

from cityhealth.quality.survey import _is_later, respondent_key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("14050020010100001", "14050020010100002", False), ("001", "1", False), ("r1", "R1", False),
        ("1.0", "1", True), (" Ｒ１ ", "R1", True), ("9007199254740993.0", "9007199254740993", False),
        ("1.50", "1.5", False),
    ],
)  # fmt: skip
def test_numbers_of_respondents_are_texts_and_no_two_people_become_one(one: str, other: str, same: bool) -> None:
    assert (respondent_key(one) == respondent_key(other)) == same


@pytest.mark.parametrize(
    ("wave", "later"),
    [("2021-12", True), ("2021-11-street", True), ("2022", True), ("2021-10", False), ("2021", False)],
)
def test_a_wave_whose_month_has_not_begun_is_not_over(wave: str, later: bool) -> None:
    assert _is_later(wave, date(2021, 10, 8)) == later
