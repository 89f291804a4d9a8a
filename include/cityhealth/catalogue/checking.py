"""Proving a catalogue whole."""

from __future__ import annotations

from pathlib import Path

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.reading import read_tables
from cityhealth.catalogue.rules import RULES, Book


def check(seed_dir: Path) -> list[Finding]:
    """Everything that is wrong with a city's catalogue, by file and line; empty if it is whole.

    Rows that cannot be typed are reported alone: what refers to them would only be reported again.
    """
    tables, findings = read_tables(seed_dir)
    if not findings:
        book = Book(tables)
        findings = [finding for rule in RULES for finding in rule(book)]
    return sorted(findings, key=lambda f: (f.place.file, f.place.line or 0, f.place.column or "", f.message))
