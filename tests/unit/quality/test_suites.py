"""No rule judges that could not say why."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cityhealth.quality.items import DEPARTMENTAL
from cityhealth.quality.subjects import SUBJECTS
from cityhealth.quality.suites import SuiteError, load_suite
from cityhealth.settings import PROJECT_ROOT

EXPECTATIONS = PROJECT_ROOT / "expectations"
RULE: dict[str, Any] = {
    "type": "unexpected_rows_expectation",
    "severity": "critical",
    "kwargs": {"unexpected_rows_query": "select line_no from {batch} where value < 0"},
    "meta": {
        "code": "positive",
        "scope": "row",
        "title_zh": "不为负",
        "reason_zh": "「{item}」为负",
        "advice_zh": "请更正",
        "owner": "department",
    },
}


def written(folder: Path, *rules: dict[str, Any]) -> Path:
    path = folder / "some.yml"
    path.write_text(yaml.safe_dump({"name": "some", "expectations": list(rules)}, allow_unicode=True), encoding="utf-8")
    return path


def without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda rule: rule["meta"].pop(key)


@pytest.mark.parametrize("path", sorted(EXPECTATIONS.glob("*.yml")), ids=lambda path: path.name)
def test_every_suite_is_whole_and_asks_for_columns_that_are_there(path: Path) -> None:
    subject = SUBJECTS[path.stem]
    suite = load_suite(path, subject)
    assert suite.name == path.stem
    for expectation in suite.content["expectations"]:
        query = expectation["kwargs"]["unexpected_rows_query"]
        assert any(column in query for column in subject.work_columns if column != "line_no")


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        *((without(key), key) for key in ("code", "scope", "title_zh", "reason_zh", "advice_zh", "owner")),
        (lambda rule: rule.pop("severity"), "severity"),
        (lambda rule: rule.update(severity="info"), "severity"),
        (lambda rule: rule["meta"].update(owner="nobody"), "owner"),
        (lambda rule: rule["meta"].update(reason_zh="  "), "reason_zh"),
        (lambda rule: rule["meta"].update(reason_zh="{nonsense}"), "nonsense"),
        (lambda rule: rule.update(type="expect_column_values_to_not_be_null"), "type"),
        (lambda rule: rule["kwargs"].update(unexpected_rows_query="select * from {batch}"), "line_no"),
    ],
)
def test_a_rule_that_lacks_something_is_refused_by_name(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], None], complaint: str
) -> None:
    rule = copy.deepcopy(RULE)
    spoil(rule)
    with pytest.raises(SuiteError, match=complaint) as caught:
        load_suite(written(tmp_path, rule), DEPARTMENTAL)
    assert "some.yml" in str(caught.value)


def test_two_rules_of_one_code_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="same code"):
        load_suite(written(tmp_path, RULE, RULE), DEPARTMENTAL)


def test_a_missing_or_empty_file_is_no_suite(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yml", tmp_path / "empty.yml"):
        if path.name == "empty.yml":
            path.write_text("")
        with pytest.raises(SuiteError, match="not a suite"):
            load_suite(path, DEPARTMENTAL)


def test_the_hash_follows_what_is_judged_and_not_the_comments(tmp_path: Path) -> None:
    path = written(tmp_path, RULE)
    before = load_suite(path, DEPARTMENTAL).hash
    path.write_text("# a comment\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_suite(path, DEPARTMENTAL).hash == before
    assert load_suite(written(tmp_path, RULE | {"severity": "warning"}), DEPARTMENTAL).hash != before
