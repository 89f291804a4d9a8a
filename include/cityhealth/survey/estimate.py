"""Weighted means of domains with standard errors and intervals that honour weights, strata and clusters. Pure.

A mean of a domain is a ratio of two estimated totals, its variance that of Taylor linearisation with primary sampling
units (PSUs) as if drawn with replacement within strata: Lohr, Sampling: Design and Analysis, 2nd ed., 9.1 and 14.2
(domains); Wolter, Introduction to Variance Estimation, 2nd ed., 6.3 and 6.11. With scores y, weights w and domain d,

    R = Σ w y / Σ w over d,   z(PSU) = Σ w (y − R) over d in the PSU / Σ w over d,
    V = Σ over strata n/(n − 1) · Σ over PSUs (z − mean of z)²,

in which n counts all PSUs of the stratum, also those without anybody of the domain. A stratum of one PSU has no mean
of its own: its z is taken against 0, the mean over all (R: survey.lonely.psu = "adjust"). The interval is that of
Student's t, with PSUs less strata in which the domain has somebody as degrees of freedom.

The library svy gives the same numbers (tests hold both to 1e-9). It estimates one variable at a time over all rows;
here rows are summed up once per PSU and domain, and everything else is arithmetic over those sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

#: Of an interval, outside on each side.
_TAIL = 0.025

ESTIMATES = ("subject", "partition", "domain", "answers", "mean", "standard_error", "ci_low", "ci_high",
             "design_effect", "degrees")  # fmt: skip


@dataclass(frozen=True)
class Design:
    """How respondents were drawn: a weight and the number of a PSU for each, a stratum for each PSU."""

    weights: Floats
    clusters: Codes
    stratum_of: Codes

    @classmethod
    def of(
        cls,
        weights: npt.ArrayLike,
        strata: pd.Series | npt.NDArray | None = None,
        clusters: pd.Series | npt.NDArray | None = None,
    ) -> Design:
        """Without clusters each respondent is a PSU, without strata all are one. A cluster's name holds within its
        stratum: the same name in two strata is two PSUs.

        Raises:
            ValueError: a weight is missing, zero or negative, or a stratum or cluster is missing.
        """
        weight = np.ascontiguousarray(weights, dtype=np.float64)
        if not (weight > 0).all() or not np.isfinite(weight).all():
            raise ValueError("weights must be positive numbers")
        stratum = np.zeros(len(weight), dtype=np.int64) if strata is None else _codes(strata)
        if clusters is None:
            return cls(weight, np.arange(len(weight)), stratum)
        named = _codes(clusters)
        pairs = stratum * (named.max(initial=0) + 1) + named
        numbers, firsts = _numbered(pairs)
        return cls(weight, numbers, stratum[firsts])

    @property
    def strata(self) -> int:
        return int(self.stratum_of.max(initial=-1)) + 1

    def __len__(self) -> int:
        return len(self.weights)


def _codes(names: pd.Series | npt.NDArray) -> Codes:
    numbers, _ = pd.factorize(names)
    if (numbers < 0).any():
        raise ValueError("a stratum or cluster is missing")
    return numbers.astype(np.int64)


def _numbered(keys: Codes) -> tuple[Codes, Codes]:
    """Each key's number in order of appearance, and where each first appears."""
    numbers, uniques = pd.factorize(keys)
    firsts = np.full(len(uniques), len(keys), dtype=np.int64)
    np.minimum.at(firsts, numbers, np.arange(len(keys)))
    return numbers.astype(np.int64), firsts


@dataclass(frozen=True)
class _Partition:
    """Domains that do not overlap. ``pair_of``: of each sum the pair (PSU, domain) it is part of, or the last one more,
    which stands for none; ``cluster`` and ``domain``: of each pair."""

    count: int
    pair_of: Codes
    cluster: Codes
    domain: Codes

    @classmethod
    def of(cls, domains: Codes, clusters: Codes, cluster_count: int) -> _Partition:
        count = int(domains.max(initial=-1)) + 1
        inside = domains >= 0
        keys = np.where(inside, domains * cluster_count + clusters, -1)
        distinct = np.unique(keys[inside])
        pair_of = np.where(inside, np.searchsorted(distinct, keys), len(distinct))
        return cls(count, pair_of, distinct % cluster_count, distinct // cluster_count)


def means(
    values: Mapping[str, npt.ArrayLike] | pd.DataFrame, design: Design, partitions: Mapping[str, Codes]
) -> pd.DataFrame:
    """``ESTIMATES``: of each column of ``values`` (NaN: no answer) the mean in every domain of every partition.

    ``partitions``: name → the number of each respondent's domain, from 0, or -1 for none. Where a domain has no answer
    there is no mean, where it has no degree of freedom no error and no interval. ``design_effect``: the variance over
    that of as many answers drawn at random with replacement.
    """
    cluster_count = len(design.stratum_of)
    fine, firsts = _sums_of(design, partitions)
    clusters = design.clusters[firsts]
    split = {
        name: _Partition.of(np.asarray(codes, dtype=np.int64)[firsts], clusters, cluster_count)
        for name, codes in partitions.items()
    }
    parts = []
    for subject in values:
        score = np.asarray(values[subject], dtype=np.float64)
        sums = _Sums.of(score, design.weights, fine, len(firsts))
        parts += [
            _estimated(sums, partition, design).assign(subject=subject, partition=name)
            for name, partition in split.items()
        ]
    if not parts:
        return pd.DataFrame(columns=list(ESTIMATES))
    return pd.concat(parts, ignore_index=True)[list(ESTIMATES)]


def _sums_of(design: Design, partitions: Mapping[str, Codes]) -> tuple[Codes, Codes]:
    """Of each respondent the number of the sum he goes into: those of one PSU that share all domains."""
    if len(design.stratum_of) == len(design):
        # Each is a PSU: there is nothing to sum up.
        everyone = np.arange(len(design))
        return everyone, everyone
    keys = design.clusters
    for codes in partitions.values():
        own = np.asarray(codes, dtype=np.int64)
        keys, _ = _numbered(keys * (own.max(initial=0) + 2) + own + 1)
    return _numbered(keys)


@dataclass(frozen=True)
class _Sums:
    """By fine cell: weights of those who answered, weighted scores and squares, and their number.

    Scores are taken from ``centre``, so that squares of large numbers do not swallow small differences.
    """

    centre: float
    weight: Floats
    score: Floats
    square: Floats
    answers: Floats

    @classmethod
    def of(cls, score: Floats, weights: Floats, fine: Codes, count: int) -> _Sums:
        there = ~np.isnan(score)
        centre = float(score[there][:1000].mean()) if there.any() else 0.0
        weight = np.where(there, weights, 0.0)
        moved = np.where(there, score - centre, 0.0)
        weighted = weight * moved
        if count == len(score):
            return cls(centre, weight, weighted, weighted * moved, there.astype(np.float64))
        return cls(
            centre,
            np.bincount(fine, weight, count),
            np.bincount(fine, weighted, count),
            np.bincount(fine, weighted * moved, count),
            np.bincount(fine, there, count),
        )


def _estimated(sums: _Sums, partition: _Partition, design: Design) -> pd.DataFrame:
    pairs, count, strata = len(partition.domain), partition.count, design.strata

    def by_pair(values: Floats) -> Floats:
        return np.bincount(partition.pair_of, values, pairs + 1)[:pairs]

    def by_domain(values: Floats) -> Floats:
        return np.bincount(partition.domain, values, count)

    weight, score, answers = by_pair(sums.weight), by_pair(sums.score), by_pair(sums.answers)
    total, answered = by_domain(weight), by_domain(answers)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = by_domain(score) / total
        residual = (score - moved[partition.domain] * weight) / total[partition.domain]
        square = by_domain(by_pair(sums.square)) / total - moved**2
    variance, degrees = _variance(np.nan_to_num(residual), answers > 0, partition, design, strata)
    known = (answered > 0) & (degrees > 0)
    error = np.where(known, np.sqrt(variance), np.nan)
    reach = np.full(count, np.nan)
    reach[known] = -stdtrit(degrees[known], _TAIL) * error[known]
    mean = np.where(answered > 0, moved + sums.centre, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Its element variance has n − 1 for a divisor, its own variance n.
        simple = np.maximum(square, 0) * answered / (answered - 1) / answered
        effect = np.where(known & (simple > 0), variance / simple, np.nan)
    return pd.DataFrame(
        {
            "domain": np.arange(count),
            "answers": answered.astype(np.int64),
            "mean": mean,
            "standard_error": error,
            "ci_low": mean - reach,
            "ci_high": mean + reach,
            "design_effect": effect,
            "degrees": degrees,
        }
    )


def _variance(
    residual: Floats, present: npt.NDArray[np.bool_], partition: _Partition, design: Design, strata: int
) -> tuple[Floats, Codes]:
    """Of each domain the variance, and the degrees of freedom."""
    count = partition.count
    cells = partition.domain * strata + design.stratum_of[partition.cluster]
    size = count * strata
    of_all = np.bincount(design.stratum_of, minlength=strata).astype(np.float64)
    drawn = np.tile(of_all, count)
    seen = np.bincount(cells, minlength=size)
    # Against 0 where a stratum has one PSU.
    centre = np.where(drawn > 1, np.bincount(cells, residual, size) / np.maximum(drawn, 1), 0.0)
    spread = np.bincount(cells, (residual - centre[cells]) ** 2, size) + (drawn - seen) * centre**2
    scale = np.where(drawn > 1, drawn / np.maximum(drawn - 1, 1), 1.0)
    variance = (scale * spread).reshape(count, strata).sum(axis=1)
    answering = np.bincount(cells, present, size).reshape(count, strata)
    return variance, (answering.sum(axis=1) - (answering > 0).sum(axis=1)).astype(np.int64)
