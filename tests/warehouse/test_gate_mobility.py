"""Movement data before the gate: every rule, broken and nearly broken, through files, receipts and the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
import yaml
from shapely import box

from cityhealth.catalogue import Catalogue, load
from cityhealth.feeds.mobility import MobilityFeed
from cityhealth.feeds.pipeline import load_arrival
from cityhealth.landing import LandingZone
from cityhealth.quality import Judgement, judge
from cityhealth.quality.movement import MOVEMENT
from cityhealth.quality.suites import load_suite
from cityhealth.settings import CITY_TIMEZONE, PROJECT_ROOT
from cityhealth.warehouse.connections import Warehouse
from movement_files import CITY, SEVEN, parquet
from small_city import small_city

RECEIVED = datetime(2021, 6, 8, 9, tzinfo=CITY_TIMEZONE)
KINDS = (
    "code,name_zh,name_en,feed,geometry,tiles,attributes,bands,parameters,basis,notes\n"
    "vehicle_positions,车辆定位,Vehicles,mobility,,no,device;time;lon;lat;speed,,cell_m=250,house,\n"
    "phone_positions,手机定位,Phones,mobility,,no,device;time;lon;lat,,cell_m=250,house,\n"
    "night_light,夜间灯光,Night light,imagery,,no,,radiance,,house,\n"
)
STATED: Mapping[str, object] = {
    "kind": "vehicle_positions", "datum": "wgs84", "source": "公交公司", "licence": "内部",
}  # fmt: skip
SUITE = load_suite(PROJECT_ROOT / "expectations" / "mobility_part.yml", MOVEMENT)
DAY = 86_400


def part(bad: int = 0, first: int = 0, **how: Any) -> bytes:
    """A hundred rows, ``bad`` of them changed: column → value; of columns with None there is nothing. ``first`` makes
    it another part than the others."""
    columns: dict[str, list[Any]] = {
        "device": [f"d{first}-{n}" for n in range(100)],
        "time": [SEVEN + n for n in range(100)],
        "lon": [112.5] * 100,
        "lat": [35.5] * 100,
        "speed": [30.0] * 100,
    }
    for name, value in how.items():
        columns[name] = [value] * bad + columns.get(name, [value] * 100)[bad:]
    return parquet({name: values for name, values in columns.items() if values[0] is not None or bad < 100})


def texts(zone: str) -> bytes:
    return part(100, time=f"2021-06-01 07:05:03{zone}", first=1)


def under(rule: str, day: str | None = "2021-06-01") -> str:
    """The path of a part whose provider's feed is called after a rule."""
    return f"feed={rule}/date={day}/part.parquet" if day else f"feed={rule}/part.parquet"


def shifted(days: int) -> bytes:
    return part(100, time=SEVEN + days * DAY)


SOUND = part()
SWAPPED = {"lon": 35.5, "lat": 112.5}
BEYOND = {"lon": 114.0}
#: Rules about a part → (its path and bytes where it breaks the rule, where it comes near and does not).
PARTS: Mapping[str, tuple[tuple[str, bytes], tuple[str, bytes]]] = {
    "feed_known": (("date=2021-06-01/part.parquet", part(first=2)), (under("feed_known"), part(first=2))),
    "day_known": ((under("day_known", None), part(first=3)), (under("day_known"), part(first=3))),
    "day_past": ((under("day_past", "2021-06-09"), shifted(8)), (under("day_past", "2021-06-08"), shifted(7))),
    "part_readable": (
        (under("part_readable"), part(first=4)[:-9]),
        (under("part_readable"), part(100, first=4, more=1)),
    ),
    "part_repeated": ((under("part_repeated"), SOUND), (under("part_repeated"), part(first=5))),
    "lon_lat_in_order": (
        (under("lon_lat_in_order"), part(51, **SWAPPED)),
        (under("lon_lat_in_order"), part(50, **SWAPPED)),
    ),
    "few_swapped": ((under("few_swapped"), part(1, **SWAPPED)), (under("few_swapped"), part(1, lon=112.0, lat=36.0))),
    "mostly_in_city": ((under("mostly_in_city"), part(51, **BEYOND)), (under("mostly_in_city"), part(50, **BEYOND))),
    "few_outside": ((under("few_outside"), part(6, **BEYOND)), (under("few_outside"), part(5, **BEYOND))),
    "mostly_of_day": (
        (under("mostly_of_day"), part(51, time=SEVEN + DAY)),
        (under("mostly_of_day"), part(50, time=SEVEN + DAY)),
    ),
    "few_of_other_days": (
        (under("few_of_other_days"), part(2, time=SEVEN + DAY)),
        (under("few_of_other_days"), part(1, time=SEVEN + DAY)),
    ),
    "mostly_readable": (
        (under("mostly_readable"), part(21, device="")),
        (under("mostly_readable"), part(20, device="")),
    ),
    "all_readable": ((under("all_readable"), part(1, device="")), (under("all_readable"), part(1, speed=None))),
    "zone_stated": ((under("zone_stated"), texts("")), (under("zone_stated"), texts("+08:00"))),
    "columns_complete": (
        (under("columns_complete"), part(100, speed=None)),
        (under("columns_complete"), part(100, speed=None, 速度=30.0)),
    ),
}
#: Rules about an arrival → (what its manifest states where it breaks the rule, where it does not).
WHOLE: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "kind_known": ({"kind": "night_light"}, {}),
    "people_stated": ({"kind": "phone_positions"}, {"kind": "phone_positions", "people_per_device": 2.5}),
}


@dataclass(frozen=True)
class Trial:
    """All arrivals, judged in one call; ``lines``: of the arrival of all parts, rule → its line."""

    warehouse: Warehouse
    judgements: Mapping[tuple[str, bool], Judgement]
    lines: Mapping[str, int]

    def ask(self, query: str, *values: object) -> list[tuple]:
        with self.warehouse.connect("loader") as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]

    def failing(self, name: str, breaks: bool, rule: str) -> list[int | None]:
        rows = self.ask(
            "select line_no from gate.failing_row where gate_run_id = %s and rule_code = %s order by line_no",
            self.judgements[name, breaks].gate_run_id,
            rule,
        )
        return [row[0] for row in rows]

    def kept(self, name: str, breaks: bool, columns: str) -> dict[int, tuple]:
        rows = self.ask(
            f"select line_no, {columns} from gate.mobility_part where gate_run_id = %s",
            self.judgements[name, breaks].gate_run_id,
        )
        return {line: values for line, *values in rows}

    def reasons(self, name: str, rule: str) -> str:
        ((text,),) = self.ask(
            "select reason_zh || '→' || advice_zh from gate.failing_row where gate_run_id = %s and rule_code = %s",
            self.judgements[name, True].gate_run_id,
            rule,
        )
        return text


def load_parts(
    feed: MobilityFeed, warehouse: Warehouse, number: int, parts: Sequence[tuple[str, bytes]], stated: Mapping[str, Any]
) -> str:
    arrival = feed.landing.land(
        yaml.safe_dump({**STATED, **stated}, allow_unicode=True).encode(),
        feed="mobility",
        filename="bus.yml",
        received_at=RECEIVED + timedelta(minutes=number),
        department_text="市规划和自然资源局",
        attachments=parts,
    )
    return load_arrival(warehouse, feed.landing, feed, arrival).batch_id


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("city")
    small_city(folder)
    (folder / "layer_kinds.csv").write_text(KINDS, encoding="utf-8")
    return load(folder)


@pytest.fixture(scope="module")
def gate(module_warehouse: Warehouse, city: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    home = tmp_path_factory.mktemp("home")
    frame = gpd.GeoDataFrame(
        {"code": ["100000"], "name_zh": ["某市"], "level": ["city"], "valid_from": [None]},
        geometry=[box(*CITY)],
        crs=4490,
    )
    pyogrio.write_dataframe(frame, home / "areas.gpkg", layer="areas", driver="GPKG")
    landing = LandingZone(str(home / "landing"))
    feed = MobilityFeed(landing, home / "parts", home / "areas.gpkg", lambda: "salt")
    first = (under("sound"), SOUND)
    arrivals: dict[tuple[str, bool], tuple[list[tuple[str, bytes]], Mapping[str, Any]]] = {
        ("parts", breaks): ([first, *(pair[0 if breaks else 1] for pair in PARTS.values())], {})
        for breaks in (True, False)
    }
    for rule, pair in WHOLE.items():
        arrivals |= {(rule, breaks): ([first], pair[0 if breaks else 1]) for breaks in (True, False)}
    arrivals["no parts", True] = ([], {})
    batches = [load_parts(feed, module_warehouse, n, *it) for n, it in enumerate(arrivals.values())]
    judgements = judge(
        module_warehouse, batches, lambda day: city, PROJECT_ROOT / "expectations", landing, str(home / "outbox"),
        areas_path=home / "areas.gpkg",
    )  # fmt: skip
    return Trial(
        module_warehouse,
        dict(zip(arrivals, judgements, strict=True)),
        {rule: line for line, rule in enumerate(PARTS, start=2)},
    )


def test_every_rule_has_a_case() -> None:
    assert set(SUITE.rules) == {*PARTS, *WHOLE}


@pytest.mark.parametrize("rule", PARTS)
def test_a_rule_finds_just_the_part_that_breaks_it(gate: Trial, rule: str) -> None:
    line = gate.lines[rule]
    assert gate.failing("parts", True, rule) == [line]
    assert line not in gate.failing("parts", False, rule)
    verdict, marked = gate.kept("parts", True, "verdict, marked")[line]
    assert (verdict, marked) == (("refused", False) if SUITE.rules[rule].severity == "critical" else ("accepted", True))
    assert gate.kept("parts", False, "verdict")[line] == ["accepted"]


@pytest.mark.parametrize("rule", WHOLE)
def test_a_rule_about_the_arrival_holds_for_all_its_parts(gate: Trial, rule: str) -> None:
    assert gate.failing(rule, True, rule) == [None] and gate.failing(rule, False, rule) == []
    critical = SUITE.rules[rule].severity == "critical"
    assert gate.judgements[rule, True].verdict == ("refused" if critical else "accepted")
    assert gate.judgements[rule, False].verdict == "accepted"


def test_a_part_among_bad_ones_stands_as_it_would_alone(gate: Trial) -> None:
    kept = "kind, source, day, row_count, people_per_device, verdict, marked, filename, length(store_key)"
    wanted = ["vehicle_positions", "sound", date(2021, 6, 1), 100, None, "accepted", False, under("sound"), 20]
    assert gate.kept("parts", True, kept)[1] == gate.kept("kind_known", False, kept)[1] == wanted
    assert gate.kept("people_stated", False, "people_per_device") == {1: [2.5]}


def test_what_is_wrong_with_a_file_has_no_rows_in_the_store(gate: Trial) -> None:
    kept = gate.kept("parts", True, "store_key is null, row_count is null")
    nothing = {gate.lines[rule] for rule in ("feed_known", "day_known", "part_readable", "part_repeated")}
    assert {line for line, (no_key, _) in kept.items() if no_key} == nothing
    assert {line for line, (_, no_rows) in kept.items() if no_rows} == nothing


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("part_readable", "Parquet 文件不完整"),
        ("part_repeated", f"与「{under('sound')}」的内容完全相同"),
        ("day_past", "日期 2021-06-09 晚于收到日期 2021-06-08"),
        ("lon_lat_in_order", "100 行中有 51 行（51%）把经度和纬度对调后才在本市→请把经度列与纬度列对调后重新报送"),
        ("lon_lat_in_order", "{lon: 纬度列名, lat: 经度列名}"),
        ("few_outside", "有 6 行（6%）在本市范围以外"),
        ("few_of_other_days", "有 2 行（2%）是其他日期的（2021-06-01 07:05:05 至 2021-06-02 07:05:03）"),
        ("mostly_readable", "21% 不能读取：设备号为空 21 行"),
        ("zone_stated", "有 100 行的时间没有时区，按北京时间（Asia/Shanghai）计"),
        ("columns_complete", "没有列 speed"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_to_be_done(gate: Trial, rule: str, said: str) -> None:
    assert said in gate.reasons("parts", rule)


def test_the_receipt_names_the_parts_and_no_device(gate: Trial) -> None:
    path = gate.judgements["parts", True].receipt_path
    assert path is not None
    book = openpyxl.load_workbook(path.removeprefix("file://"))
    text = "\n".join(str(cell) for sheet in book for row in sheet.values for cell in row if cell is not None)
    assert under("part_readable") in text and "d0-1" not in text
    assert "night_light" in gate.reasons("kind_known", "kind_known")
    assert "vehicle_positions 车辆定位、phone_positions 手机定位" in gate.reasons("kind_known", "kind_known")


def test_parts_in_are_the_accepted_and_the_refused_in_every_arrival(gate: Trial) -> None:
    rows = gate.ask(
        "select run.rows_in, run.rows_accepted, run.rows_refused, run.rows_blank, batch.rows_read,"
        " count(*) filter (where part.verdict = 'accepted'), count(*) filter (where part.verdict = 'refused')"
        " from gate.run join raw.batch using (batch_id) left join gate.mobility_part as part using (gate_run_id)"
        " group by run.gate_run_id, batch.batch_id"
    )
    assert len(rows) == len(gate.judgements)
    for rows_in, accepted, refused, blank, read, kept_accepted, kept_refused in rows:
        assert rows_in == accepted + refused == read and blank == 0
        assert (kept_accepted, kept_refused) == (accepted, refused)
    assert gate.judgements["parts", True].rows_refused == sum(SUITE.rules[r].severity == "critical" for r in PARTS)


def test_every_reason_and_advice_is_filled_in(gate: Trial) -> None:
    texts = gate.ask("select distinct rule_code, replace(reason_zh || advice_zh, '{lon: 纬', '') from gate.failing_row")
    assert {code for code, _ in texts} == {*SUITE.rules, "file_readable"}
    for code, text in texts:
        for hole in ("{", "None", "nan", "「」"):
            assert hole not in text, (code, text)
