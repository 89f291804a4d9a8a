"""Open maps and images handed in as departments would: each value in the warehouse beside one that came by another way.

Every place is an installation of its own: a small catalogue, and reference boundaries made from its own outlines.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
import yaml
from pyproj import Geod
from rasterstats import zonal_stats

from cityhealth.feeds.pipeline import ingest
from cityhealth.landing import LandingZone
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT, Settings
from cityhealth.spatial.crs import INSIDE
from cityhealth.warehouse.connections import Warehouse
from small_city import FILES, small_city

DATA = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))
SENTINEL = DATA / "rasters" / "sen2r"
CORINE = DATA / "rasters" / "exactextractr"
LAS_PALMAS = DATA / "las_palmas"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not LAS_PALMAS.is_dir(), reason="no open data files in CITYHEALTH_REAL_DATA"),
]

CITY = "100000"
GEOD = Geod(ellps="GRS80")
KINDS = """\
code,name_zh,name_en,feed,geometry,tiles,attributes,bands,parameters,basis,notes
built_up_area,建成区范围,Built-up area,layers,polygon,yes,,,,house,
road,道路,Road,layers,line,no,road_class,,,house,
residential_land,居住用地,Residential land,layers,polygon,yes,,,,house,
park,公园,Park,layers,polygon,no,,,,house,
school,学校,School,layers,any,no,,,,house,
optical,光学影像,Optical scene,imagery,,no,,red;nir,,house,
land_cover,地表覆盖分类,Land cover,imagery,,no,,class,,house,
"""


def at(hour: int) -> datetime:
    return datetime(2024, 5, 20, hour, tzinfo=CITY_TIMEZONE)


def settle(
    settings: Settings, outlines: gpd.GeoSeries, items: Mapping[str, tuple[str, str, str, str, str]]
) -> Settings:
    """An installation that measures items: code → unit, scope, layer kinds, method, parameters.

    ``outlines``: area code → outline; CITY is the city, all others its counties.
    """
    seeds = settings.home / "project" / "dbt_project" / "seeds" / "abroad"
    seeds.mkdir(parents=True)
    (seeds.parents[2] / "expectations").symlink_to(PROJECT_ROOT / "expectations")
    small_city(seeds)
    levels = ["city" if code == CITY else "county" for code in outlines.index]
    areas = ["990000,某省,Province,province,,,,,house,"] + [
        f"{code},{code},{code},{level},{'990000' if level == 'city' else CITY},,,,house,"
        for code, level in zip(outlines.index, levels, strict=True)
    ]
    header = FILES["items.csv"].splitlines()[0].split(",")
    lines, asked = [], ["code,item_code,feed,layer_kinds,method,version,parameters,min_valid_share,basis,notes"]
    for code, (unit, scope, kinds, method, parameters) in items.items():
        feed, least = ("imagery", "0.8") if kinds in ("optical", "land_cover") else ("layers", "")
        known = {"code": code, "name_zh": code, "name_en": code, "definition_zh": code, "unit": unit, "role": "context"}
        known |= {"department_code": "planning", "feed": feed, "area_scope": scope, "aggregation": "none"}
        known |= {"period_kind": "year", "period_offsets": "0", "integer": "no", "basis": "house"}
        lines.append(",".join(known.get(name, "") for name in header))
        asked.append(f"{code}_measured,{code},{feed},{kinds},{method},1,{parameters},{least},house,")
    written = {
        "areas.csv": [FILES["areas.csv"].splitlines()[0], *areas],
        "items.csv": [FILES["items.csv"].rstrip(), *lines],
        "units.csv": [FILES["units.csv"].rstrip(), "公里,length,1000,km", "米,length,1,m", "个,count,1,"],
        "layer_kinds.csv": [KINDS.rstrip()],
        "measurements.csv": asked,
    }
    for name, content in written.items():
        (seeds / name).write_text("\n".join([*content, ""]), encoding="utf-8")
    abroad = replace(settings, project_root=seeds.parents[2], city="abroad")
    frame = gpd.GeoDataFrame(
        {"code": outlines.index, "name_zh": outlines.index, "level": levels, "valid_from": None},
        geometry=outlines.to_crs(INSIDE).to_numpy(),
        crs=INSIDE,
    )
    abroad.areas_path.parent.mkdir(parents=True)
    pyogrio.write_dataframe(frame, abroad.areas_path, layer="areas", driver="GPKG")
    return abroad


def manifest(**stated: Any) -> bytes:
    return yaml.safe_dump({"datum": "wgs84", "source": "公开数据", "licence": "开放", **stated}).encode()


def land(
    settings: Settings, feed: str, filename: str, data: bytes, hour: int, attachments: Sequence[tuple[str, Any]]
) -> None:
    LandingZone(settings.landing_url).land(
        data, feed=feed, filename=filename, received_at=at(hour), department_text="规划局", attachments=attachments
    )


def measured(warehouse: Warehouse, filename: str) -> dict[tuple[str, str], tuple[float, float | None, float | None]]:
    """(item, area) → value in the item's unit, seen share, cloud share, as accepted, of what came with a file."""
    with warehouse.connect("loader") as connection:
        rows = connection.execute(
            "select item_code, area_code, value, valid_share, cloud_share from gate.current_measured_value"
            " where value is not null and verdict = 'accepted' and filename = %s",
            (filename,),
        ).fetchall()
    return {(item, area): (float(value), seen, cloud) for item, area, value, seen, cloud in rows}


def geodesic_km2(shape: shapely.Geometry) -> float:
    return abs(GEOD.geometry_area_perimeter(shape)[0]) / 1e6


def test_vegetation_of_a_sentinel_scene_with_its_classification(settings: Settings, warehouse: Warehouse) -> None:
    name = "S2A2A_20170703_022_Barbellino_{}_10.tif"
    boa, scl = SENTINEL / name.format("BOA"), SENTINEL / name.format("SCL")
    shapes = [gpd.read_file(SENTINEL / f"{part}.geojson").to_crs(32632).union_all() for part in ("barbellino", "dam")]
    outlines = gpd.GeoSeries(dict(zip([CITY, "100001"], shapes, strict=True)), crs=32632)
    abroad = settle(
        settings,
        outlines,
        {
            "whole": ("平方公里", CITY, "optical", "index_area", "index=ndvi;above=0.3"),
            "part": ("平方公里", "level:county", "optical", "index_area", "index=ndvi;above=0.3"),
        },
    )
    stated = {"kind": "optical", "date": "2017-07-03", "bands": {"red": 4, "nir": 8}, "scale": 0.0001}
    stated |= {"nodata": 65535, "mask": {"file": scl.name, "rule": "scl"}}
    land(abroad, "imagery", "sentinel.yml", manifest(**stated), 9, [(boa.name, boa), (scl.name, scl)])
    judged = ingest(abroad, warehouse, "imagery")
    assert {judgement.verdict for judgement in judged} == {"accepted"}
    found = measured(warehouse, "sentinel.yml")

    with rasterio.open(boa) as file:
        red, nir, place = *file.read([4, 8]).astype(float), file.transform
    with rasterio.open(scl) as file:
        seen = ~np.isin(np.kron(file.read(1), np.ones((2, 2))), [8, 9])
    green = (nir - red) / (nir + red) > 0.3
    rows, columns = np.indices(green.shape)
    west, north = place.c + 10 * columns, place.f - 10 * rows
    cells = shapely.box(west, north - 10, west + 10, north)
    for item, area in (("whole", CITY), ("part", "100001")):
        inside = shapely.area(shapely.intersection(cells, outlines[area]))
        share = inside[green & seen].sum() / inside[seen].sum()
        km2 = geodesic_km2(outlines.to_crs(4326)[area])
        value, valid_share, cloud_share = found[item, area]
        assert share == pytest.approx({"whole": 0.5765, "part": 0.5106}[item], abs=5e-5)
        assert value == pytest.approx(share * km2, rel=1e-4)
        assert valid_share == pytest.approx(inside[seen].sum() / inside.sum(), abs=1e-4)
        assert cloud_share == pytest.approx(1 - inside[seen].sum() / inside.sum(), abs=1e-4)


#: Class of a manifest → the classes of CORINE that are there, by their codes of three digits.
COVER = {
    "built_up": (111, 112, 121, 123, 124, 131, 132, 133),
    "green_space": (141, 142),
    "cropland": (211, 222, 242, 243),
    "grassland": (231, 321),
    "forest": (311, 312, 313),
    "shrub": (322, 324),
    "water": (512, 523),
}


def test_land_cover_of_six_municipalities_by_the_class_table(settings: Settings, warehouse: Warehouse) -> None:
    tile = CORINE / "clc2018_v2020_20u1.tif"
    table = gpd.read_file(CORINE / f"{tile.name}.vat.dbf").astype({"CODE_18": int})
    called = {code: name for name, codes in COVER.items() for code in codes}
    classes = {number: called.get(code, "other") for number, code in zip(table["Value"], table["CODE_18"], strict=True)}
    units = gpd.read_file(CORINE / "concelhos.gpkg")
    units.index = [f"10000{number + 1}" for number in range(len(units))]
    abroad = settle(
        settings,
        gpd.GeoSeries({CITY: units.union_all(), **units.geometry}, crs=units.crs),
        {name: ("%", "level:county", "land_cover", "class_share", f"classes={name}") for name in COVER},
    )
    stated = {"kind": "land_cover", "date": "2018-12-31", "bands": {"class": 1}, "classes": classes, "nodata": 48}
    land(abroad, "imagery", "corine.yml", manifest(**stated), 9, [(tile.name, tile)])
    judged = ingest(abroad, warehouse, "imagery")
    assert {judgement.verdict for judgement in judged} == {"accepted"}
    found = measured(warehouse, "corine.yml")
    assert len(found) == 6 * len(COVER)

    # Cells whose centre lies inside, counted under the names that the table itself has for them.
    names = {"built_up": "urban fabric|Industrial|Port areas|Airports|extraction sites|Dump|Construction"}
    names |= {"green_space": "Green urban|Sport", "cropland": "arable|Fruit|Complex cultivation|agriculture"}
    names |= {"grassland": "Pastures|Natural grasslands", "forest": "forest$", "shrub": "Moors|Transitional"}
    names |= {"water": "Water bodies|Sea and ocean"}
    peer = zonal_stats(list(units.geometry), str(tile), categorical=True, nodata=48)
    labels = table.set_index("Value")["LABEL3"]
    for area, counts in zip(units.index, peer, strict=True):
        cells = pd.Series(counts)
        for item, pattern in names.items():
            share = 100 * cells[labels[cells.index].str.contains(pattern).to_numpy()].sum() / cells.sum()
            assert found[item, area] == (pytest.approx(share, abs=0.02), pytest.approx(1, abs=1e-6), 0)
    by_name = {name: area for area, name in units["name"].items()}
    # Of Ponta Delgada 29.92 % are pastures and 1.12 % natural grassland.
    assert found["grassland", by_name["Ponta Delgada"]][0] == pytest.approx(31.04, abs=0.01)
    assert found["forest", by_name["Povoação"]][0] == pytest.approx(38.81, abs=0.01)


#: What a car may drive on, by the classes of OpenStreetMap.
STREETS = (
    *(f"{name}{link}" for name in ("motorway", "trunk", "primary", "secondary", "tertiary") for link in ("", "_link")),
    *("unclassified", "residential", "living_street", "road"),
)
#: All highways but what is for those on foot or on a bicycle, and what is not there.
NO_STREETS = (
    *("footway", "path", "steps", "pedestrian", "cycleway", "bridleway", "platform", "corridor", "elevator", "track"),
    *("proposed", "construction", "planned", "abandoned", "razed", "disused"),
)
CLASSIFIED = tuple(f"{name}{link}" for name in ("primary", "secondary", "tertiary") for link in ("", "_link"))
#: What the catalogue of Jincheng counts as length of roads.
CLASSES = ("expressway", "main", "secondary", "branch", "other")
HOMES = ("apartments", "residential", "house", "detached", "terrace")
UTM = 32628


@cache
def out_of_osm(layer: str, condition: str | None = None) -> gpd.GeoDataFrame:
    """By GDAL alone; OpenStreetMap has a few rings of two points, which are no shapes."""
    extract = next(LAS_PALMAS.glob("*osm*.pbf"))
    return pyogrio.read_dataframe(extract, layer=layer, where=condition, on_invalid="ignore")


def among(column: str, words: Sequence[str]) -> str:
    return f"{column} in ({', '.join(map(repr, words))})"


@dataclass(frozen=True)
class City:
    """Las Palmas after all its maps were handed in; ``outline`` is its shape in degrees."""

    settings: Settings
    warehouse: Warehouse
    outline: shapely.Geometry

    def values(self, filename: str) -> dict[str, float]:
        return {item: value for (item, _), (value, _, _) in measured(self.warehouse, filename).items()}

    def shares(self, filename: str) -> dict[str, float]:
        """What serves, as a share of the housing."""
        found = self.values(filename)
        return {item: found[item] / found["housing"] for item in ("park_served", "school_served", "school_reached")}


@pytest.fixture(scope="module")
def city(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> City:
    """The outline; the whole extract, of which only the roads are of a known kind; then layers taken out of it."""
    boundary = next(LAS_PALMAS.glob("*EPSG4326.geojson"))
    outline = gpd.read_file(boundary).to_crs(4326).union_all()
    home = tmp_path_factory.mktemp("las_palmas")
    near = "residential_land;park", "residential_land;school", "residential_land;school;road"
    abroad = settle(
        replace(module_warehouse.settings, home=home, landing_url=str(home / "land"), outbox_url=str(home / "out")),
        gpd.GeoSeries({CITY: outline}, crs=4326),
        {
            "city_area": ("平方公里", CITY, "built_up_area", "area", ""),
            "streets": ("公里", CITY, "road", "length", f"where=highway;one_of={'|'.join(STREETS)}"),
            "classified": ("公里", CITY, "road", "length", "where=road_class;one_of=main|secondary|branch"),
            "roads": ("公里", CITY, "road", "length", f"where=road_class;one_of={'|'.join(CLASSES)}"),
            "parks": ("个", CITY, "park", "count", ""),
            "housing": ("公顷", CITY, "residential_land", "area", ""),
            "park_served": ("公顷", CITY, near[0], "served_land_by_size", "radii=5000:500|2000:300"),
            "school_served": ("公顷", CITY, near[1], "served_land", "radius_m=500"),
            "school_reached": ("公顷", CITY, near[2], "served_land", "by=network;radius_m=500"),
        },
    )
    taken_out = {
        "landuse.gpkg": {
            "road": ("lines", among("highway", STREETS)),
            "park": ("multipolygons", "leisure = 'park'"),
            "school": ("multipolygons", "amenity = 'school'"),
            "residential_land": ("multipolygons", "landuse = 'residential'"),
        },
        # A year later: parks, schools and roads are still those of the year before.
        "buildings.gpkg": {"residential_land": ("multipolygons", among("building", HOMES))},
    }
    osm = {"source": "OpenStreetMap", "licence": "ODbL 1.0"}
    of_city = manifest(kind="built_up_area", date="2023-01-01")
    of_extract = manifest(kind={"lines": "road"}, date="2023-02-21", **osm)
    extract = next(LAS_PALMAS.glob("*osm*.pbf")).read_bytes()
    land(abroad, "layers", "city.geojson", boundary.read_bytes(), 9, [("city.yml", of_city)])
    land(abroad, "layers", "extract.osm.pbf", extract, 10, [("extract.yml", of_extract)])
    for hour, (name, layers) in enumerate(taken_out.items(), start=11):
        for kind, (layer, condition) in layers.items():
            frame = out_of_osm(layer, condition)
            pyogrio.write_dataframe(frame, home / name, layer=kind, driver="GPKG", append=(home / name).exists())
        stated = manifest(kind={kind: kind for kind in layers}, date=f"{2012 + hour}-02-21", **osm)
        land(abroad, "layers", name, (home / name).read_bytes(), hour, [("layers.yml", stated)])
    ingest(abroad, module_warehouse, "layers")
    return City(abroad, module_warehouse, outline)


def test_of_an_openstreetmap_extract_only_what_the_manifest_names_is_taken(city: City) -> None:
    lines = out_of_osm("lines")
    others = [name for name, _ in pyogrio.list_layers(next(LAS_PALMAS.glob("*osm*.pbf"))) if name != "lines"]
    features = {name: len(out_of_osm(name)) for name in others}
    shapes = gpd.GeoSeries(shapely.normalize(lines.geometry.to_numpy()), crs=4326)
    again = shapes.to_wkb().duplicated()
    no_road = lines["highway"].isna()
    with city.warehouse.connect("loader") as connection:
        run, verdict, rows_in, taken = connection.execute(
            "select gate_run_id, verdict, rows_in, rows_accepted from gate.current_run join raw.batch using (batch_id)"
            " where current_run.filename = 'extract.osm.pbf' and raw_table = 'layer_feature'"
        ).fetchone()
        rules = connection.execute(
            "select rule_code, count(*) from gate.failing_row where gate_run_id = %s group by 1", (run,)
        ).fetchall()
    # A refused layer is a line of its own.
    assert (verdict, rows_in) == ("partly", len(lines) + sum(features.values()) + len(others))
    assert taken == len(lines) - (no_road | again).sum() == 13_465
    assert dict(rules) == {
        "layer_kind_known": 4,
        "attribute_given": no_road.sum(),
        "feature_once": again.sum(),
        "inside_city": (~shapes.intersects(city.outline)).sum(),
    }


def test_the_receipt_names_the_refused_layers_before_thousands_of_features(city: City) -> None:
    receipts = {
        "".join(str(cell) for row in sheet.iter_rows(max_row=14, values_only=True) for cell in row if cell): book
        for path in Path(city.settings.outbox_url).rglob("*extract*.xlsx")
        for book in [openpyxl.load_workbook(path)]
        for sheet in [book["回执"]]
    }
    assert len(receipts) == 2
    of_layers = next(book for text, book in receipts.items() if "13465" in text)["回执"]
    rows = [[str(cell or "") for cell in row] for row in of_layers.iter_rows(values_only=True)]
    start = next(number for number, row in enumerate(rows) if row[0] == "1")
    for row, layer in zip(
        rows[start:], ("points", "multilinestrings", "multipolygons", "other_relations"), strict=False
    ):
        assert row[6] == f"图层「{layer}」：说明文件没有写明它的图层类别（kind）"
    assert rows[start + 4][6].endswith("没有填写属性 highway")
    assert len(rows) < 2_100 and any("条未列出" in row[0] for row in rows)
    # What was measured has no copy of a map among its sheets, nor advice to send one as csv.
    of_values = next(text for text in receipts if "13465" not in text)
    assert receipts[of_values].sheetnames == ["回执"] and "csv" not in of_values


def test_road_density_against_geodesic_lengths(city: City) -> None:
    lines = out_of_osm("lines")

    def geodesic_km(classes: Sequence[str]) -> float:
        pieces = shapely.intersection(lines.geometry[lines["highway"].isin(classes)].to_numpy(), city.outline)
        return sum(GEOD.geometry_length(piece) for piece in pieces) / 1000

    km2 = city.values("city.geojson")["city_area"]
    assert km2 == pytest.approx(geodesic_km2(city.outline), rel=1e-3)
    streets, classified = geodesic_km(STREETS), geodesic_km(CLASSIFIED)
    # Of 1,688.85 km of highways 1,153.42 are roads for motor traffic.
    words = set(lines["highway"].dropna())
    assert geodesic_km(list(words)) == pytest.approx(1688.85, abs=0.01)
    roads = geodesic_km(list(words - set(NO_STREETS)))
    assert roads == pytest.approx(1153.42, abs=0.01)
    assert city.values("extract.osm.pbf")["roads"] == pytest.approx(roads, rel=1e-3)
    for filename in ("extract.osm.pbf", "landuse.gpkg"):
        found = city.values(filename)
        assert found["streets"] == pytest.approx(streets, rel=1e-3)
        assert found["classified"] == pytest.approx(classified, rel=1e-3)
        # As test_real_city.py has it of the layers alone.
        assert (found["streets"], km2, found["streets"] / km2) == (
            pytest.approx(961.70, abs=0.01),
            pytest.approx(103.32, abs=0.01),
            pytest.approx(9.308, abs=1e-3),
        )


@pytest.mark.parametrize("filename", ["landuse.gpkg", "buildings.gpkg"])
def test_parks_and_schools_near_housing_against_an_overlay(city: City, filename: str) -> None:
    """In UTM by GEOS alone, which draws areas here up to 0.08 % too small: shares of the same land."""
    condition = "landuse = 'residential'" if filename == "landuse.gpkg" else among("building", HOMES)

    def drawn(condition: str) -> np.ndarray:
        shapes = out_of_osm("multipolygons", condition).geometry.dropna().to_crs(UTM)
        return shapely.make_valid(shapes.to_numpy())

    whole = gpd.GeoSeries([city.outline], crs=4326).to_crs(UTM).iloc[0]
    homes = shapely.intersection(shapely.union_all(drawn(condition)), whole)
    parks, schools = drawn("leisure = 'park'"), drawn("amenity = 'school'")
    radii = np.select([shapely.area(parks) >= 5000, shapely.area(parks) >= 2000], [500, 300], np.nan)
    near = {
        "park_served": shapely.buffer(parks, radii, quad_segs=64)[~np.isnan(radii)],
        "school_served": shapely.buffer(schools, 500, quad_segs=64),
    }
    found, shares = city.values(filename), city.shares(filename)
    assert found["housing"] == pytest.approx(homes.area / 1e4, rel=1.5e-3)
    for item, circles in near.items():
        overlaid = shapely.intersection(homes, shapely.union_all(circles)).area / homes.area
        assert shares[item] == pytest.approx(overlaid, abs=1e-3)
    # As test_real_city.py has them of the layers alone; there networkx walks to the schools, too.
    known = {"landuse.gpkg": (0.1065, 0.0727, 0.0463), "buildings.gpkg": (0.9255, 0.8955, 0.8150)}[filename]
    assert tuple(shares.values()) == pytest.approx(known, abs=5e-5)


def test_parks_are_counted_where_a_point_of_them_lies(city: City) -> None:
    parks = out_of_osm("multipolygons", "leisure = 'park'").representative_point()
    assert city.values("landuse.gpkg")["parks"] == parks.within(city.outline).sum() == 271
