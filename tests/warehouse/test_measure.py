"""From layers and scenes, through the gate, to item values: by receipt alone, whole or not at all."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
from pyproj import Transformer
from shapely.geometry import LineString, Point, box

from cityhealth.catalogue import load_history
from cityhealth.errors import IncompleteTransfer
from cityhealth.feeds import feed_named
from cityhealth.feeds.pipeline import collect, gate_batches, ingest, load_arrivals, measure_and_gate
from cityhealth.landing import LandingZone
from cityhealth.measurement.movement import Store
from cityhealth.measurement.step import answer_parts, measure, open_parts
from cityhealth.settings import Settings
from cityhealth.spatial.crs import INSIDE
from cityhealth.transform import build
from cityhealth.warehouse.connections import Warehouse
from made_rasters import write
from toy_city import METRES, layer
from toy_maps import at, cover, land_layer, land_scene, write_boundaries

pytestmark = pytest.mark.usefixtures("boundaries")

BUILT_UP = box(-5000, -4000, 5000, 4000)
DAYS = (date(2021, 5, 1), date(2021, 5, 31))
COVER = {10: "forest", 50: "built_up", 80: "water"}


@pytest.fixture
def boundaries(settings: Settings) -> None:
    write_boundaries(settings)


def halves(left: int, right: int) -> np.ndarray:
    cells = np.full((140, 140), right, dtype="uint8")
    cells[:, :70] = left
    return cells


def values(warehouse: Warehouse) -> dict[tuple[str, str, str], tuple[float | None, str, str]]:
    """(item, area, period) → (value, source kind, verdict) of what was measured and has a number."""
    with warehouse.connect("loader") as connection:
        rows = connection.execute(
            "select item_code, area_code, period, round(value::numeric, 4), source_kind, verdict"
            " from gate.current_item_value where state = 'value' order by received_at, batch_id, line_no"
        ).fetchall()
    return {(item, area, period): (float(value), kind, verdict) for item, area, period, value, kind, verdict in rows}


def parks() -> gpd.GeoDataFrame:
    return layer(box(0, 0, 100, 100), box(-2000, -2000, -1950, -1950))


def land_all(settings: Settings) -> None:
    land_layer(settings, "park", parks(), at(3))
    land_layer(settings, "residential_land", layer(box(-1000, -1000, 1000, 1000), box(3000, 3000, 9000, 3500)), at(4))
    land_layer(settings, "built_up_area", layer(BUILT_UP), at(5))
    land_layer(settings, "road", layer(LineString([(-6000, 0), (6000, 0)]), road_class=["主干路"]), at(5))
    land_layer(settings, "waterlogging_point", layer(Point(10, 10), Point(5500, 0)), at(6))


def test_layers_become_values_of_the_items_owner_with_what_they_were_measured_from(
    settings: Settings, warehouse: Warehouse
) -> None:
    land_all(settings)
    ingest(settings, warehouse, "layers", *DAYS)
    found = values(warehouse)
    assert {key: value for key, (value, _, _) in found.items()} == {
        ("built_up_area", "140500-BUA", "2020"): pytest.approx(80, rel=1e-3),
        ("district_built_up_area", "140502", "2020"): pytest.approx(40, rel=1e-3),
        # 4 km² and, of the strip, 2 km by 500 m inside the built-up area; in hectares.
        ("residential_land_area", "140500-BUA", "2020"): pytest.approx(500, rel=1e-3),
        # A park of 1 ha and 500 m around it, round at the corners; that of 2,500 m² reaches 300 m: too far off.
        ("park_served_residential_land", "140500-BUA", "2020"): pytest.approx(
            (100 * 100 + 4 * 100 * 500 + np.pi * 500**2) / 1e4, rel=1e-3
        ),
        ("road_length", "140500-BUA", "2020"): pytest.approx(10, rel=1e-3),
        ("classified_road_length", "140500-BUA", "2020"): pytest.approx(10, rel=1e-3),
        ("waterlogging_points", "140500-BUA", "2020"): 1,
        ("park_walk_residential_land", "140500-BUA", "2020"): pytest.approx(
            found["park_walk_residential_land", "140500-BUA", "2020"][0]
        ),
    }
    assert {kind for _, kind, _ in found.values()} == {"layers"}
    assert {verdict for _, _, verdict in found.values()} == {"accepted"}
    with warehouse.connect("loader") as connection:
        (row,) = connection.execute(
            "select department_code, unit, method_text, source_text from gate.current_item_value"
            " where item_code = 'park_served_residential_land' and state = 'value'"
        ).fetchall()
        inputs = connection.execute(
            "select inputs from gate.current_measured_value"
            " where item_code = 'park_served_residential_land' and value is not null"
        ).fetchall()
    assert row[:3] == ("urban_management", "公顷", "served_land_by_size v1 radii=5000:500|2000:300")
    assert "park 2020-12-31 测试 park.geojson sha256:" in row[3]
    assert [used["kind"] for used in json.loads(inputs[0][0])] == ["residential_land", "park", "built_up_area"]


def test_what_cannot_be_measured_says_what_is_missing_and_is_no_value(settings: Settings, warehouse: Warehouse) -> None:
    land_layer(settings, "residential_land", layer(box(0, 0, 1000, 1000)), at(4))
    ingest(settings, warehouse, "layers", *DAYS)
    assert values(warehouse) == {}
    with warehouse.connect("loader") as connection:
        said = dict(connection.execute("select measurement, problem_zh from gate.current_measured_value").fetchall())
        (verdict,) = connection.execute(
            "select verdict from gate.current_run join raw.batch using (batch_id) where raw_table = 'measured_value'"
        ).fetchone()
    assert said["park_cover_by_layer"] == "没有 2020 年底以前的图层：公园绿地、建成区范围"
    assert said["residential_land_by_layer"] == "没有 2020 年底以前的图层：建成区范围"
    assert verdict == "accepted"


def test_neither_order_nor_number_of_the_runs_changes_a_value(
    settings: Settings, warehouse: Warehouse, module_warehouse: Warehouse
) -> None:
    land_all(settings)
    land_layer(settings, "park", layer(box(0, 0, 200, 200)), at(20))
    collect(settings, warehouse, at(30))
    for day in (20, 5, 6, 4, 3):
        ingest(settings, module_warehouse, "layers", date(2021, 5, day), date(2021, 5, day))
    assert values(module_warehouse) == values(warehouse)
    with module_warehouse.connect("loader") as connection:
        (batches, standing) = connection.execute(
            "select (select count(*) from raw.batch where raw_table = 'measured_value'),"
            " (select count(*) from raw.standing_batch where raw_table = 'measured_value')"
        ).fetchone()
    assert standing == 5 < batches
    # Everything is measured: a further run finds nothing to do, and judges nothing again.
    assert measure_and_gate(settings, module_warehouse) == []
    assert collect(settings, module_warehouse, at(30)) == []
    # As of the day before the new park came, the old one stands.
    with module_warehouse.connect("loader") as connection:
        known = connection.execute(
            "select round(value::numeric, 1) from gate.current_item_value"
            " where item_code = 'park_served_residential_land' and state = 'value' and received_at < %s"
            " order by received_at desc limit 1",
            (at(19),),
        ).fetchone()
    assert float(known[0]) == pytest.approx((100 * 100 + 4 * 100 * 500 + np.pi * 500**2) / 1e4, rel=1e-3)


def test_a_layer_that_is_refused_leaves_the_one_before_in_force(settings: Settings, warehouse: Warehouse) -> None:
    land_all(settings)
    west, south, east, north = layer(box(0, 0, 300, 300)).total_bounds
    swapped = gpd.GeoDataFrame(geometry=[box(south, west, north, east)], crs=INSIDE)
    land_layer(settings, "park", swapped, at(10))
    judgements = ingest(settings, warehouse, "layers", *DAYS)
    refused = [j for j in judgements if j.verdict == "refused"]
    assert [j.filename for j in refused] == ["park.geojson"]
    found = values(warehouse)["park_served_residential_land", "140500-BUA", "2020"]
    assert found[0] == pytest.approx((100 * 100 + 4 * 100 * 500 + np.pi * 500**2) / 1e4, rel=1e-3)


def test_a_scene_of_two_tiles_is_measured_part_by_part_and_once(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    land_layer(settings, "built_up_area", layer(BUILT_UP), at(3))
    cells = halves(10, 50)
    cells[:35] = 80
    before = halves(10, 10)
    before[:70] = 50
    old, new = cover(tmp_path / "old.tif", before), cover(tmp_path / "new.tif", cells)
    corner = cover(tmp_path / "corner.tif", cells[:30])
    stated = {"bands": {"class": 1}, "classes": COVER}
    land_scene(settings, "land_cover", {"old.tif": old}, at(4), "2019-07-15", **stated)
    land_scene(settings, "land_cover", {"new.tif": new, "corner.tif": corner}, at(5), **stated)
    ingest(settings, warehouse, "layers", *DAYS)
    history, landing = load_history(settings.seed_dir), LandingZone(settings.landing_url)
    to_measure = (warehouse, landing, history.on, settings.areas_path, Store.of(settings))
    # Load and judge only, as the tasks before `parts` do.
    loaded = list(load_arrivals(warehouse, landing, feed_named("imagery", settings), landing.arrivals("imagery")))
    gate_batches(settings, warehouse, [batch.batch_id for batch in loaded])
    parts = open_parts(*to_measure)
    assert parts
    answer_parts(*to_measure, parts[1:])
    answer_parts(*to_measure, parts[:1])
    assert open_parts(*to_measure) == []
    assert len(measure(*to_measure)) == 2
    judged = ingest(settings, warehouse, "imagery", *DAYS)
    assert {j.verdict for j in judged} == {"accepted"}
    found = {key: value[0] for key, value in values(warehouse).items()}
    # Water covers the northern quarter of the scene: 2.5 of the 12 km of the city, 0.5 of the 8 of the built-up area.
    assert found["water_surface_area", "140500-BUA", "2020"] == pytest.approx(5, rel=0.03)
    assert found["land_cover_water_share", "140502", "2020"] == pytest.approx(100 * 2.5 / 12, rel=0.03)
    assert found["district_built_up_area", "140502", "2020"] == pytest.approx(6 * 9.5, rel=0.03)
    # The northern half was built up the year before.
    assert found["built_up_expansion", "140502", "2020"] == pytest.approx(6 * 9.5 - 6 * 6, rel=0.05)
    assert ("built_up_expansion", "140502", "2019") not in found


def test_parts_read_together_compare_a_tile_once_and_one_that_changed_since_is_noticed(
    settings: Settings, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityhealth.measurement.scenes.PART_WINDOWS", 1)
    east, north = Transformer.from_crs(METRES, "EPSG:32649", always_xy=True).transform(0, 0)
    cells = np.full((1, 1000, 1000), 50, dtype="uint8")
    tile = write(tmp_path / "t.tif", cells, cell=14, west=east - 7000, north=north + 7000)
    arrival = land_scene(settings, "land_cover", {"t.tif": tile}, at(4), bands={"class": 1}, classes=COVER)
    history, landing = load_history(settings.seed_dir), LandingZone(settings.landing_url)
    to_measure = (warehouse, landing, history.on, settings.areas_path, Store.of(settings))
    loaded = list(load_arrivals(warehouse, landing, feed_named("imagery", settings), [arrival]))
    gate_batches(settings, warehouse, [batch.batch_id for batch in loaded])
    parts = open_parts(*to_measure)
    assert len(parts) == 4
    compared, digest = [], hashlib.file_digest
    monkeypatch.setattr(
        "cityhealth.landing.hashlib.file_digest", lambda file, name: compared.append(name) or digest(file, name)
    )
    answer_parts(*to_measure, parts[:3])
    assert len(compared) == 1 + 1  # the boundaries, too
    assert open_parts(*to_measure) == parts[3:]
    (stored,) = Path(settings.landing_url).glob(f"objects/*/{arrival.attachments[0].sha256}")
    damaged = bytearray(stored.read_bytes())
    damaged[-1] ^= 1
    stored.write_bytes(damaged)
    with pytest.raises(IncompleteTransfer, match="校验和不符"):
        answer_parts(*to_measure, parts[3:])
    with pytest.raises(IncompleteTransfer):
        measure(*to_measure)


def test_a_value_hidden_by_clouds_is_refused_with_the_share_that_was_seen(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    land_layer(settings, "built_up_area", layer(BUILT_UP), at(3))
    bands = np.stack([np.full((140, 140), 500, dtype="uint16"), np.full((140, 140), 3000, dtype="uint16")])
    east, north = Transformer.from_crs(METRES, "EPSG:32649", always_xy=True).transform(0, 0)
    place = {"cell": 100, "west": east - 7000, "north": north + 7000}
    tile = write(tmp_path / "t.tif", bands, **place)
    clouds = write(tmp_path / "c.tif", halves(1, 0)[np.newaxis], **place)
    land_scene(
        settings, "optical", {"t.tif": tile, "c.tif": clouds}, at(4), bands={"red": 1, "nir": 2}, scale=0.0001,
        mask={"file": "c.tif", "classes": {1: "cloud", 0: "clear"}},
    )  # fmt: skip
    ingest(settings, warehouse, "layers", *DAYS)
    ingest(settings, warehouse, "imagery", *DAYS)
    with warehouse.connect("loader") as connection:
        (row,) = connection.execute(
            "select verdict, valid_share, cloud_share from gate.current_measured_value"
            " where item_code = 'vegetation_area'"
        ).fetchall()
        (reason,) = connection.execute(
            "select reason_zh from gate.current_failing_row where rule_code = 'seen_enough'"
        ).fetchone()
    assert row[0] == "refused"
    assert row[1:] == (pytest.approx(0.5, abs=0.01), pytest.approx(0.5, abs=0.01))
    assert "少于要求的 80.0%" in reason


def test_a_county_that_a_scene_barely_touches_is_not_covered_and_nothing_is_refused(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    # Over the eastern county, and a strip of the western one that is 100 m of its 6 km.
    cells = np.full((1, 140, 71), 50, dtype="uint8")
    east, north = Transformer.from_crs(METRES, "EPSG:32649", always_xy=True).transform(0, 0)
    tile = write(tmp_path / "t.tif", cells, cell=100, west=east - 100, north=north + 7000)
    land_scene(settings, "land_cover", {"t.tif": tile}, at(4), bands={"class": 1}, classes=COVER)
    ingest(settings, warehouse, "imagery", *DAYS)
    with warehouse.connect("loader") as connection:
        found = connection.execute(
            "select area_code, value is null, verdict, problem_zh from gate.current_measured_value"
            " where measurement = 'built_up_share_by_cover' order by area_code"
        ).fetchall()
        refused = connection.execute(
            "select count(*) from gate.current_measured_value where area_code = '140525' and verdict = 'refused'"
        ).fetchone()
    west = next(row for row in found if row[0] == "140525")
    assert west[1:] == (True, "blank", "影像没有覆盖这个区域") and refused == (0,)
    assert next(row for row in found if row[0] == "140502")[1:3] == (False, "accepted")


def test_the_receipt_of_what_was_measured_lists_every_value(settings: Settings, warehouse: Warehouse) -> None:
    land_layer(settings, "built_up_area", layer(BUILT_UP), at(3))
    judged = ingest(settings, warehouse, "layers", *DAYS)
    (receipt,) = [j.receipt_path for j in judged if j.receipt_path.endswith("_测算结果.xlsx")]
    cells = [[cell.value for cell in row if cell.value] for row in openpyxl.load_workbook(receipt).active.rows]
    said = {row[0]: row[1] for row in cells if len(row) == 2}
    value, unit = said["建成区面积（建成区，2020）"].split()
    assert (float(value), unit) == (pytest.approx(80, rel=1e-3), "平方公里")
    assert "市辖区建成区面积（城区，2020）" in said


def test_a_layer_with_nothing_in_an_area_measures_no_zero_there(settings: Settings, warehouse: Warehouse) -> None:
    inside, elsewhere = layer(Point(3000, 0), floor_area_m2=[3000]), layer(Point(-3000, 0), floor_area_m2=[9000])
    land_layer(settings, "cultural_building", inside, at(3))
    land_layer(settings, "cultural_building", elsewhere, at(4))
    ingest(settings, warehouse, "layers", *DAYS)
    assert values(warehouse) == {("cultural_building_area", "140502", "2020"): (3000, "layers", "accepted")}
    with warehouse.connect("loader") as connection:
        said = connection.execute(
            "select reason_zh from gate.current_failing_row where rule_code = 'measurable'"
        ).fetchall()
    assert said == [("「文化建筑面积」（城区，2020）没有测得：图层「文化建筑」在这个区域内没有要素",)]


def test_what_is_measured_without_refused_features_is_marked_and_says_how_many(
    settings: Settings, warehouse: Warehouse
) -> None:
    land_layer(settings, "cultural_building", layer(Point(1, 1), Point(2, 2), floor_area_m2=[3000, None]), at(3))
    ingest(settings, warehouse, "layers", *DAYS)
    with warehouse.connect("loader") as connection:
        found = connection.execute(
            "select value, marked, refused_features, inputs::json -> 0 ->> 'features', inputs::json -> 0 ->> 'refused'"
            " from gate.current_measured_value"
        ).fetchall()
        (reason,) = connection.execute(
            "select reason_zh from gate.current_failing_row where rule_code = 'inputs_whole'"
        ).fetchone()
    assert found == [(3000, True, 1, "1", "1")]
    assert reason == "「文化建筑面积」（城区）所依据的数据有 1 个要素或分区未采用，测得的数不含这些"


def test_a_layer_that_shrank_and_a_scene_under_two_dates_are_told_by_the_build(
    settings: Settings, warehouse: Warehouse, tmp_path: Path
) -> None:
    land_layer(settings, "park", layer(*(box(n * 500, 0, n * 500 + 200, 200) for n in range(5))), at(3))
    land_layer(settings, "park", layer(box(0, 0, 300, 300)), at(4))
    land_layer(settings, "shelter", layer(box(0, 0, 200, 200), box(900, 0, 999, 99)), at(4))
    land_layer(settings, "shelter", layer(box(0, 0, 300, 200), box(900, 0, 999, 99)), at(5))
    stated = {"bands": {"class": 1}, "classes": COVER}
    for number, day in enumerate(("2019-07-15", "2020-07-15")):
        tile = cover(tmp_path / f"{number}.tif", halves(10, 50))
        land_scene(settings, "land_cover", {f"{number}.tif": tile}, at(5 + number), day, **stated)
    collect(settings, warehouse, at(30))
    # The passwords are the server's.
    build(warehouse, warehouse.settings)
    with warehouse.connect("transformer") as connection:
        told = connection.execute(
            "select unique_id, failures from ops.dbt_node_result where status = 'warn' order by 1"
        ).fetchall()
    found = {name.split(".")[-1]: failures for name, failures in told}
    assert found["layers_do_not_shrink"] == 1
    assert found["scenes_are_handed_in_once"] == 1
