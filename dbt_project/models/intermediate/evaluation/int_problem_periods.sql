-- Grain: one reporting period that has a summary: the edition that counts, and its cut-off.
with editions as (
    select * from {{ source('ops', 'edition') }}
)

select distinct on (period)
    period,
    edition,
    cutoff
from editions
where status = 'success' and cutoff <= {{ as_of() }}
order by period asc, edition desc
