"""The chapters of comparison: the third party beside the city, the city among its peers, ranks under other weights."""

from __future__ import annotations

from collections.abc import Sequence

from cityhealth.reports import wording as zh
from cityhealth.reports.examination.overview import nothing
from cityhealth.reports.examination.tags import Known
from cityhealth.reports.examination.values import (
    Comparison,
    Examination,
    Indicator,
    Piece,
    Quote,
    Sensitivity,
    ThirdParty,
    cell,
)
from cityhealth.reports.examination.word import Alert, Cell, Column, Writer

WEIGHTINGS_ZH = {"equal": "等权", "entropy": "熵权法", "critic": "CRITIC 法"}
SUBJECTS_ZH = {"area": "区域", "dimension": "维度"}


def third_party(writer: Writer, examination: Examination) -> None:
    """The third party's values beside the city's."""
    e = examination
    writer.chapter("第三方评估对比")
    if not e.third_party:
        nothing(writer, "第三方评估的指标值")
        return
    senders = sorted({row.sender_text for row in e.third_party if row.sender_text})
    by = "（评估单位：" + "、".join(senders) + "）" if senders else ""
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
    writer.table("第三方评估结果与本市采用值", columns, rows, small=True)


#: A share below this is 0.0 % when rounded, which says nothing beside 高 or 低.
_SHOWN_AS_ZERO = 0.0005


def _apart(row: ThirdParty) -> Cell:
    """How far the third party is from the city, and on which side: the mart's share itself has no sign."""
    share = cell(row, "relative_difference", "rate")
    side = "高" if (row.difference or 0) > 0 else "低" if (row.difference or 0) < 0 else ""
    pieces: list[Piece] = [side, share] if row.relative_difference is not None else [side or zh.NONE]
    if side and row.relative_difference is not None and abs(row.relative_difference) < _SHOWN_AS_ZERO:
        pieces = ["略" + side]
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
