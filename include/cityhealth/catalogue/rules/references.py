"""Whatever a row names exists."""

from __future__ import annotations

from collections.abc import Iterator

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.rules.book import Book

#: file, column → file, column in which the value must stand.
REFERENCES = (
    ("indicators.csv", "dimension_code", "dimensions.csv", "code"),
    ("indicators.csv", "unit", "units.csv", "unit"),
    ("indicators.csv", "numerator_item", "items.csv", "code"),
    ("indicators.csv", "denominator_item", "items.csv", "code"),
    ("indicators.csv", "area_code", "areas.csv", "code"),
    ("indicators.csv", "lead_department", "departments.csv", "code"),
    ("items.csv", "unit", "units.csv", "unit"),
    ("items.csv", "reported_of", "indicators.csv", "code"),
    ("items.csv", "department_code", "departments.csv", "code"),
    ("items.csv", "whole_item", "items.csv", "code"),
    ("systems.csv", "dimension_code", "dimensions.csv", "code"),
    ("targets.csv", "unit", "units.csv", "unit"),
    ("areas.csv", "parent_code", "areas.csv", "code"),
    ("areas.csv", "successor_code", "areas.csv", "code"),
    ("work_blocks.csv", "dimension_code", "dimensions.csv", "code"),
    ("responsibilities.csv", "block_code", "work_blocks.csv", "code"),
    ("responsibilities.csv", "department_code", "departments.csv", "code"),
    ("source_priority.csv", "item_code", "items.csv", "code"),
    ("corrections.csv", "department_code", "departments.csv", "code"),
    ("corrections.csv", "item_code", "items.csv", "code"),
    ("corrections.csv", "area_code", "areas.csv", "code"),
    ("examination.csv", "default_area_code", "areas.csv", "code"),
    ("measurements.csv", "item_code", "items.csv", "code"),
    ("measurements.csv", "layer_kinds", "layer_kinds.csv", "code"),
    ("stations.csv", "area_code", "areas.csv", "code"),
    ("warning_rules.csv", "unit", "units.csv", "unit"),
    ("peers.csv", "area_code", "areas.csv", "code"),
    ("warning_rules.csv", "indicator_code", "indicators.csv", "code"),
    ("warning_rules.csv", "department_code", "departments.csv", "code"),
)


def references_exist(book: Book) -> Iterator[Finding]:
    """Each reference of one column to another."""
    for file, column, other_file, other_column in REFERENCES:
        known = book.column(other_file, other_column)
        if file == "source_priority.csv":
            known = known | {"*"}
        for placed in book.tables[file]:
            value = getattr(placed.row, column)
            for one in value if isinstance(value, tuple) else (value,):
                # None and the empty text: not stated.
                if one and one not in known:
                    yield placed.finding(column, f"「{one}」不在 {other_file} 的 {other_column} 列中")


def area_scopes_exist(book: Book) -> Iterator[Finding]:
    """An item's scope is an area or a level that has areas."""
    known = book.column("areas.csv", "code") | {f"level:{level}" for level in book.column("areas.csv", "level")}
    for placed in book.items:
        if placed.row.area_scope not in known:
            yield placed.finding("area_scope", f"「{placed.row.area_scope}」既不是区域代码，也不是有区域的层级")


def indicators_exist_in_their_year(book: Book) -> Iterator[Finding]:
    """A target belongs to an indicator, an indicator to an examination, of the same system and year.

    Indicators that are only listed belong to none, and no examination begins before all of its indicators are known.
    """
    indicators = {(i.row.system, i.row.year, i.row.code) for i in book.indicators}
    for target in book.targets:
        if (target.row.system, target.row.year, target.row.code) not in indicators:
            name = f"{target.row.system} {target.row.year} {target.row.code}"
            yield target.finding("code", f"「{name}」不在 indicators.csv 中")
    examinations = {(e.row.system, e.row.year) for e in book.examinations}
    for indicator in book.indicators:
        name = f"{indicator.row.system} {indicator.row.year}"
        examined = (indicator.row.system, indicator.row.year) in examinations
        if indicator.row.status != "listed" and not examined:
            yield indicator.finding("year", f"examination.csv 中没有「{name}」的体检")
        if indicator.row.status == "listed" and examined:
            yield indicator.finding("status", f"「{name}」已列入 examination.csv，指标却只是列出，内容尚未取得")


def every_block_has_one_lead(book: Book) -> Iterator[Finding]:
    """Each block of work has exactly one leading department."""
    leads = [p for p in book.tables["responsibilities.csv"] if p.row.role == "lead"]
    for block in book.tables["work_blocks.csv"]:
        of_block = {p.row.department_code for p in leads if p.row.block_code == block.row.code}
        if len(of_block) != 1:
            yield block.finding("code", f"工作板块「{block.row.name_zh}」有 {len(of_block)} 个牵头单位，应为 1 个")
