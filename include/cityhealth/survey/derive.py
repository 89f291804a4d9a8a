"""From accepted respondents to ``ops.survey_result``: each wave as it stood after each of its files was received."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql

from cityhealth.catalogue import Catalogue
from cityhealth.hashing import stable_id
from cityhealth.survey.codebook import Codebook, codebook_of
from cityhealth.survey.index import COLUMNS, METHOD_VERSION, city_of, design_of, indices, resolved
from cityhealth.warehouse.connections import Warehouse

#: Any number; who derives in this database takes this lock first.
_DERIVE_LOCK = 7_201_411

#: Each judged file with its codebook, in the order of receipt.
_FILES = """
select
    current_run.gate_run_id, current_run.batch_id, current_run.arrival_id, current_run.received_at,
    current_run.filename, current_run.sha256, current_run.rows_in, current_run.rows_accepted,
    current_run.rows_refused, opening.codebook, opening.codebook_name, opening.codebook_sha256
from gate.current_run as current_run
join raw.survey_answer as opening on opening.batch_id = current_run.batch_id and opening.codebook is not null
where current_run.feed = 'survey'
order by current_run.received_at, current_run.arrival_id
"""
_MASKED = """
select coalesce(sum(masked_phone), 0), coalesce(sum(masked_id), 0) from raw.survey_answer where batch_id = any(%s)
"""
_RESPONDENTS = """
select gate_run_id, line_no, respondent_id, weight, cluster_id, stratum_id, area_code, groups, scores
from gate.survey_answer
where gate_run_id = any(%s) and verdict = 'accepted'
"""
_ESTIMATE_COLUMNS = ("result_key", *COLUMNS)


@dataclass(frozen=True)
class Derived:
    """The keys of results that are new, and of those that stand for nothing any more."""

    new: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True)
class _File:
    gate_run_id: str
    batch_id: str
    arrival_id: str
    received_at: datetime
    filename: str
    sha256: str
    rows_in: int
    rows_accepted: int
    rows_refused: int
    codebook_json: str
    codebook_name: str
    codebook_sha256: str

    @property
    def codebook(self) -> Codebook:
        return codebook_of(self.codebook_json)


@dataclass(frozen=True)
class _State:
    """A wave as it stood when the last of ``files`` had been received."""

    wave: str
    files: tuple[_File, ...]
    key: str


def derive(warehouse: Warehouse, catalogue: Catalogue) -> Derived:
    """Bring results up to what the gate says now: one for each wave and moment at which one of its files came.

    So a summary as of a cut-off finds the wave as it stood then, in whatever order files were loaded. Files of one wave
    are pooled; of a respondent the accepted row received last is in force. A result is estimated once: its key is made
    of judgements, codebook, catalogue and method. All in one transaction; who comes second finds nothing to do.
    """
    with warehouse.connect("loader") as connection, connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (_DERIVE_LOCK,))
        wanted = {state.key: state for state in _states(connection, catalogue)}
        standing = {key for (key,) in connection.execute("select result_key from ops.survey_result").fetchall()}
        gone = sorted(standing - wanted.keys())
        if gone:
            connection.execute("delete from ops.survey_result where result_key = any(%s)", (gone,))
        new = [state for key, state in wanted.items() if key not in standing]
        for state in new:
            _write(connection, state, catalogue)
    return Derived(tuple(state.key for state in new), tuple(gone))


def _states(connection: psycopg.Connection, catalogue: Catalogue) -> list[_State]:
    by_wave: dict[str, list[_File]] = {}
    for row in connection.execute(_FILES).fetchall():
        file = _File(*row)
        by_wave.setdefault(file.codebook.wave, []).append(file)
    states = []
    for wave, files in by_wave.items():
        for number, file in enumerate(files, start=1):
            later = files[number] if number < len(files) else None
            if later is not None and later.received_at == file.received_at:
                continue
            runs = [each.gate_run_id for each in files[:number]]
            key = stable_id("survey", wave, METHOD_VERSION, _known(catalogue, wave), file.codebook_sha256, *runs)
            states.append(_State(wave, tuple(files[:number]), key))
    return states


def _known(catalogue: Catalogue, wave: str) -> str:
    """What of the catalogue a result rests on: a change elsewhere makes no new one."""
    city, system, year = _city(catalogue, wave)
    dimensions = [(d.code, d.name_zh, d.sort_order) for d in catalogue.dimensions]
    indicators = sorted(i.code for i in catalogue.indicators if (i.system, i.year) == (system, year))
    return json.dumps([city, dimensions, indicators], ensure_ascii=False)


def _city(catalogue: Catalogue, wave: str) -> tuple[str, str, int]:
    """The city's area, the system and the year of the latest examination that had begun by the wave's year."""
    known = sorted(catalogue.examinations, key=lambda examination: examination.year)
    begun = [examination for examination in known if examination.year <= int(wave[:4])]
    found = (begun or known[:1])[-1]
    return city_of(catalogue, found.default_area_code), found.system, found.year


def _write(connection: psycopg.Connection, state: _State, catalogue: Catalogue) -> None:
    last = state.files[-1]
    accepted = [file for file in state.files if file.rows_accepted]
    # A file that was refused whole says nothing of how the wave is to be understood.
    leading = (accepted or [last])[-1]
    city, system, year = _city(catalogue, state.wave)
    indicators = frozenset(i.code for i in catalogue.indicators if (i.system, i.year) == (system, year))
    codebook = resolved(leading.codebook, catalogue, indicators)
    respondents, superseded = _respondents(connection, state.files, codebook)
    dimensions = {d.code: d.name_zh for d in sorted(catalogue.dimensions, key=lambda d: d.sort_order)}
    estimates = indices(respondents, codebook, dimensions, city)
    phones, ids = connection.execute(_MASKED, ([file.batch_id for file in state.files],)).fetchone() or (0, 0)
    design = design_of(respondents) if len(respondents) else None
    weighted = len(respondents) > 0 and respondents["weight"].nunique() > 1
    clustered = len(respondents) > 0 and respondents["cluster_id"].notna().any()
    stratified = len(respondents) > 0 and respondents["stratum_id"].notna().any()
    row = {
        "result_key": state.key,
        "wave": state.wave,
        "received_at": last.received_at,
        "arrival_id": leading.arrival_id,
        "filename": leading.filename,
        "sha256": leading.sha256,
        "survey_zh": codebook.title,
        "codebook_version": codebook.version,
        "codebook_name": leading.codebook_name,
        "codebook_sha256": leading.codebook_sha256,
        "fielded_from": codebook.fielded_from,
        "fielded_to": codebook.fielded_to,
        "files": len(state.files),
        "filenames": "；".join(file.filename for file in state.files),
        "handed_in": sum(file.rows_in for file in state.files),
        "accepted": len(respondents),
        "refused": sum(file.rows_refused for file in state.files),
        "superseded": superseded,
        "masked_phone": phones,
        "masked_id": ids,
        "least_weight": respondents["weight"].min() if len(respondents) else None,
        "largest_weight": respondents["weight"].max() if len(respondents) else None,
        "weighted": bool(weighted),
        "clusters": len(design.stratum_of) if design and clustered else None,
        "strata": design.strata if design and stratified else None,
        "method_zh": _method_zh(bool(weighted), bool(clustered), bool(stratified)),
    }
    names = sql.SQL(", ").join(map(sql.Identifier, row))
    places = sql.SQL(", ").join(sql.Placeholder(name) for name in row)
    connection.execute(sql.SQL("insert into ops.survey_result ({}) values ({})").format(names, places), row)
    columns = sql.SQL(", ").join(map(sql.Identifier, _ESTIMATE_COLUMNS))
    kept = estimates.astype(object).where(estimates.notna(), None)
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("copy ops.survey_estimate ({}) from stdin").format(columns)) as copy,
    ):
        for values in kept.itertuples(index=False, name=None):
            copy.write_row((state.key, *values))


def _respondents(
    connection: psycopg.Connection, files: Sequence[_File], codebook: Codebook
) -> tuple[pd.DataFrame, int]:
    """Of each respondent the row in force, with groups and scores as columns; and how many others it replaces."""
    order = {file.gate_run_id: number for number, file in enumerate(files)}
    found = connection.execute(_RESPONDENTS, (list(order),)).fetchall()
    columns = ["run", "line_no", "respondent_id", "weight", "cluster_id", "stratum_id", "area_code", "groups", "scores"]
    rows = pd.DataFrame(found, columns=columns)
    if rows.empty:
        return rows, 0
    rows = rows.assign(place=rows["run"].map(order)).sort_values(["place", "line_no"], kind="stable")
    # By respondent in the end, so that no order of files or of rows makes another sum.
    kept = rows.drop_duplicates("respondent_id", keep="last").sort_values("respondent_id", ignore_index=True)
    return kept.join(_unpacked(kept, codebook)), len(rows) - len(kept)


def _unpacked(rows: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    scores = [json.loads(text) for text in rows["scores"]]
    groups: list[Mapping[str, Any]] = [json.loads(text) for text in rows["groups"]]
    columns: dict[str, pd.Series] = {}
    for kind in codebook.groups:
        columns[f"group:{kind}"] = pd.Series([row.get(kind, "未填") for row in groups], dtype=object)
    for question in codebook.questions:
        columns[question.code] = pd.Series([row.get(question.code) for row in scores], dtype="float64")
    return pd.DataFrame(columns, index=rows.index)


def _method_zh(weighted: bool, clustered: bool, stratified: bool) -> str:
    design = [name for name, there in (("层", stratified), ("抽样单元", clustered)) if there]
    by = f"误差按{'和'.join(design)}以泰勒线性化估计" if design else "误差按简单抽样以泰勒线性化估计"
    return f"{'加权' if weighted else '等权'}平均，{by}，95% 置信区间；不足 5 份、按权重折合不足 5 份或可倒推的不公布"
