"""The gate as a whole: what is kept, what is repeated, what happens when things go wrong."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from city_office import Office
from cityhealth.catalogue import Catalogue
from cityhealth.errors import CityHealthError
from cityhealth.hashing import sha256_hex
from cityhealth.quality import GateError, judge, store
from cityhealth.quality.items import DEPARTMENTAL
from cityhealth.warehouse.connections import Warehouse
from small_city import small_city

HEADER = "数据项代码,区域,统计期,数值,单位,数据来源,计算方式,原始数据"
GOOD = f"{HEADER}\nbuilt_up_area,某市,2020,45.6,平方公里,年鉴,实测,a.pdf\n".encode()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return small_city(tmp_path_factory.mktemp("city"))


@pytest.fixture
def office(warehouse: Warehouse, city: Catalogue, tmp_path: Path) -> Office:
    return Office(warehouse, city, tmp_path)


def test_all_lines_that_fail_a_rule_are_found_where_results_of_the_library_stop_at_200(office: Office) -> None:
    lines = "".join(f"built_up_area,区{n},2020,9999,平方公里,年鉴,实测,a.pdf\n" for n in range(1234))
    (judgement,) = office.judge(office.receive(f"{HEADER}\n{lines}".encode()))
    assert (judgement.rows_in, judgement.rows_refused) == (1234, 1234)
    counts = dict(
        office.ask("select rule_code, count(distinct line_no) from gate.failing_row where scope = 'row' group by 1")
    )
    assert counts["area_valid"] == counts["hard_range"] == 1234
    results = dict(office.ask("select rule_code, failing_count from gate.result"))
    assert results["area_valid"] == 1234


def test_judging_again_changes_nothing_and_a_new_suite_makes_a_new_run(office: Office) -> None:
    batch = office.receive(GOOD)
    (first,) = office.judge(batch)
    (again,) = office.judge(batch)
    assert (first.already, again.already, again.gate_run_id) == (False, True, first.gate_run_id)
    assert office.ask("select count(*) from gate.run") == [(1,)]
    suite = office.expectations / "departmental_row.yml"
    before = suite.read_text(encoding="utf-8")
    suite.write_text(before.replace("abs(value - round(value))", "abs(round(value) - value)"))
    (other,) = office.judge(batch)
    assert (other.already, other.verdict) == (False, first.verdict)
    assert other.gate_run_id != first.gate_run_id
    assert office.ask("select gate_run_id from gate.current_run") == [(other.gate_run_id,)]
    assert office.ask("select count(*) from gate.current_item_value") == [(1,)]
    suite.write_text(before)
    (back,) = office.judge(batch)
    assert (back.already, back.gate_run_id) == (True, first.gate_run_id)
    assert office.ask("select gate_run_id from gate.current_run") == [(first.gate_run_id,)]
    assert office.ask("select count(*) from gate.run") == [(2,)]
    assert (
        sha256_hex(Path(str(other.receipt_path)).read_bytes())
        == office.ask(f"select receipt_sha256 from gate.run where gate_run_id = '{first.gate_run_id}'")[0][0]
    )


def test_the_receipt_in_the_outbox_is_that_of_the_judgement_that_stands_also_of_one_that_stands_again(
    office: Office,
) -> None:
    batch = office.receive(GOOD)
    suite = office.expectations / "departmental_row.yml"
    before = suite.read_text(encoding="utf-8")
    verdicts = []
    for text in (before, before.replace("value < min_value", "value > min_value"), before):
        suite.write_text(text, encoding="utf-8")
        (judgement,) = office.judge(batch)
        verdicts.append(judgement.verdict)
        ((path, sha256),) = office.ask("select receipt_path, receipt_sha256 from gate.current_run")
        assert sha256_hex(Path(path).read_bytes()) == sha256
    assert verdicts == ["accepted", "refused", "accepted"]


def test_a_file_that_cannot_be_read_is_refused_with_its_reason_and_the_others_are_not_affected(office: Office) -> None:
    broken, good = office.receive(b"PK\x03\x04 half", "半个 文件.xlsx"), office.receive(GOOD)
    refused, accepted = office.judge(broken, good)
    assert (refused.verdict, refused.rows_in) == ("refused", 0)
    assert accepted.rows_accepted == 1
    ((code, severity, reason, advice),) = office.ask(
        "select rule_code, severity, reason_zh, advice_zh from gate.failing_row"
        f" where gate_run_id = '{refused.gate_run_id}'"
    )
    assert (code, severity) == ("file_readable", "critical")
    assert "已损坏" in reason and advice
    book = openpyxl.load_workbook(io.BytesIO(Path(str(refused.receipt_path)).read_bytes()))
    assert book.sheetnames == ["回执"]


def test_the_receipt_stands_in_the_outbox_with_the_hash_that_the_run_keeps(office: Office) -> None:
    (judgement,) = office.judge(office.receive(GOOD, '带 空格"引号"\n换行.csv'))
    ((path, sha256),) = office.ask("select receipt_path, receipt_sha256 from gate.run")
    assert path == judgement.receipt_path
    assert Path(path).relative_to(office.home).parts[:4] == ("outbox", "receipts", "departmental", "2021-05-20")
    assert sha256_hex(Path(path).read_bytes()) == sha256


def test_work_tables_are_dropped_also_those_of_a_gate_that_died_but_not_those_of_one_that_lives(office: Office) -> None:
    batch = office.receive(GOOD)
    with store.work_table(office.warehouse, "of_another_gate", DEPARTMENTAL):
        with office.warehouse.connect("loader") as connection:
            connection.execute("create unlogged table gate_work.departmental_row_dead (line_no bigint)")
        office.judge(batch)
        left = office.ask("select tablename from pg_tables where schemaname = 'gate_work'")
        assert left == [("of_another_gate",)]
    assert office.ask("select tablename from pg_tables where schemaname = 'gate_work'") == []


def test_a_batch_that_is_not_there_fails_after_the_others_are_judged(office: Office) -> None:
    batch = office.receive(GOOD)
    with pytest.raises(GateError, match="there is no batch nowhere"):
        office.judge("nowhere", batch)
    assert office.ask("select batch_id, verdict from gate.run") == [(batch, "accepted")]


def test_a_database_that_goes_away_in_mid_gate_is_told_as_such_and_a_retry_judges_each_batch_once(
    office: Office,
) -> None:
    batches = [office.receive(GOOD, f"{n}.csv") for n in range(3)]

    def cut(message: str) -> None:
        with office.warehouse.connect("admin", autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'loader'")

    outbox = str(office.home / "outbox")
    with pytest.raises(CityHealthError):
        judge(office.warehouse, batches, lambda day: office.city, office.expectations, office.landing, outbox, cut)
    office.judge(*batches)
    assert sorted(office.ask("select batch_id, count(*) from gate.run group by 1")) == sorted((b, 1) for b in batches)
    assert office.ask("select count(*) from pg_tables where schemaname = 'gate_work'") == [(0,)]


def test_a_reason_that_stops_many_batches_is_told_once(office: Office) -> None:
    suite = office.expectations / "departmental_row.yml"
    suite.write_text(suite.read_text(encoding="utf-8").replace("value < min_value", "value < no_such_column"))
    batches = [office.receive(GOOD, f"{n}.csv") for n in range(5)]
    with pytest.raises(GateError, match=r"5 of 5 batches .* and 2 more: rule") as told:
        office.judge(*batches)
    assert told.value.message.count("no_such_column") == 1


def test_a_rule_that_cannot_be_asked_judges_nothing(office: Office) -> None:
    suite = office.expectations / "departmental_row.yml"
    suite.write_text(suite.read_text(encoding="utf-8").replace("value < min_value", "value < no_such_column"))
    with pytest.raises(GateError, match=r"departmental_row\.hard_range could not be evaluated"):
        office.judge(office.receive(GOOD))
    assert office.ask("select count(*) from gate.run") == [(0,)]
    assert office.ask("select count(*) from pg_tables where schemaname = 'gate_work'") == [(0,)]


def test_a_value_that_is_kept_can_be_followed_to_its_cell(office: Office) -> None:
    office.judge(office.receive(GOOD.replace("45.6,平方公里".encode(), "４５６０,公顷".encode()), "源.csv"))
    ((value, unit, value_text, unit_text, sheet, cell, source_kind, sha256),) = office.ask(
        "select value, unit, value_text, unit_text, sheet, cell, source_kind, sha256 from gate.current_item_value"
    )
    assert (value, unit, value_text, unit_text) == (45.6, "平方公里", "４５６０", "公顷")
    assert (sheet, cell, source_kind, len(sha256)) == ("源", "D2", "departmental", 64)


def test_the_cell_that_is_at_fault_is_named_and_coloured_not_always_the_values(office: Office) -> None:
    lines = (
        "built_up_area,别处,2020,45.6,平方公里,年鉴,实测,a.pdf\n"  # row 2: the area
        "built_up_area,某市,1999,45.6,平方公里,年鉴,实测,a.pdf\n"  # row 3: the period
        "built_up_area,某市,2020,45.6,公斤,年鉴,实测,a.pdf\n"  # row 4: the unit
        "built_up_area,某市,2020,45.6公斤,,年鉴,实测,a.pdf\n"  # row 5: the unit beside the number
        "no_such_item,某市,2020,45.6,平方公里,年鉴,实测,a.pdf\n"  # row 6: the item
    )
    (judgement,) = office.judge(office.receive(f"{HEADER}\n{lines}".encode()))
    faults = set(office.ask("select rule_code, cell from gate.failing_row where severity = 'critical'"))
    assert {
        ("area_valid", "B2"),
        ("period_allowed", "C3"),
        ("unit_convertible", "E4"),
        ("unit_convertible", "D5"),
        ("item_known", "A6"),
    } <= faults
    book = openpyxl.load_workbook(io.BytesIO(Path(str(judgement.receipt_path)).read_bytes()))
    copy = book.worksheets[1]
    commented = {cell.coordinate for row in copy.iter_rows() for cell in row if cell.comment}
    assert {"B2", "C3", "E4", "D5", "A6"} <= commented
