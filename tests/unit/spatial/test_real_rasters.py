"""The open rasters: each figure beside an independent computation of it, by numpy or rasterstats."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterstats import zonal_stats
from shapely.geometry import box

from cityhealth.settings import PROJECT_ROOT
from cityhealth.spatial.rasters import (
    SCL,
    BandValue,
    Question,
    Scene,
    Test,
    open_scene,
    profile,
    read_class_table,
    zonal,
)
from cityhealth.spatial.rasters.indices import class_shares, share, vegetation

RASTERS = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data")) / "rasters"
SENTINEL = RASTERS / "sen2r"
CORINE = RASTERS / "exactextractr" / "clc2018_v2020_20u1.tif"
ELEVATION = RASTERS / "elevation"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not RASTERS.is_dir(), reason="no open data files in CITYHEALTH_REAL_DATA"),
]


@contextmanager
def _sentinel(product: str, **manifest) -> Iterator[Scene]:
    path = SENTINEL / f"S2A2A_20170703_022_Barbellino_{product}_10.tif"
    with open_scene(path, path.name, **manifest) as scene:
        yield scene


def _stored(path: Path) -> np.ndarray:
    with rasterio.open(path) as file:
        return file.read()


def test_vegetation_cover_of_sentinel_with_its_scene_classification() -> None:
    bands = {"red": 4, "nir": 8}  # B04 and B8 in the order of sen2r
    whole = gpd.GeoSeries({"all": box(580560, 5101700, 580800, 5102120)}, crs="EPSG:32632")
    with _sentinel("BOA", bands=bands, scale=0.0001) as scene, _sentinel("SCL") as mask:
        clear = scene.masked_by(mask, SCL)
        assert profile(clear, "").cloud_share == pytest.approx(33 / 252)  # 30 cells of class 8, 3 of class 9
        found = zonal(clear, whole, Question(conditions={"green": vegetation(0.3)}))["all"]

    stored = _stored(SENTINEL / "S2A2A_20170703_022_Barbellino_BOA_10.tif").astype(float)
    red, nir = stored[3], stored[7]
    seen = ~np.isin(np.kron(_stored(SENTINEL / "S2A2A_20170703_022_Barbellino_SCL_10.tif")[0], np.ones((2, 2))), [8, 9])
    by_hand = (((nir - red) / (nir + red) > 0.3) & seen).sum() / seen.sum()
    assert share(found, "green") == pytest.approx(by_hand, abs=1e-12)
    assert found.cloud_share == pytest.approx(33 / 252)

    # the index that is shipped with the scene, in ten thousandths
    with _sentinel("NDVI", scale=0.0001) as shipped, _sentinel("SCL") as mask:
        question = Question(conditions={"green": Test(BandValue("band_1"), above=0.3)})
        theirs = zonal(shipped.masked_by(mask, SCL), whole, question)["all"]
    assert share(found, "green") == pytest.approx(share(theirs, "green"), abs=0.002)  # at most two cells at 0.3
    assert share(found, "green") == pytest.approx(545 / 876)  # of 1,008 cells 132 are hidden


def test_land_cover_shares_of_six_municipalities() -> None:
    beside = CORINE.with_name(f"{CORINE.name}.vat.dbf")
    table = read_class_table(beside.read_bytes(), beside.name, "Value", "LABEL3")
    assert len(table) == 45
    units = gpd.read_file(RASTERS / "exactextractr" / "concelhos.gpkg").set_index("name").geometry
    with open_scene(CORINE, CORINE.name) as scene:
        found = zonal(scene, units, Question(classes="band_1"))
    peer = zonal_stats(list(units), str(CORINE), categorical=True, nodata=255)  # cells whose centre lies inside
    assert len(found) == 6
    for name, counts in zip(units.index, peer, strict=True):
        mine = class_shares(found[name], table)
        theirs: dict[str, float] = {}
        for code, count in counts.items():
            theirs[table[code]] = theirs.get(table[code], 0) + count / sum(counts.values())
        for label in mine.keys() | theirs.keys():
            assert mine.get(label, 0) == pytest.approx(theirs.get(label, 0), abs=2e-4)
        assert sum(mine.values()) == pytest.approx(1)
        # cells on the ellipsoid fill the outline: its geodesic area was not made of cells
        assert found[name].recorded_m2 == pytest.approx(found[name].unit_m2, rel=1e-6)
    assert class_shares(found["Ponta Delgada"], table)["Pastures"] == pytest.approx(0.2992, abs=1e-4)


def test_heights_of_buildings_against_their_attribute() -> None:
    buildings = gpd.read_file(ELEVATION / "buildings.geojson")  # in another system than the rasters
    outlines = buildings.geometry.set_axis(buildings.index.astype(str))
    heights = {}
    for name in ("dsm", "dtm", "hag"):
        with open_scene(ELEVATION / f"{name}.tif", name) as scene:
            assert scene.grid.crs.to_epsg() == 26918
            found = zonal(scene, outlines, Question(amounts={"height": BandValue("band_1")}))
            heights[name] = np.array([found[code].amounts["height"].mean for code in outlines.index])
    projected = buildings.to_crs(26918)
    peer = zonal_stats(list(projected.geometry), str(ELEVATION / "hag.tif"), stats="mean")
    gap = np.abs(heights["hag"] - np.array([row["mean"] for row in peer]))
    # rasterstats takes whole cells of 2 m: houses have few of them
    assert np.median(gap) < 0.05 and gap.max() < 0.6

    known = buildings["HEIGHT"].notna().to_numpy()
    assert known.sum() == 82
    stated = buildings["HEIGHT"].to_numpy()[known]
    above_ground = (heights["dsm"] - heights["dtm"])[known]
    assert np.corrcoef(above_ground, stated)[0, 1] > 0.95
    # the attribute lies about 2 m below the height raster; its source does not say what it measures
    assert np.median(heights["hag"][known] - stated) == pytest.approx(1.99, abs=0.01)
