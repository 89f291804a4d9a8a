"""How to fill a progress report, in plain words: for the workbook's sheet 填写说明 and the Word form's first lines."""

from __future__ import annotations

from cityhealth import progress_form
from cityhealth.templates.progress_forms import ProgressForm

#: Field → how to fill it, an example.
HOW_TO_FILL = (
    ("work_text", "这半个月做了什么：开展的具体工作，写清对象和数量。", "改造口袋公园 3 处，完成绿道 2.4 公里勘察"),
    ("status_text", "做到什么程度：与任务要求对照，写明已完成和未完成的部分。", "3 处口袋公园已完工，绿道完成设计"),
    ("percent_text", "本项任务总的完成程度，填 0 至 100 之间的数，不写百分号。", "60"),
    ("focus_text", "目前的工作重点是什么。", "绿道施工招标"),
    (
        "problems_text",
        "遇到的问题和困难；需要会议协调的写清楚需要谁做什么。没有写「无」。",
        "占地补偿资金未落实，需财政部门安排",
    ),
    ("next_text", "下一个半月的工作计划，写明完成时间。", "6 月 18 日前完成招标，6 月 20 日开工"),
    ("reason_text", "完成百分比比上期下降时，写明原因；没有下降留空。", "任务范围扩大，重新核定总量"),
    ("responsible_text", "责任人所在的单位或科室。", "市住建局园林科"),
    ("date_text", "填这一行的日期。", "2021-06-04"),
)


def rules(form: ProgressForm) -> list[tuple[str, str]]:
    """The numbered rules: a short heading and its text."""
    return [
        ("填哪里", f"只填「{progress_form.SHEET}」里浅黄色的单元格，填过就变白；每项任务一行，请不要增删行。"),
        ("报哪一期", f"本表是 {form.period_text} 的进展报告，请于 {form.cutoff_text} 前送达。"),
        ("迟报", "过了截止时间当天送达的记「当日迟报」，以后送达的记「迟报」，没有送达的记「未报」。"),
        (
            "五项内容",
            "体检工作方案要求每半月报告工作内容、完成情况、工作重点、存在的问题和下一步工作计划，五项都要写。",
        ),
        ("不要照抄", "与上期文字基本相同的会被提示；没有新进展的，请写明原因。"),
        ("百分比", "填 0 至 100 之间的数。比上期下降的，在「进度下降原因」写明原因。"),
        ("工作表保护", "其余单元格已锁定，以免误改。没有密码，确需调整时点「审阅 → 撤销工作表保护」即可。"),
        (
            "怎样报送",
            "保存为 xlsx，不要加打开密码，送交城市体检工作领导小组办公室；也可填同名的 Word 模板，二者报一份。",
        ),
        ("报送之后", "会收到一份回执，逐格说明采用了哪些内容、退回了哪些内容和原因。"),
        ("更正", "改好后重新报送即可，同一期以截止时间前最后一次采用的为准；以前报送的文件都会保留。"),
    ]


def column_guide() -> list[tuple[str, str, str]]:
    """Header, how to fill it, an example: for each column that is to be filled."""
    return [(progress_form.column(field).header, how, example) for field, how, example in HOW_TO_FILL]
