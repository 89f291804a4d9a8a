"""Air quality (空气质量): hourly concentrations of stations, in JSON as the national release gives them, or a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from cityhealth.catalogue import Area, Station, fold
from cityhealth.catalogue.reading import read_table
from cityhealth.errors import Place, UnreadableFile
from cityhealth.feeds.base import raw_rows
from cityhealth.landing import Arrival
from cityhealth.tabular import Cell, Table, TableRow, find_tables, read_sheets
from cityhealth.tabular.refusals import refuse
from cityhealth.tabular.tables import normalise

_TEXTS = ("station_text", "station_name", "area_text", "hour_text", "pollutant_text", "value_text", "unit_text")
_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("row_kind", pa.string()),
        ("record_no", pa.int64()),
        ("cell", pa.string()),
        *((name, pa.string()) for name in _TEXTS),
    ]
)

_NAMES: Mapping[str, tuple[str, ...]] = {
    "so2": ("SO2", "二氧化硫"),
    "no2": ("NO2", "二氧化氮"),
    "co": ("CO", "一氧化碳"),
    "o3": ("O3", "臭氧"),
    "pm10": ("PM10", "可吸入颗粒物"),
    "pm2_5": ("PM2.5", "细颗粒物"),
}
#: What people call the columns. Means of 8 or 24 hours are none of them: they are made from the hours.
HEADINGS: Mapping[str, Sequence[str]] = {
    "station_text": ("站点编码", "站点编号", "站点代码", "监测点编码", "点位编码", "stationcode", "station", "site"),
    "station_name": ("站点名称", "站点", "监测点名称", "监测点", "点位名称", "点位", "positionname"),
    "area_text": ("城市", "城市名称", "所在城市", "area", "city"),
    "hour_text": ("时间", "监测时间", "日期时间", "时刻", "timepoint", "time", "datetime", "hour"),
    "pollutant_text": ("污染物", "监测项目", "项目", "pollutant", "parameter", "type"),
    "value_text": ("浓度", "监测值", "小时值", "数值", "value", "concentration"),
    "unit_text": ("单位", "计量单位", "unit"),
    **{
        code: (
            *names,
            *(f"{name}{of_hour}" for name in names for of_hour in ("_1h", "小时浓度", "小时值", "1小时平均")),
        )
        for code, names in _NAMES.items()
    },
}
_FIELD_OF = {normalise(name): field for field, names in HEADINGS.items() for name in (field, *names)}
_SWAPPED = {"o3": "o324h", "o324h": "o3"}
_LONG = ("hour_text", "pollutant_text", "value_text")
_NO_READINGS = "找不到逐时浓度：应有站点编码、时间和 {wanted} 等污染物的小时值"


class _Reading(NamedTuple):
    """``texts``: what a record says of itself; ``cells``: pollutant → place, concentration and unit as written."""

    texts: Mapping[str, str]
    cells: Mapping[str, tuple[str, str | None, str | None]]


@dataclass(frozen=True)
class AirQualityFeed:
    """``codes`` are the city's stations, ``cities`` what it is called: a national file has 1,495 stations of others."""

    codes: frozenset[str] = frozenset()
    cities: frozenset[str] = frozenset()
    name: str = "air_quality"
    raw_table: str = "air_reading"
    schema: pa.Schema = _SCHEMA

    @classmethod
    def of_catalogue(cls, seed_dir: Path) -> AirQualityFeed:
        """With the city's stations, those that have been given up too, and the names of the areas they stand for."""
        paths = seed_dir / "stations.csv", seed_dir / "areas.csv"
        if not all(path.is_file() for path in paths):
            return cls()
        stations, _ = read_table(paths[0].read_bytes(), paths[0].name, Station)
        areas, _ = read_table(paths[1].read_bytes(), paths[1].name, Area)
        codes = {placed.row.area_code for placed in stations}
        return cls(
            frozenset(fold(placed.row.code) for placed in stations),
            frozenset(_city(placed.row.name_zh) for placed in areas if placed.row.code in codes),
        )

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """One row per station, hour and pollutant, missing ones too; one row counts the stations of other cities.

        A record belongs to the city where its code is one of its stations', or it says so, or says nothing of a city.

        Raises:
            UnreadableFile: neither JSON of objects nor a table, or there is no concentration in it.
        """
        head = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
        reading = _of_json if head[:1] in (b"{", b"[") else _of_tables
        return raw_rows(self.schema, self._rows(reading(data, arrival.filename), arrival.filename))

    def _rows(self, readings: Iterable[_Reading | str], filename: str) -> Iterator[dict[str, object]]:
        line_no, elsewhere, anything = 0, set(), False
        for record_no, reading in enumerate(readings, start=1):
            if isinstance(reading, str):
                line_no += 1
                yield {"line_no": line_no, "row_kind": "note", "record_no": record_no, "value_text": reading}
                continue
            anything = anything or bool(reading.cells)
            if not self._is_ours(reading.texts):
                elsewhere.add(reading.texts.get("station_text") or reading.texts.get("station_name"))
                continue
            for pollutant, (place, value, unit) in reading.cells.items():
                line_no += 1
                yield {
                    "line_no": line_no,
                    "row_kind": "data",
                    "record_no": record_no,
                    "cell": place,
                    **reading.texts,
                    "pollutant_text": pollutant,
                    "value_text": value,
                    "unit_text": unit,
                }
        if not anything:
            wanted = "、".join(names[0] for names in _NAMES.values())
            raise UnreadableFile("no_header", _NO_READINGS.format(wanted=wanted), Place(filename))
        if elsewhere:
            said = f"其他城市的 {len(elsewhere)} 个站点，未读取"
            yield {"line_no": line_no + 1, "row_kind": "note", "value_text": said}

    def _is_ours(self, texts: Mapping[str, str]) -> bool:
        area = texts.get("area_text")
        return not area or fold(texts.get("station_text", "")) in self.codes or _city(area) in self.cities


def _city(name: str) -> str:
    return fold(name).removesuffix("市")


def _of_json(data: bytes, filename: str) -> Iterator[_Reading]:
    """The objects of a list, or the properties of the features of a collection."""
    objects = list(_objects(_parsed(data, filename), filename))
    swapped = _ozone_swapped(record for _, record in objects)
    for place, record in objects:
        texts: dict[str, str] = {}
        cells: dict[str, tuple[str, str | None, str | None]] = {}
        for key, given in record.items():
            name = normalise(key)
            field = _FIELD_OF.get(_SWAPPED.get(name, name) if swapped else name)
            text = None if given is None else given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
            if field is not None and field in _NAMES:
                cells[field] = (f"{place}.{key}", text, None)
            elif field is not None and text is not None:
                texts[field] = text
            if field == "value_text":
                texts["place"] = f"{place}.{key}"
        yield (
            _long(texts, texts.pop("place", place)) if "pollutant_text" in texts and not cells else _wide(texts, cells)
        )


def _ozone_swapped(records: Iterable[Mapping[str, Any]]) -> bool:
    """Whether ``o3`` and ``o3_24h`` stand for each other, as in the national release of 2018.

    The latter should be the largest hour of 24, which no hour of them exceeds.
    """
    above = below = 0
    for record in records:
        ozone = {normalise(key): value for key, value in record.items() if normalise(key) in _SWAPPED}
        try:
            hour, largest = (float(ozone[name]) for name in ("o3", "o324h"))
        except (KeyError, TypeError, ValueError):
            continue
        above, below = above + (hour > largest), below + (hour < largest)
    return above > below


def _parsed(data: bytes, filename: str) -> Any:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", errors="replace")
    try:
        # Every number stays as it is written: what it means is the gate's matter.
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (json.JSONDecodeError, RecursionError) as error:
        raise refuse("damaged", filename, "JSON 不完整") from error


def _objects(content: Any, filename: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    name, listed = "", content
    if isinstance(content, dict):
        found = [(key, value) for key, value in content.items() if _is_list(value)]
        name, listed = found[0] if len(found) == 1 else ("", None)
    if not _is_list(listed):
        raise UnreadableFile("no_list", "JSON 应为记录的列表，或 GeoJSON 的 FeatureCollection", Place(filename))
    for number, entry in enumerate(listed):
        properties = entry.get("properties")
        yield f"{name}[{number}]", properties if isinstance(properties, dict) else entry


def _is_list(content: Any) -> bool:
    return isinstance(content, list) and all(isinstance(entry, dict) for entry in content)


def _of_tables(data: bytes, filename: str) -> Iterator[_Reading | str]:
    """The rows of every sheet with a header, one pollutant a row or all of them; remarks around them as text."""
    sheets = read_sheets(data, filename)
    by_name = {sheet.name: sheet for sheet in sheets}
    found = None
    for wanted in (_LONG, ("hour_text",)):
        try:
            found = find_tables(sheets, HEADINGS, wanted, ("station_text", "station_name", "hour_text"), filename)
            break
        except UnreadableFile as error:
            if error.code != "no_header" or wanted != _LONG:
                raise
    assert found is not None, "the last search raises"
    for table in found.tables:
        sheet = f"{table.sheet}!" if len(found.tables) > 1 else ""
        units = {
            field: _bracketed(by_name[table.sheet].rows, table, letters) for field, letters in table.columns.items()
        }
        for row in table.rows:
            yield _of_row(table, row, units, sheet)


def _of_row(table: Table, row: TableRow, units: Mapping[str, str | None], sheet: str) -> _Reading | str:
    if row.kind == "note":
        return " ".join(cell.text for cell in (*row.cells.values(), *row.extra.values()))
    texts = {name: _written(cell) for name, cell in row.cells.items() if name in _TEXTS}
    places = {name: f"{sheet}{place}" for name, place in table.addresses(row).items()}
    if "pollutant_text" in table.columns:
        return _long(texts, places["value_text"], units["value_text"])
    cells = {
        name: (places[name], row.cells[name].text if name in row.cells else None, units[name])
        for name in _NAMES
        if name in table.columns
    }
    return _wide(texts, cells)


def _written(cell: Cell) -> str:
    """A workbook's moment is read without its time where that is midnight, which here is an hour like others."""
    return f"{cell.text} 00:00" if cell.kind == "date" and len(cell.text) == len("2021-03-01") else cell.text


def _bracketed(rows: Mapping[int, Mapping[int, Any]], table: Table, letters: str) -> str | None:
    """What stands in brackets in a column's heading: its unit."""
    heading = next((c.text for c in rows.get(table.header, {}).values() if c.address == f"{letters}{table.header}"), "")
    opening = max(heading.rfind("("), heading.rfind("（"))
    return heading[opening + 1 :].rstrip(")） ") or None if opening >= 0 else None


def _wide(texts: Mapping[str, str], cells: Mapping[str, tuple[str, str | None, str | None]]) -> _Reading:
    return _Reading({name: texts[name] for name in _TEXTS if name in texts}, cells)


def _long(texts: Mapping[str, str], place: str, unit: str | None = None) -> _Reading:
    texts = dict(texts)
    pollutant = texts.pop("pollutant_text", "")
    cell = (place, texts.pop("value_text", None), texts.pop("unit_text", unit))
    return _Reading(texts, {pollutant: cell})
