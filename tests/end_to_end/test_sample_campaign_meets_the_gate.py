"""The half-month campaign meets gate and summaries: what was planted in six periods comes out as it was meant to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from cityhealth.campaigns import ReportingPeriod, reporting_periods
from cityhealth.catalogue import Catalogue
from cityhealth.feeds.pipeline import collect
from cityhealth.hashing import sha256_hex
from cityhealth.landing import LandingZone
from cityhealth.sample_city import generate, land_all
from cityhealth.sample_city.campaign import generate_campaign
from cityhealth.sample_city.campaign.calendar import silent
from cityhealth.sample_city.campaign.reports import reporters_of
from cityhealth.sample_city.files import ExpectedReport
from cityhealth.transform.editions import summarise
from cityhealth.warehouse.connections import Warehouse
from judged import Judged, assert_rows_add_up, assert_rules, assert_verdicts, judged_files

PERIODS = 6


@dataclass(frozen=True)
class Campaign:
    """``warnings``: period → the checks of its summary that found something."""

    warehouse: Warehouse
    periods: tuple[ReportingPeriod, ...]
    judged: list[Judged]
    warnings: dict[str, set[str]]

    @property
    def reports(self) -> list[tuple[Judged, ExpectedReport]]:
        return [(j, j.file.expected) for j in self.judged if isinstance(j.file.expected, ExpectedReport)]

    def select(self, query: str, *values: str) -> list[tuple]:
        with self.warehouse.connect("reader") as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def campaign(
    catalogue: Catalogue, module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Campaign]:
    folder = tmp_path_factory.mktemp("campaign")
    settings = replace(
        module_warehouse.settings, landing_url=str(folder / "landing"), outbox_url=str(folder / "outbox")
    )
    landing = LandingZone(settings.landing_url)
    land_all(generate(catalogue), landing)
    files = generate_campaign(catalogue, periods=PERIODS)
    arrivals = land_all(files, landing)
    periods = reporting_periods(catalogue.campaigns[0])[:PERIODS]
    warnings = {}
    for period in periods:
        collect(settings, module_warehouse, period.cutoff)
        edition = summarise(module_warehouse, settings, period)
        warnings[period.key] = {node.name for node in edition.warnings}
    yield Campaign(module_warehouse, periods, judged_files(module_warehouse, files, arrivals), warnings)


def test_every_file_gets_the_verdict_it_was_made_for(campaign: Campaign) -> None:
    assert_verdicts(campaign.judged)


def test_every_planted_error_is_found_by_its_rule(campaign: Campaign) -> None:
    assert_rules(campaign.judged)


def test_rows_in_are_rows_accepted_and_rows_refused(campaign: Campaign) -> None:
    assert_rows_add_up(campaign.judged)
    assert sum(j.rows_in for j in campaign.judged) > 400


def test_no_file_is_marked_for_what_was_not_planted(campaign: Campaign) -> None:
    for judged, expected in campaign.reports:
        assert set(judged.rules) - {"file_readable"} == set(expected.rules), judged.file.filename


def test_each_report_is_on_time_or_late_as_it_came(campaign: Campaign, catalogue: Catalogue) -> None:
    last = campaign.periods[-1].key
    said = {
        (department, period): timeliness
        for department, period, timeliness in campaign.select(
            "select department_zh, reported_period, timeliness from report_timeliness where period = %s", last
        )
    }
    first_heard: dict[tuple[str | None, str], str | None] = {}
    for judged, expected in campaign.reports:
        if expected.period is not None:
            first_heard.setdefault((judged.file.department_text, expected.period), expected.timeliness)
    assert {at: state for at, state in said.items() if state != "missing"} == first_heard
    assert {"on_time", "same_day_late", "late"} == set(first_heard.values())


def test_who_was_silent_is_missing_at_the_cut_off_and_who_was_late_too(
    campaign: Campaign, catalogue: Catalogue
) -> None:
    names = {department.code: department.name_zh for department in catalogue.departments}
    codes = reporters_of(catalogue, 2021, 2021).codes
    for period in campaign.periods:
        missing = campaign.select(
            "select department_zh from department_assessment where period = %s and timeliness = 'missing'", period.key
        )
        late = {
            judged.file.department_text
            for judged, expected in campaign.reports
            if expected.period == period.key and expected.timeliness != "on_time"
        }
        quiet = {names[code] for code in silent(codes, period.number)}
        # Who comes after the last cut-off is not in the landing zone.
        assert {name for (name,) in missing} >= quiet | late
        if period != campaign.periods[-1]:
            assert {name for (name,) in missing} == quiet | late


def test_percentages_that_fall_and_texts_that_come_again_are_marked_where_they_were_planted(campaign: Campaign) -> None:
    marked = campaign.select(
        "select department_zh, task_code, period, fell_without_reason, text_repeated from semimonthly_summary"
        " where fell_without_reason or text_repeated"
    )
    planted = {
        (judged.file.department_text, task, expected.period, task in expected.fell, task in expected.repeated)
        for judged, expected in campaign.reports
        for task in (*expected.fell, *expected.repeated)
    }
    assert planted and set(marked) == planted
    for period in campaign.periods:
        in_period = {(fell, repeated) for _, _, at, fell, repeated in planted if at == period.key}
        found = campaign.warnings[period.key]
        assert ("progress_does_not_fall_without_a_reason" in found) == any(fell for fell, _ in in_period)
        assert ("reports_say_something_new" in found) == any(repeated for _, repeated in in_period)


def test_of_two_reports_before_the_cut_off_the_later_is_in_force(campaign: Campaign) -> None:
    replaced = [judged for judged, expected in campaign.reports if not expected.in_force]
    assert len(replaced) == 2
    in_force = {row[0] for row in campaign.select("select distinct sha256 from semimonthly_summary")}
    for judged, expected in campaign.reports:
        on_time = expected.timeliness == "on_time"
        assert (sha256_hex(judged.file.data) in in_force) == (on_time and expected.in_force), judged.file.filename


def test_decisions_of_the_meetings_find_their_difficulties(campaign: Campaign) -> None:
    assert not any("decisions_are_about_known_difficulties" in found for found in campaign.warnings.values())
    states = dict(
        campaign.select(
            "select state, count(*) from difficulty_list where period = %s group by state", campaign.periods[-1].key
        )
    )
    assert set(states) >= {"raised", "assigned"} and states["assigned"] > 5
    settled = campaign.select("select distinct difficulty_id from difficulty_list where state = 'settled'")
    assert len(settled) > 3


def test_every_task_reported_every_difficulty_and_nearly_every_value_says_that_it_is_synthetic(
    campaign: Campaign,
) -> None:
    assert campaign.select("select count(*) from semimonthly_summary where state = 'reported' and not synthetic") == [
        (0,)
    ]
    assert campaign.select("select distinct synthetic from difficulty_list") == [(True,)]
    ((labelled, values),) = campaign.select(
        "select count(*) filter (where synthetic), count(*) from indicator_scorecard_asof"
        " where value is not null and period = %s",
        campaign.periods[-1].key,
    )
    # Some lines were planted without a source.
    assert 0.9 * values < labelled and values > 40


def test_problems_are_grouped_under_several_themes(campaign: Campaign) -> None:
    themes = campaign.select("select distinct problem_theme from semimonthly_summary where problem_theme is not null")
    assert len(themes) >= 7


def test_indicators_change_from_one_frozen_scorecard_to_the_next(campaign: Campaign) -> None:
    values = {
        period.key: dict(
            campaign.select(
                "select code, (value, state)::text from indicator_scorecard_asof where period = %s", period.key
            )
        )
        for period in campaign.periods
    }
    keys = list(values)
    changed = [
        {code for code in values[key] if values[key][code] != values[before][code]} for before, key in pairwise(keys)
    ]
    # 06-11 and 06-28 and 07-12 lie in the third, fourth and fifth window.
    assert [bool(codes) for codes in changed] == [False, True, True, True, False]
