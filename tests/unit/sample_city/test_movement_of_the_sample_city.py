"""Movement in the sample city: repeatable, labelled, along its streets, and it shows what it was made to show."""

from __future__ import annotations

import io
from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
import yaml

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city import SampleFile
from cityhealth.sample_city.files import LABEL, LABEL_LINE, MovementOddity
from cityhealth.sample_city.movement import Movement, generate_movement
from cityhealth.sample_city.terrain.shown import Shown
from cityhealth.sample_city.terrain.streets import roads
from cityhealth.sample_city.terrain.town import Town, lay_out
from cityhealth.spatial.datum import shift
from cityhealth.spatial.reference import build_areas

#: A sixteenth of the taxis.
TAXIS = 24
WORKDAYS = pd.to_datetime(
    [f"2020-09-{day:02d}" for day in (*range(7, 12), *range(14, 19), *range(21, 26), 27, 28, 29, 30)]
)


@pytest.fixture(scope="module")
def areas(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> gpd.GeoDataFrame:
    return build_areas("140500", catalogue, tmp_path_factory.mktemp("moved") / "140500.gpkg")


@pytest.fixture(scope="module")
def movement(catalogue: Catalogue, areas: gpd.GeoDataFrame) -> Movement:
    return generate_movement(catalogue, areas, taxis=TAXIS)


@pytest.fixture(scope="module")
def shown(catalogue: Catalogue) -> Shown:
    return Shown(catalogue, 2021, 2021)


@pytest.fixture(scope="module")
def town(shown: Shown, areas: gpd.GeoDataFrame) -> Town:
    return lay_out(shown, areas, np.random.default_rng([2021, 1]))


@pytest.fixture(scope="module")
def taxis(movement: Movement, town: Town) -> pd.DataFrame:
    """The month as corrected, in metres of the town."""
    parts = dict(named(movement, "出租车定位_合").attachments) | dict(named(movement, "更正").attachments)
    frame = pd.concat(map(read, parts.values()), ignore_index=True)
    return in_metres(frame, "gcj_x", "gcj_y", "gcj02", town)


@pytest.fixture(scope="module")
def phones(movement: Movement, town: Town) -> pd.DataFrame:
    frame = pd.concat(map(read, dict(named(movement, "手机信令").attachments).values()), ignore_index=True)
    return in_metres(frame, "x", "y", "wgs84", town)


def named(movement: Movement, part: str) -> SampleFile:
    return next(file for file in movement.files if part in file.filename)


def read(part: bytes) -> pd.DataFrame:
    return pq.read_table(io.BytesIO(part)).to_pandas()


def in_metres(frame: pd.DataFrame, lon: str, lat: str, datum: str, town: Town) -> pd.DataFrame:
    lonlat = shift(frame[[lon, lat]].to_numpy(), datum, "cgcs2000")
    points = gpd.GeoSeries(gpd.points_from_xy(*lonlat.T), crs="EPSG:4490").to_crs(town.crs)
    return frame.assign(east=points.x.to_numpy(), north=points.y.to_numpy())


def contents(files: Iterable[SampleFile]) -> list[tuple[str, bytes]]:
    return [part for file in files for part in ((file.filename, file.data), *file.attachments)]


def test_the_same_seed_gives_the_same_movement(
    catalogue: Catalogue, areas: gpd.GeoDataFrame, movement: Movement
) -> None:
    assert generate_movement(catalogue, areas, taxis=TAXIS).files == movement.files
    assert contents(generate_movement(catalogue, areas, 2022, TAXIS).files) != contents(movement.files)


def test_every_file_of_movement_says_that_it_is_synthetic(movement: Movement) -> None:
    for file in movement.files:
        stated = yaml.safe_load(file.data)
        assert stated["synthetic"] is True and stated["source"] == LABEL_LINE and LABEL in file.filename
        for name, part in file.attachments:
            if name.endswith(".csv"):
                assert LABEL in part.decode("utf-8-sig").splitlines()[1]
            elif MovementOddity.TRUNCATED not in file.oddities:
                assert pq.read_schema(io.BytesIO(part)).metadata[b"note"].decode() == LABEL_LINE


def test_a_month_of_taxis_is_one_arrival_with_a_part_for_each_day_and_two_for_some(movement: Movement) -> None:
    names = [name for name, _ in named(movement, "出租车定位_合").attachments]
    days = sorted({name.split("/")[1] for name in names})
    assert days[0] == "date=2020-09-07" and days[-1] == "date=2020-10-06" and len(days) == 30
    assert sum(name.endswith("part-001.parquet") for name in names) == 2
    assert all(name.startswith("feed=taxi_gps/date=") for name in names)


def test_as_many_taxis_as_the_demo_has_give_two_million_fixes(movement: Movement) -> None:
    assert movement.truth.fixes * 330 / TAXIS > 2_000_000


def test_taxis_keep_to_the_streets(taxis: pd.DataFrame, town: Town, shown: Shown) -> None:
    streets = shapely.union_all(np.asarray(roads(town, shown, np.random.default_rng([2021, 2])).geometry.array))
    shapely.prepare(streets)
    some = taxis.sample(5_000, random_state=1)
    off = shapely.distance(streets, shapely.points(some[["east", "north"]].to_numpy()))
    assert np.median(off) < 5
    assert (off < 20).mean() > 0.99


def test_taxis_drive_at_peak_as_fast_as_was_meant(taxis: pd.DataFrame, movement: Movement) -> None:
    """From the fixes alone, without those that a reader sees to be wrong."""
    told = taxis.drop_duplicates(["plate_no", "pos_time"])
    told = told[(told.pos_time.dt.year == 2020) & ~told.plate_no.isin(["晋ET024合", "晋ET025合"])]
    told = told[np.hypot(told.east, told.north) < 50_000].sort_values(["plate_no", "pos_time"])
    step = told.groupby("plate_no")[["east", "north"]].diff()
    metres = np.hypot(step.east, step.north)
    seconds = told.groupby("plate_no").pos_time.diff().dt.total_seconds()
    driven = (seconds <= 35) & (metres / seconds < 40) & told.pos_time.dt.hour.isin([7, 8, 17, 18])
    driven &= told.pos_time.dt.normalize().isin(WORKDAYS)
    assert metres[driven].sum() / 1_000 == pytest.approx(movement.truth.peak_km.sum(), rel=0.02)
    assert seconds[driven].sum() / 3_600 == pytest.approx(movement.truth.peak_hours.sum(), rel=0.02)


def test_traffic_is_slow_on_the_day_of_rain_alone(movement: Movement) -> None:
    worked = movement.truth.peak_hours > 0
    speed = movement.truth.peak_km[worked] / movement.truth.peak_hours[worked]
    assert worked.sum() == len(WORKDAYS)
    assert np.flatnonzero(worked)[speed < 20].tolist() == [8] and speed.min() > 15
    assert np.sort(speed)[1] > 22
    assert movement.truth.peak_speed > 30


def test_what_is_wrong_with_taxis_is_counted(taxis: pd.DataFrame, movement: Movement) -> None:
    planted = movement.truth.planted
    assert taxis.duplicated(["plate_no", "pos_time", "gcj_x", "gcj_y"]).sum() >= planted.repeated > 0
    assert (taxis.pos_time.dt.year < 2020).sum() == pytest.approx(planted.clocks, abs=2) and planted.clocks > 0
    assert (np.hypot(taxis.east, taxis.north) > 100_000).sum() == pytest.approx(planted.astray, abs=2)
    assert taxis.plate_no.isin(["晋ET024合", "晋ET025合"]).sum() == planted.twins > 0
    assert planted.jumps > 0


def test_one_day_comes_again_whole(movement: Movement) -> None:
    ((name, corrected),) = named(movement, "更正").attachments
    first = read(dict(named(movement, "出租车定位_合").attachments)[name])
    assert first.pos_time.max() < pd.Timestamp("2020-09-23 12:00") < read(corrected).pos_time.max()
    assert named(movement, "更正").received_at > named(movement, "出租车定位_合").received_at


def test_the_buses_cannot_be_used(movement: Movement) -> None:
    truncated, swapped, empty = (part for _, part in named(movement, "公交车定位").attachments)
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(io.BytesIO(truncated))
    assert read(swapped).gcj_x.median() < 40 < 110 < read(swapped).gcj_y.median()
    assert pq.read_metadata(io.BytesIO(empty)).num_rows == 0


def test_phones_show_as_many_commuters_and_as_far_as_was_meant(
    phones: pd.DataFrame, movement: Movement, town: Town
) -> None:
    """By medians of night and of working hours, which no fault moves."""
    local = phones.seen_at.dt.tz_convert("Asia/Shanghai")
    night = phones[(local.dt.hour < 6) | (local.dt.hour >= 21)]
    day = phones[local.dt.hour.between(10, 15) & local.dt.tz_localize(None).dt.normalize().isin(WORKDAYS)]
    home, work = (part.groupby("user")[["east", "north"]].median() for part in (night, day))
    # Guests stay a night or two.
    nights = night.groupby("user").seen_at.nunique()
    home = home[nights.reindex(home.index) > 60]
    apart = np.hypot(*(work.reindex(home.index) - home).to_numpy().T)
    in_town = shapely.contains_xy(town.outline(), *home.to_numpy().T)
    commuting, near = in_town & (apart > 500), in_town & (apart > 500) & (apart < 5_000)
    truth = movement.truth.commuting
    assert commuting.sum() == pytest.approx(truth.commuters, rel=0.03)
    assert near.sum() == pytest.approx(truth.under_5km, rel=0.03)
    assert len(home) == sum(truth.devices.values())
    assert 15 < truth.minutes < 25


def test_commuters_are_a_few_per_cent_beside_those_reported(movement: Movement, shown: Shown) -> None:
    truth = movement.truth.commuting
    reported = shown.reported("commuting_population")
    assert 1.02 < truth.commuters * truth.people_per_device / reported < 1.06


def test_the_survey_shows_as_many_trips_as_was_meant(movement: Movement, shown: Shown) -> None:
    parts = [part for _, part in named(movement, "出行调查").attachments]
    trips = pd.concat([pd.read_csv(io.BytesIO(part), encoding="utf-8-sig") for part in parts])
    truth = movement.truth.survey
    forwards = trips[trips["出发时间"] < trips["到达时间"]]
    green = forwards["出行方式"].isin(["步行", "自行车", "电动自行车", "公交车"])
    assert (len(forwards), green.sum(), len(trips) - len(forwards)) == (truth.trips, truth.green, truth.backwards)
    daily = truth.trips * truth.people_per_device / truth.days / 1e4
    assert daily == pytest.approx(shown.reported("all_trips") * 1.03, rel=0.01)
