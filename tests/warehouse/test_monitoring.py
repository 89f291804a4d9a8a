"""Warnings: raised, worse, better and cleared by limits that lie apart; silence; late values, and any order of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cities import settle_jincheng

from cityhealth.monitoring import mark_told, untold
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.transform.monitor import Evaluation, Warned, evaluate
from cityhealth.warehouse.connections import Warehouse

NOON = datetime(2021, 7, 20, 12, tzinfo=CITY_TIMEZONE)
WATER, SHOP, BUREAU, COLLEGE, SCHOOL = "2160A", "2161A", "2162A", "2163A", "2164A"
CITY = "140500"

#: Of fine particles yellow is raised by two hours at 150 and cleared below 130, red by two at 250 and left below 230.
FIRST: Mapping[str, Mapping[int, float]] = {
    # 140 is below the limit that raises and above the one that clears.
    WATER: {1: 100, 2: 160, 3: 155, 4: 140, 5: 135, 6: 131},
    SHOP: {1: 160, 2: 260, 3: 255, 4: 240, 5: 229, 6: 235},
    # Eight hours without readings: 160 before and after are not two in a row.
    BUREAU: {1: 160},
    # The third hour comes late.
    COLLEGE: {1: 90, 2: 160, 4: 165, 5: 170, 6: 160},
    SCHOOL: {1: 20},
}
LATER: Mapping[str, Mapping[int, float]] = {
    WATER: {7: 129, 8: 149, 9: 170, 10: 120},
    SHOP: {7: 120, 8: 110, 9: 100, 10: 90},
    BUREAU: {9: 160, 10: 100},
    COLLEGE: {3: 100, 7: 100, 8: 90, 9: 80, 10: 70},
    SCHOOL: {},
}
#: What came late has changed, too: at the fifth hour it was 100, not 170.
REVISED: Mapping[str, Mapping[int, float]] = {COLLEGE: {5: 100}}


def at(hour: float) -> datetime:
    return NOON + timedelta(hours=hour)


def observe(warehouse: Warehouse, series: Mapping[str, Mapping[int, float]], reverse: bool = False) -> None:
    """Put hours of fine particles where the derivation puts them."""
    rows = [(station, at(hour), value) for station, hours in series.items() for hour, value in hours.items()]
    with warehouse.connect("loader") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "delete from ops.air_hour where subject_code = %s and hour = %s", [(code, hour) for code, hour, _ in rows]
        )
        cursor.executemany(
            "insert into ops.air_hour (subject_kind, subject_code, hour, pm2_5, station_count)"
            " values ('station', %s, %s, %s, 1)",
            sorted(rows, key=lambda row: row[1], reverse=reverse),
        )


def warnings(warehouse: Warehouse, rule: str, subject: str) -> list[tuple]:
    """Level now and at worst, hours of first value, raising, level and clearing, values: raised by, worst, last."""
    with warehouse.connect("reader") as connection:
        rows = connection.execute(
            "select level, worst_level, first_at, raised_at, level_since, cleared_at, value_at_raise, worst_value,"
            " last_value from indicator_warning where rule_code = %s and subject = %s order by raised_at",
            (rule, subject),
        ).fetchall()
    return [
        (*row[:2], *(None if moment is None else (moment - NOON) / timedelta(hours=1) for moment in row[2:6]), *row[6:])
        for row in rows
    ]


def everything(warehouse: Warehouse) -> list[str]:
    """All that the marts of early warning say, but for when it was stored."""
    with warehouse.connect("transformer") as connection:
        return [
            row[0]
            for mart in ("air_hour", "air_day", "monitored_value", "indicator_warning")
            for row in connection.execute(
                "select (to_jsonb(m) - array['stored_at', 'hour_stored_at', 'derived_at', 'evaluated_at'])::text"  # type: ignore[arg-type]
                f" from marts.{mart} as m order by 1"
            ).fetchall()
        ]


@pytest.fixture(scope="module")
def city(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settle_jincheng(module_warehouse.settings, tmp_path_factory.mktemp("jincheng"))


@pytest.fixture(scope="module")
def sixth_hour(module_warehouse: Warehouse, city: Settings) -> Evaluation:
    observe(module_warehouse, FIRST)
    return evaluate(module_warehouse, city, at(6))


@pytest.fixture(scope="module")
def told_at_six(module_warehouse: Warehouse, sixth_hour: Evaluation) -> list[tuple[str, str, str]]:
    changes = untold(module_warehouse, sixth_hour)
    mark_told(module_warehouse, changes)
    return sorted((change.kind, change.rule_code, change.subject) for change in changes)


@pytest.fixture(scope="module")
def at_six(module_warehouse: Warehouse, told_at_six: Sequence[object]) -> dict[str, list[tuple]]:
    found = {station: warnings(module_warehouse, "station_pm2_5", station) for station in FIRST}
    return found | {f"{station} silent": warnings(module_warehouse, "station_silent", station) for station in FIRST}


@pytest.fixture(scope="module")
def tenth_hour(module_warehouse: Warehouse, city: Settings, at_six: object) -> Evaluation:
    observe(module_warehouse, LATER)
    return evaluate(module_warehouse, city, at(10))


def test_a_warning_is_raised_by_values_in_a_row_and_stands_until_one_is_beyond_the_limit_that_clears(
    module_warehouse: Warehouse, at_six: Mapping[str, list[tuple]], tenth_hour: Evaluation
) -> None:
    assert at_six[WATER] == [("yellow", "yellow", 2, 3, 3, None, 155, 155, 131)]
    # 129 clears; then one hour at 170 between lower ones raises nothing.
    assert warnings(module_warehouse, "station_pm2_5", WATER) == [("clear", "yellow", 2, 3, 7, 7, 155, 155, 129)]


def test_red_falls_back_to_yellow_beyond_its_own_limit(
    module_warehouse: Warehouse, at_six: Mapping[str, list[tuple]], tenth_hour: Evaluation
) -> None:
    assert at_six[SHOP] == [("yellow", "red", 1, 2, 5, None, 260, 260, 235)]
    assert warnings(module_warehouse, "station_pm2_5", SHOP) == [("clear", "red", 1, 2, 7, 7, 260, 260, 120)]


def test_hours_that_are_missing_are_no_values_and_a_long_gap_begins_the_count_again(
    module_warehouse: Warehouse, at_six: Mapping[str, list[tuple]], tenth_hour: Evaluation
) -> None:
    assert at_six[BUREAU] == [] and warnings(module_warehouse, "station_pm2_5", BUREAU) == []
    # At six one hour is missing between two that follow one another.
    assert at_six[COLLEGE] == [("yellow", "yellow", 2, 4, 4, None, 165, 170, 160)]


def test_silence_is_a_warning_of_its_own_and_data_clear_it(
    module_warehouse: Warehouse, at_six: Mapping[str, list[tuple]], tenth_hour: Evaluation, city: Settings
) -> None:
    assert at_six[f"{BUREAU} silent"] == [("yellow", "yellow", 1, 4, 4, None, 3, 5, 5)]
    assert at_six[f"{WATER} silent"] == []
    assert warnings(module_warehouse, "station_silent", BUREAU) == [("clear", "yellow", 1, 4, 9, 9, 3, 8, 8)]
    assert warnings(module_warehouse, "station_silent", SCHOOL) == [("yellow", "yellow", 1, 4, 4, None, 3, 9, 9)]


def test_late_hours_change_the_warning_and_it_is_not_told_again(
    module_warehouse: Warehouse, tenth_hour: Evaluation, told_at_six: list[tuple[str, str, str]]
) -> None:
    # With 100 at the third hour two in a row are the fourth and fifth; the seventh clears.
    assert warnings(module_warehouse, "station_pm2_5", COLLEGE) == [("clear", "yellow", 4, 5, 7, 7, 170, 170, 100)]
    limits = [("raised", "station_pm2_5", station) for station in (WATER, SHOP, COLLEGE)]
    assert told_at_six == [*limits, *(("raised", "station_silent", station) for station in (BUREAU, SCHOOL))]
    changes = untold(module_warehouse, tenth_hour)
    assert sorted((change.kind, change.subject) for change in changes) == [
        ("cleared", WATER), ("cleared", SHOP), ("cleared", BUREAU), ("cleared", COLLEGE),
    ]  # fmt: skip
    mark_told(module_warehouse, changes)
    assert untold(module_warehouse, tenth_hour) == []
    assert [warned.subject for warned in tenth_hour.standing] == [SCHOOL]


def test_a_warning_raised_after_the_told_one_ended_is_told_though_no_run_came_between(
    module_warehouse: Warehouse, tenth_hour: Evaluation
) -> None:
    def stands(station: str, raised: float) -> Warned:
        found = next(warned for warned in tenth_hour.latest if warned.subject == station)
        return replace(found, rule_code="station_pm2_5", level="red", raised_at=at(raised), cleared_at=None)

    def told(station: str, raised: float) -> None:
        with module_warehouse.connect("transformer") as connection:
            connection.execute(
                "update ops.warning_told set level = 'red', raised_at = %s"
                " where rule_code = 'station_pm2_5' and subject = %s",
                (at(raised), station),
            )

    # Both were told as red. That of the shop ended at the seventh hour, and another began; that of the water works
    # ended after the beginning that late hours have given it.
    told(SHOP, 2)
    told(WATER, 3)
    changes = untold(module_warehouse, Evaluation(at(21), (stands(SHOP, 20), stands(WATER, 2))))
    pm2_5 = [(change.kind, change.subject) for change in changes if change.rule_code == "station_pm2_5"]
    assert pm2_5 == [("raised", SHOP)]
    mark_told(module_warehouse, untold(module_warehouse, tenth_hour))


def test_the_reason_names_value_hour_and_limit(module_warehouse: Warehouse, tenth_hour: Evaluation) -> None:
    reasons = {(warned.rule_code, warned.subject): warned.reason_zh for warned in tenth_hour.latest}
    assert reasons["station_pm2_5", SHOP] == (
        "白云商贸站细颗粒物小时浓度于2021年7月20日14时为260微克/立方米，连续2个值达到或超过150的黄色界限；"
        "最高260（2021年7月20日14时），达到或超过250的红色界限；2021年7月20日19时回到120，已解除。"
    )
    assert reasons["station_silent", SCHOOL] == (
        "泽州一中站自2021年7月20日13时起没有新的站点读数，至2021年7月20日22时已9小时，达到3小时的黄色界限。"
    )


def test_no_later_call_takes_the_picture_back_and_a_revised_hour_undoes_a_warning(
    module_warehouse: Warehouse, tenth_hour: Evaluation, city: Settings
) -> None:
    observe(module_warehouse, REVISED)
    again = evaluate(module_warehouse, city, at(2))
    assert again.as_of == at(10)
    assert warnings(module_warehouse, "station_pm2_5", COLLEGE) == []
    # SCHOOL is red a day after its last reading, and told once more.
    day_later = evaluate(module_warehouse, city, at(26))
    worse = [c for c in untold(module_warehouse, day_later) if c.subject == SCHOOL]
    assert [(change.kind, change.level) for change in worse] == [("worsened", "red")]
    stepwise = everything(module_warehouse)

    # The same values at once and in another order, over tables made from nothing.
    merged = {station: {**FIRST[station], **LATER[station], **REVISED.get(station, {})} for station in FIRST}
    observe(module_warehouse, merged, reverse=True)
    evaluate(module_warehouse, city, at(26), anew=True)
    assert everything(module_warehouse) == stepwise
    assert len(stepwise) > 40


def test_days_speeds_and_feeds_are_watched_too(module_warehouse: Warehouse, city: Settings) -> None:
    january = datetime(2021, 1, 1, tzinfo=CITY_TIMEZONE).date()
    # 30 days of which three are not good: 90 %; then 10 more bad ones: 27 of 40 days, 67.5 %, below 80.
    indices = [120] * 3 + [60] * 27 + [160] * 10
    with module_warehouse.connect("loader") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.air_day (subject_kind, subject_code, day, aqi, is_valid, station_count)"
            " values ('city', %s, %s, %s, true, 5)",
            [(CITY, january + timedelta(days=number), aqi) for number, aqi in enumerate(indices)],
        )
        cursor.execute(
            "insert into raw.arrival (arrival_id, feed, filename, sha256, size_bytes, received_at, attachments)"
            " values ('a1', 'air_quality', 'x.json', 'x', 1, %s, '[]'),"
            " ('a2', 'air_quality', 'y.json', 'y', 1, %s, '[]')",
            (at(0), at(4)),
        )
        for batch, arrival, received, speed in (("b1", "m1", -2, 30), ("b2", "m2", -1, 18)):
            cursor.execute(
                "insert into raw.arrival (arrival_id, feed, filename, sha256, size_bytes, received_at, attachments)"
                " values (%s, 'mobility', 'm.yaml', %s, 1, %s, '[]')",
                (arrival, arrival, at(received)),
            )
            cursor.execute(
                "insert into raw.batch (batch_id, arrival_id, feed, raw_table, rows_read)"
                " values (%s, %s, 'mobility', 'measured_value', 1)",
                (batch, arrival),
            )
            cursor.execute(
                "insert into gate.run (gate_run_id, batch_id, suite, suite_hash, catalogue_hash, verdict, rows_in,"
                " rows_accepted, rows_refused, rows_blank, warnings)"
                " values (%s, %s, 'measured_value', '', '', 'accepted', 1, 1, 0, 0, 0)",
                (f"g{batch}", batch),
            )
            cursor.execute(
                "insert into ops.speed_day values (%s, '140500-BUA', %s, %s, 10, 50)",
                (batch, january + timedelta(days=4), speed * 10),
            )
    evaluate(module_warehouse, city, at(26))
    (share,) = warnings(module_warehouse, "good_days_behind", CITY)
    assert share[:2] == ("red", "red")
    # 27 of 31 days are 87.1 %, 27 of 34 are 79.4 %.
    assert share[6:] == (pytest.approx(2700 / 31), pytest.approx(67.5), pytest.approx(67.5))
    (slow,) = warnings(module_warehouse, "peak_slow", "140500-BUA")
    assert (slow[0], slow[6]) == ("yellow", 18)
    assert warnings(module_warehouse, "air_feed_silent", "air_quality") == [
        ("clear", "yellow", 0, 3, 4, 4, 3, 4, 4),
        ("yellow", "yellow", 4, 7, 7, None, 3, 22, 22),
    ]
    # An arrival is counted as it was handed in; ninety days later mobility is silent, in red.
    evaluate(module_warehouse, city, at(90 * 24))
    assert warnings(module_warehouse, "mobility_feed_silent", "mobility")[0][:2] == ("red", "red")
