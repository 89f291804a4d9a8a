"""What the figures of a city's self-checks can be about, from its catalogue."""

from __future__ import annotations

from cityhealth.catalogue import Catalogue, Examination
from cityhealth.self_checks.duties import indicators_of
from cityhealth.self_checks.figures import FigureReader
from cityhealth.self_checks.names import Named

#: A county's name of so many characters means it alone; 城区 may as well mean the whole town.
_SHORTEST_AREA = 3


def subjects_of(catalogue: Catalogue, examination: Examination) -> list[Named]:
    """The indicators of an examination, then the items that departments report for them."""
    indicators = [indicator for indicator in indicators_of(catalogue, examination) if indicator.unit]
    items = [item for item in catalogue.items if item.role == "measure" and item.feed == "departmental"]
    return [
        *(Named("indicator", indicator.code, indicator.name_zh, indicator.unit) for indicator in indicators),
        *(Named("item", item.code, item.name_zh, item.unit) for item in items),
    ]


def reader_of(catalogue: Catalogue, examination: Examination) -> FigureReader:
    """The reader of figures for one examination."""
    day = examination.period_end
    areas = {
        area.name_zh: area.code
        for area in catalogue.areas_valid_at(day, "county")
        if len(area.name_zh) >= _SHORTEST_AREA
    }
    return FigureReader(subjects_of(catalogue, examination), catalogue.units, areas, examination.period_start.year)
