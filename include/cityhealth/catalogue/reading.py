"""From the bytes of the catalogue's files to typed rows that know their line."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.rows import FILES, Row
from cityhealth.errors import Place

R = TypeVar("R", bound=Row)

#: Every file may have these, whether or not it lists them.
_COMMON = ("known_from", "known_until", "basis")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Placed(Generic[R]):
    """A row and the line it begins on."""

    row: R
    file: str
    line: int

    def finding(self, column: str | None, message: str) -> Finding:
        return Finding(Place(self.file, line=self.line, column=column), message)


@dataclass(frozen=True)
class _Line:
    number: int
    cells: list[str]


Tables = Mapping[str, Sequence[Placed[Any]]]


def read_tables(seed_dir: Path) -> tuple[Tables, list[Finding]]:
    """Every file of ``seed_dir`` as typed rows; a line that cannot be typed is a finding and left out."""
    tables: dict[str, Sequence[Placed[Any]]] = {}
    findings: list[Finding] = []
    for file, (row_type, _) in FILES.items():
        path = seed_dir / file
        if path.is_file():
            tables[file], found = read_table(path.read_bytes(), file, row_type)
        else:
            tables[file], found = [], [Finding(Place(file), "缺少文件")]
        findings += found
    strangers = sorted(path.name for path in seed_dir.glob("*.csv") if path.name not in FILES)
    findings += [Finding(Place(name), "目录中没有这种文件") for name in strangers]
    return tables, findings


def read_table(data: bytes, file: str, row_type: type[R]) -> tuple[list[Placed[R]], list[Finding]]:
    """One file's rows, and what is wrong with its encoding, header or cells."""
    if data.startswith(_BOM):
        return [], [Finding(Place(file, line=1), "文件以 BOM 开头，应为不带 BOM 的 UTF-8")]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        bad_line = data.count(b"\n", 0, error.start) + 1
        return [], [Finding(Place(file, line=bad_line), "不是 UTF-8 编码")]
    try:
        header, *lines = _lines(text)
    except ValueError:
        return [], [Finding(Place(file, line=1), "文件没有表头")]
    except csv.Error as error:
        return [], [Finding(Place(file), f"不是规范的 CSV：{error}")]
    findings = _header_findings(header, file, row_type)
    if findings:
        return [], findings
    adapter = TypeAdapter(row_type)
    rows: list[Placed[R]] = []
    for line in lines:
        row = _typed(line, header.cells, file, adapter)
        if isinstance(row, list):
            findings += row
        else:
            rows.append(Placed(row, file, line.number))
    return rows, findings


def _lines(text: str) -> Iterator[_Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    for cells in reader:
        if cells:
            yield _Line(begins, cells)
        begins = reader.line_num + 1


def _header_findings(header: _Line, file: str, row_type: type[Row]) -> list[Finding]:
    known = [field.name for field in dataclasses.fields(row_type)]
    place = {name: Place(file, line=header.number, column=name) for name in {*header.cells, *known}}
    repeated = {name for name in header.cells if header.cells.count(name) > 1}
    required = [name for name in known if name not in _COMMON]
    return [
        *(Finding(place[name], "列名重复") for name in sorted(repeated)),
        *(Finding(place[name], "没有这种列") for name in header.cells if name not in known),
        *(Finding(place[name], "缺少这一列") for name in required if name not in header.cells),
    ]


def _typed(line: _Line, header: list[str], file: str, adapter: TypeAdapter[R]) -> R | list[Finding]:
    if len(line.cells) != len(header):
        message = f"有 {len(line.cells)} 个单元格，表头有 {len(header)} 列"
        return [Finding(Place(file, line=line.number), message)]
    spaced = [name for name, cell in zip(header, line.cells, strict=True) if cell != cell.strip()]
    if spaced:
        return [Finding(Place(file, line=line.number, column=name), "前后有空格") for name in spaced]
    # An empty cell is unknown: the field's default stands, or pydantic says that it is missing.
    given = {name: cell for name, cell in zip(header, line.cells, strict=True) if cell != ""}
    try:
        return adapter.validate_python(given)
    except ValidationError as error:
        return [_refusal(problem, file, line.number) for problem in error.errors()]


def _refusal(problem: Any, file: str, line: int) -> Finding:
    column = str(problem["loc"][0])
    given = problem["input"]
    match problem["type"]:
        case "missing":
            message = "不能为空"
        case "value_error":
            message = f"「{given}」{problem['ctx']['error']}"
        case "literal_error":
            message = f"「{given}」应为 {problem['ctx']['expected'].replace(' or ', '、').replace(', ', '、')} 之一"
        case "string_pattern_mismatch":
            message = f"「{given}」不合这一列的写法（{problem['ctx']['pattern']}）"
        case _:
            message = f"「{given}」{problem['msg']}"
    return Finding(Place(file, line=line, column=column), message)
