"""500 departmental workbooks into raw rows on two cores, against pandas.read_excel and python-calamine, cells only."""

from __future__ import annotations

import io
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from pathlib import Path

import pandas as pd
from python_calamine import CalamineWorkbook

sys.path.insert(0, str(Path(__file__).parent))
from harness import best_of, report

from cityhealth.catalogue import load
from cityhealth.feeds.departmental import DepartmentalFeed
from cityhealth.landing import Arrival
from cityhealth.settings import CITY_TIMEZONE, from_environment
from cityhealth.templates import form_for, write_form

WORKBOOKS, CORES = 500, 2
_ARRIVAL = Arrival("a", "departmental", None, "报表.xlsx", "0" * 64, 1, datetime(2021, 5, 20, tzinfo=CITY_TIMEZONE))


def ours(data: bytes) -> int:
    return DepartmentalFeed().read(data, _ARRIVAL).num_rows


def with_pandas(data: bytes) -> int:
    warnings.simplefilter("ignore")  # openpyxl mentions each validation that it cannot keep
    return sum(len(frame) for frame in pd.read_excel(io.BytesIO(data), sheet_name=None, dtype=str).values())


def with_calamine(data: bytes) -> int:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return sum(len(workbook.get_sheet_by_name(name).to_python()) for name in workbook.sheet_names)


def main() -> None:
    catalogue = load(from_environment().seed_dir)
    forms = [form for d in catalogue.departments if (form := form_for(catalogue, d.code, 2021)).rows]
    files = [write_form(form) for form in forms]
    workload = [files[n % len(files)] for n in range(WORKBOOKS)]
    with ProcessPoolExecutor(CORES) as pool:

        def run(read) -> float:
            list(pool.map(read, workload[:20]))  # imports are not what is measured
            return best_of(3, lambda: list(pool.map(read, workload, chunksize=10)))

        seconds = run(ours)
        print(f"reading {WORKBOOKS} workbooks on {CORES} cores: {WORKBOOKS / seconds * 60:,.0f} a minute")
        report("  into raw rows", seconds, "pandas.read_excel (openpyxl)", run(with_pandas))
        report("  into raw rows", seconds, "python-calamine (cells only)", run(with_calamine))


if __name__ == "__main__":
    main()
