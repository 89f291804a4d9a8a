"""Layouts: YAML files that say where areas, periods, items and units stand in a table that others designed.

A layout is a changelog. When a yearbook renames a column, the old entry gets ``valid_to`` and a new one
``valid_from`` (both inside, compared with the start of the value's period); code never changes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from cityhealth.errors import LayoutError, Place

BUILT_IN = Path(__file__).parent.parent / "layouts"


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"不是正确的正则表达式：{error}") from error


def _compiles(pattern: str) -> str:
    return _compiled(pattern).pattern


def _one_group(pattern: str) -> str:
    if _compiled(pattern).groups != 1:
        raise ValueError("正则表达式要有且只有一个括号组")
    return pattern


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


# YAML reads a bare 2020 or 2020-11-01 as a number or a date; a layout means the text.
Text = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int | date) else value)]
Pattern = Annotated[str, AfterValidator(_compiles)]
Capture = Annotated[str, AfterValidator(_one_group)]
Globs = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
ItemCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Dated(_Part):
    valid_from: date | None = None
    valid_to: date | None = None

    def valid_at(self, day: date) -> bool:
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


class Source(_Dated):
    """Where a text comes from: it is ``fixed``, stands in a ``column`` of the row (its header), or in the ``title``.

    ``title`` is a regular expression with one group, searched in the file's name (without extension) and then in
    the cells above the header.
    """

    fixed: Text | None = None
    column: str | None = None
    title: Capture | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Source:
        if sum(value is not None for value in (self.fixed, self.column, self.title)) != 1:
            raise ValueError("fixed、column、title 要写且只写一个")
        return self


class PeriodSource(_Part):
    """As Source; or ``header``: a regular expression that the headers of value columns match, its group the period."""

    fixed: Text | None = None
    column: str | None = None
    title: Capture | None = None
    header: Capture | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> PeriodSource:
        if sum(value is not None for value in (self.fixed, self.column, self.title, self.header)) != 1:
            raise ValueError("fixed、column、title、header 要写且只写一个")
        return self

    def outside_header(self) -> Source:
        """The same as a Source; only for one without ``header``."""
        return Source(fixed=self.fixed, column=self.column, title=self.title)


class Match(_Part):
    """Which files: ``filename`` globs (any of them), a ``sheet`` glob, ``headers`` that stand in one row.

    ``title`` is a regular expression searched as in Source.
    """

    filename: Globs = ("*",)
    sheet: str = "*"
    title: Pattern | None = None
    headers: Annotated[tuple[str, ...], Field(min_length=1)]


class Entry(_Dated):
    """One name (a glob on a column's header or a row's item text) → item code, unit, period where it says one."""

    name: str
    item: ItemCode | None = None
    unit: str | None = None
    period: Text | None = None


class Ignored(_Dated):
    """A ``column`` or ``item`` (a glob, or a list of them) that is known and not wanted."""

    column: Globs = ()
    item: Globs = ()
    reason: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Ignored:
        if bool(self.column) == bool(self.item):
            raise ValueError("column、item 要写且只写一个")
        return self


class RowFilter(_Part):
    """Only rows whose text in ``column`` matches the whole regular expression are wanted."""

    column: str
    matches: Pattern


Sources = Annotated[tuple[Source, ...], BeforeValidator(_as_list)]


class Layout(_Part):
    """One kind of foreign table. Of several sources the first that is valid and says something counts."""

    layout: ItemCode
    description: str
    match: Match
    header_rows: Annotated[int, Field(ge=1, le=5)] = 1
    area: Sources
    period: PeriodSource
    item: Sources = ()
    unit: Sources = ()
    columns: tuple[Entry, ...] = ()
    items: tuple[Entry, ...] = ()
    ignore: tuple[Ignored, ...] = ()
    rows: tuple[RowFilter, ...] = ()
    missing: tuple[Text, ...] = ()
    stop: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_values(self) -> Layout:
        if self.period.header is None and not self.columns:
            raise ValueError("要么写 columns，要么写 period.header，否则没有数值列")
        if not self.item and any(entry.item is None for entry in self.columns):
            raise ValueError("columns 里没有写 item 的条目需要 item 来源")
        return self

    def key_columns(self) -> set[str]:
        """Headers of the columns that say where a value belongs."""
        sources: tuple[Source | PeriodSource, ...] = (*self.area, *self.item, *self.unit, self.period)
        named = {source.column for source in sources if source.column is not None}
        return named | {row_filter.column for row_filter in self.rows}


def matches(pattern: str, text: str) -> bool:
    """Whether a glob matches a text, both without differences of width and without white space."""
    return fnmatchcase(squeeze(text), squeeze(pattern))


def squeeze(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def load_layouts(folder: Path) -> tuple[Layout, ...]:
    """Every layout (``*.yaml``) of a folder, sorted by name. Raises LayoutError naming file and key."""
    layouts = [parse_layout(path.read_text(encoding="utf-8"), path.name) for path in sorted(folder.glob("*.yaml"))]
    _refuse_duplicates(layouts, folder)
    return tuple(layouts)


def city_layouts(city: str) -> tuple[Layout, ...]:
    """The layouts that come with the package for a city (``jincheng``)."""
    return load_layouts(BUILT_IN / city)


def parse_layout(text: str, file: str) -> Layout:
    """One layout from its YAML text; ``file`` is named in errors. Raises LayoutError."""
    try:
        return Layout.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise LayoutError("不是正确的 YAML", Place(file, line=mark.line + 1 if mark else None)) from error
    except ValidationError as error:
        problems = "；".join(
            f"{'.'.join(str(part) for part in problem['loc']) or '布局'}：{problem['msg']}"
            for problem in error.errors()
        )
        raise LayoutError(f"布局文件有误：{problems}", Place(file)) from error


def _refuse_duplicates(layouts: Iterable[Layout], folder: Path) -> None:
    seen: set[str] = set()
    for layout in layouts:
        if layout.layout in seen:
            raise LayoutError(f"布局名称「{layout.layout}」重复", Place(folder.name))
        seen.add(layout.layout)
