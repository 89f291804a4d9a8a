"""The annex: every indicator with its value, formula, source and basis, on pages turned round."""

from __future__ import annotations

from collections.abc import Sequence

from cityhealth.reports import wording as zh
from cityhealth.reports.examination.values import Examination, basis_zh, cell
from cityhealth.reports.examination.word import Alert, Cell, Column, Writer


def annex(writer: Writer, examination: Examination) -> None:
    """All indicators of the year, those without a value too."""
    writer.landscape()
    writer.appendix("附表一　指标数值")
    _values(writer, examination)
    writer.appendix("附表二　指标的公式、来源与依据")
    _definitions(writer, examination)


def _values(writer: Writer, e: Examination) -> None:
    rows: list[Sequence[Cell]] = [
        [
            row.code,
            row.dimension_zh or zh.NONE,
            row.name_zh,
            row.status_zh,
            row.area_zh or row.area_code,
            cell(row, "value", "f"),
            cell(row, "previous_value", "f"),
            row.unit or "",
            cell(row, "target_text", "text"),
            cell(row, "score", "1"),
            row.grade_zh or zh.NONE,
            row.state_zh,
            Alert(row.warning_zh or "") if row.warning == "red" else row.warning_zh or zh.NONE,
        ]
        for row in e.indicators
    ]
    columns = (
        Column("代码", 1, "centred"),
        Column("维度", 1.3, "centred"),
        Column("指标", 4),
        Column("性质", 1.3, "centred"),
        Column("区域", 1.3, "centred"),
        Column("数值", 1.4, "number"),
        Column("上年值", 1.4, "number"),
        Column("单位", 1.6, "centred"),
        Column("标准", 1.5, "centred"),
        Column("得分", 0.9, "centred"),
        Column("等级", 0.9, "centred"),
        Column("状态", 1.6, "centred"),
        Column("预警", 1.3, "centred"),
    )
    writer.table("全部指标的数值和状态", columns, rows, small=True)


def _definitions(writer: Writer, e: Examination) -> None:
    rows: list[Sequence[Cell]] = []
    for row in e.indicators:
        definition = e.definition_of.get(row.code)
        formula = cell(definition, "formula_zh", "text") if definition else zh.NONE
        if definition and not definition.formula_zh and definition.no_formula_reason_zh:
            formula = cell(definition, "no_formula_reason_zh", "text")
        rows.append(
            [
                row.code,
                row.name_zh,
                cell(definition, "definition_zh", "text") if definition else zh.NONE,
                formula,
                cell(row, "sources_zh", "text"),
                cell(row, "target_source", "text"),
                _basis(e, row.code, row.target_basis),
            ]
        )
    columns = (
        Column("代码", 1, "centred"),
        Column("指标", 3),
        Column("定义", 4.6),
        Column("公式", 4),
        Column("数据来源", 3),
        Column("标准的出处", 2.4),
        Column("依据", 2.4),
    )
    writer.table("全部指标的定义、公式、来源和依据", columns, rows, small=True)


def _basis(e: Examination, code: str, target: str | None) -> str:
    definition = e.definition_of.get(code)
    parts = [f"定义{basis_zh(definition.definition_basis)}"] if definition and definition.definition_basis else []
    parts += [f"标准{basis_zh(target)}"] if target else []
    return "；".join(parts) or zh.NONE
