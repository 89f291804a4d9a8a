"""What the gate makes of the lines of a meeting's list, singly and beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from cityhealth.catalogue import fold
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.meeting import candidates
from cityhealth.settings import CITY_TIMEZONE
from gate_lines import GOOD_DECISION, batch, decision_lines

JUNE_8 = datetime(2021, 6, 8, 9, tzinfo=CITY_TIMEZONE)
OTHER = {"difficulty_text": "2021-05-20/B3/police"}

_texts = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(
        [*GOOD_DECISION.values(), "办结", " ", "2021-06-05/B1/police", "2021-13-40/B1/planning", "6月底", "尽快"],
    ),
)
_lists = st.lists(st.fixed_dictionaries(dict.fromkeys(GOOD_DECISION, _texts)), max_size=5)


def frame_of(lookup: Lookup, *changes: Mapping[str, Any], department: str | None = "office") -> Any:
    facts = batch(department, "清单.xlsx", "meeting", received_at=JUNE_8)
    frame = candidates(decision_lines(*changes), facts, lookup).frame.astype(object)
    return frame.where(frame.notna(), None)


def rows_of(lookup: Lookup, *changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    frame = frame_of(lookup, *changes)
    return frame.loc[frame["kind"] == "row"].to_dict("records")


def row_of(lookup: Lookup, **change: Any) -> dict[str, Any]:
    return rows_of(lookup, change)[0]


@given(_lists)
def test_whatever_is_written_every_line_stays_one_line_and_is_blank_only_without_a_decision(
    lookup: Lookup, changes: list[dict[str, str | None]]
) -> None:
    rows = rows_of(lookup, *changes)
    assert [row["line_no"] for row in rows] == list(range(1, len(changes) + 1))
    for row, change in zip(rows, changes, strict=True):
        assert (row["state"] == "blank") == (not fold(change["decision_text"] or ""))
        assert row["decision"] in ("assigned", "settled", None)
        assert (row["difficulty_id"] is None) == (row["difficulty_problem"] is not None)
        assert (row["due_date"] is not None) + (row["due_problem"] is not None) == row["due_given"]
        assert (row["decided_on"] is None) == (row["date_problem"] is not None)


@pytest.mark.parametrize("text", ["2021-06-05/B1/planning", " 2021-06-05 / B1 / planning ", "2021-06-05/B1/planning\n"])
def test_a_number_of_the_list_is_known_with_blanks_around_its_parts(lookup: Lookup, text: str) -> None:
    row = row_of(lookup, difficulty_text=text)
    assert (row["difficulty_id"], row["difficulty_problem"]) == ("2021-06-05/B1/planning", None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "没有填写"),
        ("第3号", "照清单原样"),
        ("2021-06-05/B1", "照清单原样"),
        ("2021-06-05/B1/planning 等", "照清单原样"),
        ("2021-06-06/B1/planning", "「2021-06-06」不是报送期"),
        ("2021-06-05/B7/planning", "没有工作任务「B7」"),
        ("2021-06-05/B1/nobody", "没有单位「nobody」"),
    ],
)
def test_a_number_that_no_list_can_have_says_what_is_wrong_with_it(
    lookup: Lookup, text: str | None, complaint: str
) -> None:
    row = row_of(lookup, difficulty_text=text)
    assert row["difficulty_id"] is None
    assert complaint in row["difficulty_problem"]


@pytest.mark.parametrize(
    ("text", "decision"),
    [("交办", "assigned"), ("继续办理", "assigned"), ("办 结", "settled"), ("已解决", "settled"), ("再议", None)],
)
def test_a_decision_is_known_by_its_words(lookup: Lookup, text: str, decision: str | None) -> None:
    row = row_of(lookup, decision_text=text)
    assert (row["decision"], row["state"]) == (decision, "value")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("统计局", "statistics"),
        ("市统计局（牵头）", "statistics"),
        ("市统计局、市公安局", None),
        ("市外星局", None),
    ],
)
def test_one_department_is_assigned_or_none(lookup: Lookup, text: str, code: str | None) -> None:
    row = row_of(lookup, assigned_text=text)
    assert (row["assigned_department"], row["assigned_given"]) == (code, True)


def test_a_month_as_a_time_limit_is_its_last_day_and_a_meeting_after_the_arrival_has_not_been(lookup: Lookup) -> None:
    assert row_of(lookup, due_text="2021年6月")["due_date"] == date(2021, 6, 30)
    met = [row_of(lookup, date_text=f"2021-06-0{day}")["date_future"] for day in (8, 9)]
    assert met == [False, True]


@pytest.mark.parametrize(
    ("text", "day", "past"),
    [
        ("9月15日", date(2021, 9, 15), False),
        ("九月十五日前", date(2021, 9, 15), False),
        ("9.15", date(2021, 9, 15), False),
        ("6月7日", date(2021, 6, 7), False),
        ("6月6日", date(2021, 6, 6), True),
        ("5月", date(2021, 5, 31), True),
        ("3月1日", date(2022, 3, 1), False),
        ("1月底", date(2022, 1, 31), False),
        ("2020-09-15", date(2020, 9, 15), True),
    ],
)
def test_a_time_limit_without_its_year_is_the_meetings_or_next_years_and_none_lies_before_the_meeting(
    lookup: Lookup, text: str, day: date, past: bool
) -> None:
    row = row_of(lookup, due_text=text)
    assert (row["due_date"], row["due_problem"], row["due_past"]) == (day, None, past)


@pytest.mark.parametrize("text", ["尽快", "9月中旬", "9月31日", "9月15日或20日"])
def test_a_time_limit_that_is_no_date_is_quoted_beside_a_form_that_is(lookup: Lookup, text: str) -> None:
    row = row_of(lookup, due_text=text)
    assert (row["due_date"], row["due_given"], row["due_past"]) == (None, True, None)
    assert f"「{text}」" in row["due_problem"] and "2021-09-15" in row["due_problem"]


@pytest.mark.parametrize("text", [None, " ", "—", "／"])
def test_a_dash_is_no_time_limit(lookup: Lookup, text: str | None) -> None:
    row = row_of(lookup, due_text=text)
    assert (row["due_date"], row["due_given"], row["due_problem"]) == (None, False, None)


@pytest.mark.parametrize(
    ("text", "day", "complaint"),
    [
        ("6月7日", date(2021, 6, 7), None),
        ("六月七日", date(2021, 6, 7), None),
        ("12月20日", date(2020, 12, 20), None),
        ("2021年6月", None, "不是一个日期"),
        ("上周", None, "看不懂的日期「上周」"),
    ],
)
def test_a_meeting_was_on_one_day_and_without_its_year_on_the_nearest(
    lookup: Lookup, text: str, day: date | None, complaint: str | None
) -> None:
    row = row_of(lookup, date_text=text)
    assert row["decided_on"] == day
    assert row["date_problem"] is None if complaint is None else complaint in row["date_problem"]


def test_without_the_day_of_the_meeting_a_time_limit_is_of_the_year_of_the_arrival(lookup: Lookup) -> None:
    row = row_of(lookup, due_text="9月15日", date_text=None)
    assert (row["due_date"], row["due_past"]) == (date(2021, 9, 15), None)


def test_decisions_on_one_difficulty_contradict_each_other_or_repeat_the_first(lookup: Lookup) -> None:
    def kinds(*changes: Mapping[str, Any]) -> list[str | None]:
        return [row["duplicate_kind"] for row in rows_of(lookup, *changes)]

    assert kinds({}, OTHER) == [None, None]
    assert kinds({}, {"decision_text": "办结"}, OTHER) == ["conflict", "conflict", None]
    assert kinds({}, {"due_text": "2021-07-01"}) == ["conflict", "conflict"]
    assert kinds({}, {"note_text": "另一句话"}, {"assigned_text": "规划局"}) == [None, "same", "same"]
    assert kinds({}, {"decision_text": None}) == [None, None]


@pytest.mark.parametrize(
    ("department", "not_office"),
    [("office", False), ("市体检办", False), (None, False), ("  ", False), ("planning", True), ("市外星局", True)],
)
def test_only_the_office_sends_the_list_or_somebody_who_is_not_named(
    lookup: Lookup, department: str | None, not_office: bool
) -> None:
    frame = frame_of(lookup, {}, {"row_kind": "note"}, department=department)
    whole = frame.loc[frame["kind"] == "batch"]
    assert whole["sender_not_office"].tolist() == [not_office]
    assert whole["filled_count"].tolist() == [1]


def test_an_empty_list_has_the_columns_of_a_full_one(lookup: Lookup) -> None:
    assert set(frame_of(lookup).columns) == set(frame_of(lookup, {}).columns)
