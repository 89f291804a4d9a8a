"""Figures in running text: what they are of, in which unit, and what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from quoted_sentences import FRESH, HELD_OUT, REVIEWED, TUNED, Quoted

from cityhealth.catalogue import Catalogue
from cityhealth.quantities import convert
from cityhealth.self_checks.figures import FigureReader
from cityhealth.self_checks.numbers import NumberReader, folded, written
from cityhealth.self_checks.subjects import reader_of, subjects_of


@pytest.fixture(scope="module")
def reader(catalogue: Catalogue) -> FigureReader:
    return reader_of(catalogue, catalogue.examination(2021))


@pytest.fixture(scope="module")
def numbers(catalogue: Catalogue) -> NumberReader:
    return NumberReader(catalogue.units)


def score(
    reader: FigureReader, catalogue: Catalogue, sentences: Sequence[tuple[str, tuple[Quoted, ...]]]
) -> tuple[int, int, int]:
    """True positives, false positives, false negatives among the figures that state an examined value."""
    units = {named.code: named.unit for named in subjects_of(catalogue, catalogue.examination(2021))}

    def plain(code: str, value: Decimal, unit: str) -> tuple[str, float]:
        return code, round(float(convert(value, unit, units[code], catalogue.units)), 9)

    right = wrong = missed = 0
    for sentence, expected in sentences:
        found = [plain(f.named.code, f.value, f.unit) for f in reader.read(sentence) if f.about == "present"]
        wanted = [plain(code, Decimal(str(value)), unit) for code, value, unit in expected]
        hits = sum(one in wanted for one in found)
        right, wrong, missed = right + hits, wrong + len(found) - hits, missed + len(wanted) - hits
    return right, wrong, missed


@pytest.mark.parametrize(("sentences", "least"), [(TUNED, 0.98), (HELD_OUT, 0.97), (FRESH, 0.9), (REVIEWED, 1)])
def test_precision_and_recall_on_sentences_written_by_hand(
    reader: FigureReader, catalogue: Catalogue, sentences: Sequence[tuple[str, tuple[Quoted, ...]]], least: float
) -> None:
    right, wrong, missed = score(reader, catalogue, sentences)
    assert right / (right + wrong) >= least
    assert right / (right + missed) >= least


def test_the_sentences_are_many_and_half_of_them_were_not_looked_at_before_they_were_counted() -> None:
    assert len(TUNED) >= 60 and len(HELD_OUT) >= 40 and len(FRESH) >= 30


@pytest.mark.parametrize(
    ("sentence", "about"),
    [
        ("2019年公园绿地服务半径覆盖率为78.1%。", "other_time"),
        ("上年公园绿地服务半径覆盖率为78.1%。", "other_time"),
        ("2021年6月公园绿地服务半径覆盖率为83%。", "other_time"),
        ("公园绿地服务半径覆盖率较上年增长3.2%。", "change"),
        ("公园绿地服务半径覆盖率同比提高3.2个百分点。", "change"),
        ("力争公园绿地服务半径覆盖率达到90%。", "plan"),
        ("到2025年，公园绿地服务半径覆盖率达到90%。", "plan"),
        ("公园绿地服务半径覆盖率低于80%的标准。", "standard"),
        ("全省公园绿地服务半径覆盖率为80.1%。", "other_place"),
        ("部分街道公园绿地服务半径覆盖率仅为62%。", "part"),
        ("截至2020年12月底，公园绿地服务半径覆盖率为82.5%。", "present"),
    ],
)
def test_a_figure_that_is_about_something_else_says_so(reader: FigureReader, sentence: str, about: str) -> None:
    assert [figure.about for figure in reader.read(sentence)] == [about]
    (figure,) = reader.read(sentence)
    assert bool(figure.about_zh) == (about != "present")


def test_what_stands_among_measures_is_a_plan_unless_it_says_otherwise(reader: FigureReader) -> None:
    sentence = "公园绿地服务半径覆盖率达到90%。"
    assert [figure.about for figure in reader.read(sentence, planned=True)] == ["plan"]
    assert [figure.about for figure in reader.read("目前" + sentence, planned=True)] == ["present"]


def test_a_county_that_is_named_is_kept_and_the_town_that_may_be_all_of_it_is_not(reader: FigureReader) -> None:
    (county,) = reader.read("泽州县康养床位数2190张。")
    (town,) = reader.read("城区内涝积水点密度为0.22个/平方公里。")
    assert (county.area_code, town.area_code) == ("140525", None)


@pytest.mark.parametrize(
    ("text", "value", "unit", "step"),
    [
        ("82.5%", "82.5", "%", "0.1"),
        ("８２．５％", "82.5", "%", "0.1"),
        ("百分之八十二点五", "82.5", "%", "0.1"),
        ("千分之三", "3", "‰", "1"),
        ("八成五", "85", "%", "1"),
        ("1.2万平方米", "1.2", "万平方米", "0.1"),
        ("52.3万人", "52.3", "万人", "0.1"),
        ("三十六处", "36", "处", "1"),
        ("一千二百零五户", "1205", "户", "1"),
        ("二十三万人", "230000", "人", "10000"),
        ("1,425.7亿元", "1425.7", "亿元", "0.1"),
        ("12 km²", "12", "平方公里", "1"),
    ],
)
def test_a_number_is_read_as_officials_write_it(
    numbers: NumberReader, text: str, value: str, unit: str, step: str
) -> None:
    (number,) = numbers.read(folded(text))
    assert (number.value, number.unit, number.step) == (Decimal(value), unit, Decimal(step))


@pytest.mark.parametrize(
    "text",
    [
        "2020年",
        "6月5日",
        "晋市政办〔2021〕27号",
        "第3条",
        "GB50180-2018",
        "十四五",
        "一是",
        "（一）",
        "80%—85%",
        "PM2.5",
        "4A级",
    ],
)
def test_what_has_digits_and_is_no_quantity_is_none(numbers: NumberReader, text: str) -> None:
    assert list(numbers.read(folded(text))) == []


@given(
    st.text(
        alphabet="公园绿地服务半径覆盖率为达到提高年底上较比约超过2019 20.5%％万亿个处百分之点八十成，。（）由从至—",
        max_size=80,
    )
)
def test_no_text_is_too_odd_to_be_read(reader: FigureReader, text: str) -> None:
    for figure in reader.read(text):
        assert figure.step > 0 and figure.sentence in text


def test_what_runs_on_without_end_costs_no_more_than_its_length(reader: FigureReader) -> None:
    assert len(reader.read("公园绿地服务半径覆盖率为5%，" * 2000)) > 1500
    assert reader.read("1" * 20_000 + "公园绿地服务半径覆盖率" + "一" * 20_000) == []


@given(st.decimals(min_value=0, max_value=10**6, places=2))
def test_a_number_comes_out_as_it_was_written(reader: FigureReader, value: Decimal) -> None:
    (figure,) = reader.read(f"公园绿地服务半径覆盖率为{value}%。")
    assert (figure.value, figure.unit, figure.step) == (value, "%", Decimal("0.01"))


@given(st.integers(min_value=1, max_value=99_999_999))
def test_chinese_digits_are_read_as_the_number_that_they_spell(value: int) -> None:
    read = written(spelled(value))
    assert read is not None and read[0] == value
    assert read[1] in (1, 10, 100, 1000, 10_000)


@given(st.integers(min_value=1, max_value=99), st.sampled_from(["2017", "2018", "2019", "2022", "2030"]))
def test_a_figure_of_another_year_is_never_taken_for_the_examined_value(
    reader: FigureReader, value: int, year: str
) -> None:
    for sentence in (
        f"{year}年，公园绿地服务半径覆盖率为{value}%。",
        f"公园绿地服务半径覆盖率为{value}%（{year}年）。",
    ):
        assert {figure.about for figure in reader.read(sentence)} <= {"other_time", "plan"}


def spelled(value: int) -> str:
    """A number in Chinese digits, as 一万零三百."""
    digits = "零一二三四五六七八九"

    def section(number: int) -> str:
        text, gap = "", False
        for place, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
            digit = number // place % 10
            if digit:
                text += ("零" if gap and text else "") + digits[digit] + name
                gap = False
            else:
                gap = True
        return text

    high, low = divmod(value, 10_000)
    if not high:
        return section(low)
    between = "零" if low and low < 1000 else ""
    return f"{section(high)}万{between}{section(low) if low else ''}"
