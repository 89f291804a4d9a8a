"""A scene measured: its measurements as one question, put to it part by part, and the numbers that come of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import numpy as np
import shapely
from rasterio.windows import Window

from cityhealth.catalogue import Measurement
from cityhealth.errors import Place, UnreadableFile
from cityhealth.hashing import stable_id
from cityhealth.landing import Arrival, LandingZone
from cityhealth.measurement.scene_methods import SCENE_METHODS, NotInScene, SceneInputs, SceneMethod, Seen
from cityhealth.measurement.values import MeasurementError
from cityhealth.spatial.crs import areas_m2
from cityhealth.spatial.manifest import Manifest, read_manifest
from cityhealth.spatial.rasters import (
    Amount,
    Condition,
    Mosaic,
    Partial,
    Question,
    Tile,
    combine,
    mosaic,
    open_stated,
    zonal,
)
from cityhealth.spatial.rasters.grid import WINDOW_CELLS

PART_WINDOWS = 64
"""Windows of a part: 16 million cells, some seconds of work."""

COVERED_SHARE = 0.05
"""Of an area of which less was recorded, clear or clouded, the scene is not: it is of the neighbours."""

_ANSWERS = 2
"""To be raised when cells are given another answer to the same question, so that answers kept before are not taken."""


@dataclass(frozen=True)
class TileFile:
    """A tile as a file on this machine, with its mask (path and name)."""

    path: Path
    filename: str
    sha256: str
    mask: tuple[Path, str] | None = None


@dataclass(frozen=True)
class SceneFiles:
    """All tiles of a scene, and what its manifest states of them."""

    manifest: Manifest
    tiles: tuple[TileFile, ...]


@contextmanager
def scene_files(landing: LandingZone, arrival: Arrival) -> Iterator[SceneFiles]:
    """The files of an arrival of imagery, as long as the context lasts.

    Raises IncompleteTransfer; UnreadableFile where the manifest cannot be read or names a mask that is not there.
    """
    manifest = read_manifest(landing.read(arrival), arrival.filename)
    masks = manifest.mask.files if manifest.mask else frozenset()
    with ExitStack() as stack:
        paths = [(attachment, stack.enter_context(landing.attached(attachment))) for attachment in arrival.attachments]
        found = {attachment.filename: path for attachment, path in paths if attachment.filename in masks}
        tiles = [
            TileFile(path, attachment.filename, attachment.sha256, _mask(manifest, attachment.filename, found))
            for attachment, path in paths
            if attachment.filename not in masks
        ]
        yield SceneFiles(manifest, tuple(tiles))


def _mask(manifest: Manifest, tile: str, paths: Mapping[str, Path]) -> tuple[Path, str] | None:
    name = manifest.mask.of(tile) if manifest.mask else None
    if name is None:
        return None
    if name not in paths:
        raise UnreadableFile("mask_missing", f"附件中没有说明文件所写的掩膜「{name}」", Place(tile))
    return paths[name], name


@contextmanager
def open_mosaic(files: SceneFiles) -> Iterator[Mosaic]:
    """The tiles as one raster. Raises UnreadableFile where one cannot be opened."""
    with ExitStack() as stack:
        yield mosaic(
            [
                Tile(
                    stack.enter_context(open_stated(tile.path, tile.filename, files.manifest, tile.mask)),
                    files.manifest.date,
                    tile.sha256,
                )
                for tile in files.tiles
            ]
        )


@dataclass(frozen=True)
class Asked:
    """The measurements of one scene as one question, so that each of its windows is read once.

    ``units``: what it is asked of: the areas by code (EPSG:4490), and under :func:`rest_of` what is left of an area
    around one. ``areas``: measurement → the codes it is made for. ``problems``: measurement → why the scene cannot
    answer it (Chinese). ``question`` is None where nothing can be asked.
    """

    question: Question | None
    units: gpd.GeoSeries
    measurements: tuple[Measurement, ...]
    areas: Mapping[str, tuple[str, ...]]
    problems: Mapping[str, str]

    @property
    def hash(self) -> str:
        """Equal for equal questions of equal units, cut into parts alike."""
        outlines = (f"{code} {shape.wkb_hex}" for code, shape in self.units.sort_index().items())
        return stable_id(repr(self.question), f"{_ANSWERS} {PART_WINDOWS} {WINDOW_CELLS}", *outlines)


def rest_of(around: str, area: str) -> str:
    """The code under which Asked.units has the area ``around`` without ``area``."""
    return f"{around}~{area}"


def ask(
    measurements: Iterable[Measurement],
    areas: Mapping[str, Sequence[str]],
    shapes: gpd.GeoSeries,
    manifest: Manifest,
    bands: Iterable[str],
) -> Asked:
    """Make one question of ``measurements`` for the areas (measurement code → area codes) of which there are shapes.

    ``shapes``: area code → polygon in EPSG:4490, those of the areas and of the areas around them. ``bands``: the names
    of the scene's bands. The seen share is of what has all bands that any of the measurements needs.

    Raises:
        MeasurementError: ``measurements.csv`` names a method that is not there, or a parameter it cannot take.
    """
    questions: dict[str, Question] = {}
    outlines: dict[str, shapely.Geometry] = {}
    problems: dict[str, str] = {}
    kept: list[Measurement] = []
    asked: dict[str, tuple[str, ...]] = {}
    for measurement in sorted(measurements, key=lambda m: m.code):
        code = measurement.code
        try:
            question = _question(measurement, manifest, frozenset(bands))
            own = {area: shapes[area] for area in areas[code] if area in shapes.index}
            rest = _rests(measurement, own, shapes)
        except NotInScene as lack:
            problems[code] = lack.message
            continue
        questions[code] = question
        outlines |= own | rest
        asked[code] = tuple(own)
        kept.append(measurement)
    units = gpd.GeoSeries(outlines, crs=shapes.crs)
    return Asked(_merged(questions) if outlines else None, units, tuple(kept), asked, problems)


def _method(measurement: Measurement) -> SceneMethod:
    try:
        return SCENE_METHODS[measurement.method][measurement.version]
    except KeyError:
        raise MeasurementError(
            f"measurements.csv: {measurement.code}: there is no method {measurement.method}, version "
            f"{measurement.version}"
        ) from None


def _question(measurement: Measurement, manifest: Manifest, bands: frozenset[str]) -> Question:
    method = _method(measurement)
    try:
        question = method.question(measurement.parameters, manifest.classes or {})
    except NotInScene:
        raise
    except MeasurementError as error:
        raise MeasurementError(f"measurements.csv: {measurement.code}: {error.message}") from error
    if missing := [band for band in question.bands if band not in bands]:
        raise NotInScene(f"影像没有波段 {'、'.join(missing)}")
    return question


def _rests(
    measurement: Measurement, own: Mapping[str, shapely.Geometry], shapes: gpd.GeoSeries
) -> dict[str, shapely.Geometry]:
    if not _method(measurement).around:
        return {}
    around = measurement.parameters["around"]
    if around not in shapes.index:
        raise NotInScene(f"没有区域 {around} 的边界")
    return {rest_of(around, area): shapes[around].difference(shape) for area, shape in own.items()}


def _merged(questions: Mapping[str, Question]) -> Question:
    return Question(
        {f"{code}.{name}": it for code, question in questions.items() for name, it in question.amounts.items()},
        {f"{code}.{name}": it for code, question in questions.items() for name, it in question.conditions.items()},
        next((question.classes for question in questions.values() if question.classes is not None), None),
    )


def parts(raster: Mosaic, units: gpd.GeoSeries) -> int:
    """How many parts there are to answer: groups of windows in which a unit lies. The same on every machine."""
    return math.ceil(len(_windows(raster, units)) / PART_WINDOWS)


def answer_part(raster: Mosaic, part: int, units: gpd.GeoSeries, question: Question) -> dict[str, Partial]:
    """What part number ``part`` (from 0) adds to each unit; parts are answered in any order, on any machine.

    Memory is bounded by one window. Raises UnreadableFile ``damaged``.
    """
    windows = _windows(raster, units)[part * PART_WINDOWS : (part + 1) * PART_WINDOWS]
    return zonal(raster, units, question, windows)


def _windows(raster: Mosaic, units: gpd.GeoSeries) -> list[Window]:
    outlines = units.to_crs(raster.grid.crs).to_numpy()
    west, south, east, north = shapely.total_bounds(outlines)
    if math.isnan(west):
        return []
    windows = list(raster.grid.windows(within=(west, south, east, north)))
    boxes = np.array([shapely.box(*raster.grid.bounds(window)) for window in windows], dtype=object)
    hit = np.unique(shapely.STRtree(outlines).query(boxes, predicate="intersects")[0])
    return [windows[number] for number in hit]


def to_json(answers: Mapping[str, Partial]) -> str:
    """Answers as text, from which :func:`from_json` makes the very same numbers."""
    return json.dumps({unit: asdict(partial) for unit, partial in sorted(answers.items())}, allow_nan=False)


def from_json(text: str) -> dict[str, Partial]:
    """The answers that :func:`to_json` wrote."""
    return {unit: _partial(facts) for unit, facts in json.loads(text).items()}


def _partial(facts: dict) -> Partial:
    return Partial(
        facts["unit_m2"],
        facts["recorded_m2"],
        facts["cloud_m2"],
        {name: Amount(**sums) for name, sums in facts["amounts"].items()},
        {name: Condition(**sums) for name, sums in facts["conditions"].items()},
        {int(code): area for code, area in facts["classes"].items()},
    )


@dataclass(frozen=True)
class SceneValue:
    """One area's number in ``unit``; None where less than COVERED_SHARE of it was recorded, or nothing was seen.

    ``valid_share`` (0 to 1) of the area was seen, ``cloud_share`` of what was recorded is hidden (None: nothing was
    recorded). Of a comparison, those of the worse side. ``problem_zh``: why there is no number.
    """

    number: float | None
    unit: str
    valid_share: float
    cloud_share: float | None
    problem_zh: str | None = None


@dataclass(frozen=True)
class SceneOutcome:
    """One measurement: area code → value; ``problem_zh``: why there is none."""

    values: Mapping[str, SceneValue]
    problem_zh: str | None = None


def measure_scene(
    asked: Asked,
    manifest: Manifest,
    answers: Sequence[Mapping[str, Partial]],
    earlier: tuple[Manifest, Sequence[Mapping[str, Partial]]] | None = None,
) -> dict[str, SceneOutcome]:
    """The outcome of each measurement from the answers of all parts, which are given in their order.

    ``earlier``: the same of the scene before, for the same ``asked.units`` and bands. Each takes part only in what
    compares. Adding in the order of the parts gives equal numbers to the last digit.
    """
    seen = Seen(combine(*answers), manifest.classes or {})
    before = earlier and Seen(combine(*earlier[1]), earlier[0].classes or {})
    areas = {str(code): float(m2) for code, m2 in areas_m2(asked.units).items()} if len(asked.units) else {}
    outcomes = {code: SceneOutcome({}, problem) for code, problem in asked.problems.items()}
    for measurement in asked.measurements:
        outcomes[measurement.code] = _outcome(measurement, asked.areas[measurement.code], seen, before, areas)
    return outcomes


def _outcome(
    measurement: Measurement, codes: Sequence[str], seen: Seen, before: Seen | None, areas_of: Mapping[str, float]
) -> SceneOutcome:
    method = _method(measurement)
    if method.compares and before is None:
        return SceneOutcome({}, "没有更早的影像可以比较")
    own = _own(seen, measurement.code, codes)
    then = _own(before, measurement.code, codes) if method.compares and before else None
    rest: dict[str, Partial] = {}
    if method.around:
        names = {area: rest_of(measurement.parameters["around"], area) for area in codes}
        found = _own(seen, measurement.code, names.values()).partials
        rest = {area: found[name] for area, name in names.items()}
    try:
        numbers = method.answer(SceneInputs(own, areas_of, then, rest), measurement.parameters)
    except NotInScene as lack:
        return SceneOutcome({}, lack.message)
    sides = {"影像没有覆盖这个区域": own.partials}
    if then is not None:
        sides["更早的影像没有覆盖这个区域"] = then.partials
    if rest:
        sides["影像没有覆盖这个区域的周边"] = rest
    return SceneOutcome(
        {
            area: _value(number, method.unit, {lack: side[area] for lack, side in sides.items()})
            for area, number in numbers.items()
        }
    )


def _value(number: float | None, unit: str, sides: Mapping[str, Partial]) -> SceneValue:
    """``sides``: what an area was measured from, by what is said where the scene does not cover it."""
    shares = _shares(list(sides.values()))
    for lack, partial in sides.items():
        if partial.recorded_m2 < COVERED_SHARE * partial.unit_m2 or not partial.recorded_m2:
            return SceneValue(None, unit, *shares, lack)
    return SceneValue(number, unit, *shares, None if number is not None else "影像上没有看见这个区域")


def _own(seen: Seen, measurement: str, codes: Iterable[str]) -> Seen:
    """What is of ``measurement``, under the names of its own question; nothing of an area that no part touches."""
    found = {area: seen.partials.get(area, Partial(0.0)) for area in codes}
    return replace(
        seen,
        partials={
            area: replace(
                partial,
                amounts=_named(partial.amounts, measurement),
                conditions=_named(partial.conditions, measurement),
            )
            for area, partial in found.items()
        },
    )


_Answer = TypeVar("_Answer")


def _named(answers: Mapping[str, _Answer], measurement: str) -> dict[str, _Answer]:
    start = f"{measurement}."
    return {name.removeprefix(start): it for name, it in answers.items() if name.startswith(start)}


def _shares(partials: Sequence[Partial]) -> tuple[float, float | None]:
    valid = min(min(_known_share(partial), 1.0) for partial in partials)
    clouds = [partial.cloud_share for partial in partials if partial.cloud_share is not None]
    return valid, max(clouds, default=None)


def _known_share(partial: Partial) -> float:
    """Part of the unit that is seen and of which the conditions are known, as an index is not of every cell seen."""
    known = [condition.known_m2 / partial.unit_m2 for condition in partial.conditions.values() if partial.unit_m2]
    return min([partial.valid_share, *known])
