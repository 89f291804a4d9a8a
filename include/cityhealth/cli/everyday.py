"""The everyday: land, ingest, build, ask, compare."""

from __future__ import annotations

import csv
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from cityhealth.cli.console import line, out, plain, prepared, show, steps, table
from cityhealth.errors import CityHealthError
from cityhealth.settings import CITY_TIMEZONE, from_environment

if TYPE_CHECKING:
    from cityhealth.landing import Arrival

# Optional, not X | None: typer reads these annotations at run time.
FirstDay = Annotated[
    Optional[datetime], typer.Option("--from", formats=["%Y-%m-%d"], help="First arrival day.")  # noqa: UP045
]
LastDay = Annotated[
    Optional[datetime], typer.Option("--to", formats=["%Y-%m-%d"], help="Last arrival day, included.")  # noqa: UP045
]


app = typer.Typer()


@app.command()
def land(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE…", exists=True)],
    feed: Annotated[
        str,
        typer.Option(
            help="Which feed they belong to: departmental, yearbook, progress, meeting, layers, imagery, "
            "mobility, air_quality, third_party, survey."
        ),
    ],
    department: Annotated[Optional[str], typer.Option(help="Who sent them: code, name or alias.")] = None,  # noqa: UP045
    received: Annotated[
        Optional[datetime],  # noqa: UP045
        typer.Option(
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"],
            help="When they reached the office (Asia/Shanghai); now if not said. Of several reports for one task and "
            "period the last one counts: where two came in the same minute, give the seconds.",
        ),
    ] = None,
    attach: Annotated[
        list[Path] | None,
        typer.Option(
            help="What comes with them: raw data (原始数据), the manifest of a layer, rasters of a scene.", exists=True
        ),
    ] = None,
) -> None:
    """Put files into the landing zone, as the transfer service does.

    A folder is a tree feed=…/date=…/part-* of movement data with its manifest at the root: one arrival per partition.
    """
    from cityhealth.feeds import feed_named
    from cityhealth.landing import LandingZone

    settings = from_environment()
    feed_named(feed, settings)
    landing = LandingZone(settings.landing_url)
    moment = moment_of(received)
    attachments = [(path.name, path) for path in attach or []]
    folders = [path for path in paths if path.is_dir()]
    if folders and feed != "mobility":
        raise CityHealthError(f"{folders[0]} 是文件夹：只有 mobility 可以按文件夹报送")
    for path in paths:
        if path.is_dir():
            from cityhealth.mobility.tree import land_tree

            for arrival in land_tree(landing, path, moment, department):
                out.print(f"{arrival.attachments[0].filename}  →  {_landed(arrival)}", highlight=False)
            continue
        arrival = landing.land(
            path.read_bytes(),
            feed=feed,
            filename=path.name,
            received_at=moment,
            department_text=department,
            attachments=attachments,
        )
        out.print(f"{arrival.filename}  →  {_landed(arrival)}", highlight=False)


@app.command()
def ingest(feed: str, first: FirstDay = None, last: LastDay = None) -> None:
    """Load and judge what FEED received (all of it, or the arrival days --from … --to), without Airflow."""
    from cityhealth.feeds.pipeline import ingest as run_ingest

    if first and last and first > last:
        raise CityHealthError(f"--from {first:%Y-%m-%d} 晚于 --to {last:%Y-%m-%d}，其间没有任何一天")
    settings, warehouse = prepared()
    with steps(f"{feed}: looking into the landing zone") as progress:
        judgements = run_ingest(
            settings,
            warehouse,
            feed,
            day(first),
            day(last),
            run="cli",
            progress=lambda m: show(progress, m),
        )
    for j in judgements:
        line(f"{j.verdict}  {j.rows_in} = {j.rows_accepted} accepted + {j.rows_refused} refused  {j.filename}")
        line(f"    {j.receipt_path or 'no receipt'}")
    line(f"{feed}: {len(judgements)} batches")


@app.command()
def backfill(
    dag_id: Annotated[str, typer.Argument(metavar="DAG", help="semimonthly_summary, ingest_progress, …")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day: due date or arrival.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, included.")],
    max_active_runs: Annotated[int, typer.Option(min=1, help="Runs at a time.")] = 4,
    repeat: Annotated[bool, typer.Option(help="Run again what has succeeded.")] = True,
) -> None:
    """Run DAG for every day or reporting period from --from to --to in the local Airflow, and wait for the runs."""
    from cityhealth.backfill import backfill as run_backfill
    from cityhealth.cli.installation import local_airflow

    airflow = local_airflow()
    if not airflow.running():
        raise CityHealthError("Airflow is not running here: `cityhealth stack up` starts it")
    runs = run_backfill(
        airflow.client(),
        dag_id,
        first.date(),
        last.date(),
        max_active_runs=max_active_runs,
        repeat=repeat,
        say=line,
    )
    line(f"{dag_id}: {len(runs)} runs, all succeeded")


@app.command()
def build(
    select: Annotated[
        str | None, typer.Option(help="dbt selection, e.g. `indicator_scorecard+`; all if not said.")
    ] = None,
) -> None:
    """Build the marts with dbt: seeds, models, checks."""
    from cityhealth.transform import build as run_build

    settings, warehouse = prepared()
    with steps("dbt build") as progress:
        result = run_build(warehouse, settings, select=select, on_node=lambda node: show(progress, str(node)))
    out.print(f"build {result.build_id}: {result}", highlight=False)


@app.command()
def monitor(
    hour: Annotated[
        Optional[datetime],  # noqa: UP045
        typer.Option(formats=["%Y-%m-%dT%H"], help="The hour to run for, as 2021-07-20T15; the last one if not said."),
    ] = None,
    anew: Annotated[bool, typer.Option(help="Make the watched series and all warnings again from nothing.")] = False,
) -> None:
    """Take in new hourly readings, evaluate the rules of early warning, show what stands and what nobody was told yet.

    Nobody is told by it: that is the DAG's, which also keeps what it told.
    """
    from cityhealth.monitoring import as_of_hour, received_until, take_in, untold
    from cityhealth.transform.monitor import evaluate

    settings, warehouse = prepared()
    now = datetime.now(CITY_TIMEZONE)
    if hour and hour.replace(tzinfo=CITY_TIMEZONE) > now:
        raise typer.BadParameter(f"{hour:%Y-%m-%dT%H} has not come yet", param_hint="--hour")
    begins = hour.replace(tzinfo=CITY_TIMEZONE) if hour else now.replace(minute=0, second=0, microsecond=0)
    with steps("looking into the landing zone") as progress:
        take_in(settings, warehouse, received_until(begins, now), run="cli", progress=lambda m: show(progress, m))
        evaluation = evaluate(
            warehouse, settings, as_of_hour(begins, now), on_node=lambda node: show(progress, str(node)), anew=anew
        )
    shown = table(
        "级别",
        "规则",
        "对象",
        "自",
        "原因",
        title=f"{len(evaluation.standing)} 项预警，截至 {evaluation.as_of:%Y-%m-%d %H:%M}",
    )
    for warned in evaluation.standing:
        since = warned.raised_at.astimezone(CITY_TIMEZONE)
        shown.add_row(warned.level_zh, warned.rule_zh, warned.subject_zh, f"{since:%Y-%m-%d %H:%M}", warned.reason_zh)
    out.print(shown)
    changes = untold(warehouse, evaluation)
    for change in changes:
        line(change.text_zh)
    line(f"{len(changes)} changes not told yet")


@app.command()
def sql(
    statement: str,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated on standard output.")] = False,
) -> None:
    """Answer a query as the `reader` role, which sees the marts and nothing else."""
    import psycopg

    _, warehouse = prepared(start=False)
    with warehouse.connect("reader") as connection:
        try:
            cursor = connection.execute(statement)  # type: ignore[arg-type]
            headers = [column.name for column in cursor.description or ()]
            rows = cursor.fetchall() if headers else []
        except psycopg.Error as error:
            raise CityHealthError(str(error).strip()) from error
    if as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(headers)
        writer.writerows(rows)
        return
    shown = table(*headers)
    for row in rows:
        shown.add_row(*("" if value is None else plain(value) for value in row))
    out.print(shown)
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

    settings, warehouse = prepared(start=False)
    out.rule("到件 arrivals")
    for s in report.feed_status(warehouse, LandingZone(settings.landing_url), list(FEEDS)):
        line(s)
        if s.not_judged:
            line(f"    {s.not_judged} loaded but not judged")
        for arrival in s.waiting:
            again = f"cityhealth ingest {s.feed} --from {arrival.day} --to {arrival.day}"
            line(f"    not loaded: {arrival.filename}, received {arrival.received_at:%Y-%m-%d %H:%M} — {again}")
    out.rule("退回 refused, whole or in part")
    for r in report.refusals(warehouse):
        rows = f", {r.rows_refused} rows" if r.rows_refused else ""
        line(f"{r.received_at:%Y-%m-%d %H:%M}  {r.verdict}{rows}  {r.department_text or '—'}  {r.filename}")
        line(f"    {r.reason_zh}")
    out.rule("未报 missing")
    missing = report.missing(warehouse, load(settings.seed_dir))
    for m in missing:
        shown = m.missing_zh if names else m.missing_zh[:3]
        more = f" …（共 {len(m.missing_zh)} 项，--names 全部列出）" if len(m.missing_zh) > len(shown) else ""
        line(f"{m.department_zh}: {m.accepted} / {m.owed}  {'；'.join(shown)}{more}")
    if not missing:
        line("没有。")


@app.command()
def diff(
    build_a: Annotated[int | None, typer.Argument(help="Older build; the last but one if not said.")] = None,
    build_b: Annotated[Optional[int], typer.Argument(help="Newer build; the last if not said.")] = None,  # noqa: UP045
) -> None:
    """Show which values of the marts changed between two builds."""
    from cityhealth.transform import diff as compare

    _, warehouse = prepared(start=False)
    changes = compare(warehouse, build_a, build_b)
    shown = table("mart", "key", "column", "before", "after", title=f"{len(changes)} changes")
    for change in changes:
        shown.add_row(change.mart, plain(change.key), change.column or "", plain(change.before), plain(change.after))
    out.print(shown)


@app.command()
def templates(
    year: Annotated[int, typer.Option(help="Year of the indicator system.")] = 2021,
    period: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="A reporting period, as 2021-06-05: write its progress reports, not the indicators' forms."),
    ] = None,
    self_check: Annotated[bool, typer.Option("--self-check", help="Write the self-checks' forms instead.")] = False,
    to: Annotated[
        Path | None, typer.Option(help="Folder to write to; `templates` below CITYHEALTH_HOME if not said.")
    ] = None,
) -> None:
    """Write the forms that departments fill: a workbook of indicators each, or (Excel and Word) a progress report or a
    self-check."""
    from cityhealth.campaigns import reporting_period
    from cityhealth.catalogue import load
    from cityhealth.templates import write_progress_templates, write_self_check_templates, write_templates

    settings = from_environment()
    catalogue, folder = load(settings.seed_dir), to or settings.home / "templates"
    if self_check:
        paths = write_self_check_templates(catalogue, year, folder)
    elif period is None:
        paths = write_templates(catalogue, year, folder)
    else:
        paths = write_progress_templates(catalogue, reporting_period(period, catalogue.campaigns), folder)
    for path in paths:
        out.print(str(path), highlight=False)


@app.command()
def demo() -> None:
    """The whole way on the sample city, through Airflow: what `make demo` runs."""
    from cityhealth.demo import run

    settings = from_environment()
    run(settings, out)


def _landed(arrival: Arrival) -> str:
    return f"{arrival.feed} {arrival.day}  sha256 {arrival.sha256[:12]}…  arrival {arrival.arrival_id}"


def day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def moment_of(stated: datetime | None) -> datetime:
    """The moment of an arrival; one that has not come yet is a slip, and would outrank whatever comes till then."""
    now = datetime.now(CITY_TIMEZONE)
    moment = stated.replace(tzinfo=CITY_TIMEZONE) if stated else now
    if moment > now:
        raise CityHealthError(f"--received {moment:%Y-%m-%d %H:%M} 晚于现在（{now:%Y-%m-%d %H:%M}），请核对收到时间")
    return moment
