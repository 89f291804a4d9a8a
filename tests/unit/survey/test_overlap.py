"""An attacker who has all published means, and knows who answered what, works out no mean of few people."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from cityhealth.survey.codebook import Codebook, Question
from cityhealth.survey.index import effective, indices
from cityhealth.survey.suppression import LEAST

SCALE = {"1": 0.0, "2": 50.0, "3": 100.0}
DIMENSIONS = {"ECO": "生态宜居", "HLT": "健康舒适"}
OF = {"Q1": "ECO", "Q2": "HLT", "Q3": "HLT"}
ALL = Question(code="Q9", wording="总的来说", role="overall", scale=SCALE)
#: Any prime of this size: by chance nothing is zero in its arithmetic that is not zero in fractions.
PRIME = 2_147_483_629


def codebook(*kinds: str, asked: bool = False) -> Codebook:
    questions = [Question(code=code, wording=code, dimension=of, scale=SCALE) for code, of in OF.items()]
    groups = {kind: {"column": kind, "label": kind} for kind in kinds}
    return Codebook(title="t", wave="2021-06", questions=(*questions, *[ALL] * asked), groups=groups)  # type: ignore


def people(rows: list[tuple[str, dict[str, str], str]]) -> pd.DataFrame:
    """Of each the area, the groups, and which questions were answered, as ``12`` for Q1 and Q2."""
    made = []
    for area, groups, answered in rows:
        scores = {code: 50.0 if code[1] in answered else np.nan for code in (*OF, "Q9")}
        made.append({"area_code": area} | {f"group:{kind}": name for kind, name in groups.items()} | scores)
    return pd.DataFrame(made).assign(weight=1.0, cluster_id=None, stratum_id=None)


def _forms(frame: pd.DataFrame, found: pd.DataFrame, city: str) -> list[dict[tuple[int, str], Fraction]]:
    """Of each row of what comes out what every answer of every respondent counts in it."""
    forms = []
    for row in found.to_dict("records"):
        form: dict[tuple[int, str], Fraction] = {}
        for number, one in enumerate(frame.to_dict("records")):
            if row["area_code"] not in (city, one["area_code"]):
                continue
            if row["group_kind"] != "all" and one[f"group:{row['group_kind']}"] != row["group_zh"]:
                continue
            there = {code for code in (*OF, "Q9") if one[code] == one[code]}
            if row["subject_code"] in there:
                form[number, row["subject_code"]] = Fraction(1)
            elif row["subject_kind"] != "question" and row["subject_code"] != "Q9":
                own = [d for d in DIMENSIONS if row["subject_code"] in (d, "overall")]
                by = {d: [c for c in there if OF.get(c) == d] for d in own}
                by = {d: codes for d, codes in by.items() if codes}
                form |= {(number, c): Fraction(1, len(by) * len(codes)) for codes in by.values() for c in codes}
        forms.append(form)
    return forms


def _rank(forms: list[dict[tuple[int, str], Fraction]]) -> list[dict]:
    basis: list[tuple[tuple[int, str], dict]] = []
    for form in forms:
        _add(basis, form)
    return basis  # type: ignore[return-value]


def _add(basis: list, form: dict) -> bool:
    """Whether the form is none of the row space so far, to which it then belongs."""
    own = {place: value.numerator * pow(value.denominator, -1, PRIME) % PRIME for place, value in form.items()}
    for pivot, other in basis:
        if factor := own.get(pivot):
            for place, value in other.items():
                own[place] = (own.get(place, 0) - factor * value) % PRIME
    own = {place: value for place, value in own.items() if value}
    if not own:
        return False
    pivot = min(own)
    inverse = pow(own[pivot], -1, PRIME)
    basis.append((pivot, {place: value * inverse % PRIME for place, value in own.items()}))
    return True


def worked_out(frame: pd.DataFrame, found: pd.DataFrame, city: str = "c") -> list[tuple]:
    """The hidden rows of few people, and pairs of them that are few together, that follow from published ones."""
    forms = _forms(frame, found, city)
    basis = _rank([form for form, hidden in zip(forms, found["suppressed"], strict=True) if not hidden])
    small = [
        (tuple(row)[:5], form, {number for number, _ in form})
        for row, form, hidden in zip(
            found[["subject_code", "area_code", "group_kind", "group_zh"]].itertuples(index=False, name=None),
            forms, found["suppressed"], strict=True,
        )
        if hidden and 0 < len({number for number, _ in form}) < LEAST
    ]  # fmt: skip
    out = [name for name, form, _ in small if not _add(list(basis), form)]
    for place, (name, form, own) in enumerate(small):
        for other, second, theirs in small[:place]:
            few = not form.keys() & second.keys() and len(own) + len(theirs) < LEAST
            if few and not _add(list(basis), form | second):
                out.append((name, other))
    return out


@st.composite
def surveys(draw: st.DrawFn) -> tuple[pd.DataFrame, Codebook]:
    """Ages in two degrees of fineness, regions made of areas, questions asked of some."""
    regions = {"a": "north", "b": "north", "d": "south"}
    ages = {"20": "young", "40": "young", "60": "old"}
    kinds = draw(st.sampled_from([("age",), ("age", "fine"), ("age", "region"), ("fine", "age", "region")]))
    patterns = draw(st.sampled_from([["12", "13"], ["123"], ["123", "12", "3", "2"], ["129", "139"]]))
    rows = []
    for area in draw(st.sampled_from([["a"], ["a", "b"], ["a", "b", "d"]])):
        for fine, age in ages.items():
            for pattern in patterns:
                count = draw(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6]))
                groups = {"age": age, "fine": fine, "region": regions[area]}
                rows += [(area, {kind: groups[kind] for kind in kinds}, pattern)] * count
    rows = rows or [("a", dict.fromkeys(kinds, "x"), "123")]
    return people(rows), codebook(*kinds, asked=any("9" in pattern for pattern in patterns))


@settings(max_examples=8, deadline=None)
@given(surveys())
def test_no_mean_of_few_people_follows_over_questions_dimensions_and_kinds_of_groups(
    made: tuple[pd.DataFrame, Codebook],
) -> None:
    frame, book = made
    found = indices(frame, book, DIMENSIONS, "c")
    assert worked_out(frame, found) == []


def hidden(found: pd.DataFrame) -> set[tuple[str, str]]:
    own = found.loc[found["suppressed"]]
    return set(zip(own["subject_code"], own["group_zh"], strict=True))


@pytest.mark.parametrize("asked", [True, False])
def test_a_dimension_less_one_question_does_not_leave_another_that_few_were_asked(asked: bool) -> None:
    frame = people([("c", {}, "12" + "9" * asked)] * 3 + [("c", {}, "13" + "9" * asked)] * 237)
    found = indices(frame, codebook(asked=asked), DIMENSIONS, "c")
    assert hidden(found) == {("Q2", "全体"), ("Q3", "全体")} and worked_out(frame, found) == []


def test_groups_that_are_made_of_another_kinds_do_not_leave_one_over() -> None:
    rows = [("c", {"age": "old", "fine": fine}, "123") for fine in ["50"] * 3 + ["60"] * 30]
    rows += [("c", {"age": "young", "fine": fine}, "123") for fine in ["20"] * 30 + ["30"] * 40]
    found = indices(people(rows), codebook("age", "fine"), DIMENSIONS, "c")
    # By the sums of one kind 50 and 20 would do; old less 60 would give 50 away.
    assert ("Q1", "50") in hidden(found) and hidden(found) & {("Q1", "60"), ("Q1", "old")}


def test_where_none_is_few_nothing_is_hidden() -> None:
    rows = [("c", {"age": age}, pattern) for age in ("old", "young") for pattern in ("12", "13")] * 6
    assert not indices(people(rows), codebook("age"), DIMENSIONS, "c")["suppressed"].any()


def test_where_one_answer_outweighs_all_others_the_mean_is_not_published() -> None:
    frame = people([("c", {}, "123")] * 40)
    frame.loc[0, "weight"] = 1e11
    found = indices(frame, codebook(), DIMENSIONS, "c")
    assert found["suppressed"].all() and found["suppression_zh"].str.contains("有效样本量").all()
    assert effective(np.array([2.0] * 5)) == pytest.approx(5) and effective(np.array([1e-320, 1e300])) == 1
