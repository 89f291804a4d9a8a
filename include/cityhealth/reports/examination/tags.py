"""Where a number of the report comes from: the key of a value in a mart as text, and from that back to the value.

A key reads ``mart?column=value&…#measure:form``: ``indicator_scorecard?system=mohurd&year=2021&code=ECO01#score:1``.
The conditions choose rows: ``=`` a value (several: divided by ``,``), ``!`` no value at all, ``*`` any value. The
measure is a column of the one row that is left, or ``count()``, ``sum(c)``, ``distinct(c)``, ``min(c)``, ``max(c)``
over all that are. The form says how it is written out (:data:`FORMS`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg import sql

from cityhealth.errors import CityHealthError
from cityhealth.reports import wording as zh
from cityhealth.settings import CITY_TIMEZONE

#: Word refuses a document in which the tag of a content control is longer.
LONGEST_TAG = 64


class UnknownTag(CityHealthError):
    """A tag that is no key of a value, or a key that leads to no value or to several."""


@dataclass(frozen=True)
class Known:
    """The condition that a column has any value."""


#: A condition on a column: a value, several of which one must hold, None for no value at all, or any value.
Condition = str | int | bool | date | None | tuple[str, ...] | Known


def _day(value: date | datetime | None) -> str:
    return zh.day(_local(value))


def _moment(value: datetime | None) -> str:
    return zh.moment(_local(value))


def _local(value: Any) -> Any:
    return value.astimezone(CITY_TIMEZONE) if isinstance(value, datetime) else value


def _count(value: int | float | None) -> str:
    return zh.NONE if value is None else f"{value:.0f}"


def _signed_figure(value: float | None) -> str:
    text = zh.figure(value)
    return f"+{text}" if value is not None and value > 0 else text


#: Name → how a value of a mart is written in the report.
FORMS: Mapping[str, Callable[[Any], str]] = {
    "n": _count,
    "1": zh.number,
    "f": zh.figure,
    "sf": _signed_figure,
    "pct": zh.percent,
    "rate": zh.rate,
    "chg": zh.change,
    "day": _day,
    "moment": _moment,
    "text": zh.said,
}

_NAME = r"[a-z][a-z0-9_]*"
_KEY = re.compile(rf"(?P<mart>{_NAME})\?(?P<where>[^#]*)#(?P<measure>[^:#]+):(?P<form>\w+)", re.DOTALL)
_MEASURE = re.compile(
    rf"(?:(?P<function>count|sum|distinct|min|max)\((?P<argument>(?:{_NAME})?)\)|(?P<column>{_NAME}))"
)
_CONDITION = re.compile(rf"(?P<column>{_NAME})(?:(?P<mark>[!*])|=(?P<values>.*))", re.DOTALL)
_SPECIAL = "%&=,#"


@dataclass(frozen=True)
class Key:
    """The key of one value of a mart; ``str`` gives its text."""

    mart: str
    where: tuple[tuple[str, Condition], ...]
    measure: str
    form: str

    def __str__(self) -> str:
        conditions = "&".join(_written(column, condition) for column, condition in self.where)
        return f"{self.mart}?{conditions}#{self.measure}:{self.form}"

    @property
    def tag(self) -> str:
        """What stands in the control: the key itself where Word takes it, else the mart and a hash of the key."""
        text = str(self)
        if len(text) <= LONGEST_TAG:
            return text
        return f"{self.mart}~{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def written(self, value: Any) -> str:
        """The value as it stands in the report."""
        return FORMS[self.form](value)


def key_of(text: str) -> Key:
    """The key that a text is.

    Raises:
        UnknownTag: it is none.
    """
    match = _KEY.fullmatch(text)
    if match is None or _MEASURE.fullmatch(match["measure"]) is None or match["form"] not in FORMS:
        raise UnknownTag(f"「{text}」不是数值的标识")
    where = tuple(_read(part) for part in match["where"].split("&")) if match["where"] else ()
    return Key(match["mart"], where, match["measure"], match["form"])


def resolve(connection: psycopg.Connection, key: Key) -> str:
    """Ask the mart for the value of a key, and write it out.

    Raises:
        UnknownTag: no row of the mart has it, or several have.
    """
    measure = _MEASURE.fullmatch(key.measure)
    assert measure is not None
    query = sql.SQL("select {} from {}{} limit 2").format(
        _selected(measure), sql.Identifier("marts", key.mart), _filtered(key.where)
    )
    rows = connection.execute(query).fetchall()
    if len(rows) != 1:
        raise UnknownTag(f"「{key}」在数据集市中{'有多行' if rows else '没有'}，应当恰有一行")
    return key.written(rows[0][0])


def _selected(measure: re.Match[str]) -> sql.Composable:
    if measure["column"]:
        return sql.Identifier(measure["column"])
    if measure["function"] == "count":
        return sql.SQL("count(*)")
    argument = sql.Identifier(measure["argument"])
    if measure["function"] == "distinct":
        return sql.SQL("count(distinct {})").format(argument)
    return sql.SQL("{}({})").format(sql.SQL(measure["function"]), argument)


def _filtered(where: tuple[tuple[str, Condition], ...]) -> sql.Composable:
    parts: list[sql.Composable] = []
    for column, condition in where:
        name = sql.Identifier(column)
        if condition is None:
            parts.append(sql.SQL("{} is null").format(name))
        elif isinstance(condition, Known):
            parts.append(sql.SQL("{} is not null").format(name))
        else:
            values = condition if isinstance(condition, tuple) else (condition,)
            texts = sql.SQL(", ").join(sql.Literal(_plain(value)) for value in values)
            parts.append(sql.SQL("{}::text in ({})").format(name, texts))
    return sql.SQL(" where ") + sql.SQL(" and ").join(parts) if parts else sql.SQL("")


def _written(column: str, condition: Condition) -> str:
    if condition is None:
        return f"{column}!"
    if isinstance(condition, Known):
        return f"{column}*"
    values = condition if isinstance(condition, tuple) else (condition,)
    return f"{column}={','.join(_escaped(_plain(value)) for value in values)}"


def _read(part: str) -> tuple[str, Condition]:
    match = _CONDITION.fullmatch(part)
    if match is None:
        raise UnknownTag(f"「{part}」不是数值标识的条件")
    if match["mark"]:
        return match["column"], None if match["mark"] == "!" else Known()
    values = tuple(_unescaped(value) for value in match["values"].split(","))
    return match["column"], values[0] if len(values) == 1 else values


def _plain(value: Any) -> str:
    """A value as PostgreSQL writes it in text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _escaped(text: str) -> str:
    return "".join(f"%{ord(c):02X}" if c in _SPECIAL else c for c in text)


def _unescaped(text: str) -> str:
    return re.sub("%([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), text)
