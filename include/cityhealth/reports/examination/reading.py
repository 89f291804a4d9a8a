"""From the marts to an Examination, read as ``reader`` in one snapshot."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from cityhealth.catalogue import Catalogue, load
from cityhealth.errors import CityHealthError
from cityhealth.reports.examination import values
from cityhealth.reports.examination.values import Examination, Row
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.warehouse.connections import Warehouse

R = TypeVar("R", bound=Row)


class NoExamination(CityHealthError):
    """The marts hold nothing of that year."""


def read_examination(warehouse: Warehouse, settings: Settings, year: int) -> Examination:
    """The examination of ``year`` in the installation's system, as the marts have it now.

    Raises:
        NoExamination: the marts were never built, or the catalogue has no indicators of that year.
        WarehouseError: the database is not there.
    """
    with warehouse.connect("reader") as connection:
        # One snapshot: a build that ends meanwhile must not lend half of its rows.
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("select set_config('TimeZone', %s, true)", (CITY_TIMEZONE.key,))
        examination = _read(connection, load(settings.seed_dir), settings.system, year)
    if not examination.indicators:
        raise NoExamination(f"数据集市中没有{settings.system}体系{year}年的指标；请先运行 cityhealth build")
    return examination


def _read(connection: psycopg.Connection, catalogue: Catalogue, system: str, year: int) -> Examination:
    of_year = {"system": system, "year": year}
    city_zh, office_zh = _issuer(catalogue, system, year)
    examined = next((e for e in catalogue.examinations if (e.system, e.year) == (system, year)), None)
    wave = _latest_wave(connection, year)
    of_wave = {"wave": wave}

    def rows(kind: type[R], order: str, **where: Any) -> tuple[R, ...]:
        return _rows(connection, kind, order, where)

    return Examination(
        system=system,
        year=year,
        city_zh=city_zh,
        office_zh=office_zh,
        period_start=examined.period_start if examined else None,
        period_end=examined.period_end if examined else None,
        data_as_of=newest_received(connection, system, year),
        areas=tuple((area.code, area.name_zh) for area in catalogue.areas),
        departments=tuple((department.code, department.name_zh) for department in catalogue.departments),
        indicators=rows(values.Indicator, "no nulls last, code", **of_year),
        definitions=rows(values.Definition, "code", **of_year),
        dimensions=rows(values.Dimension, "sort_order, dimension_code", **of_year),
        area_values=rows(values.AreaValue, "code, area_code", **of_year),
        boundaries=rows(values.Boundary, "area_code"),
        coverage=rows(values.Coverage, "code, department_code", **of_year),
        refusals=_refusals(connection),
        sources=_sources(connection, of_year),
        differences=_differences(connection, system, year, examined.period_start, examined.period_end)
        if examined
        else rows(values.Difference, _BY_DIFFERENCE, **of_year),
        waves=rows(values.Wave, "wave", **of_wave) if wave else (),
        satisfaction=rows(
            values.Satisfaction,
            "subject_kind, subject_code, area_code, group_kind, group_zh",
            **of_wave,
        )
        if wave
        else (),
        quadrants=rows(values.Quadrant, "subject_kind, subject_code", **of_wave) if wave else (),
        matches=rows(values.Match, "sort_order, dimension_code", **of_wave, **of_year) if wave else (),
        third_party=rows(values.ThirdParty, "code, area_code, sender_text, comparison_key", **of_year),
        comparisons=rows(values.Comparison, "code, comparison", **of_year),
        judgements=rows(values.Judgement, "dimension_code, code", **of_year),
        sensitivity=rows(
            values.Sensitivity, "alternatives desc, subject_kind, weighting, rank nulls last, subject", **of_year
        ),
        problems=rows(values.Problem, "problem_id", **of_year),
        measures=rows(values.Measure, "problem_id, measure_id"),
        evidence=rows(values.Evidence, "problem_id, source_kind, evidence_no"),
        self_checks=rows(values.SelfCheck, "dimension_code, department_code", **of_year),
        contradictions=rows(values.Contradiction, "dimension_code, department_code, sentence, figure_key", **of_year),
    )


def _issuer(catalogue: Catalogue, system: str, year: int) -> tuple[str, str]:
    """The city's name, and the full name of the office that issues the report (the first of role ``office``)."""
    areas = {area.code: area for area in catalogue.areas}
    area = areas[catalogue.examination(year, system).default_area_code]
    while area.level != "city" and area.parent_code in areas:
        area = areas[area.parent_code]
    office = next(department for department in catalogue.departments if department.role == "office").name_zh
    # Inside the city it is 市…办公室; on paper it has the city's name.
    return area.name_zh, f"{area.name_zh}{office[1:]}" if office.startswith("市") else office


def _there(connection: psycopg.Connection, mart: str) -> bool:
    return connection.execute("select to_regclass(%s) is not null", (f"marts.{mart}",)).fetchone() == (True,)


def _rows(connection: psycopg.Connection, kind: type[R], order: str, where: dict[str, Any]) -> tuple[R, ...]:
    """Rows of a mart as values, whose fields are its columns; none of a mart that is not there."""
    if not _there(connection, kind.MART):
        return ()
    query = sql.SQL("select {} from {}{} order by {}").format(
        sql.SQL(", ").join(sql.Identifier(field.name) for field in fields(kind)),
        sql.Identifier("marts", kind.MART),
        _filter(where),
        sql.SQL(order),  # type: ignore[arg-type]
    )
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return tuple(cursor.execute(query, where).fetchall())


def _filter(where: dict[str, Any]) -> sql.Composable:
    if not where:
        return sql.SQL("")
    conditions = (sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in where)
    return sql.SQL(" where ") + sql.SQL(" and ").join(conditions)


def _latest_wave(connection: psycopg.Connection, year: int) -> str | None:
    """The survey wave of the year; waves are named by year and month."""
    if not _there(connection, "survey_wave"):
        return None
    row = connection.execute(
        "select max(wave) from marts.survey_wave where left(wave, 4) = %s", (str(year),)
    ).fetchone()
    return row[0] if row else None


#: Order of what differs, the same in each reading.
_BY_DIFFERENCE = "comparison, code, item_code, area_code, period, comparison_key"


def _differences(
    connection: psycopg.Connection, system: str, year: int, start: date, end: date
) -> tuple[values.Difference, ...]:
    """Those of the year's indicators, and those of items in the years that its data are of."""
    of_year = _rows(connection, values.Difference, _BY_DIFFERENCE, {"system": system, "year": year})
    if not _there(connection, values.Difference.MART):
        return of_year
    query = sql.SQL(
        "select {} from marts.source_reconciliation where system is null"
        " and left(period, 4) between %(first)s and %(last)s order by {}"
    ).format(
        sql.SQL(", ").join(sql.Identifier(field.name) for field in fields(values.Difference)),
        sql.SQL(_BY_DIFFERENCE),
    )
    with connection.cursor(row_factory=class_row(values.Difference)) as cursor:
        of_items = cursor.execute(query, {"first": str(start.year), "last": str(end.year)}).fetchall()
    return (*of_year, *of_items)


def _refusals(connection: psycopg.Connection) -> tuple[values.Refusals, ...]:
    """Counted where the rows are: there may be many."""
    if not _there(connection, "rejected_values"):
        return ()
    with connection.cursor(row_factory=class_row(values.Refusals)) as cursor:
        return tuple(
            cursor.execute(
                "select feed, department_code, department_zh, count(*)::int as refused,"
                " count(*) filter (where is_mended)::int as mended"
                " from marts.rejected_values group by feed, department_code, department_zh"
                " order by feed, department_code nulls last"
            ).fetchall()
        )


def _sources(connection: psycopg.Connection, of_year: dict[str, Any]) -> tuple[values.Sources, ...]:
    if not _there(connection, "value_lineage"):
        return ()
    with connection.cursor(row_factory=class_row(values.Sources)) as cursor:
        return tuple(
            cursor.execute(
                "select system, year, feed, count(distinct arrival_id)::int as files,"
                " count(distinct code)::int as indicators, max(received_at) as newest from marts.value_lineage"
                " where system = %(system)s and year = %(year)s group by system, year, feed order by feed",
                of_year,
            ).fetchall()
        )


def newest_received(connection: psycopg.Connection, system: str, year: int) -> Any:
    """When the newest of what the marts of an examination rest on was received; None where there is nothing."""
    parts = [
        sql.SQL("select max(received_at) as at from marts.{}{}").format(
            sql.Identifier(mart), sql.SQL(" where system = %(system)s and year = %(year)s") if scoped else sql.SQL("")
        )
        for mart, scoped in (
            ("value_lineage", True),
            ("third_party_comparison", True),
            ("peer_value", True),
            ("satisfaction_index", False),
            ("self_check", False),
            ("rectification_status", False),
        )
        if _there(connection, mart)
    ]
    if not parts:
        return None
    query = sql.SQL("select max(at) from ({}) as received").format(sql.SQL(" union all ").join(parts))
    row = connection.execute(query, {"system": system, "year": year}).fetchone()
    return row[0] if row else None
