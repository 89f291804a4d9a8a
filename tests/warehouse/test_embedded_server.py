"""The embedded server and the rights in the warehouse."""

import shutil
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction

from cityhealth import settings as settings_module
from cityhealth.errors import WarehouseError
from cityhealth.settings import Settings
from cityhealth.warehouse.connections import Warehouse, warehouse as open_warehouse
from cityhealth.warehouse.embedded import EmbeddedServer
from cityhealth.warehouse.migrate import migrate


def test_the_server_listens_on_loopback_only_and_asks_for_a_password(warehouse: Warehouse) -> None:
    with warehouse.connect("admin") as connection:
        listening = connection.execute("show listen_addresses").fetchone()
    assert listening == ("127.0.0.1",)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(warehouse.address.url("reader", "wrong"))


@pytest.mark.parametrize(
    "statement",
    [
        "create temporary table t (n int)",
        "set transaction read write; select lo_create(0)",
        "set transaction read write; create table marts.t (n int)",
        "select pg_read_file('/etc/passwd')",
        "copy (select 1) to program 'true'",
    ],
)
def test_the_reader_can_fill_no_disk_and_read_no_file(warehouse: Warehouse, statement: str) -> None:
    with warehouse.connect("reader") as connection, pytest.raises((InsufficientPrivilege, ReadOnlySqlTransaction)):
        connection.execute(statement)


def test_the_reader_reaches_no_other_database_and_keeps_nobody_waiting(warehouse: Warehouse) -> None:
    for database in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(warehouse.url("reader", database))
    with warehouse.connect("reader") as connection:
        assert connection.execute("show statement_timeout").fetchone() == ("5min",)


def test_a_stopped_server_starts_again_with_its_data(settings: Settings) -> None:
    server = EmbeddedServer(settings)
    with pytest.raises(WarehouseError, match="db start"):
        open_warehouse(settings)
    first = Warehouse(settings, server.start())
    try:
        with first.connect("admin") as connection:
            connection.execute("create table kept as select 7 as n")
        server.stop()
        assert not server.answers()
        again = Warehouse(settings, server.start())
        assert again.address == first.address
        with again.connect("admin") as connection:
            assert connection.execute("select n from kept").fetchone() == (7,)
    finally:
        server.stop()


def test_a_copy_of_a_home_never_writes_into_the_server_of_the_home_it_was_copied_from(
    settings: Settings, tmp_path: Path
) -> None:
    first = EmbeddedServer(settings)
    first.start()
    try:
        shutil.copytree(settings.home, tmp_path / "copy", ignore=shutil.ignore_patterns("pg_wal", "base"))
        copied = settings_module.from_environment({"PATH": "", "CITYHEALTH_HOME": str(tmp_path / "copy")})
        with pytest.raises(WarehouseError, match="answered by another PostgreSQL"):
            EmbeddedServer(copied).start()
    finally:
        first.stop()


def test_migrating_twice_changes_nothing(warehouse: Warehouse) -> None:
    migrate(warehouse)
    with warehouse.connect("admin") as connection:
        assert connection.execute("select count(*) from alembic_version").fetchone() == (1,)


@pytest.mark.parametrize(
    "statement", ["update raw.batch set feed = ''", "delete from raw.arrival", "drop table raw.batch"]
)
@pytest.mark.parametrize("role", ["loader", "transformer", "reader"])
def test_no_role_of_a_run_can_change_or_delete_evidence(warehouse: Warehouse, role: str, statement: str) -> None:
    with warehouse.connect(role) as connection, pytest.raises((InsufficientPrivilege, ReadOnlySqlTransaction)):
        connection.execute(statement)


@pytest.mark.parametrize("schema", ["raw", "gate", "ops", "staging", "catalogue", "intermediate", "history"])
def test_the_reader_cannot_look_outside_the_marts(warehouse: Warehouse, schema: str) -> None:
    with warehouse.connect("reader") as connection:
        allowed = connection.execute("select has_schema_privilege('reader', %s, 'usage')", (schema,)).fetchone()
    assert allowed == (False,)
