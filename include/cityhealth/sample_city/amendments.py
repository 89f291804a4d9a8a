"""Indicator files that come after May: figures set right in June and July, so that one half-month's scorecard differs
from the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from cityhealth.sample_city.drafts import Draft
from cityhealth.sample_city.files import Oddity, SampleFile
from cityhealth.sample_city.grids import CellValue, xlsx
from cityhealth.sample_city.retyping import retyped
from cityhealth.sample_city.scenes import City, file_of, only_row, template_name, with_oddity


def amendments(city: City) -> list[SampleFile]:
    """Two figures corrected, and the whole form of the department whose lines were refused in May, this time right."""
    right = with_oddity(city.clean[city.cast.wrong], Oddity.CORRECTED)
    # Those before have second thoughts in May.
    first, second = [code for code in city.rest[4:] if _measures(city, city.clean[code])][:2]
    return [
        _figure(city, first, date(2021, 6, 11), 0.9),
        file_of(right, template_name(city, right), right.as_template(), date(2021, 6, 28), 3),
        _figure(city, second, date(2021, 7, 12), 1.5),
    ]


def _figure(city: City, code: str, day: date, factor: float) -> SampleFile:
    """One line: the first figure from which an indicator is computed, multiplied by ``factor`` (a count of two stays
    two when a twentieth is added)."""
    draft = only_row(city.clean[code], lambda d: _measures(city, d)[0])
    value = draft.number(0) * factor
    changes: dict[str, CellValue] = {
        "value_text": float(round(value)) if draft.form.rows[0].integer else float(f"{value:.5g}"),
        "remarks_text": "复核后更正",
    }
    changed = draft.planted(0, Oddity.CORRECTED, changes)
    name = f"{draft.form.department_name}（{day.month}月更正）.xlsx"
    # Its evidence is in the city's hands since May.
    return replace(file_of(changed, name, xlsx(retyped(changed)), day, 5), attachments=draft.attachments)


def _measures(city: City, draft: Draft) -> list[int]:
    """The rows with such a figure, apart from whole and part."""
    plain = {item.code for item in city.catalogue.items if item.role == "measure" and item.whole_item is None}
    wholes = {item.whole_item for item in city.catalogue.items}
    return [
        index
        for index, row in draft.free_rows()
        if row.item_code in plain - wholes and row.indicators and draft.number(index) > 0
    ]
