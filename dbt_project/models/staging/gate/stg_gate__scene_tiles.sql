-- Grain: one accepted tile of a scene received by the as-of moment.
with tiles as (
    select * from {{ source('gate', 'current_scene_tile') }}
)

select
    batch_id || ':' || line_no as line_key,
    arrival_id,
    kind,
    acquired,
    filename,
    scene_filename,
    sha256,
    pixel_hash,
    received_at
from tiles
where verdict = 'accepted' and received_at <= {{ as_of() }}
