"""What the commands share: where they print, and the warehouse that they work on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from cityhealth.settings import Settings, from_environment
from cityhealth.warehouse.connections import Warehouse, warehouse as open_warehouse
from cityhealth.warehouse.migrate import migrate

out = Console()
err = Console(stderr=True)


def line(text: object) -> None:
    """Print a line as it is: no markup, no colours, wrapped by the terminal alone, so that a pipe gets it whole."""
    out.print(str(text).replace("\n", "↵"), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def steps(title: str) -> Iterator[Progress]:
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


def show(progress: Progress, message: str) -> None:
    """Say what is going on now in the line of :func:`steps`."""
    progress.update(progress.task_ids[0], description=plain(message))


def plain(message: object) -> str:
    """``message`` without markup, for where markup is read."""
    return str(message).replace("[", "\\[")


def table(*headers: str, title: str | None = None) -> Table:
    """A table that folds what is too wide: a path or a key that ends in … is of no use to anybody."""
    return Table(*(Column(header, overflow="fold") for header in headers), title=title)


def prepared(start: bool = True) -> tuple[Settings, Warehouse]:
    """Settings and the warehouse; with ``start`` the embedded server is started and migrated first.

    An own PostgreSQL is migrated by `cityhealth db start` alone: who ingests there need not be its administrator.
    """
    settings = from_environment()
    warehouse = open_warehouse(settings, start=start)
    if start and settings.database_url is None:
        migrate(warehouse)
    return settings, warehouse
