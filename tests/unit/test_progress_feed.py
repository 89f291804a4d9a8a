"""A department's half-month report becomes raw rows, one per task: workbooks, periods, and what is refused."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from hypothesis import given, settings, strategies as st

from cityhealth.errors import UnreadableFile
from cityhealth.feeds.progress import DEPARTMENT
from cityhealth.progress_form import HEADER_ALIASES
from cityhealth.tabular.labels import Labels, split_mark
from progress_rows import HEADER, TEXTS, five, others, places, read, tasks, xlsx
from word_files import FIVE, word

# Workbooks


def test_a_table_under_titles_gives_a_line_for_each_task_with_its_places() -> None:
    data = xlsx([
        ["市住建局城市体检工作半月进展报告"],
        ["报送期：2021-06-05（2021年第2期）", None, "填报单位：市住建局", None, "填报日期：2021年6月4日"],
        HEADER,
        ["生态宜居", *TEXTS, 0.8],
        ["健康舒适", *TEXTS, "八成"],
        ["填表人：某人", None, "联系电话：1"],
    ])  # fmt: skip
    first, second, note = read(data, "报告.xlsx")
    assert (first["task_text"], second["task_text"], note["row_kind"]) == ("生态宜居", "健康舒适", "note")
    assert five(first) == TEXTS
    assert (first["percent_text"], first["percent_cell_kind"], second["percent_text"]) == ("0.8", "number", "八成")
    assert (first["period_text"], first["date_text"]) == ("2021-06-05", "2021年6月4日")
    assert places(first) == {
        "task_text": "A4", "period_text": "A2", "work_text": "B4", "status_text": "C4", "focus_text": "D4",
        "problems_text": "E4", "next_text": "F4", "percent_text": "G4", "date_text": "E2",
    }  # fmt: skip
    assert (first["sheet"], first["row_no"], first["line_cell"]) == ("Sheet", 4, "A4")
    assert others(first) == {DEPARTMENT: "市住建局"}


def test_other_names_for_the_columns_and_columns_of_ones_own_are_understood() -> None:
    header = ["板块", "主要工作", "进展情况", "重点工作", "存在问题", "下步打算", "进度（%）", "责任单位", "备注"]
    (row,) = read(xlsx([header, ["生态宜居", *TEXTS, 80, "园林科", "顺带"]]), "a.xlsx")
    assert five(row) == TEXTS
    assert (row["percent_text"], row["responsible_text"], others(row)) == ("80", "园林科", {"备注": "顺带"})


def test_columns_that_are_missing_stay_empty() -> None:
    (row,) = read(xlsx([["工作任务", "完成情况", "责任人单位"], ["生态宜居", "已完成", "园林科"]]), "a.xlsx")
    assert five(row) == (None, "已完成", None, None, None)
    assert (row["task_text"], row["responsible_text"]) == ("生态宜居", "园林科")


def test_an_empty_cell_of_a_column_that_is_there_has_its_place() -> None:
    (row,) = read(xlsx([HEADER, ["生态宜居", "甲", None, "丙", "丁", "戊", None]]), "a.xlsx")
    assert (row["status_text"], places(row)["status_text"], places(row)["percent_text"]) == (None, "C2", "G2")


def test_rows_under_one_merged_task_are_one_line() -> None:
    data = xlsx(
        [
            HEADER,
            ["生态宜居", "甲", "一", "", "", "", "60%"],
            [None, "乙", "二", "", "", "", ""],
            ["健康舒适", *TEXTS, "1%"],
        ],
        merged=["A2:A3"],
    )
    first, second = read(data, "a.xlsx")
    assert (first["task_text"], first["work_text"], first["status_text"], first["percent_text"]) == (
        "生态宜居", "甲\n乙", "一\n二", "60%",
    )  # fmt: skip
    assert (first["row_no"], places(first)["work_text"], second["task_text"]) == (2, "B2", "健康舒适")


def test_several_percentages_of_one_merged_task_are_all_kept() -> None:
    data = xlsx(
        [HEADER, ["生态宜居", "甲", "", "", "", "", "60%"], [None, "乙", "", "", "", "", "80%"]], merged=["A2:A3"]
    )
    (row,) = read(data, "a.xlsx")
    assert row["percent_text"] == "60%；80%"


def test_a_percentage_merged_over_several_tasks_is_known_as_such() -> None:
    data = xlsx([HEADER, ["生态宜居", *TEXTS, "80%"], ["健康舒适", *TEXTS, None]], merged=["G2:G3"])
    assert [(row["percent_text"], row["percent_cell_kind"]) for row in read(data, "a.xlsx")] == [("80%", "merged")] * 2


def test_a_sheet_of_labels_is_read_and_one_of_instructions_is_not() -> None:
    rows = [[heading, text] for heading, text in zip(FIVE, TEXTS, strict=True)]
    (row,) = read(xlsx([["工作任务", "生态宜居"], *rows, ["完成百分比", "80%"], ["报送期", "2021-06-05"]]), "a.xlsx")
    assert (row["task_text"], five(row), row["percent_text"], row["period_text"]) == (
        "生态宜居", TEXTS, "80%", "2021-06-05",
    )  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(xlsx([HEADER, ["健康舒适", *TEXTS, "80%"]])))
    guide = book.create_sheet("怎样填")
    for labels in rows:
        guide.append(labels)
    stream = io.BytesIO()
    book.save(stream)
    assert tasks(read(stream.getvalue(), "a.xlsx")) == ["健康舒适"]


def test_labels_side_by_side_are_no_header() -> None:
    one, two, three, four, last = TEXTS
    rows = [
        ["工作任务", "生态宜居", "完成百分比", "80%"],
        ["工作内容", one, "完成情况", two],
        ["工作重点", three, "存在的问题", four],
        ["下一步工作计划", last],
    ]
    (row,) = read(xlsx(rows), "a.xlsx")
    assert (row["task_text"], row["percent_text"], five(row)) == ("生态宜居", "80%", TEXTS)


def test_each_block_of_labels_is_a_line() -> None:
    block = [[heading, text] for heading, text in zip(FIVE, TEXTS, strict=True)]
    rows = read(xlsx([["生态宜居", None], *block, ["健康舒适", None], *block], merged=["A1:B1", "A7:B7"]), "a.xlsx")
    assert tasks(rows) == ["生态宜居", "健康舒适"]
    assert [five(row) for row in rows] == [TEXTS, TEXTS]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_delimited_text_is_read(encoding: str) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows([HEADER, ["生态宜居", *TEXTS, "80%"]])
    (row,) = read(stream.getvalue().encode(encoding), "半月报.csv")
    assert (row["task_text"], five(row)) == ("生态宜居", TEXTS)


# The period


@pytest.mark.parametrize(
    ("above", "title", "filename", "period", "place"),
    [
        ("报送期：2021年6月5日", "Sheet", "a.xlsx", "2021年6月5日", "A1"),
        ("2021年第2期半月进展", "Sheet", "a.xlsx", "2021年第2期", "A1"),
        ("半月进展（截至6月5日）", "Sheet", "a.xlsx", "6月5日", "A1"),
        ("半月进展（2021年5月20日至6月5日）", "Sheet", "a.xlsx", "2021年5月20日至6月5日", "A1"),
        ("填报日期：2021年6月4日  报送期：2021.6.5", "Sheet", "a.xlsx", "2021.6.5", "A1"),
        ("填报日期：2021年6月4日", "6月5日", "a.xlsx", "6月5日", "工作表名"),
        ("半月进展", "Sheet", "住建局2021-06-05.xlsx", "2021-06-05", "文件名"),
        ("报送期：六月上旬", "Sheet", "2021-06-05.xlsx", "六月上旬", "A1"),
        ("报送期：　　年　月　日", "Sheet", "a.xlsx", None, None),
        ("半月进展", "Sheet", "a.xlsx", None, None),
    ],
)
def test_the_period_is_found_around_the_table(
    above: str, title: str, filename: str, period: str | None, place: str | None
) -> None:
    (row,) = read(xlsx([[above], HEADER, ["生态宜居", *TEXTS, "80%"]], title=title), filename)
    assert (row["period_text"], places(row).get("period_text")) == (period, place)


def test_a_column_of_periods_goes_before_what_stands_above() -> None:
    data = xlsx([["报送期：2021-06-05"], [*HEADER, "报送期"], ["生态宜居", *TEXTS, "80%", "2021-06-20"]])
    (row,) = read(data, "a.xlsx")
    assert (row["period_text"], places(row)["period_text"]) == ("2021-06-20", "H3")


# Refusals


@pytest.mark.parametrize(
    ("data", "filename", "code"),
    [
        (word("关于报送材料的函", "请查收。"), "函.docx", "no_header"),
        (xlsx([["甲", "乙"], ["1", "2"]]), "a.xlsx", "no_header"),
        (b"%PDF-1.7\n1 0 obj", "a.pdf", "not_a_report"),
        (word("一、生态宜居")[:3000], "a.docx", "damaged"),
        (b"", "a.docx", "empty"),
    ],
)
def test_what_is_no_report_is_refused_with_its_code(data: bytes, filename: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read(data, filename)
    assert refusal.value.code == code
    assert refusal.value.place is not None and refusal.value.place.file == filename


def test_a_document_without_the_headings_is_told_all_five() -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read(word("关于报送材料的函"))
    assert all(heading in refusal.value.message for heading in FIVE)


_WORDED = ["四、存在问题及建议", "三、资金方面存在的困难", "二、其他", "三、意见"]
_NAMED = ["健康舒适", "（一）健康舒适方面。走访", "（二）多元包容完成3成", "创新活力："]
_HEADINGS = [
    *FIVE,
    *_WORDED,
    *_NAMED,
    *(f"{heading}：内容" for heading in FIVE),
    "一、生态宜居",
    "（二）健康",
    "工作任务：甲",
]
_OTHERS = ["完成百分比：", "80%", "2021年6月5日", "市住建局", "责任单位：甲"]
_printable = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
_lines = st.lists(st.one_of(st.sampled_from([*_HEADINGS, *_OTHERS]), st.text(_printable, max_size=20)), max_size=25)


@settings(max_examples=60)
@given(_lines)
def test_nothing_under_a_heading_is_lost(lines: list[str]) -> None:
    """Every paragraph from the first heading on is in some row, as text, as a label or as a note."""
    try:
        rows = read(word("工作内容", *lines))
    except UnreadableFile as refusal:
        raise AssertionError(lines) from refusal
    kept = "\n".join(str(value) for row in rows for value in (*row.values(), *others(row).values()) if value)
    for line in lines:
        bare = split_mark(line)[1].rstrip(":：")
        # Of a name at the beginning, the name and what follows it are in fields of their own.
        bare = bare[-2:] if line in _NAMED[1:3] else bare
        value = bare.partition("：")[2] or bare
        is_label = bare == "工作内容：内容" or Labels(HEADER_ALIASES).field(value) is not None
        assert not bare or value in kept or is_label, line
