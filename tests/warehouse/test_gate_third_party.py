"""A third party's values before the gate: every rule, whose city a file is about, and what is kept of a value."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from city_office import Office
from cityhealth.catalogue import Catalogue, load
from cityhealth.sample_city.grids import Grid, xlsx
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.third_party_form import column
from cityhealth.warehouse.connections import Warehouse
from rule_cases import Case, Form, Line, Rules, Trial, assert_every_rule_has_a_case, judged_cases
from small_city import FILES, small_city

RECEIVED = datetime(2021, 7, 1, 9, tzinfo=CITY_TIMEZONE)
GOOD: Line = {
    "indicator_text": "ECO01",
    "indicator_name": "公园绿地率",
    "city_text": "某市",
    "area_text": "某市",
    "period_text": "2020",
    "value_text": "45.6",
    "unit_text": "%",
    "definition_text": "公园绿地面积占建成区面积的比例",
    "method_text": "遥感解译",
    "source_text": "高分二号影像",
    "remarks_text": "",
}
FORM = Form("third_party", "third_party_value", {field: column(field).header for field in GOOD}, GOOD)
SENDER = "某某研究院"
OTHER = {"indicator_text": "ECO02", "indicator_name": "人口增长率"}
EAST, WEST = {"area_text": "东区"}, {"area_text": "西县"}
NO_VALUE = {"value_text": ""}
NOWHERE = {"city_text": None, "area_text": None}


def found(
    *lines: Line, failing: tuple[int, ...] = (), department: str | None = SENDER, filename: str | None = None
) -> Case:
    return Case(lines, failing, department, filename)


ROW_RULES: Rules = {
    "city_ours": (
        found({}, {"city_text": "邻市"}, OTHER | {"city_text": "外星市"}, failing=(2, 3)),
        found(
            {"city_text": "某省某市"},
            OTHER | {"city_text": "100000"},
            EAST | {"city_text": ""},
            *(
                {
                    "city_text": city,
                    "area_text": area,
                    "period_text": "2020",
                    "indicator_text": code,
                    "indicator_name": "",
                }
                for city, area, code in (
                    ("某", "西县", "ECO01"),
                    ("某市东区", "东区", "ECO02"),
                    ("西县", "西县", "ECO02"),
                )
            ),
        ),
    ),
    "indicator_known": (
        found(
            {},
            {"indicator_text": "ECO99", "indicator_name": "外星指标"},
            {"indicator_text": "", "indicator_name": ""},
            OTHER | {"indicator_name": "公园绿地率"},
            failing=(2, 3, 4),
        ),
        found(
            {"indicator_text": "7", "indicator_name": "1.公园绿地率（%）"},
            OTHER | {"indicator_text": "eco02", "indicator_name": ""},
            EAST | {"indicator_text": "ECO01 公园绿地率", "indicator_name": ""},
            {"indicator_text": "看不懂", "indicator_name": "", "value_text": ""},
        ),
    ),
    "value_readable": (
        found(
            {"value_text": "约45"}, OTHER | {"value_text": "#DIV/0!"}, EAST | {"value_text": "较高"}, failing=(1, 2, 3)
        ),
        found({"value_text": "４５．６％"}, OTHER | {"value_text": "不适用"}, EAST | {"value_text": "暂无"}),
    ),
    "unit_convertible": (
        found({"unit_text": "公顷"}, OTHER | {"unit_text": "斗"}, failing=(1, 2)),
        found({"unit_text": "百分比"}, OTHER | {"unit_text": ""}, EAST | {"unit_text": "—"}),
    ),
    "area_valid": (
        found({"area_text": "外星区"}, OTHER | {"area_text": "老乡"}, failing=(1, 2)),
        found({"area_text": ""}, OTHER | {"area_text": "100001"}),
    ),
    "area_in_city": (
        found({"area_text": "邻市"}, OTHER | {"area_text": "某省"}, failing=(1, 2)),
        found({"area_text": "某市东区"}),
    ),
    "period_readable": (
        found({"period_text": "去年"}, failing=(1,)),
        found({"period_text": "2020年"}, OTHER | {"period_text": ""}),
    ),
    "period_past": (
        found({"period_text": "2021"}, OTHER | {"period_text": "2021-07"}, failing=(1, 2)),
        found({"period_text": "2021-06"}),
    ),
    "period_examined": (
        found({"period_text": "2019"}, OTHER | {"period_text": "2021-06"}, failing=(1, 2)),
        found({"period_text": "2020-12-31"}),
    ),
    "hard_range": (
        found({"value_text": "100.1"}, EAST | {"value_text": "-1"}, failing=(1, 2)),
        found({"value_text": "100"}, OTHER | {"value_text": "-120"}),
    ),
    "percent_not_ratio": (
        found({"value_text": "0.456", "unit_text": ""}, failing=(1,)),
        found({"value_text": "0.456"}, OTHER | {"value_text": "0"}, EAST | {"value_text": "0.4%", "unit_text": ""}),
    ),
    "duplicate_different": (
        found({}, {"value_text": "45.7"}, EAST, failing=(1, 2)),
        found({}, {"period_text": "2019"}, EAST, NO_VALUE),
    ),
    "duplicate_same": (found({}, {"value_text": "45.60", "remarks_text": "又一次"}, failing=(2,)), found({}, WEST)),
    "definition_given": (
        found({"definition_text": ""}, OTHER | {"definition_text": "无"}, failing=(1, 2)),
        found({}, OTHER | {"value_text": "不适用", "definition_text": ""}),
    ),
    "source_and_method": (
        found({"source_text": ""}, OTHER | {"method_text": "—"}, failing=(1, 2)),
        found({}, OTHER | {"value_text": "不适用", "source_text": ""}),
    ),
}
BATCH_RULES: Rules = {
    "sender_independent": (found({}, department="市统计局"), found({}, department="市体检办")),
    "sender_named": (found({}, department=None), found({})),
    "any_value": (found(NO_VALUE), found({"value_text": "不适用"})),
    "file_for_city": (
        found({"city_text": "邻市"}, OTHER | {"city_text": "邻市"}),
        found({"city_text": None}, filename="某市与邻市对比.csv"),
    ),
    "city_named": (found(NOWHERE), found(NOWHERE, filename="某市第三方评估.csv")),
}


def workbook(heading: str, sheet: str = "评估", area: str = "") -> bytes:
    """A table whose city stands above it or in the sheet's name."""
    line = [GOOD[field] for field in FORM.headers if field not in ("city_text", "area_text")]
    header = [text for field, text in FORM.headers.items() if field not in ("city_text", "area_text")]
    return xlsx(Grid([[heading], ["2021年7月"], [*header, "区域"], [*line, area]], sheet))


def book(heading: str, sheet: str = "评估", area: str = "", filename: str = "评估结果.xlsx") -> Case:
    return Case(department=SENDER, filename=filename, data=workbook(heading, sheet, area))


MORE = {
    "a title names another": book("邻市城市体检第三方评估指标表"),
    "a sheet names another": book("城市体检第三方评估指标表", sheet="邻市"),
    "the file names another": book("评估表", filename="邻市第三方评估.xlsx"),
    "a label names an unknown one": book("被评城市：外星市"),
    "a label names ours": book("城市：某省某市", filename="邻市格式.xlsx"),
    "a title names ours": book("某市城市体检第三方评估指标表"),
    "only 城区 is named": book("评估表", area="东区"),
    "a code of ours is named": book("评估表", area="100001"),
    "codes on one sheet, names on another": Case(
        department=SENDER,
        filename="某市.xlsx",
        data=xlsx(
            Grid([["指标代码", "数值"], ["ECO01", 45.6]], "一"),
            Grid([["评价指标", "评估结果"], ["人口增长率", 1.5]], "二"),
        ),
    ),
    "no table": Case(department=SENDER, filename="某市.xlsx", data=xlsx(Grid([["某市"], ["很好"]], "一"))),
    "many bad rows": found({}, *({"indicator_text": f"X{n}", "indicator_name": ""} for n in range(250))),
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("city")
    small_city(folder)
    neighbour = "990100,邻市,Neighbour,other_city,990000,,,,house,\n"
    (folder / "areas.csv").write_text(FILES["areas.csv"] + neighbour, encoding="utf-8")
    return load(folder)


@pytest.fixture(scope="module")
def gate(module_warehouse: Warehouse, city: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    office = Office(module_warehouse, city, tmp_path_factory.mktemp("home"), RECEIVED)
    return judged_cases(office, FORM, {**ROW_RULES, **BATCH_RULES}, MORE)


def test_every_rule_has_a_case() -> None:
    assert_every_rule_has_a_case(FORM, ROW_RULES, BATCH_RULES)


@pytest.mark.parametrize("rule", ROW_RULES)
def test_a_row_rule_finds_just_the_lines_that_break_it(gate: Trial, rule: str) -> None:
    gate.assert_just_those_fail(rule)


@pytest.mark.parametrize("rule", ROW_RULES)
def test_a_line_that_breaks_a_critical_rule_is_refused_and_a_warning_lets_it_through_marked(
    gate: Trial, rule: str
) -> None:
    gate.assert_refused_or_marked(rule)


@pytest.mark.parametrize("rule", BATCH_RULES)
def test_a_rule_of_files_finds_the_file_that_breaks_it(gate: Trial, rule: str) -> None:
    assert gate.failing_lines(rule, breaks=True) == [None]
    assert gate.failing_lines(rule, breaks=False) == []
    critical = FORM.suite.rules[rule].severity == "critical"
    assert (gate.judgements[rule, True].verdict == "refused") == critical


def test_a_file_for_another_city_is_refused_wherever_the_city_is_named(gate: Trial) -> None:
    for name, city in {
        "a title names another": "邻市",
        "a sheet names another": "邻市",
        "the file names another": "邻市",
        "a label names an unknown one": "外星市",
    }.items():
        judgement = gate.judgements[name, True]
        reasons = gate.office.ask(
            "select rule_code, reason_zh from gate.failing_row where gate_run_id = %s and severity = 'critical'",
            judgement.gate_run_id,
        )
        assert judgement.verdict == "refused", name
        assert [rule for rule, _ in reasons] == ["file_for_city"], name
        assert f"是{city}的评估，不是某市的" in reasons[0][1]


def test_a_file_is_ours_by_its_title_its_label_or_a_code_of_ours(gate: Trial) -> None:
    for name in ("a label names ours", "a title names ours", "a code of ours is named"):
        assert gate.judgements[name, True].verdict == "accepted", name
    assert gate.judgements["only 城区 is named", True].verdict == "refused"


def test_a_value_is_kept_with_its_definition_method_and_source_in_the_indicator_s_unit(gate: Trial) -> None:
    kept = gate.office.ask(
        "select sender_text, system, year, indicator_code, area_code, period, period_end, value, unit, state,"
        " definition_text, method_text, source_text, remarks_text, verdict, marked, cell"
        " from gate.current_third_party_value where gate_run_id = %s and line_no = 1",
        gate.judgements["unit_convertible", False].gate_run_id,
    )
    assert kept == [
        (
            SENDER, "mohurd", 2021, "ECO01", "100000", "2020", date(2020, 12, 31), 45.6, "%", "value",
            "公园绿地面积占建成区面积的比例", "遥感解译", "高分二号影像", None, "accepted", False, "F2",
        )
    ]  # fmt: skip


def test_tables_with_codes_and_tables_with_names_are_read_from_one_workbook(gate: Trial) -> None:
    kept = gate.office.ask(
        "select indicator_code, area_code, period, value, sheet, cell from gate.third_party_value"
        " where gate_run_id = %s order by line_no",
        gate.judgements["codes on one sheet, names on another", True].gate_run_id,
    )
    assert kept == [
        ("ECO01", "100000", "2020", 45.6, "一", "B2"),
        ("ECO02", "100000", "2020", 1.5, "二", "B2"),
    ]


def test_a_workbook_without_a_table_of_values_is_refused_with_the_columns_that_it_needs(gate: Trial) -> None:
    ((rule, reason),) = gate.office.ask(
        "select rule_code, reason_zh from gate.failing_row where gate_run_id = %s",
        gate.judgements["no table", True].gate_run_id,
    )
    assert rule == "file_readable" and "指标名称" in reason and "数值" in reason


def test_more_than_two_hundred_bad_rows_in_one_file_are_all_found(gate: Trial) -> None:
    judgement = gate.judgements["many bad rows", True]
    assert (judgement.rows_in, judgement.rows_refused, judgement.rows_accepted) == (251, 250, 1)


def test_rows_in_are_the_accepted_and_the_refused_in_every_batch(gate: Trial) -> None:
    gate.assert_rows_add_up()


def test_every_reason_and_advice_is_filled_in(gate: Trial) -> None:
    gate.assert_every_text_is_filled_in()


def test_batches_judged_together_get_the_judgement_that_each_gets_alone(
    gate: Trial, warehouse: Warehouse, city: Catalogue, tmp_path: Path
) -> None:
    names = ("city_ours", "duplicate_different", "file_for_city", "sender_named", "hard_range")
    gate.assert_judged_alone_as_together(Office(warehouse, city, tmp_path), names)
