"""Readings of air-quality stations before the gate: a pollutant of a station and hour, in ``gate.air_reading``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cityhealth.air.aqi import BREAKPOINTS, NAMES_ZH, POLLUTANTS
from cityhealth.catalogue import fold
from cityhealth.quality.batch import BATCH_LINE, NOTE, BatchFacts, Candidates
from cityhealth.quality.distinct import by_distinct
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.subject import EMPTY, SHARED_WRITERS, Nouns, Row, Subject, Writer, column, text_of
from cityhealth.settings import CITY_TIMEZONE

_TEXTS = ("station_text", "station_name", "hour_text", "pollutant_text", "value_text", "unit_text")

_WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "state": ("text", pa.string()),
    "reading_count": ("bigint", pa.int64()),
    "ozone_swapped": ("boolean", pa.bool_()),
    "station_problem": ("text", pa.string()),
    "hour_problem": ("text", pa.string()),
    "off_hour": ("boolean", pa.bool_()),
    "hour_future": ("boolean", pa.bool_()),
    "pollutant_problem": ("text", pa.string()),
    "pollutant": ("text", pa.string()),
    "value_problem": ("text", pa.string()),
    "unit_problem": ("text", pa.string()),
    "value": ("double precision", pa.float64()),
    "fill_value": ("boolean", pa.bool_()),
    "ends_at": ("double precision", pa.float64()),
    "duplicate_kind": ("text", pa.string()),
    "stuck_hours": ("bigint", pa.int64()),
}

_AIR_READING = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()), ("station_code", pa.string()),
        ("hour", pa.timestamp("us", tz="UTC")), ("pollutant", pa.string()), ("value", pa.float64()),
        ("unit", pa.string()), ("state", pa.string()), ("verdict", pa.string()), ("marked", pa.bool_()),
        ("value_text", pa.string()), ("sheet", pa.string()), ("cell", pa.string()),
    ]
)  # fmt: skip

#: What stations and their exports write where there is no value.
_MISSING = frozenset(("", "-", "--", "—", "——", "-;", "—;", "/", "na", "n/a", "nan", "null", "none", "缺测", "无", "*"))
#: What they write instead, so that it looks like one.
_FILLS = (999, 9999, 99999, -99, -999, -9999, -99999)
#: The concentration of sub-index 500: that of an hour, or of a day where the standard has none of an hour.
_ENDS_AT: Mapping[str, float] = {
    name: BREAKPOINTS[name, averaged][-1]
    for name, averaged in
    (("so2", "24h"), ("no2", "1h"), ("co", "1h"), ("o3", "1h"), ("pm10", "24h"), ("pm2_5", "24h"))
}  # fmt: skip
_MILLIGRAMS, _MICROGRAMS = "毫克/立方米", "微克/立方米"
_UNITS: Mapping[str, str] = {name: _MILLIGRAMS if name == "co" else _MICROGRAMS for name in POLLUTANTS}
_IN_MICROGRAMS = {"毫克/立方米": 1000.0, "mg/m3": 1000.0, "微克/立方米": 1.0, "ug/m3": 1.0, "μg/m3": 1.0}
_POLLUTANT_NAMES: Mapping[str, str] = {
    "so2": "so2", "二氧化硫": "so2", "no2": "no2", "二氧化氮": "no2", "co": "co", "一氧化碳": "co", "o3": "o3",
    "臭氧": "o3", "pm10": "pm10", "可吸入颗粒物": "pm10", "pm25": "pm2_5", "细颗粒物": "pm2_5",
}  # fmt: skip
_HOUR = re.compile(
    # Something must stand between day and hour: of 2021-06-15 the last digit is no hour.
    r"(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})(?:日 *|T| +)(?P<h>\d{1,2})"
    r"(?:[:时点](?P<min>\d{1,2})?(?:[:分](?P<s>\d{1,2})(?:\.\d+)?秒?)?分?)? *(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?"
)
_COMPACT = re.compile(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<h>\d\d)(?P<min>\d\d)?(?P<s>\d\d)?(?P<zone>)")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
#: The feed takes an hour from there only where the file's names stand for each other.
_OZONE_OF_A_DAY = ".o3_24h"
#: A value that stands so many hours in a row is that of an instrument that hangs.
_STUCK_HOURS = 24


def candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    """Resolve the readings of a file; one without a value is blank. Pure."""
    rows = raw.loc[raw["row_kind"] != NOTE].reset_index(drop=True)
    rows = rows.assign(**{name: rows[name].fillna("").astype(object) for name in _TEXTS}, kind="row")
    blank = rows["value_text"].map({text: fold(text) in _MISSING for text in rows["value_text"].unique()})
    rows = rows.assign(state=np.where(blank.astype(bool), "blank", "value"))
    rows = by_distinct(rows, ("hour_text",), read_hour, ("hour", "off_hour", "hour_problem"))
    rows = rows.assign(hour=pd.to_datetime(rows["hour"], utc=True))
    local = rows["hour"].dt.tz_convert(CITY_TIMEZONE)
    rows = rows.assign(
        day=(local - pd.Timedelta(hours=1)).dt.date, hour_future=rows["hour"] > pd.Timestamp(batch.arrival.received_at)
    )
    rows = by_distinct(
        rows,
        ("station_text", "station_name", "day"),
        lambda code, name, day: _station(code, name, day, lookup),
        ("station_code", "station_problem"),
    )
    rows = by_distinct(rows, ("pollutant_text",), _pollutant, ("pollutant", "pollutant_problem"))
    rows = by_distinct(
        rows, ("value_text", "unit_text", "pollutant"), _value, ("value", "fill_value", "value_problem", "unit_problem")
    )
    rows = rows.assign(
        value=rows["value"].astype("float64").mask(rows["state"] == "blank"),
        ends_at=rows["pollutant"].map(_ENDS_AT).astype("float64"),
    )
    rows = _compared(rows)
    announced = batch.arrival.department_text
    sender = lookup.department(announced) if announced and announced.strip() else None
    whole = pd.DataFrame(
        [
            {
                "kind": "batch",
                "line_no": BATCH_LINE,
                "reading_count": len(rows),
                "ozone_swapped": any(str(cell).endswith(_OZONE_OF_A_DAY) for cell in rows["cell"]),
            }
        ]
    )
    columns = dict.fromkeys([*_WORK_COLUMNS, *rows.columns])
    return Candidates(pd.concat([rows, whole], ignore_index=True).reindex(columns=list(columns)), sender)


def read_hour(text: str) -> tuple[datetime | None, bool | None, str | None]:
    """The moment (with a zone; Shanghai's where the text has none), whether it is off the full hour, and (Chinese) why
    it cannot be read. 24:00 is midnight."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    if not plain:
        return None, None, "没有填写时间"
    found = _HOUR.fullmatch(plain) or _COMPACT.fullmatch(plain)
    if found is None:
        return None, None, f"看不懂的时间「{text.strip()}」"
    year, month, day, hour, minute, second = (int(found[name] or 0) for name in ("y", "m", "d", "h", "min", "s"))
    midnight = (hour, minute, second) == (24, 0, 0)
    try:
        moment = datetime(year, month, day, 0 if midnight else hour, minute, second)
        zone = datetime.strptime(_zone(found["zone"]), "%z").tzinfo if found["zone"] else CITY_TIMEZONE
        moment = (moment + timedelta(days=1) if midnight else moment).replace(tzinfo=zone)
        moment.astimezone(CITY_TIMEZONE)
    except (ValueError, OverflowError):
        return None, None, f"没有这个时间「{text.strip()}」"
    return moment, bool(minute or second), None


def _station(code: str | None, name: str | None, day: Any, lookup: Lookup) -> tuple[str | None, str | None]:
    stations = lookup.catalogue.stations
    if fold(code or ""):
        found = [station for station in stations if fold(station.code) == fold(code or "")]
        said = code or ""
    else:
        found = [station for station in stations if fold(station.name_zh) == fold(name or "")]
        said = name or ""
    if not fold(said):
        return None, "没有填写站点编码"
    if len(found) != 1:
        return None, f"「{said.strip()}」不在站点表中" if not found else f"有几个站点叫「{said.strip()}」，请填写编码"
    if day is not None and not found[0].is_valid_at(day):
        return None, f"「{said.strip()}」在 {day} 不是有效站点"
    return found[0].code, None


def _zone(text: str) -> str:
    """``+08``, as PostgreSQL writes it, is whole hours."""
    return f"{text}00" if len(text) == 3 else text


def _pollutant(text: str) -> tuple[str | None, str | None]:
    squeezed = re.sub(r"[\s._]|\(.*\)", "", fold(text))
    code = _POLLUTANT_NAMES.get(squeezed)
    return (code, None) if code else (None, f"不认识的污染物「{text.strip()}」" if squeezed else "没有填写污染物")


def _value(text: str, unit: str, pollutant: str | None) -> tuple[float | None, bool, str | None, str | None]:
    plain = fold(text)
    # A comma between thousands is none; one before decimals would make the number ten times as large.
    plain = plain.replace(",", "") if _THOUSANDS.fullmatch(plain) else plain
    if not _NUMBER.fullmatch(plain):
        return None, False, f"「{text.strip()}」不是一个数", None
    number = float(plain)
    if not np.isfinite(number):
        return None, False, f"「{text.strip()}」太大", None
    if number in _FILLS:
        return number, True, None, None
    if not fold(unit) or pollutant is None:
        return number, False, None, None
    factor = _IN_MICROGRAMS.get(fold(unit))
    if factor is None:
        return None, False, None, f"不认识的单位「{unit.strip()}」"
    # Dividing by whole numbers keeps 3.4 what it is.
    own = _IN_MICROGRAMS[_UNITS[pollutant]]
    return (number / (own / factor) if own > factor else number * (factor / own)), False, None, None


def _compared(rows: pd.DataFrame) -> pd.DataFrame:
    """With ``duplicate_kind`` and ``twin_cell``, and ``stuck_hours`` in the first line of a value that stands."""
    key = ["station_code", "pollutant", "hour"]
    known = rows.loc[(rows["state"] == "value") & rows["value"].notna() & rows[key].notna().all(axis="columns")]
    groups = known.groupby(key, sort=False)
    several = groups["value"].transform("nunique") > 1
    again = groups.cumcount() > 0
    kinds = pd.Series(None, index=known.index, dtype=object).mask(again, "same").mask(several, "conflict")
    first, last = groups["cell"].transform("first"), groups["cell"].transform("last")
    twins = first.where(again, last)
    rows = rows.assign(duplicate_kind=kinds.reindex(rows.index), twin_cell=twins.reindex(rows.index))

    ordered = known.loc[kinds.isna()].sort_values(key)
    before = ordered[[*key, "value"]].shift()
    same = (
        (ordered["station_code"] == before["station_code"])
        & (ordered["pollutant"] == before["pollutant"])
        & (ordered["value"] == before["value"])
        & (ordered["hour"] - before["hour"] == pd.Timedelta(hours=1))
    )
    runs = (~same).cumsum()
    lengths = runs.map(runs.value_counts()).where(~same)
    stuck = lengths.where(lengths >= _STUCK_HOURS)
    return rows.assign(stuck_hours=stuck.reindex(rows.index).astype("Int64"))


def _stored(rows: pd.DataFrame) -> pd.DataFrame:
    units = rows["pollutant"].map(_UNITS)
    return rows.assign(unit=units.where(rows["value"].notna(), None))


def _name(row: Row, lookup: Lookup) -> str:
    station = text_of(row.get("station_code")) or text_of(row.get("station_text")) or text_of(row.get("station_name"))
    pollutant = text_of(row.get("pollutant"))
    parts = (station, text_of(row.get("hour_text")), NAMES_ZH.get(pollutant) or text_of(row.get("pollutant_text")))
    return " ".join(part for part in parts if part) or EMPTY


def _number(name: str, times: float = 1) -> Writer:
    return lambda row, batch, lookup, department: f"{times * row[name]:g}"


_WRITERS: Mapping[str, Writer] = {
    **SHARED_WRITERS,
    "reading": lambda row, batch, lookup, department: _name(row, lookup),
    "station_problem": column("station_problem"),
    "hour_problem": column("hour_problem"),
    "hour_text": column("hour_text"),
    "received_at": lambda row, batch, lookup, department: f"{batch.arrival.received_at:%Y-%m-%d %H:%M}",
    "pollutant_problem": column("pollutant_problem"),
    "value_problem": column("value_problem"),
    "unit_problem": column("unit_problem"),
    "unit": lambda row, batch, lookup, department: _UNITS.get(text_of(row.get("pollutant")), ""),
    "value": column("value_text"),
    "ends_at": _number("ends_at"),
    "largest": _number("ends_at", 2),
    "twin_cell": column("twin_cell"),
    "stuck_hours": _number("stuck_hours"),
    "stuck_least": lambda row, batch, lookup, department: str(_STUCK_HOURS),
}

AIR = Subject(
    raw_select=(
        "select line_no, '读数' as sheet, coalesce(cell, '') as cell, row_kind, '{}' as cells, station_text,"
        " station_name, hour_text, pollutant_text, value_text, unit_text"
        " from raw.air_reading where batch_id = $1 order by line_no"
    ),
    raw_columns=_TEXTS,
    work_columns=_WORK_COLUMNS,
    candidates=candidates,
    writers=_WRITERS,
    name_of_line=_name,
    shown="value_text",
    fields=frozenset(_TEXTS),
    gate_table="air_reading",
    gate_schema=_AIR_READING,
    stored=_stored,
    nouns=Nouns("站点读数", "读数", "所报读数"),
    sheet_zh="读数",
    no_copy_zh="站点读数不附副本；下表按文件中的位置指明是哪一个读数。",
    unreadable_advice_zh="请按原因处理后，以 JSON 或表格重新报送",
)
