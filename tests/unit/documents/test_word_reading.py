"""What a Word document says, wherever Word has put it, and the documents that are refused."""

from __future__ import annotations

import io
import random
import zipfile

import docx
import msoffcrypto
import pytest
from docx.document import Document
from hypothesis import given, settings, strategies as st

from cityhealth.documents import Paragraph, WordTable, is_word, read_word
from cityhealth.documents.parts import DOCUMENT_LIMITS, main_parts
from cityhealth.errors import UnreadableFile
from cityhealth.tabular import Limits, Range
from word_files import changed, deleted, fill, inserted, paragraph_xml, picture, run, saved, word

GOOD = word("一、生态宜居", "正文")


def _texts(data: bytes) -> list[str]:
    return [block.text for block in read_word(data, "报告.docx").blocks if isinstance(block, Paragraph)]


def _table(data: bytes) -> WordTable:
    return next(block for block in read_word(data, "报告.docx").blocks if isinstance(block, WordTable))


def _with_body(*paragraphs: str) -> bytes:
    """A document whose body is these paragraphs, each the XML inside its w:p."""

    def change(document: Document) -> None:
        for number, content in enumerate(paragraphs):
            document.element.body.insert(number, paragraph_xml(content))

    return word(change=change)


def _code(data: bytes, limits: Limits = DOCUMENT_LIMITS) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read_word(data, "某局 报告.docx", limits)
    assert refused.value.place is not None and refused.value.place.file == "某局 报告.docx"
    assert any("\u4e00" <= character <= "\u9fff" for character in refused.value.message)
    return refused.value.code


def test_paragraphs_are_counted_without_blank_ones_and_know_their_headings() -> None:
    first, second, third = read_word(word(("标题甲", "Heading 2"), "", "  ", "正文一", "正文二"), "a.docx").blocks
    assert isinstance(first, Paragraph) and isinstance(second, Paragraph) and isinstance(third, Paragraph)
    assert (first.level, first.place, second.level, second.place, third.place) == (
        2,
        "第 1 段",
        None,
        "第 2 段",
        "第 3 段",
    )


def test_a_line_break_makes_two_lines_of_one_paragraph() -> None:
    lines = read_word(word("工作内容：甲\n完成情况：乙"), "a.docx").blocks
    assert [(p.text, p.place) for p in lines if isinstance(p, Paragraph)] == [
        ("工作内容：甲", "第 1 段"),
        ("完成情况：乙", "第 1 段"),
    ]


def test_bold_means_all_of_a_paragraph() -> None:
    def change(document: Document) -> None:
        document.add_paragraph().add_run("全部").bold = True
        partly = document.add_paragraph("前半")
        partly.add_run("后半").bold = True

    assert [
        block.bold for block in read_word(word(change=change), "a.docx").blocks if isinstance(block, Paragraph)
    ] == [
        True,
        False,
    ]


def test_insertions_count_deletions_do_not_and_the_paragraph_is_marked() -> None:
    data = _with_body(run("完成") + inserted("情况良好") + deleted("得不好"), deleted("整段删去"), run("未改"))
    found = [block for block in read_word(data, "a.docx").blocks if isinstance(block, Paragraph)]
    assert [(p.text, p.place, p.revised) for p in found] == [
        ("完成情况良好", "第 1 段", True), ("", "第 1 段之后", True), ("未改", "第 2 段", False),
    ]  # fmt: skip


def test_a_paragraph_whose_mark_alone_was_inserted_or_deleted_was_blank_before() -> None:
    mark = '<w:pPr><w:rPr><w:ins w:id="3" w:author="a"/></w:rPr></w:pPr>'
    assert read_word(_with_body(mark, run("甲")), "a.docx").blocks[0] == Paragraph("甲", "正文", "第 1 段", 1)


def _typed(text: str, properties: str) -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


@pytest.mark.parametrize("tag", ["strike", "dstrike", "vanish"])
def test_text_struck_through_or_hidden_is_left_out_and_the_paragraph_is_marked(tag: str) -> None:
    data = _with_body(
        run("完成") + _typed("两", f"<w:{tag}/>") + run("三项"),
        _typed("全段", f'<w:{tag} w:val="1"/>'),
        _typed("照常", f'<w:{tag} w:val="0"/>'),
    )
    found = [block for block in read_word(data, "a.docx").blocks if isinstance(block, Paragraph)]
    assert [(p.text, p.place, p.struck, p.revised) for p in found] == [
        ("完成三项", "第 1 段", True, False), ("", "第 1 段之后", True, False), ("照常", "第 2 段", False, False),
    ]  # fmt: skip


def test_a_style_may_strike_through_or_hide_and_a_run_may_take_it_back() -> None:
    def change(document: Document) -> None:
        style = document.styles.add_style("作废", 1)
        style.font.strike = True
        child = document.styles.add_style("作废二", 1)
        child.base_style = style
        hidden = document.styles.add_style("暗", 2)
        hidden.font.hidden = True
        document.add_paragraph("甲", "作废")
        paragraph = document.add_paragraph("乙", "作废二")
        paragraph.add_run("丙").font.strike = False
        document.add_paragraph("丁").add_run("戊", "暗")

    found = [block for block in read_word(word(change=change), "a.docx").blocks if isinstance(block, Paragraph)]
    assert [(p.text, p.struck) for p in found] == [("", True), ("丙", True), ("丁", True)]


def test_what_was_moved_stands_where_it_was_moved_to() -> None:
    moved = f'<w:moveFrom w:id="1" w:author="a">{run("搬走")}</w:moveFrom>'
    target = f'<w:moveTo w:id="2" w:author="a">{run("搬来")}</w:moveTo>'
    assert _texts(_with_body(run("甲") + moved, run("乙") + target)) == ["甲", "乙搬来"]


def test_a_text_box_is_read_once_and_after_its_paragraph() -> None:
    box = f"<w:txbxContent><w:p>{run('报送期：2021-06-05')}</w:p></w:txbxContent>"
    drawing = (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing>'
        f"</mc:Choice><mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )
    assert _texts(_with_body(run("标题") + drawing)) == ["标题", "报送期：2021-06-05"]


def test_content_controls_hyperlinks_and_fields_are_read_through() -> None:
    control = f"<w:sdt><w:sdtContent>{run('选中的')}</w:sdtContent></w:sdt>"
    field = f'<w:fldSimple w:instr="DATE">{run("6月5日")}</w:fldSimple>'
    assert _texts(_with_body(run("甲") + control + f"<w:hyperlink>{run('链接')}</w:hyperlink>" + field)) == [
        "甲选中的链接6月5日"
    ]


def test_the_header_of_the_pages_is_read() -> None:
    def change(document: Document) -> None:
        document.sections[0].header.paragraphs[0].text = "报送期：2021年6月5日"

    assert [p.text for p in read_word(word("正文", change=change), "a.docx").headers] == ["报送期：2021年6月5日"]


def test_cells_have_addresses_and_merged_ones_their_range() -> None:
    def change(document: Document) -> None:
        table = document.add_table(3, 3)
        table.cell(0, 0).merge(table.cell(0, 2)).text = "横跨"
        table.cell(1, 0).merge(table.cell(2, 0)).text = "纵跨"
        table.cell(2, 2).text = "末格"

    sheet = _table(word(change=change)).sheet
    assert sheet.name == "表格 1"
    assert {cell.address: cell.text for row in sheet.rows.values() for cell in row.values()} == {
        "A1": "横跨", "A2": "纵跨", "C3": "末格",
    }  # fmt: skip
    assert sheet.merged == (Range(1, 1, 1, 3), Range(2, 1, 3, 1))


def test_a_nested_table_is_text_of_its_cell_and_a_table_of_its_own() -> None:
    def change(document: Document) -> None:
        outer = document.add_table(1, 2)
        outer.cell(0, 0).text = "完成情况"
        fill(outer.cell(0, 1), [["项目", "数"], ["绿道", "3"]])

    outer = _table(word(change=change))
    cell = outer.sheet.cell(1, 2)
    assert cell is not None and cell.text == "项目 数\n绿道 3"
    assert [(t.sheet.name, t.sheet.rows[2][2].text) for t in outer.inner] == [("表格 2", "3")]


def test_a_deleted_row_is_gone_and_the_cells_of_a_revision_are_known() -> None:
    def change(document: Document) -> None:
        fill(document, [["甲", "乙"], ["删", "掉"], ["丙", ""]])
        table = document.tables[0]
        properties = table.rows[1]._tr.get_or_add_trPr()
        properties.append(paragraph_xml(deleted("x"))[0])
        table.cell(2, 1)._tc.append(paragraph_xml(inserted("丁")))

    table = _table(word(change=change))
    assert [[cell.text for cell in row.values()] for row in table.sheet.rows.values()] == [["甲", "乙"], ["丙", "丁"]]
    assert (table.revised, table.rows_removed) == ({"B2"}, (1,))
    assert [(p.text, p.place) for p in table.paragraphs if not p.text] == [("", "第 1 行之后")]


def test_cells_that_lost_their_text_and_rows_that_were_inserted_are_known() -> None:
    def change(document: Document) -> None:
        fill(document, [["甲", ""], ["乙", ""], ["丙", "丁"]])
        table = document.tables[0]
        table.cell(0, 1)._tc.append(paragraph_xml(deleted("删")))
        table.cell(1, 1)._tc.append(paragraph_xml(_typed("划", "<w:strike/>")))
        table.rows[2]._tr.get_or_add_trPr().append(paragraph_xml(inserted("x"))[0])

    table = _table(word(change=change))
    assert (table.revised, table.struck) == ({"B1", "A3", "B3"}, {"B2"})
    assert [[cell.text for cell in row.values()] for row in table.sheet.rows.values()] == [["甲"], ["乙"], ["丙", "丁"]]


def test_pictures_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    def change(document: Document) -> None:
        document.add_picture(io.BytesIO(picture(30)))

    data = word("一、生态宜居", change=change)
    assert len(data) > 30_000_000
    opened: list[str] = []
    original = zipfile.ZipFile.open

    def noted(self: zipfile.ZipFile, name: str, *args: object, **more: object) -> object:
        opened.append(str(getattr(name, "filename", name)))
        return original(self, name, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(zipfile.ZipFile, "open", noted)
    assert _texts(data) == ["一、生态宜居"]
    assert opened and not [name for name in opened if "media" in name]
    assert len(main_parts(data, "a.docx")) < 1_000_000


def _encrypted(password: str) -> bytes:
    stream = io.BytesIO()
    msoffcrypto.OfficeFile(io.BytesIO(GOOD)).encrypt(password, stream)
    return stream.getvalue()


def _zip(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><w:document>&b;</w:document>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(GOOD[: len(GOOD) // 2], "damaged", id="truncated"),
        pytest.param(changed(GOOD, {"word/document.xml": lambda xml: xml[:500]}), "damaged", id="truncated XML"),
        pytest.param(changed(GOOD, {"word/document.xml": lambda xml: b"<a/>"}), "damaged", id="another XML"),
        pytest.param(_encrypted("secret"), "encrypted", id="password"),
        pytest.param(changed(GOOD, {"word/document.xml": lambda xml: LAUGHS}), "unsafe_xml", id="entities"),
        pytest.param(_zip({"a.txt": b"a"}), "not_a_document", id="any zip"),
        pytest.param(b"%PDF-1.7\n1 0 obj", "not_a_document", id="pdf"),
        pytest.param(b"{\\rtf1 a}", "not_a_document", id="rtf"),
        pytest.param(random.Random(1).randbytes(5000), "not_a_document", id="random bytes"),
        pytest.param(
            changed(GOOD, {"word/x.xml": lambda _: b"<a>" + b" " * 60_000_000 + b"</a>"}), "zip_bomb", id="bomb"
        ),
    ],
)
def test_what_is_no_readable_document_is_refused_with_its_code(data: bytes, code: str) -> None:
    assert _code(data) == code


def test_a_document_beyond_a_limit_is_refused() -> None:
    assert _code(GOOD, Limits(file_bytes=1000)) == "file_too_large"
    assert _code(GOOD, Limits(unpacked_bytes=1000)) == "zip_bomb"
    table = word(change=lambda document: fill(document, [["甲"] * 5] * 5))
    assert _code(table, Limits(cells=24)) == "too_many_cells"


def test_an_old_document_is_refused_with_a_request_for_docx(monkeypatch: pytest.MonkeyPatch) -> None:
    # No library of the lock writes .doc; what matters is the stream that only Word's old format has.
    monkeypatch.setattr("cityhealth.documents.parts.ole_streams", lambda data, filename: {"WordDocument"})
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)
    assert is_word(old, "报告.doc")
    with pytest.raises(UnreadableFile, match="docx") as refused:
        read_word(old, "报告.doc")
    assert refused.value.code == "old_word"


def test_a_document_with_macros_or_protected_without_a_password_is_read() -> None:
    macros = changed(GOOD, {"[Content_Types].xml": lambda xml: xml.replace(
        b"vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        b"vnd.ms-word.document.macroEnabled.main+xml",
    )})  # fmt: skip
    assert _texts(macros) == ["一、生态宜居", "正文"]
    assert _texts(_encrypted("VelvetSweatshop")) == ["一、生态宜居", "正文"]


def test_a_workbook_is_no_word_document() -> None:
    assert is_word(GOOD, "a.xlsx") and not is_word(_zip({"xl/workbook.xml": b"<a/>"}), "a.docx")
    assert not is_word(b"a,b\n1,2", "a.csv")


@settings(max_examples=60)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=40))
def test_a_damaged_document_is_read_or_refused(position: int, noise: bytes) -> None:
    damaged = GOOD[:position] + noise + GOOD[position + len(noise) :]
    try:
        read_word(damaged, "a.docx")
    except UnreadableFile as refusal:
        assert refusal.code


_texts_in_xml = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=40)


@settings(max_examples=40)
@given(st.lists(_texts_in_xml, max_size=6))
def test_every_text_is_read_as_it_stands(texts: list[str]) -> None:
    document = docx.Document()
    for text in texts:
        document.add_paragraph(text)
    assert _texts(saved(document)) == [text.strip() for text in texts if text.strip()]
