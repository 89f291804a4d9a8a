"""From failing lines to findings, in the order in which a person works through them."""

from __future__ import annotations

from cityhealth.quality.items import DEPARTMENTAL
from cityhealth.quality.items.candidates import candidates
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.suites import load_suite
from cityhealth.quality.verdicts import judge_lines
from cityhealth.settings import PROJECT_ROOT
from gate_lines import batch, lines


def test_what_is_missing_is_listed_in_the_order_of_the_form(lookup: Lookup) -> None:
    suite = load_suite(PROJECT_ROOT / "expectations" / "departmental_row.yml", DEPARTMENTAL)
    handed_in = candidates(lines(), batch(), lookup)
    missing = handed_in.frame.loc[handed_in.frame["kind"] == "missing"]
    failing = {code: [] for code in suite.rules} | {"duty_complete": sorted(missing["line_no"])}
    findings = judge_lines(handed_in, failing, suite, DEPARTMENTAL, batch(), lookup).findings
    assert len(findings) > 1
    assert [finding.item_code for finding in findings] == [duty.item.code for duty in lookup.duties("planning")]
