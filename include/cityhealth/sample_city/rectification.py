"""Measures against the problems of the sample city, handed in twice: planned, then what became of them.

The problems are those that its own figures make (marts.problem_list); one id is mistyped, so that it names no problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cityhealth.catalogue import Catalogue
from cityhealth.quality.problems import question_problem
from cityhealth.rectification_form import COLUMNS, SHEET, TITLE
from cityhealth.sample_city.files import LABEL, LABEL_LINE, Expected, RectificationOddity, SampleFile
from cityhealth.sample_city.grids import CellValue, Grid, xlsx
from cityhealth.sample_city.survey import QUESTIONS, TITLE as SURVEY_TITLE
from cityhealth.settings import CITY_TIMEZONE

#: Before the cut-offs of 5 July and 5 August 2021, whose summaries follow the measures.
_RECEIVED = (
    datetime(2021, 7, 2, 10, 30, tzinfo=CITY_TIMEZONE),
    datetime(2021, 7, 16, 15, 10, tzinfo=CITY_TIMEZONE),
    datetime(2021, 8, 3, 9, 40, tzinfo=CITY_TIMEZONE),
)


@dataclass(frozen=True)
class Planned:
    """A measure, and its state and percentage in each list."""

    problem: str
    problem_zh: str
    owner: str
    number: int
    text: str
    deadline: date
    milestones: str
    states: Sequence[tuple[str, int | None]]


def _question(code: str) -> str:
    asked = next(asked for asked in QUESTIONS if asked.code == code)
    return question_problem(SURVEY_TITLE, code, asked.wording)


#: Of the city's own figures and of the survey of June (:data:`cityhealth.sample_city.survey.PROBLEMS`).
PLANNED = (
    Planned(
        "ECO07", "新建建筑中绿色建筑占比", "housing", 1, "施工图审查增加绿色建筑专项审查，不达标的不予通过。",
        date(2021, 12, 31), "2021-08-31 修订审查要点；2021-12-31 全面执行",
        (("整改中", 20), ("整改中", 35), ("整改中", 45)),
    ),
    Planned(
        "ECO07", "新建建筑中绿色建筑占比", "housing", 2, "政府投资的公共建筑全部按一星级以上标准建设。",
        date(2021, 7, 20), "2021-07-10 印发通知；2021-07-20 完成培训", (("未开始", 0), ("整改中", 50), ("整改中", 60)),
    ),
    Planned(
        _question("Q16"), "街道车辆停放秩序", "traffic_police", 1, "十条主要街道施划停车泊位，清理占道停车。",
        date(2021, 8, 15), "2021-07-15 完成五条；2021-08-15 完成十条",
        (("整改中", 40), ("整改中", 75), ("已完成", 100)),
    ),
    Planned(
        _question("Q05"), "社区养老服务", "civil_affairs", 1,
        "新建二十处社区日间照料中心，先在老旧小区集中的街道开工。",
        date(2022, 3, 31), "2021-09-30 开工十处；2022-03-31 全部建成", (("未开始", 0), ("整改中", 10), ("整改中", 20)),
    ),
    Planned(
        _question("Q21"), "小区加装电梯", "housing", 1, "简化加装电梯审批，公布补贴标准和办理流程。",
        date(2021, 9, 30), "2021-08-31 公布流程；2021-09-30 受理申请", (("整改中", 15), ("整改中", 30), ("整改中", 50)),
    ),
)  # fmt: skip
#: There is such an indicator, and it is no problem: it reaches its target. The number of another was meant.
MISTAKEN = Planned(
    "ECO09", "公园绿地服务半径覆盖率", "urban_management", 1, "利用边角地增建街头游园。",
    date(2021, 11, 30), "2021-11-30 建成五处", (("未开始", 0),),
)  # fmt: skip


def generate_rectification(catalogue: Catalogue) -> list[SampleFile]:
    """Three lists, sent by the office: the plan, and two half-monthly updates. The first has a line that is refused."""
    return [_file(catalogue, number, received) for number, received in enumerate(_RECEIVED)]


def _file(catalogue: Catalogue, turn: int, received: datetime) -> SampleFile:
    on = received.date()
    lines = [_line(catalogue, planned, turn, on) for planned in PLANNED]
    oddities, expected, note = {RectificationOddity.MEASURES}, Expected("accepted"), "按清单报送的整改措施"
    if turn == 0:
        mistaken = _line(catalogue, MISTAKEN, 0, on)
        lines += [mistaken, mistaken | {"problem_text": "ECO99"}]
        oddities |= {RectificationOddity.NO_SUCH_PROBLEM, RectificationOddity.NO_SUCH_INDICATOR}
        expected = Expected("partly", ("problem_known",), refused=1)
        note = "一条措施的问题不在清单上，一条的问题编号不存在"
    office = next(d.name_zh for d in catalogue.departments if d.role == "office")
    table: list[list[CellValue]] = [
        [LABEL_LINE],
        [f"{TITLE}（{LABEL}）"],
        [column.header for column in COLUMNS],
        *(
            [number if column.field == "number" else line.get(column.field) for column in COLUMNS]
            for number, line in enumerate(lines, start=1)
        ),
    ]
    return SampleFile(
        filename=f"{TITLE}_{received:%Y-%m-%d}（{LABEL}）.xlsx",
        data=xlsx(Grid(table, SHEET)),
        feed="rectification",
        department_text=office,
        received_at=received,
        attachments=(),
        oddities=frozenset(oddities),
        note_zh=note,
        expected=expected,
    )


def _line(catalogue: Catalogue, planned: Planned, turn: int, on: date) -> dict[str, CellValue]:
    status, percent = planned.states[turn]
    owner = next(d for d in catalogue.departments if d.code == planned.owner)
    return {
        "problem_text": planned.problem,
        "problem_zh": planned.problem_zh,
        "measure_no_text": str(planned.number),
        "owner_text": owner.name_zh,
        "measure_text": planned.text,
        "deadline_text": planned.deadline.isoformat(),
        "milestones_text": planned.milestones,
        "status_text": status,
        "percent_text": None if percent is None else f"{percent}%",
        "date_text": on.isoformat(),
        "note_text": LABEL,
    }
