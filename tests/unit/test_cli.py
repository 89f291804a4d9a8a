"""What the command line says to those who mistype."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import pytest

from cityhealth import cli
from cityhealth.cli import console
from cityhealth.landing import LandingZone
from cityhealth.settings import CITY_TIMEZONE


def said(*arguments: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The message of a command that fails as it should: exit code 1 and no traceback."""
    monkeypatch.setattr(sys, "argv", ["cityhealth", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    return "".join(capsys.readouterr().err.split())


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CITYHEALTH_LANDING", str(tmp_path / "landing"))
    file = tmp_path / "报表.xlsx"
    file.write_bytes(b"x")
    return file


def test_a_file_that_arrives_now_arrives_at_this_second_so_that_the_later_of_two_is_the_later(
    sent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = datetime.now(CITY_TIMEZONE)
    for name in ("one.xlsx", "two.xlsx"):
        path = sent.with_name(name)
        path.write_bytes(name.encode())
        monkeypatch.setattr(sys, "argv", ["cityhealth", "land", str(path), "--feed", "progress"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code
    first, second = LandingZone(str(sent.parent / "landing")).arrivals("progress")
    assert (first.filename, second.filename) == ("one.xlsx", "two.xlsx")
    assert before < first.received_at < second.received_at
    capsys.readouterr()


def test_a_file_that_arrives_in_the_future_does_not_land(
    sent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("land", sent, "--feed", "departmental", "--received", "2931-05-20T09:00")
    assert "2931-05-2009:00晚于现在" in said(*arguments, monkeypatch=monkeypatch, capsys=capsys)
    assert not (sent.parent / "landing" / "arrivals").exists()


def test_a_landing_zone_that_cannot_be_written_is_one_message(
    sent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CITYHEALTH_LANDING", str(sent))
    told = said("land", sent, "--feed", "departmental", monkeypatch=monkeypatch, capsys=capsys)
    assert told.startswith("错误error:") and "报表.xlsx" in told


def test_templates_into_what_is_a_file_is_one_message(
    sent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "报表.xlsx" in said("templates", "--to", sent, monkeypatch=monkeypatch, capsys=capsys)


def test_templates_for_a_day_that_is_no_due_date_name_those_beside_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said("templates", "--period", "2021-06-06", monkeypatch=monkeypatch, capsys=capsys)
    assert "2021-06-05、2021-06-20" in told


def test_templates_of_a_period_are_the_forms_of_its_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["cityhealth", "templates", "--period", "2021-06-05", "--to", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    assert {path.suffix for path in tmp_path.iterdir()} == {".xlsx", ".docx"}
    assert "2021-06-05" in capsys.readouterr().out


def test_days_in_the_wrong_order_are_said_and_not_taken_for_an_empty_feed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("ingest", "departmental", "--from", "2021-06-02", "--to", "2021-06-01")
    assert "晚于--to2021-06-01" in said(*arguments, monkeypatch=monkeypatch, capsys=capsys)


def test_a_table_folds_what_is_too_wide_and_cuts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    path = "/somewhere/" + "outbox/" * 30 + "回执.xlsx"
    table = console.table("receipt")
    table.add_row(path)
    console.Console(width=60).print(table)
    printed = capsys.readouterr().out
    assert "…" not in printed
    assert path in "".join(line.strip("│┃ ") for line in printed.splitlines())


def test_a_folder_of_movement_data_lands_by_partition_and_any_other_folder_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CITYHEALTH_LANDING", str(tmp_path / "landing"))
    tree = tmp_path / "公交"
    for day in ("2021-06-01", "2021-06-02"):
        (tree / f"feed=bus/date={day}").mkdir(parents=True)
        (tree / f"feed=bus/date={day}/part-0.csv").write_text(f"device\n{day}\n")
    (tree / "bus.yml").write_text("kind: vehicle_positions\ndatum: wgs84\nsource: s\nlicence: l\n")
    assert "只有mobility可以按文件夹报送" in said(
        "land", tree, "--feed", "layers", monkeypatch=monkeypatch, capsys=capsys
    )
    monkeypatch.setattr(sys, "argv", ["cityhealth", "land", "--feed", "mobility", str(tree)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    assert "feed=bus/date=2021-06-02/part-0.csv  →  mobility" in capsys.readouterr().out
    assert len(LandingZone(str(tmp_path / "landing")).arrivals("mobility")) == 2
