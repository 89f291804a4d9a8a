"""Departments' self-checks (自查报告): four sections per dimension, as a Word document or a workbook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pyarrow as pa

from cityhealth.catalogue import Dimension
from cityhealth.catalogue.reading import read_table
from cityhealth.documents import Document, Paragraph, WordTable, is_word, read_word
from cityhealth.documents.headings import Topics, is_heading
from cityhealth.documents.names import Names
from cityhealth.documents.outline import Outline, Section
from cityhealth.documents.reading import Reader
from cityhealth.documents.word import HEADER
from cityhealth.errors import Place, UnreadableFile
from cityhealth.feeds.around import Placed, is_date, is_department, read_around
from cityhealth.feeds.base import raw_rows
from cityhealth.landing import Arrival
from cityhealth.self_check_form import (
    HEADER_ALIASES,
    HEADING_ALIASES,
    HEADING_FILLING,
    HEADING_WORDS,
    HINT,
    SECTIONS,
    SHARED_FIELDS,
    sections_zh,
)
from cityhealth.self_checks.openings import by_openings
from cityhealth.tabular import Cell, Sheet, Table, TableRow, find_table, read_sheets
from cityhealth.tabular.labelled import labelled_rows
from cityhealth.tabular.labels import Labels, is_sentence, split_mark
from cityhealth.tabular.refusals import refuse
from cityhealth.tabular.tables import is_remark

_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("sheet", pa.string()),
        ("row_no", pa.int64()),
        ("row_kind", pa.string()),
        ("line_cell", pa.string()),
        ("dimension_text", pa.string()),
        ("section", pa.string()),
        ("section_text", pa.string()),
        ("paragraph_no", pa.int64()),
        ("body_text", pa.string()),
        ("other_cells", pa.string()),
        ("cells", pa.string()),
    ]
)

#: Keys of ``other_cells`` under which a line says how it was read, and of what else the report says of itself.
REVISED, UNCLEAR_HEADINGS, OPENINGS = "修订", "标题", "无标题"
DEPARTMENT, YEARS = "填报单位", "年份"

_LABELS = Labels(HEADING_ALIASES)
_ALL_LABELS = Labels(HEADER_ALIASES)
_TOPICS = Topics(HEADING_WORDS, HEADING_FILLING)
#: What the document's own title has, and no dimension.
_TITLE = re.compile(
    r"报告|汇报|总结|自查表|填报|报送|附件|附表|[〔\[]\d{4}|\d{4}\s*年|体检工作|前言|引言|目录|概述|背景"
)
_YEAR = re.compile(r"(20\d\d)\s*年(?:度)?[^，。；,;]{0,12}?(?:体检|自查|自体检)")
#: The ways in which people write a dimension's name where it heads something.
_NAMED = ("{}", "{}维度", "{}类", "{}指标", "{}类指标")


@dataclass(frozen=True)
class SelfCheckFeed:
    """One line per paragraph of a section. ``dimensions``: names that by themselves head what a text says of one;
    ``known_from``: the day from which one is known, where that is not always."""

    dimensions: tuple[str, ...] = ()
    known_from: Mapping[str, date] = field(default_factory=dict)
    name: str = "self_check"
    raw_table: str = "self_check_line"
    schema: pa.Schema = _SCHEMA

    @classmethod
    def of_catalogue(cls, seed_dir: Path) -> SelfCheckFeed:
        """With the names of the city's dimensions, of every system."""
        path = seed_dir / "dimensions.csv"
        if not path.is_file():
            return cls()
        rows, _ = read_table(path.read_bytes(), path.name, Dimension)
        known = {placed.row.name_zh: placed.row.known_from or date.min for placed in rows}
        return cls(tuple(known), known)

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """One row per paragraph of each section, from text under headings, tables with a header, tables of labels.

        What stands before the first heading, between a dimension and its first section, and below the last section
        (signature, date) is kept as rows of kind ``note``. A document without headings is read by the words with
        which its sentences begin, where these say which section is meant.

        Raises:
            UnreadableFile: neither a table nor a Word document, or none of the four sections can be made out.
        """
        names = [name for name in self.dimensions if self.known_from.get(name, date.min) <= arrival.day]
        if is_word(data, arrival.filename):
            lines = _of_document(read_word(data, arrival.filename), arrival.filename, names)
        else:
            lines = _of_sheets(_sheets(data, arrival.filename), names)
            if not any(line.kind == "data" for line in lines):
                message = f"找不到自查报告的四个部分{sections_zh()}中的任何一个，请用下发的表格填报，或写明这四个标题"
                raise UnreadableFile("no_header", message, Place(arrival.filename))
        years = _years([line.body for line in lines if line.kind == "note"], arrival.filename)
        if years:
            lines = [line.with_other(YEARS, "、".join(years)) for line in lines]
        return raw_rows(self.schema, (line.row(number) for number, line in enumerate(lines, start=1)))


@dataclass(frozen=True)
class _Line:
    """One line of raw.self_check_line."""

    sheet: str
    number: int
    place: str
    dimension: str | None
    section: str | None
    heading: str | None
    paragraph_no: int | None
    body: str
    others: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    kind: str = "data"

    def row(self, line_no: int) -> dict[str, object]:
        return {
            "line_no": line_no,
            "sheet": self.sheet,
            "row_no": self.number,
            "row_kind": self.kind,
            "line_cell": self.place,
            "dimension_text": self.dimension,
            "section": self.section,
            "section_text": self.heading,
            "paragraph_no": self.paragraph_no,
            "body_text": self.body or None,
            "other_cells": json.dumps(self.others, ensure_ascii=False),
            "cells": json.dumps(self.places, ensure_ascii=False),
        }

    def with_other(self, name: str, text: str) -> _Line:
        return replace(self, others={**self.others, name: text})


def _years(texts: Iterable[str], filename: str) -> list[str]:
    """The years of the examinations that the report says it is about."""
    said = [year for text in (*texts, filename) for year in _YEAR.findall(text)]
    return list(dict.fromkeys(said))


def _of_document(document: Document, filename: str, dimensions: Sequence[str]) -> list[_Line]:
    """Lines of the forms that stand in tables, then of the text around them."""
    text: list[Paragraph] = []
    tables: list[_Line] = []
    for block in document.blocks:
        if isinstance(block, Paragraph):
            text.append(block)
            continue
        found = _of_table(block)
        if found:
            tables += _named_by(found, text, dimensions)
        else:
            text += _rows_of(block)
    hints = [paragraph for paragraph in text if paragraph.text.startswith(HINT)]
    body, signature = _signature([paragraph for paragraph in text if paragraph not in hints])
    reader = Reader(_LABELS, _TOPICS, _names(dimensions), SECTIONS, "dimension_text")
    sections, preamble = Outline(reader, _may_be_dimension).sections(body)
    lines = _with_strays([line for section in sections for line in _of_section(section)], sections, preamble)
    if not sections and not tables:
        lines, preamble = _without_headings([p for p in body if p.text], filename, dimensions)
    headers = [replace(paragraph, place=HEADER) for paragraph in document.headers]
    notes = [_note(paragraph) for paragraph in (*headers, *preamble, *hints) if paragraph.text]
    below = [_note(paragraph) for paragraph in signature]
    found_lines = [*notes, *tables, *lines, *below]
    around = read_around(
        [[Placed(note.body, note.place)] for note in notes], [[Placed(note.body, note.place)] for note in below], ()
    )
    department = around.department.text if around.department else None
    return [line.with_other(DEPARTMENT, department) for line in found_lines] if department else found_lines


def _without_headings(
    paragraphs: Sequence[Paragraph], filename: str, dimensions: Sequence[str]
) -> tuple[list[_Line], list[Paragraph]]:
    found = by_openings([paragraph.text for paragraph in paragraphs], dimensions)
    if found is None:
        message = (
            f"文档中没有标题，也没有以{sections_zh()}开头的语句，无法分辨各部分内容；"
            f"请按模板分维度写明{sections_zh()}四个标题后重新报送"
        )
        raise UnreadableFile("no_headings", message, Place(filename))
    lines = []
    for opening in found:
        paragraph = paragraphs[opening.paragraph]
        if opening.section is None:
            lines.append(replace(_note(paragraph), body=opening.text))
            continue
        remark = f"{paragraph.place}「{opening.word}」按「{_LABELS.name(opening.section)}」读取"
        lines.append(
            _Line(
                paragraph.sheet, paragraph.number, paragraph.place, opening.dimension, opening.section,
                opening.word, opening.number, opening.text, {OPENINGS: remark}, {"body_text": paragraph.place},
            )
        )  # fmt: skip
    return lines, []


def _note(paragraph: Paragraph, dimension: str | None = None) -> _Line:
    return _Line(
        paragraph.sheet, paragraph.number, paragraph.place, dimension, None, None, None, paragraph.text, {}, {}, "note"
    )


def _names(dimensions: Sequence[str]) -> Names:
    return Names([shape.format(name) for name in dimensions for shape in _NAMED])


def _may_be_dimension(text: str) -> bool:
    """Whether a heading may name a dimension: neither the document's title nor the department."""
    return not (_TITLE.search(text) or is_department(text))


def _of_section(section: Section) -> Iterator[_Line]:
    """A line per paragraph; of a heading under which nothing stands, an empty one."""
    name = section.said.get("dimension_text")
    title = name.at if name else section.title
    dimension = name.text if name else section.name or (_bare(title.text) if title else None)
    others = _remarks(section)
    yield from (_note(paragraph, dimension) for paragraph in section.between)
    for field_name in SECTIONS:
        heading = section.labels.get(field_name)
        said = section.said.get(field_name)
        if heading is None and said is None:
            continue
        parts = said.parts if said else ((("", heading),) if heading else ())
        places = {"dimension_text": title.place} if title else {}
        if heading is not None:
            places["section_text"] = heading.place
        for number, (text, at) in enumerate(parts, start=1):
            yield _Line(
                at.sheet, at.number, at.place, dimension, field_name, heading.text[:60] if heading else None,
                number if text else None, text, others, {**places, "body_text": at.place},
            )  # fmt: skip


def _with_strays(lines: list[_Line], sections: Sequence[Section], preamble: Sequence[Paragraph]) -> list[_Line]:
    """The lines; headings that were not understood, so that what stands below counts for nothing, are remarked on those
    of their dimension, else on the first line that says something."""
    headed = [paragraph for section in sections for paragraph in section.labels.values()]
    if not headed:
        return lines
    mark = split_mark(min(headed, key=lambda paragraph: paragraph.number).text)[0]
    # Before the first dimension titles are usual: what is numbered as the sections are is none.
    lost = [p for p in preamble if mark is not None and split_mark(p.text)[0] == mark and is_heading(_bare(p.text))]
    lost += [paragraph for section in sections if not section.said for paragraph in _strays(section)]
    first = next((n for n, line in enumerate(lines) if line.kind == "data" and line.body), None)
    if lost and first is not None:
        said = [lines[first].others.get(UNCLEAR_HEADINGS), *(_stray_zh(p.place, p.text) for p in lost)]
        lines[first] = lines[first].with_other(UNCLEAR_HEADINGS, "；".join(text for text in said if text))
    return lines


def _strays(section: Section) -> list[Paragraph]:
    """Headings between a dimension and its first section under which something stands."""
    between = section.between
    return [p for n, p in enumerate(between) if is_heading(_bare(p.text)) and any(q.text for q in between[n + 1 :])]


def _stray_zh(place: str, heading: str) -> str:
    return f"{place}「{_bare(heading)}」不是能识别的标题，其下文字没有计入任何部分"


def _remarks(section: Section) -> dict[str, str]:
    found = _revision(
        [paragraph.place for paragraph in section.changed if paragraph.revised],
        [paragraph.place for paragraph in section.changed if paragraph.struck],
    )
    remarks = [*section.remarks, *(_stray_zh(p.place, p.text) for p in _strays(section))]
    return found | ({UNCLEAR_HEADINGS: "；".join(remarks)} if remarks else {})


def _revision(revised: Sequence[str], struck: Sequence[str]) -> dict[str, str]:
    said = []
    if revised:
        said.append(f"含修订痕迹，按接受修订后的文字读取：{'、'.join(dict.fromkeys(revised))}")
    if struck:
        said.append(f"含带删除线或隐藏的文字，没有计入：{'、'.join(dict.fromkeys(struck))}")
    return {REVISED: "；".join(said)} if said else {}


def _bare(heading: str) -> str:
    """``（一）生态宜居方面：`` is about 生态宜居."""
    return split_mark(heading)[1].rstrip(":： ").removesuffix("方面")


def _signature(text: Sequence[Paragraph]) -> tuple[list[Paragraph], list[Paragraph]]:
    """The text, and the lines at its end that belong to no section: department, date, contact."""
    end = len(text)
    while end and (not text[end - 1].text or _is_signature(text[end - 1].text)):
        end -= 1
    rest = text[end:]
    return [*text[:end], *(p for p in rest if not p.text)], [p for p in rest if p.text]


def _is_signature(text: str) -> bool:
    return is_remark(text) or is_date(text) or (len(text) <= 30 and not is_sentence(text) and is_department(text))


def _rows_of(table: WordTable) -> list[Paragraph]:
    """A table within the text, a paragraph per row: name and figure of one row stay together."""
    rows = []
    for line, cells in table.sheet.rows.items():
        text = "　".join(cell.text.replace("\n", " ") for cell in cells.values())
        first = next(iter(cells.values()))
        revised = any(cell.address in table.revised for cell in cells.values())
        struck = any(cell.address in table.struck for cell in cells.values())
        rows.append(Paragraph(text, table.sheet.name, first.address, line, revised=revised, struck=struck))
    return rows


def _of_table(table: WordTable) -> list[_Line]:
    """The lines of a table that is the form, else of the tables in its cells that are."""
    found = _headed(table.sheet) or _labelled(table.sheet)
    if not found:
        return [line for inner in table.inner for line in _of_table(inner)]
    return [
        replace(line, others={**line.others, **_revision(_within(line, table.revised), _within(line, table.struck))})
        for line in found
    ]


def _within(line: _Line, places: frozenset[str]) -> list[str]:
    return sorted(places & {line.place, *line.places.values()})


def _named_by(lines: list[_Line], text: list[Paragraph], dimensions: Sequence[str]) -> list[_Line]:
    """A table that names no dimension is about the heading above it, which then is no text any more."""
    if any(line.dimension for line in lines):
        return lines
    last = max((n for n, paragraph in enumerate(text) if paragraph.text), default=None)
    if last is None:
        return lines
    above = text[last]
    named = _names(dimensions).exactly(above.text)
    if named is None and (is_sentence(above.text) or _LABELS.read(above.text) or not _may_be_dimension(above.text)):
        return lines
    del text[last]
    dimension = named or _bare(above.text)
    return [
        replace(line, dimension=dimension, places={"dimension_text": above.place, **line.places})
        if line.kind == "data"
        else line
        for line in lines
    ]


def _sheets(data: bytes, filename: str) -> list[Sheet]:
    try:
        return read_sheets(data, filename)
    except UnreadableFile as error:
        if error.code != "not_a_table":
            raise
        # This feed takes more than tables.
        raise refuse("not_a_report", filename) from error


def _of_sheets(sheets: Sequence[Sheet], dimensions: Sequence[str]) -> list[_Line]:
    """The lines of every visible sheet that is the form; the texts around them are notes."""
    names = _names(dimensions)
    visible = [sheet for sheet in sheets if not sheet.hidden and sheet.rows]
    lines: list[_Line] = []
    # Instructions name the sections as well: labels count only where no sheet has a header.
    for reading in (_headed, _labelled):
        for sheet in visible if not lines else ():
            found = reading(sheet)
            if (named := names.exactly(sheet.name)) and not any(line.dimension for line in found):
                # One sheet per dimension, called after it.
                found = [replace(line, dimension=named) if line.kind == "data" else line for line in found]
            lines += found
    around = read_around([[Placed(line.body, line.place)] for line in lines if line.kind == "note"], (), ())
    if around.department is not None:
        lines = [line.with_other(DEPARTMENT, around.department.text) for line in lines]
    return lines


def _headed(sheet: Sheet) -> list[_Line]:
    """A table with a column per section, or one with a section per row."""
    shapes = (("dimension_text", "section_text", "body_text"), *(("dimension_text", section) for section in SECTIONS))
    for required in shapes:
        table = _table(sheet, required)
        if table is not None and (required[-1] == "body_text" or len(set(table.columns) & set(SECTIONS)) > 1):
            return list(_of_header(sheet, table))
    return []


def _labelled(sheet: Sheet) -> list[_Line]:
    """Values beside their labels."""
    rows = labelled_rows(sheet, HEADING_ALIASES, (*SECTIONS, "dimension_text"), "dimension_text", _may_be_dimension)
    return list(_of_labels(sheet, rows)) if rows else []


def _table(sheet: Sheet, required: Sequence[str]) -> Table | None:
    try:
        return find_table(sheet, HEADER_ALIASES, required, SHARED_FIELDS)
    except UnreadableFile as error:
        if error.code not in ("no_header", "duplicate_column"):
            raise
        return None


def _of_header(sheet: Sheet, table: Table) -> Iterator[_Line]:
    for line, cells in sheet.rows.items():
        if line < table.header:
            # The header itself is no text.
            yield from (_cell_note(sheet.name, cell) for cell in cells.values())
    by_row = "section_text" in table.columns and "body_text" in table.columns
    for row in table.rows:
        if row.kind == "note":
            yield from (_cell_note(sheet.name, cell) for cell in (*row.cells.values(), *row.extra.values()))
            continue
        dimension = row.cells.get("dimension_text")
        places = table.addresses(row)
        extra = {name: cell.text for name, cell in row.extra.items()}
        if not by_row and not set(SECTIONS) <= set(table.columns):
            # The column of a section that is not there may be one of those whose heading says nothing.
            lost = [_stray_zh(cell.address, name) for name, cell in row.extra.items() if cell.text.strip()]
            extra |= {UNCLEAR_HEADINGS: "；".join(lost)} if lost else {}
        if by_row:
            heading = row.cells.get("section_text")
            body = row.cells.get("body_text")
            section = _section_of(heading.text) if heading else None
            kept = {name: places[name] for name in ("dimension_text", "section_text", "body_text")}
            yield from _of_cell(table, row, dimension, section, heading and heading.text, body, kept, extra)
            continue
        for name in SECTIONS:
            if name in table.columns:
                kept = {"dimension_text": places["dimension_text"], "body_text": places[name]}
                yield from _of_cell(table, row, dimension, name, None, row.cells.get(name), kept, extra)


def _of_cell(
    table: Table,
    row: TableRow,
    dimension: Cell | None,
    section: str | None,
    heading: str | None,
    body: Cell | None,
    places: Mapping[str, str],
    extra: Mapping[str, str],
) -> Iterator[_Line]:
    """A line per line of a cell's text; of an empty cell an empty one."""
    texts = [text for part in (body.text if body else "").split("\n") if (text := part.strip())] or [""]
    for number, text in enumerate(texts, start=1):
        yield _Line(
            table.sheet, row.line, places["body_text"], dimension.text if dimension else None, section, heading,
            number if text else None, text, extra, places,
        )  # fmt: skip


def _of_labels(sheet: Sheet, rows: Sequence[TableRow]) -> Iterator[_Line]:
    taken = {cell.address for row in rows for cell in row.cells.values()}
    for row in rows:
        dimension = row.cells.get("dimension_text")
        places: Mapping[str, str] = getattr(row, "places", {})
        for name in SECTIONS:
            if name not in places:
                continue
            kept = {"body_text": places[name]} | ({"dimension_text": dimension.address} if dimension else {})
            body = row.cells.get(name)
            texts = [text for part in (body.text if body else "").split("\n") if (text := part.strip())] or [""]
            for number, text in enumerate(texts, start=1):
                yield _Line(
                    sheet.name, row.line, places[name], _bare(dimension.text) if dimension else None, name, None,
                    number if text else None, text, {}, kept,
                )  # fmt: skip
    for cells in sheet.rows.values():
        for cell in cells.values():
            if cell.address not in taken and _ALL_LABELS.field(cell.text) is None:
                yield _cell_note(sheet.name, cell)


def _cell_note(sheet: str, cell: Cell) -> _Line:
    return _Line(sheet, cell.row, cell.address, None, None, None, None, cell.text, {}, {}, "note")


def _section_of(text: str) -> str | None:
    """The section of a heading in a cell."""
    named = _LABELS.field(text)
    if named in SECTIONS:
        return named
    topic = _TOPICS.of(split_mark(text)[1])
    return topic.field if topic is not None else None
