"""A folder of partitions, as a provider's data lake has it: ``feed=…/date=…/part-*``, with one manifest at its root."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cityhealth.errors import CityHealthError, Place
from cityhealth.landing import Arrival, LandingZone
from cityhealth.mobility.manifest import Manifest, read_manifest

_MANIFESTS = (".yml", ".yaml", ".json")


def land_tree(
    landing: LandingZone, folder: Path, received_at: datetime, department_text: str | None
) -> Iterator[Arrival]:
    """Land one arrival per partition (folder with parts), its parts attached under their path below ``folder``.

    Marks of whoever wrote the tree (``_SUCCESS``, ``.part-0.parquet.crc``) stay behind. The cells of a matrix lie at
    the root and come with every partition.

    Raises:
        CityHealthError: there is no manifest at the root or more than one, it cannot be read, or there are no parts;
            nothing has landed then.
    """
    manifests = sorted(path for path in folder.iterdir() if path.name.endswith(_MANIFESTS))
    if len(manifests) != 1:
        raise CityHealthError(f"文件夹下应有且只有一个说明文件（.yml），现有 {len(manifests)} 个", Place(folder.name))
    data = manifests[0].read_bytes()
    manifest = read_manifest(data, manifests[0].name)
    beside = _beside(folder, manifest)
    partitions: dict[Path, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in (manifests[0], *beside) and not path.name.startswith(("_", ".")):
            partitions.setdefault(path.parent, []).append(path)
    if not partitions:
        raise CityHealthError("文件夹下没有数据文件", Place(folder.name))
    for parts in partitions.values():
        yield landing.land(
            data,
            feed="mobility",
            filename=manifests[0].name,
            received_at=received_at,
            department_text=department_text,
            attachments=[(path.relative_to(folder).as_posix(), path) for path in (*parts, *beside)],
        )


def _beside(folder: Path, manifest: Manifest) -> list[Path]:
    return [] if manifest.cells is None else [folder / manifest.cells.file]
