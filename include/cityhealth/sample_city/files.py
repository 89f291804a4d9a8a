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

Timeliness = Literal["on_time", "same_day_late", "late"]


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


class ReportOddity(Enum):
    """What happens to half-month reports and meeting lists. The value is how an official would call it."""

    TEMPLATE = "按模板填报"
    RETYPED = "自行重做的表"
    WORD_FORM = "按 Word 模板填报"
    WORD_HEADINGS = "Word 文档，逐项任务分标题"
    WORD_TABLE = "Word 文档里的表"
    LATE = "迟报两天"
    SAME_DAY_LATE = "截止后当日报来"
    SENT_TWICE = "截止前报了两次"
    CORRECTED = "退回后重报"
    TENTHS = "百分比写成几成"
    FULL_WIDTH_PERCENT = "百分比用全角"
    SHARE = "百分比写成小数"
    DONE = "百分比写成已完成"
    PERCENT_TOO_LARGE = "百分比超过一百"
    FUTURE_PERIOD = "写了未来的报送期"
    NO_PERIOD = "没有写报送期"
    UNKNOWN_PERIOD = "写了不存在的报送期"
    TASK_OF_ANOTHER = "别的单位的任务"
    TRACKED_CHANGES = "有修订痕迹"
    NESTED_TABLE = "表格套表格"
    MISSING_HEADINGS = "少了标题"
    PICTURE = "插入大图片"
    ENCRYPTED = "有打开密码"
    OLD_WORD = "旧版 doc"
    FELL_WITHOUT_REASON = "进度下降，没有写原因"
    FELL_WITH_REASON = "进度下降，写了原因"
    REPEATED_TEXT = "照抄上期文字"
    MEETING_LIST = "调度会清单"
    UNKNOWN_DIFFICULTY = "编号不存在的难点"
    UNKNOWN_DECISION = "看不懂的会议决定"


class MapOddity(Enum):
    """What layers and scenes come with. The value is how an official would call it."""

    ZONE_PREFIX = "高斯—克吕格坐标，横坐标带带号"
    UTM = "UTM 坐标"
    WEB_MAP = "来自地图服务，坐标为 GCJ-02"
    BAIDU = "来自百度地图，坐标为 BD-09"
    NO_PRJ = "Shapefile 没有 .prj"
    GBK = "属性文字为 GBK"
    KML = "KML 文件"
    FLATGEOBUF = "FlatGeobuf 文件"
    BYTE_ORDER_MARK = "带 BOM 的 GeoJSON"
    OWN_NAMES = "字段另有名称"
    BOW_TIE = "边界自相交的地块"
    OVERLAP = "互相重叠的地块"
    ASTRAY = "落在市外的设施"
    DUPLICATE = "重复的要素"
    NO_ATTRIBUTE = "没有填写属性的要素"
    NO_MANIFEST = "没有说明文件"
    METRES_AS_DEGREES = "坐标是米，说明文件写经纬度"
    TILES = "两幅影像，中间重叠"
    CLOUD = "有云"
    COARSE_MASK = "掩膜的分辨率只有影像的一半"
    SCALED = "像元值须乘以系数"


class MovementOddity(Enum):
    """What movement data come with. The value is how an official would call it."""

    WEB_MAP = "坐标为 GCJ-02"
    OWN_NAMES = "列另有名称"
    NO_ZONE = "时间没有写时区"
    FAULTY_FIXES = "夹有重复、跳点、时钟错误和市外的定位"
    TWO_IDS = "同一设备有两个编号"
    CUT_SHORT = "有一天只有上午"
    CORRECTED = "重新报送的一天"
    TRUNCATED = "传输中断的文件"
    SWAPPED = "经度和纬度写反"
    EMPTY = "没有数据行的文件"
    CHINESE_WORDS = "列名和取值为中文"


class AirOddity(Enum):
    """What hourly air quality comes with. The value is how an official would call it."""

    BACKLOG = "一个月的历史数据"
    GB18030 = "GB18030 的 csv"
    NEGATIVE = "负的读数"
    FILL_VALUE = "以 999 代替缺测"
    BEYOND_INDEX = "分指数超出 500"
    SILENT_STATION = "站点中断"
    OTHER_CITIES = "有其他城市的站点"
    LATE = "迟到的一小时"
    REVISED = "更正的一小时"


class ComparisonOddity(Enum):
    """What the values of third parties and peers come with. The value is how an official would call it."""

    OTHER_DEFINITION = "口径与本市不同"
    OTHER_AREA = "统计范围与本市不同"
    OTHER_YEAR = "数据年份与本市不同"
    NO_DEFINITION = "没有写明口径"
    UNKNOWN_INDICATOR = "不认识的指标"
    OUT_OF_RANGE = "超出可能的范围"
    OTHER_CITY = "别的城市的评估"
    GAPS = "有城市缺值"


class RectificationOddity(Enum):
    """What lists of measures and of interview notes come with. The value is how an official would call it."""

    MEASURES = "按清单报送整改措施"
    NO_SUCH_PROBLEM = "所指的问题不在清单上"
    NO_SUCH_INDICATOR = "问题编号不存在"
    PERSONAL_DATA = "写有姓名、电话和证件号码"


class SelfCheckOddity(Enum):
    """How departments write their self-checks. The value is how an official would call it."""

    WORD_FORM = "按 Word 模板填报"
    WORKBOOK = "按 Excel 模板填报"
    OWN_HEADINGS = "自行起草，标题另有叫法"
    BY_SECTIONS = "先分四个部分，再分维度"
    NO_HEADINGS = "没有标题的文档"
    OPENINGS = "没有标题，语句开头说明是哪个部分"
    LACKS_SECTION = "缺少一个部分"
    CORRECTED = "退回后重报"
    CONTRADICTS = "文中数字与所报数据不一致"


class SurveyOddity(Enum):
    """What surveys come with. The value is how an official would call it."""

    BAD_ROWS = "夹有量表外的答案、不对的权重、重复的问卷和不认识的区域"
    PERSONAL_DATA = "文字题里有电话和身份证号"
    CODEBOOK_TABLE = "编码本为表格"
    CODEBOOK_MISFIT = "编码本与数据不符"
    GB18030 = "GB18030 的 csv"
    CORRECTED = "后来更正"


@dataclass(frozen=True)
class Expected:
    """What the gate should say. ``rules`` are rule codes of expectations/ that must fail on some row of the file,
    ``read_error`` the code of the UnreadableFile; ``refused`` the least number of refused rows."""

    verdict: Literal["accepted", "partly", "refused"]
    rules: tuple[str, ...] = ()
    refused: int = 0
    read_error: str | None = None


@dataclass(frozen=True)
class ExpectedReport(Expected):
    """What becomes of a half-month report beside that.

    ``period`` is the one for which its accepted lines count (None: none is accepted), ``timeliness`` what it is then,
    ``in_force`` whether it is still the latest at the end. ``fell`` and ``repeated`` are the tasks whose percentage
    falls without a reason, and whose text is that of the period before.
    """

    period: str | None = None
    timeliness: Timeliness | None = None
    in_force: bool = True
    fell: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


@dataclass(frozen=True)
class SampleFile:
    """One file on its way to the landing zone. ``received_at`` carries the city's time zone."""

    filename: str
    data: bytes
    feed: str
    department_text: str | None
    received_at: datetime
    attachments: tuple[tuple[str, bytes], ...]
    oddities: frozenset[
        Oddity
        | ReportOddity
        | MapOddity
        | MovementOddity
        | AirOddity
        | SelfCheckOddity
        | SurveyOddity
        | ComparisonOddity
        | RectificationOddity
    ]
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
