"""The form that departments fill: its columns, what they are called, and what people call them instead.

Templates are written from it, what comes back is read by it; nobody else names a column.
"""

from __future__ import annotations

from dataclasses import dataclass

SHEET = "填报表"
INSTRUCTIONS_SHEET = "填写说明"
TITLE = "城市体检指标数据填报表"


@dataclass(frozen=True)
class Column:
    """One column of the form.

    ``field`` is a column of raw.departmental_row, or (``display_only``) what merely explains the row to whoever
    fills it. ``aliases`` are other headers that people give it. ``width`` is in Excel's characters. ``required``:
    a table without it cannot be read (see READABLE_WITH). ``fillable``: left open in the protected template.
    """

    field: str
    header: str
    aliases: tuple[str, ...] = ()
    width: float = 12
    required: bool = False
    fillable: bool = False
    display_only: bool = False


#: In the order of the template: what is asked, what is to be filled, what it is for.
COLUMNS = (
    Column("number", "序号", ("编号", "No", "序"), 5, display_only=True),
    Column(
        "item_name",
        "数据项名称",
        ("数据项", "指标名称", "数据名称", "名称", "指标项", "项目", "项目名称"),
        20,
        display_only=True,
    ),
    Column(
        "definition",
        "指标解释",
        ("数据项解释", "指标含义", "口径", "数据口径", "口径说明", "解释"),
        28,
        display_only=True,
    ),
    Column("unit_text", "单位", ("计量单位", "数据单位"), 9),
    Column("area_text", "区域", ("统计范围", "统计区域", "地区", "区域名称", "行政区划", "范围", "区县"), 16),
    Column("period_text", "统计期", ("时间", "年份", "年度", "统计时间", "数据时间", "统计年度", "期别", "时点"), 8),
    Column(
        "value_text",
        "数值",
        ("指标值", "数据", "填报值", "填报数值", "填报数据", "数据值", "值", "本年值"),
        13,
        required=True,
        fillable=True,
    ),
    Column("state_text", "填报状态", ("状态", "是否适用", "数据状态"), 9, fillable=True),
    Column("source_text", "来源", ("数据来源", "资料来源", "来源说明"), 14, fillable=True),
    Column("method_text", "计算方式", ("计算方法", "统计方法", "计算过程", "测算方法"), 16, fillable=True),
    Column("remarks_text", "情况说明", ("备注", "说明", "情况", "其他说明"), 16, fillable=True),
    Column(
        "attachment_text", "原始数据附件", ("原始数据", "附件", "附件名称", "佐证材料", "支撑材料"), 16, fillable=True
    ),
    Column("indicators", "所属指标", ("对应指标", "服务指标", "用于指标"), 24, display_only=True),
    Column("item_text", "数据项代码", ("代码", "数据代码", "指标代码", "编码", "数据项编码"), 20, required=True),
)

#: Field → the names its column may carry, the form's own first: what cityhealth.tabular.find_table asks for.
HEADER_ALIASES = {column.field: (column.header, *column.aliases) for column in COLUMNS}

#: Sets of fields that make a table readable, in the order to try them. People who retype a form drop the column
#: of codes; then the names (``item_name``) must say which item a row means.
READABLE_WITH = (
    tuple(column.field for column in COLUMNS if column.required),
    ("item_name", "value_text"),
)

#: What one cell may say for several rows, and is therefore filled down where cells are merged.
SHARED_FIELDS = (
    "item_text", "item_name", "unit_text", "area_text", "period_text", "state_text", "source_text", "method_text",
    "remarks_text", "attachment_text",
)  # fmt: skip

#: What can be said of one row only: a cell merged over several leaves open which of them it means.
SINGLE_FIELDS = ("value_text",)

#: What may stand in the column 填报状态 instead of a value.
STATES = ("不适用", "撤回")

_BY_FIELD = {column.field: column for column in COLUMNS}


def column(field: str) -> Column:
    """The column of that field; KeyError if the form has none."""
    return _BY_FIELD[field]


def position(field: str) -> int:
    """The column's place in the template, counted from 0; KeyError if the form has none."""
    return COLUMNS.index(_BY_FIELD[field])
