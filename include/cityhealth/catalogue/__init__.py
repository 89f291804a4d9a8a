"""The catalogue of a city: what is measured, by whom, where, in which unit, and what it is held against.

The files are ``dbt_project/seeds/<city>/*.csv``; dbt loads the same ones.
"""

from __future__ import annotations

from cityhealth.catalogue.catalogue import Catalogue, Duty, catalogue_hash, fold, load
from cityhealth.catalogue.checking import check
from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.rows import (
    Area,
    Correction,
    Department,
    Dimension,
    Examination,
    Grading,
    Indicator,
    Item,
    Responsibility,
    SourcePriority,
    Target,
    Unit,
    WorkBlock,
)

__all__ = [
    "Area",
    "Catalogue",
    "Correction",
    "Department",
    "Dimension",
    "Duty",
    "Examination",
    "Finding",
    "Grading",
    "Indicator",
    "Item",
    "Responsibility",
    "SourcePriority",
    "Target",
    "Unit",
    "WorkBlock",
    "catalogue_hash",
    "check",
    "fold",
    "load",
]
