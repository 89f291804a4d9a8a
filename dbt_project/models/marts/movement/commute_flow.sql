-- Grain: one pair of home and work area of a year, as the batch received last has it.
with flows as (
    select
        flow.*,
        batches.arrival_id,
        batches.received_at,
        dense_rank() over (partition by flow.year order by batches.received_at desc, batches.arrival_id desc) as place
    from {{ source('ops', 'commute_flow') }} as flow
    inner join {{ ref('stg_gate__measured_batches') }} as batches on flow.batch_id = batches.batch_id
),

areas as (
    {{ current_areas() }}
)

select
    flows.year::text as period,
    flows.home_area,
    homes.name_zh as home_area_zh,
    flows.work_area,
    works.name_zh as work_area_zh,
    flows.people,
    flows.minutes,
    flows.distance_m,
    flows.devices,
    flows.arrival_id,
    flows.received_at
from flows
left join areas as homes on flows.home_area = homes.code
left join areas as works on flows.work_area = works.code
where flows.place = 1
