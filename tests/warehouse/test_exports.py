"""What goes out: by the catalogue alone, marked, whole, the same bytes each time; and what the platform reads."""

from __future__ import annotations

import csv
import io
import json
import shutil
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import jsonschema
import openpyxl
import psycopg
import pytest
from cities import FIRST_DAY, File, Line, Report, Task, hand_in, settle_jincheng

from cityhealth.campaigns import reporting_period
from cityhealth.catalogue import load_campaigns
from cityhealth.errors import IncompleteTransfer
from cityhealth.exports import ExportError, Package, export, verify
from cityhealth.exports.ministry import schema_bytes
from cityhealth.hashing import sha256_hex
from cityhealth.landing import LandingZone
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.transform import build, summarise
from cityhealth.transform.monitor import evaluate
from cityhealth.warehouse.connections import Warehouse

WORKBOOK, EVIDENCE = b"a workbook of the planning bureau", b"its raw data"
PLANNING = File(
    "natural_resources",
    [Line("district_built_up_area", "140502", 45.5), Line("district_area", "140502", 149.6)],
)
HOUSING = File("housing", [Line("new_residential_over_80m", "140500-BUA", 3, source="合成数据")], day=1)
REFUSED = File("ecology", [Line("good_air_days", "140500", 400, verdict="refused", reason_zh="超过全年天数")], day=1)


@dataclass(frozen=True)
class City:
    settings: Settings
    warehouse: Warehouse

    def export(self, audience: str) -> Package:
        return export(self.warehouse, self.settings, audience)

    def read(self, package: Package) -> dict[str, bytes]:
        with zipfile.ZipFile(package.path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def publication(self, old: str, new: str) -> City:
        """The same marts under a catalogue in which one text of publication.csv is another."""
        root = Path(self.settings.project_root).with_name(f"changed-{sha256_hex(f'{old}{new}'.encode())[:8]}")
        shutil.copytree(self.settings.seed_dir, root / "dbt_project" / "seeds" / "jincheng")
        changed = replace(self.settings, project_root=root)
        path = changed.seed_dir / "publication.csv"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        return City(changed, self.warehouse)


@pytest.fixture(scope="module")
def city(module_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> City:
    """Two files accepted, one of them synthetic, and one refused; files of the first lie in the landing zone."""
    root = tmp_path_factory.mktemp("city") / "project"
    settings = settle_jincheng(module_warehouse.settings, root)
    settings = replace(settings, outbox_url=str(root / "outbox"), landing_url=str(root / "landing"))
    hand_in(module_warehouse, PLANNING, HOUSING, REFUSED)
    landing = LandingZone(settings.landing_url)
    for file, data in ((PLANNING, WORKBOOK), (HOUSING, b"another workbook")):
        landed = landing.land(
            data, feed="departmental", filename="x.xlsx", received_at=FIRST_DAY, attachments=[("依据.csv", EVIDENCE)]
        )
        with module_warehouse.connect("admin") as connection:
            connection.execute(
                "update raw.arrival set sha256 = %s, size_bytes = %s, attachments = %s where arrival_id = %s",
                (
                    landed.sha256,
                    len(data),
                    json.dumps([{"filename": "依据.csv", "sha256": sha256_hex(EVIDENCE)}]),
                    f"arrival-{file.number:04d}",
                ),
            )
    build(module_warehouse, settings)
    return City(settings, module_warehouse)


def test_the_ministry_gets_states_and_never_zeros_and_the_document_fits_its_schema(city: City) -> None:
    files = city.read(package := city.export("ministry"))
    document = json.loads(files["指标数据.json"])
    jsonschema.validate(document, json.loads(files["ministry-v1.schema.json"]))
    indicators = {row["code"]: row for row in document["indicators"]}
    assert len(indicators) == 65 and package.synthetic and "合成数据" in package.path
    assert (indicators["ECO04"]["value"], indicators["ECO04"]["synthetic"]) == (3, True)
    assert indicators["ECO01"]["value"] == pytest.approx(100 * 45.5 / 149.6) and not indicators["ECO01"]["synthetic"]
    states = {row["state"] for row in indicators.values()}
    assert {"missing", "refused", "not_applicable", "no_standard"} <= states
    empty = [row for row in indicators.values() if row["state"] in ("missing", "refused", "not_applicable")]
    assert len(empty) > 60 and {(row["value"], row["score"]) for row in empty} == {(None, None)}
    assert all(row["reason_zh"] for row in empty)
    assert indicators["ECO01"]["definition"]["definition_zh"] and len(indicators["ECO01"]["sources"]) == 2
    listed = {
        (f["kind"], f["filename"]): (f["sha256"], f["size_bytes"]) for f in document["files"] if f["code"] == "ECO01"
    }
    assert listed["attachment", "依据.csv"] == (sha256_hex(EVIDENCE), len(EVIDENCE))
    assert listed["data", f"arrival-{PLANNING.number:04d}.xlsx"] == (sha256_hex(WORKBOOK), len(WORKBOOK))
    assert {"presence_cell", "commute_flow"} <= {row["mart"] for row in document["not_included"]}
    sheet = openpyxl.load_workbook(io.BytesIO(files["指标数据.xlsx"]))["指标数值"]
    heads = [cell.value for cell in sheet[3]]
    assert heads[:5] == ["指标体系", "体检年度", "指标代码", "指标在体系中的序号", "名称"] and "数值" in heads
    assert sheet.cell(4, 1 + heads.index("数值")).value == pytest.approx(100 * 45.5 / 149.6)


@pytest.mark.parametrize("audience", ["ministry", "public", "third_party"])
def test_the_same_marts_give_the_same_bytes_and_no_new_version(city: City, audience: str, tmp_path: Path) -> None:
    first, elsewhere = city.export(audience), export(city.warehouse, city.settings, audience, out=str(tmp_path))
    assert (first.version, first.sha256) == (elsewhere.version, elsewhere.sha256) and not elsewhere.is_new
    assert sha256_hex(Path(elsewhere.path).read_bytes()) == first.sha256
    assert verify(Path(first.path)).problems == () and list(Path(first.path).parent.glob("*.tmp")) == []
    with city.warehouse.connect("reader") as connection:
        known = connection.execute("select version, sha256, path from export_package where audience = %s", (audience,))
        assert known.fetchall() == [(1, first.sha256, elsewhere.path)]


def test_the_public_gets_what_is_verified_and_marked_without_names_of_files(city: City) -> None:
    from frictionless import Package as DataPackage

    files = city.read(package := city.export("public"))
    folder = Path(package.path).with_suffix("")
    with zipfile.ZipFile(package.path) as archive:
        archive.extractall(folder)
    assert DataPackage.from_descriptor(str(folder / "datapackage.json")).validate().valid
    rows = {row["code"]: row for row in csv.DictReader(io.StringIO(files["data/indicator_scorecard.csv"].decode()))}
    assert (rows["ECO04"]["value"], rows["ECO04"]["synthetic"]) == ("3.0", "true")
    assert "INN05" not in rows, "its definition is recalled"
    assert {row["value"] for row in rows.values() if row["state"] == "missing"} == {""}
    assert {"score", "warning", "lead_department"}.isdisjoint(rows["ECO04"])
    names = {name for name in files if name.startswith("data/")}
    assert {"data/value_lineage.csv", "data/presence_cell.csv", "data/fct_item_value.csv"}.isdisjoint(names)
    told = b"".join(files.values()).decode(errors="replace")
    assert not any(f"arrival-{file.number:04d}" in told for file in (PLANNING, HOUSING))
    described = json.loads(files["datapackage.json"])
    assert described["synthetic"] and "合成数据" in described["title"] and described["licenses"][0]["path"] in files
    assert "没有列入" not in described["title"] and "未列入「指标数值」" in files["说明.txt"].decode()


def test_the_third_party_gets_the_files_as_they_were_handed_in_or_nothing(city: City) -> None:
    files = city.read(package := city.export("third_party"))
    manifest = json.loads(files["manifest.json"])
    attached = {row["sha256"]: row for row in manifest["attachments"]}
    assert files[attached[sha256_hex(WORKBOOK)]["path"]] == WORKBOOK
    assert attached[sha256_hex(EVIDENCE)]["indicators"] == ["ECO01", "ECO04"]
    lineage = list(csv.DictReader(io.StringIO(files["data/value_lineage.csv"].decode())))
    assert {row["cell"] for row in lineage} >= {"D5", "D6"}
    damaged = Path(city.settings.landing_url) / "objects" / sha256_hex(EVIDENCE)[:2] / sha256_hex(EVIDENCE)
    damaged.write_bytes(b"something else")
    Path(package.path).unlink()
    with pytest.raises(IncompleteTransfer, match="校验和不符"):
        city.export("third_party")
    assert not any(Path(package.path).parent.iterdir())
    damaged.write_bytes(EVIDENCE)


def test_a_package_that_was_touched_is_found_out(city: City, tmp_path: Path) -> None:
    with zipfile.ZipFile(city.export("public").path) as archive:
        archive.extractall(tmp_path)
    assert verify(tmp_path).problems == ()
    (tmp_path / "说明.txt").write_text("x", encoding="utf-8")
    (tmp_path / "数据字典.csv").unlink()
    (tmp_path / "more.csv").touch()
    assert verify(tmp_path).problems == ("缺少文件：数据字典.csv", "多出文件：more.csv", "内容与校验和不符：说明.txt")
    (tmp_path / "SHA256SUMS").unlink()
    with pytest.raises(ExportError, match="SHA256SUMS"):
        verify(tmp_path)


def test_the_catalogue_decides_what_goes_out_and_no_mark_is_left_behind(city: City) -> None:
    assert not any("source_file" in name for name in city.read(city.export("public")))
    less = city.publication("unit;direction;category;status_zh;area_zh;value", "unit;direction;category;area_zh;value")
    files = less.read(export(less.warehouse, less.settings, "public"))
    assert "status_zh" not in files["data/indicator_scorecard.csv"].decode().splitlines()[0]
    for old, new, message in (
        ("target_text;synthetic,status", "target_text,status", "synthetic"),
        ("area_zh;value;state;state_zh;target_text", "area_zh;value;secret;state_zh;target_text", "secret"),
    ):
        with pytest.raises(ExportError, match=message):
            city.publication(old, new).export("public")


def documents(connection: psycopg.Connection, view: str) -> dict[str, tuple[datetime, dict]]:
    return {key: (at, document) for key, at, document in connection.execute(f"select * from platform.{view}")}


#: What readers rely on. A key that goes, or means something else, makes v2_*; one that is added is added here.
KEYS = {
    "v1_indicators": "area areas category code definition_basis dimension direction grade marked name number"
    " previous_value reason score sources state state_text status synthetic system target unit value version warning"
    " warning_reason warning_text year",
    "v1_dimensions": "applicable code indicators kind missing name no_standard not_applicable order red refused score"
    " score_basis scored synthetic system version year yellow",
    "v1_areas": "boundary code datum level name parent valid_from version",
    "v1_warnings": "advice cleared_at department department_text id indicator kind level level_since level_text limit"
    " raised_at reason rule rule_text subject subject_kind subject_text unit value_at_raise version worst_level",
    "v1_summaries": "cutoff edition indicators missing number period red refused synthetic system tasks version"
    " with_value year yellow",
    "v1_problems": "area closed_on dimension evidence id indicator kind measures measures_done merged_into name"
    " opened_on overdue owner reopened severity severity_text status status_text synthetic system target unit value"
    " version year",
}


@pytest.fixture(scope="module")
def watched(city: City) -> Iterator[dict[str, dict]]:
    """The documents of all views, after a summary and an evaluation of warnings; then a build while somebody reads."""
    hand_in(city.warehouse, Report("housing", "2021-06-05", "2021-06-04 10:00", [Task("B01", 10, "开展", "完成")]))
    summarise(city.warehouse, city.settings, reporting_period("2021-06-05", load_campaigns(city.settings.seed_dir)))
    evaluate(city.warehouse, city.settings, datetime(2021, 6, 6, tzinfo=CITY_TIMEZONE))
    with city.warehouse.connect("transformer") as connection:
        connection.execute(
            "insert into marts.indicator_warning (warning_id, rule_code, rule_zh, kind, series, subject, subject_zh,"
            " level, level_zh, worst_level, first_at, raised_at, level_since, value_at_raise, limit_reached, reason_zh,"
            " advice_zh, department_code, as_of, evaluated_at)"
            " select 'w1', 'r', '规则', 'limit', 's', '140500', '晋城市', 'red', '红色',"
            " 'red', t, t, t, 210, 200, '超过', '处置', 'ecology', t, t"
            " from (values (timestamptz '2021-06-01')) as moment (t)"
        )
    with city.warehouse.connect("reader") as connection:
        found = {view: documents(connection, view) for view in KEYS}
    over, failures = threading.Event(), []

    def look() -> None:
        with city.warehouse.connect("reader", autocommit=True) as connection:
            while not over.is_set():
                for view in KEYS:
                    try:
                        connection.execute(f"select count(*) from platform.{view}")
                    except psycopg.Error as error:
                        failures.append(f"{view}: {error}")
                over.wait(0.02)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        build(city.warehouse, city.settings)
    finally:
        over.set()
        looking.join()
    assert failures == [], "a build keeps readers waiting at most"
    yield found


@pytest.mark.parametrize("view", KEYS)
def test_a_document_keeps_its_keys_and_fits_the_published_schema(watched: dict[str, dict], view: str) -> None:
    schema = json.loads(schema_bytes("platform-v1.schema.json"))
    assert " ".join(sorted(schema["$defs"][view]["properties"])) == KEYS[view]
    assert sorted(schema["$defs"][view]["required"]) == KEYS[view].split()
    validator = jsonschema.Draft202012Validator(schema["$defs"][view])
    for _, document in watched[view].values():
        assert " ".join(sorted(document)) == KEYS[view]
        validator.validate(document)


def test_keys_are_stable_and_the_time_moves_only_with_the_document(city: City, watched: dict[str, dict]) -> None:
    assert {"mohurd/2021/ECO01"} <= watched["v1_indicators"].keys() and watched["v1_dimensions"].keys()
    assert watched["v1_summaries"].keys() == {"2021-06-05"} and watched["v1_warnings"].keys()
    with city.warehouse.connect("reader") as connection:
        for view, before in watched.items():
            after = documents(connection, view)
            assert after.keys() == before.keys(), view
            # A problem's day of opening comes from the summary that was made between the two builds.
            changed = {key for key in after if after[key][1] != before[key][1]}
            assert {key for key in after if after[key][0] != before[key][0]} == changed, view
            assert changed <= {"ECO04"} and (view == "v1_problems" or not changed)


def test_the_platform_s_login_sees_its_documents_and_nothing_else(city: City, watched: dict[str, dict]) -> None:
    with city.warehouse.connect("admin") as connection:
        connection.execute("set role platform")
        assert documents(connection, "v1_indicators").keys() == watched["v1_indicators"].keys()
        for statement in (
            "select * from marts.indicator_scorecard",
            "select * from raw.arrival",
            "delete from platform.v1_indicators",
            "create table platform.mine ()",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)
