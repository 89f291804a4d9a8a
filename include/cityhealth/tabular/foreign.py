"""Reading a foreign table by its layout: every value cell with its item, area, period and unit as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import PurePosixPath

from cityhealth.errors import LayoutError, Place
from cityhealth.periods import PeriodError, parse_period
from cityhealth.tabular.layouts import Entry, Layout, Source, matches, squeeze
from cityhealth.tabular.sheet import Cell, Sheet, address, column_letters
from cityhealth.tabular.suggest import column_patch, item_patch, whole_layout
from cityhealth.tabular.tables import SEARCHED_ROWS, header_texts


@dataclass(frozen=True)
class ForeignCell:
    """One value. ``missing`` is set where the text is one of the layout's marks for no value."""

    sheet: str
    cell: str
    layout: str
    item_code: str
    area_text: str
    period_text: str
    value_text: str
    unit_text: str
    missing: bool = False


@dataclass(frozen=True)
class ForeignNote:
    """A text under or beside the table that is no value."""

    sheet: str
    cell: str
    text: str


@dataclass(frozen=True)
class ForeignTable:
    """``filtered_rows``: rows that the layout's row filter left out; ``skipped_sheets``: not of this layout."""

    layout: str
    cells: tuple[ForeignCell, ...]
    notes: tuple[ForeignNote, ...]
    filtered_rows: int
    skipped_sheets: tuple[str, ...]


@dataclass(frozen=True)
class _Located:
    """A sheet with its header found: header texts by column, and the texts a title may stand in."""

    sheet: Sheet
    last_header_row: int
    headers: Mapping[int, str]
    titles: tuple[str, ...]


@dataclass(frozen=True)
class _ValueColumn:
    entries: tuple[Entry, ...]
    period: str | None


def read_foreign(sheets: Sequence[Sheet], filename: str, layouts: Sequence[Layout]) -> ForeignTable:
    """All value cells of a file that exactly one of ``layouts`` matches.

    Raises LayoutError where none or several match, and for a column, item or unit that the layout does not know;
    its ``suggestion`` is YAML to start from.
    """
    found = [(layout, located) for layout in layouts if (located := _locate_all(sheets, filename, layout))]
    if not found:
        raise LayoutError("没有布局文件认识这个表", Place(filename), whole_layout(sheets, filename))
    if len(found) > 1:
        names = "、".join(layout.layout for layout, _ in found)
        raise LayoutError(f"多个布局都适用：{names}", Place(filename))
    layout, located_sheets = found[0]
    readers = [_Reader(layout, located, filename) for located in located_sheets]
    read = {located.sheet.name for located in located_sheets}
    return ForeignTable(
        layout.layout,
        tuple(cell for reader in readers for cell in reader.read()),
        tuple(note for reader in readers for note in reader.notes),
        sum(reader.filtered_rows for reader in readers),
        tuple(sheet.name for sheet in sheets if sheet.name not in read),
    )


def suggest_layout(sheets: Sequence[Sheet], filename: str, layouts: Sequence[Layout]) -> str:
    """The YAML to add to the layout that matches the file, or a whole layout to start from where none does.

    Raises LayoutError for what no patch can mend (several layouts match, a period that cannot be read).
    """
    try:
        table = read_foreign(sheets, filename, layouts)
    except LayoutError as error:
        if error.suggestion is None:
            raise
        return error.suggestion
    return f"# 布局 {table.layout} 已认识这个表，读到 {len(table.cells)} 个数值，不需要补充\n"


def _locate_all(sheets: Sequence[Sheet], filename: str, layout: Layout) -> list[_Located]:
    name = PurePosixPath(filename).name
    if not any(matches(glob, name) for glob in layout.match.filename):
        return []
    candidates = (sheet for sheet in sheets if not sheet.hidden and matches(layout.match.sheet, sheet.name))
    return [located for sheet in candidates if (located := _locate(sheet, PurePosixPath(name).stem, layout))]


def _locate(sheet: Sheet, title: str, layout: Layout) -> _Located | None:
    for row, _ in zip(sheet.rows, range(SEARCHED_ROWS), strict=False):
        last = row + layout.header_rows - 1
        headers = {column: "/".join(parts) for column, parts in header_texts(sheet, row, last).items()}
        if all(any(matches(glob, text) for text in headers.values()) for glob in layout.match.headers):
            above = [cell.text for r, cells in sheet.rows.items() if r < row for cell in cells.values()]
            titles = (title, *above)
            wanted = layout.match.title
            if wanted is None or any(re.search(wanted, text) for text in titles):
                return _Located(sheet, last, headers, titles)
    return None


class _Reader:
    def __init__(self, layout: Layout, located: _Located, filename: str) -> None:
        self.notes: list[ForeignNote] = []
        self.filtered_rows = 0
        self._layout = layout
        self._located = located
        self._sheet = located.sheet
        self._filename = filename
        period = layout.period
        self._period_source = () if period.header else (period.outside_header(),)
        self._keys: dict[str, int] = {}
        self._values: dict[int, _ValueColumn] = {}
        for column, header in located.headers.items():
            self._classify(column, header)
        self._merged = {column: self._sheet.merged_in_column(column) for column in self._keys.values()}
        self._stop_row = self._first_stop_row()
        if lacking := layout.key_columns() - set(self._keys):
            columns = "、".join(f"「{name}」" for name in sorted(lacking))
            raise LayoutError(f"布局 {layout.layout} 需要的列{columns}不在表里", self._place())

    def _classify(self, column: int, header: str) -> None:
        for key in self._layout.key_columns():
            if matches(key, header):
                self._keys.setdefault(key, column)
        pattern = self._layout.period.header
        period = re.fullmatch(pattern, squeeze(header)) if pattern else None
        entries = tuple(entry for entry in self._layout.columns if matches(entry.name, header))
        if entries or period:
            self._values[column] = _ValueColumn(entries, period[1] if period else None)

    def read(self) -> Iterator[ForeignCell]:
        if unknown := self._unknown_columns():
            column, header = next(iter(unknown.items()))
            more = f"（另有 {len(unknown) - 1} 列）" if len(unknown) > 1 else ""
            raise LayoutError(
                f"布局 {self._layout.layout} 不认识列「{header}」{more}",
                self._place(address(self._located.last_header_row, column), header or column_letters(column)),
                column_patch({name: self._example(at) for at, name in unknown.items()}),
            )
        for row, cells in self._data_rows():
            cells = self._with_merged_keys(row, cells)
            if not self._wanted(cells):
                self.filtered_rows += 1
                continue
            for column, value_column in self._values.items():
                if column in cells and (read := self._value(cells, cells[column], value_column)) is not None:
                    yield read
        self.notes.extend(
            ForeignNote(self._sheet.name, cell.address, cell.text)
            for row, cells in self._sheet.rows.items()
            if row >= self._stop_row
            for cell in cells.values()
        )

    def _unknown_columns(self) -> dict[int, str]:
        """Columns with something in them that are neither key, value nor ignored."""
        known = {*self._keys.values(), *self._values}
        used = {column for _, cells in self._data_rows() for column in cells}
        headers = {column: self._located.headers.get(column, "") for column in sorted(used - known)}
        return {column: header for column, header in headers.items() if not self._ignored_column(header)}

    def _ignored_column(self, header: str) -> bool:
        entries = [e for e in self._layout.ignore if any(matches(glob, header) for glob in e.column)]
        if not entries or any(entry.valid_from is None and entry.valid_to is None for entry in entries):
            return bool(entries)
        return all(any(entry.valid_at(day) for entry in entries) for day in self._days)

    @cached_property
    def _days(self) -> set[date]:
        """The first days of all periods of the sheet; an ignored column must be ignored at each of them."""
        of_columns: list[tuple[str | None, int | None]] = [
            (column.period, None) for column in self._values.values() if column.period
        ]
        of_rows = [(self._text(self._period_source, cells, None), row) for row, cells in self._data_rows()]
        texts = {text: row for text, row in (*of_columns, *of_rows) if text}
        return {self._day(text, row) for text, row in texts.items()}

    def _example(self, column: int) -> str:
        return next((cells[column].text for _, cells in self._data_rows() if column in cells), "")

    def _data_rows(self) -> Iterator[tuple[int, Mapping[int, Cell]]]:
        stop = self._stop_row
        for row, cells in self._sheet.rows.items():
            if self._located.last_header_row < row < stop:
                yield row, cells

    def _first_stop_row(self) -> int:
        """The first row whose first text is one of the layout's stop marks, or the row after the last."""
        for row, cells in self._sheet.rows.items():
            text = next(iter(cells.values())).text
            if row > self._located.last_header_row and any(matches(glob, text) for glob in self._layout.stop):
                return row
        return max(self._sheet.rows) + 1

    def _with_merged_keys(self, row: int, cells: Mapping[int, Cell]) -> dict[int, Cell]:
        """The row's cells, and in its key columns what is merged down from above."""
        filled = dict(cells)
        for column, merged_at in self._merged.items():
            if column not in filled and (span := merged_at(row)) is not None:
                anchor = self._sheet.cell(span.first_row, span.first_column)
                if anchor is not None and anchor.row > self._located.last_header_row:
                    filled[column] = anchor
        return filled

    def _wanted(self, cells: Mapping[int, Cell]) -> bool:
        return all(
            (cell := cells.get(self._keys[wanted.column])) is not None and re.fullmatch(wanted.matches, cell.text)
            for wanted in self._layout.rows
        )

    def _value(self, cells: Mapping[int, Cell], value: Cell, column: _ValueColumn) -> ForeignCell | None:
        period_text, day = self._period(cells, value, column)
        entry = next((entry for entry in column.entries if entry.valid_at(day)), None)
        if column.entries and entry is None:
            header = self._located.headers[value.column]
            raise LayoutError(
                f"布局 {self._layout.layout} 里列「{header}」没有对 {period_text} 有效的条目",
                self._place(value.address, header),
                column_patch({header: value.text}),
            )
        item_text = self._text(self._layout.item, cells, day) or ""
        listed = self._listed(item_text, day)
        if listed is None and self._ignored_item(item_text, day):
            return None
        fixed_code = next((s.fixed for s in self._layout.item if s.fixed and s.valid_at(day)), None)
        item = (entry and entry.item) or (listed and listed.item) or fixed_code
        if item is None:
            message = f"布局 {self._layout.layout} 不认识数据项「{item_text}」"
            raise LayoutError(message, self._place(value.address), item_patch(self._unknown_items(day)))
        unit = self._unit(entry, listed, cells, day)
        area = self._text(self._layout.area, cells, day)
        if unit is None or not area:
            lacking = "单位" if unit is None else "地区"
            raise LayoutError(f"布局 {self._layout.layout} 没有说明这个数值的{lacking}", self._place(value.address))
        return ForeignCell(
            self._sheet.name,
            value.address,
            self._layout.layout,
            item,
            area,
            period_text,
            value.text,
            unit,
            squeeze(value.text) in {squeeze(mark) for mark in self._layout.missing},
        )

    def _period(self, cells: Mapping[int, Cell], value: Cell, column: _ValueColumn) -> tuple[str, date]:
        of_entry = next((entry.period for entry in column.entries if entry.period), None)
        text = of_entry or column.period or self._text(self._period_source, cells, None) or ""
        return text, self._day(text, value.row)

    def _day(self, text: str, row: int | None) -> date:
        try:
            return parse_period(text).start
        except PeriodError as error:
            place = Place(self._filename, self._sheet.name, line=row)
            raise LayoutError(error.message, place) from error

    def _unit(self, entry: Entry | None, listed: Entry | None, cells: Mapping[int, Cell], day: date) -> str | None:
        for known in (entry, listed):
            if known is not None and known.unit is not None:
                return known.unit
        return self._text(self._layout.unit, cells, day)

    def _unknown_items(self, day: date) -> list[str]:
        """Every item text of the sheet that neither ``items`` nor ``ignore`` knows at that day."""
        rows = (self._with_merged_keys(row, cells) for row, cells in self._data_rows())
        texts = dict.fromkeys(self._text(self._layout.item, cells, day) or "" for cells in rows if self._wanted(cells))
        return [t for t in texts if self._listed(t, day) is None and not self._ignored_item(t, day)]

    def _listed(self, text: str, day: date) -> Entry | None:
        return next((e for e in self._layout.items if matches(e.name, text) and e.valid_at(day)), None)

    def _ignored_item(self, text: str, day: date) -> bool:
        valid = (entry for entry in self._layout.ignore if entry.valid_at(day))
        return any(matches(glob, text) for entry in valid for glob in entry.item)

    def _text(self, sources: Sequence[Source], cells: Mapping[int, Cell], day: date | None) -> str | None:
        """What the first valid source says about a row, or None."""
        for source in sources:
            if day is not None and not source.valid_at(day):
                continue
            if source.fixed is not None:
                return source.fixed
            if source.column is not None and (cell := cells.get(self._keys[source.column])) is not None:
                return cell.text
            if source.title is not None:
                found = (re.search(source.title, title) for title in self._located.titles)
                if (first := next((f for f in found if f), None)) is not None:
                    return first[1]
        return None

    def _place(self, cell: str | None = None, column: str | None = None) -> Place:
        return Place(self._filename, self._sheet.name, cell, None, column)
