"""What others than the departments' figures say: residents, the third party, other cities; and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

from cityhealth.reports import wording as zh
from cityhealth.reports.examination import charts
from cityhealth.reports.examination.overview import nothing
from cityhealth.reports.examination.tags import Key, Known
from cityhealth.reports.examination.values import (
    Comparison,
    Contradiction,
    Evidence,
    Examination,
    Indicator,
    Measure,
    Piece,
    Problem,
    Quote,
    Satisfaction,
    Sensitivity,
    Tagged,
    ThirdParty,
    cell,
    plain,
)
from cityhealth.reports.examination.word import Alert, Cell, Column, Writer

_ALL = "all"
WEIGHTINGS_ZH = {"equal": "等权", "entropy": "熵权法", "critic": "CRITIC 法"}
SUBJECTS_ZH = {"area": "区域", "dimension": "维度"}
_INTERVIEW = "interview"
#: Ids of problems that a question of the survey is.
_SURVEY = "SV-"


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


def third_party(writer: Writer, examination: Examination) -> None:
    """The third party's values beside the city's."""
    e = examination
    writer.chapter("第三方核查对比")
    if not e.third_party:
        nothing(writer, "第三方核查的指标值")
        return
    senders = sorted({row.sender_text for row in e.third_party if row.sender_text})
    by = "（核查单位：" + "、".join(senders) + "）" if senders else ""
    writer.paragraph(
        "第三方独立给出指标值的",
        e.count(e.third_party, ThirdParty),
        "项",
        Quote(by) if by else "",
        "，其中与本市采用值都有数值、可以比较的",
        e.count(e.third_party, ThirdParty, difference=Known()),
        "项，差异超过允许范围的",
        e.count(e.third_party, ThirdParty, exceeds_tolerance=True),
        "项，所用定义与本市不同的",
        e.count(e.third_party, ThirdParty, definition_differs=True),
        "项。第三方的值只作比较，不替代本市采用值；两者都予保留。",
    )
    rows: list[Sequence[Cell]] = []
    for row in e.third_party:
        name = row.name_zh or (e.by_code[row.code].name_zh if row.code in e.by_code else row.code)
        rows.append(
            [
                row.code,
                name,
                cell(row, "city_value", "f"),
                cell(row, "third_party_value", "f"),
                row.unit or "",
                _apart(row),
                _definition(row),
                # Where both agree in everything there is nothing to say.
                ""
                if row.definition_differs is False and row.exceeds_tolerance is False
                else cell(row, "note_zh", "text"),
            ]
        )
    columns = (
        Column("代码", 1.2, "centred"),
        Column("指标", 2.7),
        Column("本市", 1.4, "number"),
        Column("第三方", 1.4, "number"),
        Column("单位", 1.3, "centred"),
        Column("第三方比本市", 1.2, "number"),
        Column("定义的不同", 1.9),
        Column("说明", 2.6),
    )
    writer.table("第三方核查结果与本市采用值", columns, rows, small=True)


def _apart(row: ThirdParty) -> Cell:
    """How far the third party is from the city, and on which side: the mart's share itself has no sign."""
    share = cell(row, "relative_difference", "rate")
    side = "高" if (row.difference or 0) > 0 else "低" if (row.difference or 0) < 0 else ""
    pieces: list[Piece] = [side, share] if row.relative_difference is not None else [side or zh.NONE]
    return [Alert(piece) for piece in pieces] if row.exceeds_tolerance else pieces


def _definition(row: ThirdParty) -> Cell:
    if row.definition_differs is None:
        return "不能比对"
    return cell(row, "differs_in_zh", "text") if row.definition_differs and row.differs_in_zh else "相同"


def peers(writer: Writer, examination: Examination) -> None:
    """The city among its peers, against the year before, and how far ranks rest on the weights."""
    e = examination
    writer.chapter("对标分析")
    writer.section("与同类城市比较")
    rows = [row for row in e.comparisons if row.comparison == "peer" and row.compared_with is not None]
    if rows:
        writer.paragraph(
            "可与同类城市或地区比较的指标",
            e.count(e.comparisons, Comparison, comparison="peer", compared_with=Known()),
            "项。同类地区的数据来自公开统计资料和交换数据，口径可能与本市不同，名次只供参考。",
        )
        _comparison_table(writer, e, "与同类城市比较", rows, ranked=True)
    else:
        nothing(writer, "同类城市的数据")
    writer.section("与上年比较")
    rows = [row for row in e.comparisons if row.comparison == "previous_year" and row.compared_with is not None]
    if rows:
        _comparison_table(writer, e, "与上年比较", rows, ranked=False)
    else:
        earlier = e.count(e.indicators, Indicator, previous_value=Known())
        if earlier.text != "0":
            writer.paragraph("有上年数值的指标", earlier, "项，都没有本年采用的数值，不能与上年比较。")
        else:
            writer.paragraph("没有指标的上年数值可供比较。")
    writer.section("名次对权重的敏感性")
    _sensitivity(writer, e)


def problems(writer: Writer, examination: Examination) -> None:
    """The list of the city's problems, what is done about them, and what was heard on site."""
    e = examination
    writer.chapter("城市病清单与整治")
    writer.section("城市病清单")
    if e.problems:
        _problem_list(writer, e)
    else:
        writer.paragraph("按现有数据，没有达到列入清单规则的问题；未报和未通过校验的指标无从判断。")
    writer.section("整治措施")
    _measures(writer, e)
    writer.section("实地访谈")
    _interviews(writer, e)
    writer.section("自查报告中的数字核对")
    _contradictions(writer, e)


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


def _comparison_table(
    writer: Writer, e: Examination, caption: str, comparisons: Sequence[Comparison], ranked: bool
) -> None:
    rows: list[Sequence[Cell]] = []
    for row in comparisons:
        indicator = e.by_code.get(row.code)
        unit = indicator.unit if indicator else None
        better = "—" if row.better is None else "较好" if row.better else "较差"
        place: Cell = [cell(row, "rank", "n"), "／", cell(row, "of_count", "n")] if row.rank is not None else zh.NONE
        rows.append(
            [
                row.code,
                indicator.name_zh if indicator else row.code,
                cell(row, "value", "f"),
                cell(row, "compared_with", "f"),
                unit or "",
                cell(row, "compared_with_zh", "text"),
                better if better != "较差" else Alert(better),
                *([place] if ranked else []),
            ]
        )
    columns = [
        Column("代码", 1.1, "centred"),
        Column("指标", 2.9),
        Column("本市", 1.4, "number"),
        Column("比较值", 1.4, "number"),
        Column("单位", 1.3, "centred"),
        Column("比较对象", 3),
        Column("比较", 1, "centred"),
    ]
    writer.table(caption, [*columns, Column("名次", 1.1, "centred")] if ranked else columns, rows, small=True)


def _sensitivity(writer: Writer, e: Examination) -> None:
    if not e.sensitivity:
        nothing(writer, "足以计算名次的数据")
        return
    writer.paragraph(
        "各维度（区域）的名次随指标权重而变。下表列出等权、熵权法、CRITIC 法三种权重下的得分和名次；"
        "名次在三种权重下变化较大的不稳健，不宜据以下结论。"
    )
    for alternatives, kind in dict.fromkeys((row.alternatives, row.subject_kind) for row in e.sensitivity):
        rows = [row for row in e.sensitivity if (row.alternatives, row.subject_kind) == (alternatives, kind)]
        among = rows[0].alternatives_zh or alternatives
        _sensitivity_table(
            writer, f"{among}：不同权重下各{SUBJECTS_ZH.get(kind, kind)}的得分和名次", SUBJECTS_ZH.get(kind, kind), rows
        )


def _sensitivity_table(writer: Writer, caption: str, name: str, rows: Sequence[Sensitivity]) -> None:
    weightings = [w for w in WEIGHTINGS_ZH if any(row.weighting == w for row in rows)]
    by_subject: dict[str, dict[str, Sensitivity]] = {}
    for row in rows:
        by_subject.setdefault(row.subject, {})[row.weighting] = row
    lines: list[Sequence[Cell]] = []
    for subject, found in sorted(by_subject.items(), key=lambda item: _place(item[1], weightings)):
        some = next(iter(found.values()))
        cells: list[Cell] = [some.subject_zh or subject]
        for weighting in weightings:
            of_it = found.get(weighting)
            cells += [zh.NONE, zh.NONE] if of_it is None else [cell(of_it, "score", "1"), cell(of_it, "rank", "n")]
        known = [row.robust for row in found.values() if row.robust is not None]
        robust = zh.NONE if not known else "稳健" if all(known) else "不稳健"
        lines.append([*cells, Alert(robust) if robust == "不稳健" else robust])
    columns = [Column(name, 2.6)]
    for weighting in weightings:
        columns += [Column(f"{WEIGHTINGS_ZH[weighting]}得分", 1.3, "centred"), Column("名次", 0.9, "centred")]
    if any(row.rank is not None for row in rows):
        writer.table(caption, [*columns, Column("稳健性", 1.2, "centred")], lines)
    if rows[0].criteria_count is not None:
        writer.paragraph("参加计算的指标", cell(rows[0], "criteria_count", "n"), "项。", style="说明")
    notes: dict[str, list[Sensitivity]] = {}
    for row in rows:
        if row.note_zh:
            notes.setdefault(row.note_zh, []).append(row)
    for of_note in notes.values():
        # What holds of all is said of nobody by name.
        who = list(dict.fromkeys(row.subject_zh or row.subject for row in of_note))
        whose = "" if len(who) == len(by_subject) else "、".join(who) + "："
        writer.paragraph(whose, cell(of_note[0], "note_zh", "text"), "。", style="说明")


def _place(found: dict[str, Sensitivity], weightings: Sequence[str]) -> tuple[float, ...]:
    """By the rank under the first weighting (equal weights), then the next; who has none comes last."""
    ranks = [found[weighting].rank if weighting in found else None for weighting in weightings]
    return tuple(float("inf") if rank is None else rank for rank in ranks)


def _problem_list(writer: Writer, e: Examination) -> None:
    listed = [problem for problem in e.problems if problem.merged_into is None]
    writer.paragraph(
        "列入清单的问题共",
        e.count(e.problems, Problem, merged_into=None),
        "项，其中严重程度高的",
        e.count(e.problems, Problem, merged_into=None, severity="high"),
        "项；未整改",
        e.count(e.problems, Problem, merged_into=None, status="open"),
        "项，整改中",
        e.count(e.problems, Problem, merged_into=None, status="in_progress"),
        "项，措施完成待验证",
        e.count(e.problems, Problem, merged_into=None, status="awaiting_verification"),
        "项，已销号",
        e.count(e.problems, Problem, merged_into=None, status="closed"),
        "项",
        *_merged(e),
        "。问题只有在以后采用的数值或满意度调查不再达到列入规则时才予销号。",
    )
    rows: list[Sequence[Cell]] = [
        [
            problem.problem_id,
            cell(problem, "name_zh", "text"),
            Alert(problem.severity_zh or zh.NONE) if problem.severity == "high" else problem.severity_zh or zh.NONE,
            problem.status_zh or problem.status,
            cell(problem, "opened_on", "day"),
            problem.owner_zh or zh.NONE,
            [cell(problem, "measures_done", "n"), "／", cell(problem, "measure_count", "n")]
            if problem.measure_count
            else "未报",
        ]
        for problem in listed
    ]
    columns = (
        Column("编号", 1.9, "centred"),
        Column("问题", 3.1),
        Column("程度", 0.8, "centred"),
        Column("状态", 1.5, "centred"),
        Column("列入日期", 2.1, "centred"),
        Column("责任单位", 2.1),
        Column("完成／措施", 1.2, "centred"),
    )
    writer.table("城市病清单", columns, rows, small=True)
    grounds: list[Sequence[Cell]] = [
        [
            problem.problem_id,
            cell(problem, "evidence_zh", "text"),
            cell(problem, "survey_voice_zh", "text") if problem.survey_voice_zh else "",
            cell(problem, "closed_by_zh", "text") if problem.closed_by_zh else "",
        ]
        for problem in listed
    ]
    of_grounds = (
        Column("编号", 1.6, "centred"),
        Column("列入的依据", 5.4),
        Column("居民反映", 3),
        Column("销号的依据", 2.4),
    )
    writer.table("清单各问题的依据", of_grounds, grounds, small=True)


def _merged(e: Examination) -> list[Piece]:
    """How many problems that residents name are told within another, and within which."""
    of_survey = {problem.problem_id for problem in e.problems if problem.problem_id.startswith(_SURVEY)}
    into = {problem.merged_into for problem in e.problems if problem.merged_into}
    pieces: list[Piece] = []
    for targets, name in ((into - of_survey, "相关指标的问题"), (into & of_survey, "全市同一调查问题")):
        if targets:
            count = e.count(e.problems, Problem, merged_into=tuple(sorted(targets)))
            pieces += ["；另有" if not pieces else "，", count, f"项居民反映的问题并入{name}"]
    return pieces


def sentence(name: str, piece: Piece) -> list[Piece]:
    """What a mart says as a sentence: with a full stop, unless it has one."""
    return [f"{name}：", piece, "" if plain([piece]).endswith(("。", "！", "？")) else "。"]


def _measures(writer: Writer, e: Examination) -> None:
    if not e.measures:
        nothing(writer, "整改措施")
        return
    pieces: list[Piece] = [
        "对清单所列问题收到整改措施",
        e.count(e.measures, Measure, problem_known=True),
        "项，逾期",
        e.count(e.measures, Measure, problem_known=True, overdue=True),
        "项。",
    ]
    if any(not row.problem_known for row in e.measures):
        unknown = e.count(e.measures, Measure, problem_known=False)
        pieces += ["另有", unknown, "项所指的问题不在清单中，不计入，报送单位应当核对问题编号后重新报送。"]
    writer.paragraph(*pieces)
    rows: list[Sequence[Cell]] = [
        [
            row.problem_id if row.problem_known else [cell(row, "problem_id", "text"), Alert("（清单中没有这一问题）")],
            cell(row, "measure_text", "text"),
            row.owner_zh or zh.NONE,
            cell(row, "deadline", "day"),
            row.status_zh or zh.NONE,
            cell(row, "percent", "pct"),
            ["逾期", cell(row, "overdue_days", "n"), "天"]
            if row.overdue and row.overdue_days
            else Alert("逾期")
            if row.overdue
            else "",
        ]
        for row in e.measures
    ]
    columns = (
        Column("问题", 1.4, "centred"),
        Column("措施", 3.6),
        Column("责任单位", 2),
        Column("时限", 2.2, "centred"),
        Column("状态", 1.1, "centred"),
        Column("进度", 1.1, "centred"),
        Column("逾期", 1.1, "centred"),
    )
    writer.table("整改措施", columns, rows)


def _overdue(row: Measure) -> Cell:
    if not row.overdue:
        return ""
    return [Alert(cell(row, "overdue_days", "n")), Alert("天")] if row.overdue_days else Alert("逾期")


def _interviews(writer: Writer, e: Examination) -> None:
    # One note may be evidence of several problems: it is told once.
    found = [row for row in e.evidence if row.source_kind == _INTERVIEW and row.text]
    notes = list({row.mart_key or (row.problem_id, row.evidence_no): row for row in reversed(found)}.values())[::-1]
    if not notes:
        nothing(writer, "实地访谈记录")
        return
    names = {problem.problem_id: cell(problem, "name_zh", "text") for problem in e.problems}
    count = Key(Evidence.MART, (("source_kind", _INTERVIEW),), "distinct(mart_key)", "n")
    writer.paragraph("与清单问题有关的访谈记录", Tagged(count.written(len(notes)), count), "条。")
    for note in notes:
        about = names.get(note.problem_id)
        writer.quote(note.text or "", "实地访谈", *(["，关于“", about, "”"] if about else []))


def _contradictions(writer: Writer, e: Examination) -> None:
    if not e.self_checks:
        nothing(writer, "部门自查报告")
        return
    if not e.contradictions:
        writer.paragraph("自查报告中引用的数字，没有发现与采用值不一致的。")
        return
    writer.paragraph(
        "自查报告中引用的数字与采用值不一致的", e.count(e.contradictions, Contradiction), "处，应由责任单位核实。"
    )
    rows: list[Sequence[Cell]] = []
    for row in e.contradictions:
        indicator = e.by_code.get(row.indicator_code or "")
        who = row.department_zh or e.department_zh.get(row.department_code or "", row.department_code or zh.NONE)
        rows.append(
            [
                who,
                row.name_zh or (indicator.name_zh if indicator else row.indicator_code or zh.NONE),
                Quote(zh.said(row.sentence)),
                [cell(row, "quoted_value", "f"), f" {row.quoted_unit or ''}"],
                [cell(row, "accepted_value", "f"), f" {row.unit or ''}"],
            ]
        )
    columns = (
        Column("单位", 2),
        Column("指标", 2.2),
        Column("原话", 3.6),
        Column("引用的数", 1.6, "number"),
        Column("采用值", 1.6, "number"),
    )
    writer.table("自查报告引用的数字与采用值", columns, rows)
