"""Periods as officials write them."""

import calendar
from datetime import date

import pytest
from hypothesis import given, strategies as st

from cityhealth.periods import FIRST_YEAR, LAST_YEAR, Period, PeriodError, parse_period


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("2020", "2020"),
        ("２０２０年", "2020"),
        ("2020年度", "2020"),
        ("2020年1-12月", "2020"),
        ("2020年1月至12月", "2020"),
        ("2020-01-01至2020-12-31", "2020"),
        ("2020-01-01 - 2020-12-31", "2020"),
        ("2020-01-01/2020-12-31", "2020"),
        ("2020年1月1日—12月31日", "2020"),
        ("2020年1月1日-2020年12月31日", "2020"),
        ("2020-11", "2020-11"),
        ("2020.11", "2020-11"),
        ("202011", "2020-11"),
        ("2020 年 11 月", "2020-11"),
        ("2020-11-01至2020-11-30", "2020-11"),
        ("2020-11-01", "2020-11-01"),
        ("2020.11.1", "2020-11-01"),
        ("2020/11/1", "2020-11-01"),
        ("20201101", "2020-11-01"),
        ("2020年11月1日", "2020-11-01"),
        ("2020-11-01T00:00:00", "2020-11-01"),
        ("2020-11-01 00:00:00", "2020-11-01"),
        ("2020年末", "2020-12-31"),
    ],
)
def test_a_period_is_read_to_its_key(text: str, key: str) -> None:
    assert parse_period(text).key == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "去年",
        "20",
        "2020-13",
        "2020-02-30",
        "2020-11/01",
        "2020年第一季度",
        "2020-01-01至2020-06-30",
        "1900",
        "2020-11-01 09:30",
    ],
)
def test_a_text_that_is_no_year_month_or_day_is_refused(text: str) -> None:
    with pytest.raises(PeriodError):
        parse_period(text)


def test_a_blank_means_the_default() -> None:
    year = Period.year(2020)
    assert parse_period("  ", year) is year
    assert parse_period("2021", year).key == "2021"


years = st.integers(FIRST_YEAR, LAST_YEAR)


@given(years)
def test_a_year_is_its_first_to_its_last_day(year: int) -> None:
    for text in (f"{year}", f"{year}年", f"{year}-01-01至{year}-12-31"):
        assert parse_period(text) == Period(str(year), date(year, 1, 1), date(year, 12, 31))


@given(years, st.integers(1, 12))
def test_a_month_ends_with_its_last_day(year: int, month: int) -> None:
    last = date(year, month, calendar.monthrange(year, month)[1])
    for text in (f"{year}年{month}月", f"{year}-{month:02d}", f"{year}-{month}-1至{last}"):
        assert parse_period(text) == Period(f"{year}-{month:02d}", date(year, month, 1), last)


@given(st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)))
def test_a_day_is_a_point(day: date) -> None:
    for text in (day.isoformat(), f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日"):
        assert parse_period(text) == Period(day.isoformat(), day, day)


@given(st.text(max_size=40) | st.text(alphabet="0123456789-/.年月日至度 T:", max_size=24))
def test_any_text_is_a_period_or_refused(text: str) -> None:
    try:
        period = parse_period(text)
    except PeriodError:
        return
    assert period.start <= period.end and parse_period(period.key) == period
