"""Air quality in the sample city: repeatable, labelled, and beyond limits exactly when it is said to be."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta

import pandas as pd
import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city.air import Air, generate_air
from cityhealth.sample_city.files import LABEL, LABEL_LINE, AirOddity
from cityhealth.settings import CITY_TIMEZONE

IN_TOWN = ["2160A", "2161A", "2162A", "2163A", "2164A"]


@pytest.fixture(scope="module")
def air(catalogue: Catalogue) -> Air:
    return generate_air(catalogue)


@pytest.fixture(scope="module")
def hours(air: Air) -> pd.DataFrame:
    """Station, hour and the six concentrations, of all files, the file received last before the others."""
    backlog, *later = air.files
    table = pd.read_csv(io.BytesIO(backlog.data), encoding="gb18030", skiprows=1, na_values="—")
    table.columns = ["station", "name", "hour", "so2", "no2", "co", "o3", "pm10", "pm2_5"]
    records = [feature["properties"] for file in later for feature in json.loads(file.data)["features"]]
    read = pd.DataFrame(records).rename(columns={"stationcode": "station", "timepoint": "hour"})
    read = read[read["area"] == "晋城市"][["station", "hour", *table.columns[3:]]].replace("-;", None)
    both = pd.concat([table.drop(columns="name"), read])
    both["hour"] = pd.to_datetime(both["hour"], format="mixed").dt.tz_localize(CITY_TIMEZONE)
    both = both.drop_duplicates(["station", "hour"], keep="last").set_index(["hour", "station"])
    return both.astype(float)


def spans(beyond: pd.Series) -> list[tuple[datetime, datetime]]:
    """First and last of each run of hours that are True."""
    runs = (beyond != beyond.shift()).cumsum()
    return [(run.index[0], run.index[-1]) for _, run in beyond.groupby(runs) if run.iloc[0]]


def said(air: Air, rule: str, subject: str, level: str) -> list[tuple[datetime, datetime]]:
    end = datetime(2021, 7, 19, 22, tzinfo=CITY_TIMEZONE)
    chosen = [b for b in air.beyond if (b.rule, b.subject, b.level) == (rule, subject, level)]
    return sorted((b.first, b.last or end) for b in chosen)


def test_the_same_seed_gives_the_same_air(catalogue: Catalogue, air: Air) -> None:
    assert generate_air(catalogue) == air
    assert generate_air(catalogue, 2022).files[0].data != air.files[0].data


def test_every_file_of_air_says_that_it_is_synthetic(air: Air) -> None:
    assert air.files[0].data.decode("gb18030").startswith(LABEL_LINE)
    assert all(json.loads(file.data)["note"] == LABEL_LINE for file in air.files[1:])
    assert all(LABEL in file.filename for file in air.files)


def test_a_month_comes_at_once_and_then_every_hour_one_late_and_one_again(air: Air, hours: pd.DataFrame) -> None:
    _, *later = air.files
    assert len(later) == 11
    assert [file.filename for file in later if AirOddity.LATE in file.oddities] == [f"airnow_2021071915_{LABEL}.json"]
    first, last = hours.index.get_level_values("hour").min(), hours.index.get_level_values("hour").max()
    assert (last - first) == timedelta(days=30) - timedelta(hours=3)
    given = hours[hours.index.get_level_values("hour") <= datetime(2021, 7, 19, 12, tzinfo=CITY_TIMEZONE)]
    assert given.notna().sum().sum() == air.readings > 25_000


@pytest.mark.parametrize(("level", "limit"), [("yellow", 115), ("red", 150)])
def test_the_city_is_beyond_a_limit_in_the_two_episodes_alone(
    air: Air, hours: pd.DataFrame, level: str, limit: int
) -> None:
    """A sub-index of 150 is 115 µg/m³ of fine particles, and one of 200 is 150 (HJ 633-2012, table 1)."""
    mean = hours["pm2_5"].unstack()[IN_TOWN].mean(axis=1)
    assert spans(mean > limit) == said(air, "air_pollution", "140500", level)
    assert len(spans(mean > limit)) == 2


def test_nothing_but_fine_particles_brings_the_city_beyond_a_limit(hours: pd.DataFrame) -> None:
    """250 µg/m³ of coarse particles and 300 of ozone are sub-indices of 150."""
    means = hours[["pm10", "o3"]].unstack()
    dirty = hours["pm2_5"].unstack()[IN_TOWN].mean(axis=1) > 115
    assert (means["pm10"][IN_TOWN].mean(axis=1)[~dirty] < 250).all()
    assert means["o3"].max().max() < 300


def test_stations_are_beyond_their_limit_when_it_is_said(air: Air, hours: pd.DataFrame) -> None:
    for station, values in hours["pm2_5"].unstack().items():
        assert spans(values > 150) == said(air, "station_pm2_5", str(station), "yellow"), station
    assert len(said(air, "station_pm2_5", "2162A", "yellow")) == 3


@pytest.mark.parametrize(
    ("station", "level", "limit"), [("2164A", "yellow", 3), ("2164A", "red", 24), ("2165A", "yellow", 3)]
)
def test_a_station_is_silent_for_longer_than_a_limit_when_it_is_said(
    air: Air, hours: pd.DataFrame, station: str, level: str, limit: int
) -> None:
    given = hours.notna().any(axis=1).unstack().fillna(False)[station].astype(bool)
    since = pd.Series(given.index, given.index).where(given).ffill()
    silent = (given.index.to_series() - since) > timedelta(hours=limit)
    assert spans(silent) == said(air, "station_silent", station, level)


def test_readings_that_cannot_be_are_in_the_backlog(hours: pd.DataFrame) -> None:
    assert (hours < 0).sum().sum() == 1
    assert (hours == 999).sum().sum() == 1
    assert hours["pm10"].max() == 650


def test_a_revised_hour_has_another_value_and_comes_later(air: Air, hours: pd.DataFrame) -> None:
    (((station, pollutant, hour), text),) = air.revised.items()
    assert hours.loc[(hour, station), pollutant] == float(text)
    first = next(file for file in air.files if "2021071914_合" in file.filename)
    of_station = [f["properties"] for f in json.loads(first.data)["features"]]
    assert next(p[pollutant] for p in of_station if p["stationcode"] == station) != text
