"""Item values: lines of workbooks and yearbooks, and what was measured; kept in ``gate.item_value``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import pyarrow as pa

from cityhealth.form import HEADER_ALIASES
from cityhealth.quality.batch import BatchFacts, Candidates
from cityhealth.quality.items.candidates import TEXTS, candidates
from cityhealth.quality.items.reasons import WRITERS, item_name, number_zh
from cityhealth.quality.lookup import Lookup
from cityhealth.quality.subject import Nouns, Row, Subject, Writer, column, text_of

_WORK_COLUMNS: Mapping[str, tuple[str, pa.DataType]] = {
    "line_no": ("bigint", pa.int64()),
    "kind": ("text", pa.string()),
    "state": ("text", pa.string()),
    "department_code": ("text", pa.string()),
    "department_unknown": ("boolean", pa.bool_()),
    "filled_count": ("bigint", pa.int64()),
    "item_code": ("text", pa.string()),
    "item_problem": ("text", pa.string()),
    "item_owned": ("boolean", pa.bool_()),
    "area_code": ("text", pa.string()),
    "area_problem": ("text", pa.string()),
    "area_in_scope": ("boolean", pa.bool_()),
    "period_problem": ("text", pa.string()),
    "period_allowed": ("boolean", pa.bool_()),
    "period_past": ("boolean", pa.bool_()),
    "value": ("double precision", pa.float64()),
    "value_problem": ("text", pa.string()),
    "state_problem": ("text", pa.string()),
    "unit_problem": ("text", pa.string()),
    "min_value": ("double precision", pa.float64()),
    "max_value": ("double precision", pa.float64()),
    "plausible_min": ("double precision", pa.float64()),
    "plausible_max": ("double precision", pa.float64()),
    "integer_item": ("boolean", pa.bool_()),
    "duplicate_kind": ("text", pa.string()),
    "whole_value": ("double precision", pa.float64()),
    "recomputed": ("double precision", pa.float64()),
    "source_given": ("boolean", pa.bool_()),
    "remarks_given": ("boolean", pa.bool_()),
    "bare_percent": ("boolean", pa.bool_()),
    "method_given": ("boolean", pa.bool_()),
    "attachment_found": ("boolean", pa.bool_()),
}

_ITEM_VALUE = pa.schema(
    [
        ("gate_run_id", pa.string()), ("batch_id", pa.string()), ("line_no", pa.int64()), ("feed", pa.string()),
        ("source_kind", pa.string()), ("department_code", pa.string()), ("item_code", pa.string()),
        ("area_code", pa.string()), ("period", pa.string()), ("period_start", pa.date32()), ("period_end", pa.date32()),
        ("value", pa.float64()), ("unit", pa.string()), ("state", pa.string()), ("verdict", pa.string()),
        ("marked", pa.bool_()), ("value_text", pa.string()), ("unit_text", pa.string()), ("source_text", pa.string()),
        ("method_text", pa.string()), ("remarks_text", pa.string()), ("attachment_text", pa.string()),
        ("sheet", pa.string()), ("cell", pa.string()),
    ]
)  # fmt: skip


def _stored(rows: pd.DataFrame) -> pd.DataFrame:
    # Without a number there is nothing that a unit could be of.
    return rows.assign(source_kind=rows["feed"], unit=rows["unit"].where(rows["value"].notna(), None))


def _at_fault(field: str, row: Row) -> str:
    # A unit that has no cell of its own stands beside the number.
    return "value_text" if field == "unit_text" and not row.get("unit_text") else field


DEPARTMENTAL = Subject(
    raw_select=(
        "select line_no, sheet, coalesce(value_cell, 'A' || row_no) as cell, row_kind,"
        " concat_ws(' ', item_text, other_cells::json ->> 'item_name') as item_text, area_text, period_text,"
        " value_text, unit_text, state_text, source_text, method_text, remarks_text, attachment_text, value_cell_kind,"
        " cells from raw.departmental_row where batch_id = $1 order by line_no"
    ),
    raw_columns=TEXTS,
    work_columns=_WORK_COLUMNS,
    candidates=candidates,
    writers=WRITERS,
    name_of_line=item_name,
    shown="value_text",
    fields=frozenset(HEADER_ALIASES),
    gate_table="item_value",
    gate_schema=_ITEM_VALUE,
    stored=_stored,
    nouns=Nouns("数据项", "填报值", "所报数据"),
    unread_sheets=True,
    at_fault=_at_fault,
)

YEARBOOK = replace(
    DEPARTMENTAL,
    raw_select=(
        "select line_no, sheet, cell, 'data' as row_kind, item_text, area_text, period_text, value_text, unit_text,"
        " case when missing then 'missing' end as value_cell_kind"
        " from raw.yearbook_cell where batch_id = $1 order by line_no"
    ),
    unread_sheets=False,
    unreadable_advice_zh="请按原因处理后重新报送；表格版式不能识别的，请联系城市体检办登记版式",
)


def _measured_candidates(raw: pd.DataFrame, batch: BatchFacts, lookup: Lookup) -> Candidates:
    # A measured value is the owner's of its item, whoever handed in the layer; who did gets the receipt.
    owned = candidates(raw, replace(batch, arrival=replace(batch.arrival, department_text=None)), lookup)
    named = owned.frame.assign(
        label=[
            f"{item_name(row, lookup)}（{WRITERS['area'](row, batch, lookup, None)}，{text_of(row.get('period'))}）"
            for row in owned.frame.to_dict("records")
        ]
    )
    return Candidates(named, lookup.department(batch.arrival.department_text or ""))


def _measured_facts(accepted: pd.DataFrame) -> list[tuple[str, str]]:
    """Each value, with its item, area and year."""
    said = accepted.reindex(columns=["label", "value", "unit"]).dropna(subset="value")
    return [(label, f"{number_zh(value)} {unit}") for label, value, unit in said.itertuples(index=False)]


def _measured_stored(rows: pd.DataFrame) -> pd.DataFrame:
    return _stored(rows).assign(source_kind=rows["measured_by"])


def _percent(name: str) -> Writer:
    def write(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
        share = row.get(name)
        return "—" if share is None or share != share else f"{100 * share:.1f}%"

    return write


_SEEN_ADVICE: Mapping[str, str] = {
    "imagery": "请换用云量较少、覆盖完整的影像",
    "air_quality": "请补报缺测时段的站点小时值；年内的数据到年末自然补齐",
}


def _seen_share(row: Row, batch: BatchFacts, lookup: Lookup, department: str | None) -> str:
    """What part was observed: of the days by stations, of the ground by an image."""
    valid = _percent("valid_share")(row, batch, lookup, department)
    if row.get("measured_by") == "air_quality":
        return f"全年只有 {valid} 的日数监测有效"
    clouded = _percent("cloud_share")(row, batch, lookup, department)
    return f"在影像上只看见 {valid}（云遮 {clouded}）"


MEASURED = replace(
    DEPARTMENTAL,
    raw_select=(
        "select line_no, measurement as sheet, concat_ws(' ', area_text, period_text) as cell, 'data' as row_kind,"
        " item_text, area_text, period_text, value_text, unit_text, problem_zh as remarks_text,"
        " concat_ws(' ', method, 'v' || method_version, nullif(parameters, '')) as method_text,"
        " (select string_agg(concat_ws(' ', used ->> 'kind', used ->> 'date', used ->> 'origin', used ->> 'filename',"
        " 'sha256:' || (used ->> 'sha256')), '；') from json_array_elements(inputs::json) as used) as source_text,"
        " case when value_text is null then 'missing' end as value_cell_kind,"
        " feed as measured_by, valid_share, cloud_share, min_valid_share, refused_features"
        " from raw.measured_value where batch_id = $1 order by line_no"
    ),
    raw_columns=(*TEXTS, "measured_by", "valid_share", "cloud_share", "min_valid_share", "refused_features"),
    work_columns={
        **_WORK_COLUMNS,
        "valid_share": ("double precision", pa.float64()),
        "min_valid_share": ("double precision", pa.float64()),
        "refused_features": ("bigint", pa.int64()),
    },
    candidates=_measured_candidates,
    writers={
        **WRITERS,
        "measurement": column("sheet"),
        "problem": column("remarks_text"),
        "refused_features": lambda row, batch, lookup, department: number_zh(row.get("refused_features")),
        "seen_share": _seen_share,
        "seen_advice": lambda row, batch, lookup, department: _SEEN_ADVICE.get(
            text_of(row.get("measured_by")), _SEEN_ADVICE["imagery"]
        ),
        "min_valid_percent": _percent("min_valid_share"),
    },
    stored=_measured_stored,
    facts=_measured_facts,
    nouns=Nouns("数据项", "测算值", "所测数据"),
    sheet_zh="测算口径",
    receipt_zh="测算结果",
    unread_sheets=False,
    no_copy_zh=(
        "所列为由图层或影像测算的数据，不附副本，方法和依据见成果表 measured_value；下表按测算名、区域和年份指明位置。"
    ),
    unreadable_advice_zh="请工程师查看测算记录",
)
