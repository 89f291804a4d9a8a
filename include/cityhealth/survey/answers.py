"""From what respondents answered to scores, as the codebook says; what does not fit it, by respondent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cityhealth.survey.codebook import Codebook, answer_key

#: In place of a reason for which there is no answer: one was given that the skip rules exclude, so it does not count.
SKIP_BROKEN = "skip_broken"
#: Of how many answers a respondent's finding speaks.
_SHOWN = 3


@dataclass(frozen=True)
class Scored:
    """``scores``: a column per question, 0–100 or NaN. ``missing``: likewise, why there is no score, or None.

    ``unscaled`` and ``skip_broken``: per respondent, question → the answer that is off the scale, or not to be there.
    """

    scores: pd.DataFrame
    missing: pd.DataFrame
    unscaled: pd.Series
    skip_broken: pd.Series


def score(texts: pd.DataFrame, codebook: Codebook) -> Scored:
    """Score the answers; ``texts`` has a column per column of the file, with None or "" where nothing was written.

    An answer that the skip rules exclude is none. One that is neither on the scale nor among the reasons for which
    there is none is off the scale, and has no score.
    """
    keys = {question.code: _keys(texts, question.place) for question in codebook.questions}
    scores: dict[str, np.ndarray] = {}
    missing: dict[str, np.ndarray] = {}
    unscaled: list[dict[str, str]] = [{} for _ in range(len(texts))]
    broken: list[dict[str, str]] = [{} for _ in range(len(texts))]
    for question in codebook.questions:
        if question.role == "filter":
            continue
        own = keys[question.code]
        scale, reasons = codebook.scale_of(question), codebook.missing_of(question)
        found = own.map(scale).to_numpy(dtype=float, na_value=np.nan)
        why = own.map(reasons).astype(object).where(own.isin(list(reasons)), None).to_numpy()
        answered = (own != "").to_numpy()
        off = answered & np.isnan(found) & ~own.isin(list(reasons)).to_numpy()
        skipped = np.zeros(len(texts), dtype=bool)
        for skip in question.skip:
            wanted = {answer_key(answer) for answer in skip.answers}
            if skip.question in keys:
                skipped |= keys[skip.question].isin(wanted).to_numpy()
        against = skipped & ~np.isnan(found)
        # What no scale is given for is the codebook's fault, said once.
        off &= bool(scale)
        for place, at in ((unscaled, off), (broken, against)):
            for row in np.flatnonzero(at):
                place[row][question.code] = str(texts[question.place].iloc[row]).strip()
        scores[question.code] = np.where(against, np.nan, found)
        missing[question.code] = np.where(
            against,
            SKIP_BROKEN,
            np.where(skipped & pd.isna(why), "not_applicable", why),
        )
    index = texts.index
    return Scored(
        pd.DataFrame(scores, index=index),
        pd.DataFrame(missing, index=index, dtype=object),
        pd.Series(unscaled, index=index, dtype=object),
        pd.Series(broken, index=index, dtype=object),
    )


def said(answers: Mapping[str, str]) -> str:
    """``题 Q05 答「7」、…`` of the first few."""
    shown = [f"{code} 答「{answer}」" for code, answer in list(answers.items())[:_SHOWN]]
    return "、".join(shown) + (f"等 {len(answers)} 题" if len(answers) > _SHOWN else "")


def _keys(texts: pd.DataFrame, column: str) -> pd.Series:
    if column not in texts:
        return pd.Series("", index=texts.index, dtype=object)
    own = texts[column].fillna("").astype(object)
    return own.map({text: answer_key(text) for text in own.unique()}).astype(object)
