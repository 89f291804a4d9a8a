"""The columns of the departments' form."""

from __future__ import annotations

from collections import Counter
from types import ModuleType

import pytest

from cityhealth import form, meeting_form, progress_form, third_party_form
from cityhealth.feeds.departmental import DepartmentalFeed
from cityhealth.feeds.meeting import MeetingFeed
from cityhealth.feeds.progress import ProgressFeed
from cityhealth.tabular.tables import normalise


def test_no_header_names_two_columns() -> None:
    names = Counter(
        name for aliases in form.HEADER_ALIASES.values() for name in {normalise(alias) for alias in aliases}
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_every_text_column_of_the_raw_table_has_a_column_in_the_form() -> None:
    stored = {name for name in DepartmentalFeed().schema.names if name.endswith("_text")}
    assert stored == {column.field for column in form.COLUMNS if not column.display_only}


def test_what_a_table_is_readable_with_are_columns_of_the_form() -> None:
    for fields in form.READABLE_WITH:
        assert set(fields) <= set(form.HEADER_ALIASES)
        assert "value_text" in fields


def test_a_column_is_found_by_its_field_and_an_unknown_field_is_an_error() -> None:
    assert form.column("value_text").header == "数值"
    assert form.COLUMNS[form.position("state_text")].header == "填报状态"
    with pytest.raises(KeyError):
        form.column("no_such_field")


@pytest.mark.parametrize("other", [progress_form, meeting_form, third_party_form])
def test_no_header_of_the_other_forms_names_two_columns(other: ModuleType) -> None:
    names = Counter(name for found in other.HEADER_ALIASES.values() for name in {normalise(alias) for alias in found})
    assert [name for name, count in names.items() if count > 1] == []


def test_every_text_column_of_the_half_month_tables_has_a_column_in_their_form() -> None:
    for feed, columns in ((ProgressFeed(), progress_form.COLUMNS), (MeetingFeed(), meeting_form.COLUMNS)):
        stored = {name for name in feed.schema.names if name.endswith("_text")}
        assert stored == {column.field for column in columns if column.field in stored}
        assert {column.field for column in columns if column.fillable} <= stored
