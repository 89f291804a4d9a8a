"""Asking a function once per distinct content: a million lines hold a few hundred items, areas and periods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd


def by_distinct(
    rows: pd.DataFrame, keys: Sequence[str], function: Callable[..., Sequence[Any]], columns: Sequence[str]
) -> pd.DataFrame:
    """``rows`` with ``columns`` = ``function(*keys)``, called once for each distinct combination of ``keys``.

    What is absent (None, NaN) reaches the function as None; the new columns hold objects, absent as None.
    """
    numbers, firsts = _numbered([rows[key] for key in keys])
    asked = zip(*([_none_if_absent(v) for v in rows[key].iloc[firsts].tolist()] for key in keys), strict=True)
    answers = [function(*key) for key in asked]
    new = {}
    for position, name in enumerate(columns):
        distinct = np.empty(len(answers), dtype=object)
        distinct[:] = [answer[position] for answer in answers]
        new[name] = pd.Series(distinct[numbers], index=rows.index, dtype=object)
    return rows.assign(**new)


def _numbered(columns: Sequence[pd.Series]) -> tuple[np.ndarray, np.ndarray]:
    """For each row the number of its combination, and for each combination the position of its first row."""
    numbers = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        codes, distinct = pd.factorize(column, use_na_sentinel=False)
        # Numbered anew after each column, so that the product stays far below 2⁶³.
        numbers, _ = pd.factorize(numbers * max(1, len(distinct)) + codes)
    _, firsts = np.unique(numbers, return_index=True)
    return numbers, firsts


def _none_if_absent(value: Any) -> Any:
    return None if value is None or value is pd.NaT or value is pd.NA or value != value else value
