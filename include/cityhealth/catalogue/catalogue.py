"""The catalogue as the rest of the program sees it: typed rows and the look-ups over them."""

from __future__ import annotations

import hashlib
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from cityhealth.catalogue.reading import Placed, Tables, read_table, read_tables
from cityhealth.catalogue.rows import (
    FILES,
    Area,
    Campaign,
    Comparability,
    Correction,
    Department,
    Dimension,
    Examination,
    Grading,
    Indicator,
    Item,
    LayerKind,
    Level,
    Measurement,
    Peer,
    ProblemRule,
    ProblemTheme,
    Publication,
    Responsibility,
    Row,
    SourcePriority,
    Station,
    SystemPart,
    Target,
    Unit,
    WarningRule,
    WorkBlock,
)
from cityhealth.errors import CatalogueError
from cityhealth.periods import Period

T = TypeVar("T")

OFFICIAL_SYSTEM = "mohurd"


class Duty(NamedTuple):
    """One value that a department owes: an item, for an area and a period."""

    item: Item
    area: Area
    period: Period


@dataclass(frozen=True)
class Catalogue:
    """All rows of one city's catalogue, in the order of the files, as they were known on one day.

    Names are looked up with width, case and white space folded (NFKC).
    """

    dimensions: tuple[Dimension, ...]
    indicators: tuple[Indicator, ...]
    items: tuple[Item, ...]
    targets: tuple[Target, ...]
    departments: tuple[Department, ...]
    areas: tuple[Area, ...]
    work_blocks: tuple[WorkBlock, ...]
    responsibilities: tuple[Responsibility, ...]
    gradings: tuple[Grading, ...]
    unit_rows: tuple[Unit, ...]
    source_priorities: tuple[SourcePriority, ...]
    corrections: tuple[Correction, ...]
    examinations: tuple[Examination, ...]
    campaigns: tuple[Campaign, ...]
    problem_themes: tuple[ProblemTheme, ...]
    layer_kinds: tuple[LayerKind, ...]
    measurements: tuple[Measurement, ...]
    stations: tuple[Station, ...]
    warning_rules: tuple[WarningRule, ...]
    peers: tuple[Peer, ...]
    system_parts: tuple[SystemPart, ...]
    comparabilities: tuple[Comparability, ...]
    publications: tuple[Publication, ...]
    problem_rules: tuple[ProblemRule, ...]
    catalogue_hash: str = field(repr=False)

    @cached_property
    def units(self) -> Mapping[str, Unit]:
        """Unit rows by their name, as :mod:`cityhealth.quantities` wants them."""
        return {row.unit: row for row in self.unit_rows}

    def item(self, name: str) -> Item | None:
        """The item of a code or a Chinese name."""
        return self._items.get(fold(name))

    def department(self, name: str) -> Department | None:
        """The department of a code, a name or an alias."""
        return self._departments.get(fold(name))

    def unit(self, name: str) -> Unit | None:
        """The unit of a name or an alias."""
        return self._units.get(fold(name))

    def indicator(self, code: str, year: int, system: str = OFFICIAL_SYSTEM) -> Indicator | None:
        """The indicator of a code in one year of a system."""
        return self._indicators.get((system, year, code))

    def target(self, indicator: Indicator, kind: str = "target") -> Target | None:
        """What an indicator is held against, or None where nothing was published."""
        key = (indicator.system, indicator.year, indicator.code, kind)
        return next((t for t in self.targets if (t.system, t.year, t.code, t.kind) == key), None)

    def layer_kind(self, code: str) -> LayerKind | None:
        """The kind of layer of a code."""
        return next((kind for kind in self.layer_kinds if kind.code == code), None)

    def area(self, name: str, day: date) -> Area | None:
        """The area of a code or a Chinese name that exists on ``day``; None too where several have that name."""
        found = [area for area in self._areas.get(fold(name), ()) if area.is_valid_at(day)]
        return found[0] if len(found) == 1 else None

    def areas_valid_at(self, day: date, level: Level | None = None) -> list[Area]:
        """The areas (of one level) that exist on ``day``."""
        return [area for area in self.areas if area.is_valid_at(day) and level in (None, area.level)]

    def examination(self, year: int, system: str = OFFICIAL_SYSTEM) -> Examination:
        """The examination of a year. Raises CatalogueError where there is none."""
        for examination in self.examinations:
            if (examination.system, examination.year) == (system, year):
                return examination
        raise CatalogueError(f"examination.csv 中没有 {system} {year} 年的体检")

    def duty_list(self, department_code: str, year: int | None = None, system: str = OFFICIAL_SYSTEM) -> list[Duty]:
        """What a department owes for the examination of ``year`` (None: the latest), in the order of ``items.csv``.

        Every departmental item it owns × the areas of its scope that exist at the period's end × its years.
        Raises CatalogueError where there is no such examination.
        """
        latest = max((e.year for e in self.examinations if e.system == system), default=0)
        examination = self.examination(latest if year is None else year, system)
        owned = (i for i in self.items if i.feed == "departmental" and i.department_code == department_code)
        return [duty for item in owned for duty in self._duties(item, examination)]

    def _duties(self, item: Item, examination: Examination) -> Iterable[Duty]:
        for offset in item.period_offsets:
            period = Period.year(examination.period_start.year + offset)
            for area in self.scope(item, period.end):
                yield Duty(item, area, period)

    def scope(self, item: Item, day: date) -> list[Area]:
        """The areas for which an item is asked, as they exist on ``day``."""
        existing = self.areas_valid_at(day)
        if item.area_scope.startswith("level:"):
            return [area for area in existing if f"level:{area.level}" == item.area_scope]
        return [area for area in existing if area.code == item.area_scope]

    @cached_property
    def _items(self) -> Mapping[str, Item]:
        return _unambiguous((name, item) for item in self.items for name in (item.code, item.name_zh))

    @cached_property
    def _departments(self) -> Mapping[str, Department]:
        return _unambiguous((name, d) for d in self.departments for name in (d.code, d.name_zh, *d.aliases))

    @cached_property
    def _units(self) -> Mapping[str, Unit]:
        return _unambiguous((name, unit) for unit in self.unit_rows for name in (unit.unit, *unit.aliases))

    @cached_property
    def _indicators(self) -> Mapping[tuple[str, int, str], Indicator]:
        return {(i.system, i.year, i.code): i for i in self.indicators}

    @cached_property
    def _areas(self) -> Mapping[str, list[Area]]:
        found: dict[str, list[Area]] = {}
        for area in self.areas:
            for name in {fold(area.code), fold(area.name_zh)}:
                found.setdefault(name, []).append(area)
        return found


@dataclass(frozen=True)
class CatalogueHistory:
    """A city's catalogue with all that was ever known: ask it what was known on a day."""

    tables: Tables
    _by_changes: dict[int, Catalogue] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _days_of_change(self) -> list[date]:
        rows = [placed.row for file in FILES for placed in self.tables[file]]
        return sorted({day for row in rows for day in (row.known_from, row.known_until) if day is not None})

    def on(self, day: date) -> Catalogue:
        """The catalogue as it was known on ``day``; equal days of knowledge give one and the same object."""
        changes = bisect_right(self._days_of_change, day)
        if changes not in self._by_changes:
            self._by_changes[changes] = from_tables(self.tables, day)
        return self._by_changes[changes]


def load_history(seed_dir: Path) -> CatalogueHistory:
    """Read a city's catalogue with all its versions.

    Raises:
        CatalogueError: a file is missing or cannot be typed; the message lists every finding, ``place`` is the first's.
    """
    tables, findings = read_tables(seed_dir)
    if findings:
        listed = "\n".join(str(finding) for finding in findings)
        raise CatalogueError(f"目录 {seed_dir.name} 有 {len(findings)} 处问题：\n{listed}", findings[0].place)
    return CatalogueHistory(tables)


def load(seed_dir: Path, known_on: date | None = None) -> Catalogue:
    """Read a city's catalogue as it was known on a day (None: with all that ever becomes known).

    Raises:
        CatalogueError: as :func:`load_history`.
    """
    return from_tables(load_history(seed_dir).tables, known_on)


def load_campaigns(seed_dir: Path) -> tuple[Campaign, ...]:
    """The campaigns alone, with all that ever becomes known: a mistake in another file stops no schedule.

    Raises:
        CatalogueError: ``campaign.csv`` cannot be typed; ``place`` is the first finding's.
    """
    file = "campaign.csv"
    rows, findings = read_table((seed_dir / file).read_bytes(), file, Campaign)
    if findings:
        raise CatalogueError("\n".join(str(finding) for finding in findings), findings[0].place)
    return _known(rows, FILES[file][1], None)


def from_tables(tables: Tables, known_on: date | None = None) -> Catalogue:
    """The catalogue of typed rows; of several rows with one key the one that became known last stands."""
    rows = {file: _known(tables[file], FILES[file][1], known_on) for file in FILES}
    return Catalogue(
        dimensions=rows["dimensions.csv"],
        indicators=rows["indicators.csv"],
        items=rows["items.csv"],
        targets=rows["targets.csv"],
        departments=rows["departments.csv"],
        areas=rows["areas.csv"],
        work_blocks=rows["work_blocks.csv"],
        responsibilities=rows["responsibilities.csv"],
        gradings=rows["grading.csv"],
        unit_rows=rows["units.csv"],
        source_priorities=rows["source_priority.csv"],
        corrections=rows["corrections.csv"],
        examinations=rows["examination.csv"],
        campaigns=rows["campaign.csv"],
        problem_themes=rows["problem_themes.csv"],
        layer_kinds=rows["layer_kinds.csv"],
        measurements=rows["measurements.csv"],
        stations=rows["stations.csv"],
        warning_rules=rows["warning_rules.csv"],
        peers=rows["peers.csv"],
        system_parts=rows["systems.csv"],
        comparabilities=rows["comparability.csv"],
        publications=rows["publication.csv"],
        problem_rules=rows["problem_rules.csv"],
        catalogue_hash=_hash(rows),
    )


#: What is warned of, what goes out, and what other systems there are changes no judgement and no number: such a row
#: edited must not have years of readings judged again.
_JUDGE_NOTHING = {"peers.csv", "warning_rules.csv", "systems.csv", "comparability.csv", "publication.csv"}


def _hash(rows: Mapping[str, Iterable[Row]]) -> str:
    """sha256 over what the rows say: the same knowledge has the same hash, however the files spell it."""
    digest = hashlib.sha256()
    for file in sorted(set(rows) - _JUDGE_NOTHING):
        digest.update(f"{file}\x1e".encode())
        for row in rows[file]:
            # When and until when a row is known does not change what it says.
            said = [getattr(row, f.name) for f in fields(row) if f.name not in ("known_from", "known_until")]
            digest.update(f"{said!r}\x1f".encode())
    return digest.hexdigest()


def fold(name: str) -> str:
    """A name without what people write differently and mean alike: width, case, white space."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _known(placed: Iterable[Placed[Any]], key: tuple[str, ...], day: date | None) -> tuple[Any, ...]:
    latest: dict[tuple[Any, ...], Row] = {}
    for row in (p.row for p in placed):
        known_from = row.known_from or date.min
        if day is not None and not known_from <= day < (row.known_until or date.max):
            continue
        identity = tuple(getattr(row, column) for column in key)
        standing = latest.get(identity)
        if standing is None or known_from >= (standing.known_from or date.min):
            latest[identity] = row
    return tuple(latest.values())


def _unambiguous(pairs: Iterable[tuple[str, T]]) -> Mapping[str, T]:
    """Folded name → what it names; a name of two things names nothing."""
    found: dict[str, list[T]] = {}
    for name, named in pairs:
        known = found.setdefault(fold(name), [])
        if named not in known:
            known.append(named)
    return {name: named[0] for name, named in found.items() if len(named) == 1}
