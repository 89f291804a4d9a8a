"""Days as officials write them, with and without a year."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from cityhealth.days import read_day
from cityhealth.periods import PeriodError

JUNE_7 = date(2021, 6, 7)
_days = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2021-09-15", date(2021, 9, 15)),
        ("2021年9月15日", date(2021, 9, 15)),
        ("２０２１．９．１５", date(2021, 9, 15)),
        ("2021-09-15 00:00:00", date(2021, 9, 15)),
        ("9月15日", date(2021, 9, 15)),
        (" 9 月 15 号 ", date(2021, 9, 15)),
        ("九月十五日", date(2021, 9, 15)),
        ("十二月三十一日", date(2021, 12, 31)),
        ("十月二十日", date(2021, 10, 20)),
        ("二〇二一年九月十五日", date(2021, 9, 15)),
        ("二零二二年一月一日", date(2022, 1, 1)),
        ("9.15", date(2021, 9, 15)),
        ("9/15", date(2021, 9, 15)),
        ("9.10", date(2021, 9, 10)),
        ("9月15日前", date(2021, 9, 15)),
        ("9月15日之前办结", date(2021, 9, 15)),
        ("务必于9月15日前完成。", date(2021, 9, 15)),
        ("截至9月15日（星期三）", date(2021, 9, 15)),
        ("9月1日至9月15日", date(2021, 9, 15)),
        ("6月7日", JUNE_7),
        ("6月6日", date(2022, 6, 6)),
        ("1月15日", date(2022, 1, 15)),
        ("2月29日", date(2024, 2, 29)),
        ("2020年6月6日", date(2020, 6, 6)),
    ],
)
def test_a_day_is_read_and_without_its_year_it_is_the_first_one_from_then_on(text: str, day: date) -> None:
    read = read_day(text, JUNE_7)
    assert (read.start, read.end) == (day, day)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2021年6月", date(2021, 6, 30)),
        ("6月底", date(2021, 6, 30)),
        ("六月末前", date(2021, 6, 30)),
        ("2月份", date(2022, 2, 28)),
        ("2021年9月底前", date(2021, 9, 30)),
        ("2021年底", date(2021, 12, 31)),
        ("2021年", date(2021, 12, 31)),
    ],
)
def test_a_month_or_a_year_ends_with_its_last_day(text: str, end: date) -> None:
    assert read_day(text, JUNE_7).end == end


@pytest.mark.parametrize(
    "text",
    [
        "",
        "尽快",
        "长期",
        "9月31日",
        "13月1日",
        "13月",
        "9月15日、10月1日",
        "9月15日或20日",
        "第2期",
        "3天内",
        "9月中旬",
    ],
)
def test_what_is_no_day_is_quoted_beside_a_form_that_can_be_read(text: str) -> None:
    with pytest.raises(PeriodError, match="2021-09-15") as caught:
        read_day(text, JUNE_7)
    assert text in str(caught.value)


@pytest.mark.parametrize(("text", "said"), [("9.1", "9月10日"), ("10.3", "10月30日")])
def test_a_number_that_may_have_lost_a_zero_is_no_day(text: str, said: str) -> None:
    with pytest.raises(PeriodError, match=said):
        read_day(text, JUNE_7)


@given(_days, st.integers(0, 364))
def test_without_its_year_a_day_within_a_year_is_found_again(since: date, later: int) -> None:
    day = since + timedelta(days=later)
    if (day.month, day.day) == (since.month, since.day) and later:
        return
    for text in (f"{day.month}月{day.day}日", f"{day.month}-{day.day}"):
        assert read_day(text, since).end == day


@given(st.text(max_size=20), _days)
def test_any_text_is_a_day_or_a_message(text: str, since: date) -> None:
    try:
        read = read_day(text, since)
    except PeriodError as error:
        assert str(error)
    else:
        assert read.start <= read.end
