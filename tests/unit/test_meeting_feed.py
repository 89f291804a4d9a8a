"""The office's list of what a meeting decided becomes raw rows, from whatever workbook it stands in."""

from __future__ import annotations

import io
import json
from datetime import datetime

import openpyxl
import pytest

from cityhealth.errors import UnreadableFile
from cityhealth.feeds.meeting import MeetingFeed
from cityhealth.landing import Arrival
from cityhealth.meeting_form import SHEET
from cityhealth.settings import CITY_TIMEZONE
from word_files import fill, word

HEADER = ["编号", "提出单位", "难点问题", "会议决定", "承办单位", "办理时限", "会议日期", "会议意见"]
LINE = ["2021-06-05/B01/housing", "市住建局", "资金不足", "交办", "市财政局", "2021年7月5日", "2021-06-07", "抓紧落实"]


def read(data: bytes, filename: str = "清单.xlsx") -> list[dict[str, object]]:
    received = datetime(2021, 6, 7, 10, tzinfo=CITY_TIMEZONE)
    arrival = Arrival("a", "meeting", "市体检办", filename, "0" * 64, len(data), received)
    return MeetingFeed().read(data, arrival).to_pylist()  # type: ignore[no-any-return]


def workbook(**sheets: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_line_is_stored_as_handed_in_with_its_places() -> None:
    (row,) = read(workbook(清单=[["城市体检工作难点问题清单"], HEADER, LINE]))
    assert (row["sheet"], row["row_no"], row["row_kind"], row["line_cell"]) == ("清单", 3, "data", "A3")
    stored = ("difficulty_text", "decision_text", "assigned_text", "due_text", "date_text", "note_text")
    assert [row[name] for name in stored] == [LINE[0], *LINE[3:]]
    assert json.loads(str(row["cells"]))["decision_text"] == "D3"
    assert json.loads(str(row["other_cells"])) == {"department_zh": "市住建局", "problem_text": "资金不足"}


def test_the_list_is_found_among_the_other_sheets_of_the_annex() -> None:
    data = workbook(
        **{"工作进展": [["序号", "工作任务", "完成情况"], ["1", "生态宜居", "已完成"]], SHEET: [HEADER, LINE]}
    )
    (row,) = read(data)
    assert (row["sheet"], row["difficulty_text"]) == (SHEET, LINE[0])


def test_a_line_without_a_decision_is_kept() -> None:
    (row,) = read(workbook(清单=[HEADER, LINE[:3]]))
    assert (row["difficulty_text"], row["decision_text"], json.loads(str(row["cells"]))["decision_text"]) == (
        LINE[0],
        None,
        "D2",
    )


def test_a_list_in_a_word_document_is_read() -> None:
    (row,) = read(word("会议议题清单", change=lambda document: fill(document, [HEADER, LINE])), "清单.docx")
    assert (row["sheet"], row["difficulty_text"], row["note_text"]) == ("表格 1", LINE[0], "抓紧落实")


def test_a_table_without_the_columns_of_the_list_is_refused_by_name() -> None:
    with pytest.raises(UnreadableFile, match=r"编号.*会议决定") as refusal:
        read(workbook(清单=[["甲", "乙"], ["1", "2"]]))
    assert refusal.value.code == "no_header"
    with pytest.raises(UnreadableFile, match=r"没有表格.*编号.*会议决定") as refusal:
        read(word("没有表格"), "清单.docx")
    assert refusal.value.code == "no_header"
