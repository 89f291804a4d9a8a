"""What a department's self-check contains, before anything is said about cells or paragraphs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cityhealth.catalogue import Catalogue
from cityhealth.errors import CatalogueError
from cityhealth.self_check_form import TITLE
from cityhealth.self_checks.duties import dimensions_of, indicators_answered_for
from cityhealth.templates.forms import city_of

#: Section → its text, of one dimension; paragraphs are lines.
Sections = dict[str, str]


@dataclass(frozen=True)
class DimensionRow:
    """A dimension that the department answers for; ``indicators``: names of those that it leads or measures."""

    code: str
    name: str
    indicators: tuple[str, ...]


@dataclass(frozen=True)
class SelfCheckForm:
    """The dimensions in which one department checks itself in the examination of ``year``."""

    city_name: str
    department_name: str
    year: int
    period_start: date
    period_end: date
    rows: tuple[DimensionRow, ...]

    @property
    def title(self) -> str:
        return f"{self.city_name}{self.year}年{TITLE}"

    @property
    def data_year(self) -> int:
        return self.period_start.year


def self_check_form_for(catalogue: Catalogue, department_code: str, year: int) -> SelfCheckForm:
    """The form of a department; without ``rows`` if it answers for no dimension.

    Raises:
        CatalogueError: an unknown department, or a year without an examination.
    """
    department = catalogue.department(department_code)
    if department is None:
        raise CatalogueError(f"departments.csv 中没有单位 {department_code}")
    examination = catalogue.examination(year)
    concerned = indicators_answered_for(catalogue, examination, department.code)
    return SelfCheckForm(
        city_name=city_of(catalogue, examination.default_area_code),
        department_name=department.name_zh,
        year=year,
        period_start=examination.period_start,
        period_end=examination.period_end,
        rows=tuple(
            DimensionRow(
                dimension.code,
                dimension.name_zh,
                tuple(one.name_zh for one in concerned if one.dimension_code == dimension.code),
            )
            for dimension in dimensions_of(catalogue, examination, department.code)
        ),
    )
