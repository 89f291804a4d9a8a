"""DAG files are wiring: they import fast because they import little, and they ask nobody anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cityhealth.settings import PROJECT_ROOT
from cityhealth.stack import LocalAirflow

pytestmark = pytest.mark.airflow

FILES = sorted((PROJECT_ROOT / "dags").glob("*.py"))

#: Imports one DAG file with every outgoing connection refused, and tells what came with it.
_PROBE = """
import gc, json, runpy, socket, sys
import airflow.sdk
def refuse(*a, **k): raise RuntimeError("a DAG file opened a connection")
socket.socket.connect = refuse
import psycopg2; psycopg2.connect = refuse
before = set(sys.modules)
sys.path.insert(0, sys.argv[2])
found = runpy.run_path(sys.argv[1])
new = sorted({name.split(".")[0] for name in set(sys.modules) - before})
dags = sorted({o.dag_id for o in gc.get_objects() if type(o) is airflow.sdk.DAG})
print(json.dumps({"new": new, "dags": dags}))
"""


def probe(path: Path, airflow: LocalAirflow) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, str(path), str(PROJECT_ROOT / "plugins")],
        env=airflow.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_file_defines_the_dag_of_its_name_and_pulls_in_nothing_heavy(path: Path, airflow: LocalAirflow) -> None:
    found = probe(path, airflow)
    assert found["dags"] == [path.stem]
    assert not set(found["new"]) & {
        "great_expectations",
        "dbt",
        "pandas",
        "psycopg",
        "adbc_driver_postgresql",
        "openpyxl",
    }


def test_no_dag_file_has_a_name_that_dbt_would_import() -> None:
    assert not [path.name for path in FILES if path.name.startswith("dbt_")]


def test_nothing_in_the_package_imports_airflow() -> None:
    guilty = [
        str(path.relative_to(PROJECT_ROOT))
        for path in (PROJECT_ROOT / "include").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith(("import airflow", "from airflow"))
    ]
    assert guilty == []
