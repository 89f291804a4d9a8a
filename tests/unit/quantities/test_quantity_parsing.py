"""Value cells: what is read, what is absent, and what is refused rather than guessed."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from cityhealth.quantities import Quantity, parse_quantity
from cityhealth.quantities.parse import LARGEST, LONGEST, MAGNITUDES


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("0", "0", None),
        ("12.50", "12.50", None),
        ("-3", "-3", None),
        ("－３", "-3", None),
        ("−3", "-3", None),
        ("+3", "3", None),
        (".5", "0.5", None),
        ("１．２万", "12000", None),
        ("3亿", "300000000", None),
        ("1.2万人", "12000", "人"),
        ("1.2 万 人", "12000", "人"),
        ("12（万人）", "120000", "人"),
        ("1,234,567.8", "1234567.8", None),
        ("1，234", "1234", None),
        ("12.5%", "12.5", "%"),
        ("12.5％", "12.5", "%"),
        ("12.5‰", "12.5", "‰"),
        ("52.3平方公里", "52.3", "平方公里"),
        ("52.3 km²", "52.3", "km²"),
        ("52.3km2", "52.3", "km2"),
        ("5㎡", "5", "㎡"),
        ("35μg/m³", "35", "μg/m³"),
        ("3.1人/10万人", "3.1", "人/10万人"),
        ("2千米", "2", "千米"),
        ("3百分点", "3", "百分点"),
        ("1e3", "1000", None),
        ("1.5E-07", "1.5E-7", None),
        ("  12\u3000", "12", None),
        ("2020.11", "2020.11", None),
    ],
)
def test_a_number_is_read_with_its_unit(text: str, value: str, unit: str | None) -> None:
    read = parse_quantity(text)
    assert (read.value, read.unit, read.state, read.problem_zh) == (Decimal(value), unit, "value", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "—",
        "——",
        "-",
        "--",
        "－",
        "/",
        "／",
        "\\",
        "暂无",
        "暂 无",
        "无数据",
        "未统计",
        "N/A",
        "NA",
        "na",
        "…",
        "……",
    ],
)
def test_a_mark_of_absence_is_blank_and_never_zero(text: str) -> None:
    assert parse_quantity(text) == Quantity(None, None, "blank")


def test_not_applicable_and_withdrawn_are_states() -> None:
    assert parse_quantity("不适用") == Quantity(None, None, "not_applicable")
    assert parse_quantity(" 撤回 ") == Quantity(None, None, "withdrawn")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("无", "含义不明"),
        ("约12", "确切"),
        ("12左右", "确切"),
        ("≥12", "确切"),
        ("12-15", "范围"),
        ("1.5万～2万", "范围"),
        ("（12）", "负数"),
        ("—3", "不是数值"),
        ("1,2,3", "千分位"),
        ("1234,567", "千分位"),
        ("12.", "小数点"),
        ("5.5.5", "小数点"),
        ("12 34", "写法"),
        ("12人34户", "写法"),
        ("5①", "写法"),
        ("5²", "写法"),
        ("12:30", "写法"),
        ("NaN", "有限"),
        ("-inf", "有限"),
        ("∞", "有限"),
        ("1e308", "太大"),
        ("1e999999999999", "太大"),
        ("9999999999999999", "太大"),
        ("=1+1", "公式"),
        ("=cmd|' /C calc'!A0", "公式"),
        ("@SUM(1)", "公式"),
        ("#DIV/0!", "计算错误"),
        ("#N/A", "计算错误"),
        ("2020-11-01", "日期"),
        ("2020年11月1日", "日期"),
        ("2020/11/1", "日期"),
        ("2020年", "日期"),
        ("一百二十", "不是数值"),
        ("٣", "不是数值"),
        ("TRUE", "不是数值"),
    ],
)
def test_what_has_no_single_reading_is_refused_with_its_text(text: str, reason: str) -> None:
    read = parse_quantity(text)
    assert read.value is None and read.state == "value"
    assert read.problem_zh is not None and reason in read.problem_zh and text in read.problem_zh


def test_the_magnitude_in_the_cell_is_kept_beside_the_value() -> None:
    assert parse_quantity("1.2万").magnitude == "万"
    assert parse_quantity("12000").magnitude is None


def test_a_long_text_is_refused_and_shown_shortened() -> None:
    read = parse_quantity("1" * (LONGEST + 1))
    assert read.problem_zh is not None and len(read.problem_zh) < 60


@given(st.text(max_size=150))
def test_any_text_is_a_value_a_state_or_a_problem(text: str) -> None:
    read = parse_quantity(text)
    if read.state == "value":
        assert (read.value is None) == (read.problem_zh is not None)
    else:
        assert read.value is None and read.problem_zh is None


@given(st.text(alphabet="0123456789.,-eE万亿%（）() ０９，．－/年月人", max_size=20))
def test_a_value_is_finite_and_within_the_largest(text: str) -> None:
    value = parse_quantity(text).value
    assert value is None or abs(value) <= LARGEST


amounts = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=4)


@given(amounts)
def test_a_written_number_reads_back_exactly(amount: Decimal) -> None:
    plain = format(amount, "f")
    full_width = plain.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789.-"})
    for text in (plain, f"{amount:,f}", full_width, f" {plain} "):
        assert parse_quantity(text).value == amount


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_the_shortest_text_of_a_float_reads_back_as_that_float(number: float) -> None:
    read = parse_quantity(repr(number))
    if number == 0 or abs(number) > 1e-40:
        assert read.value is not None and float(read.value) == number


@given(st.integers(-999, 999), st.sampled_from(sorted(MAGNITUDES)), st.sampled_from(["", "元", "人", "平方公里"]))
def test_a_magnitude_multiplies_exactly(number: int, magnitude: str, unit: str) -> None:
    read = parse_quantity(f"{number}{magnitude}{unit}")
    assert read.value == number * MAGNITUDES[magnitude]
    assert read.unit == (unit or None)
