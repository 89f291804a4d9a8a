"""dbt in process: no shell, no profile outside the project, no phone-home, each node's outcome as a value."""

from __future__ import annotations

import fcntl
import gc
import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cityhealth.errors import BuildError
from cityhealth.settings import Settings
from cityhealth.warehouse.connections import Warehouse

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

_FAILED = ("error", "fail", "runtime error", "partial success")
#: The project parsed once per process and content, since parsing takes seconds.
_parsed: dict[str, Manifest] = {}
#: Allocations between two looks of the garbage collector while dbt works: Python's 700 cost a quarter of dbt's time.
_GC_THRESHOLD = 100_000


@dataclass(frozen=True)
class NodeOutcome:
    """What became of one seed, model or test.

    ``status`` is dbt's (``success``, ``pass``, ``warn``, ``fail``, ``error``, ``skipped``); of a test, ``severity`` is
    ``error`` or ``warn`` and ``failures`` the number of rows it found. ``meta`` is what the project says of it: whose
    it is, what it means and what to do.
    """

    unique_id: str
    resource_type: str
    status: str
    severity: str | None = None
    seconds: float | None = None
    failures: int | None = None
    message: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        parts = self.unique_id.split(".")
        return parts[2] if self.resource_type == "test" else parts[-1]  # a test's id ends with a hash

    @property
    def failed(self) -> bool:
        return self.status in _FAILED

    def __str__(self) -> str:
        seconds = "" if self.seconds is None else f" ({self.seconds:.2f} s)"
        return f"{self.status} {self.resource_type} {self.name}{seconds}"


@dataclass(frozen=True)
class Project:
    """The dbt project of an installation; dbt writes below ``settings.home / "dbt"`` only."""

    warehouse: Warehouse
    settings: Settings

    def run(
        self,
        command: Sequence[str],
        on_node: Callable[[NodeOutcome], None] | None = None,
        variables: Mapping[str, object] | None = None,
        manifest: Manifest | None = None,
        folder: str = "",
    ) -> list[NodeOutcome]:
        """Run a dbt command (``["build", "--select", …]``); returns the outcome of each node, failed ones included.

        ``on_node`` is called as each node finishes, from dbt's threads, before the number of failing rows is known.
        With a ``manifest`` of :meth:`parsed` nothing is parsed. Runs at the same time each need their own ``folder``.

        Raises:
            BuildError: dbt itself gave up (a model that does not parse, no connection).
        """
        result = self._invoke(command, on_node, variables, manifest, folder)
        return [_outcome(node_result) for node_result in getattr(result, "results", [])]

    def parsed(self, variables: Mapping[str, object], content: str) -> Manifest:
        """The project parsed with ``variables``, once per process for equal ``content`` (a hash of its files).

        Processes share dbt's own record of what is parsed, one for each set of variables, since dbt parses all anew
        where they differ; one after the other reads and writes it. Each call returns a copy: dbt keeps in it what it
        has compiled, so that a second run would find the first one's periods there.

        Raises:
            BuildError: it does not parse.
        """
        key = repr((content, self.settings.city, dict(variables)))
        if key not in _parsed:
            name = "-".join(["parsed", *(f"{name}_{value}" for name, value in sorted(variables.items()))])
            folder = self.settings.home / "dbt" / name
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                # Nobody reads its manifest.json, and writing it takes two thirds of the time.
                _parsed[key] = self._invoke(["parse", "--no-write-json"], None, variables, None, name)
                # Models that are not enabled here: dbt cannot copy them, and nobody asks for them.
                _parsed[key].disabled.clear()
        return self._moved_here(_parsed[key].deepcopy())

    def _moved_here(self, manifest: Manifest) -> Manifest:
        """With this warehouse's database and this project's folder, the two things of a place that a manifest holds."""
        from dbt.contracts.graph.nodes import SeedNode

        database, root = self.warehouse.address.name, str(self.settings.dbt_project_dir)
        for node in [*manifest.nodes.values(), *manifest.sources.values()]:
            if node.relation_name:
                node.relation_name = node.relation_name.replace(f'"{node.database}"', f'"{database}"', 1)
            node.database = database
            if isinstance(node, SeedNode):
                node.root_path = root
        return manifest

    def _invoke(
        self,
        command: Sequence[str],
        on_node: Callable[[NodeOutcome], None] | None,
        variables: Mapping[str, object] | None,
        manifest: Manifest | None,
        folder: str,
    ) -> Any:
        # Not at the top: the import takes seconds, and `cityhealth --help` should not.
        from dbt.cli.main import dbtRunner

        home = self.settings.home / "dbt" / folder
        arguments = [
            *command,
            "--project-dir", str(self.settings.dbt_project_dir),
            "--profiles-dir", str(self.settings.dbt_project_dir),
            "--target-path", str(home / "target"),
            "--log-path", str(home / "logs"),
            "--log-level", "none",
            # What became of each node is in ops and in Airflow's log; dbt's line for each takes a sixth of its time.
            "--log-level-file", "warn",
            "--vars", json.dumps(dict(variables or {})),
        ]  # fmt: skip
        runner = dbtRunner(manifest, callbacks=[_node_listener(on_node)] if on_node else [])
        with _environment(self.environment()), _rarely_collecting_garbage(), warnings.catch_warnings():
            # Seed files may leave optional columns out; dbt's csv reader mentions each that we nevertheless typed.
            warnings.filterwarnings("ignore", message=".*does not match the name of any column in this table")
            result = runner.invoke(arguments)
        if result.exception is not None:
            raise BuildError(f"dbt {command[0]}: {result.exception}") from result.exception
        return result.result

    def environment(self) -> dict[str, str]:
        """The variables that ``profiles.yml`` and ``dbt_project.yml`` read, and the switches that keep dbt silent."""
        address = self.warehouse.address
        return {
            "CITYHEALTH_CITY": self.settings.city,
            "CITYHEALTH_DB_HOST": address.host,
            "CITYHEALTH_DB_PORT": str(address.port),
            "CITYHEALTH_DB_NAME": address.name,
            "DBT_ENV_SECRET_TRANSFORMER_PASSWORD": self.settings.password("transformer"),
            "DO_NOT_TRACK": "1",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }


def _node_listener(on_node: Callable[[NodeOutcome], None]) -> Callable[[Any], None]:
    def listen(event: Any) -> None:
        if event.info.name != "NodeFinished":
            return
        node = event.data.node_info
        on_node(
            NodeOutcome(
                unique_id=node.unique_id,
                resource_type=node.resource_type,
                status=node.node_status,
                seconds=_seconds_between(node.node_started_at, node.node_finished_at),
            )
        )

    return listen


def _seconds_between(started: str, finished: str) -> float | None:
    try:
        return (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    except ValueError:  # a node that was skipped never started
        return None


def _outcome(result: Any) -> NodeOutcome:
    node = result.node
    severity = getattr(node.config, "severity", None) if node.resource_type.value == "test" else None
    return NodeOutcome(
        unique_id=node.unique_id,
        resource_type=node.resource_type.value,
        status=str(result.status.value),
        severity=severity.lower() if severity else None,
        seconds=result.execution_time,
        failures=result.failures,
        message=result.message,
        meta=dict(getattr(node.config, "meta", {})),
    )


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """dbt reads ``os.environ`` only; what was there before is put back."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _rarely_collecting_garbage() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(_GC_THRESHOLD, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
