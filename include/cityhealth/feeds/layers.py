"""Layers (图层): a vector file, and beside it the manifest that says what its layers are."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cityhealth.errors import CityHealthError, UnreadableFile
from cityhealth.feeds.base import raw_rows, storable
from cityhealth.landing import Arrival, LandingZone
from cityhealth.settings import Settings

if TYPE_CHECKING:
    from pyproj import CRS

    from cityhealth.spatial.manifest import Manifest
    from cityhealth.spatial.vector import Layer

_MANIFEST_ENDINGS = (".yml", ".yaml", ".json")
_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("layer", pa.string()),
        ("row_kind", pa.string()),
        ("feature_no", pa.int64()),
        ("geometry", pa.binary()),
        ("attributes", pa.string()),
    ]
)
_WANTED_ZH = (
    "没有附说明文件。请随图层附上 说明.yml，写明 kind（图层类别，如 park）、"
    "datum（坐标基准：cgcs2000、wgs84、gcj02、bd09 之一）、"
    "date（图层有效日期）、source（来源）、licence（使用许可）；文件不带坐标系的，还要写明 crs（如 EPSG:4490）"
)
#: How the manifest's reader says it.
_NO_DATUM_ZH = "datum：缺少此项"


@dataclass(frozen=True)
class LayersFeed:
    """``landing`` holds the manifests; ``areas_path``: the reference boundaries, which may be missing."""

    landing: LandingZone
    areas_path: Path
    name: str = "layers"
    raw_table: str = "layer_feature"
    schema: pa.Schema = _SCHEMA

    @classmethod
    def of_installation(cls, settings: Settings) -> LayersFeed:
        """The feed over the landing zone of an installation."""
        return cls(LandingZone(settings.landing_url), settings.areas_path)

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """For each layer one row, and after it one per feature, geometry and attributes as handed in.

        Raises:
            UnreadableFile: the vector file or the manifest cannot be used, there is no manifest, or more than one.
            IncompleteTransfer: the manifest is not there yet.
        """
        # GDAL takes a second to import: only who reads layers pays for it.
        from cityhealth.spatial.vector import read_layers

        try:
            manifest = self._manifest(arrival)
        except UnreadableFile as error:
            raise self._with_proposal(error, data, arrival) from error
        if manifest is None:
            raise self._without_manifest(read_layers(data, arrival.filename), arrival)
        layers = read_layers(data, arrival.filename, manifest.reference_system, manifest.encoding)
        return raw_rows(self.schema, _numbered(layers, manifest))

    def _manifest(self, arrival: Arrival) -> Manifest | None:
        from cityhealth.spatial.manifest import read_manifest

        found = [a for a in arrival.attachments if a.filename.casefold().endswith(_MANIFEST_ENDINGS)]
        if len(found) > 1:
            names = "、".join(attachment.filename for attachment in found)
            raise UnreadableFile("many_manifests", f"附有多个说明文件（{names}），只能有一个", arrival.place)
        if not found:
            return None
        with self.landing.attached(found[0]) as path:
            return read_manifest(path.read_bytes(), found[0].filename)

    def _without_manifest(self, layers: Sequence[Layer], arrival: Arrival) -> UnreadableFile:
        hint = self._proposed(layers)
        return UnreadableFile("no_manifest", _WANTED_ZH + (f"。{hint}" if hint else ""), arrival.place)

    def _with_proposal(self, error: UnreadableFile, data: bytes, arrival: Arrival) -> UnreadableFile:
        """A manifest that says no datum is refused as one that is not there: with the datum that fits."""
        from cityhealth.spatial.vector import read_layers

        if error.code != "manifest_invalid" or _NO_DATUM_ZH not in error.message:
            return error
        try:
            hint = self._proposed(read_layers(data, arrival.filename))
        except UnreadableFile:
            hint = None
        return UnreadableFile(error.code, f"{error.message}。{hint}", error.place or arrival.place) if hint else error

    def _proposed(self, layers: Sequence[Layer]) -> str | None:
        """Which datum fits boundaries or places, in words: for the sender to state, never taken."""
        import pandas as pd

        from cityhealth.spatial.reference import propose_datum, read_areas

        shapes = pd.concat([layer.frame.geometry.set_crs(None, allow_override=True) for layer in layers])
        if not self.areas_path.is_file():
            return None
        if shapes.dropna().geom_type.eq("Point").all():
            return self._proposed_of_places(layers)
        if not shapes.geom_type.isin(["Polygon", "MultiPolygon"]).all():
            return None
        try:
            proposal = propose_datum(shapes, read_areas(self.areas_path))
        except CityHealthError:
            return None
        if proposal.datum is None:
            return "与本市区划边界都不吻合，不能判断坐标基准"
        distance = proposal.distances_m[proposal.datum]
        return (
            f"按边界判断，坐标基准像是 {proposal.datum}（与区划边界平均相距 {distance:.0f} 米），请核实后写进说明文件"
        )

    def _proposed_of_places(self, layers: Sequence[Layer]) -> str | None:
        """By the attribute that most often names a county of the city, if there is one."""
        from cityhealth.spatial.reference import propose_datum_of_places, read_areas

        try:
            areas = read_areas(self.areas_path)
            counties = areas[areas["level"] == "county"]
            names = [*counties["name_zh"], *counties["code"]]
            frame = max((layer.frame for layer in layers), key=len)
            texts = frame.drop(columns=frame.geometry.name).astype(object)
            best = max(texts.columns, key=lambda column: texts[column].isin(names).sum(), default=None)
            if best is None:
                return None
            proposal = propose_datum_of_places(frame.geometry, texts[best].tolist(), counties)
        except CityHealthError:
            return None
        if proposal.datum is None:
            return f"按属性「{best}」所写的区划不能判断坐标基准"
        return (
            f"按属性「{best}」所写的区划判断，坐标基准像是 {proposal.datum}"
            f"（{proposal.places} 个点中 {proposal.shares[proposal.datum]:.1%} 落在所写的区划内），请核实后写进说明文件"
        )


def _numbered(layers: Sequence[Layer], manifest: Manifest) -> Iterator[dict[str, Any]]:
    line_no = 0
    taken: set[str] = set()
    # One kind cannot be that of all layers of a file, whatever the sender meant: the gate asks for each.
    one_for_all = {"layers": [layer.name for layer in layers]} if len(layers) > 1 and manifest.one_kind else {}
    for layer in layers:
        name = _free_name(storable(layer.name), taken)
        stated = _stated(layer, manifest) | one_for_all
        line_no += 1
        yield {"line_no": line_no, "layer": name, "row_kind": "layer", "attributes": _json(stated)}
        shapes = layer.frame.geometry.to_wkb()
        attributes = layer.frame.drop(columns=layer.frame.geometry.name)
        columns = [str(column) for column in attributes.columns]
        known = attributes.astype(object).where(attributes.notna(), None)
        for number, (shape, values) in enumerate(
            zip(shapes, known.itertuples(index=False, name=None), strict=True), start=1
        ):
            line_no += 1
            yield {
                "line_no": line_no,
                "layer": name,
                "row_kind": "feature",
                "feature_no": number,
                "geometry": shape,
                "attributes": _json(dict(zip(columns, values, strict=True))),
            }


def _free_name(name: str, taken: set[str]) -> str:
    """An archive may hold files of one name in several folders."""
    free = next(n for n in (name, *(f"{name} ({k})" for k in range(2, len(taken) + 3))) if n not in taken)
    taken.add(free)
    return free


def _stated(layer: Layer, manifest: Manifest) -> dict[str, object]:
    crs_from = "manifest" if manifest.crs is not None else "file" if layer.crs is not None else None
    overruled = layer.own_crs if manifest.crs is not None else None
    own = {"file_crs": _crs_text(overruled)} if overruled is not None else {}
    return {
        **own,
        "kind": manifest.kind_of(layer.name),
        "crs": None if layer.crs is None else _crs_text(layer.crs),
        "crs_from": crs_from,
        "datum": manifest.datum,
        "date": manifest.date.isoformat(),
        "source": manifest.source,
        "licence": manifest.licence,
        "encoding": layer.encoding,
        "fields": dict(manifest.fields or {}),
        "synthetic": manifest.synthetic,
        "features": len(layer.frame),
    }


def _crs_text(crs: CRS) -> str:
    authority = crs.to_authority()
    return f"EPSG:{authority[1]}" if authority is not None and authority[0] == "EPSG" else crs.to_wkt()


def _json(values: Mapping[str, object]) -> str:
    return json.dumps({storable(name): _plain(value) for name, value in values.items()}, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """As JSON has it: days as ISO text, bytes in base 64."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    plain = value.item() if hasattr(value, "item") else value
    if plain is None or isinstance(plain, bool | int) or (isinstance(plain, float) and math.isfinite(plain)):
        return plain
    return storable(str(plain))
