"""A dump brought back, after the database is lost and after the whole server is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from cityhealth.errors import WarehouseError
from cityhealth.settings import Settings
from cityhealth.warehouse.backup import dump, restore
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.embedded import EmbeddedServer

_EVIDENCE = """
insert into raw.arrival (arrival_id, feed, department_text, filename, sha256, size_bytes, received_at)
values ('a1', 'departmental', '市统计局', '体检 "指标"\n表.xlsx', 'ab', 7, '2021-05-20T09:00+08:00');
insert into raw.batch (batch_id, arrival_id, feed, raw_table, rows_read)
values ('b1', 'a1', 'departmental', 'raw.departmental_row', 1);
insert into raw.departmental_row (batch_id, line_no, sheet, row_no, row_kind, value_cell, value_text)
values ('b1', 1, '指标', 5, 'item', 'C5', '１．２万');
"""
_MART = """
create table marts.indicator_scorecard as select 'ECO01' as code, 12000::double precision as value;
grant select on marts.indicator_scorecard to reader;
"""


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """Evidence put in by the loader and a mart built by the transformer."""
    for role, statements in (("loader", _EVIDENCE), ("transformer", _MART)):
        with warehouse.connect(role) as connection:
            connection.execute(statements)
    return warehouse


@pytest.fixture
def another_server(settings: Settings) -> Iterator[Warehouse]:
    """A server that has never seen our logins, with an empty database."""
    embedded = EmbeddedServer(settings)
    yield Warehouse(settings, embedded.start())
    embedded.stop()


def _contents(warehouse: Warehouse) -> dict[str, list[tuple]]:
    """Every row of every table of the warehouse, as text in a stable order."""
    with warehouse.connect("admin") as connection:
        tables = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        return {
            name: connection.execute(f"select t::text from {name} as t order by 1").fetchall() for (name,) in tables
        }


def _rights(warehouse: Warehouse) -> list[tuple]:
    """Owner and rights of every schema and relation of the warehouse."""
    with warehouse.connect("admin") as connection:
        return connection.execute(
            "select nspname, null as relation, pg_get_userbyid(nspowner), nspacl::text from pg_namespace"
            " where nspname !~ '^pg_' and nspname <> 'information_schema'"
            " union all select nspname, relname, pg_get_userbyid(relowner), relacl::text"
            " from pg_class join pg_namespace on pg_namespace.oid = relnamespace"
            " where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1, 2"
        ).fetchall()


def _empty(server: Warehouse, lost: Warehouse) -> None:
    with server.connect("admin", autocommit=True) as connection:
        connection.execute(f"drop database {lost.address.name} with (force)")
        connection.execute(f"create database {lost.address.name}")


def test_a_lost_database_comes_back_with_its_rows_owners_and_rights(
    server: Warehouse, filled: Warehouse, tmp_path: Path
) -> None:
    path = tmp_path / "备份 1.dump"
    contents, rights = _contents(filled), _rights(filled)
    assert len(contents["raw.departmental_row"]) == 1

    assert dump(filled, path) == path.stat().st_size
    _empty(server, filled)
    restore(filled, path)

    assert _contents(filled) == contents
    assert _rights(filled) == rights


def test_after_a_restore_on_a_new_server_every_login_can_do_what_it_could_and_no_more(
    filled: Warehouse, another_server: Warehouse, tmp_path: Path
) -> None:
    dump(filled, tmp_path / "warehouse.dump")
    restore(another_server, tmp_path / "warehouse.dump")

    with another_server.connect("reader") as reader:
        assert reader.execute("select * from indicator_scorecard").fetchall() == [("ECO01", 12000.0)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select * from raw.batch")
    with another_server.connect("loader") as loader:
        loader.execute("insert into ops.outcome (step, object, success) values ('read', 'b1', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            loader.execute("delete from raw.batch")
    with another_server.connect("transformer") as transformer:
        transformer.execute("drop table marts.indicator_scorecard")
        transformer.execute("create schema if not exists marts")


def test_nothing_is_restored_over_a_warehouse_that_is_there(filled: Warehouse, tmp_path: Path) -> None:
    before = _contents(filled)
    dump(filled, tmp_path / "warehouse.dump")
    with pytest.raises(WarehouseError, match="already holds a warehouse"):
        restore(filled, tmp_path / "warehouse.dump")
    assert _contents(filled) == before


def test_a_damaged_dump_leaves_the_database_as_empty_as_it_was(
    server: Warehouse, filled: Warehouse, tmp_path: Path
) -> None:
    path = tmp_path / "warehouse.dump"
    dump(filled, path)
    path.write_bytes(path.read_bytes()[:-200])
    _empty(server, filled)
    with pytest.raises(WarehouseError, match="pg_restore failed"):
        restore(filled, path)
    assert _contents(filled) == {}


def test_a_dump_that_fails_leaves_no_file_behind(server: Warehouse, filled: Warehouse, tmp_path: Path) -> None:
    nowhere = Warehouse(server.settings, replace(filled.address, name="no_such_database"))
    with pytest.raises(WarehouseError, match="no_such_database"):
        dump(nowhere, tmp_path / "warehouse.dump")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_dump_is_named(filled: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"lost\.dump"):
        restore(filled, tmp_path / "lost.dump")
