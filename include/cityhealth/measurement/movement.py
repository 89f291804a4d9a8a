"""Plans of feed ``mobility`` carried out: days summed up once, by an engine, and the year's values from their sums."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg.rows import dict_row

from cityhealth.hashing import stable_id
from cityhealth.measurement.ground import Ground
from cityhealth.measurement.movement_plan import Day, MovementPlan, Part
from cityhealth.measurement.plan import Plan, Source
from cityhealth.measurement.rows import Outcome, Value
from cityhealth.measurement.values import MeasurementError
from cityhealth.settings import Settings

if TYPE_CHECKING:
    from cityhealth.mobility.commuting import DayPartial
    from cityhealth.mobility.engine import Engine
    from cityhealth.mobility.zones import Zones

_PARTS = """
select
    part.kind, part.source as provider, part.day, part.store_key, part.people_per_device, part.verdict,
    part.gate_run_id, part.arrival_id, part.received_at, part.arrival_filename, part.arrival_sha256,
    raw_part.manifest::json ->> 'source' as origin, raw_part.manifest::json ->> 'synthetic' = 'true' as synthetic
from gate.current_mobility_part as part
join raw.mobility_part as raw_part on raw_part.batch_id = part.batch_id and raw_part.line_no = part.line_no
where %(until)s::timestamptz is null or part.received_at <= %(until)s::timestamptz
order by part.received_at, part.arrival_id, part.line_no
"""


#: Items of people present, which are shown by grid cell as well.
PARTS_OF_DAY = {"night_population": "night", "day_population": "day"}


@dataclass(frozen=True)
class Store:
    """Where movement data lie under hashed device ids, and what sums them up (``duckdb`` or a Spark master)."""

    folder: Path
    engine: str = "duckdb"
    memory: str = "1GB"

    @classmethod
    def of(cls, settings: Settings) -> Store:
        return cls(settings.mobility_dir, settings.engine, settings.engine_memory)


def accepted_parts(connection: psycopg.Connection, until: datetime | None) -> list[Part]:
    """Every file of movement data that the gate accepted, received up to ``until``, in order of receipt."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_PARTS, {"until": until}).fetchall()
    found: list[Part] = []
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault((row["arrival_id"], row["kind"]), []).append(row)
    for (_, kind), of_kind in grouped.items():
        accepted = [row for row in of_kind if row["verdict"] == "accepted"]
        if accepted:
            source = _source(kind, accepted, len(of_kind) - len(accepted))
            found += [
                Part(row["provider"], row["day"], row["store_key"], row["people_per_device"], source)
                for row in accepted
            ]
    return found


def _source(kind: str, accepted: Sequence[Mapping[str, Any]], refused: int) -> Source:
    first = accepted[0]
    origin = first["origin"] or "未注明来源"
    return Source(
        feed="mobility",
        kind=kind,
        valid_on=max(row["day"] for row in accepted),
        arrival_id=first["arrival_id"],
        received_at=first["received_at"],
        gate_run_id=first["gate_run_id"],
        filename=first["arrival_filename"],
        sha256=first["arrival_sha256"],
        # By this word in its source a value is known as made up (the dbt macro is_synthetic).
        origin=f"{origin}（合成数据）" if first["synthetic"] and "合成数据" not in origin else origin,
        features=len(accepted),
        refused=refused,
    )


@dataclass
class Movement:
    """Carries out plans; ``connection`` (as ``loader``, autocommit) is told of each day that was summed up."""

    connection: psycopg.Connection
    store: Store
    ground: Ground
    stack: ExitStack
    _zones: dict[str, Zones] = field(default_factory=dict)

    @cached_property
    def _engine(self) -> Engine:
        # Importing and starting it takes seconds, a Spark session ten: only where there is something to sum up.
        from cityhealth.mobility.engine import open_engine

        return self.stack.enter_context(open_engine(self.store.engine, self.store.folder, self.store.memory))

    def carry_out(self, planned: MovementPlan) -> tuple[list[Outcome], dict[str, pa.Table]]:
        """What became of each plan, and rows of ``ops.presence_cell``, ``ops.commute_flow``, ``ops.speed_day``.

        Raises:
            MeasurementError: ``measurements.csv`` asks for what no method can do.
            MobilityError: a cleaning rule of ``layer_kinds.csv`` is missing.
        """
        units, problems = self._units(planned.plans)
        zones = self._zones_of(units, planned.kind.parameters)
        partials = [self._partial(planned, day, zones) for day in planned.days]
        outcomes = [self._outcome(plan, planned, partials, zones, problems) for plan in planned.plans]
        return outcomes, self._beside(planned, partials, zones)

    def _units(self, plans: Sequence[Plan]) -> tuple[gpd.GeoSeries, dict[str | None, str]]:
        # All of the city, whatever is asked for: what is in no area is taken for a position outside.
        shapes: dict[str, Any] = dict(self.ground.counties.items())
        problems: dict[str | None, str] = {}
        for plan in plans:
            units, lacking = self.ground.units(plan, plan.areas)
            shapes |= dict(units.items())
            problems |= lacking
        return gpd.GeoSeries(shapes), problems

    def _zones_of(self, units: gpd.GeoSeries, rules: Mapping[str, str]) -> Zones:
        from cityhealth.mobility.rules import number
        from cityhealth.mobility.zones import build_zones

        key = stable_id(rules.get("cell_m", ""), *(f"{code}/{shape.wkb_hex}" for code, shape in units.items()))
        if key not in self._zones:
            self._zones[key] = build_zones(dict(units.items()), number(rules, "cell_m"))
        return self._zones[key]

    def _partial(self, planned: MovementPlan, day: Day, zones: Zones) -> DayPartial:
        from cityhealth.mobility.commuting import DayPartial
        from cityhealth.mobility.partials import PARTIALS_VERSION, compute_day

        kind, rules = planned.kind.code, planned.kind.parameters
        key = stable_id(
            PARTIALS_VERSION, kind, day.day.isoformat(), *day.store_keys, str(day.people_per_device),
            repr(sorted(rules.items())), zones.hash,
        )  # fmt: skip
        folder = self.store.folder / "partials" / key
        parts = [self.store.folder / "parts" / f"{store_key}.parquet" for store_key in day.store_keys]
        # A day that is there is not summed up again; a database that does not know of it is told what was counted.
        counts = compute_day(self._engine, kind, parts, day.day, rules, zones, folder, day.people_per_device)
        self.connection.execute(
            "insert into ops.mobility_partial"
            " (partial_key, kind, source, day, rows_in, rows_kept, removed, drifting, engine, seconds)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            (
                key, kind, day.provider, day.day, counts.rows_in, counts.rows_kept, json.dumps(counts.removed),
                counts.drifting, self.store.engine, counts.seconds,
            ),
        )  # fmt: skip
        return DayPartial(folder, day.day, day.people_per_device)

    def _outcome(
        self,
        plan: Plan,
        planned: MovementPlan,
        partials: Sequence[DayPartial],
        zones: Zones,
        problems: Mapping[str | None, str],
    ) -> Outcome:
        from cityhealth.mobility.methods import MOBILITY_METHODS

        measurement = plan.measurement
        try:
            method = MOBILITY_METHODS[measurement.method][measurement.version]
        except KeyError:
            raise MeasurementError(
                f"measurements.csv：{measurement.code} 的方法 {measurement.method}（第 {measurement.version} 版）不存在"
            ) from None
        try:
            found = method(self._engine, partials, measurement.parameters, zones, least_devices(planned))
        except MeasurementError as error:
            raise MeasurementError(f"measurements.csv：{measurement.code}：{error.message}") from error
        values, lacking = {}, dict(problems)
        for code in (area.code for area in plan.areas if area.code in found):
            one = found[code]
            if one.number is None:
                lacking[code] = one.problem or "没有测得"
            else:
                values[code] = Value(one.number, one.unit, devices=one.devices)
        return Outcome(plan, values, lacking)

    def _beside(self, planned: MovementPlan, partials: Sequence[DayPartial], zones: Zones) -> dict[str, pa.Table]:
        from cityhealth.mobility.tables import commute_flows, presence_cells, speed_days

        engine, least = self._engine, least_devices(planned)
        of_method: dict[str, list[Plan]] = {}
        for plan in planned.plans:
            of_method.setdefault(plan.measurement.method, []).append(plan)
        tables = {}
        present = of_method.get("present_people", [])
        if present:
            parts_of_day = {
                PARTS_OF_DAY[plan.measurement.item_code]: plan.measurement.parameters
                for plan in present
                if plan.measurement.item_code in PARTS_OF_DAY
            }
            tables["presence_cell"] = presence_cells(engine, partials, parts_of_day, zones, planned.year, least)
        for plan in of_method.get("commuters", [])[:1]:
            counties = {area.code for plan in present for area in plan.areas}
            tables["commute_flow"] = commute_flows(
                engine, partials, plan.measurement.parameters, zones, planned.year, least, counties or None
            )
        for plan in of_method.get("driven_distance", [])[:1]:
            speeds = speed_days(engine, partials, plan.measurement.parameters, zones, least)
            asked = pa.array([area.code for area in plan.areas], pa.string())
            tables["speed_day"] = speeds.filter(pc.is_in(speeds["area_code"], asked))
        return tables


def least_devices(planned: MovementPlan) -> int:
    """Nothing that rests on fewer devices leaves the engine."""
    from cityhealth.mobility.rules import number

    return int(number(planned.kind.parameters, "least_devices"))
