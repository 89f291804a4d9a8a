"""Weighted indices with intervals of a million respondents and sixty questions, by area and group: against a plain
pandas group-by, which has the means alone, and against svy, which has the same numbers."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import svy

sys.path.insert(0, str(Path(__file__).parent))
from harness import best_of, peak_mebibytes, report

from cityhealth.survey.estimate import Design, means

AREAS, GROUPS, STRATA, CLUSTERS = 6, 4, 12, 100


def survey(respondents: int, questions: int) -> pd.DataFrame:
    """Answers on five steps, a tenth of them missing, of people in communities within strata."""
    rng = np.random.default_rng(60)
    stratum = rng.integers(0, STRATA, respondents)
    columns = {
        "weight": rng.uniform(0.5, 3, respondents),
        "stratum": stratum,
        "cluster": stratum * CLUSTERS + rng.integers(0, CLUSTERS, respondents),
        "area": stratum % AREAS,
        "group": rng.integers(0, GROUPS, respondents),
    }
    steps = np.array([0, 25, 50, 75, 100, np.nan])
    for number in range(questions):
        columns[f"q{number}"] = steps[rng.choice(6, respondents, p=[0.08, 0.16, 0.26, 0.25, 0.15, 0.1])]
    return pd.DataFrame(columns)


def partitions(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Everybody, areas, groups, areas by groups."""
    area, group = frame["area"].to_numpy(), frame["group"].to_numpy()
    return {"all": np.zeros(len(frame), dtype=np.int64), "area": area, "group": group, "both": area * GROUPS + group}


def ours(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    design = Design.of(frame["weight"].to_numpy(), frame["stratum"], frame["cluster"])
    return means({name: frame[name].to_numpy() for name in names}, design, partitions(frame))


def by_pandas(frame: pd.DataFrame, names: list[str]) -> list[pd.DataFrame]:
    """Weighted means alone, as one would write them."""
    scores = frame[names]
    weighted, weights = scores.mul(frame["weight"], axis=0), scores.notna().mul(frame["weight"], axis=0)
    found = [pd.DataFrame([weighted.sum() / weights.sum()])]
    for keys in (["area"], ["group"], ["area", "group"]):
        by = [frame[key] for key in keys]
        found.append(weighted.groupby(by).sum() / weights.groupby(by).sum())
    return found


def by_svy(frame: pl.DataFrame, names: list[str]) -> list[pl.DataFrame]:
    sample = svy.Sample(data=frame, design=svy.Design(wgt="weight", stratum="stratum", psu="cluster"))
    return [
        sample.estimation.mean(name, by=by, drop_nulls=True).to_polars()
        for name in names
        for by in (None, "area", "group", ("area", "group"))
    ]


def main(respondents: int, questions: int, of_svy: int) -> None:
    frame = survey(respondents, questions)
    names = [name for name in frame if str(name).startswith("q")]
    what = f"{respondents:,} respondents × {questions} questions"
    seconds = best_of(2, lambda: ours(frame, names))
    report(
        f"indices with intervals, {what}", seconds, "pandas, means only", best_of(2, lambda: by_pandas(frame, names))
    )
    few = names[:of_svy]
    answers = pl.from_pandas(frame[["weight", "stratum", "cluster", "area", "group", *few]]).with_columns(
        pl.col(few).fill_nan(None), pl.col("stratum", "cluster", "area", "group").cast(pl.String)
    )
    own = best_of(2, lambda: ours(frame, few))
    started = time.perf_counter()
    theirs = by_svy(answers, few)
    peer = time.perf_counter() - started
    report(f"the same, {of_svy} of the questions", own, "svy", peer)
    found = ours(frame, few)
    apart = 0.0
    for number, name in enumerate(few):
        for place, (part, keys) in enumerate(
            (("all", []), ("area", ["area"]), ("group", ["group"]), ("both", ["area", "group"]))
        ):
            table = theirs[4 * number + place].sort(keys) if keys else theirs[4 * number + place]
            mine = found.loc[(found["subject"] == name) & (found["partition"] == part)]
            for one, other in (("mean", "est"), ("standard_error", "se"), ("ci_low", "lci"), ("ci_high", "uci")):
                apart = max(apart, float(np.abs(mine[one].to_numpy() - table[other].to_numpy()).max()))
    print(f"  means, errors and ends of intervals differ by at most {apart:.2g}; peak {peak_mebibytes():.0f} MiB")
    alone = frame.assign(cluster=np.arange(respondents))
    whole = best_of(1, lambda: ours(alone, names))
    print(f"  without clusters, each respondent by himself: {whole:.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--respondents", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--of-svy", type=int, default=3, help="How many questions svy is asked.")
    arguments = parser.parse_args()
    main(arguments.respondents, arguments.questions, arguments.of_svy)
