"""Reports as workbooks: the filled template, or a table that somebody made again."""

from __future__ import annotations

from collections.abc import Sequence

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city.campaign.reports import Line, Report
from cityhealth.sample_city.files import LABEL_LINE
from cityhealth.sample_city.grids import CellValue, Grid, xlsx
from cityhealth.templates import ProgressEntry, progress_form_for, write_progress_document, write_progress_workbook

#: Other names in another order; an added column holds its own text.
_COLUMNS: Sequence[tuple[str, str]] = (
    ("task_text", "工作板块"),
    ("responsible_text", "责任科室"),
    ("work_text", "主要工作"),
    ("status_text", "进展情况"),
    ("percent_text", "完成进度（%）"),
    ("reason_text", "下降原因"),
    ("problems_text", "存在问题"),
    ("focus_text", "重点工作"),
    ("next_text", "下步工作打算"),
    ("分管领导已阅", "审核情况"),
    ("date_text", "填表日期"),
)


def as_template(catalogue: Catalogue, report: Report) -> bytes:
    """The workbook that the department was sent, filled in. Only tasks of its own have a row there."""
    form = progress_form_for(catalogue, report.department_code, report.period)
    return write_progress_workbook(form, _entries(report), LABEL_LINE)


def as_word_form(catalogue: Catalogue, report: Report) -> bytes:
    """The Word form that the department was sent, filled in."""
    form = progress_form_for(catalogue, report.department_code, report.period)
    return write_progress_document(form, _entries(report), LABEL_LINE)


def retyped(report: Report) -> bytes:
    """A plain table with titles above and a signature below."""
    facts = [f"填报单位：{report.department_zh}", None, None]
    period = f"报送期：{report.period_text}" if report.period_text else None
    head: list[list[CellValue]] = [
        [LABEL_LINE],
        [f"{report.department_zh}城市体检工作半月进展情况表"],
        [*facts, period],
        [],
        [name for _, name in _COLUMNS],
    ]
    body = [[line.get(field, field) for field, _ in _COLUMNS] for line in report.lines]
    day = report.filled_on
    foot: list[list[CellValue]] = [[], ["填表人：李四", None, None, f"填表日期：{day.year}年{day.month}月{day.day}日"]]
    return xlsx(Grid([*head, *body, *foot], "进展情况", [(0, 0, 0, len(_COLUMNS) - 1)]))


def _entries(report: Report) -> dict[str, ProgressEntry]:
    return {
        code: ProgressEntry(
            work=_text(line, "work_text"),
            status=_text(line, "status_text"),
            percent=_percent(line),
            focus=_text(line, "focus_text"),
            problems=_text(line, "problems_text"),
            next=_text(line, "next_text"),
            reason=_text(line, "reason_text"),
            responsible=_text(line, "responsible_text"),
            day=_text(line, "date_text"),
        )
        for code, line in zip(report.task_codes, report.lines, strict=False)
    }


def _percent(line: Line) -> float | str | None:
    value = line["percent_text"]
    assert value is None or isinstance(value, (int, float, str))
    return value


def _text(line: Line, field: str) -> str:
    value = line[field]
    return value if isinstance(value, str) else ""
