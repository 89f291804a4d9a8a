"""The reports of one period as files on their way: who sends what, when, and what should become of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from cityhealth.campaigns import ReportingPeriod
from cityhealth.progress_form import FIVE
from cityhealth.sample_city import broken
from cityhealth.sample_city.campaign import word, workbooks
from cityhealth.sample_city.campaign.calendar import habits, incidents, silent
from cityhealth.sample_city.campaign.reports import Report, Reporters
from cityhealth.sample_city.files import LABEL, ExpectedReport, ReportOddity, SampleFile, Timeliness
from cityhealth.sample_city.grids import CellValue
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.templates import progress_form_for, progress_name

_PICTURE_MEGABYTES = 3
_FULL_WIDTH = str.maketrans("0123456789%", "０１２３４５６７８９％")
_TENTHS = "零一两三四五六七八九十"


@dataclass(frozen=True)
class Sent:
    """A file, and of the report in it the lines that the gate should accept."""

    file: SampleFile
    report: Report
    accepted: tuple[int, ...]


@dataclass(frozen=True)
class _Desk:
    """One department about to send its report for a period."""

    reporters: Reporters
    code: str
    period: ReportingPeriod
    habit: ReportOddity

    def report(self, *, falls: bool = False, reason: bool = False, repeats: bool = False) -> Report:
        return self.reporters.report(self.code, self.period, falls=falls, reason=reason, repeats=repeats)

    def at(self, days_before: int, hour: int, minute: int | None = None) -> datetime:
        """On a day before the due date, at an hour (a minute is drawn)."""
        drawn = random.Random(f"{self.reporters.seed}|{self.code}|{self.period.key}|{days_before}")
        moment = time(hour, drawn.randint(0, 59) if minute is None else minute)
        return datetime.combine(self.period.due_moved - timedelta(days=days_before), moment, CITY_TIMEZONE)

    @property
    def usual(self) -> datetime:
        """Within three days before the cut-off."""
        drawn = random.Random(f"{self.reporters.seed}|{self.code}|{self.period.key}")
        return self.at(drawn.randint(0, 3), drawn.randint(9, 16))

    def written(self, report: Report) -> tuple[bytes, str]:
        """The report as this department writes it, and the extension of its name."""
        catalogue = self.reporters.catalogue
        match self.habit:
            case ReportOddity.TEMPLATE:
                return workbooks.as_template(catalogue, report), "xlsx"
            case ReportOddity.WORD_FORM:
                return workbooks.as_word_form(catalogue, report), "docx"
            case ReportOddity.WORD_HEADINGS:
                return word.under_headings(report), "docx"
            case ReportOddity.WORD_TABLE:
                return word.in_table(report), "docx"
            case _:
                return workbooks.retyped(report), "xlsx"

    def title(self, report: Report) -> str:
        """The name of the file, without extension: the template's, or one that the department has made up."""
        if self.habit in (ReportOddity.TEMPLATE, ReportOddity.WORD_FORM):
            form = progress_form_for(self.reporters.catalogue, report.department_code, report.period)
            return progress_name(form, "").removesuffix(".")
        due = report.period.due
        return f"{report.department_zh}城市体检半月进展（{due.month}月{due.day}日）"

    def sent(
        self,
        report: Report,
        received_at: datetime,
        oddity: ReportOddity | None = None,
        *,
        data: bytes | None = None,
        extension: str | None = None,
        title: str | None = None,
        accepted: tuple[int, ...] | None = None,
        **expected: object,
    ) -> Sent:
        """``accepted``: the lines that are, where it is not all of them; ``expected``: of ExpectedReport."""
        if data is None or extension is None:
            data, extension = self.written(report)
        everything = tuple(range(len(report.lines)))
        lines = everything if accepted is None else accepted
        oddities = frozenset((self.habit, oddity) if oddity else (self.habit,))
        period = self.period
        file = SampleFile(
            filename=f"{title or self.title(report)}.{extension}",
            data=data,
            feed="progress",
            department_text=report.department_zh,
            received_at=received_at,
            attachments=(),
            oddities=oddities,
            note_zh="；".join(sorted(o.value for o in oddities)),
            expected=replace(
                ExpectedReport(
                    "accepted" if lines == everything else "partly" if lines else "refused",
                    period=period.key if lines else None,
                    timeliness=_timeliness(period, received_at) if lines else None,
                ),
                **expected,  # type: ignore[arg-type]
            ),
        )
        return Sent(file, report, lines)

    def again(self, report: Report) -> Sent:
        """The same report in a form that can be read, the next day."""
        return self.sent(report, self.at(1, 15), ReportOddity.CORRECTED)


def reports_of(reporters: Reporters, period: ReportingPeriod) -> list[Sent]:
    """Everything that departments send for a period, in order of arrival."""
    quiet = silent(reporters.codes, period.number)
    sent = [one for code in reporters.codes if code not in quiet for one in mail_of(reporters, code, period)]
    return sorted(sent, key=lambda one: (one.file.received_at, one.file.filename))


def mail_of(reporters: Reporters, code: str, period: ReportingPeriod) -> list[Sent]:
    """What one department sends for a period, all that goes wrong with it included."""
    desk = _Desk(reporters, code, period, habits(reporters.codes)[code])
    oddity = incidents(reporters.codes).get((code, period.number))
    return _SENDERS[oddity](desk) if oddity else [desk.sent(desk.report(), desk.usual)]


def _timeliness(period: ReportingPeriod, moment: datetime) -> Timeliness:
    return "on_time" if moment <= period.cutoff else "same_day_late" if moment <= period.day_ends else "late"


def _late(desk: _Desk) -> list[Sent]:
    return [desk.sent(desk.report(), desk.at(-2, 10), ReportOddity.LATE)]


def _same_day_late(desk: _Desk) -> list[Sent]:
    return [desk.sent(desk.report(), desk.at(0, 19, 10), ReportOddity.SAME_DAY_LATE)]


def _sent_twice(desk: _Desk) -> list[Sent]:
    """A first version, and the next day one that says more of the first task."""
    last = desk.report()
    first = last.with_line(0, status_text=f"初步统计，{last.lines[0]['status_text']}", percent_text=last.percent(0) - 1)
    return [
        desk.sent(first, desk.at(2, 10), ReportOddity.SENT_TWICE, in_force=False),
        desk.sent(last, desk.at(1, 16), ReportOddity.SENT_TWICE),
    ]


def _percent_written(
    oddity: ReportOddity, write: Callable[[int], CellValue], *rules: str
) -> Callable[[_Desk], list[Sent]]:
    def send(desk: _Desk) -> list[Sent]:
        report = desk.report()
        shown = report.with_line(0, percent_text=write(report.percent(0)))
        return [desk.sent(shown, desk.usual, oddity, rules=rules)]

    return send


def _in_tenths(percent: int) -> str:
    """``八成``, ``八成五``; a percentage between is rounded down."""
    tens, rest = divmod(percent, 10)
    return f"{_TENTHS[tens]}成{'五' if rest >= 5 else ''}"


def _percent_too_large(desk: _Desk) -> list[Sent]:
    report = desk.report()
    others = tuple(range(1, len(report.lines)))
    return [
        desk.sent(
            report.with_line(0, percent_text=120),
            desk.usual,
            ReportOddity.PERCENT_TOO_LARGE,
            accepted=others,
            rules=("percent_range",),
            refused=1,
        )
    ]


def _future_period(desk: _Desk) -> list[Sent]:
    """The form of a later period, filled in by mistake."""
    report = desk.report()
    later = next(p for p in desk.reporters.periods if p.number == desk.period.number + 2)
    wrong = replace(report, period=later, period_text=later.key)
    return [_refused(desk, wrong, ReportOddity.FUTURE_PERIOD, "period_open"), desk.again(report)]


def _unknown_period(desk: _Desk) -> list[Sent]:
    report = desk.report()
    no_due_date = (desk.period.due - timedelta(days=2)).isoformat()
    wrong = replace(report, period_text=no_due_date)
    return [_refused(desk, wrong, ReportOddity.UNKNOWN_PERIOD, "period_known"), desk.again(report)]


def _refused(desk: _Desk, report: Report, oddity: ReportOddity, rule: str) -> Sent:
    return desk.sent(report, desk.at(2, 10), oddity, accepted=(), rules=(rule,), refused=len(report.lines))


def _no_period(desk: _Desk) -> list[Sent]:
    """Neither in the table nor in the file's name: taken for the period that is running."""
    report = replace(desk.report(), period_text=None)
    title = f"{report.department_zh}城市体检工作进展"
    return [desk.sent(report, desk.usual, ReportOddity.NO_PERIOD, title=title, rules=("period_stated",))]


def _task_of_another(desk: _Desk) -> list[Sent]:
    report = desk.report()
    foreign = next(b for b in desk.reporters.catalogue.work_blocks if b.code not in report.task_codes)
    line: Mapping[str, CellValue] = {**report.lines[0], "task_text": foreign.name_zh}
    own = tuple(range(len(report.lines)))
    return [
        desk.sent(
            replace(report, lines=(*report.lines, line)),
            desk.usual,
            ReportOddity.TASK_OF_ANOTHER,
            accepted=own,
            rules=("task_owned",),
            refused=1,
        )
    ]


def _tracked_changes(desk: _Desk) -> list[Sent]:
    report = desk.report()
    data = word.under_headings(report, revised=True)
    return [
        desk.sent(
            report,
            desk.usual,
            ReportOddity.TRACKED_CHANGES,
            data=data,
            extension="docx",
            rules=("no_revisions",),
        )
    ]


def _nested_table(desk: _Desk) -> list[Sent]:
    report = desk.report()
    data = word.in_table(report, nested=True)
    return [desk.sent(report, desk.usual, ReportOddity.NESTED_TABLE, data=data, extension="docx")]


def _missing_headings(desk: _Desk) -> list[Sent]:
    """工作重点 and 下一步工作计划 are not there; what is stated counts."""
    report = desk.report()
    missing = ("focus_text", "next_text")
    data = word.under_headings(report, tuple(field for field in FIVE if field not in missing))
    return [
        desk.sent(
            report,
            desk.usual,
            ReportOddity.MISSING_HEADINGS,
            data=data,
            extension="docx",
            rules=("fields_present",),
        )
    ]


def _picture(desk: _Desk) -> list[Sent]:
    report = desk.report()
    data = word.under_headings(report, picture=word.noise(_PICTURE_MEGABYTES, desk.reporters.seed))
    return [desk.sent(report, desk.usual, ReportOddity.PICTURE, data=data, extension="docx")]


def _unreadable(
    oddity: ReportOddity, error: str, extension: str, spoil: Callable[[_Desk, Report], bytes]
) -> Callable[[_Desk], list[Sent]]:
    """A first attempt that nobody can read; a good one the next day."""

    def send(desk: _Desk) -> list[Sent]:
        report = desk.report()
        data = spoil(desk, report)
        attempt = desk.sent(
            report,
            desk.at(2, 11),
            oddity,
            data=data,
            extension=extension,
            title=f"{desk.title(report)}_{LABEL}",
            accepted=(),
            read_error=error,
        )
        return [attempt, desk.again(report)]

    return send


def _fell(oddity: ReportOddity, reason: bool) -> Callable[[_Desk], list[Sent]]:
    def send(desk: _Desk) -> list[Sent]:
        report = desk.report(falls=True, reason=reason)
        fell = () if reason else report.task_codes[:1]
        return [desk.sent(report, desk.usual, oddity, fell=fell)]

    return send


def _repeated(desk: _Desk) -> list[Sent]:
    report = desk.report(repeats=True)
    return [desk.sent(report, desk.usual, ReportOddity.REPEATED_TEXT, repeated=report.task_codes)]


_SENDERS: Mapping[ReportOddity, Callable[[_Desk], list[Sent]]] = {
    ReportOddity.LATE: _late,
    ReportOddity.SAME_DAY_LATE: _same_day_late,
    ReportOddity.SENT_TWICE: _sent_twice,
    ReportOddity.TENTHS: _percent_written(ReportOddity.TENTHS, _in_tenths),
    ReportOddity.FULL_WIDTH_PERCENT: _percent_written(
        ReportOddity.FULL_WIDTH_PERCENT, lambda percent: f"{percent}%".translate(_FULL_WIDTH)
    ),
    ReportOddity.SHARE: _percent_written(ReportOddity.SHARE, lambda percent: percent / 100, "percent_plain"),
    ReportOddity.DONE: _percent_written(ReportOddity.DONE, lambda percent: "已完成"),
    ReportOddity.PERCENT_TOO_LARGE: _percent_too_large,
    ReportOddity.FUTURE_PERIOD: _future_period,
    ReportOddity.UNKNOWN_PERIOD: _unknown_period,
    ReportOddity.NO_PERIOD: _no_period,
    ReportOddity.TASK_OF_ANOTHER: _task_of_another,
    ReportOddity.TRACKED_CHANGES: _tracked_changes,
    ReportOddity.NESTED_TABLE: _nested_table,
    ReportOddity.MISSING_HEADINGS: _missing_headings,
    ReportOddity.PICTURE: _picture,
    ReportOddity.ENCRYPTED: _unreadable(
        ReportOddity.ENCRYPTED, "encrypted", "docx", lambda desk, report: broken.encrypted(desk.written(report)[0])
    ),
    ReportOddity.OLD_WORD: _unreadable(
        ReportOddity.OLD_WORD, "old_word", "doc", lambda desk, report: word.old_word(report)
    ),
    ReportOddity.FELL_WITHOUT_REASON: _fell(ReportOddity.FELL_WITHOUT_REASON, reason=False),
    ReportOddity.FELL_WITH_REASON: _fell(ReportOddity.FELL_WITH_REASON, reason=True),
    ReportOddity.REPEATED_TEXT: _repeated,
}
