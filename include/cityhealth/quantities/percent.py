"""How far a task is, as officials write it: ``80％``, ``八成``, ``百分之八十``, ``已完成``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from cityhealth.quantities.parse import fold_width, parse_quantity

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_DIGIT = f"[{''.join(_DIGITS)}]"
_WHOLE = rf"(?:一?百|{_DIGIT}?十{_DIGIT}?|{_DIGIT})"
_CHINESE = re.compile(rf"(?P<whole>{_WHOLE})(?:点(?P<fraction>{_DIGIT}+))?%?")
_TENTHS = re.compile(rf"(?P<tenths>十|[1-9]|10|{_DIGIT})成(?P<rest>半|[1-9]|{_DIGIT})?")
_DONE = re.compile(r"(?:已经?|现已)?(?:全部|全面|如期|按期|按时)?(?:完成|完工|办结|竣工|完毕)(?:任务)?了?")
_NOT_BEGUN = re.compile(r"(?:尚|还|暂|均)?未(?:开始|启动|开工|开展|实施)")
_NOT_EXACT = re.compile(
    r"过半|大半|多半|小半|大部分|基本|接近|即将|正在|推进|进行|部分|未完成|未全部|不到|不足|以下|以内"
)
# What people put around the figure itself: 已完成80%, 完成率：80%, 100%完成.
_LEAD = re.compile(
    r"(?:目前|现|截至目前)?(?:已经?)?(?:累计|总体|整体)?(?:完成|进度|达)(?:率|度|比例|百分比)?了?[:为至到达]*(?=.)"
)
_TAIL = re.compile(r"(?<=.)(?:的?(?:工作)?任务)?(?:已经?|均已)?(?:完成|办结)了?$")
# 不足80% may be any figure below; these say one that is nearly right.
_ABOUT_BEFORE = re.compile(r"(?:大?约|大概|大致|将?近|接近|超过?|逾|突破)[为有至到达]*(?=.)")
_ABOUT_AFTER = re.compile(r"(?<=[%成\d十百])(?:左右|上下|以上|[多余])$")


@dataclass(frozen=True)
class Percent:
    """``value`` is in percent, as read: the gate judges whether it lies between 0 and 100.

    None: blank, or unreadable, and then ``problem_zh`` says why. ``note_zh`` says how an unusual text was read.
    """

    value: float | None
    problem_zh: str | None = None
    note_zh: str | None = None


def parse_percent(text: str, cell_kind: str = "text") -> Percent:
    """Read one cell 完成百分比; never raises.

    A number without a sign is a percentage, between 0 and 1 a share (noted). ``约80%``, ``近八成``, ``80%以上`` are
    read as their figure (noted). Words that give no figure (``过半``, ``基本完成``) or only a bound above (``不足80%``)
    are a problem, not a guess. ``cell_kind`` as :class:`cityhealth.tabular.Cell` has it.
    """
    if cell_kind == "merged" and text.strip():
        return _refused(text, "写在合并单元格里，不能确定是哪一项的，请逐项填写")
    if cell_kind == "no_value" or text.lstrip().startswith(("=", "＝")):
        return _refused(text, "是公式，文件中没有它的计算结果，请直接填 0 至 100 之间的数")
    said = re.sub(r"\s+", "", "".join(fold_width(text))).rstrip("。;,、!")
    if _DONE.fullmatch(said):
        return Percent(100.0)
    if _NOT_BEGUN.fullmatch(said):
        return Percent(0.0)
    figure, about = _bare(said)
    value = _in_words(figure)
    read = _figure(figure, text) if value is None else Percent(float(value))
    if read.value is None:
        if _NOT_EXACT.search(said) and not re.search(r"\d", said):
            return _refused(text, "没有写出确切的百分比，请填 0 至 100 之间的数")
        blank = read.problem_zh is None
        return _refused(text, "不能读作百分比，请填 0 至 100 之间的数") if blank and about else read
    if about:
        return Percent(read.value, None, f"「{_shown(text)}」不是确切的数，按 {read.value:g}% 读取")
    return read


def _bare(text: str) -> tuple[str, bool]:
    """The figure without the words around it, and whether one of them says that it is not exact."""
    about = False
    for pattern in (_LEAD, _ABOUT_BEFORE, _LEAD):
        if found := pattern.match(text):
            about = about or pattern is _ABOUT_BEFORE
            text = text[found.end() :]
    for pattern in (_TAIL, _ABOUT_AFTER):
        if found := pattern.search(text):
            about = about or pattern is _ABOUT_AFTER
            text = text[: found.start()]
    return text, about


def _in_words(text: str) -> Decimal | None:
    if text in ("一半", "半数"):
        return Decimal(50)
    if found := _TENTHS.fullmatch(text):
        tenths = 10 if found["tenths"] == "十" else _digit(found["tenths"])
        rest = 5 if found["rest"] == "半" else _digit(found["rest"] or "0")
        return Decimal(10 * tenths + rest)
    if text == "百分百":
        return Decimal(100)
    spelled = text.removeprefix("百分之")
    if found := _CHINESE.fullmatch(spelled):
        # A bare 八 may be anything; 八十 and 八% are not.
        if spelled == text and not text.endswith("%") and "十" not in text and "百" not in text:
            return None
        fraction = "".join(str(_DIGITS[character]) for character in found["fraction"] or "")
        return Decimal(f"{_whole(found['whole'])}.{fraction or 0}")
    return None


def _digit(text: str) -> int:
    return int(text) if text.isascii() else _DIGITS[text]


def _whole(text: str) -> int:
    if text.endswith("百"):
        return 100
    tens, ten, ones = text.partition("十")
    if not ten:
        return _DIGITS[tens]
    return 10 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)


def _figure(figure: str, text: str) -> Percent:
    quantity = parse_quantity(figure.removeprefix("百分之"))
    if quantity.state == "blank" and figure != "百分之":
        return Percent(None)
    if quantity.problem_zh is not None or quantity.value is None:
        return _refused(text, "不能读作百分比，请填 0 至 100 之间的数")
    if (quantity.unit or "").startswith("%") and quantity.unit != "%":
        return _refused(text, "除百分比外还有别的文字，请填 0 至 100 之间的数")
    if quantity.unit not in (None, "%") or quantity.magnitude is not None:
        return _refused(text, "的单位不是百分比，请填 0 至 100 之间的数")
    value, signed = quantity.value, quantity.unit == "%" or figure.startswith("百分之")
    if signed or not 0 < value <= 1:
        return Percent(float(value))
    if value == 1:
        return Percent(1.0, None, f"「{_shown(text)}」按 1% 读取；如已全部完成，请填 100")
    share = float(value.scaleb(2))
    return Percent(share, None, f"「{_shown(text)}」按比例读作 {share:g}%；如确为 {float(value):g}%，请写百分号")


def _refused(text: str, problem: str) -> Percent:
    return Percent(None, f"「{_shown(text)}」{problem}")


def _shown(text: str) -> str:
    stripped = text.strip()
    return stripped if len(stripped) <= 40 else f"{stripped[:40]}…"
