"""What the town has for its people: parks, stations, schools, shelters; each as a layer in the town's metres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from cityhealth.sample_city.terrain.placing import chosen, shared_out, within
from cityhealth.sample_city.terrain.shown import DISTRICT, Shown
from cityhealth.sample_city.terrain.town import Town

#: Parks: metres of a side, and how far a park of that size serves; the smallest serve nobody.
_PARKS = ((150.0, 500.0, 60), (58.0, 300.0, 20))
_POCKET_PARKS, _POCKET_SIDE_M = 6, 35.0
#: A square's side reaches this much further than its middle, on average of all directions.
_SIDE_IN_RADIUS = 0.56

_HOSPITAL_REACH_M = 4000.0
_GRADES = ("二级", "三级甲等", "二级甲等", "三级")
_SMALL_HOSPITALS = 6
#: Fire stations: class, how far it serves, how many.
_STATIONS = (("标准站", 1493.0, 8), ("小型站", 1128.0, 4))

#: Everything within so far makes a community complete; _GROUND_M is a ground's side.
_COMPLETE_REACH_M, _GROUND_M = 300.0, 70.0
_SHELTERS, _FOOTPRINT_M, _NEW_BUILDINGS, _TALL_M = 24, (42.0, 18.0), 60, 80.0
_CULTURE = ("图书馆", "博物馆", "文化馆", "科技馆", "剧院", "青少年宫", "美术馆", "群众艺术馆", "工人文化宫")


@dataclass(frozen=True)
class Services:
    """Draws them all from one town; every method is a layer. ``rng`` is used up in the order of the calls."""

    town: Town
    shown: Shown
    rng: np.random.Generator

    def parks(self) -> gpd.GeoDataFrame:
        points = self.town.points(self.town.residential)
        reaches, sides = [], []
        for side, radius, count in _PARKS:
            reaches += [within(self.town.middles, points, radius + _SIDE_IN_RADIUS * side)] * count
            sides += [side] * count
        share = self.town.share(self.town.residential, self.shown.of("park_served_residential_land"))
        sites = [*chosen(reaches, share), *self._any(self.town.construction, _POCKET_PARKS)]
        sides += [_POCKET_SIDE_M] * _POCKET_PARKS
        shapes = _squares_at(self.town.middles[sites], np.array(sides))
        return self.town.frame(shapes, name=[f"示例公园{n + 1}" for n in range(len(shapes))])

    def hospitals(self) -> gpd.GeoDataFrame:
        reach = within(self.town.middles, self.town.points(self.town.construction), _HOSPITAL_REACH_M)
        share = self.town.share(self.town.construction, self.shown.of("hospital_served_land"))
        sites = [*chosen([reach] * len(_GRADES), share), *self._any(self.town.construction, _SMALL_HOSPITALS)]
        grades = [*_GRADES, *["一级"] * _SMALL_HOSPITALS]
        names = [f"示例医院{n + 1}" for n in range(len(sites))]
        return self.town.frame(shapely.points(self.town.middles[sites]), name=names, 等级=grades)

    def fire_stations(self) -> gpd.GeoDataFrame:
        points = self.town.points(self.town.construction)
        reaches, classes = [], []
        for name, radius, count in _STATIONS:
            reaches += [within(self.town.middles, points, radius)] * count
            classes += [name] * count
        share = self.town.share(self.town.construction, self.shown.of("fire_station_served_land"))
        sites = chosen(reaches, share)
        names = [f"示例消防站{n + 1}" for n in range(len(sites))]
        return self.town.frame(shapely.points(self.town.middles[sites]), name=names, station_class=classes)

    def communities(self) -> gpd.GeoDataFrame:
        numbers = range(int(self.town.community.max()) + 1)
        shapes = [self.town.outline(self.town.community == number) for number in numbers]
        return self.town.frame(shapes, name=[f"示例社区{number + 1}" for number in numbers])

    def complete(self) -> int:
        """How many communities must have everything of their own, so that those that shall have it within reach.

        The next community's sports ground will do where it is near.
        """
        shapes = np.asarray(self.communities().geometry.array, dtype=object)
        grounds = shapely.points(self._hearts[self._well_off])
        near = shapely.distance(grounds[:, None], shapes[None, :]) <= _COMPLETE_REACH_M + _GROUND_M / 2
        reached = np.logical_or.accumulate(near, axis=0).sum(axis=1)
        return int(np.searchsorted(reached, self.shown.of("complete_communities"))) + 1

    def in_communities(self, count: float, more: int = 0) -> gpd.GeoDataFrame:
        """A point in each of the ``count`` communities that are best off, and ``more`` in the same ones.

        Who has one facility has the others, but for what is scarcer: that is how complete communities come about.
        """
        where = self._well_off[: int(count)]
        where = np.concatenate([where, self.rng.choice(where, more)])
        places = self._hearts[where] + self.rng.uniform(-0.15, 0.15, (len(where), 2)) * self.town.side
        names = [f"示例设施{n + 1}" for n in range(len(where))]
        return self.town.frame(shapely.points(places), name=names)

    def low_carbon(self) -> gpd.GeoDataFrame:
        """One in each of as many communities as reported, whichever else they have."""
        count = int(self.shown.of("communities_with_low_carbon_energy"))
        where = self.rng.permutation(len(self._hearts))[:count]
        return self.town.frame(shapely.points(self._hearts[where]), name=[f"示例充电站{n + 1}" for n in range(count)])

    def kindergartens(self, count: float, more: int = 24) -> gpd.GeoDataFrame:
        frame = self.in_communities(count, more)
        inclusive = np.zeros(len(frame), dtype=bool)
        children, of_inclusive = (
            self.shown.of(item) for item in ("kindergarten_children", "inclusive_kindergarten_children")
        )
        number = round(len(frame) * of_inclusive / children)
        inclusive[self.rng.permutation(len(frame))[:number]] = True
        heads = np.zeros(len(frame), dtype=np.int64)
        heads[inclusive] = shared_out(of_inclusive, number, self.rng)
        heads[~inclusive] = shared_out(children - of_inclusive, len(frame) - number, self.rng)
        return frame.assign(在园幼儿=heads, 普惠=np.where(inclusive, "是", "否"))

    def sports_grounds(self, count: int) -> gpd.GeoDataFrame:
        """One in the heart of each of the ``count`` communities that are best off."""
        middles = self._hearts[self._well_off[:count]]
        sizes = shared_out(self.shown.of("community_sports_area"), count, self.rng)
        names = [f"示例体育场地{n + 1}" for n in range(count)]
        return self.town.frame(_squares_at(middles, np.sqrt(sizes)), name=names)

    def shelters(self) -> gpd.GeoDataFrame:
        sites = self._any(self.town.construction, _SHELTERS)
        sizes = shared_out(self.shown.of("shelter_area"), _SHELTERS, self.rng)
        shapes = _squares_at(self.town.middles[sites], np.sqrt(sizes))
        return self.town.frame(shapes, 名称=[f"示例避难场所{n + 1}" for n in range(_SHELTERS)])

    def waterlogging_points(self) -> gpd.GeoDataFrame:
        count = int(self.shown.of("waterlogging_points"))
        corners = self.town.middles[self._any(self.town.construction, count)] + self.town.side * 0.45
        return self.town.frame(shapely.points(corners), name=[f"示例积水点{n + 1}" for n in range(count)])

    def cultural_buildings(self) -> gpd.GeoDataFrame:
        sites = self._any(self.town.construction & (self.town.district > 0.99), len(_CULTURE))
        floors = shared_out(self.shown.of("cultural_building_area", DISTRICT), len(_CULTURE), self.rng)
        names = [f"示例{name}" for name in _CULTURE]
        return self.town.frame(shapely.points(self.town.middles[sites]), name=names, floor_area_m2=floors)

    def new_buildings(self) -> gpd.GeoDataFrame:
        tall = int(self.shown.of("new_residential_over_80m"))
        count = max(_NEW_BUILDINGS, 2 * tall)
        middles = self.town.middles[self._any(self.town.residential, count)]
        half = np.array(_FOOTPRINT_M) / 2
        shapes = shapely.box(*(middles - half).T, *(middles + half).T)
        heights = np.append(
            self.rng.uniform(_TALL_M + 2, 118, tall), self.rng.uniform(18, _TALL_M - 2, count - tall)
        ).round(1)
        return self.town.frame(shapes, name=[f"示例住宅楼{n + 1}" for n in range(count)], height_m=heights)

    @cached_property
    def _hearts(self) -> NDArray[np.float64]:
        """The middle of the block of each community that is nearest to the community's middle."""
        middles, numbers = self.town.middles, self.town.community
        hearts = []
        for number in range(int(numbers.max()) + 1):
            own = middles[numbers == number]
            hearts.append(own[np.argmin(np.hypot(*(own - own.mean(axis=0)).T))])
        return np.array(hearts)

    @cached_property
    def _well_off(self) -> NDArray[np.int64]:
        """Communities, those about the old town first: outskirts wait longest for their facilities."""
        return np.argsort(np.hypot(*self._hearts.T), kind="stable")

    def _any(self, where: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
        return self.rng.permutation(np.flatnonzero(where))[:count]


def _squares_at(middles: NDArray[np.float64], sides: NDArray[np.float64]) -> NDArray[np.object_]:
    half = sides[:, None] / 2
    return shapely.box(*(middles - half).T, *(middles + half).T)
