-- Grain: one measurement of one area and year from one arrival of layers, imagery, movement
-- data or station readings, with what it was measured from.
-- is_in_force: it is the one that its source kind stands on; superseded, refused and impossible ones stay visible.
with measured as (
    select * from {{ ref('stg_gate__measured_values') }}
),

standing as (
    select * from {{ ref('int_item_values_superseded') }}
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
),

areas as (
    {{ current_areas() }}
)

select
    measured.line_key,
    measured.measurement,
    measured.source_kind,
    {{ source_kind_zh('measured.source_kind') }} as source_kind_zh,
    measured.item_code,
    items.name_zh as item_zh,
    measured.area_code,
    areas.name_zh as area_zh,
    measured.period,
    measured.value,
    items.unit,
    measured.verdict,
    coalesce(standing.standing = 'in_force', false) as is_in_force,
    measured.method,
    measured.method_version,
    measured.parameters,
    measured.valid_share,
    measured.cloud_share,
    measured.min_valid_share,
    measured.problem_zh,
    measured.refused_features,
    measured.devices,
    measured.inputs,
    measured.received_at
from measured
left join standing on measured.line_key = standing.line_key
left join items on measured.item_code = items.code
left join areas on measured.area_code = areas.code
