"""What `airflow-init` does to an own PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from cityhealth.errors import SettingsError
from cityhealth.production import prepare
from cityhealth.settings import Settings, from_environment
from cityhealth.warehouse.embedded import EmbeddedServer


def test_an_own_postgresql_is_prepared_and_prepared_again_with_new_passwords(
    settings: Settings, tmp_path: Path
) -> None:
    embedded = EmbeddedServer(settings)
    address = embedded.start()
    passwords_file = tmp_path / "airflow" / "passwords.json"

    def prepared_with(word: str) -> None:
        logins = ("LOADER", "TRANSFORMER", "READER", "AIRFLOW", "AIRFLOW_UI")
        prepare(
            from_environment(
                {f"CITYHEALTH_{login}_PASSWORD": word for login in logins}
                | {
                    "CITYHEALTH_DATABASE_URL": address.admin_url,
                    "CITYHEALTH_HOME": str(tmp_path / "unused"),
                    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file),
                }
            )
        )

    try:
        prepared_with("first")
        prepared_with("second")
        with psycopg.connect(address.url("reader", "second")) as reader:
            assert reader.execute("show search_path").fetchone() == ("marts",)
        with pytest.raises(psycopg.OperationalError, match="platform"):
            psycopg.connect(address.url("platform", "second"))
        with psycopg.connect(address.url("airflow", "second", "airflow")) as airflow:
            airflow.execute("create table made_by_airflow ()")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(address.url("loader", "first"))
    finally:
        embedded.stop()
    assert json.loads(passwords_file.read_text()) == {"admin": "second"}
    assert passwords_file.stat().st_mode & 0o077 == 0
    assert not (tmp_path / "unused").exists(), "no password may be made up"


def test_every_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(SettingsError, match=r"CITYHEALTH_LOADER_PASSWORD, .*PASSWORDS_FILE") as error:
        prepare(from_environment({"CITYHEALTH_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c"}))
    assert "CITYHEALTH_DATABASE_URL" not in str(error.value)
