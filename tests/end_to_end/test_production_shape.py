"""The production shape without containers: the commands and the environment of docker-compose.yml, on loopback."""

from __future__ import annotations

import base64
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from airflow_replay import through_airflow
from cityhealth.landing import LandingZone
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT, Settings
from cityhealth.stack import AirflowClient, StackError
from cityhealth.warehouse.embedded import EmbeddedServer
from compose_file import SERVICES, environment, secret_variables
from requirements import require_program

pytestmark = pytest.mark.airflow

_BIN = Path(sys.executable).parent
_STARTED = ("airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "airflow-worker")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _stop(process: subprocess.Popen) -> None:
    for number in (15, 9):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=20)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


class _Shape:
    """Every service's process, in a folder of the test's own."""

    def __init__(self, home: Path, settings: Settings, redis_server: str) -> None:
        self._redis_server = redis_server
        self.home = home
        self._given = {name: secrets.token_hex(32) for name in secret_variables()} | {
            "AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "AIRFLOW_WORKER_CONCURRENCY": "2",
        }
        self._server = EmbeddedServer(settings)
        address = self._server.start()
        self._given["CITYHEALTH_ADMIN_PASSWORD"] = address.admin_password
        self._redis_port, api_port, self._health_port = _free_port(), _free_port(), _free_port()
        self.url = f"http://127.0.0.1:{api_port}"
        self._here = {
            "@postgres:5432": f"@127.0.0.1:{address.port}",
            "@redis:6379": f"@127.0.0.1:{self._redis_port}",
            "http://airflow-api-server:8080": self.url,
            "0.0.0.0": "127.0.0.1",
            "/var/lib/cityhealth": str(home),
            "/opt/cityhealth": str(PROJECT_ROOT),
        }
        self._ports = {
            "AIRFLOW__API__PORT": str(api_port),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self._health_port),
        }

    def environment(self, service: str) -> dict[str, str]:
        """As Compose gives it to the container, hosts and folders replaced by those of this machine."""
        variables = environment(service, self._given)
        for there, here in self._here.items():
            variables = {key: value.replace(there, here) for key, value in variables.items()}
        path = f"{_BIN}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(self.home), "HOSTNAME": socket.gethostname()} | variables | self._ports

    def client(self) -> AirflowClient:
        return AirflowClient(self.url, "admin", self._given["CITYHEALTH_AIRFLOW_UI_PASSWORD"])

    def run(self, service: str, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command to its end as ``docker compose exec SERVICE`` would."""
        command = [argument.replace("$$", "$").replace("8974", str(self._health_port)) for argument in command]
        command = [argument.replace("http://127.0.0.1:8080", self.url) for argument in command]
        return subprocess.run(
            command, env=self.environment(service), cwd=self.home, capture_output=True, text=True, check=False
        )

    def up(self, undo: ExitStack) -> None:
        """Start Redis, run airflow-init to its end, start the rest; ``undo`` stops them."""
        undo.callback(self._server.stop)
        redis = [self._redis_server, "--save", "", "--bind", "127.0.0.1", "--port", str(self._redis_port)]
        undo.callback(_stop, self._start([*redis, "--requirepass", self._given["REDIS_PASSWORD"]], "redis", None))
        init = self.run("airflow-init", SERVICES["airflow-init"]["command"])
        assert init.returncode == 0, init.stderr
        for name in _STARTED:
            undo.callback(_stop, self._start(SERVICES[name]["command"], name, self.environment(name)))

    def _start(self, command: list[str], name: str, variables: dict[str, str] | None) -> subprocess.Popen:
        with (self.home / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, env=variables, cwd=self.home, stdout=log, stderr=log, start_new_session=True
            )


@pytest.fixture
def shape(tmp_path: Path, settings: Settings) -> Iterator[_Shape]:
    redis_server = require_program("redis-server", package="redis-server")
    with ExitStack() as undo:
        home = tmp_path / "var"
        home.mkdir()
        shape = _Shape(home, settings, redis_server)
        shape.up(undo)
        yield shape


def _eventually(what: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if what():
                return True
        except StackError:
            pass
        time.sleep(1)
    return False


def _statements_of(page: str) -> list[str]:
    statements = re.findall(r"^select .*?;", (PROJECT_ROOT / "docs" / page).read_text(), re.DOTALL | re.MULTILINE)
    assert statements
    return statements


def test_a_file_goes_through_the_celery_worker_to_the_marts_without_the_administrator(shape: _Shape) -> None:
    assert _eventually(lambda: {"ingest_departmental", "build_marts"} <= shape.client().dag_ids(), 120)
    worker = shape.environment("airflow-worker")
    arrival = LandingZone(worker["CITYHEALTH_LANDING"]).land(
        "数据项代码,数值,单位,来源,计算方式\nbuilt_up_area,60,平方公里,年报,直接填报\n".encode(),
        feed="departmental",
        filename="报表.csv",
        received_at=datetime(2021, 5, 18, 9, tzinfo=CITY_TIMEZONE),
        department_text="市规划和自然资源局",
    )
    through_airflow(shape.client(), [arrival], say=print)

    answer = shape.run("airflow-worker", ["cityhealth", "sql", "--csv", "select value from fct_item_value"])
    assert answer.stdout.split() == ["value", "60.0"], answer.stderr
    for statement in _statements_of("connect-bi.md"):
        answer = shape.run("airflow-worker", ["cityhealth", "sql", "--csv", statement])
        assert answer.returncode == 0, answer.stderr
    assert len(list(Path(worker["CITYHEALTH_OUTBOX"]).rglob("*_回执.xlsx"))) == 1
    assert not list(shape.home.rglob("secrets.json")), "a service made up a password"
    for name in _STARTED:
        kind, *command = SERVICES[name]["healthcheck"]["test"]
        healthy = shape.run(name, command if kind == "CMD" else ["sh", "-c", *command])
        assert healthy.returncode == 0, f"{name}: {healthy.stderr}"
