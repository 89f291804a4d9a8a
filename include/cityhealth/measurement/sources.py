"""What the gate accepted of layers and scenes, as measurements take it."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache

import geopandas as gpd
import pandas as pd
import psycopg
import shapely
from psycopg.rows import class_row

from cityhealth.measurement.plan import Source
from cityhealth.spatial.crs import INSIDE

_SOURCES = """
with accepted as (
    select
        gate_run_id, batch_id, kind, valid_on, min(layer) as layer, 'layers' as feed,
        count(*) filter (where verdict = 'accepted') as features,
        count(*) filter (where verdict = 'refused') as refused
    from gate.layer_feature
    group by gate_run_id, batch_id, kind, valid_on
    having count(*) filter (where verdict = 'accepted' and geometry is not null) > 0
    union all
    select
        gate_run_id, batch_id, kind, acquired, null, 'imagery',
        count(*) filter (where verdict = 'accepted'), count(*) filter (where verdict = 'refused')
    from gate.scene_tile
    group by gate_run_id, batch_id, kind, acquired
    having count(*) filter (where verdict = 'accepted') > 0
),

stated as (
    select
        accepted.*,
        coalesce(
            (
                select feature.attributes
                from raw.layer_feature as feature
                where feature.batch_id = accepted.batch_id and feature.row_kind = 'layer'
                    and feature.layer = accepted.layer
                limit 1
            ),
            (select min(tile.manifest) from raw.scene_tile as tile where tile.batch_id = accepted.batch_id),
            '{}'
        )::json as manifest
    from accepted
)

select
    stated.feed, stated.kind, stated.valid_on, current_run.arrival_id, current_run.received_at,
    stated.gate_run_id, current_run.filename, current_run.sha256,
    -- By this word in its source a value is known as made up (the dbt macro is_synthetic).
    coalesce(stated.manifest ->> 'source', '未注明来源')
        || case
            when stated.manifest ->> 'synthetic' = 'true' and position('合成数据' in stated.manifest ->> 'source') = 0
                then '（合成数据）'
            else ''
        end as origin,
    stated.features, stated.refused
from stated
join gate.current_run as current_run on current_run.gate_run_id = stated.gate_run_id
where %(until)s::timestamptz is null or current_run.received_at <= %(until)s::timestamptz
order by current_run.received_at, current_run.arrival_id, stated.kind, stated.valid_on
"""


def accepted_sources(connection: psycopg.Connection, until: datetime | None) -> list[Source]:
    """Every layer and scene of which the gate accepted something, received up to ``until``, in order of receipt."""
    with connection.cursor(row_factory=class_row(Source)) as cursor:
        return cursor.execute(_SOURCES, {"until": until}).fetchall()


class Features:
    """Accepted features of layers, read once per layer and kept for the measurements that follow."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self.of = lru_cache(maxsize=32)(self._of)

    def _of(self, source: Source) -> gpd.GeoDataFrame:
        """The features of a layer: geometry in EPSG:4490 and the attributes that the gate read; index: line_no."""
        rows = self._connection.execute(
            "select line_no, geometry, attributes from gate.layer_feature"
            " where gate_run_id = %s and kind = %s and valid_on = %s and verdict = 'accepted' and geometry is not null"
            " order by line_no",
            (source.gate_run_id, source.kind, source.valid_on),
        ).fetchall()
        attributes = pd.DataFrame([json.loads(text) for _, _, text in rows], index=[line_no for line_no, _, _ in rows])
        shapes = shapely.from_wkb([bytes(wkb) for _, wkb, _ in rows])
        return gpd.GeoDataFrame(attributes, geometry=list(shapes), crs=INSIDE)
