"""What numbering and wording make of a paragraph: a heading about one of the fields, or text."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from cityhealth.documents.headings import Topic, Topics
from cityhealth.documents.names import Names
from cityhealth.progress_form import FIVE, HEADER_ALIASES, HEADING_FILLING, HEADING_WORDS
from cityhealth.tabular.labels import Labels, Mark, read_mark

TOPICS = Topics(HEADING_WORDS, HEADING_FILLING)
KEYS = (
    "问题", "困难", "不足", "协调解决", "下一步", "下阶段", "下一阶段", "计划", "打算", "重点",
    "完成情况", "进展", "成效", "工作内容", "主要工作",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "mark", "rest"),
    [
        ("一、工作内容", Mark(2, 1), "工作内容"), ("（二）工作内容", Mark(4, 2), "工作内容"),
        ("1. 工作内容", Mark(5, 1), "工作内容"), ("1 工作内容", Mark(5, 1), "工作内容"),
        ("1.2 工作内容", Mark(6, 2), "工作内容"), ("1.2.3工作内容", Mark(7, 3), "工作内容"),
        ("一 工作内容", Mark(2, 1), "工作内容"), ("第一、工作内容", Mark(3, 1), "工作内容"),
        ("第三部分 工作内容", Mark(0, 3), "工作内容"), ("Ⅳ.工作内容", Mark(1, 4), "工作内容"),
        ("IV. 工作内容", Mark(1, 4), "工作内容"), ("③工作内容", Mark(9, 3), "工作内容"),
        ("• 工作内容", Mark(10, None), "工作内容"),
        ("十一、工作内容", Mark(2, 11), "工作内容"), ("二十、工作内容", Mark(2, 20), "工作内容"),
        ("3 个小区开工", None, "3 个小区开工"), ("3.5公里绿道", None, "3.5公里绿道"),
        ("8月份工作内容", None, "8月份工作内容"),
        ("1.5万户", None, "1.5万户"), ("一是走访", None, "一是走访"),
    ],
)  # fmt: skip
def test_numbering_is_told_from_numbers(text: str, mark: Mark | None, rest: str) -> None:
    assert read_mark(text) == (mark, rest)


@pytest.mark.parametrize(
    "text",
    [
        "本期工作内容",
        "8月份工作内容",
        "2021年8月份工作内容",
        "本阶段工作内容",
        "近期工作内容",
        "截至目前，工作内容",
        "8月上半月工作内容",
    ],
)
def test_words_for_the_time_are_no_part_of_a_label(text: str) -> None:
    assert Labels(HEADER_ALIASES).field(text) == "work_text"


@pytest.mark.parametrize(
    ("field", "headings"),
    [
        ("problems_text", "存在问题及建议 存在的问题和建议 工作中存在的问题 存在的困难问题 存在的不足 困难与问题"
         " 问题与建议 需协调解决的问题 存在的问题及下一步打算 当前面临的主要困难和问题"
         " 需市级层面协调解决的事项 重点难点问题 工作中的短板及对策"),
        ("next_text", "下一阶段工作计划 下一步主要工作打算 下期工作安排 下一步工作及建议 下半月工作计划"),
        ("focus_text", "工作重点及难点 重点工作安排 本期重点"),
        ("status_text", "工作进展及成效 重点工作完成情况 工作计划落实情况 工作总体进展情况 取得的成效 主要工作进展"
         " 工作进展及存在的问题"),
        ("work_text", "主要工作内容及完成情况 城市体检工作开展情况 具体工作内容 主要工作及成效 主要做法"),
    ],
)  # fmt: skip
def test_a_heading_of_its_own_wording_is_about_what_comes_first_in_it(field: str, headings: str) -> None:
    assert [text for text in headings.split() if TOPICS.of(text) != Topic(field, True)] == []


def test_a_heading_that_says_something_by_itself_is_not_plain() -> None:
    assert TOPICS.of("资金方面存在的困难") == Topic("problems_text", False)


@pytest.mark.parametrize(
    "text",
    [
        "困难群众住房保障", "推进重点项目建设", "问题整改情况", "意见建议", "其他事项", "计划生育服务",
        "重点任务", "重点项目清单", "", "下一步将继续推进。", "存在问题，已协调解决",
    ],
)  # fmt: skip
def test_other_short_texts_are_about_none_of_the_fields(text: str) -> None:
    assert TOPICS.of(text) is None


_WORDS = st.sampled_from(
    (
        "我局",
        "已",
        "道路",
        "小区",
        "养老设施",
        "第三季度",
        "完成",
        "推进",
        "资金",
        "审批",
        "3处",
        "月底前",
        "对",
        "将",
        "召开会议",
    )
)


@given(st.lists(_WORDS, min_size=1, max_size=8), st.sampled_from(KEYS), st.lists(_WORDS, min_size=1, max_size=8),
       st.sampled_from("。；，！？"))  # fmt: skip
def test_a_sentence_with_such_words_is_no_heading(before: list[str], key: str, after: list[str], end: str) -> None:
    for sentence in ("".join((*before, key, *after, end)), "".join((*before, end, key, *after))):
        assert TOPICS.of(sentence) is None


@given(st.text(max_size=40))
def test_any_text_has_a_topic_of_the_five_or_none(text: str) -> None:
    topic = TOPICS.of(text)
    assert topic is None or topic.field in FIVE


NAMES = Names(("健康舒适", "多元包容"))


@pytest.mark.parametrize(
    "text",
    [
        "健康舒适", "（一）健康舒适", "1.健康舒适：", "【健康舒适】", "「健康舒适」方面", "二、健康舒适方面：",
        "健康舒适工作", "任务一：健康舒适", "1.1 健康舒适",
    ],
)  # fmt: skip
def test_a_name_is_known_with_what_people_put_around_it(text: str) -> None:
    assert NAMES.exactly(text) == "健康舒适"


@pytest.mark.parametrize("text", ["健康舒适度提升", "创新活力", "", "健康舒适、多元包容"])
def test_another_text_is_no_name(text: str) -> None:
    assert NAMES.exactly(text) is None
    assert Names(()).exactly(text) is None


def test_a_name_at_the_beginning_is_told_with_what_follows() -> None:
    assert NAMES.before("（一）健康舒适方面。走访31处。") == ("健康舒适", "走访31处。", True)
    assert NAMES.before("（一）健康舒适完成31%。") == ("健康舒适", "完成31%。", False)
    assert NAMES.before("走访健康舒适") is None
    assert Names(()).before("健康舒适：走访") is None
