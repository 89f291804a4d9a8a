"""Movement data as a feed: one row per part, with what its path and its manifest state, or with what is wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from cityhealth.errors import CityHealthError, IncompleteTransfer, UnreadableFile
from cityhealth.feeds import feed_named
from cityhealth.feeds.mobility import MobilityFeed
from cityhealth.landing import Arrival, LandingZone
from cityhealth.mobility import entry
from cityhealth.mobility.manifest import read_manifest
from cityhealth.mobility.tree import land_tree
from cityhealth.settings import CITY_TIMEZONE, from_environment
from movement_files import SEVEN, csv, parquet, positions

RECEIVED = datetime(2021, 6, 8, 9, tzinfo=CITY_TIMEZONE)
STATED = {"kind": "vehicle_positions", "datum": "wgs84", "source": "公交公司", "licence": "内部"}
GOOD = parquet(positions())
OTHER = parquet(positions(lon=[112.1] * 4))
DAY = "feed=bus/date=2021-06-01/"


class Desk:
    def __init__(self, folder: Path) -> None:
        self.landing = LandingZone(str(folder / "landing"))
        self.store = folder / "parts"
        self.feed = MobilityFeed(self.landing, self.store, folder / "areas.gpkg", lambda: "salt")

    def land(self, files: Sequence[tuple[str, bytes]], filename: str = "bus.yml", **stated: Any) -> Arrival:
        return self.landing.land(
            yaml.safe_dump(STATED | stated, allow_unicode=True).encode(),
            feed="mobility",
            filename=filename,
            received_at=RECEIVED,
            attachments=files,
        )

    def rows(self, *files: tuple[str, bytes], **stated: Any) -> list[dict[str, Any]]:
        arrival = self.land(files, **stated)
        table = self.feed.read(self.landing.read(arrival), arrival)
        assert table.schema == self.feed.schema
        return table.to_pylist()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_each_part_is_a_row_with_its_partition_from_its_path(desk: Desk) -> None:
    first, second = desk.rows((f"{DAY}part-0.parquet", GOOD), (f"{DAY}part-1.parquet", OTHER))
    assert (first["source_text"], first["day_text"], first["kind_text"]) == ("bus", "2021-06-01", "vehicle_positions")
    assert (first["line_no"], first["row_count"], first["size_bytes"], first["problem_code"]) == (1, 4, len(GOOD), None)
    assert json.loads(first["columns"])["lon"] == "double"
    assert json.loads(first["profile"])["entered"] == 4 and json.loads(first["manifest"])["source"] == "公交公司"
    assert {path.stem for path in desk.store.iterdir()} == {first["store_key"], second["store_key"]}


def test_the_manifest_says_feed_and_day_where_the_path_does_not(desk: Desk) -> None:
    (row,) = desk.rows(("0601.csv", csv(positions())), feed="bus", date="2021-06-01")
    assert (row["source_text"], row["day_text"], row["problem_code"]) == ("bus", "2021-06-01", None)


@pytest.mark.parametrize(
    ("path", "stated", "code", "said"),
    [
        (f"{DAY}a.parquet", {"date": "2021-06-02"}, "day_contradicts", "2021-06-01 与说明文件中的 2021-06-02"),
        (f"{DAY}a.parquet", {"feed": "taxi"}, "feed_contradicts", "bus 与说明文件中的 taxi"),
        ("feed=bus/a.parquet", {}, "no_day", "没有写明日期"),
        ("date=2021-06-01/a.parquet", {}, "no_feed", "没有写明数据源"),
        ("feed=bus/date=2021-06-31/a.parquet", {}, "bad_day", "2021-06-31 不是日期"),
        (f"{DAY}a.parquet", {"kind": "ships"}, "unknown_kind", "ships"),
        (f"{DAY}a.parquet", {"kind": None}, "unknown_kind", "没有移动数据类别"),
    ],
)
def test_a_part_without_its_place_has_a_problem_and_no_file_in_the_store(
    desk: Desk, path: str, stated: dict[str, Any], code: str, said: str
) -> None:
    (row,) = desk.rows((path, GOOD), **stated)
    assert row["problem_code"] == code and said in row["problem_zh"]
    assert row["store_key"] is None and not desk.store.exists()


def test_bad_parts_say_why_and_the_others_stand(desk: Desk) -> None:
    rows = desk.rows(
        (f"{DAY}0.parquet", GOOD),
        (f"{DAY}1.parquet", GOOD[:-5]),
        (f"{DAY}2.parquet", GOOD),
        (f"{DAY}3.csv", csv(positions()).split(b"\n")[0] + b"\n"),
        (f"{DAY}4.parquet", parquet(positions(lat=None))),
        (f"{DAY}5.parquet", OTHER),
    )
    assert [row["problem_code"] for row in rows] == [None, "truncated", "repeated", "no_rows", "column_missing", None]
    assert f"「{DAY}0.parquet」" in rows[2]["problem_zh"] and rows[2]["store_key"] is None
    assert len(list(desk.store.iterdir())) == 2


def test_a_part_of_other_types_than_the_rest_of_its_partition_is_refused_and_named(desk: Desk) -> None:
    texts = parquet(positions(speed=["30", "40", "", "0"]))
    wider = parquet(positions(time=pa.array([SEVEN] * 4, pa.int32()), lon=[112] * 4, more=[1] * 4))
    rows = desk.rows(
        (f"{DAY}0.parquet", texts),
        (f"{DAY}1.parquet", GOOD),
        (f"{DAY}2.parquet", OTHER),
        (f"{DAY}3.parquet", wider),
        (f"{DAY}4.csv", csv(positions())),
        ("feed=bus/date=2021-06-02/0.parquet", parquet(positions(speed=["30"] * 4))),
    )
    assert [row["problem_code"] for row in rows] == ["schema_drift", None, None, None, None, None]
    assert "speed 为 string，其他各份为 double" in rows[0]["problem_zh"] and rows[0]["store_key"] is None


@pytest.mark.parametrize(
    ("code", "files", "stated"),
    [
        ("no_parts", [], {}),
        ("manifest_invalid", [("a.csv", b"x")], {"datum": "local"}),
        ("manifest_invalid", [("a.csv", b"x")], {"timezone": "Asia/Beijing"}),
        ("manifest_invalid", [("a.csv", b"x")], {"people_per_device": 0}),
        ("no_cells", [("a.csv", b"x")], {"kind": "trip_matrix"}),
        ("no_cells", [("a.csv", b"x")], {"kind": "trip_matrix", "cells": {"file": "g.geojson", "columns": ["id"]}}),
    ],
)
def test_an_arrival_that_lacks_something_is_refused_as_a_file(
    desk: Desk, code: str, files: list[tuple[str, bytes]], stated: dict[str, Any]
) -> None:
    with pytest.raises(UnreadableFile) as caught:
        desk.rows(*files, **stated)
    assert caught.value.code == code


@pytest.mark.parametrize(("data", "name"), [(GOOD, "a.yml"), (GOOD, "a.parquet"), (csv(positions()), "a.csv")])
def test_data_in_the_place_of_the_manifest_are_refused_with_how_to_hand_them_in(
    desk: Desk, data: bytes, name: str
) -> None:
    arrival = desk.land([("bus.yml", b"kind: trips")], filename=name)
    with pytest.raises(UnreadableFile, match="说明文件") as caught:
        desk.feed.read(data, arrival)
    assert caught.value.code == "part_as_main"


def test_a_part_that_changes_before_or_while_it_is_read_is_tried_again_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrival = desk.land([(f"{DAY}0.parquet", GOOD)])
    with desk.landing.attached(arrival.attachments[0]) as path:
        pass

    def meddle(*arguments: Any) -> Any:
        path.write_bytes(OTHER)
        return local_seconds(*arguments)

    local_seconds = entry.local_seconds
    monkeypatch.setattr(entry, "local_seconds", meddle)
    for said in ("读取时被改写", "校验和不符"):
        with pytest.raises(IncompleteTransfer, match=said):
            desk.feed.read(desk.landing.read(arrival), arrival)
    assert not list(desk.store.iterdir())


def test_the_salt_is_asked_for_when_a_part_is_read_and_not_before(tmp_path: Path) -> None:
    settings = from_environment({"CITYHEALTH_HOME": str(tmp_path)})
    feed = feed_named("mobility", settings)
    assert isinstance(feed, MobilityFeed) and list(tmp_path.iterdir()) == []
    assert feed.salt() == settings.password("device_salt")
    assert feed.salt() not in repr(feed)


def test_a_tree_lands_one_arrival_per_partition_with_the_paths_of_its_parts(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "公交"
    for path, data in {
        "feed=bus/date=2021-06-01/part-0.parquet": GOOD,
        "feed=bus/date=2021-06-01/part-1.parquet": OTHER,
        "feed=bus/date=2021-06-01/_SUCCESS": b"",
        "feed=bus/date=2021-06-01/.part-0.parquet.crc": b"crc",
        "feed=bus/date=2021-06-02/part-0.parquet": GOOD,
        "bus.yml": yaml.safe_dump(STATED).encode(),
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    arrivals = list(land_tree(desk.landing, root, RECEIVED, "市交通运输局"))
    assert [[a.filename for a in arrival.attachments] for arrival in arrivals] == [
        [f"{DAY}part-0.parquet", f"{DAY}part-1.parquet"],
        ["feed=bus/date=2021-06-02/part-0.parquet"],
    ]
    assert {(a.filename, a.department_text) for a in arrivals} == {("bus.yml", "市交通运输局")}
    assert desk.landing.arrivals("mobility") == sorted(arrivals, key=lambda arrival: arrival.arrival_id)
    rows = [desk.feed.read(desk.landing.read(arrival), arrival).to_pylist() for arrival in arrivals]
    assert [[row["day_text"] for row in each] for each in rows] == [["2021-06-01"] * 2, ["2021-06-02"]]


@pytest.mark.parametrize(("files", "said"), [
    ({"a.csv": b"x"}, "说明文件"),
    ({"a.yml": yaml.safe_dump(STATED).encode(), "b.yaml": b"", "a.csv": b"x"}, "说明文件"),
    ({"a.yml": yaml.safe_dump(STATED).encode()}, "没有数据文件"),
])  # fmt: skip
def test_a_folder_that_is_no_tree_lands_nothing(desk: Desk, tmp_path: Path, files: dict[str, bytes], said: str) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(CityHealthError, match=said):
        list(land_tree(desk.landing, tmp_path, RECEIVED, None))
    assert not desk.landing.arrivals("mobility")


def test_the_cells_of_a_matrix_come_with_each_of_its_partitions(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "od"
    root.mkdir()
    stated = STATED | {"kind": "trip_matrix", "cells": {"file": "g.geojson", "columns": ["id"]}}
    (root / "od.yml").write_text(yaml.safe_dump(stated))
    (root / "g.geojson").write_bytes(b"{}")
    for day in (1, 2):
        (root / f"feed=od/date=2021-06-0{day}").mkdir(parents=True)
        (root / f"feed=od/date=2021-06-0{day}/a.csv").write_bytes(b"o,d,num\n")
    arrivals = list(land_tree(desk.landing, root, RECEIVED, None))
    assert [[a.filename for a in arrival.attachments][-1] for arrival in arrivals] == ["g.geojson"] * 2
    assert read_manifest((root / "od.yml").read_bytes(), "od.yml").cells is not None
