"""Where things are and who may touch them: read once from the environment, then passed around as a value."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from cityhealth.errors import SettingsError

CITY_TIMEZONE = ZoneInfo("Asia/Shanghai")

#: What each login of the warehouse is for; see docs/architecture.md.
WAREHOUSE_ROLES = ("loader", "transformer", "reader")

PROJECT_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """All settings of one installation.

    ``database_url`` is the administrator's URL of an own PostgreSQL, or None for the embedded server,
    whose address is then asked of :mod:`cityhealth.warehouse.embedded`. After ``summary_minutes`` in Airflow a
    half-month summary is late.
    """

    project_root: Path
    home: Path
    city: str
    system: str
    year: int
    landing_url: str
    outbox_url: str
    database_url: str | None
    summary_minutes: float
    engine: str
    engine_memory: str
    environ: Mapping[str, str] = field(repr=False)

    @property
    def seed_dir(self) -> Path:
        return self.project_root / "dbt_project" / "seeds" / self.city

    @property
    def dbt_project_dir(self) -> Path:
        return self.project_root / "dbt_project"

    @property
    def expectations_dir(self) -> Path:
        return self.project_root / "expectations"

    @property
    def areas_path(self) -> Path:
        """The city's reference boundaries, a GeoPackage (:mod:`cityhealth.spatial.reference`)."""
        return self.home / "areas" / f"{self.city}.gpkg"

    @property
    def mobility_dir(self) -> Path:
        """The restricted store of movement data: parts under hashed device ids, and what a day was summed up to."""
        return self.home / "mobility"

    @property
    def postgres_dir(self) -> Path:
        return self.home / "postgres"

    @property
    def airflow_home(self) -> Path:
        return self.home / "airflow"

    def password(self, login: str) -> str:
        """The password of a login: ``CITYHEALTH_<LOGIN>_PASSWORD``, else one made once and kept in ``secrets.json``."""
        from_environment = self.environ.get(f"CITYHEALTH_{login.upper()}_PASSWORD")
        if from_environment:
            return from_environment
        path = self.home / "secrets.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        if login not in kept:
            kept[login] = secrets.token_urlsafe(24)
            self.home.mkdir(parents=True, exist_ok=True)
            replacement = path.with_suffix(f".{os.getpid()}.tmp")
            replacement.touch(mode=0o600)
            replacement.write_text(json.dumps(kept, indent=1))
            replacement.replace(path)
        return kept[login]


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from environment variables (``os.environ`` by default).

    Raises:
        SettingsError: a variable has a value that makes no sense; the message names the variable.
    """
    env = dict(os.environ if environ is None else environ)
    root = Path(env.get("CITYHEALTH_PROJECT_ROOT") or PROJECT_ROOT).resolve()
    home = Path(env.get("CITYHEALTH_HOME") or root / "var").resolve()
    year_text = env.get("CITYHEALTH_YEAR", "2021")
    if not year_text.isdigit():
        raise SettingsError(f"CITYHEALTH_YEAR must be a year such as 2021, not {year_text!r}")
    database_url = env.get("CITYHEALTH_DATABASE_URL") or None
    if database_url and urlsplit(database_url).scheme not in ("postgresql", "postgres"):
        raise SettingsError("CITYHEALTH_DATABASE_URL must begin with postgresql://")
    minutes = env.get("CITYHEALTH_SUMMARY_MINUTES") or "60"
    if not re.fullmatch(r"\d+(\.\d+)?", minutes):
        raise SettingsError(f"CITYHEALTH_SUMMARY_MINUTES must be a number of minutes such as 60, not {minutes!r}")
    engine = env.get("CITYHEALTH_ENGINE") or "duckdb"
    if not re.fullmatch(r"duckdb|local(\[(\d+|\*)\])?|spark://.+|yarn|k8s://.+", engine):
        raise SettingsError(
            f"CITYHEALTH_ENGINE must be duckdb or a Spark master such as spark://host:7077, not {engine!r}"
        )
    memory = env.get("CITYHEALTH_ENGINE_MEMORY") or "1GB"
    if not re.fullmatch(r"\d+(\.\d+)?(MB|GB)", memory):
        raise SettingsError(f"CITYHEALTH_ENGINE_MEMORY must be a size such as 1GB, not {memory!r}")
    return Settings(
        project_root=root,
        home=home,
        city=env.get("CITYHEALTH_CITY", "jincheng"),
        system=env.get("CITYHEALTH_SYSTEM", "mohurd"),
        year=int(year_text),
        landing_url=env.get("CITYHEALTH_LANDING") or str(home / "landing"),
        outbox_url=env.get("CITYHEALTH_OUTBOX") or str(home / "outbox"),
        database_url=database_url,
        summary_minutes=float(minutes),
        engine=engine,
        engine_memory=memory,
        environ=env,
    )


@dataclass(frozen=True)
class DatabaseAddress:
    """Host, port and name of the warehouse, with the administrator's login."""

    host: str
    port: int
    name: str
    admin: str
    admin_password: str = field(repr=False)

    def url(self, login: str, password: str, database: str | None = None) -> str:
        """A libpq URL for ``login``; user and password are percent-encoded."""
        return (
            f"postgresql://{quote(login, safe='')}:{quote(password, safe='')}"
            f"@{self.host}:{self.port}/{quote(database or self.name, safe='')}"
        )

    @property
    def admin_url(self) -> str:
        return self.url(self.admin, self.admin_password)


def parse_database_url(url: str) -> DatabaseAddress:
    """Split an administrator's URL.

    Raises:
        SettingsError: host, database or user is missing.
    """
    from urllib.parse import unquote

    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    if not (parts.hostname and name and parts.username):
        raise SettingsError("CITYHEALTH_DATABASE_URL must look like postgresql://user:password@host:5432/database")
    return DatabaseAddress(
        parts.hostname,
        parts.port or 5432,
        unquote(name),
        unquote(parts.username),
        unquote(parts.password or ""),
    )
