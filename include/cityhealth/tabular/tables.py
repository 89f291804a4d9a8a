"""Finding a table in a sheet that a person has decorated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cityhealth.errors import Place, UnreadableFile
from cityhealth.tabular.sheet import Cell, Range, Sheet, address, column_letters

SEARCHED_ROWS = 60  # filled rows in which a header may begin
_DEEPEST_HEADER = 4

_BRACKETS = re.compile(r"[(\[【〔{].*?[)\]】〕}]")
_NOTE = re.compile(
    r"(?:附?注|备注|(?:填[表报])?说明|(?:数据|资料)来源|[填制]表人?|填报人|复核人?|审核人?|经办人|联系人"
    r"|(?:联系)?电话|(?:单位|部门)?负责人|分管领导|填[表报](?:日期|时间|单位)|报送(?:日期|时间|单位)|(?:单位)?盖章)"
    r"\s*\d*(?:[:：\s(（、.．].*)?",
    re.DOTALL,
)
_TOTALS = frozenset(("合计", "总计", "小计", "共计"))


@dataclass(frozen=True)
class TableRow:
    """One row under the header. ``cells`` by field, ``extra`` by the name of an unknown column; both filled only.

    ``kind`` is ``note`` for what stands around the data: remarks, signatures, totals, a repeated header.
    """

    line: int
    kind: Literal["data", "note"]
    cells: Mapping[str, Cell]
    extra: Mapping[str, Cell]


@dataclass(frozen=True)
class Table:
    """``header``: the row where the header ends; ``columns``: field → letters; ``unknown``: name → A1."""

    sheet: str
    header: int
    columns: Mapping[str, str]
    unknown: Mapping[str, str]
    rows: tuple[TableRow, ...]

    def addresses(self, row: TableRow) -> dict[str, str]:
        """Field → where it stands in a row; an empty cell is where its column meets the row."""
        places = {field: f"{letters}{row.line}" for field, letters in self.columns.items()}
        return places | {field: cell.address for field, cell in row.cells.items()}


@dataclass(frozen=True)
class FoundTables:
    """``skipped``: name of a sheet without the table → the reason (Chinese)."""

    tables: tuple[Table, ...]
    skipped: Mapping[str, str]


def find_tables(
    sheets: Iterable[Sheet],
    header_aliases: Mapping[str, Sequence[str]],
    required: Collection[str],
    key_fields: Collection[str] | None = None,
    file: str = "",
    single_fields: Collection[str] = (),
) -> FoundTables:
    """The table of every visible sheet that has one.

    Raises UnreadableFile: ``no_header`` where no sheet has one, ``duplicate_column`` as find_table does.
    """
    tables: list[Table] = []
    skipped: dict[str, str] = {}
    for sheet in sheets:
        if sheet.hidden or not sheet.rows:
            skipped[sheet.name] = "隐藏的工作表" if sheet.hidden else "空的工作表"
            continue
        try:
            tables.append(find_table(sheet, header_aliases, required, key_fields, file, single_fields))
        except UnreadableFile as error:
            if error.code != "no_header":
                raise
            skipped[sheet.name] = error.message
    if not tables:
        reasons = "；".join(f"工作表「{name}」{reason}" for name, reason in skipped.items())
        raise UnreadableFile("no_header", f"没有一张工作表含有所需的表头：{reasons}", Place(file))
    return FoundTables(tuple(tables), skipped)


def find_table(
    sheet: Sheet,
    header_aliases: Mapping[str, Sequence[str]],
    required: Collection[str],
    key_fields: Collection[str] | None = None,
    file: str = "",
    single_fields: Collection[str] = (),
) -> Table:
    """The table whose header holds all ``required`` fields, below whatever titles, columns in any order.

    ``header_aliases``: field → names that its column may carry; compared without width, case, spaces and
    punctuation, at last also without a bracketed addition (``指标值（必填）``). ``key_fields`` (default: the
    required) are filled down where cells are merged. A cell of ``single_fields`` can be one row's only: merged
    over several, each of them has it as kind ``merged``. Raises UnreadableFile ``no_header`` naming the missing
    columns, ``duplicate_column`` where two columns carry one field.
    """
    header = _find_header(sheet, header_aliases, required, file)
    fill = {header.columns[f] for f in (required if key_fields is None else key_fields) if f in header.columns}
    single = {header.columns[f] for f in single_fields if f in header.columns}
    return Table(
        sheet.name,
        header.last_row,
        {name: column_letters(column) for name, column in header.columns.items()},
        {name: address(header.last_row, column) for name, column in header.unknown.items()},
        tuple(_rows(sheet, header, fill, single)),
    )


def is_remark(text: str) -> bool:
    """Whether a text is what stands around data: a note, a source, a signature."""
    return _NOTE.fullmatch(unicodedata.normalize("NFKC", text).strip()) is not None


def normalise(text: str) -> str:
    """A header's text without width, case, spaces and punctuation (NFKC)."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] in "LN" or c in "%‰")


@dataclass(frozen=True)
class _Header:
    first_row: int
    last_row: int
    columns: Mapping[str, int]
    unknown: Mapping[str, int]
    texts: Mapping[int, tuple[str, ...]]
    repeated: Mapping[str, tuple[int, int]]


def _find_header(
    sheet: Sheet, header_aliases: Mapping[str, Sequence[str]], required: Collection[str], file: str
) -> _Header:
    names = {normalise(alias): name for name, aliases in header_aliases.items() for alias in (name, *aliases)}
    searched = [row for row, _ in zip(sheet.rows, range(SEARCHED_ROWS), strict=False)]
    best: _Header | None = None
    # Two rows that no merged cell binds together are one header only where neither is one by itself.
    for extra in (0, 1):
        for row in searched:
            header = _header_at(sheet, row, _header_end(sheet, row) + extra, names)
            missing = set(required) - set(header.columns)
            if not missing:
                for name, (one, two) in header.repeated.items():
                    where = f"{column_letters(one)} 列和 {column_letters(two)} 列"
                    place = Place(file, sheet.name, address(header.last_row, two))
                    raise UnreadableFile("duplicate_column", f"{where}都是「{_label(header_aliases, name)}」", place)
                return header
            if best is None or len(header.columns) > len(best.columns):
                best = header
    found = best.columns if best else {}
    missing_labels = "、".join(f"「{_label(header_aliases, name)}」" for name in required if name not in found)
    raise UnreadableFile("no_header", f"找不到表头，缺少列{missing_labels}", Place(file, sheet.name))


def _label(header_aliases: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(header_aliases.get(name, ())), name)


def _header_end(sheet: Sheet, row: int) -> int:
    """The last row of the header that begins in ``row``: as deep as the cells merged downward from it."""
    deep = [r.last_row for r in sheet.merged if r.first_row == row and r.last_row < row + _DEEPEST_HEADER]
    return max(deep, default=row)


def _header_at(sheet: Sheet, first: int, last: int, names: Mapping[str, str]) -> _Header:
    texts = {column: tuple(parts) for column, parts in header_texts(sheet, first, last).items()}
    columns: dict[str, int] = {}
    unknown: dict[str, int] = {}
    repeated: dict[str, tuple[int, int]] = {}
    for column, parts in sorted(texts.items()):
        name = _field(parts, names)
        if name is None:
            label = "".join(parts)
            unknown[label if label not in unknown else f"{label}（{column_letters(column)}）"] = column
        elif name in columns:
            repeated[name] = (columns[name], column)
        else:
            columns[name] = column
    return _Header(first, last, columns, unknown, texts, repeated)


def header_texts(sheet: Sheet, first: int, last: int) -> dict[int, list[str]]:
    """For each column its header texts from top to bottom, merged ones in every column they cover."""
    texts: dict[int, list[str]] = {}
    for row in range(first, last + 1):
        spans = {(r.first_row, r.first_column): r for r in sheet.merged if r.first_row == row}
        for column, cell in sheet.rows.get(row, {}).items():
            span = spans.get((row, column), Range(row, column, row, column))
            for covered in range(column, min(span.last_column, column + 200) + 1):
                texts.setdefault(covered, []).append(cell.text)
    return texts


def _field(parts: Sequence[str], names: Mapping[str, str]) -> str | None:
    """The field of a column: by its lowest header text, by all of them joined, by the highest."""
    readings = (parts[-1], "".join(parts), parts[0])
    for text in (*readings, *(_BRACKETS.sub("", unicodedata.normalize("NFKC", r)) for r in readings)):
        if (name := names.get(normalise(text))) is not None:
            return name
    return None


def _rows(
    sheet: Sheet, header: _Header, filled_columns: Collection[int], single_columns: Collection[int]
) -> Iterator[TableRow]:
    merged = {column: sheet.merged_in_column(column) for column in {*filled_columns, *single_columns}}
    fields = {column: name for name, column in header.columns.items()}
    extras = {column: name for name, column in header.unknown.items()}
    header_texts = {column: normalise(parts[-1]) for column, parts in header.texts.items()}
    for row, own in sheet.rows.items():
        if row <= header.last_row:
            continue
        cells = {fields[column]: cell for column, cell in own.items() if column in fields}
        extra = {extras[column]: cell for column, cell in own.items() if column in extras}
        is_note = _is_note(sheet, row, own, header_texts)
        if not is_note:
            for column, span_at in merged.items():
                span = span_at(row)
                anchor = sheet.cell(span.first_row, span.first_column) if span else None
                if span is None or anchor is None or anchor.row <= header.last_row:
                    continue
                if column in single_columns:
                    if span.last_row > span.first_row:
                        cells[fields[column]] = anchor._replace(kind="merged")
                elif fields[column] not in cells:
                    cells[fields[column]] = anchor
        if cells or extra:
            yield TableRow(row, "note" if is_note else "data", cells, extra)
        elif own:
            # Text beside the table belongs to no column, but must not vanish.
            yield TableRow(row, "note", {}, {cell.address: cell for cell in own.values()})


def _is_note(sheet: Sheet, row: int, own: Mapping[int, Cell], header_texts: Mapping[int, str]) -> bool:
    first = next(iter(own.values()))
    # The word 合计 may stand behind an empty or a numbered first column.
    leading = [normalise(cell.text) for cell, _ in zip(own.values(), range(2), strict=False)]
    if is_remark(first.text) or not _TOTALS.isdisjoint(leading):
        return True
    if len(own) == 1:
        span = next((r for r in sheet.merged if r[:2] == (first.row, first.column)), None)
        if span and span.last_column - span.first_column + 1 > len(header_texts) / 2:
            return True
    return len(own) > 1 and all(header_texts.get(column) == normalise(cell.text) for column, cell in own.items())
