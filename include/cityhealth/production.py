"""What an own PostgreSQL needs before Airflow's services start on it; ``airflow-init`` of docker-compose.yml runs it.

python -m cityhealth.production && airflow db migrate
"""

from __future__ import annotations

import json
from pathlib import Path

from cityhealth.errors import SettingsError
from cityhealth.settings import Settings, from_environment
from cityhealth.warehouse.connections import warehouse
from cityhealth.warehouse.migrate import ensure_airflow_database, migrate

_PASSWORDS_FILE = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
#: None of these is ever made up here: each service would make up another one.
_NEEDED = (
    "CITYHEALTH_DATABASE_URL",
    "CITYHEALTH_LOADER_PASSWORD",
    "CITYHEALTH_TRANSFORMER_PASSWORD",
    "CITYHEALTH_READER_PASSWORD",
    "CITYHEALTH_AIRFLOW_PASSWORD",
    "CITYHEALTH_AIRFLOW_UI_PASSWORD",
    _PASSWORDS_FILE,
)


def prepare(settings: Settings, user: str = "admin") -> None:
    """Migrate the warehouse, make Airflow's database and login, and the login ``user`` of its user interface.

    Safe to run again, at every start: passwords changed in the environment are changed on the server.

    Raises:
        SettingsError: a variable is not set; the message names all that are not.
        WarehouseError: the server is not there or refuses the administrator.
    """
    missing = [name for name in _NEEDED if not settings.environ.get(name)]
    if missing:
        raise SettingsError(f"not set: {', '.join(missing)}")
    own = warehouse(settings)
    migrate(own)
    ensure_airflow_database(own)
    passwords_file = Path(settings.environ[_PASSWORDS_FILE])
    passwords_file.parent.mkdir(parents=True, exist_ok=True)
    passwords_file.touch(mode=0o600)
    passwords_file.write_text(json.dumps({user: settings.password("airflow_ui")}))


if __name__ == "__main__":
    prepare(from_environment())
