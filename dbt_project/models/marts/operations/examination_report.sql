-- Grain: one version of the city's report of one system and year.
with reports as (
    select * from {{ source('ops', 'examination_report') }}
)

select
    system,
    year,
    version,
    state,
    {{ report_state_zh('state') }} as state_zh,
    version = max(version) over (partition by system, year) as is_latest,
    path,
    sha256,
    size_bytes,
    content_hash,
    data_as_of,
    created_at
from reports
