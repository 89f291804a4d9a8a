"""docker-compose.yml and Dockerfile, as far as they can be proved without a Docker engine."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cityhealth.settings import PROJECT_ROOT, DatabaseAddress, from_environment
from cityhealth.stack import LocalAirflow
from cityhealth.warehouse.connections import Warehouse
from compose_file import COMPOSE, OURS, SECRET_NAME, SERVICES, TEXT, VARIABLE, environment, secret_variables

_DOCKERFILE = (PROJECT_ROOT / "Dockerfile").read_text()
_BIN = Path(sys.executable).parent

_SETTINGS = """
from airflow.configuration import conf
print(json.dumps([f"AIRFLOW__{section}__{option}".upper()
                  for section, content in conf.configuration_description.items() for option in content["options"]]))
"""
_PARSE = """
from airflow.cli.cli_parser import get_parser
for arguments in sys.argv[1:]:
    get_parser().parse_args(json.loads(arguments))
print(len(sys.argv) - 1)
"""


def _in_airflow(source: str, home: Path, *arguments: str) -> Any:
    """What ``source`` prints last, as JSON, in a process of its own: importing Airflow writes into its home."""
    done = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{source}", *arguments],
        env={**os.environ, "AIRFLOW_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def airflow_settings(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the environment variables of all settings of this Airflow and its providers."""
    return set(_in_airflow(_SETTINGS, tmp_path_factory.mktemp("airflow")))


def _mounts() -> Iterator[tuple[str, str, str]]:
    for name, service in SERVICES.items():
        for mount in service.get("volumes", []):
            source, target = mount.split(":")[:2]
            yield name, source, target


def _commands() -> Iterator[tuple[str, list[str]]]:
    """Every command our image runs, health checks included, shell lines taken apart."""
    for name, service in OURS.items():
        test = service.get("healthcheck", {}).get("test", [])
        for command in (service["command"], test[1:] if test and test[0] == "CMD" else ["sh", "-c", *test[1:]]):
            if command[:2] != ["sh", "-c"]:
                yield name, command
            elif len(command) > 2:
                yield from ((name, shlex.split(part)) for part in command[2].split("&&"))


def test_the_file_follows_the_compose_specification() -> None:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    errors = [f"{e.json_path}: {e.message}" for e in jsonschema.Draft7Validator(schema).iter_errors(COMPOSE)]
    assert errors == []


def test_the_services_are_those_of_the_production_shape() -> None:
    assert set(SERVICES) == {
        "postgres",
        "redis",
        "airflow-init",
        "airflow-api-server",
        "airflow-scheduler",
        "airflow-dag-processor",
        "airflow-triggerer",
        "airflow-worker",
    }
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        assert set(service["networks"]) <= set(COMPOSE["networks"])


def test_every_variable_with_a_secret_must_be_given_and_none_has_a_default() -> None:
    secrets = secret_variables()
    assert len(secrets) == 11
    assert set(secrets.values()) == {":?see docs/run-in-production.md"}


def test_no_secret_is_written_in_the_file() -> None:
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if SECRET_NAME.search(key) and not str(value).startswith("/"):
                assert VARIABLE.search(str(value)), f"{name}: {key}"
    for login, password in re.findall(r"\w+://(\w*):([^@/\s]+)@", TEXT):
        assert VARIABLE.match(password), f"the password of {login} is written down"


def test_only_airflow_init_holds_the_administrator_s_password() -> None:
    holders = {
        name
        for name in SERVICES
        if any("s3cret" in v for v in environment(name, {"CITYHEALTH_ADMIN_PASSWORD": "s3cret"}).values())
    }
    assert holders == {"postgres", "airflow-init"}


def test_published_ports_are_bound_to_loopback() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 2
    for port in ports:
        assert port.startswith("127.0.0.1:"), port


def test_what_does_not_serve_this_host_has_no_way_out() -> None:
    assert COMPOSE["networks"]["inside"]["internal"] is True
    with_a_door = {name for name, service in SERVICES.items() if service["networks"] != ["inside"]}
    assert with_a_door == {name for name, service in SERVICES.items() if service.get("ports")}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_says_when_it_is_well_and_comes_back_when_it_fell(name: str) -> None:
    service = SERVICES[name]
    if name == "airflow-init":  # ends; the others wait for its success
        assert service["restart"].startswith("on-failure")
        waiting = {n for n, s in OURS.items() if s["depends_on"].get(name)}
        assert waiting == set(OURS) - {name}
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


def test_our_services_run_as_the_user_that_the_image_makes() -> None:
    user = re.search(r"^USER (.+)$", _DOCKERFILE, re.MULTILINE)
    assert user and not user[1].startswith(("0", "root"))
    assert {service["user"] for service in OURS.values()} == {user[1]}
    assert f"useradd --uid {user[1].split(':')[0]} " in _DOCKERFILE


def test_every_mounted_folder_exists_in_the_image_and_every_volume_is_declared() -> None:
    made = re.search(r"mkdir -p (.+?) \\", _DOCKERFILE)
    assert made
    for name, source, target in _mounts():
        assert source in COMPOSE["volumes"], f"{name} mounts {source}"
        if name in OURS:
            assert target in made[1].split(), f"{target} would belong to root"
    assert {source for _, source, _ in _mounts()} == set(COMPOSE["volumes"])


def test_every_path_in_the_environment_is_in_the_image_or_on_a_volume() -> None:
    root = "/opt/cityhealth"
    for name in OURS:
        for key, value in environment(name, {}).items():
            if value.startswith(f"{root}/"):
                assert (PROJECT_ROOT / value.removeprefix(f"{root}/")).exists(), f"{name}: {key}"
            elif value.startswith("/") and value != root:
                assert value.startswith("/var/lib/cityhealth"), f"{name}: {key}={value}"


def test_every_airflow_setting_named_exists_in_this_airflow(airflow_settings: set[str]) -> None:
    for name in OURS:
        named = {key for key in environment(name, {}) if key.startswith("AIRFLOW__")}
        assert named <= airflow_settings, name


def test_every_cityhealth_setting_named_is_one_that_the_program_reads() -> None:
    readers = (
        "include/cityhealth/settings.py",
        "include/cityhealth/reports/brief.py",
        "plugins/cityhealth_airflow/messages.py",
    )
    source = "".join((PROJECT_ROOT / reader).read_text() for reader in readers)
    known = set(re.findall(r'"(CITYHEALTH_\w+)"', source)) | {
        f"CITYHEALTH_{login}_PASSWORD"
        for login in ("ADMIN", "LOADER", "TRANSFORMER", "READER", "AIRFLOW", "AIRFLOW_UI", "DEVICE_SALT")
    }
    named = {key for name in OURS for key in environment(name, {}) if key.startswith("CITYHEALTH_")}
    assert named <= known


def test_production_sets_whatever_the_local_airflow_sets(tmp_path: Path) -> None:
    settings = from_environment({"CITYHEALTH_HOME": str(tmp_path)})
    local = LocalAirflow(settings, Warehouse(settings, DatabaseAddress("127.0.0.1", 5432, "d", "a", "p")))
    wanted = {
        key
        for key in local.environment()
        if key.startswith(("AIRFLOW", "CITYHEALTH", "DBT_", "GX_", "DO_NOT")) and key not in os.environ
    }
    for name in OURS:
        assert wanted <= set(environment(name, {})), name


def test_the_settings_that_services_get_can_be_read() -> None:
    for name in ("airflow-init", "airflow-worker", "airflow-dag-processor"):
        settings = from_environment(environment(name, {"CITYHEALTH_ADMIN_PASSWORD": "a1"}))
        assert settings.database_url and "@postgres:5432/cityhealth" in settings.database_url
        assert settings.city == "jincheng" and settings.year == 2021


def test_every_airflow_command_exists_with_the_options_it_is_given(tmp_path: Path) -> None:
    commands = [command[1:] for _, command in _commands() if command[0] == "airflow"]
    assert len(commands) == 8
    assert _in_airflow(_PARSE, tmp_path, *map(json.dumps, commands)) == len(commands)


def test_every_other_program_called_is_in_the_image() -> None:
    for name, command in _commands():
        match command:
            case ["airflow", *_]:
                continue
            case ["python", "-m", module]:
                assert importlib.util.find_spec(module), name
            case ["python", "-c", source]:
                compile(source, f"health check of {name}", "exec")
            case ["celery", "--app", app, "inspect", "ping", *_]:
                assert importlib.util.find_spec(app.rpartition(".")[0]), name
                assert (_BIN / "celery").exists()
            case _:
                pytest.fail(f"{name} runs {command}, which no test knows")


def test_the_workers_application_can_be_imported(tmp_path: Path) -> None:
    health_check = next(command for _, command in _commands() if command[0] == "celery")
    module, _, attribute = health_check[2].rpartition(".")
    source = f"from {module} import {attribute}; print(json.dumps({attribute}.main))"
    assert _in_airflow(source, tmp_path) == module


def test_the_image_is_built_from_the_lock_with_the_makefile_s_uv() -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text()
    version = re.search(r"^UV_VERSION := (\S+)$", makefile, re.MULTILINE)
    assert version and f"ARG UV_VERSION={version[1]}\n" in _DOCKERFILE
    assert "--require-hashes" in _DOCKERFILE and "requirements.lock" in _DOCKERFILE


def test_what_the_dockerfile_copies_exists_and_is_not_ignored() -> None:
    copied = re.findall(r"^COPY (\S+) ", _DOCKERFILE, re.MULTILINE)
    kept = set(re.findall(r"^!(\S+)$", (PROJECT_ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert set(copied) == kept
    for name in copied:
        assert (PROJECT_ROOT / name).exists(), name
