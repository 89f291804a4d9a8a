"""Places on their way in: a table through feed ``layers``, the datum proposed, what the gate's candidates say."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from cityhealth.catalogue import Catalogue
from cityhealth.errors import UnreadableFile
from cityhealth.feeds.layers import LayersFeed
from cityhealth.landing import LandingZone
from cityhealth.quality.layers import candidates
from cityhealth.quality.lookup import Lookup
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.spatial.datum import shift
from gate_lines import batch
from layer_files import manifest

JUNE_8 = datetime(2021, 6, 8, 9, tzinfo=CITY_TIMEZONE)
CITY = shapely.box(112.6, 35.4, 113.0, 35.6)
HOSPITALS = (
    "name,adname,type,lon,lat\n"
    "市医院,城区,综合医院;三级甲等医院,112.85,35.5\n"
    "写反的医院,城区,综合医院;二级医院,35.51,112.86\n"
    "没有坐标的医院,城区,综合医院;二级医院,,\n"
    "没有定级的诊所,城区,诊所;诊所,112.86,35.52\n"
)


@pytest.fixture
def feed(tmp_path: Path) -> LayersFeed:
    """The city is two counties that meet at 112.8° E."""
    areas = gpd.GeoDataFrame(
        {"code": ["140500", "140502", "140525"], "name_zh": ["晋城市", "城区", "泽州县"],
         "level": ["city", "county", "county"], "valid_from": [None] * 3},
        geometry=[CITY, shapely.box(112.8, 35.4, 113.0, 35.6), shapely.box(112.6, 35.4, 112.8, 35.6)],
        crs=4490,
    )  # fmt: skip
    pyogrio.write_dataframe(areas, tmp_path / "areas.gpkg", layer="areas")
    return LayersFeed(LandingZone(str(tmp_path / "landing")), tmp_path / "areas.gpkg")


def read(feed: LayersFeed, data: bytes, filename: str, *attachments: tuple[str, bytes]) -> list[dict]:
    arrival = feed.landing.land(data, feed="layers", filename=filename, received_at=JUNE_8, attachments=attachments)
    return feed.read(data, arrival).to_pylist()


def test_the_gate_names_every_place_that_cannot_be_used_and_tells_a_turned_coordinate(
    feed: LayersFeed, catalogue: Catalogue
) -> None:
    stated = manifest(kind="hospital", datum="wgs84", fields={"grade": "type"})
    rows = read(feed, HOSPITALS.encode("gb18030"), "医院.csv", stated)
    assert [row["layer"] for row in rows] == ["医院"] * 5 and rows[3]["geometry"] is None
    told = json.loads(rows[0]["attributes"])
    assert (told["crs"], told["encoding"], told["features"]) == ("EPSG:4326", "GB18030", 4)
    raw = pd.DataFrame(rows).assign(sheet="医院", cell=[f"要素 {n}" for n in range(5)], cells=None)
    lookup = Lookup(catalogue, catalogue.examination(2021), lambda: CITY)
    frame = candidates(raw, batch("health", "医院.csv", "layers", received_at=JUNE_8), lookup).frame
    layer, good, turned, nowhere, ungraded = frame.loc[frame["kind"] == "row"].to_dict("records")
    assert layer["state"] == "blank"
    assert (good["label"], good["unusable"], json.loads(good["attributes"])["grade"]) == ("市医院", False, 3)
    assert (turned["label"], turned["problem"]) == ("写反的医院", "coordinates")
    assert turned["geometry_text"] == "经度与纬度写反了，互换后才落在本市"
    assert (nowhere["label"], nowhere["problem"]) == ("没有坐标的医院", "missing")
    assert ungraded["label"] == "没有定级的诊所" and "诊所" in ungraded["attribute_problem"]


def test_a_table_whose_columns_are_turned_is_told_as_a_whole(feed: LayersFeed, catalogue: Catalogue) -> None:
    rows = read(feed, b"name,lon,lat\na,35.51,112.86\nb,35.52,112.85\n", "a.csv", manifest(kind="community_shop"))
    raw = pd.DataFrame(rows).assign(sheet="a", cell="", cells=None)
    lookup = Lookup(catalogue, catalogue.examination(2021), lambda: CITY)
    frame = candidates(raw, batch("commerce", "a.csv", "layers", received_at=JUNE_8), lookup).frame
    assert "互换后才落在本市" in frame.iloc[0]["place_problem"]


@pytest.mark.parametrize(("datum", "proposed"), [("wgs84", "cgcs2000"), ("gcj02", "gcj02"), ("bd09", "bd09")])
@pytest.mark.parametrize("attachments", [(), (manifest(kind="community_shop", datum=None),)], ids=["none", "no datum"])
def test_the_datum_of_places_that_state_none_is_proposed_by_the_counties_that_they_name(
    feed: LayersFeed, datum: str, proposed: str, attachments: tuple
) -> None:
    random = np.random.default_rng(3)
    true = np.column_stack([random.uniform(112.77, 112.83, 300), random.uniform(35.42, 35.58, 300)])
    lines = [
        f"店,{'城区' if east > 112.8 else '泽州县'},{lon:.6f},{lat:.6f}"
        for east, (lon, lat) in zip(true[:, 0], shift(true, "cgcs2000", datum), strict=True)
    ]
    data = "\n".join(["name,adname,lon,lat", *lines]).encode()
    with pytest.raises(UnreadableFile) as caught:
        read(feed, data, "店.csv", *attachments)
    assert f"按属性「adname」所写的区划判断，坐标基准像是 {proposed}（300 个点中 100.0% 落在" in caught.value.message
    assert caught.value.code == ("manifest_invalid" if attachments else "no_manifest")


def test_places_that_name_no_county_or_are_far_from_borders_get_no_proposal(feed: LayersFeed) -> None:
    for district, said in (("甲", None), ("城区", "不能判断坐标基准")):
        lines = [f"{district},112.9,{35.45 + n / 1000}" for n in range(50)]
        with pytest.raises(UnreadableFile) as caught:
            read(feed, "\n".join(["adname,lon,lat", *lines]).encode(), "店.csv")
        assert "像是" not in caught.value.message and (said is None or said in caught.value.message)
