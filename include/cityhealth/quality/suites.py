"""The suites in ``expectations/``: Great Expectations' own dictionaries, each rule with what people must be told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Any, Literal

import yaml

from cityhealth.errors import CityHealthError, Place
from cityhealth.quality.subject import Subject

Severity = Literal["critical", "warning"]
Scope = Literal["row", "batch"]

OWNERS = ("department", "city office", "engineer")
_TEXTS = ("code", "title_zh", "reason_zh", "advice_zh")
_TYPE = "unexpected_rows_expectation"


class SuiteError(CityHealthError):
    """A suite that would judge without being able to say why; the message names the file and the rule."""


@dataclass(frozen=True)
class Rule:
    """One expectation. ``scope`` row: it says something of a line; batch: of the whole file, or of what it lacks.

    ``reason_zh`` and ``advice_zh`` are templates (``{item}``, ``{value}`` …: the ``writers`` of the suite's subject).
    ``owner`` is who mends it: ``department``, ``city office`` or ``engineer``. ``field`` is the column of the raw
    table whose cell is at fault: the one that the receipt colours; None: the line's own cell.
    """

    code: str
    severity: Severity
    scope: Scope
    title_zh: str
    reason_zh: str
    advice_zh: str
    owner: str
    field: str | None = None

    @cached_property
    def placeholders(self) -> frozenset[str]:
        """The names that the two templates use."""
        texts = (self.reason_zh, self.advice_zh)
        return frozenset(field for text in texts for _, field, _, _ in Formatter().parse(text) if field is not None)


@dataclass(frozen=True)
class Suite:
    """``content`` goes to ``ExpectationSuite(**content)``; ``rules`` by code, in the order of the file."""

    name: str
    hash: str
    rules: Mapping[str, Rule]
    content: Mapping[str, Any]


def load_suite(path: Path, subject: Subject) -> Suite:
    """Read and prove the suite of a subject.

    Raises:
        SuiteError: no suite is there, or a rule lacks severity, scope, title, reason, advice or owner,
            is of another type than ``unexpected_rows_expectation``, or does not select ``line_no`` from ``{batch}``.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        expectations = content["expectations"]
        name = str(content["name"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise SuiteError(f"not a suite: {error}", Place(path.name)) from error
    rules = [_rule(path.name, number, expectation, subject) for number, expectation in enumerate(expectations, start=1)]
    by_code = {rule.code: rule for rule in rules}
    if len(by_code) != len(rules):
        raise SuiteError("two rules have the same code", Place(path.name))
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return Suite(name, hashlib.sha256(canonical.encode()).hexdigest(), by_code, content)


def _rule(file: str, number: int, expectation: Mapping[str, Any], subject: Subject) -> Rule:
    meta = expectation.get("meta") or {}
    place = Place(file, column=str(meta.get("code") or f"expectation {number}"))
    if expectation.get("type") != _TYPE:
        # Only these can name every line that fails; other types stop at samples.
        raise SuiteError(f"type must be {_TYPE}", place)
    for key in _TEXTS:
        if not isinstance(meta.get(key), str) or not meta[key].strip():
            raise SuiteError(f"meta.{key} is missing", place)
    if expectation.get("severity") not in ("critical", "warning"):
        raise SuiteError("severity must be critical or warning", place)
    if meta.get("scope") not in ("row", "batch"):
        raise SuiteError("meta.scope must be row or batch", place)
    if meta.get("owner") not in OWNERS:
        raise SuiteError(f"meta.owner must be one of {', '.join(OWNERS)}", place)
    query = (expectation.get("kwargs") or {}).get("unexpected_rows_query", "")
    if not query.lower().startswith("select line_no from {batch}"):
        raise SuiteError("the query must begin with: select line_no from {batch}", place)
    rule = Rule(
        code=meta["code"],
        severity=expectation["severity"],
        scope=meta["scope"],
        title_zh=meta["title_zh"],
        reason_zh=meta["reason_zh"],
        advice_zh=meta["advice_zh"],
        owner=meta["owner"],
        field=meta.get("field"),
    )
    if rule.field is not None and rule.field not in subject.fields:
        raise SuiteError(f"meta.field {rule.field!r} is no column of the form", place)
    if unknown := rule.placeholders - set(subject.writers):
        raise SuiteError(f"unknown placeholders: {', '.join(sorted(unknown))}", place)
    return rule
