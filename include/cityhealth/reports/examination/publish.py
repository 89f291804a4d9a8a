"""Versions of the report: rendered into the outbox, recorded, signed, submitted; nothing that was signed is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import fsspec
import psycopg
from psycopg.rows import class_row

from cityhealth.errors import CityHealthError
from cityhealth.hashing import sha256_hex
from cityhealth.outbox import deliver
from cityhealth.reports import wording as zh
from cityhealth.reports.examination.document import (
    DRAFT,
    STATES_ZH,
    SUBMITTED,
    Standing,
    render_report,
    report_template,
    stated,
)
from cityhealth.reports.examination.reading import read_examination
from cityhealth.reports.examination.values import SignOff
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.warehouse.connections import Warehouse

#: Any number: with the hash of system and year the lock of whoever changes that year's reports.
_REPORT_LOCK = 720_142


class NoSuchReport(CityHealthError):
    """There is no such version of the report."""


class NotToBeSigned(CityHealthError):
    """The version cannot go into that state, or its document is not what was recorded."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A version of the report of a year; ``new``: this run made it."""

    system: str
    year: int
    version: int
    state: str
    content_hash: str
    path: str
    sha256: str
    size_bytes: int
    data_as_of: datetime | None
    created_at: datetime
    new: bool = False

    @property
    def state_zh(self) -> str:
        return STATES_ZH[self.state]


def publish_report(warehouse: Warehouse, settings: Settings, year: int) -> Report:
    """Render the report of ``year`` from the marts into the outbox: a new version in state draft, if anything in it is
    new; else the latest version as it stands. Earlier versions and what was signed stay as they are.

    Raises:
        NoExamination: the marts hold nothing of that year.
        ReportTemplateError, SettingsError: the office's own template cannot be used.
        WarehouseError: the database is not there.
    """
    with _alone_with(warehouse, settings, year) as connection:
        # Read under the lock: of two that render one year, whoever comes last has read last.
        examination = read_examination(warehouse, settings, year)
        neutral = render_report(examination, report_template(settings.environ))
        content_hash = sha256_hex(neutral)
        latest = _latest(connection, settings, year)
        if latest is not None and latest.content_hash == content_hash:
            _restore(settings, latest, neutral, _sign_offs(connection, latest))
            return latest
        standing = Standing(settings.system, year, latest.version + 1 if latest else 1)
        data = stated(neutral, standing)
        return _insert(connection, settings, standing, content_hash, data, examination.data_as_of)


def sign_report(
    warehouse: Warehouse,
    settings: Settings,
    year: int,
    state: str,
    signed_by: str,
    note: str | None = None,
    version: int | None = None,
    signed_at: datetime | None = None,
) -> Report:
    """Put a version (the latest if not said) into its next state, with who signed, when (now if not said) and what for.

    The document is the recorded one with another cover; its numbers are not rendered again. A submitted version is
    final.

    Raises:
        NoSuchReport: there is no such version.
        NotToBeSigned: ``state`` is not the next one, nobody signs, the day cannot be, a later version was submitted, or
            somebody changed the document.
        WarehouseError: the database is not there.
    """
    if not signed_by.strip():
        raise NotToBeSigned("没有写明审签人")
    moment = signed_at or datetime.now(CITY_TIMEZONE)
    with _alone_with(warehouse, settings, year) as connection:
        report = _version(connection, settings, year, version)
        _check_order(report, state)
        earlier = _sign_offs(connection, report)
        _check_later(_later_submitted(connection, report), report)
        _check_day(report, earlier, moment)
        before = _document(settings, report)
        sign_off = SignOff(
            system=report.system,
            year=year,
            version=report.version,
            state=state,
            state_zh=STATES_ZH[state],
            signed_by=signed_by.strip(),
            signed_at=moment,
            note=(note or "").strip() or None,
        )
        sign_offs = (*earlier, sign_off)
        data = stated(before, Standing(report.system, year, report.version, state, sign_offs))
        path = deliver(settings.outbox_url, _name(year, report.version, state), data)
        signed = replace(report, state=state, path=path, sha256=sha256_hex(data), size_bytes=len(data))
        _record_signed(connection, signed, sign_off, report.sha256)
        return signed


def reports(warehouse: Warehouse, settings: Settings, year: int | None = None) -> list[Report]:
    """The versions of the reports of a year, or of all years, newest first."""
    with warehouse.connect("transformer") as connection:
        found = _select(
            connection,
            "system = %(system)s and (%(year)s::int is null or year = %(year)s) order by year desc, version desc",
            {"system": settings.system, "year": year},
        )
    return found


def sign_offs_of(warehouse: Warehouse, report: Report) -> tuple[SignOff, ...]:
    """Who signed a version, in the order of its states."""
    with warehouse.connect("transformer") as connection:
        return _sign_offs(connection, report)


def _name(year: int, version: int, state: str) -> str:
    return f"examinations/{year}/城市自体检报告_{year}年_第{version}版_{STATES_ZH[state]}.docx"


@contextmanager
def _alone_with(warehouse: Warehouse, settings: Settings, year: int) -> Iterator[psycopg.Connection]:
    """Hold the lock of that year's reports; it ends with the connection."""
    with warehouse.connect("transformer", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s, hashtext(%s))", (_REPORT_LOCK, f"{settings.system} {year}"))
        yield connection


_COLUMNS = "system, year, version, state, content_hash, path, sha256, size_bytes, data_as_of, created_at"


def _select(connection: psycopg.Connection, where: str, facts: dict[str, Any]) -> list[Report]:
    with connection.cursor(row_factory=class_row(Report)) as cursor:
        query = f"select {_COLUMNS} from ops.examination_report where {where}"
        return cursor.execute(query, facts).fetchall()  # type: ignore[arg-type]


def _latest(connection: psycopg.Connection, settings: Settings, year: int) -> Report | None:
    found = _select(
        connection,
        "system = %(system)s and year = %(year)s order by version desc limit 1",
        {"system": settings.system, "year": year},
    )
    return found[0] if found else None


def _version(connection: psycopg.Connection, settings: Settings, year: int, version: int | None) -> Report:
    latest = _latest(connection, settings, year)
    if latest is None:
        raise NoSuchReport(f"{year}年还没有城市自体检报告；请先运行 cityhealth report render {year}")
    if version is None or version == latest.version:
        return latest
    found = _select(
        connection,
        "system = %(system)s and year = %(year)s and version = %(version)s",
        {"system": settings.system, "year": year, "version": version},
    )
    if not found:
        raise NoSuchReport(f"{year}年的报告没有第{version}版，最新的是第{latest.version}版")
    return found[0]


def _sign_offs(connection: psycopg.Connection, report: Report) -> tuple[SignOff, ...]:
    rows = connection.execute(
        "select state, signed_by, signed_at, note from ops.examination_sign_off"
        " where system = %s and year = %s and version = %s order by state = 'submitted', signed_at",
        (report.system, report.year, report.version),
    ).fetchall()
    return tuple(
        SignOff(
            system=report.system,
            year=report.year,
            version=report.version,
            state=state,
            state_zh=STATES_ZH[state],
            signed_by=by,
            signed_at=at,
            note=note,
        )
        for state, by, at, note in rows
    )


def _check_order(report: Report, state: str) -> None:
    order = list(STATES_ZH)
    which = f"{report.year}年报告第{report.version}版"
    if report.state == SUBMITTED:
        raise NotToBeSigned(f"{which}已经提交，不能再改；有新数据时重新生成，是新的一版")
    following = order[order.index(report.state) + 1]
    if state != following:
        wanted = STATES_ZH.get(state, state)
        raise NotToBeSigned(
            f"{which}现为{report.state_zh}，下一步是{STATES_ZH[following]}（{following}），不能转为{wanted}"
        )


def _later_submitted(connection: psycopg.Connection, report: Report) -> list[Report]:
    return _select(
        connection,
        "system = %(system)s and year = %(year)s and version > %(version)s and state = %(state)s order by version desc",
        {"system": report.system, "year": report.year, "version": report.version, "state": SUBMITTED},
    )


def _check_later(submitted: Sequence[Report], report: Report) -> None:
    if submitted:
        raise NotToBeSigned(
            f"{report.year}年报告的第{submitted[0].version}版已经提交，较早的第{report.version}版不能再转入别的状态"
        )


def _check_day(report: Report, earlier: Sequence[SignOff], moment: datetime) -> None:
    """Days are compared, not hours: who states a day alone means any hour of it.

    The day of the data counts, not that of the rendering: a version of an old year may be rendered again years later.
    """
    day = _day_of(moment)
    said = f"审签日期{zh.day(day)}"
    if moment > datetime.now(CITY_TIMEZONE):
        raise NotToBeSigned(f"{said}晚于现在，请核对日期")
    if report.data_as_of is not None and day < _day_of(report.data_as_of):
        raise NotToBeSigned(
            f"{said}早于{report.year}年报告第{report.version}版所据数据的截止日期{zh.day(_day_of(report.data_as_of))}，请核对日期"
        )
    if earlier and day < _day_of(earlier[-1].signed_at):
        before = earlier[-1]
        raise NotToBeSigned(
            f"{said}早于上一次审签（{before.state_zh}，{zh.day(_day_of(before.signed_at))}），请核对日期"
        )


def _day_of(moment: datetime) -> date:
    return moment.astimezone(CITY_TIMEZONE).date()


def _document(settings: Settings, report: Report) -> bytes:
    """The bytes that stand in the outbox, if they are the recorded ones."""
    files, bare = fsspec.core.url_to_fs(report.path)
    if not files.exists(bare):
        raise NotToBeSigned(f"文件不在原处：{report.path}；请运行 cityhealth report render {report.year} 恢复")
    data = files.cat_file(bare)
    if sha256_hex(data) != report.sha256:
        raise NotToBeSigned(f"文件与登记的校验码不符，可能被人改动：{report.path}；请移走后重新生成")
    return data


def _restore(settings: Settings, report: Report, neutral: bytes, sign_offs: tuple[SignOff, ...]) -> None:
    """Put the document back where it is lost. What somebody changed, or what was submitted, is left alone."""
    files, bare = fsspec.core.url_to_fs(report.path)
    if files.exists(bare):
        return
    data = stated(neutral, Standing(report.system, report.year, report.version, report.state, sign_offs))
    if sha256_hex(data) == report.sha256:
        deliver(settings.outbox_url, _name(report.year, report.version, report.state), data)


def _insert(
    connection: psycopg.Connection,
    settings: Settings,
    standing: Standing,
    content_hash: str,
    data: bytes,
    data_as_of: datetime | None,
) -> Report:
    path = deliver(settings.outbox_url, _name(standing.year, standing.version, DRAFT), data)
    facts = {
        "system": standing.system,
        "year": standing.year,
        "version": standing.version,
        "state": DRAFT,
        "content_hash": content_hash,
        "path": path,
        "sha256": sha256_hex(data),
        "size_bytes": len(data),
        "data_as_of": data_as_of,
    }
    row = connection.execute(
        f"insert into ops.examination_report ({', '.join(facts)})"  # type: ignore[arg-type]
        f" values ({', '.join(f'%({name})s' for name in facts)}) returning created_at",
        facts,
    ).fetchone()
    assert row is not None
    return Report(**facts, created_at=row[0], new=True)  # type: ignore[arg-type]


def _record_signed(connection: psycopg.Connection, report: Report, sign_off: SignOff, signed_sha256: str) -> None:
    with connection.transaction():
        connection.execute(
            "insert into ops.examination_sign_off"
            " (system, year, version, state, signed_by, signed_at, note, signed_sha256)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                *(sign_off.system, sign_off.year, sign_off.version, sign_off.state),
                *(sign_off.signed_by, sign_off.signed_at, sign_off.note, signed_sha256),
            ),
        )
        connection.execute(
            "update ops.examination_report set state = %s, path = %s, sha256 = %s, size_bytes = %s"
            " where system = %s and year = %s and version = %s",
            (
                *(report.state, report.path, report.sha256, report.size_bytes),
                *(report.system, report.year, report.version),
            ),
        )
