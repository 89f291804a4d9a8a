"""Codebooks 编码本: what the columns of a survey mean and how its answers are counted, in YAML or in one table."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from cityhealth.catalogue import fold
from cityhealth.errors import Place, UnreadableFile
from cityhealth.manifests import Day, Text, read_stated
from cityhealth.tabular import find_tables, read_sheets
from cityhealth.tabular.formats import number_text

Role = Literal["satisfaction", "overall", "importance", "filter"]
Missing = Literal["dont_know", "refused", "not_applicable"]

MISSING_ZH: Mapping[str, str] = {"dont_know": "不知道", "refused": "拒答", "not_applicable": "不适用"}
ROLES_ZH: Mapping[str, str] = {
    "satisfaction": "满意度", "overall": "总体满意度", "importance": "重要性", "filter": "背景",
}  # fmt: skip
_MISSING_WORDS: Mapping[str, str] = {
    "不知道": "dont_know", "不清楚": "dont_know", "不了解": "dont_know", "说不清": "dont_know", "拒答": "refused",
    "拒绝回答": "refused", "不适用": "not_applicable", "跳过": "not_applicable",
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")


def answer_key(text: str) -> str:
    """An answer as it is compared: without width, case and blanks; ``5.0`` and ``05`` are ``5``."""
    folded = fold(text)
    if not _NUMBER.fullmatch(folded):
        return folded
    number = float(folded)
    # Beyond this, different numbers are the same float.
    return number_text(number) if abs(number) < 2**53 else folded


def _keys(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    keyed: dict[str, object] = {}
    for key, of in value.items():
        # YAML reads yes and no, and a bare number, as what they look like.
        plain = answer_key(str(key))
        if plain in keyed:
            raise ValueError(f"答案「{key}」写了两次")
        keyed[plain] = of
    return keyed


def _missing(value: object) -> object:
    return _MISSING_WORDS.get(fold(value), value) if isinstance(value, str) else value


def _role(value: object) -> object:
    return next((code for code, name in ROLES_ZH.items() if name == value), value)


def _version(value: object) -> object:
    return str(value) if isinstance(value, (int, float)) else value


def _score(value: object) -> float:
    plain = fold(str(value))
    if isinstance(value, bool) or not _NUMBER.fullmatch(plain) or not 0 <= float(plain) <= 100:
        raise ValueError(f"得分「{value}」应为 0 至 100 的数")
    return float(plain)


_STRICT = ConfigDict(extra="forbid", coerce_numbers_to_str=True)
_Score = Annotated[float, BeforeValidator(_score)]
Scale = Annotated[Mapping[str, _Score], BeforeValidator(_keys)]
Codes = Annotated[Mapping[str, Annotated[Missing, BeforeValidator(_missing)]], BeforeValidator(_keys)]
Labels = Annotated[Mapping[str, Text], BeforeValidator(_keys)]
#: A moment's name: 2021, 2021-06, and where a year has several surveys 2021-06-street.
WAVE = re.compile(r"(?P<moment>[0-9]{4}(-(0[1-9]|1[0-2]))?)(-[a-z][a-z0-9_]*)?")
_CHINESE_WAVE = re.compile(r"([0-9]{4})年(?:(1[0-2]|0?[1-9])月份?)?")


def _wave(value: object) -> object:
    plain = fold(str(value))
    if chinese := _CHINESE_WAVE.fullmatch(plain):
        plain = chinese[1] + (f"-{int(chinese[2]):02}" if chinese[2] else "")
    if not WAVE.fullmatch(plain):
        raise ValueError(f"波次「{value}」应写成年或年-月，如 2021、2021-06；同一时间有几项调查的，如 2021-06-street")
    return plain


Wave = Annotated[str, BeforeValidator(_wave)]


@checked(frozen=True, config=_STRICT)
class Skip:
    """Who gave one of ``answers`` to ``question`` is not asked."""

    question: Text
    answers: Annotated[tuple[str, ...], Field(min_length=1)]


@checked(frozen=True, config=_STRICT)
class Columns:
    """Where a respondent's number, weight, primary sampling unit, stratum and area stand; None: the file has none."""

    respondent: Text | None = None
    weight: Text | None = None
    cluster: Text | None = None
    stratum: Text | None = None
    area: Text | None = None


@checked(frozen=True, config=_STRICT)
class Group:
    """A way to divide respondents, such as age; ``labels``: answer → what it is called (none: as written)."""

    column: Text
    label: Text
    labels: Labels = field(default_factory=dict)


@checked(frozen=True, config=_STRICT)
class Question:
    """A ``filter`` is asked to know whom to ask what, and has no score.

    ``scale``: the name of one of the codebook's scales, or answer → 0–100. ``missing`` adds to the codebook's.

    ``of``: of a question on importance, the question or dimension whose importance it asks. ``column``: by default the
    code.
    """

    code: Annotated[Text, Field(max_length=30)]
    wording: Text
    role: Annotated[Role, BeforeValidator(_role)] = "satisfaction"
    dimension: Text | None = None
    indicator: Text | None = None
    scale: Text | Scale | None = None
    missing: Codes = field(default_factory=dict)
    skip: tuple[Skip, ...] = ()
    column: Text | None = None
    of: Text | None = None

    @property
    def place(self) -> str:
        """The column of the file that its answers stand in."""
        return self.column or self.code


@checked(frozen=True, config=_STRICT)
class Codebook:
    """What one survey asked, and of whom. ``areas``: answer → area of the catalogue (none: as written)."""

    title: Text
    wave: Wave
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]
    columns: Columns = field(default_factory=Columns)
    version: Annotated[Text | None, BeforeValidator(_version)] = None
    fielded_from: Day | None = None
    fielded_to: Day | None = None
    groups: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Group] = field(default_factory=dict)
    areas: Labels = field(default_factory=dict)
    scales: Mapping[Text, Scale] = field(default_factory=dict)
    missing: Codes = field(default_factory=dict)
    free_text: tuple[Text, ...] = ()

    def scale_of(self, question: Question) -> Mapping[str, float]:
        """Answer → 0–100; nothing where the codebook has no such scale."""
        if isinstance(question.scale, str):
            return self.scales.get(question.scale, {})
        return question.scale or {}

    def missing_of(self, question: Question) -> Mapping[str, str]:
        """Answer → why there is none. What is on the scale is an answer."""
        codes = {**self.missing, **question.missing}
        return {key: why for key, why in codes.items() if key not in self.scale_of(question)}

    @property
    def coded_columns(self) -> tuple[str, ...]:
        """All columns that the codebook says something about, but for free text."""
        named = (*self.design_columns, *(group.column for group in self.groups.values()))
        return tuple(dict.fromkeys((*named, *(question.place for question in self.questions))))

    @property
    def design_columns(self) -> tuple[str, ...]:
        own = self.columns
        given = (own.respondent, own.weight, own.cluster, own.stratum, own.area)
        return tuple(name for name in given if name is not None)


_CODEBOOK: TypeAdapter[Codebook] = TypeAdapter(Codebook)


def codebook_json(codebook: Codebook) -> str:
    """As it is kept beside the answers."""
    return _CODEBOOK.dump_json(codebook, exclude_defaults=True).decode()


def codebook_of(text: str) -> Codebook:
    """What :func:`codebook_json` wrote."""
    return _CODEBOOK.validate_json(text)


def read_codebook(data: bytes, filename: str) -> Codebook:
    """The codebook in a file: YAML or JSON by its name, else a table (xlsx, xls, csv).

    Raises:
        UnreadableFile: it is none; the message says what is wrong with it.
    """
    if PurePosixPath(filename).suffix.casefold() in (".yml", ".yaml", ".json"):
        return _validated(data, filename)
    return _validated(json.dumps(_of_table(data, filename), ensure_ascii=False).encode(), filename)


def _validated(data: bytes, filename: str) -> Codebook:
    try:
        # As written: to YAML yes is true and 010 is eight, to a codebook they are answers.
        return read_stated(_CODEBOOK, data, filename, texts=True, place_zh=_place_zh)
    except UnreadableFile as error:
        code, said = error.code.replace("manifest", "codebook"), error.message.replace("说明文件", "编码本")
        raise UnreadableFile(code, said, error.place or Place(filename)) from error


def _place_zh(content: Mapping[str, Any], at: tuple[str, ...]) -> str:
    """``题号 Q1 的 scale，答案「5」`` of the place in a codebook that says something wrong."""
    rest, said = list(at), ""
    if len(rest) > 1 and rest[0] == "questions" and rest[1].isdigit():
        number = int(rest[1])
        asked = content["questions"][number]
        code = asked.get("code") if isinstance(asked, Mapping) else None
        said, rest = (f"题号 {code}" if code else f"第 {number + 1} 题"), rest[2:]
    if len(rest) == 2 and rest[0] in ("scale", "missing"):
        return f"{said} 的 {rest[0]}，答案「{rest[1]}」".removeprefix(" 的 ")
    return " 的 ".join(part for part in (said, ".".join(rest)) if part)


# --- codebooks in one table ------------------------------------------------------------------------------------------

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "code": ("题号", "代码", "编号", "code"),
    "wording": ("题目", "内容", "问题", "题干", "wording"),
    "role": ("类型", "role"),
    "column": ("列名", "字段名", "column"),
    "dimension": ("维度", "dimension"),
    "indicator": ("指标", "关联指标", "indicator"),
    "scale": ("量表", "答案与得分", "赋值", "scale"),
    "missing": ("缺失代码", "不计答案", "missing"),
    "skip": ("跳答", "跳答规则", "skip"),
    "of": ("对应题号", "对应", "of"),
}
#: Rows that say something of the whole: their content stands under 题目.
_SETTINGS = {
    "调查名称": "title",
    "波次": "wave",
    "版本": "version",
    "开始日期": "fielded_from",
    "结束日期": "fielded_to",
}
#: Rows that name a column.
_DESIGN = {
    "问卷编号": "respondent", "权重": "weight", "抽样单元": "cluster", "层": "stratum", "分层": "stratum",
    "区域": "area",
}  # fmt: skip
_GROUP, _FREE, _COMMON = "分组", "文字", "通用缺失代码"
_PAIRS, _ALTERNATIVES = re.compile(r"[;；\n]+"), re.compile(r"[,，、|/]+")


def _of_table(data: bytes, filename: str) -> dict[str, Any]:
    """The content of a codebook as YAML would have it."""
    try:
        found = find_tables(read_sheets(data, filename), HEADINGS, ("wording", "role"), (), filename)
    except UnreadableFile as error:
        raise UnreadableFile(error.code, f"编码本不能读取：{error.message}", error.place or Place(filename)) from error
    content: dict[str, Any] = {"columns": {}, "groups": {}, "questions": [], "free_text": [], "missing": {}}
    for table in found.tables:
        for row in table.rows:
            # A remark may begin as a wording does: what has a type is a row of the codebook.
            texts = {name: cell.text.strip() for name, cell in row.cells.items() if cell.text.strip()}
            if "role" in texts:
                _take(content, texts, Place(filename, table.sheet, line=row.line))
    return content


def _take(content: dict[str, Any], texts: Mapping[str, str], place: Place) -> None:
    role = unicodedata.normalize("NFKC", texts["role"]).strip()
    column = texts.get("column") or texts.get("code")
    if role in _SETTINGS:
        _put(content, _SETTINGS[role], texts.get("wording", ""), role, place)
    elif role in _DESIGN:
        _put(content["columns"], _DESIGN[role], column or texts.get("wording"), role, place)
        if role == "区域" and "scale" in texts:
            content["areas"] = _paired(texts["scale"], place)
    elif role == _GROUP:
        labels = _paired(texts.get("scale", ""), place)
        group = {"column": column, "label": texts.get("wording"), "labels": labels}
        _put(content["groups"], texts.get("code", ""), group, f"分组 {texts.get('code', '')}", place)
    elif role == _FREE:
        content["free_text"].append(column)
    elif role == _COMMON:
        for key, why in _paired(texts.get("missing") or texts.get("scale", ""), place).items():
            _put(content["missing"], answer_key(key), why, f"答案「{key}」", place)
    elif role in ROLES_ZH.values() or role in ROLES_ZH:
        content["questions"].append(_question(texts, role, place))
    else:
        known = "、".join((*ROLES_ZH.values(), _FREE, _GROUP, *_DESIGN, _COMMON, *_SETTINGS))
        raise UnreadableFile("codebook_invalid", f"编码本有误：没有类型「{role}」，应为 {known} 之一", place)


def _question(texts: Mapping[str, str], role: str, place: Place) -> dict[str, Any]:
    plain = {
        name: texts[name] for name in ("code", "wording", "column", "dimension", "indicator", "of") if name in texts
    }
    scale = _paired(texts.get("scale", ""), place)
    words = {key: _MISSING_WORDS[fold(said)] for key, said in scale.items() if fold(said) in _MISSING_WORDS}
    missing: dict[str, str] = dict(words)
    for key, why in _paired(texts.get("missing", ""), place).items():
        _put(missing, key, why, f"答案「{key}」", place)
    scored = {key: _number(said) for key, said in scale.items() if key not in words}
    return {
        **plain,
        "role": role,
        "scale": scored or None,
        "missing": missing,
        "skip": [
            {"question": question, "answers": [a.strip() for a in _ALTERNATIVES.split(answers) if a.strip()]}
            for question, answers in _pairs(texts.get("skip", ""), place)
        ],
    }


def _number(text: str) -> float | str:
    plain = fold(text).removesuffix("分")
    return float(plain) if _NUMBER.fullmatch(plain) else text


def _pairs(text: str, place: Place) -> Iterator[tuple[str, str]]:
    """``1=0;2=25`` as pairs."""
    for part in _PAIRS.split(text):
        if not part.strip():
            continue
        key, sign, value = unicodedata.normalize("NFKC", part).partition("=")
        if not sign or not key.strip() or not value.strip():
            raise UnreadableFile("codebook_invalid", f"编码本有误：「{part.strip()}」应写成「答案=得分」", place)
        yield key.strip(), value.strip()


def _paired(text: str, place: Place) -> dict[str, str]:
    """The pairs, of which each answer has one."""
    found: dict[str, str] = {}
    for key, value in _pairs(text, place):
        _put(found, answer_key(key), value, f"答案「{key}」", place)
    return found


def _put(into: dict[str, Any], key: str, value: object, name: str, place: Place) -> None:
    if key in into:
        raise UnreadableFile("codebook_invalid", f"编码本有误：{name}写了两次", place)
    into[key] = value


# --- what of a codebook does not fit ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Misfits:
    """What in a codebook leads nowhere, in words: columns that the file has none of, questions without a scale …"""

    columns: tuple[str, ...]
    unscaled: tuple[str, ...]
    contradictions: tuple[str, ...]


def misfits(codebook: Codebook, columns: Mapping[str, str]) -> Misfits:
    """Hold a codebook against the columns of its file (name → letters) and against itself. Pure."""
    codes = [question.code for question in codebook.questions]
    said = [f"题号 {code} 出现两次" for code in dict.fromkeys(codes) if codes.count(code) > 1]
    places = [question.place for question in codebook.questions]
    said += [f"列「{place}」用于两道题" for place in dict.fromkeys(places) if places.count(place) > 1]
    dimensions = {question.dimension for question in codebook.questions}
    for question in codebook.questions:
        said += [
            f"题号 {question.code} 的跳答规则所指的 {skip.question} 不在编码本中"
            for skip in question.skip
            if skip.question not in codes
        ]
        both = [key for key in question.missing if key in codebook.scale_of(question)]
        if both:
            said.append(f"题号 {question.code} 的答案「{'、'.join(both)}」既有得分，又列为不计的答案")
        if question.role == "importance" and question.of not in {*codes, *dimensions} - {None}:
            said.append(f"重要性题 {question.code} 没有写明对应的题号或维度")
        if question.role == "satisfaction" and question.dimension is None:
            said.append(f"满意度题 {question.code} 没有写明维度")
    if sum(question.role == "overall" for question in codebook.questions) > 1:
        said.append("总体满意度有不止一道题")
    if not any(question.role == "satisfaction" for question in codebook.questions):
        said.append("没有一道满意度题")
    if "all" in codebook.groups:
        said.append("分组不能叫 all，它指全体")
    first, last = codebook.fielded_from, codebook.fielded_to
    if first and last and first > last:
        said.append(f"开始日期 {first} 晚于结束日期 {last}")
    return Misfits(
        tuple(name for name in codebook.coded_columns if name not in columns),
        tuple(
            f"{question.code}（{question.scale}）" if isinstance(question.scale, str) else question.code
            for question in codebook.questions
            if question.role != "filter" and not codebook.scale_of(question)
        ),
        tuple(dict.fromkeys(said)),
    )
