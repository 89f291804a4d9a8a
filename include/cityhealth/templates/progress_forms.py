"""What a department's progress report of one period contains, before anything is said about cells or paragraphs."""

from __future__ import annotations

from dataclasses import dataclass

from cityhealth.campaigns import ReportingPeriod
from cityhealth.catalogue import Catalogue
from cityhealth.errors import CatalogueError
from cityhealth.progress_form import TITLE
from cityhealth.templates.forms import city_of

ROLES_ZH = {"lead": "牵头", "support": "配合"}


@dataclass(frozen=True)
class TaskRow:
    """One task that the department answers for; ``role_zh``: 牵头 or 配合."""

    code: str
    name: str
    role_zh: str


@dataclass(frozen=True)
class ProgressForm:
    """The tasks on which one department reports in one period."""

    city_name: str
    department_name: str
    period: ReportingPeriod
    rows: tuple[TaskRow, ...]

    @property
    def title(self) -> str:
        return f"{self.city_name}{TITLE}"

    @property
    def period_text(self) -> str:
        """Key and title; the reader takes the first."""
        period = self.period
        return f"{period.key}（{period.year}年第{period.number}期）"

    @property
    def cutoff_text(self) -> str:
        cutoff = self.period.cutoff
        return f"{cutoff.year}年{cutoff.month}月{cutoff.day}日 {cutoff:%H:%M}"


@dataclass(frozen=True)
class ProgressEntry:
    """What a department puts into one task; a percentage that is a number is written as a number."""

    work: str = ""
    status: str = ""
    percent: float | str | None = None
    focus: str = ""
    problems: str = ""
    next: str = ""
    reason: str = ""
    responsible: str = ""
    day: str = ""

    @property
    def by_field(self) -> dict[str, float | str | None]:
        """Field of the form → what was put there."""
        return {
            "work_text": self.work,
            "status_text": self.status,
            "percent_text": self.percent,
            "focus_text": self.focus,
            "problems_text": self.problems,
            "next_text": self.next,
            "reason_text": self.reason,
            "responsible_text": self.responsible,
            "date_text": self.day,
        }


def progress_form_for(catalogue: Catalogue, department_code: str, period: ReportingPeriod) -> ProgressForm:
    """The form of a department for one period, tasks in the plan's order; without ``rows`` if it answers for none.

    Raises:
        CatalogueError: an unknown department.
    """
    department = catalogue.department(department_code)
    if department is None:
        raise CatalogueError(f"departments.csv 中没有单位 {department_code}")
    roles = {r.block_code: r.role for r in catalogue.responsibilities if r.department_code == department.code}
    blocks = sorted((b for b in catalogue.work_blocks if b.code in roles), key=lambda block: block.sort_order)
    area = catalogue.examination(period.year, period.system).default_area_code
    return ProgressForm(
        city_name=city_of(catalogue, area),
        department_name=department.name_zh,
        period=period,
        rows=tuple(TaskRow(block.code, block.name_zh, ROLES_ZH[roles[block.code]]) for block in blocks),
    )
