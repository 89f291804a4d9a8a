"""Scenes (影像): a manifest, and beside it the tiles and the masks that it names."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from cityhealth.errors import Place, UnreadableFile
from cityhealth.feeds.base import raw_rows
from cityhealth.landing import Arrival, Attachment, LandingZone
from cityhealth.settings import Settings

if TYPE_CHECKING:
    from cityhealth.spatial.manifest import Manifest
    from cityhealth.spatial.rasters import Profile

_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("filename", pa.string()),
        ("sha256", pa.string()),
        ("size_bytes", pa.int64()),
        ("kind_text", pa.string()),
        ("acquired_text", pa.string()),
        ("profile", pa.string()),
        ("pixel_hash", pa.string()),
        ("problem_code", pa.string()),
        ("problem_zh", pa.string()),
        ("manifest", pa.string()),
    ]
)


@dataclass(frozen=True)
class ImageryFeed:
    """``landing`` holds the tiles, which are opened where they lie: never is one of them whole in memory."""

    landing: LandingZone
    name: str = "imagery"
    raw_table: str = "scene_tile"
    schema: pa.Schema = _SCHEMA

    @classmethod
    def of_installation(cls, settings: Settings) -> ImageryFeed:
        """The feed over the landing zone of an installation."""
        return cls(LandingZone(settings.landing_url))

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """One row per tile with its profile, or with the problem for which it cannot be used.

        Raises:
            UnreadableFile: the main file is no manifest, there is no tile, a mask that it names is missing, or the
                tiles are each sound and make no scene together.
            IncompleteTransfer: an attachment is not there (yet).
        """
        # GDAL takes two seconds to import: only who reads a scene pays for it.
        from cityhealth.spatial.manifest import manifest_json, read_manifest
        from cityhealth.spatial.rasters.scene import SIGNATURES

        place = Place(arrival.filename)
        if data[:4] in SIGNATURES:
            raise UnreadableFile("tile_as_main", "这是影像本身：请以说明文件（.yml）为主文件，影像作为附件报送", place)
        manifest = read_manifest(data, arrival.filename)
        masks = manifest.mask.files if manifest.mask else frozenset()
        if missing := sorted(masks - {attachment.filename for attachment in arrival.attachments}):
            raise UnreadableFile("mask_missing", f"附件中没有说明文件所写的掩膜：{'、'.join(missing)}", place)
        tiles = [attachment for attachment in arrival.attachments if attachment.filename not in masks]
        if not tiles:
            raise UnreadableFile("no_tiles", "没有影像：请把影像文件作为附件，与说明文件一起报送", place)
        kind = manifest.kind
        stated = {
            "kind_text": "、".join(kind.values()) if isinstance(kind, Mapping) else kind,
            "acquired_text": manifest.date.isoformat(),
            "manifest": manifest_json(manifest),
        }
        with ExitStack() as stack:
            paths = {attached: stack.enter_context(self.landing.attached(attached)) for attached in arrival.attachments}
            rows = [stated | row for row in _rows(stack, tiles, manifest, paths, place)]
        return raw_rows(self.schema, rows)


def _rows(
    stack: ExitStack,
    tiles: Sequence[Attachment],
    manifest: Manifest,
    paths: Mapping[Attachment, Path],
    place: Place,
) -> list[dict[str, object]]:
    from cityhealth.spatial.rasters import Tile, mosaic, open_stated, pixel_hash, profile

    by_name = {attachment.filename: path for attachment, path in paths.items()}
    rows, opened = [], []
    for number, tile in enumerate(tiles, start=1):
        mask = manifest.mask.of(tile.filename) if manifest.mask else None
        row: dict[str, object] = {
            "line_no": number,
            "filename": tile.filename,
            "sha256": tile.sha256,
            "size_bytes": paths[tile].stat().st_size,
            "profile": "{}",
        }
        try:
            cover = None if mask is None else (by_name[mask], mask)
            scene = stack.enter_context(open_stated(paths[tile], tile.filename, manifest, cover))
            alone = Tile(scene, manifest.date, tile.sha256)
            mosaic([alone])
            found = profile(scene, tile.sha256, manifest.classes)
            row |= {"profile": _profile_json(found), "pixel_hash": pixel_hash(scene)}
            opened.append(alone)
        except UnreadableFile as error:
            whose = "" if error.place is None or error.place.file == tile.filename else f"{error.place.file}："
            row |= {"problem_code": error.code, "problem_zh": f"{whose}{error.message}"}
        rows.append(row)
    if len(opened) == len(tiles):
        # What is accepted must be measurable: that the tiles make one raster is seen here, not a day later.
        if len({frozenset(tile.scene.bands) for tile in opened}) > 1:
            raise UnreadableFile(
                "different_bands", "各幅影像的波段名称不同，请在说明文件的 bands 中写明各波段的序号", place
            )
        mosaic(opened)
    return rows


def _profile_json(found: Profile) -> str:
    facts = asdict(found)
    for band in facts["bands"]:
        band["nodata"] = _in_json(band["nodata"])
    return json.dumps(facts, ensure_ascii=False, allow_nan=False)


def _in_json(number: float | None) -> float | str | None:
    """JSON has neither NaN nor infinity."""
    return number if number is None or math.isfinite(number) else str(number)
