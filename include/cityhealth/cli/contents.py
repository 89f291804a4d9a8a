"""What judges and reads: the catalogue, the layouts, and the sample city made from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cityhealth.cli.console import line, out
from cityhealth.errors import CityHealthError
from cityhealth.settings import from_environment

catalogue = typer.Typer(no_args_is_help=True, help="The catalogue: indicators, items, areas, departments, targets.")
layouts = typer.Typer(no_args_is_help=True, help="Layouts: where things stand in tables that others made.")
sample = typer.Typer(no_args_is_help=True, help="The synthetic sample city.")


@catalogue.command("check")
def catalogue_check() -> None:
    """Prove the catalogue whole; name file, line and column of what is wrong."""
    from cityhealth.catalogue import check

    settings = from_environment()
    findings = check(settings.seed_dir)
    for finding in findings:
        line(finding)
    if findings:
        raise CityHealthError(f"{len(findings)} findings in {settings.seed_dir.name}")
    out.print(f"catalogue {settings.city}: whole")


@layouts.command("suggest")
def layouts_suggest(path: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Print a layout (YAML), or a patch to one, that would read FILE; edit it and put it beside the others."""
    from cityhealth.tabular import read_sheets
    from cityhealth.tabular.foreign import suggest_layout
    from cityhealth.tabular.layouts import city_layouts

    known = city_layouts(from_environment().city)
    out.print(
        suggest_layout(read_sheets(path.read_bytes(), path.name), path.name, known),
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@sample.command("land")
def sample_land(
    seed: int = 2021,
    periods: Annotated[int, typer.Option(min=0, help="Half-month reports too, of the first so many periods.")] = 0,
) -> None:
    """Put the synthetic files of the sample city into the landing zone."""
    from cityhealth.catalogue import load
    from cityhealth.landing import LandingZone
    from cityhealth.sample_city import generate, land_all
    from cityhealth.sample_city.campaign import generate_campaign

    settings = from_environment()
    catalogue = load(settings.seed_dir)
    files = [*generate(catalogue, seed), *(generate_campaign(catalogue, seed, periods) if periods else ())]
    landed = land_all(files, LandingZone(settings.landing_url))
    out.print(f"{len(landed)} files in {settings.landing_url}")
