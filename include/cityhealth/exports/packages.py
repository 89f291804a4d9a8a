"""A package from the marts to the outbox: selected, assembled, held against its schema, packed, recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg

from cityhealth.catalogue import load
from cityhealth.exports import ministry, third_party
from cityhealth.exports.frame import AUDIENCES, Frame, frame_of
from cityhealth.exports.ministry import ministry_files
from cityhealth.exports.packing import Content, Packed, deliver_file, packed
from cityhealth.exports.public import public_files
from cityhealth.exports.selection import ExportError, Selection, Table, select
from cityhealth.exports.third_party import third_party_files
from cityhealth.landing import LandingZone
from cityhealth.settings import Settings
from cityhealth.warehouse.connections import Warehouse

#: Any number: with the audience's hash the lock of whoever exports for it.
_LOCK = 720_142
#: Of each format, so that a receiver knows what to expect.
_VERSIONS = {"ministry": ministry.VERSION, "public": "1.0", "third_party": third_party.VERSION}


@dataclass(frozen=True)
class Package:
    """A package that stands in the outbox; ``is_new`` False: the same content went out before."""

    audience: str
    year: int
    version: int
    path: str
    sha256: str
    size_bytes: int
    file_count: int
    synthetic: bool
    is_new: bool


def export(
    warehouse: Warehouse, settings: Settings, audience: str, year: int | None = None, out: str | None = None
) -> Package:
    """Make the package of an audience for the examination of a year (default: the installation's) below ``out``
    (default: the outbox). Equal marts and catalogue give equal bytes and no new version.

    Raises:
        ExportError: nothing may go out, or it is not what it has to be; then nothing does.
        CatalogueError: there is no such examination.
        IncompleteTransfer: a file that belongs to it is not in the landing zone as it was handed in.
        WarehouseError: the database is not there.
    """
    if audience not in AUDIENCES:
        raise ExportError(f"没有「{audience}」这种对象，应为 {'、'.join(AUDIENCES)} 之一")
    catalogue = load(settings.seed_dir)
    landing = LandingZone(settings.landing_url)
    with _alone(warehouse, audience) as connection:
        chosen = select(warehouse, catalogue, audience, settings.system, year or settings.year)
        selection = _sized(chosen, landing)
        frame = frame_of(selection, catalogue)
        with packed(_files(selection, frame, settings, landing)) as package:
            version, is_new = _version(connection, selection, package.sha256)
            folder = f"exports/{audience}/" if out is None else ""
            path = deliver_file(
                settings.outbox_url if out is None else out,
                f"{folder}{frame.name}_第{version}版.zip",
                package.path,
                package.sha256,
            )
            _record(connection, selection, package, version, path)
    return Package(
        audience, selection.examination.year, version, path, package.sha256, package.size_bytes, package.file_count,
        selection.synthetic, is_new,
    )  # fmt: skip


def _files(selection: Selection, frame: Frame, settings: Settings, landing: LandingZone) -> dict[str, Content]:
    if selection.audience == "ministry":
        return ministry_files(selection, frame)
    if selection.audience == "public":
        return public_files(selection, frame, settings.environ)
    return third_party_files(selection, frame, landing)


def _sized(selection: Selection, landing: LandingZone) -> Selection:
    """With the sizes of attachments, which only the landing zone knows; of those that are not there it stays empty."""
    table = selection.tables.get("source_file")
    if table is None or not {"size_bytes", "sha256"} <= {field.name for field in table.fields}:
        return selection
    rows = tuple(
        row if row["size_bytes"] is not None else {**row, "size_bytes": landing.size(row["sha256"])}
        for row in table.rows
    )
    sized: Table = replace(table, rows=rows)
    return replace(selection, tables={**selection.tables, "source_file": sized})


@contextmanager
def _alone(warehouse: Warehouse, audience: str) -> Iterator[psycopg.Connection]:
    """Hold the lock of exporting for an audience: two at once would take one version's number."""
    with warehouse.connect("transformer", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s, hashtext(%s))", (_LOCK, audience))
        yield connection


def _version(connection: psycopg.Connection, selection: Selection, sha256: str) -> tuple[int, bool]:
    key = (selection.audience, selection.examination.system, selection.examination.year)
    known = connection.execute(
        "select version from ops.package where audience = %s and system = %s and year = %s and sha256 = %s",
        (*key, sha256),
    ).fetchone()
    if known is not None:
        return known[0], False
    last = connection.execute(
        "select coalesce(max(version), 0) from ops.package where audience = %s and system = %s and year = %s", key
    ).fetchone()
    assert last is not None
    return last[0] + 1, True


def _record(connection: psycopg.Connection, selection: Selection, package: Packed, version: int, path: str) -> None:
    connection.execute(
        "insert into ops.package (audience, system, year, version, path, sha256, size_bytes, file_count,"
        " format_version, synthetic, data_as_of) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict (audience, system, year, version) do update set path = excluded.path",
        (
            selection.audience, selection.examination.system, selection.examination.year, version, path,
            package.sha256, package.size_bytes, package.file_count, _VERSIONS[selection.audience],
            selection.synthetic, selection.data_as_of,
        ),
    )  # fmt: skip
