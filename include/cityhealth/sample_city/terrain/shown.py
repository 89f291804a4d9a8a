"""What the layers and scenes are drawn to show, beside what departments report of the same year."""

from __future__ import annotations

import random
from collections.abc import Mapping

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city.figures import Figures

BUILT_UP = "140500-BUA"
DISTRICT = "140502"

#: Where map and report part ways, as the map's share of the reported figure. The department counts parks that are not
#: open yet and a cultural centre that is not finished; it leaves out flooded spots that its map has.
PARTED: Mapping[str, float] = {
    "park_served_residential_land": 0.86,
    "cultural_building_area": 0.88,
    "waterlogging_points": 1.15,
}
#: All others agree as well as two hands ever do.
_AGREED = (0.98, 1.015)


class Shown:
    """What the map shall show of an item in the year that the examination looks at, in the item's unit."""

    def __init__(self, catalogue: Catalogue, year: int, seed: int) -> None:
        self._figures = Figures(catalogue, year, seed)
        self._period = str(catalogue.examination(year).period_start.year)
        self._integer = {item.code for item in catalogue.items if item.integer}
        self._seed = seed

    def reported(self, item: str, area: str = BUILT_UP) -> float:
        """The figure that departments report; KeyError for an item that the catalogue does not know."""
        return self._figures.of((item, area, self._period))

    def of(self, item: str, area: str = BUILT_UP) -> float:
        """Counts are those reported, quantities a percent or two beside them, those of PARTED well beside them."""
        reported = self.reported(item, area)
        if item in PARTED:
            value = reported * PARTED[item]
        elif item in self._integer:
            return reported
        else:
            value = reported * random.Random(f"{self._seed}|shown|{item}|{area}").uniform(*_AGREED)
        return float(round(value)) if item in self._integer else value
