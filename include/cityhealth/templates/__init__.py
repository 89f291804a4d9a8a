"""Workbooks that departments fill: one per department with duties, written with XlsxWriter."""

from __future__ import annotations

from pathlib import Path

from cityhealth.catalogue import Catalogue
from cityhealth.templates.forms import Entry, Form, FormRow, Key, form_for
from cityhealth.templates.workbook import write_form

__all__ = ["Entry", "Form", "FormRow", "Key", "form_for", "template_name", "write_form", "write_templates"]


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


def template_name(form: Form) -> str:
    """``城市体检填报表_2021_市统计局.xlsx``"""
    return f"城市体检填报表_{form.year}_{form.department_name}.xlsx"
