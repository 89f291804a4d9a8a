"""The city's report from the marts: every tag leads to the value that stands there; versions, states, sign-offs."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import docx
import psycopg
import pytest
from docx.oxml.ns import qn
from lxml import etree

from cityhealth.catalogue import load
from cityhealth.feeds.pipeline import collect
from cityhealth.hashing import sha256_hex
from cityhealth.landing import LandingZone
from cityhealth.reports.examination.publish import NoSuchReport, NotToBeSigned, Report, publish_report, sign_report
from cityhealth.reports.examination.reading import NoExamination
from cityhealth.reports.examination.tags import UnknownTag, key_of, resolve
from cityhealth.reports.examination.word import TAGS_NAMESPACE
from cityhealth.sample_city import generate, land_all
from cityhealth.sample_city.peers import generate_peers
from cityhealth.sample_city.self_check import generate_self_check
from cityhealth.sample_city.survey import generate_survey
from cityhealth.sample_city.third_party import generate_third_party
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.transform import build
from cityhealth.warehouse.connections import Warehouse

YEAR = 2021
SIGNED_AT = datetime(2021, 9, 20, 10, 0, tzinfo=CITY_TIMEZONE)


@dataclass(frozen=True)
class City:
    settings: Settings
    warehouse: Warehouse
    first: Report

    def publish(self) -> Report:
        return publish_report(self.warehouse, self.settings, YEAR)

    def sign(self, state: str, by: str = "张三", **facts: object) -> Report:
        return sign_report(self.warehouse, self.settings, YEAR, state, by, **facts)  # type: ignore[arg-type]

    def change_a_value(self) -> None:
        with self.warehouse.connect("transformer") as connection:
            connection.execute("update marts.indicator_scorecard set value = value + 1 where code = 'ECO01'")

    def rows(self, query: str) -> list[tuple]:
        with self.warehouse.connect("reader") as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def city(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The sample city with a survey, a third party, peers and self-checks, built once."""
    root = tmp_path_factory.mktemp("city")
    warehouse = module_warehouse
    settings = replace(warehouse.settings, landing_url=str(root / "landing"), outbox_url=str(root / "outbox"))
    with pytest.raises(NoExamination, match="cityhealth build"):
        publish_report(warehouse, settings, YEAR)
    catalogue = load(settings.seed_dir)
    files = [generate(catalogue), generate_survey(catalogue), generate_third_party(catalogue)]
    files += [generate_peers(catalogue), generate_self_check(catalogue)]
    land_all([file for part in files for file in part], LandingZone(settings.landing_url))
    collect(settings, warehouse, until=datetime.now(CITY_TIMEZONE))
    build(warehouse, settings)
    yield City(settings, warehouse, publish_report(warehouse, settings, YEAR))


def _text(path: str) -> str:
    body = docx.Document(io.BytesIO(Path(path).read_bytes())).element.body
    return "\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in body.iter(qn("w:p")))


def _listed(path: str) -> etree._Element:
    with zipfile.ZipFile(path) as package:
        return etree.fromstring(package.read("customXml/item1.xml"))


def _placed(path: str) -> Iterator[tuple[str, str]]:
    """Key and text of every number in a control and of every value in a picture."""
    listed = _listed(path)
    keys = {e.get("name"): e.get("key") for e in listed.iter(f"{{{TAGS_NAMESPACE}}}tag")}
    for control in docx.Document(path).element.body.iter(qn("w:sdt")):
        tag = control.find(f"{qn('w:sdtPr')}/{qn('w:tag')}").get(qn("w:val"))
        if tag in keys:
            yield keys[tag], "".join(t.text or "" for t in control.iter(qn("w:t")))
    for value in listed.iter(f"{{{TAGS_NAMESPACE}}}value"):
        yield value.get("key"), value.get("text")


def test_every_tag_leads_to_the_value_that_stands_in_the_document(city: City) -> None:
    placed = dict.fromkeys(_placed(city.first.path))
    assert len(placed) > 800
    with city.warehouse.connect("reader") as connection:
        connection.execute("select set_config('TimeZone', %s, false)", (CITY_TIMEZONE.key,))
        wrong = [(key, text, found) for key, text in placed if (found := resolve(connection, key_of(key))) != text]
        assert wrong == []
        marts = {key_of(key).mart for key, _ in placed}
        assert {"indicator_scorecard", "satisfaction_index", "third_party_comparison", "examination_report"} <= marts
        assert {"self_check_contradiction", "indicator_comparison", "weighting_sensitivity"} <= marts
        for key in ("indicator_scorecard?code=NONE#value:f", "indicator_scorecard?year=2021#value:f"):
            with pytest.raises(UnknownTag):
                resolve(connection, key_of(key))


def test_the_record_is_of_the_file_in_the_outbox(city: City) -> None:
    data = Path(city.first.path).read_bytes()
    recorded = city.rows(
        "select state, state_zh, path, sha256, size_bytes from examination_report where version = 1 and year = 2021"
    )
    assert recorded == [("draft", "草稿", city.first.path, sha256_hex(data), len(data))]
    assert "草稿　第1版" in _text(city.first.path)
    assert re.search(r"/examinations/2021/城市自体检报告_2021年_第1版_草稿\.docx$", city.first.path)


def test_equal_content_makes_no_new_version_and_a_lost_file_comes_back(city: City) -> None:
    before = Path(city.first.path).read_bytes()
    Path(city.first.path).unlink()
    again = city.publish()
    assert (again.version, again.new, again.sha256) == (1, False, city.first.sha256)
    assert Path(city.first.path).read_bytes() == before


def test_from_draft_to_submission_with_new_data_in_between(city: City) -> None:
    with pytest.raises(NotToBeSigned, match="下一步是专家论证"):
        city.sign("submitted")
    with pytest.raises(NotToBeSigned, match="没有写明审签人"):
        city.sign("expert_review", by=" ")
    with pytest.raises(NoSuchReport, match="没有第7版"):
        city.sign("expert_review", version=7)
    with pytest.raises(NotToBeSigned, match=r"早于.*第1版所据数据的截止日期"):
        city.sign("expert_review", signed_at=datetime(2020, 1, 1, tzinfo=CITY_TIMEZONE))
    with pytest.raises(NotToBeSigned, match="晚于现在"):
        city.sign("expert_review", signed_at=datetime.now(CITY_TIMEZONE) + timedelta(days=1))
    reviewed = city.sign("expert_review", note="补充说明", signed_at=SIGNED_AT)
    assert "2021年9月20日　专家论证　张三，意见：补充说明" in _text(reviewed.path)
    assert Path(city.first.path).exists() and reviewed.path != city.first.path
    # What was signed is the latest and says what the marts say: no new version of it.
    assert (city.publish().version, city.publish().state) == (1, "expert_review")

    city.change_a_value()
    second = city.publish()
    assert (second.version, second.state, second.new) == (2, "draft", True)
    with pytest.raises(NotToBeSigned, match="早于上一次审签（专家论证，2021年9月20日）"):
        city.sign("submitted", version=1, signed_at=SIGNED_AT - timedelta(days=1))
    submitted = city.sign("submitted", by="李四", version=1)
    assert "提交　第1版" in _text(submitted.path) and "李四" in _text(submitted.path)
    placed = [(key, text) for key, text in _placed(submitted.path) if not key.startswith("examination_report")]
    assert placed == [(k, t) for k, t in _placed(city.first.path) if not k.startswith("examination_report")]

    before = Path(submitted.path).read_bytes()
    with pytest.raises(NotToBeSigned, match="已经提交"):
        city.sign("submitted", version=1)
    with city.warehouse.connect("transformer") as connection, pytest.raises(psycopg.Error, match="was submitted"):
        connection.execute("update ops.examination_report set path = 'elsewhere' where version = 1")
    assert city.publish().version == 2
    assert Path(submitted.path).read_bytes() == before
    assert city.rows("select version, state, is_latest from examination_report order by version") == [
        (1, "submitted", False),
        (2, "draft", True),
    ]
    assert city.rows("select state_zh, signed_by, note from examination_sign_off order by recorded_at") == [
        ("专家论证", "张三", "补充说明"),
        ("提交", "李四", None),
    ]


def test_a_document_that_somebody_changed_is_not_signed(city: City) -> None:
    latest = city.publish()
    Path(latest.path).write_bytes(Path(latest.path).read_bytes() + b"\0")
    with pytest.raises(NotToBeSigned, match="校验码不符"):
        city.sign("expert_review")
    # Nor is it written over: whoever changed it may want it.
    city.publish()
    with pytest.raises(NotToBeSigned, match="校验码不符"):
        city.sign("expert_review")
