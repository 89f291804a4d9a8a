"""Names in notes of interviews are cut to the surname, wherever it is known that they are names."""

from __future__ import annotations

import io
from datetime import datetime

import openpyxl
import pytest

from cityhealth.feeds.interview import InterviewFeed
from cityhealth.interview_form import COLUMNS
from cityhealth.landing import Arrival
from cityhealth.persons import mask_person, mask_persons, names_in
from cityhealth.settings import CITY_TIMEZONE


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("王建国", "王某"),
        ("王建国、李", "王某、李某"),
        ("欧阳锋先生", "欧阳某"),
        ("三楼住户", "某人"),
        ("", ""),
    ],
)
def test_a_column_for_persons_keeps_surnames_only(text: str, masked: str) -> None:
    assert mask_person(text).text == masked


@pytest.mark.parametrize(
    ("text", "masked", "persons"),
    [
        ("旁边的赵丽女士说路灯坏了", "旁边的赵某女士说路灯坏了", 1),
        ("欧阳主任和陈桂英阿姨都在", "欧阳某主任和陈某阿姨都在", 2),
        ("路灯坏了半年，没有人修", "路灯坏了半年，没有人修", 0),
    ],
)
def test_who_is_addressed_by_a_title_is_masked(text: str, masked: str, persons: int) -> None:
    assert mask_persons(text) == (masked, persons)


def test_a_name_known_from_its_column_is_masked_wherever_it_stands() -> None:
    assert names_in("王建国、刘芳") == ("王建国", "刘芳")
    assert mask_persons("王建国说刘芳来过，王建国不在", ("王建国", "刘芳")) == ("王某说刘某来过，王某不在", 3)


def test_columns_that_the_form_does_not_know_are_not_kept() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append([*(column.header for column in COLUMNS), "家庭住址"])
    sheet.append([1, "FT-001", "2021-06-22", "小区", "城区", "王建国", "ECO09", "绿地少", "李晓明", "某小区3号楼"])
    stream = io.BytesIO()
    book.save(stream)
    received = datetime(2021, 6, 28, 9, tzinfo=CITY_TIMEZONE)
    arrival = Arrival("a", "interview", "市体检办", "记录.xlsx", "0" * 64, 1, received)
    (row,) = InterviewFeed().read(stream.getvalue(), arrival).to_pylist()
    assert row["other_cells"] == "{}" and row["person_text"] == "王某" and row["interviewer_text"] == "李某"
    assert row["masked_persons"] == 2
