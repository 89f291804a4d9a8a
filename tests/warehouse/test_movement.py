"""Movement data from the delivery to item values: by receipt alone, and nothing that few devices stand behind."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from pyproj import Transformer
from shapely.geometry import box

from cityhealth.feeds.pipeline import ingest
from cityhealth.landing import LandingZone
from cityhealth.settings import Settings
from cityhealth.warehouse.connections import Warehouse
from toy_city import METRES, layer
from toy_maps import at, land_layer, write_boundaries

pytestmark = pytest.mark.usefixtures("boundaries")

MONDAY, TUESDAY = date(2020, 9, 7), date(2020, 9, 8)
PLATES = [f"晋E{number:05d}" for number in range(12)]
DEGREES = Transformer.from_crs(METRES, "EPSG:4490", always_xy=True)


@pytest.fixture
def boundaries(settings: Settings) -> None:
    write_boundaries(settings)


def drives(day: date, metres_a_minute: float, plates: Sequence[str] = PLATES) -> bytes:
    """From 7:30 on, half an hour along a street to the east, a fix a minute; each on a street of its own."""
    begin = datetime(day.year, day.month, day.day, 7, 30)
    rows = []
    for number, plate in enumerate(plates):
        for minute in range(31):
            lon, lat = DEGREES.transform(-3000 + metres_a_minute * minute, -2000 + 100 * number)
            rows.append({"车牌": plate, "时间": begin + timedelta(minutes=minute), "经度": lon, "纬度": lat})
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


def land(settings: Settings, received: datetime, days: dict[date, bytes]) -> None:
    manifest = {
        "kind": "vehicle_positions", "datum": "cgcs2000", "source": "出租车", "licence": "内部", "feed": "taxi",
        "timezone": "Asia/Shanghai",
    }  # fmt: skip
    LandingZone(settings.landing_url).land(
        yaml.safe_dump(manifest, allow_unicode=True).encode(),
        feed="mobility",
        filename="taxi.yml",
        received_at=received,
        department_text="市公安局交警支队",
        attachments=[(f"feed=taxi/date={day}/part-0.parquet", data) for day, data in days.items()],
    )


def peak(warehouse: Warehouse) -> list[tuple[int, str, float | None, int | None, str | None]]:
    """(day of May on which it was received, item, value, devices, problem) of what is measured of positions."""
    with warehouse.connect("loader") as connection:
        rows = connection.execute(
            "select received_at at time zone 'Asia/Shanghai', item_text, round(value::numeric, 1), devices, problem_zh"
            " from gate.current_measured_value where feed = 'mobility' order by received_at, item_text"
        ).fetchall()
    return [
        (moment.day, item, value and float(value), devices, problem) for moment, item, value, devices, problem in rows
    ]


@pytest.mark.parametrize("order", [("mobility", "layers"), ("layers", "mobility")])
def test_days_corrections_and_a_later_boundary_count_by_receipt_whatever_is_loaded_first(
    settings: Settings, warehouse: Warehouse, order: tuple[str, str]
) -> None:
    land(settings, at(3), {MONDAY: drives(MONDAY, 250), TUESDAY: drives(TUESDAY, 250)})
    land_layer(settings, "built_up_area", layer(box(-5000, -4000, 5000, 4000)), at(5))
    # Tuesday again: at half the speed.
    land(settings, at(6), {TUESDAY: drives(TUESDAY, 125)})
    for feed in order:
        ingest(settings, warehouse, feed)
    hours, first = 12 * 0.5, 12 * 7.5
    assert peak(warehouse) == [
        (3, "peak_distance", None, None, "没有图层「建成区范围」，或其中没有这个区域"),
        (3, "peak_time", None, None, "没有图层「建成区范围」，或其中没有这个区域"),
        # The streets are straight lines, along which the sphere and the ellipsoid differ by a part in a thousand.
        (5, "peak_distance", pytest.approx(2 * first, rel=3e-3), 12, None),
        (5, "peak_time", 2 * hours, 12, None),
        (6, "peak_distance", pytest.approx(first + first / 2, rel=3e-3), 12, None),
        (6, "peak_time", 2 * hours, 12, None),
    ]
    with warehouse.connect("loader") as connection:
        computed = connection.execute("select day, count(*) from ops.mobility_partial group by day order by day")
        # By areas with and without the built-up area; the corrected day once more. Equal days are summed up once.
        assert [row[0] for row in computed] == [MONDAY, TUESDAY]
        (inputs,) = connection.execute(
            "select distinct inputs from gate.current_measured_value where feed = 'mobility' and devices is not null"
            " and received_at = %s",
            (at(6),),
        ).fetchall()
    assert [(used["kind"], used["refused"]) for used in json.loads(inputs[0])] == [
        ("vehicle_positions", 0),
        ("built_up_area", 0),
        ("vehicle_positions", 0),
    ]


def test_nine_devices_leave_no_number_anywhere_and_no_device_is_known_by_its_name(
    settings: Settings, warehouse: Warehouse
) -> None:
    land_layer(settings, "built_up_area", layer(box(-5000, -4000, 5000, 4000)), at(2))
    land(settings, at(3), {MONDAY: drives(MONDAY, 250, PLATES[:9]), TUESDAY: drives(TUESDAY, 250)})
    ingest(settings, warehouse, "layers")
    ingest(settings, warehouse, "mobility")
    with warehouse.connect("transformer") as connection:
        speeds = connection.execute("select area_code, day, devices, distance_km / hours from ops.speed_day").fetchall()
        days = connection.execute(
            "select day, rows_in, rows_kept, drifting, engine from ops.mobility_partial order by day"
        ).fetchall()
    assert speeds == [("140500-BUA", TUESDAY, 12, pytest.approx(15, rel=3e-3))]
    assert days == [(MONDAY, 9 * 31, 9 * 31, 0, "duckdb"), (TUESDAY, 12 * 31, 12 * 31, 0, "duckdb")]
    stored = [pq.read_table(path) for path in (settings.mobility_dir / "parts").rglob("*.parquet")]
    assert sum(table.num_rows for table in stored) == 21 * 31
    assert all(table.schema.field("device").type == pa.int64() for table in stored)
    with warehouse.connect("admin") as connection:
        tables = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('raw', 'gate', 'ops')"
        ).fetchall()
        naming = [
            name for (name,) in tables
            if connection.execute(f"select 1 from {name} as row where row::text like '%%晋E0%%' limit 1").fetchone()
        ]  # fmt: skip
    assert len(tables) > 30
    assert naming == []
