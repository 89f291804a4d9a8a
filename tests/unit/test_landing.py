"""The landing zone keeps bytes once, arrivals each, and never announces what is not there."""

import os
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from cityhealth.errors import IncompleteTransfer, Place
from cityhealth.landing import LandingZone

SHANGHAI = ZoneInfo("Asia/Shanghai")
NINE = datetime(2021, 5, 20, 9, tzinfo=SHANGHAI)


@pytest.fixture
def landing(tmp_path: Path) -> LandingZone:
    return LandingZone(str(tmp_path / "landing"))


def test_what_was_landed_is_found_by_its_arrival_day_in_the_city(landing: LandingZone) -> None:
    late_in_the_evening_utc = datetime(2021, 5, 19, 23, tzinfo=ZoneInfo("UTC"))
    arrival = landing.land(b"x", feed="departmental", filename="a.csv", received_at=late_in_the_evening_utc)
    assert arrival.day == date(2021, 5, 20)
    assert landing.arrivals("departmental", date(2021, 5, 20), date(2021, 5, 20)) == [arrival]
    assert landing.arrivals("departmental", date(2021, 5, 19), date(2021, 5, 19)) == []
    assert landing.arrivals("yearbook") == []


def test_the_same_bytes_are_stored_once_and_arrive_twice(landing: LandingZone, tmp_path: Path) -> None:
    first = landing.land(b"same", feed="departmental", filename="a.csv", received_at=NINE)
    second = landing.land(b"same", feed="departmental", filename="a.csv", received_at=NINE.replace(hour=10))
    assert landing.arrivals("departmental") == [first, second]
    assert len([path for path in (tmp_path / "landing" / "objects").rglob("*") if path.is_file()]) == 1


def test_landing_the_same_facts_again_is_the_same_arrival(landing: LandingZone) -> None:
    facts = {"feed": "departmental", "filename": "a.csv", "received_at": NINE, "attachments": [("raw.xlsx", b"y")]}
    assert landing.land(b"x", **facts) == landing.land(b"x", **facts)
    assert len(landing.arrivals("departmental")) == 1


@pytest.mark.parametrize(
    "damage", [lambda p: p.write_bytes(b"hal"), lambda p: p.unlink()], ids=["half written", "not there"]
)
def test_bytes_that_are_not_those_announced_are_refused_for_now(landing: LandingZone, tmp_path: Path, damage) -> None:
    arrival = landing.land(b"half of it", feed="departmental", filename="a.csv", received_at=NINE)
    damage(tmp_path / "landing" / "objects" / arrival.sha256[:2] / arrival.sha256)
    with pytest.raises(IncompleteTransfer, match=r"a\.csv"):
        landing.read(arrival)
    again = landing.land(b"half of it", feed="departmental", filename="a.csv", received_at=NINE)
    assert landing.read(again) == b"half of it"


def test_a_moment_without_a_zone_is_refused(landing: LandingZone) -> None:
    with pytest.raises(ValueError, match="time zone"):
        landing.land(b"x", feed="departmental", filename="a.csv", received_at=datetime(2021, 5, 20))


@settings(max_examples=40, deadline=None)
@given(
    filename=st.text(min_size=1, max_size=80), department=st.none() | st.text(max_size=40), data=st.binary(max_size=200)
)
def test_any_name_comes_back_as_it_was(tmp_path_factory, filename: str, department: str | None, data: bytes) -> None:
    filename = filename.encode("utf-8", "replace").decode()
    landing = LandingZone(str(tmp_path_factory.mktemp("landing")))
    arrival = landing.land(data, feed="departmental", filename=filename, received_at=NINE, department_text=department)
    assert landing.arrivals("departmental") == [arrival]
    assert landing.read(arrival) == data


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("统计局报表.xlsx".encode(), "统计局报表.xlsx"),
        ("统计局报表.xlsx".encode("gb18030"), "统计局报表.xlsx"),
        (b"a\xff\xff.xlsx", "a\\xff\\xff.xlsx"),
    ],
)
def test_a_name_of_other_bytes_than_utf_8_arrives_readable(landing: LandingZone, raw: bytes, name: str) -> None:
    odd = os.fsdecode(raw)
    arrival = landing.land(
        b"x", feed="departmental", filename=odd, received_at=NINE, attachments=[(f"原始_{odd}", b"y")]
    )
    assert arrival.filename == name
    assert landing.arrivals("departmental") == [arrival]


@pytest.mark.parametrize("where", ["disk", "memory"])
def test_an_attachment_landed_from_its_path_is_a_whole_file_again(tmp_path: Path, where: str) -> None:
    landing = LandingZone(str(tmp_path / "landing") if where == "disk" else f"memory://{tmp_path.name}-{where}")
    (tmp_path / "tile.tif").write_bytes(b"cells" * 1000)
    arrival = landing.land(
        b"m", feed="imagery", filename="a.yml", received_at=NINE, attachments=[("tile.tif", tmp_path / "tile.tif")]
    )
    by_bytes = landing.land(
        b"m", feed="imagery", filename="a.yml", received_at=NINE, attachments=[("tile.tif", b"cells" * 1000)]
    )
    assert arrival == by_bytes
    with landing.attached(arrival.attachments[0]) as path:
        assert path.read_bytes() == b"cells" * 1000


def test_an_attachment_that_is_not_whole_is_not_opened(tmp_path: Path) -> None:
    landing = LandingZone(str(tmp_path))
    arrival = landing.land(b"m", feed="imagery", filename="a.yml", received_at=NINE, attachments=[("t.tif", b"cells")])
    (stored,) = tmp_path.glob(f"objects/*/{arrival.attachments[0].sha256}")
    stored.write_bytes(b"cel")
    with pytest.raises(IncompleteTransfer, match="校验和不符") as error, landing.attached(arrival.attachments[0]):
        pass
    assert error.value.place == Place("t.tif")
    stored.unlink()
    with pytest.raises(IncompleteTransfer, match="尚未到达"), landing.attached(arrival.attachments[0]):
        pass
