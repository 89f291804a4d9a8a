"""Scenes (影像): a manifest, and beside it the tiles and the masks that it names."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
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
            UnreadableFile: the main file is no manifest, there is no tile, or a mask that it names is missing.
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
        attached = {attachment.filename: attachment for attachment in arrival.attachments}
        if missing := sorted(masks - attached.keys()):
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
        rows = []
        for number, tile in enumerate(tiles, start=1):
            mask = manifest.mask.of(tile.filename) if manifest.mask else None
            cover = None if mask is None else attached[mask]
            rows.append({"line_no": number, **stated, **self._row(tile, manifest, cover)})
        return raw_rows(self.schema, rows)

    def _row(self, tile: Attachment, manifest: Manifest, mask: Attachment | None) -> dict[str, object]:
        from cityhealth.spatial.rasters import open_stated, pixel_hash, profile

        with ExitStack() as stack:
            path = stack.enter_context(self.landing.attached(tile))
            cover = (stack.enter_context(self.landing.attached(mask)), mask.filename) if mask else None
            row: dict[str, object] = {
                "filename": tile.filename,
                "sha256": tile.sha256,
                "size_bytes": path.stat().st_size,
                "profile": "{}",
            }
            try:
                scene = stack.enter_context(open_stated(path, tile.filename, manifest, cover))
                found = profile(scene, tile.sha256)
                pixels = pixel_hash(scene)
            except UnreadableFile as error:
                whose = "" if error.place is None or error.place.file == tile.filename else f"{error.place.file}："
                return row | {"problem_code": error.code, "problem_zh": f"{whose}{error.message}"}
        return row | {"profile": _profile_json(found), "pixel_hash": pixels}


def _profile_json(found: Profile) -> str:
    facts = asdict(found)
    for band in facts["bands"]:
        band["nodata"] = _in_json(band["nodata"])
    return json.dumps(facts, ensure_ascii=False, allow_nan=False)


def _in_json(number: float | None) -> float | str | None:
    """JSON has neither NaN nor infinity."""
    return number if number is None or math.isfinite(number) else str(number)
