"""Numbers and texts as officials write them: rounded as Excel rounds, nothing where nothing is known."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, strategies as st

from cityhealth.reports import wording as zh
from cityhealth.settings import CITY_TIMEZONE


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.25, "12.3"), (12.35, "12.4"), (0.05, "0.1"), (-0.04, "0.0"), (-0.05, "-0.1"), (100.0, "100.0"), (None, "—")],
)
def test_numbers_have_one_decimal_rounded_half_up(value: float | None, text: str) -> None:
    assert zh.number(value) == text


def test_what_is_not_known_is_never_a_zero() -> None:
    for write in (zh.number, zh.percent, zh.rate, zh.change, zh.figure, zh.day, zh.month_day, zh.moment, zh.said):
        assert write(None) == "—"


@pytest.mark.parametrize(
    ("value", "text"), [(4.06, "+4.1"), (-0.5, "-0.5"), (0.0, "0.0"), (0.04, "0.0"), (-0.04, "0.0")]
)
def test_a_change_has_a_sign_unless_it_is_none(value: float, text: str) -> None:
    assert zh.change(value) == text


def test_changes_and_dates_are_said_as_officials_say_them() -> None:
    assert [zh.moved(value) for value in (4.06, -0.5, 0.01)] == ["提高4.1个百分点", "下降0.5个百分点", "持平"]
    moment = datetime(2021, 6, 5, 18, tzinfo=CITY_TIMEZONE)
    assert (zh.day(date(2021, 6, 5)), zh.moment(moment), zh.short_moment(moment)) == (
        "2021年6月5日",
        "2021年6月5日18:00",
        "6月5日18:00",
    )
    assert zh.period_day("2021-12-20") == "12月20日"


@pytest.mark.parametrize(("number", "text"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (31, "三十一")])
def test_headings_are_counted_in_chinese(number: int, text: str) -> None:
    assert zh.counted(number) == text


@pytest.mark.parametrize(
    ("value", "text"), [(12.34567, "12.3457"), (70.0, "70"), (0.00001, "1e-05"), (2194545.0, "2194545")]
)
def test_a_small_value_is_not_rounded_to_zero(value: float, text: str) -> None:
    assert zh.figure(value) == text


@given(st.decimals(min_value=-100, max_value=100, places=4))
def test_a_percent_is_the_value_rounded(value: Decimal) -> None:
    rounded = value.quantize(Decimal("0.1"), ROUND_HALF_UP)
    assert Decimal(zh.percent(float(value)).rstrip("%")) == rounded


@given(st.text(st.characters(codec="utf-8")))
def test_said_text_is_one_line_that_any_document_may_hold(text: str) -> None:
    said = zh.said(text)
    assert said and said == said.strip()
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") or c in "\ufffe\uffff" for c in said)


def test_a_long_text_is_cut_and_says_where_the_rest_is() -> None:
    assert zh.said("问题" * 100, 10) == "问题" * 5 + "……（全文见附表）"
    assert zh.said("问题", 2) == "问题"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("完成汇总", "完成汇总。"),
        ("完成汇总。", "完成汇总。"),
        ("一是汇总；二是上报；", "一是汇总；二是上报。"),
        ("Finish.", "Finish。"),
        ("汇总！\n", "汇总！"),
        ("长" * 12, f"{'长' * 10}……（全文见附表）。"),
        (" ", "—"),
        (None, "—"),
    ],
)
def test_what_a_department_wrote_is_a_sentence(text: str | None, shown: str) -> None:
    assert zh.sentence(text, 10) == shown
