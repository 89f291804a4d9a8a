"""Bring a database to the shape that this code expects: roles, schemas, raw, gate and ops tables."""

from __future__ import annotations

from pathlib import Path

import alembic.command
import alembic.config
import psycopg
from psycopg import sql

from cityhealth.settings import WAREHOUSE_ROLES
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.postgis import ensure_postgis

_MIGRATIONS = Path(__file__).parent / "migrations"
#: Any number; all who migrate this database take this lock first.
_LOCK = 7_201_405

#: A BI tool asks, in marts, and lets go: a forgotten query or transaction holds up no build.
_READER_SETTINGS = (
    "search_path = marts",
    "default_transaction_read_only = on",
    "statement_timeout = '5min'",
    "idle_in_transaction_session_timeout = '5min'",
)
_LARGE_OBJECTS = ("lo_create(oid)", "lo_creat(integer)", "lo_from_bytea(oid, bytea)")


def migrate(warehouse: Warehouse) -> None:
    """Create what is missing; safe to run again and from several processes at once."""
    with warehouse.connect("admin", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
        ensure_logins(connection, warehouse)
        ensure_postgis(connection)
        upgrade(warehouse.sqlalchemy_url("admin"))


def ensure_logins(connection: psycopg.Connection, warehouse: Warehouse) -> None:
    """Make the logins of the warehouse and their rights in the database as a whole.

    These belong to the server, not to what is in the database: no dump of it holds them.
    """
    for role in WAREHOUSE_ROLES:
        _ensure_login(connection, role, warehouse.settings.password(role))
    database = sql.Identifier(warehouse.address.name)
    connection.execute(sql.SQL("grant create, temporary on database {} to transformer").format(database))
    connection.execute(sql.SQL("revoke temporary on database {} from public").format(database))
    _ensure_platform(connection, warehouse)
    for setting in _READER_SETTINGS:
        connection.execute(sql.SQL("alter role reader set {}").format(sql.SQL(setting)))
    for setting in ("search_path = platform", *_READER_SETTINGS[1:]):
        connection.execute(sql.SQL("alter role platform set {}").format(sql.SQL(setting)))
    # Large objects belong to no schema: whoever may make them can fill the disk.
    for function in _LARGE_OBJECTS:
        connection.execute(sql.SQL("revoke execute on function {} from public").format(sql.SQL(function)))


def upgrade(url: str, revision: str = "head") -> None:
    """Run the Alembic migrations up to ``revision`` on the database at the SQLAlchemy ``url``."""
    configuration = alembic.config.Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS))
    configuration.attributes["url"] = url
    alembic.command.upgrade(configuration, revision)


def ensure_airflow_database(warehouse: Warehouse) -> str:
    """Make Airflow's own database and login beside the warehouse; returns its SQLAlchemy URL."""
    with warehouse.connect("admin", autocommit=True) as connection:
        _ensure_login(connection, "airflow", warehouse.settings.password("airflow"))
        if not connection.execute("select 1 from pg_database where datname = 'airflow'").fetchone():
            connection.execute("create database airflow owner airflow")
            connection.execute("revoke connect, temporary on database airflow from public")
    return warehouse.url("airflow", "airflow").replace("postgresql://", "postgresql+psycopg2://", 1)


def _ensure_platform(connection: psycopg.Connection, warehouse: Warehouse) -> None:
    """The login of another system of the city (schema ``platform``): shut until somebody sets its password."""
    if not connection.execute("select 1 from pg_roles where rolname = 'platform'").fetchone():
        connection.execute("create role platform nologin")
    password = warehouse.settings.environ.get("CITYHEALTH_PLATFORM_PASSWORD")
    if password:
        connection.execute(sql.SQL("alter role platform login password {}").format(sql.Literal(password)))
    else:
        connection.execute("alter role platform nologin password null")


def _ensure_login(connection: psycopg.Connection, role: str, password: str) -> None:
    name = sql.Identifier(role)
    if not connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone():
        connection.execute(sql.SQL("create role {} login").format(name))
    connection.execute(sql.SQL("alter role {} password {}").format(name, sql.Literal(password)))
