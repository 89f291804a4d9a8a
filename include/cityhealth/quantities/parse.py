"""What an official writes into a value cell, read without guessing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Literal

State = Literal["value", "blank", "not_applicable", "withdrawn"]

LARGEST = Decimal("1e15")
LONGEST = 100  # characters; no number with its unit is longer

MAGNITUDES = {
    "百": Decimal("1e2"), "千": Decimal("1e3"), "万": Decimal("1e4"), "十万": Decimal("1e5"),
    "百万": Decimal("1e6"), "千万": Decimal("1e7"), "亿": Decimal("1e8"), "万亿": Decimal("1e12"),
}  # fmt: skip

# The context holds every product of a 40-digit number and a magnitude exactly.
_EXACT = Context(prec=60)

_BLANK_WORDS = frozenset(
    ("", "暂无", "暂无数据", "无数据", "没有数据", "未统计", "暂未统计", "暂缺", "N/A", "NA", "N.A.")
)
_BLANK_MARKS = re.compile(r"[-—–―─−]+|/+|\\+|[.…⋯]*…[.…]*|\.{2,}|⋯+")
_NUMBER = re.compile(
    r"(?P<sign>[+\-−]?)"
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)"
    r"(?P<fraction>\.[0-9]+)?"
    r"(?P<exponent>[eE][+-]?[0-9]+(?![A-Za-z]))?"
    r"(?P<rest>.*)",
    re.DOTALL,
)
_MAGNITUDE = re.compile("|".join(sorted(MAGNITUDES, key=len, reverse=True)))
# km2, m³, ㎡, 人/平方公里, 人/10万人: a digit may only be an exponent at the end of a word, or the 10 of 10万.
_WORD = r"(?:[A-Za-zµμ%‰°℃\u3300-\u33ff\u4e00-\u9fff]+[23²³]?)"
_UNIT = re.compile(rf"{_WORD}(?:[/·](?:10(?=万))?{_WORD})*")
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ].*)?|\d{4}[-/]\d{1,2}|\d{4}年\d{1,2}月.*|\d{1,2}月\d{1,2}[日号]"
    r"|(?:19|20)\d\d年度?"
)
_EXCEL_ERROR = re.compile(
    r"#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!|SPILL!|CALC!|GETTING_DATA|[A-Z]+[!?])", re.IGNORECASE
)
_NOT_A_NUMBER = re.compile(r"[+\-−]?(?:nan|inf|infinity|∞)", re.IGNORECASE)
_APPROXIMATE = re.compile(r"约|近|左右|上下|以上|以下|余|多|超过|不足|不到|大概|估|[<>≤≥≈±]")
_RANGE = re.compile(r"[0-9][0-9.,%‰\w]*(?:(?<![eE])-|~|—|–|至|到)[0-9].*")
_IN_BRACKETS = re.compile(r"\((.*)\)", re.DOTALL)


@dataclass(frozen=True)
class Quantity:
    """One value cell.

    ``value`` is given only in state ``value`` and without a problem; it is in ``unit`` (None: the cell
    names none). ``magnitude`` is the 万 or 亿 that the cell wrote and that ``value`` already contains: beside a unit
    column that says 万人 it is a contradiction that only the reader of both can see. ``problem_zh`` says why
    there is no value.
    """

    value: Decimal | None
    unit: str | None
    state: State
    problem_zh: str | None = None
    magnitude: str | None = None


def parse_quantity(text: str) -> Quantity:
    """Read one value cell; never raises.

    ``１．２万人`` is 12000 人, ``12.5％`` is 12.5 %. Marks of absence (``—``, ``/``, ``暂无``, ``N/A`` …)
    are blank, never zero; ``不适用`` and ``撤回`` are states. Whatever could be read in two ways is a
    problem, not a guess.
    """
    if len(text.strip()) > LONGEST:
        return _refused(text, "太长，不是数值")
    folded = "".join(fold_width(text)).strip()
    squeezed = re.sub(r"\s+", "", folded)
    if squeezed.upper() in _BLANK_WORDS or _BLANK_MARKS.fullmatch(squeezed):
        return Quantity(None, None, "blank")
    if squeezed == "不适用":
        return Quantity(None, None, "not_applicable")
    if squeezed == "撤回":
        return Quantity(None, None, "withdrawn")
    problem = _known_problem(folded, squeezed)
    if problem is None:
        return _number(folded, text)
    return _refused(text, problem)


def fold_width(text: str) -> Iterator[str]:
    """Full-width forms to ASCII and odd spaces to a space.

    Not NFKC: that would make digits of the number out of the footnote mark of ``5①`` and of ``5²``.
    """
    for character in text:
        if "！" <= character <= "～":
            yield chr(ord(character) - 0xFEE0)
        elif character.isspace():
            yield " "
        elif unicodedata.category(character) != "Cf":
            yield character


def _known_problem(folded: str, squeezed: str) -> str | None:
    if squeezed == "无":
        return "含义不明：数量为零请填 0，未统计请留空，不适用请填「不适用」"
    if squeezed.startswith(("=", "@")):
        return "是公式文本而不是数值，请填写计算结果"
    if _EXCEL_ERROR.fullmatch(squeezed):
        return "是 Excel 的计算错误，请检查公式"
    if _NOT_A_NUMBER.fullmatch(squeezed):
        return "不是有限的数"
    if _DATE.fullmatch(folded):
        return "像是日期，不是数值"
    if _RANGE.fullmatch(squeezed):
        return "是一个范围，请填写一个确切的数"
    if _APPROXIMATE.search(squeezed) and any(character.isdigit() for character in squeezed):
        return "不是确切的数，请去掉「约」「以上」等字样并填写确切的数"
    if squeezed.startswith("(") and squeezed[1:2].isdigit():
        return "带括号的数不能确定是否为负数，负数请写减号"
    return None


def _number(folded: str, text: str) -> Quantity:
    found = _NUMBER.fullmatch(folded)
    if found is None or not (found["whole"] or found["fraction"]):
        return _refused(text, "不是数值")
    rest = found["rest"].strip()
    if rest.startswith((",", ".", "'")):
        return _refused(text, "千分位或小数点的写法不规范")
    digits = found["whole"].replace(",", "") + (found["fraction"] or "")
    exponent = int((found["exponent"] or "e0")[1:])
    if len(digits) > 40 or abs(exponent) > 40:
        return _refused(text, "的位数太多或数值太大")
    magnitude, unit = _split_unit(rest)
    if unit is not None and not _UNIT.fullmatch(unit):
        return _refused(text, "不是「数值」或「数值加单位」的写法")
    number = Decimal(f"{'-' if found['sign'] in ('-', '−') else ''}{digits}e{exponent}")
    value = _EXACT.multiply(number, MAGNITUDES[magnitude]) if magnitude else number
    if abs(value) > LARGEST:
        return _refused(text, "的数值太大（超过 1e15）")
    return Quantity(_plain(value), unit, "value", None, magnitude)


def _plain(value: Decimal) -> Decimal:
    """12000 rather than 1.2E+4, and no negative zero."""
    exponent = value.as_tuple().exponent
    return _EXACT.quantize(value, Decimal(1)) if isinstance(exponent, int) and exponent > 0 else _EXACT.plus(value)


def _split_unit(rest: str) -> tuple[str | None, str | None]:
    """``万人`` and ``（万人）`` are magnitude 万 and unit 人; 千米 and 百分点 are units."""
    inner = _IN_BRACKETS.fullmatch(rest)
    word = re.sub(r"\s+", "", inner[1] if inner else rest)
    if not word:
        return None, None if not inner else rest
    found = None if re.match(r"千米|千克|千瓦|百分", word) else _MAGNITUDE.match(word)
    if found is None:
        return None, word
    return found[0], word[found.end() :] or None


def _refused(text: str, problem: str) -> Quantity:
    shown = text.strip()
    return Quantity(None, None, "value", f"「{shown[:40]}{'…' if len(shown) > 40 else ''}」{problem}")
