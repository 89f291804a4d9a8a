"""All rows with their places, and the indexes that several rules need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from cityhealth.catalogue.catalogue import fold
from cityhealth.catalogue.measures import Measure, measure
from cityhealth.catalogue.reading import Placed, Tables
from cityhealth.catalogue.rows import Area, Examination, Indicator, Item, Target, Unit


class Book:
    """The typed tables of one catalogue; rules read, never change it."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    @property
    def indicators(self) -> Iterable[Placed[Indicator]]:
        return self.tables["indicators.csv"]

    @property
    def items(self) -> Iterable[Placed[Item]]:
        return self.tables["items.csv"]

    @property
    def targets(self) -> Iterable[Placed[Target]]:
        return self.tables["targets.csv"]

    @property
    def areas(self) -> Iterable[Placed[Area]]:
        return self.tables["areas.csv"]

    @property
    def units(self) -> Iterable[Placed[Unit]]:
        return self.tables["units.csv"]

    @property
    def examinations(self) -> Iterable[Placed[Examination]]:
        return self.tables["examination.csv"]

    @cached_property
    def item(self) -> Mapping[str, Item]:
        return {placed.row.code: placed.row for placed in self.items}

    @cached_property
    def _unit(self) -> Mapping[str, Unit]:
        return {fold(name): p.row for p in self.units for name in (*p.row.aliases, p.row.unit)}

    @cached_property
    def _parents(self) -> Mapping[str, set[str]]:
        parents: dict[str, set[str]] = {}
        for placed in self.areas:
            parents.setdefault(placed.row.code, set()).update([placed.row.parent_code or ""])
        return parents

    def measure(self, unit: str) -> Measure | None:
        """What a unit measures; None where it, or a part of it, is not in ``units.csv``."""
        return measure(unit, lambda name: self._unit.get(fold(name)))

    def lies_in(self, code: str, ancestor: str) -> bool:
        """Whether an area is, at any depth, a part of another."""
        above, seen = {code}, set[str]()
        while above := set().union(*(self._parents.get(c, set()) for c in above)) - seen:
            if ancestor in above:
                return True
            seen |= above
        return False

    def column(self, file: str, name: str) -> set[Any]:
        """All values of one column."""
        return {getattr(placed.row, name) for placed in self.tables[file]}
