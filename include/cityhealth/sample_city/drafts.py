"""What a department is about to send: its lines, and what has been planted in them. Rendering comes later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from cityhealth import form
from cityhealth.catalogue import Catalogue
from cityhealth.sample_city.figures import Figures
from cityhealth.sample_city.files import LABEL, LABEL_LINE, Oddity
from cityhealth.sample_city.grids import CellValue, Grid, comma_separated
from cityhealth.templates import Entry, Form, FormRow, form_for, write_form

#: One line of a table: field of the form → what stands in the cell.
Line = Mapping[str, CellValue]
Wanted = Callable[["Draft", FormRow], bool]

_SOURCES = ("2020年度统计年报", "业务管理台账（2020年）", "行业统计报表", "业务系统导出", "2020年专项普查")
_METHODS = ("直接取自报表", "各单位上报数汇总", "台账逐条汇总", "按口径筛选后汇总")


@dataclass(frozen=True)
class Draft:
    """``lines`` begin with one per row of the form, in its order; planted extra lines follow.

    ``touched`` are the rows that carry an oddity, so that no two meet; ``rules`` and ``refused`` say what the gate
    should find; ``retyped``: something was planted that the protected template does not allow.
    """

    department_code: str
    form: Form
    lines: tuple[Line, ...]
    touched: frozenset[int] = frozenset()
    oddities: frozenset[Oddity] = frozenset()
    rules: tuple[str, ...] = ()
    refused: int = 0
    retyped: bool = False
    attachments: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)

    def planted(
        self,
        index: int,
        oddity: Oddity,
        changes: Mapping[str, CellValue],
        *,
        rule: str | None = None,
        refused: int = 0,
        extra: Iterable[Line] = (),
    ) -> Draft:
        """The draft with ``changes`` in line ``index`` and ``extra`` lines at the end."""
        lines = list(self.lines)
        lines[index] = {**lines[index], **changes}
        extra_lines = tuple(extra)
        fillable = {column.field for column in form.COLUMNS if column.fillable}
        typed = all(
            name in fillable and (value is None or isinstance(value, (str, int, float)))
            for name, value in changes.items()
        )
        return replace(
            self,
            lines=(*lines, *extra_lines),
            touched=self.touched | {index},
            oddities=self.oddities | {oddity},
            rules=self.rules + ((rule,) if rule else ()),
            refused=self.refused + refused,
            retyped=self.retyped or bool(extra_lines) or not typed,
        )

    def free_rows(self) -> list[tuple[int, FormRow]]:
        """Rows with a number in them and nothing planted."""
        return [
            (index, row)
            for index, row in enumerate(self.form.rows)
            if index not in self.touched and isinstance(self.lines[index]["value_text"], (int, float))
        ]

    def number(self, index: int) -> float:
        value = self.lines[index]["value_text"]
        assert isinstance(value, (int, float))
        return value

    def as_template(self) -> bytes:
        """The filled template; only what its open cells hold."""
        entries = {row.key: _entry(line) for row, line in zip(self.form.rows, self.lines, strict=False)}
        return write_form(self.form, entries, LABEL_LINE)


def first_draft(catalogue: Catalogue, department_code: str, year: int, figures: Figures) -> Draft:
    """What the department owes, filled correctly, with its evidence; 不适用 where the catalogue says so."""
    form_ = form_for(catalogue, department_code, year)
    impossible = {
        f"{indicator.code} {indicator.name_zh}": indicator.not_applicable_reason_zh or ""
        for indicator in catalogue.indicators
        if indicator.year == year and indicator.applicability == "not_applicable"
    }
    evidence = f"{form_.department_name}_原始数据2020.csv"
    lines = tuple(_line(number, row, figures, impossible, evidence) for number, row in enumerate(form_.rows, start=1))
    reasons = {index for index, line in enumerate(lines) if line["state_text"]}
    return Draft(
        department_code,
        form_,
        lines,
        touched=frozenset(reasons),
        oddities=frozenset({Oddity.NOT_APPLICABLE} if reasons else ()),
        attachments=((evidence, _evidence(form_, lines)),),
    )


def _line(number: int, row: FormRow, figures: Figures, impossible: Mapping[str, str], evidence: str) -> Line:
    reason = "；".join(impossible[name] for name in row.indicators if name in impossible)
    only = bool(row.indicators) and all(name in impossible for name in row.indicators)
    # With the label, so that every value of the marts, and every document made of them, can say that it is synthetic.
    source = f"{_SOURCES[sum(map(ord, row.item_code)) % len(_SOURCES)]}（{LABEL}）"
    method = _METHODS[sum(map(ord, row.item_code)) % len(_METHODS)]
    return {
        "number": float(number),
        "item_name": row.item_name,
        "definition": row.definition,
        "unit_text": row.unit,
        "area_text": row.area_text,
        "period_text": row.period_text,
        "value_text": None if only else figures.of(row.key),
        "state_text": form.STATES[0] if only else None,
        "source_text": None if only else source,
        "method_text": None if only else method,
        "remarks_text": reason if only else None,
        "attachment_text": None if only else evidence,
        "indicators": "；".join(row.indicators),
        "item_text": row.item_code,
    }


def _entry(line: Line) -> Entry:
    def text(name: str) -> str:
        cell = line[name]
        return cell if isinstance(cell, str) else ""

    value = line["value_text"]
    assert value is None or isinstance(value, (str, int, float))
    return Entry(
        value,
        text("state_text"),
        text("source_text"),
        text("method_text"),
        text("remarks_text"),
        text("attachment_text"),
    )


def _evidence(form_: Form, lines: Iterable[Line]) -> bytes:
    """A plain list of the figures as the department keeps them."""
    header = ("数据项代码", "数据项名称", "区域", "时间", "数值", "单位")
    fields = ("item_text", "item_name", "area_text", "period_text", "value_text", "unit_text")
    rows = [[line[name] for name in fields] for line in lines if line["value_text"] is not None]
    return comma_separated(Grid([[LABEL_LINE], [f"{form_.department_name}原始数据"], header, *rows]), "utf-8-sig")
