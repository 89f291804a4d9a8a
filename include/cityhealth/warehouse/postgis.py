"""PostGIS, where the server has it: the extension, and search paths by which its types and functions are found."""

from __future__ import annotations

import logging

import psycopg
from psycopg import sql

log = logging.getLogger(__name__)

#: Before the schema of the extension; QGIS and tile servers name neither types nor functions in full.
_SEARCH_PATHS = {"reader": ("marts", "gis"), "transformer": ("$user", "public")}


def has_postgis(connection: psycopg.Connection) -> bool:
    """Whether the extension is installed in the connection's database."""
    return _schema(connection) is not None


def ensure_postgis(connection: psycopg.Connection) -> None:
    """Install PostGIS in the administrator's database where the server offers it; elsewhere nothing happens.

    The logins must be there. An administrator who may not install it leaves the warehouse without: that is logged.
    """
    if not connection.execute("select 1 from pg_available_extensions where name = 'postgis'").fetchone():
        return
    try:
        with connection.transaction():
            connection.execute("create extension if not exists postgis")
    except psycopg.errors.InsufficientPrivilege:
        log.warning("the server offers PostGIS, but only a superuser may install it: there will be no maps")
        return
    schema = _schema(connection)
    assert schema is not None
    database = sql.Identifier(connection.info.dbname)
    for role, path in _SEARCH_PATHS.items():
        schemas = sql.SQL(", ").join(sql.Identifier(name) for name in dict.fromkeys((*path, schema)))
        connection.execute(
            sql.SQL("grant usage on schema {} to {}").format(sql.Identifier(schema), sql.Identifier(role))
        )
        connection.execute(
            sql.SQL("alter role {} in database {} set search_path = {}").format(sql.Identifier(role), database, schemas)
        )


def _schema(connection: psycopg.Connection) -> str | None:
    row = connection.execute(
        "select nspname from pg_extension join pg_namespace on pg_namespace.oid = extnamespace"
        " where extname = 'postgis'"
    ).fetchone()
    return row[0] if row else None
