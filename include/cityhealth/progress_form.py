"""The form of the half-month progress report: its columns, what they are called, and what people call them instead.

Templates (Excel and Word) are written from it, what comes back is read by it.
"""

from __future__ import annotations

from cityhealth.form import Column

SHEET = "半月进展"
TITLE = "城市体检工作半月进展报告"

#: In the order of the template.
COLUMNS = (
    Column("number", "序号", ("No", "序"), 5, display_only=True),
    Column(
        "task_text",
        "工作任务",
        (
            "任务",
            "任务名称",
            "工作任务名称",
            "工作板块",
            "板块",
            "重点任务",
            "任务类别",
            "类别",
            "体检任务",
            "工作领域",
        ),
        13,
    ),
    Column("role", "职责", ("分工", "任务分工", "牵头或配合"), 7, display_only=True),
    Column(
        "work_text",
        "工作内容",
        (
            "主要工作内容",
            "主要工作",
            "具体工作",
            "具体工作内容",
            "工作开展情况",
            "开展工作情况",
            "主要工作开展情况",
            "主要工作内容及完成情况",
            "主要工作及完成情况",
        ),
        27,
        fillable=True,
    ),
    Column(
        "status_text",
        "完成情况",
        (
            "工作完成情况",
            "任务完成情况",
            "进展情况",
            "工作进展",
            "工作进展情况",
            "目前进展",
            "目前进展情况",
            "落实情况",
            "工作进展及成效",
            "进展及成效",
            "工作成效",
        ),
        27,
        fillable=True,
    ),
    Column(
        "percent_text",
        "完成百分比",
        ("完成百分比%", "完成率", "完成比例", "完成进度", "进度", "进度%", "完成%", "进度百分比", "完成程度"),
        9,
        fillable=True,
    ),
    Column(
        "focus_text",
        "工作重点",
        ("重点工作", "下阶段工作重点", "工作重点难点", "主要工作重点", "当前工作重点"),
        22,
        fillable=True,
    ),
    Column(
        "problems_text",
        "存在的问题",
        (
            "存在问题",
            "存在的主要问题",
            "存在主要问题",
            "问题",
            "困难和问题",
            "存在的困难和问题",
            "存在的问题和困难",
            "存在困难和问题",
            "存在问题及困难",
            "存在的问题及困难",
            "存在的困难及问题",
            "存在困难",
            "主要问题",
            "难点问题",
            "存在问题及建议",
            "存在的问题及建议",
            "存在的问题和建议",
            "存在问题和建议",
            "问题与建议",
            "问题及建议",
            "问题和建议",
            "工作中存在的问题",
            "存在的困难问题",
            "存在的不足",
            "困难与问题",
            "困难及问题",
            "需协调解决的问题",
            "需要协调解决的问题",
            "存在的问题及下一步打算",
        ),
        22,
        fillable=True,
    ),
    Column(
        "next_text",
        "下一步工作计划",
        (
            "下一步计划",
            "下一步工作安排",
            "下一步工作",
            "下一步打算",
            "下一步工作打算",
            "下一步安排",
            "下一步工作措施",
            "下步工作计划",
            "下步计划",
            "下步工作",
            "下步打算",
            "下步工作打算",
            "下步工作安排",
            "工作计划",
            "下一步举措",
            "下一阶段工作计划",
            "下阶段工作计划",
            "下期工作计划",
        ),
        22,
        fillable=True,
    ),
    Column(
        "reason_text",
        "进度下降原因",
        ("下降原因", "进度下降说明", "百分比下降原因", "进度回落原因", "进度滞后原因", "滞后原因"),
        14,
        fillable=True,
    ),
    Column(
        "responsible_text",
        "责任人单位",
        (
            "责任单位",
            "责任人",
            "责任人及单位",
            "责任单位及责任人",
            "责任单位责任人",
            "责任科室",
            "责任人和单位",
            "责任人所在单位",
        ),
        14,
        fillable=True,
    ),
    Column(
        "date_text",
        "填报日期",
        ("填报时间", "填表日期", "填表时间", "报送日期", "报送时间", "上报日期"),
        11,
        fillable=True,
    ),
    Column("period_text", "报送期", ("报告期", "报送期次", "报告期次", "期次", "期别", "填报期", "报送周期"), 12),
)

#: The five headings that the plan asks for, as fields in its order.
FIVE = ("work_text", "status_text", "focus_text", "problems_text", "next_text")

#: What the template leaves out: the period stands once, above the table.
TEMPLATE_COLUMNS = tuple(column for column in COLUMNS if column.field != "period_text")

#: Field → the names its column may carry, the form's own first.
HEADER_ALIASES = {column.field: (column.header, *column.aliases) for column in COLUMNS}

#: What one cell may say for several rows, and is therefore filled down where cells are merged.
SHARED_FIELDS = ("task_text", *FIVE, "reason_text", "responsible_text", "date_text", "period_text")

#: What can be said of one row only: a cell merged over several leaves open which of them it means.
SINGLE_FIELDS = ("percent_text",)

#: What a heading of its own wording is about: the word that comes first in it decides, in the heading's first part
#: where it has several (存在的问题及下一步打算). A word counts only where what follows does not say something else
#: of it: 重点工作完成情况 is 完成情况, 问题整改情况 is no problem that there is.
HEADING_WORDS = (
    ("problems_text", r"(?:问题|困难)(?!.*(?:整改|办理|销号|解决情况))|不足|短板|薄弱环节|难题|协调解决"),
    ("next_text", r"下一?(?:步|阶段|期|周期)|(?:计划|打算)(?!.*(?:完成|落实|执行|进展|成效))"),
    ("focus_text", r"重点(?!.*(?:问题|困难|难题|进展|完成|成效|落实|推进|任务$))"),
    ("status_text", r"(?:完成|进展|推进|落实)情况|进展|成效|进度(?!.*原因)"),
    ("work_text", r"工作内容|主要工作(?!.*(?:进展|完成|成效|推进|落实))|工作开展|开展的?工作|主要做法"),
)

#: The other words of such headings. A heading that has none but these and those above says only what it is about;
#: one that has others says something by itself (资金方面存在的困难).
HEADING_FILLING = (
    "情况", "内容", "工作", "任务", "事项", "方面", "环节", "存在", "面临", "遇到", "发现", "反映", "需要", "需",
    "急需", "亟需", "亟待", "请求", "提请", "请", "上级", "市级", "省级", "层面", "市委", "市政府", "领导", "小组",
    "有关", "相关", "部门", "单位", "各", "帮助", "支持", "协调", "解决", "研究", "建议", "意见", "对策", "措施",
    "举措", "安排", "思路", "想法", "目标", "方向", "主要", "具体", "突出", "总体", "整体", "基本", "重要", "重大",
    "关键", "当前", "目前", "现阶段", "本期", "本阶段", "近期", "工作中", "中", "推进", "落实", "完成", "开展",
    "实施", "进行", "取得", "采取", "城市体检", "城市", "体检", "半月", "阶段性", "阶段", "难点", "亮点", "特点",
    "经验", "做法", "成果", "原因", "分析", "说明", "汇报", "报告", "的", "及其", "以及", "及", "和", "与", "并",
    "等", "还", "已", "拟", "我局", "我单位", "本单位", "重点", "计划", "打算",
)  # fmt: skip

_BY_FIELD = {column.field: column for column in COLUMNS}


def column(field: str) -> Column:
    """The column of that field; KeyError if the form has none."""
    return _BY_FIELD[field]


def headings_zh() -> str:
    """The five headings as a message names them: 「工作内容」「完成情况」…"""
    return "".join(f"「{_BY_FIELD[field].header}」" for field in FIVE)
