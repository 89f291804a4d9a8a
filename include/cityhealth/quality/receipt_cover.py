"""The cover sheet of a receipt: what came, what became of it, what is to be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.workbook import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.worksheet import Worksheet

from cityhealth.quality.batch import BatchFacts
from cityhealth.quality.receipt_copy import FILLS, SEVERITY_ZH, is_address, put_text
from cityhealth.quality.subject import Nouns
from cityhealth.quality.verdicts import Finding, Judged
from cityhealth.settings import CITY_TIMEZONE

TITLE = "回执"
UNREAD = "未读工作表"
MOST_LISTED = 2_000
MOST_SHEETS = 10

VERDICTS_ZH = {
    "accepted": "通过：{content}已全部采用",
    "partly": "部分通过：标红的未采用，请更正后重新报送；其余已采用",
    "refused": "未通过：{content}均未采用，请更正后重新报送",
}
#: The subject of a line and what was written of it are called as its :class:`Nouns` say.
_COLUMNS = (
    ("序号", 6),
    ("级别", 9),
    ("{sheet}", 18),
    ("位置", 10),
    ("{line}", 30),
    ("{said}", 16),
    ("问题", 52),
    ("处理办法", 44),
)

_BOLD = Font(name="Calibri", bold=True)
_HEADING = Font(name="Calibri", bold=True, size=16)
_LINK = Font(name="Calibri", color="FF0563C1", underline="single")
_HEADER_FILL = PatternFill("solid", fgColor="FFD9E2F3")
_THIN = Side(style="thin", color="FFBFBFBF")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_WRAP = Alignment(wrap_text=True, vertical="top")
_PLAIN = Alignment(vertical="top")


@dataclass(frozen=True)
class Cover:
    """What the cover says beside the judgement.

    ``facts_zh``: label and text of what the lines' subject adds; ``notes_zh``: what a reader must know of the copy
    behind it; ``unread_zh``: the sheets that were not read; ``sheet_zh``: what the file has for sheets.
    """

    batch: BatchFacts
    nouns: Nouns
    department_zh: str
    facts_zh: Sequence[tuple[str, str]] = ()
    notes_zh: Sequence[str] = ()
    unread_zh: Sequence[str] = ()
    sheet_zh: str = "工作表"


def add_cover(book: Workbook, cover: Cover, judged: Judged, titles: Mapping[str, str]) -> None:
    """Put the cover in front of ``book``; ``titles`` gives the copy's sheet for each original sheet name."""
    sheet = book.create_sheet(_free_title(book), 0)
    book.active = 0
    for other in book.worksheets[1:]:
        other.sheet_view.tabSelected = False
    for number, (_, width) in enumerate(_COLUMNS, start=1):
        sheet.column_dimensions[sheet.cell(1, number).column_letter].width = width
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.5)
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    put_text(sheet["A1"], "城市体检数据报送回执")
    sheet["A1"].font = _HEADING
    row = _facts(sheet, 3, cover, judged)
    row = _findings(sheet, row + 1, cover, [f for f in judged.findings if not _says_what_lacks(f)], titles)
    _missing(sheet, row + 1, [f for f in judged.findings if _says_what_lacks(f)])


def _says_what_lacks(finding: Finding) -> bool:
    return finding.line_no is None and finding.severity == "warning"


def _free_title(book: Workbook) -> str:
    taken = {title.casefold() for title in book.sheetnames}
    return next(title for title in (TITLE, *(f"{TITLE}{n}" for n in range(2, 300))) if title not in taken)


def _facts(sheet: Worksheet, row: int, cover: Cover, judged: Judged) -> int:
    arrival = cover.batch.arrival
    verdict_zh = VERDICTS_ZH[judged.verdict].format(content=cover.nouns.content_zh)
    facts = [
        ("文件名", " ".join(arrival.filename.split())),
        ("报送单位", cover.department_zh),
        ("收到时间", f"{arrival.received_at.astimezone(CITY_TIMEZONE):%Y-%m-%d %H:%M}"),
        ("文件校验码", f"sha256 {arrival.sha256}"),
        ("校验结论", verdict_zh + ("；另有工作表未读，见下" if cover.unread_zh else "")),
        ("行数", f"填报 {judged.rows_in} 行：采用 {judged.count('accepted')} 行，未采用 {judged.count('refused')} 行；"
                 f"另有空行 {judged.count('blank')} 行，提醒 {judged.warnings} 条"),
        *cover.facts_zh,
        *(("说明", note) for note in cover.notes_zh),
    ]  # fmt: skip
    if cover.unread_zh:
        facts.append((UNREAD, _unread(cover.unread_zh)))
    for label, text in facts:
        put_text(sheet.cell(row, 1), label)
        sheet.cell(row, 1).font = _BOLD
        put_text(sheet.cell(row, 3), text)
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=2)
        sheet.merge_cells(start_row=row, start_column=3, end_row=row, end_column=len(_COLUMNS))
        if label == UNREAD:
            sheet.cell(row, 3).alignment = _WRAP
            sheet.cell(row, 3).fill = FILLS["warning"]
            sheet.row_dimensions[row].height = 3 + 15 * _lines(text, sum(width for _, width in _COLUMNS[2:]))
        if label == "校验结论":
            sheet.cell(row, 3).font = _BOLD
            if judged.verdict != "accepted":
                sheet.cell(row, 3).fill = FILLS["critical" if judged.verdict == "refused" else "warning"]
        row += 1
    return row


def _unread(names: Sequence[str]) -> str:
    more = f"等 {len(names)} 张工作表" if len(names) > MOST_SHEETS else ""
    return (
        f"{'、'.join(names[:MOST_SHEETS])}{more}。只读取看得见、并且有填报表表头的工作表；"
        "其中如有要报的数，请填入填报表后重新报送"
    )


def _findings(sheet: Worksheet, row: int, cover: Cover, findings: Sequence[Finding], titles: Mapping[str, str]) -> int:
    row = _section(sheet, row, f"一、问题清单（{len(findings)} 条；红色须更正，黄色请核实）")
    if not findings:
        put_text(sheet.cell(row, 1), "没有发现问题。")
        return row + 1
    for number, (heading, _) in enumerate(_COLUMNS, start=1):
        cell = sheet.cell(row, number)
        put_text(cell, heading.format(sheet=cover.sheet_zh, line=cover.nouns.line_zh, said=cover.nouns.said_zh))
        cell.font, cell.fill, cell.border = _BOLD, _HEADER_FILL, _BOX
    for number, finding in enumerate(findings[:MOST_LISTED], start=1):
        row += 1
        _line(sheet, row, number, finding, titles)
    if len(findings) > MOST_LISTED:
        row += 1
        put_text(sheet.cell(row, 1), f"另有 {len(findings) - MOST_LISTED} 条未列出，请先更正以上各条。")
    return row + 1


def _line(sheet: Worksheet, row: int, number: int, finding: Finding, titles: Mapping[str, str]) -> None:
    texts = (
        str(number), SEVERITY_ZH[finding.severity], finding.sheet or "整份文件", finding.cell or "", finding.item_zh,
        (finding.value_text or "")[:200], finding.reason_zh, finding.advice_zh,
    )  # fmt: skip
    for column, text in enumerate(texts, start=1):
        cell = sheet.cell(row, column)
        put_text(cell, text)
        cell.alignment, cell.border = _WRAP, _BOX
    lines = max(_lines(text, width) for text, (_, width) in zip(texts, _COLUMNS, strict=True))
    # LibreOffice does not find the height of wrapped rows by itself.
    sheet.row_dimensions[row].height = 3 + 15 * lines
    sheet.cell(row, 2).fill = FILLS[finding.severity]
    if is_address(finding.cell) and finding.sheet and finding.sheet in titles:
        place = sheet.cell(row, 4)
        title = titles[finding.sheet].replace("'", "''")
        place.hyperlink = Hyperlink(ref=place.coordinate, location=f"'{title}'!{finding.cell}")
        place.font = _LINK


def _lines(text: str, width: int) -> int:
    """How many lines a wrapped text takes; a Chinese character is two digits wide."""
    wide = sum(2 if character > "\u2e7f" else 1 for character in text)
    return 1 + wide // (width - 1)


def _missing(sheet: Worksheet, row: int, findings: Sequence[Finding]) -> None:
    row = _section(sheet, row, f"二、应报未报（{len(findings)} 项）")
    if not findings:
        put_text(sheet.cell(row, 1), "没有。")
        return
    for number, finding in enumerate(findings[:MOST_LISTED], start=1):
        put_text(sheet.cell(row, 1), str(number))
        put_text(sheet.cell(row, 3), finding.reason_zh)
        sheet.cell(row, 1).alignment = _PLAIN
        row += 1
    put_text(sheet.cell(row, 3), findings[0].advice_zh)


def _section(sheet: Worksheet, row: int, text: str) -> int:
    put_text(sheet.cell(row, 1), text)
    sheet.cell(row, 1).font = _BOLD
    return row + 1
