"""The command line. Each command calls the functions that the DAGs call."""

from __future__ import annotations

import logging
import sys
import warnings

import typer

from cityhealth.cli import contents, everyday, going_out, installation, report
from cityhealth.cli.console import err, plain
from cityhealth.errors import CityHealthError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="城市体检数据仓库 — the warehouse behind the city health examination.\n\n"
    "A usual day: `cityhealth land FILE… --feed departmental` → `cityhealth ingest departmental` → "
    '`cityhealth build` → `cityhealth status` → `cityhealth sql "select * from dimension_scorecard"`.',
)
app.add_typer(everyday.app)
app.add_typer(installation.app)
for name, group in (
    ("db", installation.db),
    ("stack", installation.stack),
    ("catalogue", contents.catalogue),
    ("areas", contents.areas),
    ("layouts", contents.layouts),
    ("sample", contents.sample),
    ("report", report.report),
    ("export", going_out.export),
):
    app.add_typer(group, name=name)


def main() -> None:
    """Entry point: our own errors and the file system's are one clear message and exit code 1, never a traceback."""
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        app()
    except (CityHealthError, OSError) as error:
        err.print(f"[bold red]错误 error:[/] {plain(error)}", highlight=False, soft_wrap=True)
        sys.exit(1)
