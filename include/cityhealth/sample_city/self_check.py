"""Self-checks of the sample city's departments: prose around the city's own figures, some of them told wrong.

Everything is labelled 合成数据. The same catalogue and seed give the same bytes.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import docx

from cityhealth.catalogue import Catalogue, Dimension, Indicator
from cityhealth.reports.packing import repacked
from cityhealth.sample_city.figures import Figures
from cityhealth.sample_city.files import LABEL, LABEL_LINE, Expected, SampleFile, SelfCheckOddity
from cityhealth.sample_city.peers import own_value
from cityhealth.sample_city.self_check_prose import HIGHLIGHTS, MEASURES, OPENING, PROBLEMS
from cityhealth.self_check_form import SECTIONS, section_zh
from cityhealth.self_checks.duties import dimensions_of, indicators_answered_for
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.templates import (
    SelfCheckForm,
    self_check_form_for,
    self_check_name,
    write_self_check_document,
    write_self_check_workbook,
)
from cityhealth.templates.self_check_forms import Sections

_FIRST = datetime(2021, 7, 5, tzinfo=CITY_TIMEZONE)  # a Monday
#: Three reports a working day.
_TIMES = (timedelta(hours=9, minutes=10), timedelta(hours=11, minutes=25), timedelta(hours=15, minutes=40))
_NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True)
class Planted:
    """A figure that a department quotes otherwise than it stands in the city's data: times ``factor``."""

    department: str
    indicator: str
    factor: float


#: Contradictions that a check must find.
CONTRADICTIONS = (
    Planted("urban_management", "ECO09", 1.09),
    Planted("ecology", "ECO10", 0.93),
    Planted("transport", "TRA06", 1.14),
    Planted("civil_affairs", "HLT03", 1.21),
    Planted("education", "HLT04", 1.06),
    Planted("science_technology", "INN05", 1.3),
    Planted("emergency", "SAF05", 0.8),
    Planted("energy", "N05", 1.08),
)
#: Departments that write in another way than they are asked to.
LACKING = ("health", "measures")  # has no such section
WITHOUT_HEADINGS = "commerce"
BY_OPENINGS = "sports"
BY_SECTIONS = ("ecology", "culture_tourism")
OWN_HEADINGS = ("traffic_police", "fire_rescue", "market_regulation")
WORKBOOKS = ("natural_resources", "transport", "education", "science_technology", "finance", "peoples_bank")

_OWN_NAMES = {
    "status": "基本情况",
    "highlights": "主要做法和成效",
    "problems": "存在的问题和不足",
    "measures": "下一步措施",
}


@dataclass(frozen=True)
class _Department:
    code: str
    name: str
    form: SelfCheckForm
    sections: Mapping[str, Sections]


def generate_self_check(catalogue: Catalogue, seed: int = 2021, year: int = 2021) -> list[SampleFile]:
    """A self-check of every department that answers for a dimension, and again of the one whose first is refused."""
    figures = Figures(catalogue, year, seed)
    files: list[SampleFile] = []
    for department in catalogue.departments:
        form = self_check_form_for(catalogue, department.code, year)
        if not form.rows:
            continue
        sections = _sections(catalogue, department.code, figures, year, seed)
        sender = _Department(department.code, department.name_zh, form, sections)
        files += _sent(sender, _moment(len(files)))
    return files


def _moment(number: int) -> datetime:
    weeks, day = divmod(number // len(_TIMES), 5)
    return _FIRST + timedelta(weeks=weeks, days=day) + _TIMES[number % len(_TIMES)]


def quoted(catalogue: Catalogue, planted: Planted, seed: int = 2021, year: int = 2021) -> str:
    """How a department writes the figure of a contradiction."""
    figures = Figures(catalogue, year, seed)
    indicator = catalogue.indicator(planted.indicator, year)
    assert indicator is not None
    value = true_value(catalogue, indicator, figures)
    assert value is not None
    return _written(value * planted.factor, indicator.unit)


def true_value(catalogue: Catalogue, indicator: Indicator, figures: Figures) -> float | None:
    """The sample city's figure of an indicator: what a careful department hands in, or the sum of what the counties
    have. Where something planted was accepted instead, the accepted value is another one."""
    examination = catalogue.examination(indicator.year)
    period = str(examination.period_start.year)
    item = catalogue.item(indicator.numerator_item or "")
    if indicator.formula_kind == "value" and item is not None:
        areas = catalogue.scope(item, examination.period_end)
        if indicator.area_code not in {area.code for area in areas}:
            return sum(figures.of((item.code, area.code, period)) for area in areas)
    return own_value(catalogue, indicator, figures, period)


def _sent(sender: _Department, at: datetime) -> list[SampleFile]:
    form, sections = sender.form, sender.sections
    everything = Expected("accepted")
    if sender.code == WITHOUT_HEADINGS:
        bare = _document(sender, [text for said in sections.values() for text in "\n".join(said.values()).split("\n")])
        refused = Expected("refused", read_error="no_headings")
        return [
            _file(sender, "docx", bare, at, SelfCheckOddity.NO_HEADINGS, refused, "自查情况"),
            _file(sender, "docx", _form(sender), at + timedelta(days=2), SelfCheckOddity.CORRECTED, everything),
        ]
    if sender.code == BY_OPENINGS:
        expected = Expected("accepted", rules=("headings_given",))
        data = _document(sender, _by_openings(form, sections))
        return [_file(sender, "docx", data, at, SelfCheckOddity.OPENINGS, expected, "自查情况说明")]
    if sender.code == LACKING[0]:
        expected = Expected("accepted", rules=("sections_complete",))
        kept = {code: {k: v for k, v in said.items() if k != LACKING[1]} for code, said in sections.items()}
        data = _headed(sender, kept)
        return [_file(sender, "docx", data, at, SelfCheckOddity.LACKS_SECTION, expected)]
    ways: Sequence[tuple[Sequence[str], SelfCheckOddity, str, Callable[[], bytes]]] = (
        (WORKBOOKS, SelfCheckOddity.WORKBOOK, "xlsx", lambda: write_self_check_workbook(form, sections, LABEL_LINE)),
        (BY_SECTIONS, SelfCheckOddity.BY_SECTIONS, "docx", lambda: _by_sections(sender)),
        (OWN_HEADINGS, SelfCheckOddity.OWN_HEADINGS, "docx", lambda: _headed(sender, sections)),
    )
    for codes, oddity, extension, write in ways:
        if sender.code in codes:
            return [_file(sender, extension, write(), at, oddity, everything)]
    return [_file(sender, "docx", _form(sender), at, SelfCheckOddity.WORD_FORM, everything)]


def _file(
    sender: _Department,
    extension: str,
    data: bytes,
    at: datetime,
    oddity: SelfCheckOddity,
    expected: Expected,
    title: str | None = None,
) -> SampleFile:
    oddities = {oddity}
    if any(planted.department == sender.code for planted in CONTRADICTIONS):
        oddities.add(SelfCheckOddity.CONTRADICTS)
    name = self_check_name(sender.form, extension)
    return SampleFile(
        filename=f"{sender.name}{sender.form.year}年城市体检{title}（{LABEL}）.{extension}" if title else name,
        data=data,
        feed="self_check",
        department_text=sender.name,
        received_at=at,
        attachments=(),
        oddities=frozenset(oddities),
        note_zh="；".join(sorted(one.value for one in oddities)),
        expected=expected,
    )


def _sections(catalogue: Catalogue, department: str, figures: Figures, year: int, seed: int) -> dict[str, Sections]:
    examination = catalogue.examination(year)
    concerned = indicators_answered_for(catalogue, examination, department)
    return {
        dimension.code: _of_dimension(
            catalogue,
            department,
            dimension,
            [indicator for indicator in concerned if indicator.dimension_code == dimension.code],
            figures,
            str(examination.period_start.year),
            random.Random(f"{seed}|{department}|{dimension.code}"),
        )
        for dimension in dimensions_of(catalogue, examination, department)
    }


def _of_dimension(
    catalogue: Catalogue,
    department: str,
    dimension: Dimension,
    indicators: Sequence[Indicator],
    figures: Figures,
    data_year: str,
    draw: random.Random,
) -> Sections:
    """The four sections: what the figures say, and what people say around them."""
    status: list[str] = []
    problems: list[str] = []
    measures: list[str] = []
    for indicator in indicators:
        value = true_value(catalogue, indicator, figures)
        if value is None:
            status.append(f"“{indicator.name_zh}”暂未取得可用数据。")
            continue
        wrong = {planted.indicator: planted.factor for planted in CONTRADICTIONS if planted.department == department}
        told = _written(value * wrong.get(indicator.code, 1.0), indicator.unit)
        status.append(_statement(indicator, told, data_year, draw))
        target = catalogue.target(indicator)
        if target is not None and _misses(value, target.operator, float(target.value)):
            wanted = _written(float(target.value), target.unit)
            problems.append(f"{indicator.name_zh}与{wanted}的标准相比还有差距。")
            aim = f"达到{wanted}" if target.operator == ">=" else f"控制在{wanted}以内"
            measures.append(f"逐年安排项目，力争到2025年{indicator.name_zh}{aim}。")
    highlights = draw.sample(HIGHLIGHTS[dimension.code], 2)
    problems += draw.sample(PROBLEMS[dimension.code], 2)
    measures += draw.sample(MEASURES[dimension.code], 2)
    return {
        "status": "\n".join(status) or f"{dimension.name_zh}方面的基础工作有序推进，暂无单独统计的指标。",
        "highlights": "\n".join(f"（{n}）{text}" for n, text in enumerate(highlights, start=1)),
        "problems": "\n".join(f"{_NUMERALS[n]}是{text}" for n, text in enumerate(problems)),
        "measures": "\n".join(f"{_NUMERALS[n]}是{text}" for n, text in enumerate(measures)),
    }


def _statement(indicator: Indicator, told: str, year: str, draw: random.Random) -> str:
    name = indicator.name_zh
    return draw.choice(
        (
            f"截至{year}年底，{name}为{told}。",
            f"{year}年{name}达到{told}，总体保持稳定。",
            f"经统计，{name}为{told}，数据来源于本单位业务台账。",
            f"{name}{told}，各县（市、区）之间还不均衡。",
        )
    )


def _written(value: float, unit: str) -> str:
    """A figure as prose has it: one digit behind the point, more where it is small."""
    digits = 0 if abs(value - round(value)) < 1e-9 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 4
    text = f"{value:.{digits}f}"
    return f"{text}{unit}"


def _misses(value: float, operator: str, wanted: float) -> bool:
    return value < wanted if operator == ">=" else value > wanted if operator == "<=" else False


def _form(sender: _Department) -> bytes:
    return write_self_check_document(sender.form, sender.sections, LABEL_LINE)


def _headed(sender: _Department, sections: Mapping[str, Sections]) -> bytes:
    """Headings of the department's own wording; the names of dimensions in bold, without numbers."""
    lines: list[str | tuple[str, bool]] = []
    for row in sender.form.rows:
        lines.append((f"{row.name}方面", True))
        said = sections[row.code]
        for place, section in enumerate(one for one in SECTIONS if one in said):
            lines.append((f"（{_NUMERALS[place]}）{_OWN_NAMES[section]}", True))
            lines += said[section].split("\n")
    return _document(sender, lines)


def _by_sections(sender: _Department) -> bytes:
    """A heading per section, and the dimensions below each."""
    lines: list[str | tuple[str, bool]] = []
    for place, section in enumerate(SECTIONS):
        lines.append((f"{_NUMERALS[place]}、{section_zh(section)}", True))
        for number, row in enumerate(sender.form.rows):
            lines.append((f"（{_NUMERALS[number]}）{row.name}", True))
            lines += sender.sections[row.code][section].split("\n")
    return _document(sender, lines)


def _by_openings(form: SelfCheckForm, sections: Mapping[str, Sections]) -> list[str]:
    """Running text in which only the first words say what a sentence is about."""
    begins = {
        "status": "现状是",
        "highlights": "工作亮点是",
        "problems": "存在的主要问题是",
        "measures": "下一步，将采取以下措施：",
    }
    return [
        (f"{row.name}方面，" if number == 0 else "") + begins[section] + sections[row.code][section].replace("\n", "")
        for row in form.rows
        for number, section in enumerate(SECTIONS)
    ]


def _document(sender: _Department, lines: Sequence[str | tuple[str, bool]]) -> bytes:
    document = docx.Document()
    document.add_paragraph(LABEL_LINE)
    document.add_paragraph(f"{sender.name}{sender.form.year}年城市体检自查报告", "Title")
    document.add_paragraph(OPENING.format(department=sender.name))
    for line in lines:
        text, bold = line if isinstance(line, tuple) else (line, False)
        document.add_paragraph().add_run(text).bold = bold or None
    document.add_paragraph(sender.name)
    document.add_paragraph(f"{sender.form.year}年7月5日")
    properties = document.core_properties
    properties.author = properties.last_modified_by = ""
    properties.comments = LABEL
    properties.created = properties.modified = datetime(sender.form.year, 7, 5, tzinfo=UTC)
    stream = io.BytesIO()
    document.save(stream)
    return repacked(stream.getvalue())
