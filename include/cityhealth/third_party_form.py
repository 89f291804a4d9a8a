"""A third party's table of indicator values: its columns and what people call them instead."""

from __future__ import annotations

from cityhealth.form import Column

TITLE = "城市体检第三方评估指标表"
#: Stands above the table in a cell of its own, with the city's name behind it.
CITY_LABEL = "城市"

#: In the order in which the city asks for them; a table may have them in any other, and more of its own.
COLUMNS = (
    Column("indicator_text", "指标代码", ("代码", "指标编码", "编码"), 12),
    Column("indicator_name", "指标名称", ("指标", "名称", "指标项", "评价指标", "评估指标"), 26),
    Column("city_text", "城市", ("城市名称", "被评城市", "被评估城市", "评估城市", "体检城市"), 12),
    Column("area_text", "区域", ("统计范围", "统计区域", "范围", "区域名称", "行政区划", "地区", "评估范围"), 14),
    Column("period_text", "数据年份", ("年份", "年度", "统计期", "时间", "数据时间", "统计年度", "统计时间"), 10),
    Column("value_text", "数值", ("指标值", "评估值", "测算值", "评估结果", "结果", "值", "数据"), 13, required=True),
    Column("unit_text", "单位", ("计量单位", "数据单位"), 10),
    Column("definition_text", "指标口径", ("口径", "指标解释", "指标含义", "数据口径", "口径说明", "定义"), 36),
    Column("method_text", "计算方法", ("计算方式", "方法", "测算方法", "评估方法", "数据处理方法"), 26),
    Column("source_text", "数据来源", ("来源", "资料来源", "数据出处"), 22),
    Column("remarks_text", "备注", ("说明", "情况说明", "其他说明"), 18),
)

#: Field → the names its column may carry, the form's own first.
HEADER_ALIASES = {column.field: (column.header, *column.aliases) for column in COLUMNS}

#: Sets of fields that make a table readable, in the order to try them.
READABLE_WITH = (
    ("indicator_text", "value_text"),
    ("indicator_name", "value_text"),
)

#: What one cell may say for several rows, and is therefore filled down where cells are merged.
SHARED_FIELDS = (
    "indicator_text", "indicator_name", "city_text", "area_text", "period_text", "unit_text", "definition_text",
    "method_text", "source_text", "remarks_text",
)  # fmt: skip

#: What can be said of one row only.
SINGLE_FIELDS = ("value_text",)

_BY_FIELD = {column.field: column for column in COLUMNS}


def column(field: str) -> Column:
    """The column of that field; KeyError if the form has none."""
    return _BY_FIELD[field]
