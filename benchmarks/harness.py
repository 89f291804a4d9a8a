"""What the benchmarks share: a server of their own, a clock, a figure printed as a ratio against a named peer."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cityhealth import settings as settings_module
from cityhealth.warehouse.connections import Warehouse, warehouse as open_warehouse
from cityhealth.warehouse.embedded import EmbeddedServer
from cityhealth.warehouse.migrate import migrate


@contextmanager
def temporary_warehouse() -> Iterator[Warehouse]:
    """A migrated embedded server that goes away afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "var"
        settings = settings_module.from_environment({"PATH": os.environ["PATH"], "CITYHEALTH_HOME": str(home)})
        warehouse = open_warehouse(settings, start=True)
        try:
            migrate(warehouse)
            yield warehouse
        finally:
            EmbeddedServer(settings).stop()


def best_of(repeats: int, action: Callable[[], object]) -> float:
    """Seconds of the fastest of ``repeats`` runs: the one that the machine disturbed least."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def peak_mebibytes() -> float:
    """Peak resident memory of this process since its exec, in MiB (getrusage would inherit the parent's)."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def report(claim: str, ours: float, peer_name: str, peer: float) -> None:
    """Print seconds of both and the ratio of speeds (above 1: ours is faster)."""
    print(f"{claim}: ours {ours:.2f} s, {peer_name} {peer:.2f} s, speed ratio {peer / ours:.2f}")
