"""The ways to the warehouse, per role: libpq for plain queries, ADBC for Arrow, SQLAlchemy for libraries."""

from __future__ import annotations

from dataclasses import dataclass

import adbc_driver_postgresql.dbapi
import psycopg
import sqlalchemy

from cityhealth.errors import WarehouseError
from cityhealth.settings import DatabaseAddress, Settings, parse_database_url
from cityhealth.warehouse.embedded import EmbeddedServer


@dataclass(frozen=True)
class Warehouse:
    """The address of the warehouse and the logins to it. Opening a connection is the caller's to close."""

    settings: Settings
    address: DatabaseAddress

    def url(self, role: str, database: str | None = None) -> str:
        """libpq URL of ``role`` (``loader``, ``transformer``, ``reader``, ``airflow``, or ``admin``)."""
        if role == "admin":
            return self.address.url(self.address.admin, self.address.admin_password, database)
        return self.address.url(role, self.settings.password(role), database)

    def sqlalchemy_url(self, role: str, database: str | None = None) -> str:
        return self.url(role, database).replace("postgresql://", "postgresql+psycopg://", 1)

    def connect(self, role: str, autocommit: bool = False) -> psycopg.Connection:
        """A psycopg connection as ``role``.

        Raises:
            WarehouseError: the server is not there or refuses the login.
        """
        try:
            return psycopg.connect(self.url(role), autocommit=autocommit, application_name=f"cityhealth {role}")
        except psycopg.OperationalError as error:
            hint = "" if self.settings.database_url else " (is it started? `cityhealth db start`)"
            raise WarehouseError(f"cannot connect to the warehouse as {role}: {error}{hint}") from error

    def arrow(self, role: str) -> adbc_driver_postgresql.dbapi.Connection:
        """An ADBC connection as ``role``; nothing is kept until ``commit()``.

        Raises:
            WarehouseError: the server is not there or refuses the login.
        """
        try:
            return adbc_driver_postgresql.dbapi.connect(self.url(role))
        except adbc_driver_postgresql.dbapi.Error as error:
            raise WarehouseError(f"cannot connect to the warehouse as {role}: {error}") from error

    def engine(self, role: str) -> sqlalchemy.Engine:
        return sqlalchemy.create_engine(self.sqlalchemy_url(role), poolclass=sqlalchemy.pool.NullPool)


def warehouse(settings: Settings, start: bool = False) -> Warehouse:
    """The warehouse that the settings name; with ``start`` the embedded server is started if it is the one.

    Raises:
        WarehouseError: the embedded server was never prepared, or does not start.
    """
    if settings.database_url:
        return Warehouse(settings, parse_database_url(settings.database_url))
    server = EmbeddedServer(settings)
    return Warehouse(settings, server.start() if start else server.address)
