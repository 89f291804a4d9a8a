"""Notes of site interviews in the sample city: what residents say, with names and numbers that must not get in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cityhealth.catalogue import Catalogue
from cityhealth.interview_form import COLUMNS, SHEET, TITLE
from cityhealth.sample_city.files import LABEL, LABEL_LINE, Expected, RectificationOddity, SampleFile
from cityhealth.sample_city.grids import CellValue, Grid, xlsx
from cityhealth.settings import CITY_TIMEZONE

_RECEIVED = datetime(2021, 6, 28, 16, 20, tzinfo=CITY_TIMEZONE)

#: Persons and numbers are made up; the identity number has a check digit that holds, so that it is taken for one.
_NOTES: tuple[Mapping[str, CellValue], ...] = (
    {
        "note_id_text": "FT-001", "date_text": "2021-06-22", "place_text": "东街街道某老旧小区",
        "area_text": "东街街道", "person_text": "王建国", "subject_text": "ORD06", "interviewer_text": "李晓明",
        "note_text": "王建国反映小区没有物业管理，楼道堆放杂物，路灯坏了半年，可打 13800138000 与他联系。",
    },
    {
        "note_id_text": "FT-002", "date_text": "2021-06-22", "place_text": "西街街道某路口", "area_text": "西街街道",
        "person_text": "赵丽女士", "subject_text": "TRA01", "interviewer_text": "李晓明",
        "note_text": "赵丽女士说早高峰路口要等三四个红灯，接送孩子常常迟到，希望调整信号配时。",
    },
    {
        "note_id_text": "FT-003", "date_text": "2021-06-23", "place_text": "北街街道某公园", "area_text": "北街街道",
        "person_text": "张某", "subject_text": "ECO09", "interviewer_text": "刘芳",
        "note_text": "公园绿地质量不错，但从新建小区走过来要二十多分钟，附近缺少街头游园。",
    },
    {
        "note_id_text": "FT-004", "date_text": "2021-06-24", "place_text": "钟家庄街道某社区服务站",
        "area_text": "钟家庄街道", "person_text": "陈桂英", "subject_text": "HLT02", "interviewer_text": "刘芳",
        "note_text": "陈桂英说便民商业服务设施不全，买菜要到两站路以外；登记的证件号 11010519491231002X 请勿外传。",
    },
    {
        "note_id_text": "FT-005", "date_text": "2021-06-24", "place_text": "某建筑工地", "area_text": "城区",
        "person_text": "", "subject_text": "安全韧性", "interviewer_text": "刘芳",
        "note_text": "现场人员认为消防通道标识清楚，汛期前已清理排水口，低洼路段仍有积水。",
    },
)  # fmt: skip


def generate_interviews(catalogue: Catalogue) -> list[SampleFile]:
    """One list of notes, sent by the office."""
    office = next(d.name_zh for d in catalogue.departments if d.role == "office")
    table: list[list[CellValue]] = [
        [LABEL_LINE],
        [f"{TITLE}（{LABEL}）"],
        [column.header for column in COLUMNS],
        *(
            [number if column.field == "number" else note.get(column.field) for column in COLUMNS]
            for number, note in enumerate(_NOTES, start=1)
        ),
    ]
    return [
        SampleFile(
            filename=f"{TITLE}_{_RECEIVED:%Y-%m}（{LABEL}）.xlsx",
            data=xlsx(Grid(table, SHEET)),
            feed="interview",
            department_text=office,
            received_at=_RECEIVED,
            attachments=(),
            oddities=frozenset({RectificationOddity.PERSONAL_DATA}),
            note_zh="访谈记录中写有姓名、电话和证件号码",
            expected=Expected("accepted", ("person_masked",)),
        )
    ]
