"""The city's report says what the examination says: every number in a control with its key, no other number."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from lxml import etree

from cityhealth.catalogue import Catalogue
from cityhealth.reports.examination.document import (
    ReportTemplateError,
    Standing,
    render_report,
    report_template,
    stated,
)
from cityhealth.reports.examination.tags import LONGEST_TAG, Key, Known, UnknownTag, key_of
from cityhealth.reports.examination.values import Examination, SignOff
from cityhealth.reports.examination.word import TAGS_NAMESPACE
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT
from made_examination import empty_examination, full_examination

_HEADINGS = ("Heading1", "Heading2", "TOC1", "TOC2", "表题", "图题")
_DATE = re.compile(r"\d{4}年(\d{1,2}月(\d{1,2}日)?)?")


@pytest.fixture(scope="module")
def examination(catalogue: Catalogue) -> Examination:
    return full_examination(catalogue)


@pytest.fixture(scope="module")
def report(examination: Examination) -> bytes:
    return stated(render_report(examination), Standing("mohurd", 2021, 1))


@pytest.fixture(scope="module")
def nothing_handed_in(catalogue: Catalogue) -> bytes:
    return render_report(empty_examination(catalogue))


@cache
def body_of(data: bytes) -> Any:
    return docx.Document(io.BytesIO(data)).element.body


@cache
def text_of(data: bytes) -> str:
    """All text, a line per paragraph, numbers in controls included."""
    paragraphs = body_of(data).iter(qn("w:p"))
    return "\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in paragraphs)


def listed(data: bytes) -> Any:
    """The part that lists tags and pictures."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return etree.fromstring(package.read("customXml/item1.xml"))


def controls(data: bytes) -> Iterator[tuple[str, str]]:
    """Tag and text of every control that holds a number."""
    for control in body_of(data).iter(qn("w:sdt")):
        tag = control.find(f"{qn('w:sdtPr')}/{qn('w:tag')}").get(qn("w:val"))
        if "?" in tag or "~" in tag:
            yield tag, "".join(t.text or "" for t in control.iter(qn("w:t")))


def outside(data: bytes) -> Iterator[str]:
    """Texts outside of tagged controls that are neither headings nor somebody's words, without their dates."""
    for paragraph in body_of(data).iter(qn("w:p")):
        style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        if style is not None and style.get(qn("w:val")) in _HEADINGS:
            continue
        for run in paragraph.iter(qn("w:r")):
            said = run.find(f"{qn('w:rPr')}/{qn('w:rStyle')}")
            if said is not None and said.get(qn("w:val")) == "引语":
                continue
            tags = [c.find(f"{qn('w:sdtPr')}/{qn('w:tag')}") for c in run.iterancestors(qn("w:sdt"))]
            if any("?" in t.get(qn("w:val")) or "~" in t.get(qn("w:val")) for t in tags if t is not None):
                continue
            yield _DATE.sub("", "".join(t.text or "" for t in run.iter(qn("w:t"))))


def stray_digits(data: bytes, examination: Examination, catalogue: Catalogue) -> list[str]:
    """Texts outside of controls with digits that are not in a name or code of the catalogue."""
    names = {row.name_zh for rows in (catalogue.indicators, catalogue.items, catalogue.areas) for row in rows}
    names |= {row.name_zh for rows in (catalogue.dimensions, catalogue.departments) for row in rows}
    codes = {row.code for rows in (examination.indicators, catalogue.departments, catalogue.areas) for row in rows}
    codes |= {problem.problem_id for problem in examination.problems}
    known = sorted((name for name in names | codes if re.search(r"\d", name)), key=len, reverse=True)
    stray = []
    for text in outside(data):
        for name in known:
            text = text.replace(name, "")
        if re.search(r"\d", text):
            stray.append(text)
    return stray


def test_digits_outside_of_controls_are_headings_dates_names_and_quoted_words(
    report: bytes, nothing_handed_in: bytes, examination: Examination, catalogue: Catalogue
) -> None:
    assert stray_digits(report, examination, catalogue) == []
    assert stray_digits(nothing_handed_in, examination, catalogue) == []


def test_a_number_that_was_typed_by_hand_is_found(
    report: bytes, examination: Examination, catalogue: Catalogue
) -> None:
    document = docx.Document(io.BytesIO(report))
    document.add_paragraph("全市绿地率42.1%")
    buffer = io.BytesIO()
    document.save(buffer)
    assert stray_digits(buffer.getvalue(), examination, catalogue) == ["全市绿地率42.1%"]


def test_every_control_has_a_tag_that_word_takes_and_whose_key_is_listed(report: bytes) -> None:
    keys = {element.get("name"): element.get("key") for element in listed(report).iter(f"{{{TAGS_NAMESPACE}}}tag")}
    found = list(controls(report))
    assert len(found) > 500
    for tag, text in found:
        assert len(tag) <= LONGEST_TAG
        key = key_of(keys[tag])
        assert (key.tag, str(key)) == (tag, keys[tag])
        assert re.search(r"\d", text) or text == "—"
    assert any("~" in tag for tag, _ in found) and any("?" in tag for tag, _ in found)
    assert {tag for tag, _ in found} == set(keys)


def test_one_key_has_one_value_wherever_it_stands(report: bytes) -> None:
    texts: dict[str, set[str]] = {}
    for tag, text in controls(report):
        texts.setdefault(tag, set()).add(text)
    assert {tag: found for tag, found in texts.items() if len(found) > 1} == {}


def test_numbers_of_controls_are_unique_so_that_word_opens_the_file(report: bytes) -> None:
    ids = [element.get(qn("w:val")) for element in body_of(report).iter(qn("w:id"))]
    assert len(ids) == len(set(ids)) > 500


def test_equal_values_give_equal_bytes(report: bytes, examination: Examination) -> None:
    again = stated(render_report(replace(examination)), Standing("mohurd", 2021, 1))
    assert again == report


def test_another_value_gives_another_document(report: bytes, examination: Examination) -> None:
    first, *others = examination.indicators
    changed = replace(examination, indicators=(replace(first, value=1.5), *others))
    assert stated(render_report(changed), Standing("mohurd", 2021, 1)) != report


def test_pictures_say_in_words_what_they_show_and_list_their_values(report: bytes) -> None:
    described = [element.get("descr") for element in body_of(report).iter(qn("wp:docPr"))]
    assert len(described) > 12 and all(len(text) > 10 for text in described)
    pictures = listed(report).findall(f"{{{TAGS_NAMESPACE}}}picture")
    for picture, text in zip(pictures, described, strict=True):
        assert len(picture) > 0
        for value in picture:
            assert key_of(value.get("key")) and value.get("text") in text


def test_pages_are_in_order_from_cover_to_annex(report: bytes) -> None:
    text = text_of(report)
    chapters = [
        "编制说明",
        "数据来源与质量",
        "总体评价",
        "生态宜居",
        "分区情况",
        "居民满意度",
        "第三方评估对比",
        "对标分析",
    ]
    places = [text.rindex(f"章　{title}") for title in [*chapters, "城市病清单与整治"]]
    assert places == sorted(places)
    assert "城市自体检报告" in text[:80] and "草稿　第1版" in text[:160]
    assert text.rindex("附表一") < text.rindex("附表二")


def test_every_indicator_stands_in_both_annexes(report: bytes, examination: Examination) -> None:
    text = text_of(report)
    annexes = text[text.rindex("附表一　") :]
    for indicator in examination.indicators:
        assert len(re.findall(rf"^{indicator.code}$", annexes, re.MULTILINE)) == 2, indicator.code


def test_a_value_that_is_missing_is_a_dash_and_never_a_zero(nothing_handed_in: bytes) -> None:
    document = docx.Document(io.BytesIO(nothing_handed_in))
    values = next(t for t in document.tables if "上年值" in [cell.text for cell in t.rows[0].cells])
    heads = [cell.text for cell in values.rows[0].cells]
    assert len(values.rows) > 65
    for row in values.rows[1:]:
        cells = dict(zip(heads, (cell.text for cell in row.cells), strict=True))
        assert (cells["数值"], cells["得分"], cells["状态"]) == ("—", "—", "未报")


@pytest.mark.parametrize(
    "what", ["居民满意度调查", "第三方评估的指标值", "同类城市的数据", "整改措施", "实地访谈记录", "部门自查报告"]
)
def test_a_chapter_to_which_nothing_was_handed_in_says_so(nothing_handed_in: bytes, what: str) -> None:
    assert f"没有收到{what}，本节没有内容" in text_of(nothing_handed_in)


def test_suppressed_cells_are_named_as_such(report: bytes) -> None:
    assert "沁水县\n不公布\n不公布" in text_of(report)


def test_words_of_departments_are_quoted_line_by_line_with_who_said_them(report: bytes) -> None:
    text = text_of(report)
    assert "全市建成口袋公园18处，绿道32.5公里。\n老旧小区改造超额完成年度任务。\n——市住房和城乡建设局自查报告" in text
    assert "居民反映停车难，晚上8点以后找不到车位。\n——实地访谈" in text


def test_tables_repeat_their_heads_and_divide_no_row(report: bytes) -> None:
    tables = list(body_of(report).iter(qn("w:tbl")))
    assert len(tables) > 20
    for table in tables:
        rows = table.findall(qn("w:tr"))
        assert rows[0].find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None
        assert all(row.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None for row in rows)


def test_state_and_sign_offs_change_and_nothing_else_does(report: bytes, examination: Examination) -> None:
    signed = SignOff(
        system="mohurd",
        year=2021,
        version=1,
        state="expert_review",
        state_zh="专家论证",
        signed_by="张三",
        signed_at=datetime(2021, 9, 20, 10, 0, tzinfo=CITY_TIMEZONE),
        note="补充2处说明",
    )
    reviewed = stated(report, Standing("mohurd", 2021, 1, "expert_review", (signed,)))
    text = text_of(reviewed)
    assert "专家论证　第1版" in text and "2021年9月20日　专家论证　张三，意见：补充2处说明" in text
    assert "草稿" not in text and "本版尚未审签" not in text
    assert stated(reviewed, Standing("mohurd", 2021, 1)) == report
    assert stated(report, Standing("mohurd", 2021)) == render_report(examination)


def test_made_up_data_is_called_so_on_the_cover_and_above_every_page(report: bytes) -> None:
    assert "由程序生成，仅供演示，不是晋城市的真实数据" in text_of(report)[:60]
    document = docx.Document(io.BytesIO(report))
    assert all(section.header.paragraphs[0].text == "合成数据，仅供演示" for section in document.sections)


def table_of(data: bytes, head: str) -> list[list[str]]:
    """The rows of the first table that has a column ``head``."""
    tables = docx.Document(io.BytesIO(data)).tables
    lines = [[[cell_text(cell) for cell in row.cells] for row in table.rows] for table in tables]
    return next(rows[1:] for rows in lines if head in rows[0])


def cell_text(cell: Any) -> str:
    return "".join(t.text or "" for t in cell._tc.iter(qn("w:t")))


def test_a_third_party_that_is_lower_is_not_said_to_be_higher(examination: Examination) -> None:
    first, second, *_ = examination.third_party
    lower = replace(first, difference=-0.7957, relative_difference=0.6786, exceeds_tolerance=True)
    higher = replace(second, difference=0.2, relative_difference=0.02)
    hardly = replace(second, code="ECO02", difference=0.0003, relative_difference=0.0004)
    data = render_report(replace(examination, third_party=(lower, higher, hardly)))
    assert [row[5] for row in table_of(data, "第三方比本市")] == ["低67.9%", "高2.0%", "略高"]


def test_a_measure_against_no_problem_of_the_list_is_told_and_counted_apart(examination: Examination) -> None:
    first, *others = examination.measures
    unknown = replace(first, problem_id="XX99", problem_known=False)
    data = render_report(replace(examination, measures=(unknown, *others)))
    assert f"对清单所列问题收到整改措施{len(others)}项" in text_of(data)
    assert "另有1项所指的问题不在清单中，不计入" in text_of(data)
    assert table_of(data, "措施")[0][0] == "XX99（清单中没有这一问题）"


def test_comparisons_of_items_are_counted_and_the_greatest_stand_first(examination: Examination) -> None:
    item = replace(
        examination.differences[0],
        comparison_key="k3",
        comparison="several_sources",
        system=None,
        year=None,
        code=None,
        item_code="towers",
        name_zh="高层住宅",
        period="2020",
        relative_difference=0.9,
    )
    data = render_report(replace(examination, differences=(*examination.differences, item)))
    assert "有几个来源的，逐一核对1处，差异超过允许范围的1处；" in text_of(data)
    assert "逐一核对2处，差异超过允许范围的1处。" in text_of(data)
    assert [row[0] for row in table_of(data, "比对来源")] == ["高层住宅", "建成区面积"]
    assert "source_reconciliation?system!&period=2020#count():n" in {tag for tag, _ in controls(data)}


def test_hostile_words_stay_words(examination: Examination) -> None:
    check = replace(examination.self_checks[0], highlights_text="<w:p/>&amp; {{ 7*7 }}\x0b\ufffe]]>")
    text = text_of(render_report(replace(examination, self_checks=(check,))))
    assert "<w:p/>&amp; {{ 7*7 }}" in text and "]]>" in text


def test_a_template_that_lacks_a_style_is_told_which(examination: Examination) -> None:
    plain = io.BytesIO()
    docx.Document().save(plain)
    with pytest.raises(ReportTemplateError, match=r"own\.docx.*缺少样式.*封面城市|缺少样式.*封面城市"):
        render_report(examination, ("own.docx", plain.getvalue()))
    with pytest.raises(ReportTemplateError, match="不是 Word 文档"):
        render_report(examination, ("own.docx", b"no zip"))


def test_a_restyled_template_is_taken(tmp_path: Path) -> None:
    own = tmp_path / "own.docx"
    own.write_bytes(report_template({})[1])
    assert report_template({"CITYHEALTH_REPORT_TEMPLATE": str(own)})[0] == "own.docx"


def test_drawing_writes_nothing_into_the_home_of_whoever_runs_it(tmp_path: Path) -> None:
    script = (
        "from cityhealth.reports.examination.canvas import picture\n"
        "picture(2, 1, lambda figure: figure.text(0, 0, '晋城'))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", script],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(PROJECT_ROOT / "include")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "key",
    [
        Key("indicator_scorecard", (("system", "mohurd"), ("year", 2021), ("code", "ECO01")), "score", "1"),
        Key(
            "problem_list",
            (("status", ("open", "in_progress")), ("merged_into", None), ("value", Known())),
            "count()",
            "n",
        ),
        Key("satisfaction_index", (("group_zh", "甲,乙=丙&丁#戊%"),), "satisfaction", "1"),
        Key("rejected_values", (), "count()", "n"),
    ],
)
def test_a_key_comes_back_from_its_text(key: Key) -> None:
    assert str(key_of(str(key))) == str(key)


@pytest.mark.parametrize(
    "text",
    ["", "mart#x:n", "mart?a=1#x", "mart?a=1#x:no_form", "mart?a 1#x:n", "mart?a=1#count(;):n", 'm"art?a=1#x:n'],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(UnknownTag):
        key_of(text)
