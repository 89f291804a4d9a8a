"""The ways to the warehouse, per role: libpq for plain queries, ADBC for Arrow, SQLAlchemy for libraries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

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


class ArrowSession:
    """One ADBC connection for transactions one after the other: to open one takes 0.1 s, since the driver reads every
    type of the database. It is opened when first asked for, and again after a transaction that failed."""

    def __init__(self, warehouse: Warehouse, role: str) -> None:
        self._warehouse, self._role = warehouse, role
        self._idle: adbc_driver_postgresql.dbapi.Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[adbc_driver_postgresql.dbapi.Connection]:
        """A connection; what is not committed is rolled back.

        Raises:
            WarehouseError: the server is not there or refuses the login.
        """
        connection, self._idle = self._idle or self._warehouse.arrow(self._role), None
        try:
            yield connection
            connection.rollback()
        except BaseException:
            with suppress(adbc_driver_postgresql.dbapi.Error):
                connection.close()
            raise
        self._idle = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._idle is not None:
            self._idle.close()


def warehouse(settings: Settings, start: bool = False) -> Warehouse:
    """The warehouse that the settings name; with ``start`` the embedded server is started if it is the one.

    Raises:
        WarehouseError: the embedded server was never prepared, or does not start.
    """
    if settings.database_url:
        return Warehouse(settings, parse_database_url(settings.database_url))
    server = EmbeddedServer(settings)
    return Warehouse(settings, server.start() if start else server.address)
