"""Respondents of a survey before the gate: their design, area, groups and scores, in ``gate.survey_answer``."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cityhealth.catalogue import fold
from cityhealth.quality.batch import BATCH_LINE, NOTE, BatchFacts, Candidates
from cityhealth.quality.distinct import by_distinct
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.subject import EMPTY, SHARED_WRITERS, Nouns, Row, Subject, Writer, column, text_of
from cityhealth.quantities import parse_quantity
from cityhealth.survey.answers import said, score
from cityhealth.survey.codebook import WAVE, Codebook, answer_key, codebook_of, misfits
from cityhealth.survey.index import city_of, effective, is_within
from cityhealth.survey.suppression import LEAST

_RAW = (
    "respondent_text", "answers", "masked_phone", "masked_id", "codebook", "codebook_name",
)  # fmt: skip
#: What a receipt may blame in a respondent's row.
_FIELDS = ("respondent_text", "weight_text", "cluster_text", "stratum_text", "area_text", "answer_text", "skip_text")

_WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "state": ("text", pa.string()),
    "respondent_problem": ("text", pa.string()),
    "weight_problem": ("text", pa.string()),
    "design_problem": ("text", pa.string()),
    "area_problem": ("text", pa.string()),
    "answer_problem": ("text", pa.string()),
    "skip_problem": ("text", pa.string()),
    "repeated": ("text", pa.string()),
    "respondent_count": ("bigint", pa.int64()),
    "columns_missing": ("text", pa.string()),
    "unscaled": ("text", pa.string()),
    "contradictions": ("text", pa.string()),
    "dimensions_unknown": ("text", pa.string()),
    "indicators_unknown": ("text", pa.string()),
    "wave_future": ("boolean", pa.bool_()),
    "masked_phone": ("bigint", pa.int64()),
    "masked_id": ("bigint", pa.int64()),
    "unweighted": ("boolean", pa.bool_()),
    "weights_odd": ("text", pa.string()),
}

_SURVEY_ANSWER = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()), ("wave", pa.string()),
        ("respondent_id", pa.string()), ("weight", pa.float64()), ("cluster_id", pa.string()),
        ("stratum_id", pa.string()), ("area_code", pa.string()), ("groups", pa.string()), ("scores", pa.string()),
        ("missing", pa.string()), ("verdict", pa.string()), ("marked", pa.bool_()), ("sheet", pa.string()),
        ("cell", pa.string()),
    ]
)  # fmt: skip

#: Of a whole number stored as a float, its digits; a long number that a spreadsheet has cut to fifteen of them.
_FLOAT, _SCIENTIFIC = re.compile(r"(\d+)\.0+"), re.compile(r"\d(\.\d+)?[eE]\+\d+")

#: ``0,85``, and ``0,850`` which is no number of thousands either.
_LEADING_ZERO = re.compile(r"[+-]?0+,")
#: Of weights, the largest over the smallest. Those that are made of households and areas differ by tens; they are
#: trimmed long before (Potter, Survey of Procedures to Control Extreme Sampling Weights, ASA 1988).
_LARGEST_RATIO = 1_000

#: The group of those of whom it is not known.
UNSTATED_ZH = "未填"


def candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    """Resolve the respondents of a file by its codebook; a row without any answer is blank. Pure."""
    opening = raw.loc[raw["codebook"].notna()].iloc[0]
    codebook, letters = codebook_of(opening["codebook"]), json.loads(opening["answers"])
    rows = raw.loc[raw["row_kind"] != NOTE].reset_index(drop=True)
    texts = _texts(rows["answers"], codebook)
    rows = rows.assign(kind="row", wave=codebook.wave)
    rows = _identified(rows, codebook, batch)
    rows = _weighed(rows, texts, codebook)
    rows = _placed(rows, texts, codebook, batch.arrival.day, lookup)
    rows = _scored(rows, texts, codebook)
    rows = _compared(rows)
    rows["cells"] = _cells(rows, codebook, letters)
    announced = batch.arrival.department_text
    sender = lookup.department(announced) if announced and announced.strip() else None
    whole = pd.DataFrame(
        [{"kind": "batch", "line_no": BATCH_LINE, **_of_file(rows, raw, codebook, letters, batch, lookup)}]
    )
    columns = dict.fromkeys([*_WORK_COLUMNS, *rows.columns])
    return Candidates(pd.concat([rows, whole], ignore_index=True).reindex(columns=list(columns)), sender)


def _texts(answers: pd.Series, codebook: Codebook) -> pd.DataFrame:
    wanted = list(codebook.coded_columns)
    parsed = [json.loads(text) for text in answers]
    return pd.DataFrame({name: [row.get(name) for row in parsed] for name in wanted}, dtype=object)


def _column(texts: pd.DataFrame, name: str | None, rows: pd.DataFrame) -> pd.Series:
    if name is None or name not in texts:
        return pd.Series("", index=rows.index, dtype=object)
    return texts[name].fillna("").astype(object).str.strip()


def _identified(rows: pd.DataFrame, codebook: Codebook, batch: BatchFacts) -> pd.DataFrame:
    given = rows["respondent_text"].fillna("").astype(object).str.strip()
    if codebook.columns.respondent is None:
        # Of a file without numbers the rows are themselves; the same bytes again are the same respondents.
        return rows.assign(
            respondent_id=[f"{batch.arrival.sha256[:12]}-{line}" for line in rows["line_no"]], respondent_problem=None
        )
    keys = given.map({text: respondent_key(text) for text in given.unique()})
    problem = given.map({text: _number_problem(text) for text in given.unique()}).astype(object)
    problem = problem.where(problem.notna(), None)
    return rows.assign(respondent_id=keys.where(given != "", None), respondent_problem=problem)


def respondent_key(text: str) -> str:
    """A respondent's number as it is compared: as written, but for width, blanks around it, and the ``.0`` of a number
    that a program had stored as a float and all of whose digits that could hold. ``001`` and ``1`` are two people."""
    plain = unicodedata.normalize("NFKC", text).strip()
    whole = _FLOAT.fullmatch(plain)
    return whole[1] if whole and int(whole[1]) < 2**53 else plain


def _number_problem(text: str) -> str | None:
    if not text:
        return "没有填写问卷编号"
    if _SCIENTIFIC.fullmatch(unicodedata.normalize("NFKC", text)):
        return f"问卷编号「{text}」是科学计数法，后面的数字已经丢失，请把这一列存为文本"
    return None


def _weighed(rows: pd.DataFrame, texts: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    own = codebook.columns
    rows = rows.assign(
        weight_text=_column(texts, own.weight, rows),
        cluster_text=_column(texts, own.cluster, rows),
        stratum_text=_column(texts, own.stratum, rows),
    )
    if own.weight is None:
        rows = rows.assign(weight=1.0, weight_problem=None)
    else:
        rows = by_distinct(rows, ("weight_text",), _weight, ("weight", "weight_problem"))
    lacking = np.full(len(rows), None, dtype=object)
    for name, place, word in (("cluster_text", own.cluster, "抽样单元"), ("stratum_text", own.stratum, "层")):
        if place is not None:
            lacking[(rows[name] == "").to_numpy()] = f"没有填写{word}（{place}）"
    return rows.assign(
        weight=rows["weight"].astype("float64"),
        design_problem=lacking,
        cluster_id=rows["cluster_text"].where(rows["cluster_text"] != "", None),
        stratum_id=rows["stratum_text"].where(rows["stratum_text"] != "", None),
    )


def _weight(text: str) -> tuple[float | None, str | None]:
    plain = fold(text)
    if not plain:
        return None, "没有填写权重"
    if _LEADING_ZERO.match(plain):
        return None, f"权重「{text}」的逗号不知是小数点还是千分位，小数点请写「.」"
    read = parse_quantity(plain)
    if read.problem_zh is not None:
        return None, f"权重{read.problem_zh}"
    if read.value is None or read.unit is not None or read.magnitude is not None:
        return None, f"权重「{text}」不是一个数"
    number = float(read.value)
    if number <= 0:
        return None, f"权重「{text}」{'为零' if number == 0 else '是负数'}"
    return number, None


def _weights_odd(weights: pd.Series) -> str | None:
    """What is unlikely to be right of weights that each are: a slip of a unit or a column, more often than a design."""
    if weights.empty:
        return None
    said = []
    least, most = weights.min(), weights.max()
    if most / least > _LARGEST_RATIO:
        said.append(f"最大权重 {most:g} 是最小权重 {least:g} 的 {_LARGEST_RATIO:,} 倍以上")
    worth = effective(weights.to_numpy(dtype=float))
    if len(weights) >= LEAST and worth < LEAST - 1e-9:
        said.append(f"权重集中于少数问卷，{len(weights)} 份问卷只相当于 {worth:.1f} 份等权的问卷")
    return "；".join(said) or None


def _placed(rows: pd.DataFrame, texts: pd.DataFrame, codebook: Codebook, day: date, lookup: Lookup) -> pd.DataFrame:
    city = city_of(lookup.catalogue, lookup.examination.default_area_code)
    rows = rows.assign(area_text=_column(texts, codebook.columns.area, rows))
    if codebook.columns.area is None:
        rows = rows.assign(area_code=city, area_problem=None)
    else:
        rows = by_distinct(
            rows, ("area_text",), lambda text: _area(text, codebook, day, lookup), ("area_code", "area_problem")
        )
    kinds = {kind: _groups(_column(texts, group.column, rows), group.labels) for kind, group in codebook.groups.items()}
    named = pd.DataFrame(kinds, index=rows.index)
    return rows.assign(groups=[json.dumps(row, ensure_ascii=False) for row in named.to_dict("records")])


def _area(text: str, codebook: Codebook, day: date, lookup: Lookup) -> tuple[str | None, str | None]:
    if not text:
        return None, "没有填写区域"
    found = lookup.area(codebook.areas.get(answer_key(text), text), day, "level:county")
    if found.code is None:
        return None, found.problem_zh
    city = city_of(lookup.catalogue, lookup.examination.default_area_code)
    if not is_within(lookup.catalogue, found.code, city):
        return None, f"「{text}」不在本市"
    return found.code, None


def _groups(own: pd.Series, labels: Mapping[str, str]) -> pd.Series:
    """A group that the codebook has no name for is called as it is written."""
    return own.map({text: labels.get(answer_key(text), text) or UNSTATED_ZH for text in own.unique()})


def _scored(rows: pd.DataFrame, texts: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    found = score(texts, codebook)
    some = found.scores.notna().any(axis="columns") | found.missing.notna().any(axis="columns")
    wrong, against = found.unscaled, found.skip_broken
    anything = some | wrong.astype(bool)
    columns: dict[str, list[Any]] = {
        "scores": [_filled(row) for row in found.scores.astype(object).to_dict("records")],
        "missing": [_filled(row) for row in found.missing.to_dict("records")],
        "answer_problem": [said(answers) or None for answers in wrong],
        "answer_text": [next(iter(answers.values()), None) for answers in wrong],
        "answer_question": [next(iter(answers), None) for answers in wrong],
        "skip_problem": [said(answers) or None for answers in against],
        "skip_text": [next(iter(answers.values()), None) for answers in against],
        "skip_question": [next(iter(answers), None) for answers in against],
    }
    made = {name: pd.Series(values, index=rows.index, dtype=object) for name, values in columns.items()}
    return rows.assign(state=np.where(anything, "value", "blank"), **made)


def _filled(row: Mapping[Any, Any]) -> str:
    there = {name: value for name, value in row.items() if value is not None and value == value}
    return json.dumps(there, ensure_ascii=False)


def _compared(rows: pd.DataFrame) -> pd.DataFrame:
    """With ``repeated``: that a respondent's rows in one file differ, or that one repeats another before it."""
    numbered = rows.loc[(rows["state"] != "blank") & rows["respondent_id"].notna()]
    twins = numbered.loc[numbered.duplicated("respondent_id", keep=False)]
    said_of: dict[Any, str] = {}
    content = ["answers", "sheet"]
    for _, own in twins.groupby("respondent_id", sort=False):
        same = own["answers"].nunique() == 1
        first = own.iloc[0]
        for position, row in enumerate(own[["line_no", "cell", *content]].to_dict("records")):
            if same and position:
                said_of[row["line_no"]] = f"与 {first['cell']} 所在行完全重复，只计一次"
            elif not same:
                other = own.iloc[1] if position == 0 else first
                said_of[row["line_no"]] = f"在文件中有不止一份不同的答卷，另见 {other['cell']} 所在行"
    return rows.assign(repeated=rows["line_no"].map(said_of).astype(object).where(rows["line_no"].isin(said_of), None))


def _cells(rows: pd.DataFrame, codebook: Codebook, letters: Mapping[str, str]) -> list[str]:
    """JSON: field → where it stands, for rows with a problem."""
    own, places = codebook.columns, {question.code: question.place for question in codebook.questions}
    fixed = {
        "respondent_text": own.respondent, "weight_text": own.weight, "cluster_text": own.cluster,
        "stratum_text": own.stratum, "area_text": own.area,
    }  # fmt: skip
    problems = [name for name in rows.columns if name.endswith("_problem")] + ["repeated"]
    faulty = rows[problems].notna().any(axis="columns")
    cells = []
    for cell, at_fault, answered, skipped in zip(
        rows["cell"], faulty, rows["answer_question"], rows["skip_question"], strict=True
    ):
        line = re.sub(r"\D", "", text_of(cell))
        named = {**fixed, "answer_text": places.get(answered), "skip_text": places.get(skipped)} if at_fault else {}
        placed = {field: f"{letters[name]}{line}" for field, name in named.items() if name and name in letters}
        cells.append(json.dumps(placed))
    return cells


def _of_file(
    rows: pd.DataFrame,
    raw: pd.DataFrame,
    codebook: Codebook,
    letters: Mapping[str, str],
    batch: BatchFacts,
    lookup: Lookup,
) -> dict[str, Any]:
    wrong = misfits(codebook, letters)
    dimensions = {fold(name) for d in lookup.catalogue.dimensions for name in (d.code, d.name_zh)}
    asked = {question.dimension for question in codebook.questions if question.dimension}
    related = {question.indicator for question in codebook.questions if question.indicator}
    begun = codebook.fielded_to or codebook.fielded_from
    return {
        "respondent_count": int((rows["state"] != "blank").sum()),
        "columns_missing": "、".join(wrong.columns) or None,
        "unscaled": "、".join(wrong.unscaled) or None,
        "contradictions": "；".join(wrong.contradictions) or None,
        "dimensions_unknown": "、".join(sorted(name for name in asked if fold(name) not in dimensions)) or None,
        "indicators_unknown": "、".join(sorted(related - set(lookup.indicators))) or None,
        "wave_future": bool(begun and begun > batch.arrival.day) or _is_later(codebook.wave, batch.arrival.day),
        "masked_phone": int(raw["masked_phone"].sum()),
        "masked_id": int(raw["masked_id"].sum()),
        "unweighted": codebook.columns.weight is None,
        "weights_odd": _weights_odd(rows.loc[(rows["state"] != "blank") & rows["weight"].notna(), "weight"]),
        "wave": codebook.wave,
        "fielded": f"{codebook.fielded_from or '未写明'} 至 {codebook.fielded_to or '未写明'}",
        "codebook_name": next(iter(raw["codebook_name"].dropna()), ""),
    }


def _is_later(wave: str, day: date) -> bool:
    """Whether a year, or a month, begins after a day."""
    begin = WAVE.fullmatch(wave)
    return begin is not None and begin["moment"] > day.isoformat()[: len(begin["moment"])]


def _name(row: Row, lookup: Lookup) -> str:
    return text_of(row.get("respondent_text")) or text_of(row.get("cell")) or EMPTY


def _facts(accepted: pd.DataFrame) -> Sequence[tuple[str, str]]:
    if accepted.empty:
        return ()
    weights = accepted["weight"]
    return (
        ("调查波次", str(accepted["wave"].iloc[0])),
        ("采用问卷", f"{len(accepted)} 份，权重 {weights.min():g} 至 {weights.max():g}"),
    )


def _count(name: str) -> Writer:
    return lambda row, batch, lookup, department: f"{int(row.get(name) or 0)}"


_WRITERS: Mapping[str, Writer] = {
    **SHARED_WRITERS,
    "respondent": lambda row, batch, lookup, department: _name(row, lookup),
    **{
        name: column(name)
        for name in (
            "respondent_problem", "weight_problem", "design_problem", "area_problem", "answer_problem", "skip_problem",
            "repeated", "columns_missing", "unscaled", "contradictions", "dimensions_unknown", "indicators_unknown",
            "wave", "fielded", "codebook_name", "weights_odd",
        )
    },
    "masked_phone": _count("masked_phone"),
    "masked_id": _count("masked_id"),
    "dimensions": lambda row, batch, lookup, department: "、".join(
        f"{dimension.code} {dimension.name_zh}" for dimension in lookup.catalogue.dimensions
    ),
}  # fmt: skip

SURVEY = Subject(
    raw_select=(
        "select line_no, coalesce(sheet, '') as sheet, coalesce(cell, '') as cell, row_kind, '{}' as cells,"
        " respondent_text, answers, masked_phone, masked_id, codebook, codebook_name"
        " from raw.survey_answer where batch_id = $1 order by line_no"
    ),
    raw_columns=_RAW,
    work_columns=_WORK_COLUMNS,
    candidates=candidates,
    writers=_WRITERS,
    name_of_line=_name,
    shown=None,
    fields=frozenset(_FIELDS),
    gate_table="survey_answer",
    gate_schema=_SURVEY_ANSWER,
    stored=lambda rows: rows,
    nouns=Nouns("问卷编号", "填写内容", "问卷"),
    facts=_facts,
    no_copy_zh="问卷含个人信息，回执不附副本；下表按文件中的位置指明是哪一份问卷。",
    unreadable_advice_zh="请按原因处理后，把问卷数据和编码本一起重新报送",
    longest=200,
)
