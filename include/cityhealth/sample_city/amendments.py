"""Indicator files that come after May: figures set right in June and July, so that one half-month's scorecard differs
from the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from cityhealth.sample_city.files import Oddity, SampleFile
from cityhealth.sample_city.grids import CellValue, xlsx
from cityhealth.sample_city.retyping import retyped
from cityhealth.sample_city.scenes import City, file_of, only_row, template_name, with_oddity


def amendments(city: City) -> list[SampleFile]:
    """Two figures corrected, and the whole form of the department whose lines were refused in May, this time right."""
    first, second = city.rest[4:6]
    right = with_oddity(city.clean[city.cast.wrong], Oddity.CORRECTED)
    return [
        _figure(city, first, date(2021, 6, 11), 0.9),
        file_of(right, template_name(city, right), right.as_template(), date(2021, 6, 28), 3),
        _figure(city, second, date(2021, 7, 12), 1.05),
    ]


def _figure(city: City, code: str, day: date, factor: float) -> SampleFile:
    """One line: the first figure that may have decimals, multiplied by ``factor``."""
    draft = only_row(
        city.clean[code], lambda d: next(i for i, row in d.free_rows() if not row.integer and d.number(i) > 0)
    )
    changes: dict[str, CellValue] = {
        "value_text": float(f"{draft.number(0) * factor:.5g}"),
        "remarks_text": "复核后更正",
    }
    changed = draft.planted(0, Oddity.CORRECTED, changes)
    name = f"{draft.form.department_name}（{day.month}月更正）.xlsx"
    # Its evidence is in the city's hands since May.
    return replace(file_of(changed, name, xlsx(retyped(changed)), day, 5), attachments=draft.attachments)
