"""How to fill in a self-check, in plain words: for the workbook's sheet 填写说明 and the hints of the Word form."""

from __future__ import annotations

from cityhealth import self_check_form
from cityhealth.templates.self_check_forms import SelfCheckForm

#: Section → how to fill it in, an example.
HOW_TO_FILL = (
    (
        "status",
        "用指标和数据说明现状，写清数值、单位、年份和范围，与所报数据一致。",
        "2020年底，公园绿地服务半径覆盖率为82.5%，比上年提高3.2个百分点",
    ),
    ("highlights", "做得好的工程和做法，写清对象、数量和效果；没有可以不写空话。", "建成口袋公园12处，新增绿道18公里"),
    (
        "problems",
        "与标准、目标、同类城市相比的差距，写清在哪里、差多少、原因；确无问题写「无」。",
        "老城公园绿地不足，三个社区不在服务半径内",
    ),
    ("measures", "针对所列问题的措施，写清牵头单位、完成时限和预期效果。", "2022年底前新建公园5处，市城市管理局牵头"),
)


def rules(form: SelfCheckForm) -> list[tuple[str, str]]:
    """The numbered rules: a short heading and its text."""
    return [
        (
            "填哪里",
            f"只填「{self_check_form.SHEET}」里浅黄色的单元格，每个维度一行，请不要增删行；分段写的，单元格内换行。",
        ),
        ("四个部分", "现状简述、建设亮点、存在问题、改进措施都要写；「略」「见附件」不算填写。"),
        (
            "数字要一致",
            f"文中引用的指标数字会与采用的 {form.data_year} 年数据逐个核对，不一致的会列出清单请贵单位更正。"
            "写往年数、目标值、增幅时，请写明年份或「目标」「提高」等字样，不会当作现状核对。",
        ),
        ("写明单位", "百分数写 %，人均、万人指标写全单位，如 1.6 平方米/人。"),
        (
            "怎样报送",
            "保存为 xlsx，不要加打开密码，送交城市体检工作领导小组办公室；也可填同名的 Word 模板，二者报一份。",
        ),
        ("自行起草的", "用 Word 另写的，请保留维度和四个部分的标题，没有标题的不予采用。"),
        ("报送之后", "会收到一份回执，逐段说明采用了哪些内容、退回了哪些内容和原因。"),
        ("更正", "改好后重新报送即可，以最后一次采用的为准；以前报送的文件都会保留。"),
    ]


def section_guide() -> list[tuple[str, str, str]]:
    """Header, how to fill it in, an example: for each section."""
    return [(self_check_form.section_zh(section), how, example) for section, how, example in HOW_TO_FILL]
