"""A half-month report in Word: whatever its headings are, each text comes into the field and task that it is of."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from docx.document import Document
from hypothesis import given, settings, strategies as st

from cityhealth.feeds import feed_named
from cityhealth.feeds.progress import REVISED, UNCLEAR_HEADINGS, ProgressFeed
from cityhealth.settings import from_environment
from progress_rows import HEADER, TASKS, TEXTS, five, others, places, read, tasks, under_headings, xlsx
from word_files import FIVE, deleted, fill, inserted, paragraph_xml, picture, run, word

# Word


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


# Headings of their own wording


def _with_headings(*headings: str) -> bytes:
    """A task under these five headings."""
    return word("任务一：生态宜居", *(line for pair in zip(headings, TEXTS, strict=True) for line in pair))


@pytest.mark.parametrize(
    "headings",
    [
        (
            "一、主要工作内容及完成情况",
            "二、工作进展及成效",
            "三、近期重点工作",
            "四、存在问题及建议",
            "五、下步打算及建议",
        ),
        (
            "一、8月份工作内容",
            "二、截至目前工作进展",
            "三、工作重点",
            "四、工作中存在的主要困难和问题",
            "五、下一阶段工作计划",
        ),
        ("1.1 工作内容", "1.2 完成情况", "1.3 工作重点", "1.4 需协调解决的问题", "1.5 下期工作打算"),
        ("1 工作内容", "2 完成情况", "3 工作重点", "4 困难与问题", "5 下一步主要工作"),
        ("一 工作内容", "二 完成情况", "三 工作重点", "四 存在的不足", "五 下阶段计划"),
        ("第一、工作内容", "第二、完成情况", "第三、工作重点", "第四、存在的困难问题", "第五、下步工作"),
        ("Ⅰ.工作内容", "Ⅱ.完成情况", "Ⅲ.工作重点", "Ⅳ.工作中存在的问题", "Ⅴ.下一步工作计划及建议"),
        ("①工作内容", "②完成情况", "③工作重点", "④当前面临的主要困难", "⑤下一步打算"),
    ],
)
def test_headings_are_read_by_what_they_are_about(headings: tuple[str, ...]) -> None:
    (row,) = read(_with_headings(*headings))
    assert five(row) == TEXTS
    assert (row["task_text"], UNCLEAR_HEADINGS in others(row)) == ("生态宜居", False)


def test_problems_and_next_steps_under_one_heading_are_problems() -> None:
    (row,) = read(word("一、工作内容", "甲", "二、完成情况", "乙", "三、存在的问题及下一步打算", "丙"))
    assert five(row) == ("甲", "乙", None, "丙", None)


def test_text_on_the_line_of_a_heading_of_its_own_wording_is_read() -> None:
    (row,) = read(word("一、工作内容：甲", "二、完成情况：乙", "三、存在的主要困难及建议：资金不足，请市财政支持。"))
    assert row["problems_text"] == "资金不足，请市财政支持。"


def test_items_of_a_list_are_no_headings_whatever_they_say() -> None:
    items = ["1.资金不足", "2.推进重点项目建设", "3.工作计划", "4.协调解决用地"]
    data = word(*under_headings("生态宜居", "{c}、{h}", ["甲", "乙", "丙", "\n".join(items), "戊"]))
    (row,) = read(data)
    assert (row["problems_text"], row["next_text"], UNCLEAR_HEADINGS in others(row)) == ("\n".join(items), "戊", False)


def test_a_list_numbered_like_the_headings_stays_a_list() -> None:
    items = ["1.走访小区", "2.资金协调", "3.困难群众住房保障"]
    (row,) = read(word(*under_headings("生态宜居", "{n}.{h}", ["\n".join(items), "乙", "丙", "丁", "\n".join(items)])))
    assert (row["work_text"], row["next_text"]) == ("\n".join(items),) * 2
    assert UNCLEAR_HEADINGS not in others(row)


def test_a_heading_of_that_rank_that_no_word_decides_is_told() -> None:
    lines = under_headings("生态宜居", "{c}、{h}")
    (row,) = read(word(*lines, "六、意见建议", "请市财政局支持。", "七、其他"))
    assert row["next_text"] == f"{TEXTS[4]}\n六、意见建议\n请市财政局支持。\n七、其他"
    told = others(row)[UNCLEAR_HEADINGS]
    assert "第 12 段「意见建议」" in told and "第 14 段「其他」" in told and "并入前一项" in told


def test_a_heading_that_says_something_by_itself_stays_in_the_text_and_is_told() -> None:
    (row,) = read(word("一、工作内容", "甲", "二、完成情况", "乙", "三、资金方面存在的困难", "缺口3万元。"))
    assert (row["status_text"], row["problems_text"]) == ("乙", "资金方面存在的困难\n缺口3万元。")
    assert others(row)[UNCLEAR_HEADINGS] == "第 5 段「资金方面存在的困难」按「存在的问题」读取"


_SENTENCES = st.lists(
    st.tuples(
        st.sampled_from(("我局", "各小区", "本周", "3.", "（2）", "一是")),
        st.sampled_from(
            ("存在的问题", "困难", "不足", "下一步", "计划", "重点", "完成情况", "进展", "主要工作", "工作内容")
        ),
        st.sampled_from(("已召开会议研究。", "共3处，已上报", "由住建局负责；其余月底前完成")),
    ).map("".join),
    min_size=1,
    max_size=6,
)


@given(st.integers(0, 4), _SENTENCES)
@settings(max_examples=60)
def test_sentences_with_such_words_stay_where_they_stand(number: int, sentences: list[str]) -> None:
    texts = list(TEXTS)
    texts[number] = "\n".join(sentences)
    (row,) = read(word(*under_headings("一、生态宜居", "（{c}）{h}", texts)))
    assert five(row) == tuple(texts)


def test_columns_are_found_by_numbered_and_worded_headers() -> None:
    header = [
        "工作任务",
        "1.8月份工作内容",
        "2.完成情况",
        "3.工作重点",
        "4.工作中存在的主要困难",
        "5.下一步工作打算及建议",
    ]
    (row,) = read(xlsx([header, ["生态宜居", *TEXTS]]), "a.xlsx")
    assert (row["task_text"], five(row)) == ("生态宜居", TEXTS)


# Names of tasks


@pytest.mark.parametrize("mark", ["{n}.{h}：", "{h}", "{n}. {h}", "{c}、{h}"])
@pytest.mark.parametrize("heading", ["{}", "（一）{}", "【{}】", "{}：", "一、{}"])
def test_a_task_by_its_name_is_always_a_heading(heading: str, mark: str) -> None:
    lines = [under_headings(heading.format(task), mark) for task in ("健康舒适", "创新活力")]
    rows = read(word("市教育局关于2021年9月5日报送期进展的报告", *lines[0], *lines[1]))
    assert [(row["task_text"], five(row)) for row in rows] == [("健康舒适", TEXTS), ("创新活力", TEXTS)]
    (row,) = read(word("2021年9月5日", *lines[0]))
    assert (row["task_text"], five(row)) == ("健康舒适", TEXTS)


def test_a_task_begins_where_its_name_stands_though_no_label_comes_again() -> None:
    rows = read(word("健康舒适", "1. 工作内容", "甲", "创新活力", "1. 完成情况", "乙"))
    assert [(row["task_text"], row["work_text"], row["status_text"]) for row in rows] == [
        ("健康舒适", "甲", None), ("创新活力", None, "乙"),
    ]  # fmt: skip


def test_the_tasks_below_each_heading_are_a_line_each() -> None:
    lines = ["市民政局9月5日半月进展报告"]
    for number, heading in enumerate(FIVE):
        lines += [f"{'一二三四五'[number]}、{heading}", "（一）健康舒适", f"甲{number}。", f"续{number}。"]
        lines += [f"（二）多元包容方面。乙{number}。"]
    first, second = read(word(*lines, "市民政局", "2021年9月4日"))[:2]
    assert (first["task_text"], first["line_cell"], second["task_text"], second["line_cell"]) == (
        "健康舒适", "第 3 段", "多元包容", "第 6 段",
    )  # fmt: skip
    assert five(first) == tuple(f"甲{n}。\n续{n}。" for n in range(5))
    assert five(second) == tuple(f"乙{n}。" for n in range(5))
    assert (places(first)["status_text"], first["period_text"], first["date_text"]) == (
        "第 9 段", "9月5日", "2021年9月4日",
    )  # fmt: skip


def test_what_is_said_below_a_heading_before_the_tasks_is_said_of_each() -> None:
    rows = read(
        word("一、工作内容", "总体情况。", "1.健康舒适：甲", "2.多元包容：乙", "二、完成情况", "1.健康舒适完成31%",
             "完成百分比：31%", "2.多元包容完成32%", "三、存在的问题", "无")
    )  # fmt: skip
    assert [(row["task_text"], row["work_text"], row["status_text"], row["problems_text"]) for row in rows] == [
        ("健康舒适", "总体情况。\n甲", "完成31%", "无"), ("多元包容", "总体情况。\n乙", "完成32%", "无"),
    ]  # fmt: skip
    assert [row["percent_text"] for row in rows] == ["31%", None]


def test_a_name_in_a_sentence_is_no_heading() -> None:
    (row,) = read(
        word(*under_headings("一、生态宜居", texts=["健康舒适指数提升。", "（一）多元包容指标已核", "丙", "丁", "戊"]))
    )
    assert (row["work_text"], row["status_text"]) == ("健康舒适指数提升。", "（一）多元包容指标已核")


def test_the_feed_of_a_city_knows_its_tasks() -> None:
    feed = feed_named("progress", from_environment({}))
    assert isinstance(feed, ProgressFeed) and len(feed.tasks) == 10 and set(TASKS) < set(feed.tasks)
    assert ProgressFeed.of_catalogue(Path("nowhere")) == ProgressFeed()


# Text that is not there any more


def _deleted_in(*lines: str, position: int, content: str) -> bytes:
    def change(document: Document) -> None:
        document.element.body.insert(position, paragraph_xml(content))

    return word(*lines, change=change)


STRUCK = "<w:r><w:rPr><w:strike/></w:rPr><w:t>作废</w:t></w:r>"


@pytest.mark.parametrize(
    ("content", "told"),
    [(deleted("经费没有落实"), "含修订痕迹，按接受修订后的文字读取"), (STRUCK, "含带删除线或隐藏的文字，没有计入")],
)
def test_a_field_whose_whole_text_is_gone_is_told(content: str, told: str) -> None:
    lines = ["一、生态宜居", "1. 工作内容", "甲", "2. 存在的问题", "3. 下一步工作计划", "戊"]
    for position, after in ((3, "第 3 段之后"), (4, "第 4 段之后"), (6, "第 6 段之后")):
        (row,) = read(_deleted_in(*lines, position=position, content=content))
        assert (row["work_text"], row["problems_text"], row["next_text"]) == ("甲", None, "戊")
        assert others(row)[REVISED] == f"{told}：{after}"


def test_deletions_in_the_last_field_are_told_behind_a_signature_too() -> None:
    lines = [*under_headings("一、生态宜居"), "市住建局", "2021年6月4日"]
    rows = read(_deleted_in(*lines, position=12, content=deleted("市住建局二")))
    assert "第 12 段之后" in others(rows[0])[REVISED]
    assert [row["row_kind"] for row in rows] == ["data", "note", "note"]


def test_cells_and_rows_that_are_gone_are_told_with_their_line() -> None:
    def change(document: Document) -> None:
        fill(document, [HEADER, ["生态宜居", *TEXTS, ""], ["创新活力", *TEXTS, "1%"], ["健康舒适", *TEXTS, "90%"]])
        table = document.tables[0]
        table.cell(1, 6)._tc.append(paragraph_xml(deleted("80%")))
        table.rows[2]._tr.get_or_add_trPr().append(paragraph_xml(deleted("x"))[0])
        table.cell(3, 1)._tc.append(paragraph_xml(STRUCK))

    first, second = read(word(change=change))
    assert (first["task_text"], first["percent_text"], second["task_text"]) == ("生态宜居", None, "健康舒适")
    assert others(first)[REVISED] == "含修订痕迹，按接受修订后的文字读取：G2、第 2 行之后（整行已删除）"
    assert others(second)[REVISED] == "含带删除线或隐藏的文字，没有计入：B3"


def test_an_empty_field_of_a_table_of_labels_has_its_own_place_and_tells_what_was_deleted() -> None:
    def change(document: Document) -> None:
        rows = [
            ["工作任务", "生态宜居"],
            ["工作内容", "甲"],
            ["完成情况", "乙"],
            ["存在的问题", ""],
            ["完成百分比", ""],
        ]
        fill(document, rows)
        document.tables[0].cell(3, 1)._tc.append(paragraph_xml(deleted("经费没有落实")))

    (row,) = read(word(change=change))
    assert (places(row)["problems_text"], places(row)["percent_text"], "focus_text" in places(row)) == (
        "B4", "B5", False,
    )  # fmt: skip
    assert others(row)[REVISED].endswith("：B4")


def test_an_empty_label_without_a_cell_beside_it_stands_where_it_is() -> None:
    (row,) = read(xlsx([["工作任务", "生态宜居"], ["工作内容", "甲"], ["完成情况"], ["某某"]]), "a.xlsx")
    assert (row["status_text"], places(row)["status_text"]) == ("某某", "A4")
    (row,) = read(xlsx([["工作内容：甲"], ["完成情况"]]), "a.xlsx")
    assert (row["status_text"], places(row)["status_text"]) == (None, "A2")
