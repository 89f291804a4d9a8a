"""The entry of movement data: a part is read once, as it came, and written to the restricted store under hashed ids.

Behind this step nobody knows a device's id, a datum other than CGCS2000 or a time zone.
"""

from __future__ import annotations

import hmac
import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cityhealth.errors import IncompleteTransfer, Place, UnreadableFile
from cityhealth.hashing import stable_id
from cityhealth.mobility.cells import CellPoints
from cityhealth.mobility.columns import Found, family_of, find_columns
from cityhealth.mobility.manifest import ASSUMED_TIMEZONE, Manifest
from cityhealth.mobility.part_file import PartFile, open_part
from cityhealth.mobility.schema import MODES, SCHEMAS
from cityhealth.mobility.times import Seconds, local_seconds
from cityhealth.spatial.datum import shift

#: Whatever changes what is written changes this, too.
ENTRY_VERSION = "1"

#: West, south, east, north in degrees.
Box = tuple[float, float, float, float]

# What is taken for the city where nobody knows where it is; longitudes and latitudes of the two do not overlap.
_CHINA: Box = (73.0, 3.0, 136.0, 54.0)
# Maps are shifted by up to 0.013 degrees: whether numbers are exchanged is seen before that is taken back.
_SHIFTED = 0.02

# Ids that are remembered with their hashes: some tens of MB.
_REMEMBERED = 1_000_000
# No hash is negative: what stands for a row without an id.
_NOBODY = -1
_NO_ID = frozenset({"", "null", "none", "nan", "\\n"})
_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"

#: Standard mode → what files call it, in small letters.
_MODE_WORDS: Mapping[str, tuple[str, ...]] = {
    "walk": ("walk", "walking", "foot", "步行", "走路"),
    "bicycle": ("bicycle", "bike", "cycling", "ebike", "自行车", "共享单车", "单车", "骑行", "电动自行车", "电动车",
                "助力车", "非机动车"),
    "bus": ("bus", "公交", "公交车", "公共汽车", "常规公交", "brt"),
    "rail": ("rail", "subway", "metro", "tram", "地铁", "轨道", "轨道交通", "轻轨", "有轨电车"),
    "car": ("car", "drive", "driving", "小汽车", "私家车", "小客车", "驾车", "自驾"),
    "taxi": ("taxi", "ridehail", "出租", "出租车", "网约车", "出租/网约车", "出租车/网约车", "巡游出租车"),
    "other": ("other", "其他", "其它"),
}  # fmt: skip
_MODE_OF = {word: mode for mode, words in _MODE_WORDS.items() for word in words}
assert set(_MODE_WORDS) == set(MODES)


@dataclass
class Profile:
    """What was seen on entry; rows = entered + swapped + all that is ``unreadable``.

    ``unreadable``: reason → rows (``device``, ``time``, ``coordinates``, ``cell``, ``count``, ``line``). ``swapped``:
    rows that lie in the city only when longitude and latitude are exchanged. Of those that entered: ``outside`` the
    city's bounds (a trip: both ends; None where they are not known), ``other_day``, ``zone_assumed``, ``null_speeds``,
    ``unknown_modes`` (entered as ``other``), ``first`` and ``last`` local time. ``columns``: standard name → columns.
    """

    format: str
    columns: Mapping[str, Sequence[str]]
    rows: int = 0
    entered: int = 0
    unreadable: dict[str, int] = field(default_factory=dict)
    swapped: int = 0
    outside: int | None = None
    other_day: int = 0
    zone_assumed: int = 0
    null_speeds: int = 0
    unknown_modes: int = 0
    first: str | None = None
    last: str | None = None

    def json(self) -> str:
        """All of it, for the warehouse."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True)
class Entered:
    """``store_key``: the name of the file in the store; ``types``: column of the file → its type, in its order."""

    store_key: str
    rows: int
    types: Mapping[str, pa.DataType]
    profile: Profile

    @property
    def families(self) -> dict[str, str]:
        """Standard name → what its values are to a reader."""
        return {name: family_of(self.types[columns[0]]) for name, columns in self.profile.columns.items()}

    def type_of(self, standard: str) -> str:
        """The type of a column by its standard name."""
        return str(self.types[self.profile.columns[standard][0]])


def enter(
    path: Path,
    place: Place,
    sha256: str,
    kind: str,
    manifest: Manifest,
    day: date,
    salt: str,
    out_folder: Path,
    bounds: Box | None = None,
    cells: CellPoints | None = None,
) -> Entered:
    """Write the rows of a part, of a few hundred thousand in memory at a time, to ``out_folder/<store_key>.parquet``.

    The same bytes with the same manifest, salt and version have one key, and a file that has it already stays.
    ``bounds``: those of the city, CGCS2000. ``cells``: of a matrix.

    Raises:
        UnreadableFile: as ``open_part`` and ``find_columns``; ``no_rows``: there are none.
        IncompleteTransfer: the file changed while it was read; nothing is kept of it.
    """
    before = _look(path)
    with _steady(path, before, place):
        part = open_part(path, place)
        found = find_columns(kind, part.schema, manifest.columns, place)
    store_key = _store_key(sha256, kind, manifest, found, cells, salt)
    reader = _Reader(kind, manifest, found, day, salt, bounds, cells, Profile(part.format, dict(found.columns)))
    with _written(out_folder, store_key, SCHEMAS[kind]) as write, _steady(path, before, place):
        for batch in part.batches(found.names):
            write(reader.read(batch))
        profile = reader.finished(part)
        if not profile.rows:
            raise UnreadableFile("no_rows", "文件中没有任何数据行", place)
    types = dict(zip(part.schema.names, part.schema.types, strict=True))
    return Entered(store_key, profile.rows, types, profile)


def _store_key(sha256: str, kind: str, manifest: Manifest, found: Found, cells: CellPoints | None, salt: str) -> str:
    columns = json.dumps(dict(sorted(found.columns.items())), ensure_ascii=False)
    salted = hmac.digest(salt.encode(), b"which salt", "sha256").hex()
    return stable_id(
        "mobility_part", ENTRY_VERSION, sha256, kind, manifest.datum, manifest.timezone or ASSUMED_TIMEZONE, columns,
        cells.sha256 if cells else "", salted,
    )  # fmt: skip


_Look = tuple[int, int, int] | None


@contextmanager
def _steady(path: Path, before: _Look, place: Place) -> Iterator[None]:
    """Whatever goes wrong with a file that is being rewritten, it is that it is being rewritten."""
    try:
        yield
    except UnreadableFile as error:
        if _look(path) != before:
            raise IncompleteTransfer("文件在读取时被改写，请稍后再试", place) from error
        raise
    if _look(path) != before:
        raise IncompleteTransfer("文件在读取时被改写，请稍后再试", place)


def _look(path: Path) -> _Look:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


@contextmanager
def _written(folder: Path, store_key: str, schema: pa.Schema) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """Write a file of the store, for its owner alone: whole or not at all. One that is there already stays."""
    target = folder / f"{store_key}.parquet"
    if target.exists():
        yield lambda batch: None
        return
    _restricted(folder)
    temporary = folder / f".{store_key}.{uuid.uuid4().hex}.tmp"
    try:
        temporary.touch(mode=0o600, exist_ok=False)
        # Coordinates and seconds hardly repeat: to look for that takes a third of the time of writing.
        repeated = [name for name in schema.names if name in ("device", "mode")]
        with pq.ParquetWriter(
            temporary, schema, compression="zstd", compression_level=1, use_dictionary=repeated
        ) as writer:
            yield writer.write_batch
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _restricted(folder: Path) -> None:
    for part in (*reversed(folder.parents), folder):
        if not part.exists():
            part.mkdir(mode=0o700, exist_ok=True)


class _Reader:
    """From batches of a part to batches of the store, counting."""

    def __init__(
        self,
        kind: str,
        manifest: Manifest,
        found: Found,
        day: date,
        salt: str,
        bounds: Box | None,
        cells: CellPoints | None,
        profile: Profile,
    ) -> None:
        self._schema = SCHEMAS[kind]
        self._read = {"trips": self._trips, "trip_matrix": self._matrix}.get(kind, self._positions)
        self._datum = manifest.datum
        self._timezone = manifest.timezone or ASSUMED_TIMEZONE
        self._zone_stated = manifest.timezone is not None
        self._columns = found.columns
        self._day = (day - date(1970, 1, 1)).days
        self._ids = _Ids(salt)
        self._bounds = bounds
        self._cells = cells
        self._profile = profile
        if bounds is not None:
            profile.outside = 0
        self._first, self._last = np.iinfo(np.int64).max, np.iinfo(np.int64).min

    def read(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of a batch that can be read."""
        result = self._read(batch)
        self._profile.rows += batch.num_rows
        self._profile.entered += result.num_rows
        return result

    def finished(self, part: PartFile) -> Profile:
        """What was seen of the whole part."""
        profile = self._profile
        if part.lines_lost:
            profile.unreadable["line"] = part.lines_lost
            profile.rows += part.lines_lost
        if self._first <= self._last:
            profile.first, profile.last = (
                datetime.fromtimestamp(int(second), UTC).isoformat(" ")[:19] for second in (self._first, self._last)
            )
        return profile

    def _positions(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        device, identified = self._ids.of(self._one(batch, "device"))
        time = local_seconds(self._one(batch, "time"), self._timezone)
        points, located, swapped = self._points(batch, "lon", "lat")
        good = self._sift(batch.num_rows, ("device", identified), ("time", time.known), (None, ~swapped),
                          ("coordinates", located))  # fmt: skip
        self._clocked(time, good)
        points = points[good]
        self._lie(~self._inside(points))
        speed = _null_where_nan(_floats(self._one(batch, "speed"))[good]) if "speed" in self._columns else None
        speed = pa.nulls(len(points), pa.float64()) if speed is None else speed
        self._profile.null_speeds += speed.null_count
        return self._batch(device[good], time.local[good], points[:, 0], points[:, 1], speed)

    def _trips(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        rows = batch.num_rows
        origins, start_located, start_swapped = self._points(batch, "origin_lon", "origin_lat")
        destinations, end_located, end_swapped = self._points(batch, "destination_lon", "destination_lat")
        times = {name: local_seconds(self._one(batch, name), self._timezone) for name in self._times}
        timed = np.logical_and.reduce([np.ones(rows, bool), *(time.known | time.blank for time in times.values())])
        good = self._sift(rows, ("time", timed), (None, ~(start_swapped | end_swapped)),
                          ("coordinates", start_located & end_located))  # fmt: skip
        for name, time in times.items():
            self._clocked(time, good, counts_day=name == "depart")
        if "device" in self._columns:
            hashes, identified = self._ids.of(self._one(batch, "device"))
            device = pa.array(hashes[good], mask=~identified[good])
        else:
            device = pa.nulls(int(good.sum()), pa.int64())
        seconds = [
            pa.array(times[name].local[good], mask=~times[name].known[good])
            if name in times
            else pa.nulls(int(good.sum()), pa.int64())
            for name in ("depart", "arrive")
        ]
        modes = self._modes(self._one(batch, "mode")) if "mode" in self._columns else pa.nulls(rows, pa.string())
        origins, destinations = origins[good], destinations[good]
        self._lie(~self._inside(origins) & ~self._inside(destinations))
        return self._batch(
            device, *origins.T, *destinations.T, *seconds, modes.filter(pa.array(good)), np.ones(len(origins))
        )

    def _matrix(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        assert self._cells is not None
        origins, destinations = (
            self._cells.of([batch.column(name) for name in self._columns[end]]) for end in ("origin", "destination")
        )
        counts = _floats(self._one(batch, "count"))
        good = self._sift(
            batch.num_rows,
            ("cell", ~np.isnan(origins[:, 0]) & ~np.isnan(destinations[:, 0])),
            ("count", np.isfinite(counts) & (counts >= 0)),
        )
        origins, destinations = origins[good], destinations[good]
        self._lie(~self._inside(origins) & ~self._inside(destinations))
        nothing = pa.nulls(len(origins), pa.int64())
        return self._batch(
            nothing, *origins.T, *destinations.T, nothing, nothing, pa.nulls(len(origins), pa.string()), counts[good]
        )

    @property
    def _times(self) -> list[str]:
        return [name for name in ("depart", "arrive") if name in self._columns]

    def _one(self, batch: pa.RecordBatch, standard: str) -> pa.Array:
        return batch.column(self._columns[standard][0])

    def _batch(self, *columns: Any) -> pa.RecordBatch:
        arrays = [pa.array(column) if isinstance(column, np.ndarray) else column for column in columns]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _sift(self, rows: int, *checks: tuple[str | None, NDArray[np.bool_]]) -> NDArray[np.bool_]:
        """The rows that pass all checks; each of the others is counted for the first that it fails (None: swapped)."""
        good = np.ones(rows, bool)
        for reason, passed in checks:
            failed = int(np.count_nonzero(good & ~passed))
            if failed and reason is None:
                self._profile.swapped += failed
            elif failed:
                unreadable = self._profile.unreadable
                unreadable[str(reason)] = unreadable.get(str(reason), 0) + failed
            good &= passed
        return good

    def _points(
        self, batch: pa.RecordBatch, lon: str, lat: str
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
        """Longitude and latitude in CGCS2000, which of them are on Earth, and which are exchanged."""
        points = np.column_stack([_floats(self._one(batch, lon)), _floats(self._one(batch, lat))])
        located = (np.abs(points[:, 0]) <= 180) & (np.abs(points[:, 1]) <= 90)
        box = self._bounds or _CHINA
        swapped = _within(points[:, ::-1], box, _SHIFTED) & ~_within(points, box, _SHIFTED)
        if self._datum not in ("cgcs2000", "wgs84"):
            good = located & ~swapped
            points[good] = shift(points[good], self._datum, "cgcs2000")
        return points, located, swapped

    def _inside(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.ones(len(points), bool) if self._bounds is None else _within(points, self._bounds)

    def _lie(self, outside: NDArray[np.bool_]) -> None:
        if self._profile.outside is not None:
            self._profile.outside += int(np.count_nonzero(outside))

    def _clocked(self, time: Seconds, good: NDArray[np.bool_], counts_day: bool = True) -> None:
        seconds = time.local[good & time.known]
        if not len(seconds):
            return
        self._first, self._last = min(self._first, int(seconds.min())), max(self._last, int(seconds.max()))
        if counts_day:
            self._profile.other_day += int(np.count_nonzero(seconds // 86_400 != self._day))
            if not self._zone_stated:
                self._profile.zone_assumed += int(np.count_nonzero(time.zoneless & good))

    def _modes(self, values: pa.Array) -> pa.Array:
        encoded = values.cast(pa.string()).dictionary_encode()
        words = [_mode(text) for text in encoded.dictionary.to_pylist()]
        unknown = np.array([*(word is not None and not known for word, known in words), False], bool)
        rows = encoded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)
        self._profile.unknown_modes += int(np.count_nonzero(unknown[rows]))
        return pa.array([*(word for word, _ in words), None], pa.string()).take(pa.array(rows))


def _mode(text: str) -> tuple[str | None, bool]:
    """The standard mode, and whether it is a known word; None for nothing."""
    folded = text.strip().casefold()
    if folded in _NO_ID:
        return None, True
    return _MODE_OF.get(folded, "other"), folded in _MODE_OF


def _within(points: NDArray[np.float64], box: Box, wider: float = 0.0) -> NDArray[np.bool_]:
    west, south, east, north = box
    lon, lat = points[:, 0], points[:, 1]
    return (lon >= west - wider) & (lon <= east + wider) & (lat >= south - wider) & (lat <= north + wider)


def _floats(values: pa.Array) -> NDArray[np.float64]:
    """Numbers, or texts of numbers; NaN for what is none."""
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        values = pc.utf8_trim_whitespace(values)
        values = pc.if_else(pc.match_substring_regex(values, _NUMBER), values, None)
    numbers = values.cast(pa.float64(), safe=False)
    return (numbers.fill_null(np.nan) if numbers.null_count else numbers).to_numpy(zero_copy_only=False)


def _null_where_nan(numbers: NDArray[np.float64]) -> pa.Array:
    good = np.isfinite(numbers) & (numbers >= 0)
    return pa.array(numbers, mask=~good)


#: A whole number with a fraction of zeros, as tables write it where a column has gaps.
_WHOLE = re.compile(r"^(\d+)\.0*$")


class _Ids:
    """Device ids → 63 bits of HMAC-SHA256 under a salt. Those that were met are remembered, in Arrow: a lookup in a
    dictionary of Python takes ten times as long where a city has more phones than the processor has cache."""

    def __init__(self, salt: str) -> None:
        self._salt = salt.encode()
        self._met: pa.Array | None = None
        self._hashes = np.empty(0, np.int64)

    def of(self, values: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The hashes, and which rows have an id. Blanks around an id, and ``.0`` behind a whole number, do not
        count."""
        if pa.types.is_decimal(values.type):
            # Ids of twenty digits are no floating-point numbers.
            values = values.cast(pa.string())
        if self._met is None or len(self._met) > _REMEMBERED:
            self._met, self._hashes = values.slice(0, 0), np.empty(0, np.int64)
        rows = pc.index_in(values, value_set=self._met)
        new = values.filter(rows.is_null()).drop_null().unique()
        if len(new):
            self._met = pa.concat_arrays([self._met, new])
            self._hashes = np.append(self._hashes, np.array([self._hash(value) for value in new.to_pylist()], np.int64))
            rows = pc.index_in(values, value_set=self._met)
        known = np.append(self._hashes, _NOBODY)
        hashes = known[rows.fill_null(len(self._hashes)).to_numpy(zero_copy_only=False)]
        return hashes, hashes != _NOBODY

    def _hash(self, value: Any) -> int:
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
        text = _WHOLE.sub(r"\1", text)
        if text.casefold() in _NO_ID:
            return _NOBODY
        return int.from_bytes(hmac.digest(self._salt, text.encode(), "sha256")[:8], "big") >> 1
