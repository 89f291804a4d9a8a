"""The list of measures against problems (整改措施清单): its columns, what people call them instead, its words."""

from __future__ import annotations

from cityhealth.form import Column

SHEET = "整改措施清单"
TITLE = "城市体检问题整改措施清单"

COLUMNS = (
    Column("number", "序号", ("No", "序"), 5, display_only=True),
    Column("problem_text", "问题编号", ("问题代码", "城市病编号", "清单编号"), 14, required=True, fillable=True),
    Column("problem_zh", "问题名称", ("问题", "存在问题", "城市病"), 26, display_only=True),
    Column("measure_no_text", "措施序号", ("措施编号", "措施号"), 9, fillable=True),
    Column(
        "owner_text", "责任单位", ("牵头单位", "整改单位", "责任部门", "整改责任单位", "主办单位"), 20, fillable=True
    ),
    Column(
        "measure_text",
        "整改措施",
        ("措施", "措施内容", "整改内容", "具体措施", "改进措施"),
        36,
        required=True,
        fillable=True,
    ),
    Column(
        "deadline_text", "完成时限", ("时限", "整改时限", "完成期限", "期限", "办结时限", "截止日期"), 12, fillable=True
    ),
    Column("milestones_text", "阶段目标", ("阶段性目标", "里程碑", "节点", "时间节点", "节点安排"), 30, fillable=True),
    Column("status_text", "整改状态", ("进展状态", "状态", "整改情况", "办理状态"), 10, fillable=True),
    Column("percent_text", "完成比例", ("进度", "完成百分比", "完成率", "完成进度"), 9, fillable=True),
    Column("date_text", "填报日期", ("报告日期", "更新日期", "填报时间", "报送日期"), 12, fillable=True),
    Column("note_text", "进展说明", ("备注", "说明", "情况说明", "进展情况"), 30, fillable=True),
)

#: Code → the words for it, the form's own first.
STATUSES = {
    "planned": ("未开始", "未启动", "计划中", "拟开展", "待实施", "尚未开始"),
    "under_way": ("整改中", "进行中", "推进中", "实施中", "正在整改", "已启动"),
    "done": ("已完成", "完成", "整改完成", "已整改", "完成整改", "措施完成"),
    "cancelled": ("已取消", "取消", "终止", "撤销"),
}

#: Field → the names its column may carry, the form's own first.
HEADER_ALIASES = {column.field: (column.header, *column.aliases) for column in COLUMNS}

#: Without them a table is no list of measures.
READABLE_WITH = tuple(column.field for column in COLUMNS if column.required)

#: What one cell may say for several rows, and is therefore filled down where cells are merged.
SHARED_FIELDS = ("problem_text", "owner_text", "deadline_text", "date_text")

_BY_FIELD = {column.field: column for column in COLUMNS}


def column(field: str) -> Column:
    """The column of that field; KeyError if the form has none."""
    return _BY_FIELD[field]
