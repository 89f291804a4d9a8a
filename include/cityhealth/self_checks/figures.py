"""The figures that a text quotes of indicators and data items, and what each of them is about. Pure.

A figure belongs to the name that stands nearest before it in its sentence, if its unit can be one of the name's and
nothing else comes between; ``共有 12 个内涝积水点`` has the name behind. What is of another year, a change, a plan, a
standard, another place or a part is found as well and says so: it is no statement about the examined value.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from cityhealth.quantities.units import UnitError, UnitRow, convert
from cityhealth.self_checks.names import Mention, Named, NameReader
from cityhealth.self_checks.numbers import POINTS, Bound, Number, NumberReader, folded

About = Literal["present", "other_time", "change", "plan", "standard", "other_place", "part"]

_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?")
_COMMA = re.compile(r"[，,:：、()（）]")
#: Characters of the longest sentence; what runs on longer is no prose, and is looked at piece by piece.
_LONGEST = 400
_NEAR = 14  # characters between name and figure of one clause, whatever they say

_PARTICLES = (
    "实际", "仅仅", "仅有", "仅", "只有", "只", "高达", "达到", "达", "约为", "大约", "约", "将近", "接近", "近",
    "超过", "超", "突破", "逾", "不足", "不到", "低于", "高于", "已经", "已", "现", "为", "是", "有", "共有", "共计",
    "共", "合计", "总计", "累计", "占", "提高", "提升", "增长", "增加", "上升", "下降", "降低", "减少", "缩短",
    "回落", "扩大", "升", "降", "增", "减", "到", "至", "了", "由", "从", "较", "比", "与", "同", "相比", "同比",
    "上年", "去年", "年", "年底", "年末", "底", "末", "月", "日", "截至", "截止", "目前", "当前", "全年", "其中",
    "分别", "基本", "稳定在", "保持在", "在", "维持在", "左右", "幅度", "水平", "数值", "指标值", "结果", "经测算",
    "经统计", "经核算", "据统计", "测算", "统计", "核算", "全市", "我市", "建成区", "城区", "市辖区", "地区", "首次",
    "进一步", "持续", "稳步", "明显", "略", "也", "均", "则", "再", "又", "就", "这一", "该", "指标", "值", "就是",
    "上一年", "“十三五”", "十三五", "期间", "初", "期", "时", "下", "不", "未", "大幅", "小幅", "逐年", "连续",
    "改善", "优化",
)  # fmt: skip
_FILLING = re.compile(
    r"(?:" + "|".join(sorted(map(re.escape, _PARTICLES), key=len, reverse=True)) + r"|\d{1,4}|[，,:：\"“”()（）])*"
)
#: Right before a figure: it is how much something moved, not where it stands.
_MOVED = re.compile(
    r"(?:提高|提升|增长|增加|增|上升|下降|降低|减少|减|降|新增|扩大|缩短|缩小|净增|回升|攀升|上涨|回落|改善|拓宽|相差|差距|差"
    r"|高|高出|低了|高了|新建|改建|改造|建成|整治|治理|修复|修缮|更换|消除|完成|建设|启动|实施|新投|投入|投资|多|少)"
    r"(?:了|约|近|超过|超|逾|幅度为?|幅度达到?|不足|将近|整治|改造)*$"
)
_COMPARED = re.compile(r"(?:较|(?<!占)比(?![例率重])|与|同(?!比))[^，,。;；()\d]{0,6}$")
_PLANNED = re.compile(
    r"力争|争取|计划|规划|拟|预计|目标|将(?!近)|确保|逐步|年内|有望|要达|需达|需要达|应达|打算|下一步|到“?十四五|十四五|远期"
    r"|努力|尽快|推动.{0,12}(?:达到|提高到|提升到|提升至)"
)
#: What was reached, whatever plan or aim the sentence speaks of before: 按照规划要求，…已达; 已提前完成省定目标，达到.
_DONE = re.compile(
    r"已(?:经)?(?:提前|超额|基本|全部|如期|全面|率先)?(?:达到?|(?:提高|提升|增加|上升|下降|降低)[到至]|[增升降][到至]|实现|完成)"
    r"(?:了|约|近|超过)?$"
    r"|(?:已经?|提前|超额|如期)(?:提前|超额|如期|全面|率先)?(?:完成|实现|达到)[^，,]{0,12}(?:目标|任务|计划|要求|规划)"
    r"[，,][^，,]{0,6}达到?(?:了|约|近|超过)?$"
)
#: Words that such a sentence uses for the plan that was carried out. 力争, 将 … are about what is to come all the same.
_PLAN_ITSELF = re.compile(r"规划|计划|目标")
#: A plan by whose means something was reached: 通过实施改造计划，….
_MEANS = re.compile(r"(?:通过|经过|随着)[^，,]{0,14}(?:计划|规划)(?=[，,])")
#: Per how many: 每万人拥有, 人均. What follows is no plain number of things.
_PER = re.compile(r"每(?!年)[^，,。;；:：]{0,8}$|(?:人均|户均)[^，,。;；:：]{0,4}$")
_STANDARD = re.compile(
    r"标准|要求|不低于|不高于|不少于|不超过|不大于|不小于|规范|国标|规定|参考值|底线值|限值|评价值|阈值|目标值|及格线|红线"
    r"|合格线|导则"
)
_STANDARD_AFTER = re.compile(
    r"^(?:以上|以下|左右|及以上)?(?:目标|要求|标准|底线|红线|任务|参考|限值|评价标准|规定|国家|国际|基准|门槛|警戒|平均|上限|下限)"
)
#: A second figure of a name, set against the first one: 仅为 18%，低于 25%.
_SET_AGAINST = re.compile(r"(?:高于|低于|优于|好于|差于|大于|小于|不及|未达到?|达不到|没有达到|距离?|离)[^，,]{0,6}$")
_FROM = re.compile(r"[由从](?:20\d\d年|上年|去年)?[^，,。\d]{0,4}$")
_TO = re.compile(r"^[^。；;\d]{0,12}[到至为]")
_SERIES = re.compile(r"20\d\d年?[-—~～至到、](?:20\d\d年?、)*20\d\d年")
_ELSEWHERE = re.compile(
    r"全省|全国|省内|省平均|国家平均|同类城市|同等城市|周边|先进城市|发达城市|兄弟城市|其他城市|省会|平均水平"
    r"|(?<!本)省(?!级|市|厅|委|里)"
)
_OTHER_CITY = re.compile(
    r"(?:长治|太原|运城|临汾|大同|阳泉|晋中|朔州|忻州|吕梁|郑州|洛阳|焦作|济源|北京|上海|深圳|杭州|成都|西安)市?"
)
_PART = re.compile(
    r"其中|分区域看|分区看|街道|社区(?=达|为|的|内)|片区|试点|示范区|老城|新区|某|部分|最高|最低|个别|剩余|其余|另有|未达标"
    r"|以外|除"
)
_PRESENT = re.compile(r"目前|现状|现有|当前|截至|已达|已提高|现为|体检结果|体检显示|自查|实际")
_YEAR = re.compile(
    r"(?P<year>20\d\d)年(?P<half>上半年|[一二三]季度|前[\d一二三四五六七八九十]+(?:个月|季度))?(?:(?P<month>\d{1,2})月)?"
    r"|(?P<last>(?<!占)(?:上年末|上年底|上年度|上年|上一年度?|去年底|去年|前年|同期|十三五末|十三五期末|十二五|基期|往年|历史最))"
    r"|(?P<now>目前|当前|现阶段|现有|现状|截至年底|年底(?!前)|年末)"
)
_YEAR_AFTER = re.compile(r"^[(（](?P<year>20\d\d)年?(?:度|底|末)?[)）]")

_ABOUT_ZH: Mapping[About, str] = {
    "present": "",
    "other_time": "是其他时间的数",
    "change": "是增减的幅度",
    "plan": "是计划或目标",
    "standard": "是标准或要求",
    "other_place": "是其他地区的数",
    "part": "只是其中一部分",
}


@dataclass(frozen=True)
class Figure:
    """One figure quoted of ``named``.

    ``value`` and ``step`` (one unit of the last digit written) are in ``unit``. ``about`` is ``present`` where it
    states the examined value; else ``about_zh`` says (Chinese) what it is. ``area_code``: the area that the sentence
    names, None where it names none.
    """

    named: Named
    area_code: str | None
    name_text: str
    value_text: str
    value: Decimal
    unit: str
    step: Decimal
    bound: Bound
    about: About
    about_zh: str
    sentence: str


class FigureReader:
    """Reads the figures of one examination.

    ``year``: whose values are examined. ``areas``: names of areas (as 泽州县) to their codes, for those whose own
    values can be asked for; a name that the city as a whole may mean as well (城区) does not belong there.
    """

    def __init__(
        self, subjects: Sequence[Named], units: Mapping[str, UnitRow], areas: Mapping[str, str], year: int
    ) -> None:
        self._names = NameReader(subjects)
        self._numbers = NumberReader(units)
        self._units = units
        self._year = year
        self._areas = {folded(name): code for name, code in areas.items()}

    def read(self, text: str, planned: bool = False) -> list[Figure]:
        """The figures of a paragraph in their order. ``planned``: it is about what is to be done, so that a figure is
        a plan unless its sentence says otherwise."""
        pieces = (
            sentence[start : start + _LONGEST]
            for sentence in _SENTENCE.findall(text)
            for start in range(0, len(sentence), _LONGEST)
        )
        return [figure for piece in pieces for figure in self._of_sentence(piece, planned)]

    def _of_sentence(self, sentence: str, planned: bool) -> list[Figure]:
        text = self._numbers.with_units(folded(sentence))
        mentions = list(self._names.read(text))
        if not mentions:
            return []
        numbers = list(self._numbers.read(text, [(m.start, m.end) for m in mentions]))
        figures: list[Figure] = []
        stated: set[Mention] = set()
        for place, number in enumerate(numbers):
            before = numbers[place - 1].end if place else 0
            mention = self._mention(text, mentions, numbers, place)
            read = self._in_unit(mention, number, text) if mention is not None else None
            if mention is None or read is None or _is_rate_of_count(text, mention, number):
                continue
            value, step, unit = read
            area = self._area(text, before, number.start)
            about, about_zh = self._about(text, mention, number, before, area is not None, planned)
            if about == "present" and mention in stated and _SET_AGAINST.search(text[before : number.start]):
                about, about_zh = self._said("standard")
            if about == "present":
                stated.add(mention)
            figures.append(
                Figure(
                    mention.named, area, mention.text, number.text, value, unit, step, number.bound, about, about_zh,
                    sentence.strip(),
                )
            )  # fmt: skip
        return figures

    def _mention(self, text: str, mentions: Sequence[Mention], numbers: Sequence[Number], place: int) -> Mention | None:
        """The name that a number belongs to."""
        number = numbers[place]
        behind = next((m for m in mentions if number.end <= m.start <= number.end + 1), None)
        if behind is not None and behind.named.counts and _counted_before(text[: number.start]):
            return behind
        listed = _listed(text, mentions, numbers, place)
        if listed is not None:
            return listed
        before = [mention for mention in mentions if mention.end <= number.start]
        if not before:
            return None
        mention = before[-1]
        if behind is not None and not behind.bare and text[mention.end : number.start].find("，") >= 0:
            return None
        between = text[mention.end : number.start]
        if mention.bare and not re.fullmatch(
            r"(?:总数|数量)?(?:共有|共计|共|总数|数量|现有|有|为|达到|达|合计|总计|:|：|约|仅|，)*", between
        ):
            return None
        return mention if self._reaches(between, mention, numbers[:place]) else None

    def _reaches(self, between: str, mention: Mention, earlier: Sequence[Number]) -> bool:
        """Whether nothing between a name and a figure says that the figure is of something else."""
        # Figures that went before (由78%提高到82.5%) are passed over.
        rest = between
        offset = mention.end
        for number in reversed(earlier):
            if number.start >= offset:
                rest = rest[: number.start - offset] + rest[number.end - offset :]
        if _FILLING.fullmatch(rest):
            return True
        last = _COMMA.split(rest)[-1]
        if _COMMA.search(rest) is None:
            return len(rest) <= _NEAR
        without = _ELSEWHERE.sub("", _STANDARD.sub("", last))
        for area in self._areas:
            without = without.replace(area, "")
        return _FILLING.fullmatch(without) is not None

    def _in_unit(self, mention: Mention, number: Number, text: str) -> tuple[Decimal, Decimal, str] | None:
        """Value and step in a unit that the name's can be converted to; None where there is none."""
        wanted = mention.named.unit
        if number.unit == POINTS:
            return (number.value, number.step, "%") if wanted == "%" else None
        for unit, share in ((wanted, False), (wanted.split("/")[0], True)):
            if share and ("/" not in wanted or not _is_per(mention.text, text[mention.end : number.start])):
                return None
            try:
                value = convert(number.value, number.unit, unit, self._units)
                step = convert(number.step, number.unit, unit, self._units)
            except UnitError:
                continue
            return (value, step, wanted) if share else (number.value, number.step, number.unit)
        return None

    def _area(self, text: str, start: int, end: int) -> str | None:
        """The area named nearest before the figure, after the figure before it."""
        found = [(text.rfind(name, start, end), len(name), code) for name, code in self._areas.items()]
        place, _, code = max(found, default=(-1, 0, ""))
        return code if place >= 0 else None

    def _about(
        self, text: str, mention: Mention, number: Number, before: int, has_area: bool, planned: bool
    ) -> tuple[About, str]:
        own = text[max(before, mention.end if mention.end <= number.start else 0) : number.start]
        lead = text[before : number.start] if mention.start >= before else own
        masked = lead if mention.end > number.start else lead.replace(mention.text, "◇")
        after = re.split(r"[，,。；;]", text[number.end :])[0]
        if number.unit == POINTS or (_MOVED.search(own) and mention.end <= number.start):
            return self._said("change")
        if mention.start >= number.end and _MOVED.search(text[: number.start]):
            return self._said("change")
        clause = re.split(r"[，,]", own if mention.ending else masked)[-1]
        if _STANDARD_AFTER.match(after) or _STANDARD.search(clause):
            return self._said("standard")
        if re.search(r"目标", after[:10]):
            return self._said("plan")
        if not has_area and (_ELSEWHERE.search(clause) or _OTHER_CITY.search(masked)):
            return self._said("other_place")
        time = self._time(text, number, before)
        done = _DONE.search(masked) is not None
        present = done or time == "present" or _PRESENT.search(text[: number.start]) is not None
        intent = _PLAN_ITSELF.sub("", masked) if done else _MEANS.sub("", masked)
        if time == "plan" or _PLANNED.search(intent) or (planned and not present):
            return self._said("plan")
        if not done and _PLANNED.search(text[:before]) and time is None and re.search(r"[到至]$", own):
            return self._said("plan")
        if time == "other_time":
            return self._said("other_time")
        if _PART.search(clause):
            return self._said("part")
        return "present", ""

    def _said(self, about: About) -> tuple[About, str]:
        return about, _ABOUT_ZH[about]

    def _time(self, text: str, number: Number, before: int) -> About | None:
        """Of when a figure is, by the last word for a time that governs it; None where none does."""
        if (after := _YEAR_AFTER.match(text[number.end :])) is not None:
            return self._of_year(int(after["year"]))
        if _SERIES.search(text[: number.start]) or (
            _FROM.search(text[: number.start]) and _TO.match(text[number.end :])
        ):
            return "other_time"
        governing: About | None = None
        for match in _YEAR.finditer(text[: number.start]):
            rest = text[match.end() : number.start]
            # 较上年提高3个百分点，达到82%: the year is what it is compared with. 比2019年78%提高…: it is of that year.
            if _COMPARED.search(text[: match.start()]) and not re.fullmatch(r"(?:底|末|度|同期)?", rest):
                continue
            # 由2019年78%提高到82%: the year went with the figure before.
            if match.end() <= before and re.search(r"[由从][^，,。]*$", text[: match.start()]):
                continue
            if match["now"]:
                governing = "present"
            elif match["last"]:
                governing = "other_time"
            elif match["half"] or (match["month"] and int(match["month"]) < 12):
                year = int(match["year"])
                governing = "plan" if year > self._year + 1 else "other_time"
            else:
                governing = self._of_year(int(match["year"]))
        return governing

    def _of_year(self, year: int) -> About:
        if year == self._year:
            return "present"
        return "plan" if year > self._year + 1 else "other_time"


def _is_per(name: str, between: str) -> bool:
    """Whether a name says per how many by itself: 人均…1.8平方米 are square metres per person."""
    return re.match(r"(?:城市)?(?:人均|万人|每万人|每)", name) is not None or re.search(r"每|人均", between) is not None


def _is_rate_of_count(text: str, mention: Mention, number: Number) -> bool:
    """Whether a name of a plain number of things is told per so many: 每万人拥有上市公司5家."""
    if not mention.named.counts:
        return False
    before, between = text[: min(mention.start, number.start)], text[mention.end : number.start]
    return _PER.search(before) is not None or re.search(r"每(?!年)|人均|户均", between) is not None


def _counted_before(text: str) -> bool:
    """Whether the words before a figure say that all of them are counted."""
    return re.search(r"(?:共有|现有|共计|总计|合计|尚有|仍有|还有|存在|拥有|共|有)(?:约|近|超过)?$", text) is not None


def _listed(text: str, mentions: Sequence[Mention], numbers: Sequence[Number], place: int) -> Mention | None:
    """``甲率、乙率分别为 82.5%、76.3%``: the names and figures around 分别, pair by pair."""
    number = numbers[place]
    at = text.rfind("分别", 0, number.start)
    if at < 0:
        return None
    figures = [one for one in numbers if one.start > at]
    names = [mention for mention in mentions if mention.end <= at]
    if any(mention.start > at for mention in mentions) or len(figures) > len(names):
        return None
    # Names of one list stand close together.
    tail = names[-len(figures) :]
    gaps = (text[one.end : two.start] for one, two in itertools.pairwise(tail))
    if not all(re.fullmatch(r"[、,，和与及以]{1,2}|以及", gap) for gap in gaps):
        return None
    return tail[figures.index(number)]
