"""Programs that some tests need and a bare machine lacks."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from cityhealth.settings import PROJECT_ROOT


def require_program(name: str, package: str) -> str:
    """The path of a program; without it the test is skipped, or fails where CITYHEALTH_REQUIRE_TOOLS=1 (CI).

    ``package`` is the Debian package that brings it.
    """
    path = shutil.which(name)
    if path is not None:
        return path
    _lack(name, package)


def require_postgis() -> Path:
    """The folder of programs of a PostgreSQL whose PostGIS is installed beside it, as Debian lays them out."""
    for programs in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if Path("/usr/share/postgresql", programs.parent.name, "extension", "postgis.control").exists():
            return programs
    _lack("PostGIS", "postgresql-15 postgresql-15-postgis-3")


def require_spark() -> str:
    """SPARK_HOME: that of the environment, or of ``make .spark/.installed``; Java is needed as well."""
    require_program("java", "openjdk-17-jre-headless")
    home = os.environ.get("SPARK_HOME") or str(PROJECT_ROOT / ".spark" / "pyspark")
    if not Path(home, "python", "lib", "pyspark.zip").exists():
        _lack("Spark", command="make .spark/.installed")
    return home


def _lack(name: str, package: str = "", command: str | None = None) -> NoReturn:
    reason = f"{name} is not installed ({command or f'apt-get install {package}'})"
    if os.environ.get("CITYHEALTH_REQUIRE_TOOLS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
