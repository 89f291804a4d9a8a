-- Grain: one indicator of one system and year, known at the as-of moment and valid when the examined period ends.
-- Those of a system that is only listed are nobody's duty: no mart of an examination sees them (system_indicator does).
with known as (
    select * from {{ ref('stg_catalogue__system_indicators') }}
    where status <> 'listed'
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
