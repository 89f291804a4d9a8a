"""Telephone and identity numbers in what people wrote: found in any spelling, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from cityhealth.survey.masking import ID_MASK, PHONE_MASK, identity_number, is_identity_number, mask, pseudonym

#: The specimen of GB 11643—1999.
SPECIMEN = "11010519491231002X"


@pytest.mark.parametrize(
    "written",
    ["13900139000", "139 0013 9000", "139-0013-9000", "１３９００１３９０００", "+8613900139000", "86 13900139000",
     "0356-2212345", "010-62345678", "14700139000", "(0356)2123456", "（0356） 2123456", "0356—2123456",
     "0356-212 3456", "139.0000.1234", "139—0000—1234", "139  0000  1234", "1390 0001 234",
     "139\u200b0000\u200b1234", "139\u00a00000\u00a01234", "139·0000·1234"],
)  # fmt: skip
def test_a_telephone_number_is_masked_however_it_is_written(written: str) -> None:
    assert mask(f"请打{written}找我") == (f"请打{PHONE_MASK}找我", 1, 0)


@pytest.mark.parametrize(
    "written",
    [
        SPECIMEN,
        SPECIMEN.lower(),
        "110105 19491231 002X",
        "110105.1949—1231 002X",
        "１１０１０５１９４９１２３１００２Ｘ",
    ],
)
def test_an_identity_number_is_masked_however_it_is_written(written: str) -> None:
    assert mask(f"我是{written}。") == (f"我是{ID_MASK}。", 0, 1)


@pytest.mark.parametrize(
    "written",
    ["110105194912310021", "1390013900", "139001390001", "14050201001", "订单12345678901234567890", "2021-06-28",
     "2021.06.28", "0.1250",
     "5000.00", "140502001001"],
)  # fmt: skip
def test_other_numbers_stay(written: str) -> None:
    assert mask(written) == (written, 0, 0)


def test_several_numbers_of_a_text_are_counted_each() -> None:
    found = mask(f"13900139000，{SPECIMEN}，13800138000、没了")
    assert found == (f"{PHONE_MASK}，{ID_MASK}，{PHONE_MASK}、没了", 2, 1)


@given(st.from_regex(r"[1-9]\d{16}", fullmatch=True))
def test_a_check_digit_makes_an_identity_number_and_any_other_does_not(places: str) -> None:
    right = identity_number(places)
    assert is_identity_number(right)
    others = {places + digit for digit in "0123456789X"} - {right}
    assert not any(is_identity_number(other) for other in others)


@given(st.text(), st.from_regex(r"1[3-9]\d{9}", fullmatch=True).filter(lambda n: n[:2] != "14"), st.text())
def test_no_telephone_number_is_left_in_any_text(before: str, number: str, after: str) -> None:
    # Digits that touch it make another number of it.
    text = f"{before} ，{number}， {after}"
    assert number not in mask(text).text


def test_a_pseudonym_is_the_same_for_one_salt_only() -> None:
    one = pseudonym("13900139000", "a")
    assert one == pseudonym(" 13900139000 ", "a") != pseudonym("13900139000", "b")
    assert "139" not in one.removeprefix("p-")[:3] and mask(one).phones == 0
