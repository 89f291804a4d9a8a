"""The city's report of a year: render it, list its versions, sign them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Optional

import typer

from cityhealth.cli.console import line, out, plain, prepared, show, steps, table
from cityhealth.settings import CITY_TIMEZONE

report = typer.Typer(
    no_args_is_help=True, help="城市自体检报告: render it from the marts, list its versions, sign them."
)

Year = Annotated[int, typer.Argument(help="The year of the examination.")]


@report.command()
def render(
    year: Year,
    build: Annotated[bool, typer.Option(help="Build the marts first where something is new.")] = True,
) -> None:
    """Render the report of YEAR as a Word document into the outbox: a new draft, if anything in it is new."""
    from cityhealth.reports.examination.publish import publish_report
    from cityhealth.transform import build_if_changed

    settings, warehouse = prepared()
    with steps("dbt build") as progress:
        if build:
            build_if_changed(warehouse, settings, on_node=lambda node: show(progress, str(node)))
        show(progress, f"rendering the report of {year}")
        made = publish_report(warehouse, settings, year)
    line(f"{year}年 第{made.version}版 {made.state_zh}  {'新生成' if made.new else '内容没有变化'}")
    line(made.path)


@report.command("list")
def versions(
    year: Annotated[Optional[int], typer.Argument(help="Of this year only.")] = None,  # noqa: UP045
) -> None:
    """List versions, their states and who signed them."""
    from cityhealth.reports.examination.publish import reports, sign_offs_of

    settings, warehouse = prepared(start=False)
    found = reports(warehouse, settings, year)
    shown = table("年度", "版本", "状态", "生成时间", "审签", "文件")
    for made in found:
        signed = [
            f"{s.state_zh} {s.signed_at.astimezone(CITY_TIMEZONE):%Y-%m-%d} {s.signed_by}"
            + (f"：{s.note}" if s.note else "")
            for s in sign_offs_of(warehouse, made)
        ]
        created = f"{made.created_at.astimezone(CITY_TIMEZONE):%Y-%m-%d %H:%M}"
        shown.add_row(
            str(made.year), str(made.version), made.state_zh, created, plain("\n".join(signed)), plain(made.path)
        )
    out.print(shown)
    line(f"{len(found)} versions")


@report.command()
def sign(
    year: Year,
    by: Annotated[str, typer.Option(help="Who signs.")],
    state: Annotated[
        str, typer.Option(help="The state that it goes into: expert_review (专家论证), then submitted (提交).")
    ],
    note: Annotated[Optional[str], typer.Option(help="What was said in signing.")] = None,  # noqa: UP045
    version: Annotated[Optional[int], typer.Option(help="Which version; the latest if not said.")] = None,  # noqa: UP045
    on: Annotated[
        Optional[datetime],  # noqa: UP045
        typer.Option(
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d"], help="When it was signed (Asia/Shanghai); now if not said."
        ),
    ] = None,
) -> None:
    """Put a version of the report of YEAR into its next state. What was submitted cannot change any more."""
    from cityhealth.reports.examination.publish import sign_report

    settings, warehouse = prepared(start=False)
    signed = sign_report(
        warehouse, settings, year, state, by, note, version, on.replace(tzinfo=CITY_TIMEZONE) if on else None
    )
    line(f"{year}年 第{signed.version}版 {signed.state_zh}")
    line(signed.path)
