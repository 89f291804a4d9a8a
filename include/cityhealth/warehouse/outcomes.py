"""What became of each object at each step, so that "how long has this been failing?" is a query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cityhealth.warehouse.connections import Warehouse


@dataclass(frozen=True)
class Outcome:
    """One step (``landed``, ``read``, ``gated``, ``measured``, ``built``) tried on one object: an arrival, a model …"""

    feed: str | None
    step: str
    object: str
    success: bool
    message: str = ""
    run: str = ""
    seconds: float | None = None


def record(warehouse: Warehouse, role: str, outcomes: Iterable[Outcome]) -> None:
    """Append ``outcomes`` to ``ops.outcome``."""
    with warehouse.connect(role) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.outcome (feed, step, object, success, message, run, seconds)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [(o.feed, o.step, o.object, o.success, o.message, o.run, o.seconds) for o in outcomes],
        )
