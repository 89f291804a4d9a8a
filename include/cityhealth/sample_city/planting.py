"""What goes wrong inside the tables: each oddity looks for a row that it fits, wherever the catalogue has one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cityhealth import form
from cityhealth.catalogue import Catalogue, Item
from cityhealth.sample_city import spelling
from cityhealth.sample_city.drafts import Draft, Line
from cityhealth.sample_city.files import Oddity
from cityhealth.sample_city.grids import CellValue, Formula
from cityhealth.templates import FormRow

Drafts = Mapping[str, Draft]
Changes = Mapping[str, CellValue]


class NothingFits(LookupError):
    """No draft has a row for an oddity: the catalogue has become too small for the sample city."""


@dataclass(frozen=True)
class Spot:
    """A row to plant something in: its draft and place there, the row itself and the catalogue's item."""

    draft: Draft
    index: int
    row: FormRow
    item: Item

    @property
    def number(self) -> float:
        return self.draft.number(self.index)

    @property
    def line(self) -> Line:
        return self.draft.lines[self.index]


def spots(catalogue: Catalogue, drafts: Drafts, among: Sequence[str]) -> list[Spot]:
    """Every free row with a number, department by department in the order given."""
    items = {item.code: item for item in catalogue.items}
    return [
        Spot(drafts[code], index, row, items[row.item_code])
        for code in among
        for index, row in drafts[code].free_rows()
    ]


def plant(
    catalogue: Catalogue,
    drafts: Drafts,
    among: Sequence[str],
    oddity: Oddity,
    wanted: Callable[[Spot], bool],
    changes: Callable[[Spot], Changes] | None = None,
    *,
    rule: str | None = None,
    refused: int = 0,
    extra: Callable[[Spot], Line] | None = None,
) -> Drafts:
    """The drafts with ``oddity`` in the first row ``among`` those departments that is ``wanted``.

    Raises NothingFits.
    """
    spot = next((s for s in spots(catalogue, drafts, among) if wanted(s)), None)
    if spot is None:
        raise NothingFits(f"no row for {oddity.name}")
    code = spot.draft.department_code
    lines = [extra(spot)] if extra else []
    planted = spot.draft.planted(
        spot.index, oddity, changes(spot) if changes else {}, rule=rule, refused=refused, extra=lines
    )
    return {**drafts, code: planted}


def _set(**cells: CellValue) -> Callable[[Spot], Changes]:
    return lambda spot: cells


def _anything(spot: Spot) -> bool:
    return True


def _reported(spot: Spot) -> bool:
    """An indicator that can still be computed from its parts when this line is refused."""
    return spot.item.role == "reported_indicator"


def _large(spot: Spot) -> bool:
    return spot.number >= 10_000 and spot.row.unit[0] not in "万亿百千"


def spellings(catalogue: Catalogue, drafts: Drafts, among: Sequence[str], by_hand: Sequence[str]) -> Drafts:
    """Odd ways to write a right number; another unit only where the table is typed ``by_hand``."""
    for oddity, wanted, text in (
        (Oddity.FULL_WIDTH_DIGITS, lambda s: s.number >= 10, lambda s: spelling.full_width(s.number)),
        (Oddity.THOUSANDS_SEPARATORS, _large, lambda s: spelling.thousands(s.number)),
        (Oddity.MAGNITUDE_IN_CELL, _large, lambda s: spelling.in_ten_thousands(s.number)),
        (Oddity.PERCENT_IN_CELL, lambda s: s.row.unit == "%", lambda s: spelling.with_unit(s.number, "%")),
        (Oddity.UNIT_IN_CELL, _has_other_unit, lambda s: spelling.with_unit(s.number, s.row.unit)),
    ):
        drafts = plant(catalogue, drafts, among, oddity, wanted, _written(text))
    return plant(catalogue, drafts, by_hand, Oddity.OTHER_UNIT, _has_other_unit, _converted)


def _has_other_unit(spot: Spot) -> bool:
    return spot.row.unit in spelling.OTHER_UNITS


def _written(text: Callable[[Spot], str]) -> Callable[[Spot], Changes]:
    return lambda spot: {"value_text": text(spot)}


def _converted(spot: Spot) -> Changes:
    number, unit = spelling.in_other_unit(spot.number, spot.row.unit)
    return {"value_text": number, "unit_text": unit}


def absences(catalogue: Catalogue, drafts: Drafts, among: Sequence[str]) -> Drafts:
    """Marks of absence: one figure is really missing, the others' indicators can still be computed from their parts."""
    nothing = {"source_text": None, "method_text": None, "attachment_text": None, "remarks_text": "正在核实"}
    for word, wanted in (("暂无", _single_measure(catalogue)), ("—", _reported), ("/", _reported)):
        drafts = plant(catalogue, drafts, among, Oddity.BLANK_WORDS, wanted, _set(value_text=word, **nothing))
    changes = _set(
        value_text=None, state_text=form.STATES[0], **{**nothing, "remarks_text": "由第三方计算，本单位不填"}
    )
    return plant(catalogue, drafts, among, Oddity.NOT_APPLICABLE, _reported, changes)


def _single_measure(catalogue: Catalogue) -> Callable[[Spot], bool]:
    """A measure that just one indicator needs, in one area, and that is no other item's whole or part."""
    wholes = {item.whole_item for item in catalogue.items}

    def is_one(spot: Spot) -> bool:
        alone = spot.item.whole_item is None and spot.item.code not in wholes and ":" not in spot.item.area_scope
        return alone and spot.item.role == "measure" and len(spot.row.indicators) == 1

    return is_one


def evidence(catalogue: Catalogue, drafts: Drafts, among: Sequence[str]) -> Drafts:
    """Figures without source or without raw data: let through, with a warning."""
    for oddity, field, rule in (
        (Oddity.NO_SOURCE, "source_text", "source_and_method"),
        (Oddity.NO_EVIDENCE, "attachment_text", "evidence_attached"),
    ):
        drafts = plant(catalogue, drafts, among, oddity, _anything, _set(**{field: None}), rule=rule)
    return drafts


def unreadable_values(catalogue: Catalogue, drafts: Drafts, code: str) -> Drafts:
    """Formulas and texts that are no number, all in one department's first attempt."""
    wrong: tuple[tuple[Oddity, CellValue], ...] = (
        (Oddity.CACHED_ERROR, Formula("=1/0", "#DIV/0!")),
        (Oddity.NEVER_CALCULATED, Formula("=SUM(XFD1:XFD9)", None)),
        (Oddity.FORMULA_TEXT, "=cmd|'/c calc'!A1"),
        (Oddity.NOT_FINITE, "NaN"),
        (Oddity.NOT_FINITE, "inf"),
        (Oddity.NOT_FINITE, "1e308"),
    )
    for oddity, value in wrong:
        changes = _set(value_text=value)
        drafts = plant(catalogue, drafts, (code,), oddity, _anything, changes, rule="value_readable", refused=1)
    return drafts


def wrong_values(catalogue: Catalogue, drafts: Drafts, among: Sequence[str]) -> Drafts:
    """Readable, and refused or marked all the same."""
    single = _single_measure(catalogue)
    drafts = plant(
        catalogue,
        drafts,
        among,
        Oddity.OUT_OF_RANGE,
        lambda s: single(s) and s.item.max_value is not None,
        lambda s: {"value_text": _most(s.item) * 10},
        rule="hard_range",
        refused=1,
    )
    drafts = plant(
        catalogue,
        drafts,
        among,
        Oddity.PART_EXCEEDS_WHOLE,
        lambda s: len(s.row.indicators) == 1 and _whole(s) is not None and _too_large(s) <= _most(s.item),
        lambda s: {"value_text": _too_large(s)},
        rule="part_within_whole",
        refused=1,
    )
    drafts = plant(
        catalogue,
        drafts,
        among,
        Oddity.IMPLAUSIBLE,
        lambda s: single(s) and s.item.plausible_max is not None and _rare(s.item) <= _most(s.item),
        lambda s: {"value_text": _rare(s.item), "remarks_text": "已核对，口径与上年不同"},
        rule="plausible_range",
    )
    return plant(
        catalogue,
        drafts,
        among,
        Oddity.RATIO_DIFFERS,
        lambda s: _reported(s) and _recomputable(catalogue, s) and 5 < s.number < 90,
        lambda s: {"value_text": round(s.number * 1.04, 2)},
        rule="ratio_reproducible",
    )


def wrong_lines(catalogue: Catalogue, drafts: Drafts, among: Sequence[str]) -> Drafts:
    """Lines that should not be there, and a unit that nobody can convert."""
    foreign = next(draft.lines[0] for code, draft in drafts.items() if code not in among)
    unknown = {"item_text": "city_happiness", "item_name": "城市幸福指数"}
    changes = _set(unit_text="华里")
    drafts = plant(
        catalogue, drafts, among, Oddity.UNKNOWN_UNIT, _reported, changes, rule="unit_convertible", refused=1
    )
    drafts = plant(
        catalogue,
        drafts,
        among,
        Oddity.DUPLICATES_DIFFER,
        _reported,
        rule="duplicate_different",
        refused=2,
        extra=lambda s: {**s.line, "value_text": round(s.number * 0.9, 2)},
    )
    for oddity, rule, refused, added in (
        (Oddity.DUPLICATES_AGREE, "duplicate_same", 0, {}),
        (Oddity.OTHER_YEAR, "period_allowed", 1, {"period_text": "2018年"}),
        (Oddity.UNKNOWN_ITEM, "item_known", 1, unknown),
        (Oddity.ITEM_OF_ANOTHER, "item_owned", 1, foreign),
    ):
        extra = _also(added)
        drafts = plant(catalogue, drafts, among, oddity, _anything, rule=rule, refused=refused, extra=extra)
    return drafts


def _also(changes: Changes) -> Callable[[Spot], Line]:
    """A copy of the row's line with changes."""
    return lambda spot: {**spot.line, **changes}


def _whole(spot: Spot) -> float | None:
    """The figure of the whole, where the same table gives it for the same area and period."""
    wanted = (spot.item.whole_item, spot.row.area_code, spot.row.period_key)
    index = next((i for i, row in enumerate(spot.draft.form.rows) if row.key == wanted), None)
    value = None if index is None else spot.draft.lines[index]["value_text"]
    return value if isinstance(value, float) and value > 0 else None


def _too_large(spot: Spot) -> float:
    value = (_whole(spot) or 0) * 1.06
    return float(math.ceil(value)) if spot.item.integer else round(value, 3)


def _rare(item: Item) -> float:
    """A little beyond what is plausible."""
    value = float(item.plausible_max or 0) * 1.05
    return float(math.ceil(value)) if item.integer else value


def _most(item: Item) -> float:
    return math.inf if item.max_value is None else float(item.max_value)


def _recomputable(catalogue: Catalogue, spot: Spot) -> bool:
    indicator = next((i for i in catalogue.indicators if i.code == spot.item.reported_of), None)
    if indicator is None or indicator.formula_kind != "ratio":
        return False
    given = {row.key for row in spot.draft.form.rows}
    parts = (indicator.numerator_item, indicator.denominator_item)
    return all((part or "", spot.row.area_code, spot.row.period_key) in given for part in parts)
