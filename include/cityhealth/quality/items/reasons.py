"""The words of a finding: a rule's templates filled from the line that fails it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from cityhealth.quality.batch import BatchFacts
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.subject import EMPTY, SHARED_WRITERS, Row, Writer, column, shortened, text_of


def number_zh(value: float | None) -> str:
    """Eight significant digits, never in scientific notation; empty for none."""
    if value is None or value != value:
        return ""
    if value == int(value):
        return str(int(value))
    return format(Decimal(f"{value:.8g}").normalize(), "f")


def range_zh(low: float | None, high: float | None) -> str:
    lower, upper = number_zh(low), number_zh(high)
    if lower and upper:
        return f"{lower} 至 {upper}"
    return f"不小于 {lower}" if lower else f"不大于 {upper}"


def item_name(row: Row, lookup: Lookup) -> str:
    """The catalogue's name of the item, else what was written."""
    item = lookup.items.get(row.get("item_code") or "")
    return item.name_zh if item else text_of(row.get("item_text"))


def _item(attribute: str) -> Writer:
    def write(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
        item = lookup.items.get(row.get("item_code") or "")
        return text_of(getattr(item, attribute)) if item else ""

    return write


def _number(name: str) -> Writer:
    return lambda row, batch, lookup, department: number_zh(row.get(name))


def _item_department(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    item = lookup.items.get(row.get("item_code") or "")
    return lookup.department_names.get(item.department_code or "", "其他单位") if item else ""


def _area(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    end = row.get("period_end")
    area = lookup.area_row(
        text_of(row.get("area_code")), end if isinstance(end, date) else lookup.examination.period_end
    )
    return area.name_zh if area else text_of(row.get("area_text")) or EMPTY


def _area_scope(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    item = lookup.items.get(row.get("item_code") or "")
    return f"「{lookup.scope_name(item.area_scope)}」" if item else ""


def _periods_expected(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    item = lookup.items.get(row.get("item_code") or "")
    return "、".join(w.key for w in lookup.windows(item)) if item else ""


def _source_or_method(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    lacking = [
        name for name, given in (("来源", row.get("source_given")), ("计算方式", row.get("method_given"))) if not given
    ]
    return "和".join(lacking)


def _attachment(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    named = text_of(row.get("attachment_text"))
    return f"：所列「{shortened(named)}」未随表报送" if named.strip() else ""


def _whole_item(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    item = lookup.items.get(row.get("item_code") or "")
    whole = lookup.items.get(item.whole_item or "") if item else None
    return whole.name_zh if whole else ""


#: The names that ``reason_zh`` and ``advice_zh`` may use.
WRITERS: Mapping[str, Writer] = {
    **SHARED_WRITERS,
    "item": lambda row, batch, lookup, department: item_name(row, lookup) or EMPTY,
    "item_text": column("item_text", EMPTY),
    "item_problem": column("item_problem"),
    "item_unit": _item("unit"),
    "item_department": _item_department,
    "area": _area,
    "area_text": column("area_text", EMPTY),
    "area_problem": column("area_problem"),
    "area_scope": _area_scope,
    "period": column("period"),
    "period_text": column("period_text", EMPTY),
    "period_problem": column("period_problem"),
    "periods_expected": _periods_expected,
    "value": _number("value"),
    "value_text": column("value_text", EMPTY),
    "value_problem": column("value_problem"),
    "state_problem": column("state_problem"),
    "unit_problem": column("unit_problem"),
    "min": _number("min_value"),
    "max": _number("max_value"),
    "range": lambda row, batch, lookup, department: range_zh(row.get("min_value"), row.get("max_value")),
    "plausible_range": lambda row, batch, lookup, department: range_zh(
        row.get("plausible_min"), row.get("plausible_max")
    ),
    "duplicate_cells": column("duplicate_cells"),
    "whole_item": _whole_item,
    "whole_value": _number("whole_value"),
    "whole_cell": column("whole_cell"),
    "recomputed": _number("recomputed"),
    "source_or_method": _source_or_method,
    "attachment": _attachment,
}
