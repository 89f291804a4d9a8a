"""Programs that some tests need and a bare machine lacks."""

from __future__ import annotations

import os
import shutil

import pytest


def require_program(name: str, package: str) -> str:
    """The path of a program; without it the test is skipped, or fails where CITYHEALTH_REQUIRE_TOOLS=1 (CI).

    ``package`` is the Debian package that brings it.
    """
    path = shutil.which(name)
    if path is not None:
        return path
    reason = f"{name} is not installed (apt-get install {package})"
    if os.environ.get("CITYHEALTH_REQUIRE_TOOLS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
