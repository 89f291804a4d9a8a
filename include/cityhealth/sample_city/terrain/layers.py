"""The layers that departments send of the town, each in the format and reference system of its office."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import Point, Polygon

from cityhealth.sample_city.files import LABEL, Expected, MapOddity, SampleFile
from cityhealth.sample_city.scenes import FIRST, SECOND, THIRD
from cityhealth.sample_city.terrain.formats import geojson, geopackage, in_datum, one_file, zipped_shapefile
from cityhealth.sample_city.terrain.sending import Sending
from cityhealth.sample_city.terrain.services import Services
from cityhealth.sample_city.terrain.shown import DISTRICT, Shown
from cityhealth.sample_city.terrain.streets import greenways, roads
from cityhealth.sample_city.terrain.town import CLUSTERS, Town
from cityhealth.spatial.crs import INSIDE, parse_crs

_PLANNING, _HOUSING, _STATISTICS, _PARKS = "市规划和自然资源局", "市住建局", "市统计局", "市城市管理局"
_CIVIL, _COMMERCE, _HEALTH, _EDUCATION, _SPORTS = "市民政局", "市商务局", "市卫健委", "市教育局", "市体育局"
_EMERGENCY, _FIRE, _CULTURE = "市应急管理局", "市消防救援支队", "市文旅局"

_ZONED, _UNZONED, _UTM = "CGCS2000 3度带 38带", "CGCS2000 3度带 中央经线114", "WGS84 UTM 49N"
_OVERLAP_M, _ASTRAY_DEGREES = 30.0, 3.0
#: So many more communities have a health station or a kindergarten than have everything.
_MORE_HEALTH, _MORE_SCHOOLS = 8, 4

Stated = dict[str, object]


def layer_files(
    town: Town, shown: Shown, areas: gpd.GeoDataFrame, year: int, rng: np.random.Generator
) -> list[SampleFile]:
    """What arrives, the built-up area first, since everything else is measured in it."""
    valid_on = date(year, 12, 31)
    services = Services(town, shown, rng)
    return [
        *_of_planning(town, areas, valid_on),
        *_of_housing(town, shown, services, valid_on, rng),
        *_of_web_maps(services, shown, valid_on),
        *_of_communities(services, shown, valid_on),
        *_of_safety(services, valid_on),
    ]


def _of_planning(town: Town, areas: gpd.GeoDataFrame, valid_on: date) -> Iterator[SampleFile]:
    built_up = town.frame([town.outline()], 名称=["建成区"])
    clusters = town.frame(
        [town.outline(town.cluster == n) for n in range(CLUSTERS)],
        组团=[f"组团{'一二三四五六'[n]}" for n in range(CLUSTERS)],
    )
    zoned = parse_crs(_ZONED)
    yield Sending(_PLANNING, FIRST, 52, (MapOddity.ZONE_PREFIX, MapOddity.OWN_NAMES)).layers(
        f"建成区和组团界线_{LABEL}.gpkg",
        geopackage({"建成区": built_up.to_crs(zoned), "组团": clusters.to_crs(zoned)}),
        _stated({"建成区": "built_up_area", "组团": "cluster"}, valid_on, crs=_ZONED, fields={"area": "组团"}),
    )
    land = town.blocks[town.residential]
    houses = town.frame([*land[:-1], _bow_tie(land[-1])], 地类=["居住用地"] * len(land))
    blocks = town.blocks[town.construction]
    plots = town.frame(_pushed(blocks), 地类=["城市建设用地"] * len(blocks))
    yield Sending(
        _PLANNING, FIRST, 53, (MapOddity.BOW_TIE, MapOddity.OVERLAP), _marked("geometry_repaired", "no_overlap")
    ).layers(
        f"用地现状_{LABEL}.gpkg",
        geopackage({"居住用地": houses.to_crs(INSIDE), "城市建设用地": plots.to_crs(INSIDE)}),
        _stated({"居住用地": "residential_land", "城市建设用地": "construction_land"}, valid_on),
    )
    # Metres under the name of degrees: the map of before stays in force.
    metres = houses.to_crs(parse_crs(_UNZONED))
    refused = Expected("refused", ("place_plausible",), refused=len(houses) + 1)
    yield Sending(_PLANNING, THIRD, 52, (MapOddity.METRES_AS_DEGREES,), refused).layers(
        f"居住用地（更正）_{LABEL}.geojson", geojson(metres), _stated("residential_land", valid_on, crs="EPSG:4490")
    )
    district = areas.loc[areas["code"] == DISTRICT, ["name_zh", "geometry"]]
    unread = Expected("refused", read_error="no_manifest")
    yield Sending(_PLANNING, THIRD, 53, (MapOddity.NO_MANIFEST, MapOddity.WEB_MAP), unread).layers(
        f"城区边界_{LABEL}.geojson", geojson(in_datum(district, "gcj02")), None
    )


def _of_housing(
    town: Town, shown: Shown, services: Services, valid_on: date, rng: np.random.Generator
) -> Iterator[SampleFile]:
    yield Sending(_HOUSING, FIRST, 54, (MapOddity.NO_PRJ, MapOddity.GBK, MapOddity.OWN_NAMES)).layers(
        f"城市道路_{LABEL}.zip",
        zipped_shapefile(roads(town, shown, rng).to_crs(parse_crs(_UNZONED)), "城市道路", "GBK", (".prj", ".cpg")),
        _stated("road", valid_on, crs=_UNZONED, encoding="GBK", fields={"road_class": "道路等级"}),
    )
    yield Sending(_HOUSING, FIRST, 55, (MapOddity.KML,)).layers(
        f"绿道_{LABEL}.kml",
        one_file(greenways(town, shown).to_crs("EPSG:4326"), "KML", ".kml", "绿道"),
        _stated("greenway", valid_on, datum="wgs84"),
    )
    yield Sending(_HOUSING, FIRST, 56, (MapOddity.FLATGEOBUF,)).layers(
        f"新建住宅_{LABEL}.fgb",
        one_file(services.new_buildings().to_crs(INSIDE), "FlatGeobuf", ".fgb", "新建住宅"),
        _stated("new_residential_building", valid_on),
    )
    points = services.waterlogging_points()
    twice = pd.concat([points, points.iloc[[0]]], ignore_index=True)
    once = Expected("partly", ("feature_once",), refused=1)
    yield Sending(_HOUSING, SECOND, 55, (MapOddity.DUPLICATE,), once).layers(
        f"内涝积水点_{LABEL}.geojson", geojson(twice.to_crs(INSIDE)), _stated("waterlogging_point", valid_on)
    )
    yield Sending(_HOUSING, SECOND, 56).layers(
        f"低碳能源设施_{LABEL}.geojson",
        geojson(services.low_carbon().to_crs("EPSG:4326")),
        _stated("low_carbon_facility", valid_on, datum="wgs84"),
    )
    plots = town.frame(town.blocks[town.construction], 常住人口=town.persons[town.construction])
    yield Sending(_STATISTICS, FIRST, 57, (MapOddity.BYTE_ORDER_MARK, MapOddity.OWN_NAMES)).layers(
        f"人口地块_{LABEL}.geojson",
        geojson(plots.to_crs(INSIDE), mark=True),
        _stated("population_plot", valid_on, fields={"persons": "常住人口"}),
    )


def _of_web_maps(services: Services, shown: Shown, valid_on: date) -> Iterator[SampleFile]:
    yield Sending(_PARKS, SECOND, 52, (MapOddity.WEB_MAP,)).layers(
        f"公园绿地_{LABEL}.geojson",
        geojson(in_datum(services.parks(), "gcj02")),
        _stated("park", valid_on, datum="gcj02"),
    )
    yield Sending(_HEALTH, SECOND, 53, (MapOddity.WEB_MAP, MapOddity.OWN_NAMES)).layers(
        f"医院_{LABEL}.geojson",
        geojson(in_datum(services.hospitals(), "gcj02")),
        _stated("hospital", valid_on, datum="gcj02", fields={"grade": "等级"}),
    )
    shops = in_datum(services.in_communities(shown.of("communities_with_shops"), more=30), "bd09")
    # A 5 typed for a 2, say: this one stands in another province.
    astray = shops.geometry.iloc[-1]
    shops.loc[shops.index[-1], "geometry"] = translate(astray, _ASTRAY_DEGREES) if isinstance(astray, Point) else astray
    yield Sending(_COMMERCE, SECOND, 54, (MapOddity.BAIDU, MapOddity.ASTRAY), _marked("inside_city")).layers(
        f"便民商业设施_{LABEL}.geojson", geojson(shops), _stated("community_shop", valid_on, datum="bd09")
    )


def _of_communities(services: Services, shown: Shown, valid_on: date) -> Iterator[SampleFile]:
    complete = services.complete()
    elderly = services.in_communities(shown.of("communities_with_elderly_station"))
    yield Sending(_CIVIL, SECOND, 57).layers(
        f"居住社区和老年服务站_{LABEL}.gpkg",
        geopackage({"居住社区": services.communities().to_crs(INSIDE), "老年服务站": elderly.to_crs(INSIDE)}),
        _stated({"居住社区": "community", "老年服务站": "elderly_station"}, valid_on),
    )
    yield Sending(_HEALTH, SECOND, 58).layers(
        f"社区卫生服务站_{LABEL}.geojson",
        geojson(services.in_communities(complete + _MORE_HEALTH).to_crs(INSIDE)),
        _stated("community_health_station", valid_on),
    )
    schools = services.kindergartens(complete + _MORE_SCHOOLS)
    # The last is a second one of its community.
    schools.loc[schools.index[-1], "普惠"] = None
    told = Expected("partly", ("attribute_given",), refused=1)
    yield Sending(_EDUCATION, SECOND, 59, (MapOddity.NO_ATTRIBUTE, MapOddity.OWN_NAMES), told).layers(
        f"幼儿园_{LABEL}.geojson",
        geojson(schools.to_crs(INSIDE)),
        _stated("kindergarten", valid_on, fields={"children": "在园幼儿", "inclusive": "普惠"}),
    )
    yield Sending(_SPORTS, SECOND, 60, (MapOddity.UTM,)).layers(
        f"社区体育场地_{LABEL}.gpkg",
        geopackage({"社区体育场地": services.sports_grounds(complete).to_crs(parse_crs(_UTM))}),
        _stated("sports_ground", valid_on, datum="wgs84"),
    )


def _of_safety(services: Services, valid_on: date) -> Iterator[SampleFile]:
    yield Sending(_EMERGENCY, SECOND, 61).layers(
        f"应急避难场所_{LABEL}.zip",
        zipped_shapefile(services.shelters().to_crs(INSIDE), "应急避难场所", "UTF-8"),
        _stated("shelter", valid_on),
    )
    yield Sending(_FIRE, SECOND, 62).layers(
        f"消防站_{LABEL}.geojson", geojson(services.fire_stations().to_crs(INSIDE)), _stated("fire_station", valid_on)
    )
    yield Sending(_CULTURE, SECOND, 63).layers(
        f"文化建筑_{LABEL}.geojson",
        geojson(services.cultural_buildings().to_crs(INSIDE)),
        _stated("cultural_building", valid_on),
    )


def _stated(kind: str | dict[str, str], valid_on: date, datum: str = "cgcs2000", **more: object) -> Stated:
    return {"kind": kind, "datum": datum, **more, "date": valid_on}


def _marked(*rules: str) -> Expected:
    """Used all the same, with a remark."""
    return Expected("accepted", rules)


def _pushed(blocks: NDArray[np.object_]) -> NDArray[np.object_]:
    """The blocks, but that the first with a neighbour after it to the north has grown into that one."""
    bounds = shapely.bounds(blocks)
    first = int(np.argmax((bounds[:-1, 0] == bounds[1:, 0]) & (bounds[:-1, 3] == bounds[1:, 1])))
    grown = blocks.copy()
    grown[first] = shapely.box(*(bounds[first] + np.array([0, 0, 0, _OVERLAP_M])))
    return grown


def _bow_tie(block: Polygon) -> Polygon:
    """The block with two corners changed for each other."""
    west, south, east, north = block.bounds
    return Polygon([(west, south), (east, north), (east, south), (west, north)])
