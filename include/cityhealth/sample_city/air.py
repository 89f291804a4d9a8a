"""A month of hourly air quality in the sample city: a backlog in one table, then hour by hour as the network gives it.

Two episodes of fine particles, one past and one that stands at the end; a station that fell silent for a day and one
that is silent at the end; readings that cannot be, a late hour and a revised one. Everything is labelled 合成数据; the
same catalogue and seed give the same bytes. What must be warned of is known from how it was made: :class:`Beyond`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from cityhealth.catalogue import Catalogue, Station
from cityhealth.sample_city.files import LABEL, LABEL_LINE, AirOddity, Expected, SampleFile
from cityhealth.settings import CITY_TIMEZONE

__all__ = ["Air", "Beyond", "generate_air"]

#: The end of the first hour, of the last one in the backlog, and of the last one.
FIRST_HOUR = datetime(2021, 6, 20, 1, tzinfo=CITY_TIMEZONE)
BACKLOG_END = datetime(2021, 7, 19, 12, tzinfo=CITY_TIMEZONE)
LAST_HOUR = datetime(2021, 7, 19, 22, tzinfo=CITY_TIMEZONE)
_ECOLOGY = "市生态环境局"
_ACCEPTED = Expected("accepted")
_HEADINGS = {
    "so2": "SO2（微克/立方米）",
    "no2": "NO2（微克/立方米）",
    "co": "CO（毫克/立方米）",
    "o3": "O3（微克/立方米）",
    "pm10": "PM10（微克/立方米）",
    "pm2_5": "PM2.5（微克/立方米）",
}
_POLLUTANTS = tuple(_HEADINGS)
#: Which share of the town's pollution, but for ozone, the reference point on its hill has.
_ON_THE_HILL = 0.6
_MISSING_SHARE = 0.004

#: The first hour, and the concentration of this and each that follows.
Episode = tuple[datetime, tuple[int, ...]]

#: Fine particles of the two episodes, hour by hour: over 115 is an index over 150, over 150 one over 200.
_PAST: Episode = (datetime(2021, 7, 3, 20, tzinfo=CITY_TIMEZONE), (70, 128, 170, 190, 195, 195, 185, 170, 128, 60))
_STANDING: Episode = (datetime(2021, 7, 19, 16, tzinfo=CITY_TIMEZONE), (65, 128, 170, 188, 195, 200, 195))
#: Fine particles at one station beside a building site.
_SITE = "2162A"
_SITE_HOURS: Episode = (datetime(2021, 6, 28, 9, tzinfo=CITY_TIMEZONE), (200, 210, 205, 198))
#: Station → its first hour without a reading and how many there are.
_SILENT = {
    "2164A": (datetime(2021, 7, 10, 8, tzinfo=CITY_TIMEZONE), 26),
    "2165A": (datetime(2021, 7, 19, 17, tzinfo=CITY_TIMEZONE), 6),
}
#: Readings that cannot be, and one beyond the index that can.
_ODD = {
    ("2160A", "pm10", datetime(2021, 6, 25, 3, tzinfo=CITY_TIMEZONE)): "-12",
    ("2163A", "so2", datetime(2021, 6, 30, 14, tzinfo=CITY_TIMEZONE)): "999",
    ("2163A", "pm10", datetime(2021, 7, 6, 16, tzinfo=CITY_TIMEZONE)): "650",
}
_LATE = datetime(2021, 7, 19, 15, tzinfo=CITY_TIMEZONE)
_LATE_BY = timedelta(hours=2, minutes=31)
_REVISED = ("2161A", "pm10", datetime(2021, 7, 19, 14, tzinfo=CITY_TIMEZONE))
_REVISED_BY, _REVISED_AT = 1.35, timedelta(hours=4, minutes=25)
_SENT_AFTER = timedelta(minutes=12)
#: Days (from 0) on which ozone is over 160 for eight hours.
_OZONE_DAYS = (17, 22, 26)
_OTHER_CITY, _OTHER_STATIONS = "示例市", 4


@dataclass(frozen=True)
class Beyond:
    """From ``first`` to ``last`` (ends of hours) something lies beyond where a rule of ``warning_rules.csv`` begins.

    A rule that asks for two hours is raised in the second of them. ``last`` None: still at the end of all files.
    ``subject`` is a station, or the city's area.
    """

    rule: str
    subject: str
    level: str
    first: datetime
    last: datetime | None


@dataclass(frozen=True)
class Air:
    """``files`` in order of arrival; ``readings``: concentrations given, of the city's stations, whatever their worth,
    in the backlog; ``revised``: station, pollutant, hour → what holds at the end."""

    files: list[SampleFile]
    readings: int
    beyond: tuple[Beyond, ...]
    revised: Mapping[tuple[str, str, datetime], str]


def generate_air(catalogue: Catalogue, seed: int = 2021) -> Air:
    """The files of June and July 2021.

    Raises:
        KeyError: a station that something happens to is not in the catalogue.
    """
    stations = sorted(catalogue.stations, key=lambda station: station.code)
    if lacking := sorted({_SITE, *_SILENT} - {station.code for station in stations}):
        raise KeyError(f"the sample city's air needs the stations {', '.join(lacking)}")
    rng = np.random.default_rng([seed, 21])
    hours = list(_hours(FIRST_HOUR, LAST_HOUR))
    texts = _texts(stations, hours, rng)
    city = {area.code: area.name_zh for area in catalogue.areas}[stations[0].area_code]
    past = [hour for hour in hours if hour <= BACKLOG_END]
    backlog, readings = _backlog(stations, past, texts)
    files = [backlog]
    for hour in hours[len(past) :]:
        late = hour == _LATE
        files.append(
            _hour(
                stations,
                city,
                hour,
                texts,
                _LATE_BY if late else _SENT_AFTER,
                (AirOddity.OTHER_CITIES, *([AirOddity.LATE] if late else [])),
                rng,
            )
        )
    revised = f"{float(texts[_REVISED]) * _REVISED_BY:.0f}"
    files.append(
        _hour(
            stations,
            city,
            _REVISED[2],
            texts | {_REVISED: revised},
            _REVISED_AT,
            (AirOddity.OTHER_CITIES, AirOddity.REVISED),
            rng,
            "_更正",
        )
    )
    files.sort(key=lambda file: (file.received_at, file.filename))
    return Air(files, readings, tuple(_beyond(stations)), {_REVISED: revised})


def _hours(first: datetime, last: datetime) -> Iterator[datetime]:
    while first <= last:
        yield first
        first += timedelta(hours=1)


Texts = dict[tuple[str, str, datetime], str]


def _texts(stations: list[Station], hours: list[datetime], rng: np.random.Generator) -> Texts:
    """What each station gives for each pollutant and hour; nothing where it is silent or a reading is missing."""
    count = len(hours)
    clock = np.array([hour.hour for hour in hours])
    day = np.array([(hour - FIRST_HOUR) // timedelta(days=1) for hour in hours])
    levels = _levels(clock, day, rng)
    fine = levels["pm2_5"]
    for begin, drawn in (_PAST, _STANDING):
        at = hours.index(begin)
        fine[at : at + len(drawn)] = drawn
    levels["pm10"] = fine * 1.3 + 25
    found: Texts = {}
    for station in stations:
        share = _ON_THE_HILL if station.reference else 1.0
        for pollutant in _POLLUTANTS:
            values = levels[pollutant] * (share if pollutant != "o3" else 1.0)
            if pollutant == "pm2_5" and station.code == _SITE:
                at = hours.index(_SITE_HOURS[0])
                values[at : at + len(_SITE_HOURS[1])] = _SITE_HOURS[1]
            # Small enough that no station's noise carries it over a limit.
            values = values * (1 + np.clip(rng.normal(0.0, 0.02, count), -0.05, 0.05))
            there = rng.random(count) >= _MISSING_SHARE
            for hour, value, given in zip(hours, values, there, strict=True):
                if given or (pollutant == "pm2_5"):
                    found[station.code, pollutant, hour] = f"{value:.2f}" if pollutant == "co" else f"{value:.0f}"
    for code, (begin, silent) in _SILENT.items():
        for hour in _hours(begin, begin + timedelta(hours=silent - 1)):
            for pollutant in _POLLUTANTS:
                found.pop((code, pollutant, hour), None)
    # What is odd is given, whether or not it would have been missing.
    found |= _ODD
    found.setdefault(_REVISED, "60")
    return found


def _levels(
    clock: NDArray[np.int64], day: NDArray[np.int64], rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """The town's summer air without episodes, by hour: ozone by afternoon, the rest by rush hour."""
    rush = np.exp(-(((clock - 8) / 2.0) ** 2)) + np.exp(-(((clock - 19) / 2.5) ** 2))
    sun = np.exp(-(((clock - 15.5) / 4.2) ** 2))
    peak = rng.uniform(95, 140, day[-1] + 1)
    peak[list(_OZONE_DAYS)] = 192
    weather = rng.uniform(0.8, 1.2, day[-1] + 1)[day]
    hourly = {pollutant: rng.normal(1.0, 0.06, len(clock)) for pollutant in _POLLUTANTS}
    levels = {
        "so2": (9 + 5 * rush) * weather,
        "no2": (16 + 18 * rush) * weather,
        "co": (0.45 + 0.3 * rush) * weather,
        "o3": 35 + (peak[day] - 35) * sun,
        "pm2_5": (20 + 9 * rush) * weather,
    }
    return {
        name: values * (hourly[name] if name != "o3" else np.clip(hourly[name], 0.98, 1.02))
        for name, values in levels.items()
    }


def _backlog(stations: list[Station], hours: list[datetime], texts: Texts) -> tuple[SampleFile, int]:
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow([LABEL_LINE])
    writer.writerow(["监测点编码", "监测点", "时间", *_HEADINGS.values()])
    readings = 0
    for hour in hours:
        for station in stations:
            given = [texts.get((station.code, pollutant, hour)) for pollutant in _POLLUTANTS]
            if any(given):
                readings += sum(text is not None for text in given)
                written = ["—" if text is None else text for text in given]
                writer.writerow([station.code, station.name_zh, f"{hour:%Y-%m-%d %H:%M}", *written])
    file = _file(
        f"空气质量小时值_20210620至20210719_{LABEL}.csv",
        sheet.getvalue().encode("gb18030"),
        BACKLOG_END + 2 * _SENT_AFTER,
        (
            AirOddity.BACKLOG,
            AirOddity.GB18030,
            AirOddity.NEGATIVE,
            AirOddity.FILL_VALUE,
            AirOddity.BEYOND_INDEX,
            AirOddity.SILENT_STATION,
        ),
        Expected("partly", ("not_negative", "no_fill_value", "within_index"), refused=2),
    )
    return file, readings


def _hour(
    stations: list[Station],
    city: str,
    hour: datetime,
    texts: Texts,
    after: timedelta,
    oddities: Iterable[AirOddity],
    rng: np.random.Generator,
    suffix: str = "",
) -> SampleFile:
    """One hour of the city and of others, every number as text."""
    features = []
    for station in stations:
        given = {pollutant: texts.get((station.code, pollutant, hour)) for pollutant in _POLLUTANTS}
        place = (float(station.lon or 0), float(station.lat or 0))
        features.append(_feature(station.code, station.name_zh, city, place, hour, given))
    for number in range(1, _OTHER_STATIONS + 1):
        given = {pollutant: f"{rng.uniform(5, 60):.0f}" for pollutant in _POLLUTANTS}
        features.append(
            _feature(f"99{number:02d}A", f"示例站{number}", _OTHER_CITY, (113.5 + number / 10, 36.2), hour, given)
        )
    data = json.dumps({"type": "FeatureCollection", "note": LABEL_LINE, "features": features}, ensure_ascii=False)
    return _file(f"airnow_{hour:%Y%m%d%H}{suffix}_{LABEL}.json", data.encode(), hour + after, oddities)


def _feature(
    code: str, name: str, city: str, place: tuple[float, float], hour: datetime, given: Mapping[str, str | None]
) -> dict[str, object]:
    # Means of several hours, which are none of an hour's readings, stand beside them.
    means = {f"{pollutant}_24h": "-;" for pollutant in _POLLUTANTS} | {"o3_8h": "-;", "o3_8h_24h": "-;"}
    properties = {
        "area": city,
        "stationcode": code,
        "positionname": name,
        "timepoint": f"{hour:%Y-%m-%dT%H:%M:%S}",
        **{pollutant: "-;" if text is None else text for pollutant, text in given.items()},
        **means,
    }
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": place}, "properties": properties}


def _file(
    filename: str,
    data: bytes,
    received_at: datetime,
    oddities: Iterable[AirOddity],
    expected: Expected = _ACCEPTED,
) -> SampleFile:
    oddities = tuple(oddities)
    return SampleFile(
        filename=filename,
        data=data,
        feed="air_quality",
        department_text=_ECOLOGY,
        received_at=received_at,
        attachments=(),
        oddities=frozenset(oddities),
        note_zh="；".join(oddity.value for oddity in oddities) or LABEL,
        expected=expected,
    )


def _beyond(stations: list[Station]) -> Iterator[Beyond]:
    """As the episodes were drawn; limits as in ``warning_rules.csv``."""
    city = stations[0].area_code
    in_town = [station.code for station in stations if not station.reference]
    for begin, values in (_PAST, _STANDING):
        stands = begin + timedelta(hours=len(values) - 1) == LAST_HOUR
        for level, limit in (("yellow", 115), ("red", 150)):
            first, last = _span(begin, values, limit)
            yield Beyond("air_pollution", city, level, first, None if stands else last)
        first, last = _span(begin, values, 150)
        yield from (Beyond("station_pm2_5", code, "yellow", first, None if stands else last) for code in in_town)
    yield Beyond("station_pm2_5", _SITE, "yellow", *_span(*_SITE_HOURS, 150))
    for code, (begin, silent) in _SILENT.items():
        last = begin + timedelta(hours=silent - 1)
        for level, limit in (("yellow", 3), ("red", 24)):
            # The last reading was an hour before: more than the limit is that many hours later.
            first = begin + timedelta(hours=limit)
            if first <= last:
                yield Beyond("station_silent", code, level, first, None if last == LAST_HOUR else last)


def _span(begin: datetime, values: tuple[int, ...], limit: int) -> tuple[datetime, datetime]:
    beyond = [begin + timedelta(hours=n) for n, value in enumerate(values) if value > limit]
    return beyond[0], beyond[-1]
