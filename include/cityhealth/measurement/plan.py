"""Which measurements an arrival brings about, and from which layers and scenes: pure, and a matter of receipt alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cityhealth.catalogue import Area, Catalogue, Measurement


@dataclass(frozen=True)
class Source:
    """An accepted layer or scene of one kind: who brought it, when, and by which judgement it stands.

    ``valid_on`` is the date of the manifest; ``origin`` its 来源 in words; ``features`` (tiles) were accepted of it and
    ``refused`` not.
    """

    feed: str
    kind: str
    valid_on: date
    arrival_id: str
    received_at: datetime
    gate_run_id: str
    filename: str
    sha256: str
    origin: str
    features: int = 0
    refused: int = 0

    @property
    def received(self) -> tuple[datetime, str]:
        """The order of receipt."""
        return self.received_at, self.arrival_id


@dataclass(frozen=True)
class Plan:
    """One measurement for one year. ``sources``: kind → what it is measured from, None where there is none;
    ``kind_names``: kind → its Chinese name.

    ``earlier``: of imagery, the latest scene of the measured kind of a year before, for comparisons in time.
    ``more``: of movement data, the arrivals before the last one that count as well.
    """

    measurement: Measurement
    year: int
    areas: tuple[Area, ...]
    kind_names: Mapping[str, str]
    sources: Mapping[str, Source | None]
    earlier: Source | None
    more: tuple[Source, ...] = ()

    @property
    def measured(self) -> Source | None:
        """The layer or scene that is measured; its date gives the year."""
        return self.sources[self.measurement.layer_kinds[0]]

    @property
    def missing_zh(self) -> str:
        """The names of the kinds of which there is nothing up to the end of the year; empty where all are there."""
        return "、".join(self.kind_names[kind] for kind, source in self.sources.items() if source is None)


def plans(arrival_id: str, sources: Sequence[Source], catalogue: Catalogue) -> Iterator[Plan]:
    """What is to be measured because ``arrival_id`` came, as of its receipt.

    A measurement is made for each year of which a layer (scene) of its first kind was received by then. Of each kind
    the source with the latest date up to the end of that year counts, of equal dates the one received last. Only what
    uses something of this arrival is its business: the rest stands as measured before.
    """
    own = [source for source in sources if source.arrival_id == arrival_id]
    if not own:
        return
    moment = own[0].received
    known = [source for source in sources if source.received <= moment]
    items = {item.code: item for item in catalogue.items}
    names = {kind.code: kind.name_zh for kind in catalogue.layer_kinds}
    for measurement in catalogue.measurements:
        years = {source.valid_on.year for source in known if source.kind == measurement.layer_kinds[0]}
        for year in sorted(years):
            end = date(year, 12, 31)
            chosen = {kind: latest(known, kind, end) for kind in measurement.layer_kinds}
            measured = chosen[measurement.layer_kinds[0]]
            assert measured is not None, "the year comes from one"
            earlier = _before(known, measured) if measurement.feed == "imagery" else None
            if any(source in own for source in (*chosen.values(), earlier)):
                areas = tuple(catalogue.scope(items[measurement.item_code], end))
                yield Plan(measurement, year, areas, names, chosen, earlier)


def latest(known: Sequence[Source], kind: str, end: date) -> Source | None:
    """The source of a kind with the latest date up to ``end``; of equal dates the one received last."""
    fitting = [source for source in known if source.kind == kind and source.valid_on <= end]
    return max(fitting, key=lambda source: (source.valid_on, *source.received), default=None)


def _before(known: Sequence[Source], measured: Source) -> Source | None:
    # Of a year before: a second scene of the same year must not turn the growth of a year into that of a month.
    year = measured.valid_on.year
    fitting = [source for source in known if source.kind == measured.kind and source.valid_on.year < year]
    return max(fitting, key=lambda source: (source.valid_on, *source.received), default=None)
