"""The manifest of movement data: what a part does not say about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from cityhealth.manifests import Day, Finite, Kind, Text, folded, read_stated
from cityhealth.spatial.datum import Datum

#: What times that carry no zone are taken for, where the manifest does not say.
ASSUMED_TIMEZONE = "Asia/Shanghai"


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"没有时区「{text}」，应为 {ASSUMED_TIMEZONE}、UTC 等 IANA 名称") from error
    return text


Names = Text | Annotated[tuple[Text, ...], Field(min_length=1)]

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Cells:
    """The attachment with the polygons of a matrix's cells, in the manifest's datum, and those of its columns that
    together name a cell, in the order of the matrix's columns of origin and destination."""

    file: Text
    columns: Annotated[tuple[Text, ...], Field(min_length=1)]


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Manifest:
    """What an arrival of movement data states.

    ``kind`` is a layer kind of feed ``mobility``; ``feed`` the stable code of the provider's feed and ``date`` the day
    of the rows, which the path of a part may say instead. ``columns``: standard name → the file's name for it (of a
    matrix's ``origin`` and ``destination``, the names of all columns that together name a cell). ``timezone`` is that
    of times that carry none; None: Asia/Shanghai, and the gate says that it was assumed. ``people_per_device``: how
    many people a device stands for. ``synthetic`` marks data that were made up.
    """

    datum: Annotated[Datum, BeforeValidator(folded)]
    source: Text
    licence: Text
    kind: Kind | None = None
    feed: Annotated[Text, Field(pattern=r"^[\w.-]{1,60}$")] | None = None
    date: Day | None = None
    columns: Mapping[Kind, Names] = Field(default_factory=dict)
    timezone: Annotated[Text, AfterValidator(_zone)] | None = None
    people_per_device: Annotated[Finite, Field(gt=0)] | None = None
    cells: Cells | None = None
    synthetic: bool = False


_ADAPTER = TypeAdapter(Manifest)


def read_manifest(data: bytes, filename: str) -> Manifest:
    """The manifest in a file, as :func:`cityhealth.manifests.read_stated`, with the same errors."""
    return read_stated(_ADAPTER, data, filename)


def manifest_json(manifest: Manifest) -> str:
    """All that the manifest says, as JSON."""
    return _ADAPTER.dump_json(manifest, exclude_none=True).decode()
