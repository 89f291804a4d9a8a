"""The half-month campaign of the sample city: repeatable, labelled, believable, readable as far as it should be."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from cityhealth.campaigns import ReportingPeriod, reporting_periods
from cityhealth.catalogue import Catalogue
from cityhealth.cli.contents import sample_land
from cityhealth.documents import Paragraph, read_word
from cityhealth.errors import UnreadableFile
from cityhealth.feeds.meeting import MeetingFeed
from cityhealth.feeds.progress import REVISED, ProgressFeed
from cityhealth.landing import Arrival, LandingZone
from cityhealth.progress_form import FIVE
from cityhealth.quantities.percent import parse_percent
from cityhealth.sample_city import LABEL, Oddity, SampleFile, generate
from cityhealth.sample_city.campaign import generate_campaign
from cityhealth.sample_city.campaign.calendar import habits, incidents, silent
from cityhealth.sample_city.campaign.mail import Sent, mail_of, reports_of
from cityhealth.sample_city.campaign.meetings import similarity
from cityhealth.sample_city.campaign.prose import theme_of
from cityhealth.sample_city.campaign.reports import Report, reporters_of
from cityhealth.sample_city.campaign.troubles import NONE, TROUBLES
from cityhealth.sample_city.files import ExpectedReport, ReportOddity
from cityhealth.sample_city.planting import NothingFits
from cityhealth.settings import PROJECT_ROOT
from cityhealth.tabular import read_sheets

SHOWN = 6
Row = dict[str, object]


@pytest.fixture(scope="module")
def files(catalogue: Catalogue) -> list[SampleFile]:
    return generate_campaign(catalogue, periods=SHOWN)


@pytest.fixture(scope="module")
def third(catalogue: Catalogue) -> list[Sent]:
    return reports_of(reporters_of(catalogue, 2021, 2021), _period(catalogue, 3))


@pytest.fixture(scope="module")
def campaign(catalogue: Catalogue) -> list[Report]:
    """All reports of all departments that are heard of, period by period."""
    reporters = reporters_of(catalogue, 2021, 2021)
    return [
        reporters.report(code, period)
        for period in reporters.periods
        for code in reporters.codes
        if code not in silent(reporters.codes, period.number)
    ]


def _rows(file: SampleFile) -> list[Row]:
    arrival = Arrival("a", file.feed, file.department_text, file.filename, "0", len(file.data), file.received_at)
    feed = ProgressFeed() if file.feed == "progress" else MeetingFeed()
    return [row for row in feed.read(file.data, arrival).to_pylist() if row["row_kind"] == "data"]


def _of(files: list[SampleFile], oddity: ReportOddity) -> SampleFile:
    return next(file for file in files if oddity in file.oddities)


def _text(file: SampleFile) -> str:
    if file.filename.endswith(".doc"):
        return file.data.decode("utf-16-le", errors="ignore")
    if file.filename.endswith(".docx"):
        return "\n".join(b.text for b in read_word(file.data, file.filename).blocks if isinstance(b, Paragraph))
    cells = (c.text for s in read_sheets(file.data, file.filename) for row in s.rows.values() for c in row.values())
    return "\n".join(cells)


def test_another_seed_tells_something_else_and_the_same_happens(catalogue: Catalogue) -> None:
    ours, others = (reports_of(reporters_of(catalogue, seed, 2021), _period(catalogue, 5)) for seed in (2021, 7))
    assert Counter(one.file.oddities for one in ours) == Counter(one.file.oddities for one in others)
    assert not {one.file.data for one in ours} & {one.file.data for one in others}


def test_a_campaign_made_again_and_shorter_is_the_beginning_of_the_longer_one_to_the_byte(
    catalogue: Catalogue, files: list[SampleFile]
) -> None:
    shorter = generate_campaign(catalogue, periods=2)
    end = _period(catalogue, 2).cutoff
    assert shorter == [file for file in files if file.received_at <= end]
    assert len(shorter) > 40


def test_every_department_with_tasks_reports_in_each_period_but_those_that_are_silent(
    catalogue: Catalogue, files: list[SampleFile]
) -> None:
    names = {d.code: d.name_zh for d in catalogue.departments}
    codes = reporters_of(catalogue, 2021, 2021).codes
    assert set(codes) == {duty.department_code for duty in catalogue.responsibilities}
    for period in reporting_periods(catalogue.campaigns[0])[: SHOWN - 1]:
        quiet = {names[code] for code in silent(codes, period.number)}
        heard = {
            file.department_text
            for file in files
            if isinstance(file.expected, ExpectedReport) and file.expected.period == period.key
        }
        assert quiet and heard == {names[code] for code in codes} - quiet


def test_the_campaign_has_24_periods_and_somebody_is_silent_in_each(catalogue: Catalogue) -> None:
    reporters = reporters_of(catalogue, 2021, 2021)
    keys = [period.key for period in reporters.periods]
    assert (len(keys), keys[0], keys[-1]) == (24, "2021-05-20", "2022-05-05")
    happens = incidents(reporters.codes)
    for number in range(1, 25):
        quiet = silent(reporters.codes, number)
        assert len(quiet) in (1, 2)
        assert not [code for code in quiet if (code, number) in happens or (code, number + 1) in happens]


def test_two_reports_in_three_are_workbooks(catalogue: Catalogue) -> None:
    written = Counter(habits(reporters_of(catalogue, 2021, 2021).codes).values())
    workbooks = written[ReportOddity.TEMPLATE] + written[ReportOddity.RETYPED]
    assert 0.6 < workbooks / written.total() < 0.72


def test_every_oddity_is_planted(catalogue: Catalogue, files: list[SampleFile]) -> None:
    happens = set(incidents(reporters_of(catalogue, 2021, 2021).codes).values())
    planted: set[Oddity | ReportOddity] = set().union(*(file.oddities for file in files))
    assert happens | planted >= set(ReportOddity)
    # What only the end of a campaign has is all that the demo does not show.
    assert set(ReportOddity) - planted == {ReportOddity.DONE}


def test_every_file_says_that_it_is_synthetic(files: list[SampleFile]) -> None:
    for file in files:
        assert LABEL in (file.filename if file.expected.read_error == "encrypted" else _text(file)), file.filename


def test_files_are_the_same_as_archives_whenever_they_are_written(files: list[SampleFile]) -> None:
    for file in files:
        if file.filename.endswith(".docx") and file.expected.read_error is None:
            with zipfile.ZipFile(io.BytesIO(file.data)) as package:
                assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_report_is_readable_exactly_where_it_should_be(files: list[SampleFile]) -> None:
    for file in files:
        if file.feed == "departmental":
            continue
        if file.expected.read_error is not None:
            with pytest.raises(UnreadableFile) as caught:
                _rows(file)
            assert caught.value.code == file.expected.read_error
        else:
            assert len(_rows(file)) >= file.expected.refused, file.filename


def test_every_line_is_read_back_as_it_was_written(third: list[Sent]) -> None:
    for one in third:
        if one.file.expected.read_error is not None:
            continue
        read, wrote = _rows(one.file), one.report.lines
        assert [row["task_text"] for row in read] == [line["task_text"] for line in wrote]
        assert {row["period_text"] for row in read} == {one.report.period_text}, one.file.filename
        for row, line in zip(read, wrote, strict=True):
            assert {name: row[name] for name in FIVE} == {name: line[name] for name in FIVE}
            assert row["responsible_text"] == line["responsible_text"]
            assert parse_percent(str(row["percent_text"]), str(row["percent_cell_kind"])).value == line["percent_text"]


@pytest.mark.parametrize(
    ("oddity", "number"),
    [
        (ReportOddity.TENTHS, 6),
        (ReportOddity.TENTHS, 19),
        (ReportOddity.FULL_WIDTH_PERCENT, 5),
        (ReportOddity.SHARE, 5),
        (ReportOddity.DONE, 24),
    ],
)
def test_a_percentage_in_other_words_means_about_the_percentage(
    catalogue: Catalogue, oddity: ReportOddity, number: int
) -> None:
    reporters = reporters_of(catalogue, 2021, 2021)
    code = next(code for (code, at), what in incidents(reporters.codes).items() if (at, what) == (number, oddity))
    plain = reporters_of(catalogue, 2021, 2021).report(code, _period(catalogue, number))
    (one,) = mail_of(reporters, code, _period(catalogue, number))
    first = _rows(one.file)[0]
    assert first["percent_text"] not in (None, f"{plain.percent(0)}")
    said = parse_percent(str(first["percent_text"]), str(first["percent_cell_kind"])).value
    assert said is not None and 0 <= plain.percent(0) - said < 5


def test_tracked_changes_are_read_as_accepted(third: list[Sent]) -> None:
    (one,) = [one for one in third if ReportOddity.TRACKED_CHANGES in one.file.oddities]
    first = _rows(one.file)[0]
    assert first["status_text"] == one.report.lines[0]["status_text"]
    assert REVISED in str(first["other_cells"])
    assert b"<w:del " in _part(one.file, "word/document.xml")


def test_the_picture_is_large_and_the_text_beside_it_is_read(files: list[SampleFile]) -> None:
    file = _of(files, ReportOddity.PICTURE)
    assert len(file.data) > 3_000_000
    assert all(row["work_text"] for row in _rows(file))


def test_nested_tables_are_read(files: list[SampleFile]) -> None:
    file = _of(files, ReportOddity.NESTED_TABLE)
    assert all(row["work_text"] and row["percent_text"] for row in _rows(file))
    assert _part(file, "word/document.xml").count(b"<w:tbl>") == 2


def test_missing_headings_leave_their_texts_out(files: list[SampleFile]) -> None:
    for row in _rows(_of(files, ReportOddity.MISSING_HEADINGS)):
        assert row["work_text"] and row["status_text"] and row["problems_text"]
        assert row["focus_text"] is None and row["next_text"] is None


def test_no_text_comes_twice_in_a_campaign(campaign: list[Report]) -> None:
    texts = Counter(
        str(line[name]) for report in campaign for line in report.lines for name in FIVE if line[name] not in NONE
    )
    assert [text for text, times in texts.items() if times > 1] == []
    assert len(texts) > 6_000
    assert not [text for text in texts if "{" in text or "None" in text]


def test_a_repeated_report_is_last_periods_word_for_word_and_no_other(catalogue: Catalogue) -> None:
    repeating = reporters_of(catalogue, 2021, 2021)
    before = repeating.report("housing", repeating.periods[0])
    again = repeating.report("housing", repeating.periods[1], repeats=True)
    assert [[line[name] for name in FIVE] for line in again.lines] == [
        [line[name] for name in FIVE] for line in before.lines
    ]


def test_percentages_rise_from_5_to_100(campaign: list[Report]) -> None:
    courses: dict[tuple[str, str], list[int]] = {}
    for report in campaign:
        for index, task in enumerate(report.task_codes):
            courses.setdefault((report.department_code, task), []).append(report.percent(index))
    assert all(course == sorted(course) for course in courses.values())
    # Who was silent in the first or the last period is not at its end of the course.
    assert {course[0] for course in courses.values()} <= set(range(5, 11))
    assert {course[-1] for course in courses.values()} <= set(range(90, 101))
    assert Counter(course[-1] for course in courses.values()).most_common(1)[0][0] == 100


def test_problems_are_grouped_under_the_theme_that_they_are_about(catalogue: Catalogue, campaign: list[Report]) -> None:
    stated = [str(line["problems_text"]) for report in campaign for line in report.lines]
    problems = [text for text in stated if text not in NONE]
    assert 0.15 < len(problems) / len(stated) < 0.4
    themes = Counter(theme_of(text, catalogue.problem_themes) for text in problems)
    assert set(themes) == {theme.code for theme in catalogue.problem_themes} == set(TROUBLES)
    assert min(themes.values()) >= 5


def test_a_problem_that_lasts_is_reworded_and_stays_the_same_problem(campaign: list[Report]) -> None:
    """Said again in the next period it resembles itself; a later one of the same task is another."""
    before: dict[tuple[str, str], tuple[int, str]] = {}
    alike: list[float] = []
    others: list[float] = []
    for report in campaign:
        for task, line in zip(report.task_codes, report.lines, strict=True):
            text = str(line["problems_text"])
            if text in NONE:
                continue
            number, last = before.get((report.department_code, task), (0, ""))
            if last:
                (alike if report.period.number == number + 1 else others).append(similarity(text, last))
            before[report.department_code, task] = (report.period.number, text)
    assert min(alike) >= 0.4 and len(alike) > 100
    assert sum(value < 0.4 for value in others) > 0.8 * len(others) > 50


def test_a_percentage_falls_only_where_it_is_planted(catalogue: Catalogue, files: list[SampleFile]) -> None:
    last: dict[tuple[str | None, object], float] = {}
    fell: dict[tuple[str | None, object], bool] = {}
    for file in files:
        if not isinstance(file.expected, ExpectedReport) or file.expected.period is None:
            continue
        for row in _rows(file):
            key = (file.department_text, row["task_text"])
            percent = parse_percent(str(row["percent_text"]), str(row["percent_cell_kind"])).value
            assert percent is not None
            if percent < last.get(key, 0):
                fell[file.department_text, file.expected.period] = row["reason_text"] is not None
            last[key] = percent if percent <= 100 else 0
    planted = {
        (file.department_text, file.expected.period): ReportOddity.FELL_WITH_REASON in file.oddities
        for file in files
        if isinstance(file.expected, ExpectedReport)
        and file.oddities & {ReportOddity.FELL_WITH_REASON, ReportOddity.FELL_WITHOUT_REASON}
    }
    assert set(planted.values()) == {True, False}
    assert fell == planted
    assert {file.expected.fell for file in files if isinstance(file.expected, ExpectedReport)} == {(), ("B01",)}


def test_meetings_assign_before_they_settle_and_name_each_difficulty_as_the_marts_do(
    catalogue: Catalogue, files: list[SampleFile]
) -> None:
    keys = {period.key for period in reporting_periods(catalogue.campaigns[0])}
    owed = {(duty.block_code, duty.department_code) for duty in catalogue.responsibilities}
    assigned: set[str] = set()
    settled: set[str] = set()
    for file in (f for f in files if f.feed == "meeting"):
        rows = [row for row in _rows(file) if row["decision_text"] in ("交办", "办结")]
        usable = [row for row in rows if "B99" not in str(row["difficulty_text"])]
        for row in usable:
            period, task, department = str(row["difficulty_text"]).split("/")
            assert period in keys and (task, department) in owed
            if row["decision_text"] == "办结":
                assert row["difficulty_text"] in assigned - settled
                settled.add(str(row["difficulty_text"]))
            else:
                assert row["difficulty_text"] not in assigned
                assert row["assigned_text"] and row["due_text"]
                assigned.add(str(row["difficulty_text"]))
    assert len(assigned) > 10 and len(settled) > 3


def test_figures_are_set_right_after_may(catalogue: Catalogue, files: list[SampleFile]) -> None:
    later = [file for file in files if file.feed == "departmental"]
    assert len(later) == 3
    assert {file.received_at.strftime("%Y-%m") for file in later} == {"2021-06", "2021-07"}
    assert all(file.received_at > max(f.received_at for f in generate(catalogue)) for file in later)
    assert {file.expected.verdict for file in later} == {"accepted"}


def test_rules_that_reports_break_are_rules_of_the_gate(files: list[SampleFile]) -> None:
    suites = "\n".join(path.read_text() for path in (PROJECT_ROOT / "expectations").glob("*.yml"))
    for rule in {rule for file in files for rule in file.expected.rules}:
        assert f"code: {rule}\n" in suites, rule


def test_a_catalogue_that_leaves_no_room_is_an_error(catalogue: Catalogue) -> None:
    alone = dataclasses.replace(
        catalogue,
        problem_themes=tuple(theme for theme in catalogue.problem_themes if theme.code == "other"),
    )
    with pytest.raises(NothingFits, match="trouble"):
        generate_campaign(alone, periods=SHOWN)


def _period(catalogue: Catalogue, number: int) -> ReportingPeriod:
    return reporting_periods(catalogue.campaigns[0])[number - 1]


def _part(file: SampleFile, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(file.data)) as package:
        return package.read(name)


def test_the_command_line_lands_the_reports_of_the_first_periods(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYHEALTH_LANDING", str(tmp_path))
    sample_land(periods=1)
    landed = LandingZone(str(tmp_path)).arrivals("progress")
    assert len(landed) > 20 and max(arrival.day for arrival in landed) == date(2021, 5, 20)
