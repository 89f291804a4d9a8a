"""The entry of movement data: what is written to the store, and what is counted."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cityhealth.errors import IncompleteTransfer, Place, UnreadableFile
from cityhealth.mobility import entry
from cityhealth.mobility.cells import CellPoints, read_cells
from cityhealth.mobility.entry import Entered, enter
from cityhealth.mobility.manifest import Manifest
from cityhealth.mobility.schema import POSITIONS, TRIPS
from cityhealth.spatial.datum import shift
from movement_files import CITY, SEVEN, SEVEN_LOCAL, csv, parquet, positions

DAY = dt.date(2021, 6, 1)
STATED: dict[str, Any] = {"datum": "wgs84", "source": "某公司", "licence": "内部"}


class Office:
    def __init__(self, folder: Path) -> None:
        self.store = folder / "home" / "parts"
        self.inbox = folder

    def enter(
        self,
        data: bytes,
        kind: str = "vehicle_positions",
        name: str = "part.parquet",
        salt: str = "salt",
        bounds: entry.Box | None = CITY,
        grid: CellPoints | None = None,
        **stated: Any,
    ) -> tuple[Entered, list[dict[str, Any]]]:
        path = self.inbox / name
        path.write_bytes(data)
        found = enter(
            path, Place(name), hashlib.sha256(data).hexdigest(), kind, Manifest(**STATED | stated), DAY, salt,
            self.store, bounds, grid,
        )  # fmt: skip
        table = pq.read_table(self.store / f"{found.store_key}.parquet")
        assert table.schema.equals(TRIPS if kind.startswith("trip") else POSITIONS)
        assert found.profile.entered == table.num_rows
        seen = found.profile
        assert seen.rows == seen.entered + seen.swapped + sum(seen.unreadable.values()) == found.rows
        return found, table.to_pylist()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def hashed(device: str, salt: str = "salt") -> int:
    return int(hmac.new(salt.encode(), device.encode(), "sha256").hexdigest()[:16], 16) // 2


def test_positions_enter_under_hashes_in_local_seconds(office: Office) -> None:
    found, rows = office.enter(parquet(positions()))
    assert [row["device"] for row in rows] == [hashed(device) for device in "abac"]
    assert [row["second"] for row in rows] == [SEVEN_LOCAL, SEVEN_LOCAL + 1, SEVEN_LOCAL + 2, SEVEN_LOCAL + 3]
    assert [(row["lon"], row["lat"]) for row in rows] == [(112.5, 35.5), (112.6, 35.6), (112.7, 35.7), (112.8, 35.8)]
    assert [row["speed_kmh"] for row in rows] == [30.0, 40.0, None, 0.0]
    seen = json.loads(found.profile.json())
    assert (seen["rows"], seen["entered"], seen["null_speeds"], seen["zone_assumed"], seen["other_day"]) == (
        4,
        4,
        1,
        0,
        0,
    )
    assert (seen["first"], seen["last"]) == ("2021-06-01 07:05:03", "2021-06-01 07:05:06")
    assert {name: str(of) for name, of in found.types.items()} == {
        "device": "string", "time": "int64", "lon": "double", "lat": "double", "speed": "double"
    }  # fmt: skip


def test_the_store_holds_no_device_id_and_is_for_its_owner_alone(office: Office) -> None:
    found, _ = office.enter(parquet(positions(device=["晋E12345"] * 4)))
    path = office.store / f"{found.store_key}.parquet"
    assert "晋E12345".encode() not in path.read_bytes() and b"E12345" not in path.read_bytes()
    assert [p.stat().st_mode & 0o777 for p in (path, office.store, office.store.parent)] == [0o600, 0o700, 0o700]
    assert [p.name for p in office.store.iterdir()] == [path.name]


def test_a_csv_with_chinese_names_and_texts_is_the_same_rows(office: Office) -> None:
    _, wanted = office.enter(parquet(positions()))
    texts = {
        "终端号": ["a", " b", "a ", "c"],
        "时间": [f"2021/6/1 7:05:0{n}" for n in (3, 4, 5, 6)],
        "经度": ["112.5", " 112.6", "+112.7", "1.128e2"],
        "纬度": ["35.5", "35.6", "35.7", "35.8"],
        "车速": ["30", "40.0", "-", "0"],
        "备注": ["", "", "多出的一列", ""],
    }
    data = csv(texts)
    for encoding in ("utf-8", "gb18030", "utf-8-sig"):
        found, rows = office.enter(data.decode().encode(encoding), name="a.csv")
        assert rows == wanted
        assert found.profile.zone_assumed == 4 and found.profile.null_speeds == 1
    _, rows = office.enter(data.decode().replace(",", ";").encode(), name="b.csv", timezone="UTC")
    assert [row["second"] for row in rows] == [row["second"] + 8 * 3600 for row in wanted]


def test_a_stated_zone_is_not_assumed_and_names_of_the_manifest_go_before_all_others(office: Office) -> None:
    local = pa.array([dt.datetime(2021, 6, 1, 7, 5, 3 + n) for n in range(4)], pa.timestamp("us"))
    columns = positions(time=local, lon=[0.0] * 4, x=[112.5] * 4)
    found, rows = office.enter(parquet(columns), timezone="Asia/Shanghai", columns={"lon": "X"})
    assert [row["lon"] for row in rows] == [112.5] * 4 and rows[0]["second"] == SEVEN_LOCAL
    assert found.profile.zone_assumed == 0 and found.profile.columns["lon"] == ("x",)


def test_ids_are_the_same_whatever_type_they_have_and_another_salt_gives_others(office: Office) -> None:
    of = {
        name: [row["device"] for row in office.enter(parquet(positions(device=ids)))[1]]
        for name, ids in (("text", ["7", " 8", "7", "9"]), ("whole", [7, 8, 7, 9]), ("decimal", [7.0, 8.0, 7.0, 9.0]),
                          ("dictionary", pa.array(["7", "8", "7", "9"]).dictionary_encode()))
    }  # fmt: skip
    assert of["text"] == of["whole"] == of["decimal"] == of["dictionary"] == [hashed(d) for d in "7879"]
    _, rows = office.enter(parquet(positions(device=["7", "8", "7", "9"])), salt="other")
    assert [row["device"] for row in rows] == [hashed(d, "other") for d in "7879"]
    assert all(0 <= row["device"] < 2**63 for row in rows)


def test_ids_of_twenty_digits_differ_and_a_fraction_of_zeros_is_none(office: Office) -> None:
    long = [Decimal(89860000000000000000 + number) for number in range(4)]
    _, rows = office.enter(parquet(positions(device=pa.array(long, pa.decimal128(20, 0)))))
    assert [row["device"] for row in rows] == [hashed(str(number)) for number in long]
    _, rows = office.enter(parquet(positions(device=["13900001111.0", "13900001111", "A.0", "1.5"])))
    assert [row["device"] for row in rows] == [hashed(name) for name in ("13900001111", "13900001111", "A.0", "1.5")]


def test_a_first_row_of_data_is_not_quoted_as_headings(office: Office) -> None:
    with pytest.raises(UnreadableFile) as refused:
        office.enter("晋E90000,2021-06-02 06:00:00,112.857,35.526\n".encode() * 2, name="a.csv")
    assert refused.value.code == "column_missing"
    assert "没有表头" in refused.value.message and "晋E90000" not in refused.value.message


def test_rows_that_cannot_be_read_are_counted_by_the_first_reason_and_do_not_enter(office: Office) -> None:
    columns = positions(
        device=[None, "NULL", "a", "a"],
        time=["x", "2021-06-01 07:00:00", "", "2021-06-01 07:00:00"],
        lon=["112.5", "112.5", "112.5", "东经"],
    )
    found, rows = office.enter(parquet(columns))
    assert rows == [] and json.loads(found.profile.json())["unreadable"] == {"device": 2, "time": 1, "coordinates": 1}
    found, rows = office.enter(parquet(positions(lon=[112.5, float("nan"), float("inf"), 190.0])))
    assert len(rows) == 1 and found.profile.unreadable == {"coordinates": 3}
    found, rows = office.enter(csv(positions()) + b"a,1622502303,112.5\n", name="short.csv")
    assert len(rows) == 4 and found.profile.unreadable == {"line": 1}


def test_swapped_outside_and_other_days_are_told_apart(office: Office) -> None:
    columns = positions(
        time=[SEVEN, SEVEN, SEVEN + 86_400, SEVEN],
        lon=[35.5, 112.6, 112.7, 114.0],
        lat=[112.5, 35.6, 35.7, 35.0],
    )
    found, rows = office.enter(parquet(columns))
    assert (found.profile.swapped, found.profile.outside, found.profile.other_day) == (1, 1, 1)
    assert [row["lon"] for row in rows] == [112.6, 112.7, 114.0]
    # Where nobody knows the city, China is wide enough to see what is exchanged.
    found, _ = office.enter(parquet(columns), bounds=None)
    assert (found.profile.swapped, found.profile.outside) == (1, None)


@pytest.mark.parametrize("datum", ["gcj02", "bd09", "wgs84"])
def test_coordinates_of_web_maps_are_moved_to_where_things_are(office: Office, datum: str) -> None:
    true = np.array([[112.5, 35.5], [112.6, 35.6], [112.7, 35.7], [112.8, 35.8]])
    lon, lat = shift(true, "wgs84", datum).T
    found, rows = office.enter(parquet(positions(lon=lon, lat=lat)), datum=datum)
    assert np.abs([[row["lon"], row["lat"]] for row in rows] - true).max() < 1e-8
    assert found.profile.outside == 0


TRIP = {
    "origin_lon": [112.5, 112.5, 112.5, 20.0],
    "origin_lat": [35.5, 35.5, 35.5, 20.0],
    "destination_lon": [112.6, 114.0, 35.6, 21.0],
    "destination_lat": [35.6, 35.0, 112.6, 20.0],
    "depart": ["2021-06-01 07:05:03", None, "2021-06-01 07:05:03", "2021-05-31 07:05:03"],
    "arrive": ["2021-06-01 07:35:03", "", "", "2021-06-01 07:05:04"],
    "mode": ["共享单车", None, "地铁", "滑板"],
}


def test_trips_enter_with_their_modes_and_without_what_nobody_says(office: Office) -> None:
    found, rows = office.enter(parquet(TRIP), kind="trips")
    assert [row["mode"] for row in rows] == ["bicycle", None, "other"] and {row["device"] for row in rows} == {None}
    assert [row["depart"] for row in rows] == [SEVEN_LOCAL, None, SEVEN_LOCAL - 86_400]
    assert [row["arrive"] for row in rows] == [SEVEN_LOCAL + 1800, None, SEVEN_LOCAL + 1]
    assert [row["travellers"] for row in rows] == [1.0] * 3
    seen = found.profile
    # Who leaves the city is in it with one end.
    assert (seen.swapped, seen.outside, seen.other_day, seen.unknown_modes, seen.zone_assumed) == (1, 1, 1, 1, 2)
    found, rows = office.enter(parquet(TRIP | {"depart": ["早上"] * 4, "device": ["a", "", "b", "a"]}), kind="trips")
    assert rows == [] and found.profile.unreadable == {"time": 4}


@pytest.mark.parametrize(
    ("word", "mode"),
    [
        ("步行", "walk"),
        ("自行车", "bicycle"),
        (" Bus", "bus"),
        ("轨道交通", "rail"),
        ("小汽车", "car"),
        ("网约车", "taxi"),
    ],
)
def test_words_for_modes_are_folded(office: Office, word: str, mode: str) -> None:
    found, rows = office.enter(parquet(TRIP | {"mode": [word] * 4}), kind="trips")
    assert {row["mode"] for row in rows} == {mode} and found.profile.unknown_modes == 0


def square(column: int, row: int) -> dict[str, Any]:
    west, south = 112 + column / 10, 35 + row / 10
    ring = [[west, south], [west + 0.1, south], [west + 0.1, south + 0.1], [west, south + 0.1], [west, south]]
    return {
        "type": "Feature",
        "properties": {"LONCOL": column, "LATCOL": row},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


CELLS = json.dumps({"type": "FeatureCollection", "features": [square(1, 1), square(2, 3)]}).encode()
MATRIX: dict[str, Any] = {
    "kind": "trip_matrix",
    "columns": {"origin": ["SX", "SY"], "destination": ["EX", "EY"], "count": "num"},
    "cells": {"file": "grid.geojson", "columns": ["LONCOL", "LATCOL"]},
}


def test_a_matrix_enters_from_middle_to_middle_of_its_cells(office: Office) -> None:
    data = b"SX,SY,EX,EY,num\n1,1,2,3,298\n1.0, 1,2,3,7\n1,1,9,9,5\n2,3,1,1,-1\n"
    found, rows = office.enter(
        data, name="od.csv", grid=read_cells(CELLS, Manifest(**STATED | MATRIX), "grid.geojson"), **MATRIX
    )
    assert found.profile.unreadable == {"cell": 1, "count": 1}
    assert [row["travellers"] for row in rows] == [298.0, 7.0]
    ends = [[row[f"{end}_{axis}"] for end in ("origin", "destination") for axis in ("lon", "lat")] for row in rows]
    assert np.abs(np.array(ends) - [112.15, 35.15, 112.25, 35.35]).max() < 1e-9


def test_cells_without_their_name_or_with_one_twice_are_refused() -> None:
    manifest = Manifest(**STATED | MATRIX)
    for data, code in (
        (CELLS.replace(b"LATCOL", b"ROW"), "cell_column"),
        (json.dumps({"type": "FeatureCollection", "features": [square(1, 1), square(1, 1)]}).encode(), "cell_twice"),
    ):
        with pytest.raises(UnreadableFile) as caught:
            read_cells(data, manifest, "grid.geojson")
        assert caught.value.code == code


GOOD = parquet(positions())


@pytest.mark.parametrize(
    ("data", "name", "code", "said"),
    [
        (b"", "a.parquet", "empty", "空"),
        (GOOD[:-10], "a.parquet", "truncated", "不完整"),
        (GOOD[: len(GOOD) // 2] + GOOD[-8:], "a.parquet", "damaged", "损坏"),
        (b"PAR1", "a.parquet", "truncated", "不完整"),
        (b"PK\x03\x04", "a.zip", "not_a_part", "CSV"),
        (b"\x00\x01,\x00", "a.csv", "not_a_part", "文本"),
        (parquet({name: pa.array([], pa.string()) for name in positions()}), "a.parquet", "no_rows", "没有任何数据行"),
        (csv(positions()).split(b"\n")[0] + b"\n", "a.csv", "no_rows", "没有任何数据行"),
        (parquet(positions(lat=None, time=None, gps=[1] * 4)), "a.parquet", "column_missing",
         "缺少列 time（时间）、lat（纬度）；现有列：device、lon、speed、gps"),
        (parquet(positions(lat=[[1.0]] * 4)), "a.parquet", "column_type", "lat"),
    ],
)  # fmt: skip
def test_a_part_that_cannot_be_used_says_why_and_leaves_nothing(
    office: Office, data: bytes, name: str, code: str, said: str
) -> None:
    with pytest.raises(UnreadableFile, match=said) as caught:
        office.enter(data, name=name)
    assert caught.value.code == code
    assert not office.store.exists() or not list(office.store.iterdir())


def test_a_column_that_the_manifest_names_and_that_is_not_there_is_missing(office: Office) -> None:
    with pytest.raises(UnreadableFile, match="speed，说明文件写作 v") as caught:
        office.enter(parquet(positions()), columns={"speed": "v"})
    assert caught.value.code == "column_missing"


def test_the_same_part_has_one_file_and_another_statement_another(office: Office) -> None:
    keys = {office.enter(GOOD)[0].store_key, office.enter(GOOD, bounds=None)[0].store_key}
    assert len(keys) == 1
    (path,) = office.store.iterdir()
    before = path.stat().st_mtime_ns
    office.enter(GOOD, name="again.parquet")
    assert path.stat().st_mtime_ns == before
    others = [
        office.enter(GOOD, **stated)[0].store_key for stated in ({"datum": "gcj02"}, {"salt": "x"}, {"timezone": "UTC"})
    ]
    assert len({*keys, *others}) == 4


@pytest.mark.parametrize("rewritten", [GOOD[:-10], parquet(positions(lon=[112.1] * 4)), None])
def test_a_part_that_is_rewritten_while_it_is_read_is_tried_again_later_and_nothing_is_kept(
    office: Office, monkeypatch: pytest.MonkeyPatch, rewritten: bytes | None
) -> None:
    path = office.inbox / "part.parquet"

    def meddle(*arguments: Any) -> Any:
        if rewritten is None:
            path.unlink()
        else:
            path.write_bytes(rewritten)
        return local_seconds(*arguments)

    local_seconds = entry.local_seconds
    monkeypatch.setattr(entry, "local_seconds", meddle)
    with pytest.raises(IncompleteTransfer, match="读取时被改写"):
        office.enter(GOOD)
    assert list(office.store.iterdir()) == []
