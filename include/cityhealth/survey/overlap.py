"""What is hidden must not follow from what is published of the same people, over questions and kinds of groups. Pure.

:mod:`~cityhealth.survey.suppression` knows the sums of one subject's table. Subjects are sums of one another too: a
dimension of two questions that skip rules ask of different people is their weighted mean; and a kind of group may be
made of another's groups, or of areas. Which cells do so is seen in the respondents themselves. Each published mean is
taken as known total: a linear form in the sums of scores of the finest sets of people, those who share area, all groups
and which questions they answered (a dimension's form has 1/k where they answered k of its questions). A hidden cell of
few people is given away if its form is a combination of published ones, that is, if it lies in their row space; further
cells are hidden until none does, nor the union of two that together are few.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from cityhealth.survey.suppression import LEAST

Floats = npt.NDArray[np.float64]
Key = TypeVar("Key")

#: Of a form, what is left outside a row space by arithmetic alone; of eigenvalues, what is none.
_NOTHING, _SINGULAR = 1e-8, 1e-10
#: Of a combination, the least part that counts as one.
_PART = 1e-6


def forms(coefficients: Mapping[str, Floats], partitions: Mapping[str, npt.NDArray[np.int64]]) -> dict[Any, Any]:
    """``(subject, partition, domain)`` → its form. ``coefficients``: of each subject what the answers of every
    set of people to each question count (sets × questions); ``partitions``: the number of each set's domain."""
    found: dict[Any, Any] = {}
    for subject, counts in coefficients.items():
        own = sparse.csr_matrix(counts)
        for name, domains in partitions.items():
            for domain in range(int(domains.max(initial=-1)) + 1):
                inside = sparse.diags_array((domains == domain).astype(float))
                form = (inside @ own).tocsr()
                form.eliminate_zeros()
                found[subject, name, domain] = form.reshape((1, -1)).tocsr()
    return found


def more_hidden(
    rows: Mapping[Key, Any], hidden: Collection[Key], few: Mapping[Key, int], loss: Callable[[Key], Any]
) -> set[Key]:
    """What else is to be hidden. ``rows``: of each cell that has answers its form; ``few``: the hidden cells that must
    not follow, with their answers; ``loss``: what is lost with a cell, the least first."""
    targets = [key for key in few if key in rows]
    more: set[Key] = set()
    if not targets:
        return more
    keys = list(rows)
    matrix = sparse.vstack([rows[key] for key in keys]).tocsr()
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    gram = (matrix @ matrix.T).toarray() / np.outer(lengths, lengths)
    place = {key: number for number, key in enumerate(keys)}
    at = np.array([place[key] for key in targets])
    counts, own = np.array([few[key] for key in targets]), lengths[at]
    pairs = _pairs(counts, gram[np.ix_(at, at)])
    shown = [key for key in keys if key not in hidden]
    while shown:
        published = np.array([place[key] for key in shown])
        parts, left = _projected(gram, published, at, own)
        norms = np.diag(left)
        out: set[Key] = set()
        for one, other in (*((number, None) for number in range(len(targets))), *pairs):
            if other is None:
                outside, size, part = norms[one], own[one] ** 2, parts[:, one]
            else:
                outside = norms[one] + norms[other] + 2 * left[one, other]
                size, part = own[one] ** 2 + own[other] ** 2, parts[:, one] + parts[:, other]
            if outside > _NOTHING * size:
                continue
            used = [shown[number] for number in np.flatnonzero(np.abs(part) > _PART * np.abs(part).max())]
            # What was chosen for another may do for this one as well.
            if not out.intersection(used):
                out.add(min(used, key=loss))
        if not out:
            break
        more |= out
        shown = [key for key in shown if key not in out]
    return more


def _projected(
    gram: Floats, published: npt.NDArray[np.int64], at: npt.NDArray[np.int64], lengths: Floats
) -> tuple[Floats, Floats]:
    """Of the targets, how they are made of published forms, as far as they are, and the products of what is left."""
    values, vectors = np.linalg.eigh(gram[np.ix_(published, published)])
    kept = values > _SINGULAR * values.max()
    across = gram[np.ix_(published, at)] * lengths
    inside = vectors[:, kept].T @ across
    parts = vectors[:, kept] @ (inside / values[kept][:, None])
    left = gram[np.ix_(at, at)] * np.outer(lengths, lengths) - inside.T @ (inside / values[kept][:, None])
    return parts, left


def _pairs(counts: npt.NDArray[np.int64], products: Floats) -> Sequence[tuple[int, int]]:
    """Of cells without anybody in common, the pairs that are few together."""
    first, second = np.nonzero(np.triu((counts[:, None] + counts[None, :] < LEAST) & (products < _NOTHING), 1))
    return list(zip(first.tolist(), second.tolist(), strict=True))
