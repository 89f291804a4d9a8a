"""Every rule by a batch that breaks it and one that does not, through files, raw rows and the database."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.feeds.departmental import DepartmentalFeed
from cityhealth.feeds.pipeline import load_arrival
from cityhealth.landing import LandingZone
from cityhealth.quality import Judgement, judge
from cityhealth.quality.items import DEPARTMENTAL
from cityhealth.quality.suites import load_suite
from cityhealth.settings import PROJECT_ROOT
from cityhealth.warehouse.connections import Warehouse
from gate_lines import GOOD, RECEIVED
from small_city import small_city

EXPECTATIONS = PROJECT_ROOT / "expectations"
HEADERS = {
    "item_text": "数据项代码",
    "area_text": "区域",
    "period_text": "统计期",
    "value_text": "数值",
    "unit_text": "单位",
    "state_text": "状态",
    "source_text": "数据来源",
    "method_text": "计算方式",
    "remarks_text": "情况说明",
    "attachment_text": "原始数据",
}


@dataclass(frozen=True)
class Case:
    """Lines (``GOOD`` with changes) of a department, and the numbers of those that must fail."""

    lines: tuple[Mapping[str, Any], ...]
    failing: tuple[int, ...] = ()
    department: str = "planning"


PARK = {"item_text": "park_area", "value_text": "1140", "unit_text": "公顷"}
SHARE = {"item_text": "park_share", "value_text": "25", "unit_text": "%"}
PEOPLE = {"item_text": "population", "area_text": "东区", "value_text": "5", "unit_text": "人"}
NOTHING = {"value_text": ""}

#: rule → (what breaks it, what comes near and does not).
ROW_RULES: dict[str, tuple[Case, Case]] = {
    "item_known": (Case(({}, {"item_text": "星星数量"}), (2,)), Case(({}, {"item_text": "星星", "value_text": "—"}))),
    "item_owned": (Case(({}, PEOPLE), (2,)), Case((PEOPLE,), department="统计局")),
    "value_readable": (
        Case(({}, PARK | {"value_text": "很多"}), (2,)),
        Case((PARK | {"value_text": "１，１４０公顷"},)),
    ),
    "state_consistent": (Case((PARK | {"state_text": "不适用"},), (1,)), Case((NOTHING | {"state_text": "不适用"},))),
    "unit_convertible": (
        Case((PARK | {"unit_text": "人"},), (1,)),
        Case((PARK | {"unit_text": "平方公里", "value_text": "11"},)),
    ),
    "area_valid": (Case(({"area_text": "火星"},), (1,)), Case(({"area_text": ""},))),
    "area_in_scope": (Case(({"area_text": "东区"},), (1,)), Case((PEOPLE,), department="statistics")),
    "period_readable": (Case(({"period_text": "去年"},), (1,)), Case(({"period_text": "２０２０年度"},))),
    "period_allowed": (
        Case(({"period_text": "2019"},), (1,)),
        Case((PEOPLE | {"period_text": "2019"},), department="statistics"),
    ),
    "hard_range": (
        Case(({"value_text": "1001"}, PARK | {"value_text": "-1"}), (1, 2)),
        Case(({"value_text": "1000"},)),
    ),
    "integer": (
        Case((PEOPLE | {"value_text": "5.5"},), (1,), "statistics"),
        Case((PEOPLE | {"value_text": "5.5万"},), (), "statistics"),
    ),
    "duplicate_different": (Case(({}, {"value_text": "46"}, PARK), (1, 2)), Case(({}, {}))),
    "duplicate_same": (Case(({}, {"value_text": "4560公顷"}), (1, 2)), Case(({}, NOTHING))),
    "part_within_whole": (Case(({}, PARK | {"value_text": "4561"}), (2,)), Case(({}, PARK | {"value_text": "4560"}))),
    "plausible_range": (Case(({"value_text": "201"},), (1,)), Case(({"value_text": "200"},))),
    "ratio_reproducible": (
        Case(({}, PARK, SHARE | {"value_text": "25.2"}), (3,)),
        Case(({}, PARK, SHARE | {"value_text": "25.1"})),
    ),
    "percent_not_ratio": (
        Case(({}, SHARE | {"value_text": "0.25"}), (2,)),
        Case((SHARE, SHARE | {"value_text": "0.9%"}, SHARE | {"value_text": "0"})),
    ),
    "not_applicable_explained": (
        Case((NOTHING | {"state_text": "不适用"}, NOTHING | {"value_text": "不适用"}, PARK), (1, 2)),
        Case((NOTHING | {"state_text": "不适用", "remarks_text": "本市没有建成区"}, NOTHING)),
    ),
    "source_and_method": (Case(({"source_text": ""}, PARK | {"method_text": "—"}), (1, 2)), Case(({}, PARK))),
    "evidence_attached": (
        Case(({"attachment_text": "没有.pdf"}, PARK | {"attachment_text": ""}), (1, 2)),
        Case(({}, PARK)),
    ),
}
BATCH_RULES: dict[str, tuple[Case, Case]] = {
    "department_known": (Case(({},), department="市外星局"), Case(({},), department="市规自局")),
    "any_value": (Case((NOTHING, NOTHING)), Case((NOTHING, NOTHING | {"state_text": "不适用"}))),
    "duty_complete": (
        Case(({}, PARK)),
        Case(({}, PARK, SHARE, PARK | {"item_text": "green_area"})),
    ),
}


def csv_of(case: Case) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADERS.values())
    writer.writerows([str((GOOD | line).get(field, "")) for field in HEADERS] for line in case.lines)
    return text.getvalue().encode()


@dataclass(frozen=True)
class Gate:
    """Everything judged: the judgement of each case, and the warehouse to look into."""

    warehouse: Warehouse
    judgements: Mapping[tuple[str, bool], Judgement]

    def failing_lines(self, rule: str, breaks: bool) -> list[int | None]:
        run = self.judgements[rule, breaks].gate_run_id
        with self.warehouse.connect("loader") as connection:
            rows = connection.execute(
                "select line_no from gate.failing_row where gate_run_id = %s and rule_code = %s order by line_no",
                (run, rule),
            ).fetchall()
        return [row[0] for row in rows]

    def values(self, rule: str, breaks: bool) -> dict[int, tuple[str, bool]]:
        run = self.judgements[rule, breaks].gate_run_id
        with self.warehouse.connect("loader") as connection:
            rows = connection.execute(
                "select line_no, verdict, marked from gate.item_value where gate_run_id = %s", (run,)
            ).fetchall()
        return {line: (verdict, marked) for line, verdict, marked in rows}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return small_city(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def gate(module_warehouse: Warehouse, city: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    home = tmp_path_factory.mktemp("home")
    landing, feed = LandingZone(str(home / "landing")), DepartmentalFeed()
    batches = {}
    for number, (rule, pair) in enumerate((ROW_RULES | BATCH_RULES).items()):
        for breaks, case in zip((True, False), pair, strict=True):
            arrival = landing.land(
                csv_of(case), feed="departmental", filename=f"{rule}_{breaks}.csv", department_text=case.department,
                received_at=RECEIVED + timedelta(minutes=number), attachments=[("原始数据.pdf", b"%PDF")],
            )  # fmt: skip
            batches[rule, breaks] = load_arrival(module_warehouse, landing, feed, arrival).batch_id
    judged = judge(
        module_warehouse, list(batches.values()), lambda day: city, EXPECTATIONS, landing, str(home / "outbox")
    )
    yield Gate(module_warehouse, dict(zip(batches, judged, strict=True)))


def test_every_rule_has_a_case() -> None:
    suite = load_suite(EXPECTATIONS / "departmental_row.yml", DEPARTMENTAL)
    assert {code for code, rule in suite.rules.items() if rule.scope == "row"} == set(ROW_RULES)
    assert {code for code, rule in suite.rules.items() if rule.scope == "batch"} == set(BATCH_RULES)


@pytest.mark.parametrize("rule", ROW_RULES)
def test_a_row_rule_finds_just_the_lines_that_break_it(gate: Gate, rule: str) -> None:
    assert gate.failing_lines(rule, breaks=True) == list(ROW_RULES[rule][0].failing)
    assert gate.failing_lines(rule, breaks=False) == []


@pytest.mark.parametrize("rule", ROW_RULES)
def test_a_line_that_breaks_a_critical_rule_is_refused_and_a_warning_lets_it_through_marked(
    gate: Gate, rule: str
) -> None:
    severity = load_suite(EXPECTATIONS / "departmental_row.yml", DEPARTMENTAL).rules[rule].severity
    expected = ("refused", False) if severity == "critical" else ("accepted", True)
    values = gate.values(rule, breaks=True)
    assert {values[line] for line in ROW_RULES[rule][0].failing} == {expected}
    others = set(values) - set(ROW_RULES[rule][0].failing)
    assert {values[line][0] for line in others} <= {"accepted"}


def test_a_batch_of_an_unknown_department_or_without_a_value_is_refused_as_a_whole(gate: Gate) -> None:
    assert gate.failing_lines("department_known", breaks=True) == [None]
    assert gate.values("department_known", breaks=True) == {1: ("refused", False)}
    assert gate.judgements["department_known", False].verdict == "accepted"
    assert gate.failing_lines("any_value", breaks=True) == [None]
    assert gate.judgements["any_value", True].verdict == "refused"
    assert gate.values("any_value", breaks=True) == {1: ("blank", False), 2: ("blank", False)}
    assert gate.judgements["any_value", False].verdict == "accepted"


def test_what_the_duty_list_lacks_is_listed_item_by_item_and_refuses_nothing(gate: Gate) -> None:
    assert gate.failing_lines("duty_complete", breaks=True) == [None, None]
    assert gate.judgements["duty_complete", True].verdict == "accepted"
    assert gate.failing_lines("duty_complete", breaks=False) == []


def test_rows_in_are_the_accepted_and_the_refused_in_every_batch(gate: Gate) -> None:
    with gate.warehouse.connect("loader") as connection:
        rows = connection.execute(
            "select run.rows_in, run.rows_accepted, run.rows_refused, run.rows_blank, batch.rows_read,"
            " count(*) filter (where value.verdict = 'accepted'), count(*) filter (where value.verdict = 'refused'),"
            " count(value.line_no)"
            " from gate.run join raw.batch using (batch_id) left join gate.item_value as value using (gate_run_id)"
            " group by run.gate_run_id, batch.batch_id"
        ).fetchall()
    assert len(rows) == 2 * len(ROW_RULES | BATCH_RULES)
    for rows_in, accepted, refused, blank, read, kept_accepted, kept_refused, kept in rows:
        assert rows_in == accepted + refused
        assert (kept_accepted, kept_refused, kept) == (accepted, refused, rows_in + blank)
        assert read == rows_in + blank


def test_every_reason_and_advice_is_filled_in(gate: Gate) -> None:
    with gate.warehouse.connect("loader") as connection:
        texts = connection.execute("select distinct rule_code, reason_zh || advice_zh from gate.failing_row").fetchall()
    assert {code for code, _ in texts} == set(ROW_RULES | BATCH_RULES)
    for code, text in texts:
        assert "{" not in text and "None" not in text and "nan" not in text and "「」" not in text, (code, text)


def test_the_result_of_every_rule_is_kept_for_every_run(gate: Gate) -> None:
    with gate.warehouse.connect("loader") as connection:
        counted = connection.execute(
            "select gate_run_id, count(*), count(*) filter (where success <> (failing_count = 0))"
            " from gate.result group by 1"
        ).fetchall()
    assert {(rules, wrong) for _, rules, wrong in counted} == {(len(ROW_RULES | BATCH_RULES), 0)}
