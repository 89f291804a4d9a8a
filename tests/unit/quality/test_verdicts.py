"""From failing lines to findings, in the order in which a person works through them."""

from __future__ import annotations

import pandas as pd

from cityhealth.quality.batch import Candidates
from cityhealth.quality.items import DEPARTMENTAL
from cityhealth.quality.items.candidates import candidates
from cityhealth.quality.layers import LAYERS
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


def test_what_others_stand_or_fall_with_is_said_before_what_is_wrong_with_each(lookup: Lookup) -> None:
    columns = ["line_no", "kind", "state", "sheet", "cell", "layer", "feature_no", "refused_with", "attribute_missing"]
    rows = [
        (1, "row", "blank", "lines", "图层", "lines", None, None, None),
        (2, "row", "value", "lines", "要素 1", "lines", 1, 1, "highway"),
        (3, "row", "value", "points", "图层", "points", None, None, None),
        (4, "row", "with_layer", "points", "要素 1", "points", 1, 3, None),
    ]
    suite = load_suite(PROJECT_ROOT / "expectations" / "layer_feature.yml", LAYERS)
    failing = {code: [] for code in suite.rules} | {"attribute_given": [2], "layer_kind_known": [3]}
    layers = Candidates(pd.DataFrame(rows, columns=columns), None)
    result = judge_lines(layers, failing, suite, LAYERS, batch(feed="layers"), lookup)
    assert [finding.line_no for finding in result.findings] == [3, 2]
    assert result.rows["verdict"].tolist() == ["blank", "refused", "refused", "refused"]
