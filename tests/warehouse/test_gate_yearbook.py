"""Every rule of the suite for foreign tables, on raw cells as the feed stores them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cityhealth.catalogue import Catalogue
from cityhealth.landing import LandingZone
from cityhealth.quality import Judgement, judge
from cityhealth.quality.items import YEARBOOK
from cityhealth.quality.suites import load_suite
from cityhealth.settings import PROJECT_ROOT
from cityhealth.warehouse.connections import Warehouse
from gate_lines import RECEIVED
from small_city import small_city

SUITE = PROJECT_ROOT / "expectations" / "yearbook_cell.yml"
Cell = tuple[str, str, str, str, str, bool]  # item, area, period, value, unit, missing

#: One table; what each cell breaks.
CELLS: tuple[tuple[Cell, set[str]], ...] = (
    (("households", "东区", "2020", "1234", "户", False), set()),
    (("households", "东区", "2019", "…", "户", True), set()),
    (("stars", "东区", "2020", "7", "颗", False), {"item_known"}),
    (("households", "东区", "2018", "x1", "户", False), {"value_readable"}),
    (("households", "东区", "2017", "5", "公顷", False), {"unit_convertible"}),
    (("households", "火星", "2016", "5", "户", False), {"area_valid"}),
    (("households", "东区", "去年", "5", "户", False), {"period_readable"}),
    (("households", "东区", "2021", "5", "户", False), {"period_past"}),
    (("households", "东区", "2015", "-5", "户", False), {"hard_range"}),
    (("households", "东区", "2014", "5.5", "户", False), {"integer"}),
    (("households", "西县", "2013", "5", "户", False), {"duplicate_different"}),
    (("households", "西县", "2013", "6", "户", False), {"duplicate_different"}),
    (("households", "西县", "2012", "5", "户", False), {"duplicate_same"}),
    (("households", "西县", "2012", "5", "户", False), {"duplicate_same"}),
    (("built_up_area", "某市", "2011", "5", "平方公里", False), {"plausible_range"}),
    (("park_area", "某市", "2011", "501", "公顷", False), {"part_within_whole"}),
    (("park_area", "某市", "2010", "501", "公顷", False), set()),
)
CLEAN: Cell = CELLS[0][0]
BLANK: Cell = CELLS[1][0]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return small_city(tmp_path_factory.mktemp("city"))


def judged(
    warehouse: Warehouse, city: Catalogue, home: Path, cells: list[Cell], department: str | None = None
) -> Judgement:
    """Store ``cells`` as a batch, as the feed would, and judge it."""
    landing = LandingZone(str(home / "landing"))
    arrival = landing.land(
        b"table", feed="yearbook", filename="年鉴.csv", received_at=RECEIVED, department_text=department
    )
    with warehouse.connect("loader") as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into raw.arrival (arrival_id, feed, department_text, filename, sha256, size_bytes, received_at)"
            " values (%s, 'yearbook', %s, '年鉴.csv', %s, 5, %s)",
            (arrival.arrival_id, department, arrival.sha256, arrival.received_at),
        )
        cursor.execute(
            "insert into raw.batch (batch_id, arrival_id, feed, raw_table, rows_read)"
            " values ('batch', %s, 'yearbook', 'yearbook_cell', %s)",
            (arrival.arrival_id, len(cells)),
        )
        cursor.executemany(
            "insert into raw.yearbook_cell (batch_id, line_no, sheet, cell, layout, item_text, area_text, period_text,"
            " value_text, unit_text, missing) values ('batch', %s, '表', %s, 'layout', %s, %s, %s, %s, %s, %s)",
            [(number, f"B{number}", *cell) for number, cell in enumerate(cells, start=1)],
        )
    (judgement,) = judge(warehouse, ["batch"], lambda day: city, SUITE.parent, landing, str(home / "outbox"))
    return judgement


def broken_rules(warehouse: Warehouse) -> dict[int | None, set[str]]:
    with warehouse.connect("loader") as connection:
        rows = connection.execute(
            "select line_no, array_agg(rule_code) from gate.failing_row group by line_no"
        ).fetchall()
    return {line: set(rules) for line, rules in rows}


def test_each_cell_breaks_just_the_rule_it_is_meant_to(warehouse: Warehouse, city: Catalogue, tmp_path: Path) -> None:
    judgement = judged(warehouse, city, tmp_path, [cell for cell, _ in CELLS])
    assert broken_rules(warehouse) == {n: rules for n, (_, rules) in enumerate(CELLS, start=1) if rules}
    assert (judgement.rows_in, judgement.rows_blank) == (len(CELLS) - 1, 1)
    assert judgement.rows_in == judgement.rows_accepted + judgement.rows_refused
    tried = set().union(*(rules for _, rules in CELLS)) | {"department_known", "any_value"}
    assert tried == set(load_suite(SUITE, YEARBOOK).rules)


@pytest.mark.parametrize(
    ("department", "owner", "verdict"),
    [(None, "statistics", "accepted"), ("统计局", "statistics", "accepted"), ("外星局", "statistics", "refused")],
)
def test_a_table_belongs_to_whom_it_is_said_to_come_from_else_to_the_owner_of_the_item(
    warehouse: Warehouse, city: Catalogue, tmp_path: Path, department: str | None, owner: str, verdict: str
) -> None:
    assert judged(warehouse, city, tmp_path, [CLEAN], department).verdict == verdict
    with warehouse.connect("loader") as connection:
        assert connection.execute("select department_code, source_kind from gate.item_value").fetchall() == [
            (owner, "yearbook")
        ]
    assert ("department_known" in broken_rules(warehouse).get(None, set())) == (verdict == "refused")


def test_a_table_of_blanks_has_no_value(warehouse: Warehouse, city: Catalogue, tmp_path: Path) -> None:
    assert judged(warehouse, city, tmp_path, [BLANK]).verdict == "refused"
    assert broken_rules(warehouse) == {None: {"any_value"}}
