"""Numbers that must stand in order: limits, factors, bands, targets."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.measures import is_compound
from cityhealth.catalogue.rules.book import Book

_LIMITS = ("min_value", "plausible_min", "plausible_max", "max_value")


def limits_are_ordered(book: Book) -> Iterator[Finding]:
    """min_value ≤ plausible_min ≤ plausible_max ≤ max_value; the limits of a count are whole."""
    for placed in book.items:
        given = [(column, getattr(placed.row, column)) for column in _LIMITS]
        present = [(column, value) for column, value in given if value is not None]
        for (low_column, low), (high_column, high) in pairwise(present):
            if low > high:
                yield placed.finding(high_column, f"{high} 小于 {low_column} 的 {low}")
        for column, value in present:
            if placed.row.integer and value != value.to_integral_value():
                yield placed.finding(column, f"计数的界限应为整数，写的是 {value}")
        if placed.row.tolerance is not None and placed.row.tolerance < 0:
            yield placed.finding("tolerance", f"容差不能为负数：{placed.row.tolerance}")


def wholes_can_be_compared(book: Book) -> Iterator[Finding]:
    """A part and its whole are the same kind of quantity, in the same unit, for the same area."""
    for placed in book.items:
        whole = book.item.get(placed.row.whole_item or "")
        if whole is None:
            continue
        if whole.code == placed.row.code:
            yield placed.finding("whole_item", "数据项不能是自己的一部分")
        elif whole.unit != placed.row.unit:
            yield placed.finding("whole_item", f"单位不同：{placed.row.unit}，总体「{whole.code}」为 {whole.unit}")
        elif whole.area_scope != placed.row.area_scope:
            yield placed.finding(
                "whole_item", f"范围不同：{placed.row.area_scope}，总体「{whole.code}」为 {whole.area_scope}"
            )


def factors_agree(book: Book) -> Iterator[Finding]:
    """Factors are positive; a compound unit is made of known ones and converts as they do."""
    first: dict[str, tuple[Fraction, str]] = {}
    for placed in book.units:
        unit = placed.row
        if unit.factor <= 0:
            yield placed.finding("factor", f"换算系数应大于 0，写的是 {unit.factor}")
            continue
        if not is_compound(unit.unit):
            continue
        composed = book.measure(unit.unit)
        if composed is None:
            yield placed.finding("unit", f"「{unit.unit}」的组成单位不全在单位表中")
            continue
        relation = Fraction(unit.factor) / composed.factor
        known, name = first.setdefault(unit.dimension, (relation, unit.unit))
        if known != relation:
            yield placed.finding("factor", f"与「{name}」的换算不符：按组成单位应为 {float(composed.factor * known):g}")


def targets_can_be_scored(book: Book) -> Iterator[Finding]:
    """A target has the indicator's unit and points the way of its direction; only a range has two values."""
    indicators = {(i.row.system, i.row.year, i.row.code): i.row for i in book.indicators}
    for placed in book.targets:
        target = placed.row
        is_range = target.operator == "range"
        if is_range != (target.value_high is not None):
            yield placed.finding("value_high", "运算符为 range 时须填写上限，其他运算符应为空")
        elif target.value_high is not None and target.value_high <= target.value:
            yield placed.finding("value_high", f"上限 {target.value_high} 应大于下限 {target.value}")
        indicator = indicators.get((target.system, target.year, target.code))
        if indicator is None:
            continue
        if target.unit != indicator.unit:
            yield placed.finding("unit", f"应与指标的单位一致：{indicator.unit}")
        wrong_way = {"higher": "<=", "lower": ">="}.get(indicator.direction)
        if target.operator == wrong_way:
            yield placed.finding("operator", f"指标方向为 {indicator.direction}，目标却是 {target.operator}")


def grades_leave_no_gap(book: Book) -> Iterator[Finding]:
    """The bands of grades meet: each begins where the one below ends."""
    for placed in book.tables["grading.csv"]:
        lower, upper = placed.row.lower, placed.row.upper
        if lower is not None and upper is not None and lower >= upper:
            yield placed.finding("upper", f"上限 {upper} 应大于下限 {lower}")
        if placed.row.kind == "tolerance" and placed.row.parameter is None:
            yield placed.finding("parameter", "容差须填写数值")
    grades = [placed for placed in book.tables["grading.csv"] if placed.row.kind == "grade"]
    bands = sorted(grades, key=lambda placed: placed.row.lower if placed.row.lower is not None else float("-inf"))
    for below, above in pairwise(bands):
        if below.row.upper != above.row.lower:
            yield above.finding("lower", f"与下一档「{below.row.label_zh}」的上限 {below.row.upper} 不相接")


def corrections_say_what_to_do(book: Book) -> Iterator[Finding]:
    """A replacement has a value, an exclusion has none."""
    for placed in book.tables["corrections.csv"]:
        if (placed.row.action == "replace") != (placed.row.corrected_value is not None):
            yield placed.finding("corrected_value", "动作为 replace 时须填写更正值，为 exclude 时应为空")


def priorities_are_distinct(book: Book) -> Iterator[Finding]:
    """Of one item no two sources have the same rank."""
    first: dict[tuple[str, int, object], str] = {}
    for placed in book.tables["source_priority.csv"]:
        rank = (placed.row.item_code, placed.row.priority, placed.row.known_from)
        kind = first.setdefault(rank, placed.row.source_kind)
        if placed.row.priority < 1:
            yield placed.finding("priority", "优先级从 1 开始")
        elif kind != placed.row.source_kind:
            yield placed.finding("priority", f"与来源「{kind}」的优先级相同")
