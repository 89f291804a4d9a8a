"""The index of HJ 633—2012 against its Table 1 and interpolations worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from cityhealth.air.aqi import BREAKPOINTS, Index, beyond, index, indices, level_zh, sub_index

#: Table 1 again, as the standard prints it: sub-index → concentrations, "-" where notes 1 and 2 say that there is none.
COLUMNS = "so2 24h|so2 1h|no2 24h|no2 1h|pm10 24h|co 24h|co 1h|o3 1h|o3 8h|pm2_5 24h"
PRINTED = """\
0: 0 0 0 0 0 0 0 0 0 0
50: 50 150 40 100 50 2 5 160 100 35
100: 150 500 80 200 150 4 10 200 160 75
150: 475 650 180 700 250 14 35 300 215 115
200: 800 800 280 1200 350 24 60 400 265 150
300: 1600 - 565 2340 420 36 90 800 800 250
400: 2100 - 750 3090 500 48 120 1000 - 350
500: 2620 - 940 3840 600 60 150 1200 - 500
"""
tables = st.sampled_from(sorted(BREAKPOINTS))


def printed() -> dict[tuple[str, str], list[tuple[float, int]]]:
    found: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for line in PRINTED.splitlines():
        number, _, values = line.partition(":")
        for column, value in zip(COLUMNS.split("|"), values.split(), strict=True):
            pollutant, averaged = column.split()
            if value != "-":
                found.setdefault((pollutant, averaged), []).append((float(value), int(number)))
    return found


def one(pollutant: str, averaged: str, value: float) -> float:
    return float(sub_index(pollutant, averaged, value))


@pytest.mark.parametrize(("table", "pairs"), printed().items(), ids=COLUMNS.split("|"))
def test_each_concentration_of_the_table_has_its_sub_index(
    table: tuple[str, str], pairs: list[tuple[float, int]]
) -> None:
    assert [one(*table, value) for value, _ in pairs] == [number for _, number in pairs]
    assert tuple(value for value, _ in pairs) == BREAKPOINTS[table]


@pytest.mark.parametrize(
    ("pollutant", "averaged", "value", "expected"),
    [
        # (100 − 50) / (75 − 35) × (55 − 35) + 50 = 75
        ("pm2_5", "24h", 55, 75),
        # 50 / 40 × 21 + 50 = 76.25, rounded up
        ("pm2_5", "24h", 56, 77),
        # 100 / 100 × (225 − 150) + 200 = 275
        ("pm2_5", "24h", 225, 275),
        # 50 / 100 × (121 − 50) + 50 = 85.5
        ("pm10", "24h", 121, 86),
        # 50 / 2 × (3.4 − 2) + 50 = 85, which binary fractions must not make 86
        ("co", "24h", 3.4, 85),
        # 50 / 5 × 3.4 = 34
        ("co", "1h", 3.4, 34),
        # 50 / 60 × (101 − 100) + 50 = 50.83
        ("o3", "8h", 101, 51),
        # 50 / 160 × 144 = 45
        ("o3", "1h", 144, 45),
        # 50 / 150 × 100 = 33.33
        ("so2", "1h", 100, 34),
        # 50 / 325 × (151 − 150) + 100 = 100.15
        ("so2", "24h", 151, 101),
        # 50 / 40 × (79 − 40) + 50 = 98.75
        ("no2", "24h", 79, 99),
    ],
)
def test_between_two_concentrations_it_is_linear_and_rounded_up(
    pollutant: str, averaged: str, value: float, expected: int
) -> None:
    assert one(pollutant, averaged, value) == expected


def test_above_the_last_concentration_it_is_500_and_said_to_be_beyond() -> None:
    assert sub_index("pm10", "24h", [600, 601, 4000]).tolist() == [500, 500, 500]
    assert beyond("pm10", "24h", [600, 601, np.nan]).tolist() == [False, True, False]


def test_sulphur_dioxide_of_an_hour_and_ozone_of_eight_hours_have_none_above_800() -> None:
    for table in (("so2", "1h"), ("o3", "8h")):
        found = sub_index(*table, [800, 800.1])
        assert found[0] in (200, 300) and np.isnan(found[1])
        assert not beyond(*table, [801]).any()


def test_what_is_missing_stays_missing_and_a_negative_concentration_is_no_concentration() -> None:
    assert np.isnan(sub_index("no2", "1h", [[np.nan]])).all()
    with pytest.raises(ValueError, match="no2"):
        sub_index("no2", "1h", [-1])
    with pytest.raises(KeyError):
        sub_index("pm10", "1h", [1])


@given(tables, st.lists(st.floats(0, 1e6), min_size=2))
def test_more_is_never_better_and_every_sub_index_is_a_whole_number_up_to_500(
    table: tuple[str, str], values: list[float]
) -> None:
    found = sub_index(*table, sorted(values))
    known = found[~np.isnan(found)]
    assert (np.diff(known) >= 0).all() and ((known >= 0) & (known <= 500) & (known == np.round(known))).all()
    assert np.isnan(found[len(known) :]).all(), "only what is largest has none"


@given(tables, st.integers(1, 6))
def test_it_does_not_jump_at_a_breakpoint(table: tuple[str, str], number: int) -> None:
    points = BREAKPOINTS[table]
    point = points[min(number, len(points) - 2)]
    below, at, above = sub_index(*table, [point * (1 - 1e-7), point, point * (1 + 1e-7)])
    assert below == at and above == at + 1


def test_the_index_is_the_largest_and_names_who_has_it_only_above_50() -> None:
    assert index({"so2": 34, "pm10": 147, "pm2_5": 275, "o3": None}) == Index(275, ("pm2_5",), ("pm10", "pm2_5"))
    assert index({"o3": 85, "pm10": 85, "no2": 84}) == Index(85, ("o3", "pm10"), ())
    assert index({"no2": 50, "co": float("nan")}) == Index(50, (), ())
    assert index({"co": float("nan")}) == Index(None, (), ())


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["so2", "no2", "co", "o3", "pm10", "pm2_5"]), st.integers(0, 500)), max_size=8
    )
)
def test_many_at_once_are_as_each_alone(rows: list[dict[str, int]]) -> None:
    found = indices(pd.DataFrame(rows, dtype=float))
    alone = [index(row) for row in rows]
    assert [None if number is pd.NA else number for number in found["aqi"]] == [it.aqi for it in alone]
    assert found["primary_pollutants"].tolist() == [";".join(it.primary) or None for it in alone]


def test_levels_end_with_their_upper_limit() -> None:
    ends = {
        50: "优",
        51: "良",
        100: "良",
        101: "轻度污染",
        151: "中度污染",
        201: "重度污染",
        300: "重度污染",
        301: "严重污染",
    }
    assert {aqi: level_zh(aqi) for aqi in ends} == ends
    assert (level_zh(0), level_zh(500)) == ("优", "严重污染")
    with pytest.raises(ValueError):
        level_zh(501)
