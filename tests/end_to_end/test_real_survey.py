"""Two open surveys through the whole feed, their indices beside those of the library svy over the file itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import svy

from city_office import Office
from cityhealth.catalogue import Catalogue
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT
from cityhealth.survey.codebook import answer_key, read_codebook
from cityhealth.survey.derive import derive
from cityhealth.warehouse.connections import Warehouse

DATA = Path(os.environ.get("CITYHEALTH_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data")) / "survey"
CODEBOOKS = PROJECT_ROOT / "tests" / "survey_codebooks"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="no open data files in CITYHEALTH_REAL_DATA"),
]

#: File and codebook → rows, what svy is told of the design, and the scale's step.
SURVEYS: Mapping[tuple[str, str], tuple[int, dict[str, str], float, float]] = {
    ("Well_being.derived.csv", "wineq.yml"): (1197, {"wgt": "Weight"}, 25.0, -25.0),
    ("ESS10NO.csv", "ess10no.yml"): (
        1410,
        {"wgt": "anweight", "stratum": "stratum", "psu": "psu", "singleton": "center"},
        10.0,
        0.0,
    ),
}


@pytest.mark.parametrize(("file", "codebook"), SURVEYS)
def test_the_indices_of_an_open_survey_are_those_of_svy(
    file: str, codebook: str, warehouse: Warehouse, catalogue: Catalogue, tmp_path: Path
) -> None:
    rows, design, step, zero = SURVEYS[file, codebook]
    data, book_bytes = (DATA / file).read_bytes(), (CODEBOOKS / codebook).read_bytes()
    book = read_codebook(book_bytes, codebook)
    office = Office(warehouse, catalogue, tmp_path)
    batch = office.receive(
        data, file, None, "survey", datetime(2022, 6, 1, 9, tzinfo=CITY_TIMEZONE), [("codebook.yml", book_bytes)]
    )
    (judgement,) = office.judge(batch)
    assert (judgement.verdict, judgement.rows_in, judgement.rows_accepted) == ("accepted", rows, rows)
    derive(warehouse, catalogue)
    ours = {
        row[:3]: row[3:]
        for row in office.ask(
            "select subject_code, group_kind, group_zh, answers, satisfaction, standard_error, ci_low, ci_high,"
            " suppressed from ops.survey_estimate where subject_kind <> 'dimension'"
        )
    }
    frame = pl.read_csv(data, infer_schema_length=None).with_columns(
        *(pl.col(question.code) * step + zero for question in book.questions),
        *(pl.col(group.column).cast(pl.String) for group in book.groups.values()),
    )
    # Who answered nothing at all is no respondent.
    frame = frame.filter(pl.any_horizontal(pl.col(question.code).is_not_null() for question in book.questions))
    sample = svy.Sample(data=frame, design=svy.Design(**design))
    compared = 0
    for question in book.questions:
        for kind, group in {"all": None, **book.groups}.items():
            found = sample.estimation.mean(question.code, by=group.column if group else None, drop_nulls=True)
            for row in found.to_polars().to_dicts():
                written = str(row[group.column]) if group else ""
                named = group.labels.get(answer_key(written), written) if group else "全体"
                answers, mean, error, low, high, suppressed = ours[question.code, kind, named]
                if suppressed:
                    continue
                assert answers == row["n"]
                wanted = (row["est"], row["se"], max(row["lci"], 0), min(row["uci"], 100))
                np.testing.assert_allclose((mean, error, low, high), wanted, rtol=1e-9, atol=1e-9)
                compared += 1
    assert compared > 4 * len(book.questions)
