"""The catalogue of a city: what is measured, by whom, where, in which unit, and what it is held against.

The files are ``dbt_project/seeds/<city>/*.csv``; dbt loads the same ones.
"""

from __future__ import annotations

from cityhealth.catalogue.catalogue import Catalogue, CatalogueHistory, Duty, fold, load, load_campaigns, load_history
from cityhealth.catalogue.checking import check
from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.rows import (
    Area,
    Campaign,
    Comparability,
    Correction,
    Department,
    Dimension,
    Examination,
    Grading,
    Indicator,
    Item,
    LayerKind,
    Measurement,
    ProblemRule,
    ProblemTheme,
    Publication,
    Responsibility,
    SourcePriority,
    Station,
    SystemPart,
    Target,
    Unit,
    WorkBlock,
)

__all__ = [
    "Area",
    "Campaign",
    "Catalogue",
    "CatalogueHistory",
    "Comparability",
    "Correction",
    "Department",
    "Dimension",
    "Duty",
    "Examination",
    "Finding",
    "Grading",
    "Indicator",
    "Item",
    "LayerKind",
    "Measurement",
    "ProblemRule",
    "ProblemTheme",
    "Publication",
    "Responsibility",
    "SourcePriority",
    "Station",
    "SystemPart",
    "Target",
    "Unit",
    "WorkBlock",
    "check",
    "fold",
    "load",
    "load_campaigns",
    "load_history",
]
