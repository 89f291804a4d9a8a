"""Publishing a period: documents made of the marts' rows, put into the outbox once, recorded with their sha256."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import docx
import openpyxl
import pytest
from cities import Decision, File, Line, Meeting, Report, Task, hand_in, settle_jincheng

from cityhealth.campaigns import NoSuchPeriod, reporting_period
from cityhealth.catalogue import load_campaigns
from cityhealth.hashing import sha256_hex
from cityhealth.reports.publish import Document, publish
from cityhealth.reports.reading import NoSummary, read_summary
from cityhealth.settings import Settings
from cityhealth.transform.editions import summarise
from cityhealth.warehouse.connections import Warehouse

FIRST, SECOND, THIRD = "2021-05-20", "2021-06-05", "2021-06-20"
TEXT = ("开展数据采集", "已完成一半", "核对口径", "组团边界没有确定，口径不一致", "完成核对")


@dataclass(frozen=True)
class City:
    settings: Settings
    warehouse: Warehouse

    def summarise(self, key: str) -> None:
        period = reporting_period(key, load_campaigns(self.settings.seed_dir))
        summarise(self.warehouse, self.settings, period)

    def publish(self, key: str) -> dict[str, Document]:
        return {document.kind: document for document in publish(self.warehouse, self.settings, key)}

    def recorded(self, key: str, kind: str) -> list[tuple]:
        """Renderings of a document, oldest first."""
        with self.warehouse.connect("reader") as connection:
            return connection.execute(
                "select edition, path, sha256, size_bytes, rendered_at from period_document"
                " where period = %s and kind = %s order by rendered_at",
                (key, kind),
            ).fetchall()


@pytest.fixture(scope="module")
def city(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Two periods with reports and a meeting between; the second is published before the first has a summary."""
    root = tmp_path_factory.mktemp("city")
    settings = settle_jincheng(module_warehouse.settings, root)
    settings = replace(settings, outbox_url=str(root / "outbox"))
    hand_in(
        module_warehouse,
        Report("ecology", FIRST, "2021-05-20 10:00", [Task("B01", 10, *TEXT)]),
        Report("housing", FIRST, "2021-05-22 21:00", [Task("B01", 30, "开展核查", "已完成三成", "", "无", "汇总")]),
        Meeting("2021-05-25 10:00", [Decision(f"{FIRST}/B01/ecology", "assigned", "natural_resources", "2021-06-01")]),
        Report("ecology", SECOND, "2021-06-04 10:00", [Task("B01", 8, *TEXT)]),
        Report("housing", SECOND, "2021-06-05 17:59", [Task("B01", 45.25, "复核", "过半", "", "", "=1+1 {{ 汇总 }}")]),
        File("housing", [Line("new_residential_over_80m", "140500-BUA", 3)], day=1),
    )
    city = City(settings, module_warehouse)
    city.summarise(SECOND)
    yield city


def _text(document: Document) -> str:
    word = docx.Document(io.BytesIO(Path(document.path).read_bytes()))
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in word.paragraphs), *cells])


def test_a_period_without_summary_has_no_documents(city: City) -> None:
    with pytest.raises(NoSummary, match=r"2021年第3期.*semimonthly_summary"):
        city.publish(THIRD)


def test_a_key_that_is_no_due_date_is_refused(city: City) -> None:
    with pytest.raises(NoSuchPeriod, match="2021-06-05"):
        city.publish("2021-06-06")


def test_documents_stand_in_the_outbox_with_the_sha256_that_is_recorded(city: City) -> None:
    for kind, document in city.publish(SECOND).items():
        data = Path(document.path).read_bytes()
        assert (document.sha256, document.size_bytes) == (sha256_hex(data), len(data))
        assert city.recorded(SECOND, kind)[-1][:4] == (1, document.path, document.sha256, document.size_bytes)
        assert f"/outbox/summaries/{SECOND}/" in document.path


def test_publishing_again_leaves_files_and_records_as_they_are(city: City) -> None:
    before = {kind: (d, Path(d.path).stat().st_mtime_ns) for kind, d in city.publish(SECOND).items()}
    recorded = city.recorded(SECOND, "brief")
    again = city.publish(SECOND)
    assert {kind: (d, Path(d.path).stat().st_mtime_ns) for kind, d in again.items()} == before
    assert city.recorded(SECOND, "brief") == recorded


def test_several_publishers_of_one_period_leave_one_record(city: City) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: city.publish(SECOND)["brief"].sha256, range(4)))
    assert len(set(results)) == 1
    assert [row[2] for row in city.recorded(SECOND, "brief")].count(results[0]) == 1


def test_the_brief_says_what_the_marts_say(city: City) -> None:
    text = _text(city.publish(SECOND)["brief"])
    summary = read_summary(city.warehouse, city.settings, SECOND)
    owed, missing = len(summary.task_reports), sum(not report.reported for report in summary.task_reports)
    assert f"应报任务进展{owed}项，已报2项，未报{missing}项" in text
    assert "由10.0%到8.0%，下降2.0个百分点" in text and "未说明原因" in text
    assert "由30.0%到45.3%，提高15.3个百分点" in text
    assert "与上期文字相似度100.0%" in text
    assert "“组团边界没有确定，口径不一致”" in text
    assert "迟 2 天 3 小时" in text
    assert "=1+1 {{ 汇总 }}" in text
    assert "已交办1条（其中逾期1条）" in text
    assert "合成数据" not in text


def test_the_annex_holds_every_row_of_the_marts_with_its_lineage(city: City) -> None:
    annex = Path(city.publish(SECOND)["annex"].path).read_bytes()
    book = openpyxl.load_workbook(io.BytesIO(annex))
    with city.warehouse.connect("reader") as connection:
        for sheet, mart in (
            ("进展明细", "semimonthly_summary"),
            ("单位考核", "department_assessment"),
            ("历次报送", "report_timeliness"),
            ("工作任务进展", "work_block_progress"),
            ("难点问题清单", "difficulty_list"),
        ):
            count = connection.execute(f"select count(*) from {mart} where period = %s", (SECOND,)).fetchone()
            assert count is not None
            rows = [row for row in book[sheet].iter_rows(min_row=4, values_only=True) if row[0] is not None]
            assert len(rows) == count[0], sheet
    lines = {row[1]: row for row in book["进展明细"].iter_rows(min_row=4, values_only=True) if row[0] == "生态宜居"}
    assert lines["市住房和城乡建设局"][4:6] == (4, 45.25) and lines["市住房和城乡建设局"][22:24] == ("进展", "A5")
    assert lines["市统计局"][3:5] == ("未报", "—")


def test_the_period_after_is_rendered_again_when_the_one_before_comes_later(city: City) -> None:
    before = city.publish(SECOND)["brief"]
    assert "上期（5月20日）没有小结，不能区分新增" in _text(before)
    city.summarise(FIRST)
    first = _text(city.publish(FIRST)["brief"])
    assert "本期为首期，没有上期可比。" in first
    after = city.recorded(SECOND, "brief")
    assert len(after) == 2 and after[0][2] == before.sha256 and after[1][1] == before.path
    text = _text(city.publish(SECOND)["brief"])
    assert sha256_hex(Path(before.path).read_bytes()) == after[1][2]
    assert "没有小结" not in text and "与上期相比，新增或加重1项" in text


def test_a_rendering_that_comes_back_becomes_the_newest_record_again(city: City, tmp_path: Path) -> None:
    ours = city.publish(SECOND)["brief"]
    template = docx.Document()
    template.add_paragraph("{{ office }}第{{ issue }}期")
    template.save(tmp_path / "own.docx")
    environ = {**city.settings.environ, "CITYHEALTH_BRIEF_TEMPLATE": str(tmp_path / "own.docx")}
    restyled = replace(city, settings=replace(city.settings, environ=environ)).publish(SECOND)["brief"]
    assert _text(restyled) == "晋城市城市体检工作领导小组办公室第2期"
    assert city.recorded(SECOND, "brief")[-1][2] == restyled.sha256
    assert city.publish(SECOND)["brief"] == ours
    assert city.recorded(SECOND, "brief")[-1][2] == ours.sha256
