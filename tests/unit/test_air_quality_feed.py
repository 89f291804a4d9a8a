"""Air-quality files as they come: JSON and tables, national and the city's own."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given, strategies as st

from cityhealth.errors import UnreadableFile
from cityhealth.feeds.air_quality import AirQualityFeed
from cityhealth.landing import Arrival
from cityhealth.quality.air import read_hour
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT

FEED = AirQualityFeed.of_catalogue(PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng")
NIGHT = datetime(2021, 3, 2, tzinfo=CITY_TIMEZONE)


def read(data: bytes, filename: str = "a.csv", feed: AirQualityFeed = FEED) -> list[dict[str, Any]]:
    """Rows without what is empty."""
    arrival = Arrival("a", "air_quality", None, filename, "0" * 64, len(data), NIGHT)
    return [{k: v for k, v in row.items() if v is not None} for row in feed.read(data, arrival).to_pylist()]


def said(rows: list[dict[str, Any]]) -> list[tuple]:
    names = ("station_text", "hour_text", "pollutant_text", "value_text", "unit_text", "cell")
    return [tuple(row.get(name) for name in names) for row in rows if row["row_kind"] == "data"]


def notes(rows: list[dict[str, Any]]) -> list[str]:
    return [row["value_text"] for row in rows if row["row_kind"] == "note"]


RECORD = {"stationcode": "2160A", "area": "晋城市", "timepoint": "2018-02-20T07:00:00", "co": "3.40", "o3_8h": "44"}
OTHERS = [{**RECORD, "stationcode": code, "area": "长治市"} for code in ("2155A", "2156A", "2155A")]


def test_a_collection_of_features_keeps_every_text_and_says_where_it_stands() -> None:
    content = {"type": "FeatureCollection", "features": [{"properties": it, "geometry": None} for it in
                                                         [*OTHERS, RECORD | {"pm2_5": "-;", "no2": None}]]}  # fmt: skip
    rows = read(json.dumps(content).encode(), "airnow.json")
    hour = "2018-02-20T07:00:00"
    assert said(rows) == [
        ("2160A", hour, "co", "3.40", None, "features[3].co"),
        ("2160A", hour, "pm2_5", "-;", None, "features[3].pm2_5"),
        ("2160A", hour, "no2", None, None, "features[3].no2"),
    ]
    assert notes(rows) == ["其他城市的 2 个站点，未读取"]


def test_a_plain_list_with_numbers_keeps_their_digits_in_chinese_encoding_too() -> None:
    text = '[{"站点编码": "2160A", "时间": "2021-03-01 08", "PM2.5": 3.40, "SO2": NaN}]'
    for data in (text.encode("gb18030"), text.encode("utf-8-sig")):
        assert [row[2:4] for row in said(read(data, "a.json"))] == [("pm2_5", "3.40"), ("so2", "NaN")]


def test_a_list_with_a_pollutant_in_each_object_is_read_as_well() -> None:
    listed = [{"station": "2160A", "time": "2021030108", "pollutant": "O3", "value": 61, "unit": "µg/m³"}]
    assert said(read(json.dumps(listed).encode(), "a.json")) == [
        ("2160A", "2021030108", "O3", "61", "µg/m³", "[0].value")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_wide_table_has_a_reading_for_every_pollutant_even_where_its_cell_is_empty(encoding: str) -> None:
    text = (
        "晋城市空气质量小时值\n站点编码,监测时间,PM2.5（μg/m³）,一氧化碳(mg/m³),O3_8h\n2160A,2021-03-01 01:00,,0.4,9\n"
    )
    assert said(read(text.encode(encoding))) == [
        ("2160A", "2021-03-01 01:00", "co", "0.4", "mg/m³", "D3"),
        ("2160A", "2021-03-01 01:00", "pm2_5", None, "μg/m³", "C3"),
    ]


def test_a_long_table_has_a_reading_in_each_row_and_english_headings_will_do() -> None:
    text = "stationcode,city,time,type,value\n2160A,晋城,2021-03-01 01:00,PM10,\n1001A,北京,2021-03-01 01:00,PM10,3\n"
    rows = read(text.encode())
    assert said(rows) == [("2160A", "2021-03-01 01:00", "PM10", None, None, "E2")]
    assert notes(rows) == ["其他城市的 1 个站点，未读取"]


def test_workbooks_name_the_sheet_where_there_are_several_and_midnight_keeps_its_hour() -> None:
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("二月")):
        sheet.append(["站点编码", "监测时间", "SO2"])
        sheet.append(["2160A", datetime(2021, 3, 2), 12])
    saved = io.BytesIO()
    book.save(saved)
    rows = said(read(saved.getvalue(), "a.xlsx"))
    assert [row[5] for row in rows] == ["Sheet!C2", "二月!C2"]
    assert read_hour(rows[0][1]) == (NIGHT, False, None)


def test_a_station_of_the_list_is_ours_whatever_its_city_is_called_and_one_without_a_city_is_for_the_gate() -> None:
    listed = [RECORD | {"area": "泽州"}, RECORD | {"stationcode": "9999A", "area": None}]
    rows = read(json.dumps(listed).encode(), "a.json")
    assert [row[0] for row in said(rows)] == ["2160A", "9999A"] and notes(rows) == []


@pytest.mark.parametrize(
    ("data", "filename", "code"),
    [
        (b'{"features": [{"properties"', "a.json", "damaged"),
        (b"[1, 2]", "a.json", "no_list"),
        (b'{"a": [{}], "b": [{}]}', "a.json", "no_list"),
        (b"[]", "a.json", "no_header"),
        (b'[{"stationcode": "2160A", "aqi": "50"}]', "a.json", "no_header"),
        ("站点编码,时间,AQI\n2160A,2021-03-01 01:00,50\n".encode(), "a.csv", "no_header"),
        ("站点编码,AQI\n2160A,50\n".encode(), "a.csv", "no_header"),
        (b"", "a.csv", "empty"),
    ],
)
def test_what_has_no_hourly_concentrations_is_refused_by_name(data: bytes, filename: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(data, filename)
    assert refused.value.code == code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["features", "properties", "stationcode", "area", "co", "value", "type"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values | st.just(RECORD), st.integers(0, 200))
def test_no_json_whole_or_broken_off_is_more_than_rows_or_a_refusal(content: object, cut: int) -> None:
    data = json.dumps([content]).encode()
    for given_data in (data, data[: max(1, len(data) - cut)]):
        try:
            rows = read(given_data, "a.json")
        except UnreadableFile:
            continue
        assert [row["line_no"] for row in rows] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-03-01 24:00", "2021-03-02T00:00:00+08:00"),
        ("2021-03-01T08:00:00+00:00", "2021-03-01T08:00:00+00:00"),
        ("2021年3月1日8时30分", "2021-03-01T08:30:00+08:00"),
        ("20210301080000", "2021-03-01T08:00:00+08:00"),
        ("２０２１/3/1　8点", "2021-03-01T08:00:00+08:00"),
    ],
)
def test_hours_are_read_in_the_citys_time_unless_they_say_their_zone(text: str, expected: str) -> None:
    moment, off_hour, problem = read_hour(text)
    assert (moment and moment.isoformat(), off_hour, problem) == (expected, ":30" in expected, None)


@given(st.text(max_size=30) | st.from_regex(r"\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}(:\d\d)?(Z|[+-]\d{4})?", fullmatch=True))
def test_any_text_is_an_hour_with_a_zone_or_has_a_problem(text: str) -> None:
    moment, _, problem = read_hour(text)
    assert (moment is None) == (problem is not None)
    assert moment is None or moment.tzinfo is not None
