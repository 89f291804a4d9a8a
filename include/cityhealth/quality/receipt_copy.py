"""The copy of what was sent in: the same cells at the same addresses, nothing live, offending cells marked."""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.styles import PatternFill
from openpyxl.utils.cell import coordinate_from_string
from openpyxl.workbook import Workbook
from openpyxl.worksheet.table import TableList
from openpyxl.worksheet.worksheet import Worksheet

from cityhealth.quality.verdicts import Finding
from cityhealth.tabular import Sheet
from cityhealth.tabular.sheet import Cell as ReadCell

CRITICAL_FILL = PatternFill("solid", fgColor="FFFF9999")
WARNING_FILL = PatternFill("solid", fgColor="FFFFEB84")
FILLS = {"critical": CRITICAL_FILL, "warning": WARNING_FILL}

#: Above these a copy with styles would take gigabytes; then only the head and the offending rows are rebuilt.
MOST_CELLS = 200_000
MOST_XML_BYTES = 40 * 1024 * 1024
HEAD_ROWS = 20
MOST_MARKED = 2_000

_LONGEST_TEXT = 32_767
_LIVE = ("=", "+", "-", "@", "\t", "\r")
_NOT_IN_TITLE = re.compile(r"[\[\]:*?/\\]")
_ADDRESS = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}")
_PLAIN_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?")


def copy_of(data: bytes, sheets: Sequence[Sheet], findings: Sequence[Finding]) -> tuple[Workbook, dict[str, str], bool]:
    """The copy, the title there of each sheet by its original name, and whether all rows are in it."""
    whole = sum(len(cells) for sheet in sheets for cells in sheet.rows.values()) <= MOST_CELLS
    book = _with_styles(data, sheets) if whole and sheets[0].origin.format in ("xlsx", "xlsm") else None
    if book is not None:
        titles = {name: name for name in book.sheetnames}
    else:
        book, titles = _rebuilt(sheets, None if whole else _rows_of(findings))
    _mark(book, titles, findings)
    return book, titles, whole


def is_address(place: str | None) -> bool:
    """Whether a place is a cell: what is wrong may as well stand in a file's name or a paragraph."""
    return place is not None and _ADDRESS.fullmatch(place) is not None


def put_text(cell: Cell, text: str) -> None:
    """Write ``text`` as a string, whatever it begins with: a spreadsheet must never run it."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("␀", text)[:_LONGEST_TEXT]
    if isinstance(cell.value, str):
        cell.data_type = "s"
        if text.startswith(_LIVE):
            cell.quotePrefix = True


def _with_styles(data: bytes, sheets: Sequence[Sheet]) -> Workbook | None:
    """The workbook as openpyxl keeps it, without all that could act; None where openpyxl cannot read it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if sum(entry.file_size for entry in package.infolist()) > MOST_XML_BYTES:
                return None
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_vba=False, keep_links=False)
    # A file that our own reader could read may still offend openpyxl in any way; the rebuilt copy serves as well.
    except Exception:
        return None
    if not {sheet.name for sheet in sheets} <= {sheet.title for sheet in book.worksheets}:
        return None
    for chartsheet in list(book.chartsheets):
        book.remove(chartsheet)
    book.defined_names.clear()
    book.security = None
    read = {sheet.name: sheet for sheet in sheets}
    for sheet in book.worksheets:
        _disarm(sheet, read.get(sheet.title))
    return book


def _disarm(sheet: Worksheet, read: Sheet | None) -> None:
    sheet._charts, sheet._images, sheet._pivots = [], [], []
    sheet._tables = TableList()
    sheet.conditional_formatting = ConditionalFormattingList()
    sheet.data_validations.dataValidation = []
    sheet.defined_names.clear()
    sheet.protection.sheet = False
    sheet.legacy_drawing = None
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell, MergedCell):
                continue
            if cell.hyperlink is not None:
                cell.hyperlink = None
            if isinstance(cell.value, str) and cell.data_type != "e":
                put_text(cell, cell.value)
    for cells in read.rows.values() if read else ():
        for known in cells.values():
            if known.kind == "no_value":
                put_text(sheet[known.address], known.text)


def _rebuilt(sheets: Sequence[Sheet], only: Mapping[str, set[int]] | None) -> tuple[Workbook, dict[str, str]]:
    book = Workbook()
    book.remove(book.active)
    titles = _titles([sheet.name for sheet in sheets])
    for source in sheets:
        target = book.create_sheet(titles[source.name])
        wanted = None if only is None else only.get(source.name, set())
        for number, cells in source.rows.items():
            if wanted is None or number <= HEAD_ROWS or number in wanted:
                for cell in cells.values():
                    _put(target.cell(cell.row, cell.column), cell)
        if only is None:
            for r in source.merged:
                target.merge_cells(
                    start_row=r.first_row, start_column=r.first_column, end_row=r.last_row, end_column=r.last_column
                )
        if source.hidden and len(sheets) > 1:
            target.sheet_state = "hidden"
    return book, titles


def _put(target: Cell, cell: ReadCell) -> None:
    if cell.kind == "number" and _PLAIN_NUMBER.fullmatch(cell.text):
        target.value = float(cell.text) if "." in cell.text else int(cell.text)
    else:
        put_text(target, cell.text)


def _titles(names: Sequence[str]) -> dict[str, str]:
    """Excel takes 31 characters, no brackets or slashes, and no two titles that differ in case only."""
    titles: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        base = _NOT_IN_TITLE.sub("_", ILLEGAL_CHARACTERS_RE.sub("_", name)).strip("' ")[:28] or "表"
        title, number = base, 1
        while title.casefold() in taken:
            number += 1
            title = f"{base[: 28 - len(str(number))]}_{number}"
        taken.add(title.casefold())
        titles[name] = title
    return titles


def _rows_of(findings: Iterable[Finding]) -> dict[str, set[int]]:
    rows: dict[str, set[int]] = defaultdict(set)
    for finding in [f for f in findings if f.sheet and is_address(f.cell)][:MOST_MARKED]:
        rows[str(finding.sheet)].add(coordinate_from_string(finding.cell)[1])
    return rows


def _mark(book: Workbook, titles: Mapping[str, str], findings: Sequence[Finding]) -> None:
    by_cell: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.sheet and finding.cell and is_address(finding.cell) and finding.sheet in titles:
            by_cell[finding.sheet, finding.cell].append(finding)
    for (sheet_name, address), found in list(by_cell.items())[:MOST_MARKED]:
        sheet = book[titles[sheet_name]]
        sheet.sheet_state = "visible"
        cell = _anchor(sheet, address)
        cell.fill = FILLS["critical" if any(f.severity == "critical" for f in found) else "warning"]
        before = f"\n原批注：{cell.comment.text}" if cell.comment else ""
        text = "\n".join(f"【{SEVERITY_ZH[f.severity]}】{f.reason_zh}\n→ {f.advice_zh}" for f in found) + before
        comment = Comment(ILLEGAL_CHARACTERS_RE.sub("␀", text), "城市体检数据校验", width=360)
        comment.height = 30 + 18 * sum(1 + len(line) // 26 for line in text.splitlines())
        cell.comment = comment


SEVERITY_ZH = {"critical": "须更正", "warning": "请核实"}


def _anchor(sheet: Worksheet, address: str) -> Cell:
    """The cell itself, or the first of the merged range that hides it."""
    cell = sheet[address]
    if isinstance(cell, MergedCell):
        found = next(r for r in sheet.merged_cells.ranges if address in r)
        return sheet.cell(found.min_row, found.min_col)
    return cell
