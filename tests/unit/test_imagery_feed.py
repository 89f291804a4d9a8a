"""Scenes as they are handed in: a manifest with its tiles, and everything that can be wrong with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings, strategies as st

from cityhealth.errors import IncompleteTransfer, UnreadableFile
from cityhealth.feeds.imagery import ImageryFeed
from cityhealth.landing import Arrival, LandingZone
from cityhealth.settings import CITY_TIMEZONE
from made_rasters import converted, write

RECEIVED = datetime(2021, 6, 8, 9, tzinfo=CITY_TIMEZONE)
STATED = {"kind": "night_light", "datum": "wgs84", "date": "2020-09-01", "source": "某卫星", "licence": "公开"}
ONES = np.ones((1, 4, 4), dtype="uint8")


class Desk:
    """Hands in scenes and reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.landing = LandingZone(str(folder / "landing"))
        self.feed = ImageryFeed(self.landing)

    def land(
        self,
        files: Sequence[Path | tuple[str, bytes]],
        filename: str = "scene.yml",
        data: bytes | None = None,
        **stated,
    ) -> Arrival:
        return self.landing.land(
            data if data is not None else yaml.safe_dump(STATED | stated, allow_unicode=True).encode(),
            feed="imagery",
            filename=filename,
            received_at=RECEIVED,
            attachments=[(file.name, file) if isinstance(file, Path) else file for file in files],
        )

    def rows(self, *files: Path | tuple[str, bytes], **stated) -> list[dict]:
        arrival = self.land(files, **stated)
        table = self.feed.read(self.landing.read(arrival), arrival)
        assert table.schema == self.feed.schema
        return table.to_pylist()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_each_tile_is_a_row_with_its_profile_and_what_the_manifest_states(desk: Desk, tmp_path: Path) -> None:
    one = write(tmp_path / "a.tif", ONES)
    two = converted(write(tmp_path / "b0.tif", ONES * 3, west=600_000), tmp_path / "b.jp2", "JP2OpenJPEG")
    rows = desk.rows(one, two, bands={"radiance": 1})
    assert [row["filename"] for row in rows] == ["a.tif", "b.jp2"]
    assert [row["size_bytes"] for row in rows] == [one.stat().st_size, two.stat().st_size]
    first = rows[0]
    assert (first["line_no"], first["kind_text"], first["acquired_text"]) == (1, "night_light", "2020-09-01")
    assert first["problem_code"] is None and rows[1]["problem_code"] is None
    assert json.loads(first["manifest"])["source"] == "某卫星"
    found = json.loads(first["profile"])
    assert (found["driver"], found["width"], found["valid_share"], found["cloud_share"]) == ("GTiff", 4, 1.0, None)
    assert [band["name"] for band in found["bands"]] == ["radiance"]
    assert found["sha256"] == first["sha256"] and found["bounds"] == [500_000, 3_899_960, 500_040, 3_900_000]
    assert rows[0]["pixel_hash"] != rows[1]["pixel_hash"]


def test_a_mask_is_no_tile_and_hides_what_it_says(desk: Desk, tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", ONES)
    mask = write(tmp_path / "scl.tif", np.array([[[9, 4], [3, 0]]], dtype="uint8"), cell=20)
    for stated in ({"rule": "scl"}, {"classes": {9: "cloud", 3: "shadow", 0: "fill"}}):
        (row,) = desk.rows(tile, mask, mask={"file": "scl.tif", **stated})
        found = json.loads(row["profile"])
        # Of four quarters one is fill, and of the other three two are hidden.
        assert found["valid_share"] == 0.75 and found["cloud_share"] == pytest.approx(2 / 3)


def test_each_tile_may_have_a_mask_of_its_own(desk: Desk, tmp_path: Path) -> None:
    tiles = [write(tmp_path / "a.tif", ONES), write(tmp_path / "b.tif", ONES, west=600_000)]
    masks = [
        write(tmp_path / "am.tif", np.full((1, 4, 4), 9, "uint8")),
        write(tmp_path / "bm.tif", np.full((1, 4, 4), 4, "uint8"), west=600_000),
    ]
    rows = desk.rows(*tiles, *masks, mask={"file": {"a.tif": "am.tif", "b.tif": "bm.tif"}, "rule": "scl"})
    assert [json.loads(row["profile"])["cloud_share"] for row in rows] == [1.0, 0.0]


def test_the_scale_of_the_file_holds_where_the_manifest_states_none(desk: Desk, tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", ONES, scale=0.5, offset=2.0)
    (row,) = desk.rows(tile)
    (band,) = json.loads(row["profile"])["bands"]
    assert (band["scale"], band["offset"]) == (0.5, 2.0)
    (row,) = desk.rows(tile, scale=3, offset=0)
    (band,) = json.loads(row["profile"])["bands"]
    assert (band["scale"], band["offset"]) == (3.0, 0.0)


def test_a_nodata_that_is_no_number_is_told_in_json(desk: Desk, tmp_path: Path) -> None:
    (row,) = desk.rows(write(tmp_path / "a.tif", ONES.astype("float32")), nodata=float("nan"))
    assert json.loads(row["profile"])["bands"][0]["nodata"] == "nan"


def bad(folder: Path, fault: str) -> Path | tuple[str, bytes]:
    good = write(folder / "good.tif", ONES)
    if fault == "truncated":
        large = write(folder / "large.tif", np.random.default_rng(1).integers(0, 255, (1, 300, 300), dtype="uint8"))
        return "bad.tif", large.read_bytes()[:40_000]
    return {
        "no table": ("bad.tif", "甲,乙\n".encode()),
        "empty": ("bad.tif", b""),
        "only a header": ("bad.tif", b"II*\0"),
        "no data": write(folder / "nothing.tif", ONES * 0, nodata=0),
        "no system": write(folder / "nowhere.tif", ONES, crs=None),
        "metres as degrees": write(folder / "wrong.tif", ONES, crs="EPSG:4326"),
        "good": good,
    }[fault]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("truncated", "damaged"),
        ("no table", "not_a_raster"),
        ("empty", "empty"),
        ("only a header", "damaged"),
        ("no data", "no_data"),
        ("no system", "no_crs"),
        ("metres as degrees", "wrong_crs"),
    ],
)
def test_a_tile_that_cannot_be_used_says_why_and_the_others_are_profiled(
    desk: Desk, tmp_path: Path, fault: str, code: str
) -> None:
    first, second = desk.rows(bad(tmp_path, fault), bad(tmp_path, "good"))
    assert (first["problem_code"], first["profile"], first["pixel_hash"]) == (code, "{}", None)
    assert first["problem_zh"] and second["problem_code"] is None


def test_what_the_manifest_states_wrongly_is_said_of_the_tile(desk: Desk, tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", ONES)
    for stated, code in (({"nodata": 300}, "wrong_nodata"), ({"bands": {"red": 2}}, "unknown_band")):
        (row,) = desk.rows(tile, **stated)
        assert row["problem_code"] == code


def test_a_mask_that_cannot_be_read_is_named(desk: Desk, tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", ONES)
    (row,) = desk.rows(tile, ("scl.tif", b"?"), mask={"file": "scl.tif", "rule": "scl"})
    assert row["problem_code"] == "not_a_raster" and row["problem_zh"].startswith("scl.tif：")


@pytest.mark.parametrize(
    ("code", "stated"),
    [("no_tiles", {}), ("mask_missing", {"mask": {"file": "scl.tif", "rule": "scl"}}), ("manifest_invalid", {"x": 1})],
)
def test_a_scene_that_lacks_something_is_refused_as_a_file(desk: Desk, code: str, stated: dict) -> None:
    with pytest.raises(UnreadableFile) as caught:
        desk.rows(**stated)
    assert caught.value.code == code


def test_sound_tiles_that_make_no_scene_together_are_refused_as_a_file(desk: Desk, tmp_path: Path) -> None:
    here = write(tmp_path / "a.tif", ONES, names=["radiance"])
    for other, code in (({"crs": "EPSG:32633", "names": ["radiance"]}, "tiles_apart"), ({}, "different_bands")):
        with pytest.raises(UnreadableFile) as caught:
            desk.rows(here, write(tmp_path / "b.tif", ONES, west=600_000, **other))
        assert caught.value.code == code


SITE = 'LOCAL_CS["site",UNIT["metre",1],AXIS["Easting",EAST],AXIS["Northing",NORTH]]'
MARS = (
    'PROJCS["Mars",GEOGCS["Mars",DATUM["Mars",SPHEROID["Mars_2000",3396190,169.8]],PRIMEM["Greenwich",0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Sinusoidal"],PARAMETER["longitude_of_center",0],'
    'PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]'
)


@pytest.mark.parametrize("system", [SITE, MARS])
def test_a_tile_in_a_system_of_no_place_on_earth_is_refused(desk: Desk, tmp_path: Path, system: str) -> None:
    (row,) = desk.rows(write(tmp_path / "a.tif", ONES, crs=system))
    assert row["problem_code"] == "no_crs" and "不是地球上的坐标系" in row["problem_zh"]


def test_a_tile_in_the_place_of_the_manifest_is_refused_with_how_to_hand_it_in(desk: Desk, tmp_path: Path) -> None:
    tile = write(tmp_path / "a.tif", ONES)
    arrival = desk.land([("a.yml", b"kind: night_light")], filename="a.tif", data=tile.read_bytes())
    with pytest.raises(UnreadableFile, match="说明文件") as caught:
        desk.feed.read(tile.read_bytes(), arrival)
    assert caught.value.code == "tile_as_main"


def test_a_tile_that_has_not_arrived_yet_is_no_fault_of_the_scene(desk: Desk, tmp_path: Path) -> None:
    arrival = desk.land([write(tmp_path / "a.tif", ONES)])
    (attachment,) = arrival.attachments
    with desk.landing.attached(attachment) as path:
        path.unlink()
    with pytest.raises(IncompleteTransfer):
        desk.feed.read(desk.landing.read(arrival), arrival)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(cut=0, at=225, byte=68)
@given(cut=st.integers(0, 400), at=st.integers(0, 400), byte=st.integers(0, 255))
def test_whatever_becomes_of_a_tile_it_has_a_profile_or_a_problem(desk: Desk, cut: int, at: int, byte: int) -> None:
    data = bytearray(write(desk.folder / "fuzzed.tif", ONES).read_bytes())
    data[min(at, len(data) - 1)] = byte
    (row,) = desk.rows(("a.tif", bytes(data[: len(data) - cut])))
    assert (row["problem_code"] is None) == (row["profile"] != "{}")
