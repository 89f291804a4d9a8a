"""Times as files write them → seconds of local time (Asia/Shanghai) since 1970-01-01 00:00."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cityhealth.mobility.manifest import ASSUMED_TIMEZONE

#: Local time is so far ahead of UTC; there has been no summer time in China since 1991.
LOCAL_OFFSET = 8 * 3600
# A clock that says a time outside these years was never set.
_FIRST = np.datetime64("1992-01-01", "s").astype(np.int64)
_LAST = np.datetime64("2100-01-01", "s").astype(np.int64)

_WRITTEN = (
    r"^(?P<year>[0-9]{4})(?:-|/|\.|年)(?P<month>[0-9]{1,2})(?:-|/|\.|月)(?P<day>[0-9]{1,2})(?:[T\s]\s*|日\s*)"
    r"(?P<hour>[0-9]{1,2})(?::|时)(?P<minute>[0-9]{1,2})(?:(?::|分)(?P<second>[0-9]{1,2})(?:[.,][0-9]+)?秒?|分)?"
    r"\s*(?P<zone>[Zz]|(?:[+-][0-9]{2}(?::?[0-9]{2})?))?$"
)
_NUMBER = r"^[0-9]{1,19}(?:\.[0-9]*)?$"
_ZONE = re.compile(r"([+-])(\d\d):?(\d\d)?")


@dataclass(frozen=True)
class Seconds:
    """``local``: seconds, any number where not ``known``; ``blank``: nothing was written; ``zoneless``: known, but
    only by assuming a zone."""

    local: NDArray[np.int64]
    known: NDArray[np.bool_]
    blank: NDArray[np.bool_]
    zoneless: NDArray[np.bool_]


def local_seconds(values: pa.Array, timezone: str) -> Seconds:
    """Times of a column. Those that carry no zone are of ``timezone``; fractions of a second are cut off.

    Read are timestamps; whole or decimal numbers, as seconds, milliseconds, microseconds or nanoseconds since 1970 by
    their size, or as 20210601070503 (14 digits); text as ``2021-06-01T07:05:03+08:00``, ``2021/6/1 7:05:03``,
    ``2021年6月1日 7时5分3秒`` or such a number. A time before 1992 or after 2099 is not known.
    """
    if pa.types.is_timestamp(values.type):
        return _bounded(*_of_timestamps(values, timezone))
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        # A day has 86,400 seconds, so that of many rows few texts differ.
        encoded = values.dictionary_encode()
        distinct = _of_texts(encoded.dictionary, timezone)
        rows = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
        return Seconds(*(np.append(part, last)[rows] for part, last in zip(
            (distinct.local, distinct.known, distinct.blank, distinct.zoneless), (0, False, True, False), strict=True
        )))  # fmt: skip
    numbers = values.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(zero_copy_only=False)
    return _bounded(*_of_numbers(numbers, timezone))


def _bounded(
    local: NDArray[np.int64], known: NDArray[np.bool_], blank: NDArray[np.bool_], zoneless: NDArray[np.bool_]
) -> Seconds:
    known = known & (local >= _FIRST) & (local < _LAST)
    return Seconds(local, known, blank, zoneless & known)


Parts = tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]


def _of_timestamps(values: pa.Array, timezone: str) -> Parts:
    blank = values.is_null().to_numpy(zero_copy_only=False)
    whole = values.cast(pa.timestamp("s", values.type.tz), safe=False).cast(pa.int64()).fill_null(0).to_numpy()
    if values.type.tz is not None:
        return whole + LOCAL_OFFSET, ~blank, blank, np.zeros(len(whole), bool)
    return _local(whole, timezone), ~blank, blank, ~blank


def _of_numbers(numbers: NDArray[np.float64], timezone: str) -> Parts:
    blank = np.isnan(numbers)
    size = np.where(blank, 0.0, numbers)
    local = np.zeros(len(size), np.int64)
    known = np.zeros(len(size), bool)
    for scale in (1.0, 1e3, 1e6, 1e9):
        counted = (size >= (_FIRST - LOCAL_OFFSET) * scale) & (size < (_LAST - LOCAL_OFFSET) * scale)
        local[counted] = np.floor(size[counted] / scale).astype(np.int64) + LOCAL_OFFSET
        known |= counted
    # Fourteen digits are the figures of a date: as milliseconds they would be the year 2603.
    figures = (size >= 1.9e13) & (size < 2.1e13)
    if figures.any():
        civil, valid = _civil_of_figures(np.floor(size[figures]).astype(np.int64))
        local[figures] = _local(civil, timezone)
        known[figures] = valid
    return local, known, blank, figures & known


def _civil_of_figures(figures: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    day, clock = np.divmod(figures, 1_000_000)
    return _civil(day // 10_000, day // 100 % 100, day % 100, clock // 10_000, clock // 100 % 100, clock % 100)


def _of_texts(texts: pa.Array, timezone: str) -> Seconds:
    texts = pc.utf8_trim_whitespace(texts)
    blank = pc.equal(texts, "").to_numpy(zero_copy_only=False)
    written = pc.extract_regex(texts, _WRITTEN)
    matched = written.is_valid().to_numpy(zero_copy_only=False)
    figures = {name: _whole(written, name) for name in ("year", "month", "day", "hour", "minute", "second")}
    civil, valid = _civil(*figures.values())
    offset, zoned = _offsets(written.field("zone"))
    local = np.where(zoned, civil - offset + LOCAL_OFFSET, _local(civil, timezone))
    known = matched & valid
    zoneless = known & ~zoned
    numeric = pc.match_substring_regex(texts, _NUMBER)
    if pc.any(numeric).as_py():
        numbers = pc.if_else(numeric, texts, None).cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
        counted, counted_known, _, counted_zoneless = _of_numbers(numbers, timezone)
        local = np.where(counted_known, counted, local)
        known, zoneless = known | counted_known, zoneless | counted_zoneless
    return _bounded(local, known, blank, zoneless)


def _whole(written: pa.StructArray, name: str) -> NDArray[np.int64]:
    texts = pc.struct_field(written, name)
    return pc.if_else(pc.equal(texts, ""), "0", texts).cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)


def _offsets(zones: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Seconds ahead of UTC, and whether a zone is written at all."""
    encoded = zones.fill_null("").dictionary_encode()
    seconds = [_offset(text) for text in encoded.dictionary.to_pylist()]
    rows = encoded.indices.to_numpy(zero_copy_only=False)
    return (
        np.array([found or 0 for found in seconds], np.int64)[rows],
        np.array([found is not None for found in seconds], bool)[rows],
    )


def _offset(text: str) -> int | None:
    if not text:
        return None
    match = _ZONE.fullmatch(text)
    if match is None:
        return 0
    sign, hours, minutes = match.groups()
    return (-1 if sign == "-" else 1) * (int(hours) * 3600 + int(minutes or 0) * 60)


def _civil(
    year: NDArray[np.int64],
    month: NDArray[np.int64],
    day: NDArray[np.int64],
    hour: NDArray[np.int64],
    minute: NDArray[np.int64],
    second: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Seconds since 1970 of what a clock shows, and whether a clock can show it."""
    months = (year - 1970) * 12 + month - 1
    first, following = (
        n.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for n in (months, months + 1)
    )
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (day <= following - first)
    valid &= (hour < 24) & (minute < 60) & (second < 60)
    return (first + day - 1) * 86_400 + hour * 3600 + minute * 60 + second, valid


def _local(civil: NDArray[np.int64], timezone: str) -> NDArray[np.int64]:
    """What a clock of ``timezone`` shows, as local time; of an hour that it shows twice, the first."""
    if timezone == ASSUMED_TIMEZONE:
        return civil
    moments = pa.array(civil).cast(pa.timestamp("s"))
    known = pc.assume_timezone(moments, timezone, ambiguous="earliest", nonexistent="earliest")
    return known.cast(pa.int64()).to_numpy(zero_copy_only=False) + LOCAL_OFFSET
