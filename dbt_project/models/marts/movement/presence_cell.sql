-- Grain: one grid cell by night or day of a year, as the batch received last has it; none of fewer devices than the
-- catalogue asks for ever reaches the warehouse.
with cells as (
    select
        presence.*,
        batches.arrival_id,
        batches.received_at,
        dense_rank() over (
            partition by presence.year order by batches.received_at desc, batches.arrival_id desc
        ) as place
    from {{ source('ops', 'presence_cell') }} as presence
    inner join {{ ref('stg_gate__measured_batches') }} as batches on presence.batch_id = batches.batch_id
)

select
    year::text as period,
    part_of_day,
    case part_of_day when 'night' then '夜间' else '日间' end as part_of_day_zh,
    cell as grid_cell,
    lon,
    lat,
    cell_m,
    people,
    devices,
    arrival_id,
    received_at
from cells
where place = 1
