-- Grain: one item in one area and period: the value picked among its sources, context items included.
with picked as (
    select * from {{ ref('int_item_values_ranked') }}
    where source_rank = 1
),

items as (
    select * from {{ ref('stg_catalogue__items') }}
),

areas as (
    {{ current_areas() }}
)

select
    picked.item_code,
    items.name_zh as item_zh,
    items.name_en as item_en,
    items.role as item_role,
    picked.area_code,
    areas.name_zh as area_zh,
    areas.level as area_level,
    picked.period,
    picked.period_start,
    picked.period_end,
    picked.value,
    coalesce(picked.unit, items.unit) as unit,
    picked.state,
    picked.original_value,
    picked.correction_action,
    picked.correction_reason_zh,
    picked.source_kind,
    picked.department_code,
    picked.source_count,
    picked.marked,
    picked.later_refused,
    picked.line_key,
    picked.received_at
from picked
inner join items on picked.item_code = items.code
left join areas on picked.area_code = areas.code
