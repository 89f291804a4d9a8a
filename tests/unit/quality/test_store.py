"""What goes into the gate's tables keeps its type, also where a batch has nothing of it."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pyarrow as pa

from cityhealth.quality.store import _typed

SCHEMA = pa.schema([("period", pa.date32()), ("percent", pa.float64()), ("work_text", pa.string())])


def test_columns_without_a_value_stay_empty_whatever_pandas_made_of_them() -> None:
    frame = pd.DataFrame([{"percent": 80.0}, {"period": float("nan"), "work_text": None}])
    assert _typed(frame, SCHEMA).to_pylist() == [
        {"period": None, "percent": 80.0, "work_text": None},
        {"period": None, "percent": None, "work_text": None},
    ]


def test_values_keep_the_type_of_their_column() -> None:
    frame = pd.DataFrame([{"period": date(2021, 6, 5), "work_text": "查"}, {"percent": 5}])
    rows = _typed(frame, SCHEMA)
    assert rows.schema == SCHEMA
    assert rows.to_pylist()[0] == {"period": date(2021, 6, 5), "percent": None, "work_text": "查"}
