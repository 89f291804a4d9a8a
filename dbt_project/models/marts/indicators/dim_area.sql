-- Grain: one area in one span of validity.
with areas as (
    select * from {{ ref('stg_catalogue__areas') }}
)

select
    code as area_code,
    valid_from,
    valid_to,
    name_zh,
    name_en,
    level,
    parent_code,
    successor_code,
    basis,
    notes
from areas
