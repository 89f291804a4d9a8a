"""The receipt, opened again as the department would open it."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import xlwt
from hypothesis import given, strategies as st
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from cityhealth.campaigns import Timeliness
from cityhealth.quality import receipt_copy
from cityhealth.quality.receipts import build_receipt, receipt_name, safe_name, write_receipt
from cityhealth.quality.verdicts import Finding, Judged
from gate_lines import batch
from word_files import word

RED, YELLOW = "FFFF9999", "FFFFEB84"


def finding(cell: str | None, severity: str = "critical", sheet: str | None = "填 报'表", **changes: object) -> Finding:
    facts: dict[str, object] = {
        "rule_code": "hard_range",
        "severity": severity,
        "scope": "row",
        "line_no": 1,
        "sheet": sheet,
        "cell": cell,
        "item_code": "built_up_area",
        "item_zh": "建成区面积",
        "value_text": "=1+1",
        "reason_zh": "超出范围",
        "advice_zh": "请更正",
    }
    return Finding(**(facts | changes))  # type: ignore[arg-type]


MISSING = finding(
    None,
    "warning",
    None,
    scope="batch",
    line_no=None,
    reason_zh="应报未报：绿地面积",
    advice_zh="请补报",
    value_text=None,
)


def judged(*findings: Finding) -> Judged:
    rows = pd.DataFrame({"line_no": [1, 2, 3], "sheet": "填 报'表", "verdict": ["refused", "accepted", "blank"]})
    return Judged(rows, findings, [], "partly")


def handed_in() -> bytes:
    """A workbook with everything that must not come back."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "填 报'表"
    sheet["A1"], sheet["B2"], sheet["B3"], sheet["B4"] = "标题", 1001, "=SUM(B2:B2)", "=cmd|' /C calc'!A0"
    sheet["B4"].data_type = "s"
    sheet["B5"], sheet["B6"] = "+86", "@SUM"
    sheet["B2"].number_format = "0.00"
    sheet["B2"].comment = Comment("原来的话", "张三")
    sheet["C2"] = "链接"
    sheet["C2"].hyperlink = "file:///etc/passwd"
    sheet.merge_cells("A8:B9")
    sheet["A8"] = "合并"
    sheet.add_data_validation(DataValidation(type="list", formula1="=INDIRECT(A1)"))
    sheet.conditional_formatting.add("A1:A9", FormulaRule(formula=["WEBSERVICE(A1)"]))
    book.defined_names["坏"] = DefinedName("坏", attr_text="cmd!A1")
    hidden = book.create_sheet("隐藏")
    hidden["A1"] = 5
    hidden.sheet_state = "hidden"
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def text_of(sheet: openpyxl.worksheet.worksheet.Worksheet) -> str:
    return "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None)


def test_the_cover_comes_first_and_names_the_file_the_counts_and_every_finding() -> None:
    result = judged(finding("B2"), finding("B5", "warning", reason_zh="不常见"), MISSING)
    book = opened(build_receipt(batch(), result, "市规划和自然资源局", handed_in()))
    assert book.sheetnames == ["回执", "填 报'表", "隐藏"]
    text = text_of(book["回执"])
    for expected in (
        "填报表.xlsx",
        "市规划和自然资源局",
        "2021-05-20 09:00",
        "ab" * 32,
        "部分通过",
        "填报 2 行：采用 1 行，未采用 1 行；另有空行 1 行，提醒 2 条",
        "超出范围",
        "不常见",
        "请更正",
        "应报未报：绿地面积",
        "请补报",
    ):
        assert expected in text
    links = [cell.hyperlink.location for row in book["回执"].iter_rows() for cell in row if cell.hyperlink]
    assert links == ["'填 报''表'!B2", "'填 报''表'!B5"]


def test_the_cover_names_the_sheets_of_which_no_line_was_read_but_not_the_instructions() -> None:
    book = openpyxl.load_workbook(io.BytesIO(handed_in()))
    for title in ("补充", "填写说明"):
        book.create_sheet(title)["A1"] = "市辖区常住人口"
    book.create_sheet("空表")
    data = io.BytesIO()
    book.save(data)
    cover = opened(build_receipt(batch(), judged(), "局", data.getvalue()))["回执"]
    told = [row[2].value for row in cover.iter_rows() if row[0].value == "未读工作表"]
    assert len(told) == 1 and told[0].startswith("「隐藏」（隐藏）、「补充」。")
    whole = opened(build_receipt(batch(feed="yearbook"), judged(), "局", data.getvalue()))["回执"]
    assert "未读工作表" not in text_of(whole)


def test_offending_cells_are_coloured_by_severity_and_commented() -> None:
    both = (finding("B2"), finding("B2", "warning", reason_zh="不常见"), finding("B5", "warning"))
    sheet = opened(build_receipt(batch(), judged(*both), "局", handed_in()))["填 报'表"]
    assert (sheet["B2"].fill.fgColor.rgb, sheet["B5"].fill.fgColor.rgb) == (RED, YELLOW)
    assert sheet["B6"].fill.fgColor.rgb not in (RED, YELLOW)
    for expected in ("超出范围", "不常见", "请更正", "原来的话"):
        assert expected in sheet["B2"].comment.text
    assert sheet["B2"].number_format == "0.00"


def test_a_finding_inside_a_merged_range_marks_the_cell_that_shows_and_a_hidden_sheet_is_shown() -> None:
    book = opened(build_receipt(batch(), judged(finding("B9"), finding("A1", sheet="隐藏")), "局", handed_in()))
    assert book["填 报'表"]["A8"].fill.fgColor.rgb == RED
    assert book["隐藏"].sheet_state == "visible"


def test_nothing_in_the_receipt_is_live() -> None:
    data = build_receipt(batch(), judged(finding("B4")), "局", handed_in())
    book = opened(data)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    sheet = book["填 报'表"]
    assert sheet["B4"].value == "=cmd|' /C calc'!A0"
    assert all(sheet[address].quotePrefix for address in ("B3", "B4", "B5", "B6"))
    assert sheet["C2"].hyperlink is None
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names, content = package.namelist(), b"".join(package.read(name) for name in package.namelist())
    assert not [name for name in names if "vba" in name.lower() or "external" in name.lower() or "media" in name]
    for live in (b"<f>", b"<f ", b"INDIRECT", b"WEBSERVICE", b"cmd!A1", b"/etc/passwd", b"<definedName "):
        assert live not in content


def test_a_formula_comes_back_as_its_cached_value_and_one_without_as_its_text() -> None:
    # openpyxl writes formulas without values; LibreOffice and Excel would have added them.
    sheet = opened(build_receipt(batch(), judged(), "局", handed_in()))["填 报'表"]
    assert (sheet["B3"].value, sheet["B3"].data_type) == ("=SUM(B2:B2)", "s")
    data = handed_in()
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    worksheet = "xl/worksheets/sheet1.xml"
    entries[worksheet] = entries[worksheet].replace(b"<f>SUM(B2:B2)</f><v></v>", b"<f>SUM(B2:B2)</f><v>1001</v>")
    entries[worksheet] = entries[worksheet].replace(b"<f>SUM(B2:B2)</f><v />", b"<f>SUM(B2:B2)</f><v>1001</v>")
    calculated = io.BytesIO()
    with zipfile.ZipFile(calculated, "w") as target:
        for name, content in entries.items():
            target.writestr(name, content)
    assert opened(build_receipt(batch(), judged(), "局", calculated.getvalue()))["填 报'表"]["B3"].value == 1001


def test_equal_judgements_give_equal_bytes_in_another_process_too(tmp_path: Path) -> None:
    script = (
        "import sys; from test_receipts import *;"
        "sys.stdout.buffer.write(build_receipt(batch(), judged(finding('B2'), finding('B5', 'warning'), MISSING), '局',"
        " open(sys.argv[1], 'rb').read()))"
    )
    original = tmp_path / "original.xlsx"
    original.write_bytes(handed_in())
    here = Path(__file__).parent
    path = ":".join([str(here), str(here.parents[1]), *sys.path])
    made = [
        subprocess.run(
            [sys.executable, "-c", script, str(original)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert made[0] == made[1]


def test_csv_and_xls_come_back_as_xlsx_with_the_same_addresses() -> None:
    csv = "标题\n数据项,数值\n建成区面积,=1+1\n".encode("gb18030")
    book = opened(build_receipt(batch(filename="报 表.csv"), judged(finding("B3", sheet="报 表")), "局", csv))
    assert book.sheetnames == ["回执", "报 表"]
    cell = book["报 表"]["B3"]
    assert (cell.value, cell.data_type, cell.fill.fgColor.rgb) == ("=1+1", "s", RED)
    old = xlwt.Workbook()
    sheet = old.add_sheet("旧表")
    sheet.write(2, 1, 12.5)
    sheet.write_merge(4, 5, 0, 1, "合并")
    data = io.BytesIO()
    old.save(data)
    rebuilt = opened(build_receipt(batch(filename="a.xls"), judged(finding("B3", sheet="旧表")), "局", data.getvalue()))
    assert (rebuilt["旧表"]["B3"].value, rebuilt["旧表"]["B3"].fill.fgColor.rgb) == (12.5, RED)
    assert [str(merged) for merged in rebuilt["旧表"].merged_cells.ranges] == ["A5:B6"]


def test_a_file_that_cannot_be_read_or_is_gone_has_the_cover_alone() -> None:
    unreadable = batch(read_error_code="damaged", read_error_zh="文件已损坏")
    alone = judged(finding(None, sheet=None, scope="batch", line_no=None, reason_zh="文件已损坏"))
    for facts, original in ((unreadable, b"PK\x03\x04 damaged"), (batch(), None)):
        book = opened(build_receipt(facts, alone, "局", original))
        assert book.sheetnames == ["回执"]
        assert "文件已损坏" in text_of(book["回执"])


def test_of_a_word_document_the_cover_tells_paragraphs_and_tables() -> None:
    odd = finding("第 3 段", sheet="正文"), finding("B3", sheet="表格 1")
    facts = batch(filename="半月报.docx", feed="progress")
    result = judged(*odd)
    period = {"period": date(2021, 6, 5), "period_zh": "2021年第2期（6月5日）", "timeliness": Timeliness("late", 3060)}
    result = replace(result, rows=result.rows.assign(**period))
    book = opened(build_receipt(facts, result, "局", word("一、生态宜居")))
    assert book.sheetnames == ["回执"]
    cover = book["回执"]
    text = text_of(cover)
    for expected in ("Word 文档", "正文或表格", "第 3 段", "表格 1", "工作任务", "填报内容", "迟报，迟 2 天 3 小时"):
        assert expected in text
    assert not [cell for row in cover.iter_rows() for cell in row if cell.hyperlink]
    assert (str(cover.page_setup.paperSize), cover.page_setup.orientation) == (cover.PAPERSIZE_A4, "landscape")


def test_of_measured_values_there_is_no_copy_of_the_map_they_come_from() -> None:
    facts = replace(batch(filename="park.geojson", feed="layers"), raw_table="measured_value")
    for original in (b'{"type": "FeatureCollection",\n"features": []}', b"\x00\x00\x00\x0d\x0a\x09OSMHeader\xff"):
        book = opened(build_receipt(facts, judged(finding("140502 2020", sheet="park_by_layer")), "局", original))
        assert book.sheetnames == ["回执"]
        text = text_of(book["回执"])
        assert "不附副本" in text and "csv" not in text


def test_a_huge_sheet_keeps_its_head_and_the_offending_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt_copy, "MOST_CELLS", 1000)
    csv = "\n".join(f"数据项,{n}" for n in range(1, 3001)).encode()
    book = opened(build_receipt(batch(filename="大.csv"), judged(finding("B2500", sheet="大")), "局", csv))
    kept = {cell.row for row in book["大"].iter_rows() for cell in row if cell.value is not None}
    assert kept == {*range(1, 21), 2500}
    assert book["大"]["B2500"].value == "2500"
    assert "只保留表头和有问题的行" in text_of(book["回执"])


def test_a_sheet_that_is_called_like_the_cover_keeps_its_name() -> None:
    book = openpyxl.Workbook()
    book.active.title = "回执"
    book.active["A1"] = "x"
    data = io.BytesIO()
    book.save(data)
    result = opened(build_receipt(batch(), judged(finding("A1", sheet="回执")), "局", data.getvalue()))
    assert result.sheetnames == ["回执2", "回执"]
    assert result["回执"]["A1"].fill.fgColor.rgb == RED


def test_control_characters_and_long_texts_do_not_break_the_receipt() -> None:
    odd = finding("A1", sheet="怪", value_text="\x07" + "长" * 40_000, reason_zh="原因\x00" * 200)
    csv = ("长" * 40_000).encode()
    book = opened(build_receipt(batch(filename="怪.csv"), judged(odd), "局\x01", csv))
    assert "原因␀" in text_of(book["回执"])
    assert len(book["怪"]["A1"].value) == 32_767


@pytest.mark.parametrize(
    "filename",
    [
        "../../etc/passwd",
        "a\\b\\c.xlsx",
        '带 空格 "引号" \'\n换行/斜杠.xlsx',
        "." * 30 + ".xlsx",
        "名" * 200 + ".xls",
        "",
    ],
)
def test_any_file_name_makes_a_safe_receipt_name(filename: str, tmp_path: Path) -> None:
    name = receipt_name(batch(filename=filename), "局/某\n科")
    assert name.startswith("receipts/departmental/2021-05-20/局_某_科_")
    assert name.endswith("_01234567_回执.xlsx")
    receipt = write_receipt(str(tmp_path), name, b"data")
    assert Path(receipt.path).read_bytes() == b"data"
    assert [p.name for p in Path(receipt.path).parent.iterdir()] == [Path(receipt.path).name]


@given(st.text(max_size=300))
def test_a_safe_name_is_short_and_has_no_separator_space_or_leading_dot(text: str) -> None:
    name = safe_name(text, 40)
    assert 0 < len(name) <= 40
    assert not any(c.isspace() or c in "/\\\"'<>|:*?\x00" for c in name)
    assert not name.startswith((".", "-"))
