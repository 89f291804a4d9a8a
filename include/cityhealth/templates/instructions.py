"""The sheet 填写说明: what an official needs to know, in plain words."""

from __future__ import annotations

from cityhealth import form
from cityhealth.templates.forms import Form

#: Header of a column → how to fill it, an example.
HOW_TO_FILL = (
    ("value_text", "填写一个确切的数，单位与本行「单位」一致；不写单位、不写文字。没有数据就留空。", "12.5"),
    (
        "state_text",
        "一般留空。本市没有这项内容的选「不适用」；要收回以前报过的数选「撤回」。两种情况「数值」都要空着。",
        "不适用",
    ),
    ("source_text", "数从哪里来：统计报表、业务系统、台账、公报等，写清名称。", "2020 年城市建设统计年报"),
    ("method_text", "怎样得到这个数：直接取用、汇总，或怎样计算。", "各县（市、区）上报数汇总"),
    ("remarks_text", "需要说明的情况：与上年差别大、口径不同、选「不适用」的原因等。", "本市尚无轨道交通"),
    ("attachment_text", "证明这个数的原始数据文件名，随本表一并报送；几个文件用分号隔开。", "建成区道路台账2020.xlsx"),
)


def rules(form_: Form) -> list[tuple[str, str]]:
    """The numbered rules: a short heading and its text."""
    start, end = form_.period_start, form_.period_end
    period = f"{start.year} 年 {start.month} 月 {start.day} 日至 {end.year} 年 {end.month} 月 {end.day} 日"
    return [
        ("填哪里", "只填「填报表」里浅黄色的单元格，填过就变白；「情况说明」有需要再填。表头上方随时显示已填几项。"),
        ("填哪一年", f"统计期为 {period}。本行「统计期」另有年份的，按该年份填报。"),
        ("填哪个范围", "每行「区域」写明统计范围。建成区、市辖区、全市是三个不同的范围，请不要互相代替。"),
        ("数值限制", "输入的数超出可能的范围时表格会提示并拒绝，多数是单位弄错了，例如把「公顷」当成「平方公里」。"),
        ("没有就留空", "暂时没有的数留空，不要填 0；0 表示数量确实为零。留空不会改动以前报过的数。"),
        ("必须注明", "体检工作方案要求：每个数都要写明来源和计算方式，并附原始数据。"),
        ("工作表保护", "其余单元格已锁定，以免误改。没有密码，确需调整时点「审阅 → 撤销工作表保护」即可。"),
        (
            "怎样报送",
            "保存为 xlsx，不要加打开密码，不要改数据项代码，连同原始数据附件一起送交城市体检工作领导小组办公室。",
        ),
        ("报送之后", "会收到一份回执，逐格说明采用了哪些数、退回了哪些数和原因。"),
        ("更正", "改好后把本表重新报送即可，同一项以最后一次采用的为准；以前报送的文件都会保留。"),
    ]


def column_guide() -> list[tuple[str, str, str]]:
    """Header, how to fill it, an example: for each column that is to be filled."""
    return [(form.column(field).header, how, example) for field, how, example in HOW_TO_FILL]
