"""What to write into a layout for what it does not know yet: YAML to complete by hand, never to trust."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import yaml

from cityhealth.tabular.layouts import squeeze
from cityhealth.tabular.sheet import Cell, Sheet
from cityhealth.tabular.tables import SEARCHED_ROWS

# Not a valid item code, so that a suggestion nobody completed is refused.
FILL_IN_CODE = "请填数据项代码"
FILL_IN_UNIT = "请填单位"
FILL_IN_PERIOD = "请填时间"

_YEAR_HEADER = re.compile(r"(\d{4})年?度?")
_AREA_HEADERS = ("区划代码|行政区划", "地区|区域|辖区", "省|市|县|城市|区县", "名称")
_PERIOD_HEADER = re.compile("年份|年度|时间|期间|月份|日期")
_UNIT_HEADER = re.compile("(?:计量|数据)?单位")
_ITEM_HEADER = re.compile("指标.*|项目.*|数据项.*")
_UNIT_IN_BRACKETS = re.compile(r"[(\[](?:单位:)?([^()\[\]]{1,12})[)\]]$")
_UNIT_OF_TITLE = re.compile(r"单位[:：]\s*([^\s)）]+)")


def column_patch(examples: Mapping[str, str]) -> str:
    """For unknown columns (header → first value): an entry each under ``columns``, or to move under ``ignore``."""
    entries = [_entry(header) for header in examples]
    shown = "".join(f"#   {header}：{value}\n" for header, value in examples.items())
    return (
        "# 补充到布局的 columns 下；不需要的列改写到 ignore 下：- {column: 列名}\n"
        f"# 这些列的第一个值：\n{shown}" + _yaml({"columns": entries})
    )


def item_patch(texts: Sequence[str]) -> str:
    """For unknown item texts: an entry each under ``items``."""
    entries = [_entry(text) for text in texts]
    return "# 补充到布局的 items 下；不需要的改写到 ignore 下：- {item: 名称}\n" + _yaml({"items": entries})


def whole_layout(sheets: Sequence[Sheet], filename: str) -> str:
    """A layout for a file that none matches, guessed from the fullest visible sheet."""
    visible = [sheet for sheet in sheets if sheet.rows and not sheet.hidden]
    if not visible:
        return "# 文件里没有可见的内容，无法推测布局\n"
    sheet = max(visible, key=lambda s: sum(len(cells) for cells in s.rows.values()))
    row = _header_row(sheet)
    headers = [cell.text for cell in sheet.rows[row].values()]
    above = [cell for number, cells in sheet.rows.items() if number < row for cell in cells.values()]
    name = PurePosixPath(filename)
    area = _area_header(headers)
    layout: dict[str, Any] = {
        "layout": "new_layout",
        "description": f"由文件「{name.name}」推测，请逐项核对",
        "match": {"filename": [f"*{name.suffix}"], "sheet": sheet.name, "headers": [area]},
        "area": {"column": area},
        "period": _period(headers),
        "unit": _unit(headers, above, name.stem),
        "stop": ["注*", "数据来源*", "资料来源*"],
    }
    used = {area, *(layout[key].get("column") for key in ("period", "unit"))}
    values = [header for header in headers if header not in used]
    return "# 推测的布局：核对每一项，填好数据项代码和单位\n" + _yaml(layout | _items(layout, values, sheet, name.stem))


def _items(layout: Mapping[str, Any], values: Sequence[str], sheet: Sheet, title: str) -> dict[str, Any]:
    item_header = next((header for header in values if _ITEM_HEADER.fullmatch(squeeze(header))), None)
    if item_header is not None:
        column = next(c.column for cells in sheet.rows.values() for c in cells.values() if c.text == item_header)
        texts = dict.fromkeys(
            cells[column].text for cells in sheet.rows.values() if column in cells and cells[column].text != item_header
        )
        rest = [header for header in values if header != item_header]
        columns = {} if "header" in layout["period"] else {"columns": [{"name": header} for header in rest]}
        return {"item": {"column": item_header}, "items": [_entry(text) for text in texts]} | columns
    if "header" in layout["period"]:
        return {"item": {"title": "^(.+)$"}, "items": [_entry(title)]}
    return {"columns": [_entry(header) for header in values]}


def _entry(name: str) -> dict[str, str]:
    unit = _UNIT_IN_BRACKETS.search(squeeze(name))
    return {"name": name, "item": FILL_IN_CODE} | ({"unit": unit[1]} if unit else {})


def _header_row(sheet: Sheet) -> int:
    """The first row that is nearly as full as the fullest of those searched."""
    searched = [(row, len(cells)) for (row, cells), _ in zip(sheet.rows.items(), range(SEARCHED_ROWS), strict=False)]
    fullest = max(width for _, width in searched)
    return next(row for row, width in searched if width * 5 >= fullest * 4)


def _area_header(headers: Sequence[str]) -> str:
    for pattern in _AREA_HEADERS:
        if (found := next((header for header in headers if re.search(pattern, header)), None)) is not None:
            return found
    return headers[0]


def _period(headers: Sequence[str]) -> dict[str, str]:
    if sum(_YEAR_HEADER.fullmatch(squeeze(header)) is not None for header in headers) > 1:
        return {"header": _YEAR_HEADER.pattern}
    column = next((header for header in headers if _PERIOD_HEADER.search(header)), None)
    return {"column": column} if column is not None else {"fixed": FILL_IN_PERIOD}


def _unit(headers: Sequence[str], above: Sequence[Cell], title: str) -> dict[str, str]:
    if (column := next((header for header in headers if _UNIT_HEADER.fullmatch(squeeze(header))), None)) is not None:
        return {"column": column}
    if any(_UNIT_OF_TITLE.search(cell.text) for cell in above):
        return {"title": _UNIT_OF_TITLE.pattern}
    words = title.split()
    return {"fixed": words[-1] if len(words) > 1 else FILL_IN_UNIT}


def _yaml(value: object) -> str:
    return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=1000))
