-- Grain: one batch of measured values that stands, received by the as-of moment.
with runs as (
    select * from {{ source('gate', 'current_run') }}
)

select
    batch_id,
    arrival_id,
    feed,
    received_at
from runs
where suite = 'measured_value' and verdict <> 'refused' and received_at <= {{ as_of() }}
