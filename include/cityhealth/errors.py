"""Every error that a person may have to act on, with the place where it stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where something is wrong: a file and, as far as known, a sheet and a cell, or a line and a column.

    ``cell`` is an A1 address (``C7``), ``line`` counts from 1 as an editor does, ``column`` is a column's name.
    """

    file: str
    sheet: str | None = None
    cell: str | None = None
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.sheet is not None:
            parts.append(f"工作表「{self.sheet}」")
        if self.cell is not None:
            parts.append(f"单元格 {self.cell}")
        if self.line is not None:
            parts.append(f"第 {self.line} 行")
        if self.column is not None:
            parts.append(f"列 {self.column}")
        return " ".join(parts)


class CityHealthError(Exception):
    """Base of all our errors; ``place`` is None only where nothing outside the program is at fault."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        self.message = message
        self.place = place
        super().__init__(f"{place}: {message}" if place else message)


class SettingsError(CityHealthError):
    """A setting is missing or makes no sense; the message names the environment variable."""


class CatalogueError(CityHealthError):
    """The catalogue contradicts itself, so nothing may be judged by it."""


class UnreadableFile(CityHealthError):
    """A file that arrived whole but cannot be read: damaged, encrypted, too large, not a table.

    ``code`` is a stable short name (``encrypted``, ``zip_bomb``, ``empty`` …), the message is for the receipt.
    """

    def __init__(self, code: str, message: str, place: Place) -> None:
        self.code = code
        super().__init__(message, place)


class IncompleteTransfer(CityHealthError):
    """The bytes in the landing zone are not (yet) those the arrival announces: try again later."""


class LayoutError(CityHealthError):
    """A foreign table has a column, item or unit that no layout knows. ``suggestion`` is YAML to start from."""

    def __init__(self, message: str, place: Place, suggestion: str | None = None) -> None:
        self.suggestion = suggestion
        super().__init__(message, place)


class WarehouseError(CityHealthError):
    """The database is not there, not prepared, or refuses."""


class BuildError(CityHealthError):
    """dbt finished with a model or a check that failed; the message lists them."""
