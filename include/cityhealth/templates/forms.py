"""What a department's form contains, before anything is said about cells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cityhealth.catalogue import Catalogue
from cityhealth.errors import CatalogueError

#: What identifies a row of a form: item code, area code, period key.
Key = tuple[str, str, str]


@dataclass(frozen=True)
class FormRow:
    """One duty: an item in an area and a period.

    ``minimum`` and ``maximum`` (in ``unit``; None: no limit) are the hard limits beyond which the gate refuses.
    ``indicators`` are those that need the item, each as code and name.
    """

    item_code: str
    item_name: str
    definition: str
    unit: str
    area_code: str
    area_name: str
    period_key: str
    indicators: tuple[str, ...]
    integer: bool
    minimum: float | None
    maximum: float | None

    @property
    def key(self) -> Key:
        return self.item_code, self.area_code, self.period_key

    @property
    def area_text(self) -> str:
        """Code and name; the reader understands both together."""
        return f"{self.area_code} {self.area_name}"

    @property
    def period_text(self) -> str:
        return f"{self.period_key}年" if len(self.period_key) == 4 else self.period_key


@dataclass(frozen=True)
class Form:
    """What one department owes for the examination of ``year``, which looks at the period given here."""

    city_name: str
    department_name: str
    year: int
    period_start: date
    period_end: date
    rows: tuple[FormRow, ...]


@dataclass(frozen=True)
class Entry:
    """What a department puts into one row; a number is written as a number, a text as it stands."""

    value: float | str | None = None
    state: str = ""
    source: str = ""
    method: str = ""
    remarks: str = ""
    attachment: str = ""


def form_for(catalogue: Catalogue, department_code: str, year: int) -> Form:
    """The form of a department; without ``rows`` if it owes nothing.

    Raises CatalogueError for an unknown department, or a year without an examination.
    """
    examination = catalogue.examination(year)
    department = catalogue.department(department_code)
    if department is None:
        raise CatalogueError(f"departments.csv 中没有单位 {department_code}")
    served = _indicators_by_item(catalogue, year)
    rows = tuple(
        FormRow(
            item_code=duty.item.code,
            item_name=duty.item.name_zh,
            definition=duty.item.definition_zh,
            unit=duty.item.unit,
            area_code=duty.area.code,
            area_name=duty.area.name_zh,
            period_key=duty.period.key,
            indicators=tuple(served.get(duty.item.code, ())),
            integer=duty.item.integer,
            minimum=None if duty.item.min_value is None else float(duty.item.min_value),
            maximum=None if duty.item.max_value is None else float(duty.item.max_value),
        )
        for duty in catalogue.duty_list(department_code, year)
    )
    return Form(
        city_name=city_of(catalogue, examination.default_area_code),
        department_name=department.name_zh,
        year=year,
        period_start=examination.period_start,
        period_end=examination.period_end,
        rows=rows,
    )


def _indicators_by_item(catalogue: Catalogue, year: int) -> dict[str, list[str]]:
    """Item code → the indicators (code and name) that need it."""
    served: dict[str, list[str]] = {}
    for indicator in catalogue.indicators:
        if indicator.year != year or indicator.status == "dropped":
            continue
        reported = (item.code for item in catalogue.items if item.reported_of == indicator.code)
        for code in dict.fromkeys((indicator.numerator_item, indicator.denominator_item, *reported)):
            if code:
                served.setdefault(code, []).append(f"{indicator.code} {indicator.name_zh}")
    return served


def city_of(catalogue: Catalogue, area_code: str) -> str:
    """The name of the city that an area lies in (or the area's own, where no city is above it)."""
    areas = {area.code: area for area in catalogue.areas}
    area = areas[area_code]
    while area.level != "city" and area.parent_code in areas:
        area = areas[area.parent_code]
    return area.name_zh
