"""A satisfaction survey of the sample city: 1,200 respondents of six counties, errors included.

Communities are drawn within counties, people within communities; weights make the counties as large as they are. Where
people are not satisfied, how often and how the waves differ is planted, and can be read from :data:`LEVELS`,
:data:`PROBLEMS` and :data:`MENDED`. Everything is labelled 合成数据; the same catalogue and seed give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import yaml

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city.files import LABEL, LABEL_LINE, Expected, SampleFile, SurveyOddity
from cityhealth.sample_city.grids import CellValue, Grid, comma_separated, xlsx
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.survey.masking import identity_number

__all__ = ["FEW", "LEVELS", "MENDED", "PERSONAL", "PROBLEMS", "QUESTIONS", "TITLE", "WAVE", "Asked", "generate_survey"]

WAVE = "2021-06"
TITLE = f"居民城市体检满意度调查（{LABEL}）"
_ANSWERS = {"非常不满意": 0, "不太满意": 25, "一般": 50, "比较满意": 75, "非常满意": 100}
_IMPORTANT = {"1": 0, "2": 25, "3": 50, "4": 75, "5": 100}
_AGES = {"1": "18—44岁", "2": "45岁及以上"}
#: What an answer varies by: from person to person, from question to question, from community to community.
_PERSON, _NOISE, _COMMUNITY = 9.0, 17.0, 4.0
_COMMUNITIES, _PER_COMMUNITY = 10, 20


@dataclass(frozen=True)
class Asked:
    """A question: the indicator that it relates to (None: there is none), and how satisfied people are on average."""

    code: str
    wording: str
    dimension: str
    indicator: str | None
    level: float


#: Average scores before they are put on five steps. What is below 50 is a problem that was planted.
QUESTIONS: Sequence[Asked] = (
    Asked("Q01", "您对家附近的公园绿地是否满意？", "ECO", "ECO09", 76),
    Asked("Q02", "您对城市的空气质量是否满意？", "ECO", "ECO11", 58),
    Asked("Q03", "您对居住地周围的安静程度是否满意？", "ECO", "ECO10", 62),
    Asked("Q04", "您对社区便利店、菜店是否满意？", "HLT", "HLT02", 74),
    Asked("Q05", "您对社区养老服务是否满意？", "HLT", "HLT03", 44),
    Asked("Q06", "您对老旧小区改造是否满意？", "HLT", "HLT08", 60),
    Asked("Q07", "您对雨天道路积水情况是否满意？", "SAF", "SAF01", 52),
    Asked("Q08", "您对就近就医是否满意？", "SAF", "SAF06", 68),
    Asked("Q09", "您对社会治安是否满意？", "SAF", None, 80),
    Asked("Q10", "您对上下班路上花的时间是否满意？", "TRA", "TRA03", 66),
    Asked("Q11", "您对高峰期道路畅通情况是否满意？", "TRA", "TRA01", 48),
    Asked("Q12", "您对公共交通是否满意？", "TRA", "TRA06", 65),
    Asked("Q13", "您对古堡、历史建筑的保护是否满意？", "CHA", "CHA04", 75),
    Asked("Q14", "您对城市建筑的风貌是否满意？", "CHA", None, 70),
    Asked("Q15", "您对文化场馆是否满意？", "CHA", "CHA02", 67),
    Asked("Q16", "您对街道车辆停放秩序是否满意？", "ORD", "ORD03", 30),
    Asked("Q17", "您对小区物业管理是否满意？", "ORD", "ORD06", 55),
    Asked("Q18", "您对街面整洁是否满意？", "ORD", "ORD01", 72),
    Asked("Q19", "您对无障碍设施是否满意？", "INC", "INC01", 57),
    Asked("Q20", "您对住房保障是否满意？", "INC", "INC03", 61),
    Asked("Q21", "您对小区加装电梯是否满意？", "INC", None, 38),
    Asked("Q22", "您对就业机会是否满意？", "INN", None, 59),
    Asked("Q23", "您对本地企业的发展环境是否满意？", "INN", "INN07", 64),
    Asked("Q24", "您对孩子入学是否满意？", "INN", "INN01", 69),
)
LEVELS: Mapping[str, float] = {asked.code: asked.level for asked in QUESTIONS}
#: Questions that people are dissatisfied with in the whole city.
PROBLEMS: tuple[str, ...] = tuple(asked.code for asked in QUESTIONS if asked.level < 50)
#: What a later wave finds better, and by how much: of the problems, those that were put right.
MENDED: Mapping[str, float] = {"Q16": 40.0, "Q05": 25.0}
#: How people of a county differ from the city: waterlogging in 城区, public transport out in 陵川县.
_OF_COUNTY: Mapping[tuple[str, str], float] = {("140502", "Q07"): -14.0, ("140524", "Q12"): -18.0}
#: How older people differ.
_OF_AGE: Mapping[str, float] = {"Q05": -6.0, "Q21": -8.0, "Q19": -6.0}
_IMPORTANCE: Mapping[str, float] = {
    "ECO": 82, "HLT": 80, "SAF": 88, "TRA": 74, "CHA": 55, "ORD": 70, "INC": 66, "INN": 62,
}  # fmt: skip
#: County, age group and question that fewer than five people answered.
FEW = ("140524", "18—44岁", "Q05")
#: Personal numbers in the free text of all files of a wave: telephones, identity numbers. All of them are made up.
PERSONAL = (9, 2)

_OFFICE = "市城市体检工作领导小组办公室"
_FREE, _ELDERLY = "Q26", "Q27"
_SPOILT = (
    "answers_on_scale", "weight_positive", "respondent_once", "area_known", "skips_kept", "personal_data_masked",
)  # fmt: skip
_TEXTS = (
    "希望多建停车场，路边停车太乱", "老人没地方吃饭", "希望早点装电梯", "没有意见", "雨天桥下积水", "公园多一点", "无",
    "高峰期十字路口太堵", "物业不管事", "希望公交车多几班",
)  # fmt: skip
_HEAD = ("问卷编号", "县区", "社区", "年龄段", "权重")
_ID, _AREA, _CLUSTER, _AGE, _WEIGHT = range(5)

Answers = list[CellValue]


def generate_survey(catalogue: Catalogue, seed: int = 2021, waves: Iterable[str] = (WAVE,)) -> list[SampleFile]:
    """The files of each wave, in the order in which they arrive: all counties but one, that one as it was refused for a
    codebook that did not fit and as it was sent again, and corrections.

    Raises:
        KeyError: the catalogue has none of the counties of which something is planted.
    """
    counties = {area.code: area.name_zh for area in catalogue.areas if area.level == "county" and not area.valid_to}
    if lacking := sorted({county for county, _ in _OF_COUNTY} - counties.keys()):
        raise KeyError(f"the sample city's survey needs the counties {', '.join(lacking)}")
    files: list[SampleFile] = []
    for number, wave in enumerate(waves):
        files += _Wave(wave, number, counties, np.random.default_rng([seed, 7, number])).files()
    return sorted(files, key=lambda file: (file.received_at, file.filename))


@dataclass
class _Wave:
    name: str
    number: int
    counties: Mapping[str, str]
    rng: np.random.Generator

    def files(self) -> list[SampleFile]:
        first = date(int(self.name[:4]), int(self.name[5:7]), 1)
        received = datetime(first.year, first.month, 28, 10, 20, tzinfo=CITY_TIMEZONE)
        book = self._codebook(first)
        people = self._people()
        apart = max(self.counties)
        main = [row for county, row in people if county != apart]
        later = [row for county, row in people if county == apart]
        corrected = self._spoil(main)
        self._write_texts(main, later)
        head = [
            *_HEAD,
            *(asked.code for asked in QUESTIONS),
            "Q25",
            *(f"I_{code}" for code in _IMPORTANCE),
            _FREE,
            _ELDERLY,
        ]
        name = f"居民满意度调查_{self.name}"
        county = self.counties[apart]
        old = [column.replace("Q", "T", 1) if column.startswith("Q") else column for column in head]
        return [
            self._file(
                f"{name}_{LABEL}.xlsx", xlsx(Grid([[LABEL_LINE], head, *main], "问卷")), received,
                (f"编码本_{self.name}_{LABEL}.xlsx", xlsx(Grid(_table(book), "编码本"))),
                (SurveyOddity.BAD_ROWS, SurveyOddity.PERSONAL_DATA, SurveyOddity.CODEBOOK_TABLE),
                Expected("partly", _SPOILT, refused=8),
            ),
            self._file(
                f"{name}_{county}_{LABEL}.csv", comma_separated(Grid([[LABEL_LINE], old, *later])),
                received + timedelta(days=4), (f"编码本_{self.name}_{LABEL}.yml", _yaml(book)),
                (SurveyOddity.CODEBOOK_MISFIT,), Expected("refused", ("codebook_columns",), refused=len(later)),
            ),
            self._file(
                f"{name}_{county}_重报_{LABEL}.csv", comma_separated(Grid([[LABEL_LINE], head, *later]), "gb18030"),
                received + timedelta(days=8), (f"编码本_{self.name}_{LABEL}.yml", _yaml(book)),
                (SurveyOddity.GB18030, SurveyOddity.PERSONAL_DATA), Expected("accepted", ("personal_data_masked",)),
            ),
            self._file(
                f"{name}_更正_{LABEL}.csv", comma_separated(Grid([[LABEL_LINE], head, *corrected])),
                received + timedelta(days=10), (f"编码本_{self.name}_{LABEL}.yml", _yaml(book)),
                (SurveyOddity.CORRECTED,), Expected("accepted"),
            ),
        ]  # fmt: skip

    def _file(
        self,
        filename: str,
        data: bytes,
        received_at: datetime,
        codebook: tuple[str, bytes],
        oddities: tuple[SurveyOddity, ...],
        expected: Expected,
    ) -> SampleFile:
        return SampleFile(
            filename=filename,
            data=data,
            feed="survey",
            department_text=_OFFICE,
            received_at=received_at,
            attachments=(codebook,),
            oddities=frozenset(oddities),
            note_zh="；".join(oddity.value for oddity in oddities),
            expected=expected,
        )

    def _people(self) -> list[tuple[str, Answers]]:
        """A row per respondent, with his county."""
        rng, people = self.rng, []
        steps, words = np.array(list(_ANSWERS.values())), list(_ANSWERS)
        for place, (county, name) in enumerate(sorted(self.counties.items())):
            # Counties are not of one size: weights carry the difference.
            size = 300.0 + 120 * place
            for community in range(1, _COMMUNITIES + 1):
                shift = rng.normal(0, _COMMUNITY)
                for number in range(1, _PER_COMMUNITY + 1):
                    age = "1" if rng.random() < 0.55 else "2"
                    weight = round(size / 200 * (1.1 if age == "1" else 0.9) * rng.uniform(0.9, 1.1), 4)
                    person = rng.normal(0, _PERSON)
                    row: Answers = [f"{county}{community:02d}{number:03d}", name, f"{community:02d}", age, weight]
                    moods = []
                    for asked in QUESTIONS:
                        level = asked.level + _OF_COUNTY.get((county, asked.code), 0)
                        level += _OF_AGE.get(asked.code, 0) if age == "2" else 0
                        level += MENDED.get(asked.code, 0) if self.number else 0
                        mood = level + shift + person + rng.normal(0, _NOISE)
                        moods.append(mood)
                        row.append(_said(mood, steps, words, rng))
                    row.append(words[_step(float(np.mean(moods)) + rng.normal(0, 6), steps)])
                    for level in _IMPORTANCE.values():
                        row.append(str(_step(level + rng.normal(0, 16), steps) + 1))
                    row += [None, "是" if rng.random() < (0.6 if age == "2" else 0.45) else "否"]
                    people.append((county, row))
        skipped = len(_HEAD) + [asked.code for asked in QUESTIONS].index("Q05")
        young = [row for county, row in people if county == FEW[0] and _AGES[str(row[_AGE])] == FEW[1]]
        for number, row in enumerate(young):
            row[-1] = "是" if number < 3 else "否"
        for _, row in people:
            # Whoever has no old people at home is asked nothing about their care.
            if row[-1] == "否":
                row[skipped] = None
        return people

    def _spoil(self, rows: list[Answers]) -> list[Answers]:
        """Spoil some rows; what the correction of the first two is."""
        first = len(_HEAD)
        mended = [list(rows[number]) for number in (40, 333)]
        rows[40][first + 1] = "6"
        rows[333][first + 9] = "满意极了"
        rows[77][_WEIGHT] = 0
        rows[401][_WEIGHT] = -1.25
        rows[512][_WEIGHT] = None
        rows[640][_AREA] = "太原市"
        # One respondent twice, with other answers.
        rows.insert(701, [*rows[700][: first + 3], "非常满意", *rows[700][first + 4 :]])
        rows[700][first + 3] = "非常不满意"
        # Nobody old at home, and yet an answer on their care.
        skipped = first + [question.code for question in QUESTIONS].index("Q05")
        for number in (120, 850):
            rows[number][-1], rows[number][skipped] = "否", "一般"
        return mended

    def _write_texts(self, main: list[Answers], later: list[Answers]) -> None:
        free = -2
        for rows in (main, later):
            for row in rows:
                if self.rng.random() < 0.12:
                    row[free] = _TEXTS[int(self.rng.integers(len(_TEXTS)))]
        for number in range(PERSONAL[0]):
            rows = later if number < 2 else main
            rows[15 + 17 * number][free] = f"请给我回电话1900000{1000 + number}，路灯坏了"
        for number in range(PERSONAL[1]):
            made_up = identity_number(f"9999991900010{number + 1}00{number + 1}")
            main[25 + 31 * number][free] = f"本人身份证{made_up}，反映停车问题"

    def _codebook(self, first: date) -> dict[str, Any]:
        questions: list[dict[str, Any]] = []
        for asked in QUESTIONS:
            question: dict[str, Any] = {
                "code": asked.code,
                "wording": asked.wording,
                "dimension": asked.dimension,
                "scale": "满意度五级",
            }
            if asked.indicator:
                question["indicator"] = asked.indicator
            if asked.code == "Q05":
                question["skip"] = [{"question": _ELDERLY, "answers": ["否"]}]
            questions.append(question)
        questions.append(
            {"code": "Q25", "wording": "总的来说，您对我们这座城市是否满意？", "role": "overall", "scale": "满意度五级"}
        )
        questions.append({"code": _ELDERLY, "wording": "您家里有60岁及以上的老人吗？", "role": "filter"})
        questions += [
            {
                "code": f"I_{code}",
                "wording": f"{code} 方面对您有多重要？",
                "role": "importance",
                "of": code,
                "scale": "重要性五级",
            }
            for code in _IMPORTANCE
        ]
        return {
            "title": TITLE,
            "wave": self.name,
            "version": "1",
            "fielded_from": first.isoformat(),
            "fielded_to": first.replace(day=20).isoformat(),
            "columns": {
                "respondent": _HEAD[_ID], "weight": _HEAD[_WEIGHT], "cluster": _HEAD[_CLUSTER],
                "stratum": _HEAD[_AREA], "area": _HEAD[_AREA],
            },
            "groups": {"age_group": {"column": _HEAD[_AGE], "label": "年龄段", "labels": dict(_AGES)}},
            "scales": {"满意度五级": dict(_ANSWERS), "重要性五级": dict(_IMPORTANT)},
            "missing": {"不知道": "dont_know", "拒答": "refused", "不适用": "not_applicable"},
            "questions": questions,
            "free_text": [_FREE],
        }  # fmt: skip


def _step(mood: float, steps: Any) -> int:
    return int(np.abs(steps - mood).argmin())


def _said(mood: float, steps: Any, words: Sequence[str], rng: np.random.Generator) -> str:
    if rng.random() < 0.03:
        return "不知道"
    return words[_step(mood, steps)]


def _yaml(book: Mapping[str, Any]) -> bytes:
    return f"# {LABEL_LINE}\n{yaml.safe_dump(book, allow_unicode=True, sort_keys=False)}".encode()


def _table(book: Mapping[str, Any]) -> list[list[CellValue]]:
    """The same codebook as a person fills it into a table."""
    words = {"dont_know": "不知道", "refused": "拒答", "not_applicable": "不适用"}
    roles = {"overall": "总体满意度", "importance": "重要性", "filter": "背景"}
    rows: list[list[CellValue]] = [
        [LABEL_LINE],
        ["题号", "列名", "题目", "类型", "维度", "指标", "量表", "跳答", "对应题号"],
    ]

    def add(kind: str, wording: object = None, **more: str) -> None:
        names = ("code", "column", "wording", "kind", "dimension", "indicator", "scale", "skip", "of")
        given = {"kind": kind, "wording": None if wording is None else str(wording), **more}
        rows.append([given.get(name) for name in names])

    for kind, name in (
        ("调查名称", "title"),
        ("波次", "wave"),
        ("版本", "version"),
        ("开始日期", "fielded_from"),
        ("结束日期", "fielded_to"),
    ):
        add(kind, book[name])
    for kind, name in (
        ("问卷编号", "respondent"),
        ("权重", "weight"),
        ("抽样单元", "cluster"),
        ("层", "stratum"),
        ("区域", "area"),
    ):
        add(kind, column=book["columns"][name])
    for code, group in book["groups"].items():
        add("分组", group["label"], code=code, column=group["column"], scale=_pairs(group["labels"]))
    add("通用缺失代码", scale=_pairs({answer: words[why] for answer, why in book["missing"].items()}))
    for question in book["questions"]:
        more = {name: question[name] for name in ("code", "dimension", "indicator", "of") if name in question}
        if "skip" in question:
            more["skip"] = ";".join(f"{rule['question']}={','.join(rule['answers'])}" for rule in question["skip"])
        scale = _pairs(book["scales"][question["scale"]]) if "scale" in question else ""
        add(roles.get(question.get("role", ""), "满意度"), question["wording"], scale=scale, **more)
    for column in book["free_text"]:
        add("文字", column=column)
    return rows


def _pairs(mapping: Mapping[str, object]) -> str:
    return ";".join(f"{key}={value}" for key, value in mapping.items())
