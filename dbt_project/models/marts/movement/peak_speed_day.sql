-- Grain: one area and working day, as the batch received last has it: distance driven at peak over time driven.
with speeds as (
    select
        speed.*,
        batches.arrival_id,
        batches.received_at,
        row_number() over (
            partition by speed.area_code, speed.day order by batches.received_at desc, batches.arrival_id desc
        ) as place
    from {{ source('ops', 'speed_day') }} as speed
    inner join {{ ref('stg_gate__measured_batches') }} as batches on speed.batch_id = batches.batch_id
),

areas as (
    {{ current_areas() }}
)

select
    speeds.area_code,
    areas.name_zh as area_zh,
    speeds.day,
    speeds.distance_km,
    speeds.hours,
    speeds.distance_km / nullif(speeds.hours, 0) as speed_kmh,
    speeds.devices,
    speeds.arrival_id,
    speeds.received_at
from speeds
left join areas on speeds.area_code = areas.code
where speeds.place = 1
