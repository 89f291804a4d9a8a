"""From respondents to what is published of a wave: indices by subject, area and group, importance, suppression. Pure.

A respondent's score of a dimension is the mean of those he gave to its questions; overall satisfaction is what was
asked, or where it was not, the mean of his dimensions. Each is estimated as a question is, so that its interval knows
how answers go together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cityhealth.catalogue import Area, Catalogue, fold
from cityhealth.survey.codebook import Codebook, Question
from cityhealth.survey.estimate import Design, means
from cityhealth.survey.overlap import forms, more_hidden
from cityhealth.survey.suppression import EVERYBODY, LEAST, Cell, hidden

#: Changes with every change of method, so that results are estimated anew.
METHOD_VERSION = "2"

#: The subject of overall satisfaction where no question asks it.
OVERALL = "overall"
EVERYBODY_ZH = "全体"
#: A correlation of fewer pairs says nothing.
_LEAST_PAIRS = 30
_ROUNDING = 1e-9
_REASONS_ZH = {
    "few": f"有效回答不足 {LEAST} 份，不公布",
    "dominated": f"权重集中于少数问卷，有效样本量（Kish）不足 {LEAST}，不公布",
    "complementary": "为避免由合计倒推不足 5 份的数据，不公布",
}

COLUMNS = (
    "subject_kind", "subject_code", "subject_zh", "dimension_code", "indicator_code", "area_code", "group_kind",
    "group_zh", "answers", "satisfaction", "standard_error", "ci_low", "ci_high", "design_effect", "importance",
    "importance_basis", "suppressed", "suppression_zh",
)  # fmt: skip

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """Of which satisfaction is published: a question, a dimension, or all in all."""

    kind: Literal["overall", "dimension", "question"]
    code: str
    name_zh: str
    dimension_code: str | None = None
    indicator_code: str | None = None


def resolved(codebook: Codebook, catalogue: Catalogue, indicators: frozenset[str]) -> Codebook:
    """With the codes of dimensions, whether written as code or name; indicators that there are none of are left out."""
    codes = {fold(name): d.code for d in catalogue.dimensions for name in (d.code, d.name_zh)}
    asked = {question.code for question in codebook.questions}

    def question(each: Question) -> Question:
        of = each.of if each.of in asked else codes.get(fold(each.of or ""), each.of)
        return replace(
            each,
            dimension=codes.get(fold(each.dimension or "")),
            indicator=each.indicator if each.indicator in indicators else None,
            of=of,
        )

    return replace(codebook, questions=tuple(question(each) for each in codebook.questions))


def city_of(catalogue: Catalogue, area_code: str) -> str:
    """The city that an area lies in: the examination's own may be the built-up area, of which nobody asks."""
    return next((area.code for area in _above(catalogue, area_code) if area.level == "city"), area_code)


def is_within(catalogue: Catalogue, area_code: str, city: str) -> bool:
    """Whether an area is the city or part of it."""
    return any(area.code == city for area in _above(catalogue, area_code))


def _above(catalogue: Catalogue, area_code: str) -> Iterator[Area]:
    """The area itself, the one it is part of, and so on."""
    by_code = {area.code: area for area in catalogue.areas}
    found = by_code.get(area_code)
    while found is not None:
        yield found
        found = by_code.get(found.parent_code or "")


def indices(respondents: pd.DataFrame, codebook: Codebook, dimensions: Mapping[str, str], city: str) -> pd.DataFrame:
    """``COLUMNS``: a row for every subject, area and group, hidden ones too (without numbers).

    ``respondents``: weight, cluster_id, stratum_id (None throughout: not drawn so), area_code, for each kind of the
    codebook a column ``group:<kind>``, and for each question one with its score (NaN: none). ``dimensions``: code →
    name, in their order. ``city``: the area that all others are part of; who is only said to live there counts there
    alone.
    """
    if respondents.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    design = design_of(respondents)
    scores = subjects_scored(respondents, codebook, dimensions)
    cells, partitions = _cells(respondents, codebook, city)
    table = {
        (row["subject"], cells[row["partition"]][row["domain"]]): row
        for row in means(scores[1], design, partitions).to_dict("records")
    }
    areas, groups, never = _margins(cells, codebook)
    importance = _importance(respondents, codebook, scores, design)
    # A cell in which nobody is is one of few answers, and as little said of.
    found = {
        key: {cell: table.get((key, cell), {"answers": 0}) for own in cells.values() for cell in own}
        for key in scores[0]
    }
    not_shown: dict[str, dict[Cell, str]] = {}
    for key, score in scores[1].items():
        answers = {cell: int(row["answers"]) for cell, row in found[key].items()}
        not_shown[key] = hidden(answers, areas, groups, never, _dominated(score, design, cells, partitions))
    for key, cell in _following(respondents, codebook, scores[0], found, not_shown, (cells, partitions)):
        not_shown[key][cell] = "complementary"
    rows = [
        _row(subject, cell, row, not_shown[key].get(cell), city, importance.get(key))
        for key, subject in scores[0].items()
        for cell, row in found[key].items()
        if cell.area not in never
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"answers": "Int64"})


Cells = dict[str, list[Cell]]
Partitions = dict[str, npt.NDArray[np.int64]]


def effective(weights: Floats) -> float:
    """Of how many answers of equal weight a mean is as good: (Σw)²/Σw² (Kish, Survey Sampling, 1965, 11.7)."""
    # Weights less their size: squares of very large or small ones are no numbers.
    plain = weights / weights.max(initial=0) if len(weights) else weights
    return float(plain.sum() ** 2 / (plain**2).sum()) if len(plain) else 0.0


def _dominated(score: Floats, design: Design, cells: Cells, partitions: Partitions) -> set[Cell]:
    """The cells whose answers, by their weights, are as good as fewer than ``LEAST``: what is published of them would
    be, all but, what one or a few people answered, with an interval that does not know it."""
    found: set[Cell] = set()
    there = ~np.isnan(score)
    for kind, own in cells.items():
        order = np.argsort(partitions[kind][there], kind="stable")
        numbers, weights = partitions[kind][there][order], design.weights[there][order]
        ends = np.searchsorted(numbers, np.arange(len(own) + 1))
        for cell, first, last in zip(own, ends[:-1], ends[1:], strict=True):
            if last > first and effective(weights[first:last]) < LEAST - _ROUNDING:
                found.add(cell)
    return found


def _following(
    respondents: pd.DataFrame,
    codebook: Codebook,
    subjects: Mapping[str, Subject],
    found: Mapping[str, Mapping[Cell, Mapping[Any, Any]]],
    not_shown: Mapping[str, Mapping[Cell, str]],
    divided: tuple[Cells, Partitions],
) -> set[tuple[str, Cell]]:
    """The cells to be hidden besides, for those of few answers would follow from them by what subjects and kinds of
    groups have in common."""
    cells, partitions = divided
    more: set[tuple[str, Cell]] = set()
    for questions, others in _blocks(codebook, subjects):
        block = [*questions, *others]
        unpublished = {(key, cell) for key in block for cell in not_shown[key]}
        few = {
            (key, cell): int(found[key][cell]["answers"])
            for key, cell in unpublished
            if cell in found[key] and _is_few(not_shown[key][cell], int(found[key][cell]["answers"]))
        }
        if not few:
            continue
        there = respondents[[subjects[key].code for key in questions]].notna().to_numpy()
        # Who shares all groups and answered the same questions is one of a set; a set counts as it is, not how large.
        every = np.column_stack([*partitions.values(), there])
        _, firsts = np.unique(every, axis=0, return_index=True)
        counted = _counted(there[firsts].astype(float), questions, others, subjects)
        made = forms(counted, {name: numbers[firsts] for name, numbers in partitions.items()})
        rows = {(key, cells[kind][domain]): row for (key, kind, domain), row in made.items() if row.nnz}
        more |= more_hidden(rows, unpublished, few, lambda at: _lost(at, subjects[at[0]], found))
    return more


def _is_few(why: str, answers: int) -> bool:
    """Neither what is hidden for others' sake, nor areas of which nothing is published, however many live there."""
    return why == "dominated" or answers < LEAST


def _lost(
    at: tuple[str, Cell], subject: Subject, found: Mapping[str, Mapping[Cell, Mapping[Any, Any]]]
) -> tuple[bool, bool, int, int, tuple[str, str, str, str]]:
    """The city's own figures are given up last, then those of everybody, then what is made of more, then many."""
    key, cell = at
    whole = cell.kind == EVERYBODY
    rank = ("question", "dimension", "overall").index(subject.kind)
    return (
        cell.area is None and whole, whole, rank, int(found[key][cell]["answers"]),
        (key, cell.area or "", cell.kind, str(cell.group)),
    )  # fmt: skip


def _blocks(codebook: Codebook, subjects: Mapping[str, Subject]) -> Iterator[tuple[list[str], list[str]]]:
    """Questions, and the subjects that are made of them and of no others."""
    by_dimension: dict[str, list[str]] = {}
    for key, subject in subjects.items():
        if subject.kind == "question":
            by_dimension.setdefault(str(subject.dimension_code), []).append(key)
    dimensions = [_key("dimension", code) for code in by_dimension]
    overall = next((key for key in subjects if subjects[key].kind == "overall"), None)
    if overall is not None and all(question.role != "overall" for question in codebook.questions):
        yield [key for own in by_dimension.values() for key in own], [*dimensions, overall]
        return
    if overall is not None:
        yield [overall], []
    for questions, dimension in zip(by_dimension.values(), dimensions, strict=True):
        yield questions, [dimension]


def _counted(
    there: Floats, questions: Sequence[str], others: Sequence[str], subjects: Mapping[str, Subject]
) -> dict[str, Floats]:
    """Of each subject what the answers to ``questions`` count in it; ``there``: which of them were given."""
    counted = {key: there * (np.arange(len(questions)) == place) for place, key in enumerate(questions)}
    dimensions: list[Floats] = []
    for other in others:
        if subjects[other].kind == "dimension":
            own = there * np.array([subjects[key].dimension_code == subjects[other].code for key in questions])
            counted[other] = own / np.maximum(own.sum(axis=1, keepdims=True), 1)
            dimensions.append(counted[other])
        else:
            answered = np.sum([each.any(axis=1, keepdims=True) for each in dimensions], axis=0)
            counted[other] = np.sum(dimensions, axis=0) / np.maximum(answered, 1)
    return counted


def design_of(respondents: pd.DataFrame) -> Design:
    """Where some files of a wave state clusters or strata and others none, those without are clusters of their own."""
    stratum, cluster = respondents["stratum_id"], respondents["cluster_id"]
    alone = pd.Series([f"\0{number}" for number in range(len(respondents))], index=respondents.index)
    return Design.of(
        respondents["weight"].to_numpy(dtype=float),
        stratum.fillna("\0") if stratum.notna().any() else None,
        cluster.fillna(alone) if cluster.notna().any() else None,
    )


Scores = tuple[dict[str, Subject], dict[str, Floats]]


def subjects_scored(respondents: pd.DataFrame, codebook: Codebook, dimensions: Mapping[str, str]) -> Scores:
    """By a key (kind and code) each subject, and everybody's score of it."""
    subjects: dict[str, Subject] = {}
    scores: dict[str, Floats] = {}
    of_dimension: dict[str, list[Floats]] = {}
    overall = next((q for q in codebook.questions if q.role == "overall"), None)
    for question in codebook.questions:
        if question.role != "satisfaction" or question.dimension not in dimensions:
            continue
        score = respondents[question.code].to_numpy(dtype=float)
        of_dimension.setdefault(str(question.dimension), []).append(score)
        subjects[_key("question", question.code)] = Subject(
            "question", question.code, question.wording, question.dimension, question.indicator
        )
        scores[_key("question", question.code)] = score
    whole = {code: mean_answered(of_dimension[code]) for code in dimensions if code in of_dimension}
    for code, score in whole.items():
        subjects[_key("dimension", code)] = Subject("dimension", code, dimensions[code], code)
        scores[_key("dimension", code)] = score
    if overall is not None:
        first = Subject("overall", overall.code, overall.wording)
        subjects[_key("overall", overall.code)] = first
        scores[_key("overall", overall.code)] = respondents[overall.code].to_numpy(dtype=float)
    elif whole:
        subjects[_key("overall", OVERALL)] = Subject("overall", OVERALL, "总体满意度（各维度的平均）")
        scores[_key("overall", OVERALL)] = mean_answered(list(whole.values()))
    return subjects, scores


def _key(kind: str, code: str) -> str:
    return f"{kind}:{code}"


def mean_answered(scores: Sequence[Floats]) -> Floats:
    """Of each respondent the mean of what he answered; NaN where he answered nothing."""
    total, count = np.zeros(len(scores[0])), np.zeros(len(scores[0]))
    for score in scores:
        there = ~np.isnan(score)
        total += np.where(there, score, 0.0)
        count += there
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _cells(
    respondents: pd.DataFrame, codebook: Codebook, city: str
) -> tuple[dict[str, list[Cell]], dict[str, npt.NDArray[np.int64]]]:
    """For each partition the cell of each of its domains, and the number of each respondent's domain."""
    areas = respondents["area_code"].where(respondents["area_code"] != city, "")
    split = (areas != "").any()
    cells: dict[str, list[Cell]] = {}
    numbers: dict[str, npt.NDArray[np.int64]] = {}
    for kind in (EVERYBODY, *codebook.groups):
        named = respondents[f"group:{kind}"] if kind != EVERYBODY else pd.Series(EVERYBODY, index=respondents.index)
        codes, groups = pd.factorize(named, sort=True)
        cells[kind] = [Cell(None, kind, group) for group in groups]
        numbers[kind] = codes.astype(np.int64)
        if split:
            area_codes, area_names = pd.factorize(areas, sort=True)
            cells[f"area {kind}"] = [Cell(area, kind, group) for area in area_names for group in groups]
            numbers[f"area {kind}"] = (area_codes * len(groups) + codes).astype(np.int64)
    return cells, numbers


def _margins(
    cells: Mapping[str, Sequence[Cell]], codebook: Codebook
) -> tuple[list[str], dict[str, list[str]], list[str]]:
    everywhere = [cell.area for cell in cells.get(f"area {EVERYBODY}", ())]
    areas = [area for area in everywhere if area is not None]
    groups = {kind: [cell.group for cell in cells[kind]] for kind in codebook.groups}
    return areas, groups, [area for area in areas if area == ""]


@dataclass(frozen=True)
class Importance:
    """0–100; ``basis`` stated: asked; derived: 100 times the correlation with overall satisfaction."""

    value: float
    basis: Literal["stated", "derived"]


def _importance(respondents: pd.DataFrame, codebook: Codebook, scores: Scores, design: Design) -> dict[str, Importance]:
    """Of questions and dimensions, in the whole city. Where importance was asked of any of a kind, it is derived of
    none: the two are no numbers of one sort, and a matrix of both would compare what cannot be compared."""
    asked = dict(_stated(respondents, codebook, scores, design))
    kinds = {scores[0][key].kind for key in asked}
    return asked | {key: found for key, found in _derived(codebook, scores, design) if scores[0][key].kind not in kinds}


def _stated(
    respondents: pd.DataFrame, codebook: Codebook, scores: Scores, design: Design
) -> Iterator[tuple[str, Importance]]:
    """A dimension of which it was not asked has the mean of its questions, where it was asked of all of them."""
    answered: dict[str, Floats] = {}
    for question in codebook.questions:
        if question.role == "importance" and question.of is not None:
            kind = "question" if _key("question", question.of) in scores[0] else "dimension"
            answered.setdefault(_key(kind, question.of), respondents[question.code].to_numpy(dtype=float))
    for key, subject in scores[0].items():
        if subject.kind == "dimension" and key not in answered:
            own = [
                k for k, each in scores[0].items() if each.kind == "question" and each.dimension_code == subject.code
            ]
            if own and all(k in answered for k in own):
                answered[key] = mean_answered([answered[k] for k in own])
    for key, score in answered.items():
        there = ~np.isnan(score)
        if key in scores[0] and there.sum() >= LEAST:
            yield key, Importance(float(np.average(score[there], weights=design.weights[there])), "stated")


def _derived(codebook: Codebook, scores: Scores, design: Design) -> Iterator[tuple[str, Importance]]:
    overall = next((q.code for q in codebook.questions if q.role == "overall"), None)
    if overall is None:
        return
    against = scores[1][_key("overall", overall)]
    for key, subject in scores[0].items():
        if subject.kind != "overall":
            found = correlation(scores[1][key], against, design.weights)
            if found is not None:
                yield key, Importance(100 * found, "derived")


def correlation(one: Floats, other: Floats, weights: Floats) -> float | None:
    """Pearson's coefficient with weights, of those who answered both; None of too few, or where one never varies."""
    there = ~np.isnan(one) & ~np.isnan(other)
    if there.sum() < _LEAST_PAIRS:
        return None
    x, y, w = one[there], other[there], weights[there]
    x, y = x - np.average(x, weights=w), y - np.average(y, weights=w)
    spread = np.average(x**2, weights=w) * np.average(y**2, weights=w)
    return float(np.average(x * y, weights=w) / np.sqrt(spread)) if spread > 0 else None


def _row(
    subject: Subject,
    cell: Cell,
    found: Mapping[Any, Any],
    why: str | None,
    city: str,
    importance: Importance | None,
) -> dict[str, object]:
    whole = cell.area is None and cell.kind == EVERYBODY
    row: dict[str, object] = {
        "subject_kind": subject.kind,
        "subject_code": subject.code,
        "subject_zh": subject.name_zh,
        "dimension_code": subject.dimension_code,
        "indicator_code": subject.indicator_code,
        "area_code": cell.area or city,
        "group_kind": cell.kind,
        "group_zh": EVERYBODY_ZH if cell.kind == EVERYBODY else cell.group,
        "suppressed": why is not None,
        "suppression_zh": _REASONS_ZH[why] if why else None,
    }
    if why is None:
        row |= {
            "answers": found["answers"],
            "satisfaction": found["mean"],
            "standard_error": found["standard_error"],
            # An index has no values beyond its scale.
            "ci_low": np.maximum(found["ci_low"], 0.0),
            "ci_high": np.minimum(found["ci_high"], 100.0),
            "design_effect": found["design_effect"],
        }
        # Of the whole city only: of its parts it would be one more number to work backwards from.
        if whole and importance is not None:
            row |= {"importance": importance.value, "importance_basis": importance.basis}
    return row
