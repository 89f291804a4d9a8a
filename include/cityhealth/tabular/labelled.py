"""Tables without a header: each value stands beside or below its label, one table or block of rows per thing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from cityhealth.tabular.labels import Labels
from cityhealth.tabular.sheet import Cell, Sheet, address
from cityhealth.tabular.tables import TableRow


@dataclass(frozen=True)
class LabelledRow(TableRow):
    """``places``: where each field stands that has a label; an empty one in the cell beside it, if there is one."""

    places: Mapping[str, str]


@dataclass
class _Block:
    line: int
    labels: dict[str, str] = field(default_factory=dict)
    values: dict[str, list[Cell]] = field(default_factory=dict)
    extra: dict[str, Cell] = field(default_factory=dict)


def labelled_rows(
    sheet: Sheet,
    aliases: Mapping[str, Sequence[str]],
    starting: Collection[str],
    title_field: str,
    is_title: Callable[[str], bool],
) -> list[LabelledRow]:
    """One row per block of labels; a new block begins where a field of ``starting`` comes again.

    Empty where the sheet has no label of ``starting``. A line by itself across the table, if ``is_title``, is the
    ``title_field`` of the block below it. Text before the first label, or beside one that has its value, is ``extra``
    under its address. A value of several cells has their texts line by line.
    """
    labels = Labels(aliases)
    blocks: list[_Block] = []
    pending = _Block(0)
    opened: str | None = None
    width = max((column for cells in sheet.rows.values() for column in cells), default=0)
    for line, cells in sheet.rows.items():
        first = next(iter(cells.values()))
        alone = len(cells) == 1 and labels.read(first.text) is None
        if alone and is_title(first.text) and (opened is None or _is_across(sheet, first)):
            below_its_label = opened is not None and not blocks[-1].values[opened]
            if not below_its_label:
                pending.values, opened = {title_field: [first]}, None
                continue
        in_row: str | None = None
        beside = 0
        for cell in cells.values():
            label = labels.read(cell.text)
            # Beside a label stands its value, even one that is or begins like a label (存在的问题：…).
            named = label is not None and not label.value and label.field != in_row and cell.column != beside
            if label is not None and (in_row is None or named):
                if opened is None or (label.field in starting and label.field in blocks[-1].values):
                    blocks.append(_Block(line, {}, pending.values, pending.extra))
                    pending = _Block(0)
                if label.field == title_field:
                    blocks[-1].values[title_field] = []
                opened = in_row = label.field
                beside = 0 if label.value else _end(sheet, cell) + 1
                blocks[-1].labels.setdefault(label.field, _empty(sheet, cell, beside if beside <= width else 0))
                values = blocks[-1].values.setdefault(label.field, [])
                if label.value:
                    values.append(cell._replace(text=label.value))
            elif in_row is not None or (opened is not None and alone):
                blocks[-1].values[in_row or opened or ""].append(cell)
            else:
                (blocks[-1] if blocks else pending).extra[cell.address] = cell
    return [_row(block) for block in blocks if not (set(starting) - {title_field}).isdisjoint(block.values)]


def _is_across(sheet: Sheet, cell: Cell) -> bool:
    """Whether a cell is merged with those beside it."""
    span = sheet.merged_in_column(cell.column)(cell.row)
    return span is not None and span.last_column > span.first_column


def _end(sheet: Sheet, cell: Cell) -> int:
    """The last column that a cell covers."""
    span = sheet.merged_in_column(cell.column)(cell.row)
    return span.last_column if span else cell.column


def _empty(sheet: Sheet, label: Cell, beside: int) -> str:
    """Where the value of a label stands that has none: in the empty cell beside it, else with the label."""
    free = beside > 0 and sheet.cell(label.row, beside) is None
    return address(label.row, beside) if free else label.address


def _row(block: _Block) -> LabelledRow:
    cells = {
        name: found[0] if len(found) == 1 else found[0]._replace(text="\n".join(c.text for c in found), kind="text")
        for name, found in block.values.items()
        if found
    }
    places = block.labels | {name: cell.address for name, cell in cells.items()}
    return LabelledRow(block.line, "data", cells, block.extra, places)
