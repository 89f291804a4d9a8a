"""Which cells of areas and groups are not published: those of few answers, and those that would give them away. Pure.

What is published of a subject is a table: the city and its areas, by everybody and by groups of each kind. Areas add up
to the city and groups to everybody, so that a hidden cell must not be what the published ones leave over. Three rules:

- fewer than ``LEAST`` answers are hidden;
- what is hidden in one sum together holds at least ``LEAST`` answers, and is more than one cell;
- no hidden cell follows from all sums taken together (none is fixed by their linear equations).

To keep the second and third, further cells are hidden, of those that would do the smallest ones (Cox, Suppression
Methodology and Statistical Disclosure Control, JASA 75 (1980); Willenborg and de Waal, Elements of Statistical
Disclosure Control, ch. 6).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

#: Of so many answers a cell is published.
LEAST = 5
EVERYBODY = "all"


class Cell(NamedTuple):
    """``area`` None: the whole city. ``kind`` :data:`EVERYBODY` has the one group of that name."""

    area: str | None
    kind: str
    group: str


class Sum(NamedTuple):
    """A cell, and those that add up to it."""

    whole: Cell
    parts: tuple[Cell, ...]


def sums(areas: Sequence[str], groups: Mapping[str, Sequence[str]]) -> Iterator[Sum]:
    """The sums of a table of these areas and kinds of groups."""
    kinds = [(EVERYBODY, (EVERYBODY,)), *groups.items()]
    for area in (None, *areas):
        for kind, names in groups.items():
            yield Sum(Cell(area, EVERYBODY, EVERYBODY), tuple(Cell(area, kind, name) for name in names))
    if areas:
        for kind, names in kinds:
            for name in names:
                yield Sum(Cell(None, kind, name), tuple(Cell(area, kind, name) for area in areas))


def hidden(
    answers: Mapping[Cell, int],
    areas: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    never: Sequence[str] = (),
    dominated: Collection[Cell] = (),
) -> dict[Cell, str]:
    """The cells that are not published, each with ``few``, ``dominated`` or ``complementary``.

    ``answers``: how many of each cell; one that is not there has none. ``never``: areas of which nothing is published
    anyway, such as that of respondents of whom no area is known. ``dominated``: those of enough answers in which a few
    weigh so much that the others do not count.
    """
    equations = list(sums(areas, groups))
    cells = list(dict.fromkeys(cell for equation in equations for cell in (equation.whole, *equation.parts)))
    cells = cells or [Cell(None, EVERYBODY, EVERYBODY)]
    count = {cell: answers.get(cell, 0) for cell in cells}
    found = {cell: "few" for cell in cells if count[cell] < LEAST or cell.area in never}
    found |= {cell: "dominated" for cell in cells if cell in dominated and cell not in found}
    while (equation := _must_hide_more(equations, found, count)) is not None:
        published = [cell for cell in _members(equation) if cell not in found]
        found[min(published, key=lambda cell: _loss(cell, equation, count))] = "complementary"
    return found


def _members(equation: Sum) -> tuple[Cell, ...]:
    return equation.whole, *equation.parts


def _must_hide_more(equations: Sequence[Sum], found: Mapping[Cell, str], count: Mapping[Cell, int]) -> Sum | None:
    """A sum with something published that gives a hidden cell away, by itself or together with all others."""
    open_sums = [equation for equation in equations if any(cell not in found for cell in _members(equation))]
    direct = next((equation for equation in open_sums if _gives_away(equation, found, count)), None)
    if direct is not None:
        return direct
    known = fixed(equations, found)
    return next((equation for cell in known for equation in open_sums if cell in _members(equation)), None)


def _loss(cell: Cell, equation: Sum, count: Mapping[Cell, int]) -> tuple[bool, bool, bool, int, Cell]:
    """What is lost with a cell: the city's own figures are given up last, then sums, then many answers."""
    everybody = cell.kind == EVERYBODY
    return cell.area is None and everybody, cell == equation.whole, everybody, count[cell], _sortable(cell)


def _sortable(cell: Cell) -> Cell:
    return Cell(cell.area or "", cell.kind, cell.group)


def _gives_away(equation: Sum, found: Mapping[Cell, str], count: Mapping[Cell, int]) -> bool:
    """Whether what is hidden in a published sum is one cell, or too few answers."""
    if equation.whole in found:
        return False
    parts = [cell for cell in equation.parts if cell in found]
    return bool(parts) and (len(parts) == 1 or sum(count[cell] for cell in parts) < LEAST)


def fixed(equations: Sequence[Sum], found: Mapping[Cell, str]) -> list[Cell]:
    """The hidden cells that follow from the published ones: those at which no solution of the equations is free."""
    unknown = list(found)
    if not unknown:
        return []
    number = {cell: place for place, cell in enumerate(unknown)}
    rows = []
    for equation in equations:
        row = np.zeros(len(unknown))
        if equation.whole in number:
            row[number[equation.whole]] = -1.0
        for cell in equation.parts:
            if cell in number:
                row[number[cell]] = 1.0
        if row.any():
            rows.append(row)
    if not rows:
        return []
    _, singular, directions = np.linalg.svd(np.array(rows))
    rank = int((singular > 1e-9 * singular.max()).sum())
    free = np.abs(directions[rank:]).max(axis=0, initial=0.0)
    return [cell for cell, freedom in zip(unknown, free, strict=True) if freedom < 1e-9]
