"""Every item of the examination that a map can give, on shapes whose answer is worked out by hand."""

from __future__ import annotations

import math

import pytest
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box

from toy_city import CITY, in_city, layer, measured, units

#: Drawing on the map, projections and arcs of circles cost less than this.
WITHIN = {"rel": 1e-3}
HECTARE = 10_000


def near(value: float) -> object:
    return pytest.approx(value, **WITHIN)


def test_built_up_area_is_the_ground_covered_once_and_its_share_is_taken_within_the_district() -> None:
    # 3 km² as an L, and 1 km² of which half lies on the L.
    built = layer(
        Polygon([(0, 0), (2000, 0), (2000, 1000), (1000, 1000), (1000, 2000), (0, 2000)]), box(1500, 0, 2500, 1000)
    )
    found = measured("built_up_area_by_layer", units(city=CITY), built_up_area=built)
    assert found.unit == "平方米" and found.values["city"] == near(3.5e6)
    district = measured(
        "district_built_up_area_by_layer",
        units(a=box(0, 0, 1000, 5000), b=box(1000, 0, 9000, 5000)),
        built_up_area=built,
    )
    assert district.values == {"a": near(2e6), "b": near(1.5e6)}


def test_each_cluster_has_its_own_area() -> None:
    one, other = box(0, 0, 2000, 1500), box(2000, 0, 2500, 400)
    clusters = layer(one, other, area=["140500-C1", "140500-C2"])
    found = measured("cluster_area_by_layer", units(c1=one, c2=other), cluster=clusters)
    assert found.values == {"c1": near(3e6), "c2": near(2e5)}


def test_plots_of_more_than_fifteen_thousand_people_per_square_kilometre() -> None:
    # 149 and 151 people on a hectare; the plot on the border is as dense as it is as a whole, and half of it counts.
    plots = layer(box(0, 0, 100, 100), box(100, 0, 200, 100), box(5950, 0, 6050, 100), persons=[149, 151, 300.0])
    assert in_city("dense_land_by_layer", population_plot=plots) == near(1.5 * HECTARE)


def test_new_housing_above_eighty_metres() -> None:
    buildings = layer(Point(0, 0), Point(9, 9), box(50, 50, 60, 60), Point(7000, 0), height_m=[80, 80.1, 120, 200])
    found = measured("tall_housing_by_layer", units(city=CITY), new_residential_building=buildings)
    assert (found.unit, found.values) == ("个", {"city": 2})


def test_residential_and_construction_land_within_the_built_up_area() -> None:
    land = layer(box(5900, 0, 6100, 100), box(0, 0, 100, 100))
    assert in_city("residential_land_by_layer", residential_land=land) == near(2 * HECTARE)
    assert in_city("construction_land_by_layer", construction_land=land) == near(2 * HECTARE)


def test_greenways_serve_residential_land_within_a_kilometre() -> None:
    # The greenway runs along y = 0, the land lies from y = 500 to 1,500: its lower half is served.
    land = layer(box(-1000, 500, 1000, 1500))
    path = layer(LineString([(-5000, 0), (5000, 0)]), LineString([(-5000, 10), (5000, 10)]).reverse())
    assert in_city("greenway_cover_by_layer", residential_land=land, greenway=path.iloc[:1]) == near(2000 * 500)
    assert in_city("greenway_cover_by_layer", residential_land=land, greenway=path) == near(2000 * 510)


def test_parks_serve_five_hundred_metres_from_half_a_hectare_and_three_hundred_from_a_fifth() -> None:
    parks = layer(box(0, 0, 100, 100), box(0, 3000, 50, 3050), box(0, -3000, 40, -2960))
    land = layer(box(200, 0, 1000, 100), box(100, 3000, 1000, 3050), box(50, -3000, 500, -2960))
    # 400 m of a strip of 100 m; 250 m of one of 50 m; 1,600 m² are no park that serves.
    assert in_city("park_cover_by_layer", residential_land=land, park=parks) == near(400 * 100 + 250 * 50)


def test_a_park_beyond_the_line_serves_land_within_it_and_land_beyond_is_not_counted() -> None:
    land = layer(box(5700, 0, 6900, 100))
    park = layer(box(6100, -500, 6200, 600))
    # From x = 6,100 it reaches 5,600: all 300 m of the strip up to the border.
    assert in_city("park_cover_by_layer", residential_land=land, park=park) == near(300 * 100)


def test_on_foot_a_park_serves_along_the_roads_round_the_corner() -> None:
    # 300 m to the corner, 200 m up, and 50 m beside; the land begins at 100 m up. Beyond the end a half circle.
    road = layer(LineString([(0, 0), (300, 0), (300, 1000)]), road_class=["branch"])
    park = layer(box(-100, -100, 0, 100))
    land = layer(box(200, 100, 400, 1000))
    served = in_city("park_walk_by_layer", residential_land=land, park=park, road=road)
    assert served == near(100 * 100 + math.pi * 50**2 / 2)
    assert in_city("park_walk_by_layer", residential_land=land, park=park, road=road.iloc[:0]) == 0


def test_communities_with_a_shop_an_elderly_station_or_a_charging_pile_in_them() -> None:
    blocks = layer(box(0, 0, 100, 100), box(100, 0, 200, 100), box(200, 0, 300, 100), box(7000, 0, 7100, 100))
    inside = layer(Point(50, 50), Point(60, 60), Point(250, 50), Point(7050, 50), Point(900, 900))
    assert in_city("communities_by_layer", community=blocks) == 3
    for code, kind in (
        ("shop_cover_by_layer", "community_shop"),
        ("elderly_cover_by_layer", "elderly_station"),
        ("low_carbon_cover_by_layer", "low_carbon_facility"),
    ):
        assert in_city(code, community=blocks, **{kind: inside}) == 2


def test_a_complete_community_has_all_five_facilities_within_three_hundred_metres() -> None:
    blocks = layer(box(0, 0, 100, 100), box(2000, 0, 2100, 100))
    near_both = layer(Point(-290, 50), Point(2390, 50))
    first_only = layer(Point(50, 390), Point(2050, 410), children=[90, 90], inclusive=[True, False])
    others = dict.fromkeys(("community_shop", "elderly_station", "community_health_station"), near_both)
    sports = layer(box(0, 150, 40, 170), box(2000, 150, 2040, 170))
    found = in_city(
        "complete_communities_by_layer", community=blocks, kindergarten=first_only, sports_ground=sports, **others
    )
    assert found == 1


def test_children_in_inclusive_and_in_all_kindergartens() -> None:
    schools = layer(
        Point(0, 0), box(5, 5, 50, 50), Point(7000, 0), children=[120, 90, 300], inclusive=[True, False, True]
    )
    every = measured("kindergarten_children_by_layer", units(city=CITY), kindergarten=schools)
    assert (every.unit, every.values) == ("人", {"city": 210})
    assert in_city("inclusive_children_by_layer", kindergarten=schools) == 120


def test_the_area_of_sports_grounds_and_of_shelters() -> None:
    grounds = layer(box(0, 0, 28, 15), box(100, 0, 200, 50), box(5950, 0, 6050, 100))
    assert in_city("sports_area_by_layer", sports_ground=grounds) == near(420 + 5000 + 5000)
    assert in_city("shelter_area_by_layer", shelter=grounds) == near(420 + 5000 + 5000)


def test_waterlogging_points_are_counted_whatever_their_shape() -> None:
    points = layer(Point(0, 0), MultiPoint([(10, 10), (20, 20)]), box(30, 30, 60, 60), Point(6500, 0))
    assert in_city("waterlogging_by_layer", waterlogging_point=points) == 3


def test_hospitals_of_grade_two_and_above_serve_four_kilometres() -> None:
    hospitals = layer(Point(0, 0), Point(5500, 5500), Point(0, 1), grade=[3, 1, 2])
    land = layer(box(-6000, -6000, 6000, 6000))
    # Two circles a metre apart: one and a strip of a metre by the diameter.
    expected = math.pi * 4000**2 + 8000
    assert in_city("hospital_cover_by_layer", construction_land=land, hospital=hospitals) == near(expected)


def test_fire_stations_cover_seven_and_four_square_kilometres() -> None:
    stations = layer(Point(-3000, 0), Point(3000, 0), station_class=["standard", "small"])
    land = layer(box(-6000, -6000, 6000, 6000))
    # 1,493 m and 1,128 m: π r² is 7.003 and 3.997 km².
    expected = math.pi * (1493**2 + 1128**2)
    assert in_city("fire_cover_by_layer", construction_land=land, fire_station=stations) == near(expected)
    assert expected == pytest.approx(11e6, rel=1e-3)


def test_two_fire_stations_side_by_side_cover_the_lens_between_them_once() -> None:
    stations = layer(Point(-500, 0), Point(500, 0), station_class=["standard", "standard"])
    land = layer(box(-6000, -6000, 6000, 6000))
    r, apart = 1493, 1000
    lens = 2 * r**2 * math.acos(apart / (2 * r)) - apart / 2 * math.sqrt(4 * r**2 - apart**2)
    expected = 2 * math.pi * r**2 - lens
    assert in_city("fire_cover_by_layer", construction_land=land, fire_station=stations) == near(expected)


def test_a_fire_engine_reaches_in_five_minutes_what_the_class_of_road_lets_it() -> None:
    # Main road east and west at 40 km/h: 3,333.3 m. North a branch at 25 km/h from x = 2,000: 2 minutes left, 833.3 m.
    roads = layer(
        LineString([(-6000, 0), (6000, 0)]), LineString([(2000, -10), (2000, 4000)]), road_class=["main", "branch"]
    )
    station = layer(Point(0, 0), station_class=["standard"])
    strip = layer(box(-6000, -100, 6000, 100))
    # The strip is 200 m wide; beyond both ends 200 m beside the end: a circle cut at ±100 m.
    cap = 100 * math.sqrt(200**2 - 100**2) + 200**2 * math.asin(0.5)
    reach = 40 / 60 * 5 * 1000
    given = {"fire_station": station, "road": roads}
    assert in_city("fire_reach_by_layer", construction_land=strip, **given) == near(2 * reach * 200 + 2 * cap)
    north = layer(box(1800, 500, 2200, 4000))
    left = (5 - 2000 / (40 / 60 * 1000)) * 25 / 60 * 1000
    expected = (left - 500) * 400 + math.pi * 200**2 / 2
    assert in_city("fire_reach_by_layer", construction_land=north, **given) == near(expected)


def test_a_fire_station_beside_no_road_reaches_nothing() -> None:
    roads = layer(LineString([(-6000, 0), (6000, 0)]), road_class=["main"])
    land = layer(box(-6000, -100, 6000, 100))
    station = layer(Point(0, 900), station_class=["small"])
    assert in_city("fire_reach_by_layer", construction_land=land, fire_station=station, road=roads) == 0


def test_an_engine_takes_no_path_and_nobody_goes_along_a_road_that_is_not_there() -> None:
    line, land = LineString([(0, 0), (3000, 0)]), layer(box(-6000, -50, 6000, 50))
    station, park = layer(Point(0, 0), station_class=["standard"]), layer(box(-200, -1, 0, 1))

    def reached(road_class: str) -> tuple[float, float]:
        roads = layer(line, road_class=[road_class])
        driven = in_city("fire_reach_by_layer", construction_land=land, fire_station=station, road=roads)
        walked = in_city("park_walk_by_layer", residential_land=land, park=park, road=roads)
        return driven, walked

    assert reached("path") == (0, reached("main")[1]) and reached("main")[1] > 500 * 100
    assert reached("planned") == (0, 0)
    assert min(reached("expressway")) > 0


def test_paths_and_roads_not_there_yet_or_no_more_are_no_road_length() -> None:
    classes = ["expressway", "main", "secondary", "branch", "other", "path", "planned"]
    roads = layer(*[LineString([(0, 100 * n), (1000 * 2**n / 32, 100 * n)]) for n in range(7)], road_class=classes)
    assert in_city("road_length_by_layer", road=roads) == near((2**5 - 1) / 32)


def test_road_length_within_the_built_up_area_for_the_density_of_the_network() -> None:
    roads = layer(
        LineString([(0, 0), (3000, 0)]),
        LineString([(5000, 0), (8000, 0)]),
        LineString([(0, 50), (0, 550)]),
        LineString([(0, 50), (0, 550)]),
        road_class=["main", "branch", "other", "other"],
    )
    # 3 km, 1 km of the one that leaves the city, 0.5 km that is handed in twice.
    found = measured("road_length_by_layer", units(city=CITY), road=roads)
    assert found.unit == "公里" and found.values["city"] == near(4.5)
    assert in_city("classified_roads_by_layer", road=roads) == near(4.0)


def test_floor_area_of_cultural_buildings() -> None:
    buildings = layer(Point(0, 0), box(0, 0, 50, 50), Point(9000, 0), floor_area_m2=[12_000, 3_500.5, 80_000])
    found = measured("cultural_area_by_layer", units(district=CITY), cultural_building=buildings)
    assert (found.unit, found.values) == ("平方米", {"district": 15_500.5})


def test_historic_districts_and_those_repaired_in_five_years() -> None:
    districts = layer(box(0, 0, 300, 300), box(400, 0, 700, 300), box(900, 0, 999, 99), repaired=[True, False, True])
    assert in_city("historic_districts_by_layer", historic_district=districts) == 3
    assert in_city("historic_repaired_by_layer", historic_district=districts) == 2


def test_a_feature_on_the_border_counts_once_in_the_unit_that_a_point_inside_it_lies_in() -> None:
    where = units(west=box(-6000, -6000, 0, 6000), east=box(0, -6000, 6000, 6000), nowhere=None)
    districts = layer(box(-100, 0, 300, 300), box(-300, 500, 100, 900))
    found = measured("historic_districts_by_layer", where, historic_district=districts)
    assert found.values == {"west": 1, "east": 1}


def test_a_layer_that_was_handed_in_and_is_empty_gives_zero() -> None:
    land = layer(box(0, 0, 100, 100))
    assert in_city("park_cover_by_layer", residential_land=land, park=land.iloc[:0]) == 0
    assert in_city("park_cover_by_layer", residential_land=land.iloc[:0], park=land) == 0
    assert in_city("road_length_by_layer", road=land.iloc[:0]) == 0
    assert in_city("kindergarten_children_by_layer", kindergarten=land.iloc[:0]) == 0
    assert in_city("dense_land_by_layer", population_plot=land.iloc[:0]) == 0
    assert in_city("hospital_cover_by_layer", construction_land=land, hospital=land.iloc[:0]) == 0
    station, road = (
        layer(Point(0, 0), station_class=["small"]),
        layer(LineString([(0, 0), (9, 9)]), road_class=["main"]),
    )
    for stations, roads in ((station, road.iloc[:0]), (station.iloc[:0], road)):
        assert in_city("fire_reach_by_layer", construction_land=land, fire_station=stations, road=roads) == 0


def test_without_a_unit_nothing_is_measured() -> None:
    assert measured("communities_by_layer", units(city=None), community=layer(box(0, 0, 1, 1))).values == {}
