"""The list of problems over ten years of half-month summaries against one year, beside pandas doing the same.

Time must grow no faster than the rows of the history. The peer reads the same editions into pandas, judges them by the
same rules and finds where each problem opened and closed.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import pandas as pd
import pyarrow as pa
from harness import best_of, report, temporary_warehouse

from cityhealth.catalogue import Catalogue, load
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT, Settings
from cityhealth.transform import build, editions
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.loading import append

PERIODS_A_YEAR = 24
HISTORIES = (1, 10)
REPEATS = 3
MODELS = (
    "int_problem_periods", "int_problem_moment", "int_problem_snapshots", "int_problems_judged", "int_problem_spells",
    "int_problem_subjects", "problem_list", "problem_evidence", "rectification_status",
)  # fmt: skip
BELOW = {"140500-BUA": [f"140500-C{n}" for n in range(1, 7)]}


def hand_in(warehouse: Warehouse, catalogue: Catalogue, periods: Sequence[datetime], draw: random.Random) -> int:
    """Editions of so many periods, straight into the marts: every indicator in its area and those below it."""
    indicators = [i for i in catalogue.indicators if (i.year, i.status) == (2021, "official")]
    default = catalogue.examination(2021).default_area_code
    rows, count = [], 0
    scores: dict[tuple[str, str], float] = {}
    for cutoff in periods:
        key = cutoff.date().isoformat()
        for indicator in indicators:
            area = indicator.area_code or default
            for where in (area, *BELOW.get(area, ())):
                now = scores.get((indicator.code, where), draw.uniform(60, 100)) + draw.gauss(0, 4)
                scores[indicator.code, where] = min(100.0, max(40.0, now))
            others = [
                {"area_code": where, "value": scores[indicator.code, where], "score": scores[indicator.code, where]}
                for where in BELOW.get(area, ())
            ]
            count += 1 + len(others)
            rows.append(
                {
                    "period": key, "edition": 1, "system": "mohurd", "year": 2021, "code": indicator.code,
                    "area_code": area, "value": scores[indicator.code, area], "state": "value",
                    "score": scores[indicator.code, area], "synthetic": True, "other_areas": json.dumps(others),
                }
            )  # fmt: skip
    with warehouse.connect("transformer") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.edition (period, edition, system, year, number, cutoff, code_hash, catalogue_hash,"
            " gate_hash, status) values (%s, 1, 'mohurd', 2021, 1, %s, '', '', '', 'success')",
            [(cutoff.date().isoformat(), cutoff) for cutoff in periods],
        )
    with warehouse.arrow("transformer") as connection:
        table = pa.Table.from_pylist(rows)
        table = table.set_column(3, "year", table["year"].cast(pa.int32()))
        table = table.set_column(1, "edition", table["edition"].cast(pa.int32()))
        append(connection, "marts", "indicator_scorecard_asof_editions", table)
        connection.commit()
    with warehouse.connect("admin", autocommit=True) as connection:
        connection.execute("vacuum analyze marts.indicator_scorecard_asof_editions")
    return count


def seconds(warehouse: Warehouse, city: Settings) -> float:
    """What PostgreSQL needs for the models of the list; parsing and tests of dbt apart."""
    result = build(warehouse, city, select=" ".join(MODELS))
    return sum(node.seconds or 0.0 for node in result.nodes if node.resource_type == "model")


def by_pandas(warehouse: Warehouse, catalogue: Catalogue) -> pd.DataFrame:
    """Problem → how often it opened and whether it is open: the whole history in memory."""
    bottom = {i.code for i in catalogue.indicators if i.year == 2021 and i.category == "底线指标"}
    with warehouse.arrow("transformer") as connection, connection.cursor() as cursor:
        cursor.execute("select period, code, score, other_areas from marts.indicator_scorecard_asof_editions")
        kept = cursor.fetch_arrow_table().to_pandas()
    others = kept.assign(other=kept.other_areas.map(json.loads)).explode("other").dropna(subset=["other"])
    below = pd.DataFrame(
        {
            "period": others.period.array,
            "code": others.code.array,
            "problem": [f"{code}@{one['area_code']}" for code, one in zip(others.code, others.other, strict=True)],
            "score": [one["score"] for one in others.other],
        }
    )
    seen = pd.concat([kept.assign(problem=kept.code)[["period", "code", "problem", "score"]], below])
    seen = seen.sort_values(["problem", "period"])
    seen["met"] = (seen.score < 80) | (seen.code.isin(bottom) & (seen.score < 100))
    before = seen.groupby("problem").met.shift(fill_value=False)
    seen["opens"] = seen.met & ~before
    found = seen.groupby("problem").agg(spells=("opens", "sum"), open=("met", "last"))
    return found[found.spells > 0]


def agree(warehouse: Warehouse, catalogue: Catalogue) -> None:
    """Stop where the peer finds other problems: it would be no peer."""
    theirs = by_pandas(warehouse, catalogue)
    with warehouse.connect("reader") as connection:
        rows = connection.execute(
            "select problem_id, reopened_count + 1, status <> 'closed' from problem_list"
        ).fetchall()
    ours = {problem: (spells, is_open) for problem, spells, is_open in rows}
    peer = {row.Index: (row.spells, bool(row.open)) for row in theirs.itertuples()}
    apart = sorted(key for key in {*ours, *peer} if ours.get(key) != peer.get(key))
    assert not apart, [(key, ours.get(key), peer.get(key)) for key in apart[:5]]
    print(f"  {len(ours)} problems, opened {sum(spells for spells, _ in ours.values())} times: pandas finds the same")


def main() -> None:
    draw = random.Random(2021)
    # All of it has been: a build knows nothing of what is still to come.
    first = datetime(2011, 5, 20, 18, tzinfo=CITY_TIMEZONE)
    cutoffs = [first + timedelta(days=15 * n) for n in range(PERIODS_A_YEAR * HISTORIES[-1])]
    ours: dict[int, float] = {}
    peer: dict[int, float] = {}
    rows: dict[int, int] = {}
    with temporary_warehouse() as warehouse, tempfile.TemporaryDirectory() as folder:
        shutil.copytree(
            PROJECT_ROOT / "dbt_project", Path(folder) / "dbt_project", ignore=shutil.ignore_patterns("target", "logs")
        )
        city = replace(warehouse.settings, project_root=Path(folder))
        catalogue = load(city.seed_dir)
        editions.prepare(warehouse, city)
        build(warehouse, city)
        done = 0
        for years in HISTORIES:
            until = years * PERIODS_A_YEAR
            rows[years] = rows.get(HISTORIES[0], 0) + hand_in(warehouse, catalogue, cutoffs[done:until], draw)
            done = until
            ours[years] = min(seconds(warehouse, city) for _ in range(REPEATS))
            peer[years] = best_of(REPEATS, lambda: by_pandas(warehouse, catalogue))
            print(f"  {years:2d} years, {rows[years]:6d} values seen: {ours[years]:.2f} s, pandas {peer[years]:.2f} s")
            agree(warehouse, catalogue)
    one, ten = HISTORIES
    print(
        f"  rows × {rows[ten] / rows[one]:.0f}: time of the list × {ours[ten] / ours[one]:.2f},"
        f" of pandas × {peer[ten] / peer[one]:.2f}"
    )
    report("list of problems over ten years", ours[ten], "pandas (opening and closing only)", peer[ten])


if __name__ == "__main__":
    main()
