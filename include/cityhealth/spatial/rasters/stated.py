"""Tiles opened as their manifest states them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cityhealth.spatial.manifest import Manifest, Mask
from cityhealth.spatial.rasters.masks import LANDSAT_QA_PIXEL, SCL, ClassMask, MaskRule
from cityhealth.spatial.rasters.scene import Scene, open_scene

_RULES: Mapping[str, MaskRule] = {"scl": SCL, "landsat_qa_pixel": LANDSAT_QA_PIXEL}


def mask_rule(mask: Mask) -> MaskRule:
    """How the numbers of a manifest's mask are read; a shadow hides the ground as a cloud does."""
    if mask.rule is not None:
        return _RULES[mask.rule]
    classes = mask.classes or {}
    return ClassMask(
        frozenset(code for code, name in classes.items() if name in ("cloud", "shadow")),
        frozenset(code for code, name in classes.items() if name == "fill"),
    )


@contextmanager
def open_stated(path: Path, filename: str, manifest: Manifest, mask: tuple[Path, str] | None) -> Iterator[Scene]:
    """Open a tile, behind its ``mask`` (path and name), with what the manifest states of the scene.

    Raises UnreadableFile as :func:`open_scene` does, of the tile or of the mask.
    """
    system = manifest.reference_system
    with open_scene(
        path,
        filename,
        crs=system,
        nodata=manifest.nodata,
        bands=manifest.bands,
        scale=manifest.scale,
        offset=manifest.offset,
        variable=manifest.variable,
    ) as scene:
        if mask is None or manifest.mask is None:
            yield scene
            return
        with open_scene(*mask, crs=system) as cover:
            yield scene.masked_by(cover, mask_rule(manifest.mask))
