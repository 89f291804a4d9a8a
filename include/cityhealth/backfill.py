"""A backfill through the running Airflow, from the question whether there is anything to run to the last run's end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cityhealth.errors import CityHealthError
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.stack import AirflowClient, StackError

_POLL_SECONDS = 0.5
#: How long nothing at all may end before a wait is given up.
_PATIENCE_SECONDS = 1800.0
#: How far around an empty range the nearest key is looked for.
_NEAR = timedelta(days=400)


class NothingToRun(CityHealthError):
    """The range holds no partition of the DAG, or none that has not run already; the message names the nearest."""


@dataclass(frozen=True)
class Started:
    """A backfill that Airflow has accepted: one run per key, none of them among ``earlier``."""

    dag_id: str
    backfill_id: int
    keys: tuple[str, ...]
    earlier: frozenset[str]


def backfill(
    client: AirflowClient,
    dag_id: str,
    first: date,
    last: date,
    *,
    max_active_runs: int = 4,
    repeat: bool = True,
    newest_first: bool = False,
    say: Callable[[str], None],
) -> list[dict]:
    """Run ``dag_id`` for every partition from ``first`` to ``last`` (both included) and wait for the runs.

    Returns them. With ``repeat`` also those that have succeeded before.

    Raises:
        NothingToRun: the range holds none.
        StackError: Airflow refuses, or a run failed (the message names each and its tasks).
    """
    started = start(
        client,
        dag_id,
        first,
        last,
        max_active_runs=max_active_runs,
        repeat=repeat,
        newest_first=newest_first,
        say=say,
    )
    return finish(client, started, say)


def start(
    client: AirflowClient,
    dag_id: str,
    first: date,
    last: date,
    *,
    max_active_runs: int = 4,
    repeat: bool = True,
    newest_first: bool = False,
    wake_consumers: bool = True,
    say: Callable[[str], None],
) -> Started:
    """Ask Airflow for the runs, after a backfill of this DAG that still runs has ended.

    DAGs that run after its assets are unpaused, unless ``wake_consumers`` is False: then who comes later builds for
    all.

    A ``last`` in the future means today: a run of tomorrow would wait, and so would every backfill after it.

    Raises:
        NothingToRun, StackError: as :func:`backfill`.
    """
    behaviour = "completed" if repeat else "failed"
    last = _not_after_today(first, last)
    if not client.open_backfills(dag_id):
        # An empty range touches nothing; while another backfill runs, what it runs is in no plan.
        _keys(client, dag_id, first, last, behaviour)
    # Consumers first: an event that comes while its consumer is paused can be lost. A paused DAG leaves runs queued.
    for paused in (*(client.consumers(dag_id) if wake_consumers else ()), dag_id):
        client.unpause(paused)
    _wait_for_others(client, dag_id, say)
    keys = _keys(client, dag_id, first, last, behaviour)
    earlier = frozenset(run["dag_run_id"] for run in client.backfill_runs(dag_id, len(keys)))
    backfill_id = client.backfill(
        dag_id, first, last, max_active_runs=max_active_runs, behaviour=behaviour, newest_first=newest_first
    )
    say(f"{dag_id}: backfill {backfill_id}, {len(keys)} runs, {keys[0]} … {keys[-1]}")
    return Started(dag_id, backfill_id, keys, earlier)


def finish(client: AirflowClient, started: Started, say: Callable[[str], None]) -> list[dict]:
    """Wait until every run of a backfill has ended; returns them.

    Raises:
        StackError: a run failed, Airflow made none, or nothing ended for half an hour.
    """

    def runs() -> list[dict]:
        newest = client.backfill_runs(started.dag_id, len(started.keys))
        return [run for run in newest if run["dag_run_id"] not in started.earlier]

    made = runs()
    if not made:
        raise StackError(f"{started.dag_id}: Airflow made no run for {started.keys[0]} … {started.keys[-1]}")
    if left_out := sorted(set(started.keys) - {run["partition_key"] for run in made}):
        say(f"{started.dag_id}: run by others at this moment: {', '.join(left_out)}")
    return wait_for_runs(client, started.dag_id, runs, say)


def wait_for_runs(
    client: AirflowClient,
    dag_id: str,
    runs: Callable[[], list[dict]],
    say: Callable[[str], None],
    enough: Callable[[list[dict]], bool] = bool,
) -> list[dict]:
    """Wait until all of ``runs()`` have ended and are ``enough``; says each as it ends.

    Raises:
        StackError: a run failed, or nothing ended for half an hour.
    """
    last_change = time.monotonic()
    told: set[str] = set()
    while time.monotonic() - last_change < _PATIENCE_SECONDS:
        try:
            current = runs()
        except StackError:
            # It may be restarting; the runs are not lost by that.
            time.sleep(_POLL_SECONDS)
            continue
        ended = [run for run in current if run["state"] in ("success", "failed")]
        for run in ended:
            if run["dag_run_id"] not in told:
                told.add(run["dag_run_id"])
                last_change = time.monotonic()
                say(f"{dag_id} {run['partition_key'] or run['dag_run_id']} {run['state']} ({len(told)}/{len(current)})")
        if len(ended) == len(current) and enough(ended):
            _raise_failures(client, dag_id, ended)
            return ended
        time.sleep(_POLL_SECONDS)
    raise StackError(f"{dag_id}: nothing ended in {_PATIENCE_SECONDS / 60:.0f} minutes")


def _not_after_today(first: date, last: date) -> date:
    today = datetime.now(CITY_TIMEZONE).date()
    if first > last:
        raise NothingToRun(f"{first} is later than {last}: there is no day between them")
    if first > today:
        raise NothingToRun(f"{first} … {last} lies in the future, today is {today}: there is nothing to run yet")
    return min(last, today)


def _keys(client: AirflowClient, dag_id: str, first: date, last: date, behaviour: str) -> tuple[str, ...]:
    keys = client.planned_keys(dag_id, first, last, behaviour)
    if keys:
        return keys
    if behaviour == "failed" and client.planned_keys(dag_id, first, last, "completed"):
        raise NothingToRun(f"{dag_id}: all of {first} … {last} has run already; --repeat runs it again")
    today = datetime.now(CITY_TIMEZONE).date()
    around = client.planned_keys(dag_id, first - _NEAR, min(last + _NEAR, today), "completed")
    before, after = [key for key in around if key < str(first)], [key for key in around if key > str(last)]
    near = " and ".join([*before[-1:], *after[:1]]) or "none within a year"
    raise NothingToRun(f"{dag_id} has nothing to run from {first} to {last}; nearest: {near}")


def _wait_for_others(client: AirflowClient, dag_id: str, say: Callable[[str], None]) -> None:
    told = False
    while running := client.open_backfills(dag_id):
        if paused := [str(backfill["id"]) for backfill in running if backfill["is_paused"]]:
            raise StackError(
                f"{dag_id}: backfill {', '.join(paused)} is paused; resume or cancel it in Airflow's pages"
            )
        if not told:
            told = True
            say(f"{dag_id}: waiting for backfill {running[0]['id']} to end")
        time.sleep(_POLL_SECONDS)


def _raise_failures(client: AirflowClient, dag_id: str, ended: list[dict]) -> None:
    failures = []
    for run in ended:
        if run["state"] == "failed":
            failed = {t["task_id"] for t in client.tasks(dag_id, run["dag_run_id"]) if t["state"] == "failed"}
            failures.append(f"run {run['dag_run_id']} of {dag_id} failed at: {', '.join(sorted(failed))}")
    if failures:
        raise StackError("; ".join(failures))
