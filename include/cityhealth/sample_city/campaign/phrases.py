"""Sentences of a progress report by stage of the campaign.

Slots: block, item (a quantity that the department answers for), thing and unit (what is counted), town, partner
(another department), lead, compared, asked, day, later (a day), month, n (some), k (few), percent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: From the share of the campaign that is over → the stage.
STAGES: Sequence[tuple[float, str]] = (
    (0.0, "preparing"),
    (0.13, "gathering"),
    (0.42, "checking"),
    (0.66, "assessing"),
    (0.87, "closing"),
)

Phrases = Mapping[str, tuple[str, ...]]

WORK: Phrases = {
    "preparing": (
        "对照65项基础指标梳理{block}任务，明确{item}等数据的来源科室和经办人",
        "{day}召开{block}体检工作部署会，传达市政府办公室通知要求，分解任务{k}项",
        "研读指标解释，与{partner}商定{item}的统计范围",
        "制定{thing}调查表，向{town}等{k}个街道（镇）说明填报要求",
        "清理近三年业务台账，确认{item}有完整记录的年份{k}个",
        "确定{block}联络员和经办人{k}名，建立每周例会制度",
    ),
    "gathering": (
        "开展{thing}现场核查，在{town}登记{n}{unit}",
        "从业务系统导出{item}的原始记录{n}条，按建成区范围筛选",
        "向{partner}调取{item}的相关资料，录入第{k}批",
        "采集{thing}点位坐标{n}个，统一到CGCS2000坐标系",
        "整理{item}的原始凭证{n}份，编写来源说明",
        "赴{town}指导填报，现场答复{thing}方面的疑问{k}个",
    ),
    "checking": (
        "将{item}与{compared}比对，逐处核实差异{n}处",
        "配合居民满意度调查，在{town}发放问卷{n}份，重点了解{asked}",
        "抽查{thing}{n}{unit}，核对现场与台账是否一致",
        "按校验回执修改{item}，补充佐证材料{k}份",
        "会同{partner}复核{item}，解释与上年相差较大的数值{k}个",
        "协助第三方机构到{town}实地核验{thing}{k}{unit}",
    ),
    "assessing": (
        "测算{block}指标值，与上年值和目标值对比，列出短板{k}项",
        "撰写{block}自查报告，按成效、问题、措施三部分汇总材料{n}份",
        "召开{block}评估会，邀请{partner}和专家{k}人研究诊断结论",
        "在体检信息平台试填{item}，核对专题图{k}幅",
        "结合问卷中对{asked}的评价，分析主客观结果不一致的社区{k}个",
        "将{thing}问题落图，形成问题点位{n}个",
    ),
    "closing": (
        "根据体检结论编制{block}整治项目清单，列入项目{k}个",
        "归档{item}的原始数据、计算过程和说明，装订{n}卷",
        "对{town}整治{thing}情况回头看，复查{n}{unit}",
        "总结{block}体检工作，提炼经验做法{k}条",
        "与{partner}商定{item}的年度更新办法，写入共享目录",
        "向领导小组汇报{block}体检结果，按意见修改{k}处",
    ),
}

STATUS: Phrases = {
    "preparing": (
        "任务已分解到科室，{thing}底数摸清{n}{unit}，总体进度{percent}%",
        "已收到{item}的历史资料{n}份，总体完成{percent}%",
        "{block}实施方案定稿，{town}等{k}个街道（镇）已报联络人，进度{percent}%",
        "工作专班{k}人到位，{item}的取数办法已定，完成{percent}%",
    ),
    "gathering": (
        "{thing}已登记{n}{unit}，约占应登记数的{percent}%",
        "{item}已收齐{k}个来源中的主要部分，总体完成{percent}%",
        "{town}已报齐，其余街道（镇）的{thing}正在补报，进度{percent}%",
        "第{k}批数据通过校验，累计录入{n}条，完成{percent}%",
    ),
    "checking": (
        "差异已核实{n}处，{item}确认无误，总体完成{percent}%",
        "回收有效问卷{n}份，{town}完成抽样任务，进度{percent}%",
        "{thing}抽查{n}{unit}，一致率九成以上，完成{percent}%",
        "校验回执提出的{k}项问题已改正，累计完成{percent}%",
    ),
    "assessing": (
        "{block}指标值全部测算出来，初稿送{partner}征求意见，完成{percent}%",
        "自查报告写到第{k}稿，附表{n}张，进度{percent}%",
        "{item}的评价结论已经专家认可，总体完成{percent}%",
        "平台中{thing}图层上线，接受访问{n}次，完成{percent}%",
    ),
    "closing": (
        "整治清单已报领导小组审定，{thing}已整改{n}{unit}，完成{percent}%",
        "档案移交{n}卷，{item}的说明齐全，总体完成{percent}%",
        "{town}复查合格，剩余问题{k}个限期销号，完成{percent}%",
        "总结材料报送完毕，数据共享目录更新{k}项，完成{percent}%",
    ),
}

FOCUS: Phrases = {
    "preparing": (
        "弄清{item}由谁采集、按什么范围采集",
        "{thing}调查表的设计和培训，先在{town}试填",
        "与{partner}的分工和{month}月的时间安排",
    ),
    "gathering": (
        "{town}{thing}的现场登记，本期{n}{unit}",
        "{item}原始凭证的完整，缺的{k}份逐份追补",
        "{partner}资料的接收和{item}的录入",
    ),
    "checking": (
        "{item}与{compared}不一致处的核实，共{n}处",
        "{town}问卷质量，不合格的{k}份重做",
        "{thing}抽查结果的确认，涉及{n}{unit}",
    ),
    "assessing": (
        "{block}短板成因分析，突出{thing}",
        "自查报告中{item}的口径说明，已改{k}处",
        "与{partner}就诊断结论取得一致，尚有{k}处分歧",
    ),
    "closing": (
        "整治项目落地，本期盯住{town}的{thing}{n}{unit}",
        "{item}档案的完整和移交，还差{k}卷",
        "{block}工作总结和来年{item}的更新安排",
    ),
}

NEXT: Phrases = {
    "preparing": (
        "{later}前下发{thing}调查表，在{town}召开培训会",
        "{later}前完成{item}历史资料的清理，列出缺项",
        "与{partner}会商{block}分工，争取{later}前发文明确",
        "组织经办人{k}人参加体检业务培训，{later}开始登记{thing}",
    ),
    "gathering": (
        "{later}前完成{town}剩余{thing}{n}{unit}的登记",
        "继续收集{item}，{later}前报送第{k}批",
        "对未报齐的街道（镇）逐一督促，{later}前补齐{thing}",
        "请{partner}于{later}前提供{item}所需资料",
    ),
    "checking": (
        "{later}前核实其余差异{n}处，修改{item}",
        "继续做好{town}问卷回收，{later}前达到样本要求",
        "扩大{thing}抽查，{later}前再查{n}{unit}",
        "会同{partner}复核{item}，{later}前签字确认",
    ),
    "assessing": (
        "{later}前完成{block}自查报告送审稿",
        "征求{partner}意见后修改诊断结论，{later}前定稿",
        "{later}前将{thing}问题点位{n}个导入平台",
        "对{item}补做敏感性测算，{later}前提交说明",
    ),
    "closing": (
        "{later}前完成{town}整治复查，销号问题{k}个",
        "{later}前移交{item}档案{n}卷",
        "把{thing}纳入常态监测，{later}前确定更新责任人",
        "总结{block}工作，{later}前报市体检办",
    ),
}

#: What the department that leads a task, or the office, does beside its own share.
LEADING: Phrases = {
    "preparing": ("牵头召集{partner}等{k}个单位研究任务分工", "汇总各单位联络员名单，建立{block}工作群"),
    "gathering": ("牵头汇总{partner}等单位报来的数据{n}条", "通报各单位{block}报数进度，督促{k}个单位"),
    "checking": ("牵头组织{partner}等{k}个单位联合核查", "梳理各单位{block}数据的矛盾之处{k}处"),
    "assessing": ("牵头起草{block}评估章节，汇总各单位意见{n}条", "组织{partner}等{k}个单位会商结论"),
    "closing": ("牵头提出{block}整治建议{k}条报领导小组", "组织{partner}等单位验收整治项目{k}个"),
}
COORDINATING: Phrases = {
    "preparing": ("印发{block}工作提示第{k}号，答复各单位咨询{n}次", "审核{lead}牵头制定的{block}实施方案"),
    "gathering": ("调度{lead}等单位{block}进度，印发通报{k}期", "汇总{block}报表{n}张，退回补正{k}张"),
    "checking": ("对接第三方机构，向{lead}反馈{block}疑点{n}处", "安排{town}满意度调查，培训调查员{n}名"),
    "assessing": ("统稿{block}评估章节，向{lead}提出修改意见{n}条", "组织{block}专题审查会，形成纪要{k}条"),
    "closing": ("督办{lead}牵头的{block}整治项目{k}个", "核对{block}归档材料{n}卷，退回补正{k}卷"),
}

#: Why a percentage is lower than half a month ago.
REASONS = (
    "上期按已收到的报表估报，核对后发现{k}份重复，据实调减",
    "指标解释修订后须重新登记{thing}，已登记的{n}{unit}不再计入",
    "{partner}更正了提供的数据，{item}须重新测算",
)
