"""Every indicator can be computed, or says why not: items, units, scale, areas, years."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.measures import ONE, Measure
from cityhealth.catalogue.reading import Placed
from cityhealth.catalogue.rows import Indicator, Item
from cityhealth.catalogue.rules.book import Book

#: What each kind of formula needs; all else stays empty.
_PARTS = {
    "ratio": {"numerator_item", "denominator_item", "scale"},
    "lag_ratio": {"numerator_item", "denominator_item", "scale"},
    "growth": {"numerator_item", "scale"},
    "value": {"numerator_item", "scale"},
    "maximum": {"numerator_item", "scale"},
    "none": {"no_formula_reason_zh"},
}
#: Years, relative to the examined one, for which a formula needs its numerator and its denominator.
_YEARS = {
    "ratio": ({0}, {0}),
    "lag_ratio": ({0}, {-1}),
    "growth": ({-1, 0}, set[int]()),
    "value": ({0}, set[int]()),
    "maximum": ({0}, set[int]()),
}


def formulas_are_complete(book: Book) -> Iterator[Finding]:
    """A formula has its parts and no others; no formula, and not applicable, have a reason."""
    for placed in book.indicators:
        indicator = placed.row
        needed = _PARTS[indicator.formula_kind]
        for column in ("numerator_item", "denominator_item", "scale", "no_formula_reason_zh"):
            given = getattr(indicator, column) is not None
            if given != (column in needed):
                verdict = "应为空" if given else "不能为空"
                yield placed.finding(column, f"公式类型为 {indicator.formula_kind} 时{verdict}")
        excused = indicator.applicability == "not_applicable"
        if excused != (indicator.not_applicable_reason_zh is not None):
            yield placed.finding("not_applicable_reason_zh", "不适用的指标须写明原因，适用的应为空")


def units_fit(book: Book) -> Iterator[Finding]:
    """The items' units make up the indicator's unit, and ``scale`` is exactly what lies between them.

    With ``|value|`` in base units: ratio |numerator| / |denominator|, value and maximum |numerator|, growth a pure
    number, each divided by |unit|. Growth may be counted negatively, as a reduction.
    """
    for placed in book.indicators:
        indicator = placed.row
        unit, formula = book.measure(indicator.unit), _formula_measure(indicator, book)
        if unit is None or formula is None or indicator.scale is None:
            continue
        if formula.powers != unit.powers:
            yield placed.finding("unit", f"分项的单位算不出「{indicator.unit}」（{_units_zh(indicator, book)}）")
            continue
        scale = formula.factor / unit.factor
        given = abs(indicator.scale) if indicator.formula_kind == "growth" else indicator.scale
        if Fraction(given) != scale:
            yield placed.finding("scale", f"按单位应为 {float(scale):g}，写的是 {indicator.scale}")


def _formula_measure(indicator: Indicator, book: Book) -> Measure | None:
    if indicator.formula_kind == "growth":
        return ONE
    numerator = _item_measure(indicator.numerator_item, book)
    if indicator.formula_kind in ("value", "maximum"):
        return numerator
    denominator = _item_measure(indicator.denominator_item, book)
    return numerator / denominator if numerator and denominator else None


def _item_measure(code: str | None, book: Book) -> Measure | None:
    item = book.item.get(code or "")
    return book.measure(item.unit) if item else None


def _units_zh(indicator: Indicator, book: Book) -> str:
    codes = (indicator.numerator_item, indicator.denominator_item)
    items = [book.item[code] for code in codes if code is not None]
    return "、".join(f"{item.code}：{item.unit}" for item in items)


def items_cover_the_formula(book: Book) -> Iterator[Finding]:
    """The items of a formula are asked for its area (or for all parts of it, to be summed) and its years."""
    for placed in book.indicators:
        indicator = placed.row
        years = _YEARS.get(indicator.formula_kind, (set(), set()))
        for column, needed in zip(("numerator_item", "denominator_item"), years, strict=True):
            item = book.item.get(getattr(indicator, column) or "")
            if item is None:
                continue
            if not needed <= set(item.period_offsets):
                missing = "、".join(str(year) for year in sorted(needed - set(item.period_offsets)))
                yield placed.finding(column, f"「{item.code}」没有要求填报相对年份 {missing}")
            if not _covers(item, indicator, book):
                yield placed.finding(column, f"「{item.code}」（{item.area_scope}）得不出 {indicator.area_code} 的值")


def _covers(item: Item, indicator: Indicator, book: Book) -> bool:
    area = indicator.area_code or ""
    if not item.area_scope.startswith("level:"):
        return item.area_scope == area
    level = item.area_scope.removeprefix("level:")
    addable = item.aggregation == "sum" or indicator.formula_kind == "maximum"
    return addable and all(book.lies_in(a.row.code, area) for a in book.areas if a.row.level == level)


def reported_values_are_asked_for(book: Book) -> Iterator[Finding]:
    """Each applicable indicator that is more than one item has one item for its value as the department reports it."""
    reporting: dict[str, list[Placed[Item]]] = {}
    for placed in book.items:
        # A context item may be an indicator of others (peer cities), which nobody here is asked for.
        if placed.row.role == "measure" and placed.row.reported_of is not None:
            yield placed.finding("reported_of", "角色为 measure 的数据项是指标的组成部分，指标代码应为空")
        elif placed.row.role == "reported_indicator" and placed.row.reported_of is None:
            yield placed.finding("reported_of", "角色为 reported_indicator 的数据项须写指标代码")
        elif placed.row.role == "reported_indicator":
            assert placed.row.reported_of is not None
            reporting.setdefault(placed.row.reported_of, []).append(placed)
    for indicator in book.indicators:
        reported = reporting.get(indicator.row.code, [])
        if not reported and _is_recomputed(indicator.row):
            message = f"items.csv 中没有「{indicator.row.code}」的填报值（role = reported_indicator）"
            yield indicator.finding("code", message)
        for item in reported:
            yield from _agrees(item, indicator.row)


def _is_recomputed(indicator: Indicator) -> bool:
    return (
        indicator.formula_kind in ("ratio", "growth", "lag_ratio", "none")
        and indicator.applicability == "applicable"
        and indicator.status not in ("dropped", "listed")
    )


def _agrees(item: Placed[Item], indicator: Indicator) -> Iterator[Finding]:
    for column, wanted in (
        ("unit", indicator.unit),
        ("department_code", indicator.lead_department),
        ("area_scope", indicator.area_code),
    ):
        if getattr(item.row, column) != wanted:
            yield item.finding(column, f"应与指标 {indicator.code} 一致：{wanted}")


def items_have_a_use(book: Book) -> Iterator[Finding]:
    """Nobody is asked for a measure that no formula and no comparison needs."""
    used = {code for i in book.indicators for code in (i.row.numerator_item, i.row.denominator_item)}
    used |= {placed.row.whole_item for placed in book.items}
    for placed in book.items:
        if placed.row.role == "measure" and placed.row.code not in used:
            yield placed.finding("code", "没有指标用到这个数据项")
