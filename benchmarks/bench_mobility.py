"""A day of vehicle positions against SQL written by hand and pandas; ten times the rows; one more day of a month.

Each way runs in a process of its own and leaves what it found: counts must be equal, sums equal to a billionth.
"""

from __future__ import annotations

import csv
import json
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

sys.path.insert(0, str(Path(__file__).parent))
from harness import best_of, peak_mebibytes, report

from cityhealth.mobility.commuting import DayPartial
from cityhealth.mobility.engine import open_engine
from cityhealth.mobility.methods import MOBILITY_METHODS
from cityhealth.mobility.partials import compute_day
from cityhealth.mobility.schema import POSITIONS
from cityhealth.mobility.windows import day_number
from cityhealth.mobility.zones import CELL_COLUMNS, EARTH_M, Zones, build_zones

KINDS = Path(__file__).parents[1] / "dbt_project/seeds/jincheng/layer_kinds.csv"
DAY, FIXES, VEHICLES, MEMORY = date(2021, 6, 1), 1000, 20_000, "1GB"
LON, LAT, WIDE, HIGH = 112.85, 35.5, 1.2, 0.9  # degrees: middle and extent of the city
KEY = ["device", "zone", "hour"]
PEAK = {"hours": "7-9|17-19", "days": "workdays"}


def rules() -> dict[str, str]:
    with KINDS.open(encoding="utf-8", newline="") as file:
        text = next(row["parameters"] for row in csv.DictReader(file) if row["code"] == "vehicle_positions")
    return dict(rule.split("=") for rule in text.split(";"))


def _wiggly(ends: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A line of 257 points between two, its middles shifted as those of a coast are."""
    points = ends
    for _ in range(8):
        steps = np.diff(points, axis=0)
        aside = steps[:, ::-1] * [-1, 1] * rng.uniform(-0.15, 0.15, (len(steps), 1))
        middles = points[:-1] + steps / 2 + aside
        points = np.vstack([np.stack([points[:-1], middles], axis=1).reshape(-1, 2), points[-1:]])
    return points


def city() -> Zones:
    """Six counties that share wiggly borders, and a built-up area across several of them."""
    rng = np.random.default_rng(1)
    columns, rows = LON + WIDE * (np.arange(4) / 3 - 0.5), LAT + HIGH * (np.arange(3) / 2 - 0.5)
    across = [((columns[c], y), (columns[c + 1], y)) for c in range(3) for y in rows]
    along = [((x, rows[r]), (x, rows[r + 1])) for x in columns for r in range(2)]
    lines = [shapely.LineString(_wiggly(np.array(ends), rng)) for ends in across + along]
    counties = shapely.get_parts(shapely.polygonize([shapely.union_all(lines)]))
    angles = np.linspace(0, 2 * math.pi, 400, endpoint=False)
    radius = 0.1 + 0.01 * np.sin(7 * angles) + 0.002 * rng.normal(size=400)
    built_up = shapely.Polygon(np.c_[LON + radius * np.cos(angles), LAT + radius * np.sin(angles)])
    areas = {f"county {number}": shape for number, shape in enumerate(counties)}
    return build_zones(areas | {"built-up": built_up}, float(rules()["cell_m"]))


def make(folder: Path, vehicles: int, day: date = DAY) -> Path:
    """A folder of normalised parts of at most 1,000 vehicles × 1,000 fixes, in order of time as feeds send them."""
    folder.mkdir(parents=True)
    for first in range(0, vehicles, 1000):
        rng = np.random.default_rng([day_number(day), first])
        path = folder / f"part-{first:06}.parquet"
        pq.write_table(_fixes(min(1000, vehicles - first), day, rng), path, compression="zstd")
    return folder


def _fixes(vehicles: int, day: date, rng: np.random.Generator) -> pa.Table:
    """A fix each 15 to 45 seconds for eight hours or so. One span of 25 minutes in seven is parked, a fix in ten waits;
    in a thousand there are 1 jump, 0.5 with a wrong clock, 5 told twice; one device in two hundred has a twin."""
    shape = (vehicles, FIXES)
    gap = rng.integers(15, 46, shape)
    second = day_number(day) * 86_400 + rng.integers(0, 54_000, (vehicles, 1)) + np.cumsum(gap, axis=1)
    parked = np.repeat(rng.random((vehicles, FIXES // 50)) < 1 / 7, 50, axis=1) | (rng.random(shape) < 0.1)
    metres_per_second = np.where(parked, 0.0, rng.uniform(3, 20, shape))
    heading = rng.uniform(0, 2 * math.pi, (vehicles, 1)) + np.cumsum(rng.normal(0, 0.4, shape), axis=1)
    degree = math.pi * EARTH_M / 180
    where = []
    for middle, extent, scale, turned in (
        (LON, WIDE, degree * math.cos(math.radians(LAT)), np.cos),
        (LAT, HIGH, degree, np.sin),
    ):
        start = rng.normal(0, 0.12, (vehicles, 1))
        there = start + np.cumsum(metres_per_second * gap * turned(heading), axis=1) / scale
        # Who leaves the city by more than a few kilometres turns round.
        limit = extent / 2 + 0.03
        there = np.abs((there - limit) % (4 * limit) - 2 * limit) - limit
        where.append(middle + there + rng.normal(0, 4, shape) / scale)
    lon, lat = where
    speed = np.where(rng.random(shape) < 0.2, np.nan, metres_per_second * 3.6)
    lon[rng.random(shape) < 0.001] += 0.1
    second[rng.random(shape) < 0.0005] += 2 * 86_400
    again = np.argwhere(rng.random((vehicles, FIXES - 1)) < 0.005)
    second[again[:, 0], again[:, 1] + 1] = second[again[:, 0], again[:, 1]]
    pairs = max(1, vehicles // 200)
    for column in (second, lon, lat, speed):
        column[-pairs:] = column[:pairs]
    device = np.broadcast_to(rng.integers(0, 2**62, (vehicles, 1)), shape)
    order = np.argsort(second, axis=None, kind="stable")
    columns = [pa.array(column.ravel()[order]) for column in (device, second, lon, lat)]
    told = pa.array(speed.ravel()[order], from_pandas=True)
    return pa.Table.from_arrays([*columns, told], schema=POSITIONS)


# What a way found: rows of (device, zone, hour, distance_m, seconds), and counts.
Found = tuple[pa.Table, dict]


def ours(parts: Sequence[Path], zones: Zones, folder: Path) -> Found:
    out = folder / "ours"
    with open_engine("duckdb", folder, MEMORY) as engine:
        counts = compute_day(engine, "vehicle_positions", parts, DAY, rules(), zones, out, 1.0)
    found = {"rows_in": counts.rows_in, **counts.removed, "drifting": counts.drifting}
    return pq.read_table(out / "driving.parquet", columns=[*KEY, "distance_m", "seconds"]), found


def _metres(lon: str, lat: str, to_lon: str, to_lat: str) -> str:
    return (
        f"2 * {EARTH_M} * asin(sqrt(pow(sin(radians(({to_lat} - {lat}) / 2)), 2)"
        f" + cos(radians({lat})) * cos(radians({to_lat})) * pow(sin(radians(({to_lon} - {lon}) / 2)), 2)))"
    )


_JUDGED = f"""
copy (
with placed as (
    select device, second, lon, lat, speed_kmh, pieces.zone
    from read_parquet($parts) as fix
    left join pieces on pieces.cell
        = floor(lat / $dlat)::bigint * {CELL_COLUMNS} + floor(lon / $dlon)::bigint
    where second >= $begin - $slack and second < $begin + 86400 + $slack
        and (pieces.cell is null or lat >= south and lat < north
            and lon >= west + west_slope * (lat - base) and lon < east + east_slope * (lat - base))
),
numbered as (
    select *, coalesce(lag(second) over by_time = second, false) as twice
    from placed
    window by_time as (partition by device order by second, lon, lat, speed_kmh)
),
steps as (
    select *, {_metres("lag(lon) over along", "lag(lat) over along", "lon", "lat")}
        > $fastest * (second - lag(second) over along) as too_fast
    from numbered
    window along as (partition by device, twice order by second)
)
select device, second, lon, lat, speed_kmh, zone,
    case when zone is null then if(twice or jump, 4, 3) when twice then 1 when jump then 2 else 0 end as verdict
from (
    select *, coalesce(
        too_fast and lead(too_fast) over (partition by device, twice order by second), false
    ) as jump
    from steps
)
) to '{{judged}}' (format parquet)
"""

_TWINS = """
create temp table twins as
with hours as (
    select device, second // 3600 as hour, count(*) as fixes, sum(second) as seconds,
        sum(floor(lon * 1e6 + 0.5)::bigint) as east, sum(floor(lat * 1e6 + 0.5)::bigint) as north
    from judged where verdict = 0 group by all
),
led as (select *, min(device) over (partition by hour, fixes, seconds, east, north) as leader from hours),
shared as (select device, leader, count(*) as shared from led where leader < device group by all),
devices as (select device, count(*) as hours, sum(fixes) as fixes from hours group by all)
select distinct shared.device, own.fixes
from shared
join devices as own on own.device = shared.device
join devices as other on other.device = shared.leader
where shared >= $share * greatest(own.hours, other.hours) and shared >= 3
"""

_RUNS = f"""
create temp table runs as
with seen as (
    select device, zone, second, lon, lat, speed_kmh,
        lead(second) over along - second as seconds, lead(lon) over along as next_lon,
        lead(lat) over along as next_lat, lead(speed_kmh) over along as next_speed,
        last(lon) over look as later_lon, last(lat) over look as later_lat
    from judged
    where verdict in (0, 3) and device not in (select device from twins)
    window along as (partition by device order by second),
        look as (partition by device order by second range between current row and 60 following)
),
measured as (
    select *, {_metres("lon", "lat", "next_lon", "next_lat")} as metres,
        {_metres("lon", "lat", "later_lon", "later_lat")} as later
    from seen where seconds is not null
),
judged_steps as (
    select *, if(seconds > 60, metres, later) < $drift
        or coalesce(speed_kmh = 0 and next_speed = 0, false) as still,
        seconds <= 600 and metres <= $fastest * seconds as counts
    from measured
),
numbered as (
    select *, if(still, sum((not still)::int) over (partition by device order by second), -1) as run from judged_steps
)
select device, zone, second // 3600 % 24 as hour, run, sum(if(counts and not still, metres, 0)) as distance_m,
    sum(if(counts, seconds, 0)) as seconds, sum(seconds) as all_seconds, count(*) as fixes
from numbered where zone is not null group by all
"""

_DRIVING = """
copy (
    with lasted as (select *, sum(all_seconds) over (partition by device, run) as lasted from runs)
    select device, zone, hour, sum(distance_m) as distance_m, sum(seconds)::bigint as seconds
    from lasted where run < 0 or lasted < $parked group by all having sum(seconds) > 0
) to '{out}' (format parquet)
"""


def with_sql(parts: Sequence[Path], zones: Zones, folder: Path) -> Found:
    """The same statements as someone would write them for DuckDB, what is needed twice in a file or, where it is
    small, a temporary table. (With all of it in temporary tables, 20 M rows spill and take longer.)"""
    of, begin = {name: float(value) for name, value in rules().items()}, day_number(DAY) * 86_400
    values = {
        "parts": [str(part) for part in parts], "dlon": zones.dlon, "dlat": zones.dlat, "begin": begin,
        "slack": of["clock_minutes"] * 60, "fastest": of["max_speed_kmh"] / 3.6, "share": of["twin_share"],
        "drift": of["drift_m"], "parked": of["parked_minutes"] * 60,
    }  # fmt: skip
    settings = {
        "memory_limit": MEMORY, "temp_directory": str(folder / "spilled"), "preserve_insertion_order": False,
    }  # fmt: skip
    judged, out = folder / "judged.parquet", folder / "sql.parquet"
    with duckdb.connect(":memory:", config=settings) as connection:
        connection.register("pieces", zones.pieces)

        def run(query: str) -> list[tuple]:
            named = {name: value for name, value in values.items() if f"${name}" in query}
            return connection.execute(query, named).fetchall()

        rows_in, timely = run(
            "select count(*), count(*) filter (second >= $begin - $slack and second < $begin + 86400 + $slack)"
            " from read_parquet($parts)"
        )[0]
        run(_JUDGED.format(judged=judged))
        run(f"create view judged as from '{judged}'")
        verdicts = dict(run("select verdict, count(*) from judged group by all"))
        run(_TWINS)
        run(_RUNS)
        run(_DRIVING.format(out=out))
        counts = {
            "rows_in": rows_in, "clock": rows_in - timely,
            "outside": timely - sum(verdicts.get(verdict, 0) for verdict in range(3)),
            "duplicate": verdicts[1], "jump": verdicts[2],
            "twin": int(run("select coalesce(sum(fixes), 0) from twins")[0][0]),
            "drifting": int(run("select sum(fixes) from runs where run >= 0")[0][0]),
        }  # fmt: skip
    return pq.read_table(out), counts


def _distance(lon: np.ndarray, lat: np.ndarray, to_lon: np.ndarray, to_lat: np.ndarray) -> np.ndarray:
    lon, lat, to_lon, to_lat = (np.radians(degrees) for degrees in (lon, lat, to_lon, to_lat))
    chord = np.sin((to_lat - lat) / 2) ** 2 + np.cos(lat) * np.cos(to_lat) * np.sin((to_lon - lon) / 2) ** 2
    return 2 * EARTH_M * np.arcsin(np.sqrt(chord))


def _zones_of(fixes: pd.DataFrame, zones: Zones) -> np.ndarray:
    """Whole cells by a search among them, the others joined with their pieces; outside -1, in a cell that an area
    touches 0."""
    cell = np.floor(fixes.lat / zones.dlat).astype("int64") * CELL_COLUMNS
    cell = (cell + np.floor(fixes.lon / zones.dlon).astype("int64")).to_numpy()
    pieces = zones.pieces.to_pandas()
    whole = pieces[(pieces.west < -360) & (pieces.east > 360) & (pieces.south < -90) & (pieces.north > 90)]
    cells = whole.cell.to_numpy()
    place = np.searchsorted(cells, cell).clip(max=len(cells) - 1)
    cut = pieces.drop(whole.index)
    touched = np.isin(cell, cut.cell.unique())
    found = np.where(cells[place] == cell, whole.zone.to_numpy()[place], np.where(touched, 0, -1))
    rest = np.flatnonzero(touched)
    near = pd.DataFrame({"at": rest, "cell": cell[rest]}).merge(cut, on="cell")
    lon, lat = fixes.lon.to_numpy()[near["at"]], fixes.lat.to_numpy()[near["at"]]
    above = lat - near.base
    inside = (lat >= near.south) & (lat < near.north) & (lon >= near.west + near.west_slope * above)
    near = near[inside & (lon < near.east + near.east_slope * above)]
    found[near["at"]] = near.zone
    return found


def with_pandas(parts: Sequence[Path], zones: Zones, folder: Path) -> Found:
    of, begin = {name: float(value) for name, value in rules().items()}, day_number(DAY) * 86_400
    fastest, slack = of["max_speed_kmh"] / 3.6, of["clock_minutes"] * 60
    fixes = pq.read_table(list(parts)).to_pandas()
    counts = {"rows_in": len(fixes)}
    fixes = fixes[(fixes.second >= begin - slack) & (fixes.second < begin + 86_400 + slack)]
    counts["clock"] = counts["rows_in"] - len(fixes)
    fixes = fixes.assign(zone=_zones_of(fixes, zones))
    # Those outside end what a device did inside; beyond that they do not count.
    placed = fixes[fixes.zone != 0]
    counts["outside"] = len(fixes) - int((fixes.zone > 0).sum())
    # Sorting by all columns takes pandas half a minute: only rows of one second are.
    placed = placed.iloc[np.lexsort((placed.second, placed.device))].reset_index(drop=True)
    alike = placed.duplicated(["device", "second"], keep=False)
    few = placed[alike].sort_values(["device", "second", "lon", "lat", "speed_kmh"])
    once = few.drop_duplicates(["device", "second"])
    counts["duplicate"] = int((few.zone > 0).sum() - (once.zone > 0).sum())
    placed = pd.concat([placed[~alike], once])
    placed = placed.iloc[np.lexsort((placed.second, placed.device))].reset_index(drop=True)
    along = _along(placed)
    too_fast = along.metres > fastest * along.seconds  # false across devices, where it is NaN
    jump = too_fast & too_fast.shift(1, fill_value=False)
    counts["jump"] = int((jump & (placed.zone > 0)).sum())
    placed = placed[~jump]
    twins = _twins(placed[placed.zone > 0], of["twin_share"])
    out = placed.device.isin(twins)
    counts["twin"] = int((out & (placed.zone > 0)).sum())
    placed = placed[~out].reset_index(drop=True)
    along = _along(placed)
    device = pd.factorize(placed.device)[0] * 10_000_000
    key = device + (placed.second.to_numpy() - begin)
    later = np.searchsorted(key, key + 60, side="right") - 1
    lon, lat = placed.lon.to_numpy(), placed.lat.to_numpy()
    later_m = np.where(along.seconds > 60, along.metres, _distance(lon, lat, lon[later], lat[later]))
    told = (placed.speed_kmh == 0) & (placed.speed_kmh.shift(-1) == 0)
    still = (later_m < of["drift_m"]) | told
    steps = placed[["device", "zone"]].assign(
        hour=placed.second // 3600 % 24, seconds=along.seconds, metres=along.metres, still=still,
        counts=(along.seconds <= 600) & (along.metres <= fastest * along.seconds),
    )  # fmt: skip
    # The last fix of a device is no step, but it parts the runs of one device from those of the next.
    run = np.where(still & along.seconds.notna(), (~still | along.seconds.isna()).cumsum(), -1)
    steps = steps.assign(
        run=run,
        distance_m=steps.metres.where(steps.counts & ~still, 0.0),
        moving=steps.seconds.where(steps.counts, 0.0),
    )[steps.seconds.notna() & (steps.zone > 0)]
    counts["drifting"] = int(steps.still.sum())
    lasted = steps[steps.still].groupby("run").seconds.sum()
    parked = lasted.index[lasted >= of["parked_minutes"] * 60]
    driven = steps[~steps.run.isin(parked)].groupby(KEY, as_index=False)[["distance_m", "moving"]].sum()
    driven = driven[driven.moving > 0].rename(columns={"moving": "seconds"}).astype({"seconds": "int64"})
    return pa.Table.from_pandas(driven, preserve_index=False), counts


def _along(fixes: pd.DataFrame) -> pd.DataFrame:
    """Seconds and metres from each fix to its device's next one, NaN after the last; ``fixes`` are in order."""
    ahead = fixes[["second", "lon", "lat"]].shift(-1)
    same = fixes.device == fixes.device.shift(-1)
    metres = _distance(*(column.to_numpy() for column in (fixes.lon, fixes.lat, ahead.lon, ahead.lat)))
    return pd.DataFrame(
        {"seconds": (ahead.second - fixes.second).where(same), "metres": np.where(same, metres, np.nan)}
    )


def _twins(fixes: pd.DataFrame, share: float) -> np.ndarray:
    shown = pd.DataFrame(
        {
            "device": fixes.device, "hour": fixes.second // 3600, "seconds": fixes.second,
            "east": np.floor(fixes.lon * 1e6 + 0.5).astype("int64"),
            "north": np.floor(fixes.lat * 1e6 + 0.5).astype("int64"),
        }
    )  # fmt: skip
    by_hour = shown.groupby(["device", "hour"])
    hours = by_hour.sum().assign(fixes=by_hour.size()).reset_index()
    hours["leader"] = hours.groupby(["hour", "fixes", "seconds", "east", "north"]).device.transform("min")
    shared = hours[hours.leader < hours.device].groupby(["device", "leader"]).size().rename("shared").reset_index()
    own = hours.groupby("device").size()
    most = np.maximum(shared.device.map(own), shared.leader.map(own))
    return shared[(shared.shared >= share * most) & (shared.shared >= 3)].device.unique()


WAYS: Mapping[str, Callable[[Sequence[Path], Zones, Path], Found]] = {
    "ours": ours, "sql": with_sql, "pandas": with_pandas,
}  # fmt: skip


def timed(way: str, data: Path, out: Path, repeats: int) -> None:
    """Run one way, print seconds and MiB at the peak, and leave what it found in ``out``."""
    zones, parts = city(), sorted(data.iterdir())
    found: list[Found] = []

    def once() -> None:
        found.clear()
        with tempfile.TemporaryDirectory(dir=out.parent) as folder:
            found.append(WAYS[way](parts, zones, Path(folder)))

    seconds = best_of(repeats, once)
    print(seconds, peak_mebibytes())
    pq.write_table(found[0][0], out)
    out.with_suffix(".json").write_text(json.dumps(found[0][1]))


def in_a_process_of_its_own(way: str, data: Path, out: Path, repeats: int) -> tuple[float, float]:
    """Seconds and MiB at the peak."""
    command = [sys.executable, __file__, way, str(data), str(out), str(repeats)]
    seconds, peak = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return float(seconds), float(peak)


def assert_equal(one: Path, other: Path) -> None:
    counts = [json.loads(path.with_suffix(".json").read_text()) for path in (one, other)]
    assert counts[0] == counts[1], counts
    mine, theirs = (pq.read_table(path).to_pandas().sort_values(KEY).reset_index(drop=True) for path in (one, other))
    exact = [*KEY, "seconds"]
    pd.testing.assert_frame_equal(mine[exact], theirs[exact], check_dtype=False)
    np.testing.assert_allclose(mine.distance_m, theirs.distance_m, rtol=1e-9, atol=1e-6)


def month(folder: Path, zones: Zones) -> None:
    """Thirty days of 0.67 M rows from nothing, and the last of them added to the others."""
    days = [DAY + timedelta(days=number) for number in range(30)]
    parts = {day: sorted(make(folder / f"day-{day}", VEHICLES // 30, day).iterdir()) for day in days}

    def measure(sums: Path) -> list:
        """As a run does: days that were summed up before are left as they are."""
        with open_engine("duckdb", folder, MEMORY) as engine:
            partials = [DayPartial(sums / day.isoformat(), day, None) for day in days]
            for partial in partials:
                compute_day(
                    engine, "vehicle_positions", parts[partial.day], partial.day, rules(), zones, partial.path, None
                )
            return [
                MOBILITY_METHODS[name][1](engine, partials, PEAK, zones) for name in ("driven_distance", "driven_time")
            ]

    found: list[list] = []

    def seconds(sums: Path) -> float:
        return best_of(1, lambda: found.append(measure(sums)))

    full, more = [], []
    for sums in (folder / "sums", folder / "anew"):
        full.append(seconds(sums))
        for _ in range(3):
            shutil.rmtree(sums / days[-1].isoformat())
            more.append(seconds(sums))
    for values in found[1:]:
        for one, other in zip(found[0], values, strict=True):
            assert all(one[code].devices == other[code].devices for code in zones.codes)
            np.testing.assert_allclose(*([of[code].number for code in zones.codes] for of in (one, other)), rtol=1e-9)
    alone, built = best_of(3, lambda: measure(folder / "sums")), best_of(2, city)
    whole, one_more = min(full), min(more)
    print(
        f"one more day of 30: {one_more:.2f} s, all from nothing {whole:.1f} s, ratio 1/{whole / one_more:.1f}; ",
        end="",
    )
    print(f"zones built in both, 1/{(whole + built) / (one_more + built):.1f}; the values alone {alone:.2f} s")
    print(f"  runs: {[round(s, 2) for s in more]} against {[round(s, 1) for s in full]}")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = perf_counter()
        zones = city()
        print(f"zones of a city of seven areas: {perf_counter() - started:.2f} s, {len(zones.pieces):,} pieces")
        tenth, whole = make(folder / "tenth", VEHICLES // 10), make(folder / "whole", VEHICLES)
        outs = {way: folder / f"{way}.parquet" for way in WAYS}
        # By turns, so that what else the machine does meets all of them.
        runs: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        for way in ("ours", "sql", "pandas", "ours", "sql", "ours", "sql"):
            runs[way].append(in_a_process_of_its_own(way, whole, outs[way], 1))
        seconds = {way: min(run[0] for run in of_way) for way, of_way in runs.items()}
        peaks = {way: max(run[1] for run in of_way) for way, of_way in runs.items()}
        print({way: [round(run[0], 1) for run in of_way] for way, of_way in runs.items()})
        rows = f"{VEHICLES * FIXES / 1e6:.0f} M positions summed up"
        for way, peer in (("sql", "DuckDB by hand"), ("pandas", "pandas")):
            assert_equal(outs["ours"], outs[way])
            report(rows, seconds["ours"], peer, seconds[way])
            print(f"  the same counts and sums; {seconds['ours'] / seconds[way]:.2f} times its time; ", end="")
            print(f"peak {peaks['ours']:.0f} MiB against {peaks[way]:.0f} MiB")
        print(f"  {outs['ours'].with_suffix('.json').read_text()}")
        few, few_peak = in_a_process_of_its_own("ours", tenth, folder / "few.parquet", 2)
        print(
            f"ten times the rows: {seconds['ours']:.1f} s against {few:.1f} s, {seconds['ours'] / few:.1f} times; ",
            end="",
        )
        print(f"peak {peaks['ours']:.0f} MiB against {few_peak:.0f} MiB")
        month(folder / "month", zones)


if __name__ == "__main__":
    if len(sys.argv) == 5:
        timed(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
