"""From survey files, through the gate, to the marts: by receipt alone, in any order, with nobody to be known by it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cities import moment, settle_jincheng

from city_office import Office
from cityhealth.catalogue import Catalogue
from cityhealth.feeds import feed_named
from cityhealth.feeds.pipeline import load_arrival
from cityhealth.landing import Arrival
from cityhealth.sample_city.files import SampleFile, land_all
from cityhealth.sample_city.survey import FEW, LEVELS, PERSONAL, PROBLEMS, QUESTIONS, WAVE, generate_survey
from cityhealth.settings import Settings
from cityhealth.survey.derive import Derived, derive
from cityhealth.transform.dbt import Project
from cityhealth.warehouse.connections import Warehouse
from judged import assert_rows_add_up, assert_rules, assert_verdicts, judged_files

CITY = "140500"
MARTS = ("+satisfaction_quadrant", "+perception_match", "+survey_wave", "no_cell_of_few_answers")


@dataclass(frozen=True)
class Surveyed:
    """The sample city's survey, judged, derived and built in an office."""

    office: Office
    files: Sequence[SampleFile]
    arrivals: Sequence[Arrival]
    derived: Derived
    settings: Settings

    def mart(self, query: str, *values: object) -> list[tuple]:
        """Asked as those who read marts."""
        with self.office.warehouse.connect("reader") as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]


def load(office: Office, arrivals: Sequence[Arrival]) -> None:
    feed = feed_named("survey", office.settings)
    office.judge(*(load_arrival(office.warehouse, office.landing, feed, arrival).batch_id for arrival in arrivals))


@pytest.fixture(scope="module")
def surveyed(module_warehouse: Warehouse, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Surveyed:
    office = Office(module_warehouse, catalogue, tmp_path_factory.mktemp("home"))
    files = generate_survey(catalogue)
    arrivals = land_all(files, office.landing)
    load(office, arrivals)
    derived = derive(office.warehouse, catalogue)
    settings = settle_jincheng(module_warehouse.settings, tmp_path_factory.mktemp("project"))
    build(module_warehouse, settings, *MARTS)
    return Surveyed(office, files, arrivals, derived, settings)


def build(warehouse: Warehouse, settings: Settings, *marts: str, **variables: object) -> None:
    """These marts alone, with the checks that look at nothing else; a build of all would take a minute."""
    command = ["build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious", "--select", *marts]
    nodes = Project(warehouse, settings).run(command, variables=variables)
    assert [f"{node.name}: {node.message}" for node in nodes if node.failed] == []
    assert any("no_cell_of_few" in node.name or variables for node in nodes)


def results(office: Office) -> list[str]:
    """All that was derived, but for the time of it."""
    kept = office.ask("select (to_jsonb(r) - 'computed_at')::text from ops.survey_result as r order by result_key")
    cells = office.ask("select to_jsonb(e)::text from ops.survey_estimate as e order by 1")
    return [text for (text,) in (*kept, *cells)]


def test_every_file_has_the_verdict_and_the_findings_it_was_made_for(surveyed: Surveyed) -> None:
    judged = judged_files(surveyed.office.warehouse, surveyed.files, surveyed.arrivals)
    assert_verdicts(judged)
    assert_rules(judged)
    assert_rows_add_up(judged)


def test_results_follow_from_what_was_received_in_whatever_order_it_was_loaded(
    surveyed: Surveyed, warehouse: Warehouse, catalogue: Catalogue, tmp_path: Path
) -> None:
    other = Office(warehouse, catalogue, tmp_path)
    for arrival in random.Random(2).sample(land_all(surveyed.files, other.landing), len(surveyed.files)):
        load(other, [arrival])
        derive(warehouse, catalogue)
    assert results(other) == results(surveyed.office)
    assert derive(warehouse, catalogue) == Derived((), ())
    assert len(surveyed.derived.new) == 4


def test_of_all_files_of_a_wave_each_respondent_counts_once(surveyed: Surveyed) -> None:
    assert surveyed.mart("select accepted, handed_in, refused, superseded, files from marts.survey_wave") == [
        (1195, 1403, 208, 0, 4)
    ]


def test_a_later_answer_of_a_respondent_counts_and_a_refused_one_leaves_it(surveyed: Surveyed) -> None:
    found = surveyed.office.ask(
        "select verdict, count(*) from gate.current_survey_answer where respondent_id in"
        " (select respondent_id from gate.current_survey_answer where arrival_id = %s) group by 1 order by 1",
        surveyed.arrivals[-1].arrival_id,
    )
    assert found == [("accepted", 2), ("refused", 2)]


def test_what_was_planted_comes_out_with_an_interval_around_it(surveyed: Surveyed) -> None:
    found = surveyed.mart(
        "select subject_code, satisfaction, ci_low, ci_high, design_effect, answers, indicator_code, synthetic"
        " from marts.satisfaction_index where wave = %s and subject_kind = 'question' and area_code = %s"
        " and group_kind = 'all' order by 1",
        WAVE,
        CITY,
    )
    assert [row[0] for row in found] == [asked.code for asked in QUESTIONS]
    for code, satisfaction, low, high, effect, answers, indicator, synthetic in found:
        # Steps, ages and counties move a mean by some points.
        assert abs(satisfaction - LEVELS[code]) < 8, code
        assert low < satisfaction < high and high - low < 7 and effect > 1.2, code
        assert answers > 500 and synthetic
        assert indicator == next(asked.indicator for asked in QUESTIONS if asked.code == code)
    assert {code for code, satisfaction, *_ in found if satisfaction < 50} == set(PROBLEMS)


def test_all_eight_dimensions_both_ages_and_six_counties_have_an_index(surveyed: Surveyed) -> None:
    ((dimensions, areas, groups, named),) = surveyed.mart(
        "select count(distinct subject_code) filter (where subject_kind = 'dimension'), count(distinct area_code),"
        " count(distinct group_zh), count(*) filter (where area_zh is null) from marts.satisfaction_index"
    )
    assert (dimensions, areas, groups, named) == (8, 7, 3, 0)


def test_a_cell_of_few_answers_has_no_numbers_nor_have_those_that_would_give_it_away(surveyed: Surveyed) -> None:
    hidden = surveyed.mart(
        "select area_code, group_zh, subject_code, answers, satisfaction, suppression_zh from marts.satisfaction_index"
        " where suppressed order by area_code = %s desc, group_zh",
        FEW[0],
    )
    assert {row[2] for row in hidden} == {FEW[2]} and {row[3:5] for row in hidden} == {(None, None)}
    assert hidden[0][:2] == FEW[:2] and "不足 5 份" in hidden[0][5]
    # The others of the county, and the same two of one other county.
    assert len(hidden) == 4 and all("倒推" in row[5] for row in hidden[1:])


def test_quadrants_are_split_at_the_means_of_what_is_compared(surveyed: Surveyed) -> None:
    rows = surveyed.mart(
        "select subject_kind, subject_code, importance, importance_mean, satisfaction, satisfaction_mean, quadrant_zh,"
        " importance_basis from marts.satisfaction_quadrant"
    )
    assert len(rows) == 24 + 8
    assert {(row[0], row[7]) for row in rows} == {("question", "derived"), ("dimension", "stated")}
    names = {
        (True, True): "优势保持区",
        (True, False): "重点改进区",
        (False, True): "锦上添花区",
        (False, False): "次要改进区",
    }
    for kind in ("question", "dimension"):
        own = [row for row in rows if row[0] == kind]
        assert own[0][3] == pytest.approx(sum(row[2] for row in own) / len(own))
        for row in own:
            assert row[6] == names[row[2] >= row[3], row[4] >= row[5]]
    by_code = {row[1]: row[6] for row in rows}
    assert by_code["SAF"] == "优势保持区" and by_code["CHA"] == "锦上添花区" and by_code["INC"] == "次要改进区"


def test_each_dimension_stands_beside_its_score_or_says_why_not(surveyed: Surveyed) -> None:
    rows = surveyed.mart("select dimension_code, objective_score, match, reason_zh, year from marts.perception_match")
    assert len(rows) == 8
    # No indicator was handed in here: nothing is scored, and nothing is called a match.
    assert {(score, match, year) for _, score, match, _, year in rows} == {(None, "not_judged", 2021)}
    assert all("没有指标有得分" in reason for *_, reason, _ in rows)


def test_a_wave_says_how_it_was_drawn_and_what_was_masked(surveyed: Surveyed) -> None:
    ((design, method, phones, ids, version, synthetic),) = surveyed.mart(
        "select design_zh, method_zh, masked_phone, masked_id, codebook_version, synthetic from marts.survey_wave"
    )
    assert design == "权重、层 6 个、抽样单元 60 个" and "泰勒线性化" in method
    # Two of the telephones came in the file that was refused, and again.
    assert (phones, ids, version, synthetic) == (PERSONAL[0] + 2, PERSONAL[1], "1", True)


def test_no_personal_number_is_in_the_database(surveyed: Surveyed) -> None:
    found = surveyed.office.ask("select count(*) from raw.survey_answer where answers ~ '1900000[0-9]{4}|9999991900'")
    assert found == [(0,)]
    with surveyed.office.warehouse.connect("reader") as connection, pytest.raises(Exception, match="permission denied"):
        connection.execute("select * from gate.survey_answer")


def test_as_of_a_cut_off_a_wave_is_what_had_been_received_by_then(surveyed: Surveyed) -> None:
    # The last test of the file: it leaves the marts as they stood in between.
    marts = ("stg_survey__results", "stg_survey__estimates", "satisfaction_index", "survey_wave")
    build(surveyed.office.warehouse, surveyed.settings, *marts, as_of=moment("2021-07-01 18:00").isoformat())
    early = surveyed.mart(
        "select accepted, files, count(*) from marts.survey_wave join marts.satisfaction_index using (wave)"
        " where subject_code = 'Q01' and group_kind = 'all' group by 1, 2"
    )
    # Five counties and the city; the sixth came later.
    assert early == [(993, 1, 6)]
