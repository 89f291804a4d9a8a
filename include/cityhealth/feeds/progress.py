"""Half-month progress reports: the form of :mod:`cityhealth.progress_form`, as a workbook or a Word document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from cityhealth.catalogue import WorkBlock
from cityhealth.catalogue.reading import read_table
from cityhealth.documents import Document, Paragraph, WordTable, is_word, read_word
from cityhealth.documents.headings import Topics
from cityhealth.documents.names import Names
from cityhealth.documents.outline import Outline, Section
from cityhealth.documents.reading import Reader
from cityhealth.documents.word import HEADER
from cityhealth.errors import Place, UnreadableFile
from cityhealth.feeds.around import (
    IN_FILE_NAME,
    IN_SHEET_NAME,
    Around,
    Placed,
    is_date,
    is_department,
    read_around,
)
from cityhealth.feeds.base import raw_rows
from cityhealth.landing import Arrival
from cityhealth.progress_form import (
    FIVE,
    HEADER_ALIASES,
    HEADING_FILLING,
    HEADING_WORDS,
    SHARED_FIELDS,
    SINGLE_FIELDS,
    headings_zh,
)
from cityhealth.tabular import Cell, Sheet, Table, TableRow, find_table, read_sheets
from cityhealth.tabular.labelled import labelled_rows
from cityhealth.tabular.labels import Labels, is_sentence, split_mark
from cityhealth.tabular.refusals import refuse
from cityhealth.tabular.tables import is_remark

#: Columns of the form that have a column of their own in raw.progress_line; the others go to ``other_cells``.
_STORED = (
    "task_text", "period_text", *FIVE, "percent_text", "reason_text", "responsible_text", "date_text",
)  # fmt: skip

_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("sheet", pa.string()),
        ("row_no", pa.int64()),
        ("row_kind", pa.string()),
        ("line_cell", pa.string()),
        *((name, pa.string()) for name in _STORED),
        ("percent_cell_kind", pa.string()),
        ("other_cells", pa.string()),
        ("cells", pa.string()),
    ]
)

_LABELS = Labels(HEADER_ALIASES)
_TOPICS = Topics(HEADING_WORDS, HEADING_FILLING)
_TITLE = re.compile(r"报告|汇报|小结|总结|进展|报表|填报|报送|附件|附表|[〔\[]\d{4}|\d{4}\s*年|体检工作")
_SEARCHED_ROWS = 60
#: Keys of ``other_cells`` under which a line says how it was read.
REVISED, UNCLEAR_HEADINGS = "修订", "标题"
DEPARTMENT = "填报单位"


@dataclass(frozen=True)
class ProgressFeed:
    """One line per task of a report; the department is the arrival's, or stands in the file's name.

    ``tasks``: names that by themselves head what a text says of a task.
    """

    tasks: tuple[str, ...] = ()
    name: str = "progress"
    raw_table: str = "progress_line"
    schema: pa.Schema = _SCHEMA

    @classmethod
    def of_catalogue(cls, seed_dir: Path) -> ProgressFeed:
        """With the names of the city's tasks, those that have ceased to be one too."""
        path = seed_dir / "work_blocks.csv"
        if not path.is_file():
            return cls()
        blocks, _ = read_table(path.read_bytes(), path.name, WorkBlock)
        return cls(tuple(dict.fromkeys(placed.row.name_zh for placed in blocks)))

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """One row per task, from tables with a header, tables of labels, or text under headings.

        The period stands in a column, else above or below the table, in the sheet's name, in the file's name.

        Raises:
            UnreadableFile: neither a table nor a Word document, or none of the five headings is in it.
        """
        if is_word(data, arrival.filename):
            lines = _of_document(read_word(data, arrival.filename), arrival.filename, Names(self.tasks))
        else:
            lines = _of_sheets(_sheets(data, arrival.filename), arrival.filename)
        if not any(line.kind == "data" for line in lines):
            message = f"找不到半月进展报告的五项标题{headings_zh()}中的任何一项，请用下发的模板填报，或写明这五项标题"
            raise UnreadableFile("no_header", message, Place(arrival.filename))
        return raw_rows(self.schema, (line.row(number) for number, line in enumerate(lines, start=1)))


@dataclass(frozen=True)
class _Text:
    text: str
    place: str
    kind: str = "text"


@dataclass(frozen=True)
class _Line:
    """One line of raw.progress_line. ``places`` are those of ``texts``, and of fields that are there but empty."""

    sheet: str
    number: int
    place: str
    texts: Mapping[str, _Text]
    places: Mapping[str, str]
    others: Mapping[str, str] = field(default_factory=dict)
    kind: str = "data"

    def row(self, line_no: int) -> dict[str, object]:
        percent = self.texts.get("percent_text")
        places = dict(self.places) | {name: text.place for name, text in self.texts.items()}
        return {
            "line_no": line_no,
            "sheet": self.sheet,
            "row_no": self.number,
            "row_kind": self.kind,
            "line_cell": self.place,
            **{name: self.texts[name].text for name in _STORED if name in self.texts},
            "percent_cell_kind": percent.kind if percent else None,
            "other_cells": json.dumps(self.others, ensure_ascii=False),
            "cells": json.dumps({name: places[name] for name in _STORED if name in places}, ensure_ascii=False),
        }

    def within(self, around: Around) -> _Line:
        """The line with what was said once for all of them."""
        if self.kind == "note":
            return self
        texts = dict(self.texts)
        for name, found in (("period_text", around.period), ("date_text", around.day)):
            if found is not None and name not in texts:
                texts[name] = _Text(found.text, found.place)
        others = dict(self.others) | ({DEPARTMENT: around.department.text} if around.department else {})
        return replace(self, texts=texts, others=others)


def _sheets(data: bytes, filename: str) -> list[Sheet]:
    try:
        return read_sheets(data, filename)
    except UnreadableFile as error:
        if error.code != "not_a_table":
            raise
        # This feed takes more than tables.
        raise refuse("not_a_report", filename) from error


@dataclass(frozen=True)
class _Found:
    """Lines, and the rows of text above and below them."""

    lines: list[_Line] = field(default_factory=list)
    above: list[list[Placed]] = field(default_factory=list)
    below: list[list[Placed]] = field(default_factory=list)


def _of_sheets(sheets: Sequence[Sheet], filename: str) -> list[_Line]:
    """Tables with a header where any sheet has one, else those of labels: instructions name the headings as well."""
    visible = [sheet for sheet in sheets if not sheet.hidden and sheet.rows]
    for reading in (_headed, _labelled):
        lines: list[_Line] = []
        for sheet in visible:
            found = reading(sheet, filename)
            names = (Placed(sheet.name, IN_SHEET_NAME), Placed(filename, IN_FILE_NAME))
            around = read_around(found.above, found.below, names)
            lines += [line.within(around) for line in found.lines]
        if lines:
            return lines
    return []


def _headed(sheet: Sheet, filename: str) -> _Found:
    """The lines of a table with a header; none where there is no such table."""
    table = _table(sheet, filename)
    if table is None:
        return _Found()
    notes = {row.line for row in table.rows if row.kind == "note"}
    by_task = groupby(table.rows, key=_block_of)
    return _Found(
        [_joined([_table_line(table, row) for row in rows]) for _, rows in by_task],
        [_placed(cells.values()) for line, cells in sheet.rows.items() if line < table.header],
        [_placed(cells.values()) for line, cells in sheet.rows.items() if line in notes],
    )


def _placed(cells: Iterable[Cell]) -> list[Placed]:
    return [Placed(cell.text, cell.address) for cell in cells]


def _block_of(row: TableRow) -> tuple[str, int]:
    """Rows that share one merged cell of the task are one line."""
    task = row.cells.get("task_text")
    return (row.kind, task.row if task is not None and row.kind == "data" else row.line)


def _table(sheet: Sheet, filename: str) -> Table | None:
    """The table whose header has most of the five headings."""
    rows = [list(cells.values()) for cells, _ in zip(sheet.rows.values(), range(_SEARCHED_ROWS), strict=False)]
    named = [_headers(cells) for cells in rows]
    of_rows = [set(names) & set(FIVE) for names in named]
    aliases = {
        field: (*known, *(names[field] for names in named if field in names)) for field, known in HEADER_ALIASES.items()
    }
    everywhere = set().union(*of_rows)
    tried = [everywhere, *sorted(of_rows, key=len, reverse=True)[:3]]
    for required in tried:
        if not required:
            continue
        try:
            fields = [name for name in FIVE if name in required]
            table = find_table(sheet, aliases, fields, SHARED_FIELDS, filename, SINGLE_FIELDS)
        except UnreadableFile as error:
            if error.code != "no_header":
                raise
            continue
        # In a table of labels, values stand between them, and the other headings below.
        whole = len(required) >= 3 or required == everywhere
        if whole and len(table.columns) > max(1, len(table.unknown)):
            return table
    return None


def _headers(cells: Sequence[Cell]) -> dict[str, str]:
    """The fields that cells of one row are the headers of, by their names or, beside such, by their own wording."""
    found: dict[str, str] = {}
    for cell in cells:
        if (name := _LABELS.field(cell.text)) is not None:
            found.setdefault(name, cell.text)
    worded = [cell for cell in cells if _LABELS.field(cell.text) is None] if len(found) > 1 else []
    for cell in worded:
        topic = _TOPICS.of(split_mark(cell.text)[1])
        if topic is not None and topic.plain:
            found.setdefault(topic.field, cell.text)
    return found


def _table_line(table: Table, row: TableRow) -> _Line:
    texts = {name: _Text(cell.text, cell.address, cell.kind) for name, cell in row.cells.items()}
    first = next(iter((*row.cells.values(), *row.extra.values())))
    return _line(table.sheet, row, texts, table.addresses(row), f"{first.address}")


def _line(sheet: str, row: TableRow, texts: Mapping[str, _Text], places: Mapping[str, str], first: str) -> _Line:
    stored = {name: text for name, text in texts.items() if name in _STORED}
    others = {name: text.text for name, text in texts.items() if name not in _STORED}
    others |= {name: cell.text for name, cell in row.extra.items()}
    place = texts["task_text"].place if "task_text" in texts else first
    return _Line(sheet, row.line, place, stored, places, others, row.kind)


def _joined(lines: Sequence[_Line]) -> _Line:
    """Several rows of one task as one line: each text once, one below the other."""
    first = lines[0]
    texts: dict[str, _Text] = {}
    for name in _STORED:
        found = [line.texts[name] for line in lines if name in line.texts]
        said = list(dict.fromkeys(text.text for text in found))
        if found:
            separator = "；" if name == "percent_text" else "\n"
            texts[name] = found[0] if len(said) == 1 else replace(found[0], text=separator.join(said), kind="text")
    others: dict[str, str] = {}
    for line in lines:
        for name, text in line.others.items():
            others[name] = text if others.get(name, text) == text else f"{others[name]}\n{text}"
    return replace(first, texts=texts, others=others)


def _labelled(sheet: Sheet, filename: str) -> _Found:
    """The lines of a sheet whose values stand beside their labels."""
    rows = labelled_rows(sheet, HEADER_ALIASES, (*FIVE, "task_text"), "task_text", _is_task)
    found = _Found()
    taken = {cell.address for row in rows for cell in row.cells.values()}
    for row in rows:
        texts = {name: _Text(cell.text, cell.address, cell.kind) for name, cell in row.cells.items()}
        first = min(row.cells.values(), key=lambda cell: (cell.row, cell.column), default=None)
        found.lines.append(_line(sheet.name, row, texts, row.places, first.address if first else f"A{row.line}"))
    for line, cells in sheet.rows.items() if rows else ():
        rest = _placed(cell for cell in cells.values() if cell.address not in taken)
        (found.above if line < rows[0].line else found.below).append(rest)
    return found


def _is_task(text: str) -> bool:
    """Whether a heading may name a task: neither the document's title nor the department."""
    return not (_TITLE.search(text) or is_department(text))


def _of_document(document: Document, filename: str, names: Names) -> list[_Line]:
    """Lines of the forms that stand in tables, then of the text around them."""
    text: list[Paragraph] = []
    tables = _Found()
    for block in document.blocks:
        if isinstance(block, Paragraph):
            text.append(block)
            continue
        found = _of_table(block, filename)
        if found.lines:
            tables.lines.extend(_named_by(found.lines, text))
            tables.above.extend(found.above)
            tables.below.extend(found.below)
        else:
            text += block.paragraphs
    body, signature = _signature(text)
    reader = Reader(_LABELS, _TOPICS, names, FIVE, "task_text")
    sections, preamble = Outline(reader, _is_task).sections(body)
    above = [[Placed(paragraph.text, paragraph.place)] for paragraph in preamble if paragraph.text]
    above += [[Placed(paragraph.text, HEADER)] for paragraph in document.headers if paragraph.text]
    below = [[Placed(paragraph.text, paragraph.place)] for paragraph in signature]
    around = read_around(tables.above + above, tables.below + below, (Placed(filename, IN_FILE_NAME),))
    lines = [line.within(around) for line in (*tables.lines, *map(_of_section, sections))]
    return lines + [_note(paragraph) for paragraph in signature if sections]


def _note(paragraph: Paragraph) -> _Line:
    others = {paragraph.place: paragraph.text}
    return _Line(paragraph.sheet, paragraph.number, paragraph.place, {}, {}, others, "note")


def _of_table(table: WordTable, filename: str) -> _Found:
    """The lines of a table that is the form, else of the tables in its cells that are."""
    found = _headed(table.sheet, filename)
    if not found.lines:
        inner = [_of_table(inner, filename) for inner in table.inner]
        nested = _Found(
            [line for one in inner for line in one.lines],
            [row for one in inner for row in one.above],
            [row for one in inner for row in one.below],
        )
        # Whichever says more of the five is the form; the other one is its frame, or a table in one of its cells.
        found = max(_labelled(table.sheet, filename), nested, key=lambda one: _of_the_five(one.lines))
    return replace(found, lines=_marked(found.lines, table))


def _of_the_five(lines: Iterable[_Line]) -> int:
    return len({name for line in lines for name in line.texts if name in FIVE})


def _marked(lines: Sequence[_Line], table: WordTable) -> list[_Line]:
    """The lines with the places where something was changed, struck through or hidden; also of empty fields."""
    marked = []
    for number, line in enumerate(lines):
        if line.sheet != table.sheet.name:
            marked.append(line)
            continue
        places = {text.place for text in line.texts.values()} | set(line.places.values()) | set(line.others)
        ends = lines[number + 1].number if number + 1 < len(lines) else None
        # A row that is gone is told with the line before it.
        rows = [
            f"第 {row} 行之后（整行已删除）" if row else "第 1 行之前（整行已删除）"
            for row in table.rows_removed
            if (row >= line.number or number == 0) and (ends is None or row < ends)
        ]
        revision = _revision([*sorted(table.revised & places), *rows], sorted(table.struck & places))
        marked.append(replace(line, others=dict(line.others) | revision))
    return marked


def _revision(revised: Sequence[str], struck: Sequence[str]) -> dict[str, str]:
    said = []
    if revised:
        said.append(f"含修订痕迹，按接受修订后的文字读取：{'、'.join(dict.fromkeys(revised))}")
    if struck:
        said.append(f"含带删除线或隐藏的文字，没有计入：{'、'.join(dict.fromkeys(struck))}")
    return {REVISED: "；".join(said)} if said else {}


def _named_by(lines: list[_Line], text: list[Paragraph]) -> list[_Line]:
    """A table of one line that names no task is about the heading above it, which then is no text any more."""
    if len(lines) != 1 or "task_text" in lines[0].texts:
        return lines
    last = max((n for n, paragraph in enumerate(text) if paragraph.text), default=None)
    if last is None:
        return lines
    above = text[last]
    if is_sentence(above.text) or _LABELS.read(above.text) or not _is_task(above.text):
        return lines
    del text[last]
    task = _Text(_task_name(above.text), above.place)
    return [replace(lines[0], texts=dict(lines[0].texts) | {"task_text": task})]


def _task_name(heading: str) -> str:
    """``（一）生态宜居方面：`` is about 生态宜居."""
    return split_mark(heading)[1].rstrip(":： ").removesuffix("方面")


def _signature(text: Sequence[Paragraph]) -> tuple[list[Paragraph], list[Paragraph]]:
    """The text, and the lines at its end that belong to no heading: department, date, contact."""
    end = len(text)
    while end and (not text[end - 1].text or _is_signature(text[end - 1].text)):
        label = _LABELS.read(text[end - 1].text)
        # 责任人单位：某局 ends a section; 填报日期 ends the document.
        if label is not None and label.field not in ("date_text", "period_text"):
            break
        end -= 1
    rest = text[end:]
    return [*text[:end], *(p for p in rest if not p.text)], [p for p in rest if p.text]


def _is_signature(text: str) -> bool:
    return is_remark(text) or is_date(text) or (len(text) <= 30 and not is_sentence(text) and is_department(text))


def _of_section(section: Section) -> _Line:
    texts = {name: _Text(said.text, said.at.place) for name, said in section.said.items()}
    if section.title is not None and "task_text" not in texts:
        texts["task_text"] = _Text(section.name or _task_name(section.title.text), section.title.place)
    first = section.title or min(section.labels.values(), key=lambda paragraph: paragraph.number)
    others = {paragraph.place: paragraph.text for paragraph in section.between}
    others |= _revision(
        [paragraph.place for paragraph in section.changed if paragraph.revised],
        [paragraph.place for paragraph in section.changed if paragraph.struck],
    )
    others |= {UNCLEAR_HEADINGS: "；".join(section.remarks)} if section.remarks else {}
    places = {name: paragraph.place for name, paragraph in section.labels.items()}
    return _Line(first.sheet, first.number, first.place, texts, places, others)
