"""A survey of trips: what people said of three working days, in a table with Chinese headings."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv
from pyproj import Transformer

from cityhealth.sample_city.files import LABEL, Expected, MovementOddity, SampleFile
from cityhealth.sample_city.movement.month import DAYS
from cityhealth.sample_city.movement.parts import part_path, sending
from cityhealth.sample_city.scenes import THIRD
from cityhealth.sample_city.terrain.shown import BUILT_UP, Shown
from cityhealth.sample_city.terrain.town import Town
from cityhealth.spatial.crs import INSIDE

FEED = "travel_survey"
TRIPS_A_DAY = 5_000
_SURVEYED = (1, 2, 3)
#: What the survey shows beside what the department reports: of all trips, and of the green share.
_MORE_TRIPS, _LESS_GREEN = 1.03, 0.95
#: Mode → weight among green trips or others, km/h, and minutes beside.
_GREEN = {
    "步行": (0.42, 4.6, 0.5),
    "电动自行车": (0.3, 17.0, 2.0),
    "自行车": (0.08, 12.0, 1.0),
    "公交车": (0.2, 16.0, 8.0),
}
_OTHERS = {"小汽车": (0.78, 27.0, 5.0), "出租车": (0.16, 26.0, 4.0), "其他": (0.06, 20.0, 4.0)}
_END_COLUMNS = ("起点经度", "起点纬度", "终点经度", "终点纬度")
#: Of a thousand rows: arrived before leaving.
_BACKWARDS = 4


@dataclass(frozen=True)
class Survey:
    """``trips`` and ``green`` of all days, without those that arrive before they leave (``backwards``)."""

    people_per_device: float
    days: int
    trips: int
    green: int
    backwards: int


def survey_file(town: Town, shown: Shown, rng: np.random.Generator) -> tuple[SampleFile, Survey]:
    """Three days in one arrival."""
    all_trips = shown.reported("all_trips", BUILT_UP) * 1e4
    green_share = _LESS_GREEN * shown.reported("green_trips", BUILT_UP) * 1e4 / all_trips
    each = round(_MORE_TRIPS * all_trips / TRIPS_A_DAY, 2)
    to_degrees = Transformer.from_crs(town.crs, INSIDE, always_xy=True)
    parts, green, backwards = [], 0, 0
    for number in _SURVEYED:
        columns, of_green, of_backwards = _day(town, number, green_share, to_degrees, rng)
        green += of_green
        backwards += of_backwards
        sink = io.BytesIO()
        csv.write_csv(pa.table(columns), sink)
        parts.append((part_path(FEED, DAYS[number], ending="csv"), b"\xef\xbb\xbf" + sink.getvalue()))
    file = sending(
        "居民出行调查",
        {"kind": "trips", "datum": "cgcs2000", "timezone": "Asia/Shanghai", "people_per_device": each},
        parts,
        "市交通运输局",
        THIRD,
        68,
        (MovementOddity.CHINESE_WORDS,),
        Expected("accepted"),
    )
    return file, Survey(each, len(_SURVEYED), TRIPS_A_DAY * len(_SURVEYED) - backwards, green, backwards)


def _day(
    town: Town, number: int, green_share: float, to_degrees: Transformer, rng: np.random.Generator
) -> tuple[dict[str, pa.Array], int, int]:
    origin, destination = (_ends(town, rng) for _ in range(2))
    km = np.hypot(*(destination - origin).T) / 1_000
    # Those who go far drive; which share of all that is, is set.
    green = np.zeros(TRIPS_A_DAY, dtype=bool)
    green[np.argsort(km * rng.lognormal(0.0, 0.5, TRIPS_A_DAY))[: round(green_share * TRIPS_A_DAY)]] = True
    modes = {**_GREEN, **_OTHERS}
    words = list(modes)
    mode = np.where(green, _drawn(_GREEN, words, rng), _drawn(_OTHERS, words, rng))
    # Nobody walks across the town.
    mode[(mode == words.index("步行")) & (km > 4)] = words.index("公交车")
    kmh, beside = np.array([modes[word][1:] for word in words]).T
    minutes = np.maximum(np.rint(km * 1.3 / kmh[mode] * 60 + beside[mode]), 1).astype(np.int64)
    leave = rng.choice([7.6, 12.0, 14.0, 17.8, 19.5], TRIPS_A_DAY, p=[0.3, 0.15, 0.15, 0.3, 0.1])
    depart = np.clip((leave + rng.normal(0.0, 0.7, TRIPS_A_DAY)) * 60, 300, 1_290).astype(np.int64)
    back = rng.random(TRIPS_A_DAY) < _BACKWARDS / 1_000
    arrive = np.where(back, depart - 60, depart + minutes)
    ends = [np.round(end, 6) for points in (origin, destination) for end in to_degrees.transform(*points.T)]
    columns = {
        "调查编号": pa.array([f"{number:02d}{n:05d}" for n in range(TRIPS_A_DAY)]),
        **{name: pa.array(end) for name, end in zip(_END_COLUMNS, ends, strict=True)},
        "出发时间": _clock(number, depart),
        "到达时间": _clock(number, arrive),
        "出行方式": pa.array([words[n] for n in mode]),
        "备注": pa.array([LABEL] * TRIPS_A_DAY),
    }
    return columns, int((green & ~back).sum()), int(back.sum())


def _ends(town: Town, rng: np.random.Generator) -> NDArray[np.float64]:
    weights = (town.persons + 200.0) * town.construction
    block = rng.choice(len(weights), TRIPS_A_DAY, p=weights / weights.sum())
    # Well inside its block, so that none is on the border of the town.
    return town.middles[block] + rng.uniform(-0.4, 0.4, (TRIPS_A_DAY, 2)) * town.side


def _drawn(
    modes: dict[str, tuple[float, float, float]], words: list[str], rng: np.random.Generator
) -> NDArray[np.int64]:
    weights = np.array([weight for weight, _, _ in modes.values()])
    return rng.choice([words.index(word) for word in modes], TRIPS_A_DAY, p=weights / weights.sum())


def _clock(number: int, minutes: NDArray[np.int64]) -> pa.Array:
    midnight = np.datetime64(DAYS[number], "m")
    return pa.array([str(moment).replace("T", " ") for moment in midnight + minutes.astype("timedelta64[m]")])
