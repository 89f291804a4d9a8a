"""Half-month summaries over a history that grows to ten years × 60 departments × 30 tasks, against pandas.

A period's time must grow no faster than the rows of the history. The peer reads the whole history into pandas and
computes what a reader looks at first: lines in force, change since the period before, mean per task, who was in time.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import pandas as pd
import pyarrow as pa
from harness import best_of, report, temporary_warehouse

from cityhealth.campaigns import ReportingPeriod, reporting_periods
from cityhealth.catalogue import load_campaigns
from cityhealth.sample_city.campaign.phrases import FOCUS, NEXT, STATUS, WORK
from cityhealth.settings import PROJECT_ROOT, Settings
from cityhealth.transform import editions
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.loading import append

YEARS = range(2021, 2031)
HISTORIES = (1, 3, 10)
DEPARTMENTS = [f"department{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(60)]
TASKS = [f"B{n:02d}" for n in range(1, 31)]
TIMED = 3  # so many of the last periods of a history; the fastest counts
FIVE = ("work_text", "status_text", "focus_text", "problems_text", "next_text")


def settled(settings: Settings, root: Path) -> Settings:
    """An installation below ``root`` with ten campaigns, in which every department answers for every task."""
    shutil.copytree(PROJECT_ROOT / "dbt_project", root / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    city = replace(settings, project_root=root)
    blocks = (f"{task},任务{task},Task {task},,{n}" for n, task in enumerate(TASKS, start=1))
    owed = (
        f"{task},{code},{'lead' if n == 0 else 'support'},house,"
        for task in TASKS
        for n, code in enumerate(DEPARTMENTS)
    )
    _write(city, "work_blocks.csv", "code,name_zh,name_en,dimension_code,sort_order", blocks)
    _write(city, "responsibilities.csv", "block_code,department_code,role,basis,known_from", owed)
    _write(
        city,
        "campaign.csv",
        "system,year,first_due,last_due,due_days,cutoff,move_holidays,basis",
        (f"mohurd,{year},{year}-05-20,{year + 1}-05-05,5;20,18:00,no,house" for year in YEARS),
    )
    with (city.seed_dir / "departments.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"{code},单位{n},Department {n},,reporting,house,\n" for n, code in enumerate(DEPARTMENTS))
    return city


def _write(city: Settings, name: str, header: str, lines: Iterable[str]) -> None:
    (city.seed_dir / name).write_text("\n".join([header, *lines, ""]), encoding="utf-8")


def hand_in(warehouse: Warehouse, periods: Sequence[ReportingPeriod], draw: random.Random) -> None:
    """A judged report of every department for each period, one in twenty of them late, straight into raw and gate."""
    sentences = [text for phrases in (WORK, STATUS, FOCUS, NEXT) for texts in phrases.values() for text in texts]
    reports = [
        (f"{period.key}-{code}", code, period, period.cutoff + timedelta(hours=draw.choice([-30] * 19 + [2])))
        for period in periods
        for code in DEPARTMENTS
    ]
    keys, codes = [key for key, *_ in reports], [code for _, code, *_ in reports]
    feed = ["progress"] * len(reports)
    arrivals = pa.table(
        {
            "arrival_id": keys, "feed": feed, "department_text": codes, "filename": keys, "sha256": keys,
            "size_bytes": [1] * len(reports),
            "received_at": pa.array([at for *_, at in reports], pa.timestamp("us", "Asia/Shanghai")),
        }
    )  # fmt: skip
    batches = pa.table(
        {
            "batch_id": keys, "arrival_id": keys, "feed": feed, "raw_table": ["progress_line"] * len(reports),
            "rows_read": [len(TASKS)] * len(reports),
        }
    )  # fmt: skip
    counts = {"rows_in": len(TASKS), "rows_accepted": len(TASKS), "rows_refused": 0, "rows_blank": 0, "warnings": 0}
    runs = pa.table(
        {
            "gate_run_id": keys, "batch_id": keys, "suite": keys, "suite_hash": keys, "catalogue_hash": keys,
            "verdict": ["accepted"] * len(reports), **{name: [n] * len(reports) for name, n in counts.items()},
        }
    )  # fmt: skip
    lines = [
        {
            "gate_run_id": key, "batch_id": key, "line_no": line_no, "department_code": code, "task_code": task,
            "period": period.due, "percent": float(min(100, 4 * period.number + draw.randint(0, 4))),
            **{name: f"{draw.choice(sentences)}{draw.randint(1, 9999)}" for name in FIVE},
            "verdict": "accepted", "marked": False, "sheet": "半月进展", "cell": f"B{line_no + 4}",
        }
        for key, code, period, _ in reports
        for line_no, task in enumerate(TASKS, start=1)
    ]  # fmt: skip
    tables = {
        ("raw", "arrival"): arrivals, ("raw", "batch"): batches, ("gate", "run"): runs,
        ("gate", "progress_line"): pa.Table.from_pylist(lines),
    }  # fmt: skip
    with warehouse.arrow("loader") as connection:
        for (schema, table), rows in tables.items():
            append(connection, schema, table, rows)
        connection.commit()


def analyze(warehouse: Warehouse) -> None:
    """What the server does by itself after a while."""
    with warehouse.connect("admin", autocommit=True) as connection:
        connection.execute("vacuum analyze")


def by_pandas(warehouse: Warehouse, period: ReportingPeriod, before: ReportingPeriod) -> tuple[pd.DataFrame, pd.Series]:
    """Per task the mean percentage and change, per department and period when it reported: from the whole history in
    memory, without texts, themes, difficulties, indicators and points."""
    with warehouse.arrow("transformer") as connection, connection.cursor() as cursor:
        cursor.execute(
            "select department_code, task_code, period::text as period, percent, received_at, arrival_id, line_no"
            " from gate.current_progress_line where verdict = 'accepted'"
        )
        lines = cursor.fetch_arrow_table().to_pandas()
    known = lines[lines.received_at <= period.cutoff].sort_values(["received_at", "arrival_id", "line_no"])
    in_force = known.drop_duplicates(["department_code", "task_code", "period"], keep="last")
    now = in_force[in_force.period == period.key].set_index(["department_code", "task_code"])
    then = in_force[in_force.period == before.key].set_index(["department_code", "task_code"])
    now["change"] = now.percent - then.percent
    first_received = known.groupby(["department_code", "period"]).received_at.min()
    return now.groupby("task_code").agg({"percent": "mean", "change": "mean"}), first_received


def main() -> None:
    draw = random.Random(2021)
    ours: dict[int, float] = {}
    peer: dict[int, float] = {}
    with temporary_warehouse() as warehouse, tempfile.TemporaryDirectory() as folder:
        city = settled(warehouse.settings, Path(folder))
        campaigns = [reporting_periods(campaign) for campaign in load_campaigns(city.seed_dir)]
        editions.prepare(warehouse, city)
        for years, periods in enumerate(campaigns, start=1):
            hand_in(warehouse, periods, draw)
            if years in HISTORIES:
                analyze(warehouse)
                editions.summarise(warehouse, city, periods[-TIMED - 1])  # dbt is imported, the project parsed
                ours[years] = min(seconds(warehouse, city, period) for period in periods[-TIMED:])
                peer[years] = best_of(TIMED, lambda last=periods[-2:]: by_pandas(warehouse, last[1], last[0]))
                rows = years * len(periods) * len(DEPARTMENTS) * len(TASKS)
                print(f"  {years:2d} years, {rows:6d} lines: {ours[years]:.2f} s a period, pandas {peer[years]:.2f} s")
        agree(warehouse, campaigns[-1][-1], campaigns[-1][-2])
    first, longest = HISTORIES[0], HISTORIES[-1]
    print(
        f"  rows × {longest / first:.0f}: time of a period × {ours[longest] / ours[first]:.2f},"
        f" of pandas × {peer[longest] / peer[first]:.2f}"
    )
    report("half-month summary over ten years", ours[longest], "pandas (headline figures only)", peer[longest])


def seconds(warehouse: Warehouse, city: Settings, period: ReportingPeriod) -> float:
    """Of the first edition of a period."""
    started = time.perf_counter()
    assert editions.summarise(warehouse, city, period).new
    return time.perf_counter() - started


def agree(warehouse: Warehouse, period: ReportingPeriod, before: ReportingPeriod) -> None:
    """Stop where the peer has other figures: it would be no peer."""
    means, _ = by_pandas(warehouse, period, before)
    with warehouse.connect("reader") as connection:
        marts = connection.execute(
            "select task_code, percent from work_block_progress where period = %s", (period.key,)
        ).fetchall()
    assert {task: round(value, 6) for task, value in marts} == means.percent.round(6).to_dict()


if __name__ == "__main__":
    main()
