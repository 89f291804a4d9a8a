"""What departments fill: workbooks for the indicators' data; workbooks and Word forms for the half-month reports."""

from __future__ import annotations

from pathlib import Path

from cityhealth.campaigns import ReportingPeriod
from cityhealth.catalogue import Catalogue
from cityhealth.templates.forms import Entry, Form, FormRow, Key, form_for
from cityhealth.templates.progress_forms import ProgressEntry, ProgressForm, TaskRow, progress_form_for
from cityhealth.templates.progress_word import write_progress_document
from cityhealth.templates.progress_workbook import write_progress_workbook
from cityhealth.templates.self_check_forms import SelfCheckForm, self_check_form_for
from cityhealth.templates.self_check_word import write_self_check_document
from cityhealth.templates.self_check_workbook import write_self_check_workbook
from cityhealth.templates.workbook import write_form

__all__ = [
    "Entry",
    "Form",
    "FormRow",
    "Key",
    "ProgressEntry",
    "ProgressForm",
    "SelfCheckForm",
    "TaskRow",
    "form_for",
    "progress_form_for",
    "progress_name",
    "self_check_form_for",
    "self_check_name",
    "template_name",
    "write_form",
    "write_progress_document",
    "write_progress_templates",
    "write_progress_workbook",
    "write_self_check_document",
    "write_self_check_templates",
    "write_self_check_workbook",
    "write_templates",
]


def write_templates(catalogue: Catalogue, year: int, folder: Path) -> list[Path]:
    """Write one empty workbook for each department that owes items for the examination of ``year``.

    The bytes depend on the catalogue and the year alone. An existing file of the same name is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for department in catalogue.departments:
        form = form_for(catalogue, department.code, year)
        if form.rows:
            path = folder / template_name(form)
            path.write_bytes(write_form(form))
            written.append(path)
    return written


def write_progress_templates(catalogue: Catalogue, period: ReportingPeriod, folder: Path) -> list[Path]:
    """Write the two empty forms of a reporting period, workbook and Word, for each department that has tasks.

    The bytes depend on the catalogue and the period alone. Existing files of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for department in catalogue.departments:
        report = progress_form_for(catalogue, department.code, period)
        if report.rows:
            for extension, write in (("xlsx", write_progress_workbook), ("docx", write_progress_document)):
                path = folder / progress_name(report, extension)
                path.write_bytes(write(report))
                written.append(path)
    return written


def write_self_check_templates(catalogue: Catalogue, year: int, folder: Path) -> list[Path]:
    """Write the two empty forms of a self-check, workbook and Word, for each department that answers for a dimension.

    The bytes depend on the catalogue and the year alone. Existing files of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for department in catalogue.departments:
        form = self_check_form_for(catalogue, department.code, year)
        if form.rows:
            for extension, write in (("xlsx", write_self_check_workbook), ("docx", write_self_check_document)):
                path = folder / self_check_name(form, extension)
                path.write_bytes(write(form))
                written.append(path)
    return written


def self_check_name(form: SelfCheckForm, extension: str) -> str:
    """``城市体检自查报告_2021_市统计局.docx``"""
    return f"城市体检自查报告_{form.year}_{form.department_name}.{extension}"


def template_name(form: Form) -> str:
    """``城市体检填报表_2021_市统计局.xlsx``"""
    return f"城市体检填报表_{form.year}_{form.department_name}.xlsx"


def progress_name(report: ProgressForm, extension: str) -> str:
    """``城市体检半月进展报告_2021-06-05_市统计局.docx``"""
    return f"城市体检半月进展报告_{report.period.key}_{report.department_name}.{extension}"
