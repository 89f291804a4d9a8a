"""Which column of a part is which: by the manifest, by its standard name, or by a name that is common for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from cityhealth.errors import Place, UnreadableFile
from cityhealth.mobility.manifest import Names

#: Standard name → what else files call it, in small letters. Where several are there, the first one counts.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "device": ("device_id", "deviceid", "vehicle_id", "vehicleid", "id", "imei", "sim", "车牌", "车牌号", "车牌号码",
               "车辆编号", "终端号", "终端编号", "设备号", "设备编号", "用户编号", "用户id"),
    "time": ("timestamp", "gps_time", "gpstime", "datetime", "loc_time", "时间", "定位时间", "上报时间"),
    "lon": ("lng", "long", "longitude", "经度"),
    "lat": ("latitude", "纬度"),
    "speed": ("speed_kmh", "velocity", "速度", "车速", "瞬时速度"),
    "origin_lon": ("o_lon", "olon", "start_lon", "起点经度"),
    "origin_lat": ("o_lat", "olat", "start_lat", "起点纬度"),
    "destination_lon": ("d_lon", "dlon", "end_lon", "终点经度"),
    "destination_lat": ("d_lat", "dlat", "end_lat", "终点纬度"),
    "depart": ("depart_time", "departure_time", "start_time", "出发时间"),
    "arrive": ("arrive_time", "arrival_time", "end_time", "到达时间"),
    "mode": ("travel_mode", "transport_mode", "出行方式", "交通方式"),
    "origin": ("o", "origin_id", "起点", "起点网格"),
    "destination": ("d", "destination_id", "终点", "终点网格"),
    "count": ("travellers", "trips", "num", "人次", "数量", "出行量"),
}  # fmt: skip

_NAMES_ZH = {
    "device": "设备号",
    "time": "时间",
    "lon": "经度",
    "lat": "纬度",
    "origin_lon": "起点经度",
    "origin_lat": "起点纬度",
    "destination_lon": "终点经度",
    "destination_lat": "终点纬度",
    "origin": "起点网格",
    "destination": "终点网格",
    "count": "人次",
}

_POSITIONS = ("device", "time", "lon", "lat")
_ENDS = ("origin_lon", "origin_lat", "destination_lon", "destination_lat")
#: Kind → the columns without which there is nothing to enter, and those that may be missing.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "vehicle_positions": _POSITIONS,
    "phone_positions": _POSITIONS,
    "trips": _ENDS,
    "trip_matrix": ("origin", "destination", "count"),
}
OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "vehicle_positions": ("speed",),
    "phone_positions": ("speed",),
    "trips": ("device", "depart", "arrive", "mode"),
    "trip_matrix": (),
}
_CELLS = ("origin", "destination")
_TIMES = ("time", "depart", "arrive")


@dataclass(frozen=True)
class Found:
    """Standard name → the file's columns for it: one, but for the cells of a matrix."""

    columns: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> list[str]:
        """All columns that are read, each once."""
        return list(dict.fromkeys(name for names in self.columns.values() for name in names))


_DATA = re.compile(r"\d{3}|\d\.\d")


def find_columns(kind: str, schema: pa.Schema, stated: Mapping[str, Names], place: Place) -> Found:
    """The columns of a part of ``kind``; what the manifest states goes before any name.

    Raises:
        UnreadableFile: ``column_missing`` (which, and which there are), ``column_ambiguous`` (a name that is used
            twice) or ``column_type`` (what cannot be read as an id, a time, a number or text).
    """
    by_folded: dict[str, str] = {}
    for name in schema.names:
        by_folded.setdefault(name.strip().casefold(), name)
    found, missing = {}, []
    for standard in (*REQUIRED[kind], *OPTIONAL[kind]):
        names = _names(standard, stated.get(standard), by_folded)
        if names:
            found[standard] = names
        elif standard in REQUIRED[kind] or standard in stated:
            missing.append(standard)
    if missing:
        words = "、".join(_missing(standard, stated.get(standard)) for standard in missing)
        # A first row of data in the place of headings holds ids and positions: they are not to be read in receipts.
        headed = not any(_DATA.search(name) for name in schema.names)
        there = ("、".join(schema.names) or "（无）") if headed else "（第一行是数据，没有表头）"
        raise UnreadableFile("column_missing", f"缺少列 {words}；现有列：{there}", place)
    result = Found(found)
    twice = [name for name in result.names if schema.names.count(name) > 1]
    if twice:
        raise UnreadableFile("column_ambiguous", f"列名 {'、'.join(twice)} 不止一列", place)
    for standard, names in found.items():
        for name in names:
            _refuse_type(standard, name, schema.field(name).type, place)
    return result


def _names(standard: str, stated: Names | None, by_folded: Mapping[str, str]) -> tuple[str, ...] | None:
    if stated is not None:
        wanted = (stated,) if isinstance(stated, str) else tuple(stated)
        names = [by_folded.get(name.casefold()) for name in wanted]
        return tuple(name for name in names if name) if all(names) else None
    known = (standard, *ALIASES.get(standard, ()))
    name = next((by_folded[alias] for alias in known if alias in by_folded), None)
    return None if name is None else (name,)


def _missing(standard: str, stated: Names | None) -> str:
    word = _NAMES_ZH.get(standard)
    shown = f"{standard}（{word}）" if word else standard
    if stated is None:
        return shown
    return f"{shown}，说明文件写作 {stated if isinstance(stated, str) else '、'.join(stated)}"


def _refuse_type(standard: str, name: str, stored: pa.DataType, place: Place) -> None:
    family = family_of(stored)
    wanted = {"number", "text"}
    if standard in _TIMES:
        wanted |= {"moment", "moment with zone"}
    if family not in wanted:
        raise UnreadableFile("column_type", f"列 {name} 的类型 {stored} 不能作为 {standard} 读取", place)


def family_of(stored: pa.DataType) -> str:
    """What values of a type are to a reader; files that differ only in width, or in null-ability, do not differ."""
    if pa.types.is_dictionary(stored):
        return family_of(stored.value_type)
    if pa.types.is_integer(stored) or pa.types.is_floating(stored) or pa.types.is_decimal(stored):
        return "number"
    if pa.types.is_string(stored) or pa.types.is_large_string(stored) or pa.types.is_string_view(stored):
        return "text"
    if pa.types.is_timestamp(stored):
        return "moment with zone" if stored.tz else "moment"
    return str(stored)
