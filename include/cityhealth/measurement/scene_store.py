"""Plans of feed ``imagery`` carried out: scenes from the landing zone, answers of their parts kept in the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

import geopandas as gpd
import psycopg

from cityhealth.landing import Arrival, LandingZone
from cityhealth.measurement.ground import Ground
from cityhealth.measurement.plan import Plan, Source
from cityhealth.measurement.rows import Outcome, Value
from cityhealth.measurement.scene_methods import SCENE_METHODS
from cityhealth.measurement.scenes import (
    Asked,
    SceneFiles,
    answer_part,
    ask,
    from_json,
    measure_scene,
    open_mosaic,
    parts,
    scene_files,
    to_json,
)
from cityhealth.spatial.crs import INSIDE
from cityhealth.spatial.rasters import Mosaic, Partial

#: Scene (its arrival), question (hash) and number of a part.
PartKey = tuple[str, str, int]


@dataclass(frozen=True)
class SceneJob:
    """All that is to be measured of one scene for one year, and the scene before it."""

    scene: Source
    earlier: Source | None
    plans: tuple[Plan, ...]


def scene_jobs(planned: Iterable[Plan]) -> list[SceneJob]:
    """The plans of which every kind is there, by scene."""

    def scene(plan: Plan) -> Source:
        assert plan.measured is not None, "nothing is missing"
        return plan.measured

    whole = sorted(
        (plan for plan in planned if not plan.missing_zh), key=lambda plan: (scene(plan).received, plan.year)
    )
    grouped = [list(group) for _, group in groupby(whole, key=lambda plan: (scene(plan).received, plan.year))]
    return [SceneJob(scene(group[0]), group[0].earlier, tuple(group)) for group in grouped]


@dataclass(frozen=True)
class Opened:
    """A scene's files and raster, what is asked of it for a job, and why some areas are not asked about."""

    files: SceneFiles
    raster: Mosaic
    asked: Asked
    problems: dict[str | None, str]


class SceneWork:
    """Scenes of one installation; ``connection`` (as ``loader``, autocommit) keeps the answers of parts."""

    def __init__(self, connection: psycopg.Connection, landing: LandingZone, ground: Ground) -> None:
        self._connection = connection
        self._landing = landing
        self._ground = ground

    def measured(self, planned: Sequence[Plan]) -> Iterator[Outcome]:
        """The outcome of each plan; parts that are answered already are not read again.

        Raises:
            MeasurementError: ``measurements.csv`` asks for what no method can do.
            IncompleteTransfer, UnreadableFile: a tile is not there any more, or not what was accepted.
        """
        for plan in planned:
            if plan.missing_zh:
                yield Outcome(plan, {}, {None: f"没有 {plan.year} 年底以前的图层或影像：{plan.missing_zh}"})
        for job in scene_jobs(planned):
            yield from self._outcomes(job)

    def open_parts(self, job: SceneJob) -> list[PartKey]:
        """The parts that have no answer yet."""
        with self.opened(job) as here:
            found = self._open(job.scene.arrival_id, here.raster, here.asked)
            if self._compares(here.asked) and job.earlier is not None:
                with self._raster_of(job.earlier) as (_, raster):
                    found += self._open(job.earlier.arrival_id, raster, here.asked)
        return found

    def answer(self, job: SceneJob, wanted: Sequence[PartKey]) -> None:
        """Answer those that are parts of the job's scene, or of the one before, with its question; keep each answer."""
        with self.opened(job) as here:
            of_scene: dict[str, list[int]] = {}
            for scene_id, question_hash, part in wanted:
                if question_hash == here.asked.hash:
                    of_scene.setdefault(scene_id, []).append(part)
            for part in of_scene.get(job.scene.arrival_id, ()):
                self._answered(job.scene.arrival_id, here.raster, here.asked, part)
            if job.earlier is not None and (before := of_scene.get(job.earlier.arrival_id)):
                with self._raster_of(job.earlier) as (_, raster):
                    for part in before:
                        self._answered(job.earlier.arrival_id, raster, here.asked, part)

    @contextmanager
    def opened(self, job: SceneJob) -> Iterator[Opened]:
        """The scene of a job with its question."""
        with self._raster_of(job.scene) as (files, raster):
            shapes, problems = self._shapes(job)
            bands = raster.scenes[0].bands
            areas = {plan.measurement.code: [area.code for area in plan.areas] for plan in job.plans}
            asked = ask([plan.measurement for plan in job.plans], areas, shapes, files.manifest, bands)
            yield Opened(files, raster, asked, problems)

    def _outcomes(self, job: SceneJob) -> Iterator[Outcome]:
        with self.opened(job) as here:
            answers = self._answers(job.scene.arrival_id, here.raster, here.asked)
            earlier = None
            if self._compares(here.asked) and job.earlier is not None:
                with self._raster_of(job.earlier) as (files, raster):
                    earlier = files.manifest, self._answers(job.earlier.arrival_id, raster, here.asked)
            found = measure_scene(here.asked, here.files.manifest, answers, earlier)
        for plan in job.plans:
            outcome = found[plan.measurement.code]
            values = {
                area: Value(value.number, value.unit, value.valid_share, value.cloud_share)
                for area, value in outcome.values.items()
                if value.number is not None
            }
            problems = dict(here.problems)
            problems |= {area: value.problem_zh for area, value in outcome.values.items() if value.problem_zh}
            if outcome.problem_zh:
                problems[None] = outcome.problem_zh
            yield Outcome(plan, values, problems)

    def _shapes(self, job: SceneJob) -> tuple[gpd.GeoSeries, dict[str | None, str]]:
        shapes: dict[str, object] = {}
        problems: dict[str | None, str] = {}
        for plan in job.plans:
            units, lacking = self._ground.units(plan, plan.areas)
            shapes |= dict(units.items())
            problems |= lacking
            around = plan.measurement.parameters.get("around")
            if around is not None and (shape := self._ground.reference(around)) is not None:
                shapes[around] = shape
        return gpd.GeoSeries(shapes, crs=INSIDE), problems

    def _compares(self, asked: Asked) -> bool:
        return any(SCENE_METHODS[m.method][m.version].compares for m in asked.measurements)

    @contextmanager
    def _raster_of(self, source: Source) -> Iterator[tuple[SceneFiles, Mosaic]]:
        with (
            scene_files(self._landing, read_arrival(self._connection, source.arrival_id)) as files,
            open_mosaic(files) as raster,
        ):
            yield files, raster

    def _open(self, scene_id: str, raster: Mosaic, asked: Asked) -> list[PartKey]:
        if asked.question is None:
            return []
        known = self._known(scene_id, asked)
        return [(scene_id, asked.hash, part) for part in range(parts(raster, asked.units)) if part not in known]

    def _answers(self, scene_id: str, raster: Mosaic, asked: Asked) -> list[dict[str, Partial]]:
        if asked.question is None:
            return []
        known = self._known(scene_id, asked)
        return [
            known[part] if part in known else self._answered(scene_id, raster, asked, part)
            for part in range(parts(raster, asked.units))
        ]

    def _known(self, scene_id: str, asked: Asked) -> dict[int, dict[str, Partial]]:
        rows = self._connection.execute(
            "select part, answers from ops.tile_answer where arrival_id = %s and question_hash = %s",
            (scene_id, asked.hash),
        ).fetchall()
        return {part: from_json(text) for part, text in rows}

    def _answered(self, scene_id: str, raster: Mosaic, asked: Asked, part: int) -> dict[str, Partial]:
        assert asked.question is not None, "there is something to ask"
        answers = answer_part(raster, part, asked.units, asked.question)
        self._connection.execute(
            "insert into ops.tile_answer (arrival_id, question_hash, part, answers) values (%s, %s, %s, %s)"
            " on conflict do nothing",
            (scene_id, asked.hash, part, to_json(answers)),
        )
        return answers


def read_arrival(connection: psycopg.Connection, arrival_id: str) -> Arrival:
    """An arrival as it was loaded."""
    row = connection.execute(
        "select arrival_id, feed, department_text, filename, sha256, size_bytes, received_at, attachments"
        " from raw.arrival where arrival_id = %s",
        (arrival_id,),
    ).fetchone()
    assert row is not None, "what was accepted has arrived"
    *facts, attachments = row
    return Arrival.restored(*facts, attachments=attachments)
