"""Self-checks become raw rows: a paragraph each, under its dimension and section, and nothing is lost."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from hypothesis import given, settings, strategies as st

from cityhealth.errors import UnreadableFile
from cityhealth.feeds.self_check import SelfCheckFeed
from cityhealth.landing import Arrival
from cityhealth.self_check_form import HINT, SECTIONS
from cityhealth.self_checks.openings import by_openings
from cityhealth.settings import CITY_TIMEZONE
from progress_rows import Row, xlsx
from word_files import deleted, fill, inserted, paragraph_xml, run, word

DIMENSIONS = ("生态宜居", "健康舒适", "安全韧性")
STANDARD = ("现状简述", "建设亮点", "存在问题", "改进措施")


def read(data: bytes, filename: str = "自查报告.docx", feed: SelfCheckFeed | None = None) -> list[Row]:
    received = datetime(2021, 7, 5, 10, tzinfo=CITY_TIMEZONE)
    arrival = Arrival("a", "self_check", "市住建局", filename, "0" * 64, len(data), received)
    return (feed or SelfCheckFeed(DIMENSIONS)).read(data, arrival).to_pylist()  # type: ignore[no-any-return]


def said(rows: list[Row]) -> list[tuple[object, object, object]]:
    return [(r["dimension_text"], r["section"], r["body_text"]) for r in rows if r["row_kind"] == "data"]


def notes(rows: list[Row]) -> list[object]:
    return [r["body_text"] for r in rows if r["row_kind"] == "note"]


def four(dimension: str, *texts: str) -> list[tuple[object, object, object]]:
    return [(dimension, section, text) for section, text in zip(SECTIONS, texts, strict=True)]


@pytest.mark.parametrize(
    "headings",
    [
        STANDARD,
        ("现状", "亮点", "问题", "措施"),
        ("基本情况", "主要做法和成效", "存在的问题和不足", "下一步措施"),
        ("现状及基本情况", "建设亮点与特色做法", "存在的主要问题及原因分析", "下一步整改措施和建议"),
        ("现状简述：", "建设亮点：", "存在问题：", "改进措施："),
    ],
)
@pytest.mark.parametrize("mark", ["（{}）{}", "{}、{}", "第{}部分 {}"])
def test_a_heading_is_read_as_people_write_it(headings: tuple[str, ...], mark: str) -> None:
    lines = ["生态宜居"]
    for number, heading in zip("一二三四", headings, strict=True):
        lines += [mark.format(number, heading), f"{number}的正文。"]
    assert said(read(word(*lines))) == four("生态宜居", *(f"{number}的正文。" for number in "一二三四"))


def test_a_heading_per_dimension_then_one_per_section_with_heading_styles() -> None:
    lines: list[str | tuple[str, str]] = [("市住建局2021年城市体检自查报告", "Title"), "现报告如下。"]
    for name in DIMENSIONS[:2]:
        lines.append((f"{name}方面", "Heading 1"))
        for heading in STANDARD:
            lines += [(heading, "Heading 2"), f"{name}{heading}。"]
    rows = read(word(*lines, "市住房和城乡建设局", "2021年7月5日"))
    assert said(rows) == [
        one for name in DIMENSIONS[:2] for one in four(name, *(f"{name}{heading}。" for heading in STANDARD))
    ]
    assert notes(rows) == ["市住建局2021年城市体检自查报告", "现报告如下。", "市住房和城乡建设局", "2021年7月5日"]
    assert json.loads(str(rows[0]["other_cells"]))["年份"] == "2021"


def test_sections_first_and_the_dimensions_below_each() -> None:
    lines = []
    for number, heading in zip("一二三四", STANDARD, strict=True):
        lines += [f"{number}、{heading}", "（一）生态宜居", f"绿{number}。", "（二）健康舒适", f"康{number}。"]
    rows = said(read(word(*lines)))
    assert rows == four("生态宜居", *(f"绿{n}。" for n in "一二三四")) + four(
        "健康舒适", *(f"康{n}。" for n in "一二三四")
    )


def test_bold_lines_are_headings() -> None:
    def bold(document) -> None:  # type: ignore[no-untyped-def]
        for text in ("生态宜居", "现状简述", "好。", "建设亮点", "亮。", "存在问题", "坏。", "改进措施", "改。"):
            document.add_paragraph().add_run(text).bold = len(text) == 4

    assert said(read(word(change=bold))) == four("生态宜居", "好。", "亮。", "坏。", "改。")


def test_numbered_items_and_tables_within_a_section_are_its_paragraphs() -> None:
    data = word("一、生态宜居", "（一）现状简述", "1. 公园建设。", "2. 管网改造。", change=lambda document: fill(
        document, [["指标", "数值"], ["公园绿地服务半径覆盖率", "82.5%"]]
    ))  # fmt: skip
    rows = read(data)
    assert [(r["body_text"], r["paragraph_no"], r["line_cell"]) for r in rows] == [
        ("1. 公园建设。", 1, "第 3 段"), ("2. 管网改造。", 2, "第 4 段"), ("指标　数值", 3, "A1"),
        ("公园绿地服务半径覆盖率　82.5%", 4, "A2"),
    ]  # fmt: skip


def test_text_between_a_dimension_and_its_first_section_is_kept_as_a_note() -> None:
    rows = read(word("一、生态宜居", "总体较好。", "（一）现状简述", "好。", "（二）存在问题", "坏。"))
    assert (rows[0]["row_kind"], rows[0]["dimension_text"], rows[0]["body_text"]) == ("note", "生态宜居", "总体较好。")


@pytest.mark.parametrize(
    ("dimension", "heading"),
    [
        (["一、生态宜居"], "（一）現狀簡述"),
        (["一、生态宜居"], "（一）领导讲话："),
        (["一、生态宜居"], "現狀簡述"),
        ([], "（一）現狀簡述"),
    ],
)
def test_a_heading_that_is_not_understood_before_the_first_section_is_named_with_its_place(
    dimension: list[str], heading: str
) -> None:
    rows = read(word(*dimension, heading, "公园较多。", "（二）建设亮点", "亮。", "（三）存在问题", "坏。"))
    remark = next(json.loads(str(row["other_cells"]))["标题"] for row in rows if row["row_kind"] == "data")
    name = heading.removeprefix("（一）").rstrip("：")
    assert remark == f"第 {len(dimension) + 1} 段「{name}」不是能识别的标题，其下文字没有计入任何部分"
    assert notes(rows) == [heading, "公园较多。"]


def test_a_column_that_is_not_understood_is_named_where_a_section_has_none() -> None:
    table = [["维度", "現狀簡述", *STANDARD[1:]], ["生态宜居", "好。", "亮。", "坏。", "改。"]]
    rows = [row for row in read(xlsx(table), "自查.xlsx") if row["row_kind"] == "data"]
    assert {json.loads(str(row["other_cells"]))["标题"] for row in rows} == {
        "B2「現狀簡述」不是能识别的标题，其下文字没有计入任何部分"
    }


def test_a_heading_without_text_is_an_empty_row() -> None:
    rows = said(read(word("生态宜居", "（一）现状简述", "（二）存在问题", "坏。")))
    assert rows == [("生态宜居", "status", None), ("生态宜居", "problems", "坏。")]


def test_a_table_of_labels_is_about_the_heading_above_it() -> None:
    rows = read(word("一、生态宜居", change=lambda d: fill(d, [["现状简述", "好。\n很好。"], ["存在问题", "坏。"]])))
    assert said(rows) == [
        ("生态宜居", "status", "好。"), ("生态宜居", "status", "很好。"), ("生态宜居", "problems", "坏。"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "table",
    [
        [["维度", *STANDARD], ["生态宜居", "好。", "亮。", "坏。", "改。"]],
        [
            ["体检维度", "部分", "内容"],
            *(["生态宜居", *one] for one in zip(STANDARD, ("好。", "亮。", "坏。", "改。"), strict=True)),
        ],
    ],
    ids=["a column per section", "a row per section"],
)  # fmt: skip
def test_a_workbook_is_read_like_the_table_of_a_document(table: list[list[str]]) -> None:
    expected = four("生态宜居", "好。", "亮。", "坏。", "改。")
    assert said(read(xlsx(table), "自查.xlsx")) == expected
    assert said(read(word(change=lambda document: fill(document, table)))) == expected


def test_a_sheet_that_is_called_after_a_dimension_is_about_it() -> None:
    rows = read(xlsx([["现状简述", "好。"], ["存在问题", "坏。"]], title="健康舒适"), "自查.xlsx")
    assert said(rows) == [("健康舒适", "status", "好。"), ("健康舒适", "problems", "坏。")]


def test_hints_of_the_form_are_no_content() -> None:
    rows = read(word("一、生态宜居", "（一）现状简述", HINT + "写明数据。", "（二）存在问题", "坏。"))
    assert said(rows) == [("生态宜居", "status", None), ("生态宜居", "problems", "坏。")]
    assert notes(rows) == [HINT + "写明数据。"]


def test_tracked_changes_are_read_as_accepted_and_said() -> None:
    def revise(document) -> None:  # type: ignore[no-untyped-def]
        document.element.body.insert(2, paragraph_xml(run("公园") + deleted("很少。") + inserted("很多。")))

    rows = read(word("生态宜居", "（一）现状简述", "（二）存在问题", "坏。", change=revise))
    assert said(rows)[0] == ("生态宜居", "status", "公园很多。")
    assert "修订痕迹" in json.loads(str(rows[0]["other_cells"]))["修订"]


def test_a_document_without_headings_is_refused_and_told_what_it_needs() -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(word("我局高度重视，成立专班。", "去年建成公园12处，群众满意。"))
    assert refused.value.code == "no_headings"
    assert "没有标题" in str(refused.value) and all(f"「{heading}」" in str(refused.value) for heading in STANDARD)


def test_a_workbook_without_the_sections_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="现状简述"):
        read(xlsx([["序号", "指标", "数值"], ["1", "绿地率", "40"]]), "表.xlsx")


def test_sentences_that_say_what_they_are_about_do_for_headings() -> None:
    rows = read(
        word("为做好体检工作，开展自查。", "生态宜居方面，现状是绿地较多。主要问题是公园不足。下一步，将建公园。")
    )
    assert notes(rows) == ["为做好体检工作，开展自查。"]
    assert [(section, text) for _, section, text in said(rows)] == [
        ("status", "生态宜居方面，现状是绿地较多。"),
        ("problems", "主要问题是公园不足。"),
        ("measures", "下一步，将建公园。"),
    ]
    assert "按「存在问题」读取" in json.loads(str(rows[2]["other_cells"]))["无标题"]


def test_one_word_alone_is_not_enough_to_tell_sections_apart() -> None:
    assert by_openings(["下一步，我局将抓好落实。"], DIMENSIONS) is None
    assert by_openings(["存在的主要问题是不足。", "下一步，将改进。"], DIMENSIONS) is not None


def test_a_dimension_heads_nothing_before_the_day_from_which_it_is_known() -> None:
    feed = SelfCheckFeed((*DIMENSIONS, "小区"), {"小区": date(2024, 1, 1)})
    rows = read(word("生态宜居", "（一）现状简述", "小区", "改造完成。", "（二）存在问题", "坏。"), feed=feed)
    assert {row["dimension_text"] for row in rows} == {"生态宜居"}


_TEXTS = (
    st.text(alphabet="建成公园道路改造完成情况总体良好，12.5%。", min_size=1, max_size=20).map(str.strip).filter(bool)
)


@settings(max_examples=25)
@given(st.lists(_TEXTS, min_size=1, max_size=5), st.lists(_TEXTS, max_size=3), st.lists(_TEXTS, max_size=3))
def test_every_line_of_a_document_is_in_some_row(status: list[str], preamble: list[str], between: list[str]) -> None:
    rows = read(word(*preamble, "一、生态宜居", *between, "（一）现状简述", *status, "（二）存在问题", "坏。"))
    kept = [str(row[name]) for row in rows for name in ("body_text", "section_text", "dimension_text") if row[name]]
    for text in (*preamble, *between, *status):
        assert any(text in one for one in kept), text
