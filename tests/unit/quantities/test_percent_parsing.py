"""How far a task is, as officials write it."""

import pytest
from hypothesis import example, given, strategies as st

from cityhealth.quantities.percent import Percent, parse_percent

_DIGITS = "零一二三四五六七八九"


def _spelled(number: int) -> str:
    """The number from 0 to 100 in Chinese."""
    if number == 100:
        return "百"
    tens, ones = divmod(number, 10)
    if not tens:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("80％", 80), ("80%", 80), ("80", 80), (" 80 % ", 80), ("８０", 80), ("80.5%", 80.5), ("0.8%", 0.8),
        ("八成", 80), ("8成", 80), ("八成五", 85), ("八成半", 85), ("十成", 100), ("10成", 100), ("一半", 50),
        ("百分之八十", 80), ("百分之八十五点五", 85.5), ("百分之80", 80), ("百分之百", 100), ("百分之零", 0),
        ("百分之零点五", 0.5), ("百分之0.5", 0.5), ("八十", 80), ("八十%", 80), ("一百", 100), ("百分之一百", 100),
        ("已完成", 100), ("完成", 100), ("全部完成", 100), ("已全部完成。", 100), ("已办结", 100),
        ("未开始", 0), ("未启动", 0), ("尚未启动", 0), ("0", 0), ("0%", 0), ("100%", 100),
        ("已完成80%", 80), ("完成率：80％", 80), ("完成八成", 80), ("累计完成 65.5%", 65.5), ("80%。", 80),
        ("120%", 120), ("-5%", -5), ("1%", 1),
        ("百分百", 100), ("百分百完成", 100), ("100％完成", 100), ("80%已完成", 80), ("八成已完成", 80),
        ("完成了80%", 80), ("完成80%", 80),
    ],
)  # fmt: skip
def test_a_percentage_is_read(text: str, value: float) -> None:
    assert parse_percent(text) == Percent(value)


@pytest.mark.parametrize("text", ["", "  ", "—", "/", "暂无", "\u3000"])
def test_a_blank_is_neither_zero_nor_a_problem(text: str) -> None:
    assert parse_percent(text) == Percent(None)


@pytest.mark.parametrize(
    "text",
    [
        "过半", "已完成过半", "基本完成", "部分完成", "未完成", "正在推进", "进行中", "大部分", "不足80%", "不到八成",
        "80%以下", "80%未完成", "接近完成", "约", "约—",
        "六七成", "60%-70%", "60～70", "80‰", "80公里", "1.2万", "无", "不适用", "八", "百分之", "成", "#DIV/0!",
        "=A1/B1", "2021-06-05", "6月5日", "4/5", "是", "TRUE", "完成了道路工程的勘察设计，正在招标",
        "80%，其余下月完成", "80%其余下月完成", "1,00%", "80①", "8²",
    ],
)  # fmt: skip
def test_what_gives_no_exact_figure_is_a_problem_that_quotes_it(text: str) -> None:
    percent = parse_percent(text)
    assert percent.value is None and percent.note_zh is None
    assert percent.problem_zh is not None and percent.problem_zh.startswith(f"「{text[:40]}")


def test_a_share_is_read_as_such_and_noted() -> None:
    percent = parse_percent("0.8", "number")
    assert percent.value == 80 and percent.problem_zh is None
    assert percent.note_zh is not None and "80%" in percent.note_zh and "0.8" in percent.note_zh


def test_a_bare_one_is_one_percent_and_noted() -> None:
    percent = parse_percent("1", "number")
    assert percent.value == 1 and percent.note_zh is not None and "100" in percent.note_zh


def test_a_percentage_merged_over_several_tasks_is_a_problem() -> None:
    assert "合并单元格" in (parse_percent("80%", "merged").problem_zh or "")


@pytest.mark.parametrize(
    "text",
    [
        "约80%", "大约80％", "80%左右", "80左右", "近八成", "将近八成", "接近80%", "超过80%", "超80%", "80%以上",
        "逾八成", "百分之八十左右", "百分之80以上", "八成多", "80%多", "已完成约80%", "约完成80%", "完成近八成",
        "目前已完成80%左右",
        "约0.8", "约百分之八十完成",
    ],
)  # fmt: skip
def test_a_figure_that_is_nearly_right_is_read_and_noted(text: str) -> None:
    percent = parse_percent(text)
    assert (percent.value, percent.problem_zh) == (80, None)
    assert percent.note_zh == f"「{text}」不是确切的数，按 80% 读取"


@pytest.mark.parametrize("text", ["过半", "大部分", "已完成过半", "大部分完成", "不足八成"])
def test_words_without_a_figure_are_told_so(text: str) -> None:
    assert parse_percent(text).problem_zh == f"「{text}」没有写出确切的百分比，请填 0 至 100 之间的数"


@pytest.mark.parametrize(("text", "kind"), [("=0.4+0.2", "no_value"), ("=A1/B1", "text")])
def test_a_formula_is_said_to_have_no_result(text: str, kind: str) -> None:
    assert (
        parse_percent(text, kind).problem_zh == f"「{text}」是公式，文件中没有它的计算结果，请直接填 0 至 100 之间的数"
    )


def test_text_behind_a_percentage_is_not_called_a_unit() -> None:
    assert "别的文字" in (parse_percent("80%达标").problem_zh or "")
    assert "单位" in (parse_percent("80公里").problem_zh or "")


@given(st.integers(0, 100))
def test_every_whole_percentage_is_read_however_it_is_spelled(number: int) -> None:
    spellings = [f"{number}%", f"{number}％", f"百分之{number}", f"百分之{_spelled(number)}", f"完成{number}%"]
    if number >= 10:
        spellings += [str(number), _spelled(number)]
    assert {parse_percent(text) for text in spellings} == {Percent(float(number))}


@given(st.integers(1, 9), st.integers(1, 9))
def test_tenths_and_their_halves_are_read_however_they_are_spelled(tenths: int, rest: int) -> None:
    assert parse_percent(f"{_DIGITS[tenths]}成{_DIGITS[rest]}").value == 10 * tenths + rest
    assert parse_percent(f"{tenths}成{rest}").value == 10 * tenths + rest


@given(st.decimals(-1000, 1000, places=3))
def test_a_number_with_its_sign_is_read_to_the_last_digit(number: object) -> None:
    assert parse_percent(f"{number}%") == Percent(float(str(number)))


@given(st.decimals("0.001", "0.999", places=3))
def test_a_share_is_a_hundred_times_itself(number: object) -> None:
    percent = parse_percent(str(number))
    assert percent.value == pytest.approx(100 * float(str(number)), rel=1e-12) and percent.note_zh is not None


@given(
    st.one_of(st.text(max_size=200), st.text("完成百分之八十成半点%％0123456789.约-已未", max_size=15)),
    st.sampled_from(("text", "number", "date", "boolean", "error", "no_value", "merged")),
)
@example("٣", "text")
@example("²", "text")
@example("十成十", "text")
def test_no_text_raises_and_each_is_a_figure_a_blank_or_a_problem(text: str, kind: str) -> None:
    percent = parse_percent(text, kind)
    assert percent.value is None or percent.problem_zh is None
    assert percent.note_zh is None or percent.value is not None
