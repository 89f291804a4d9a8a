"""What a third party found: one indicator value with its definition, kept in ``gate.third_party_value``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from cityhealth.catalogue import Area, Indicator, fold
from cityhealth.periods import PeriodError, parse_period
from cityhealth.quality.batch import BATCH_LINE, NOTE, BatchFacts, Candidates
from cityhealth.quality.items.reading import read_value
from cityhealth.quality.items.reasons import number_zh, range_zh
from cityhealth.quality.items.within_batch import SAME, place_zh
from cityhealth.quality.lookup import Found, Lookup
from cityhealth.quality.subject import EMPTY, SHARED_WRITERS, Nouns, Row, Subject, Writer, column, text_of
from cityhealth.third_party_form import CITY_LABEL, HEADER_ALIASES

_TEXTS = (
    "heading_text", "city_text", "indicator_text", "indicator_name", "area_text", "period_text", "value_text",
    "value_cell_kind", "unit_text", "definition_text", "method_text", "source_text", "remarks_text",
)  # fmt: skip

_CITY_LABELS = "|".join((CITY_LABEL, *next(a[1:] for f, a in HEADER_ALIASES.items() if f == "city_text")))
#: 被评城市：某市, in a cell of its own above the table.
_LABELLED = re.compile(rf"^\s*(?:{_CITY_LABELS})\s*[:：]\s*(.+?)\s*$")
_NUMBERING = re.compile(r"^(?:\(?\d+(?:\.\d+)*[)、.]?|\(?[一二三四五六七八九十]+[)、.])")
_LAST_BRACKET = re.compile(r"[(\[【〔][^()\[\]【】〔〕]*[)\]】〕]$")

_WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "state": ("text", pa.string()),
    "department_code": ("text", pa.string()),
    "filled_count": ("bigint", pa.int64()),
    "sender_given": ("boolean", pa.bool_()),
    "sender_is_department": ("boolean", pa.bool_()),
    "other_city": ("text", pa.string()),
    "city_named": ("boolean", pa.bool_()),
    "indicator_code": ("text", pa.string()),
    "indicator_problem": ("text", pa.string()),
    "area_code": ("text", pa.string()),
    "area_problem": ("text", pa.string()),
    "area_in_city": ("boolean", pa.bool_()),
    "period_problem": ("text", pa.string()),
    "period_past": ("boolean", pa.bool_()),
    "period_examined": ("boolean", pa.bool_()),
    "value": ("double precision", pa.float64()),
    "value_problem": ("text", pa.string()),
    "unit_problem": ("text", pa.string()),
    "min_value": ("double precision", pa.float64()),
    "max_value": ("double precision", pa.float64()),
    "bare_percent": ("boolean", pa.bool_()),
    "duplicate_kind": ("text", pa.string()),
    "definition_given": ("boolean", pa.bool_()),
    "source_given": ("boolean", pa.bool_()),
}

_THIRD_PARTY_VALUE = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()), ("sender_text", pa.string()),
        ("system", pa.string()), ("year", pa.int32()), ("indicator_code", pa.string()), ("area_code", pa.string()),
        ("period", pa.string()), ("period_start", pa.date32()), ("period_end", pa.date32()), ("value", pa.float64()),
        ("unit", pa.string()), ("state", pa.string()), ("value_text", pa.string()), ("unit_text", pa.string()),
        ("definition_text", pa.string()), ("method_text", pa.string()), ("source_text", pa.string()),
        ("remarks_text", pa.string()), ("verdict", pa.string()), ("marked", pa.bool_()), ("sheet", pa.string()),
        ("cell", pa.string()),
    ]
)  # fmt: skip


def candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    """Resolve the lines of a third party's file: whose city, which indicator, area, period and value. Pure."""
    names = _Names(lookup)
    sender = (batch.arrival.department_text or "").strip()
    rows = [
        _row(line, batch, lookup, names) | {"sender_text": sender or None}
        for line in raw.loc[raw["row_kind"] != NOTE].to_dict("records")
    ]
    _compare(rows)
    said = [row for row in rows if row["state"] != "blank"]
    others = sorted({row["other_city"] for row in said if row["other_city"]})
    department = lookup.department(sender) if sender else None
    whole = {
        "kind": "batch",
        "line_no": BATCH_LINE,
        "filled_count": len(said),
        "sender_given": bool(sender),
        "sender_is_department": department is not None and department not in lookup.offices,
        # One reason for the whole file, not one per line, where nothing in it is about this city.
        "other_city": "、".join(others) if others and all(row["other_city"] for row in said) else None,
        "city_named": bool(others) or any(row["names_city"] for row in said) or names.names_own(batch.arrival.filename),
    }
    if whole["other_city"]:
        rows = [row | {"other_city": None} for row in rows]
    frame = pd.DataFrame([*rows, whole])
    columns = dict.fromkeys([*_WORK_COLUMNS, *_TEXTS, "sheet", "cell", "cells", "duplicate_cells", *frame.columns])
    return Candidates(frame.reindex(columns=list(columns)).assign(department_code=None), None)


class _Names:
    """Whose names may stand in a file: of the examined city and of those that are not."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        areas = {area.code: area for area in lookup.catalogue.areas}
        self.own = _city_above(areas[lookup.examination.default_area_code], areas)
        self.own_name = fold(self.own.name_zh)
        self._parents = {area.code: area.parent_code for area in lookup.catalogue.areas}
        self._own_province, self._own_names = self._named_as_own(areas)
        self._cities = {fold(a.name_zh): a.name_zh for a in areas.values() if a.level in ("city", "other_city")}
        self._indicators: dict[str, list[Indicator]] = {}
        for indicator in lookup.indicators.values():
            if indicator.status not in ("dropped", "listed"):
                for name in (indicator.code, indicator.name_zh):
                    self._indicators.setdefault(fold(name), []).append(indicator)

    def _named_as_own(self, areas: Mapping[str, Area]) -> tuple[str, frozenset[str]]:
        """The name above the city's, and what the city and its areas are called, without what others are called too."""
        above = areas.get(self.own.parent_code or "")
        short = self.own_name.removesuffix("市")
        within = [area for area in areas.values() if area.code != self.own.code and self.lies_in_city(area.code)]
        names = {fold(self.own.code), self.own_name, short}
        for area in within:
            name = fold(area.name_zh)
            names |= {fold(area.code), name, self.own_name + name, short + name}
        others = {fold(area.name_zh) for area in areas.values() if not self.lies_in_city(area.code)}
        return fold(above.name_zh) if above else "", frozenset(names - others)

    def cities_in(self, text: str) -> set[str]:
        """The cities (folded names) whose name stands in a longer text."""
        folded = fold(text)
        return {name for name in self._cities if name in folded}

    def names_own(self, text: str) -> bool:
        """Whether our city stands in a longer text, also without 市 where that leaves a name and not one character."""
        short = self.own_name.removesuffix("市")
        return (short if len(short) > 1 else self.own_name) in fold(text)

    def other_city(self, line: Mapping[str, str], sheet: str, filename: str) -> tuple[str | None, bool]:
        """The city that a line is about where that is another one, and whether ours is named for it.

        What says it most plainly counts: the line's own column, 「城市：…」 above the table, a title, the sheet's name,
        the file's name. A title that names ours and another (a comparison) is about ours.
        """
        labels = [found[1] for text in line["heading_text"].split("\n") if (found := _LABELLED.match(text))]
        for stated in (line["city_text"], *labels):
            if fold(stated):
                own = self._is_own(stated)
                return (None, True) if own else (stated.strip(), False)
        for text in (line["heading_text"], sheet, filename):
            named = self.cities_in(text)
            # 长治市的评估（晋城某公司）: without 市 only where no other city is named.
            if self.own_name in named or (not named and self.names_own(text)):
                return None, True
            if named:
                return "、".join(sorted(self._cities[name] for name in named)), False
        return None, False

    def _is_own(self, text: str) -> bool:
        """Whether a text is our city (某市, 某, 某省某市) or an area of it (某市东区)."""
        folded = fold(text)
        if folded.endswith(self.own_name):
            return True
        province = self._own_province
        spellings = (folded, folded.removeprefix(province), folded.removeprefix(province.removesuffix("省")))
        return any(spelling in self._own_names for spelling in spellings)

    def indicator(self, code_text: str, name_text: str) -> Found:
        """The indicator of a code, a name or both, which must mean the same."""
        by_code, by_name = self._indicator(code_text), self._indicator(name_text)
        if by_code.code and by_name.code and by_code.code != by_name.code:
            return Found(None, "代码与名称不是同一指标")
        # Numbers of one's own in a column of codes say nothing where the name is right.
        return next((found for found in (by_code, by_name) if found.code), by_name if fold(name_text) else by_code)

    def _indicator(self, text: str) -> Found:
        folded = fold(text)
        if not folded:
            return Found(None, "未填写")
        unnumbered = _NUMBERING.sub("", folded)
        spellings = (folded, unnumbered, _LAST_BRACKET.sub("", folded), _LAST_BRACKET.sub("", unnumbered))
        found = next((self._indicators[s] for s in spellings if s in self._indicators), None)
        if found is None:
            # ECO07 新建建筑中绿色建筑占比, in one cell.
            parts = {part for part in re.split(r"[\s:：、/]+", text) if fold(part) in self._indicators}
            found = [indicator for part in parts for indicator in self._indicators[fold(part)]]
        codes = {indicator.code for indicator in found}
        if len(codes) > 1:
            return Found(None, "可以是不止一个指标，请填写指标代码")
        return Found(codes.pop()) if codes else Found(None, "不在本次体检的指标目录中")

    def lies_in_city(self, area_code: str) -> bool:
        code: str | None = area_code
        while code is not None and code != self.own.code:
            code = self._parents.get(code)
        return code is not None


def _city_above(area: Area, areas: Mapping[str, Area]) -> Area:
    while area.level != "city" and area.parent_code is not None and area.parent_code in areas:
        area = areas[area.parent_code]
    return area


def _row(line: Mapping[Any, Any], batch: BatchFacts, lookup: Lookup, names: _Names) -> dict[str, Any]:
    texts = {name: text_of(line[name]) for name in _TEXTS}
    found = names.indicator(texts["indicator_text"], texts["indicator_name"])
    indicator = lookup.indicators.get(found.code or "")
    period = _period(texts["period_text"], lookup)
    area, area_problem = _area(texts["area_text"], indicator, period["period_end"], lookup)
    unit = indicator.unit if indicator else None
    reading = read_value(
        texts["value_text"], texts["value_cell_kind"], texts["unit_text"], "", unit, lookup.catalogue.units
    )
    low, high = _limits(indicator, lookup) if indicator else (None, None)
    other, named = names.other_city(texts, text_of(line["sheet"]), batch.arrival.filename)
    examined = lookup.default_period
    return {
        "kind": "row",
        "line_no": line["line_no"],
        "sheet": line["sheet"],
        "cell": line["cell"],
        "cells": line["cells"],
        **texts,
        "system": lookup.examination.system,
        "year": lookup.examination.year,
        "other_city": other,
        # 建成区 is every city's; its code or a name with ours in it is not.
        "names_city": named
        or (area is not None and names.lies_in_city(area) and fold(area) in fold(texts["area_text"]))
        or names.own_name in fold(texts["area_text"]),
        "indicator_code": found.code,
        "indicator_problem": found.problem_zh,
        "area_code": area,
        "area_problem": area_problem,
        "area_in_city": names.lies_in_city(area) if area else None,
        **period,
        "period_past": period["period_end"] <= batch.arrival.day if period["period_end"] else None,
        "period_examined": examined.start <= period["period_start"] and period["period_end"] <= examined.end
        if period["period"]
        else None,
        "value": reading.value,
        "unit": unit,
        "state": reading.state,
        "value_problem": reading.value_problem,
        "unit_problem": reading.unit_problem,
        "min_value": low,
        "max_value": high,
        "bare_percent": unit == "%" and re.search("[%％‰百]", texts["value_text"] + texts["unit_text"]) is None,
        "definition_given": _given(texts["definition_text"]),
        "source_given": _given(texts["source_text"]) and _given(texts["method_text"]),
    }


def _period(text: str, lookup: Lookup) -> dict[str, Any]:
    """Without one the examined period is meant."""
    try:
        period = parse_period(text, lookup.default_period)
    except PeriodError as error:
        return {"period": None, "period_start": None, "period_end": None, "period_problem": error.message}
    return {
        "period": period.key,
        "period_start": period.start,
        "period_end": period.end,
        "period_problem": None,
    }


def _area(text: str, indicator: Indicator | None, end: date | None, lookup: Lookup) -> tuple[str | None, str | None]:
    """Without one the area of the indicator is meant."""
    if indicator is None and not fold(text):
        return None, None
    headline = (indicator.area_code if indicator else None) or lookup.examination.default_area_code
    found = lookup.area(text, end or lookup.examination.period_end, headline)
    return found.code, found.problem_zh


def _limits(indicator: Indicator, lookup: Lookup) -> tuple[float | None, float | None]:
    """What the indicator can be: the limits of its reported value, or of the item that it is."""
    reported = (i for i in lookup.items.values() if i.role == "reported_indicator" and i.reported_of == indicator.code)
    item = next(reported, None)
    if item is None and indicator.formula_kind in ("value", "maximum") and indicator.scale in (None, 1):
        item = lookup.items.get(indicator.numerator_item or "")
    if item is None:
        return None, None
    low, high = item.min_value, item.max_value
    return None if low is None else float(low), None if high is None else float(high)


def _given(text: str) -> bool:
    return re.search(r"\w", text) is not None and fold(text) not in ("无", "暂无", "不详")


def _compare(rows: Iterable[dict[str, Any]]) -> None:
    by_key: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        row["duplicate_kind"] = row["duplicate_cells"] = None
        if row["state"] != "blank" and row["indicator_code"] and row["area_code"] and row["period"]:
            by_key.setdefault((row["indicator_code"], row["area_code"], row["period"]), []).append(row)
    for same in by_key.values():
        agree = all(_says_the_same(same[0], other) for other in same[1:])
        for number, row in enumerate(same if len(same) > 1 else []):
            row["duplicate_cells"] = "、".join(place_zh(o["sheet"], o["cell"]) for o in same if o is not row)
            row["duplicate_kind"] = ("same" if number else None) if agree else "different"


def _says_the_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one["state"] != other["state"] or (one["value"] is None) != (other["value"] is None):
        return False
    return one["value"] is None or math.isclose(one["value"], other["value"], rel_tol=SAME)


def _stored(rows: pd.DataFrame) -> pd.DataFrame:
    texts = ["value_text", "unit_text", "definition_text", "method_text", "source_text", "remarks_text"]
    empty_as_absent = {name: rows[name].where(rows[name] != "", None) for name in texts}
    return rows.assign(**empty_as_absent, unit=rows["unit"].where(rows["value"].notna(), None))


def _name(row: Row, lookup: Lookup) -> str:
    indicator = lookup.indicators.get(text_of(row.get("indicator_code")))
    return indicator.name_zh if indicator else text_of(row.get("indicator_name")) or text_of(row.get("indicator_text"))


def _at_fault(field: str, row: Row) -> str:
    # A unit that has no cell of its own stands beside the number; an indicator without a code in its name.
    if field == "unit_text" and not row.get("unit_text"):
        return "value_text"
    if field == "indicator_text" and not row.get("indicator_text"):
        return "indicator_name"
    return field


def _area_zh(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    code = text_of(row.get("area_code"))
    return next((a.name_zh for a in lookup.catalogue.areas if a.code == code), "") or text_of(row.get("area_text"))


def _number(name: str) -> Writer:
    return lambda row, batch, lookup, department: number_zh(row.get(name))


_WRITERS: Mapping[str, Writer] = {
    **SHARED_WRITERS,
    "city": lambda row, batch, lookup, department: _Names(lookup).own.name_zh,
    "other_city": column("other_city"),
    "indicator": lambda row, batch, lookup, department: _name(row, lookup) or EMPTY,
    "indicator_problem": column("indicator_problem"),
    "area": _area_zh,
    "area_problem": column("area_problem"),
    "period": column("period"),
    "period_text": column("period_text", EMPTY),
    "period_problem": column("period_problem"),
    "examined": lambda row, batch, lookup, department: lookup.default_period.key,
    "value": _number("value"),
    "value_problem": column("value_problem"),
    "unit_problem": column("unit_problem"),
    "unit": column("unit"),
    "range": lambda row, batch, lookup, department: range_zh(row.get("min_value"), row.get("max_value")),
    "duplicate_cells": column("duplicate_cells"),
}

THIRD_PARTY = Subject(
    raw_select=(
        "select line_no, sheet, value_cell as cell, row_kind, cells, heading_text, city_text, indicator_text,"
        " indicator_name, area_text, period_text, value_text, value_cell_kind, unit_text, definition_text, method_text,"
        " source_text, remarks_text from raw.third_party_value where batch_id = $1 order by line_no"
    ),
    raw_columns=_TEXTS,
    work_columns=_WORK_COLUMNS,
    candidates=candidates,
    writers=_WRITERS,
    name_of_line=_name,
    shown=None,
    fields=frozenset(HEADER_ALIASES),
    gate_table="third_party_value",
    gate_schema=_THIRD_PARTY_VALUE,
    stored=_stored,
    nouns=Nouns("指标", "填写内容", "所报指标值"),
    unread_sheets=True,
    at_fault=_at_fault,
)
