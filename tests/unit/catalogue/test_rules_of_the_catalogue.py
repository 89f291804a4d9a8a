"""Each rule finds the cell that breaks it, and nothing is found where nothing is broken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from seed_files import Edit, append, change, drop, line_of

from cityhealth.catalogue import check
from cityhealth.catalogue.reading import read_tables
from cityhealth.catalogue.rules import (
    RULES,
    Book,
    Rule,
    comparing,
    cycle,
    formulas,
    keys,
    measured,
    problems,
    references,
    system,
    validity,
    values,
)
from cityhealth.errors import Place


@dataclass(frozen=True)
class Case:
    """After ``edit``, ``rule`` must report ``column`` of the edited line, or of the row ``found_at`` (file, cells)."""

    sentence: str
    rule: Rule
    edit: Edit
    column: str
    message: str
    found_at: tuple[str, dict[str, str]] | None = None


INDICATORS = "indicators.csv"
ITEMS = "items.csv"
AREAS = "areas.csv"
TARGETS = "targets.csv"
UNITS = "units.csv"
DEPARTMENTS = "departments.csv"
GRADING = "grading.csv"
RESPONSIBILITIES = "responsibilities.csv"
PRIORITIES = "source_priority.csv"
CORRECTIONS = "corrections.csv"
EXAMINATION = "examination.csv"
BLOCKS = "work_blocks.csv"
CAMPAIGN = "campaign.csv"
KINDS = "layer_kinds.csv"
MEASUREMENTS = "measurements.csv"
WARNINGS = "warning_rules.csv"
PROBLEMS = "problem_rules.csv"

ECO01, ECO02, ECO06, CHA06 = {"code": "ECO01"}, {"code": "ECO02"}, {"code": "ECO06"}, {"code": "CHA06"}
HOUSE01, COMPARING, TO_GROUNDS = {"code": "IND-HOUSE-001"}, "comparability.csv", {"from_code": "ECO09"}
TRA02, N01 = {"code": "TRA02"}, {"code": "N01"}
GDP, GOOD_DAYS, DISTRICT_AREA = {"code": "gdp"}, {"code": "good_air_days"}, {"code": "district_area"}
BEDS, REPORTED = {"code": "wellness_beds"}, {"code": "eco01_reported"}
BAISANG = {"code": "140522200"}
IMAGERY = {"source_kind": "imagery"}

# fmt: off
CASES = (
    Case("an item is there twice", keys.keys_are_unique,
         append(ITEMS, GDP), "code", "重复"),
    Case("an area is there twice", keys.keys_are_unique,
         append(AREAS, {"code": "140502"}), "valid_from", "重复"),
    Case("a target is there twice", keys.keys_are_unique,
         append(TARGETS, TRA02), "kind", "TRA02"),
    Case("two items share a name", keys.names_are_unique,
         change(ITEMS, GOOD_DAYS, name_zh="地区 生产总值"), "name_zh", "gdp"),
    Case("an alias belongs to another department", keys.names_are_unique,
         change(DEPARTMENTS, {"code": "water"}, aliases="水务局;住建局"), "aliases", "housing"),
    Case("a unit's alias is another unit", keys.names_are_unique,
         change(UNITS, {"unit": "米"}, aliases="公里"), "unit", "公里", (UNITS, {"unit": "公里"})),
    Case("two indicators share a name", keys.names_are_unique,
         change(INDICATORS, ECO02, name_zh="区域开发强度"), "name_zh", "ECO01"),
    Case("the dimension is unknown", references.references_exist,
         change(INDICATORS, ECO01, dimension_code="XXX"), "dimension_code", "XXX"),
    Case("the numerator is unknown", references.references_exist,
         change(INDICATORS, ECO01, numerator_item="nothing"), "numerator_item", "nothing"),
    Case("the denominator is unknown", references.references_exist,
         change(INDICATORS, ECO01, denominator_item="nothing"), "denominator_item", "nothing"),
    Case("the lead is unknown", references.references_exist,
         change(INDICATORS, ECO01, lead_department="nobody"), "lead_department", "nobody"),
    Case("the headline area is unknown", references.references_exist,
         change(INDICATORS, ECO01, area_code="999999"), "area_code", "999999"),
    Case("the indicator's unit is unknown", references.references_exist,
         change(INDICATORS, ECO01, unit="％％"), "unit", "％％"),
    Case("the item's unit is unknown", references.references_exist,
         change(ITEMS, GDP, unit="两"), "unit", "两"),
    Case("the item's unit is written by an alias", references.references_exist,
         change(ITEMS, DISTRICT_AREA, unit="km²"), "unit", "km²"),
    Case("the owner is unknown", references.references_exist,
         change(ITEMS, GDP, department_code="nobody"), "department_code", "nobody"),
    Case("the whole is unknown", references.references_exist,
         change(ITEMS, GOOD_DAYS, whole_item="nothing"), "whole_item", "nothing"),
    Case("the reported indicator is unknown", references.references_exist,
         change(ITEMS, REPORTED, reported_of="ECO99"), "reported_of", "ECO99"),
    Case("the unit above is unknown", references.references_exist,
         change(AREAS, {"code": "140502"}, parent_code="990000"), "parent_code", "990000"),
    Case("the successor is unknown", references.references_exist,
         change(AREAS, BAISANG, successor_code="140522999"), "successor_code", "140522999"),
    Case("a block's department is unknown", references.references_exist,
         append(RESPONSIBILITIES, {}, block_code="B01", department_code="nobody", role="support"),
         "department_code", "nobody"),
    Case("a ranked item is unknown", references.references_exist,
         append(PRIORITIES, {}, item_code="nothing", source_kind="imagery", priority="1"), "item_code", "nothing"),
    Case("the default area is unknown", references.references_exist,
         change(EXAMINATION, {"year": "2021"}, default_area_code="999999"), "default_area_code", "999999"),
    Case("a level has no areas", references.area_scopes_exist,
         change(ITEMS, GDP, area_scope="level:district_group"), "area_scope", "level:district_group"),
    Case("a target has no indicator", references.indicators_exist_in_their_year,
         change(TARGETS, TRA02, year="2022"), "code", "mohurd 2022 TRA02"),
    Case("an indicator's year has no examination", references.indicators_exist_in_their_year,
         append(INDICATORS, ECO01, year="2023"), "year", "mohurd 2023"),
    Case("a block has two leads", references.every_block_has_one_lead,
         append(RESPONSIBILITIES, {}, block_code="B10", department_code="water", role="lead"),
         "code", "2 个牵头单位", (BLOCKS, {"code": "B10"})),
    Case("a ratio has no denominator", formulas.formulas_are_complete,
         change(INDICATORS, ECO01, denominator_item=""), "denominator_item", "不能为空"),
    Case("a growth has a denominator", formulas.formulas_are_complete,
         change(INDICATORS, ECO06, denominator_item="gdp"), "denominator_item", "应为空"),
    Case("a formula has no scale", formulas.formulas_are_complete,
         change(INDICATORS, ECO01, scale=""), "scale", "不能为空"),
    Case("no formula and no reason", formulas.formulas_are_complete,
         change(INDICATORS, CHA06, no_formula_reason_zh=""), "no_formula_reason_zh", "不能为空"),
    Case("not applicable without a reason", formulas.formulas_are_complete,
         change(INDICATORS, {"code": "TRA05"}, not_applicable_reason_zh=""), "not_applicable_reason_zh", "写明原因"),
    Case("items and indicator measure different things", formulas.units_fit,
         change(ITEMS, DISTRICT_AREA, unit="公里"), "unit", "district_area：公里", (INDICATORS, ECO01)),
    Case("a growth is not a pure number", formulas.units_fit,
         change(INDICATORS, ECO06, unit="吨/万元"), "unit", "算不出"),
    Case("the scale forgets the 万", formulas.units_fit,
         change(INDICATORS, {"code": "SAF04"}, scale="1"), "scale", "10000"),
    Case("an item changes its unit and the scale does not", formulas.units_fit,
         change(ITEMS, DISTRICT_AREA, unit="公顷"), "scale", "10000", (INDICATORS, ECO01)),
    Case("a growth has no previous year", formulas.items_cover_the_formula,
         change(ITEMS, {"code": "co2_per_gdp"}, period_offsets="0"), "numerator_item", "-1", (INDICATORS, ECO06)),
    Case("the year before is missing", formulas.items_cover_the_formula,
         change(ITEMS, {"code": "urban_consumption_per_capita"}, period_offsets="0"),
         "denominator_item", "-1", (INDICATORS, {"code": "INC02"})),
    Case("numerator and denominator cover different ground", formulas.items_cover_the_formula,
         change(INDICATORS, ECO01, numerator_item="built_up_area"), "numerator_item", "140500-BUA"),
    Case("parts that cannot be added", formulas.items_cover_the_formula,
         change(ITEMS, BEDS, aggregation="none"), "numerator_item", "level:county", (INDICATORS, N01)),
    Case("parts that lie elsewhere", formulas.items_cover_the_formula,
         change(ITEMS, BEDS, area_scope="level:province"), "numerator_item", "level:province", (INDICATORS, N01)),
    Case("nobody reports the indicator itself", formulas.reported_values_are_asked_for,
         drop(ITEMS, REPORTED), "code", "ECO01", (INDICATORS, ECO01)),
    Case("the reported value has another unit", formulas.reported_values_are_asked_for,
         change(ITEMS, REPORTED, unit="‰"), "unit", "ECO01"),
    Case("the reported value comes from another than the lead", formulas.reported_values_are_asked_for,
         change(ITEMS, REPORTED, department_code="water"), "department_code", "natural_resources"),
    Case("the reported value is of another area", formulas.reported_values_are_asked_for,
         change(ITEMS, REPORTED, area_scope="140500"), "area_scope", "140502"),
    Case("a measure claims to be a reported value", formulas.reported_values_are_asked_for,
         change(ITEMS, GDP, reported_of="ECO01"), "reported_of", "应为空"),
    Case("an item is asked for in vain", formulas.items_have_a_use,
         append(ITEMS, GDP, code="gnp", name_zh="国民总收入"), "code", "没有指标用到"),
    Case("a plausible limit lies outside the hard one", values.limits_are_ordered,
         change(ITEMS, GDP, plausible_max="5001"), "max_value", "5001"),
    Case("a minimum above its maximum", values.limits_are_ordered,
         change(ITEMS, GDP, min_value="1200.5"), "plausible_min", "1200.5"),
    Case("half a day", values.limits_are_ordered,
         change(ITEMS, GOOD_DAYS, max_value="366.5"), "max_value", "整数"),
    Case("a negative tolerance", values.limits_are_ordered,
         change(ITEMS, GDP, tolerance="-0.1"), "tolerance", "-0.1"),
    Case("a part in another unit than its whole", values.wholes_can_be_compared,
         change(ITEMS, GOOD_DAYS, unit="小时"), "whole_item", "小时"),
    Case("a part of other ground than its whole", values.wholes_can_be_compared,
         change(ITEMS, GOOD_DAYS, area_scope="140502"), "whole_item", "140502"),
    Case("a part of itself", values.wholes_can_be_compared,
         change(ITEMS, GOOD_DAYS, whole_item="good_air_days"), "whole_item", "自己"),
    Case("a factor of zero", values.factors_agree,
         change(UNITS, {"unit": "平方市尺"}, factor="0"), "factor", "大于 0"),
    Case("a compound unit of unknown parts", values.factors_agree,
         append(UNITS, {}, unit="光年/人", dimension="wide", factor="1"), "unit", "光年/人"),
    Case("a compound factor that its parts contradict", values.factors_agree,
         change(UNITS, {"unit": "平方米/万人"}, factor="0.001"), "factor", "0.0001"),
    Case("a range without an upper value", values.targets_can_be_scored,
         change(TARGETS, ECO02, operator="range"), "value_high", "上限"),
    Case("a range that is empty", values.targets_can_be_scored,
         change(TARGETS, ECO02, operator="range", value_high="50"), "value_high", "大于"),
    Case("a target in another unit", values.targets_can_be_scored,
         change(TARGETS, ECO02, unit="公顷"), "unit", "平方公里"),
    Case("a target that points the wrong way", values.targets_can_be_scored,
         change(TARGETS, TRA02, operator="<="), "operator", "higher"),
    Case("a gap between grades", values.grades_leave_no_gap,
         change(GRADING, {"code": "ordinary"}, lower="81"), "lower", "短板"),
    Case("a grade upside down", values.grades_leave_no_gap,
         change(GRADING, {"code": "ordinary"}, upper="70"), "upper", "70"),
    Case("a tolerance without a number", values.grades_leave_no_gap,
         change(GRADING, {"code": "reported_ratio"}, parameter=""), "parameter", "容差"),
    Case("a replacement without a value", values.corrections_say_what_to_do,
         append(CORRECTIONS, {}, department_code="statistics", item_code="gdp", area_code="140500", period="2020",
                expected_value="1", action="replace", reason_zh="误报", provider="市统计局"),
         "corrected_value", "replace"),
    Case("two sources of one rank", values.priorities_are_distinct,
         change(PRIORITIES, IMAGERY, priority="1"), "priority", "departmental"),
    Case("a rank of zero", values.priorities_are_distinct,
         change(PRIORITIES, IMAGERY, priority="0"), "priority", "从 1"),
    Case("an area ends before it begins", validity.intervals_run_forwards,
         change(AREAS, BAISANG, valid_from="2021-06-01"), "valid_to", "2021-06-01"),
    Case("the examination ends before it begins", validity.intervals_run_forwards,
         change(EXAMINATION, {"year": "2021"}, period_end="2019-12-31"), "period_end", "2019-12-31"),
    Case("one code, two areas on one day", validity.areas_do_not_overlap,
         append(AREAS, BAISANG, valid_from="2020-12-31", valid_to="2021-12-31"), "valid_from", "有效期重叠"),
    Case("one name, two areas on one day", validity.areas_do_not_overlap,
         append(AREAS, {"code": "140502001"}, code="140502005"), "name_zh", "有效期重叠"),
    Case("an area outlives the one above", validity.hierarchy_holds,
         change(AREAS, {"code": "140581"}, valid_to="2020-06-30"),
         "parent_code", "140581", (AREAS, {"code": "140581001"})),
    Case("an area lies in itself", validity.hierarchy_holds,
         change(AREAS, {"code": "140000"}, parent_code="140500"), "parent_code", "循环"),
    Case("a successor of what has not ended", validity.hierarchy_holds,
         change(AREAS, BAISANG, valid_to=""), "successor_code", "没有终止日期"),
    Case("a successor that began too early", validity.hierarchy_holds,
         change(AREAS, BAISANG, successor_code="140522100"), "successor_code", "140522100"),
    Case("a local dimension's indicator is official", system.local_indicators_are_not_official,
         change(INDICATORS, N01, status="official"), "status", "LOC"),
    Case("what is examined has no unit", system.indicators_are_known_or_listed,
         change(INDICATORS, ECO01, unit=""), "unit", "不能为空"),
    Case("what is listed has a name and nobody says from where", system.indicators_are_known_or_listed,
         change(INDICATORS, HOUSE01, name_zh="住宅"), "name_basis", "依据"),
    Case("an examination begins of indicators that nobody knows", references.indicators_exist_in_their_year,
         append(EXAMINATION, {"year": "2021"}, year="2024"), "status", "尚未取得", (INDICATORS, HOUSE01)),
    Case("a part of a system has no count", system.systems_are_whole,
         drop("systems.csv", {"dimension_code": "BLK"}), "dimension_code", "mohurd 2024 BLK",
         (INDICATORS, {"code": "BLK-023"})),
    Case("a break is about what is not there", comparing.compared_indicators_exist,
         change(COMPARING, TO_GROUNDS, to_code="IND-HOUSE-099"), "to_code", "IND-HOUSE-099"),
    Case("a series of which one end is unknown", comparing.same_series_are_known_ones,
         change(COMPARING, TO_GROUNDS, kind="same", to_code="IND-HOUSE-001"), "kind", "都已取得"),
    Case("what does not go out has conditions", comparing.nothing_without_a_mark_goes_out,
         change("publication.csv", {"mart": "presence_cell"}, conditions="a=b"), "conditions", "不应写条件"),
    Case("two indicators have one number", system.numbers_are_distinct,
         change(INDICATORS, ECO02, no="1"), "no", "ECO01"),
    Case("a campaign begins before the last one ends", cycle.campaigns_follow_each_other,
         append(CAMPAIGN, {}, system="mohurd", year="2022", first_due="2022-05-05", last_due="2023-05-05",
                due_days="5;20", cutoff="18:00", move_holidays="no"), "first_due", "2022-05-05"),
    Case("a campaign has no examination", cycle.campaigns_follow_each_other,
         change(CAMPAIGN, {"year": "2021"}, year="2023"), "year", "2023"),
    Case("a campaign ends on a day that is not due", cycle.campaigns_have_due_dates,
         change(CAMPAIGN, {"year": "2021"}, last_due="2022-05-06"), "last_due", "2022-05-06"),
    Case("a campaign ends before it begins", validity.intervals_run_forwards,
         change(CAMPAIGN, {"year": "2021"}, last_due="2020-05-05"), "last_due", "早于"),
    Case("a row ends before it is known", validity.intervals_run_forwards,
         append(GRADING, {"code": "late"}, known_from="2021-07-01", known_until="2021-06-01"), "known_until", "早于"),
    Case("a credit is more than one", cycle.assessment_is_whole,
         change(GRADING, {"code": "late"}, parameter="1.5"), "parameter", "1.5"),
    Case("points are missing", cycle.assessment_is_whole,
         change(GRADING, {"code": "corrections"}, parameter=""), "parameter", "不小于 0"),
    Case("a measurement is of layers that nobody defined", references.references_exist,
         change(MEASUREMENTS, {"code": "shelter_area_by_layer"}, layer_kinds="shelter;bunker"),
         "layer_kinds", "bunker"),
    Case("a vector layer has no geometry", measured.kinds_are_of_their_feed,
         change(KINDS, {"code": "park"}, geometry=""), "geometry", "几何类型"),
    Case("points are to tile the ground", measured.kinds_are_of_their_feed,
         change(KINDS, {"code": "hospital"}, tiles="yes"), "tiles", "面状"),
    Case("a measurement of imagery starts from a vector layer", measured.measurements_can_be_made,
         change(MEASUREMENTS, {"code": "water_by_cover"}, layer_kinds="built_up_area;land_cover"),
         "layer_kinds", "built_up_area"),
    Case("a measurement of imagery does not say how much must be seen", measured.measurements_can_be_made,
         change(MEASUREMENTS, {"code": "water_by_cover"}, min_valid_share=""), "min_valid_share", "最低"),
    Case("more than the whole must be seen", measured.measurements_can_be_made,
         change(MEASUREMENTS, {"code": "water_by_cover"}, min_valid_share="1.1"), "min_valid_share", "不大于 1"),
    Case("an item is measured in two ways", measured.an_item_is_measured_once_per_feed,
         append(MEASUREMENTS, {"code": "water_by_cover"}, code="water_again"), "item_code", "water_by_cover"),
    Case("movement data without rules to clean them", measured.kinds_are_of_their_feed,
         change(KINDS, {"code": "trips"}, parameters=""), "parameters", "清洗规则"),
    Case("a warning is cleared where it is worse", measured.warnings_are_cleared_beyond_their_limits,
         change(WARNINGS, {"code": "air_pollution"}, yellow_off="160"), "yellow_off", "更差"),
    Case("a warning is raised and never cleared", measured.warnings_are_cleared_beyond_their_limits,
         change(WARNINGS, {"code": "air_pollution"}, red_off=""), "red_off", "同时写明"),
    Case("red comes before yellow", measured.warnings_are_cleared_beyond_their_limits,
         change(WARNINGS, {"code": "peak_slow"}, red_on="25", red_off="26"), "red_on", "更宽"),
    Case("silence is looked for below", measured.warnings_are_cleared_beyond_their_limits,
         change(WARNINGS, {"code": "air_feed_silent"}, direction="below"), "direction", "above"),
    Case("a warning watches what nobody keeps", measured.warnings_watch_a_series,
         change(WARNINGS, {"code": "air_pollution"}, series="air_aqi_hours"), "series", "air_aqi_hour"),
    Case("no value raises a warning", measured.warnings_are_cleared_beyond_their_limits,
         change(WARNINGS, {"code": "air_pollution"}, hours="0"), "hours", "至少"),
    Case("a survey is asked what only an indicator knows", problems.problem_rules_can_be_met,
         change(PROBLEMS, {"code": "residents_dissatisfied"}, condition="score_below"), "condition",
         "satisfaction_below"),
    Case("a score of which nothing can be below", problems.problem_rules_can_be_met,
         change(PROBLEMS, {"code": "low_score"}, threshold="0"), "threshold", "大于 0"),
    Case("a bottom line has a threshold of its own", problems.problem_rules_can_be_met,
         change(PROBLEMS, {"code": "bottom_line_missed"}, threshold="60"), "threshold", "不用界限"),
)
# fmt: on


@pytest.mark.parametrize("case", CASES, ids=[case.sentence for case in CASES])
def test_a_rule_names_file_line_and_column_of_what_breaks_it(case: Case, seeds: Path) -> None:
    file, line = case.edit.file, case.edit.apply(seeds)
    if case.found_at is not None:
        file, line = case.found_at[0], line_of(seeds, *case.found_at)
    tables, untyped = read_tables(seeds)
    assert untyped == []
    found = list(case.rule(Book(tables)))
    here = [finding for finding in found if finding.place == Place(file, line=line, column=case.column)]
    assert any(case.message in finding.message for finding in here), [str(finding) for finding in found]
    assert set(found) <= set(check(seeds))


def test_a_system_beside_another_without_a_word_on_breaks_is_noticed(seeds: Path) -> None:
    (seeds / COMPARING).write_text((seeds / COMPARING).read_text(encoding="utf-8").splitlines()[0] + "\n")
    assert ["mohurd 2021" in f.message and "mohurd 2024" in f.message for f in check(seeds)] == [True]


def test_one_official_indicator_less_is_noticed(seeds: Path) -> None:
    drop(INDICATORS, {"code": "INN11"}).apply(seeds)
    line = line_of(seeds, "systems.csv", {"dimension_code": "INN"})
    messages = [f.message for f in check(seeds) if f.place == Place("systems.csv", line=line, column="indicator_count")]
    assert messages == ["mohurd 2021 年 INN 应有 11 个指标，indicators.csv 中有 10 个"]


def test_every_rule_is_broken_by_a_test() -> None:
    alone = {comparing.systems_are_compared}
    assert {rule for rule in RULES if rule not in alone} == {case.rule for case in CASES}
