"""What stands around a report's table or text and holds for all of it: which period, filled in when, by whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cityhealth.period_mentions import mentions
from cityhealth.progress_form import HEADER_ALIASES
from cityhealth.tabular.tables import normalise

#: Where a period was found if it stands in no cell.
IN_FILE_NAME, IN_SHEET_NAME = "文件名", "工作表名"

_PERIOD_LABEL = re.compile(r"(?:报送期次?|报告期次?|填报期|期次|期别|报送周期|截[至止])\s*[:：]?\s*")
_DATE_LABEL = re.compile(r"(?:日期|时间)\s*[:：]?\s*$")
_FILLED_IN = re.compile(r"(?:填[报表制]|报送|上报)(?:日期|时间)\s*[:：]\s*([^\s:：]+)")
# 牵头单位, 责任单位 are others than who reports.
_UNIT = re.compile(
    r"(?:(?:填[报表]|报送|上报)(?:单位|部门)|(?<!\w)单位(?:名称|（盖章）|\(盖章\))?)\s*[:：]\s*([^\s:：]+)"
)
_BLANK = re.compile(r"[\s\u3000年月日第期_—/（）()]*")
_DEPARTMENT = re.compile(
    r".*(?:局|委员会|卫健委|发改委|办公室|体检办|政府办?|支队|联合会|残联|支行|调查队|机构)\s*(?:[(（].*[)）])?"
)
_DATE_ONLY = re.compile(r"\s*\d{4}\s*(?:年|[-/.])\s*\d{1,2}\s*(?:月|[-/.])\s*\d{1,2}\s*日?\s*")

# What is longer is running text, in which a date says when something happened.
_LONGEST_LINE = 80


@dataclass(frozen=True)
class Placed:
    """A text and where it stands."""

    text: str
    place: str


@dataclass(frozen=True)
class Around:
    """What was found; None where nothing was. ``period`` is as it was written, for the gate to read."""

    period: Placed | None = None
    day: Placed | None = None
    department: Placed | None = None


def read_around(
    above: Iterable[Sequence[Placed]], below: Iterable[Sequence[Placed]], names: Iterable[Placed]
) -> Around:
    """Facts from the texts above and below, row by row; from ``names`` (sheet, file) a period that no text has.

    A period that says what it is (报送期：…, 截至…, 第2期) goes before a date in a title above; 填报日期, or a date by
    itself below, is the day on which the report was filled in.
    """
    said: Placed | None = None
    dated: Placed | None = None
    day: Placed | None = None
    department: Placed | None = None
    for is_above, row in (*((True, row) for row in above), *((False, row) for row in below)):
        for number, cell in enumerate(row, start=1):
            beside = row[number] if number < len(row) and normalise(cell.text) in _LABELS else None
            text = f"{cell.text}：{beside.text}" if beside else cell.text
            place = (beside or cell).place
            said = said or _stated(text, place)
            day = day or _match(_FILLED_IN, text, place)
            department = department or _match(_UNIT, text, place)
            if is_above:
                dated = dated or _in_title(text, place)
            elif is_date(text):
                day = day or Placed(text.strip(), place)
    period = said or dated
    for name in names if period is None else ():
        period = period or _stated(name.text, name.place) or _in_title(name.text, name.place)
    return Around(period, day, department)


def is_date(text: str) -> bool:
    """Whether a text is a date and nothing else."""
    return _DATE_ONLY.fullmatch(text) is not None


def is_department(text: str) -> bool:
    """Whether a text reads as the name of an office."""
    return _DEPARTMENT.fullmatch(text.strip()) is not None


_LABELS = frozenset(
    normalise(name)
    for name in (
        *HEADER_ALIASES["period_text"],
        *HEADER_ALIASES["date_text"],
        "填报单位",
        "报送单位",
        "单位名称",
        "单位",
    )
)


def _stated(text: str, place: str) -> Placed | None:
    if len(text) > _LONGEST_LINE:
        return None
    if label := _PERIOD_LABEL.search(text):
        found = mentions(text[label.end() :]).found
        if found:
            return Placed(found[0].text, place)
        rest = text[label.end() :].split()
        if rest and label.group().rstrip().endswith((":", "：")) and not _BLANK.fullmatch(text[label.end() :]):
            return Placed(rest[0], place)
    numbered = next((m for m in mentions(text).found if m.number is not None), None)
    return Placed(numbered.text, place) if numbered else None


def _in_title(text: str, place: str) -> Placed | None:
    """A date in a title: one that no word calls a day on which something was filled in."""
    if len(text) > _LONGEST_LINE:
        return None
    found = [m for m in mentions(text).found if not _DATE_LABEL.search(text[: text.find(m.text)])]
    return Placed(found[-1].text, place) if found else None


def _match(pattern: re.Pattern[str], text: str, place: str) -> Placed | None:
    found = pattern.search(text)
    return None if found is None or _BLANK.fullmatch(found[1]) else Placed(found[1], place)
