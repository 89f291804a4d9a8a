"""The tasks of an ingest DAG: discover → load, mapped over files → gate → complete. One run per arrival day.

Of layers and imagery, values are measured between gate and complete: of a scene part by part, mapped, so that more
workers mean more speed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from cityhealth_airflow import arrival_day

log = logging.getLogger(__name__)

#: A worker's start costs about as much as reading a dozen workbooks, so one mapped task takes that many.
FILES_PER_TASK = 12
#: Nor are the tiles of a scene to be compared with their sha256 for every few seconds of reading.
PARTS_PER_TASK = 8


def ingest_tasks(feed_name: str, asset: Asset, measured: Literal["no", "at once", "by parts"] = "no") -> None:
    """Wire the tasks of ``feed_name`` into the current DAG.

    ``asset`` is emitted once the gate has judged; of a feed that is ``measured``, once what was measured is judged.
    Scenes are measured ``by parts``, mapped.
    """

    @task
    def discover() -> list[list[str]]:
        """Arrivals of the day, in groups; a day without any ends here, skipped."""
        landing, day = _landing(), arrival_day(get_current_context())
        arrivals = [arrival.arrival_id for arrival in landing.arrivals(feed_name, day, day)]
        log.info("%s: %d arrivals on %s", feed_name, len(arrivals), day)
        if not arrivals:
            raise AirflowSkipException(f"nothing of feed {feed_name} was received on {day}")
        return [arrivals[i : i + FILES_PER_TASK] for i in range(0, len(arrivals), FILES_PER_TASK)]

    @task(map_index_template="{{ task.op_kwargs['arrival_ids'] | length }} files")
    def load(arrival_ids: Sequence[str]) -> int:
        """Each file is one batch in one transaction; a file that fails does not keep the others from loading."""
        from cityhealth.feeds import feed_named
        from cityhealth.feeds.pipeline import load_arrivals
        from cityhealth.settings import from_environment

        context = get_current_context()
        landing, day, wanted = _landing(), arrival_day(context), set(arrival_ids)
        arrivals = [a for a in landing.arrivals(feed_name, day, day) if a.arrival_id in wanted]
        rows = 0
        feed = feed_named(feed_name, from_environment())
        for loaded in load_arrivals(_warehouse(), landing, feed, arrivals, run=context["run_id"]):
            log.info("%s: %s", loaded.arrival.filename, loaded.read_error_zh or f"{loaded.rows} rows")
            rows += loaded.rows
        return rows

    @task(trigger_rule="all_done", outlets=[asset] if measured == "no" else [])
    def gate() -> dict[str, int]:
        """Judge what the day's loading stored, also when one file could not be loaded."""
        from cityhealth.feeds.pipeline import gate_batches, loaded_batches
        from cityhealth.settings import from_environment

        context = get_current_context()
        day = arrival_day(context)
        warehouse = _warehouse()
        batch_ids = loaded_batches(warehouse, feed_name, day, day)
        if not batch_ids:
            raise AirflowSkipException(f"no batch of feed {feed_name} for {day}")
        judgements = gate_batches(from_environment(), warehouse, batch_ids, run=context["run_id"], progress=log.info)
        counts = {"batches": len(judgements)}
        for judgement in judgements:
            counts[judgement.verdict] = counts.get(judgement.verdict, 0) + 1
        return counts

    # The run succeeds only when all of the day's files are loaded and judged. The scheduler itself marks an empty
    # operator, so it costs no worker.
    complete = EmptyOperator(task_id="complete")

    groups: Any = discover()
    loaded = load.expand(arrival_ids=groups)
    judged = gate()
    loaded >> judged
    loaded >> complete
    if measured == "no":
        judged >> complete
        return

    @task
    def parts() -> list[list[dict[str, Any]]]:
        """What is to be asked of scenes, part by part, in groups of one scene each."""
        from cityhealth.measurement.step import open_parts

        found = open_parts(*_to_measure())
        log.info("%d parts of scenes to be read", len(found))
        scenes = [list(group) for _, group in groupby(found, key=lambda part: (part.arrival_id, part.scene_id))]
        return [
            [part.to_json() for part in of_scene[i : i + PARTS_PER_TASK]]
            for of_scene in scenes
            for i in range(0, len(of_scene), PARTS_PER_TASK)
        ]

    @task(map_index_template="{{ task.op_kwargs['parts'] | length }} parts")
    def answer(parts: Sequence[dict[str, Any]]) -> None:
        """Parts of one scene: the answers of each are stored at once, so that a run that dies loses one part."""
        from cityhealth.measurement.step import ScenePart, answer_parts

        answer_parts(*_to_measure(), [ScenePart.from_json(part) for part in parts])

    # Where no scene is to be read there is nothing to map over, which skips `answer` and must not skip this.
    @task(trigger_rule="none_failed_min_one_success", outlets=[asset])
    def measure() -> int:
        """All of a scene becomes one batch, or nothing; likewise the values of an arrival of layers."""
        from cityhealth.feeds.pipeline import measure_and_gate
        from cityhealth.settings import from_environment

        run = get_current_context()["run_id"]
        return len(measure_and_gate(from_environment(), _warehouse(), run=run, progress=log.info))

    measuring = measure()
    judged >> measuring >> complete
    if measured == "by parts":
        found: Any = parts()
        judged >> found
        answer.expand(parts=found) >> measuring


def _to_measure() -> tuple:
    """What the functions of :mod:`cityhealth.measurement.step` begin with."""
    from cityhealth.catalogue import load_history
    from cityhealth.measurement.movement import Store
    from cityhealth.settings import from_environment

    settings = from_environment()
    return _warehouse(), _landing(), load_history(settings.seed_dir).on, settings.areas_path, Store.of(settings)


def _landing():
    from cityhealth.landing import LandingZone
    from cityhealth.settings import from_environment

    return LandingZone(from_environment().landing_url)


def _warehouse():
    from cityhealth.settings import from_environment
    from cityhealth.warehouse.connections import warehouse

    return warehouse(from_environment())
