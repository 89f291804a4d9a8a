"""Phones: at home by night, at work by day, on the way twice a day, and guests from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.spatial.distance import cdist

from cityhealth.sample_city.files import Expected, MovementOddity, SampleFile
from cityhealth.sample_city.movement import faults
from cityhealth.sample_city.movement.month import DAYS, START, WORKED
from cityhealth.sample_city.movement.parts import degrees, parquet, part_path, sending
from cityhealth.sample_city.movement.places import Places, find_places
from cityhealth.sample_city.scenes import THIRD
from cityhealth.sample_city.terrain.shown import BUILT_UP, Shown
from cityhealth.sample_city.terrain.town import Town
from cityhealth.spatial.crs import INSIDE

FEED = "operator_phones"
_PROVIDER = "市交通运输局"
RESIDENTS, _GUESTS = 1_600, 160
#: What phones show beside what the department reports.
_MORE_COMMUTERS, _FEWER_NEAR = 1.04, 0.93
#: Of those beyond the town, who work in it; of those, and on days off of all beyond it, who comes to visit.
_INTO_TOWN, _VISITING = 0.05, 0.06
_NEAR_M, _LEAST_M = 5_000.0, 800.0
#: Minutes of a commute: before and after, and per kilometre.
_SETTLING, _PER_KM = 5.0, 3.6
_SPREAD_M, _NOISE_M = 45.0, 12.0
#: Hours at which a phone tells where it is: at home (whole day), and at work.
_AT_HOME = np.array([0.5, 2.5, 4.5, 5.8, 7.5, 9.5, 11.0, 13.0, 15.0, 17.0, 19.0, 21.2, 22.1, 23.3])
_AT_WORK = np.array([9.4, 10.6, 11.8, 13.0, 14.2, 15.4, 16.5])
_TWIN, _TWIN_DAYS = 11, (5, 6, 7)

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Commuting:
    """By construction, of those who live in the built-up area; ``minutes`` is the mean of their usual ways.

    ``devices``: of residents by county, where they sleep. ``visitors``: mean per day of devices seen in the district
    while on a visit or at work, that sleep elsewhere.
    """

    people_per_device: float
    commuters: int
    minutes: float
    under_5km: int
    devices: dict[str, int]
    visitors: float
    planted: faults.Planted


@dataclass(frozen=True)
class _People:
    """``work`` and ``minutes`` are NaN of who does not commute; ``beyond``: lives outside the town."""

    home: Floats
    work: Floats
    minutes: Floats
    beyond: NDArray[np.bool_]
    county: Numbers

    @property
    def commute(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.minutes)


def phone_files(
    town: Town, shown: Shown, areas: gpd.GeoDataFrame, rng: np.random.Generator
) -> tuple[list[SampleFile], Commuting]:
    """The month of an operator's phones, and what it shows."""
    people_per_device = round(shown.reported("city_population", "140500") / RESIDENTS, 1)
    places = find_places(town, areas, rng)
    people = _people(town, shown, places, people_per_device, rng)
    device, second, at, abroad = _month(people, places, rng)
    at += rng.normal(0.0, _NOISE_M, at.shape)
    lonlat = np.column_stack(Transformer.from_crs(town.crs, INSIDE, always_xy=True).transform(*at.T))
    day = second // 86_400
    order = np.lexsort((second, device, day))
    device, second, lonlat, day = device[order], second[order], lonlat[order], day[order]
    visitors = _visitors(places, people, device, at[order], day, abroad)
    twin = np.flatnonzero((device == _TWIN) & np.isin(day, _TWIN_DAYS))
    free = np.ones(len(device), dtype=bool)
    free[twin] = False
    local, forgotten = faults.clocks(START + second, free, rng)
    free &= local == START + second
    before = lonlat.copy()
    lost = faults.astray(lonlat, free, rng)
    free &= (lonlat == before).all(axis=1)
    again, repeated = faults.repeated(len(device), free, rng)
    rows = np.concatenate([again, twin])
    number = np.concatenate([device[again], np.full(len(twin), RESIDENTS + _GUESTS)])
    keep = np.argsort(day[rows], kind="stable")
    rows, number = rows[keep], number[keep]
    names = pa.array([f"{n:016x}" for n in rng.integers(0, 2**62, RESIDENTS + _GUESTS + 1)])
    edges = np.searchsorted(day[rows], np.arange(len(DAYS) + 1))
    parts = [
        (part_path(FEED, of), _part(names, number[a:b], local[rows[a:b]], lonlat[rows[a:b]]))
        for of, a, b in zip(DAYS, edges[:-1], edges[1:], strict=True)
    ]
    file = sending(
        "手机信令",
        {
            "kind": "phone_positions",
            "datum": "wgs84",
            "columns": {"device": "user", "time": "seen_at", "lon": "x", "lat": "y"},
            "people_per_device": people_per_device,
        },
        parts,
        _PROVIDER,
        THIRD,
        67,
        (MovementOddity.OWN_NAMES, MovementOddity.FAULTY_FIXES, MovementOddity.TWO_IDS),
        Expected("accepted", ("all_readable",)),
    )
    mine = people.commute & ~people.beyond
    apart = np.hypot(*(people.work - people.home).T)
    counties = [places.counties[n] for n in people.county]
    return [file], Commuting(
        people_per_device,
        int(mine.sum()),
        float(people.minutes[mine].mean()),
        int((apart[mine] < _NEAR_M).sum()),
        {code: counties.count(code) for code in places.counties},
        visitors,
        faults.Planted(repeated, 0, forgotten, lost, len(twin)),
    )


def _part(names: pa.Array, number: Numbers, local: Numbers, lonlat: Floats) -> bytes:
    # Operators' clocks run on universal time.
    universal = pa.array(local - 8 * 3_600, pa.int64()).cast(pa.timestamp("s", "UTC"))
    users = pa.DictionaryArray.from_arrays(pa.array(number, pa.int32()), names).cast(pa.string())
    return parquet({"user": users, "seen_at": universal, "x": degrees(lonlat[:, 0]), "y": degrees(lonlat[:, 1])})


def _people(town: Town, shown: Shown, places: Places, each: float, rng: np.random.Generator) -> _People:
    in_town = round(shown.reported("built_up_population", BUILT_UP) / each)
    beyond = np.arange(RESIDENTS) >= in_town
    county = np.zeros(RESIDENTS, dtype=np.int64)
    county[beyond] = rng.choice(len(places.shares), beyond.sum(), p=places.shares)
    estate = rng.integers(0, len(places.estates), RESIDENTS)
    village = rng.integers(0, places.villages.shape[1], RESIDENTS)
    home = np.where(beyond[:, None], places.villages[county, village], places.estates[estate])
    home = home + rng.uniform(-_SPREAD_M, _SPREAD_M, home.shape)
    district = shapely.contains_xy(places.district, home[:, 0], home[:, 1])
    county[~beyond] = np.where(district[~beyond], places.counties.index("140502"), places.counties.index("140525"))
    commuters = round(_MORE_COMMUTERS * shown.reported("commuting_population", BUILT_UP) / each)
    near = round(_FEWER_NEAR * shown.reported("commuters_under_5km", BUILT_UP) / each)
    working = rng.permutation(in_town)[:commuters]
    from_beyond = rng.permutation(np.flatnonzero(beyond & np.isin(county, (0, 4))))[: round(_INTO_TOWN * beyond.sum())]
    work = np.full((RESIDENTS, 2), np.nan)
    apart = cdist(home, places.workplaces)
    for group, low, high in (
        (working[:near], _LEAST_M, _NEAR_M - 200),
        (working[near:], _NEAR_M + 200, np.inf),
        (from_beyond, _LEAST_M, np.inf),
    ):
        for person in group:
            fits = np.flatnonzero((apart[person] > low) & (apart[person] < high))
            work[person] = places.workplaces[rng.choice(fits) if len(fits) else apart[person].argmax()]
    work += rng.uniform(-_SPREAD_M, _SPREAD_M, work.shape)
    minutes = _SETTLING + _PER_KM * np.hypot(*(work - home).T) / 1_000 * rng.uniform(0.85, 1.15, RESIDENTS)
    return _People(home, work, minutes, beyond, county)


def _month(people: _People, places: Places, rng: np.random.Generator) -> tuple[Numbers, Numbers, Floats, Numbers]:
    """Device, second since the first midnight and metres of every fix; and who is abroad from the first guest on."""
    devices, seconds, points = [], [], []

    def tell(who: Numbers, hours: Floats, where: Floats) -> None:
        """``hours`` (people, fixes) since the first midnight, ``where`` (people, fixes, 2) or the same for all."""
        devices.append(np.repeat(who, hours.shape[1]))
        seconds.append(np.rint(hours.ravel() * 3_600).astype(np.int64))
        points.append(np.broadcast_to(where, (*hours.shape, 2)).reshape(-1, 2))

    everybody = np.arange(RESIDENTS)
    leaves, stays = 7.0 + 1.1 * rng.random(RESIDENTS), 9.7 + 0.7 * rng.random(RESIDENTS)
    for day, worked in enumerate(WORKED):
        out = people.commute & worked & (rng.random(RESIDENTS) < 0.97)
        start = leaves + rng.normal(0.0, 0.05, RESIDENTS)
        takes = people.minutes / 60 * rng.normal(1.0, 0.05, RESIDENTS)
        back = start + takes + stays
        visits = people.beyond & ~out & (rng.random(RESIDENTS) < (_VISITING / 3 if worked else _VISITING))
        at_home = day * 24 + _AT_HOME + rng.uniform(-0.15, 0.15, (RESIDENTS, len(_AT_HOME)))
        for group in (out, visits, ~out & ~visits):
            who = everybody[group]
            hours = at_home[group]
            if group is out:
                hours = hours[:, (_AT_HOME < 6.5) | (_AT_HOME > 20.5)]
            elif group is visits:
                hours = hours[:, (_AT_HOME < 9.0) | (_AT_HOME > 18.0)]
            tell(who, hours, people.home[who][:, None, :])
        who = everybody[out]
        home, work = people.home[who], people.work[who]
        at_work = day * 24 + _AT_WORK + rng.uniform(-0.2, 0.2, (len(who), len(_AT_WORK)))
        tell(who, at_work, work[:, None, :])
        for begin, one, other in ((start, home, work), (back, work, home)):
            way = day * 24 + begin[who][:, None] + takes[who][:, None] * np.array([0.0, 0.5, 1.0])
            tell(who, way, np.stack([one, (one + other) / 2, other], axis=1))
        who = everybody[visits]
        goal = places.workplaces[rng.integers(0, len(places.workplaces), len(who))]
        seen = day * 24 + np.array([11.0, 12.2, 13.5, 15.0]) + rng.uniform(-0.2, 0.2, (len(who), 4))
        tell(who, seen, goal[:, None, :])
    for guest in range(RESIDENTS, RESIDENTS + _GUESTS):
        day, nights = int(rng.integers(0, len(DAYS) - 3)), int(rng.integers(1, 4))
        hotel = places.workplaces[rng.integers(0, len(places.workplaces))]
        hours = np.concatenate([(day + n) * 24 + _AT_HOME[4:] for n in range(nights)])
        tell(np.array([guest]), hours[None, :] + rng.uniform(-0.1, 0.1, (1, len(hours))), hotel)
    device, second = np.concatenate(devices), np.concatenate(seconds)
    inside = (second >= 0) & (second < len(DAYS) * 86_400)
    return device[inside], second[inside], np.concatenate(points)[inside], np.arange(RESIDENTS, RESIDENTS + _GUESTS)


def _visitors(places: Places, people: _People, device: Numbers, at: Floats, day: Numbers, guests: Numbers) -> float:
    """Mean per day of devices seen in the district that do not sleep there."""
    own = places.counties.index("140502")
    elsewhere = np.concatenate([people.county != own, np.ones(len(guests), dtype=bool)])
    rows = np.flatnonzero(elsewhere[device])
    shapely.prepare(places.district)
    rows = rows[shapely.contains_xy(places.district, at[rows, 0], at[rows, 1])]
    return len(np.unique(device[rows] * len(DAYS) + day[rows])) / len(DAYS)
