"""A local Airflow for tests: its own home, database and processes; nothing of the developer's is touched."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from cityhealth import settings as settings_module
from cityhealth.stack import LocalAirflow
from cityhealth.warehouse.connections import Warehouse, warehouse as open_warehouse
from cityhealth.warehouse.embedded import EmbeddedServer
from cityhealth.warehouse.migrate import migrate


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAirflow]:
    """Airflow on an embedded server of its own, prepared but not started; one for each file of tests."""
    home = tmp_path_factory.mktemp("airflow") / "var"
    settings = settings_module.from_environment({"PATH": os.environ["PATH"], "CITYHEALTH_HOME": str(home)})
    warehouse: Warehouse = open_warehouse(settings, start=True)
    migrate(warehouse)
    # A failing task is retried once, at once: the test waits for nothing but the work.
    retries = {"AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "1", "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1"}
    airflow = LocalAirflow(settings, warehouse, retries, preferred_port=0)
    airflow.prepare()
    yield airflow
    airflow.down()
    EmbeddedServer(settings).stop()
