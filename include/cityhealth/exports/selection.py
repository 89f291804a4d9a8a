"""What the catalogue lets go out to an audience, read from the marts as ``reader`` while no build swaps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg import sql

from cityhealth.catalogue import Catalogue, Examination, Publication
from cityhealth.errors import CityHealthError
from cityhealth.reports.examination.reading import newest_received
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.transform.build import BUILD_LOCK
from cityhealth.warehouse.connections import Warehouse


class ExportError(CityHealthError):
    """A package cannot go out; the message says what has to be mended first."""


#: PostgreSQL's types → those of a data dictionary (Frictionless Table Schema, JSON).
_TYPES = {
    "text": "string", "character varying": "string", "integer": "integer", "bigint": "integer",
    "double precision": "number", "numeric": "number", "boolean": "boolean", "date": "date",
    "timestamp with time zone": "datetime",
}  # fmt: skip
#: Columns that say what a row is worth: where a mart has one, it goes wherever its rows go.
MARKS = ("synthetic", "suppressed")
#: Marts of definitions, in which there is no figure that somebody could have made up.
_DEFINITIONS = ("dim_", "system_")
_SYNTHETIC_ZH = "是否含合成数据（演示用，非真实数据）。Whether it rests on synthetic data."


@dataclass(frozen=True)
class Field:
    """A column as it goes out; ``description`` in Chinese and English."""

    name: str
    type: str
    description: str

    @property
    def head_zh(self) -> str:
        """What stands above it in a workbook: its description up to the first mark."""
        chinese = self.description
        for mark in "。，；：（、":
            chinese = chinese.split(mark, 1)[0]
        return chinese.strip() or self.name


@dataclass(frozen=True)
class Table:
    """What goes out of one mart: its fields, its rows, and how many rows the conditions kept back."""

    mart: str
    title_zh: str
    reason_zh: str
    fields: tuple[Field, ...]
    rows: tuple[dict[str, Any], ...]
    kept_back: int


@dataclass(frozen=True)
class Selection:
    """All that goes out to one audience; ``withheld`` and ``absent`` are marts of which nothing does, and why."""

    audience: str
    examination: Examination
    tables: Mapping[str, Table]
    withheld: tuple[tuple[str, str, str], ...]
    absent: tuple[tuple[str, str], ...]
    synthetic: bool
    data_as_of: datetime | None


def select(warehouse: Warehouse, catalogue: Catalogue, audience: str, system: str, year: int) -> Selection:
    """Read what ``publication.csv`` lets go out to ``audience`` of the examination of a year.

    Raises:
        ExportError: the marts may not be used, or the catalogue names what is not there or leaves out a mark.
        CatalogueError: there is no such examination.
        WarehouseError: the database is not there.
    """
    examination = catalogue.examination(year, system)
    rows = [row for row in catalogue.publications if row.audience == audience]
    if not any(row.columns for row in rows):
        raise ExportError(f"publication.csv 没有写明可以提供给 {audience} 的内容，什么也不提供")
    with _standing_marts(warehouse) as connection:
        _must_be_usable(connection)
        there = _columns_of_marts(connection)
        read = [
            _read(connection, row, there[row.mart], examination) for row in rows if row.columns and row.mart in there
        ]
        synthetic = any(row.get("synthetic") for table in read for row in table.rows) or _is_synthetic(
            connection, there, system, year
        )
        tables = {table.mart: _marked(table, synthetic) for table in read}
        as_of = newest_received(connection, system, year)
    return Selection(
        audience=audience,
        examination=examination,
        tables=tables,
        withheld=tuple((row.mart, row.title_zh, row.reason_zh) for row in rows if not row.columns),
        absent=tuple((row.mart, row.title_zh) for row in rows if row.columns and row.mart not in there),
        synthetic=synthetic,
        data_as_of=as_of.astimezone(CITY_TIMEZONE) if as_of else None,
    )


@contextmanager
def _standing_marts(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """The marts of one build, as ``reader``: a build waits until they are read, so that no two tables differ."""
    with warehouse.connect("transformer", autocommit=True) as lock, warehouse.connect("reader") as connection:
        lock.execute("select pg_advisory_lock_shared(%s)", (BUILD_LOCK,))
        # From here on, so that it sees what the build before has made.
        connection.execute("set transaction isolation level repeatable read, read only")
        yield connection


def _must_be_usable(connection: psycopg.Connection) -> None:
    if connection.execute("select to_regclass('marts.build_state')").fetchone() == (None,):
        raise ExportError("成果表还没有生成，先运行 cityhealth build")
    state = connection.execute("select status, status_zh from build_state").fetchone()
    if state is None or state[0] != "success":
        raise ExportError(f"成果表{state[1] if state else '还没有生成'}，不能对外提供：先运行 cityhealth build")


def _columns_of_marts(connection: psycopg.Connection) -> dict[str, dict[str, Field]]:
    """Mart → column → type and description, of all that the reader sees in ``marts``."""
    found: dict[str, dict[str, Field]] = {}
    for mart, name, kind, description in connection.execute(
        "select relation.relname, attribute.attname, format_type(attribute.atttypid, null),"
        " coalesce(col_description(relation.oid, attribute.attnum), '')"
        " from pg_class as relation"
        " join pg_attribute as attribute on attribute.attrelid = relation.oid"
        " where relation.relnamespace = 'marts'::regnamespace and relation.relkind in ('r', 'v')"
        " and attribute.attnum > 0 and not attribute.attisdropped"
        " order by relation.relname, attribute.attnum"
    ):
        found.setdefault(mart, {})[name] = Field(name, _TYPES.get(kind, "object"), description)
    return found


def _is_synthetic(
    connection: psycopg.Connection, there: Mapping[str, Mapping[str, Field]], system: str, year: int
) -> bool:
    """Whether any mart that marks its rows has a synthetic one of that year: then the whole package says so."""
    for mart in sorted(mart for mart, columns in there.items() if {"synthetic", "year"} <= columns.keys()):
        row = connection.execute(
            sql.SQL("select coalesce(bool_or(synthetic), false) from {} where year = %s").format(sql.Identifier(mart)),
            (year,),
        ).fetchone()
        if row == (True,):
            return True
    return False


def _read(
    connection: psycopg.Connection, row: Publication, columns: Mapping[str, Field], examination: Examination
) -> Table:
    asked = [name for name, _, _ in row.conditions]
    if strangers := sorted({*row.columns, *asked} - columns.keys()):
        raise ExportError(f"publication.csv：成果表 {row.mart} 没有「{'、'.join(strangers)}」列")
    if unmarked := [mark for mark in MARKS if mark in columns and mark not in row.columns]:
        raise ExportError(
            f"publication.csv：{row.audience} 的 {row.mart} 缺少「{'、'.join(unmarked)}」列，不能不加标记对外提供"
        )
    of_year = _of_year(columns, examination)
    conditions = [
        sql.SQL("{}::text = any({})").format(sql.Identifier(name), sql.Literal(list(values)))
        if equal
        else sql.SQL("{}::text is distinct from all({})").format(sql.Identifier(name), sql.Literal(list(values)))
        for name, equal, values in row.conditions
    ]
    condition = sql.SQL(" and ").join([sql.SQL("true"), *conditions])
    statement = sql.SQL("select {}, coalesce({}, false) from {} where {}").format(
        sql.SQL(", ").join(map(sql.Identifier, row.columns)), condition, sql.Identifier(row.mart), of_year
    )
    read = connection.execute(statement).fetchall()
    kept = [dict(zip(row.columns, _plain(values[:-1]), strict=True)) for values in read if values[-1]]
    table = Table(
        row.mart,
        row.title_zh,
        row.reason_zh,
        tuple(columns[name] for name in row.columns),
        tuple(sorted(kept, key=_order)),
        len(read) - len(kept),
    )
    _must_be_suppressed(table)
    return table


def _of_year(columns: Mapping[str, Field], examination: Examination) -> sql.Composable:
    """Which rows of a mart belong to the examination, by the columns that it has."""
    if {"system", "year"} <= columns.keys():
        # A problem that residents raised belongs to no system.
        return sql.SQL("coalesce(system, {0}) = {0} and coalesce(year, {1}) = {1}").format(
            sql.Literal(examination.system), sql.Literal(examination.year)
        )
    if "wave" in columns:
        return sql.SQL("wave like {}").format(sql.Literal(f"{examination.year}%"))
    if "period" in columns:
        # Growth needs the year before.
        years = [str(examination.period_start.year - 1), str(examination.period_end.year)]
        return sql.SQL("left(period, 4) = any({})").format(sql.Literal(years))
    return sql.SQL("true")


def _must_be_suppressed(table: Table) -> None:
    """No figure in a row that says it is suppressed, whatever the mart holds."""
    figures = [field.name for field in table.fields if field.type in ("number", "integer") and field.name != "year"]
    for row in table.rows:
        if row.get("suppressed") and any(row[name] is not None for name in figures):
            raise ExportError(f"成果表 {table.mart} 有一行应当隐去却有数值，不能对外提供")


def _marked(table: Table, synthetic: bool) -> Table:
    """The table with the mark of the whole package, where the mart marks no rows itself."""
    if table.mart.startswith(_DEFINITIONS) or any(field.name == "synthetic" for field in table.fields):
        return table
    rows = tuple({**row, "synthetic": synthetic} for row in table.rows)
    return replace(table, fields=(*table.fields, Field("synthetic", "boolean", _SYNTHETIC_ZH)), rows=rows)


def _plain(values: Sequence[Any]) -> list[Any]:
    """Values as JSON has them: days and moments as text, in the city's time."""
    return [
        value.astimezone(CITY_TIMEZONE).isoformat()
        if isinstance(value, datetime)
        else value.isoformat()
        if isinstance(value, date)
        else value
        for value in values
    ]


def _order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The order of rows: by the number of the indicator where there is one, then by all that they say."""
    number = row.get("no")
    return (number is None, number or 0, *((value is None, str(value)) for value in row.values()))
