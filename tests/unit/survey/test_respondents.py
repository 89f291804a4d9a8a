"""What respondents' rows say before any rule: who is who, and what a weight is."""

from __future__ import annotations

import pytest

from cityhealth.quality.survey import respondent_key


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
