"""Self-checks in the marts: what counts of several reports, and which quoted figures contradict accepted values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cities import File, Line, hand_in, settle_jincheng

from city_office import Office
from cityhealth.catalogue import load
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.transform.dbt import Project
from cityhealth.warehouse.connections import Warehouse
from word_files import word

Ask = Callable[..., list[tuple[Any, ...]]]

COUNTIES = ("140502", "140521", "140522", "140524", "140525", "140581")
VALUES = (
    File(
        "housing",
        [
            Line("new_green_building_area", "140500-BUA", 82.58),
            Line("new_building_area", "140500-BUA", 100),
            Line("new_residential_over_80m", "140500-BUA", 3),
        ],
    ),
    File("natural_resources", [Line("built_up_area", "140500-BUA", 25.4)]),
    File("civil_affairs", [Line("wellness_beds", county, 1000 + 299.2 * n) for n, county in enumerate(COUNTIES)]),
    File("traffic_police", [Line("traffic_deaths", "140502", 9, verdict="refused", reason_zh="不符")]),
)
#: A sentence, and what becomes of the first figure in it.
SENTENCES = {
    "新建建筑中绿色建筑占比为82.6%。": ("agrees", None),
    "新建建筑中绿色建筑占比为82.5%。": ("agrees", None),  # cut, not rounded
    "新建建筑中绿色建筑占比为82.7%。": ("contradicts", 0.12),
    "新建建筑中绿色建筑占比达到百分之八十五。": ("contradicts", 2.42),
    "新建建筑中绿色建筑占比超过八成。": ("agrees", None),
    "新建建筑中绿色建筑占比超过85%。": ("contradicts", 2.42),
    "新建建筑中绿色建筑占比不足八成。": ("contradicts", -2.58),
    "新建建筑中绿色建筑占比约80%。": ("agrees", None),
    "新建建筑中绿色建筑占比约70%。": ("contradicts", -12.58),
    "2019年新建建筑中绿色建筑占比为70%。": ("not_compared", None),
    "新建建筑中绿色建筑占比较上年提高5.2个百分点。": ("not_compared", None),
    "力争新建建筑中绿色建筑占比达到100%。": ("not_compared", None),
    "建成区面积2540公顷。": ("agrees", None),
    "建成区面积为26.4平方公里。": ("contradicts", 1.0),
    "新建高度超过80米的住宅建筑数量为4栋。": ("contradicts", 1.0),
    "康养床位1.05万张。": ("agrees", None),  # asked of every county: their sum
    "康养床位总数为9800张。": ("contradicts", -688),
    "泽州县康养床位数为2197张。": ("agrees", None),
    "道路交通事故死亡人数为9人。": ("not_compared", None),
    "新建绿色建筑面积90万平方米，新建建筑面积100万平方米。": ("contradicts", 7.42),
}


def moment(day: int, hour: int = 9) -> datetime:
    return datetime(2021, 7, day, hour, tzinfo=CITY_TIMEZONE)


def report(status: str, problems: str = "无", dimension: str = "生态宜居") -> bytes:
    return word(
        "合成数据：由程序生成", f"一、{dimension}", "（一）现状简述", status, "（二）建设亮点", "建成一批工程。",
        "（三）存在问题", problems, "（四）改进措施", "到2025年新建建筑中绿色建筑占比达到100%。",
    )  # fmt: skip


@pytest.fixture(scope="module")
def ask(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    home: Path = tmp_path_factory.mktemp("home")
    settings = settle_jincheng(module_warehouse.settings, home / "project")
    catalogue = load(settings.seed_dir)
    office = Office(Warehouse(settings, module_warehouse.address), catalogue, home)
    hand_in(module_warehouse, *VALUES)

    def send(data: bytes, department: str, received_at: datetime, name: str = "自查报告.docx") -> str:
        return office.receive(data, name, department, "self_check", received_at, ())

    batches = [
        send(report("\n".join(SENTENCES)), "市住房和城乡建设局", moment(1)),
        send(report("先前的说法。"), "市规划和自然资源局", moment(1)),
        send(report("安全的说法。", dimension="安全韧性"), "市规划和自然资源局", moment(1, 10)),
        send(report("后来的说法。", "公园不足。"), "市规划和自然资源局", moment(2)),
        send(report("后来的说法。", "略"), "市外星局", moment(3)),
        send(report("截止以后的说法。"), "市规划和自然资源局", moment(20)),
    ]
    office.judge(*batches)
    project, as_of = Project(module_warehouse, settings), {"as_of": "2021-07-10T18:00:00+08:00"}
    marts = ["self_check", "self_check_figure", "self_check_contradiction"]
    upstream = ["build", "--select", *(f"+{mart}" for mart in marts)]
    project.run([*upstream, "--resource-type", "seed", "--resource-type", "model"], variables=as_of)
    found = project.run(["test", "--select", *marts, "int_self_check_figures_compared"], variables=as_of)
    statuses = {outcome.name: outcome.status for outcome in found if outcome.status != "pass"}
    assert statuses == {"quoted_figures_agree_with_accepted_values": "warn"}

    def rows(query: str, *values: object) -> list[tuple[Any, ...]]:
        with module_warehouse.connect("reader") as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]

    return rows


def test_each_quoted_figure_is_judged_by_its_digits_and_what_it_is_about(ask: Ask) -> None:
    found = ask(
        "select distinct on (sentence) sentence, judgement, case when judgement = 'contradicts' then difference end"
        " from self_check_figure where department_code = 'housing' and section = 'status'"
        " order by sentence, figure_key"
    )
    judged = {sentence: (judgement, difference) for sentence, judgement, difference in found}
    assert {sentence: judgement for sentence, (judgement, _) in judged.items()} == {
        sentence: judgement for sentence, (judgement, _) in SENTENCES.items()
    }
    for sentence, (_, difference) in SENTENCES.items():
        assert judged[sentence][1] == pytest.approx(difference), sentence


def test_contradictions_are_the_figures_that_contradict_with_both_values_and_the_place(ask: Ask) -> None:
    expected = {sentence for sentence, (judgement, _) in SENTENCES.items() if judgement == "contradicts"}
    rows = ask("select sentence, note_zh, sheet, cell, filename, section_zh, synthetic from self_check_contradiction")
    assert {row[0] for row in rows} == expected
    by_sentence = {row[0]: row[1:] for row in rows}
    note, sheet, cell, filename, section, synthetic = by_sentence["新建建筑中绿色建筑占比为82.7%。"]
    assert (note, sheet, filename, section, synthetic) == (
        "文中为「82.7%」，采用值为 82.58 %", "正文", "自查报告.docx", "现状简述", True,
    )  # fmt: skip
    assert cell == "第 4 段"


def test_what_is_not_compared_says_why(ask: Ask) -> None:
    notes: dict[str, str] = dict(
        ask("select sentence, note_zh from self_check_figure where judgement = 'not_compared' and section = 'status'")
    )
    assert notes["2019年新建建筑中绿色建筑占比为70%。"] == "文中的数是其他时间的数，不核对"
    assert notes["力争新建建筑中绿色建筑占比达到100%。"] == "文中的数是计划或目标，不核对"
    assert notes["道路交通事故死亡人数为9人。"].startswith("没有采用的数值")


def test_of_a_department_and_dimension_the_report_received_last_by_the_moment_counts(ask: Ask) -> None:
    rows = ask(
        "select dimension_code, status_text, problems_text, sections_present from self_check"
        " where department_code = 'natural_resources' order by 1"
    )
    assert rows == [("ECO", "后来的说法。", "公园不足。", 4), ("SAF", "安全的说法。", "无", 4)]


def test_a_refused_report_is_nobodys_word(ask: Ask) -> None:
    assert ask("select distinct department_zh from self_check order by 1") == [
        ("市住房和城乡建设局",),
        ("市规划和自然资源局",),
    ]
