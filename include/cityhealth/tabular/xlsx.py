"""Workbooks of Excel 2007 and later.

Read by expat directly, because one pass must tell what no library of the lock tells in one: whether a cell
is a formula without a cached value (openpyxl needs two loads, calamine cannot say), which ranges are merged,
which number formats are percentages or dates; and because only filled cells may cost memory (calamine builds
the whole rectangle). The tests compare it with openpyxl and calamine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cityhealth.tabular.formats import NumberFormat, classify, render
from cityhealth.tabular.limits import Limits
from cityhealth.tabular.package import Package
from cityhealth.tabular.refusals import refuse
from cityhealth.tabular.sheet import MAX_COLUMNS, MAX_ROWS, Cell, Kind, Origin, Range, Sheet

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?")
_OTHER_PACKAGES = {
    "xl/workbook.bin": ("unsupported_format", "xlsb"),
    "content.xml": ("unsupported_format", "ods"),
    "word/document.xml": ("not_a_table", "Word 文档"),
    "ppt/presentation.xml": ("not_a_table", "PowerPoint 文档"),
}


def read_xlsx(data: bytes, filename: str, limits: Limits) -> list[Sheet]:
    """All worksheets of an .xlsx or .xlsm file; raises UnreadableFile."""
    package = Package(data, filename, limits)
    for part, (code, name) in _OTHER_PACKAGES.items():
        if part in package:
            raise refuse(code, filename, name)
    main = next((part for kind, part in package.relations("").values() if kind == "officeDocument"), None)
    if main is None or main not in package:
        raise refuse("not_a_table", filename, "压缩包")
    workbook = _Workbook()
    package.parse(main, workbook)
    if len(workbook.sheets) > limits.sheets:
        raise refuse("too_many_cells", filename, f"有 {len(workbook.sheets)} 个工作表")
    relations = package.relations(main)
    parts = dict(relations.values())
    strings, styles = _Strings(filename, limits.cells), _Styles()
    if "sharedStrings" in parts:
        package.parse(parts["sharedStrings"], strings)
    if "styles" in parts:
        package.parse(parts["styles"], styles)
    macros = any(name.lower().endswith("vbaproject.bin") for name in package.names)
    origin = Origin("xlsm" if macros else "xlsx")
    sheets: list[Sheet] = []
    left = limits.cells
    for name, hidden, relation in workbook.sheets:
        kind, part = relations.get(relation, ("", ""))
        if kind != "worksheet":
            continue
        reader = _Cells(filename, strings.found, styles.formats(), workbook.date1904, left, limits.merged_ranges)
        package.parse(part, reader)
        left -= reader.count
        sheets.append(Sheet(name, reader.ordered_rows(), tuple(reader.merged), hidden, origin))
    return sheets


@dataclass
class _Workbook:
    """The sheets in order as (name, hidden, relation id), and the calendar that dates count from."""

    sheets: list[tuple[str, bool, str]] = field(default_factory=list)
    date1904: bool = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append((attributes.get("name", ""), hidden, relation))
        elif name == "workbookPr":
            self.date1904 = attributes.get("date1904", "0") in ("1", "true")

    def end(self, name: str) -> None: ...
    def data(self, text: str) -> None: ...


class _Text:
    """Collects the characters of ``t`` elements, without the phonetic ones (``rPh``)."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._open = False
        self._phonetic = False

    def start(self, name: str) -> None:
        if name == "rPh":
            self._phonetic = True
        elif name == "t":
            self._open = not self._phonetic

    def end(self, name: str) -> None:
        if name == "rPh":
            self._phonetic = False
        elif name == "t":
            self._open = False

    def data(self, text: str) -> None:
        if self._open:
            self._parts.append(text)

    def take(self) -> str:
        text = "".join(self._parts)
        self._parts.clear()
        return _unescape(text).strip()


def _unescape(text: str) -> str:
    """``_x000A_`` is how a workbook writes a character that XML cannot hold."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class _Strings:
    def __init__(self, filename: str, most: int) -> None:
        self.found: list[str] = []
        self._filename = filename
        self._most = most
        self._text = _Text()
        self.data = self._text.data

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._text.start(name)

    def end(self, name: str) -> None:
        self._text.end(name)
        if name == "si":
            self.found.append(self._text.take())
            if len(self.found) > self._most:
                raise refuse("too_many_cells", self._filename)


class _Styles:
    """The meaning of each cell style's number format."""

    def __init__(self) -> None:
        self._codes: dict[int, str] = {}
        self._formats: list[int] = []
        self._in_cell_styles = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "numFmt":
            self._codes[_integer(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._in_cell_styles = True
        elif name == "xf" and self._in_cell_styles:
            self._formats.append(_integer(attributes.get("numFmtId")))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cell_styles = False

    def data(self, text: str) -> None: ...

    def formats(self) -> list[NumberFormat]:
        return [classify(number, self._codes.get(number)) for number in self._formats]


def _integer(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0


class _Cells:
    """The cells and merged ranges of one worksheet."""

    def __init__(
        self,
        filename: str,
        strings: list[str],
        formats: list[NumberFormat],
        date1904: bool,
        most_cells: int,
        most_merged: int,
    ) -> None:
        self.rows: dict[int, dict[int, Cell]] = {}
        self.merged: list[Range] = []
        self.count = 0
        self._filename = filename
        self._strings = strings
        self._formats = formats
        self._date1904 = date1904
        self._most_cells = most_cells
        self._most_merged = most_merged
        self._columns: dict[str, int] = {}
        self._row = self._column = 0
        self._attributes: Mapping[str, str] = {}
        self._inline = _Text()
        self._buffer: list[str] | None = None
        self._value: str | None = None
        self._formula: str | None = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self._attributes = attributes
            self._value = self._formula = None
            self._column += 1
            if reference := attributes.get("r"):
                self._row, self._column = self._position(reference)
        elif name in ("v", "f"):
            self._buffer = []
        elif name == "row":
            self._row = _integer(attributes.get("r")) or self._row + 1
            self._column = 0
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))
        else:
            self._inline.start(name)

    def data(self, text: str) -> None:
        if self._buffer is not None:
            self._buffer.append(text)
        else:
            self._inline.data(text)

    def end(self, name: str) -> None:
        if name == "v":
            self._value, self._buffer = "".join(self._buffer or ()), None
        elif name == "f":
            self._formula, self._buffer = "".join(self._buffer or ()), None
        elif name == "c":
            self._keep()
        else:
            self._inline.end(name)

    def ordered_rows(self) -> dict[int, dict[int, Cell]]:
        """Files may hold rows and cells in any order; readers rely on ascending ones."""
        return {number: dict(sorted(self.rows[number].items())) for number in sorted(self.rows)}

    def _position(self, reference: str) -> tuple[int, int]:
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = self._column_number(letters)
        return _integer(reference[len(letters) :]), column

    def _column_number(self, letters: str) -> int:
        number = 0
        for letter in letters:
            if not "A" <= letter <= "Z":
                raise refuse("damaged", self._filename, f"单元格地址 {letters[:10]}")
            number = number * 26 + ord(letter) - 64
        return number

    def _merge(self, reference: str) -> None:
        found = _RANGE.fullmatch(reference)
        if found is None or len(self.merged) >= self._most_merged:
            raise refuse("damaged", self._filename, "合并单元格")
        first, last = self._column_number(found[1]), self._column_number(found[3] or found[1])
        self.merged.append(Range(int(found[2]), first, int(found[4] or found[2]), last))

    def _keep(self) -> None:
        text, kind = self._content()
        if not text:
            return
        if not (0 < self._row <= MAX_ROWS and 0 < self._column <= MAX_COLUMNS):
            raise refuse("damaged", self._filename, "单元格地址超出工作表")
        self.count += 1
        if self.count > self._most_cells:
            raise refuse("too_many_cells", self._filename)
        self.rows.setdefault(self._row, {})[self._column] = Cell(text, self._row, self._column, kind)

    def _content(self) -> tuple[str, Kind]:
        stored, value = self._attributes.get("t", "n"), self._value
        if stored == "inlineStr":
            return self._inline.take(), "text"
        if value is None or (value == "" and stored != "str"):
            # A formula that only Excel could calculate, in a file that Excel never saved.
            return ("", "text") if self._formula is None else (f"={self._formula}", "no_value")
        if stored == "s":
            return self._shared(value), "text"
        if stored == "str":
            return _unescape(value).strip(), "text"
        if stored == "b":
            return ("TRUE" if value.strip() in ("1", "true") else "FALSE"), "boolean"
        if stored == "e":
            return value.strip(), "error"
        if stored == "d":
            return value.strip().removesuffix("T00:00:00"), "date"
        return self._number(value)

    def _shared(self, value: str) -> str:
        index = _integer(value)
        if index >= len(self._strings):
            raise refuse("damaged", self._filename, "缺少共享文字")
        return self._strings[index]

    def _number(self, value: str) -> tuple[str, Kind]:
        try:
            number = float(value)
        except ValueError:
            return value.strip(), "text"
        if not math.isfinite(number):
            return value.strip(), "text"
        style = _integer(self._attributes.get("s"))
        number_format = self._formats[style] if style < len(self._formats) else "number"
        return render(number, number_format, self._date1904)
