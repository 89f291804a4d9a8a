"""Which movement data a year's values are summed up from: pure, and a matter of receipt alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cityhealth.catalogue import Catalogue, LayerKind
from cityhealth.hashing import stable_id
from cityhealth.measurement.ground import DRAWN
from cityhealth.measurement.plan import Plan, Source, latest
from cityhealth.measurement.rows import inputs_hash


@dataclass(frozen=True)
class Part:
    """An accepted file of a partition, in the store under ``store_key``; ``brought`` is the arrival it came by."""

    provider: str
    day: date
    store_key: str
    people_per_device: float | None
    brought: Source

    @property
    def partition(self) -> tuple[str, str, date]:
        return self.brought.kind, self.provider, self.day


@dataclass(frozen=True)
class Day:
    """A partition in force: the accepted parts of the arrival that brought it last."""

    provider: str
    day: date
    store_keys: tuple[str, ...]
    people_per_device: float | None


@dataclass(frozen=True)
class MovementPlan:
    """All that is measured of one kind of movement data for one year. ``plans`` have one set of sources."""

    kind: LayerKind
    year: int
    days: tuple[Day, ...]
    plans: tuple[Plan, ...]

    def inputs(self, areas_sha256: str) -> str:
        """Equal hashes: the same days by the same rules over the same boundaries."""
        said = [f"{day.provider}/{day.day}/{day.store_keys}/{day.people_per_device}" for day in self.days]
        return stable_id(inputs_hash(self.plans, areas_sha256), repr(sorted(self.kind.parameters.items())), *said)


def movement_plans(
    arrival_id: str, moment: tuple[datetime, str], parts: Sequence[Part], layers: Sequence[Source], catalogue: Catalogue
) -> Iterator[MovementPlan]:
    """What is to be summed up (again) because ``arrival_id`` came, received at ``moment``: of each kind and year of
    which it brought a day, or for which it brought the boundary that the city draws itself."""
    known = [part for part in parts if part.brought.received <= moment]
    drawn = [source for source in layers if source.received <= moment and source.kind in DRAWN.values()]
    if arrival_id not in {source.arrival_id for source in (*(part.brought for part in known), *drawn)}:
        return
    kinds = {kind.code: kind for kind in catalogue.layer_kinds}
    in_force = _in_force(known)
    for code, year in sorted({(part.brought.kind, part.day.year) for part in in_force}):
        of_year = [part for part in in_force if (part.brought.kind, part.day.year) == (code, year)]
        plans = tuple(_plans(code, year, of_year, drawn, catalogue))
        used = {source.arrival_id for plan in plans for source in (*plan.sources.values(), *plan.more) if source}
        if arrival_id in used:
            yield MovementPlan(kinds[code], year, tuple(_days(of_year)), plans)


def _in_force(known: Iterable[Part]) -> list[Part]:
    """The accepted parts of each partition that were received last."""
    newest: dict[tuple[str, str, date], tuple[datetime, str]] = {}
    known = list(known)
    for part in known:
        newest[part.partition] = max(newest.get(part.partition, part.brought.received), part.brought.received)
    return [part for part in known if part.brought.received == newest[part.partition]]


def _days(parts: Sequence[Part]) -> Iterator[Day]:
    grouped: dict[tuple[str, date], list[Part]] = {}
    for part in parts:
        grouped.setdefault((part.provider, part.day), []).append(part)
    for (provider, day), own in sorted(grouped.items()):
        yield Day(provider, day, tuple(sorted({part.store_key for part in own})), own[0].people_per_device)


def _plans(
    code: str, year: int, parts: Sequence[Part], drawn: Sequence[Source], catalogue: Catalogue
) -> Iterator[Plan]:
    brought = sorted({part.brought for part in parts}, key=lambda source: source.received)
    end = date(year, 12, 31)
    items: Mapping = {item.code: item for item in catalogue.items}
    names = {kind.code: kind.name_zh for kind in catalogue.layer_kinds}
    for measurement in catalogue.measurements:
        if measurement.layer_kinds[0] == code:
            others = {kind: latest(drawn, kind, end) for kind in measurement.layer_kinds[1:]}
            areas = tuple(catalogue.scope(items[measurement.item_code], end))
            yield Plan(measurement, year, areas, names, {code: brought[-1], **others}, None, tuple(brought[:-1]))
