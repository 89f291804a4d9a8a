"""The manifest 说明文件: what a spatial file does not say about itself, in YAML or JSON beside it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pyproj import CRS

from cityhealth.errors import Place, UnreadableFile
from cityhealth.spatial.crs import CrsError, parse_crs, refuse_contradiction
from cityhealth.spatial.datum import Datum

#: A manifest is a page of text.
MAX_BYTES = 1_000_000


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _folded(value: object) -> object:
    return value.strip().casefold() if isinstance(value, str) else value


def _crs_text(value: object) -> object:
    # YAML reads a bare 4490 as a number.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _day(value: object) -> object:
    # Only whole days: 2021 is no day, and pydantic would take it for seconds since 1970.
    if type(value) is dt.date:
        return value
    if isinstance(value, str):
        return dt.date.fromisoformat(value.strip())
    raise ValueError("不是日期")


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


Text = Annotated[str, Field(min_length=1), BeforeValidator(_stripped)]
Day = Annotated[dt.date, BeforeValidator(_day)]
Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
CrsText = Annotated[Text, AfterValidator(_known), BeforeValidator(_crs_text)]
Band = Annotated[int, Field(strict=True, ge=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]

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

    datum: Annotated[Datum, BeforeValidator(_folded)]
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
    """The manifest in a file: ``*.json`` is JSON, anything else YAML; UTF-8 (with BOM) or GB 18030.

    Raises:
        UnreadableFile: ``manifest_too_large``, ``manifest_syntax`` (no YAML or JSON, or a field written twice) or
            ``manifest_invalid`` (a field missing, unknown or wrong; the message names each).
    """
    place = Place(filename)
    if len(data) > MAX_BYTES:
        raise UnreadableFile("manifest_too_large", f"说明文件超过 {MAX_BYTES // 1_000_000} MB", place)
    content = _parsed(_text(data, place), filename)
    if not isinstance(content, dict):
        raise UnreadableFile("manifest_syntax", "说明文件应为「字段: 值」的形式", place)
    try:
        return _ADAPTER.validate_python(content)
    except ValidationError as error:
        # A union says everything once per alternative; each field is named once.
        problems = dict.fromkeys(_problem(problem) for problem in error.errors(include_url=False))
        raise UnreadableFile("manifest_invalid", f"说明文件有误：{'；'.join(problems)}", place) from error


def manifest_json(manifest: Manifest) -> str:
    """All that the manifest says, as JSON; a ``nodata`` of NaN is null there."""
    return _ADAPTER.dump_json(manifest, exclude_none=True).decode()


def _text(data: bytes, place: Place) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFile("manifest_syntax", "说明文件不是文本，或编码不是 UTF-8 / GB 18030", place)


def _parsed(text: str, filename: str) -> Any:
    try:
        if filename.lower().endswith(".json"):
            return json.loads(text, object_pairs_hook=_once)
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(filename, line=mark.line + 1 if mark else None)
        raise UnreadableFile("manifest_syntax", "说明文件不是正确的 YAML", place) from error
    except json.JSONDecodeError as error:
        place = Place(filename, line=error.lineno)
        raise UnreadableFile("manifest_syntax", "说明文件不是正确的 JSON", place) from error
    except _Twice as error:
        raise UnreadableFile("manifest_syntax", f"字段 {error} 写了两次", Place(filename)) from error
    # Hostile nesting, an impossible date such as 2021-13-40, an unhashable key, a number of too many digits.
    except (RecursionError, ValueError, TypeError) as error:
        raise UnreadableFile("manifest_syntax", "说明文件无法解析", Place(filename)) from error


class _Twice(Exception):
    """A field that stands twice in one mapping: neither is the right one."""


def _once(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _Twice(key)
        result[key] = value
    return result


class _Loader(yaml.SafeLoader):
    """Plain YAML that refuses a field written twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    return _once(
        [(loader.construct_object(k, deep=True), loader.construct_object(v, deep=True)) for k, v in node.value]
    )


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)

_SAYINGS = {
    "missing": "缺少此项",
    "missing_argument": "缺少此项",
    "missing_keyword_only_argument": "缺少此项",
    "unexpected_keyword_argument": "没有这个字段",
    "extra_forbidden": "没有这个字段",
}
_ALTERNATIVES = ("constrained-str", "dict", "function-", "mapping", "[key]")


def _problem(problem: Any) -> str:
    parts = [str(part) for part in problem["loc"] if not _alternative(str(part))]
    field = ".".join(parts)
    kind = problem["type"]
    shown = repr(problem["input"])
    shown = shown if len(shown) <= 40 else f"{shown[:40]}…"
    if kind in _SAYINGS:
        saying = _SAYINGS[kind]
    elif kind == "literal_error":
        saying = f"{shown} 不是 {problem['ctx']['expected'].replace(' or ', '、').replace(', ', '、')} 之一"
    elif field == "date":
        saying = f"{shown} 不是日期，应为 2021-06-05 的形式"
    elif kind == "value_error":
        saying = str(problem["ctx"]["error"])
    else:
        saying = f"值 {shown} 不对"
    return f"{field}：{saying}" if field else saying


def _alternative(part: str) -> bool:
    return part.startswith(_ALTERNATIVES)
