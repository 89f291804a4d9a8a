"""Measured values as rows of ``raw.measured_value``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from cityhealth.catalogue import Measurement
from cityhealth.hashing import stable_id
from cityhealth.measurement.plan import Plan, Source

SCHEMA = pa.schema(
    [
        ("line_no", pa.int64()),
        ("feed", pa.string()),
        ("measurement", pa.string()),
        ("method", pa.string()),
        ("method_version", pa.int32()),
        ("parameters", pa.string()),
        ("item_text", pa.string()),
        ("area_text", pa.string()),
        ("period_text", pa.string()),
        ("value_text", pa.string()),
        ("unit_text", pa.string()),
        ("valid_share", pa.float64()),
        ("cloud_share", pa.float64()),
        ("min_valid_share", pa.float64()),
        ("problem_zh", pa.string()),
        ("refused_features", pa.int64()),
        ("devices", pa.int64()),
        ("inputs", pa.string()),
    ]
)


@dataclass(frozen=True)
class Value:
    """What was measured for one area, in ``unit``; of imagery with the parts (0 to 1) that were seen and clouded, of
    stations with the part of the days that were valid, of movement data with the number of devices."""

    number: float
    unit: str
    valid_share: float | None = None
    cloud_share: float | None = None
    devices: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a plan: a value per area code, or a problem in words, for one area or (key None) for all."""

    plan: Plan
    values: Mapping[str, Value]
    problems: Mapping[str | None, str]


def rows(outcomes: Iterable[Outcome]) -> list[dict[str, object]]:
    """One row per measurement, area and year; where nothing could be measured, the row says why."""
    return [
        row | {"line_no": number}
        for number, row in enumerate((r for outcome in outcomes for r in _of(outcome)), start=1)
    ]


def _of(outcome: Outcome) -> Iterator[dict[str, object]]:
    plan = outcome.plan
    sources = used(plan)
    for area in plan.areas:
        problem = outcome.problems.get(area.code) or outcome.problems.get(None) or "没有测得"
        row = value_row(plan.measurement, area.code, plan.year, outcome.values.get(area.code), problem, sources)
        yield row | {"refused_features": sum(source.refused for source in sources)}


def value_row(
    measurement: Measurement, area_code: str, year: int, value: Value | None, problem: str, sources: Iterable[Source]
) -> dict[str, object]:
    """A row without its number; without a value it says the problem."""
    least = measurement.min_valid_share
    return {
        "feed": measurement.feed,
        "measurement": measurement.code,
        "method": measurement.method,
        "method_version": measurement.version,
        "parameters": ";".join(f"{name}={text}" for name, text in measurement.parameters.items()),
        "item_text": measurement.item_code,
        "area_text": area_code,
        "period_text": str(year),
        "value_text": None if value is None else _plain(value.number),
        "unit_text": None if value is None else value.unit,
        "valid_share": value and value.valid_share,
        "cloud_share": value and value.cloud_share,
        "min_valid_share": None if least is None else float(least),
        "problem_zh": problem if value is None else None,
        "devices": value and value.devices,
        "inputs": json.dumps([_input(source) for source in sources], ensure_ascii=False),
    }


def _plain(number: float) -> str:
    """The shortest digits that are this very number, without an exponent."""
    return format(Decimal(repr(float(number))), "f").removesuffix(".0")


def used(plan: Plan) -> list[Source]:
    """The layers, scenes and deliveries that a plan rests on."""
    return [source for source in (*plan.sources.values(), plan.earlier, *plan.more) if source is not None]


def _input(source: Source) -> dict[str, str | int]:
    return {
        "kind": source.kind,
        "date": source.valid_on.isoformat(),
        "origin": source.origin,
        "arrival_id": source.arrival_id,
        "filename": source.filename,
        "sha256": source.sha256,
        "gate_run_id": source.gate_run_id,
        "features": source.features,
        "refused": source.refused,
    }


def inputs_hash(planned: Sequence[Plan], areas_sha256: str) -> str:
    """Equal plans from equal judgements over equal boundaries have the same hash, and need no measuring again."""
    parts = [areas_sha256]
    for plan in planned:
        m = plan.measurement
        parts += [m.code, m.item_code, m.method, str(m.version), repr(sorted(m.parameters.items()))]
        parts += [str(m.min_valid_share), str(plan.year), *(area.code for area in plan.areas)]
        parts += [f"{s.kind}/{s.valid_on}/{s.gate_run_id}" for s in used(plan)]
    return stable_id(*parts)
