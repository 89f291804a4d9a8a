"""Tables of places (兴趣点): a row per place, its longitude and latitude in columns of their own, in degrees."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from cityhealth.tabular.containers import OLE, ZIP
from cityhealth.tabular.limits import Limits
from cityhealth.tabular.read import read_sheets
from cityhealth.tabular.refusals import refuse
from cityhealth.tabular.sheet import Cell, Sheet, column_letters

_LONGITUDE = ("lon", "lng", "long", "longitude", "经度")
_LATITUDE = ("lat", "latitude", "纬度")
#: A title or a note may stand above the heads, no more.
_FIRST_ROWS = 10
#: 经度（°）, lon (deg): what stands in brackets is no part of the name.
_BRACKETED = re.compile(r"\(.*?\)|\[.*?\]")
_DEGREES = re.compile(r"(?:[EN]|东经|北纬)?(?P<number>[-+]?\d+(?:\.\d+)?(?:E[-+]?\d+)?)(?:°|度)?(?:[EN])?")


@dataclass(frozen=True)
class PlaceTable:
    """A sheet of places: ``frame`` has the attributes as text (None where blank), geometry None where no coordinate is.

    Where a row has no usable coordinate, what stands in the two columns is kept as attributes, to be shown.
    """

    name: str
    frame: gpd.GeoDataFrame
    encoding: str


def read_places(data: bytes, filename: str, encoding: str | None, limits: Limits) -> list[PlaceTable]:
    """Each sheet (a delimited text is one) that has a column of longitudes and one of latitudes, as points.

    Every filled row below the heads is a place. ``encoding`` is the sender's word, else the text tells. A coordinate
    is usable that is a number of degrees, beyond the poles too (the gate judges that), but not 0, 0, which is what
    geocoders write for nothing found. Other sheets are none of places.

    Raises:
        UnreadableFile: there is no table that can be read; its code is one of ``tabular.refusals``.
    """
    told = None if data.startswith((*ZIP, OLE)) else encoding
    sheets = read_sheets(data if told is None else _as_utf8(data, told, filename), filename, limits)
    headed = [(sheet, heads) for sheet in sheets if (heads := _heads(sheet)) is not None]
    return [
        PlaceTable(sheet.name, _frame(sheet, heads), told or (sheet.origin.encoding or "UTF-8").upper())
        for sheet, heads in headed
    ]


def _as_utf8(data: bytes, encoding: str, filename: str) -> bytes:
    try:
        return data.decode(encoding).encode()
    except (LookupError, UnicodeError) as error:
        raise refuse("undecodable", filename, encoding) from error


@dataclass(frozen=True)
class _Heads:
    row: int
    longitude: int
    latitude: int
    names: Mapping[int, str]


def _heads(sheet: Sheet) -> _Heads | None:
    """The first row that names one column of longitudes and one of latitudes; a name twice is no name."""
    for row in list(sheet.rows)[:_FIRST_ROWS]:
        found = {
            axis: [cell.column for cell in sheet.rows[row].values() if _folded(cell.text) in names]
            for axis, names in (("lon", _LONGITUDE), ("lat", _LATITUDE))
        }
        if len(found["lon"]) == len(found["lat"]) == 1:
            return _Heads(row, found["lon"][0], found["lat"][0], _names(sheet, row))
    return None


def _names(sheet: Sheet, head: int) -> dict[int, str]:
    """A name for every column in which anything stands, none of them twice."""
    columns = sorted({column for row, cells in sheet.rows.items() if row >= head for column in cells})
    names: dict[int, str] = {}
    for column in columns:
        cell = sheet.cell(head, column)
        name = " ".join(cell.text.split()) if cell else f"{column_letters(column)} 列"
        taken = {other.casefold() for other in names.values()} | {"geometry"}
        tries = (name, *(f"{name} ({number})" for number in range(2, len(columns) + 2)))
        names[column] = next(one for one in tries if one.casefold() not in taken)
    return names


def _folded(text: str) -> str:
    return _BRACKETED.sub("", unicodedata.normalize("NFKC", text)).strip().casefold()


def _frame(sheet: Sheet, heads: _Heads) -> gpd.GeoDataFrame:
    rows = [cells for row, cells in sheet.rows.items() if row > heads.row]
    lon = np.array([_degrees(cells.get(heads.longitude)) for cells in rows], dtype=float)
    lat = np.array([_degrees(cells.get(heads.latitude)) for cells in rows], dtype=float)
    usable = ~(np.isnan(lon) | np.isnan(lat) | ((lon == 0) & (lat == 0)))
    shapes = np.full(len(rows), None, dtype=object)
    shapes[usable] = shapely.points(lon[usable], lat[usable])
    attributes: dict[str, pd.Series] = {}
    for column, name in heads.names.items():
        texts = [cells[column].text if column in cells else None for cells in rows]
        if column in (heads.longitude, heads.latitude):
            if usable.all():
                continue
            texts = [None if there else text for text, there in zip(texts, usable, strict=True)]
        attributes[name] = pd.Series(texts, dtype=object)
    return gpd.GeoDataFrame(pd.DataFrame(attributes, index=range(len(rows))), geometry=shapes, crs="EPSG:4326")


def _degrees(cell: Cell | None) -> float:
    """The number of degrees that a cell says, NaN where it says none."""
    if cell is None or cell.kind not in ("text", "number"):
        return math.nan
    found = _DEGREES.fullmatch("".join(unicodedata.normalize("NFKC", cell.text).split()).upper())
    return float(found["number"]) if found else math.nan
