"""When the half-month summaries run: at every cut-off of a campaign, under the nominal due date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from cityhealth.catalogue import Campaign, load_campaigns
from cityhealth.errors import CatalogueError
from cityhealth.schedule import STILL_WANTED, Due, day_of_bound, dues, dues_between, next_due
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT

SEEDS = PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng"

CAMPAIGN = Campaign(
    system="mohurd",
    year=2021,
    first_due=date(2021, 5, 20),
    last_due=date(2022, 5, 5),
    due_days=(5, 20),
    cutoff=time(18),
    move_holidays=False,
)
RUNS = dues([CAMPAIGN])
LONG_AFTER = datetime(2026, 1, 1, tzinfo=CITY_TIMEZONE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY_TIMEZONE)


def all_made(runs: tuple[Due, ...], now: datetime, **bounds: datetime) -> list[str]:
    """The keys that catching up makes, one after the other."""
    made: list[str] = []
    after = None
    while run := next_due(runs, now=now, after=after, catchup=True, **bounds):
        made.append(run.key)
        after = run.cutoff
    return made


def test_the_campaign_of_2021_has_24_runs_each_at_18_00_of_its_day() -> None:
    runs = dues(load_campaigns(SEEDS))
    assert [run.key for run in runs][:4] == ["2021-05-20", "2021-06-05", "2021-06-20", "2021-07-05"]
    assert (len(runs), runs[-1].key) == (24, "2022-05-05")
    assert {(run.cutoff.astimezone(CITY_TIMEZONE).time(), run.cutoff.date() == run.day) for run in runs} == {
        (time(18), True)
    }


def test_catching_up_makes_every_run_once_across_february_and_the_end_of_the_year() -> None:
    made = all_made(RUNS, LONG_AFTER)
    assert made == [run.key for run in RUNS]
    assert made[made.index("2021-12-20") :][:6] == [
        "2021-12-20", "2022-01-05", "2022-01-20", "2022-02-05", "2022-02-20", "2022-03-05",
    ]  # fmt: skip


def test_bounds_of_the_dag_hold_for_the_cutoff_inclusively() -> None:
    june = {"earliest": at("2021-06-05T18:00"), "latest": at("2021-07-05T18:00")}
    assert all_made(RUNS, LONG_AFTER, **june) == ["2021-06-05", "2021-06-20", "2021-07-05"]
    assert next_due(RUNS, now=at("2021-06-01T00:00"), latest=at("2021-05-20T17:59")) is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2021-05-01T00:00", "2021-05-20"),  # before the first
        ("2021-06-05T17:59", "2021-05-20"),  # the last one that passed is still wanted
        ("2021-06-05T18:00", "2021-06-05"),
        ("2021-06-15T00:00", "2021-06-05"),
        ("2022-05-05T18:00", "2022-05-05"),
        ("2022-05-21T18:00", "2022-05-05"),
        ("2022-05-21T18:01", None),  # long after the campaign nobody waits for its last summary
    ],
)
def test_without_catching_up_only_the_last_cutoff_that_passed_is_still_made(now: str, expected: str | None) -> None:
    run = next_due(RUNS, now=at(now))
    assert (run and run.key) == expected


def test_after_a_run_comes_the_next_one_not_yet_made() -> None:
    assert next_due(RUNS, now=at("2021-06-05T18:01"), after=at("2021-06-05T18:00")) == RUNS[2]
    # A month's pause: what lies between is left to a backfill.
    assert next_due(RUNS, now=at("2021-08-06T09:00"), after=at("2021-06-05T18:00")) == RUNS[5]
    assert RUNS[5].key == "2021-08-05"
    assert next_due(RUNS, now=LONG_AFTER, after=RUNS[-1].cutoff, catchup=True) is None


def test_a_backfill_goes_by_the_nominal_due_date_and_leaves_out_what_is_not_due() -> None:
    day = date(2021, 6, 5)
    assert [run.key for run in dues_between(RUNS, day, day, LONG_AFTER)] == ["2021-06-05"]
    assert dues_between(RUNS, date(2021, 6, 6), date(2021, 6, 19), LONG_AFTER) == []
    assert dues_between(RUNS, day, day, at("2021-06-05T17:59")) == []
    whole = dues_between(RUNS, date(2021, 1, 1), date(2030, 1, 1), LONG_AFTER)
    assert whole == list(RUNS)


def test_where_holidays_move_the_run_the_key_stays() -> None:
    # 2021-06-05 was a Saturday, 2021-06-20 a Sunday; 2022-02-05 lay in the Spring Festival, which ended on the 6th.
    moved = {run.key: run for run in dues([replace(CAMPAIGN, move_holidays=True)])}
    assert list(moved) == [run.key for run in RUNS]
    assert moved["2021-06-05"].cutoff == at("2021-06-07T18:00")
    assert moved["2021-06-20"].cutoff == at("2021-06-21T18:00")
    assert moved["2022-02-05"].cutoff == at("2022-02-07T18:00")
    day = date(2021, 6, 5)
    assert [r.key for r in dues_between(moved.values(), day, day, at("2021-06-07T18:00"))] == ["2021-06-05"]
    assert dues_between(moved.values(), date(2021, 6, 7), date(2021, 6, 7), LONG_AFTER) == []


def test_the_runs_of_two_campaigns_follow_one_another_by_cutoff() -> None:
    later = replace(CAMPAIGN, year=2022, first_due=date(2022, 5, 20), last_due=date(2022, 6, 5))
    runs = dues([later, CAMPAIGN])
    assert [run.key for run in runs][-3:] == ["2022-05-05", "2022-05-20", "2022-06-05"]
    assert list(runs) == sorted(runs, key=lambda run: run.cutoff)


@pytest.mark.parametrize(
    "typed",
    [
        datetime(2021, 6, 5, tzinfo=UTC),  # our client, in UTC
        datetime(2021, 6, 5, tzinfo=CITY_TIMEZONE),  # Airflow's command line
        datetime(2021, 6, 4, 16, tzinfo=UTC),  # a browser in China
        datetime(2021, 6, 5, 23, 59, tzinfo=CITY_TIMEZONE),
        datetime(2021, 6, 5, 18, tzinfo=CITY_TIMEZONE),
    ],
)
def test_a_bound_means_its_day_however_it_was_sent(typed: datetime) -> None:
    assert day_of_bound(typed) == date(2021, 6, 5)


@given(
    now=st.datetimes(datetime(2021, 1, 1), datetime(2023, 1, 1)),
    after=st.none() | st.sampled_from(RUNS),
    catchup=st.booleans(),
)
def test_what_comes_next_is_never_made_already_nor_older_than_anybody_wants(
    now: datetime, after: Due | None, catchup: bool
) -> None:
    moment = now.replace(tzinfo=CITY_TIMEZONE)
    run = next_due(RUNS, now=moment, after=after and after.cutoff, catchup=catchup)
    if run is None:
        assert after == RUNS[-1] or (not catchup and moment > RUNS[-1].cutoff + STILL_WANTED)
        return
    assert after is None or run.cutoff > after.cutoff
    assert catchup or moment - run.cutoff <= STILL_WANTED
    skipped = [other for other in RUNS if (after is None or other.cutoff > after.cutoff) and other.cutoff < run.cutoff]
    assert not skipped if catchup else all(other.cutoff <= moment for other in skipped)


def test_the_campaigns_alone_are_read_when_another_file_is_broken(tmp_path) -> None:
    (tmp_path / "campaign.csv").write_bytes((SEEDS / "campaign.csv").read_bytes())
    (tmp_path / "indicators.csv").write_text("no header of ours\n")
    assert load_campaigns(tmp_path) == load_campaigns(SEEDS)
    (tmp_path / "campaign.csv").write_text("system,year\n")
    with pytest.raises(CatalogueError, match="first_due"):
        load_campaigns(tmp_path)


def test_half_a_month_is_longer_than_any_reporting_period() -> None:
    assert max(after.cutoff - before.cutoff for before, after in pairwise(RUNS)) <= STILL_WANTED
