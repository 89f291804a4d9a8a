"""One line's value, unit and state, read together, since each can contradict the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cityhealth.catalogue import fold
from cityhealth.quantities import Quantity, State, UnitError, UnitRow, convert, parse_quantity
from cityhealth.quantities.parse import MAGNITUDES

MARKED_STATES: Mapping[str, State] = {"不适用": "not_applicable", "撤回": "withdrawn"}
# What a person writes into the state column to say that there is a value after all.
_ORDINARY_STATES = frozenset(("", "正常", "有", "适用", "有数据", "填报", "已填", "已填报", "数值", "-", "—", "/"))
_NO_UNIT = frozenset(("", "-", "—", "/", "无"))

_parse = lru_cache(maxsize=100_000)(parse_quantity)


@dataclass(frozen=True)
class Reading:
    """``value`` is in the item's unit (as given where the item is unknown); at most one problem is told."""

    value: float | None
    state: State
    value_problem: str | None = None
    unit_problem: str | None = None
    state_problem: str | None = None


def read_value(
    value_text: str,
    cell_kind: str,
    unit_text: str,
    state_text: str,
    item_unit: str | None,
    units: Mapping[str, UnitRow],
) -> Reading:
    """Read one line; never raises. ``item_unit`` None: the item is unknown, nothing is converted."""
    quantity = _quantity(value_text, cell_kind)
    state = fold(state_text)
    if state in MARKED_STATES:
        return _marked(MARKED_STATES[state], quantity, value_text, state_text)
    if state not in _ORDINARY_STATES:
        problem = f"状态「{state_text.strip()}」不能识别，只能填「不适用」「撤回」或留空"
        return Reading(None, "value" if quantity.state == "blank" else quantity.state, state_problem=problem)
    if quantity.value is None:
        return Reading(None, quantity.state, value_problem=quantity.problem_zh)
    if item_unit is None:
        return Reading(float(quantity.value), "value")
    return _in_unit(quantity, unit_text, item_unit, units)


def plain_values(rows: pd.DataFrame, item_units: pd.Series) -> pd.Series:
    """The values of lines in which nothing needs reading: digits in the item's unit, no state. NaN for all others.

    Just what :func:`read_value` says of them, fifty times as fast; most lines of a large file are such.
    """
    texts = pa.array(rows["value_text"], pa.string())
    in_unit = (rows["unit_text"] == "") | (rows["unit_text"] == item_units)
    ordinary = rows["value_cell_kind"].isin(("", "text", "number")) & (rows["state_text"] == "") & in_unit
    digits = pc.match_substring_regex(texts, r"^-?\d{1,15}(\.\d{1,15})?$").to_pandas()
    chosen = (ordinary & digits.to_numpy(dtype=bool)).to_numpy(dtype=bool)
    numbers = pc.cast(pc.if_else(pa.array(chosen), texts, None), pa.float64())
    return pd.Series(numbers.to_numpy(zero_copy_only=False), index=rows.index) + 0.0  # and no negative zero


def _quantity(text: str, cell_kind: str) -> Quantity:
    if cell_kind == "error":
        return Quantity(None, None, "value", f"公式计算出错（{text.strip()}）")
    if cell_kind == "no_value":
        return Quantity(None, None, "value", "单元格是公式，但文件中没有保存计算结果")
    if cell_kind == "merged":
        return Quantity(
            None, None, "value", "单元格与其他行的单元格合并，不能确定这个数属于哪一行，请取消合并、逐行填写"
        )
    if cell_kind == "missing":
        return Quantity(None, None, "blank")
    if cell_kind == "date":
        return Quantity(None, None, "value", f"单元格是日期格式（{text.strip()}），不是数值")
    return _parse(text)


def _marked(state: State, quantity: Quantity, value_text: str, state_text: str) -> Reading:
    if quantity.state in ("blank", state):
        return Reading(None, state)
    return Reading(
        None, state, state_problem=f"状态填了「{state_text.strip()}」，数值栏却填了「{value_text.strip()[:40]}」"
    )


def _in_unit(quantity: Quantity, unit_text: str, item_unit: str, units: Mapping[str, UnitRow]) -> Reading:
    """The unit of the cell speaks before that of the unit column; without either, the item's own is meant."""
    assert quantity.value is not None
    column = "" if fold(unit_text) in _NO_UNIT else unit_text.strip()
    meant = column or item_unit
    if quantity.magnitude and not quantity.unit and _scaled(meant):
        problem = f"数值已写「{quantity.magnitude}」，单位又是「{meant}」，不能确定是否重复计算"
        return Reading(None, "value", unit_problem=problem)
    try:
        if column not in ("", item_unit):
            convert(quantity.value, column, item_unit, units)
        given = quantity.unit or column or item_unit
        if given == item_unit:
            return Reading(float(quantity.value), "value")
        return Reading(float(convert(quantity.value, given, item_unit, units)), "value")
    except UnitError as error:
        return Reading(None, "value", unit_problem=error.message)


def _scaled(unit: str) -> bool:
    """万人, 亿元: a unit that begins with a magnitude (千米 and 百分点 are units of their own)."""
    return any(unit.startswith(m) for m in MAGNITUDES) and not unit.startswith(("千米", "千克", "千瓦", "百分"))
