"""The report as a Word document: the chapters in their order, and what changes with its version and state."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from zipfile import BadZipFile

import docx
from docx.opc.exceptions import PackageNotFoundError
from lxml import etree

from cityhealth.errors import CityHealthError, Place, SettingsError
from cityhealth.reports import wording as zh
from cityhealth.reports.examination import word
from cityhealth.reports.examination.annex import annex
from cityhealth.reports.examination.comparison import peers, third_party
from cityhealth.reports.examination.findings import dimension, units
from cityhealth.reports.examination.overview import data, method, overall
from cityhealth.reports.examination.problems import problems
from cityhealth.reports.examination.satisfaction import satisfaction
from cityhealth.reports.examination.tags import Key
from cityhealth.reports.examination.values import Examination, Piece, Quote, SignOff, Tagged
from cityhealth.reports.examination.word import Tags, Writer
from cityhealth.settings import CITY_TIMEZONE

TEMPLATE_VARIABLE = "CITYHEALTH_REPORT_TEMPLATE"
DRAFT, EXPERT_REVIEW, SUBMITTED = "draft", "expert_review", "submitted"
#: State → Chinese, in the order in which a report goes through them.
STATES_ZH = {DRAFT: "草稿", EXPERT_REVIEW: "专家论证", SUBMITTED: "提交"}
_COVER, _SIGN_OFFS = "cityhealth:state", "cityhealth:sign-offs"
#: Controls of what changes with the state are numbered from here, above those of the rest.
_COVER_CONTROLS = 9_000_001


class ReportTemplateError(CityHealthError):
    """The Word template of the report cannot be used; the message says why."""


@dataclass(frozen=True)
class Standing:
    """Which version of the report of a year it is, in which state, and who signed."""

    system: str
    year: int
    version: int = 0
    state: str = DRAFT
    sign_offs: tuple[SignOff, ...] = ()


def report_template(environ: Mapping[str, str]) -> tuple[str, bytes]:
    """Name and bytes of the template: the one that ``CITYHEALTH_REPORT_TEMPLATE`` names, else ours.

    Raises:
        SettingsError: the variable names a file that is not there.
    """
    own = environ.get(TEMPLATE_VARIABLE)
    if not own:
        ours = resources.files("cityhealth.reports").joinpath("templates", "examination.docx")
        return "examination.docx", ours.read_bytes()
    try:
        return Path(own).name, Path(own).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{TEMPLATE_VARIABLE} 所指的模板不能读取：{own}（{os.strerror(error.errno or 0)}）"
        ) from error


def render_report(examination: Examination, template: tuple[str, bytes] | None = None) -> bytes:
    """The report without version, state and sign-offs (:func:`stated` puts them in); equal values give equal bytes.

    Raises:
        ReportTemplateError: the template is no Word document, or lacks a style.
        NoFont: the font for charts and maps is not installed.
    """
    name, data_of_template = report_template({}) if template is None else template
    e = examination
    try:
        writer = Writer(data_of_template)
    except (PackageNotFoundError, BadZipFile, ValueError, KeyError) as error:
        raise ReportTemplateError("模板不是 Word 文档（.docx）", Place(name)) from error
    if lacking := writer.lacking_styles():
        raise ReportTemplateError(f"模板缺少样式：{'、'.join(lacking)}", Place(name))
    if e.synthetic:
        writer.header("合成数据，仅供演示")
    _cover(writer, e)
    writer.contents()
    writer.block(_SIGN_OFFS, _sign_offs_xml(Standing(e.system, e.year), Tags()))
    method(writer, e)
    data(writer, e)
    overall(writer, e)
    for row in e.dimensions:
        dimension(writer, e, row)
    units(writer, e)
    satisfaction(writer, e)
    third_party(writer, e)
    peers(writer, e)
    problems(writer, e)
    annex(writer, e)
    return writer.finish(f"{e.city_zh}{e.year}年城市自体检报告", e.data_as_of)


def stated(report: bytes, standing: Standing) -> bytes:
    """The same report with its version and state on the cover and the sign-offs behind the contents.

    ``report`` may be one of :func:`render_report` or of this function; everything else in it stays as it is.

    Raises:
        ReportTemplateError: it is no report of ours.
    """
    try:
        document = docx.Document(io.BytesIO(report))
        part = word.tags_part(document)
        tags = Tags()
        word.replace_block(document, _COVER, _state_xml(standing, tags))
        word.replace_block(document, _SIGN_OFFS, _sign_offs_xml(standing, tags))
    except (PackageNotFoundError, BadZipFile, ValueError, KeyError) as error:
        raise ReportTemplateError("文件不是本程序生成的城市自体检报告") from error
    part._blob = _with(part.blob, tags)
    return word.saved(document)


def _cover(writer: Writer, e: Examination) -> None:
    if e.synthetic:
        writer.paragraph(f"合成数据：由程序生成，仅供演示，不是{e.city_zh}的真实数据", style="合成数据")
    writer.paragraph(e.city_zh, style="封面城市")
    writer.paragraph("城市自体检报告", style="封面题目")
    writer.paragraph(f"（{e.year}年）", style="封面单位")
    writer.block(_COVER, _state_xml(Standing(e.system, e.year), Tags()))
    writer.paragraph(style="封面空行")
    writer.paragraph(e.office_zh, style="封面单位")
    if e.data_as_of:
        writer.paragraph(f"数据截至{zh.day(e.data_as_of.astimezone(CITY_TIMEZONE).date())}", style="封面单位")


def _state_xml(standing: Standing, tags: Tags) -> str:
    version: list[Piece] = []
    if standing.version:
        where = (("system", standing.system), ("year", standing.year), ("version", standing.version))
        version = ["　第", Tagged(str(standing.version), Key("examination_report", where, "version", "n")), "版"]
    pieces: Sequence[Piece] = [STATES_ZH[standing.state], *version]
    return word.line(pieces, "封面状态", tags, _COVER_CONTROLS)


def _sign_offs_xml(standing: Standing, tags: Tags) -> str:
    lines = [word.line(["审签记录"], "表题", tags, 0)]
    if not standing.sign_offs:
        lines.append(word.line(["本版尚未审签。"], "说明", tags, 0))
    for sign_off in standing.sign_offs:
        day = zh.day(sign_off.signed_at.astimezone(CITY_TIMEZONE).date())
        said: list[Piece] = ["，意见：", Quote(zh.said(sign_off.note))] if sign_off.note else []
        pieces: list[Piece] = [f"{day}　{sign_off.state_zh}　", Quote(zh.said(sign_off.signed_by)), *said]
        lines.append(word.line(pieces, "说明", tags, 0))
    return "".join(lines)


def _with(listed: bytes, tags: Tags) -> bytes:
    """The list of tags with those of the cover instead of the ones it had."""
    root = etree.fromstring(listed)
    name = f"{{{word.TAGS_NAMESPACE}}}tag"
    for element in root.findall(name):
        if element.get("key", "").startswith("examination_report?"):
            root.remove(element)
    for at, (tag, key) in enumerate(sorted(tags.keys.items())):
        root.insert(at, etree.Element(name, name=tag, key=key))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
