"""The rows of the marts, build by build: an unchanged row is kept once, for the builds in which it stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from cityhealth.errors import CityHealthError
from cityhealth.warehouse.connections import Warehouse

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


@dataclass(frozen=True)
class KeptMart:
    """A mart whose rows are kept: those whose yml says ``meta: {key: [...], volatile: [...]}``.

    ``volatile`` columns are left out, so that they never make a change.
    """

    schema: str
    name: str
    key: tuple[str, ...]
    volatile: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One difference between two builds.

    ``kind`` is ``changed`` (``column`` went from ``before`` to ``after``), ``added`` or ``removed`` (``column`` is
    None, the whole row is ``after`` or ``before``). ``key`` is the row's key columns joined by ``/``.
    """

    mart: str
    key: str
    kind: str
    column: str | None
    before: Any
    after: Any


def kept_marts(manifest: Manifest) -> list[KeptMart]:
    """The kept marts of a dbt manifest, by name."""
    marts: list[KeptMart] = []
    for node in manifest.nodes.values():
        meta = node.config.meta
        if node.resource_type == "model" and "key" in meta:
            marts.append(KeptMart(node.schema, node.name, tuple(meta["key"]), tuple(meta.get("volatile", ()))))
    return sorted(marts, key=lambda mart: mart.name)


def keep(connection: psycopg.Connection, build_id: int, marts: Sequence[KeptMart]) -> None:
    """Add the rows of ``marts`` as they are now to ``history.mart_row``, in the connection's transaction."""
    previous = max((build for build in _successful(connection) if build < build_id), default=None)
    for mart in marts:
        connection.execute(_keep_statement(mart), {"mart": mart.name, "build": build_id, "previous": previous})


def diff(warehouse: Warehouse, build_a: int | None = None, build_b: int | None = None) -> list[Change]:
    """What differs between two successful builds, by mart, key and column: by default between the last two.

    With one build given, it is compared to the last one (``build_a``) or to the one before it (``build_b``).

    Raises:
        CityHealthError: there are no two builds to compare, or one of those named did not succeed.
    """
    with warehouse.connect("transformer") as connection:
        older, newer = _builds(connection, build_a, build_b)
        rows = connection.execute(
            "with older as (select * from history.mart_row where %(older)s between first_build_id and last_build_id),"
            " newer as (select * from history.mart_row where %(newer)s between first_build_id and last_build_id)"
            " select mart, row_key, older.row_content, newer.row_content"
            " from older full outer join newer using (mart, row_key)"
            " where older.content_hash is distinct from newer.content_hash order by mart, row_key",
            {"older": older, "newer": newer},
        ).fetchall()
    return [change for row in rows for change in _changes(*row)]


def _keep_statement(mart: KeptMart) -> sql.Composed:
    key = sql.SQL(", ").join(sql.Identifier(column) for column in mart.key)
    return sql.SQL(
        """
        with now as (
            select row_key, row_content, md5(row_content::text) as content_hash
            from (
                select concat_ws('/', {key}) as row_key, to_jsonb(mart) - {volatile}::text[] as row_content
                from {mart} as mart
            ) as rows
        ),
        extended as (
            update history.mart_row as kept set last_build_id = %(build)s
            from now
            where kept.mart = %(mart)s and kept.last_build_id = %(previous)s
                and kept.row_key = now.row_key and kept.content_hash = now.content_hash
            returning kept.row_key
        )
        insert into history.mart_row (mart, row_key, row_content, content_hash, first_build_id, last_build_id)
        select %(mart)s, row_key, row_content, content_hash, %(build)s, %(build)s
        from now
        where row_key not in (select row_key from extended)
        """
    ).format(key=key, volatile=sql.Literal(list(mart.volatile)), mart=sql.Identifier(mart.schema, mart.name))


def _builds(connection: psycopg.Connection, build_a: int | None, build_b: int | None) -> tuple[int, int]:
    successful = _successful(connection)
    for build in (build_a, build_b):
        if build is not None and build not in successful:
            raise CityHealthError(f"there is no successful build {build}; see ops.build")
    newer = build_b if build_b is not None else (successful[0] if successful else None)
    older = build_a if build_a is not None else next((b for b in successful if newer is not None and b < newer), None)
    if newer is None or older is None:
        raise CityHealthError("there are not yet two successful builds to compare: run `cityhealth build`")
    return older, newer


def _successful(connection: psycopg.Connection) -> list[int]:
    found = connection.execute("select build_id from ops.build where status = 'success' order by build_id desc")
    return [row[0] for row in found.fetchall()]


def _changes(mart: str, key: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[Change]:
    if before is None or after is None:
        return [Change(mart, key, "added" if before is None else "removed", None, before, after)]
    columns = [*before, *(column for column in after if column not in before)]
    return [
        Change(mart, key, "changed", column, before.get(column), after.get(column))
        for column in columns
        if before.get(column) != after.get(column)
    ]
