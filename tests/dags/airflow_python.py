"""Python in Airflow's environment, in a process of its own: a test process must not become an Airflow."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from cityhealth.settings import PROJECT_ROOT
from cityhealth.stack import LocalAirflow


def ask(script: str, airflow: LocalAirflow, *arguments: str, **environment: str) -> Any:
    """Run a script in Airflow's environment; what it prints last, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=airflow.environment() | {"PYTHONPATH": str(PROJECT_ROOT / "plugins")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
