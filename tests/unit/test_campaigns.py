"""Reporting periods: what names them, what belongs to them, and how officials write them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, strategies as st

from cityhealth.campaigns import (
    TIMELINESS_ZH,
    NoSuchPeriod,
    ReportingPeriod,
    next_working_day,
    period_at,
    periods_due,
    read_period,
    reporting_period,
    reporting_periods,
    timeliness,
)
from cityhealth.catalogue import Campaign, Catalogue
from cityhealth.errors import CityHealthError
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT

YEAR_2021 = Campaign(
    system="mohurd",
    year=2021,
    first_due=date(2021, 5, 20),
    last_due=date(2022, 5, 5),
    due_days=(5, 20),
    cutoff=time(18),
    move_holidays=False,
)
YEAR_2022 = replace(YEAR_2021, year=2022, first_due=date(2022, 5, 20), last_due=date(2023, 5, 5))
MOVED = replace(YEAR_2021, move_holidays=True)
PERIODS = reporting_periods(YEAR_2021)
BOTH = (YEAR_2021, YEAR_2022)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY_TIMEZONE)


def _campaigns() -> st.SearchStrategy[Campaign]:
    days = st.lists(st.integers(1, 28), min_size=1, max_size=4, unique=True).map(lambda d: tuple(sorted(d)))
    starts = st.dates(date(2005, 1, 1), date(2024, 12, 31))
    lengths = st.integers(20, 500)
    times = st.times(max_value=time(23, 59))
    return st.builds(
        lambda due_days, start, length, cutoff: replace(
            YEAR_2021, due_days=due_days, first_due=start, last_due=start + timedelta(days=length), cutoff=cutoff
        ),
        days, starts, lengths, times,
    )  # fmt: skip


def test_jincheng_reports_twenty_four_times_for_2021(catalogue: Catalogue) -> None:
    campaign = next(c for c in catalogue.campaigns if c.year == 2021)
    periods = reporting_periods(campaign)
    assert len(periods) == 24
    assert (periods[0].key, periods[1].key, periods[-1].key) == ("2021-05-20", "2021-06-05", "2022-05-05")
    assert [period.number for period in periods] == list(range(1, 25))


def test_a_period_belongs_to_one_campaign_only(catalogue: Catalogue) -> None:
    keys = [period.key for campaign in catalogue.campaigns for period in reporting_periods(campaign)]
    assert len(keys) == len(set(keys))


def test_a_window_reaches_from_one_cut_off_to_the_next() -> None:
    second = PERIODS[1]
    assert (second.opens, second.cutoff) == (_at("2021-05-20T18:00"), _at("2021-06-05T18:00"))
    assert second.day_ends == _at("2021-06-06T00:00")
    assert second.title_zh == "2021年第2期（6月5日）"


def test_the_first_window_opens_a_month_before_its_due_date() -> None:
    assert PERIODS[0].opens == _at("2021-04-20T00:00")
    january = replace(YEAR_2021, first_due=date(2021, 1, 5))
    assert reporting_periods(january)[0].opens == _at("2020-12-05T00:00")


def test_the_year_ends_within_a_window() -> None:
    assert [period.key for period in PERIODS[14:16]] == ["2021-12-20", "2022-01-05"]
    for moment in ("2021-12-31T23:59", "2022-01-01T00:00"):
        found = period_at(_at(moment), [YEAR_2021])
        assert found is not None and found.key == "2022-01-05"


@pytest.mark.parametrize(("year", "days"), [(2021, 13), (2024, 14), (2100, 13)])
def test_the_window_over_the_end_of_february_has_the_days_of_its_year(year: int, days: int) -> None:
    campaign = replace(YEAR_2021, year=year, first_due=date(year, 2, 5), last_due=date(year, 3, 20))
    march = next(p for p in reporting_periods(campaign) if p.due == date(year, 3, 5))
    assert march.cutoff - march.opens == timedelta(days=days)
    found = [period_at(datetime(year, 2, day, tzinfo=CITY_TIMEZONE), [campaign]) for day in (20, 21, days + 15)]
    assert [period.due for period in found if period] == [date(year, 2, 20), date(year, 3, 5), date(year, 3, 5)]


def test_a_due_date_on_a_holiday_moves_to_the_next_working_day_and_keeps_its_name() -> None:
    moved = {period.key: period for period in reporting_periods(MOVED)}
    # A Sunday; the mid-autumn festival, and the Tuesday after it; a Saturday on which offices work (调休).
    assert moved["2021-06-20"].due_moved == date(2021, 6, 21)
    assert moved["2021-09-20"].due_moved == date(2021, 9, 22)
    assert moved["2021-10-05"].due_moved == date(2021, 10, 8)
    assert moved["2021-05-20"].due_moved == date(2021, 5, 20)
    june = moved["2021-06-20"]
    assert (june.cutoff, june.day_ends) == (_at("2021-06-21T18:00"), _at("2021-06-22T00:00"))
    assert moved["2021-07-05"].opens == june.cutoff
    assert list(moved) == [period.key for period in PERIODS]


def test_nothing_moves_unless_the_campaign_says_so() -> None:
    assert all(period.due == period.due_moved for period in PERIODS)


def test_a_weekend_on_which_offices_work_is_a_working_day() -> None:
    assert next_working_day(date(2021, 9, 18)) == date(2021, 9, 18)
    assert next_working_day(date(2021, 9, 19)) == date(2021, 9, 22)


def test_a_year_that_the_calendar_does_not_know_is_an_error_that_says_so() -> None:
    with pytest.raises(CityHealthError, match="1999"):
        next_working_day(date(1999, 1, 2))


@given(_campaigns())
def test_windows_follow_each_other_without_gap_or_overlap(campaign: Campaign) -> None:
    periods = reporting_periods(campaign)
    for earlier, later in pairwise(periods):
        assert later.opens == earlier.cutoff < later.cutoff
        assert earlier.due < later.due
    for period in periods:
        assert period.opens < period.cutoff < period.day_ends
        assert campaign.first_due <= period.due <= campaign.last_due
        assert period.due.day in campaign.due_days


@given(_campaigns())
def test_every_due_day_of_the_campaign_has_its_period(campaign: Campaign) -> None:
    days = (campaign.first_due + timedelta(n) for n in range((campaign.last_due - campaign.first_due).days + 1))
    assert [p.due for p in reporting_periods(campaign)] == [day for day in days if day.day in campaign.due_days]


@given(_campaigns(), st.integers(0, 500 * 24 * 60))
def test_each_moment_of_a_campaign_has_exactly_one_period(campaign: Campaign, minutes: int) -> None:
    periods = reporting_periods(campaign)
    assume(periods)
    moment = periods[0].opens + timedelta(minutes=minutes + 1)
    holding = [period for period in periods if period.opens < moment <= period.cutoff]
    assert len(holding) == (1 if moment <= periods[-1].cutoff else 0)
    assert period_at(moment, [campaign]) == (holding[0] if holding else None)


def test_the_cut_off_itself_is_on_time_and_a_second_later_is_the_next_period() -> None:
    at = [period_at(PERIODS[1].cutoff + timedelta(seconds=s), [YEAR_2021]) for s in (0, 1)]
    assert [period.key for period in at if period] == ["2021-06-05", "2021-06-20"]


def test_before_the_first_window_and_after_the_last_there_is_no_period() -> None:
    assert period_at(PERIODS[0].opens, [YEAR_2021]) is None
    assert period_at(PERIODS[-1].cutoff + timedelta(seconds=1), [YEAR_2021]) is None


def test_a_period_is_due_from_its_cut_off_on() -> None:
    assert periods_due([YEAR_2021], PERIODS[0].cutoff - timedelta(seconds=1)) == []
    assert periods_due([YEAR_2021], PERIODS[1].cutoff) == list(PERIODS[:2])
    assert len(periods_due([YEAR_2022, YEAR_2021], _at("2030-01-01T00:00"))) == 48


def test_a_key_that_is_no_due_date_is_refused_with_those_beside_it() -> None:
    assert reporting_period("2021-06-05", BOTH).number == 2
    with pytest.raises(NoSuchPeriod, match=r"2021-06-06.*2021-05-20、2021-06-05、2021-06-20"):
        reporting_period("2021-06-06", BOTH)
    with pytest.raises(NoSuchPeriod, match="下半月"):
        reporting_period("下半月", [])


@pytest.mark.parametrize(
    "text",
    [
        "2021-06-05", "2021年6月5日", "2021 年 6 月 5 日", "２０２１年６月５日", "2021.6.5", "2021/6/5", "20210605",
        "2021-06-05T00:00:00", "2021-06-05 00:00:00", "6月5日", "6月5号", "06月05日", "6.5", "6-5", "第2期", "第二期",
        "第 2 期", "2021年第2期", "2021年度第2期", "2021第2期", "2021年6月5日期", "截至6月5日", "截止2021年6月5日",
        "报送期：2021-06-05", "5月20日至6月5日", "2021年5月20日-2021年6月5日", "2021.5.21—2021.6.5",
        "2021年第2期（6月5日）", "2021-06-05（2021年第2期）",
    ],
)  # fmt: skip
def test_a_period_is_read_as_officials_write_it(text: str) -> None:
    assert read_period(text, _at("2021-06-04T10:00"), BOTH).key == "2021-06-05"


@pytest.mark.parametrize(
    ("text", "received", "key"),
    [
        ("1月5日", "2021-12-30T10:00", "2022-01-05"),
        ("12月20日", "2022-01-03T10:00", "2021-12-20"),
        ("6月5日", "2022-06-07T10:00", "2022-06-05"),
        ("第2期", "2022-06-01T10:00", "2022-06-05"),
        ("第24期", "2022-05-06T10:00", "2022-05-05"),
        ("2021年第17期", "2022-01-19T10:00", "2022-01-20"),
    ],
)
def test_what_a_text_leaves_open_is_filled_in_from_the_day_it_was_received(text: str, received: str, key: str) -> None:
    assert read_period(text, _at(received), BOTH).key == key


def test_the_working_day_to_which_a_due_date_moved_names_its_period() -> None:
    assert read_period("2021年6月21日", _at("2021-06-21T10:00"), [MOVED]).key == "2021-06-20"
    with pytest.raises(NoSuchPeriod):
        read_period("2021年6月21日", _at("2021-06-21T10:00"), [YEAR_2021])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2021-06-06", "2021-06-06.*2021-05-20、2021-06-05、2021-06-20"),
        ("2019年6月5日", "相近的有 2021-05-20"),
        ("第99期", "第 99 期"),
        ("2030年第2期", "第 2 期"),
        ("2021年6月", "看不懂"),
        ("2月30日", "看不懂"),
        ("", "看不懂"),
        ("本期", "看不懂"),
        ("2021年第3期（6月5日）", "不止一个报送期：2021-06-05、2021-06-20"),
        ("6月5日、6月20日", "不止一个"),
        ("2021年度6月5日", "看不懂"),
    ],
)
def test_a_text_that_names_no_one_period_is_refused_and_quoted(text: str, says: str) -> None:
    with pytest.raises(NoSuchPeriod, match=says) as refusal:
        read_period(text, _at("2021-06-04T10:00"), BOTH)
    assert f"「{text}" in refusal.value.message


periods_of_both = st.sampled_from([period for campaign in BOTH for period in reporting_periods(campaign)])


@given(
    periods_of_both,
    st.sampled_from(("{key}", "{y}年{m}月{d}日", "{y}.{m}.{d}", "{y}年第{n}期", "{title}", "截至{m}月{d}日")),
)
def test_every_period_is_read_from_its_names(period: ReportingPeriod, form: str) -> None:
    due = period.due
    text = form.format(key=period.key, y=due.year, m=due.month, d=due.day, n=period.number, title=period.title_zh)
    if form == "{y}年第{n}期":
        text = f"{period.year}年第{period.number}期"
    assert read_period(text, period.cutoff - timedelta(hours=3), BOTH) == period


@given(
    st.one_of(st.text(max_size=60), st.text("2021年06月5日号第二十期至-./ ：①²٣", max_size=20)),
    st.datetimes(datetime(1900, 1, 1), datetime(2199, 1, 1)),
)
@example("第十十期", datetime(2021, 6, 5))
@example("第十二三期", datetime(2021, 6, 5))
@example("٢٠٢١年6月5日", datetime(2021, 6, 5))
def test_a_text_gives_a_period_or_one_error(text: str, received: datetime) -> None:
    try:
        period = read_period(text, received.replace(tzinfo=CITY_TIMEZONE), BOTH)
    except NoSuchPeriod as error:
        assert error.message
    else:
        assert period.due in {p.due for c in BOTH for p in reporting_periods(c)}


def test_a_leap_day_is_a_date_only_in_its_year() -> None:
    leap = replace(YEAR_2021, year=2024, first_due=date(2024, 2, 5), last_due=date(2024, 3, 20))
    with pytest.raises(NoSuchPeriod, match="2024-02-20、2024-03-05"):
        read_period("2月29日", _at("2024-02-28T10:00"), [leap])
    with pytest.raises(NoSuchPeriod, match="看不懂"):
        read_period("2023年2月29日", _at("2024-02-28T10:00"), [leap])


@pytest.mark.parametrize(
    ("received", "said"),
    [
        ("2021-06-05T18:00:00", "按时"),
        ("2021-06-05T18:00:01", "当日迟报，迟 1 分钟"),
        ("2021-06-05T18:40:00", "当日迟报，迟 40 分钟"),
        ("2021-06-05T21:05:00", "当日迟报，迟 3 小时 5 分钟"),
        ("2021-06-06T00:00:00", "当日迟报，迟 6 小时"),
        ("2021-06-06T00:00:01", "迟报，迟 6 小时 1 分钟"),
        ("2021-06-06T18:00:00", "迟报，迟 1 天"),
        ("2021-06-07T21:30:00", "迟报，迟 2 天 3 小时"),
    ],
)
def test_how_late_a_report_is_is_said_from_the_minute_after_the_cut_off(received: str, said: str) -> None:
    assert str(timeliness(PERIODS[1], _at(received))) == said


def test_the_words_are_those_of_the_marts() -> None:
    labels = (PROJECT_ROOT / "dbt_project" / "macros" / "labels_zh.sql").read_text(encoding="utf-8")
    macro = labels.split("macro timeliness_zh(")[1].split("endmacro")[0]
    said = dict(re.findall(r"when '(\w+)' then '(\w+)'", macro))
    assert said == {**TIMELINESS_ZH, "missing": "未报"}
