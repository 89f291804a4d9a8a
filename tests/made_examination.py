# ruff: noqa: E501
"""An examination made of nothing but the catalogue's names, with all that a report can have in it."""

from __future__ import annotations

import json
from datetime import date, datetime
from itertools import cycle
from typing import Any

from cityhealth.catalogue import Catalogue
from cityhealth.reports.examination import values as v
from cityhealth.settings import CITY_TIMEZONE

SYSTEM, YEAR = "mohurd", 2021
#: One state after another, so that every dimension has some of each.
_STATES = (
    ("value", "有值"),
    ("value", "有值"),
    ("no_standard", "无标准"),
    ("missing", "未报"),
    ("value", "有值"),
    ("refused", "未通过校验"),
    ("not_applicable", "不适用"),
)
_SCORES = (100.0, 64.25, None, None, 88.05, None, None)
_GRADES = {100.0: ("strength", "优势"), 64.25: ("shortfall", "短板"), 88.05: ("ordinary", "一般")}
_SAID = {
    "highlights_text": "全市建成口袋公园18处，绿道32.5公里。\n老旧小区改造超额完成年度任务。",
    "problems_text": "部分小区停车位缺口约1200个，配套设施不足。",
    "measures_text": "2022年底前新增停车位2000个，建立台账，逐月调度。",
}


def empty_examination(catalogue: Catalogue, **facts: Any) -> v.Examination:
    """The year's indicators, none of which was reported; nothing else was handed in."""
    standard: dict[str, Any] = {
        "system": SYSTEM,
        "year": YEAR,
        "city_zh": "晋城市",
        "office_zh": "晋城市城市体检工作领导小组办公室",
        "departments": tuple((row.code, row.name_zh) for row in catalogue.departments),
        "indicators": tuple(_indicator(catalogue, row, 3) for row in _of_year(catalogue)),
    }
    standard["dimensions"] = _dimensions(catalogue, standard["indicators"])
    return v.Examination(**(standard | facts))


def full_examination(catalogue: Catalogue) -> v.Examination:
    """Everything there is, in every state."""
    rows = _of_year(catalogue)
    indicators = tuple(_indicator(catalogue, row, at) for at, row in enumerate(rows))
    dimensions = _dimensions(catalogue, indicators)
    return empty_examination(
        catalogue,
        period_start=date(2020, 1, 1),
        period_end=date(2020, 12, 31),
        data_as_of=datetime(2021, 8, 4, 16, 0, tzinfo=CITY_TIMEZONE),
        indicators=indicators,
        dimensions=dimensions,
        definitions=tuple(_definition(row) for row in rows),
        area_values=tuple(_area_values(rows)),
        boundaries=tuple(_boundaries()),
        coverage=tuple(_coverage(catalogue, rows)),
        refusals=(
            v.Refusals(feed="departmental", department_code="housing", department_zh="市住房和城乡建设局", refused=7, mended=5),
            v.Refusals(feed="survey", refused=2, mended=0),
        ),
        sources=(
            v.Sources(system=SYSTEM, year=YEAR, feed="departmental", files=23, indicators=41, newest=_at(21)),
            v.Sources(system=SYSTEM, year=YEAR, feed="imagery", files=2, indicators=3, newest=_at(22)),
        ),
        differences=(
            v.Difference(comparison_key="k1", comparison="sources", comparison_zh="不同来源", system=SYSTEM, year=YEAR,
                         code="ECO01", name_zh="建成区面积", value_used=45.2, source_used="departmental", unit="平方公里",
                         value_compared=47.9, source_compared="imagery", relative_difference=0.0597,
                         exceeds_tolerance=True),
            v.Difference(comparison_key="k2", comparison="sources", system=SYSTEM, year=YEAR, exceeds_tolerance=False),
        ),
        **_survey(dimensions),
        **_evaluation(indicators),
        **_self_checks(dimensions),
    )  # fmt: skip


def _of_year(catalogue: Catalogue) -> list[Any]:
    return [row for row in catalogue.indicators if (row.system, row.year) == (SYSTEM, YEAR)]


def _at(day: int) -> datetime:
    return datetime(2021, 6, day, 9, 30, tzinfo=CITY_TIMEZONE)


def _indicator(catalogue: Catalogue, row: Any, at: int) -> v.Indicator:
    state, state_zh = _STATES[at % len(_STATES)]
    score = _SCORES[at % len(_STATES)]
    grade, grade_zh = _GRADES.get(score or 0.0, (None, None))
    known = state in ("value", "no_standard")
    dimension = next(d for d in catalogue.dimensions if d.code == row.dimension_code)
    return v.Indicator(
        system=SYSTEM,
        year=YEAR,
        code=row.code,
        no=row.no,
        name_zh=row.name_zh,
        dimension_code=row.dimension_code,
        dimension_zh=dimension.name_zh,
        unit=row.unit,
        category=row.category,
        status=row.status,
        status_zh="国家指标" if row.status == "official" else "拟议特色指标",
        area_code=row.area_code,
        area_zh="建成区",
        value=round(12.3456 * (at + 1), 4) if known else None,
        previous_value=11.5 * (at + 1) if known else None,
        state=state,
        state_zh=state_zh,
        reason_zh="3 个数据项未报：建成区面积、绿地面积、常住人口" if state == "missing" else None,
        target_text="≥ 70" if score is not None else None,
        target_source="国家标准 GB 50180—2018" if score is not None else None,
        target_basis=("verified" if at % 2 else "recalled") if score is not None else None,
        score=score,
        grade=grade,
        grade_zh=grade_zh,
        warning={"shortfall": "red", "ordinary": "yellow"}.get(grade or "", "none" if score else "not_judged"),
        warning_zh={"shortfall": "红色预警", "ordinary": "黄色预警"}.get(
            grade or "", "无预警" if score else "未作判断"
        ),
        warning_reason_zh="得分 64.3，低于 80" if grade == "shortfall" else None,
        sources_zh="部门填报：市统计局" if known else None,
        synthetic=True,
    )


def _dimensions(catalogue: Catalogue, indicators: tuple[v.Indicator, ...]) -> tuple[v.Dimension, ...]:
    found = []
    for row in sorted(catalogue.dimensions, key=lambda row: row.sort_order):
        own = [i for i in indicators if i.dimension_code == row.code]
        if not own:
            continue
        scores = [i.score for i in own if i.score is not None]
        counts = {state: sum(i.state == state for i in own) for state, _ in _STATES}
        found.append(
            v.Dimension(
                system=SYSTEM,
                year=YEAR,
                dimension_code=row.code,
                dimension_zh=row.name_zh,
                sort_order=row.sort_order,
                score=sum(scores) / len(scores) if len(scores) > 1 else None,
                indicator_count=len(own),
                scored_count=len(scores),
                applicable_count=len(own) - counts["not_applicable"],
                value_count=counts["value"],
                missing_count=counts["missing"],
                refused_count=counts["refused"],
                not_applicable_count=counts["not_applicable"],
                no_standard_count=counts["no_standard"],
                red_count=sum(i.warning == "red" for i in own),
                yellow_count=sum(i.warning == "yellow" for i in own),
            )
        )
    return tuple(found)


def _definition(row: Any) -> v.Definition:
    return v.Definition(
        system=SYSTEM,
        year=YEAR,
        code=row.code,
        formula_zh=None if row.formula_kind == "none" else "100 × 公园绿地面积 ÷ 建成区面积",
        definition_zh=row.definition_zh,
        no_formula_reason_zh=row.no_formula_reason_zh,
        definition_basis=row.definition_basis,
    )


_UNITS = (("140502", "城区"), ("140521", "沁水县"), ("140522", "阳城县"), ("140524", "陵川县"), ("140525", "泽州县"), ("140581", "高平市"))  # fmt: skip


def _boundaries() -> list[v.Boundary]:
    """Squares in two rows of three."""
    found = []
    for at, (code, name) in enumerate(_UNITS):
        west, south = 112 + 0.3 * (at % 3), 35.2 + 0.3 * (at // 3)
        ring = [[west, south], [west + 0.3, south], [west + 0.3, south + 0.3], [west, south + 0.3], [west, south]]
        shape = {"type": "Polygon", "coordinates": [ring]}
        found.append(v.Boundary(area_code=code, name_zh=name, level="county", geojson=json.dumps(shape)))
    return found


def _area_values(rows: list[Any]) -> list[v.AreaValue]:
    """Of five indicators, in all units but the last."""
    return [
        v.AreaValue(
            system=SYSTEM, year=YEAR, code=row.code, name_zh=row.name_zh, area_code=code, area_zh=name,
            area_level="county", value=10.5 * (n + 1) + at, unit=row.unit, state="value", state_zh="有值",
        )
        for n, row in enumerate(rows[:5])
        for at, (code, name) in enumerate(_UNITS[:-1])
    ]  # fmt: skip


def _coverage(catalogue: Catalogue, rows: list[Any]) -> list[v.Coverage]:
    departments = cycle([row for row in catalogue.departments if row.role != "office"][:8])
    return [
        v.Coverage(
            system=SYSTEM, year=YEAR, code=row.code, department_code=who.code, department_zh=who.name_zh, owed_count=4,
            accepted_count=4 - at % 3, refused_count=at % 3 // 2, missing_count=at % 3 - at % 3 // 2,
            state="complete" if at % 3 == 0 else "partly",
        )
        for at, (row, who) in enumerate(zip(rows, departments, strict=False))
    ]  # fmt: skip


def _survey(dimensions: tuple[v.Dimension, ...]) -> dict[str, Any]:
    wave = "2021-06"

    def index(kind: str, code: str, name: str, at: int, **facts: Any) -> v.Satisfaction:
        standard: dict[str, Any] = {
            "wave": wave, "survey_zh": "2021年城市体检居民满意度调查", "subject_kind": kind, "subject_code": code,
            "subject_zh": name, "area_code": "140500", "area_zh": "晋城市", "group_kind": "all", "group_zh": "全部",
            "answers": 1200 - at, "satisfaction": 72.5 + at, "ci_low": 70.1 + at, "ci_high": 74.9 + at,
            "fielded_from": date(2021, 6, 1), "fielded_to": date(2021, 6, 20), "synthetic": True,
            "method_zh": "加权平均，泰勒级数线性化，95% 置信区间",
        }  # fmt: skip
        return v.Satisfaction(**(standard | facts))

    hidden = {"answers": None, "satisfaction": None, "ci_low": None, "ci_high": None, "suppressed": True}
    base = [row for row in dimensions if row.dimension_code != "LOC"]
    satisfaction = [
        index("overall", "overall", "总体", 0),
        index("overall", "overall", "总体", 1, area_code="140502", area_zh="城区", answers=400),
        index(
            "overall", "overall", "总体", 2, area_code="140521", area_zh="沁水县", suppression_zh="回答不足", **hidden
        ),
        index("overall", "overall", "总体", 3, group_kind="age_group", group_zh="60岁及以上", answers=210),
        *(index("dimension", row.dimension_code, row.dimension_zh, at) for at, row in enumerate(base)),
        *(index("question", f"Q{at:02d}", f"您对第{at}类设施是否满意", at) for at in range(1, 9)),
    ]
    names = ("优势保持区", "重点改进区", "次要改进区", "锦上添花区")
    quadrants = []
    for at, row in enumerate(base):
        important, satisfied = at % 2 == 0, at % 4 < 2
        name = names[0 if important and satisfied else 1 if important else 3 if satisfied else 2]
        quadrants.append(
            v.Quadrant(
                wave=wave, subject_kind="dimension", subject_code=row.dimension_code, subject_zh=row.dimension_zh,
                importance=(80.0 if important else 60.0) + at, satisfaction=(78.0 if satisfied else 62.0) + at / 2,
                importance_mean=73.5, satisfaction_mean=71.75, quadrant_zh=name,
            )
        )  # fmt: skip
    matches = [
        v.Match(
            wave=wave, system=SYSTEM, year=YEAR, dimension_code=row.dimension_code, dimension_zh=row.dimension_zh,
            objective_score=row.score,
            satisfaction=72.5 + at, scored_count=row.scored_count,
            match_zh="相符" if row.score else "不能判断", reason_zh=None if row.score else "没有客观得分",
        )
        for at, row in enumerate(base)
    ]  # fmt: skip
    waves = (v.Wave(wave=wave, handed_in=1264, accepted=1200, refused=64, synthetic=True),)
    return {
        "waves": waves,
        "satisfaction": tuple(satisfaction),
        "quadrants": tuple(quadrants),
        "matches": tuple(matches),
    }


def _evaluation(indicators: tuple[v.Indicator, ...]) -> dict[str, Any]:
    valued = [row for row in indicators if row.value is not None]
    short = [row for row in valued if row.grade == "shortfall"]
    of_year: dict[str, Any] = {"system": SYSTEM, "year": YEAR}
    third = [
        v.ThirdParty(
            **of_year, comparison_key=f"t{at}", code=row.code, name_zh=row.name_zh, area_code=row.area_code,
            city_value=row.value,
            third_party_value=(row.value or 0) * (1 + at / 50), unit=row.unit, difference=(row.value or 0) * at / 50,
            relative_difference=at / 50, definition_differs=at % 4 == 0, differs_in_zh="数据年份" if at % 4 == 0 else None, exceeds_tolerance=at > 3,
            note_zh="第三方按2020年底口径" if at % 4 == 0 else None, sender_text="某设计研究院", synthetic=True,
        )
        for at, row in enumerate(valued[:8])
    ]  # fmt: skip
    comparisons = [
        v.Comparison(
            **of_year, code=row.code, comparison=kind, value=row.value, compared_with=(row.value or 0) * 0.9,
            compared_with_zh=of, difference=(row.value or 0) * 0.1, better=at % 2 == 0,
            rank=at + 1 if kind == "peer" else None, of_count=11 if kind == "peer" else None,
        )
        for kind, of in (("peer", "同类城市中位数"), ("previous_year", "上年"))
        for at, row in enumerate(valued[:6])
    ]  # fmt: skip
    judgements = [
        v.Judgement(
            **of_year, code=row.code, judgement=row.grade or "", judgement_zh=row.grade_zh,
            dimension_code=row.dimension_code, evidence_zh=f"数值 {row.value:.4g}，得分 {row.score:.1f}",
            sources_zh="部门填报",
        )
        for row in valued
        if row.grade in ("strength", "shortfall")
    ]  # fmt: skip
    sensitivity = [
        v.Sensitivity(
            **of_year, alternatives="counties", alternatives_zh="本市各县区", weighting=weighting, subject_kind="dimension", subject=code, subject_zh=name,
            score=80.0 - at + shift, rank=at + 1, rank_equal=at + 1, of_count=3, robust=at != 1,
        )
        for weighting, shift in (("equal", 0.0), ("entropy", 1.5), ("critic", -1.25))
        for at, (code, name) in enumerate(dict.fromkeys((row.dimension_code, row.dimension_zh) for row in valued[:20]))
    ]  # fmt: skip
    states = cycle((("open", "未整改"), ("in_progress", "整改中"), ("awaiting_verification", "措施完成待验证"), ("closed", "已销号")))  # fmt: skip
    problems = []
    for row in short:
        status, status_zh = next(states)
        problems.append(
            v.Problem(
                **of_year, problem_id=row.code, kind="indicator", name_zh=f"{row.name_zh}未达标", indicator_code=row.code,
                dimension_code=row.dimension_code, dimension_zh=row.dimension_zh, area_zh=row.area_zh, severity="high",
                severity_zh="高", status=status, status_zh=status_zh, opened_on=date(2021, 6, 5),
                opened_by_zh="得分低于 80", merged_into=None,
                evidence_zh=f"数值 {row.value:.4g}，标准 {row.target_text}，得分 {row.score:.1f}", owner_zh="市城市管理局",
                survey_voice_zh="相关问题满意度 58.2", measure_count=1, measures_done=0, overdue=False, synthetic=True,
            )
        )  # fmt: skip
    measures = [
        v.Measure(
            measure_id=f"M{at:02d}", problem_id=row.problem_id, owner_zh="市城市管理局",
            measure_text="新建公共停车场3处，2022年6月底前投用", deadline=date(2021, 7, 31), status="under_way",
            status_zh="进行中", percent=40.0, overdue=at == 0, overdue_days=4 if at == 0 else None, synthetic=True,
        )
        for at, row in enumerate(problems[:4])
    ]  # fmt: skip
    evidence = [
        v.Evidence(
            problem_id=problems[0].problem_id, source_kind="interview", evidence_no=1,
            mart_key="interview/N1", text="2021年7月10日在某社区座谈，居民反映停车难，晚上8点以后找不到车位。",
        )
    ]  # fmt: skip
    return {
        "third_party": tuple(third),
        "comparisons": tuple(comparisons),
        "judgements": tuple(judgements),
        "sensitivity": tuple(sensitivity),
        "problems": tuple(problems),
        "measures": tuple(measures),
        "evidence": tuple(evidence),
    }


def _self_checks(dimensions: tuple[v.Dimension, ...]) -> dict[str, Any]:
    checks = [
        v.SelfCheck(
            self_check_key=f"mohurd/2021/housing/{row.dimension_code}", system=SYSTEM, year=YEAR,
            department_code="housing", department_zh="市住房和城乡建设局", dimension_code=row.dimension_code,
            received_at=_at(28), synthetic=True, **_SAID,
        )
        for row in dimensions[:3]
    ]  # fmt: skip
    contradictions = (
        v.Contradiction(
            figure_key="c1", system=SYSTEM, year=YEAR, department_code="housing", department_zh="市住房和城乡建设局",
            dimension_code="ECO", sentence="建成区面积达到52平方公里。", indicator_code="ECO01", quoted_value=52.0,
            quoted_unit="平方公里", accepted_value=45.2, unit="平方公里", difference=6.8,
        ),
    )  # fmt: skip
    return {"self_checks": tuple(checks), "contradictions": contradictions}
