"""The catalogue that is delivered: whole, and true to what is known of Jincheng."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from seed_files import append, change

from cityhealth.catalogue import Catalogue, check, load, load_history
from cityhealth.errors import CatalogueError
from cityhealth.periods import Period
from cityhealth.settings import PROJECT_ROOT

BEFORE, AFTER = date(2020, 6, 30), date(2021, 10, 31)


def test_it_is_whole() -> None:
    assert check(PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng") == []


def test_it_has_the_65_indicators_of_2021_by_dimension(catalogue: Catalogue) -> None:
    official = [i for i in catalogue.indicators if i.status == "official"]
    counts = Counter(i.dimension_code for i in official)
    assert [counts[d.code] for d in catalogue.dimensions if d.kind == "base"] == [15, 9, 7, 6, 6, 6, 5, 11]
    assert sorted(i.no for i in official) == list(range(1, 66))


def test_it_lists_the_61_indicators_of_2024_on_four_levels_and_makes_nothing_up(catalogue: Catalogue) -> None:
    listed = [i for i in catalogue.indicators if i.year == 2024]
    levels = [d for d in catalogue.dimensions if d.kind == "level"]
    counts = Counter(i.dimension_code for i in listed)
    assert [(d.name_zh, counts[d.code]) for d in levels] == [("住房", 10), ("小区", 12), ("街区", 7), ("城区", 32)]
    assert [i.no for i in listed] == list(range(1, 62))
    assert {i.name_zh for i in listed} == {"名称未取得"}
    invented = ("unit", "direction", "category", "definition_zh", "lead_department", "numerator_item", "area_code")
    assert [i.code for i in listed if any(getattr(i, column) for column in invented)] == []
    assert [i.code for i in listed if i.basis == "verified"] == [
        *(f"IND-HOUSE-{n:03}" for n in range(1, 11)), *(f"IND-COMM-{n:03}" for n in range(11, 23)),
    ]  # fmt: skip
    assert {i.basis for i in listed[22:]} == {"recalled"}


def test_the_system_of_2024_was_not_known_in_2021_and_changes_no_judgement(seeds: Path) -> None:
    with_it = load_history(seeds).on(date(2021, 6, 5))
    for file in ("indicators.csv", "dimensions.csv", "systems.csv"):
        lines = (seeds / file).read_text(encoding="utf-8").splitlines(keepends=True)
        (seeds / file).write_text("".join(line for line in lines if "2024-01-01" not in line), encoding="utf-8")
    assert len(load(seeds).indicators) == len(with_it.indicators) == 72
    assert load_history(seeds).on(date(2021, 6, 5)).catalogue_hash == with_it.catalogue_hash


def test_local_indicators_are_proposals(catalogue: Catalogue) -> None:
    local = [i for i in catalogue.indicators if i.dimension_code == "LOC"]
    assert len(local) >= 6
    assert {(i.status, i.definition_basis) for i in local} == {("proposed", "proposed")}


def test_84_towns_became_77(catalogue: Catalogue) -> None:
    before, after = catalogue.areas_valid_at(BEFORE, "town"), catalogue.areas_valid_at(AFTER, "town")
    counties = ("140502", "140521", "140522", "140524", "140525", "140581")
    assert [Counter(a.parent_code for a in before)[c] for c in counties] == [8, 14, 17, 12, 17, 16]
    assert [Counter(a.parent_code for a in after)[c] for c in counties] == [8, 12, 15, 11, 16, 15]


def test_a_town_that_became_another_leads_to_it(catalogue: Catalogue) -> None:
    old = catalogue.area("白桑乡", BEFORE)
    assert old is not None and catalogue.area("白桑乡", AFTER) is None
    assert catalogue.area("白桑镇", AFTER) == catalogue.area(old.successor_code or "", AFTER) is not None
    assert catalogue.area("白桑镇", BEFORE) is None


def test_only_what_has_a_source_is_scored(catalogue: Catalogue) -> None:
    scored = {t.code for t in catalogue.targets if t.kind == "target"}
    assert scored == {"ECO02", "ECO04", "ECO07", "ECO09", "ECO13", "SAF05", "TRA02"}
    assert all(target.source for target in catalogue.targets)
    commute = catalogue.indicator("TRA03", 2021)
    assert commute is not None and catalogue.target(commute) is None
    reference = catalogue.target(commute, "reference")
    assert reference is not None and reference.value == 36


def test_rail_does_not_apply_and_nobody_is_asked_for_it(catalogue: Catalogue) -> None:
    rail = catalogue.indicator("TRA05", 2021)
    assert (
        rail is not None
        and rail.applicability == "not_applicable"
        and "轨道交通" in (rail.not_applicable_reason_zh or "")
    )
    asked = {duty.item.code for d in catalogue.departments for duty in catalogue.duty_list(d.code)}
    assert "rail_covered_commuters" not in asked and "tra05_reported" not in asked


def test_twenty_departments_and_more_owe_something(catalogue: Catalogue) -> None:
    assert sum(bool(catalogue.duty_list(d.code)) for d in catalogue.departments) >= 20


def test_a_department_owes_each_of_its_items_for_each_area_and_year(catalogue: Catalogue) -> None:
    duties = catalogue.duty_list("natural_resources")
    clusters = [duty.area.code for duty in duties if duty.item.code == "cluster_area"]
    assert clusters == [f"140500-C{n}" for n in range(1, 7)]
    ecology = [duty.period for duty in catalogue.duty_list("ecology") if duty.item.code == "co2_per_gdp"]
    assert ecology == [Period.year(2019), Period.year(2020)]
    consumption = [
        d.period.key for d in catalogue.duty_list("statistics") if d.item.code == "urban_consumption_per_capita"
    ]
    assert consumption == ["2019"]
    assert catalogue.duty_list("nobody") == []
    assert not any(d.item.feed == "yearbook" for d in catalogue.duty_list("statistics"))


@pytest.mark.parametrize("written", ["housing", "市住房和城乡建设局", "住建局", " 晋城市 住建局　", "ＨＯＵＳＩＮＧ"])
def test_a_department_is_found_as_people_write_it(catalogue: Catalogue, written: str) -> None:
    found = catalogue.department(written)
    assert found is not None and found.code == "housing"


@pytest.mark.parametrize(
    ("written", "unit"), [("km²", "平方公里"), ("㎡", "平方米"), ("ＫＭ2", "平方公里"), ("千米", "公里")]
)
def test_a_unit_is_found_by_its_aliases(catalogue: Catalogue, written: str, unit: str) -> None:
    found = catalogue.unit(written)
    assert found is not None and found.unit == unit


def test_areas_convert_exactly(catalogue: Catalogue) -> None:
    units = catalogue.units
    assert units["公顷"].factor / units["亩"].factor == 15
    assert units["平方公里"].factor / units["公顷"].factor == 100
    assert units["平方米"].factor * 2000 == units["亩"].factor * 3


def test_names_that_nobody_has_find_nothing(catalogue: Catalogue) -> None:
    assert (catalogue.item("nothing"), catalogue.department("教委"), catalogue.unit("两")) == (None, None, None)
    assert catalogue.area("亚特兰蒂斯", AFTER) is None
    with pytest.raises(CatalogueError, match="2024"):
        catalogue.examination(2024)


def test_an_item_is_found_by_code_and_by_name(catalogue: Catalogue) -> None:
    assert catalogue.item("建成区　面积") == catalogue.item("Built_Up_Area") is not None


def test_what_became_known_later_is_unknown_before(seeds: Path) -> None:
    append("targets.csv", {"code": "TRA02"}, value="9", known_from="2021-06-01").apply(seeds)
    assert check(seeds) == []

    def goal(known_on: date | None) -> Decimal:
        catalogue = load(seeds, known_on)
        indicator = catalogue.indicator("TRA02", 2021)
        target = catalogue.target(indicator) if indicator else None
        assert target is not None
        return target.value

    assert (goal(date(2021, 5, 31)), goal(date(2021, 6, 1)), goal(None)) == (8, 9, 9)


def test_what_ended_no_longer_counts_and_a_history_tells_each_day(seeds: Path) -> None:
    append("grading.csv", {"code": "late"}, code="forgiven", known_from="2021-06-01", known_until="2021-07-01").apply(
        seeds
    )
    history = load_history(seeds)

    def codes(day: date) -> set[str]:
        return {rule.code for rule in history.on(day).gradings}

    assert [("forgiven" in codes(date(2021, 5, 31) + timedelta(days=n))) for n in (0, 1, 30, 31)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert history.on(date(2021, 5, 1)) is history.on(date(2021, 5, 31))
    assert history.on(date(2021, 5, 1)).catalogue_hash == history.on(date(2021, 7, 1)).catalogue_hash
    assert history.on(date(2021, 6, 1)).catalogue_hash != history.on(date(2021, 7, 1)).catalogue_hash


def test_a_later_system_can_stand_beside_the_first(seeds: Path) -> None:
    later = {"year": "2025", "period_start": "2024-01-01", "period_end": "2024-12-31"}
    append("examination.csv", {"year": "2021"}, **later).apply(seeds)
    append("indicators.csv", {"code": "ECO02"}, year="2025", code="ECO-102", no="2", name_zh="组团规模").apply(seeds)
    append("systems.csv", {"dimension_code": "ECO"}, year="2025", indicator_count="1").apply(seeds)
    for year in ("2021", "2024"):
        append("comparability.csv", {"kind": "structure"}, from_year=year, to_year="2025").apply(seeds)
    assert check(seeds) == []
    catalogue = load(seeds)
    assert catalogue.indicator("ECO-102", 2025) is not None and catalogue.indicator("ECO-102", 2021) is None
    years = {d.period.key for d in catalogue.duty_list("natural_resources", 2025)}
    assert years == {"2024"} and {d.period.key for d in catalogue.duty_list("natural_resources", 2021)} == {"2020"}


def test_the_hash_changes_with_a_cell_and_not_with_line_ends(seeds: Path) -> None:
    before = load(seeds).catalogue_hash
    units = seeds / "units.csv"
    units.write_bytes(units.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert load(seeds).catalogue_hash == before
    change("items.csv", {"code": "gdp"}, max_value="5001").apply(seeds)
    assert load(seeds).catalogue_hash != before


@pytest.mark.real_data
def test_the_towns_of_2021_are_those_of_the_published_codes(catalogue: Catalogue) -> None:
    root = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))
    published = root / "boundaries" / "division-codes" / "streets.csv"
    if not published.is_file():
        pytest.skip("CITYHEALTH_REAL_DATA has no boundaries/division-codes/streets.csv")
    lines = (line.replace('"', "").split(",") for line in published.read_text(encoding="utf-8").splitlines())
    towns = {(cells[0], cells[1]) for cells in lines if cells[-1] == "1405"}
    assert {(a.code, a.name_zh) for a in catalogue.areas_valid_at(AFTER, "town")} == towns
