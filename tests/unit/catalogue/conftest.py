"""A copy of the city's catalogue that a test may break."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cityhealth.settings import PROJECT_ROOT

SEEDS = PROJECT_ROOT / "dbt_project" / "seeds" / "jincheng"


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SEEDS, tmp_path / "jincheng"))
