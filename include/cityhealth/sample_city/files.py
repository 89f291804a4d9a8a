"""What the generator hands over: files with when, by whom, and what is odd about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Literal

from cityhealth.landing import Arrival, LandingZone

#: Stands visibly in every file that can show anything, and in the name of every file that cannot.
LABEL = "合成数据"
LABEL_LINE = "合成数据：由程序生成，仅供演示，不是晋城市的真实数据"


class Oddity(Enum):
    """What people and machines do to a table. The value is how an official would call it."""

    TEMPLATE = "按模板填报"
    RETYPED = "自行重做的表，列的顺序和名称不同"
    ADDED_COLUMNS = "多出来的列"
    TITLE_ROWS = "表头上方有标题行"
    MERGED_CELLS = "合并单元格"
    TRAILING_NOTES = "表下有合计、附注和签名"
    EMPTY_ROWS = "夹着空行"
    FULL_WIDTH_DIGITS = "全角数字"
    THOUSANDS_SEPARATORS = "千分位逗号"
    PERCENT_IN_CELL = "数值里写百分号"
    MAGNITUDE_IN_CELL = "数值里写万"
    UNIT_IN_CELL = "数值里写单位"
    OTHER_UNIT = "换了可换算的单位"
    UNKNOWN_UNIT = "无法换算的单位"
    BLANK_WORDS = "用暂无、横线、斜线表示没有"
    NOT_APPLICABLE = "不适用"
    WITHDRAWN = "撤回以前报过的数"
    CSV_UTF8 = "UTF-8 的 csv"
    CSV_UTF8_BOM = "带 BOM 的 UTF-8 csv"
    CSV_GB18030 = "GB18030 的 csv"
    XLS = "旧版 xls"
    CORRECTED = "后来更正"
    REFUSED_RESUBMISSION = "更正稿被退回，原数仍然有效"
    SOURCES_DISAGREE = "两个来源的数不一致"
    SAME_FILE_TWICE = "同一文件报送两次"
    TRUNCATED = "传输中断的文件"
    ENCRYPTED = "有打开密码"
    ZIP_BOMB = "压缩炸弹"
    EMPTY_FILE = "空文件"
    NO_TABLE = "没有表头的文件"
    WRONG_EXTENSION = "扩展名与内容不符"
    MACROS = "带宏的工作簿"
    A_MILLION_ROWS = "整列设置格式的工作表"
    CACHED_ERROR = "公式结果是错误"
    NEVER_CALCULATED = "公式没有计算结果"
    FORMULA_TEXT = "会被当成命令的文本"
    UNKNOWN_DEPARTMENT = "不认识的单位"
    UNKNOWN_ITEM = "不认识的数据项"
    ITEM_OF_ANOTHER = "别的单位的数据项"
    OTHER_YEAR = "别的年份"
    OUT_OF_RANGE = "超出可能的范围"
    IMPLAUSIBLE = "少见但可能"
    NOT_FINITE = "不是有限的数"
    DUPLICATES_AGREE = "重复填报且一致"
    DUPLICATES_DIFFER = "重复填报且不一致"
    PART_EXCEEDS_WHOLE = "部分大于总体"
    RATIO_DIFFERS = "指标值与分子分母不符"
    NO_SOURCE = "没有写来源"
    NO_EVIDENCE = "没有附原始数据"
    ODD_FILENAME = "文件名里有空格、引号和换行"
    FOREIGN_TABLE = "年鉴式的外来表"


@dataclass(frozen=True)
class Expected:
    """What the gate should say. ``rules`` are rule codes of expectations/ that must fail on some row of the file,
    ``read_error`` the code of the UnreadableFile; ``refused`` the least number of refused rows."""

    verdict: Literal["accepted", "partly", "refused"]
    rules: tuple[str, ...] = ()
    refused: int = 0
    read_error: str | None = None


@dataclass(frozen=True)
class SampleFile:
    """One file on its way to the landing zone. ``received_at`` carries the city's time zone."""

    filename: str
    data: bytes
    feed: str
    department_text: str | None
    received_at: datetime
    attachments: tuple[tuple[str, bytes], ...]
    oddities: frozenset[Oddity]
    note_zh: str
    expected: Expected


def land_all(files: Iterable[SampleFile], landing: LandingZone) -> list[Arrival]:
    """Land every file as the transfer service does; doing it again adds nothing."""
    return [
        landing.land(
            file.data,
            feed=file.feed,
            filename=file.filename,
            received_at=file.received_at,
            department_text=file.department_text,
            attachments=file.attachments,
        )
        for file in files
    ]
