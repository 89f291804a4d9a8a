-- Grain: one indicator of one system and year, known at the as-of moment and valid when the examined period ends.
with known as (
    {{ latest_known('indicators', ['system', 'year', 'code']) }}
),

examinations as (
    select * from {{ ref('stg_catalogue__examinations') }}
)

select known.*
from known
left join examinations on known.system = examinations.system and known.year = examinations.year
where
    coalesce(examinations.period_end >= known.valid_from, true)
    and coalesce(examinations.period_end <= known.valid_to, true)
