"""A whole Airflow on this machine: its environment, its processes, and a client for its REST interface.

Airflow is started by its own commands and spoken to over HTTP; nothing here imports it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from cityhealth.errors import CityHealthError
from cityhealth.settings import Settings
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.migrate import ensure_airflow_database

_COMPONENTS: Mapping[str, tuple[str, ...]] = {
    # Logs of running tasks are read from disk here; the log server would listen on all interfaces.
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "api-server": ("api-server",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
#: The scheduler's workers are forked from it: what it has imported, none of them imports again (plugins/).
_OWN_ENVIRONMENT: Mapping[str, Mapping[str, str]] = {"scheduler": {"CITYHEALTH_PRELOAD": "yes"}}
_USER = "admin"


class StackError(CityHealthError):
    """Airflow did not start, or does not answer; the message says which log to read."""


@dataclass(frozen=True)
class LocalAirflow:
    """Airflow with LocalExecutor on the warehouse's server, user interface on loopback.

    ``overrides`` are environment variables that win over those set here. The user interface listens on
    ``preferred_port`` where that is free when this home first asks, else on any; 0 asks for any at once, for who
    starts several side by side.
    """

    settings: Settings
    warehouse: Warehouse
    overrides: Mapping[str, str] = field(default_factory=dict)
    preferred_port: int = 8080

    @property
    def home(self) -> Path:
        return self.settings.airflow_home

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port()}"

    def environment(self) -> dict[str, str]:
        """The environment in which every ``airflow`` command of this installation runs."""
        s = self.settings
        url = self.url
        return {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "CITYHEALTH_HOME": str(s.home),
            "CITYHEALTH_LANDING": s.landing_url,
            "CITYHEALTH_OUTBOX": s.outbox_url,
            "CITYHEALTH_PROJECT_ROOT": str(s.project_root),
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(s.project_root / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(s.project_root / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "2",
            "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "20",
            "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Asia/Shanghai",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__CORE__FERNET_KEY": _fernet_key(s.password("airflow_fernet")),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{_USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.warehouse.url("airflow", "airflow").replace(
                "postgresql://", "postgresql+psycopg2://", 1
            ),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self._port()),
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": s.password("airflow_api"),
            "AIRFLOW__API_AUTH__JWT_SECRET": s.password("airflow_jwt"),
            # A file that changed is parsed within 30 s; all of them over and over took a quarter of a core.
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": os.environ.get("AIRFLOW__LOGGING__LOGGING_LEVEL", "INFO"),
            "DO_NOT_TRACK": "1",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "GX_ANALYTICS_ENABLED": "false",
            **self.overrides,
        }

    def prepare(self) -> None:
        """Make Airflow's database, its tables and the login of the user interface; safe to run again.

        Raises:
            StackError: ``airflow db migrate`` failed.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        ensure_airflow_database(self.warehouse)
        passwords = self.home / "passwords.json"
        passwords.touch(mode=0o600)
        passwords.write_text(json.dumps({_USER: self.settings.password("airflow_ui")}))
        self.run("db", "migrate", quiet=True)

    def run(self, *arguments: str, quiet: bool = False) -> None:
        """Run one ``airflow`` command to its end; with ``quiet`` its output goes to a log.

        Raises:
            StackError: it failed.
        """
        log = self.home / "commands.log"
        with log.open("ab") if quiet else contextlib.nullcontext() as output:
            done = subprocess.run(
                [_airflow(), *arguments], env=self.environment(), stdout=output, stderr=output, check=False
            )
        if done.returncode != 0:
            raise StackError(
                f"`airflow {' '.join(arguments)}` failed (exit {done.returncode})" + (f": see {log}" if quiet else "")
            )

    def running(self) -> dict[str, int]:
        """Components that run now, with their process ids."""
        if not self._pid_file.exists():
            return {}
        pids: dict[str, int] = json.loads(self._pid_file.read_text())
        return {name: pid for name, pid in pids.items() if _is_airflow(pid)}

    def up(
        self,
        components: tuple[str, ...] = tuple(_COMPONENTS),
        progress: Callable[[str], None] = lambda m: None,
    ) -> None:
        """Start what does not run yet, each in its own process group, and wait until Airflow is ready.

        Raises:
            StackError: it is not ready in time; the message names the logs.
        """
        running = self.running()
        if not running:
            progress("airflow db migrate")
            self.prepare()
        environment = self.environment()
        for name in components:
            if name in running:
                continue
            progress(f"airflow {name}")
            with (self.home / f"{name}.log").open("ab") as log:
                process = subprocess.Popen(
                    [_airflow(), *_COMPONENTS[name]],
                    env={**environment, **_OWN_ENVIRONMENT.get(name, {})},
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
            running[name] = process.pid
        self._pid_file.write_text(json.dumps(running))
        self._wait_until_ready(progress)

    def down(self) -> list[str]:
        """Stop every component and what it started; returns their names."""
        running = self.running()
        for signal_number, patience in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
            for pid in running.values():
                with contextlib.suppress(ProcessLookupError):
                    # The whole group: workers of a killed scheduler would keep its socket and its locks.
                    os.killpg(pid, signal_number)
            deadline = time.monotonic() + patience
            while any(_is_airflow(pid) for pid in running.values()) and time.monotonic() < deadline:
                time.sleep(0.1)
        self._pid_file.unlink(missing_ok=True)
        return list(running)

    def client(self) -> AirflowClient:
        """A logged-in client of the REST interface."""
        return AirflowClient(self.url, _USER, self.settings.password("airflow_ui"))

    @property
    def _pid_file(self) -> Path:
        return self.home / "stack.json"

    def _port(self) -> int:
        path = self.home / "port"
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            path.write_text(str(_usable_port(self.preferred_port)))
        return int(path.read_text())

    def _wait_until_ready(self, progress: Callable[[str], None], patience: float = 120.0) -> None:
        deadline = time.monotonic() + patience
        expected = {path.stem for path in (self.settings.project_root / "dags").glob("*.py")}
        client: AirflowClient | None = None
        while time.monotonic() < deadline:
            with contextlib.suppress(StackError):
                client = client or self.client()
                if client.scheduler_is_healthy() and expected <= client.dag_ids():
                    progress(f"Airflow is ready at {self.url}")
                    return
            dead = [name for name, pid in json.loads(self._pid_file.read_text()).items() if not _is_airflow(pid)]
            if dead:
                break
            time.sleep(0.5)
        logs = ", ".join(str(path) for path in sorted(self.home.glob("*.log")))
        raise StackError(f"Airflow is not ready; read {logs}")


class AirflowClient:
    """The few calls of Airflow's REST interface (v2) that we need.

    Each raises StackError where Airflow does not answer, or refuses.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30.0, trust_env=False)
        answer = self._ask("POST", "/auth/token", json={"username": user, "password": password})
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def scheduler_is_healthy(self) -> bool:
        health = self._get("/api/v2/monitor/health")
        return health["scheduler"]["status"] == "healthy" and health["dag_processor"]["status"] == "healthy"

    def dags(self) -> list[dict]:
        return self._get("/api/v2/dags", limit=100)["dags"]

    def dag_ids(self) -> set[str]:
        return {dag["dag_id"] for dag in self.dags()}

    def unpause(self, dag_id: str) -> None:
        self._ask("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": False})

    def planned_keys(self, dag_id: str, first: date, last: date, behaviour: str) -> tuple[str, ...]:
        """The partition keys that :meth:`backfill` would make runs for, in order.

        Raises:
            StackError: the DAG has no partitions, or the range lies in the future.
        """
        answer = self._ask("POST", "/api/v2/backfills/dry_run", json=_backfill(dag_id, first, last, behaviour))
        keys = [run["partition_key"] for run in answer.json()["backfills"]]
        if None in keys:
            raise StackError(f"{dag_id} has no partition keys: it cannot be run for a range")
        return tuple(keys)

    def backfill(
        self, dag_id: str, first: date, last: date, *, max_active_runs: int, behaviour: str, newest_first: bool
    ) -> int:
        """Ask for a run per partition from ``first`` to ``last``; returns the backfill's id.

        ``behaviour``: ``completed`` runs again what has succeeded, ``failed`` leaves it out.

        Raises:
            StackError: Airflow refuses, for instance because another backfill of this DAG is running.
        """
        asked = _backfill(dag_id, first, last, behaviour)
        asked |= {"max_active_runs": max_active_runs, "run_backwards": newest_first}
        return self._ask("POST", "/api/v2/backfills", json=asked).json()["id"]

    def open_backfills(self, dag_id: str) -> list[dict]:
        """The backfills of a DAG that Airflow has not closed (it does so within 30 s); until then none may begin."""
        newest = self._get("/api/v2/backfills", dag_id=dag_id, order_by="-id", limit=10)["backfills"]
        return [backfill for backfill in newest if backfill["completed_at"] is None]

    def backfill_runs(self, dag_id: str, number: int) -> list[dict]:
        """The ``number`` newest runs that backfills of a DAG have made, newest first."""
        path = f"/api/v2/dags/{dag_id}/dagRuns"
        found: list[dict] = []
        while len(found) < number:
            page = self._get(path, run_type="backfill", order_by="-id", limit=100, offset=len(found))["dag_runs"]
            found += page
            if len(page) < 100:
                break
        return found[:number]

    def consumers(self, dag_id: str) -> list[str]:
        """The DAGs that run after an asset of this one."""
        assets = self._get("/api/v2/assets", dag_ids=dag_id, limit=100)["assets"]
        made = [asset for asset in assets if any(task["dag_id"] == dag_id for task in asset["producing_tasks"])]
        return sorted({dag["dag_id"] for asset in made for dag in asset["scheduled_dags"]})

    def trigger(self, dag_id: str, key: str | None = None, conf: Mapping[str, str] | None = None) -> str:
        """Ask for a run now, of a partition where ``key`` says so; returns its id.

        Raises:
            StackError: Airflow refuses, for instance a key that is none of the DAG's.
        """
        asked = {"logical_date": None, "partition_key": key, "conf": conf or {}}
        return self._ask("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=asked).json()["dag_run_id"]

    def runs(self, dag_id: str) -> list[dict]:
        """The newest runs of a DAG, newest first."""
        return self._get(f"/api/v2/dags/{dag_id}/dagRuns", limit=100, order_by="-run_after")["dag_runs"]

    def tasks(self, dag_id: str, run_id: str) -> list[dict]:
        """The task instances of a run."""
        return self._get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=200)["task_instances"]

    def _get(self, path: str, **query: str | int) -> dict:
        return self._ask("GET", path, params=query).json()

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **content)
        except httpx.HTTPError as error:
            raise StackError(f"Airflow does not answer at {self._http.base_url}: {error}") from error
        if answer.is_error:
            raise StackError(f"Airflow refuses {method} {path}: {_detail(answer)}")
        return answer


def _backfill(dag_id: str, first: date, last: date, behaviour: str) -> dict[str, Any]:
    days = {"from_date": f"{first}T00:00:00Z", "to_date": f"{last}T00:00:00Z"}
    return {"dag_id": dag_id, "reprocess_behavior": behaviour, **days}


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.text


def _airflow() -> str:
    return str(Path(sys.executable).parent / "airflow")


def _is_airflow(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        return "State:\tZ" not in status and b"airflow" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _usable_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return probe.getsockname()[1]
    raise StackError("no free TCP port on loopback")


def _fernet_key(password: str) -> str:
    import base64
    import hashlib

    return base64.urlsafe_b64encode(hashlib.sha256(password.encode()).digest()).decode()
