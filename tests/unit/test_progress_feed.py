"""A department's half-month report becomes raw rows, one per task, whatever it was written in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime

import openpyxl
import pytest
from docx.document import Document
from hypothesis import given, settings, strategies as st

from cityhealth.errors import UnreadableFile
from cityhealth.feeds.progress import DEPARTMENT, REVISED, ProgressFeed
from cityhealth.landing import Arrival
from cityhealth.progress_form import FIVE as FIELDS
from cityhealth.settings import CITY_TIMEZONE
from word_files import FIVE, deleted, fill, inserted, paragraph_xml, picture, run, word

TEXTS = tuple(f"{heading}的正文。" for heading in FIVE)
Row = dict[str, object]


def read(data: bytes, filename: str = "报告.docx") -> list[Row]:
    received = datetime(2021, 6, 4, 10, tzinfo=CITY_TIMEZONE)
    rows: list[Row] = (
        ProgressFeed()
        .read(data, Arrival("a", "progress", "住建局", filename, "0" * 64, len(data), received))
        .to_pylist()
    )
    assert [row["line_no"] for row in rows] == list(range(1, len(rows) + 1))
    return rows


def tasks(rows: Sequence[Row]) -> list[object]:
    return [row["task_text"] for row in rows if row["row_kind"] == "data"]


def five(row: Row) -> tuple[object, ...]:
    return tuple(row[field] for field in FIELDS)


def places(row: Row) -> dict[str, str]:
    return json.loads(str(row["cells"]))  # type: ignore[no-any-return]


def others(row: Row) -> dict[str, str]:
    return json.loads(str(row["other_cells"]))  # type: ignore[no-any-return]


def xlsx(rows: Sequence[Sequence[object]], merged: Sequence[str] = (), title: str = "Sheet") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(list(row))
    for span in merged:
        book.active.merge_cells(span)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


HEADER = ["工作任务", *FIVE, "完成百分比"]


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


# Word


def under_headings(task: str, mark: str = "{n}. {h}", texts: Sequence[str] = TEXTS) -> list[str]:
    lines = [task]
    for number, (heading, text) in enumerate(zip(FIVE, texts, strict=True), start=1):
        chinese = "一二三四五"[number - 1]
        lines += [mark.format(n=number, h=heading, c=chinese), text]
    return lines


@pytest.mark.parametrize(
    ("titles", "mark"),
    [
        (("一、生态宜居", "二、健康舒适"), "{n}. {h}"),
        (("一、生态宜居", "二、健康舒适"), "（{c}）{h}"),
        (("（一）生态宜居", "（二）健康舒适"), "{n}、{h}："),
        (("生态宜居方面", "健康舒适方面"), "{n}.{h}"),
        (("生态宜居方面：", "健康舒适方面："), "{h}"),
        (("工作任务：生态宜居", "工作任务：健康舒适"), "{h}"),
        (("第一部分 生态宜居", "第二部分 健康舒适"), "{c}、{h}"),
    ],
)
def test_text_under_headings_gives_a_line_for_each_task(titles: tuple[str, str], mark: str) -> None:
    first, second = titles
    data = word(
        "市住建局城市体检工作半月进展报告",
        "（2021年6月5日）",
        *under_headings(first, mark),
        *under_headings(second, mark),
    )
    rows = read(data)
    assert tasks(rows) == ["生态宜居", "健康舒适"]
    assert [five(row) for row in rows] == [TEXTS, TEXTS]
    assert {row["period_text"] for row in rows} == {"2021年6月5日"}
    assert [(row["sheet"], row["line_cell"]) for row in rows] == [("正文", "第 3 段"), ("正文", "第 14 段")]
    assert places(rows[0])["work_text"] == "第 5 段"


@pytest.mark.parametrize("mark", ["{h}：{t}", "{n}. {h}：{t}", "（{n}）{h}:{t}", "{n}.{h}。{t}"])
def test_text_on_the_line_of_its_heading_is_read(mark: str) -> None:
    lines = [mark.format(n=n, h=h, t=t) for n, (h, t) in enumerate(zip(FIVE, TEXTS, strict=True), start=1)]
    (row,) = read(word("一、生态宜居", *lines))
    assert (row["task_text"], five(row)) == ("生态宜居", TEXTS)


def test_headings_may_be_styles_or_bold_type() -> None:
    styled = [
        ("生态宜居", "Heading 1"),
        *((text, "Heading 2") if text in FIVE else text for text in under_headings("")[1:]),
    ]
    unmarked = [text for text in styled if text != ""]
    assert [five(row) for row in read(word(("半月进展", "Title"), *unmarked, *unmarked))] == [TEXTS, TEXTS]
    lines = under_headings("生态宜居", "{h}")

    def bold(document: Document) -> None:
        for text in lines:
            document.add_paragraph().add_run(text).bold = text in (*FIVE, "生态宜居")

    (row,) = read(word("市住建局", change=bold))
    assert (row["task_text"], five(row)) == ("生态宜居", TEXTS)


def test_text_of_several_paragraphs_and_lists_belongs_to_its_heading() -> None:
    texts = ["甲。\n1.推进绿道\n（2）招标", "乙", "丙", "丁", "戊"]
    data = word(
        *under_headings("一、生态宜居", "（{c}）{h}", texts), *under_headings("二、健康舒适", "（{c}）{h}", texts)
    )
    rows = read(data)
    assert [five(row) for row in rows] == [tuple(texts)] * 2
    assert tasks(rows) == ["生态宜居", "健康舒适"]


def test_the_five_headings_once_and_no_task_is_one_line_without_a_task() -> None:
    (row,) = read(word("市住建局半月进展报告", "市住房和城乡建设局", *under_headings("2021年6月5日", "{c}、{h}")))
    assert (row["task_text"], five(row), row["period_text"]) == (None, TEXTS, "2021年6月5日")


def test_headings_that_are_missing_stay_empty_and_those_that_are_there_have_a_place() -> None:
    (row,) = read(word("一、生态宜居", "1. 工作内容", "甲", "2. 完成情况", "3. 存在的问题", "丁"))
    assert five(row) == ("甲", None, None, "丁", None)
    assert places(row)["status_text"] == "第 4 段" and "focus_text" not in places(row)


def test_other_labels_say_one_line_each() -> None:
    lines = under_headings("一、生态宜居")
    data = word(
        *lines[:5], "完成百分比：80％", "续前。", "责任单位：市住建局园林科", *lines[5:], "进度下降原因：", "雨季停工。"
    )
    (row,) = read(data)
    assert (row["percent_text"], row["responsible_text"], row["reason_text"]) == (
        "80％",
        "市住建局园林科",
        "雨季停工。",
    )
    assert five(row) == (TEXTS[0], f"{TEXTS[1]}\n续前。", *TEXTS[2:])


def test_labels_between_the_task_and_its_first_heading_belong_to_the_task() -> None:
    lines = under_headings("二、健康舒适")
    rows = read(word(*under_headings("一、生态宜居"), lines[0], "完成百分比：60%", "另有说明文字。", *lines[1:]))
    assert [row["percent_text"] for row in rows] == [None, "60%"]
    assert tasks(rows) == ["生态宜居", "健康舒适"]
    assert "另有说明文字。" in others(rows[1]).values() and five(rows[0]) == TEXTS


def test_the_signature_is_a_note_and_gives_the_date() -> None:
    rows = read(word(*under_headings("一、生态宜居"), "联系人：某人", "市住房和城乡建设局", "2021年6月4日"))
    assert [row["row_kind"] for row in rows] == ["data", "note", "note", "note"]
    assert (rows[0]["date_text"], rows[0]["period_text"], rows[0]["next_text"]) == ("2021年6月4日", None, TEXTS[-1])


def test_who_is_responsible_for_the_last_task_is_no_signature() -> None:
    rows = read(word(*under_headings("一、生态宜居"), "责任人单位：市统计局综合科", "市统计局", "2021年6月4日"))
    assert [row["row_kind"] for row in rows] == ["data", "note", "note"]
    assert (rows[0]["responsible_text"], rows[0]["next_text"]) == ("市统计局综合科", TEXTS[-1])


def test_the_period_may_stand_in_the_header_of_the_pages() -> None:
    def change(document: Document) -> None:
        document.sections[0].header.paragraphs[0].text = "报送期：2021年6月5日"

    (row,) = read(word(*under_headings("一、生态宜居"), change=change))
    assert (row["period_text"], places(row)["period_text"]) == ("2021年6月5日", "页眉")


def test_a_table_with_a_header_in_a_document_is_read() -> None:
    rows = read(
        word(
            "报送期：第2期",
            change=lambda d: fill(d, [HEADER, ["生态宜居", *TEXTS, "80%"], ["健康舒适", *TEXTS, "90%"]]),
        )
    )
    assert tasks(rows) == ["生态宜居", "健康舒适"]
    assert [(row["sheet"], row["line_cell"], row["percent_text"]) for row in rows] == [
        ("表格 1", "A2", "80%"), ("表格 1", "A3", "90%"),
    ]  # fmt: skip
    assert (rows[0]["period_text"], places(rows[0])["period_text"]) == ("第2期", "第 1 段")


def test_a_table_of_labels_for_each_task_is_read_with_the_heading_above_it() -> None:
    def change(document: Document) -> None:
        for title in ("一、生态宜居", "二、健康舒适"):
            document.add_paragraph(title)
            fill(document, list(zip(FIVE, TEXTS, strict=True)))

    rows = read(word("市住建局半月进展报告 2021年6月5日", change=change))
    assert tasks(rows) == ["生态宜居", "健康舒适"]
    assert [(row["sheet"], five(row)) for row in rows] == [("表格 1", TEXTS), ("表格 2", TEXTS)]


def test_a_form_within_a_frame_is_the_form_and_a_table_within_a_cell_is_text() -> None:
    def framed(document: Document) -> None:
        fill(document.add_table(1, 1).cell(0, 0), [HEADER, ["生态宜居", *TEXTS, "80%"]])

    (row,) = read(word("报告", change=framed))
    assert (row["sheet"], five(row)) == ("表格 2", TEXTS)

    def with_figures(document: Document) -> None:
        table = document.add_table(2, 2)
        table.cell(0, 0).text, table.cell(0, 1).text = "工作内容", "甲"
        table.cell(1, 0).text = "完成情况"
        fill(table.cell(1, 1), [["项目", "数"], ["绿道", "3"]])

    (row,) = read(word(change=with_figures))
    assert (row["work_text"], row["status_text"]) == ("甲", "项目 数\n绿道 3")


def test_a_table_that_is_no_form_stays_in_the_text_where_it_stands() -> None:
    def change(document: Document) -> None:
        for text in ("一、生态宜居", "1. 完成情况", "见下表："):
            document.add_paragraph(text)
        fill(document, [["项目", "数"], ["绿道", "3"]])
        for text in ("2. 工作重点", "丙"):
            document.add_paragraph(text)

    (row,) = read(word(change=change))
    assert (row["status_text"], row["focus_text"]) == ("见下表：\n项目\n数\n绿道\n3", "丙")


def test_tracked_changes_are_accepted_and_marked_with_their_places() -> None:
    def change(document: Document) -> None:
        body = document.element.body
        body.insert(2, paragraph_xml(run("完成") + inserted("三") + deleted("两") + run("项")))

    (row,) = read(word("一、生态宜居", "1. 完成情况", change=change))
    assert row["status_text"] == "完成三项"
    assert "第 3 段" in others(row)[REVISED]
    (plain,) = read(word("一、生态宜居", "1. 完成情况", "完成三项"))
    assert REVISED not in others(plain)


def test_a_document_of_30_megabytes_with_pictures_is_read_like_any_other() -> None:
    data = word(*under_headings("一、生态宜居"), change=lambda d: d.add_picture(io.BytesIO(picture(30))))
    assert len(data) > 30_000_000
    (row,) = read(data)
    assert five(row) == TEXTS


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


_HEADINGS = [*FIVE, *(f"{heading}：内容" for heading in FIVE), "一、生态宜居", "（二）健康", "工作任务：甲"]
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
        bare = line.strip()
        value = bare.partition("：")[2] or bare
        assert (
            not bare
            or value in kept
            or value in (*FIVE, "一、生态宜居", "（二）健康", "完成百分比：", "工作内容：内容")
        )
