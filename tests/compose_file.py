"""docker-compose.yml as Compose would read it: its services, and their environment with variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

from cityhealth.settings import PROJECT_ROOT

TEXT = (PROJECT_ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, dict] = COMPOSE["services"]
#: Services of our own image.
OURS = {name: service for name, service in SERVICES.items() if name.startswith("airflow-")}
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<rest>[^}]*)\}")
SECRET_NAME = re.compile(r"PASSWORD|SECRET|FERNET|_AUTH$")


def secret_variables() -> dict[str, str]:
    """Variables of the file that carry a secret, with what follows the name (``:?message``)."""
    return {m["name"]: m["rest"] for m in VARIABLE.finditer(TEXT) if SECRET_NAME.search(m["name"])}


def environment(service: str, given: Mapping[str, str]) -> dict[str, str]:
    """What a service gets when ``given`` is set; everything else has the default that the file names."""

    def fill(value: object) -> str:
        return VARIABLE.sub(lambda m: given.get(m["name"]) or m["rest"].removeprefix(":-"), str(value))

    return {key: fill(value) for key, value in SERVICES[service].get("environment", {}).items()}
