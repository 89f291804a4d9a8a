"""Readings of air-quality stations before the gate: every rule, and what files hold, through receipts and database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from city_office import Office
from cityhealth.catalogue import Catalogue, load
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.warehouse.connections import Warehouse
from rule_cases import Case, Form, Line, Rules, Trial, assert_every_rule_has_a_case, judged_cases
from small_city import FILES, small_city

RECEIVED = datetime(2021, 6, 8, 9, tzinfo=CITY_TIMEZONE)
HEADERS = {
    "station_text": "站点编码", "hour_text": "监测时间", "pollutant_text": "污染物", "value_text": "浓度",
    "unit_text": "单位", "area_text": "城市",
}  # fmt: skip
GOOD: Mapping[str, Any] = {
    "station_text": "2160A", "hour_text": "2021-06-08 08:00", "pollutant_text": "PM2.5", "value_text": "35",
    "unit_text": None, "area_text": None,
}  # fmt: skip
FORM = Form("air_quality", "air_reading", HEADERS, GOOD)
STATIONS = """\
2160A,自来水公司,100000,112.85,35.5051,no,,,house,,
2161A,白云商贸,100000,112.835,35.4934,no,,2021-05-31,house,,
2162A,市环保局,100000,,,no,,,house,,
"""


def said(*changes: Line, failing: tuple[int, ...] = ()) -> Case:
    """Each line at an hour of its own, so that none repeats another."""
    hours = (RECEIVED - timedelta(hours=number) for number in range(1, 99))
    lines = [{"hour_text": f"{hour:%Y-%m-%d %H:%M}"} | dict(line) for line, hour in zip(changes, hours, strict=False)]
    return Case(tuple(lines), failing)


def values(pollutant: str, *texts: str, failing: tuple[int, ...] = (), unit: str | None = None) -> Case:
    lines = ({"pollutant_text": pollutant, "value_text": text, "unit_text": unit} for text in texts)
    return said(*lines, failing=failing)


def hours(*texts: str, failing: tuple[int, ...] = ()) -> Case:
    return Case(tuple({"hour_text": text} for text in texts), failing)


def twice(*texts: str, failing: tuple[int, ...]) -> Case:
    return Case(tuple({"value_text": text} for text in texts), failing)


ROW_RULES: Rules = {
    "station_known": (
        said({}, {"station_text": "9999A"}, {"station_text": "2161A"}, {"station_text": ""}, failing=(2, 3, 4)),
        said({"station_text": " 2160a "}, {"station_text": "2161A", "hour_text": "2021-06-01 00:00"}),
    ),
    "hour_readable": (
        hours("昨天", "2021-06-31 08:00", "2021-06-08", "2021-06-08 25:00", "2021-06-15", failing=(1, 2, 3, 4, 5)),
        hours("2021/6/8 7:00", "2021年6月8日6时", "2021060805", "2021-06-07 24:00", "2021-06-08T04:00:00"),
    ),
    "on_the_hour": (hours("2021-06-08 07:30", "2021-06-08 07:00:01", failing=(1, 2)), hours("2021-06-08 07:00:00")),
    "hour_past": (
        hours("2021-06-08 10:00", "2021-06-08T02:00:00Z", failing=(1, 2)),
        hours("2021-06-08 09:00", "2021-06-08T00:00:00Z"),
    ),
    "pollutant_known": (
        said({"pollutant_text": "NOx"}, {"pollutant_text": ""}, failing=(1, 2)),
        said({"pollutant_text": "PM₂.₅"}, {"pollutant_text": "臭氧"}, {"pollutant_text": "pm2_5"}),
    ),
    "value_readable": (
        values("SO2", "约12", "12;13", "1e999", "1,2", failing=(1, 2, 3, 4)),
        values("SO2", "12.0", "1.2E1", "1,200"),
    ),
    "unit_known": (
        said({"unit_text": "ppb"}, {"unit_text": "8小时"}, failing=(1, 2)),
        values("CO", "1200", unit="μg/m³"),
    ),
    "no_fill_value": (values("O3", "999", "9999", "-99", failing=(1, 2, 3)), values("O3", "998", "99")),
    "not_negative": (values("O3", "-1", "-0.1", failing=(1, 2)), values("O3", "0", "-0")),
    "possible": (values("PM2.5", "1001", failing=(1,)), values("PM2.5", "1000")),
    "within_index": (values("PM10", "601", failing=(1,)), values("PM10", "600")),
    "unit_plausible": (values("CO", "101", failing=(1,)), values("CO", "100")),
    "not_contradicted": (twice("35", "36", failing=(1, 2)), twice("35", "-", failing=())),
    "not_repeated": (twice("35", "35.0", failing=(2,)), values("PM2.5", "35", "35")),
    "not_stuck": (values("SO2", "12", *["7"] * 24, failing=(25,)), values("SO2", *["7"] * 23, "8", *["7"] * 23)),
}
BATCH_RULES: dict[str, tuple[Case, Case]] = {
    "any_reading": (Case(({"area_text": "太原市", "station_text": "1081A"},)), said({"value_text": "—"})),
}


def ozone(hour: int, largest: int) -> Case:
    record = {"stationcode": "2160A", "timepoint": "2021-06-08T08:00:00", "o3": f"{hour}", "o3_24h": f"{largest}"}
    return Case(data=json.dumps([record]).encode(), filename="airnow.json")


BATCH_RULES |= {"ozone_named": (ozone(94, 45), ozone(45, 94))}
NATIONAL = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {"properties": {"stationcode": "1001A", "area": "北京市", "timepoint": "2021-06-08T08:00:00", "co": "0.4"}},
            {
                "properties": {
                    "stationcode": "2160A", "area": "晋城市", "timepoint": "2021-06-08T08:00:00", "co": "3.4",
                    "co_24h": "2.2", "pm10": "-;", "o3": "NA",
                }
            },
        ],
    },
    ensure_ascii=False,
).encode()  # fmt: skip
MORE = {
    "national": Case(data=NATIONAL, filename="airnow.json"),
    "half a file": Case(data=NATIONAL[:-40], filename="airnow.json"),
    "a month": Case(
        tuple(
            {"station_text": code, "hour_text": f"2021-05-{day:02d} {hour:02d}:00", "pollutant_text": name,
             "value_text": str((day * 7 + hour) % 50)}
            for code in ("2160A", "2161A", "2162A") for day in range(1, 32) for hour in range(24)
            for name in ("SO2", "NO2")
        )
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("city")
    small_city(folder)
    (folder / "stations.csv").write_text(FILES["stations.csv"] + STATIONS, encoding="utf-8")
    return load(folder)


@pytest.fixture(scope="module")
def gate(module_warehouse: Warehouse, city: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    office = Office(module_warehouse, city, tmp_path_factory.mktemp("home"), RECEIVED)
    return judged_cases(office, FORM, {**ROW_RULES, **BATCH_RULES}, MORE)


def test_every_rule_has_a_case() -> None:
    assert_every_rule_has_a_case(FORM, ROW_RULES, BATCH_RULES)


@pytest.mark.parametrize("rule", ROW_RULES)
def test_a_row_rule_finds_just_the_readings_that_break_it(gate: Trial, rule: str) -> None:
    gate.assert_just_those_fail(rule)


@pytest.mark.parametrize("rule", ROW_RULES)
def test_a_critical_rule_refuses_its_readings_a_warning_marks_them_and_others_are_kept(gate: Trial, rule: str) -> None:
    gate.assert_refused_or_marked(rule)


@pytest.mark.parametrize("rule", ROW_RULES)
def test_what_only_comes_near_is_accepted(gate: Trial, rule: str) -> None:
    assert gate.judgements[rule, False].verdict == "accepted"


def test_a_file_without_a_reading_of_the_city_is_refused_and_one_that_misses_all_is_not(gate: Trial) -> None:
    assert gate.judgements["any_reading", True].verdict == "refused"
    assert gate.failing_lines("any_reading", breaks=True) == [None]
    missing = gate.judgements["any_reading", False]
    assert (missing.verdict, missing.rows_in, missing.rows_blank) == ("accepted", 0, 1)


def test_where_the_hours_ozone_exceeds_the_days_largest_hour_their_names_are_swapped(gate: Trial) -> None:
    assert gate.failing_lines("ozone_named", breaks=True) == [None]
    for breaks, cell in ((True, "[0].o3_24h"), (False, "[0].o3")):
        ((_, _, pollutant, value, *_, place),) = kept(gate, "ozone_named", breaks)
        assert (pollutant, value, place) == ("o3", 45, cell)


def test_rows_in_are_the_accepted_and_the_refused_in_every_file(gate: Trial) -> None:
    gate.assert_rows_add_up()


def test_every_reason_and_advice_is_filled_in(gate: Trial) -> None:
    gate.assert_every_text_is_filled_in()


def kept(gate: Trial, name: str, breaks: bool = True) -> list[tuple]:
    return gate.office.ask(
        "select station_code, hour, pollutant, value, unit, state, verdict, value_text, cell from gate.air_reading"
        " where gate_run_id = %s order by line_no",
        gate.judgements[name, breaks].gate_run_id,
    )


def test_of_a_national_file_the_citys_hours_are_kept_and_other_stations_counted(gate: Trial) -> None:
    hour = datetime(2021, 6, 8, 0, tzinfo=UTC)
    milli = "毫克/立方米"
    assert kept(gate, "national") == [
        ("2160A", hour, "co", 3.4, milli, "value", "accepted", "3.4", "features[1].co"),
        ("2160A", hour, "pm10", None, None, "blank", "blank", "-;", "features[1].pm10"),
        ("2160A", hour, "o3", None, None, "blank", "blank", "NA", "features[1].o3"),
    ]
    notes = gate.office.ask(
        "select value_text from raw.air_reading where row_kind = 'note' and batch_id = %s",
        gate.judgements["national", True].batch_id,
    )
    assert notes == [("其他城市的 1 个站点，未读取",)]


def test_a_file_that_breaks_off_is_refused_and_says_so(gate: Trial) -> None:
    found = gate.office.ask(
        "select reason_zh from gate.failing_row where gate_run_id = %s",
        gate.judgements["half a file", True].gate_run_id,
    )
    assert found == [("文件已损坏或传输不完整，请重新发送（JSON 不完整）",)]


def test_micrograms_of_carbon_monoxide_that_say_so_become_milligrams(gate: Trial) -> None:
    assert kept(gate, "unit_known", breaks=False)[0][3:5] == (1.2, "毫克/立方米")


def test_a_month_of_hours_is_accepted_whole(gate: Trial) -> None:
    month = gate.judgements["a month", True]
    assert (month.rows_in, month.rows_accepted, month.warnings) == (3 * 31 * 24 * 2,) * 2 + (0,)
