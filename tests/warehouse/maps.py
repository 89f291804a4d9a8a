"""A small city with layers for tests of maps: gate rows written by SQL, and its reference boundaries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pyogrio
import shapely
from cities import FIRST_DAY, settle
from shapely import LineString, MultiPolygon, Point, Polygon, box

from cityhealth.settings import PROJECT_ROOT, Settings
from cityhealth.spatial.crs import INSIDE
from cityhealth.warehouse.connections import Warehouse

_numbers = count(9001)

#: Two districts side by side, about 9 km by 11 km each, and the city that they make up.
EAST, WEST = box(112.9, 35.4, 113.0, 35.5), box(112.8, 35.4, 112.9, 35.5)
REFERENCE = {"T": ("city", EAST.union(WEST)), "T1": ("county", EAST), "T2": ("county", WEST)}

MEASUREMENTS = """\
code,item_code,feed,layer_kinds,method,version,parameters,min_valid_share,basis,notes,known_from
land_by_layer,residential_land,layers,residential_land;built_up_area,area,1,,,house,,
greenway_by_layer,served_land,layers,residential_land;greenway;built_up_area,served_land,1,radius_m=1000,,house,,
cluster_area_by_layer,cluster_area,layers,cluster,area,1,,,house,,
"""


@dataclass(frozen=True)
class Layer:
    """One layers arrival with one layer, as the gate leaves it: of each feature its shape, attributes and verdict."""

    kind: str
    valid_on: str | None
    features: Sequence[tuple[Any, dict[str, Any], str]]
    day: float = 0
    number: int = field(default_factory=lambda: next(_numbers))


BUILT_UP = box(112.86, 35.42, 112.96, 35.48)
CAMPUS = box(112.90, 35.44, 112.91, 35.45)
GREENWAY = LineString([(112.90, 35.45), (112.95, 35.46)])
PLOT = box(112.92, 35.45, 112.93, 35.46)
LAYERS = (
    Layer("built_up_area", "2020-12-31", [(BUILT_UP, {}, "accepted")]),
    Layer(
        "cluster",
        "2020-12-31",
        [
            (box(112.86, 35.42, 112.88, 35.48), {"area": "T-C1"}, "accepted"),
            (box(112.88, 35.42, 112.90, 35.48), {"area": "T-C1"}, "accepted"),
            (box(112.91, 35.42, 112.96, 35.48), {"area": "T-C2"}, "accepted"),
        ],
    ),
    Layer("hospital", "2020-06-30", [(Point(112.95, 35.45), {"name": "旧址", "grade": 3}, "accepted")], day=5),
    Layer(
        "hospital",
        "2020-12-31",
        [
            (CAMPUS, {"name": "市第二医院", "grade": 2}, "accepted"),
            (Point(112.93, 35.46, 700), {"名称": "县医院"}, "accepted"),
            (Point(112.94, 35.46), {"name": "坐标有误"}, "refused"),
            (None, {"name": "没有图形"}, "accepted"),
        ],
        day=1,
    ),
    Layer("hospital", "2020-12-31", [(Point(112.94, 35.47), {"name": "同日先到"}, "accepted")], day=0),
    Layer("residential_land", "2020-12-31", [(PLOT, {}, "accepted"), (MultiPolygon([CAMPUS]), {}, "accepted")]),
    Layer("greenway", "2020-12-31", [(GREENWAY, {"name": "丹河绿道"}, "accepted")]),
)


def lay(warehouse: Warehouse, *layers: Layer) -> None:
    """Write layers into raw and gate, as the loader role."""
    with warehouse.connect("loader") as connection:
        for layer in layers:
            run = _receive(connection, layer.number, "layer_feature", len(layer.features), layer.day)
            for line_no, (shape, attributes, verdict) in enumerate(layer.features, start=2):
                connection.execute(
                    "insert into gate.layer_feature (gate_run_id, batch_id, line_no, layer, feature_no, kind, valid_on,"
                    " geometry, attributes, verdict, marked) values (%s, %s, %s, 'l', %s, %s, %s, %s, %s, %s, false)",
                    (
                        run, f"batch-{layer.number}", line_no, line_no - 1, layer.kind, layer.valid_on,
                        None if shape is None else shapely.to_wkb(shape), json.dumps(attributes), verdict,
                    ),
                )  # fmt: skip


def measured(warehouse: Warehouse, day: float, *values: tuple[str, str, str, str, float | None, str]) -> None:
    """Write measured values (measurement, item, area, year, value, verdict) of one arrival, in 公顷."""
    number = next(_numbers)
    with warehouse.connect("loader") as connection:
        run = _receive(connection, number, "measured_value", len(values), day)
        for line_no, (measurement, item, area, year, value, verdict) in enumerate(values, start=1):
            connection.execute(
                "insert into raw.measured_value (batch_id, line_no, feed, measurement, method, method_version,"
                " item_text, area_text, period_text, value_text, unit_text)"
                " values (%s, %s, 'layers', %s, 'm', 1, %s, %s, %s, %s, '公顷')",
                (f"batch-{number}", line_no, measurement, item, area, year, str(value)),
            )
            connection.execute(
                "insert into gate.item_value (gate_run_id, batch_id, line_no, feed, source_kind, item_code, area_code,"
                " period, period_start, period_end, value, unit, state, verdict, marked)"
                " values (%s, %s, %s, 'layers', 'layers', %s, %s, %s, %s, %s, %s, '公顷', 'value', %s, false)",
                (
                    run, f"batch-{number}", line_no, item, area, year, f"{year}-01-01", f"{year}-12-31", value, verdict,
                ),
            )  # fmt: skip


def _receive(connection: psycopg.Connection, number: int, table: str, lines: int, day: float) -> str:
    connection.execute(
        "insert into raw.arrival (arrival_id, feed, filename, sha256, size_bytes, received_at)"
        " values (%s, 'layers', %s, %s, 1, %s + %s * interval '1 day')",
        (f"arrival-{number}", f"{number}.gpkg", f"{number:064d}", FIRST_DAY, day),
    )
    connection.execute(
        "insert into raw.batch (batch_id, arrival_id, feed, raw_table, rows_read) values (%s, %s, 'layers', %s, %s)",
        (f"batch-{number}", f"arrival-{number}", table, lines),
    )
    connection.execute(
        "insert into gate.run (gate_run_id, batch_id, suite, suite_hash, catalogue_hash, verdict,"
        " rows_in, rows_accepted, rows_refused, rows_blank, warnings)"
        " values (%s, %s, 's', 'h', 'c', 'accepted', %s, %s, 0, 0, 0)",
        (f"run-{number}", f"batch-{number}", lines, lines),
    )
    return f"run-{number}"


def draw(path: Path, areas: dict[str, tuple[str, Polygon]]) -> None:
    """Write reference boundaries as `cityhealth areas build` does."""
    frame = gpd.GeoDataFrame(
        {
            "code": list(areas),
            "name_zh": [f"区域{code}" for code in areas],
            "level": [level for level, _ in areas.values()],
            "valid_from": [None if code == "T" else "2000-01-01" for code in areas],
        },
        geometry=[MultiPolygon([shape]) for _, shape in areas.values()],
        crs=INSIDE,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(frame, path, layer="areas", driver="GPKG", geometry_type="MultiPolygon")


def settle_with_layers(warehouse: Warehouse, root: Path) -> Settings:
    """Testville with this repository's kinds of layers, three measurements and the items that they measure.

    Its home is its own, below ``root``; of the warehouse's home it needs one password.
    """
    passwords = {"CITYHEALTH_TRANSFORMER_PASSWORD": warehouse.settings.password("transformer")}
    city = replace(settle(warehouse.settings, root), home=root / "home", environ=passwords)
    kinds = PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng" / "layer_kinds.csv"
    (city.seed_dir / "layer_kinds.csv").write_bytes(kinds.read_bytes())
    (city.seed_dir / "measurements.csv").write_text(MEASUREMENTS, encoding="utf-8")
    items = city.seed_dir / "items.csv"
    header, *rows = items.read_text(encoding="utf-8").splitlines()
    names = header.split(",")
    for code in ("residential_land", "served_land"):
        known = {"code": code, "name_zh": code, "name_en": code, "unit": "公顷", "role": "context", "feed": "layers"}
        known |= {"area_scope": "T-BUA", "aggregation": "none", "period_kind": "year", "period_offsets": "0"}
        rows.append(",".join((known | {"integer": "no"}).get(name, "") for name in names))
    items.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return city
