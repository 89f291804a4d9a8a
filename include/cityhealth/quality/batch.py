"""A batch before the gate, and its lines made ready for the rules."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from cityhealth.landing import Arrival

#: Raw lines of this kind stand around the data (signatures, totals, remarks) and say nothing themselves.
NOTE = "note"
#: The ``line_no`` of the candidate that stands for the file as a whole; what it lacks has -2, -3 …
BATCH_LINE = -1


@dataclass(frozen=True)
class BatchFacts:
    """What is known of a batch beside its lines; ``read_error_*`` where its file could not be read."""

    batch_id: str
    raw_table: str
    arrival: Arrival
    read_error_code: str | None = None
    read_error_zh: str | None = None
    read_error_place: str | None = None


@dataclass(frozen=True)
class Candidates:
    """``frame`` has one row per line handed in (kind ``row``), per duty without a line (``missing``, line_no -2, -3 …)
    and one for the file (``batch``, line_no -1)."""

    frame: pd.DataFrame
    department_code: str | None
