"""How long trips are and how long they take: exact shares and histograms, of one file of trips or a whole day."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from cityhealth.mobility.engine import Engine
from cityhealth.mobility.partials import LENGTH_STEP_M
from cityhealth.mobility.zones import distance_m


@dataclass(frozen=True)
class TripLengths:
    """``travellers`` in all and those of trips shorter than asked for (straight lines, metres).

    ``lengths``: (from_m, travellers) in steps of 500 m; ``times``: (from_minute, travellers) in steps of a minute, only
    of trips that tell both times, in order. Both sorted.
    """

    travellers: float
    shorter: float
    lengths: pa.Table
    times: pa.Table

    @property
    def share_shorter(self) -> float | None:
        """0 to 1; None without trips."""
        return self.shorter / self.travellers if self.travellers else None


def trip_lengths(engine: Engine, table: ibis.Table, shorter_than_m: float = 5000.0) -> TripLengths:
    """Of normalised trips (``schema.TRIPS``), each counted with its travellers."""
    metres = distance_m(table.origin_lon, table.origin_lat, table.destination_lon, table.destination_lat)
    measured = table.select(metres=metres, seconds=table.arrive - table.depart, travellers=table.travellers)
    grouped = measured.group_by(
        from_m=(measured.metres / LENGTH_STEP_M).floor().cast("int64") * LENGTH_STEP_M,
        from_minute=measured.seconds // 60,
        short=measured.metres < shorter_than_m,
    ).agg(travellers=measured.travellers.sum())
    sums = engine.to_arrow(grouped)
    counted = sums.filter(pc.greater_equal(sums["from_minute"], 0))
    return TripLengths(
        travellers=pc.sum(sums["travellers"]).as_py() or 0.0,
        shorter=pc.sum(sums.filter(sums["short"])["travellers"]).as_py() or 0.0,
        lengths=_histogram(sums, "from_m"),
        times=_histogram(counted, "from_minute"),
    )


def _histogram(sums: pa.Table, step: str) -> pa.Table:
    counted = sums.group_by(step).aggregate([("travellers", "sum")]).rename_columns([step, "travellers"])
    return counted.sort_by(step)
