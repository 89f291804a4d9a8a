"""Geometry for maps: absent on the embedded server, and on a real PostGIS what QGIS and tile servers ask for."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest
import shapely
import yaml
from cities import FIRST_DAY, File, Line, hand_in
from maps import BUILT_UP, CAMPUS, LAYERS, PLOT, REFERENCE, draw, lay, measured, settle_with_layers
from shapely import Point, Polygon, box

import requirements
from cityhealth import settings as settings_module
from cityhealth.errors import UnreadableFile
from cityhealth.feeds.pipeline import collect
from cityhealth.landing import LandingZone
from cityhealth.settings import PROJECT_ROOT, Settings
from cityhealth.spatial.crs import INSIDE, areas_m2
from cityhealth.transform import BuildResult, build, build_if_changed
from cityhealth.warehouse.backup import dump
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.embedded import EmbeddedServer
from cityhealth.warehouse.migrate import migrate
from cityhealth.warehouse.postgis import ensure_postgis, has_postgis
from toy_city import CITY, layer

#: Table → type of its geometry.
TABLES = {
    "area_boundary": "MULTIPOLYGON",
    "coverage": "MULTIPOLYGON",
    "facility": "POINT",
    "indicator_choropleth": "MULTIPOLYGON",
    "land": "MULTIPOLYGON",
    "way": "MULTILINESTRING",
}


PAGE = PROJECT_ROOT / "docs" / "connect-gis.md"


def relations(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute(
        "select relname from pg_class where relnamespace = 'gis'::regnamespace and relkind in ('r', 'v', 'm')"
    ).fetchall()
    return {name for (name,) in rows}


# The embedded server, which has no PostGIS.


@pytest.fixture(scope="module")
def plain(
    module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Warehouse, Settings, BuildResult]:
    city = settle_with_layers(module_warehouse, tmp_path_factory.mktemp("plain"))
    lay(module_warehouse, *LAYERS)
    return module_warehouse, city, build(module_warehouse, city)


def test_without_postgis_there_is_no_geometry_and_no_complaint(plain: tuple[Warehouse, Settings, BuildResult]) -> None:
    warehouse, _, result = plain
    nodes = result.nodes
    assert not [node for node in nodes if node.failed or node.status == "skipped"]
    assert "dim_area_boundary" in {node.name for node in nodes}
    assert not {node.name for node in nodes} & set(TABLES)
    with warehouse.connect("admin") as connection:
        assert not has_postgis(connection)
        assert relations(connection) == set()


def test_boundaries_come_with_the_geopackage_and_go_with_it(plain: tuple[Warehouse, Settings, BuildResult]) -> None:
    warehouse, city, _ = plain

    def areas() -> dict[str, tuple[Any, ...]]:
        with warehouse.connect("reader") as connection:
            rows = connection.execute(
                "select area_code, level, valid_from::text, geojson from dim_area_boundary"
            ).fetchall()
        return {code: (level, since, shapely.from_geojson(shape)) for code, level, since, shape in rows}

    assert areas() == {}
    draw(city.areas_path, REFERENCE)
    assert build_if_changed(warehouse, city) is not None, "other boundaries are another catalogue"
    assert {code: row[:2] for code, row in areas().items()} == {
        "T": ("city", None), "T1": ("county", "2000-01-01"), "T2": ("county", "2000-01-01"),
    }  # fmt: skip
    assert all(areas()[code][2].equals(shape) for code, (_, shape) in REFERENCE.items())
    assert build_if_changed(warehouse, city) is None
    city.areas_path.unlink()
    assert build_if_changed(warehouse, city) is not None
    assert areas() == {}


def test_a_file_that_holds_no_boundaries_fails_the_build_by_name(warehouse: Warehouse, tmp_path: Path) -> None:
    city = settle_with_layers(warehouse, tmp_path)
    city.areas_path.parent.mkdir(parents=True)
    city.areas_path.write_bytes(b"no GeoPackage")
    with pytest.raises(UnreadableFile, match="不是区划边界文件"):
        build(warehouse, city)
    with warehouse.connect("transformer") as connection:
        assert connection.execute("select status from ops.build").fetchall() == [("failed",)]


def test_the_page_for_map_programs_lists_exactly_the_tables_that_there_are() -> None:
    listed = re.findall(r"^\| `(\w+)` \| an? ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    models = {path.stem for path in (PROJECT_ROOT / "dbt_project" / "models" / "gis").glob("*.sql")}
    assert set(listed) == set(TABLES) == models - {"features_in_force"}


# A real PostGIS.


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse on a server with PostGIS, started for these tests, with layers and values of Testville."""
    programs = requirements.require_postgis()
    home = tmp_path_factory.mktemp("postgis")
    settings = settings_module.from_environment({"CITYHEALTH_HOME": str(home)})
    server = EmbeddedServer(settings, programs)
    own = Warehouse(settings, server.start())
    try:
        migrate(own)
        lay(own, *LAYERS)
        hand_in(own, File("planning", [Line("cluster_area", "T-C1", 40), Line("cluster_area", "T-C2", 60)]))
        measured(
            own, 3,
            ("land_by_layer", "residential_land", "T-BUA", "2019", 90, "accepted"),
            ("greenway_by_layer", "served_land", "T-BUA", "2019", 45, "accepted"),
            ("land_by_layer", "residential_land", "T-BUA", "2020", 200, "accepted"),
            ("greenway_by_layer", "served_land", "T-BUA", "2020", 150, "accepted"),
            ("greenway_by_layer", "served_land", "T-BUA", "2021", 999, "refused"),
            ("greenway_by_layer", "served_land", "T", "2020", 7, "accepted"),
            ("greenway_by_layer", "served_land", "P", "2020", 8, "accepted"),
        )  # fmt: skip
        yield own
    finally:
        server.stop()


@pytest.fixture(scope="module")
def city(maps: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    city = settle_with_layers(maps, tmp_path_factory.mktemp("city"))
    draw(city.areas_path, REFERENCE)
    return city


@pytest.fixture(scope="module")
def built(maps: Warehouse, city: Settings) -> BuildResult:
    return build(maps, city)


@pytest.fixture
def ask(maps: Warehouse, built: BuildResult):
    """Rows of a query, asked as the reader, whose search path finds tables, types and functions."""

    def rows(query: str) -> list[tuple[Any, ...]]:
        with maps.connect("reader") as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    return rows


def geometries(ask, query: str) -> dict[str, Polygon]:
    """First column → geometry, fetched as QGIS does it: WKB by st_asbinary."""
    return {key: shapely.from_wkb(bytes(wkb)) for key, wkb in ask(query)}


def test_every_table_and_check_of_the_maps_is_built(built: BuildResult) -> None:
    models = {node.name for node in built.nodes if node.resource_type == "model"}
    assert set(TABLES) | {"dim_area_boundary"} <= models
    tests = " ".join(node.name for node in built.nodes if node.resource_type == "test")
    assert [table for table in TABLES if f"unique_key_{table}" not in tests] == []


def test_each_table_has_one_geometry_column_of_one_type_in_cgcs2000(ask) -> None:
    found = ask(
        "select f_table_name, f_geometry_column, type, srid, coord_dimension from geometry_columns"
        " where f_table_schema = 'gis' order by 1"
    )
    assert found == [(table, "geom", kind, 4490, 2) for table, kind in TABLES.items()]


def test_each_table_has_an_integer_primary_key_and_a_spatial_index(ask) -> None:
    keys = ask(
        "select indrelid::regclass::text, attname, format_type(atttypid, null) from pg_index"
        " join pg_attribute on attrelid = indrelid and attnum = any(indkey) join pg_class on pg_class.oid = indrelid"
        " where indisprimary and relnamespace = 'gis'::regnamespace order by 1"
    )
    assert keys == [(table, "id", "integer") for table in TABLES]
    indexed = ask(
        "select tablename from pg_indexes where schemaname = 'gis' and indexdef like '% USING gist (geom)' order by 1"
    )
    assert indexed == [(table,) for table in TABLES]


def test_each_table_and_column_is_described_in_both_languages(ask) -> None:
    texts = ask(
        "select relname, attname, col_description(pg_class.oid, attnum) from pg_class"
        " join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped"
        " where relnamespace = 'gis'::regnamespace and relkind = 'r' union all"
        " select relname, '', obj_description(oid, 'pg_class') from pg_class"
        " where relnamespace = 'gis'::regnamespace and relkind = 'r'"
    )
    assert len(texts) > 50
    for table, column, text in texts:
        assert text and re.search("[一-鿿]", text) and re.search("[A-Za-z]{2,}", text), (table, column)


@pytest.mark.parametrize("table", sorted(TABLES))
def test_all_geometry_is_valid_and_there(ask, table: str) -> None:
    ((rows, good),) = ask(
        f"select count(*), count(*) filter (where st_isvalid(geom) and not st_isempty(geom)) from {table}"
    )
    assert rows == good > 0


def test_boundaries_are_the_reference_and_what_the_city_drew(ask) -> None:
    kinds = dict(ask("select area_code, source || ' ' || coalesce(valid_on::text, '') from area_boundary"))
    assert kinds == {
        "T": "reference ", "T1": "reference 2000-01-01", "T2": "reference 2000-01-01",
        "T-BUA": "layer 2020-12-31", "T-C1": "layer 2020-12-31", "T-C2": "layer 2020-12-31",
    }  # fmt: skip
    shapes = geometries(ask, "select area_code, st_asbinary(geom, 'NDR') from area_boundary")
    assert shapes["T-C1"].equals(box(112.86, 35.42, 112.90, 35.48)), "two features of one cluster are one boundary"
    assert shapes["T-BUA"].equals(BUILT_UP)
    assert shapes["T1"].equals(REFERENCE["T1"][1])


def test_areas_of_the_geometry_are_those_of_the_equal_area_projection(ask) -> None:
    measured_here = dict(ask("select area_code, st_area(geom::geography) from area_boundary"))
    shapes = geometries(ask, "select area_code, st_asbinary(geom) from area_boundary")
    ours = areas_m2(gpd.GeoSeries(shapes, crs=INSIDE))
    assert measured_here == {code: pytest.approx(value, rel=1e-3) for code, value in ours.items()}
    assert measured_here["T1"] == pytest.approx(9_080 * 11_095, rel=0.01), "0.1 degree each way at 35.45 degrees"


def test_a_facility_is_a_point_of_the_layer_in_force_with_its_name_and_attributes(ask) -> None:
    rows = ask("select kind, kind_zh, name_zh, attributes ->> 'grade', valid_on::text from facility order by id")
    assert rows == [
        ("hospital", "医院", "市第二医院", "2", "2020-12-31"),
        ("hospital", "医院", "县医院", None, "2020-12-31"),
    ]
    points = geometries(ask, "select name_zh, st_asbinary(geom) from facility")
    assert points["县医院"].equals(Point(112.93, 35.46)) and not points["县医院"].has_z
    assert CAMPUS.contains(points["市第二医院"])


def test_land_and_ways_keep_their_shape(ask) -> None:
    assert [kind for (kind,) in ask("select distinct kind from land order by 1")] == [
        "built_up_area", "cluster", "residential_land",
    ]  # fmt: skip
    plots = geometries(ask, "select line_no, st_asbinary(geom) from land where kind = 'residential_land'")
    assert [plots[2].equals(PLOT), plots[3].equals(CAMPUS)] == [True, True]
    assert {plot.geom_type for plot in plots.values()} == {"MultiPolygon"}
    assert ask("select kind, name_zh, round(st_length(geom::geography)) from way") == [("greenway", "丹河绿道", 4673)]


def test_coverage_is_the_share_of_the_land_measured_for_the_same_year(ask) -> None:
    rows = ask(
        "select measurement, area_code, period, value, whole_value, share, unit from coverage order by area_code"
    )
    assert rows == [
        ("greenway_by_layer", "T", "2020", 7, None, None, "公顷"),
        ("greenway_by_layer", "T-BUA", "2020", 150, 200, 0.75, "公顷"),
    ]


def test_indicators_stand_on_the_boundaries_of_their_areas(ask) -> None:
    rows = ask(
        "select area_code, area_zh, value, unit, state_zh, round(st_xmin(geom)::numeric, 2) from indicator_choropleth"
        " where code = 'ECO02' and area_code like 'T-C%' order by id"
    )
    assert [tuple(map(str, row)) for row in rows] == [
        ("T-C1", "一组团", "40.0", "平方公里", "有值", "112.86"),
        ("T-C2", "二组团", "60.0", "平方公里", "有值", "112.91"),
    ]


def test_a_window_of_the_map_is_found_by_its_bounds(ask) -> None:
    assert ask("select name_zh from facility where geom && st_makeenvelope(112.925, 35.45, 112.935, 35.47, 4490)") == [
        ("县医院",)
    ]


def test_a_tile_server_gets_its_tile(ask) -> None:
    ((tile,),) = ask(
        "select st_asmvt(tile, 'area_boundary', 4096, 'geom', 'id') from ("
        " select id, area_code, st_asmvtgeom(st_transform(geom, 3857), st_tileenvelope(8, 208, 100)) as geom"
        " from area_boundary where geom && st_transform(st_tileenvelope(8, 208, 100), 4490)) as tile"
    )
    assert b"area_boundary" in bytes(tile) and b"T-C1" in bytes(tile)


def test_the_query_of_the_page_runs_as_the_reader(ask) -> None:
    (query,) = re.findall(r"```sql\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert {name: hospitals for name, hospitals, _ in ask(query)} == {
        "区域T": 2, "区域T1": 2, "区域T2": 0, "建成区": 2, "一组团": 0, "二组团": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "delete from gis.facility",
        "create table gis.mine ()",
        "drop table gis.facility",
        "select * from ops.area_boundary",
        "select * from gate.layer_feature",
    ],
)
def test_the_reader_may_look_and_no_more(maps: Warehouse, built: BuildResult, statement: str) -> None:
    with maps.connect("reader") as connection:
        connection.execute("set default_transaction_read_only = off")
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)  # type: ignore[arg-type]


def test_layers_that_were_handed_in_are_on_the_map_with_what_was_measured_from_them(maps: Warehouse) -> None:
    """From files to maps by the catalogue of Jincheng, with shapes in metres whose cover is worked out by hand."""
    settings = maps.settings
    with maps.connect("admin", autocommit=True) as connection:
        connection.execute("create database handed_in")
    own = Warehouse(settings, replace(maps.address, name="handed_in"))
    migrate(own)
    draw(settings.areas_path, {"140500": ("city", layer(CITY).geometry.iloc[0])})
    for day, (kind, frame) in enumerate(
        {
            "built_up_area": layer(box(-5000, -4000, 5000, 4000)),
            "residential_land": layer(box(-1000, -1000, 1000, 1000)),
            "park": layer(box(0, 0, 100, 100), 名称=["白马寺公园"]),
            "hospital": layer(Point(10, 20), name=["市人民医院"], grade=["三级"]),
        }.items(),
        start=3,
    ):
        manifest = {"kind": kind, "datum": "cgcs2000", "crs": "EPSG:4490", "date": "2020-12-31"}
        LandingZone(settings.landing_url).land(
            frame.to_json(show_bbox=False).encode(),
            feed="layers",
            filename=f"{kind}.geojson",
            received_at=FIRST_DAY + timedelta(days=day),
            attachments=[(f"{kind}.yml", yaml.safe_dump({**manifest, "source": "测试", "licence": "公开"}).encode())],
        )
    collect(settings, own, FIRST_DAY + timedelta(days=30))
    build(own, settings)
    with own.connect("reader") as connection:
        facilities = connection.execute("select kind_zh, name_zh, attributes -> 'grade' from facility").fetchall()
        parks = connection.execute("select name_zh, st_area(geom::geography) from land where kind = 'park'").fetchall()
        cover = connection.execute(
            "select value, whole_value, share, st_area(geom::geography) from coverage"
            " where measurement = 'park_cover_by_layer' and area_code = '140500-BUA'"
        ).fetchall()
    served_m2 = 100 * 100 + 4 * 100 * 500 + math.pi * 500**2
    assert facilities == [("医院", "市人民医院", 3)]
    assert parks == [("白马寺公园", pytest.approx(100 * 100, rel=1e-3))]
    assert cover == [
        (
            pytest.approx(served_m2 / 1e4, rel=1e-3), pytest.approx(400, rel=1e-3),
            pytest.approx(served_m2 / 2000**2, rel=1e-3), pytest.approx(10_000 * 8000, rel=1e-3),
        )
    ]  # fmt: skip


def test_who_may_not_install_postgis_leaves_the_warehouse_without(
    maps: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    bare = Warehouse(maps.settings, replace(maps.address, name="bare"))
    with maps.connect("admin", autocommit=True) as connection:
        connection.execute("create database bare")
    with bare.connect("loader") as connection, caplog.at_level(logging.WARNING):
        ensure_postgis(connection)
        assert not has_postgis(connection)
    assert "only a superuser may install it" in caplog.text


def test_the_administrator_migrates_again_and_finds_postgis_in_a_schema_of_its_own(maps: Warehouse) -> None:
    other = Warehouse(maps.settings, replace(maps.address, name="other"))
    with maps.connect("admin", autocommit=True) as connection:
        connection.execute("create database other")
    with other.connect("admin", autocommit=True) as connection:
        connection.execute("create schema extensions")
        connection.execute("create extension postgis schema extensions")
    migrate(other)
    migrate(other)
    for role, path in (("reader", "marts, gis, extensions"), ("transformer", '"$user", public, extensions')):
        with other.connect(role) as connection:
            assert connection.execute("show search_path").fetchone() == (path,)
            assert connection.execute("select st_srid(st_setsrid(st_point(0, 0), 4490))").fetchone() == (4490,)


def test_maps_that_went_missing_are_built_again_and_without_postgis_the_rest_is(
    maps: Warehouse, city: Settings, built: BuildResult, tmp_path: Path
) -> None:
    assert build_if_changed(maps, city) is None
    dump(maps, tmp_path / "warehouse.dump")
    kept = (tmp_path / "warehouse.dump").read_bytes()
    assert b"area_boundary" in kept and b"indicator_choropleth" not in kept, "a dump is restored without PostGIS too"
    with maps.connect("admin") as connection:
        for table in TABLES:
            connection.execute(f"drop table gis.{table}")  # type: ignore[arg-type]
    assert build_if_changed(maps, city) is not None
    with maps.connect("admin") as connection:
        assert relations(connection) == set(TABLES)
        connection.execute("drop extension postgis cascade")
    without = build_if_changed(maps, city)
    assert without is not None
    assert not {node.name for node in without.nodes} & set(TABLES)
    assert build_if_changed(maps, city) is None
