"""Times as files write them: every spelling gives the second that a clock in the city showed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import example, given, strategies as st

from cityhealth.mobility.times import local_seconds

SHANGHAI = ZoneInfo("Asia/Shanghai")
SEVEN = datetime(2021, 6, 1, 7, 5, 3)


def on_the_clock(values: pa.Array, zone: str = "Asia/Shanghai") -> list[datetime | None]:
    read = local_seconds(values, zone)
    return [
        datetime(1970, 1, 1) + timedelta(seconds=int(second)) if known else None
        for second, known in zip(read.local, read.known, strict=True)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2021/6/1 7:05:03",
        " 2021-06-01 07:05:03 ",
        "2021.06.01 07:05:03.999",
        "2021-06-01T07:05:03",
        "2021年6月1日 7时5分3秒",
        "2021年06月01日07:05:03",
        "20210601070503",
    ],
)
def test_a_text_without_a_zone_is_of_the_city_and_told_so(text: str) -> None:
    read = local_seconds(pa.array([text]), "Asia/Shanghai")
    assert on_the_clock(pa.array([text])) == [SEVEN]
    assert read.zoneless.tolist() == [True]
    # 07:05:03 in London's summer is 14:05:03 in Shanghai.
    assert on_the_clock(pa.array([text]), "Europe/London") == [SEVEN.replace(hour=14)]


@pytest.mark.parametrize(
    "text",
    ["2021-06-01T07:05:03+08:00", "2021-05-31 23:05:03Z", "2021-05-31T18:05:03-0500", "1622502303", "1622502303999"],
)
def test_a_text_with_a_zone_or_of_seconds_since_1970_needs_no_assumption(text: str) -> None:
    read = local_seconds(pa.array([text]), "Europe/London")
    assert on_the_clock(pa.array([text]), "Europe/London") == [SEVEN]
    assert not read.zoneless.any()


@pytest.mark.parametrize(
    "text",
    ["2021-02-29 00:00:00", "2021-13-01 00:00:00", "2021-06-01 24:00:00", "2021-06-01", "昨天", "0", "-1", "1e9",
     "1970-01-01 08:00:00", "2100-01-01 00:00:00", "20211301070503"],
)  # fmt: skip
def test_what_is_no_time_is_not_known_and_not_blank(text: str) -> None:
    read = local_seconds(pa.array([text]), "Asia/Shanghai")
    assert not read.known.any() and not read.blank.any() and not read.zoneless.any()


@pytest.mark.parametrize(
    "values", [pa.array([None, "", " "]), pa.array([None], pa.int64()), pa.array([None], pa.timestamp("ms"))]
)
def test_what_is_absent_is_blank(values: pa.Array) -> None:
    read = local_seconds(values, "Asia/Shanghai")
    assert read.blank.all() and not read.known.any()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_of_any_unit_are_read_with_their_zone_or_without(unit: str) -> None:
    assert on_the_clock(pa.array([SEVEN], pa.timestamp(unit))) == [SEVEN]
    assert on_the_clock(pa.array([SEVEN], pa.timestamp(unit)), "UTC") == [SEVEN.replace(hour=15)]
    moment = SEVEN.replace(tzinfo=SHANGHAI)
    for zone in ("UTC", "America/New_York", "+05:30"):
        values = pa.array([moment], pa.timestamp(unit, zone))
        assert on_the_clock(values) == [SEVEN]
        assert not local_seconds(values, "Asia/Shanghai").zoneless.any()


MOMENTS = st.datetimes(datetime(1993, 1, 1), datetime(2098, 12, 31)).map(lambda moment: moment.replace(microsecond=0))


@given(MOMENTS, st.integers(-12 * 60, 14 * 60))
@example(datetime(2000, 2, 29, 23, 59, 59), -570)
def test_every_spelling_of_a_moment_gives_what_the_standard_library_says(moment: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    aware = moment.replace(tzinfo=zone)
    wanted = aware.astimezone(SHANGHAI).replace(tzinfo=None)
    seconds = int(aware.timestamp())
    texts = [
        aware.isoformat(),
        aware.isoformat(" "),
        aware.astimezone(UTC).strftime("%Y/%m/%dT%H:%M:%SZ"),
        str(seconds),
    ]
    assert on_the_clock(pa.array(texts)) == [wanted] * len(texts)
    assert on_the_clock(pa.array([seconds, seconds * 1000 + 7, seconds * 1_000_000 + 7])) == [wanted] * 3
    bare = [
        moment.isoformat(),
        f"{moment:%Y%m%d%H%M%S}",
        f"{moment.year}/{moment.month}/{moment.day} {moment:%H:%M:%S}",
    ]
    assert on_the_clock(pa.array(bare)) == [moment] * 3


@given(
    st.lists(
        st.text(max_size=30) | st.from_regex(r"\d{4}[-/年]\d{1,2}[-/月]\d{1,2}[ T日]\d\d:\d\d(:\d\d)?", fullmatch=True)
    )
)
def test_any_text_is_known_or_is_not_and_never_an_error(texts: list[str]) -> None:
    read = local_seconds(pa.array(texts, pa.string()), "Asia/Shanghai")
    assert len(read.known) == len(texts)
    assert not (read.known & read.blank).any() and not (read.zoneless & ~read.known).any()
