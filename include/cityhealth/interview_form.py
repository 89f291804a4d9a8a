"""The list of notes of site interviews (实地访谈记录): its columns, and what people call them instead."""

from __future__ import annotations

from cityhealth.form import Column

SHEET = "实地访谈记录"
TITLE = "城市体检实地访谈记录"

COLUMNS = (
    Column("number", "序号", ("No", "序"), 5, display_only=True),
    Column("note_id_text", "记录编号", ("编号", "访谈编号"), 14, required=True, fillable=True),
    Column("date_text", "访谈日期", ("日期", "访谈时间", "时间"), 12, fillable=True),
    Column("place_text", "访谈地点", ("地点", "走访地点", "位置"), 20, fillable=True),
    Column("area_text", "所在区域", ("区域", "街道", "所属区域", "镇街"), 14, fillable=True),
    Column("person_text", "受访人", ("受访者", "访谈对象", "被访人", "姓名"), 12, fillable=True),
    Column(
        "subject_text",
        "涉及问题或指标",
        ("涉及问题", "问题编号", "涉及指标", "指标代码", "维度", "涉及维度", "访谈主题"),
        18,
        fillable=True,
    ),
    Column(
        "note_text",
        "访谈内容",
        ("内容", "记录", "访谈记录", "意见", "反映情况", "主要内容"),
        50,
        required=True,
        fillable=True,
    ),
    Column("interviewer_text", "访谈人", ("记录人", "调查员", "访问员"), 12, fillable=True),
)

#: Field → the names its column may carry, the form's own first.
HEADER_ALIASES = {column.field: (column.header, *column.aliases) for column in COLUMNS}

#: Without them a table is no list of notes.
READABLE_WITH = tuple(column.field for column in COLUMNS if column.required)

#: What one cell may say for several rows, and is therefore filled down where cells are merged.
SHARED_FIELDS = ("date_text", "place_text", "area_text", "subject_text", "interviewer_text")

_BY_FIELD = {column.field: column for column in COLUMNS}


def column(field: str) -> Column:
    """The column of that field; KeyError if the form has none."""
    return _BY_FIELD[field]
