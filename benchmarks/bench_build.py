"""`build_marts` under the real scheduler, against a bare `dbt build` of the same project on the same data."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from harness import best_of, report, temporary_warehouse

from cityhealth.catalogue import load
from cityhealth.feeds.pipeline import ingest
from cityhealth.landing import LandingZone
from cityhealth.sample_city import generate, land_all
from cityhealth.stack import LocalAirflow
from cityhealth.transform.dbt import Project
from cityhealth.warehouse.connections import Warehouse


def bare_dbt(warehouse: Warehouse) -> None:
    project = Project(warehouse, warehouse.settings)
    folder = str(warehouse.settings.dbt_project_dir)
    subprocess.run(
        [
            str(Path(sys.executable).parent / "dbt"), "--quiet", "build", "--exclude-resource-type", "unit_test",
            "--project-dir", folder, "--profiles-dir", folder,
            "--target-path", str(warehouse.settings.home / "bare" / "target"),
            "--log-path", str(warehouse.settings.home / "bare" / "logs"),
        ],
        env={**warehouse.settings.environ, **project.environment()}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def task_seconds(airflow: LocalAirflow) -> float:
    """Trigger build_marts once; seconds of its one task, from the worker's start to its end."""
    client = airflow.client()
    # The last build must not stand for this one.
    with airflow.warehouse.connect("admin") as connection:
        connection.execute("update ops.build set gate_hash = 'of other judgements'")
    run_id = client.trigger("build_marts")
    while True:
        (task,) = client.tasks("build_marts", run_id)
        if task["state"] in ("success", "failed"):
            assert task["state"] == "success", task
            ends = (datetime.fromisoformat(task[moment]) for moment in ("start_date", "end_date"))
            return -(next(ends) - next(ends)).total_seconds()
        time.sleep(0.2)


def main() -> None:
    with temporary_warehouse() as warehouse:
        settings = warehouse.settings
        land_all(generate(load(settings.seed_dir)), LandingZone(settings.landing_url))
        for feed in ("departmental", "yearbook"):
            ingest(settings, warehouse, feed)
        bare_dbt(warehouse)  # both sides parse once before they are timed
        bare = best_of(3, lambda: bare_dbt(warehouse))
        airflow = LocalAirflow(settings, warehouse)
        airflow.up(("scheduler", "dag-processor", "api-server"))
        try:
            airflow.client().unpause("build_marts")
            task_seconds(airflow)
            ours = min(task_seconds(airflow) for _ in range(3))
        finally:
            airflow.down()
    report("build_marts under Airflow", ours, "bare dbt build", bare)
    print(f"  {ours / bare:.2f} × the time of bare dbt build")


if __name__ == "__main__":
    main()
