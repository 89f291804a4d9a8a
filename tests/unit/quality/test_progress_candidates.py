"""What the gate makes of the lines of a half-month report, singly and beside each other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from cityhealth.campaigns import ReportingPeriod, reporting_periods
from cityhealth.catalogue import Catalogue
from cityhealth.feeds.around import IN_FILE_NAME, IN_SHEET_NAME
from cityhealth.feeds.progress import DEPARTMENT
from cityhealth.progress_form import FIVE
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.progress import NOTHING, PROGRESS, candidates
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT
from gate_lines import batch, task_lines

JUNE_4 = datetime(2021, 6, 4, 10, tzinfo=CITY_TIMEZONE)
HEALTH = {"task_text": "健康舒适"}
BLANK = {**dict.fromkeys(FIVE), "percent_text": None}

_moments = st.datetimes(datetime(2021, 3, 1), datetime(2021, 9, 1), timezones=st.just(CITY_TIMEZONE))
_texts = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(["无", "—", " ", "生态宜居", "健康舒适", "2021-06-05", "6月20日", "80", "八成", "过半", "101"]),
)
_FIELDS = ("task_text", "period_text", *FIVE, "percent_text", "reason_text", "responsible_text", "date_text")
_reports = st.lists(st.fixed_dictionaries(dict.fromkeys(_FIELDS, _texts)), max_size=5)


def frame_of(lookup: Lookup, *changes: Mapping[str, Any], **facts: Any) -> Any:
    facts = {"received_at": JUNE_4, "feed": "progress"} | facts
    frame = candidates(task_lines(*changes), batch(**facts), lookup).frame.astype(object)
    return frame.where(frame.notna(), None)


def rows_of(lookup: Lookup, *changes: Mapping[str, Any], **facts: Any) -> list[dict[str, Any]]:
    frame = frame_of(lookup, *changes, **facts)
    return frame.loc[frame["kind"] == "row"].to_dict("records")


def row_of(lookup: Lookup, received_at: datetime = JUNE_4, **change: Any) -> dict[str, Any]:
    return rows_of(lookup, change, received_at=received_at)[0]


def periods_of(city: Catalogue) -> tuple[ReportingPeriod, ...]:
    return reporting_periods(city.campaigns[0])


@given(_reports)
def test_whatever_is_written_every_line_stays_one_line_and_nothing_is_passed_over(
    lookup: Lookup, changes: list[dict[str, str | None]]
) -> None:
    rows = rows_of(lookup, *changes)
    assert [row["line_no"] for row in rows] == list(range(1, len(changes) + 1))
    for row in rows:
        assert row["state"] in ("value", "blank")
        assert (row["task_code"] is None) == (row["task_problem"] is not None)
        assert (row["period"] is None) == (row["period_problem"] is not None)
        assert row["percent_given"] == (row["percent"] is not None or row["percent_problem"] is not None)
        assert (row["report_date"] is not None) or row["date_problem"]


@given(_reports)
def test_a_line_is_blank_if_and_only_if_neither_a_text_nor_a_percentage_is_there(
    lookup: Lookup, changes: list[dict[str, str | None]]
) -> None:
    for row in rows_of(lookup, *changes):
        said = [row[field] for field in FIVE if row[f"{field.removesuffix('_text')}_given"]]
        assert (row["state"] == "blank") == (not said and not row["percent_given"])
        assert all(any(c.isalnum() or c == "_" for c in text) for text in said)


@pytest.mark.parametrize(("text", "given"), [("0", True), ("过半", True), ("—", False), ("/", False), (" ", False)])
def test_a_dash_is_no_percentage_and_alone_in_its_line_nothing_at_all(lookup: Lookup, text: str, given: bool) -> None:
    assert row_of(lookup, percent_text=text)["percent_given"] is given
    assert row_of(lookup, **BLANK | {"percent_text": text})["state"] == ("value" if given else "blank")


@pytest.mark.parametrize(
    ("announced", "said", "filename", "code"),
    [
        ("规划局", "市统计局", "市公安局.xlsx", "planning"),
        ("市外星局", "市统计局", "市统计局.xlsx", None),
        (None, "市统计局", "市公安局.xlsx", "statistics"),
        (" ", "市统计局（盖章）", "报告.xlsx", "statistics"),
        (None, "某局", "市统计局半月报.xlsx", "statistics"),
        (None, None, "市统计局半月报.xlsx", "statistics"),
        (None, None, "半月报.xlsx", None),
    ],
)
def test_the_department_is_the_announced_one_else_what_the_report_says_else_the_file_name(
    lookup: Lookup, announced: str | None, said: str | None, filename: str, code: str | None
) -> None:
    others = json.dumps({DEPARTMENT: said} if said else {}, ensure_ascii=False)
    facts = batch(announced, filename, "progress", received_at=JUNE_4)
    assert candidates(task_lines({"other_cells": others}), facts, lookup).department_code == code


def other_department(lookup: Lookup, announced: str | None, *lines: Mapping[str, Any]) -> str | None:
    frame = frame_of(lookup, *lines, department=announced)
    return frame.loc[frame["kind"] == "batch", "other_department"].item()


def said_in(form: str) -> dict[str, Any]:
    return {"other_cells": json.dumps({DEPARTMENT: form}, ensure_ascii=False)}


@pytest.mark.parametrize(
    ("announced", "form", "other"),
    [
        ("规划局", "市统计局", "市统计局"),
        ("planning", "市统计局（盖章）", "市统计局"),
        ("planning", "市统计局综合科", "市统计局"),
        ("规划局", "市规划和自然资源局", None),
        ("规划局", "市规自局耕保科", None),
        ("规划局", "某局", None),
        ("规划局", "市统计局、市公安局", None),
        ("市公安局", "市公安局交警支队", None),
        ("市交警支队", "市公安局", None),
        ("市外星局", "市统计局", None),
        (None, "市统计局", None),
    ],
)
def test_a_form_of_another_known_department_than_the_announced_one_is_noticed(
    lookup: Lookup, announced: str | None, form: str, other: str | None
) -> None:
    assert other_department(lookup, announced, {}, said_in(form)) == other


@pytest.mark.parametrize(
    ("signed", "other"),
    [
        (("市统计局",), "市统计局"),
        (("市统计局", "市规划和自然资源局"), None),
        (("市体检办",), None),
        (("抄送：市统计局", "2021年6月4日"), None),
    ],
)
def test_who_signs_a_report_that_names_no_department_is_its_department(
    lookup: Lookup, signed: tuple[str, ...], other: str | None
) -> None:
    notes = {f"第 {n} 段": text for n, text in enumerate(signed, start=9)}
    note = {"row_kind": "note", "other_cells": json.dumps(notes, ensure_ascii=False)}
    assert other_department(lookup, "规划局", {}, note) == other
    assert other_department(lookup, "规划局", said_in("规划局"), note) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("生态宜居", "B1"),
        ("b2", "B2"),
        ("（一）生态宜居方面", "B1"),
        ("二、健康舒适", "B2"),
        ("生态宜居、健康舒适", None),
        ("星际旅行", None),
    ],
)
def test_a_task_is_known_by_its_code_or_by_its_name_among_other_words(
    lookup: Lookup, text: str, code: str | None
) -> None:
    row = row_of(lookup, task_text=text)
    assert (row["task_code"], row["task_problem"] is None, row["task_assumed"]) == (code, code is not None, False)


def test_a_task_that_is_not_named_is_the_only_one_that_the_department_has_or_a_problem(lookup: Lookup) -> None:
    (only,) = rows_of(lookup, {"task_text": None}, department="police")
    assert (only["task_code"], only["task_assumed"], only["task_owned"]) == ("B3", True, True)
    of_two = row_of(lookup, task_text=" ")
    assert (of_two["task_code"], of_two["task_assumed"]) == (None, False)
    assert of_two["task_problem"] == "没有写明是哪项工作任务"


def test_whether_a_task_is_ones_own_is_not_asked_of_an_unknown_department(lookup: Lookup) -> None:
    assert row_of(lookup, task_text="安全韧性")["task_owned"] is False
    assert rows_of(lookup, {}, department="市外星局")[0]["task_owned"] is None


@given(_moments)
def test_a_report_without_a_period_is_of_the_window_or_the_due_day_in_which_it_came(
    lookup: Lookup, city: Catalogue, moment: datetime
) -> None:
    row = row_of(lookup, moment, period_text=None)
    known = periods_of(city)
    if not known[0].opens < moment <= known[-1].day_ends:
        assert row["period"] is None and row["period_problem"] and not row["period_assumed"]
        return
    (period,) = [period for period in known if period.due == row["period"]]
    assert period.opens < moment <= period.day_ends
    assert (row["period_assumed"], row["period_future"]) == (True, False)
    # On the evening of a due date two windows would do: it is late for the one, not early for the other.
    assert not any(other.cutoff < moment <= other.day_ends for other in known if other != period)


@given(_moments, st.integers(0, 4))
def test_a_stated_period_is_taken_as_stated_and_is_a_future_one_until_its_window_opens(
    lookup: Lookup, city: Catalogue, moment: datetime, number: int
) -> None:
    period = periods_of(city)[number]
    row = row_of(lookup, moment, period_text=period.key)
    assert (row["period"], row["period_problem"], row["period_assumed"]) == (period.due, None, False)
    assert row["period_future"] == (moment <= period.opens)


def test_the_window_opens_just_after_the_cut_off_before(lookup: Lookup, city: Catalogue) -> None:
    second = periods_of(city)[2]
    at = [row_of(lookup, second.opens + timedelta(seconds=s), period_text=second.key) for s in (0, 1)]
    assert [row["period_future"] for row in at] == [True, False]


@pytest.mark.parametrize(("place", "assumed"), [("A2", False), (IN_FILE_NAME, True), (IN_SHEET_NAME, True)])
def test_a_date_that_is_no_due_date_counts_as_no_period_only_where_it_may_be_the_day_of_sending(
    lookup: Lookup, place: str, assumed: bool
) -> None:
    row = row_of(lookup, period_text="2021-06-03", cells=json.dumps({"period_text": place}))
    assert row["period_assumed"] is assumed
    assert row["period"] == (date(2021, 6, 5) if assumed else None)
    assert (row["period_problem"] is None) is assumed


@pytest.mark.parametrize(
    ("text", "day", "complaint"),
    [
        ("2021-06-04", date(2021, 6, 4), None),
        ("2021年6月4日", date(2021, 6, 4), None),
        ("2021-06-05", date(2021, 6, 5), "晚于收到日期 2021-06-04"),
        ("6月3日", date(2021, 6, 3), None),
        ("12月31日", date(2020, 12, 31), None),
        ("2021年6月", None, "不是一个日期"),
        ("昨天", None, "看不懂"),
        (None, None, "没有填写"),
    ],
)
def test_the_date_is_one_day_not_after_the_arrival(
    lookup: Lookup, text: str | None, day: date | None, complaint: str | None
) -> None:
    row = row_of(lookup, date_text=text)
    assert row["report_date"] == day
    assert row["date_problem"] is None if complaint is None else complaint in row["date_problem"]


def test_lines_of_one_task_that_differ_contradict_each_other_and_of_equal_ones_the_first_counts(lookup: Lookup) -> None:
    def kinds(*changes: Mapping[str, Any]) -> list[str | None]:
        return [row["duplicate_kind"] for row in rows_of(lookup, *changes)]

    assert kinds({}, HEALTH) == [None, None]
    assert kinds({}, {"percent_text": "81"}, HEALTH) == ["conflict", "conflict", None]
    assert kinds({}, {"work_text": "核查 公园绿地"}, {"responsible_text": "另一科"}) == [None, "same", "same"]
    assert kinds({}, BLANK) == [None, None]
    assert kinds({}, {"period_text": "2021-05-20"}, {"period_text": "2021-05-20"}) == [None, None, "same"]
    assert kinds({}, {"period_text": "2021-05-20", "percent_text": "81"}) == [None, None]
    assert rows_of(lookup, {}, {"percent_text": "81"})[0]["duplicate_cells"] == "「填报」D3"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("无", False),
        (" 暂无。", False),
        ("没有", False),
        ("目前无。", False),
        ("—", False),
        (None, False),
        ("无人机航拍", True),
    ],
)
def test_a_field_that_says_there_is_nothing_is_not_filled_unless_it_is_that_of_the_problems(
    lookup: Lookup, text: str | None, filled: bool
) -> None:
    row = row_of(lookup, **dict.fromkeys(FIVE, text))
    assert [row[f"{field.removesuffix('_text')}_filled"] for field in FIVE if field != "problems_text"] == [filled] * 4
    assert row["problems_filled"] == (text not in ("—", None))


def test_what_says_nothing_is_that_of_the_marts() -> None:
    macros = (PROJECT_ROOT / "dbt_project" / "macros" / "texts.sql").read_text(encoding="utf-8")
    macro = macros.split("macro says_problem(")[1].split("endmacro")[0]
    assert re.findall(r"!~\* '\^(.+)\$'", macro) == [NOTHING.pattern]


@pytest.mark.parametrize(
    ("change", "nothing"),
    [
        ({}, True),
        ({"work_text": None, "problems_text": "—"}, True),
        ({"percent_text": "0"}, False),
        ({"percent_text": "过半"}, False),
        ({"problems_text": "缺少底图"}, False),
        ({"next_text": "汇总"}, False),
    ],
)
def test_a_line_says_nothing_without_a_text_a_problem_or_a_percentage(
    lookup: Lookup, change: dict[str, Any], nothing: bool
) -> None:
    row = row_of(lookup, **dict.fromkeys(FIVE, "无") | {"percent_text": None} | change)
    assert (row["says_nothing"], row["state"]) == (nothing, "value")


def test_periods_are_counted_over_the_filled_lines_of_a_report(lookup: Lookup) -> None:
    earlier = {"period_text": "2021-05-20"}
    assert {row["period_count"] for row in rows_of(lookup, {}, HEALTH | earlier)} == {2}
    assert {row["period_count"] for row in rows_of(lookup, {}, BLANK | earlier)} == {1}
    assert rows_of(lookup, {}, HEALTH | earlier)[0]["periods_named"] == "2021-05-20、2021-06-05"


def test_tasks_that_are_owed_and_not_told_of_are_missing_in_their_order(lookup: Lookup) -> None:
    def missing(*changes: Mapping[str, Any], **facts: Any) -> list[tuple[int, str]]:
        frame = frame_of(lookup, *changes, **facts)
        rows = frame.loc[frame["kind"] == "missing"]
        return list(zip(rows["line_no"], rows["task_code"], strict=True))

    assert missing({}, HEALTH) == []
    assert missing({}, BLANK | HEALTH) == [(-2, "B2")]
    assert missing() == [(-2, "B1"), (-3, "B2")]
    assert missing({}, department="市外星局") == []


def test_notes_around_the_table_are_no_candidates(lookup: Lookup) -> None:
    assert len(rows_of(lookup, {}, {"row_kind": "note"})) == 1


def test_an_empty_report_has_the_columns_of_a_full_one_and_its_file(lookup: Lookup) -> None:
    empty = frame_of(lookup)
    assert set(empty.columns) == set(frame_of(lookup, {}).columns)
    assert empty.loc[empty["kind"] == "batch", "filled_count"].tolist() == [0]


@pytest.mark.parametrize(
    ("change", "ruled", "blamed"),
    [
        ({"work_text": None}, "status_text", "work_text"),
        ({"status_text": "—"}, "status_text", "status_text"),
        ({"focus_text": None, "problems_text": None}, "next_text", "focus_text"),
        ({"next_text": ""}, "next_text", "next_text"),
        ({"focus_text": None}, "percent_text", "percent_text"),
    ],
)
def test_of_several_fields_that_a_rule_wants_the_empty_one_is_at_fault(
    lookup: Lookup, change: dict[str, Any], ruled: str, blamed: str
) -> None:
    assert PROGRESS.at_fault(ruled, row_of(lookup, **change)) == blamed


def facts_of(lookup: Lookup, received_at: datetime, *changes: Mapping[str, Any]) -> list[tuple[str, str]]:
    frame = frame_of(lookup, *changes, received_at=received_at)
    return list(PROGRESS.facts(frame.loc[frame["kind"] == "row"]))


def test_the_receipt_says_for_which_period_a_report_counts_and_how_late_it_is(lookup: Lookup) -> None:
    at = datetime(2021, 6, 5, 18, 40, tzinfo=CITY_TIMEZONE)
    first = "；此前已按时报送过的，该期仍算按时"
    assert facts_of(lookup, JUNE_4, {}, HEALTH) == [("报送期", "2021年第2期（6月5日）：按时")]
    assert facts_of(lookup, at, {}) == [("报送期", f"2021年第2期（6月5日）：当日迟报，迟 40 分钟{first}")]
    assert facts_of(lookup, JUNE_4, {}, HEALTH, {"period_text": "2021-05-20"}) == [
        ("报送期", f"2021年第1期（5月20日），1 项工作任务：迟报，迟 14 天 16 小时{first}"),
        ("报送期", "2021年第2期（6月5日），2 项工作任务：按时"),
    ]
    assert facts_of(lookup, JUNE_4) == []
