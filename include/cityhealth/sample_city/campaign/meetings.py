"""The office's lists after the half-month meeting: which difficulties are open, who is to deal with them, which are
settled.

Ids are those that the marts give: the period in whose window a problem first came, the task, the department; a problem
continues an open difficulty whose last words it resembles (models/intermediate/progress/int_problems_followed.sql).
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import pairwise

from cityhealth.campaigns import ReportingPeriod
from cityhealth.catalogue import Catalogue
from cityhealth.meeting_form import COLUMNS, SHEET, TITLE
from cityhealth.sample_city.campaign.mail import Sent
from cityhealth.sample_city.campaign.troubles import NONE
from cityhealth.sample_city.files import LABEL_LINE, Expected, ReportOddity, SampleFile
from cityhealth.sample_city.grids import CellValue, Grid, xlsx
from cityhealth.settings import CITY_TIMEZONE

_ODD_MEETING = 3  # the number of the period after which the list has lines that cannot be used
_STATES_ZH = {"raised": "提出", "assigned": "交办"}
_Key = tuple[str, str]
_SAME = ("progress", "same_problem")


@dataclass(frozen=True)
class _Difficulty:
    difficulty_id: str
    key: _Key
    raised: ReportingPeriod
    department_zh: str
    task_zh: str
    problem: str
    last_words: str
    state: str = "raised"


@dataclass
class Meetings:
    """What the office knows. Tell it everything that was sent by a meeting, then hold the meeting, period by period."""

    catalogue: Catalogue
    seed: int
    _open: dict[str, _Difficulty] = field(default_factory=dict)
    _settled: dict[str, tuple[_Difficulty, datetime]] = field(default_factory=dict)

    def hear(self, period: ReportingPeriod, sent: Iterable[Sent]) -> set[str]:
        """Take in what came in the window of a period; returns the ids of the difficulties that it is about."""
        stated = set()
        for key, (problem, one) in _last_said(period, sent).items():
            if problem in NONE:
                continue
            # What came before the settlement was still about it.
            settled = [d for d, at in self._settled.values() if at > one.file.received_at]
            known = [d for d in (*self._open.values(), *settled) if d.key == key]
            difficulty = self._same(problem, known) or self._raised(key, period, problem)
            stated.add(difficulty.difficulty_id)
            if difficulty not in settled:
                self._open[difficulty.difficulty_id] = replace(difficulty, last_words=problem)
        return stated

    def hold(self, period: ReportingPeriod, stated: set[str]) -> SampleFile:
        """The meeting two days after the due date: its list, with what it decided."""
        day = period.due_moved + timedelta(days=2)
        received_at = datetime.combine(day, time(17, 30), CITY_TIMEZONE)
        rows: list[dict[str, CellValue]] = []
        for number, difficulty in sorted(self._open.items()):
            row = self._row(difficulty)
            draw = random.Random(f"{self.seed}|{number}|{period.key}")
            if difficulty.state == "raised" and draw.random() < 0.7:
                row |= self._assignment(difficulty.key, period, day.isoformat(), draw)
                self._open[number] = replace(difficulty, state="assigned")
            elif difficulty.state == "assigned" and number not in stated and draw.random() < 0.8:
                row |= {"decision_text": "办结", "date_text": day.isoformat(), "note_text": "已解决，予以销号"}
                self._settled[number] = (self._open.pop(number), received_at)
            rows.append(row)
        undecided = next((row for row in rows if "decision_text" not in row), None)
        odd = period.number == _ODD_MEETING and undecided is not None
        if odd and undecided is not None:
            undecided |= {"decision_text": "会后再议", "date_text": day.isoformat()}
            wrong = {"difficulty_text": f"{period.key}/B99/housing", "decision_text": "办结"}
            rows.append({**undecided, **wrong})
        return self._file(period, rows, received_at, odd)

    def _same(self, problem: str, known: Iterable[_Difficulty]) -> _Difficulty | None:
        """The one whose last words resemble the problem most, if any resembles it enough."""
        enough = next(g.parameter for g in self.catalogue.gradings if (g.kind, g.code) == _SAME)
        assert enough is not None
        alike = [(-similarity(problem, d.last_words), d.difficulty_id, d) for d in known]
        return min((d for d in alike if -d[0] >= enough), default=(0, "", None))[2]

    def _raised(self, key: _Key, period: ReportingPeriod, problem: str) -> _Difficulty:
        task, code = key
        block = next(block for block in self.catalogue.work_blocks if block.code == task)
        number = f"{period.key}/{task}/{code}"
        return _Difficulty(number, key, period, self._name(code), block.name_zh, problem, problem)

    def _row(self, difficulty: _Difficulty) -> dict[str, CellValue]:
        return {
            "difficulty_text": difficulty.difficulty_id,
            "raised_period": difficulty.raised.key,
            "department_zh": difficulty.department_zh,
            "task_zh": difficulty.task_zh,
            "problem_text": difficulty.problem,
            "state_zh": _STATES_ZH[difficulty.state],
        }

    def _assignment(self, key: _Key, period: ReportingPeriod, day: str, draw: random.Random) -> dict[str, CellValue]:
        """To the task's lead; what the lead raised itself, to another department of the task."""
        task, code = key
        duties = [r for r in self.catalogue.responsibilities if r.block_code == task and r.department_code != code]
        leading = [r.department_code for r in duties if r.role == "lead"]
        assigned = self._name(leading[0] if leading else draw.choice(duties).department_code)
        due = period.due + timedelta(days=draw.choice((15, 30, 45)))
        return {
            "decision_text": "交办",
            "assigned_text": assigned,
            "due_text": due.isoformat(),
            "date_text": day,
            "note_text": f"请{assigned}会同{self._name(code)}研究解决，{due.month}月{due.day}日前反馈",
        }

    def _file(
        self, period: ReportingPeriod, rows: list[dict[str, CellValue]], received_at: datetime, odd: bool
    ) -> SampleFile:
        office = next(d.name_zh for d in self.catalogue.departments if d.role == "office")
        table: list[list[CellValue]] = [
            [LABEL_LINE],
            [f"{TITLE}（{period.title_zh}）"],
            [column.header for column in COLUMNS],
            *(
                [number if column.field == "number" else row.get(column.field) for column in COLUMNS]
                for number, row in enumerate(rows, start=1)
            ),
        ]
        oddities = {ReportOddity.MEETING_LIST}
        expected = Expected("accepted")
        if odd:
            oddities |= {ReportOddity.UNKNOWN_DIFFICULTY, ReportOddity.UNKNOWN_DECISION}
            expected = Expected("partly", ("difficulty_known", "decision_known"), refused=2)
        return SampleFile(
            filename=f"{TITLE}_{period.key}.xlsx",
            data=xlsx(Grid(table, SHEET)),
            feed="meeting",
            department_text=office,
            received_at=received_at,
            attachments=(),
            oddities=frozenset(oddities),
            note_zh="；".join(sorted(oddity.value for oddity in oddities)),
            expected=expected,
        )

    def _name(self, code: str) -> str:
        department = self.catalogue.department(code)
        assert department is not None
        return department.name_zh


def similarity(text: str, other: str) -> float:
    """Dice's coefficient over the distinct pairs of neighbouring characters, as the marts compare texts (0 to 1)."""
    pairs, others = (set(pairwise(_plain(each))) for each in (text, other))
    return 2 * len(pairs & others) / (len(pairs) + len(others))


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())


def _last_said(period: ReportingPeriod, sent: Iterable[Sent]) -> dict[_Key, tuple[str, Sent]]:
    """(task, department) → what was last said of its problems in the window, and in which file."""
    said: dict[_Key, tuple[str, Sent]] = {}
    came = [one for one in sent if period.opens < one.file.received_at <= period.cutoff]
    for one in sorted(came, key=lambda one: (one.report.period.due, one.file.received_at)):
        for index in one.accepted:
            said[(one.report.task_codes[index], one.report.department_code)] = (
                str(one.report.lines[index]["problems_text"]),
                one,
            )
    return said
