"""Satisfaction surveys (满意度调查): microdata, one row per respondent, with the codebook attached."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from cityhealth.errors import UnreadableFile
from cityhealth.feeds.base import raw_rows
from cityhealth.landing import Arrival, Attachment, LandingZone
from cityhealth.settings import Settings
from cityhealth.survey.codebook import Codebook, codebook_json, read_codebook
from cityhealth.survey.masking import Masked, mask, pseudonym
from cityhealth.tabular import Table, TableRow, find_tables, read_sheets
from cityhealth.tabular.tables import normalise

_SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("row_kind", pa.string()),
        ("sheet", pa.string()),
        ("cell", pa.string()),
        ("respondent_text", pa.string()),
        ("answers", pa.string()),
        ("masked_phone", pa.int64()),
        ("masked_id", pa.int64()),
        ("codebook", pa.string()),
        ("codebook_name", pa.string()),
        ("codebook_sha256", pa.string()),
    ]
)
_ENDINGS = (".yml", ".yaml", ".json", ".xlsx", ".xls", ".csv")
_NAMED = ("codebook", "编码本", "编码表", "代码本", "码表")
_WANTED = "没有编码本：请把编码本（xlsx、csv 或 yml，文件名含「编码本」）作为附件，与问卷数据一起报送"


@dataclass(frozen=True)
class SurveyFeed:
    """``landing`` holds the codebooks; ``salt`` is asked where a respondent's number is a personal one."""

    landing: LandingZone
    salt: Callable[[], str] = field(repr=False)
    name: str = "survey"
    raw_table: str = "survey_answer"
    schema: pa.Schema = _SCHEMA

    @classmethod
    def of_installation(cls, settings: Settings) -> SurveyFeed:
        """The feed over the landing zone of an installation."""
        return cls(LandingZone(settings.landing_url), partial(settings.password, "device_salt"))

    def read(self, data: bytes, arrival: Arrival) -> pa.Table:
        """One row per respondent, as handed in but for personal data, and one with the codebook.

        Raises:
            UnreadableFile: no table has a column of the codebook, or there is no codebook that can be read.
            IncompleteTransfer: the codebook is not there (yet).
        """
        attached = _codebook_among(arrival)
        with self.landing.attached(attached) as path:
            codebook = read_codebook(path.read_bytes(), attached.filename)
        # Every column that is named is looked for, and found by itself: what is missing is the gate's to say.
        wanted = (*codebook.coded_columns, *codebook.free_text)
        headings = {name: (name,) for name in wanted}
        sheets, found = read_sheets(data, arrival.filename), None
        for key in _keys(codebook):
            try:
                found = find_tables(sheets, headings, (key,), (), arrival.filename)
                break
            except UnreadableFile as error:
                if error.code != "no_header":
                    raise
        if found is None:
            said = f"编码本（{attached.filename}）与问卷数据不符：文件中没有编码本所写的任何一列，如「{wanted[0]}」"
            raise UnreadableFile("codebook_misfit", said, arrival.place)
        return raw_rows(self.schema, self._rows(found.tables, codebook, attached))

    def _rows(self, tables: tuple[Table, ...], codebook: Codebook, attached: Attachment) -> Iterator[dict[str, Any]]:
        line_no = 0
        for table in tables:
            for row in table.rows:
                line_no += 1
                yield {"line_no": line_no, "sheet": table.sheet} | self._row(row, codebook)
        yield {
            "line_no": line_no + 1,
            "row_kind": "note",
            "sheet": tables[0].sheet,
            "answers": _json({name: letters for table in tables for name, letters in table.columns.items()}),
            "masked_phone": 0,
            "masked_id": 0,
            "codebook": codebook_json(codebook),
            "codebook_name": attached.filename,
            "codebook_sha256": attached.sha256,
        }

    def _row(self, row: TableRow, codebook: Codebook) -> dict[str, Any]:
        design = set(codebook.design_columns)
        texts: dict[str, str] = {}
        phones = ids = 0
        for name, cell in (*row.cells.items(), *row.extra.items()):
            # A weight or a community of eleven digits is no telephone; eleven digits anywhere else are one.
            said = Masked(cell.text, 0, 0) if name in design else mask(cell.text)
            texts[name], phones, ids = said.text, phones + said.phones, ids + said.ids
        respondent = texts.get(codebook.columns.respondent or "")
        if respondent is not None and row.kind == "data":
            personal = mask(respondent)
            if personal.phones or personal.ids:
                respondent = pseudonym(respondent, self.salt())
                texts[codebook.columns.respondent or ""] = respondent
                phones, ids = phones + personal.phones, ids + personal.ids
        first = next(iter((*row.cells.values(), *row.extra.values())), None)
        return {
            "row_kind": row.kind,
            "cell": first.address if first else None,
            "respondent_text": respondent if row.kind == "data" else None,
            "answers": _json(texts),
            "masked_phone": phones,
            "masked_id": ids,
        }


def _codebook_among(arrival: Arrival) -> Attachment:
    """The attachment that calls itself a codebook, else the only one that can be one."""
    fitting = [a for a in arrival.attachments if PurePosixPath(a.filename).suffix.casefold() in _ENDINGS]
    named = [a for a in fitting if any(word in normalise(a.filename) for word in _NAMED)]
    chosen = named if len(named) == 1 else fitting
    if not fitting:
        raise UnreadableFile("no_codebook", _WANTED, arrival.place)
    if len(chosen) > 1:
        names = "、".join(a.filename for a in (named or fitting))
        raise UnreadableFile("no_codebook", f"附件中有几份可能是编码本（{names}），请只附一份", arrival.place)
    return chosen[0]


def _keys(codebook: Codebook) -> Iterator[str]:
    """Columns by which the header is found, the best first."""
    if codebook.columns.respondent:
        yield codebook.columns.respondent
    yield from (question.place for question in codebook.questions)


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)
