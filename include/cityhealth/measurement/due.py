"""What a feed brings to the step *measure*: arrivals of which values are due, and how to compute them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class Computed:
    """Rows of ``raw.measured_value`` (:mod:`cityhealth.measurement.rows`), and what else was found: rows of tables of
    schema ``ops`` that name their batch, but for that column."""

    rows: list[dict[str, Any]]
    tables: Mapping[str, pa.Table] = field(default_factory=dict)


@dataclass(frozen=True)
class Due:
    """An arrival, the hash of all that its values follow from, and their computation.

    ``anything`` is False where its values follow from nothing: then it gets a batch only to replace an earlier one.
    """

    arrival_id: str
    inputs: str
    anything: bool
    compute: Callable[[], Computed]
