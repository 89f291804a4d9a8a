"""What the gate is about: each raw table brings a subject; engine, verdicts, receipts and store are one for all."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from cityhealth.quality.batch import BatchFacts, Candidates
from cityhealth.quality.lookup import Lookup

Row = Mapping[Any, Any]
#: Writes one placeholder: from a row of the candidates, its batch, the catalogue and the batch's department.
Writer = Callable[[Row, BatchFacts, Lookup, str | None], str]

_LONGEST = 60
EMPTY = "（空）"


@dataclass(frozen=True)
class Nouns:
    """What a receipt calls things: a line's subject, what was written of it, all that was handed in."""

    line_zh: str
    said_zh: str
    content_zh: str


def as_ruled(field: str, row: Row) -> str:
    """What a rule blames is at fault in every line."""
    return field


def no_facts(accepted: pd.DataFrame) -> Sequence[tuple[str, str]]:
    """Nothing beside what every receipt says."""
    return ()


@dataclass(frozen=True)
class Detail:
    """Rows of a further table ``gate.<table>`` that the gate keeps with a run; ``rows`` makes them of the judged ones,
    which carry ``gate_run_id``."""

    table: str
    schema: pa.Schema
    rows: Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Subject:
    """How the lines of one raw table are read, resolved, spoken of, and kept.

    ``raw_select`` takes a batch_id and gives line_no, sheet, cell, row_kind, cells (JSON: field → place) and
    ``raw_columns`` (text). ``work_columns`` are those that rules may ask for: name → (PostgreSQL type, Arrow type).
    ``fields`` are the raw columns that a rule may blame, and ``at_fault`` tells which it is in a line; ``shown`` is the
    one that a finding quotes, None: the one at fault.
    ``stored`` turns judged rows into those of ``gate.<gate_table>``. ``facts``: what the accepted rows add to the
    receipt's cover (label, text). ``unread_sheets``: sheets without a line of the form are worth a word there.
    ``longest``: of how many characters a placeholder's text may be.
    ``receipt_zh``: what its receipts are called.
    ``sheet_zh``: what its files have for sheets; ``no_copy_zh``: why the receipt comes without a copy of the file.
    ``unreadable_advice_zh``: what is to be done with a file that cannot be read. ``details``: what else is kept.
    """

    raw_select: str
    raw_columns: tuple[str, ...]
    work_columns: Mapping[str, tuple[str, pa.DataType]]
    candidates: Callable[[pd.DataFrame, BatchFacts, Lookup], Candidates]
    writers: Mapping[str, Writer]
    name_of_line: Callable[[Row, Lookup], str]
    shown: str | None
    fields: frozenset[str]
    gate_table: str
    gate_schema: pa.Schema
    stored: Callable[[pd.DataFrame], pd.DataFrame]
    nouns: Nouns
    unread_sheets: bool = False
    longest: int = _LONGEST
    receipt_zh: str = "回执"
    sheet_zh: str = "工作表"
    no_copy_zh: str | None = None
    at_fault: Callable[[str, Row], str] = as_ruled
    facts: Callable[[pd.DataFrame], Sequence[tuple[str, str]]] = no_facts
    unreadable_advice_zh: str = "请按原因处理后重新报送"
    details: Sequence[Detail] = ()

    def words(
        self, names: Collection[str], row: Row, batch: BatchFacts, lookup: Lookup, department_code: str | None
    ) -> dict[str, str]:
        """The texts of the placeholders ``names`` for one row of the candidates."""
        written = {name: self.writers[name](row, batch, lookup, department_code) for name in names}
        return {name: shortened(text, self.longest) for name, text in written.items()}


def shortened(text: str, longest: int = _LONGEST) -> str:
    """On one line, of at most so many characters."""
    text = " ".join(text.split())
    return text if len(text) <= longest else text[:longest] + "…"


def text_of(value: Any) -> str:
    """A cell of a frame as text; nothing for what is absent."""
    return "" if value is None or value != value else str(value)


def is_given(text: str) -> bool:
    """Whether anything is written there: dashes and dots are nothing."""
    return re.search(r"\w", text) is not None


def column(name: str, empty: str = "") -> Writer:
    """Writes a column of the candidates as it is."""
    return lambda row, batch, lookup, department: text_of(row.get(name)) or empty


#: Placeholders that every subject has.
SHARED_WRITERS: Mapping[str, Writer] = {
    "department": lambda row, batch, lookup, department: lookup.department_names.get(department or "", "该单位"),
    "department_text": lambda row, batch, lookup, department: batch.arrival.department_text or "未注明",
    "filename": lambda row, batch, lookup, department: batch.arrival.filename,
    "received_on": lambda row, batch, lookup, department: batch.arrival.day.isoformat(),
}
