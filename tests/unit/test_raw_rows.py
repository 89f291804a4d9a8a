"""Raw rows hold what was handed in, in a form that PostgreSQL can hold."""

import pyarrow as pa

from cityhealth.feeds.base import raw_rows


def test_a_nul_character_is_shown_not_dropped() -> None:
    table = raw_rows(
        pa.schema([("value_text", pa.string()), ("line_no", pa.int64())]), [{"value_text": "1\x002", "line_no": 1}]
    )
    assert table.to_pylist() == [{"value_text": "1␀2", "line_no": 1}]


def test_what_a_row_does_not_say_is_null_not_empty() -> None:
    table = raw_rows(pa.schema([("value_text", pa.string())]), [{}])
    assert table.to_pylist() == [{"value_text": None}]
