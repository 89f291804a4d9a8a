"""The first chapters: how the examination was made, how good its data are, and what it says on the whole."""

from __future__ import annotations

from collections.abc import Sequence

from cityhealth.reports import wording as zh
from cityhealth.reports.examination import charts
from cityhealth.reports.examination.tags import Condition, Key, Known
from cityhealth.reports.examination.values import (
    Coverage,
    Definition,
    Difference,
    Dimension,
    Examination,
    Indicator,
    Judgement,
    Piece,
    Tagged,
    basis_zh,
    cell,
    of_rows,
)
from cityhealth.reports.examination.word import Alert, Cell, Column, Writer

#: Feed → what officials call what came by it.
FEEDS_ZH = {
    "departmental": "部门指标填报",
    "yearbook": "统计资料",
    "layers": "地理图层",
    "imagery": "遥感影像",
    "mobility": "移动数据",
    "air_quality": "空气监测",
    "progress": "半月进展报告",
    "meeting": "调度会清单",
    "survey": "满意度调查",
    "third_party": "第三方评估",
    "self_check": "部门自查报告",
    "rectification": "整改措施",
    "interview": "实地访谈",
}
_DIFFERENCES_SHOWN = 20
_VALUED = ("value", "no_standard")
STATES = ("value", "no_standard", "missing", "refused", "not_applicable")
#: Of a comparison within one department's file.
_OWN_ZH = {"reported": "填报的指标值", "recomputed": "按公式重算", "city": "本市采用值"}


def method(writer: Writer, examination: Examination) -> None:
    """What was examined, how it is judged, and how to follow a number back."""
    e = examination
    writer.chapter("编制说明")
    writer.section("范围与依据")
    period = f"，评价期为{zh.day(e.period_start)}至{zh.day(e.period_end)}" if e.period_start and e.period_end else ""
    writer.paragraph(
        f"本报告按照城市体检指标体系对{e.city_zh}{e.year}年城市体检的结果进行汇总和评价{period}。指标共",
        e.count(e.indicators, Indicator),
        "项，其中国家指标",
        e.count(e.indicators, Indicator, status="official"),
        "项，特色指标",
        e.count(e.indicators, Indicator, status=("adopted", "proposed")),
        "项，分为",
        e.count(e.dimensions, Dimension),
        "个维度。",
    )
    writer.paragraph(_came_from(e) + "所有数据先经校验，未通过校验的不采用。")
    writer.section("评价方法")
    writer.paragraph(
        "指标值由数据项按公式计算。有公布标准的指标与标准比较得分，满分一百分：要求不低于标准的，达到即满分，"
        "未达到的按比例计分；要求不高于标准的，超出部分按比例扣分；要求在区间内的，区间内满分，区间外按距离递减。"
        "没有公布标准的指标只列数值，不计得分。维度得分是该维度有得分指标的算术平均，并注明由几项指标得出。"
        "等级和预警按本市评分规则确定，属本市约定，不是国家标准。"
    )
    writer.section("数据状态")
    writer.paragraph(
        "指标有五种状态：有值；无标准，即有数值而没有公布的标准；未报，即责任单位没有报送；未通过校验，即报送的数据有误，未予采用；"
        "不适用，即本市没有相应的对象。后四种不得分，更不按零计算，表中以“—”表示没有数据。"
    )
    writer.section("数字的查核")
    writer.paragraph(
        "正文、表、图中的每个数字都取自数据仓库的数据集市，在文件中带有标识，由标识可以查到该数所在的表、行和列，"
        "并由数值溯源追溯到原始文件的工作表和单元格。数字已锁定，防止误改。各单位的原话用楷体列出并注明出处，其中的数字由该单位负责。"
    )


def _came_from(e: Examination) -> str:
    """What the values were made of and what stands beside them: what was received, and nothing else."""
    feeds = [FEEDS_ZH.get(row.feed, row.feed) for row in e.sources if row.feed != "departmental"]
    reported = any(row.feed == "departmental" for row in e.sources)
    said = "数据由各责任单位填报" if reported else ""
    if feeds:
        said += ("，并" if said else "数据") + f"采用{_listed(feeds)}"
    beside = {
        "居民满意度调查": e.satisfaction,
        "第三方评估": e.third_party,
        "部门自查": e.self_checks,
        "实地访谈": [row for row in e.evidence if row.source_kind == "interview"],
    }
    if witnesses := [name for name, rows in beside.items() if rows]:
        said += ("；" if said else "") + f"{_listed(witnesses)}作为佐证"
    return f"{said}。" if said else ""


def _listed(names: Sequence[str]) -> str:
    return "和".join(part for part in ("、".join(names[:-1]), names[-1]) if part)


def data(writer: Writer, examination: Examination) -> None:
    """Where the data come from, what was not handed in, what was refused, and how sure definitions are."""
    e = examination
    writer.chapter("数据来源与质量")
    _sources(writer, e)
    _coverage(writer, e)
    _refusals(writer, e)
    _differences(writer, e)
    _reliability(writer, e)


def overall(writer: Writer, examination: Examination) -> None:
    """All dimensions at once."""
    e = examination
    writer.chapter("总体评价")
    writer.section("指标数据情况")
    writer.paragraph(
        "全部",
        e.count(e.indicators, Indicator),
        "项指标中，已有数值",
        e.count(e.indicators, Indicator, state=_VALUED),
        "项（其中无标准",
        e.count(e.indicators, Indicator, state="no_standard"),
        "项），未报",
        e.count(e.indicators, Indicator, state="missing"),
        "项，未通过校验",
        e.count(e.indicators, Indicator, state="refused"),
        "项，不适用",
        e.count(e.indicators, Indicator, state="not_applicable"),
        "项；有得分",
        e.count(e.indicators, Indicator, score=Known()),
        "项。",
    )
    if e.dimensions:
        writer.figure("各维度指标数据状态", charts.states(e))
    writer.section("维度得分")
    scored = [row for row in e.dimensions if row.score is not None]
    if scored:
        best = max(scored, key=lambda row: row.score or 0)
        worst = min(scored, key=lambda row: row.score or 0)
        writer.paragraph(
            f"有得分的维度中，得分最高的是{best.dimension_zh}（",
            cell(best, "score", "1"),
            f"分），最低的是{worst.dimension_zh}（",
            cell(worst, "score", "1"),
            "分）。各维度所依据的指标数不同，得分只供参考，比较时须一并看有得分的指标数。",
        )
    if len(e.dimensions) >= 3 and scored:
        writer.figure("各维度得分", charts.radar(e.dimensions))
    _dimension_table(writer, e)
    writer.section("预警指标")
    _warnings(writer, e)
    writer.section("优势与短板")
    _judgements(writer, e)


def nothing(writer: Writer, what: str) -> None:
    """Say that nothing was handed in, where a chapter would rest on it."""
    writer.paragraph(f"截至本版所据数据的截止日期，没有收到{what}，本节没有内容；没有收到不等于没有问题。")


def _sources(writer: Writer, e: Examination) -> None:
    writer.section("数据来源")
    if not e.sources:
        nothing(writer, "任何指标数据")
        return
    rows: list[Sequence[Cell]] = [
        [
            FEEDS_ZH.get(row.feed, row.feed),
            of_rows(row, "distinct(arrival_id)", "n", row.files),
            of_rows(row, "distinct(code)", "n", row.indicators),
            of_rows(row, "max(received_at)", "day", row.newest) if row.newest else zh.NONE,
        ]
        for row in e.sources
    ]
    columns = (
        Column("来源", 3),
        Column("采用的报送件数", 2, "centred"),
        Column("涉及指标（项）", 2, "centred"),
        Column("最近收到", 3, "centred"),
    )
    writer.table("采用数据的来源", columns, rows)


def _coverage(writer: Writer, e: Examination) -> None:
    writer.section("报送情况")
    if not e.coverage:
        nothing(writer, "应报数据的目录")
        return
    total = [
        e.total(e.coverage, Coverage, c) for c in ("owed_count", "accepted_count", "refused_count", "missing_count")
    ]
    writer.paragraph(
        "按指标计（一个数据项用于几个指标的分别计入），各单位应报数据项",
        total[0],
        "项，采用",
        total[1],
        "项，退回",
        total[2],
        "项，未报",
        total[3],
        "项。",
    )
    rows: list[Sequence[Cell]] = []
    for code, name in dict.fromkeys((row.department_code, row.department_zh) for row in e.coverage):
        owed, accepted, refused, missing = (
            e.total(e.coverage, Coverage, column, department_code=code)
            for column in ("owed_count", "accepted_count", "refused_count", "missing_count")
        )
        rows.append([name or code, owed, accepted, refused, Alert(missing) if missing.text != "0" else missing])
    columns = (
        Column("单位", 5),
        Column("应报", 1.4, "centred"),
        Column("采用", 1.4, "centred"),
        Column("退回", 1.4, "centred"),
        Column("未报", 1.4, "centred"),
    )
    writer.table("各单位指标数据报送情况（项）", columns, rows)


def _refusals(writer: Writer, e: Examination) -> None:
    writer.section("校验与退回")
    if not e.refusals:
        writer.paragraph("没有数据被退回。")
        return
    writer.paragraph(
        "各类报送中，未通过校验的（按所违反的规则计）共",
        Tagged(str(sum(row.refused for row in e.refusals)), Key("rejected_values", (), "count()", "n")),
        "条次。退回的原因已逐条写明并以回执告知报送单位，后来更正的计入“已更正”。",
    )
    rows: list[Sequence[Cell]] = [
        [
            FEEDS_ZH.get(row.feed, row.feed),
            row.department_zh or "未能识别的单位",
            of_rows(row, "count()", "n", row.refused),
            of_rows(row, "count()", "n", row.mended, (("is_mended", True),)),
        ]
        for row in e.refusals
    ]
    columns = (
        Column("类别", 2.4),
        Column("单位", 5),
        Column("退回（条次）", 1.8, "centred"),
        Column("已更正", 1.5, "centred"),
    )
    writer.table("未通过校验的报送", columns, rows)


def _differences(writer: Writer, e: Examination) -> None:
    writer.section("不同来源的差异")
    exceeding = [row for row in e.differences if row.exceeds_tolerance]
    of_items = [row for row in e.differences if row.system is None]
    of_indicators = [row for row in e.differences if row.system is not None]
    writer.paragraph(
        "同一数据项有几个来源的，逐一核对",
        _items_compared(of_items),
        "处，差异超过允许范围的",
        _items_compared(of_items, exceeds_tolerance=True),
        "处；指标的填报值与按公式重算的值、本市采用值与第三方的值，逐一核对",
        e.count(of_indicators, Difference),
        "处，差异超过允许范围的",
        e.count(of_indicators, Difference, exceeds_tolerance=True),
        "处。采用值按来源优先顺序确定，各来源的值都予保留。",
    )
    if not exceeding:
        return
    exceeding.sort(key=lambda row: -abs(row.relative_difference or 0))
    rows: list[Sequence[Cell]] = [
        [
            _compared_zh(e, row),
            _source_zh(row.source_used),
            cell(row, "value_used", "f"),
            _source_zh(row.source_compared),
            cell(row, "value_compared", "f"),
            row.unit or "",
            cell(row, "relative_difference", "rate"),
        ]
        for row in exceeding[:_DIFFERENCES_SHOWN]
    ]
    columns = (
        Column("数据", 3.4),
        Column("采用来源", 2),
        Column("采用值", 1.5, "number"),
        Column("比对来源", 2),
        Column("比对值", 1.5, "number"),
        Column("单位", 1.3, "centred"),
        Column("相差", 1.4, "number"),
    )
    writer.table("差异超过允许范围的数据" + ("（差异最大的部分）" if len(exceeding) > len(rows) else ""), columns, rows)


def _items_compared(of_items: Sequence[Difference], **where: Condition) -> Piece:
    """How many comparisons of items; they belong to no examination, so that their periods say which are meant."""
    if not of_items:
        return "〇"
    periods = tuple(sorted({row.period for row in of_items if row.period}))
    key = Key(Difference.MART, (("system", None), ("period", periods), *where.items()), "count()", "n")
    chosen = [row for row in of_items if all(getattr(row, name) == value for name, value in where.items())]
    return Tagged(key.written(len(chosen)), key)


def _compared_zh(e: Examination, row: Difference) -> str:
    name = row.name_zh or row.code or row.item_code or zh.NONE
    area = e.area_zh.get(row.area_code or "")
    return f"{name}（{area}）" if area else name


def _source_zh(source: str | None) -> str:
    return (FEEDS_ZH | _OWN_ZH).get(source, source) if source else zh.NONE


def _reliability(writer: Writer, e: Examination) -> None:
    writer.section("定义与标准的可靠程度")
    writer.paragraph(
        "指标的定义和标准注明依据的可靠程度：已对照公布文件核对的为“已核对”，凭记忆录入、尚待核对的为“待核对”。"
        "待核对的定义和标准在提交前应当逐项对照文件。"
    )
    rows: list[Sequence[Cell]] = []
    for basis in sorted({row.definition_basis for row in e.definitions if row.definition_basis}):
        rows.append(["定义", basis_zh(basis), e.count(e.definitions, Definition, definition_basis=basis)])
    for basis in sorted({row.target_basis for row in e.indicators if row.target_basis}):
        rows.append(["标准", basis_zh(basis), e.count(e.indicators, Indicator, target_basis=basis)])
    without = e.count(e.indicators, Indicator, target_basis=None)
    if without.text != "0":
        rows.append(["标准", "没有公布的标准", without])
    writer.table(
        "定义与标准的可靠程度",
        (Column("对象", 2, "centred"), Column("依据", 4), Column("指标（项）", 2, "centred")),
        rows,
    )


def _dimension_table(writer: Writer, e: Examination) -> None:
    rows: list[Sequence[Cell]] = [
        [
            row.dimension_zh,
            cell(row, "score", "1"),
            [cell(row, "scored_count", "n"), "／", cell(row, "applicable_count", "n")],
            *(e.in_state(row.dimension_code, state) for state in STATES),
            _alert(cell(row, "red_count", "n")),
            cell(row, "yellow_count", "n"),
        ]
        for row in e.dimensions
    ]
    columns = (
        Column("维度", 2.3),
        Column("得分", 1.2, "centred"),
        Column("有得分／适用", 1.5, "centred"),
        Column("有值", 1, "centred"),
        Column("无标准", 1, "centred"),
        Column("未报", 1, "centred"),
        Column("未通过校验", 1.1, "centred"),
        Column("不适用", 1, "centred"),
        Column("红色预警", 1.1, "centred"),
        Column("黄色预警", 1.1, "centred"),
    )
    writer.table("维度成绩单", columns, rows)
    writer.paragraph("拟议的特色指标计入状态各栏，不计入得分和适用指标数。", style="说明")


def _warnings(writer: Writer, e: Examination) -> None:
    warned = [row for row in e.indicators if row.warning in ("red", "yellow")]
    writer.paragraph(
        "红色预警",
        e.count(e.indicators, Indicator, warning="red"),
        "项，黄色预警",
        e.count(e.indicators, Indicator, warning="yellow"),
        "项。" if warned else "项。未报、未通过校验的指标无从预警。",
    )
    rows: list[Sequence[Cell]] = [
        [
            row.code,
            row.name_zh,
            cell(row, "value", "f"),
            row.unit or "",
            cell(row, "target_text", "text"),
            Alert(row.warning_zh or zh.NONE) if row.warning == "red" else row.warning_zh or zh.NONE,
            cell(row, "warning_reason_zh", "text"),
        ]
        for row in sorted(warned, key=lambda row: (row.warning != "red", row.code))
    ]
    if rows:
        columns = (
            Column("代码", 1.1, "centred"),
            Column("指标", 3),
            Column("数值", 1.3, "number"),
            Column("单位", 1.2, "centred"),
            Column("标准", 1.2, "centred"),
            Column("预警", 1.4, "centred"),
            Column("原因", 3),
        )
        writer.table("预警指标", columns, rows)


def _judgements(writer: Writer, e: Examination) -> None:
    if not e.judgements:
        writer.paragraph("没有可以判断优势与短板的指标。")
        return
    writer.paragraph(
        "与标准、上年、同类城市和第三方结果比较，判为优势的指标",
        e.count(e.judgements, Judgement, judgement="strength"),
        "项，判为短板的",
        e.count(e.judgements, Judgement, judgement="shortfall"),
        "项，分维度列于以下各章。",
    )


def _alert(piece: Piece) -> Cell:
    return Alert(piece) if isinstance(piece, Tagged) and piece.text != "0" else piece
