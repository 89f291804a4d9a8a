"""The short way through plain numbers ends where the long one does."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings, strategies as st

from cityhealth.catalogue import Catalogue
from cityhealth.quality.items.reading import plain_values, read_value

_numbers = st.from_regex(r"-?[0-9]{1,17}(\.[0-9]{1,17})?", fullmatch=True)
_texts = st.one_of(
    _numbers, st.text(max_size=6), st.sampled_from(["-0", "00.10", "１２", "5%", "", "2020", "1e5", " 5"])
)
_LINE = st.tuples(
    _texts,
    st.sampled_from(["", "text", "number", "date", "error", "missing", "merged"]),
    st.sampled_from(["", "人", "万人", "—"]),
    st.sampled_from(["", "正常", "不适用"]),
)


@settings(deadline=None)
@given(st.lists(_LINE, min_size=1, max_size=8), st.sampled_from(["人", "万人", None]))
def test_a_plain_number_is_read_as_any_other_text_would_be(
    city: Catalogue, lines: list[tuple[str, str, str, str]], item_unit: str | None
) -> None:
    rows = pd.DataFrame(lines, columns=["value_text", "value_cell_kind", "unit_text", "state_text"], dtype=object)
    plain = plain_values(rows, pd.Series([item_unit] * len(rows), dtype=object))
    for value, (text, kind, unit, state) in zip(plain, lines, strict=True):
        reading = read_value(text, kind, unit, state, item_unit, city.units)
        if pd.notna(value):
            assert (value, "value", None) == (reading.value, reading.state, reading.unit_problem)
            assert str(value) == str(reading.value)  # the sign of zero too


def test_digits_in_the_unit_of_the_item_are_plain_and_nothing_else_is(city: Catalogue) -> None:
    lines = [
        ("12.5", "number", "人", ""),
        ("12", "", "", ""),
        ("12", "", "万人", ""),
        ("12人", "", "", ""),
        ("5", "", "", "不适用"),
    ]
    rows = pd.DataFrame(lines, columns=["value_text", "value_cell_kind", "unit_text", "state_text"], dtype=object)
    plain = plain_values(rows, pd.Series(["人"] * len(rows), dtype=object))
    assert plain.notna().tolist() == [True, True, False, False, False]


def test_a_number_merged_over_several_rows_belongs_to_none_of_them(city: Catalogue) -> None:
    reading = read_value("300000", "merged", "", "", "人", city.units)
    assert reading.value is None
    assert "合并" in (reading.value_problem or "")
