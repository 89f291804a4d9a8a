"""The form of a department's self-check: its four sections per dimension, and what people call them instead.

Templates (Excel and Word) are written from it, what comes back is read by it.
"""

from __future__ import annotations

from cityhealth.form import Column

SHEET = "自查报告"
TITLE = "城市体检自查报告"

#: What a line of the form begins with that only says how to fill it in; such a line is no content.
HINT = "【填写提示】"

#: In the order of the template.
COLUMNS = (
    Column("number", "序号", ("No", "序"), 5, display_only=True),
    Column(
        "dimension_text",
        "体检维度",
        ("维度", "维度名称", "体检方面", "方面", "指标维度", "体检内容", "类别", "领域", "一级指标"),
        11,
    ),
    Column("indicators", "负责的指标", ("涉及指标", "相关指标", "指标", "负责指标"), 24, display_only=True),
    Column(
        "status",
        "现状简述",
        (
            "现状", "现状情况", "基本现状", "现状概述", "现状描述", "现状分析", "现状评价", "基本情况", "总体情况",
            "现状及数据", "现状与数据", "指标现状", "工作现状", "基本情况简述", "现状简介", "体检现状", "体检结果",
            "指标完成情况", "现状情况简述", "现状说明",
        ),
        40,
        fillable=True,
    ),
    Column(
        "highlights",
        "建设亮点",
        (
            "亮点", "工作亮点", "主要亮点", "特色亮点", "亮点工作", "建设成效", "工作成效", "主要成效", "成效亮点",
            "亮点成效", "亮点和成效", "主要做法和成效", "取得的成效", "建设亮点和成效", "建设亮点与成效", "典型做法",
            "主要做法", "经验做法", "特色做法", "建设亮点及成效", "优势",
        ),
        40,
        fillable=True,
    ),
    Column(
        "problems",
        "存在问题",
        (
            "存在的问题", "问题", "主要问题", "存在的主要问题", "存在主要问题", "存在的问题和不足", "存在的问题与不足",
            "存在问题和不足", "存在问题及不足", "存在的问题及不足", "问题和不足", "问题与不足", "问题不足", "不足",
            "存在的不足", "短板", "短板和不足", "问题短板", "存在的短板", "短板弱项", "问题及原因", "问题和原因分析",
            "存在问题及原因", "存在的问题及原因", "存在问题及原因分析", "突出问题", "存在的突出问题", "主要问题和短板",
            "存在的问题和短板", "薄弱环节",
        ),
        40,
        fillable=True,
    ),
    Column(
        "measures",
        "改进措施",
        (
            "措施", "整改措施", "下一步措施", "下步措施", "下一步改进措施", "改进措施和建议", "改进措施及建议",
            "改进的措施", "改进意见", "改进建议", "对策建议", "对策措施", "下一步工作措施", "下一步工作", "下一步打算",
            "下一步工作打算", "下一步工作计划", "下一步计划", "下一步工作安排", "下步工作", "下步打算", "整改计划",
            "整改方案", "提升措施", "改进举措", "工作措施", "下一步举措", "治理措施", "改进方向", "工作打算",
        ),
        40,
        fillable=True,
    ),
    # A table may as well have one section per row.
    Column("section_text", "部分", ("栏目", "自查部分", "自查栏目", "章节", "内容分类"), 12),
    Column("body_text", "内容", ("填写内容", "自查内容", "正文", "具体内容", "自查情况"), 40),
)  # fmt: skip

#: The four sections, as fields, in the plan's order.
SECTIONS = ("status", "highlights", "problems", "measures")

#: What the template leaves out: it has one row per dimension.
TEMPLATE_COLUMNS = tuple(column for column in COLUMNS if column.field not in ("section_text", "body_text"))

#: Field → the names its column may carry, the form's own first.
HEADER_ALIASES = {column.field: (column.header, *column.aliases) for column in COLUMNS}

#: Names of the dimension and the four sections alone: in running text 指标 or 内容 head nothing.
HEADING_ALIASES = {name: HEADER_ALIASES[name] for name in ("dimension_text", *SECTIONS)}

#: What one cell may say for several rows, and is therefore filled down where cells are merged.
SHARED_FIELDS = ("dimension_text", "section_text")

#: What a heading of its own wording is about: the first of these words in it decides.
HEADING_WORDS = (
    ("measures", r"下一?步|(?:改进|整改|提升|治理|对策|应对)(?!情况|成效)|措施|打算|举措(?!.*成效)"),
    ("problems", r"(?:问题|困难)(?!.*(?:整改|办理|销号|解决情况))|不足|短板|弱项|薄弱环节|差距"),
    ("highlights", r"亮点|成效|特色(?!指标)|成绩|经验|典型|做法|优势"),
    ("status", r"现状|基本情况|总体情况|完成情况|达标情况|体检结果"),
)

#: The other words of such headings: one that has none but these and those above says only what it is about.
HEADING_FILLING = (
    "情况", "内容", "工作", "方面", "环节", "存在", "面临", "发现", "反映", "主要", "具体", "突出", "总体", "整体",
    "基本", "重点", "当前", "目前", "现阶段", "本次", "此次", "城市体检", "城市", "体检", "自查", "自体检", "建设",
    "指标", "维度", "简述", "概述", "描述", "分析", "说明", "评价", "简介", "原因", "成因", "取得", "采取", "推进",
    "落实", "开展", "完成", "计划", "安排", "思路", "目标", "建议", "意见", "方案", "方向", "对策", "工作中", "中",
    "的", "及其", "以及", "及", "和", "与", "并", "等", "我局", "我单位", "本单位", "部门", "单位", "相关", "有关",
    "亟待", "解决", "需要", "改善",
)  # fmt: skip

_BY_FIELD = {column.field: column for column in COLUMNS}


def column(field: str) -> Column:
    """The column of that field; KeyError if the form has none."""
    return _BY_FIELD[field]


def section_zh(section: str) -> str:
    """What the form calls a section."""
    return _BY_FIELD[section].header


def sections_zh() -> str:
    """The four sections as a message names them: 「现状简述」「建设亮点」…"""
    return "".join(f"「{section_zh(section)}」" for section in SECTIONS)
