"""From the marts to a Summary, read as ``reader`` in one snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from psycopg.rows import class_row

from cityhealth.campaigns import ReportingPeriod, reporting_period, reporting_periods
from cityhealth.catalogue import Catalogue, load, load_campaigns
from cityhealth.errors import CityHealthError
from cityhealth.reports.summary import (
    Assessment,
    Block,
    Difficulty,
    IndicatorRow,
    Rectification,
    Summary,
    TaskReport,
    Timeliness,
)
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.warehouse.connections import Warehouse

T = TypeVar("T", TaskReport, Assessment, Timeliness, Block, Difficulty, Rectification, IndicatorRow)


class NoSummary(CityHealthError):
    """The period exists, but nothing was computed for it yet."""


def read_summary(warehouse: Warehouse, settings: Settings, key: str) -> Summary:
    """The latest successful edition of the period ``key``.

    Raises:
        NoSuchPeriod: ``key`` is the due date of no campaign.
        NoSummary: no edition of it succeeded.
        WarehouseError: the database is not there.
    """
    period, previous = window(settings, key)
    with warehouse.connect("reader") as connection:
        # One snapshot: an edition that is finished meanwhile must not lend half of its rows.
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("select set_config('TimeZone', %s, true)", (CITY_TIMEZONE.key,))
        edition = _latest_edition(connection, key)
        if edition is None:
            raise NoSummary(f"{period.title_zh}还没有小结，不能生成简报；请先运行 semimonthly_summary（键 {key}）")
        number, cutoff, code_hash, catalogue_hash = edition
        city_zh, office_zh = _issuer(load(settings.seed_dir, cutoff.date()), period)
        scorecard = "indicator_scorecard_asof", "no nulls last, code"
        return Summary(
            period=period,
            edition=number,
            cutoff=cutoff,
            code_hash=code_hash,
            catalogue_hash=catalogue_hash,
            city_zh=city_zh,
            office_zh=office_zh,
            previous_key=previous.key if previous else None,
            task_reports=_rows(
                connection, TaskReport, "semimonthly_summary", "task_order, role, department_code", key, number
            ),
            assessments=_rows(
                connection, Assessment, "department_assessment", "rank nulls last, department_code", key, number
            ),
            timeliness=_rows(
                connection, Timeliness, "report_timeliness", "reported_period, department_code", key, number
            ),
            blocks=_rows(connection, Block, "work_block_progress", "task_order, task_code", key, number),
            difficulties=_rows(connection, Difficulty, "difficulty_list", "difficulty_id", key, number),
            rectification=_rows(
                connection, Rectification, "rectification_followup", "problem_id, measure_id", key, number
            ),
            indicators=_rows(
                connection, IndicatorRow, *scorecard, key, number, {"system": period.system, "year": period.year}
            ),
            previous_warnings=_warnings_of(connection, previous),
        )


def window(settings: Settings, key: str) -> tuple[ReportingPeriod, ReportingPeriod | None]:
    """The period ``key`` and the one before, of the campaign as it was known on the day on which it was due.

    Raises:
        NoSuchPeriod: ``key`` is the due date of no campaign.
    """
    due = reporting_period(key, load_campaigns(settings.seed_dir)).due
    campaigns = load(settings.seed_dir, due).campaigns
    period = reporting_period(key, campaigns)
    campaign = next(c for c in campaigns if (c.system, c.year) == (period.system, period.year))
    return period, reporting_periods(campaign)[period.number - 2] if period.number > 1 else None


def _issuer(catalogue: Catalogue, period: ReportingPeriod) -> tuple[str, str]:
    """The city's name and the full name of the office that issues the brief (the first of role ``office``)."""
    area_code = catalogue.examination(period.year, period.system).default_area_code
    areas = {area.code: area for area in catalogue.areas}
    area = areas[area_code]
    while area.level != "city" and area.parent_code in areas:
        area = areas[area.parent_code]
    office = next(department for department in catalogue.departments if department.role == "office").name_zh
    # Inside the city it is 市…办公室; on paper it has the city's name.
    return area.name_zh, f"{area.name_zh}{office[1:]}" if office.startswith("市") else office


def _latest_edition(connection: psycopg.Connection, key: str) -> tuple[int, datetime, str, str] | None:
    return connection.execute(
        "select edition, cutoff, code_hash, catalogue_hash from marts.period_edition"
        " where period = %s and is_latest and status = 'success'",
        (key,),
    ).fetchone()


def _rows(
    connection: psycopg.Connection,
    kind: type[T],
    mart: str,
    order: str,
    key: str,
    edition: int,
    where: Mapping[str, Any] | None = None,
) -> tuple[T, ...]:
    """Rows of a mart's view as values; the fields of ``kind`` are its columns."""
    columns = ", ".join(f'"{field.name}"' for field in fields(kind))
    facts: dict[str, Any] = {"period": key, "edition": edition, **(where or {})}
    conditions = " and ".join(f"{column} = %({column})s" for column in facts)
    query = f"select {columns} from marts.{mart} where {conditions} order by {order}"
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return tuple(cursor.execute(query, facts).fetchall())  # type: ignore[arg-type]


def _warnings_of(connection: psycopg.Connection, period: ReportingPeriod | None) -> Mapping[str, str | None] | None:
    """Indicator → warning in an earlier period; None without a summary of it."""
    edition = _latest_edition(connection, period.key) if period else None
    if period is None or edition is None:
        return None
    rows = connection.execute(
        "select code, warning from marts.indicator_scorecard_asof"
        " where period = %s and edition = %s and system = %s and year = %s",
        (period.key, edition[0], period.system, period.year),
    ).fetchall()
    return dict(rows)
