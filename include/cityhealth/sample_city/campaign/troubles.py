"""Problems that departments state, by theme of problem_themes.csv. Each text has a keyword of its theme and of no
theme before it, so that it is grouped where it belongs. Slots as in :mod:`.phrases`."""

from __future__ import annotations

from collections.abc import Mapping

#: How an official says that there is none.
NONE = ("无", "暂无", "无。", "没有", "暂无问题")

TROUBLES: Mapping[str, tuple[str, ...]] = {
    "data_definition": (
        "{item}的口径与统计年鉴不一致，{town}有{n}{unit}{thing}算不算在内说法不同。",
        "指标解释对{thing}的范围没有写清，{k}个街道（镇）按各自理解填报，标准不一。",
        "{item}的计算方法与上年不同，{month}月以来两种结果相差{n}%，难以直接对比。",
        "建成区界线未最后确认，{item}的统计范围随之变动，已改{k}次。",
    ),
    "data_source": (
        "{town}的{thing}没有台账，{n}{unit}要逐一实地登记。",
        "{item}的历史资料缺失，{month}月底前只找到{k}个年份。",
        "{thing}底数不清，与上年相差{n}{unit}，需要重新普查。",
        "第三方采集的{thing}点位有{n}个与现场不符。",
    ),
    "coordination": (
        "{thing}涉及{k}个单位，职责交叉，{town}的{n}{unit}无人认领。",
        "与县（市、区）的衔接不够，{k}个县区尚未明确联络人。",
        "{month}月以来请有关单位配合核实{thing}{n}{unit}，至今未回复。",
        "{thing}的牵头单位没有确定，{town}的核查推迟{k}周。",
    ),
    "funds": (
        "{thing}现场调查经费{n}万元未落实。",
        "第三方核验费用未列入年初预算，缺口{n}万元。",
        "整治{town}{thing}所需资金约{n}万元，{month}月底前没有着落。",
        "{thing}测绘款拨付较慢，外业停了{k}天。",
    ),
    "staff": (
        "经办人员只有{k}名，{n}{unit}{thing}难以按时查完。",
        "{town}基层力量薄弱，{month}月份换了{k}个经办人。",
        "缺少会做空间分析的专业技术人员，{thing}的落图等待{k}周。",
        "调查员培训不足，{town}返工{n}{unit}。",
    ),
    "technology": (
        "平台接口调试未通过，{thing}图层{k}次上传失败。",
        "{town}近期影像有云，{n}{unit}{thing}看不清。",
        "业务系统版本老旧，{thing}只能手工导出，每次{n}条。",
        "专网带宽不够，{month}月上传{thing}照片中断{k}次。",
    ),
    "land": (
        "{town}拟建{thing}的选址与现状不符，{k}处需要重新研究。",
        "{thing}占地的征收没有完成，涉及{n}户。",
        "{k}处{thing}用地性质待批，{month}月底前不能开工。",
        "{town}腾退进展慢，{n}{unit}{thing}无法进场。",
    ),
    "schedule": (
        "{month}月连续降雨，天气影响{town}外业{k}天。",
        "第三方机构的招标流标，{thing}核验推迟{k}周。",
        "{thing}改造的审批要跑{k}个环节，时间偏紧。",
        "受疫情防控影响，{town}入户停了{k}天，尚余{n}{unit}。",
    ),
    "other": (
        "{town}部分居民不愿受访，{k}个单元没有敲开门。",
        "{thing}现场有{k}处锁闭，未能进入。",
        "{month}月门牌更换，{town}有{n}{unit}{thing}地址对不上。",
    ),
}
