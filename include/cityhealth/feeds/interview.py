"""Notes of site interviews: the list of :mod:`cityhealth.interview_form`; who was spoken to is masked on entry."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pyarrow as pa

from cityhealth.feeds.base import raw_rows
from cityhealth.feeds.lists import listed_rows, raw_line
from cityhealth.interview_form import HEADER_ALIASES, READABLE_WITH, SHARED_FIELDS
from cityhealth.landing import Arrival
from cityhealth.persons import mask_person, mask_persons, names_in
from cityhealth.survey.masking import mask

#: Columns of the form that have a column of their own in raw.interview_note.
_STORED = (
    "note_id_text", "date_text", "place_text", "area_text", "person_text", "subject_text", "note_text",
    "interviewer_text",
)  # fmt: skip
#: Texts in which people write what they like.
_FREE = ("place_text", "subject_text", "note_text")
#: Columns for persons: their names are names, titled or not.
_PERSONS = ("person_text", "interviewer_text")

_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("sheet", pa.string()),
        ("row_no", pa.int64()),
        ("row_kind", pa.string()),
        ("line_cell", pa.string()),
        *((name, pa.string()) for name in _STORED),
        ("masked_persons", pa.int64()),
        ("masked_phones", pa.int64()),
        ("masked_ids", pa.int64()),
        ("other_cells", pa.string()),
        ("cells", pa.string()),
    ]
)


@dataclass(frozen=True)
class InterviewFeed:
    """Lists of notes; any workbook or Word document will do in which a table has the list's header."""

    name: str = "interview"
    raw_table: str = "interview_note"
    schema: pa.Schema = _SCHEMA

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """One row per note, its persons, phones and identity numbers masked. Columns that the form does not know are
        not kept: nobody could say what personal data they hold.

        Raises:
            UnreadableFile: not a table, or none has the columns 记录编号 and 访谈内容.
        """
        lines = listed_rows(data, arrival.filename, HEADER_ALIASES, READABLE_WITH, SHARED_FIELDS)
        found = [raw_line(number, *line, _STORED, "note_id_text") for number, line in enumerate(lines, start=1)]
        return raw_rows(self.schema, [_masked(row) for row in found])


def _masked(row: dict[str, object]) -> dict[str, object]:
    texts = {name: str(row[name]) for name in (*_FREE, *_PERSONS) if row.get(name)}
    names = [name for column in _PERSONS for name in names_in(texts.get(column, ""))]
    persons = phones = ids = 0
    for column, text in texts.items():
        numbers = mask(text)
        phones, ids = phones + numbers.phones, ids + numbers.ids
        if column in _PERSONS:
            text, count = mask_person(numbers.text)
        else:
            text, count = mask_persons(numbers.text, names)
        persons += count
        texts[column] = text
    # Unknown columns and what stands around the table may name anybody.
    return {
        **row,
        **texts,
        **({"note_text": None, "person_text": None} if row["row_kind"] == "note" else {}),
        "other_cells": json.dumps({}),
        "masked_persons": persons,
        "masked_phones": phones,
        "masked_ids": ids,
    }
