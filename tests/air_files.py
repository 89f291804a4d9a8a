"""Hourly files of two air-quality stations, and the office that receives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from city_office import Office
from cityhealth.catalogue import Catalogue, load
from cityhealth.settings import CITY_TIMEZONE
from small_city import FILES, small_city

STATIONS = "2160A,自来水公司,100000,,,no,,,house,,\n2161A,白云商贸,100000,,,no,,,house,,\n"
CLEAN: Mapping[str, str] = {"so2": "10", "no2": "20", "co": "0.5", "o3": "60", "pm10": "40", "pm2_5": "20"}


def moment(hour: int) -> datetime:
    """So many hours after the first midnight."""
    return datetime(2021, 3, 1, tzinfo=CITY_TIMEZONE) + timedelta(hours=hour)


def file_of(hours: Sequence[int], codes: Sequence[str] = ("2160A", "2161A"), **changes: str) -> bytes:
    values = {**CLEAN, **changes}
    lines = [f"{code},{moment(hour):%Y-%m-%d %H:%M},{','.join(values.values())}" for code in codes for hour in hours]
    return "\n".join(["站点编码,时间," + ",".join(values), *lines]).encode()


def receive(office: Office, hour: int, data: bytes) -> str:
    return office.receive(data, "小时值.csv", None, "air_quality", moment(hour) + timedelta(minutes=20), ())


def city_with_stations(folder: Path, **lines: str) -> Catalogue:
    """The small city with two stations, and further lines of its files (by their names without ending)."""
    small_city(folder)
    for name, more in {"stations": STATIONS, **lines}.items():
        (folder / f"{name}.csv").write_text(FILES[f"{name}.csv"] + more, encoding="utf-8")
    return load(folder)
