"""What is not published cannot be worked out from what is: an attacker with exact arithmetic tries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings, strategies as st

from cityhealth.survey.suppression import EVERYBODY, LEAST, Cell, hidden, sums

Counts = dict[Cell, int]


def table(inner: Mapping[tuple[str, tuple[str, ...]], int], kinds: Sequence[str]) -> tuple[Counts, list[str], dict]:
    """The counts of all cells: ``inner`` has those of an area and one group of every kind."""
    areas = sorted({area for area, _ in inner})
    groups = {kind: sorted({names[place] for _, names in inner}) for place, kind in enumerate(kinds)}
    counts: Counts = {}
    for (area, names), number in inner.items():
        for place in (None, area):
            for kind, name in ((EVERYBODY, EVERYBODY), *zip(kinds, names, strict=True)):
                cell = Cell(place, kind, name)
                counts[cell] = counts.get(cell, 0) + number
    return counts, areas, groups


@st.composite
def tables(draw: st.DrawFn) -> tuple[Counts, list[str], dict]:
    kinds = draw(st.sampled_from([("age",), ("age", "sex")]))
    areas = [f"a{number}" for number in range(draw(st.integers(1, 5)))]
    names = [[f"{kind}{number}" for number in range(draw(st.integers(1, 4)))] for kind in kinds]
    combined: list[tuple[str, ...]] = [()]
    for own in names:
        combined = [(*before, name) for before in combined for name in own]
    few = draw(st.integers(1, 12))
    number = st.integers(0, few) | st.integers(0, 60)
    return table({(area, each): draw(number) for area in areas for each in combined}, kinds)


class Attacker:
    """Knows which cells there are, all published ones, and that areas and groups add up; solves in fractions."""

    def __init__(self, counts: Counts, areas: list[str], groups: dict, unknown: Mapping[Cell, str]) -> None:
        self.counts, self.unknown = counts, list(unknown)
        self.equations = list(sums(areas, groups))

    def worked_out(self) -> dict[Cell, Fraction]:
        """The hidden cells whose value follows, with that value."""
        place = {cell: number for number, cell in enumerate(self.unknown)}
        rows = []
        for equation in self.equations:
            row = [Fraction(0)] * (len(place) + 1)
            for cell, sign in ((equation.whole, -1), *((part, 1) for part in equation.parts)):
                if cell in place:
                    row[place[cell]] += sign
                else:
                    row[-1] -= sign * self.counts.get(cell, 0)
            rows.append(row)
        solved = _reduced(rows, len(place))
        found = {}
        for row in solved:
            free = [number for number, value in enumerate(row[:-1]) if value]
            if len(free) == 1:
                found[self.unknown[free[0]]] = row[-1] / row[free[0]]
        return found


def _reduced(rows: list[list[Fraction]], width: int) -> list[list[Fraction]]:
    """Gauss and Jordan."""
    rows, done = [list(row) for row in rows], 0
    for column in range(width):
        pivot = next((number for number in range(done, len(rows)) if rows[number][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        lead = rows[done][column]
        rows[done] = [value / lead for value in rows[done]]
        for number, row in enumerate(rows):
            if number != done and row[column]:
                factor = row[column]
                rows[number] = [value - factor * own for value, own in zip(row, rows[done], strict=True)]
        done += 1
    return rows


@settings(max_examples=250)
@given(tables())
def test_no_hidden_cell_follows_from_the_published_ones(made: tuple[Counts, list[str], dict]) -> None:
    counts, areas, groups = made
    found = hidden(counts, areas, groups)
    assert Attacker(counts, areas, groups, found).worked_out() == {}


@settings(max_examples=250)
@given(tables())
def test_what_a_published_sum_leaves_over_is_not_few(made: tuple[Counts, list[str], dict]) -> None:
    counts, areas, groups = made
    found = hidden(counts, areas, groups)
    assert {cell for cell, number in counts.items() if number < LEAST} <= found.keys()
    assert {cell for cell, why in found.items() if why == "few"} == {c for c in found if counts.get(c, 0) < LEAST}
    for equation in sums(areas, groups):
        left = [cell for cell in equation.parts if cell in found]
        if equation.whole not in found and left:
            # Everybody less one group, the city less one area: never a cell alone, never fewer than five.
            assert len(left) > 1
            assert counts[equation.whole] - sum(counts.get(c, 0) for c in equation.parts if c not in found) >= LEAST


@given(tables())
def test_where_no_cell_is_small_nothing_is_hidden(made: tuple[Counts, list[str], dict]) -> None:
    counts, areas, groups = made
    assert hidden({cell: number + LEAST for cell, number in counts.items()}, areas, groups) == {}


def test_one_small_cell_takes_three_others_with_it_and_the_sums_stay() -> None:
    counts, areas, groups = table(
        {("a", ("old",)): 3, ("a", ("young",)): 40, ("b", ("old",)): 20, ("b", ("young",)): 30, ("c", ("old",)): 50,
         ("c", ("young",)): 60}, ("age",),
    )  # fmt: skip
    found = hidden(counts, areas, groups)
    assert {(cell.area, cell.group): why for cell, why in found.items()} == {
        ("a", "old"): "few", ("a", "young"): "complementary", ("b", "old"): "complementary",
        ("b", "young"): "complementary",
    }  # fmt: skip


def test_everybody_less_a_group_gives_nobody_away_where_there_are_no_areas() -> None:
    counts, _, groups = table({("", ("old",)): 3, ("", ("young",)): 40}, ("age",))
    whole = {cell: number for cell, number in counts.items() if cell.area is None}
    found = hidden(whole, [], groups)
    assert found == {Cell(None, "age", "old"): "few", Cell(None, "age", "young"): "complementary"}


def test_of_those_without_an_area_nothing_is_published_and_the_city_does_not_give_them_away() -> None:
    counts, areas, groups = table({("", ("old",)): 2, ("a", ("old",)): 30, ("b", ("old",)): 20}, ("age",))
    found = hidden(counts, areas, groups, never=[""])
    # The city less a and b would be two people: one of the areas is given up.
    assert Cell("b", EVERYBODY, EVERYBODY) in found and Cell("a", EVERYBODY, EVERYBODY) not in found
    assert Cell(None, EVERYBODY, EVERYBODY) not in found


@pytest.mark.parametrize(("answers", "shown"), [(LEAST, True), (LEAST - 1, False)])
def test_five_answers_are_enough(answers: int, shown: bool) -> None:
    cell = Cell(None, EVERYBODY, EVERYBODY)
    assert (cell not in hidden({cell: answers}, [], {})) == shown
