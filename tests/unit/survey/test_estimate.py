"""Means with their errors: the numbers of the library svy, on designs of every kind, and what has none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pytest
import svy
from hypothesis import given, strategies as st

from cityhealth.survey.estimate import Design, means

SIZE = 700
_SAME = {
    "est": "mean", "se": "standard_error", "lci": "ci_low", "uci": "ci_high", "deff": "design_effect",
    "df": "degrees", "n": "answers",
}  # fmt: skip


def drawn(seed: int) -> dict[str, npt.NDArray]:
    rng = np.random.default_rng(seed)
    score = rng.choice([0, 25, 50, 75, 100, np.nan], SIZE)
    return {
        "weight": rng.uniform(0.3, 4, SIZE),
        "stratum": rng.integers(0, 5, SIZE),
        "cluster": rng.integers(0, 9, SIZE),
        "domain": rng.integers(0, 6, SIZE),
        "score": score,
    }


def by_svy(given: dict[str, npt.NDArray], names: dict[str, str], grouped: bool, singleton: str | None) -> pl.DataFrame:
    """Of the library, in the order of the domains."""
    frame = pl.DataFrame(
        {
            "w": given["weight"],
            "score": given["score"],
            **{name: given[name].astype(str) for name in ("stratum", "cluster", "domain")},
        }
    ).with_columns(pl.col("score").fill_nan(None))
    sample = svy.Sample(data=frame, design=svy.Design(wgt="w", singleton=singleton, **names))
    found = sample.estimation.mean("score", by="domain" if grouped else None, drop_nulls=True, deff="wr").to_polars()
    return found.sort("domain") if grouped else found


@pytest.mark.parametrize("grouped", [False, True], ids=["all", "by domain"])
@pytest.mark.parametrize("design", ["weights", "strata", "clusters", "strata and clusters", "a stratum of one cluster"])
def test_means_errors_intervals_and_design_effects_are_those_of_svy(design: str, grouped: bool) -> None:
    given = drawn(len(design))
    names, singleton = {}, None
    if design == "a stratum of one cluster":
        given["cluster"][given["stratum"] == 4] = 3
        singleton = "center"
    if design in ("strata", "strata and clusters", "a stratum of one cluster"):
        names["stratum"] = "stratum"
    if design in ("clusters", "strata and clusters", "a stratum of one cluster"):
        names["psu"] = "cluster"
    ours = means(
        {"score": given["score"]},
        Design.of(
            given["weight"],
            given["stratum"] if "stratum" in names else None,
            given["cluster"] if "psu" in names else None,
        ),
        {"domains": given["domain"] if grouped else np.zeros(SIZE, dtype=np.int64)},
    )
    theirs = by_svy(given, names, grouped, singleton)
    for name, own in _SAME.items():
        np.testing.assert_allclose(ours[own].to_numpy(dtype=float), theirs[name].to_numpy(), rtol=1e-9, atol=1e-9)


def test_by_hand_two_strata_of_two_clusters() -> None:
    # The mean is 50, z of the clusters of each stratum −50/4 and 50/4, their mean 0: V = 2 strata · 2/1 · 2 · 12.5².
    design = Design.of([1.0] * 4, np.array([0, 0, 1, 1]), np.array([1, 2, 1, 2]))
    found = means({"q": [0.0, 100.0, 0.0, 100.0]}, design, {"all": np.zeros(4, dtype=np.int64)}).iloc[0]
    assert (found["mean"], found["answers"], found["degrees"]) == (50, 4, 2)
    assert found["standard_error"] == pytest.approx(np.sqrt(2 * 2 * 2 * 12.5**2))


def test_a_clusters_name_holds_within_its_stratum() -> None:
    strata, clusters = np.array([0, 0, 1, 1]), np.array(["a", "b", "a", "b"])
    assert len(Design.of([1.0] * 4, strata, clusters).stratum_of) == 4
    assert len(Design.of([1.0] * 4, None, clusters).stratum_of) == 2


def test_where_nobody_answered_there_is_no_mean_and_where_one_did_no_interval() -> None:
    design = Design.of([1.0, 2.0, 1.0])
    found = means({"q": [np.nan, 40.0, np.nan]}, design, {"each": np.array([0, 1, 2]), "none": np.full(3, -1)})
    assert found["answers"].tolist() == [0, 1, 0]
    assert found["mean"].tolist()[1] == 40 and found["mean"].isna().tolist() == [True, False, True]
    assert found[["standard_error", "ci_low", "ci_high", "design_effect"]].isna().all(axis=None)
    assert means({}, design, {"each": np.array([0, 1, 2])}).empty


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan, np.inf])
def test_weights_that_are_no_weights_are_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        Design.of([1.0, weight])


def test_a_missing_cluster_is_refused() -> None:
    with pytest.raises(ValueError, match="missing"):
        Design.of([1.0, 1.0], None, pd.Series(["a", None]))


@given(st.integers(0, 10_000), st.integers(1, 40), st.sampled_from([0.01, 7.0, 1e4]))
def test_neither_the_unit_of_weights_nor_the_order_of_rows_changes_anything(
    seed: int, size: int, factor: float
) -> None:
    rng = np.random.default_rng(seed)
    score = rng.choice([0, 25, 75, 100, np.nan], size)
    weight, stratum, cluster = rng.uniform(0.1, 9, size), rng.integers(0, 3, size), rng.integers(0, 4, size)
    domain = rng.integers(0, 3, size)

    def estimated(order: npt.NDArray, factor: float) -> pd.DataFrame:
        design = Design.of(weight[order] * factor, stratum[order], cluster[order])
        found = means({"q": score[order]}, design, {"d": domain[order], "all": np.zeros(size, dtype=int)})
        return found.drop(columns=["subject"]).set_index(["partition", "domain"])

    one, other = estimated(np.arange(size), 1.0), estimated(rng.permutation(size), factor)
    pd.testing.assert_frame_equal(one, other, rtol=1e-6, atol=1e-6)
    assert one["mean"].dropna().between(0, 100).all()
