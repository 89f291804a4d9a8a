"""The list of difficulties on which the half-month meeting decides: its columns and what people call them instead."""

from __future__ import annotations

from cityhealth.form import Column

SHEET = "难点问题清单"
TITLE = "城市体检工作难点问题清单"

#: In the order of the template: what was raised, then what the meeting decides.
COLUMNS = (
    Column("number", "序号", ("No", "序"), 5, display_only=True),
    Column("difficulty_text", "编号", ("问题编号", "难点编号", "难点问题编号", "清单编号"), 25, required=True),
    Column("raised_period", "提出期次", ("提出时间", "首次提出", "首次提出期次", "提出日期"), 11, display_only=True),
    Column("department_zh", "提出单位", ("报送单位", "单位", "提出部门"), 15, display_only=True),
    Column("task_zh", "工作任务", ("任务", "板块", "工作板块"), 11, display_only=True),
    Column(
        "problem_text",
        "难点问题",
        ("问题", "存在的问题", "存在问题", "问题内容", "难点", "困难问题"),
        36,
        display_only=True,
    ),
    Column("state_zh", "目前状态", ("状态", "办理状态", "办理情况", "当前状态"), 9, display_only=True),
    Column(
        "decision_text",
        "会议决定",
        ("决定", "会议决议", "决议", "处理决定", "会议结论"),
        9,
        required=True,
        fillable=True,
    ),
    Column(
        "assigned_text", "承办单位", ("交办单位", "责任单位", "牵头单位", "主办单位", "承办部门"), 16, fillable=True
    ),
    Column("due_text", "办理时限", ("时限", "办结时限", "完成时限", "期限", "办理期限", "限办时间"), 12, fillable=True),
    Column("date_text", "会议日期", ("会议时间", "决定日期", "开会日期"), 12, fillable=True),
    Column("note_text", "会议意见", ("意见", "备注", "说明", "会议要求", "办理意见"), 26, fillable=True),
)

#: What the meeting decides; the words that the column 会议决定 offers.
DECISIONS = ("交办", "办结")

#: Field → the names its column may carry, the form's own first.
HEADER_ALIASES = {column.field: (column.header, *column.aliases) for column in COLUMNS}

#: Without them a table is no meeting list.
READABLE_WITH = tuple(column.field for column in COLUMNS if column.required)

#: What one cell may say for several rows, and is therefore filled down where cells are merged.
SHARED_FIELDS = ("decision_text", "assigned_text", "due_text", "date_text", "note_text")

_BY_FIELD = {column.field: column for column in COLUMNS}


def column(field: str) -> Column:
    """The column of that field; KeyError if the form has none."""
    return _BY_FIELD[field]
