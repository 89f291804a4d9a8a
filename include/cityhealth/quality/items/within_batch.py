"""What lines of one batch say about each other: duplicates, parts and wholes, reported ratios and their parts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd

from cityhealth.catalogue import Indicator, Item
from cityhealth.quality.lookup import Lookup
from cityhealth.quantities import UnitError, convert

#: Two spellings of one number may differ in the last digit after conversion.
SAME = 1e-9


class Given(NamedTuple):
    value: float
    place: str


Key = tuple[str, str, str]  # item, area, period
Values = Mapping[Key, Given]


def add_comparisons(rows: pd.DataFrame, lookup: Lookup) -> pd.DataFrame:
    """``rows`` with duplicate_kind, duplicate_cells, whole_value, whole_cell and recomputed, in the item's unit."""
    values = _needed_values(rows, lookup)
    wholes: list[Given | None] = [None] * len(rows)
    recomputed: list[float | None] = [None] * len(rows)
    comparable = {code for code, item in lookup.items.items() if item.whole_item or item.reported_of}
    for position, item_code, area, period in (
        rows.loc[rows["item_code"].isin(comparable), ["item_code", "area_code", "period"]].dropna().itertuples()
    ):
        item = lookup.items[item_code]
        wholes[position] = _whole(item, values, area, period, lookup)
        indicator = lookup.indicators.get(item.reported_of or "")
        recomputed[position] = recompute(indicator, values, area, period) if indicator else None
    kinds, cells = _duplicates(rows)
    return rows.assign(
        duplicate_kind=pd.Series(kinds, dtype=object, index=rows.index),
        duplicate_cells=pd.Series(cells, dtype=object, index=rows.index),
        whole_value=pd.Series([w.value if w else None for w in wholes], dtype="float64", index=rows.index),
        whole_cell=pd.Series([w.place if w else None for w in wholes], dtype=object, index=rows.index),
        recomputed=pd.Series(recomputed, dtype="float64", index=rows.index),
    )


def _whole(item: Item, values: Values, area: str, period: str, lookup: Lookup) -> Given | None:
    """The whole that ``item`` is part of, in the part's unit: 公顷 of park in 平方公里 of city."""
    given = values.get((item.whole_item, area, period)) if item.whole_item else None
    if given is None or lookup.items[str(item.whole_item)].unit == item.unit:
        return given
    try:
        whole_unit = lookup.items[str(item.whole_item)].unit
        value = convert(Decimal(repr(given.value)), whole_unit, item.unit, lookup.catalogue.units)
    except UnitError:
        # Not comparable: the check of the catalogue says so, a department cannot mend it.
        return None
    return Given(float(value), given.place)


def recompute(indicator: Indicator, values: Values, area: str, period: str) -> float | None:
    """The indicator from its items in the same batch, by its formula kind (docs/architecture.md).

    None where a part is missing; a zero denominator gives None, never infinity.
    """
    scale = float(indicator.scale or 1)
    before = str(int(period) - 1) if period.isdigit() else ""

    def of(item: str | None, when: str) -> float | None:
        given = values.get((item, area, when)) if item else None
        return given.value if given else None

    this = of(indicator.numerator_item, period)
    match indicator.formula_kind:
        case "value":
            return None if this is None else scale * this
        case "ratio":
            return _divided(scale, this, of(indicator.denominator_item, period))
        case "lag_ratio":
            return _divided(scale, this, of(indicator.denominator_item, before))
        case "growth":
            last = of(indicator.numerator_item, before)
            return _divided(scale, None if this is None or last is None else this - last, last)
    return None


def _divided(scale: float, numerator: float | None, denominator: float | None) -> float | None:
    return None if numerator is None or not denominator else scale * numerator / denominator


def _needed_values(rows: pd.DataFrame, lookup: Lookup) -> dict[Key, Given]:
    """The first readable value of each key, for those items alone that another line is compared with."""
    present = [lookup.items[code] for code in rows["item_code"].dropna().unique()]
    indicators = [
        lookup.indicators[i.reported_of] for i in present if i.reported_of and i.reported_of in lookup.indicators
    ]
    needed = {i.whole_item for i in present} | {x for i in indicators for x in (i.numerator_item, i.denominator_item)}
    found = rows.loc[rows["item_code"].isin([code for code in needed if code]) & rows["value"].notna()]
    values: dict[Key, Given] = {}
    for code, area, period, value, sheet, cell in found[
        ["item_code", "area_code", "period", "value", "sheet", "cell"]
    ].itertuples(index=False):
        if isinstance(area, str) and isinstance(period, str):
            values.setdefault((code, area, period), Given(value, place_zh(sheet, cell)))
    return values


def _duplicates(rows: pd.DataFrame) -> tuple[list[str | None], list[str | None]]:
    kinds: list[str | None] = [None] * len(rows)
    cells: list[str | None] = [None] * len(rows)
    keyed = rows.loc[(rows["state"] != "blank") & rows[["item_code", "area_code", "period"]].notna().all(axis=1)]
    repeated = keyed.loc[keyed.duplicated(["item_code", "area_code", "period"], keep=False)]
    for _, group in repeated.groupby(["item_code", "area_code", "period"], sort=False):
        kind = "same" if _agree(group) else "different"
        places = [place_zh(sheet, cell) for sheet, cell in zip(group["sheet"], group["cell"], strict=True)]
        for number, position in enumerate(group.index):
            kinds[position] = kind
            others = places[:number] + places[number + 1 :]
            cells[position] = "、".join(others[:3]) + (f" 等 {len(others)} 处" if len(others) > 3 else "")
    return kinds, cells


def _agree(group: pd.DataFrame) -> bool:
    """Whether all lines say the same; one that cannot be read agrees with nothing."""
    if group["state"].nunique() > 1:
        return False
    if group["state"].iloc[0] != "value":
        return True
    return not group["value"].isna().any() and all(
        math.isclose(value, group["value"].iloc[0], rel_tol=SAME, abs_tol=0.0) for value in group["value"]
    )


def place_zh(sheet: Any, cell: Any) -> str:
    return f"{sheet}!{cell}" if isinstance(cell, str) and cell else str(sheet)
