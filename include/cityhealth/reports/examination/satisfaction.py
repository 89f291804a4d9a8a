"""The chapter of the survey: what residents say, and where it and the figures disagree."""

from __future__ import annotations

from collections.abc import Sequence

from cityhealth.reports import wording as zh
from cityhealth.reports.examination import charts
from cityhealth.reports.examination.overview import nothing
from cityhealth.reports.examination.values import Examination, Piece, Satisfaction, cell, plain
from cityhealth.reports.examination.word import Cell, Column, Writer

_ALL = "all"


def satisfaction(writer: Writer, examination: Examination) -> None:
    """What residents say."""
    e = examination
    writer.chapter("居民满意度")
    if not e.satisfaction:
        nothing(writer, "居民满意度调查")
        return
    _wave(writer, e)
    whole = _of(e, "dimension")
    writer.section("维度满意度")
    if whole:
        _satisfaction_table(writer, "维度满意度", "维度", whole)
    if e.quadrants:
        writer.section("重要性与满意度")
        for kind, name in (("dimension", "维度"), ("question", "问题")):
            rows = [row for row in e.quadrants if row.subject_kind == kind]
            drawn = [row for row in rows if row.importance is not None and row.satisfaction is not None]
            if kind == "dimension" and len(drawn) > 1:
                writer.figure("重要性与满意度四象限", charts.quadrant(rows))
            if rows:
                _quadrant_table(writer, name, rows)
    writer.section("客观得分与主观满意度")
    _matches(writer, e)
    writer.section("各问题满意度")
    questions = _of(e, "question")
    if questions:
        _satisfaction_table(writer, "各问题满意度", "问题", questions)
    _groups(writer, e)


def _wave(writer: Writer, e: Examination) -> None:
    first = next((row for row in e.satisfaction if row.subject_kind == "overall"), e.satisfaction[0])
    writer.section("调查概况")
    when = (
        f"，调查时间{zh.day(first.fielded_from)}至{zh.day(first.fielded_to)}"
        if first.fielded_from and first.fielded_to
        else ""
    )
    pieces: list[Piece] = [cell(first, "survey_zh", "text"), when]
    for wave in e.waves[:1]:
        pieces += ["，收到答卷", cell(wave, "handed_in", "n"), "份，采用", cell(wave, "accepted", "n"), "份，未采用"]
        pieces += [cell(wave, "refused", "n"), "份"]
    writer.paragraph(*pieces, "。")
    for wave in e.waves[:1]:
        if wave.masked_phone or wave.masked_id:
            writer.paragraph(
                "答卷的文字中隐去电话号码",
                cell(wave, "masked_phone", "n"),
                "处、身份证号",
                cell(wave, "masked_id", "n"),
                "处。",
            )
        if wave.design_zh:
            writer.paragraph(*sentence("抽样设计", cell(wave, "design_zh", "text")))
    if first.method_zh:
        writer.paragraph(*sentence("计算方法", cell(first, "method_zh", "text")))
    hidden = e.count(e.satisfaction, Satisfaction, wave=first.wave, suppressed=True)
    writer.paragraph(
        "满意度以百分制表示，括号内为百分之九十五置信区间。答卷过少的格不予公布，为防止由合计推算，另有部分格一并不公布，"
        "本次共",
        hidden,
        "格，"
        + ("其中列入本报告表格的写“不公布”" if _shows_hidden(e) else "都未列入本报告表格")
        + "；不公布的既不是零，也不是未调查。",
    )
    overall = _of(e, "overall")
    if overall:
        _satisfaction_table(writer, "总体满意度", "对象", overall)


def _shows_hidden(e: Examination) -> bool:
    """Whether a table of this chapter has a cell that is not published."""
    city = _whole_area(e)
    shown = [row for kind in ("overall", "dimension", "question") for row in _of(e, kind)]
    # The areas and the groups each by themselves, as _groups has them.
    shown += [
        row
        for row in e.satisfaction
        if row.subject_kind == "overall" and (row.group_kind == _ALL) != (row.area_code == city)
    ]
    return any(row.suppressed for row in shown)


def _of(e: Examination, kind: str) -> list[Satisfaction]:
    """The rows of the whole city and all groups."""
    rows = [row for row in e.satisfaction if row.subject_kind == kind and row.group_kind == _ALL]
    city = _whole_area(e)
    return [row for row in rows if row.area_code == city]


def _whole_area(e: Examination) -> str | None:
    """The area of the survey as a whole: the one with the most answers over all."""
    rows = [row for row in e.satisfaction if row.subject_kind == "overall" and row.group_kind == _ALL]
    return max(rows, key=lambda row: row.answers or 0).area_code if rows else None


def _index(row: Satisfaction) -> Cell:
    if row.suppressed:
        return "不公布"
    return (
        [cell(row, "satisfaction", "1"), "（", cell(row, "ci_low", "1"), "—", cell(row, "ci_high", "1"), "）"]
        if (row.satisfaction is not None and row.ci_low is not None and row.ci_high is not None)
        else cell(row, "satisfaction", "1")
    )


def _satisfaction_table(writer: Writer, caption: str, what: str, rows: Sequence[Satisfaction]) -> None:
    lines: list[Sequence[Cell]] = [
        [cell(row, "subject_zh", "text"), "不公布" if row.suppressed else cell(row, "answers", "n"), _index(row)]
        for row in rows
    ]
    columns = (Column(what, 5), Column("有效回答", 1.6, "centred"), Column("满意度（置信区间）", 3, "centred"))
    writer.table(caption, columns, lines)


def _quadrant_table(writer: Writer, name: str, rows: Sequence[charts.Quadrant]) -> None:
    lines: list[Sequence[Cell]] = [
        [
            cell(row, "subject_zh", "text"),
            cell(row, "importance", "1"),
            cell(row, "satisfaction", "1"),
            row.quadrant_zh or zh.NONE,
        ]
        for row in rows
    ]
    columns = (
        Column(name, 5),
        Column("重要性", 1.4, "centred"),
        Column("满意度", 1.4, "centred"),
        Column("象限", 2.4, "centred"),
    )
    writer.table(f"各{name}的重要性与满意度", columns, lines)
    bases: dict[str, list[charts.Quadrant]] = {}
    for row in rows:
        if row.importance_basis_zh and row.importance is not None:
            bases.setdefault(row.importance_basis_zh, []).append(row)
    for of_basis in bases.values():
        basis = cell(of_basis[0], "importance_basis_zh", "text")
        note: list[Piece] = ["重要性", *(_whose(of_basis) if len(bases) > 1 else [])]
        note += ["的来源：", basis, "。来源不同的重要性不能相互比较。"]
        writer.paragraph(*note, style="说明")


def _whose(rows: Sequence[charts.Quadrant]) -> list[Piece]:
    pieces: list[Piece] = []
    for row in rows:
        pieces += ["、" if pieces else "（", cell(row, "subject_zh", "text")]
    return [*pieces, "）"]


def _matches(writer: Writer, e: Examination) -> None:
    if not e.matches:
        writer.paragraph("没有可以对照的维度。")
        return
    zh_of = {row.dimension_code: row.dimension_zh for row in e.dimensions}
    names = [row.dimension_zh or zh_of.get(row.dimension_code, row.dimension_code) for row in e.matches]
    drawn = [
        (row, name)
        for row, name in zip(e.matches, names, strict=True)
        if row.objective_score is not None and row.satisfaction is not None
    ]
    if len(drawn) > 1:
        writer.figure("各维度客观得分与居民满意度", charts.match([r for r, _ in drawn], [n for _, n in drawn]))
    rows: list[Sequence[Cell]] = [
        [
            name,
            cell(row, "objective_score", "1"),
            cell(row, "satisfaction", "1"),
            row.match_zh or zh.NONE,
            cell(row, "reason_zh", "text"),
        ]
        for row, name in zip(e.matches, names, strict=True)
    ]
    columns = (
        Column("维度", 1.8),
        Column("客观得分", 1.2, "centred"),
        Column("满意度", 1.2, "centred"),
        Column("是否相符", 1.6, "centred"),
        Column("说明", 4),
    )
    writer.table("客观得分与主观满意度是否相符", columns, rows)


def _groups(writer: Writer, e: Examination) -> None:
    """The whole index by area and by group."""
    overall = [row for row in e.satisfaction if row.subject_kind == "overall"]
    city = _whole_area(e)
    by_area = [row for row in overall if row.group_kind == _ALL and row.area_code != city]
    by_group = [row for row in overall if row.group_kind != _ALL and row.area_code == city]
    if not by_area and not by_group:
        return
    writer.section("不同区域和人群")
    lines: list[Sequence[Cell]] = [
        [
            row.area_zh or row.area_code or zh.NONE,
            "不公布" if row.suppressed else cell(row, "answers", "n"),
            _index(row),
        ]
        for row in by_area
    ]
    columns = (Column("区域", 5), Column("有效回答", 1.6, "centred"), Column("满意度（置信区间）", 3, "centred"))
    if lines:
        writer.table("各区域总体满意度", columns, lines)
    lines = [
        [cell(row, "group_zh", "text"), "不公布" if row.suppressed else cell(row, "answers", "n"), _index(row)]
        for row in by_group
    ]
    if lines:
        writer.table("各人群总体满意度", (Column("人群", 5), *columns[1:]), lines)


def sentence(name: str, piece: Piece) -> list[Piece]:
    """What a mart says as a sentence: with a full stop, unless it has one."""
    return [f"{name}：", piece, "" if plain([piece]).endswith(("。", "！", "？")) else "。"]
