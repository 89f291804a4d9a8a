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
#: Of a sum of squares, what arithmetic of so many figures cannot tell from nothing.
_ROUNDING = 1e-12

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
    """Domains that do not overlap. ``pair_of``: of each sum the pair (unit, domain) that it is part of, or one more
    than there are, which stands for none; ``unit`` (a PSU, or a stratum) and ``domain``: of each pair."""

    count: int
    pair_of: Codes
    unit: Codes
    domain: Codes

    @classmethod
    def of(cls, domains: Codes, units: Codes, unit_count: int) -> _Partition:
        count = int(domains.max(initial=-1)) + 1
        inside = domains >= 0
        keys = np.where(inside, domains * unit_count + units, -1)
        distinct = np.unique(keys[inside])
        pair_of = np.where(inside, np.searchsorted(distinct, keys), len(distinct))
        return cls(count, pair_of, distinct % unit_count, distinct // unit_count)


def means(values: Mapping[str, npt.ArrayLike], design: Design, partitions: Mapping[str, npt.ArrayLike]) -> pd.DataFrame:
    """``ESTIMATES``: of each column of ``values`` (NaN: no answer) the mean in every domain of every partition.

    ``partitions``: name → the number of each respondent's domain, from 0, or -1 for none. Where a domain has no answer
    there is no mean, where it has no degree of freedom no error and no interval. ``design_effect``: the variance over
    that of as many answers drawn at random with replacement.
    """
    domains = {name: np.asarray(codes, dtype=np.int64) for name, codes in partitions.items()}
    # Where each respondent is a PSU, the sums of a stratum are all that is needed.
    alone = len(design.stratum_of) == len(design)
    units = design.stratum_of if alone else design.clusters
    unit_count = design.strata if alone else len(design.stratum_of)
    fine, firsts = _cells(units, domains)
    split = {name: _Partition.of(codes[firsts], units[firsts], unit_count) for name, codes in domains.items()}
    found: dict[str, list[npt.NDArray]] = {name: [] for name in ESTIMATES}
    for subject in values:
        sums = _Sums.of(np.asarray(values[subject], dtype=np.float64), design.weights, fine, len(firsts), alone)
        for name, partition in split.items():
            estimated = _estimated(sums, partition, design)
            for column, array in estimated.items():
                found[column].append(array)
            for column, text in (("subject", subject), ("partition", name)):
                found[column].append(np.full(partition.count, text, dtype=object))
    if not found["mean"]:
        return pd.DataFrame(columns=list(ESTIMATES))
    return pd.DataFrame({column: np.concatenate(arrays) for column, arrays in found.items()})


def _cells(units: Codes, domains: Mapping[str, Codes]) -> tuple[Codes, Codes]:
    """Of each respondent the number of the sum he goes into: those of one unit that share all domains."""
    keys = units
    for codes in domains.values():
        keys, _ = _numbered(keys * (codes.max(initial=0) + 2) + codes + 1)
    return _numbered(keys)


@dataclass(frozen=True)
class _Sums:
    """By fine cell: weights of those who answered, weighted scores and squares, and their number; where each respondent
    is a PSU (``alone``) the same by squares of weights, else nothing.

    ``low`` and ``high`` are the ends of all scores. Sums are of scores less ``centre``, so that squares of large
    numbers do not swallow small differences.
    """

    centre: float
    low: float
    high: float
    weight: Floats
    score: Floats
    square: Floats
    answers: Floats
    alone: tuple[Floats, Floats, Floats] | None

    @classmethod
    def of(cls, score: Floats, weights: Floats, fine: Codes, count: int, alone: bool) -> _Sums:
        there = ~np.isnan(score)
        centre = float(score[there][:1000].mean()) if there.any() else 0.0
        weight = weights * there
        moved = np.where(there, score - centre, 0.0)
        weighted = weight * moved

        def summed(each: npt.NDArray) -> Floats:
            return np.bincount(fine, each, count).astype(np.float64, copy=False)

        squares = (summed(weight**2), summed(weight * weighted), summed(weighted**2)) if alone else None
        ends = float(np.fmin.reduce(score, initial=np.inf)), float(np.fmax.reduce(score, initial=-np.inf))
        return cls(centre, *ends, summed(weight), summed(weighted), summed(weighted * moved), summed(there), squares)


def _estimated(sums: _Sums, partition: _Partition, design: Design) -> dict[str, npt.NDArray]:
    pairs, count = len(partition.domain), partition.count

    def by_pair(values: Floats) -> Floats:
        return np.bincount(partition.pair_of, values, pairs + 1)[:pairs].astype(np.float64, copy=False)

    def by_domain(values: Floats) -> Floats:
        return np.bincount(partition.domain, values, count).astype(np.float64, copy=False)

    weight, score, answers = by_pair(sums.weight), by_pair(sums.score), by_pair(sums.answers)
    total, answered = by_domain(weight), by_domain(answers)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = by_domain(score) / total
        mean_square = by_domain(by_pair(sums.square)) / total
        square = np.where(mean_square - moved**2 > _ROUNDING * mean_square, mean_square - moved**2, 0.0)
        own_total, own_moved = total[partition.domain], moved[partition.domain]
        residual = np.nan_to_num((score - own_moved * weight) / own_total)
        if sums.alone is None:
            variance, degrees = _of_clusters(residual, answers > 0, partition, design)
        else:
            weights2, scores2, squares2 = (by_pair(each) for each in sums.alone)
            spread = (squares2 - 2 * own_moved * scores2 + own_moved**2 * weights2) / own_total**2
            # What is left of equal answers is no variance but rounding.
            least = _ROUNDING * (squares2 + own_moved**2 * weights2) / own_total**2
            spread = np.nan_to_num(np.where(spread < least, 0.0, spread))
            variance, degrees = _of_respondents(residual, spread, answers, partition, design)
    known = (answered > 0) & (degrees > 0)
    error = np.where(known, np.sqrt(variance), np.nan)
    reach = np.full(count, np.nan)
    reach[known] = -stdtrit(degrees[known], _TAIL) * error[known]
    # No mean lies beyond its scores, though arithmetic may put it there by a hair.
    mean = np.where(answered > 0, np.clip(moved + sums.centre, sums.low, sums.high), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Its element variance has n − 1 for a divisor, its own variance n.
        simple = square * answered / (answered - 1) / answered
        effect = np.where(known & (simple > 0), variance / simple, np.nan)
    return {
        "domain": np.arange(count),
        "answers": answered.astype(np.int64),
        "mean": mean,
        "standard_error": error,
        "ci_low": mean - reach,
        "ci_high": mean + reach,
        "design_effect": effect,
        "degrees": degrees,
    }


def _of_clusters(
    residual: Floats, present: npt.NDArray[np.bool_], partition: _Partition, design: Design
) -> tuple[Floats, Codes]:
    """Of each domain the variance, and the degrees of freedom; a pair is a PSU and a domain."""
    count, strata = partition.count, design.strata
    cells = partition.domain * strata + design.stratum_of[partition.unit]
    size = count * strata
    drawn = np.tile(np.bincount(design.stratum_of, minlength=strata), count).astype(np.float64)
    seen = np.bincount(cells, minlength=size)
    # Against 0 where a stratum has one PSU.
    centre = np.where(drawn > 1, np.bincount(cells, residual, size) / np.maximum(drawn, 1), 0.0)
    spread = np.bincount(cells, (residual - centre[cells]) ** 2, size) + (drawn - seen) * centre**2
    variance = (_scale(drawn) * spread).reshape(count, strata).sum(axis=1)
    answering = np.bincount(cells, present, size).reshape(count, strata)
    return variance, (answering.sum(axis=1) - (answering > 0).sum(axis=1)).astype(np.int64)


def _of_respondents(
    residual: Floats, spread: Floats, answers: Floats, partition: _Partition, design: Design
) -> tuple[Floats, Codes]:
    """The same where a pair is a stratum and a domain: ``spread`` is the sum of squares of its respondents' z."""
    drawn = np.bincount(design.stratum_of, minlength=design.strata)[partition.unit].astype(np.float64)
    around = np.where(drawn > 1, spread - residual**2 / drawn, spread)
    variance = np.bincount(partition.domain, _scale(drawn) * np.maximum(around, 0), partition.count)
    degrees = np.bincount(partition.domain, answers - (answers > 0), partition.count)
    return variance.astype(np.float64, copy=False), degrees.astype(np.int64)


def _scale(drawn: Floats) -> Floats:
    return np.where(drawn > 1, drawn / np.maximum(drawn - 1, 1), 1.0)
