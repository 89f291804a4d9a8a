-- Grain: one day of one provider's movement data, as summed up last: how many rows came, which rules took how many out.
with days as (
    select
        partials.*,
        row_number() over (
            partition by partials.kind, partials.source, partials.day order by partials.computed_at desc
        ) as place
    from {{ source('ops', 'mobility_partial') }} as partials
),

kinds as (
    select * from {{ ref('layer_kinds') }}
)

select
    days.kind,
    kinds.name_zh as kind_zh,
    days.source as provider,
    days.day,
    days.rows_in,
    days.rows_kept,
    days.removed,
    days.drifting,
    days.engine,
    days.seconds,
    days.computed_at
from days
left join kinds on days.kind = kinds.code
where days.place = 1
