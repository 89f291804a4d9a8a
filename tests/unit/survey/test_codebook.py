"""Codebooks in YAML and in one table: the same content; what is wrong with them is said in Chinese."""

from __future__ import annotations

import csv
import io

import pytest
import yaml

from cityhealth.errors import UnreadableFile
from cityhealth.survey.codebook import answer_key, codebook_json, codebook_of, misfits, read_codebook

BOOK = {
    "title": "满意度",
    "wave": "2021-06",
    "version": 2,
    "fielded_from": "2021-06-01",
    "fielded_to": "2021-06-20",
    "columns": {"respondent": "编号", "weight": "权重", "area": "县区"},
    "areas": {1: "城区"},
    "groups": {"age_group": {"column": "年龄", "label": "年龄段", "labels": {1: "青年", 2: "老年"}}},
    "missing": {98: "不知道"},
    "questions": [
        {"code": "Q1", "wording": "公园？", "dimension": "ECO", "indicator": "ECO09", "scale": {1: 0, 2: 50, 3: 100},
         "missing": {9: "拒答"}, "skip": [{"question": "F1", "answers": ["2", "3"]}]},
        {"code": "Q2", "wording": "总的来说？", "role": "overall", "scale": {"满意": 100, "不满意": 0}},
        {"code": "F1", "wording": "有车吗？", "role": "filter", "column": "有车"},
        {"code": "I1", "wording": "公园重要吗？", "role": "importance", "of": "Q1", "scale": {1: 0, 2: 100}},
    ],
    "free_text": ["意见"],
}  # fmt: skip
TABLE = [
    ["晋城市满意度调查编码本"],
    ["题号", "列名", "题目", "类型", "维度", "指标", "量表", "缺失代码", "跳答", "对应题号"],
    ["", "", "满意度", "调查名称"],
    ["", "", "2021-06", "波次"],
    ["", "", "2", "版本"],
    ["", "", "2021-06-01", "开始日期"],
    ["", "", "2021-06-20", "结束日期"],
    ["", "编号", "", "问卷编号"],
    ["", "权重", "", "权重"],
    ["", "县区", "", "区域", "", "", "1=城区"],
    ["age_group", "年龄", "年龄段", "分组", "", "", "1=青年；2＝老年"],
    ["", "", "", "通用缺失代码", "", "", "", "98=不知道"],
    ["Q1", "", "公园？", "满意度", "ECO", "ECO09", "1=0;2=50;3=100;9=拒答", "", "F1=2、3"],
    ["Q2", "", "总的来说？", "总体满意度", "", "", "满意=100\n不满意=0"],
    ["F1", "有车", "有车吗？", "背景"],
    ["I1", "", "公园重要吗？", "重要性", "", "", "1=0分;2=100分", "", "", "Q1"],
    ["", "意见", "", "文字"],
    ["注：本表由调查机构填写"],
]


def as_yaml(**changes: object) -> bytes:
    return yaml.safe_dump(BOOK | changes, allow_unicode=True).encode()


def as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("gb18030")


def complaint(data: bytes, name: str = "编码本.yml") -> str:
    with pytest.raises(UnreadableFile) as raised:
        read_codebook(data, name)
    assert raised.value.code.startswith("codebook_") or raised.value.code == "no_header"
    return raised.value.message


def test_a_table_says_the_same_as_yaml_and_json_keeps_it() -> None:
    book = read_codebook(as_yaml(), "编码本.yml")
    assert read_codebook(as_csv(TABLE), "编码本.csv") == book == codebook_of(codebook_json(book))
    first = book.questions[0]
    assert book.scale_of(first) == {"1": 0, "2": 50, "3": 100}
    assert book.missing_of(first) == {"98": "dont_know", "9": "refused"}
    assert book.coded_columns == ("编号", "权重", "县区", "年龄", "Q1", "Q2", "有车", "I1")


@pytest.mark.parametrize(
    ("one", "other"),
    [("5.0", "5"), (" ５ ", "5"), ("05", "5"), ("非常 满意", "非常满意"), ("-1.50", "-1.5"), ("A", "a")],
)
def test_answers_are_compared_by_what_they_say(one: str, other: str) -> None:
    assert answer_key(one) == answer_key(other)
    assert answer_key("5") != answer_key("50")


def test_what_is_on_the_scale_is_an_answer_even_where_others_miss_by_it() -> None:
    questions = [{"code": "Q1", "wording": "?", "dimension": "ECO", "scale": {98: 10, 1: 0}}]
    book = read_codebook(as_yaml(questions=questions), "a.yml")
    assert book.missing_of(book.questions[0]) == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"questions": []}, "questions"),
        ({"wave": "六月"}, "wave"),
        ({"colums": {}}, "colums：没有这个字段"),
        ({"wave": "2021-13"}, "波次「2021-13」应写成年或年-月，如 2021、2021-06"),
        ({"fielded_to": "明天"}, "fielded_to"),
        ({"missing": {98: "不晓得"}}, "missing，答案「98」"),
        (
            {"questions": [{"code": "Q1", "wording": "?", "scale": {1: 101}}]},
            "题号 Q1 的 scale，答案「1」：得分",
        ),
        ({"questions": [{"code": "Q1", "wording": "?", "scale": {1: "1_0"}}]}, "得分「1_0」应为"),
        ({"questions": [{"code": "Q1", "wording": "?", "scale": {"1": 0, "1.0": 100}}]}, "写了两次"),
        ({"questions": [{"code": "Q1"}]}, "wording：缺少此项"),
    ],
)
def test_what_is_wrong_in_yaml_is_named(changes: dict, said: str) -> None:
    message = complaint(as_yaml(**changes))
    assert message.startswith("编码本有误") and said in message


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["Q1", "", "?", "打分题"], "没有类型「打分题」"),
        (["Q1", "", "?", "满意度", "ECO", "", "1-5"], "「1-5」应写成「答案=得分」"),
        (["Q1", "", "?", "满意度", "ECO", "", "1=很好"], "题号 Q1 的 scale，答案「1」：得分「很好」"),
        (["Q1", "", "?", "满意度", "ECO", "", "1=0；1.0=100"], "答案「1.0」写了两次"),
        (["Q1", "", "?", "满意度", "ECO", "", "1=0；9=拒答", "9=不知道"], "答案「9」写了两次"),
        (["", "", "2021-07", "波次"], "波次写了两次"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(row: list[str], said: str) -> None:
    assert said in complaint(as_csv([*TABLE[:5], row]), "编码本.csv")


def test_answers_in_yaml_are_what_is_written() -> None:
    text = """
        title: t
        wave: 2021年6月
        questions: [{code: Q1, wording: w, dimension: ECO, column: , scale: {yes: 100, no: 0, 010: 50}}]
    """
    book = read_codebook(text.encode(), "a.yml")
    assert (book.wave, book.questions[0].column) == ("2021-06", None)
    assert book.scale_of(book.questions[0]) == {"yes": 100, "no": 0, "10": 50}
    assert answer_key("14050020010100001") != answer_key("14050020010100002")


def test_a_file_that_is_no_codebook_says_so() -> None:
    assert complaint(b"a,b\n1,2\n", "编码本.csv").startswith("编码本不能读取")


def test_misfits_name_columns_scales_and_contradictions() -> None:
    letters = dict.fromkeys(("编号", "权重", "县区", "年龄", "Q1", "Q2", "I1", "意见"), "A")
    good = read_codebook(as_yaml(), "a.yml")
    assert misfits(good, letters | {"有车": "B"}).contradictions == ()
    assert misfits(good, letters).columns == ("有车",)
    wrong = read_codebook(
        as_yaml(
            fielded_from="2021-06-21",
            groups={"all": {"column": "年龄", "label": "年龄段"}},
            questions=[
                {"code": "Q1", "wording": "?", "scale": "五级"},
                {"code": "Q4", "wording": "?", "dimension": "ECO", "scale": {5: 100}, "missing": {"5.0": "不适用"}},
                {"code": "Q1", "wording": "?", "dimension": "ECO", "skip": [{"question": "F9", "answers": ["1"]}]},
                {"code": "I1", "wording": "?", "role": "importance", "of": "Q9", "scale": {1: 0}},
                {"code": "Q2", "wording": "?", "role": "overall", "scale": {1: 0}},
                {"code": "Q3", "wording": "?", "role": "overall", "scale": {1: 0}},
            ],
        ),
        "a.yml",
    )
    found = misfits(wrong, letters)
    assert found.unscaled == ("Q1（五级）", "Q1")
    said = "；".join(found.contradictions)
    for part in ("Q1 出现两次", "用于两道题", "F9 不在编码本中", "I1 没有写明对应", "Q1 没有写明维度", 
                 "Q4 的答案「5」既有得分", "不止一道题",
                 "all", "晚于结束日期"):  # fmt: skip
        assert part in said, part
