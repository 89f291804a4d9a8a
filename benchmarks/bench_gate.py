"""The gate: seconds per million rows against the load of the same rows; peak memory at ten times the batches.

The peer is the load itself: a gate is dear if it takes many times as long as storing what it judges.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parent))
from harness import peak_mebibytes, report, temporary_warehouse

from cityhealth.catalogue import Catalogue, load
from cityhealth.feeds.pipeline import batch_id_of
from cityhealth.landing import Arrival, LandingZone
from cityhealth.quality import judge
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.warehouse.connections import Warehouse
from cityhealth.warehouse.loading import append

ROWS = int(os.environ.get("CITYHEALTH_BENCH_ROWS", "1000000"))
_SMALL_BATCH = 2_000


def cells(catalogue: Catalogue, batch_id: str, rows: int) -> pa.Table:
    """Yearbook cells that pass without a warning: one item, the provinces, and as many different days as it takes."""
    item = next(item for item in catalogue.items if item.feed == "yearbook" and item.unit == "%")
    areas = [area.code for area in catalogue.areas if area.level == "province"]
    low, high = float(item.plausible_min or 0), float(item.plausible_max or 100)
    day = datetime(2020, 12, 31).toordinal()
    return pa.table(
        {
            "batch_id": [batch_id] * rows,
            "line_no": range(1, rows + 1),
            "sheet": ["表1"] * rows,
            "cell": [f"A{n}" for n in range(1, rows + 1)],
            "layout": ["bench"] * rows,
            "item_text": [item.code] * rows,
            "area_text": [areas[n % len(areas)] for n in range(rows)],
            "period_text": [str(datetime.fromordinal(day - n // len(areas) % 40_000).date()) for n in range(rows)],
            "value_text": [f"{low + (high - low) * (n % 997) / 997:.2f}" for n in range(rows)],
            "unit_text": ["%"] * rows,
            "missing": [False] * rows,
        }
    )


def store(warehouse: Warehouse, landing: LandingZone, catalogue: Catalogue, batches: int, rows: int) -> list[str]:
    """Batches of ``rows`` cells each, as if loaded from (empty) files."""
    ids = []
    for number in range(batches):
        arrival = landing.land(
            f"文件{number}".encode(),
            feed="yearbook",
            filename=f"表{number}.csv",
            received_at=datetime(2021, 5, 20, tzinfo=CITY_TIMEZONE),
            department_text="市统计局",
        )
        ids.append(register(warehouse, arrival, rows))
        with warehouse.arrow("loader") as connection:
            append(connection, "raw", "yearbook_cell", cells(catalogue, ids[-1], rows))
            connection.commit()
    return ids


def register(warehouse: Warehouse, arrival: Arrival, rows: int) -> str:
    batch_id = batch_id_of(arrival)
    with warehouse.connect("loader") as connection:
        connection.execute(
            "insert into raw.arrival (arrival_id, feed, department_text, filename, sha256, size_bytes, received_at)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            (
                arrival.arrival_id,
                arrival.feed,
                arrival.department_text,
                arrival.filename,
                arrival.sha256,
                arrival.size_bytes,
                arrival.received_at,
            ),
        )
        connection.execute(
            "insert into raw.batch (batch_id, arrival_id, feed, raw_table, rows_read)"
            " values (%s, %s, 'yearbook', 'yearbook_cell', %s)",
            (batch_id, arrival.arrival_id, rows),
        )
    return batch_id


def run(batches: int, rows: int) -> None:
    with temporary_warehouse() as warehouse, tempfile.TemporaryDirectory() as folder:
        settings = warehouse.settings
        catalogue = load(settings.seed_dir)
        landing = LandingZone(f"{folder}/landing")
        started = time.perf_counter()
        ids = store(warehouse, landing, catalogue, batches, rows)
        loaded = time.perf_counter() - started
        started = time.perf_counter()
        judgements = judge(warehouse, ids, lambda day: catalogue, settings.expectations_dir, landing, f"{folder}/out")
        judged = time.perf_counter() - started
    accepted = sum(judgement.rows_accepted for judgement in judgements)
    warned = sum(judgement.warnings for judgement in judgements)
    counts = f"{accepted:,} accepted, {warned:,} warnings"
    print(f"gate of {batches} × {rows:,} rows ({counts}): peak {peak_mebibytes():.0f} MiB")
    report("  judging", judged, "loading the same rows", loaded)
    print(f"  {judged / batches / rows * 1e6:.1f} s per million rows, receipts and the import of the suite included")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        run(int(sys.argv[1]), int(sys.argv[2]))
    else:
        for batches, rows in ((10, _SMALL_BATCH), (100, _SMALL_BATCH), (1, ROWS)):
            subprocess.run([sys.executable, __file__, str(batches), str(rows)], check=True)
