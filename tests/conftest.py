"""What more than one folder of tests needs: settings in a temporary home and a fresh, migrated warehouse."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest

from cityhealth import settings as settings_module
from cityhealth.catalogue import Catalogue, load
from cityhealth.settings import PROJECT_ROOT, Settings
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.embedded import EmbeddedServer
from cityhealth.warehouse.migrate import migrate

# A worker of the suite holds millions of objects of libraries, through which Python's collector goes every 700
# allocations: a fifth of the time.
gc.set_threshold(100_000, 20, 20)

# Machines are noisy: no property test fails for being slow.
hypothesis.settings.register_profile("cityhealth", deadline=None)
hypothesis.settings.load_profile("cityhealth")

_TEMPLATE = "migrated"
_numbers = itertools.count(1)


def _settings(home: Path) -> Settings:
    return settings_module.from_environment({"PATH": os.environ["PATH"], "CITYHEALTH_HOME": str(home)})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an installation of its own, without a server."""
    return _settings(tmp_path / "home")


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load(PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One embedded server for the whole run, with a migrated database that others are copied from."""
    settings = _settings(tmp_path_factory.mktemp("server"))
    embedded = EmbeddedServer(settings)
    maintenance = Warehouse(settings, embedded.start())
    with maintenance.connect("admin", autocommit=True) as connection:
        connection.execute(f"create database {_TEMPLATE}")
    migrate(Warehouse(settings, replace(maintenance.address, name=_TEMPLATE)))
    yield maintenance
    embedded.stop()


@contextmanager
def _fresh(server: Warehouse) -> Iterator[Warehouse]:
    name = f"test_{next(_numbers)}"
    with server.connect("admin", autocommit=True) as connection:
        connection.execute(f"create database {name} template {_TEMPLATE}")
        connection.execute(f"grant create, temporary on database {name} to transformer")
        connection.execute(f"revoke temporary on database {name} from public")
    yield Warehouse(server.settings, replace(server.address, name=name))
    with server.connect("admin", autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def warehouse(server: Warehouse) -> Iterator[Warehouse]:
    """A migrated, empty warehouse of the test's own (0.1 s)."""
    with _fresh(server) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def module_warehouse(server: Warehouse) -> Iterator[Warehouse]:
    """A migrated, empty warehouse that the tests of one module share."""
    with _fresh(server) as warehouse:
        yield warehouse
