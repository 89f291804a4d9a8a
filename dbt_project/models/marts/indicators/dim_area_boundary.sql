-- Grain: one area of the reference boundaries.
with boundaries as (
    select * from {{ source('ops', 'area_boundary') }}
)

select
    code as area_code,
    name_zh,
    level,
    valid_from,
    geojson
from boundaries
