"""A city's layers from files to accepted values, step by step, against bare GeoPandas doing one coverage of them.

20,000 residential plots, 5,000 parks and a grid of roads of some 10,000 streets. The peer reads plots and parks,
buffers the parks and overlays them: no gate, no catalogue, no roads, one number.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
import yaml

sys.path.insert(0, str(Path(__file__).parent))
from harness import best_of, peak_mebibytes, report, temporary_warehouse

from cityhealth.feeds import feed_named
from cityhealth.feeds.pipeline import gate_batches, load_arrivals, measure_and_gate
from cityhealth.landing import Arrival, LandingZone
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.spatial.coverage import QUARTER_SEGMENTS
from cityhealth.spatial.crs import INSIDE, area_projection
from cityhealth.warehouse.connections import Warehouse

PLOTS, PARKS, BLOCK_M = 20_000, 5_000, 400
METRES = area_projection((112.8, 35.5, 112.8, 35.5))
RADII = {5000: 500, 2000: 300}  # of park_cover_by_layer in measurements.csv


def city() -> dict[str, gpd.GeoDataFrame]:
    """Kind → layer: plots of 60 to 150 m in a grid of 200 m, parks of 20 to 150 m anywhere but none on another."""
    chance = np.random.default_rng(5)
    side = int(np.ceil(np.sqrt(PLOTS)))
    width = side * 200.0
    number = np.arange(PLOTS)
    x, y, size = number % side * 200.0, number // side * 200.0, chance.uniform(60, 150, PLOTS)
    across = int(np.ceil(np.sqrt(PARKS)))
    cell = width / across
    place = chance.permutation(across * across)[:PARKS]
    half = chance.uniform(10, 75, PARKS)
    middle = np.column_stack([place % across, place // across]) * cell + chance.uniform(76, cell - 76, (PARKS, 2))
    lines = np.arange(0, width + 1, BLOCK_M)
    ends = [((a, b), (min(a + BLOCK_M, width), b)) for a in lines[:-1] for b in lines]
    shapes = {
        "residential_land": shapely.box(x, y, x + size, y + size),
        "park": shapely.box(*(middle - half[:, None]).T, *(middle + half[:, None]).T),
        "built_up_area": np.array([shapely.box(-100, -100, width + 100, width + 100)]),
        "road": shapely.linestrings(ends + [(start[::-1], end[::-1]) for start, end in ends]),
    }
    moved = {kind: shapely.transform(shape, lambda xy: xy - width / 2) for kind, shape in shapes.items()}
    frames = {kind: gpd.GeoDataFrame(geometry=shape, crs=METRES).to_crs(INSIDE) for kind, shape in moved.items()}
    frames["road"]["road_class"] = "次干路"
    return frames


def files(frames: dict[str, gpd.GeoDataFrame]) -> dict[str, bytes]:
    """Kind → GeoPackage."""
    found = {}
    for kind, frame in frames.items():
        file = io.BytesIO()
        frame.to_file(file, driver="GPKG", layer=kind, engine="pyogrio")
        found[kind] = file.getvalue()
    return found


def land(settings: Settings, packed: dict[str, bytes]) -> list[Arrival]:
    landing = LandingZone(settings.landing_url)
    return [
        landing.land(
            data,
            feed="layers",
            filename=f"{kind}.gpkg",
            received_at=datetime(2021, 5, 20, hour, tzinfo=CITY_TIMEZONE),
            department_text="市住建局",
            attachments=[(f"{kind}.yml", _manifest(kind))],
        )
        for hour, (kind, data) in enumerate(packed.items(), start=8)
    ]


def _manifest(kind: str) -> bytes:
    stated = {"kind": kind, "datum": "cgcs2000", "date": date(2020, 12, 31), "source": "测试", "licence": "公开"}
    return yaml.safe_dump(stated, allow_unicode=True).encode()


def bare(packed: dict[str, bytes]) -> float:
    """Hectares of plots within reach of a park, by GeoPandas alone."""
    plots, parks = (gpd.read_file(io.BytesIO(packed[kind])).to_crs(METRES) for kind in ("residential_land", "park"))
    step = np.searchsorted(sorted(RADII), parks.area, side="right")
    radii = np.array([0.0, *(RADII[size] for size in sorted(RADII))])[step]
    reach = gpd.GeoDataFrame(geometry=parks.geometry.buffer(radii, quad_segs=QUARTER_SEGMENTS)[step > 0]).dissolve()
    return float(gpd.overlay(plots[["geometry"]], reach, how="intersection").area.sum()) / 1e4


def timed(name: str, action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    seconds = time.perf_counter() - started
    print(f"  {name}: {seconds:.1f} s")
    return seconds


def value(warehouse: Warehouse) -> float:
    with warehouse.connect("loader") as connection:
        found = connection.execute(
            "select value from gate.current_item_value where item_code = 'park_served_residential_land'"
            " and state = 'value' order by received_at desc limit 1"
        ).fetchone()
    return float(found[0])


def main() -> None:
    frames = city()
    packed = files(frames)
    features = sum(map(len, frames.values()))
    with tempfile.TemporaryDirectory() as folder, temporary_warehouse() as warehouse:
        settings = replace(warehouse.settings, landing_url=f"{folder}/landing", outbox_url=f"{folder}/outbox")
        arrivals = land(settings, packed)
        feed, landing = feed_named("layers", settings), LandingZone(settings.landing_url)
        batches: list[str] = []
        print(f"{features:,} features:")
        read = timed(
            "read and loaded",
            lambda: batches.extend(b.batch_id for b in load_arrivals(warehouse, landing, feed, arrivals)),
        )
        gated = timed("judged", lambda: gate_batches(settings, warehouse, batches))
        measured = timed("measured, and judged as values", lambda: measure_and_gate(settings, warehouse))
        again = timed("measured once more: nothing to do", lambda: measure_and_gate(settings, warehouse))
        print(f"  peak {peak_mebibytes():.0f} MiB; park_served_residential_land {value(warehouse):.2f} ha,", end=" ")
        print(f"GeoPandas {bare(packed):.2f} ha")
    peer = best_of(2, lambda: bare(packed))
    report("files to accepted values of all measurements", read + gated + measured, "GeoPandas, one coverage", peer)
    report("  measuring alone", measured, "GeoPandas, one coverage", peer)
    assert again < measured, "what is measured is not measured again"


if __name__ == "__main__":
    main()
