"""From respondents to what is published: subjects, importance, areas, and what is not shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.survey.codebook import Codebook, Question
from cityhealth.survey.estimate import Design, means
from cityhealth.survey.index import city_of, correlation, indices, is_within, mean_answered, resolved

SCALE = {"1": 0.0, "2": 50.0, "3": 100.0}
DIMENSIONS = {"ECO": "生态宜居", "HLT": "健康舒适"}
Q1 = Question(code="Q1", wording="公园", dimension="ECO", scale=SCALE, indicator="ECO09")
Q2 = Question(code="Q2", wording="空气", dimension="ECO", scale=SCALE)
Q3 = Question(code="Q3", wording="就医", dimension="HLT", scale=SCALE)
ALL = Question(code="Q9", wording="总的来说", role="overall", scale=SCALE)


def codebook(*questions: Question, groups: dict | None = None) -> Codebook:
    return Codebook(title="t", wave="2021-06", questions=questions, groups=groups or {})


def respondents(count: int = 200, **more: object) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    mood = rng.normal(55, 20, count)
    scores = {
        code: np.clip(np.round((mood + rng.normal(shift, 15, count)) / 50) * 50, 0, 100)
        for code, shift in (("Q1", 10), ("Q2", 0), ("Q3", -15), ("Q9", 0))
    }
    frame = pd.DataFrame(
        {"weight": rng.uniform(1, 3, count), "cluster_id": None, "stratum_id": None, "area_code": "c"} | scores
    )
    return frame.assign(**more)


def rows(found: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    for name, value in wanted.items():
        found = found.loc[found[name] == value]
    return found


def test_a_dimension_is_what_each_respondent_answered_of_it_and_a_question_is_itself() -> None:
    people = respondents()
    people.loc[:40, "Q2"] = np.nan
    found = indices(people, codebook(Q1, Q2, Q3, ALL), DIMENSIONS, "c")
    assert found.groupby("subject_kind").size().to_dict() == {"question": 3, "dimension": 2, "overall": 1}
    of_two = mean_answered([people["Q1"].to_numpy(), people["Q2"].to_numpy()])
    by_hand = means({"x": of_two}, Design.of(people["weight"]), {"all": np.zeros(len(people), dtype=int)}).iloc[0]
    (eco,) = rows(found, subject_kind="dimension", subject_code="ECO").to_dict("records")
    assert (eco["satisfaction"], eco["standard_error"], eco["answers"]) == (
        by_hand["mean"], by_hand["standard_error"], 200,
    )  # fmt: skip
    (air,) = rows(found, subject_code="Q2").to_dict("records")
    assert (air["answers"], air["dimension_code"], air["subject_zh"]) == (159, "ECO", "空气")
    assert rows(found, subject_code="Q1")["indicator_code"].tolist() == ["ECO09"]


def test_where_overall_satisfaction_was_not_asked_it_is_the_mean_of_dimensions_and_nothing_correlates() -> None:
    found = indices(respondents(), codebook(Q1, Q3), DIMENSIONS, "c")
    (overall,) = rows(found, subject_kind="overall").to_dict("records")
    assert overall["subject_code"] == "overall" and 0 < overall["satisfaction"] < 100
    assert found["importance"].isna().all()


def test_importance_is_what_was_asked_and_of_a_kind_of_which_it_was_not_asked_a_correlation() -> None:
    stated = Question(code="I1", wording="重要？", role="importance", of="ECO", scale=SCALE)
    people = respondents(I1=[0.0, 100.0] * 100)
    found = indices(people, codebook(Q1, Q2, Q3, ALL, stated), DIMENSIONS, "c").set_index("subject_code")
    assert found.loc["ECO", "importance_basis"] == "stated"
    assert found.loc["ECO", "importance"] == pytest.approx(np.average(people["I1"], weights=people["weight"]))
    # Of the other dimension it was not asked, and a correlation is no number of the same sort.
    assert pd.isna(found.loc["HLT", "importance"])
    assert found.loc[["Q1", "Q2", "Q3"], "importance_basis"].tolist() == ["derived"] * 3
    x, y, w = people["Q1"], people["Q9"], people["weight"]
    cov = np.cov(x, y, aweights=w)
    assert found.loc["Q1", "importance"] == pytest.approx(100 * cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1]))
    assert pd.isna(found.loc["Q9", "importance"])


def test_a_correlation_of_few_or_of_what_never_varies_is_none() -> None:
    ones = np.ones(50)
    assert correlation(np.arange(50.0), ones, ones) is None
    assert correlation(np.arange(29.0), np.arange(29.0), np.ones(29)) is None
    assert correlation(np.arange(30.0), np.arange(30.0), np.ones(30)) == pytest.approx(1)


def test_cells_of_few_answers_have_no_numbers_and_empty_ones_are_among_them() -> None:
    area = ["a"] * 100 + ["b"] * 97 + ["c"] * 3
    age = (["old"] * 3 + ["young"] * 97) + ["young"] * 97 + ["young"] * 3
    people = respondents(area_code=area, **{"group:age": age})
    groups = {"age": {"column": "x", "label": "年龄"}}
    found = indices(people, codebook(Q1, groups=groups), DIMENSIONS, "c")
    hidden = found.loc[found["suppressed"]]
    numbers = ["answers", "satisfaction", "standard_error", "ci_low", "ci_high", "design_effect", "importance"]
    assert hidden[numbers].isna().all(axis=None) and hidden["suppression_zh"].notna().all()
    cells = set(
        rows(hidden, subject_code="Q1")[["area_code", "group_kind", "group_zh"]].itertuples(index=False, name=None)
    )
    # Nobody in b is old, which is as telling; three live somewhere in the city, which b, given too, would tell.
    assert {("a", "age", "old"), ("b", "age", "old"), ("b", "all", "全体")} <= cells
    shown = rows(found, subject_code="Q1", area_code="c", group_kind="all")
    assert shown["answers"].tolist() == [200] and not shown["suppressed"].any()
    assert {*found["area_code"]} == {"a", "b", "c"}


def test_an_interval_ends_where_the_scale_does() -> None:
    people = respondents(8).assign(Q1=[100.0] * 7 + [0.0])
    (found,) = rows(indices(people, codebook(Q1), DIMENSIONS, "c"), subject_code="Q1").to_dict("records")
    assert found["ci_high"] == 100 and 0 <= found["ci_low"] < found["satisfaction"]


def test_of_nobody_there_is_nothing() -> None:
    assert indices(respondents().iloc[:0], codebook(Q1), DIMENSIONS, "c").empty


def test_dimensions_may_be_named_and_unknown_indicators_are_no_relation(catalogue: Catalogue) -> None:
    named = Question(code="Q1", wording="w", dimension="生态宜居", indicator="ECO99", scale=SCALE)
    stated = Question(code="I1", wording="w", role="importance", of="健康舒适", scale=SCALE)
    found = resolved(codebook(named, stated), catalogue, frozenset({"ECO01"}))
    assert [(q.dimension, q.indicator, q.of) for q in found.questions] == [("ECO", None, None), (None, None, "HLT")]


def test_the_city_of_an_examination_of_its_built_up_area_is_the_city(catalogue: Catalogue) -> None:
    assert city_of(catalogue, "140500-BUA") == city_of(catalogue, "140500") == "140500"
    assert is_within(catalogue, "140502", "140500") and not is_within(catalogue, "140000", "140500")
