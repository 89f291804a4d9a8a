"""The manifest 说明文件: what a spatial file does not say about itself, in YAML or JSON beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass
from pyproj import CRS

from cityhealth.manifests import Day, Finite, Kind, Text, folded, read_stated
from cityhealth.spatial.crs import CrsError, parse_crs, refuse_contradiction
from cityhealth.spatial.datum import Datum


def _crs_text(value: object) -> object:
    # YAML reads a bare 4490 as a number.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _not_zero(value: float) -> float:
    if value == 0:
        raise ValueError("不能为 0")
    return value


def _known(text: str) -> str:
    try:
        parse_crs(text)
    except CrsError as error:
        raise ValueError(error.message) from error
    return text


def _encoding(text: str) -> str:
    try:
        "".encode(text)
    except LookupError as error:
        raise ValueError(f"没有编码「{text}」") from error
    return text


CrsText = Annotated[Text, AfterValidator(_known), BeforeValidator(_crs_text)]
Band = Annotated[int, Field(strict=True, ge=1)]

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Mask:
    """A mask beside a scene: the attachment's name (or tile's name → its mask's), and what its numbers mean.

    Either ``classes`` (``{8: cloud, 0: fill, 4: clear}``; a number that is not named is clear) or ``rule``: Sentinel-2
    scene classification, Landsat Collection 2 QA_PIXEL.
    """

    file: Text | Annotated[Mapping[Text, Text], Field(min_length=1)]
    classes: (
        Annotated[
            Mapping[Annotated[int, Field(ge=0)], Literal["cloud", "shadow", "fill", "clear"]], Field(min_length=1)
        ]
        | None
    ) = None
    rule: Literal["scl", "landsat_qa_pixel"] | None = None

    @model_validator(mode="after")
    def _either(self) -> Mask:
        if self.classes is None and self.rule is None:
            raise ValueError("缺少此项：classes 或 rule")
        if self.classes is not None and self.rule is not None:
            raise ValueError("classes 与 rule 只能写一项")
        return self

    @property
    def files(self) -> frozenset[str]:
        """The names of all masks."""
        return frozenset([self.file] if isinstance(self.file, str) else self.file.values())

    def of(self, tile: str) -> str | None:
        """The mask of a tile, both by name; None where there is none for it."""
        return self.file if isinstance(self.file, str) else self.file.get(tile)


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Manifest:
    """What an arrival of layers or imagery states.

    ``kind`` is a layer kind, or layer name → layer kind; ``crs`` None leaves it to the file. ``date`` is the day the
    layer is valid from, or of acquisition; ``fields`` standard attribute name → the file's name for it. The rest is for
    imagery: ``bands`` name → number from 1; a value is number × ``scale`` + ``offset`` (None: as the file says);
    ``nodata`` may be NaN; ``variable`` is the one to read of several in a NetCDF; ``classes`` code → name of a class of
    land cover; ``synthetic`` marks data that were made up.
    """

    datum: Annotated[Datum, BeforeValidator(folded)]
    date: Day
    source: Text
    licence: Text
    kind: Kind | Annotated[Mapping[Text, Kind], Field(min_length=1)] | None = None
    crs: CrsText | None = None
    encoding: Annotated[Text, AfterValidator(_encoding)] | None = None
    fields: Annotated[Mapping[Kind, Text], Field(min_length=1)] | None = None
    synthetic: bool = False
    bands: Annotated[Mapping[Text, Band], Field(min_length=1)] | None = None
    nodata: float | None = None
    scale: Annotated[Finite, AfterValidator(_not_zero)] | None = None
    offset: Finite | None = None
    variable: Text | None = None
    mask: Mask | None = None
    classes: Annotated[Mapping[Annotated[int, Field(ge=0)], Kind], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _in_agreement(self) -> Manifest:
        if self.reference_system is not None:
            try:
                refuse_contradiction(self.reference_system, self.datum)
            except CrsError as error:
                raise ValueError(f"datum 与 crs 矛盾：{error.message}") from error
        return self

    @property
    def reference_system(self) -> CRS | None:
        """``crs`` as pyproj knows it."""
        return None if self.crs is None else parse_crs(self.crs)

    @property
    def one_kind(self) -> bool:
        """Whether there is a kind that is not said layer by layer."""
        return isinstance(self.kind, str)

    def kind_of(self, layer: str) -> str | None:
        """The layer kind of a layer by its name; None where the manifest does not say."""
        return self.kind.get(layer) if isinstance(self.kind, Mapping) else self.kind


_ADAPTER = TypeAdapter(Manifest)


def read_manifest(data: bytes, filename: str) -> Manifest:
    """The manifest in a file, as :func:`cityhealth.manifests.read_stated`, with the same errors."""
    return read_stated(_ADAPTER, data, filename)


def manifest_json(manifest: Manifest) -> str:
    """All that the manifest says, as JSON; a ``nodata`` of NaN is null there."""
    return _ADAPTER.dump_json(manifest, exclude_none=True).decode()
