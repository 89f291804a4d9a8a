"""What a list of lines is read from: a workbook or a Word document with the header of a form."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence

from cityhealth.documents import Document, WordTable, is_word, read_word
from cityhealth.errors import Place, UnreadableFile
from cityhealth.tabular import Sheet, Table, TableRow, find_tables, read_sheets


def listed_rows(
    data: bytes,
    filename: str,
    aliases: Mapping[str, Sequence[str]],
    required: Collection[str],
    shared: Collection[str],
) -> Iterator[tuple[Table, TableRow]]:
    """The rows below the header, on every sheet (or in every table of a document) that has it.

    Raises:
        UnreadableFile: not a table, or none has the required columns.
    """
    if is_word(data, filename):
        sheets = _tables_of(read_word(data, filename))
        if not sheets:
            wanted = "".join(f"「{aliases[field][0]}」" for field in required)
            raise UnreadableFile("no_header", f"文档中没有表格，应为有{wanted}{len(required)}列的表格", Place(filename))
    else:
        sheets = read_sheets(data, filename)
    found = find_tables(sheets, aliases, required, shared, filename)
    return ((table, row) for table in found.tables for row in table.rows)


def raw_line(line_no: int, table: Table, row: TableRow, stored: Collection[str], place_field: str) -> dict[str, object]:
    """One row as the raw table of a list has it: ``stored`` fields by name, the others as JSON, and all places."""
    places = table.addresses(row)
    others = {name: cell.text for name, cell in row.cells.items() if name not in stored}
    others |= {name: cell.text for name, cell in row.extra.items()}
    return {
        "line_no": line_no,
        "sheet": table.sheet,
        "row_no": row.line,
        "row_kind": row.kind,
        "line_cell": places[place_field],
        **{name: row.cells[name].text for name in stored if name in row.cells},
        "other_cells": json.dumps(others, ensure_ascii=False),
        "cells": json.dumps({name: places[name] for name in stored if name in places}),
    }


def _tables_of(document: Document) -> list[Sheet]:
    tables = [block for block in document.blocks if isinstance(block, WordTable)]
    sheets = []
    while tables:
        table = tables.pop(0)
        sheets.append(table.sheet)
        tables[:0] = table.inner
    return sheets
