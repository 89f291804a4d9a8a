"""The expressions over movement data on the other engine: the same tests pass, and the numbers agree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from cityhealth.settings import PROJECT_ROOT
from requirements import require_spark

SUMS = "tests/unit/mobility/test_movement_sums.py"


def test_the_tests_of_movement_sums_pass_on_spark_and_agree_with_duckdb(tmp_path: Path) -> None:
    """In a process of its own: whatever imports pyspark where Great Expectations is imported later changes that."""
    environment = {
        **os.environ,
        "SPARK_HOME": require_spark(),
        "CITYHEALTH_ENGINE": "local[2]",
        # What is run once is not worth compiling well.
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto",
        "PYSPARK_SUBMIT_ARGS": "--conf spark.sql.codegen.wholeStage=false --conf spark.sql.adaptive.enabled=false"
        " pyspark-shell",
    }
    command = [sys.executable, "-m", "pytest", SUMS, "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'spark'}"]
    run = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-8000:]
    dots = re.match(r"\.+", run.stdout)
    assert dots is not None and len(dots.group()) >= 8, run.stdout[:2000]
