"""A draft as somebody typed it again: other columns in another order, titles above, notes below."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from cityhealth.sample_city.drafts import Draft
from cityhealth.sample_city.files import LABEL_LINE
from cityhealth.sample_city.grids import CellValue, Grid

#: Field of the form (or a text: an added column, whose cells hold just that) and the header over it.
Columns = Sequence[tuple[str, str]]

FULL: Columns = (
    ("number", "序号"),
    ("item_text", "代码"),
    ("item_name", "指标名称"),
    ("area_text", "统计范围"),
    ("period_text", "年度"),
    ("value_text", "指标值（必填）"),
    ("unit_text", "计量单位"),
    ("state_text", "状态"),
    ("source_text", "数据来源"),
    ("method_text", "计算方法"),
    ("remarks_text", "备注"),
    ("attachment_text", "佐证材料"),
)
#: Names instead of codes, and columns that nobody asked for.
BY_NAME: Columns = (
    ("area_text", "区域名称"),
    ("item_name", "数据项"),
    ("科室负责人", "审核人"),
    ("unit_text", "单位"),
    ("value_text", "数据值"),
    ("period_text", "时间"),
    ("source_text", "资料来源"),
    ("method_text", "统计方法"),
    ("attachment_text", "附件"),
    ("remarks_text", "说明"),
    ("state_text", "是否适用"),
    ("未上会", "内部流转"),
)


def retyped(draft: Draft, columns: Columns = FULL, *, gaps: bool = False, merged: bool = False) -> Grid:
    """The draft as a plain table; ``gaps`` leaves every sixth row empty, ``merged`` merges equal areas downward."""
    form = draft.form
    head: list[list[CellValue]] = [
        [LABEL_LINE],
        [f"{form.city_name}{form.year}年城市体检数据报送表"],
        [f"填报单位：{form.department_name}", None, None, f"统计期：{form.period_start} 至 {form.period_end}"],
        [],
        [header for _, header in columns],
    ]
    body: list[list[CellValue]] = []
    for number, line in enumerate(draft.lines):
        if gaps and number and number % 6 == 0:
            body.append([])
        body.append([line.get(field, field) for field, _ in columns])
    foot: list[list[CellValue]] = [
        [],
        ["合计", None, f"{len(draft.lines)} 行"],
        ["注：本表数据为合成数据。"],
        ["填表人：张三", None, None, "联系电话：0356-0000000", None, "填报日期：2021年5月"],
    ]
    ranges = _merge_equal(body, len(head), [name for name, _ in columns].index("area_text")) if merged else ()
    return Grid([*head, *body, *foot], "数据报送", [(0, 0, 0, len(columns) - 1), *ranges])


def _merge_equal(body: list[list[CellValue]], offset: int, column: int) -> list[tuple[int, int, int, int]]:
    """Empty all but the first of each run of equal cells, and say which ranges to merge."""
    ranges = []
    numbered = enumerate(body)
    for text, run in groupby(numbered, key=lambda pair: pair[1][column] if pair[1] else None):
        rows = [row for row, _ in run]
        if text is None or len(rows) < 2:
            continue
        for row in rows[1:]:
            body[row][column] = None
        ranges.append((offset + rows[0], column, offset + rows[-1], column))
    return ranges
