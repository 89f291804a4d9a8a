-- Grain: one edition of the summary of one reporting period.
with editions as (
    select * from {{ source('ops', 'edition') }}
)

select
    period,
    edition,
    coalesce(edition = max(edition) filter (where status = 'success') over (partition by period), false) as is_latest,
    system,
    year,
    number,
    cutoff,
    status,
    code_hash,
    catalogue_hash,
    gate_hash,
    started_at,
    finished_at as made_at
from editions
