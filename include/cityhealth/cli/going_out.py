"""What goes out: packages for the ministry, the public and the third party, and their verification."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from cityhealth.cli.console import line, out, prepared, steps
from cityhealth.errors import CityHealthError

export = typer.Typer(no_args_is_help=True, help="What goes out, as publication.csv of the catalogue lets it.")

# Optional, not X | None: typer reads these annotations at run time.
Year = Annotated[Optional[int], typer.Option(help="Year of the examination; default: CITYHEALTH_YEAR.")]  # noqa: UP045
Out = Annotated[Optional[str], typer.Option("--out", help="Folder or fsspec path; default: the outbox.")]  # noqa: UP045


@export.command("ministry")
def export_ministry(year: Year = None, to: Out = None) -> None:
    """Values, sources, methods and the list of files for the ministry's platform: xlsx, and JSON with its schema."""
    _export("ministry", year, to)


@export.command("public")
def export_public(year: Year = None, to: Out = None) -> None:
    """What may be public: CSV with dictionary and licence note, a Frictionless Data Package."""
    _export("public", year, to)


@export.command("third-party")
def export_third_party(year: Year = None, to: Out = None) -> None:
    """Data, methods and the files handed in, for the third party, with a manifest."""
    _export("third_party", year, to)


@export.command("verify")
def export_verify(
    package: Annotated[Path, typer.Argument(metavar="DIR|ZIP", exists=True, help="A package, as zip or unpacked.")],
) -> None:
    """Compare every file of a package with its checksums."""
    from cityhealth.exports import verify

    found = verify(package)
    for problem in found.problems:
        line(problem)
    if found.problems:
        raise CityHealthError(f"{package}：{len(found.problems)} 处与 SHA256SUMS 不符")
    out.print(f"{found.file_count} 个文件全部相符 all files match", highlight=False)


def _export(audience: str, year: int | None, to: str | None) -> None:
    from cityhealth.exports import export as make

    settings, warehouse = prepared()
    with steps(f"export {audience}"):
        package = make(warehouse, settings, audience, year, to)
    again = "" if package.is_new else "（内容与此前相同，没有新版）"
    synthetic = "　合成数据" if package.synthetic else ""
    line(f"第{package.version}版{again}　{package.file_count} 个文件　{package.size_bytes} 字节{synthetic}")
    line(f"sha256 {package.sha256}")
    line(package.path)
