"""From the raw lines of one batch to the table that the rules are asked of: resolved, converted, with comparisons.

Each distinct text is looked up once, so that a million lines cost what their distinct contents cost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import pandas as pd

from cityhealth.catalogue import Item, fold
from cityhealth.landing import Arrival
from cityhealth.periods import Period, PeriodError, parse_period
from cityhealth.quality.batch import BATCH_LINE, NOTE, BatchFacts, Candidates
from cityhealth.quality.distinct import by_distinct
from cityhealth.quality.items.reading import plain_values, read_value
from cityhealth.quality.items.within_batch import add_comparisons
from cityhealth.quality.lookup import Lookup, in_scope, period_allowed

TEXTS = (
    "item_text", "area_text", "period_text", "value_text", "unit_text", "state_text", "source_text", "method_text",
    "remarks_text", "attachment_text", "value_cell_kind",
)  # fmt: skip


def candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    """Resolve the lines of a batch. Pure.

    ``raw`` has the columns line_no, sheet, cell, row_kind and ``TEXTS`` (all text, None = empty); ``cells``, where
    it is there, tells the cell of each text (JSON).
    """
    department = _department(batch.arrival, lookup)
    rows = raw.loc[raw["row_kind"] != NOTE].reset_index(drop=True)
    rows = rows.assign(**{name: rows[name].fillna("").astype(object) for name in TEXTS}, kind="row")
    rows = _resolve(rows, batch, lookup)
    rows = _judgeable(rows, batch, lookup, department)
    rows = add_comparisons(rows, lookup)
    missing = _missing(rows, lookup, department) if batch.arrival.feed == "departmental" else []
    filled = int((rows["state"] != "blank").sum())
    whole = [{"kind": "batch", "line_no": BATCH_LINE, "filled_count": filled}]
    frame = pd.concat([rows, pd.DataFrame(missing + whole)], ignore_index=True)
    if department is not None or batch.arrival.feed == "departmental":
        frame["department_code"] = department
    # A yearbook that nobody is named for belongs to the items' owners; one with an unknown name to nobody.
    frame["department_unknown"] = department is None and (
        batch.arrival.feed == "departmental" or bool(batch.arrival.department_text)
    )
    return Candidates(frame, department)


def _department(arrival: Arrival, lookup: Lookup) -> str | None:
    """As stated; a stated department that is unknown is not overruled by a guess from the file's name."""
    if arrival.department_text and arrival.department_text.strip():
        return lookup.department(arrival.department_text)
    return lookup.department_within(arrival.filename) if arrival.feed == "departmental" else None


def _resolve(rows: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> pd.DataFrame:
    """item, period, area, value: each from its text, area and period with the item's defaults."""
    rows = by_distinct(rows, ("item_text",), lambda text: _pair(lookup.item(text)), ("item_code", "item_problem"))
    rows = by_distinct(
        rows,
        ("period_text",),
        lambda text: _period(text, lookup),
        ("period", "period_start", "period_end", "period_problem"),
    )

    def area(text: str, item_code: str | None, end: date | None) -> tuple[str | None, str | None]:
        item = lookup.items.get(item_code or "")
        day = end or lookup.examination.period_end
        # Of an item that nobody knows there is no default area; one complaint is enough.
        if item is None and not fold(text):
            return None, None
        return _pair(lookup.area(text, day, item.area_scope if item else ""))

    rows = by_distinct(rows, ("area_text", "item_code", "period_end"), area, ("area_code", "area_problem"))

    return _with_values(rows, lookup)


def _with_values(rows: pd.DataFrame, lookup: Lookup) -> pd.DataFrame:
    """value (item's unit), state and the problems of value, unit and state."""
    units = rows["item_code"].map({code: item.unit for code, item in lookup.items.items()})

    def value(value_text: str, kind: str, unit: str, state: str, item_unit: str | None) -> tuple[Any, ...]:
        r = read_value(value_text, kind, unit, state, item_unit, lookup.catalogue.units)
        return r.value, r.state, r.value_problem, r.unit_problem, r.state_problem

    plain = plain_values(rows, units)
    rows = rows.assign(unit=units, asked_text=rows["value_text"].mask(plain.notna(), "0"))
    rows = by_distinct(
        rows,
        ("asked_text", "value_cell_kind", "unit_text", "state_text", "unit"),
        value,
        ("value", "state", "value_problem", "unit_problem", "state_problem"),
    )
    return rows.assign(value=plain.fillna(rows["value"].astype("float64"))).drop(columns="asked_text")


def _judgeable(rows: pd.DataFrame, batch: BatchFacts, lookup: Lookup, department: str | None) -> pd.DataFrame:
    """The facts of the catalogue that the rules compare with; None where the item is unknown."""

    def of_item(value: Callable[[Item], Any]) -> pd.Series:
        known = {code: value(lookup.items[code]) for code in rows["item_code"].dropna().unique()}
        return rows["item_code"].map(known)

    def number(value: Callable[[Item], Any]) -> pd.Series:
        return of_item(value).astype("float64")

    rows = rows.assign(
        item_owned=of_item(lambda item: item.department_code == department if department else None),
        department_code=of_item(lambda item: item.department_code),
        min_value=number(lambda item: item.min_value),
        max_value=number(lambda item: item.max_value),
        plausible_min=number(lambda item: item.plausible_min),
        plausible_max=number(lambda item: item.plausible_max),
        integer_item=of_item(lambda item: item.integer),
        source_given=rows["source_text"].map(_given),
        method_given=rows["method_text"].map(_given),
        remarks_given=rows["remarks_text"].map(_given),
        bare_percent=(rows["unit"] == "%")
        & ~(rows["value_text"] + rows["unit_text"].replace("%", "")).str.contains("[%％‰]"),
    )
    rows = by_distinct(
        rows, ("area_code", "item_code", "period_end"), lambda *key: (_area_in_scope(lookup, *key),), ("area_in_scope",)
    )
    rows = by_distinct(
        rows,
        ("item_code", "period", "period_start", "period_end"),
        lambda *key: _period_facts(lookup, batch, *key),
        ("period_allowed", "period_past"),
    )
    attached = [fold(attachment.filename) for attachment in batch.arrival.attachments]

    def evidence(text: str, item_code: str | None) -> tuple[bool]:
        item = lookup.items.get(item_code or "")
        return (_is_attached(text, item, attached),)

    return by_distinct(rows, ("attachment_text", "item_code"), evidence, ("attachment_found",))


def _pair(found: Any) -> tuple[str | None, str | None]:
    return found.code, found.problem_zh


def _period(text: str, lookup: Lookup) -> tuple[str | None, date | None, date | None, str | None]:
    try:
        period = parse_period(text, lookup.default_period)
    except PeriodError as error:
        return None, None, None, error.message
    return period.key, period.start, period.end, None


def _area_in_scope(lookup: Lookup, area_code: str | None, item_code: str | None, end: date | None) -> bool | None:
    if area_code is None or item_code is None:
        return None
    area = lookup.area_row(area_code, end or lookup.examination.period_end)
    return area is not None and in_scope(area, lookup.items[item_code].area_scope)


def _period_facts(
    lookup: Lookup, batch: BatchFacts, item_code: str | None, key: str | None, start: date | None, end: date | None
) -> tuple[bool | None, bool | None]:
    if key is None or start is None or end is None:
        return None, None
    item = lookup.items.get(item_code or "")
    allowed = period_allowed(Period(key, start, end), item, lookup.windows(item)) if item else None
    return allowed, end <= batch.arrival.day


def _given(text: str) -> bool:
    return re.search(r"\w", text) is not None and fold(text) not in ("无", "暂无", "不详")


def _is_attached(text: str, item: Item | None, attached: Sequence[str]) -> bool:
    """Every file that the line names is there; one that names none is content with a file called like its item."""
    named = [fold(part) for part in re.split(r"[;；,，、\n]", text) if _given(part)]
    if named:
        return all(any(name == a or name == a.rsplit(".", 1)[0] for a in attached) for name in named)
    return item is not None and any(item.code in a or fold(item.name_zh) in a for a in attached)


def _missing(rows: pd.DataFrame, lookup: Lookup, department: str | None) -> list[dict[str, Any]]:
    if department is None:
        return []
    given: dict[tuple[str, str], list[tuple[date, date]]] = {}
    filled = rows.loc[rows["state"] != "blank", ["item_code", "area_code", "period_start", "period_end"]].dropna()
    for item, area, start, end in filled.itertuples(index=False):
        given.setdefault((item, area), []).append((start, end))
    return [
        row | {"line_no": BATCH_LINE - number}
        for number, row in enumerate(_open_duties(given, lookup, department), start=1)
    ]


def _open_duties(given: dict, lookup: Lookup, department: str) -> Iterator[dict[str, Any]]:
    for duty in lookup.duties(department):
        spans = given.get((duty.item.code, duty.area.code), [])
        if not any(duty.period.start <= start and end <= duty.period.end for start, end in spans):
            yield {
                "kind": "missing",
                "item_code": duty.item.code,
                "area_code": duty.area.code,
                "period": duty.period.key,
                "period_start": duty.period.start,
                "period_end": duty.period.end,
                "unit": duty.item.unit,
            }
